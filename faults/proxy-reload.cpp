// proxy-reload: the proxy is restarted, and with it go the connections that it had.
#include <memory>

#include "faults/core/clock.hpp"
#include "faults/core/random.hpp"
#include "faults/proxy/close.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const Nanos at = monotonic_now();
    const auto turn = proxy::turn_within(options.duration("drain"), aim.seed);
    return proxy::close_when(
        rig, aim, proxy::close_by(options), "proxy-reload",
        [at, turn](const proxy::OpenPair& open, Nanos now) { return open.since < at && now - at >= turn(open); });
}

const RegisterFault registered{Fault{
    .name = "proxy-reload",
    .summary = "The proxy is reloaded or restarted: the connections that it had are closed, at once or by and by.",
    .mechanism = "squall's TCP proxy closes the connections that were open at the injection, spread over `drain`.",
    .privilege = "none",
    .witness = proxy::close_witness,
    .healing = proxy::close_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "drain",
             .dimension = dimension::time,
             .doc = "In which they are closed, each at an instant drawn uniformly; 0s: all at once.",
             .fallback = "0s",
             .max = 3600},
            proxy::close_by_option(),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
