// proxy-half-close: one direction of a connection is ended, the other stays open.
#include <fmt/format.h>

#include <set>

#include "faults/proxy/aimed_clients.hpp"
#include "faults/proxy/connection.hpp"
#include "faults/proxy/direction.hpp"
#include "faults/proxy/inject_toxic.hpp"

namespace squall {
namespace {

class HalfClose final : public Injection {
public:
    HalfClose(proxy::Proxy& proxy, proxy::AimedClients aimed, proxy::Way way)
        : proxy_(proxy), aimed_(std::move(aimed)), way_(way) {
        proxy_.for_each([this](proxy::Connection& connection) {
            if (!aimed_.hits(connection.pair().client)) return;
            if (auto closed = connection.half_close(way_)) closed_.push_back(std::move(closed));
        });
    }

    Status advance(Nanos) override { return {}; }

    Result<Witness> witness() override {
        if (const auto failure = proxy_.failure()) return *failure;
        std::uint64_t passed = 0, dropped = 0;
        std::size_t passing = 0, open = 0;
        std::set<Endpoint> ends;
        for (const auto& one : closed_) {
            ends.insert(one->client);
            passed += one->passed;
            dropped += one->dropped;
            passing += one->passed > 0;
            open += one->open;
        }
        const bool to_target = way_ == proxy::Way::to_target;
        const auto bytes = [](std::uint64_t n) { return format_quantity(static_cast<double>(n), dimension::bytes); };
        Witness witness;
        witness.bit = !closed_.empty();
        witness.evidence = fmt::format(
            "the proxy ended one direction of {} connections, by FIN to the {}; {} came the other way afterwards, on "
            "{} of "
            "them; {} are open still; {} were thrown away",
            closed_.size(), to_target ? "target" : "subscriber", bytes(passed), passing, open, bytes(dropped));
        witness.measures = {{"half_closed", static_cast<double>(closed_.size())},
                            {"half_open", static_cast<double>(open)},
                            {"passing", static_cast<double>(passing)},
                            {"bytes_passed", static_cast<double>(passed)},
                            {"bytes_dropped", static_cast<double>(dropped)}};
        witness.connections = aimed_.named(ends);
        return witness;
    }

    Status heal() override { return {}; }  // an end that was sent stays sent

private:
    proxy::Proxy& proxy_;
    proxy::AimedClients aimed_;
    const proxy::Way way_;
    std::vector<std::shared_ptr<const proxy::HalfClosed>> closed_;
};

OptionSpec one_direction() {
    OptionSpec option = proxy::direction_option("to-target");
    option.doc = "Who gets the FIN: the target, as if the subscriber had nothing more to say, or the subscriber.";
    option.choices = {"to-target", "to-subscriber"};
    return option;
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    if (auto there = proxy::require_proxy(rig, "proxy-half-close"); !there) return there.error();
    auto aimed = proxy::AimedClients::choose(rig.clients, aim, "proxy-half-close");
    if (!aimed) return aimed.error();
    const bool to_target = proxy::direction_of(options) == kernel::Direction::to_target;
    return std::unique_ptr<Injection>(std::make_unique<HalfClose>(
        *rig.proxy, std::move(*aimed), to_target ? proxy::Way::to_target : proxy::Way::to_client));
}

const RegisterFault registered{Fault{
    .name = "proxy-half-close",
    .summary =
        "One direction of a connection is ended and the other stays open: a broken middlebox, a client that shuts "
        "its sending side down.",
    .mechanism = "squall's TCP proxy sends a FIN one way and goes on to relay the other; what still comes for the side "
                 "that was told of the end is thrown away.",
    .privilege = "none",
    .witness =
        "The proxy counted the connections of which it ended one direction, and what passed the other way later.",
    .healing = "Nothing to put back: an end that was sent stays sent. Connections that come later are whole.",
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options = {one_direction()},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
