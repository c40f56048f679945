#include "faults/core/clients.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace squall {

std::string to_string(const Endpoint& endpoint) {
    const std::uint32_t a = endpoint.address;
    return fmt::format("{}.{}.{}.{}:{}", a >> 24, (a >> 16) & 255, (a >> 8) & 255, a & 255, endpoint.port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const Error malformed{
        fmt::format("'{}' is no endpoint; expected IPv4 address and port, as in 198.18.0.2:4242", text)};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return malformed;

    in_addr address{};
    if (inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &address) != 1) return malformed;
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return malformed;
    return Endpoint{ntohl(address.s_addr), port};
}

}  // namespace squall
