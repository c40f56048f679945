#include "faults/core/option.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace squall {

double Curve::value_at(Nanos since_injection) const {
    auto after = std::find_if(knots.begin(), knots.end(), [&](const Knot& knot) { return knot.at > since_injection; });
    if (after == knots.begin()) return knots.front().value;
    const Knot& earlier = *(after - 1);
    if (!linear || after == knots.end()) return earlier.value;
    const double part = static_cast<double>(since_injection - earlier.at) / static_cast<double>(after->at - earlier.at);
    return earlier.value + part * (after->value - earlier.value);
}

bool Options::has(std::string_view name) const {
    return values_.find(name) != values_.end();
}

const Options::Value& Options::at(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::logic_error(fmt::format("option '{}' was asked for but has no value", name));
    return found->second;
}

namespace {

template <class T>
const T& typed(const Options::Value& value, std::string_view name) {
    const T* held = std::get_if<T>(&value);
    if (held == nullptr) throw std::logic_error(fmt::format("option '{}' was asked for by the wrong type", name));
    return *held;
}

}  // namespace

double Options::number(std::string_view name) const {
    return typed<double>(at(name), name);
}
Nanos Options::duration(std::string_view name) const {
    return from_seconds(number(name));
}
const Curve& Options::curve(std::string_view name) const {
    return typed<Curve>(at(name), name);
}
const std::string& Options::choice(std::string_view name) const {
    return typed<std::string>(at(name), name);
}
bool Options::flag(std::string_view name) const {
    return typed<bool>(at(name), name);
}
void Options::set(std::string name, Value value) {
    values_.insert_or_assign(std::move(name), std::move(value));
}

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// One number of an option: its dimension and range are the option's. Cores are the one dimension that may be left
/// out ("cores: 0.25"), since the option's name says it already; a percentage of a core count would be ambiguous.
Result<double> parse_number(const OptionSpec& spec, std::string_view text) {
    const auto quantity = parse_quantity(text);
    if (!quantity) return Error{fmt::format("{}: {}", spec.name, quantity.error().message)};
    const bool implied =
        spec.dimension == dimension::cores && quantity->dimension == dimension::none && trimmed(text).back() != '%';
    if (!implied && quantity->dimension != spec.dimension) {
        return Error{fmt::format("{}: '{}' is {}; expected {}", spec.name, trimmed(text),
                                 describe_dimension(quantity->dimension), describe_dimension(spec.dimension))};
    }
    if (quantity->value < spec.min || quantity->value > spec.max) {
        const std::string low = format_quantity(spec.min, spec.dimension);
        return Error{spec.max >= 1e18
                         ? fmt::format("{}: '{}' is below the least allowed, {}", spec.name, trimmed(text), low)
                         : fmt::format("{}: '{}' is outside {}..{}", spec.name, trimmed(text), low,
                                       format_quantity(spec.max, spec.dimension))};
    }
    return quantity->value;
}

Result<Nanos> parse_instant(const OptionSpec& spec, std::string_view text) {
    const auto quantity = parse_quantity(text);
    if (!quantity) return Error{fmt::format("{}: {}", spec.name, quantity.error().message)};
    if (quantity->dimension != dimension::time || quantity->value < 0 || quantity->value > 1e9) {
        return Error{fmt::format("{}: '{}' is no time; expected one such as 2s", spec.name, trimmed(text))};
    }
    return from_seconds(quantity->value);
}

/// VALUE -> VALUE over TIME
Result<Curve> parse_ramp(const OptionSpec& spec, std::string_view text, std::size_t arrow) {
    const std::string_view rest = text.substr(arrow + 2);
    const std::size_t over = rest.find(" over ");
    if (over == std::string_view::npos) {
        return Error{fmt::format("{}: a ramp needs its duration, as in '1.0 -> 0.25 over 5s'", spec.name)};
    }
    const auto from = parse_number(spec, text.substr(0, arrow));
    if (!from) return from.error();
    const auto to = parse_number(spec, rest.substr(0, over));
    if (!to) return to.error();
    const auto duration = parse_instant(spec, rest.substr(over + 6));
    if (!duration) return duration.error();
    if (*duration == 0) return Error{fmt::format("{}: a ramp over no time is a constant; write it so", spec.name)};
    return Curve{.knots = {{0, *from}, {*duration, *to}}, .linear = true};
}

/// VALUE (, VALUE at TIME)*
Result<Curve> parse_steps(const OptionSpec& spec, std::string_view text) {
    Curve curve;
    while (true) {
        const std::size_t comma = text.find(',');
        std::string_view step = text.substr(0, comma);
        Nanos at = 0;
        if (const std::size_t word = step.find(" at "); word != std::string_view::npos) {
            const auto instant = parse_instant(spec, step.substr(word + 4));
            if (!instant) return instant.error();
            at = *instant;
            step = step.substr(0, word);
        } else if (!curve.knots.empty()) {
            return Error{fmt::format("{}: step '{}' needs its time, as in '1.0, 0.5 at 2s'", spec.name, trimmed(step))};
        }
        const auto value = parse_number(spec, step);
        if (!value) return value.error();
        if (curve.knots.empty() && at != 0) {
            return Error{fmt::format("{}: the first value holds from the injection and takes no time", spec.name)};
        }
        if (!curve.knots.empty() && at <= curve.knots.back().at) {
            return Error{fmt::format("{}: the times of steps must increase", spec.name)};
        }
        curve.knots.push_back({at, *value});
        if (comma == std::string_view::npos) return curve;
        text = text.substr(comma + 1);
    }
}

Result<Curve> parse_curve(const OptionSpec& spec, std::string_view text) {
    const std::size_t arrow = text.find("->");
    return arrow == std::string_view::npos ? parse_steps(spec, text) : parse_ramp(spec, text, arrow);
}

}  // namespace

Result<Options::Value> parse_option(const OptionSpec& spec, std::string_view text) {
    text = trimmed(text);
    switch (spec.kind) {
        case OptionSpec::Kind::quantity: {
            const auto number = parse_number(spec, text);
            if (!number) return number.error();
            return Options::Value{*number};
        }
        case OptionSpec::Kind::curve: {
            auto curve = parse_curve(spec, text);
            if (!curve) return curve.error();
            return Options::Value{std::move(*curve)};
        }
        case OptionSpec::Kind::choice:
            if (std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end()) {
                return Options::Value{std::string(text)};
            }
            return Error{fmt::format("{}: '{}' is none of {}", spec.name, text, fmt::join(spec.choices, ", "))};
        case OptionSpec::Kind::flag:
            if (text == "true" || text == "false") return Options::Value{text == "true"};
            return Error{fmt::format("{}: '{}' is neither true nor false", spec.name, text)};
    }
    throw std::logic_error("option of an unknown kind: " + spec.name);
}

Result<Options> parse_options(const std::vector<OptionSpec>& specs,
                              const std::map<std::string, std::string, std::less<>>& written) {
    Options options;
    std::vector<std::string> problems;
    for (const auto& option : written) {
        const bool known =
            std::any_of(specs.begin(), specs.end(), [&](const OptionSpec& spec) { return spec.name == option.first; });
        if (!known) problems.push_back(fmt::format("{}: there is no such option", option.first));
    }
    for (const OptionSpec& spec : specs) {
        const auto given = written.find(spec.name);
        if (given == written.end() && !spec.fallback) {
            if (spec.required) problems.push_back(fmt::format("{}: is required; {}", spec.name, spec.doc));
            continue;
        }
        auto value = parse_option(spec, given != written.end() ? given->second : *spec.fallback);
        if (value) {
            options.set(spec.name, std::move(*value));
        } else {
            problems.push_back(value.error().message);
        }
    }
    if (!problems.empty()) return Error{fmt::format("{}", fmt::join(problems, "; "))};
    return options;
}

}  // namespace squall
