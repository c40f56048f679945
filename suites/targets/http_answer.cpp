// Parsing by Boost.Beast.

// Beast 1.81 asserts that the end of a chunked body comes in one piece, which is the peer's to decide; nothing but the
// assertion is wrong (https://github.com/boostorg/beast/pull/2861).
#define BOOST_DISABLE_ASSERTS
#include "suites/targets/http_answer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace squall {

namespace http = boost::beast::http;

struct AnswerReader::Parser {
    http::response_parser<http::string_body> beast;
};

AnswerReader::AnswerReader(std::size_t body_bytes_max) : parser_(std::make_unique<Parser>()) {
    parser_->beast.eager(true);
    parser_->beast.header_limit(framing_bytes_max);
    parser_->beast.body_limit(body_bytes_max);
}

AnswerReader::~AnswerReader() = default;

Result<bool> AnswerReader::feed(std::string_view bytes) {
    pending_.append(bytes);
    boost::beast::error_code error;
    pending_.erase(0, parser_->beast.put(boost::asio::buffer(pending_), error));
    if (error && error != http::error::need_more) return Error{error.message()};
    if (parser_->beast.is_done()) return true;
    // Beast has a limit for the head and one for the body, and none for what stands between chunks.
    if (pending_.size() > framing_bytes_max) return Error{"the framing of a chunk is longer than 8 KiB"};
    return false;
}

Status AnswerReader::end() {
    if (!parser_->beast.got_some()) return Error{"the connection was closed without an answer"};
    boost::beast::error_code error;
    parser_->beast.put_eof(error);
    if (error) return Error{error.message()};
    return {};
}

HttpAnswer AnswerReader::take() {
    auto answer = parser_->beast.release();
    HttpAnswer taken{answer.result_int(), std::move(answer.body())};
    for (const auto& field : answer)
        taken.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    return taken;
}

}  // namespace squall
