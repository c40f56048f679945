// One proxied connection: a front socket to the subscriber, a back socket to the target, and the bytes in between.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <vector>

#include "faults/proxy/proxy.hpp"

namespace squall::proxy {

class Connection;

/// What connections share, and whom they tell. Everything happens on the proxy's thread.
class Relay {
public:
    virtual ~Relay() = default;
    virtual std::vector<char>& read_buffer() = 0;
    virtual void connected(const Connection& connection) = 0;
    virtual void ended(Connection& connection) = 0;
    virtual void failed(Error error) = 0;
    /// Ports whose connections were lost by CloseBy::silence still fall on the floor and must not serve anew.
    virtual bool is_lost(std::uint16_t upstream_port) const = 0;
};

/// Holds no buffer while it is idle: a readable socket is read into the shared buffer and written on at once. Only what
/// the other side's kernel would not take is kept, and until it has gone no more is read: back-pressure passes through.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using tcp = boost::asio::ip::tcp;

    Connection(Relay& relay, tcp::socket front, Nanos now);

    /// Connects to `upstream`, then relays. A target that cannot be reached: the front is reset.
    void start(const Endpoint& upstream);
    void close_by(CloseBy how);  ///< silence: the caller has made both legs drop already

    const Endpoint& upstream() const { return upstream_; }
    const Pair& pair() const { return pair_; }  ///< upstream is {0, 0} while the back socket does not exist
    Nanos last_byte() const { return last_byte_; }

private:
    struct Direction {
        tcp::socket& from;
        tcp::socket& to;
        std::vector<char> pending{};  ///< what `to` has not taken yet
        bool ended = false;           ///< `from` has sent its FIN, and it was passed on
    };

    void on_connected();
    void wait_readable(Direction& direction);
    void wait_writable(Direction& direction);
    void watch_for_reset(Direction& direction);
    void relay(Direction& direction);
    void pass_end_on(Direction& direction);
    void vanish(tcp::socket& socket);
    void finish();

    Relay& relay_;
    tcp::socket front_;
    tcp::socket back_;
    Direction up_{front_, back_};
    Direction down_{back_, front_};
    Endpoint upstream_;
    Pair pair_;
    Nanos last_byte_;
    bool finished_ = false;
};

Nanos monotonic_now();

}  // namespace squall::proxy
