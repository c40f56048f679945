// A connection that speaks HTTP: every connection at first, and publishers and scrapers for good.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "reference-server/src/deadline_wheel.hpp"
#include "reference-server/src/http_request.hpp"
#include "reference-server/src/http_routes.hpp"
#include "reference-server/src/hub.hpp"
#include "reference-server/src/socket.hpp"

namespace squall::reference {

class HttpConnection final : public SocketEvents, public DeadlineHook {
public:
    HttpConnection(Hub& hub, Socket socket, const PeerAddress& peer);

    void start();
    void on_readable() override;
    void on_writable() override;
    void on_deadline(Clock::time_point now) override;

    // Gone at once, without a word.
    void abort();

    std::size_t registry_index = 0;

private:
    enum class State : std::uint8_t {
        reading,    // waits for a request, or for the rest of one
        lingering,  // the last response is out; reads until the client has closed, or close_deadline
        closed,
    };

    void receive_once();
    void process(std::string_view input);
    bool advance_request(std::string_view& input);
    bool handle(Request request, std::string_view rest);
    void respond(const Response& response, bool keep_alive);
    void refuse_request(RequestParser::State state);
    void become_session(OpenStream stream, std::string_view rest);
    void flush();
    void peer_gone();
    void linger();
    void finish();
    void expect_request(Clock::time_point now);
    void set_due(Clock::time_point due);
    bool mid_request() const { return parser_ != nullptr || !input_.empty(); }
    bool backlogged() const;

    Hub& hub_;
    Socket socket_;
    PeerAddress peer_;
    std::unique_ptr<RequestParser> parser_;  // while a request is coming in
    std::string input_;                      // received, not yet parsed
    std::string output_;
    std::size_t output_written_ = 0;
    Clock::time_point request_due_;
    Clock::time_point write_due_ = never;
    State state_ = State::reading;
    bool first_request_ = true;
    bool close_when_written_ = false;
};

}  // namespace squall::reference
