// The userspace TCP proxy that stands in for load balancers and reverse proxies. It forwards bytes and knows nothing
// of HTTP; faults change how it treats connections while it runs. What some of them make of HTTP is a Rewrite.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/core/clients.hpp"
#include "faults/proxy/rewrite.hpp"
#include "faults/proxy/toxics.hpp"

namespace squall::kernel {
class Namespace;
class PathFilter;
}  // namespace squall::kernel

namespace squall::proxy {

class Connection;

enum class CloseBy {
    fin,      ///< shutdown towards both sides, as nginx does
    rst,      ///< SO_LINGER 0 towards both sides
    silence,  ///< the state is lost: no packet is sent, and later ones of either side fall on the floor
};

struct IdleTimeout {
    Nanos after = 0;  ///< no byte in either direction for so long
    CloseBy by = CloseBy::fin;
};

/// One proxied connection: how the client sees it and how the target sees it.
struct Pair {
    Endpoint client;    ///< subscriber's end of the front connection
    Endpoint upstream;  ///< the proxy's own end of the back connection: the peer, to the target
};

/// One that is open now.
struct OpenPair {
    Pair pair;
    Nanos since = 0;          ///< CLOCK_MONOTONIC, absolute
    bool quota_used = false;  ///< by a toxic: nothing more passes in one direction
};

struct ClosedPair {
    Pair pair;
    Nanos idle = 0;  ///< how long it had been silent
    Nanos at = 0;    ///< CLOCK_MONOTONIC, absolute
};

/// A listener that is in no hurry.
struct SlowAccept {
    Nanos interval = 0;               ///< from one connection to the next
    std::optional<int> backlog = {};  ///< how many may wait; none: as many as ever
};

struct SlowAccepts {
    std::uint64_t accepted = 0;
    std::uint64_t waited = 0;     ///< of them, those that were there before their turn had come …
    Nanos wait_max = 0;           ///< … and how long, since they last sent something; in the kernel's clock ticks
    std::uint64_t waiting = 0;    ///< that are there now
    std::uint64_t overflows = 0;  ///< handshakes that found the queue full (the namespace's ListenOverflows)
};

class Proxy {
public:
    /// Listens on `listen` inside `where` (nullptr: the calling thread's namespace) and forwards to `upstream`; runs on
    /// a thread of its own. `filter` is needed for CloseBy::silence; without one that is refused. A proxy that stays
    /// for days is to forget the pairs that have ended.
    static Result<std::unique_ptr<Proxy>> start(const kernel::Namespace* where, kernel::PathFilter* filter,
                                                Endpoint listen, Endpoint upstream, bool forgets = false);
    virtual ~Proxy() = default;  ///< stops the thread; open connections are reset

    virtual Endpoint listening() const = 0;

    virtual Status set_idle_timeout(std::optional<IdleTimeout> timeout) = 0;
    /// Connections that the idle timeout has closed since it was set.
    virtual std::vector<ClosedPair> idle_closes() const = 0;
    /// The close of a silent connection of the proxy's own, made when the timeout was set: proof that the timer runs
    /// where no subscriber is silent for long enough. It is in none of the other counts, and the target never sees it.
    virtual std::optional<ClosedPair> canary_close() const = 0;

    virtual std::vector<OpenPair> open_pairs() = 0;
    /// Closes the connections of these clients; returns those that were still open. CloseBy::silence is not for this.
    virtual std::vector<ClosedPair> close(const std::vector<Endpoint>& clients, CloseBy how) = 0;

    /// Calls `work` with each connection that is relayed, on the proxy's thread; it may end that one.
    virtual void for_each(const std::function<void(Connection&)>& work) = 0;

    /// Returns the toxic's number. It applies to bytes that come from now on, of everybody, or of whom
    /// aim_toxic() names.
    virtual std::uint64_t treat(const ToxicUse& use) = 0;
    /// Clients' ends of the front connections; in the place of those that were named before.
    virtual void aim_toxic(std::uint64_t toxic, const std::vector<Endpoint>& clients) = 0;
    /// In the place of what it was; on whom it is, and what has passed, stays.
    virtual void change_toxic(std::uint64_t toxic, const ToxicUse& use) = 0;
    /// What is held back leaves at once.
    virtual void lift(std::uint64_t toxic) = 0;
    virtual Passed passed(std::uint64_t toxic) = 0;

    /// Each connection that is accepted from now on is given a rewrite of its own. Returns a number.
    virtual std::uint64_t rewrite(MakeRewrite make) = 0;
    /// Those that have one keep it, and are flushed.
    virtual void stop_rewriting(std::uint64_t number) = 0;

    /// Error: the kernel's queue cannot be changed or read.
    virtual Status set_slow_accept(std::optional<SlowAccept> slow) = 0;
    virtual Result<SlowAccepts> slow_accepts() = 0;  ///< since it was set

    /// Every pair since the start, closed ones included: maps the peers in a target's log to subscribers. None, if it
    /// forgets them.
    virtual std::vector<Pair> pairs() const = 0;
    virtual std::size_t open_connections() const = 0;

    /// The first thing that went wrong on the proxy's own thread (descriptors ran out, a silent close could not be
    /// made silent): what a run has to know before it trusts its verdict.
    virtual std::optional<Error> failure() const = 0;
};

}  // namespace squall::proxy
