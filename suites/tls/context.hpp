// What all TLS connections to one target have in common: whom they trust, and by what name they ask for it.
#pragma once

#include <memory>
#include <string>

#include "faults/core/result.hpp"

struct ssl_ctx_st;

namespace squall::tls {

struct Settings {
    std::string ca_file;      ///< PEM; empty: what the host trusts
    bool verify = true;       ///< false: any certificate will do
    std::string server_name;  ///< SNI, and whom the certificate has to be made out to: a DNS name or an IPv4 address
};

/// TLS 1.2 or 1.3; offers HTTP/1.1 (ALPN), keeps no sessions: every connection makes a whole handshake. May be used by
/// several threads.
class Context {
public:
    /// Errors: the CA file cannot be read, or holds no certificate.
    static Result<std::shared_ptr<const Context>> make(const Settings& settings);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    ssl_ctx_st* native() const { return native_; }
    const Settings& settings() const { return settings_; }

private:
    explicit Context(Settings settings);
    Status configure();

    Settings settings_;
    ssl_ctx_st* native_;
};

bool is_address(const std::string& name);  ///< an IPv4 address, which no SNI may bear (RFC 6066, 3)

}  // namespace squall::tls
