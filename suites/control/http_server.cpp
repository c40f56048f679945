#include "suites/control/http_server.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "faults/proxy/acceptor.hpp"

namespace squall::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using beast::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t drained_bytes_max = 4 * body_bytes_max;  ///< of a request that was refused

Answer refuse(unsigned status, const char* message) {
    return {status, fmt::format(R"({{"error":"{}","status":{}}})", message, status)};
}

/// A page in a browser could otherwise command the proxies of whoever looks at it: there is no authentication.
bool is_from_a_browser(const http::fields& head) {
    return head.count(http::field::origin) > 0 || head[http::field::user_agent].starts_with("Mozilla/");
}

/// One connection, request by request. `ended` is called once, when it is no more.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, Api& api, std::function<void()> ended)
        : stream_(std::move(socket)), api_(api), ended_(std::move(ended)) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { ended_(); }

    void read() {
        parser_.emplace();
        parser_->header_limit(head_bytes_max);
        parser_->body_limit(body_bytes_max);
        stream_.expires_after(std::chrono::seconds(request_seconds_max));
        http::async_read_header(stream_, buffer_, *parser_,
                                [self = shared_from_this()](error_code failed, std::size_t) { self->on_head(failed); });
    }

private:
    void on_head(error_code failed) {
        if (failed == http::error::body_limit) return write(refuse(413, "the request's body is too long"), false);
        if (failed == http::error::header_limit) return write(refuse(431, "the request's head is too long"), false);
        if (failed == http::error::end_of_stream || failed == beast::error::timeout || !parser_->got_some()) return;
        if (failed) return write(refuse(400, "this is not HTTP/1.1"), false);
        if (is_from_a_browser(parser_->get())) return write(refuse(403, "not for browsers"), false);
        // Beast 1.81 asserts that the end of a chunked body comes in one piece:
        // https://github.com/boostorg/beast/pull/2861
        if (parser_->chunked()) return write(refuse(411, "a body needs a Content-Length"), false);
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code broken, std::size_t) {
            if (broken == http::error::body_limit) {
                self->write(refuse(413, "the request's body is too long"), false);
            } else if (!broken) {
                const auto& request = self->parser_->get();
                self->write(self->api_.handle(request.method_string(), request.target(), request.body()),
                            request.keep_alive());
            }
        });
    }

    void write(Answer answer, bool go_on) {
        response_ = {};
        response_.result(answer.status);
        response_.set(http::field::server, "squall");
        if (!answer.body.empty()) response_.set(http::field::content_type, "application/json");
        response_.body() = std::move(answer.body);
        response_.keep_alive(go_on);
        response_.prepare_payload();
        http::async_write(stream_, response_, [self = shared_from_this(), go_on](error_code failed, std::size_t) {
            if (failed) return;
            if (go_on) return self->read();
            error_code gone_already;
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, gone_already);
            self->drain();
        });
    }

    /// To close on unread bytes would reset the connection, and the answer would be lost with it.
    void drain() {
        buffer_.clear();
        const auto taken = [self = shared_from_this()](error_code ended, std::size_t bytes) {
            self->drained_ += bytes;
            if (!ended && self->drained_ < drained_bytes_max) self->drain();
        };
        stream_.async_read_some(buffer_.prepare(head_bytes_max), taken);
    }

    beast::tcp_stream stream_;
    Api& api_;
    const std::function<void()> ended_;
    beast::flat_buffer buffer_{head_bytes_max + body_bytes_max};
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
    std::size_t drained_ = 0;
};

class Server final : public HttpServer {
public:
    Server(asio::io_context& io, Api& api) : api_(api), acceptor_(io), pause_(io) {}
    ~Server() override { *alive_ = false; }

    Status listen(Endpoint endpoint) {
        const auto listening = proxy::listen_on(acceptor_, endpoint, "control API");
        if (!listening) return listening.error();
        listening_ = *listening;
        accept();
        return {};
    }
    Endpoint listening() const override { return listening_; }

private:
    void accept() {
        if (accepting_ || sessions_ >= sessions_max) return;  // the rest waits in the kernel
        accepting_ = true;
        acceptor_.async_accept([this, alive = alive_](error_code failed, tcp::socket socket) {
            if (!*alive || failed == asio::error::operation_aborted) return;
            accepting_ = false;
            if (failed) return accept_later();  // no descriptors: to try at once again would spin
            ++sessions_;
            const auto ended = [this, alive] {
                if (!*alive) return;
                --sessions_;
                accept();
            };
            std::make_shared<Session>(std::move(socket), api_, ended)->read();
            accept();
        });
    }
    void accept_later() {
        pause_.expires_after(std::chrono::milliseconds(50));
        pause_.async_wait([this](error_code cancelled) {
            if (!cancelled) accept();
        });
    }

    Api& api_;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    Endpoint listening_;
    bool accepting_ = false;
    std::size_t sessions_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< sessions may outlive the server
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& io, Endpoint listen, Api& api) {
    auto server = std::make_unique<Server>(io, api);
    if (auto listening = server->listen(listen); !listening) return listening.error();
    return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace squall::control
