// The fields of /proc/PID/stat, and of a thread's /proc/PID/task/TID/stat: proc(5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace squall {

/// From the third on: the second is the program's name in parentheses and may hold anything, parentheses and blanks
/// included. Empty: it is gone.
std::vector<std::string> stat_fields(const std::string& path);

/// Indices into stat_fields: proc(5)'s numbers less 3.
namespace stat_field {
inline constexpr std::size_t state = 0;
inline constexpr std::size_t parent = 1;
inline constexpr std::size_t group = 2;
inline constexpr std::size_t user_time = 11;    ///< clock ticks
inline constexpr std::size_t system_time = 12;  ///< clock ticks
inline constexpr std::size_t threads = 17;
inline constexpr std::size_t start_time = 19;  ///< clock ticks since boot
inline constexpr std::size_t resident_pages = 21;
}  // namespace stat_field

/// 0 for what is no number.
std::uint64_t stat_number(const std::string& field);

}  // namespace squall
