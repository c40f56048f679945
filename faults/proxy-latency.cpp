// proxy-latency: the path through the proxy is long, or its length varies.
#include "faults/proxy/direction.hpp"
#include "faults/proxy/inject_toxic.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const auto toxic = [delay = options.curve("delay"), jitter = options.duration("jitter")](Nanos since) {
        return proxy::Toxic{.latency = from_seconds(delay.value_at(since)), .jitter = jitter};
    };
    return proxy::inject_toxic(rig, aim, options, "proxy-latency", toxic);
}

const RegisterFault registered{Fault{
    .name = "proxy-latency",
    .summary = "The way through the proxy is long, or its length varies: another region, a tunnel, a mobile network.",
    .mechanism = "squall's TCP proxy keeps what it reads for a while before it passes it on, in order.",
    .privilege = "none",
    .witness = proxy::toxic_witness,
    .healing = proxy::toxic_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "delay",
             .kind = OptionSpec::Kind::curve,
             .dimension = dimension::time,
             .doc = "For which every byte is kept: constant (50ms), ramp (10ms -> 500ms over 5s) or steps.",
             .required = true,
             .min = 0.001,
             .max = 60},
            {.name = "jitter",
             .dimension = dimension::time,
             .doc =
                 "Up to so much more, uniformly drawn for each read of the proxy's; bytes do not overtake each other.",
             .fallback = "0s",
             .max = 60},
            proxy::direction_option("to-subscriber"),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
