// proxy-bandwidth: the path through the proxy is narrow.
#include "faults/proxy/direction.hpp"
#include "faults/proxy/inject_toxic.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const auto toxic = [rate = options.curve("rate")](Nanos since) {
        return proxy::Toxic{.rate = rate.value_at(since)};
    };
    return proxy::inject_toxic(rig, aim, options, "proxy-bandwidth", toxic);
}

const RegisterFault registered{Fault{
    .name = "proxy-bandwidth",
    .summary = "The way through the proxy is narrow: each connection gets so many bytes a second.",
    .mechanism =
        "squall's TCP proxy writes at a rate; it holds up to 256 KiB of a connection and reads no more then, so "
        "that TCP's window holds the target back.",
    .privilege = "none",
    .witness = proxy::toxic_witness,
    .healing = proxy::toxic_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "rate",
             .kind = OptionSpec::Kind::curve,
             .dimension = dimension::bandwidth,
             .doc = "Of each connection, in each direction that is treated: constant, ramp or steps.",
             .required = true,
             .min = 1,
             .max = 1e9},
            proxy::direction_option("to-subscriber"),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
