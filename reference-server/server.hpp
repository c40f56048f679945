// squall's reference server: pushes published messages to subscribers over SSE and WebSocket, with bounded delivery.
//
// Embedding:
//     boost::asio::io_context io(1);
//     Server server(io, Config{.listen = "127.0.0.1:0"});
//     if (std::string problem = server.start(); !problem.empty()) …
//     io.run();                      // until drain() or stop()
//
// Threads: all of it runs on the one thread that runs `io`, and every member has to be called on that thread, or
// while `io` is not running. It uses no thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "reference-server/src/config.hpp"

namespace boost::asio {
class io_context;
}

namespace squall::reference {

class Server {
public:
    // `io` has to outlive the server. Settings outside their ranges are the caller's mistake: settings() has them.
    Server(boost::asio::io_context& io, Config config);

    // Stops, if that has not been done.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Listens and serves. Empty: done. Otherwise why not, for a person to read.
    std::string start();

    // The address it really listens on, "127.0.0.1:40123". Empty before start() and after the end.
    std::string address() const;
    std::uint16_t port() const;

    // Ends every connection as `drain` after its queue has been delivered, refusing new subscribers and messages
    // meanwhile; then stops, after drain_deadline at the latest, and calls `stopped`. Later calls have no effect.
    void drain(std::function<void()> stopped);

    // Stops now: connections are reset.
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace squall::reference
