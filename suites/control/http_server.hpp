// Serves the control API over HTTP/1.1. Everything happens on the thread that runs the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "suites/control/api.hpp"

namespace squall::control {

inline constexpr std::size_t body_bytes_max = 1 << 20;  ///< of a request; more is answered with 413
inline constexpr std::size_t head_bytes_max = 8 * 1024;
inline constexpr std::size_t sessions_max = 64;  ///< connections at once; further ones wait
inline constexpr int request_seconds_max = 30;   ///< from its first byte to its answer's last, and between two

class HttpServer {
public:
    /// `api` and `io` outlive it. Errors: the address cannot be listened on.
    static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& io, Endpoint listen, Api& api);
    virtual ~HttpServer() = default;
    virtual Endpoint listening() const = 0;
};

}  // namespace squall::control
