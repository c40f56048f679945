// A TCP connection, with TLS where it is asked for, whose every wait ends at a deadline. For questions of the rig's;
// the load never goes through here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "faults/core/clients.hpp"
#include "suites/tls/session.hpp"

namespace squall {

class ProbeConnection {
public:
    /// From the calling thread's network namespace. `tls` null: none. `until`: monotonic_now().
    /// Errors: what was attempted and what came of it; errno in system_error, EPROTO where TLS failed.
    static Result<std::unique_ptr<ProbeConnection>> open(const Endpoint& to, const tls::Context* tls, Nanos until);
    ~ProbeConnection();
    ProbeConnection(const ProbeConnection&) = delete;
    ProbeConnection& operator=(const ProbeConnection&) = delete;

    Status send(std::string_view bytes, Nanos until);
    /// What comes next; empty: the other side has ended the connection. ETIMEDOUT: nothing came by then.
    Result<std::string> receive(Nanos until);

    const tls::Session* tls() const { return tls_.get(); }

private:
    ProbeConnection() = default;
    Status connect(const Endpoint& to, Nanos until);
    Status shake_hands(const tls::Context& context, Nanos until);
    Status wait(short events, const char* what, Nanos until) const;
    Status send_on_wire(std::string_view bytes, Nanos until);
    Status send_records(Nanos until);
    Result<std::string> receive_from_wire(Nanos until);

    int socket_ = -1;
    std::unique_ptr<tls::Session> tls_;
    std::string early_;  // came with the end of the handshake
};

}  // namespace squall
