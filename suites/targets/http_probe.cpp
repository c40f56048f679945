#include "suites/targets/http_probe.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <sstream>

#include "faults/core/clock.hpp"
#include "faults/core/socket_address.hpp"

namespace squall {
namespace {

namespace http = boost::beast::http;

/// A non-blocking socket whose every wait ends at one deadline.
class Exchange {
public:
    explicit Exchange(const HttpRequest& request) : request_(request), until_(monotonic_now() + request.deadline) {}
    ~Exchange() {
        if (socket_ >= 0) close(socket_);
    }

    Result<HttpAnswer> run() {
        if (auto connected = connect(); !connected) return connected.error();
        if (auto sent = send(); !sent) return sent.error();
        return receive();
    }

private:
    Error failure(const char* what, int number) const {
        return system_failure(fmt::format("GET {}{}: {}", to_string(request_.endpoint), request_.path, what), number);
    }
    Status wait(short events) {
        const Nanos left = until_ - monotonic_now();
        pollfd descriptor{socket_, events, 0};
        const int ready = left <= 0 ? 0 : poll(&descriptor, 1, static_cast<int>(left / 1'000'000 + 1));
        if (ready < 0) return failure("wait", errno);
        if (ready == 0) return failure("no answer in time", ETIMEDOUT);
        return {};
    }
    Status connect() {
        socket_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (socket_ < 0) return failure("make a socket", errno);
        const sockaddr_in address = socket_address(request_.endpoint);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
        if (errno != EINPROGRESS) return failure("connect", errno);
        if (auto ready = wait(POLLOUT); !ready) return ready;
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length);
        return error == 0 ? Status() : failure("connect", error);
    }
    Status send() {
        http::request<http::empty_body> message{http::verb::get, request_.path, 11};
        message.set(http::field::host, request_.host);
        message.set(http::field::connection, "close");
        for (const auto& [name, value] : request_.headers)
            message.set(name, value);
        std::ostringstream stream;
        stream << message;
        const std::string bytes = stream.str();
        for (std::size_t done = 0; done < bytes.size();) {
            const auto n = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
            if (n > 0) {
                done += static_cast<std::size_t>(n);
            } else if (errno == EAGAIN) {
                if (auto ready = wait(POLLOUT); !ready) return ready;
            } else {
                return failure("send", errno);
            }
        }
        return {};
    }
    Result<HttpAnswer> receive() {
        AnswerReader answer(request_.body_bytes_max);
        const auto named = [this](const Error& error) {
            return Error{fmt::format("GET {}{}: {}", to_string(request_.endpoint), request_.path, error.message)};
        };
        char chunk[16384];
        for (;;) {
            if (auto ready = wait(POLLIN); !ready) return ready.error();
            const auto n = recv(socket_, chunk, sizeof chunk, 0);
            if (n < 0 && errno == EAGAIN) continue;
            if (n < 0) return failure("receive", errno);
            if (n == 0) {
                if (auto ended = answer.end(); !ended) return named(ended.error());
                return answer.take();
            }
            const auto whole = answer.feed({chunk, static_cast<std::size_t>(n)});
            if (!whole) return named(whole.error());
            if (*whole) return answer.take();
        }
    }

    const HttpRequest& request_;
    Nanos until_;
    int socket_ = -1;
};

}  // namespace

Result<HttpAnswer> http_get(const HttpRequest& request) {
    return Exchange(request).run();
}

}  // namespace squall
