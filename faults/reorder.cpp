// reorder: a share of the packets is late, and the others overtake them.
#include "faults/core/fault.hpp"
#include "faults/proxy/direction.hpp"
#include "faults/proxy/path_delay.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    return proxy::delay_in_path(rig, aim, options, "reorder", {.least = options.duration("delay")},
                                options.number("late"));
}

const RegisterFault registered{Fault{
    .name = "reorder",
    .summary = "Packets arrive in another order: several ways of different length, a radio link that repeats.",
    .mechanism =
        "The path keeps each packet of the chosen connections or lets it pass, by a draw of its own (nftables, "
        "numgen random); what is kept waits (netem) and is overtaken.",
    .privilege = "user namespace",
    .witness = "Some packets were kept while others of the same connections passed; how many of both.",
    .healing = "All packets pass, and the queue is removed.",
    .site = Site::path,
    .holds = "a connection's queue in the path",
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "netem", "socket-diagnostics"},
    .options = {{.name = "late",
                 .dimension = dimension::none,
                 .doc = "Share of the packets that are late, such as 5%.",
                 .required = true,
                 .min = 1e-6,
                 .max = 0.99},
                {.name = "delay",
                 .dimension = dimension::time,
                 .doc = "How late they are.",
                 .fallback = "10ms",
                 .min = 0.001,
                 .max = 60},
                proxy::direction_option("both")},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
