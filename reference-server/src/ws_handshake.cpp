#include "reference-server/src/ws_handshake.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

namespace squall::reference::ws {
namespace {

// SHA-1 (FIPS 180-4). The handshake uses it as a checksum, not for security; forty lines here spare the server a
// dependency on a cryptographic library.
std::array<std::uint8_t, 20> sha1(std::string_view text) {
    std::string padded(text);
    padded += '\x80';
    padded.resize((padded.size() + 8 + 63) / 64 * 64 - 8, '\0');
    const std::uint64_t bits = static_cast<std::uint64_t>(text.size()) * 8;
    for (int shift = 56; shift >= 0; shift -= 8)
        padded += static_cast<char>((bits >> shift) & 0xFFU);

    std::array<std::uint32_t, 5> state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for (std::size_t block = 0; block < padded.size(); block += 64) {
        std::array<std::uint32_t, 80> w{};
        for (std::size_t i = 0; i < 64; ++i)
            w[i / 4] = (w[i / 4] << 8U) | static_cast<std::uint8_t>(padded[block + i]);
        for (std::size_t i = 16; i < 80; ++i)
            w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        auto [a, b, c, d, e] = state;
        for (std::size_t i = 0; i < 80; ++i) {
            std::uint32_t f = b ^ c ^ d;
            std::uint32_t k = i < 40 ? 0x6ED9EBA1 : 0xCA62C1D6;
            if (i < 20)
                f = (b & c) | (~b & d), k = 0x5A827999;
            else if (i >= 40 && i < 60)
                f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
            const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
            e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
    std::array<std::uint8_t, 20> digest{};
    for (std::size_t i = 0; i < 20; ++i)
        digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(const std::array<std::uint8_t, 20>& bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const unsigned group = bytes[i] << 16U | (left > 1 ? bytes[i + 1] : 0U) << 8U | (left > 2 ? bytes[i + 2] : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += j <= left ? base64_alphabet[(group >> (18 - 6 * j)) & 63U] : '=';
    }
    return out;
}

}  // namespace

std::string accept_value(std::string_view key) {
    return base64(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

bool valid_key(std::string_view key) {
    // 16 bytes are 22 characters, the last of which carries four zero bits, and two of padding.
    if (key.size() != 24 || !key.ends_with("==")) return false;
    key.remove_suffix(2);
    if (std::string_view("AQgw").find(key.back()) == std::string_view::npos) return false;
    return key.find_first_not_of(base64_alphabet) == std::string_view::npos;
}

std::string response_head(std::string_view key) {
    return fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: {}\r\n\r\n",
        accept_value(key));
}

}  // namespace squall::reference::ws
