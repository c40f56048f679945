// TLS without sockets, against OpenSSL's own server in memory.
#include "suites/tls/session.hpp"

#include <gmock/gmock.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <vector>

namespace squall::tls {
namespace {

using testing::HasSubstr;
using State = Session::State;

template <class T, void (*release)(T*)>
struct Free {
    void operator()(T* what) const { release(what); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, ::EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509, ::X509_free>>;
using ServerContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX, ::SSL_CTX_free>>;
using ServerSsl = std::unique_ptr<SSL, Free<SSL, ::SSL_free>>;

/// Self-signed, for `name`; `days` negative: it has expired.
Certificate self_signed(EVP_PKEY* key, const std::string& name, int days) {
    Certificate certificate(::X509_new());
    ::X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 1);
    ::X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86400L * 30);
    ::X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400L * days);
    X509_NAME* subject = ::X509_get_subject_name(certificate.get());
    const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
    ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0);
    ::X509_set_issuer_name(certificate.get(), subject);
    ::X509_set_pubkey(certificate.get(), key);
    ::X509_sign(certificate.get(), key, ::EVP_sha256());
    return certificate;
}

/// The other side: bytes in, bytes out.
class Server {
public:
    explicit Server(int days = 30, int version_max = TLS1_3_VERSION)
        : key_(EVP_EC_gen("P-256")), context_(::SSL_CTX_new(::TLS_server_method())) {
        const Certificate certificate = self_signed(key_.get(), "push.example", days);
        ::SSL_CTX_use_certificate(context_.get(), certificate.get());
        ::SSL_CTX_use_PrivateKey(context_.get(), key_.get());
        SSL_CTX_set_max_proto_version(context_.get(), version_max);
        connect();
    }
    void connect() {
        ssl_.reset(::SSL_new(context_.get()));
        ::SSL_set_bio(ssl_.get(), ::BIO_new(::BIO_s_mem()), ::BIO_new(::BIO_s_mem()));
        ::SSL_set_accept_state(ssl_.get());
    }
    void feed(const std::string& wire) {
        if (!wire.empty()) ::BIO_write(::SSL_get_rbio(ssl_.get()), wire.data(), static_cast<int>(wire.size()));
        char plain[65536];
        for (int count = 0; (count = ::SSL_read(ssl_.get(), plain, sizeof plain)) > 0;)
            received.append(plain, static_cast<std::size_t>(count));
    }
    void write(const std::string& plain) { ::SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())); }
    void close() { ::SSL_shutdown(ssl_.get()); }
    std::string take_outgoing() {
        std::string bytes(1 << 20, '\0');
        const int count = ::BIO_read(::SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }
    bool told_of_the_end() const { return (::SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

    std::string received;

private:
    Key key_;
    ServerContext context_;
    ServerSsl ssl_;
};

std::shared_ptr<const Context> context(bool verify = false) {
    const auto made = Context::make({"", verify, "push.example"});
    EXPECT_TRUE(made);
    return *made;
}

/// In pieces of `piece` bytes at most.
std::string feed(Session& session, const std::string& wire, std::size_t piece) {
    std::string all;
    std::vector<char> plain(std::min(piece, wire.size()) + Session::record_bytes_max);
    for (std::size_t at = 0; at < wire.size(); at += piece) {
        const std::string_view part = std::string_view(wire).substr(at, piece);
        all.append(plain.data(), session.feed(part, plain.data()));
    }
    return all;
}

/// What each has to say is carried over until neither has.
std::string talk(Session& session, Server& server, std::size_t piece = 1 << 20) {
    std::string plain;
    for (int idle = 0; idle < 2;) {
        const std::string from_client = session.take_outgoing();
        server.feed(from_client);
        const std::string from_server = server.take_outgoing();
        plain += feed(session, from_server, piece);
        idle = from_client.empty() && from_server.empty() ? idle + 1 : 0;
    }
    return plain;
}

TEST(TlsSession, WhatIsWrittenBeforeTheHandshakeIsOverComesBehindIt) {
    Server server;
    const auto shared = context();
    Session session(*shared);
    session.write("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(session.state(), State::handshaking);
    talk(session, server);
    EXPECT_EQ(session.state(), State::open);
    EXPECT_EQ(server.received, "GET / HTTP/1.1\r\n\r\n");
}

TEST(TlsSession, RecordsMayBeSplitAnywhere) {
    const std::string message(20'000, 'x');
    for (const std::size_t piece : {1U, 7U, 300U, 16'385U, 100'000U}) {
        Server server;
        const auto shared = context();
        Session session(*shared);
        talk(session, server, piece);
        ASSERT_EQ(session.state(), State::open) << piece;
        for (int i = 0; i < 3; ++i)
            server.write(message);
        EXPECT_EQ(talk(session, server, piece), message + message + message) << piece;
    }
}

TEST(TlsSession, AnEndThatIsAnnouncedIsTold) {
    Server server;
    const auto shared = context();
    Session session(*shared);
    talk(session, server);
    server.write("last words");
    server.close();
    EXPECT_EQ(talk(session, server), "last words");
    EXPECT_EQ(session.state(), State::ended);
    session.close();
    talk(session, server);
    EXPECT_TRUE(server.told_of_the_end());
}

TEST(TlsSession, BytesThatAreNoRecordBreakIt) {
    Server server;
    const auto shared = context();
    Session session(*shared);
    talk(session, server);
    EXPECT_EQ(feed(session, std::string(100, 'A'), 100), "");
    EXPECT_EQ(session.state(), State::failed);
    EXPECT_THAT(session.why(), HasSubstr("OpenSSL: "));
}

TEST(TlsSession, WhatIsWrongWithACertificateIsSaid) {
    for (const auto& [days, words] : {std::pair(30, "it is self-signed"), std::pair(-1, "was refused")}) {
        Server server(days);
        const auto shared = context(true);
        Session session(*shared);
        talk(session, server);
        EXPECT_EQ(session.state(), State::failed);
        EXPECT_THAT(session.why(), HasSubstr("the server's certificate (CN = push.example) was refused"));
        EXPECT_THAT(session.why(), HasSubstr(words));
    }
}

TEST(TlsSession, NoSharedVersionAndNoTlsAtAllAreSaid) {
    const auto shared = context();
    Server server(30, TLS1_1_VERSION);
    Session old(*shared);
    talk(old, server);
    EXPECT_THAT(old.why(), HasSubstr("no version of TLS"));
    Session plain(*shared);
    feed(plain, "HTTP/1.1 400 Bad Request\r\n\r\n", 100);
    EXPECT_EQ(plain.state(), State::failed);
    EXPECT_THAT(plain.why(), HasSubstr("does not speak TLS"));
}

/// The figure is in docs/explanation/load-generator.md. (With sanitizers mallinfo2 counts nothing.)
TEST(TlsSession, AnIdleOneStaysSmall) {
    constexpr std::size_t count = 200;
    const auto shared = context();
    Server server;
    std::vector<std::unique_ptr<Session>> sessions;
    const auto held = [] { return ::mallinfo2().uordblks; };
    const auto open_one = [&] {
        server.connect();
        auto session = std::make_unique<Session>(*shared);
        talk(*session, server);
        server.write(std::string(100'000, 'x'));
        talk(*session, server);
        ASSERT_EQ(session->state(), State::open);
        sessions.push_back(std::move(session));
    };
    sessions.reserve(count + 1);
    open_one();  // what is allocated once
    const std::size_t before = held();
    for (std::size_t i = 0; i < count; ++i)
        open_one();
    const std::size_t each = (held() - before) / count;
    RecordProperty("bytes", static_cast<int>(each));
    EXPECT_LE(each, Session::idle_bytes);
}

}  // namespace
}  // namespace squall::tls
