#include "suites/targets/http_probe.hpp"

#include <fmt/format.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

#include "faults/core/clock.hpp"
#include "suites/targets/probe_connection.hpp"

namespace squall {
namespace {

namespace http = boost::beast::http;

std::string text_of(const HttpRequest& request) {
    http::request<http::empty_body> message{http::verb::get, request.path, 11};
    message.set(http::field::host, request.host);
    message.set(http::field::connection, "close");
    for (const auto& [name, value] : request.headers)
        message.set(name, value);
    std::ostringstream stream;
    stream << message;
    return stream.str();
}

Result<HttpAnswer> ask(const HttpRequest& request) {
    const Nanos until = monotonic_now() + request.deadline;
    auto connection = ProbeConnection::open(request.endpoint, request.tls, until);
    if (!connection) return connection.error();
    if (Status sent = (*connection)->send(text_of(request), until); !sent) return sent.error();
    AnswerReader answer(request.body_bytes_max);
    for (;;) {
        const auto bytes = (*connection)->receive(until);
        if (!bytes) return bytes.error();
        if (bytes->empty()) {
            if (Status ended = answer.end(); !ended) return ended.error();
            return answer.take();
        }
        const auto whole = answer.feed(*bytes);
        if (!whole) return whole.error();
        if (*whole) return answer.take();
    }
}

}  // namespace

Result<HttpAnswer> http_get(const HttpRequest& request) {
    auto answer = ask(request);
    if (answer) return answer;
    return Error{fmt::format("GET {}{}: {}", to_string(request.endpoint), request.path, answer.error().message),
                 answer.error().system_error};
}

}  // namespace squall
