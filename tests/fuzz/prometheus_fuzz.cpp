// A page of metrics; what was understood of it is understood again when it is written out.
#include "suites/metrics/prometheus.hpp"

#include <fmt/format.h>

#include <cmath>

#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {
namespace {

std::string written(const PrometheusSample& sample) {
    std::string line = sample.name + "{";
    for (const auto& [name, value] : sample.labels) {
        line += name + "=\"";
        for (const char c : value) {
            if (c == '\\' || c == '"') line += '\\';
            line += c == '\n' ? "\\n" : std::string(1, c);
        }
        line += "\",";
    }
    return line + fmt::format("}} {:.17g}\n", sample.value);
}

bool same(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

void fuzz(std::string_view input) {
    const auto samples = parse_prometheus(input);
    if (!samples) return REQUIRE(!samples.error().message.empty());
    REQUIRE(samples->size() <= prometheus_samples_max);
    std::string page;
    for (const PrometheusSample& sample : *samples)
        page += written(sample);
    const auto again = parse_prometheus(page);
    REQUIRE(again.has_value());
    REQUIRE(again->size() == samples->size());
    for (std::size_t i = 0; i < samples->size(); ++i) {
        REQUIRE((*again)[i].name == (*samples)[i].name);
        REQUIRE((*again)[i].labels == (*samples)[i].labels);
        REQUIRE(same((*again)[i].value, (*samples)[i].value));
    }
}

}  // namespace squall::fuzz
