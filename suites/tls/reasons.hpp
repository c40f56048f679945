// Why a handshake came to nothing, for people.
#pragma once

#include <string>

struct ssl_st;
struct x509_store_ctx_st;

namespace squall::tls {

/// A verify callback of OpenSSL's (SSL_CTX_set_verify): tells the session, which is the SSL's application data, what is
/// wrong with whose certificate, before OpenSSL forgets it.
int note_refusal(int accepted, x509_store_ctx_st* store);

/// Of the error that this thread's last call into OpenSSL left, in squall's words and in OpenSSL's.
std::string why_failed();
/// In OpenSSL's words alone.
std::string last_reason();

}  // namespace squall::tls
