// What a fault can be told. One declaration serves the scenario parser, `squall explain`, the JSON Schema and docs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "faults/core/units.hpp"

namespace squall {

/// A value over time. Written as one of
///   0.25                               constant
///   1.0 -> 0.25 over 5s                linear ramp, then constant
///   1.0, 0.5 at 2s, 0.25 at 4s         steps; times count from the injection and increase
struct Curve {
    struct Knot {
        Nanos at = 0;
        double value = 0;
    };
    std::vector<Knot> knots;  ///< at least one; the first at 0
    bool linear = false;      ///< between knots: straight line, or hold the earlier value

    double value_at(Nanos since_injection) const;
    bool constant() const { return knots.size() == 1; }
};

struct OptionSpec {
    enum class Kind { quantity, curve, choice, flag };

    std::string name;
    Kind kind = Kind::quantity;
    Dimension dimension = {};                  ///< of a quantity or of a curve's values
    std::string doc;                           ///< one sentence
    std::optional<std::string> fallback = {};  ///< default as written in YAML; none: the option is required, or see doc
    bool required = false;
    double min = 0;                         ///< inclusive, in base units
    double max = 1e18;                      ///< inclusive, in base units
    std::vector<std::string> choices = {};  ///< of a choice
};

/// Validated values of one fault's options, defaults filled in. Asking for an option by the wrong type is a bug
/// and throws std::logic_error; an optional one that was not given and has no default is `has() == false`.
class Options {
public:
    using Value = std::variant<double, Curve, std::string, bool>;

    bool has(std::string_view name) const;
    double number(std::string_view name) const;  ///< base units
    Nanos duration(std::string_view name) const;
    const Curve& curve(std::string_view name) const;
    const std::string& choice(std::string_view name) const;
    bool flag(std::string_view name) const;

    void set(std::string name, Value value);

private:
    const Value& at(std::string_view name) const;
    std::map<std::string, Value, std::less<>> values_;
};

/// `text` as YAML has it. Errors say what would be right (unit, range, choices).
Result<Options::Value> parse_option(const OptionSpec& spec, std::string_view text);

/// All of a fault's options: defaults filled in, every problem in one message (unknown, missing, malformed).
Result<Options> parse_options(const std::vector<OptionSpec>& specs,
                              const std::map<std::string, std::string, std::less<>>& written);

}  // namespace squall
