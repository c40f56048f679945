#include "suites/metrics/history_format.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>
#include <utility>

namespace squall::history_format {
namespace {

namespace json = boost::json;

/// Builds the value as Boost.JSON's own parser does, but takes doubles from their text.
class ExactHandler {
public:
    using error_code = json::error_code;
    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    ExactHandler() { stack_.reset(); }
    json::value release() { return stack_.release(); }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return true; }
    bool on_object_end(std::size_t count, error_code&) { return stack_.push_object(count), true; }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t count, error_code&) { return stack_.push_array(count), true; }
    bool on_key_part(json::string_view part, std::size_t, error_code&) { return stack_.push_chars(part), true; }
    bool on_key(json::string_view part, std::size_t, error_code&) { return stack_.push_key(part), true; }
    bool on_string_part(json::string_view part, std::size_t, error_code&) { return stack_.push_chars(part), true; }
    bool on_string(json::string_view part, std::size_t, error_code&) { return stack_.push_string(part), true; }
    bool on_number_part(json::string_view part, error_code&) { return number_.append(part), true; }
    bool on_int64(std::int64_t value, json::string_view, error_code&) {
        number_.clear();
        return stack_.push_int64(value), true;
    }
    bool on_uint64(std::uint64_t value, json::string_view, error_code&) {
        number_.clear();
        return stack_.push_uint64(value), true;
    }
    bool on_double(double, json::string_view part, error_code& error) {
        number_.append(part);
        double value = 0;
        const auto parsed = std::from_chars(number_.data(), number_.data() + number_.size(), value);
        number_.clear();
        if (parsed.ec != std::errc{}) {
            error = json::error::exponent_overflow;
            return false;
        }
        return stack_.push_double(value), true;
    }
    bool on_bool(bool value, error_code&) { return stack_.push_bool(value), true; }
    bool on_null(error_code&) { return stack_.push_null(), true; }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

private:
    json::value_stack stack_;
    std::string number_;
};

}  // namespace

Result<json::value> parse_exactly(std::string_view text) {
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // labels carry what a server sent
    json::basic_parser<ExactHandler> parser(options);
    json::error_code error;
    const std::size_t consumed = parser.write_some(false, text.data(), text.size(), error);
    if (!error && consumed < text.size()) error = json::error::extra_data;
    if (error) return Error{error.message() + " at byte " + std::to_string(consumed + 1)};
    return parser.handler().release();
}

}  // namespace squall::history_format
