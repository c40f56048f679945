#include "suites/metrics/prometheus.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace squall {
namespace {

/// One line, consumed from the left. Grammar: name [ "{" [ label "=" quoted { "," label "=" quoted } [","] ] "}" ]
/// value [ timestamp ].
class LineParser {
public:
    explicit LineParser(std::string_view line) : rest_(line) {}

    Result<PrometheusSample> parse() {
        PrometheusSample sample;
        sample.name = std::string(word());
        if (sample.name.empty()) return Error{"expected a metric name"};
        if (take('{')) {
            while (!take('}')) {
                const auto label = std::string(word());
                if (label.empty()) return Error{"expected a label name or '}'"};
                if (!take('=')) return Error{"expected '=' after label " + label};
                auto value = quoted();
                if (!value) return value.error();
                sample.labels[label] = std::move(*value);
                if (!take(',') && !peek('}')) return Error{"expected ',' or '}' after label " + label};
            }
        }
        blanks();
        const std::string number(rest_.substr(0, rest_.find_first_of(" \t")));
        char* end = nullptr;
        sample.value = std::strtod(number.c_str(), &end);  // takes NaN, +Inf and -Inf, as the format does
        if (number.empty() || *end != '\0') return Error{"expected a number, found '" + number.substr(0, 40) + "'"};
        return sample;
    }

private:
    static bool name_character(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
    }
    void blanks() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
            rest_.remove_prefix(1);
    }
    bool peek(char c) {
        blanks();
        return !rest_.empty() && rest_.front() == c;
    }
    bool take(char c) {
        if (!peek(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view word() {
        blanks();
        std::size_t length = 0;
        while (length < rest_.size() && name_character(rest_[length]))
            ++length;
        const auto result = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return result;
    }
    Result<std::string> quoted() {
        if (!take('"')) return Error{"expected a quoted label value"};
        std::string value;
        while (!rest_.empty()) {
            char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return value;
            if (c == '\\' && !rest_.empty()) {
                c = rest_.front() == 'n' ? '\n' : rest_.front();
                rest_.remove_prefix(1);
            }
            value += c;
        }
        return Error{"label value without a closing quote"};
    }

    std::string_view rest_;
};

}  // namespace

Result<std::vector<PrometheusSample>> parse_prometheus(std::string_view page) {
    std::vector<PrometheusSample> samples;
    for (std::size_t number = 1; !page.empty(); ++number) {
        const auto end = page.find('\n');
        auto line = page.substr(0, end);
        page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        const auto first = line.find_first_not_of(" \t");
        if (first == std::string_view::npos || line[first] == '#') continue;
        auto sample = LineParser(line).parse();
        if (!sample) return Error{fmt::format("metrics line {}: {}", number, sample.error().message)};
        if (samples.size() == prometheus_samples_max) {
            return Error{
                fmt::format("metrics line {}: more than {} samples on one page", number, prometheus_samples_max)};
        }
        samples.push_back(std::move(*sample));
    }
    return samples;
}

}  // namespace squall
