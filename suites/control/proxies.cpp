#include "suites/control/proxies.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "suites/control/toxic_types.hpp"

namespace squall::control {

Result<Endpoint> resolve(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    const std::string host = colon == std::string::npos ? "" : address.substr(0, colon);
    const auto port = parse_endpoint("127.0.0.1:" + (colon == std::string::npos ? "" : address.substr(colon + 1)));
    if (!port || host.find(':') != std::string::npos) {
        return Error{fmt::format("'{}' is no address; expected HOST:PORT, IPv4, as in 127.0.0.1:8080", address)};
    }
    if (host.empty() || host == "localhost") return *port;
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int failed = getaddrinfo(host.c_str(), nullptr, &wanted, &found); failed != 0) {
        return Error{fmt::format("looking up '{}' in '{}': {}", host, address, gai_strerror(failed))};
    }
    sockaddr_in first{};
    std::copy_n(reinterpret_cast<const char*>(found->ai_addr), sizeof first, reinterpret_cast<char*>(&first));
    freeaddrinfo(found);
    return Endpoint{ntohl(first.sin_addr.s_addr), port->port};
}

NamedProxy::NamedProxy(std::string name, Endpoint listen, Endpoint upstream)
    : name_(std::move(name)), listen_(listen), upstream_(upstream) {}

Status NamedProxy::enable() {
    if (proxy_ != nullptr) return {};
    auto started = proxy::Proxy::start(nullptr, nullptr, listen_, upstream_, true);
    if (!started) return started.error();
    proxy_ = std::move(*started);
    listen_ = proxy_->listening();
    numbers_.clear();
    for (const NamedToxic& toxic : toxics_)
        numbers_[toxic.name] = proxy_->treat(use_of(toxic));
    return {};
}

void NamedProxy::move(Endpoint listen, Endpoint upstream) {
    listen_ = listen;
    upstream_ = upstream;
}

const NamedToxic* NamedProxy::find(std::string_view toxic) const {
    const auto found =
        std::find_if(toxics_.begin(), toxics_.end(), [&](const NamedToxic& known) { return known.name == toxic; });
    return found == toxics_.end() ? nullptr : &*found;
}

/// Of two toxics each draws connections of its own.
proxy::ToxicUse NamedProxy::use_of(const NamedToxic& toxic) const {
    return {.toxic = treatment_of(toxic.type, toxic.attributes),
            .to_target = toxic.upstream,
            .to_client = !toxic.upstream,
            .share = toxic.toxicity,
            .seed = std::hash<std::string>{}(name_ + "/" + toxic.name),
            .remembers = false};
}

void NamedProxy::add(NamedToxic toxic) {
    if (proxy_) numbers_[toxic.name] = proxy_->treat(use_of(toxic));
    toxics_.push_back(std::move(toxic));
}

void NamedProxy::replace(const NamedToxic& toxic) {
    if (proxy_) proxy_->change_toxic(numbers_.at(toxic.name), use_of(toxic));
    for (NamedToxic& known : toxics_) {
        if (known.name == toxic.name) known = toxic;
    }
}

void NamedProxy::remove(const std::string& toxic) {
    if (proxy_) proxy_->lift(numbers_.at(toxic));
    numbers_.erase(toxic);
    std::erase_if(toxics_, [&](const NamedToxic& known) { return known.name == toxic; });
}

void NamedProxy::remove_all() {
    while (!toxics_.empty())
        remove(std::string(toxics_.back().name));
}

}  // namespace squall::control
