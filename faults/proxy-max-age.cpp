// proxy-max-age: no connection may grow older than the load balancer allows, however busy it is.
#include "faults/proxy/close.hpp"

namespace squall {
namespace {

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    return proxy::close_when(
        rig, aim, proxy::close_by(options), "proxy-max-age",
        [age = options.duration("age")](const proxy::OpenPair& open, Nanos now) { return now - open.since >= age; });
}

const RegisterFault registered{Fault{
    .name = "proxy-max-age",
    .summary = "A proxy ends every connection that has reached some age, however busy it is.",
    .mechanism = "squall's TCP proxy looks every 50 ms for connections of that age and closes them.",
    .privilege = "none",
    .witness = proxy::close_witness,
    .healing = proxy::close_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "age",
             .dimension = dimension::time,
             .doc = "Since the connection was opened. Real ones: Google Cloud's load balancer 30s, AWS API Gateway 2h, "
                    "Envoy "
                    "max_connection_duration (off).",
             .required = true,
             .min = 0.05,
             .max = 86400},
            proxy::close_by_option(),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
