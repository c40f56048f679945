#include "reference-server/src/event_log.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "reference-server/src/ws_frame.hpp"

namespace squall::reference {
namespace {

// RFC 3339 in UTC with microseconds.
std::string timestamp() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    tm utc{};
    gmtime_r(&now.tv_sec, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000);
}

struct JsonValue {
    std::string operator()(std::string_view text) const { return json_string(text); }
    std::string operator()(std::uint64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{:.6f}", number); }
};

struct TextValue {
    std::string operator()(std::string_view text) const {
        const bool plain = !text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos &&
                           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
        return plain ? std::string(text) : json_string(text);
    }
    std::string operator()(std::uint64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{:.6f}", number); }
};

}  // namespace

std::string json_string(std::string_view text) {
    std::string out = "\"";
    const bool utf8 = ws::valid_utf8(text);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += '\\', out += c;
        else if (byte < 0x20)
            out += fmt::format("\\u{:04x}", byte);
        else if (byte >= 0x80 && !utf8)
            out += "\xEF\xBF\xBD";
        else
            out += c;
    }
    return out += '"';
}

void EventLog::write(std::string_view event, std::initializer_list<Field> fields) {
    if (format_ == LogFormat::none) return;
    if (buffer_.size() - written_ > buffer_bytes_max) {
        ++lines_lost_;
        return;
    }
    const bool json = format_ == LogFormat::json;
    buffer_ += json ? fmt::format("{{\"time\":\"{}\",\"event\":\"{}\"", timestamp(), event)
                    : fmt::format("{} {}", timestamp(), event);
    for (const Field& field : fields) {
        buffer_ += json ? fmt::format(",\"{}\":", field.key) : fmt::format(" {}=", field.key);
        buffer_ += json ? std::visit(JsonValue{}, field.value) : std::visit(TextValue{}, field.value);
    }
    buffer_ += json ? "}\n" : "\n";
}

bool EventLog::write_some(int wait_milliseconds) {
    // A blocking pipe that polls writable takes PIPE_BUF bytes without blocking (pipe(7)); its file status flags are
    // not changed, because they are shared with whoever else holds it.
    constexpr std::size_t at_once = 4096;
    pollfd ready{descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, wait_milliseconds) != 1 || (ready.revents & POLLOUT) == 0) return false;
    const std::size_t bytes = std::min(at_once, buffer_.size() - written_);
    const ssize_t count = ::write(descriptor_, buffer_.data() + written_, bytes);
    if (count < 0) return errno == EINTR;
    written_ += static_cast<std::size_t>(count);
    return true;
}

void EventLog::flush() {
    while (written_ < buffer_.size() && write_some(0)) {
    }
    if (written_ == buffer_.size()) {
        buffer_ = {};
        written_ = 0;
    } else if (written_ > buffer_bytes_max / 4) {
        buffer_.erase(0, written_);
        written_ = 0;
    }
}

void EventLog::flush_and_wait(int milliseconds) {
    while (written_ < buffer_.size() && write_some(milliseconds)) {
    }
    flush();
}

}  // namespace squall::reference
