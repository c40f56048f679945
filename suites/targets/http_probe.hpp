// One HTTP GET with a deadline and a bound, for readiness and metrics. The load never goes through here.
#pragma once

#include <string>
#include <vector>

#include "faults/core/clients.hpp"
#include "suites/targets/http_answer.hpp"
#include "suites/tls/context.hpp"

namespace squall {

struct HttpRequest {
    Endpoint endpoint;
    std::string host;
    std::string path;
    std::vector<std::pair<std::string, std::string>> headers;
    const tls::Context* tls = nullptr;      ///< null: plain
    Nanos deadline = nanos_per_second;      ///< for all of it
    std::size_t body_bytes_max = 8U << 20;  ///< a longer body is an error
};

/// From the calling thread's network namespace. Errors: refused, timed out, TLS (EPROTO), not HTTP, too long.
Result<HttpAnswer> http_get(const HttpRequest& request);

}  // namespace squall
