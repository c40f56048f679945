#include "reference-server/src/sse_encoding.hpp"

#include <fmt/format.h>

namespace squall::reference::sse {
namespace {

// Calls `line` for every line of `payload`; an empty payload is one empty line.
template <class Line>
void for_each_line(std::string_view payload, Line line) {
    while (true) {
        const auto end = payload.find_first_of("\r\n");
        line(payload.substr(0, end));
        if (end == std::string_view::npos) return;
        const bool crlf = payload.substr(end, 2) == "\r\n";
        payload.remove_prefix(end + (crlf ? 2 : 1));
    }
}

std::size_t decimal_digits(std::uint64_t value) {
    std::size_t digits = 1;
    while (value >= 10) {
        value /= 10;
        ++digits;
    }
    return digits;
}

std::size_t hex_digits(std::size_t value) {
    std::size_t digits = 1;
    while (value >= 16) {
        value /= 16;
        ++digits;
    }
    return digits;
}

// "id: N\n", the data lines, and the empty line that dispatches the event.
std::size_t text_bytes(std::uint64_t id, std::string_view payload) {
    std::size_t bytes = 4 + decimal_digits(id) + 1 + 1;
    for_each_line(payload, [&](std::string_view line) { bytes += 6 + line.size() + 1; });
    return bytes;
}

}  // namespace

std::string chunk(std::string_view text) {
    return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

std::string event(std::uint64_t id, std::string_view payload) {
    const std::size_t bytes = text_bytes(id, payload);
    std::string out;
    out.reserve(bytes + hex_digits(bytes) + 4);
    fmt::format_to(std::back_inserter(out), "{:x}\r\nid: {}\n", bytes, id);
    for_each_line(payload, [&](std::string_view line) {
        out += "data: ";
        out += line;
        out += '\n';
    });
    out += "\n\r\n";
    return out;
}

std::size_t event_bytes(std::uint64_t id, std::string_view payload) {
    const std::size_t bytes = text_bytes(id, payload);
    return bytes + hex_digits(bytes) + 4;
}

std::string retry(std::chrono::milliseconds reconnection_time) {
    return chunk(fmt::format("retry: {}\n\n", reconnection_time.count()));
}

std::string heartbeat() {
    return chunk(": heartbeat\n\n");
}

std::string goodbye(Reason reason) {
    return chunk(fmt::format("event: goodbye\ndata: {{\"reason\":\"{}\"}}\n\n", name(reason)));
}

std::string gap(std::uint64_t from, std::uint64_t to) {
    return chunk(fmt::format("event: gap\ndata: {{\"from\":{},\"to\":{}}}\n\n", from, to));
}

std::string response_head() {
    return "HTTP/1.1 200 OK\r\n"
           "Content-Type: text/event-stream\r\n"
           "Cache-Control: no-cache\r\n"
           "X-Accel-Buffering: no\r\n"
           "Access-Control-Allow-Origin: *\r\n"
           "Transfer-Encoding: chunked\r\n"
           "Connection: close\r\n\r\n";
}

}  // namespace squall::reference::sse
