// Answers to Prometheus range queries (/api/v1/query_range), one after the other if there are several.
// https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "suites/incident/builder.hpp"

namespace squall::incident {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

/// name{label="value",…}, as Prometheus prints a series.
std::string name_of(const json::object& metric) {
    std::string labels;
    for (const auto& [key, value] : metric) {
        if (key == "__name__" || !value.is_string()) continue;
        labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", std::string_view(key.data(), key.size()),
                              std::string_view(value.get_string().data(), value.get_string().size()));
    }
    const std::string name(text_of(metric, "__name__"));
    if (labels.empty()) return name.empty() ? "{}" : name;
    return name + "{" + labels + "}";
}

class Answer {
public:
    Answer(std::size_t number, Place place, Builder& builder) : number_(number), place_(place), builder_(builder) {}

    void read(const json::value& value) {
        const json::object* answer = value.if_object();
        if (answer == nullptr) return wrong("expected an object");
        if (text_of(*answer, "status") == "error") {
            return wrong(fmt::format("Prometheus answered with an error: {}: {}", text_of(*answer, "errorType"),
                                     text_of(*answer, "error")));
        }
        const json::value* data = answer->if_contains("data");
        if (data == nullptr || !data->is_object())
            return wrong("is JSON, but no answer of Prometheus: expected {\"status\": \"success\", \"data\": …}");
        const std::string_view type = text_of(data->get_object(), "resultType");
        if (type != "matrix") {
            return wrong(
                fmt::format("data.resultType is '{}', which is one instant; expected 'matrix', the answer to a "
                            "range query (/api/v1/query_range)",
                            type));
        }
        const json::value* result = data->get_object().if_contains("result");
        if (result == nullptr || !result->is_array()) return wrong("data.result: expected a list of series");
        for (std::size_t i = 0; i < result->get_array().size() && !builder_.enough(); ++i)
            series(result->get_array()[i], fmt::format("data.result[{}]", i));
    }

private:
    void wrong(std::string message) { builder_.mistake(place_, std::move(message)); }

    void series(const json::value& value, const std::string& path) {
        const json::object* one = value.if_object();
        const json::value* metric = one == nullptr ? nullptr : one->if_contains("metric");
        const json::value* values = one == nullptr ? nullptr : one->if_contains("values");
        if (metric == nullptr || !metric->is_object() || values == nullptr || !values->is_array())
            return wrong(path + ": expected {\"metric\": {…}, \"values\": [[time, \"value\"], …]}");
        std::string name = name_of(metric->get_object());
        // What an expression gives has no name: nothing but the answer tells it from that of another one.
        if (name.front() == '{' && number_ > 1) name = labelled(name, fmt::format("answer=\"{}\"", number_));
        std::size_t index = 0;
        for (const json::value& pair : values->get_array()) {
            if (builder_.enough()) return;
            if (!point(name, pair))
                return wrong(fmt::format("{}.values[{}]: expected [seconds since 1970, \"value\"]", path, index));
            ++index;
        }
    }

    bool point(const std::string& name, const json::value& value) {
        const json::array* pair = value.if_array();
        if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_number() || !(*pair)[1].is_string()) return false;
        const json::string& written = (*pair)[1].get_string();
        const std::string_view text(written.data(), written.size());
        if (is_not_finite(text)) {
            builder_.gap();
            return true;
        }
        const auto number = parse_value(text);
        if (!number || number->unit) return false;
        builder_.value(name, (*pair)[0].to_number<double>(), *number, place_);
        return true;
    }

    std::size_t number_;  ///< from 1
    Place place_;
    Builder& builder_;
};

/// Where something stands; asked from the front to the back, it reads the text once.
class Places {
public:
    explicit Places(std::string_view text) : text_(text) {}

    Place at(std::size_t at) {
        for (; at_ < std::min(at, text_.size()); ++at_) {
            if (text_[at_] != '\n') continue;
            ++line_;
            line_begin_ = at_ + 1;
        }
        return {line_, at_ - line_begin_ + 1};
    }

private:
    std::string_view text_;
    std::size_t at_ = 0, line_ = 1, line_begin_ = 0;
};

}  // namespace

void read_prometheus(std::string_view text, Builder& builder) {
    Places places(text);
    std::size_t answers = 0;
    for (std::size_t at = text.find_first_not_of(" \t\r\n"); at < text.size() && !builder.enough();) {
        const Place place = places.at(at);
        json::parser parser;
        json::error_code error;
        const std::size_t length = parser.write_some(text.data() + at, text.size() - at, error);
        if (error) {
            builder.mistake(places.at(at + length), "is no JSON from here on: " + error.message());
            return;
        }
        Answer(++answers, place, builder).read(parser.release());
        at = std::min(text.find_first_not_of(" \t\r\n", at + length), text.size());
    }
}

}  // namespace squall::incident
