// The client's side of HTTP/1.1, as far as subscribing and publishing need it. Pure: bytes in, facts out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace squall::workload {

enum class Framing : std::uint8_t {
    none,  ///< no body: 1xx, 204, 304
    chunked,
    length,       ///< Content-Length
    until_close,  ///< neither: the body ends when the connection does, and a cut cannot be told from an end
};

struct ResponseHead {
    int status = 0;
    Framing framing = Framing::until_close;
    std::uint64_t content_length = 0;
    bool event_stream = false;  ///< Content-Type is text/event-stream
    bool keep_alive = true;
    bool upgrade_to_websocket = false;  ///< Upgrade: websocket and Connection: upgrade
    bool content_coded = false;         ///< Content-Encoding other than identity …
    bool gzip = false;                  ///< … and it is gzip, once
    bool extensions = false;            ///< Sec-WebSocket-Extensions: never offered, so never right
    std::string websocket_accept;
    std::string websocket_protocol;
    std::string status_line;  ///< for people: "HTTP/1.1 404 Not Found", at most 120 bytes
};

/// Gathers a response's head over any number of reads. Bound: head_bytes_max.
class HeadReader {
public:
    static constexpr std::size_t head_bytes_max = 16 * 1024;

    enum class State : std::uint8_t { more, done, broken };

    /// Takes the head's bytes off the front of `wire`. Interim responses (1xx other than 101) are skipped.
    State feed(std::string_view& wire);

    const ResponseHead& head() const { return head_; }
    const char* why() const { return why_; }  ///< broken: what was violated
    bool begun() const { return !text_.empty(); }

private:
    State broken(const char* why);
    State parse(std::string_view text);
    bool field(std::string_view name, std::string_view value);
    bool length_field(std::string_view value);

    std::string text_;
    ResponseHead head_;
    const char* why_ = nullptr;
    bool has_length_ = false;
    bool connection_upgrade_ = false;
    bool upgrade_websocket_ = false;
};

/// Takes a body out of its framing, across any split, without copying or keeping any of it.
class BodyReader {
public:
    BodyReader(Framing framing, std::uint64_t content_length);

    enum class Step : std::uint8_t { data, more, ended, broken };

    /// Advances `wire` to behind the next stretch of body, which is put in `data`. `more`: all of `wire` was used.
    Step next(std::string_view& wire, std::string_view& data);

    const char* why() const { return why_; }
    bool ends_with_connection() const { return framing_ == Framing::until_close; }

private:
    enum class Chunk : std::uint8_t { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf, over };

    Step chunked(std::string_view& wire, std::string_view& data);
    Step framing_byte(char c);
    Step size_byte(char c);
    Step broken(const char* why);

    std::uint64_t left_ = 0;  // of the chunk, or of the whole body
    const char* why_ = nullptr;
    std::uint32_t overhead_ = 0;  // bytes of this size line, or of all trailers
    Framing framing_;
    Chunk chunk_ = Chunk::size;
    bool digits_ = false;
    bool last_ = false;
    bool trailer_empty_ = true;
};

/// Every occurrence of `{name}` replaced.
std::string expand(std::string text, std::string_view name, std::string_view value);

bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace squall::workload
