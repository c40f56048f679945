// Where connections come to the proxy: at once, or as slowly as a fault wants it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "faults/proxy/proxy.hpp"

namespace squall::proxy {

/// Everything happens on the thread that runs `io`.
class Listener {
public:
    using tcp = boost::asio::ip::tcp;

    Listener(boost::asio::io_context& io, std::function<void(tcp::socket)> accepted, std::function<void(Error)> failed)
        : acceptor_(io), timer_(io), accepted_(std::move(accepted)), failed_(std::move(failed)) {}

    /// Returns where it listens. Nothing is accepted before accept().
    Result<Endpoint> listen(const Endpoint& endpoint);
    void accept();
    void close();

    /// Counts anew. Error: the kernel's figures cannot be read, or its queue cannot be changed.
    Status set_slow(std::optional<SlowAccept> slow);
    Result<SlowAccepts> slow_accepts();

private:
    void accept_later(Nanos pause);
    void count(tcp::socket& socket);

    tcp::acceptor acceptor_;
    boost::asio::steady_timer timer_;
    const std::function<void(tcp::socket)> accepted_;
    const std::function<void(Error)> failed_;
    std::optional<SlowAccept> slow_;
    SlowAccepts count_;
    std::uint64_t overflows_before_ = 0;
    bool somebody_waits_ = false;
};

}  // namespace squall::proxy
