// The part of Socket that knows Asio.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "reference-server/src/socket.hpp"

namespace squall::reference {

// Kept alive by its Socket and by the waits under way; the owner of the Socket may go at any time.
struct SocketState : std::enable_shared_from_this<SocketState> {
    explicit SocketState(boost::asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}

    boost::asio::ip::tcp::socket socket;
    SocketEvents* events = nullptr;
    bool read_waiting = false;
    bool write_waiting = false;
};

}  // namespace squall::reference
