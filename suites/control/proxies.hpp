// The proxies that the control API knows by name, and their toxics. Used on one thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faults/proxy/proxy.hpp"

namespace squall::control {

/// "127.0.0.1:80", "localhost:80", "name:80", looked up; no host stands for loopback. Only IPv4. Errors: no port, no
/// such host.
Result<Endpoint> resolve(const std::string& address);

struct NamedToxic {
    std::string name;
    std::string type;  ///< see toxic_types.hpp
    bool upstream = false;
    double toxicity = 1;  ///< the share of connections that are under it
    boost::json::object attributes;
};

class NamedProxy {
public:
    NamedProxy(std::string name, Endpoint listen, Endpoint upstream);

    const std::string& name() const { return name_; }
    /// With the port that it was given, once it has listened.
    const Endpoint& listen() const { return listen_; }
    const Endpoint& upstream() const { return upstream_; }
    bool enabled() const { return proxy_ != nullptr; }
    /// Null while it is not enabled.
    proxy::Proxy* running() const { return proxy_.get(); }

    /// With its toxics. Errors: the address cannot be listened on.
    Status enable();
    /// Nobody listens any more, and its connections are reset.
    void disable() { proxy_.reset(); }
    void move(Endpoint listen, Endpoint upstream);  ///< while it is disabled

    const std::vector<NamedToxic>& toxics() const { return toxics_; }
    const NamedToxic* find(std::string_view toxic) const;
    void add(NamedToxic toxic);
    void replace(const NamedToxic& toxic);  ///< the one of its name
    void remove(const std::string& toxic);
    void remove_all();

    /// The command line's: with faults on it, which it has to outlive.
    bool pinned = false;

private:
    proxy::ToxicUse use_of(const NamedToxic& toxic) const;

    const std::string name_;
    Endpoint listen_, upstream_;
    std::vector<NamedToxic> toxics_;                ///< in the order in which they were added
    std::map<std::string, std::uint64_t> numbers_;  ///< in the proxy that is running, by name
    std::unique_ptr<proxy::Proxy> proxy_;
};

/// By name.
using Proxies = std::map<std::string, NamedProxy, std::less<>>;

}  // namespace squall::control
