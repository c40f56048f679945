// An invariant. Its text with blanks squeezed, which is what reports print, is the same invariant.
#include <cmath>

#include "suites/model/expression.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/model/expression_names.hpp"

namespace squall::fuzz {
namespace {

double left_value(const Expression& expression, const Names& names) {
    const auto one = [](const Measurement&) { return 1.0; };
    return evaluate(*expression.left, {names, one, one});
}

}  // namespace

void fuzz(std::string_view input) {
    static const Names names = expression_names();
    const ParsedExpression parsed = parse_expression(input, names);
    REQUIRE(parsed.expression.has_value() == parsed.errors.empty());
    for (const ExpressionError& error : parsed.errors) {
        REQUIRE(error.column <= input.size());
        REQUIRE(!error.message.empty());
    }
    if (!parsed.expression) return;

    const ParsedExpression again = parse_expression(parsed.expression->text, names);
    REQUIRE(again.expression.has_value());
    REQUIRE(again.expression->text == parsed.expression->text);
    REQUIRE(again.expression->comparison == parsed.expression->comparison);
    REQUIRE(measurements(*again.expression) == measurements(*parsed.expression));
    REQUIRE(to_string(again.expression->when, names) == to_string(parsed.expression->when, names));
    const double before = left_value(*parsed.expression, names);
    const double after = left_value(*again.expression, names);
    REQUIRE(before == after || (std::isnan(before) && std::isnan(after)));
}

}  // namespace squall::fuzz
