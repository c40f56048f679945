// The parser's own insides, shared by expression_parser.cpp (values) and expression_rules.cpp (the whole, and when).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "suites/model/expression.hpp"

namespace squall::expression_parser {

/// A place from which nothing sensible follows; caught where the parser can go on.
struct SyntaxError {
    std::size_t column;
    std::string message;
};

/// A value with what the checks need. No node: something in it was wrong and has been reported.
struct Value {
    NodePtr node;
    std::size_t begin = 0;
    std::size_t end = 0;

    bool is_zero() const {
        const Constant* constant = node ? std::get_if<Constant>(&node->what) : nullptr;
        return constant != nullptr && constant->quantity == Quantity{};
    }
};

bool begins_when(std::string_view word);  ///< during, always, within, from

/// One expression, read once.
class Parser {
public:
    Parser(std::string_view text, const Names& names) : text_(text), names_(names) {}

    ParsedExpression parse();
    ParsedMeasurement parse_measurement();

private:
    // Text.
    void skip_blanks();
    char peek();
    bool take(std::string_view symbol);
    void expect(std::string_view symbol, std::string_view context);
    std::string_view peek_word();
    std::string_view take_word();
    std::string here();
    void error(std::size_t column, std::string message) { errors_.push_back({column, std::move(message)}); }
    bool check(std::size_t column, std::string problem);

    // Grammar.
    Value value();
    Value additive(Value left, bool negated);
    Value term();
    Value factor();
    Value nested(Value (Parser::*inner)());
    Value parenthesised();
    Value negative();
    Value constant();
    Value word();
    Value call(std::string_view function, std::size_t begin);
    bool metric_follows();
    Value extreme(std::string_view function, std::size_t begin);
    Value measurement(std::optional<Aggregation> aggregation, std::size_t begin);
    std::vector<Selector> selectors(const Metric* metric);
    Value baseline(std::size_t begin);
    Value combine(Operation::Kind kind, const Value& left, const Value& right);
    std::optional<Comparison> comparison();
    When when();
    std::string phase_name();
    Instant instant();
    NodePtr known_time(const Value& value, std::string_view what);

    // The whole.
    bool side(Value& side, void (Parser::*skip)());
    bool left_side();
    void check_sides();
    void check_when(const When& when);
    std::string snippet(const Value& value) const {
        return std::string(text_.substr(value.begin, value.end - value.begin));
    }
    void skip_to_comparison();
    void skip_to_when();

    std::string_view text_;
    const Names& names_;
    std::size_t at_ = 0;
    int depth_ = 0;
    bool on_the_left_ = true;
    std::optional<std::size_t> baseline_at_;
    std::optional<std::size_t> accounted_at_;
    Value left_;
    Value right_;
    std::vector<ExpressionError> errors_;
};

}  // namespace squall::expression_parser
