// The control API, in the shape of Toxiproxy's (https://github.com/Shopify/toxiproxy#http-api), so that its clients
// work: request in, answer out; no socket. docs/reference/proxy.md says what differs.
#pragma once

#include <string>
#include <string_view>

#include "suites/control/proxies.hpp"

namespace squall::control {

inline constexpr std::size_t proxies_max = 100;
inline constexpr std::size_t toxics_max = 100;  ///< of a proxy
inline constexpr std::size_t name_bytes_max = 200;

struct Answer {
    unsigned status = 200;
    std::string body = {};  ///< JSON; none with 204
};

class Api {
public:
    explicit Api(std::string version) : version_(std::move(version)) {}

    /// Starts a proxy. Errors: the name is taken, there are too many, the address cannot be listened on.
    Result<NamedProxy*> add(const std::string& name, Endpoint listen, Endpoint upstream);

    /// `target`: as the request's first line has it.
    Answer handle(std::string_view method, std::string_view target, std::string_view body);

    const Proxies& proxies() const { return proxies_; }

private:
    Answer proxies(std::string_view method, std::string_view body);
    Answer proxy(NamedProxy& proxy, std::string_view method, std::string_view body);
    Answer update(NamedProxy& proxy, std::string_view body);
    Answer toxics(NamedProxy& proxy, std::string_view method, std::string_view body);
    Answer toxic(NamedProxy& proxy, const std::string& name, std::string_view method, std::string_view body);
    Answer populate(std::string_view body);
    Answer reset();

    const std::string version_;
    Proxies proxies_;
};

}  // namespace squall::control
