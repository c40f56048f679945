// proxy-slicer: what was written at once arrives in tiny pieces.
#include "faults/proxy/direction.hpp"
#include "faults/proxy/inject_toxic.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    return proxy::inject_toxic(
        rig, aim, options, "proxy-slicer",
        {.piece = static_cast<std::size_t>(options.number("size")), .gap = options.duration("delay")});
}

const RegisterFault registered{Fault{
    .name = "proxy-slicer",
    .summary = "What was written at once arrives in tiny pieces: events, frames and UTF-8 sequences are cut anywhere.",
    .mechanism = "squall's TCP proxy writes a few bytes at a time, without Nagle's algorithm, and pauses in between.",
    .privilege = "none",
    .witness = proxy::toxic_witness,
    .healing = proxy::toxic_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "size",
             .dimension = dimension::bytes,
             .doc = "At most so many bytes in a piece.",
             .required = true,
             .min = 1,
             .max = 16384},
            {.name = "delay",
             .dimension = dimension::time,
             .doc = "Between two pieces of a connection.",
             .fallback = "1ms",
             .min = 0.0001,
             .max = 10},
            proxy::direction_option("to-subscriber"),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
