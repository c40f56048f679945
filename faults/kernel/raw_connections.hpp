// TCP connections that a fault opens beside the subscribers', from their namespace. Non-blocking, and without a thread:
// they are attended to whenever the fault's advance() calls. What they receive is read and dropped.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/clients.hpp"
#include "faults/kernel/namespace.hpp"

namespace squall::kernel {

struct RawConnection {
    enum class State : std::uint8_t { connecting, open, ended };
    enum class End : std::uint8_t {
        none,
        refused,    ///< RST in answer to the SYN
        reset,      ///< RST later
        finished,   ///< FIN
        timed_out,  ///< by the kernel, or given up
        ours,       ///< closed here
    };
    static constexpr std::size_t answer_bytes_max = 64;

    int fd = -1;
    State state = State::connecting;
    End end = End::none;
    Endpoint local;
    Nanos began = 0, connected = 0, ended = 0;  ///< on the caller's clock; `connected` 0: it never was
    std::size_t sent = 0;                       ///< bytes that the kernel took
    std::string answer = {};                    ///< the beginning of what came
    Nanos done = 0;                             ///< the caller's: when it had what it wanted; 0: not yet
};

class RawConnections {
public:
    /// `where` may be null: the caller's own namespace. It must outlive the object.
    RawConnections(const Namespace* where, const Endpoint& to) : where_(where), to_(to), buffer_(64 * 1024) {}
    ~RawConnections();
    RawConnections(const RawConnections&) = delete;
    RawConnections& operator=(const RawConnections&) = delete;

    /// Begins `count` connections, or as many as can be; returns their own ends, of those that were not refused at
    /// once. Errors are the rig's, and mean that none was begun: descriptors, ports.
    Result<std::vector<Endpoint>> open(std::size_t count, Nanos now);
    /// Notices what has become of each: connected, answered, ended.
    void attend(Nanos now);
    void send(RawConnection& connection, std::string_view bytes);
    static void finish_writing(const RawConnection& connection);
    static void close(RawConnection& connection, RawConnection::End end, Nanos now);
    /// Of what was sent, bytes that the peer's kernel has acknowledged.
    static std::size_t acknowledged(const RawConnection& connection);

    std::deque<RawConnection>& all() { return all_; }
    const std::deque<RawConnection>& all() const { return all_; }
    void forget_ended();
    void close_all(Nanos now);

private:
    Status begin_one(Nanos now);
    void attend(RawConnection& connection, Nanos now);
    void read(RawConnection& connection, Nanos now);

    const Namespace* where_;
    const Endpoint to_;
    std::deque<RawConnection> all_;
    std::vector<char> buffer_;
};

}  // namespace squall::kernel
