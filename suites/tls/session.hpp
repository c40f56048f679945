// One TLS connection, without a socket: bytes of the wire in, plaintext out, and the other way round. Whoever owns the
// socket reads and writes it, so that arrival stays what the kernel says of the segment that completed a record.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "suites/tls/context.hpp"

struct bio_method_st;
struct bio_st;
struct ssl_st;

namespace squall::tls {

class Session {
public:
    enum class State : unsigned char {
        handshaking,
        open,
        ended,   ///< the peer has said so (close_notify); what comes behind is ignored
        failed,  ///< why() tells; what take_outgoing() still holds is the alert that tells the peer
    };
    /// A record that is not complete yet may bring that much more plaintext than has just been fed.
    static constexpr std::size_t record_bytes_max = 17 * 1024;

    /// User memory that an open session holds between records, nearly all of it OpenSSL's; certificates past the first
    /// come on top.
    static constexpr std::size_t idle_bytes = 20 * 1024;

    /// Begins the handshake: take_outgoing() has its first message.
    explicit Session(const Context& context);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// What was read from the socket. Puts the plaintext of all records that are complete by it into `plain`, which has
    /// room for wire.size() + record_bytes_max, and returns its length. Then state() and take_outgoing() may have news.
    std::size_t feed(std::string_view wire, char* plain);
    /// Plaintext for the peer: take_outgoing() has its records. During the handshake it waits for the end of that.
    void write(std::string_view plain);
    void close();  ///< writes close_notify, once it is open

    std::string take_outgoing();  ///< for the socket, in order; empty: nothing
    State state() const { return state_; }
    const std::string& why() const { return why_; }

    /// Of a certificate that was refused; by the verify callback.
    void refused(std::string why) { why_ = std::move(why); }
    const std::string& wanted_name() const;

private:
    static const bio_method_st* memory();
    void step(int result);
    void shake_hands();

    const Context* context_;
    ssl_st* ssl_;
    std::string_view incoming_;
    std::string outgoing_;
    std::string early_;  // written during the handshake
    std::string why_;
    State state_ = State::handshaking;
};

}  // namespace squall::tls
