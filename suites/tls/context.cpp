#include "suites/tls/context.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <new>

#include "suites/tls/reasons.hpp"

namespace squall::tls {

bool is_address(const std::string& name) {
    in_addr ignored{};
    return ::inet_pton(AF_INET, name.c_str(), &ignored) == 1;
}

Context::Context(Settings settings) : settings_(std::move(settings)), native_(::SSL_CTX_new(::TLS_client_method())) {
    if (native_ == nullptr) throw std::bad_alloc();  // nothing else can go wrong here
}

Context::~Context() {
    ::SSL_CTX_free(native_);
}

Result<std::shared_ptr<const Context>> Context::make(const Settings& settings) {
    const std::shared_ptr<Context> context(new Context(settings));
    if (Status configured = context->configure(); !configured) return configured.error();
    return std::shared_ptr<const Context>(context);
}

Status Context::configure() {
    ::ERR_clear_error();
    ::SSL_CTX_set_min_proto_version(native_, TLS1_2_VERSION);
    // Buffers of 16 KiB and more are given back between records: most subscribers are idle at any one time.
    ::SSL_CTX_set_mode(native_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    ::SSL_CTX_set_options(native_, SSL_OP_NO_RENEGOTIATION);  // a server could ask for it without end
    ::SSL_CTX_set_session_cache_mode(native_, SSL_SESS_CACHE_OFF);
    constexpr unsigned char http[] = "\x08http/1.1";
    ::SSL_CTX_set_alpn_protos(native_, http, sizeof http - 1);
    if (!settings_.verify) return {};

    ::SSL_CTX_set_verify(native_, SSL_VERIFY_PEER, note_refusal);
    X509_VERIFY_PARAM* wanted = ::SSL_CTX_get0_param(native_);
    const std::string& name = settings_.server_name;
    if (is_address(name)) {
        ::X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str());
    } else if (!name.empty()) {
        ::X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size());
    }
    if (settings_.ca_file.empty()) {
        ::SSL_CTX_set_default_verify_paths(
            native_);  // where there are none, the handshake says whom nobody vouches for
        return {};
    }
    if (::SSL_CTX_load_verify_file(native_, settings_.ca_file.c_str()) == 1) return {};
    return Error{"read CA certificates from " + settings_.ca_file + ": " + last_reason() +
                     "; it has to be a file of certificates in PEM (-----BEGIN CERTIFICATE-----)",
                 EINVAL};
}

}  // namespace squall::tls
