// Parsing by Boost.Beast: the only file that sees it.

// Beast 1.81 asserts that the end of a chunked body comes in one piece, which is the peer's to decide; nothing but the
// assertion is wrong (https://github.com/boostorg/beast/pull/2861).
#define BOOST_DISABLE_ASSERTS
#include "reference-server/src/http_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

namespace squall::reference {

namespace http = boost::beast::http;

struct RequestParser::Impl {
    http::request_parser<http::string_body> parser;
    bool continue_told = false;
};

namespace {

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Method method_of(http::verb verb) {
    switch (verb) {
        case http::verb::get:
            return Method::get;
        case http::verb::head:
            return Method::head;
        case http::verb::post:
            return Method::post;
        default:
            return Method::other;
    }
}

}  // namespace

RequestParser::RequestParser(std::uint64_t body_bytes_max) : impl_(std::make_unique<Impl>()) {
    impl_->parser.header_limit(header_bytes_max);
    impl_->parser.body_limit(body_bytes_max);
    impl_->parser.eager(true);
}

RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::feed(std::string_view& input) {
    while (!input.empty() && !impl_->parser.is_done()) {
        boost::system::error_code error;
        const std::size_t taken = impl_->parser.put(boost::asio::buffer(input.data(), input.size()), error);
        input.remove_prefix(taken);
        if (error == http::error::need_more) {
            // Beast has a limit for the head and one for the body, and none for what stands between chunks.
            return input.size() > header_bytes_max ? State::header_too_big : State::incomplete;
        }
        if (error == http::error::header_limit) return State::header_too_big;
        if (error == http::error::body_limit) return State::body_too_big;
        if (error) return State::malformed;
        if (taken == 0) break;
    }
    return impl_->parser.is_done() ? State::complete : State::incomplete;
}

bool RequestParser::take_expects_continue() {
    if (impl_->continue_told || !impl_->parser.is_header_done() || impl_->parser.is_done()) return false;
    if (!boost::beast::iequals(impl_->parser.get()[http::field::expect], "100-continue")) return false;
    impl_->continue_told = true;
    return true;
}

Request RequestParser::take() {
    auto message = impl_->parser.release();
    Request request;
    request.method = method_of(message.method());
    const std::string_view target = view(message.target());
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    request.keep_alive = message.keep_alive();
    request.http_1_1 = message.version() == 11;
    request.upgrade_to_websocket = http::token_list(message[http::field::upgrade]).exists("websocket") &&
                                   http::token_list(message[http::field::connection]).exists("upgrade");
    request.websocket_key = view(message[http::field::sec_websocket_key]);
    request.websocket_version = view(message[http::field::sec_websocket_version]);
    request.last_event_id = view(message["Last-Event-ID"]);
    request.body = std::move(message.body());
    return request;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        if (pair.substr(0, equals) != name) continue;
        return equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1));
    }
    return std::nullopt;
}

}  // namespace squall::reference
