// no-pong: WebSocket subscribers that stay connected and read, but no longer answer pings.
// Does not keep them from sending anything else, and ends nothing: that is for the target to do.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "faults/core/fault.hpp"

namespace squall {
namespace {

class NoPong final : public Injection {
public:
    NoPong(Clients& clients, ChosenWebSockets chosen)
        : clients_(clients), left_out_(chosen.sse_left_out), ids_(std::move(chosen.ids)) {}

    ~NoPong() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: no-pong: %s\n", healed.error().message.c_str());
        }
    }

    Status begin() {
        for (const Outcome& outcome : clients_.outcomes(ids_))
            before_[outcome.id] = outcome.pings_unanswered;
        withheld_ = true;
        const auto reached = clients_.withhold_pongs(ids_, true);
        if (!reached) return reached.error();
        if (*reached == 0) return Error{"no-pong: every connection that was chosen had ended"};
        reached_ = *reached;
        return {};
    }

    Status advance(Nanos) override { return {}; }

    Result<Witness> witness() override {
        double pings = 0;
        std::size_t pinged = 0, ended = 0;
        for (const Outcome& outcome : clients_.outcomes(ids_)) {
            const std::uint32_t unanswered = outcome.pings_unanswered - before_[outcome.id];
            pings += unanswered;
            pinged += unanswered > 0;
            ended += unanswered > 0 && !outcome.end.empty() && outcome.end != "hung_up";
        }
        Witness witness;
        witness.bit = pinged > 0;
        witness.evidence = fmt::format("{} pings came to {} of {} subscribers and were not answered; {} of these ended",
                                       pings, pinged, reached_, ended);
        if (left_out_ > 0) witness.evidence += fmt::format("; {} SSE connections left out", left_out_);
        witness.measures = {{"subscribers", static_cast<double>(reached_)},
                            {"subscribers_pinged", static_cast<double>(pinged)},
                            {"pings_unanswered", pings},
                            {"ended", static_cast<double>(ended)}};
        witness.connections = ids_;
        return witness;
    }

    Status heal() override {
        if (!withheld_) return {};
        if (auto answering = clients_.withhold_pongs(ids_, false); !answering) return answering.error();
        withheld_ = false;
        return {};
    }

private:
    Clients& clients_;
    const std::size_t left_out_;
    const std::vector<ConnectionId> ids_;
    std::map<ConnectionId, std::uint32_t> before_;  ///< unanswered in an earlier use
    std::size_t reached_ = 0;
    bool withheld_ = false;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options&) {
    auto chosen = choose_websockets(rig.clients, aim, "no-pong");
    if (!chosen) return chosen.error();
    auto injection = std::make_unique<NoPong>(rig.clients, std::move(*chosen));
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "no-pong",
    .summary = "WebSocket clients that are alive for TCP and no longer answer pings: a hung tab, a stuck event loop.",
    .mechanism = "The subscribers leave out the pong; they go on to read, and stay connected.",
    .privilege = "none",
    .witness = "Pings arrived at a chosen subscriber and were not answered.",
    .healing = "Those that are still connected answer pings again.",
    .site = Site::clients,
    .holds = "a subscriber's pongs",
    .aimed = true,
    .needs = {},
    .options = {},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
