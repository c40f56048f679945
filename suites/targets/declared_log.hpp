// What the target's own log says about the connections it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/targets/profile.hpp"

namespace squall {

struct DeclaredDisconnect {
    Nanos at = 0;  ///< CLOCK_REALTIME, absolute; 0 where the line had no time
    Endpoint peer;
    std::string protocol;
    std::string reason;
    std::optional<std::uint64_t> dropped = {}, delivered = {};  ///< messages of that connection, where the line says so
    std::size_t offset = 0;                                     ///< where in the log its line begins, in bytes
};

struct DeclaredLogContent {
    std::vector<DeclaredDisconnect> disconnects;
    std::size_t lines_not_understood = 0;  ///< lines that look like the event but lack a key, or hold no count in it
};

/// Lines that are not JSON objects or hold another event are the target's own business and passed over.
DeclaredLogContent read_declared_log(std::string_view text, const DeclaredLog& format);

/// "2026-11-21T03:04:05.123456Z" in nanoseconds since the epoch; 0 when it is something else,
/// or no instant from 1970 to 2262, which is what Nanos can hold.
Nanos parse_rfc3339(const std::string& text);

}  // namespace squall
