// Accepts connections and hands them over.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "reference-server/src/config.hpp"
#include "reference-server/src/socket.hpp"

namespace squall::reference {

class Listener {
public:
    using Accepted = std::function<void(Socket, const PeerAddress&)>;
    using Paused = std::function<void(int error)>;

    // `paused` is told each time that accepting stops for want of descriptors or memory.
    Listener(boost::asio::io_context& io, const Config& config, Accepted accepted, Paused paused);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Empty: listening. Otherwise what went wrong.
    std::string open();
    void close();

    boost::asio::ip::tcp::endpoint endpoint() const;
    bool paused() const;

    // Tries again after a pause; called once a tick.
    void resume();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace squall::reference
