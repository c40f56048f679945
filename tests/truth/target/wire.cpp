#include "wire.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/uuid/detail/sha1.hpp>
#include <cctype>
#include <charconv>

namespace truth {
namespace {

std::string header(std::string_view head, std::string_view name) {
    const auto equal = [](char a, char b) { return std::tolower(a) == std::tolower(b); };
    const std::string wanted = "\r\n" + std::string(name) + ":";
    const auto at = std::search(head.begin(), head.end(), wanted.begin(), wanted.end(), equal);
    if (at == head.end()) return {};
    auto from = at + static_cast<std::ptrdiff_t>(wanted.size());
    from = std::find_if(from, head.end(), [](char c) { return c != ' '; });
    return {from, std::find(from, head.end(), '\r')};
}

}  // namespace

std::optional<Request> take_request(std::string& input) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end == input.npos) return std::nullopt;
    const std::string_view head(input.data(), end + 2);
    const std::size_t length = std::strtoull(header(head, "Content-Length").c_str(), nullptr, 10);
    if (input.size() < end + 4 + length) return std::nullopt;
    Request request;
    const std::size_t blank = head.find(' ');
    request.method = head.substr(0, blank);
    request.target = head.substr(blank + 1, head.find(' ', blank + 1) - blank - 1);
    request.websocket_key = header(head, "Sec-WebSocket-Key");
    request.body = input.substr(end + 4, length);
    input.erase(0, end + 4 + length);
    return request;
}

std::optional<std::string> take_frame(std::string& input, unsigned& opcode) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
    if (input.size() < 2) return std::nullopt;
    std::size_t length = byte(1) & 0x7F, at = 2;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (input.size() < at + extra) return std::nullopt;
    if (extra > 0) length = 0;
    for (std::size_t i = 0; i < extra; ++i)
        length = length << 8 | byte(at++);
    const bool masked = (byte(1) & 0x80) != 0;
    const std::size_t mask = at;
    if (masked) at += 4;
    if (input.size() < at + length) return std::nullopt;
    opcode = byte(0) & 0x0F;
    std::string payload = input.substr(at, length);
    for (std::size_t i = 0; masked && i < length; ++i)
        payload[i] = static_cast<char>(payload[i] ^ input[mask + i % 4]);
    input.erase(0, at + length);
    return payload;
}

std::string frame(unsigned opcode, std::string_view payload) {
    std::string out(1, static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else {
        out += static_cast<char>(126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xFF);
    }
    return out.append(payload);
}

std::string handshake_answer(std::string_view key) {
    boost::uuids::detail::sha1 sha;
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
    sha.process_bytes(text.data(), text.size());
    boost::uuids::detail::sha1::digest_type words;
    sha.get_digest(words);
    std::array<unsigned char, 20> digest;
    for (std::size_t i = 0; i < digest.size(); ++i)
        digest[i] = static_cast<unsigned char>(words[i / 4] >> (24 - 8 * (i % 4)) & 0xFF);
    namespace base64 = boost::beast::detail::base64;
    std::string accept(base64::encoded_size(digest.size()), '\0');
    accept.resize(base64::encode(accept.data(), digest.data(), digest.size()));
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
           accept + "\r\n\r\n";
}

std::optional<Marked> find_marker(std::string_view payload) {
    // ~sq1.<run 8>.<publisher 4>.<sequence 16>.<scheduled 16>.<check 4>~
    constexpr std::size_t sequence_at = 19, scheduled_at = 36, length = 58;
    const std::size_t at = payload.find("~sq1.");
    if (at == payload.npos || payload.size() < at + length) return std::nullopt;
    const char* text = payload.data() + at;
    Marked marked;
    const auto read = [&](std::size_t from, auto& value) {
        return std::from_chars(text + from, text + from + 16, value, 16).ptr == text + from + 16;
    };
    if (!read(sequence_at, marked.sequence) || !read(scheduled_at, marked.scheduled)) return std::nullopt;
    return marked;
}

}  // namespace truth
