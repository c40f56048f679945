// The event log: one line an event on standard output, as JSON or as text.
//
// Lines are gathered and written once a turn of the loop. A reader that does not keep up must not stop the server: the
// log writes only what the descriptor takes at once, keeps up to buffer_bytes_max, and counts the lines it gave up.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "reference-server/src/config.hpp"

namespace squall::reference {

class EventLog {
public:
    static constexpr std::size_t buffer_bytes_max = 16U << 20U;

    struct Field {
        std::string_view key;
        std::variant<std::string_view, std::uint64_t, double> value;
    };

    EventLog(LogFormat format, int descriptor) : format_(format), descriptor_(descriptor) {}

    void write(std::string_view event, std::initializer_list<Field> fields);

    // Writes what can be written without waiting.
    void flush();

    // Waits up to `milliseconds` for a reader that is behind. For the end of the process.
    void flush_and_wait(int milliseconds);

    bool pending() const { return !buffer_.empty(); }
    std::uint64_t lines_lost() const { return lines_lost_; }

private:
    bool write_some(int wait_milliseconds);

    LogFormat format_;
    int descriptor_;
    std::string buffer_;
    std::size_t written_ = 0;
    std::uint64_t lines_lost_ = 0;
};

// `text` as a JSON string, with its quotes. Bytes that are not UTF-8 are replaced by U+FFFD.
std::string json_string(std::string_view text);

}  // namespace squall::reference
