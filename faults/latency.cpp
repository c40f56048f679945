// latency: the way between subscribers and target is long, or its length varies.
#include "faults/proxy/direction.hpp"
#include "faults/proxy/inject_toxic.hpp"
#include "faults/proxy/path_delay.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    return proxy::delay_in_path(rig, aim, options, "latency",
                                {.least = options.duration("delay"), .jitter = options.duration("jitter")});
}

Result<std::unique_ptr<Injection>> inject_in_proxy(Rig& rig, const Aim& aim, const Options& options) {
    return proxy::inject_toxic(rig, aim, options, "latency",
                               {.latency = options.duration("delay"), .jitter = options.duration("jitter")});
}

const RegisterFault registered{Fault{
    .name = "latency",
    .summary = "The way between subscribers and target is long, or its length varies: another continent, a satellite.",
    .mechanism = "The path keeps the packets of the chosen connections (nftables, netem).",
    .privilege = "user namespace; none with a proxy",
    .witness = "Packets were kept: how many by netem, or how many bytes by the proxy.",
    .healing = "The packets pass the queue by, and it is removed; the proxy lets go of what it holds.",
    .site = Site::path,
    .holds = "a connection's queue in the path",
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "netem", "socket-diagnostics"},
    .options =
        {
            {.name = "delay",
             .dimension = dimension::time,
             .doc = "For which every packet is kept.",
             .required = true,
             .min = 0.001,
             .max = 60},
            {.name = "jitter",
             .dimension = dimension::time,
             .doc = "Up to so much more, uniformly drawn for each packet; one with less overtakes one with more.",
             .fallback = "0s",
             .max = 60},
            proxy::direction_option("both"),
        },
    .inject = inject,
    .fallback = Fallback{.mechanism = "The scenario's proxy keeps the bytes of the chosen connections, in order.",
                         .needs = {},
                         .inject = inject_in_proxy},
}};

}  // namespace
}  // namespace squall
