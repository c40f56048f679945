// proxy-reset: something in the path resets connections, now this one and now that one.
#include <algorithm>
#include <memory>

#include "faults/core/clock.hpp"
#include "faults/proxy/close.hpp"
#include "faults/proxy/connection.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const Nanos at = monotonic_now();
    const auto turn = proxy::turn_within(options.duration("within"), aim.seed);
    return proxy::close_when(
        rig, aim, proxy::CloseBy::rst, "proxy-reset",
        [at, turn](const proxy::OpenPair& open, Nanos now) { return now - std::max(at, open.since) >= turn(open); });
}

const RegisterFault registered{Fault{
    .name = "proxy-reset",
    .summary = "Something in the path resets connections, again and again, each at its own instant.",
    .mechanism = "squall's TCP proxy resets a connection towards both sides (SO_LINGER 0) when its turn has come.",
    .privilege = "none",
    .witness = proxy::close_witness,
    .healing = proxy::close_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "within",
             .dimension = dimension::time,
             .doc = "Of the injection, or of its opening where that is later: each is reset at an instant drawn "
                    "uniformly; 0s: at once.",
             .fallback = "0s",
             .max = 3600},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
