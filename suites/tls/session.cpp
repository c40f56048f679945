#include "suites/tls/session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "suites/tls/reasons.hpp"

namespace squall::tls {

/// OpenSSL's own memory BIO keeps the largest buffer that it ever had; this one keeps none.
const BIO_METHOD* Session::memory() {
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "squall memory");
        ::BIO_meth_set_create(made, [](BIO* bio) {
            ::BIO_set_init(bio, 1);
            return 1;
        });
        ::BIO_meth_set_read(made, [](BIO* bio, char* into, int size) {
            std::string_view& incoming = static_cast<Session*>(::BIO_get_data(bio))->incoming_;
            BIO_clear_retry_flags(bio);
            if (incoming.empty()) {
                BIO_set_retry_read(bio);
                return -1;
            }
            const std::size_t count = std::min(incoming.size(), static_cast<std::size_t>(size));
            std::memcpy(into, incoming.data(), count);
            incoming.remove_prefix(count);
            return static_cast<int>(count);
        });
        ::BIO_meth_set_write(made, [](BIO* bio, const char* bytes, int size) {
            static_cast<Session*>(::BIO_get_data(bio))->outgoing_.append(bytes, static_cast<std::size_t>(size));
            return size;
        });
        ::BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1L : 0L; });
        return made;
    }();
    return method;
}

Session::Session(const Context& context) : context_(&context), ssl_(::SSL_new(context.native())) {
    BIO* bio = ssl_ == nullptr ? nullptr : ::BIO_new(memory());
    if (bio == nullptr) {
        ::SSL_free(ssl_);
        throw std::bad_alloc();
    }
    ::BIO_set_data(bio, this);
    ::SSL_set_bio(ssl_, bio, bio);
    SSL_set_app_data(ssl_, this);
    const std::string& name = wanted_name();
    if (!name.empty() && !is_address(name)) SSL_set_tlsext_host_name(ssl_, name.c_str());
    ::SSL_set_connect_state(ssl_);
    shake_hands();
}

Session::~Session() {
    ::SSL_free(ssl_);
}

const std::string& Session::wanted_name() const {
    return context_->settings().server_name;
}

/// What came of a call into OpenSSL that did not do all it was asked to.
void Session::step(int result) {
    switch (::SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return;
        case SSL_ERROR_ZERO_RETURN:
            state_ = State::ended;
            return;
        default:
            state_ = State::failed;
            if (why_.empty()) why_ = why_failed();
    }
}

void Session::shake_hands() {
    ::ERR_clear_error();
    const int result = ::SSL_do_handshake(ssl_);
    if (result != 1) {
        step(result);
        return;
    }
    state_ = State::open;
    if (!early_.empty()) write(std::exchange(early_, {}));
}

std::size_t Session::feed(std::string_view wire, char* plain) {
    incoming_ = wire;
    const std::size_t room = wire.size() + record_bytes_max;
    std::size_t length = 0;
    if (state_ == State::handshaking) shake_hands();
    while (state_ == State::open && length < room) {
        ::ERR_clear_error();
        const int count = ::SSL_read(ssl_, plain + length, static_cast<int>(room - length));
        if (count <= 0) {
            step(count);
            break;
        }
        length += static_cast<std::size_t>(count);
    }
    incoming_ = {};
    // OpenSSL does so by itself only after some kinds of records. It keeps what holds a part of one.
    if (state_ == State::open) ::SSL_free_buffers(ssl_);
    return length;
}

void Session::write(std::string_view plain) {
    if (state_ == State::handshaking) {
        early_.append(plain);
        return;
    }
    // A peer that has said close_notify may still be written to (TLS 1.3, 6.1).
    while (state_ != State::failed && !plain.empty()) {
        ::ERR_clear_error();
        const int count =
            ::SSL_write(ssl_, plain.data(), static_cast<int>(std::min<std::size_t>(plain.size(), 1U << 20)));
        if (count <= 0) {
            step(count);
            return;
        }
        plain.remove_prefix(static_cast<std::size_t>(count));
    }
}

void Session::close() {
    if (state_ != State::open && state_ != State::ended) return;
    ::ERR_clear_error();
    // 0: the peer's is still to come, and is not waited for.
    if (const int result = ::SSL_shutdown(ssl_); result < 0) step(result);
}

std::string Session::take_outgoing() {
    return std::exchange(outgoing_, {});
}

}  // namespace squall::tls
