// One proxied connection: a front socket to the subscriber, a back socket to the target, and the bytes in between.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "faults/proxy/pipe.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall::proxy {

class Connection;

/// A connection of which half_close() has ended one direction. Written on the proxy's thread, read on any.
struct HalfClosed {
    explicit HalfClosed(const Endpoint& of) : client(of) {}
    const Endpoint client;
    std::atomic<std::uint64_t> passed = 0;   ///< bytes, since then, in the direction that was left
    std::atomic<std::uint64_t> dropped = 0;  ///< bytes in the one that was ended, held ones included
    std::atomic<bool> open = true;
};

/// What connections share, and whom they tell. Everything happens on the proxy's thread.
class Relay {
public:
    virtual ~Relay() = default;
    virtual std::vector<char>& read_buffer() = 0;  ///< of Pipe::bytes_max
    virtual Pipe& pipe() = 0;                      ///< empty
    virtual void connected(Connection& connection) = 0;
    virtual void ended(Connection& connection) = 0;
    virtual void failed(Error error) = 0;
    /// Bytes came, from either side.
    virtual void heard(const Connection& connection, Nanos now) = 0;
    /// Ports whose connections were lost by CloseBy::silence still fall on the floor and must not serve anew.
    virtual bool is_lost(std::uint16_t upstream_port) const = 0;
};

/// Holds no buffer while it is idle: a readable socket is read into the shared buffer and written on at once, or, while
/// it has much to say and no toxic is in the way, spliced. Only what the other side's kernel would not take, or a toxic
/// holds back, is kept. Until it has gone, or while a toxic holds more than held_max, no more is read: back-pressure
/// passes through.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using tcp = boost::asio::ip::tcp;

    Connection(Relay& relay, tcp::socket front);

    /// Before start(). Of several, each sees what the one before it lets through.
    void add(std::unique_ptr<Rewrite> rewrite) { rewrites_.push_back(std::move(rewrite)); }
    void flush_rewrites();

    /// Connects to `upstream`, then relays. A target that cannot be reached: the front is reset.
    void start(const Endpoint& upstream);
    /// Resolves anew what it is under. It may end for it.
    void treat(Toxics& toxics);
    void close_by(CloseBy how);  ///< silence: the caller has made both legs drop already

    const Endpoint& upstream() const { return upstream_; }
    const Pair& pair() const { return pair_; }  ///< upstream is {0, 0} while the back socket does not exist
    bool quota_used() const;

    std::size_t slot = 0;  ///< in the table of those that are open, and the table's own
    /// Ends one direction, as if its sender had; what it sends all the same is thrown away. Null: it has ended already.
    std::shared_ptr<const HalfClosed> half_close(Way way);

private:
    /// What is kept of a direction's bytes, and why.
    struct Held {
        Held(std::uint64_t seed, const boost::asio::any_io_executor& executor) : stream(seed), timer(executor) {}
        ToxicStream stream;
        Treatment treatment;
        boost::asio::steady_timer timer;
    };
    struct Direction {
        Way way;
        tcp::socket& from;
        tcp::socket& to;
        std::unique_ptr<Held> held{};  ///< while there is something, or a toxic
        bool bulk = false;             ///< the last time there was much
        bool waits_for_input = false;
        bool waits_for_room = false;
        bool from_ended = false;  ///< `from` has sent its FIN …
        bool ended = false;       ///< … and it was passed on
        bool may_read() const;
    };

    void on_connected();
    void wait_readable(Direction& direction);
    void wait_writable(Direction& direction);
    void watch_for_reset(Direction& direction);
    void relay(Direction& direction);
    bool as_it_comes(const Direction& direction) const;
    bool splice_on(Direction& direction);
    void pass_on(Direction& direction, std::string_view bytes, Nanos now);
    void keep(Direction& direction, std::string_view rest, Nanos now);
    std::optional<std::string> rewrite(Direction& direction, std::string_view bytes, Nanos now);
    void flush_later();
    void answer(std::string_view text, Nanos now);
    void end(Direction& direction, Nanos now);
    bool treat(Direction& direction, Toxics& toxics);
    void pump(Direction& direction);
    bool write_due(Direction& direction, Nanos now);
    void pump_later(Direction& direction);
    void pass_end_on(Direction& direction);
    void vanish(tcp::socket& socket);
    void finish();

    Relay& relay_;
    tcp::socket front_;
    tcp::socket back_;
    Direction up_{Way::to_target, front_, back_};
    Direction down_{Way::to_client, back_, front_};
    Endpoint upstream_;
    Pair pair_;
    std::shared_ptr<HalfClosed> half_closed_;
    std::vector<std::unique_ptr<Rewrite>> rewrites_;
    std::optional<boost::asio::steady_timer> flush_timer_;
    bool relaying_ = false;
    bool finished_ = false;
};

}  // namespace squall::proxy
