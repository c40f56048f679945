#include "suites/tls/reasons.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

#include "suites/tls/session.hpp"

namespace squall::tls {
namespace {

using Text = std::unique_ptr<BIO, decltype(&::BIO_free)>;

std::string taken(const Text& text) {
    char* bytes = nullptr;
    const long length = BIO_get_mem_data(text.get(), &bytes);
    return length > 0 ? std::string(bytes, static_cast<std::size_t>(length)) : std::string();
}

std::string name_of(const X509_NAME* name) {
    const Text text(::BIO_new(::BIO_s_mem()), &::BIO_free);
    ::X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    const std::string said = taken(text);
    return said.empty() ? "(none)" : said;
}

std::string time_of(const ASN1_TIME* time) {
    const Text text(::BIO_new(::BIO_s_mem()), &::BIO_free);
    ::ASN1_TIME_print(text.get(), time);
    return taken(text);
}

/// Whom it is made out to: subjectAltName, which is all that clients look at where there is one.
std::string names_of(X509* certificate) {
    const auto free_names = [](GENERAL_NAMES* names) { ::GENERAL_NAMES_free(names); };
    const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> names(
        static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        free_names);
    std::string all;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const Text text(::BIO_new(::BIO_s_mem()), &::BIO_free);
        ::GENERAL_NAME_print(text.get(), sk_GENERAL_NAME_value(names.get(), i));
        all += (all.empty() ? "" : ", ") + taken(text);
    }
    return all.empty() ? name_of(::X509_get_subject_name(certificate)) : all;
}

std::string in_plain_words(int error, X509* certificate, const std::string& wanted) {
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "it expired on " + time_of(::X509_get0_notAfter(certificate));
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "it is not valid before " + time_of(::X509_get0_notBefore(certificate));
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return "it is self-signed; if that is meant to be, name it as the CA file";
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "it was issued by " + name_of(::X509_get_issuer_name(certificate)) +
                   ", which is not trusted; name the issuer's CA file";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return fmt::format("it is for {}, and the server was asked for as {}; set the server name",
                               names_of(certificate), wanted);
        default:
            return "OpenSSL does not accept it";
    }
}

std::string in_plain_words(int reason) {
    switch (reason) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_RECORD_LENGTH_MISMATCH:
        case SSL_R_HTTP_REQUEST:
            return "what answered does not speak TLS; is it http:// or ws:// there?";
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return "no version of TLS that both sides speak; squall speaks 1.2 and 1.3";
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
            return "the server refused the handshake: no cipher that both sides know, or it asks for something else";
        case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
            return "no shared protocol: the server does not want HTTP/1.1 (ALPN)";
        case SSL_R_TLSV1_UNRECOGNIZED_NAME:
            return "the server knows no such name; set the server name";
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
            return "the server wants a certificate of the client's, and squall has none";
        default:
            return "TLS failed";
    }
}

}  // namespace

int note_refusal(int accepted, X509_STORE_CTX* store) {
    if (accepted == 1) return 1;
    auto* ssl = static_cast<SSL*>(::X509_STORE_CTX_get_ex_data(store, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
    X509* certificate = ::X509_STORE_CTX_get_current_cert(store);
    if (certificate == nullptr) certificate = ::X509_STORE_CTX_get0_cert(store);
    auto& session = *static_cast<Session*>(SSL_get_app_data(ssl));
    const int error = ::X509_STORE_CTX_get_error(store);
    session.refused(fmt::format(
        "the server's certificate ({}) was refused: {} (OpenSSL: {})", name_of(::X509_get_subject_name(certificate)),
        in_plain_words(error, certificate, session.wanted_name()), ::X509_verify_cert_error_string(error)));
    return 0;
}

std::string last_reason() {
    const unsigned long error = ::ERR_peek_last_error();
    const char* reason = ::ERR_reason_error_string(error);
    return reason != nullptr ? reason : fmt::format("error {:#x}", error);
}

std::string why_failed() {
    const unsigned long error = ::ERR_peek_error();
    const char* reason = ::ERR_reason_error_string(error);
    return fmt::format("{} (OpenSSL: {})", in_plain_words(ERR_GET_REASON(error)),
                       reason != nullptr ? reason : fmt::format("error {:#x}", error));
}

}  // namespace squall::tls
