#include "reference-server/src/http_connection.hpp"

#include <algorithm>
#include <utility>

#include "reference-server/src/session.hpp"

namespace squall::reference {
namespace {

// A client that sends requests and does not read the answers is read no further.
constexpr std::size_t output_bytes_max = 64 * 1024;

}  // namespace

HttpConnection::HttpConnection(Hub& hub, Socket socket, const PeerAddress& peer)
    : hub_(hub), socket_(std::move(socket)), peer_(peer), request_due_(Clock::now() + hub.config.handshake_deadline) {}

void HttpConnection::start() {
    socket_.set_events(this);
    set_due(request_due_);
    socket_.wait_readable();
}

bool HttpConnection::backlogged() const {
    return output_.size() - output_written_ > output_bytes_max;
}

void HttpConnection::on_readable() {
    if (state_ == State::closed || backlogged()) return;
    receive_once();
    if (state_ != State::closed && !backlogged()) socket_.wait_readable();
}

void HttpConnection::receive_once() {
    const IoResult result = socket_.receive(hub_.read_buffer);
    if (result.would_block()) return;
    if (result.error != 0 || result.bytes == 0) {
        peer_gone();
        return;
    }
    if (state_ == State::lingering || close_when_written_) return;  // the client talks to nobody
    const std::string_view received(hub_.read_buffer.data(), result.bytes);
    if (input_.empty()) {
        process(received);
    } else {
        const std::string all = std::exchange(input_, {}).append(received);
        process(all);
    }
}

// Answers every request that is whole; the answers leave together.
void HttpConnection::process(std::string_view input) {
    while (!input.empty() && state_ == State::reading && !close_when_written_ && !backlogged()) {
        if (!advance_request(input)) break;
    }
    if (state_ == State::closed) return;
    input_ = close_when_written_ ? std::string_view() : input;
    flush();
}

// False when more input is needed, or the connection is no longer this object's.
bool HttpConnection::advance_request(std::string_view& input) {
    if (!parser_) {
        parser_ = std::make_unique<RequestParser>(hub_.config.message_bytes_max);
        if (!first_request_) {
            request_due_ = Clock::now() + hub_.config.handshake_deadline;
            set_due(request_due_);
        }
    }
    const RequestParser::State state = parser_->feed(input);
    if (state == RequestParser::State::incomplete) {
        if (parser_->take_expects_continue()) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
        return false;
    }
    if (state != RequestParser::State::complete) {
        refuse_request(state);
        return false;
    }
    Request request = std::exchange(parser_, nullptr)->take();
    return handle(std::move(request), input);
}

bool HttpConnection::handle(Request request, std::string_view rest) {
    Outcome outcome = route(hub_, request);
    if (auto* stream = std::get_if<OpenStream>(&outcome)) {
        become_session(std::move(*stream), rest);
        return false;
    }
    const Response& response = std::get<Response>(outcome);
    respond(response, request.keep_alive && !response.close && !hub_.draining);
    return true;
}

void HttpConnection::respond(const Response& response, bool keep_alive) {
    if (response.refusal) count_handshake_failure(hub_.metrics, *response.refusal);
    output_ += serialise(response, keep_alive);
    first_request_ = false;
    close_when_written_ = !keep_alive;
    expect_request(Clock::now());
}

void HttpConnection::refuse_request(RequestParser::State state) {
    if (state == RequestParser::State::body_too_big) {
        count_rejected_publish(hub_.metrics, 413);
        respond({.status = 413, .body = "{\"error\":\"the payload is longer than message_bytes_max\"}"}, false);
    } else if (state == RequestParser::State::header_too_big) {
        respond(refuse(Refusal::bad_request, 431, "the request's header is longer than 8 KiB"), false);
    } else {
        respond(refuse(Refusal::bad_request, "malformed HTTP request"), false);
    }
    parser_.reset();
}

void HttpConnection::become_session(OpenStream stream, std::string_view rest) {
    const std::string head = output_.substr(output_written_) + stream.head;
    Session::Origin origin{std::move(socket_), peer_, *stream.topic, stream.subscribes};
    Session& session = hub_.sessions.add(stream.protocol == Protocol::sse
                                             ? make_sse_session(hub_, std::move(origin))
                                             : make_ws_session(hub_, std::move(origin), stream.publishes));
    state_ = State::closed;
    disarm();
    hub_.http_connections.retire(*this);
    session.start(head, stream.resume_after, rest);
    hub_.touch();
}

void HttpConnection::flush() {
    while (output_written_ < output_.size()) {
        iovec part{output_.data() + output_written_, output_.size() - output_written_};
        const IoResult result = socket_.send({&part, 1});
        if (result.would_block()) {
            if (write_due_ == never) {
                write_due_ = Clock::now() + hub_.config.write_deadline;
                set_due(write_due_);
            }
            socket_.wait_writable();
            return;
        }
        if (result.error != 0) {
            peer_gone();
            return;
        }
        output_written_ += result.bytes;
        write_due_ = never;
    }
    if (output_.capacity() > output_bytes_max) output_ = {};
    output_.clear();
    output_written_ = 0;
    if (close_when_written_ && state_ == State::reading) linger();
}

void HttpConnection::on_writable() {
    if (state_ == State::closed) return;
    flush();
    if (state_ != State::reading || !output_.empty()) return;
    if (!input_.empty()) process(std::exchange(input_, {}));
    if (state_ == State::reading) socket_.wait_readable();
}

void HttpConnection::peer_gone() {
    if (state_ == State::reading && !close_when_written_ && (first_request_ || mid_request()))
        count_handshake_failure(hub_.metrics, Refusal::closed_early);
    finish();
}

// Closing while the client still sends would answer it with a reset, which may overtake the response.
void HttpConnection::linger() {
    state_ = State::lingering;
    socket_.shutdown_send();
    request_due_ = Clock::now() + hub_.config.close_deadline;
    set_due(request_due_);
}

void HttpConnection::finish() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    disarm();
    socket_.close();
    hub_.http_connections.retire(*this);
    hub_.touch();
}

void HttpConnection::abort() {
    if (state_ == State::closed) return;
    socket_.reset();
    state_ = State::closed;
    disarm();
    hub_.http_connections.retire(*this);
    hub_.touch();
}

void HttpConnection::expect_request(Clock::time_point now) {
    request_due_ = now + hub_.config.http_idle_timeout;
    set_due(request_due_);
}

void HttpConnection::set_due(Clock::time_point due) {
    hub_.wheel.arm(*this, due);
}

void HttpConnection::on_deadline(Clock::time_point now) {
    if (state_ == State::lingering && now >= request_due_) {
        abort();
    } else if (now >= write_due_) {
        abort();
    } else if (now >= request_due_ && output_.empty() && state_ == State::reading) {
        // After a stall of the loop, the request may be here already.
        receive_once();
        if (state_ != State::reading || now < request_due_) {
            // answered, gone, or a session by now
        } else if (first_request_ || mid_request()) {
            parser_.reset();
            respond(refuse(Refusal::timeout, "the request was not complete within handshake_deadline"), false);
            flush();
        } else {
            finish();
        }
    }
    if (state_ != State::closed) set_due(std::min(request_due_, write_due_));
}

}  // namespace squall::reference
