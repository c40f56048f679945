// A silent connection of the proxy's own. Where every subscriber's heartbeat is quicker than the idle timeout, nothing
// else can show that the timer runs: the canary passes through the same accept, scan and close as theirs, but ends in a
// sink beside the proxy, so that the target never hears of it.
#pragma once

#include "faults/core/clients.hpp"

namespace squall::proxy {

class Canary {
public:
    Canary() = default;
    Canary(const Canary&) = delete;
    Canary& operator=(const Canary&) = delete;
    ~Canary() { land(); }

    /// Connects to the proxy's own listener, in the namespace of the calling thread.
    Status fly(const Endpoint& front);
    void land();

    bool flies() const { return client_ >= 0; }
    /// The proxy has not come to it yet. Were it landed now, it would be taken for a subscriber when it is accepted.
    bool waits() const { return flies() && !accepted_; }
    void accepted() { accepted_ = true; }
    const Endpoint& client() const { return client_end_; }  ///< what the proxy sees as the subscriber
    const Endpoint& sink() const { return sink_end_; }      ///< what the proxy connects to in the target's place

private:
    Status open_sink();

    int sink_ = -1;  ///< a listener nobody accepts from: the kernel's handshake is all that is needed
    int client_ = -1;
    bool accepted_ = false;
    Endpoint client_end_;
    Endpoint sink_end_;
};

}  // namespace squall::proxy
