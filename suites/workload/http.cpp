#include "suites/workload/http.hpp"

#include <algorithm>
#include <limits>

namespace squall::workload {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// Whether the comma-separated `list` holds `token`.
bool lists(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (equals_ignoring_case(trimmed(list.substr(0, comma)), token)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string expand(std::string text, std::string_view name, std::string_view value) {
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size()) {
        text.replace(at, name.size(), value);
    }
    return text;
}

HeadReader::State HeadReader::broken(const char* why) {
    why_ = why;
    return State::broken;
}

HeadReader::State HeadReader::feed(std::string_view& wire) {
    while (true) {
        const std::size_t before = text_.size();
        const std::size_t room = head_bytes_max - before;
        text_.append(wire.substr(0, room));
        const std::size_t end = text_.find("\r\n\r\n", before > 3 ? before - 3 : 0);
        if (end == std::string::npos) {
            if (wire.size() >= room) return broken("response head longer than 16 KiB");
            wire = {};
            return State::more;
        }
        wire.remove_prefix(end + 4 - before);
        head_ = {};
        has_length_ = connection_upgrade_ = upgrade_websocket_ = false;
        const State state = parse(std::string_view(text_).substr(0, end + 2));
        if (state == State::broken) return state;
        text_ = {};
        const bool interim = head_.status / 100 == 1 && head_.status != 101;
        if (!interim) return State::done;
    }
}

HeadReader::State HeadReader::parse(std::string_view text) {
    std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    head_.status_line = line.substr(0, 120);
    if (line.size() < 12 || !line.starts_with("HTTP/1.") || !digit(line[7]) || line[8] != ' ' || !digit(line[9]) ||
        !digit(line[10]) || !digit(line[11]) || (line.size() > 12 && line[12] != ' ')) {
        return broken("response does not begin with an HTTP/1 status line");
    }
    head_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    head_.keep_alive = line[7] != '0';
    for (text.remove_prefix(end + 2); !text.empty(); text.remove_prefix(end + 2)) {
        end = text.find("\r\n");
        const std::string_view field_line = text.substr(0, end);
        const std::size_t colon = field_line.find(':');
        if (colon == std::string_view::npos || colon == 0) return broken("header line without a name and a colon");
        const std::string_view name = field_line.substr(0, colon);
        if (name.find_first_of(" \t") != std::string_view::npos) return broken("blank in or before a header's name");
        if (!field(name, trimmed(field_line.substr(colon + 1)))) return State::broken;
    }
    if (head_.status / 100 == 1 || head_.status == 204 || head_.status == 304) {
        head_.framing = Framing::none;
    } else if (has_length_ && head_.framing != Framing::chunked) {
        head_.framing = Framing::length;
    }
    head_.upgrade_to_websocket = connection_upgrade_ && upgrade_websocket_;
    return State::done;
}

bool HeadReader::field(std::string_view name, std::string_view value) {
    if (equals_ignoring_case(name, "content-length")) return length_field(value);
    if (equals_ignoring_case(name, "transfer-encoding")) {
        if (!equals_ignoring_case(value, "chunked")) {
            why_ = "transfer coding other than chunked";
            return false;
        }
        head_.framing = Framing::chunked;
    } else if (equals_ignoring_case(name, "content-type")) {
        head_.event_stream = equals_ignoring_case(trimmed(value.substr(0, value.find(';'))), "text/event-stream");
    } else if (equals_ignoring_case(name, "content-encoding")) {
        if (equals_ignoring_case(value, "identity")) return true;
        head_.gzip = !head_.content_coded && equals_ignoring_case(value, "gzip");
        head_.content_coded = true;
    } else if (equals_ignoring_case(name, "connection")) {
        connection_upgrade_ = connection_upgrade_ || lists(value, "upgrade");
        if (lists(value, "close")) head_.keep_alive = false;
        if (lists(value, "keep-alive")) head_.keep_alive = true;
    } else if (equals_ignoring_case(name, "upgrade")) {
        upgrade_websocket_ = lists(value, "websocket");
    } else if (equals_ignoring_case(name, "sec-websocket-accept")) {
        head_.websocket_accept = value.substr(0, 64);
    } else if (equals_ignoring_case(name, "sec-websocket-protocol")) {
        head_.websocket_protocol = value.substr(0, 256);
    } else if (equals_ignoring_case(name, "sec-websocket-extensions")) {
        head_.extensions = true;
    }
    return true;
}

bool HeadReader::length_field(std::string_view value) {
    std::uint64_t length = 0;
    bool right = !value.empty() && value.size() <= 18 && std::all_of(value.begin(), value.end(), digit);
    for (const char c : right ? value : std::string_view{})
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    right = right && (!has_length_ || length == head_.content_length);
    has_length_ = true;
    head_.content_length = length;
    if (!right) why_ = "Content-Length is not one number";
    return right;
}

BodyReader::BodyReader(Framing framing, std::uint64_t content_length)
    : left_(framing == Framing::length ? content_length : 0), framing_(framing) {}

BodyReader::Step BodyReader::broken(const char* why) {
    why_ = why;
    return Step::broken;
}

BodyReader::Step BodyReader::next(std::string_view& wire, std::string_view& data) {
    if (framing_ == Framing::chunked) return chunked(wire, data);
    if (framing_ == Framing::until_close) left_ = std::numeric_limits<std::uint64_t>::max();
    if (left_ == 0 || framing_ == Framing::none) return Step::ended;
    if (wire.empty()) return Step::more;
    data = wire.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, wire.size())));
    wire.remove_prefix(data.size());
    left_ -= data.size();
    return Step::data;
}

BodyReader::Step BodyReader::chunked(std::string_view& wire, std::string_view& data) {
    while (chunk_ != Chunk::over) {
        if (wire.empty()) return Step::more;
        if (chunk_ == Chunk::data) {
            data = wire.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, wire.size())));
            wire.remove_prefix(data.size());
            left_ -= data.size();
            if (left_ == 0) chunk_ = Chunk::data_cr;
            return Step::data;
        }
        const char c = wire.front();
        wire.remove_prefix(1);
        if (framing_byte(c) == Step::broken) return Step::broken;
    }
    return Step::ended;
}

BodyReader::Step BodyReader::framing_byte(char c) {
    switch (chunk_) {
        case Chunk::size:
            return size_byte(c);
        case Chunk::extension:
            if (++overhead_ > HeadReader::head_bytes_max) return broken("chunk extension longer than 16 KiB");
            if (c == '\r') chunk_ = Chunk::size_lf;
            return Step::more;
        case Chunk::size_lf:
            if (c != '\n') return broken("chunk size line does not end in CRLF");
            overhead_ = 0;
            digits_ = false;
            last_ = left_ == 0;
            chunk_ = last_ ? Chunk::trailer : Chunk::data;
            return Step::more;
        case Chunk::data_cr:
            if (c != '\r') return broken("chunk longer than its size says");
            chunk_ = Chunk::data_lf;
            return Step::more;
        case Chunk::data_lf:
            if (c != '\n') return broken("chunk does not end in CRLF");
            chunk_ = Chunk::size;
            return Step::more;
        case Chunk::trailer:
            if (++overhead_ > HeadReader::head_bytes_max) return broken("trailers longer than 16 KiB");
            if (c == '\r') {
                chunk_ = Chunk::trailer_lf;
            } else {
                trailer_empty_ = false;
            }
            return Step::more;
        case Chunk::trailer_lf:
            if (c != '\n') return broken("trailer does not end in CRLF");
            chunk_ = trailer_empty_ ? Chunk::over : Chunk::trailer;
            trailer_empty_ = true;
            return Step::more;
        case Chunk::data:
        case Chunk::over:
            break;
    }
    return Step::more;
}

BodyReader::Step BodyReader::size_byte(char c) {
    const char small = lower(c);
    if (digit(c) || (small >= 'a' && small <= 'f')) {
        if (left_ >> 59 != 0) return broken("chunk size of 2^63 or more");
        // Leading zeros would otherwise let a size line go on for ever.
        if (++overhead_ > 32) return broken("chunk size longer than 32 digits");
        left_ = left_ << 4 | static_cast<std::uint64_t>(digit(c) ? c - '0' : small - 'a' + 10);
        digits_ = true;
        return Step::more;
    }
    if (!digits_) return broken("chunk size is not a hexadecimal number");
    if (c == '\r') {
        chunk_ = Chunk::size_lf;
    } else if (c == ';' || c == ' ' || c == '\t') {
        chunk_ = Chunk::extension;
    } else {
        return broken("chunk size is not a hexadecimal number");
    }
    return Step::more;
}

}  // namespace squall::workload
