// proxy-buffering: a reverse proxy holds events back until it has a buffer full of them.
#include "faults/proxy/direction.hpp"
#include "faults/proxy/inject_toxic.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    return proxy::inject_toxic(rig, aim, options, "proxy-buffering",
                               {.hold = static_cast<std::size_t>(options.number("bytes")),
                                .hold_max = options.has("flush") ? options.duration("flush") : 0});
}

const RegisterFault registered{Fault{
    .name = "proxy-buffering",
    .summary = "A reverse proxy buffers the response: events are held back until there are enough bytes of them.",
    .mechanism = "squall's TCP proxy keeps a connection's bytes until so many have come, or the first of them is old.",
    .privilege = "none",
    .witness = proxy::toxic_witness,
    .healing = proxy::toxic_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "bytes",
             .dimension = dimension::bytes,
             .doc = "The buffer: bytes wait until so many are there. nginx: proxy_buffer_size, 4KiB or 8KiB.",
             .fallback = "4KiB",
             .min = 2,
             .max = 262144},
            {.name = "flush",
             .dimension = dimension::time,
             .doc = "The oldest byte waits no longer than this; without it, for ever.",
             .min = 0.001,
             .max = 3600},
            proxy::direction_option("to-subscriber"),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
