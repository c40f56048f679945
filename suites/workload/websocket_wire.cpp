// What a WebSocket client writes: its handshake's key, and masked frames.
#include <array>
#include <boost/uuid/detail/sha1.hpp>
#include <cstring>

#include "suites/workload/websocket_stream.hpp"

namespace squall::workload {
namespace {

std::string base64(const unsigned char* bytes, std::size_t size) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < size; i += 3) {
        const std::size_t here = size - i < 3 ? size - i : 3;
        unsigned triple = 0;
        for (std::size_t j = 0; j < 3; ++j)
            triple = triple << 8 | (j < here ? bytes[i + j] : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            text += j <= here ? digits[triple >> (18 - 6 * j) & 63] : '=';
    }
    return text;
}

}  // namespace

void append_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t mask) {
    const std::size_t size = payload.size();
    out += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
    const std::size_t length_bytes = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
    out += static_cast<char>(0x80 | (length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U));
    for (std::size_t i = length_bytes; i > 0; --i)
        out += static_cast<char>(size >> (8 * (i - 1)) & 0xFF);
    std::array<char, 4> key;
    std::memcpy(key.data(), &mask, key.size());
    out.append(key.data(), key.size());
    const std::size_t start = out.size();
    out.append(payload);
    for (std::size_t i = 0; i < size; ++i)
        out[start + i] = static_cast<char>(out[start + i] ^ key[i & 3]);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    payload.append(reason.substr(0, 123));
    return payload;
}

std::string websocket_key(std::uint64_t random_high, std::uint64_t random_low) {
    std::array<unsigned char, 16> bytes;
    std::memcpy(bytes.data(), &random_high, 8);
    std::memcpy(bytes.data() + 8, &random_low, 8);
    return base64(bytes.data(), bytes.size());
}

std::string websocket_accept(std::string_view key) {
    // SHA-1 from Boost.Uuid: the one thing the handshake needs of it does not warrant a cryptography library.
    boost::uuids::detail::sha1 sha;
    sha.process_bytes(key.data(), key.size());
    static constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
    sha.process_bytes(guid.data(), guid.size());
    boost::uuids::detail::sha1::digest_type words;
    sha.get_digest(words);
    std::array<unsigned char, 20> digest;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        digest[i] = static_cast<unsigned char>(words[i / 4] >> (24 - 8 * (i % 4)) & 0xFF);
    }
    return base64(digest.data(), digest.size());
}

}  // namespace squall::workload
