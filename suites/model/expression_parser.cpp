// The grammar. Blanks may stand between any two tokens; a minus that touches a letter on both sides belongs to a name
// (cpu-capped), so a subtraction is written with blanks.
//
//   expression  = value comparison value when
//   comparison  = "<" | "<=" | ">" | ">=" | "==" | "!="
//   value       = term { ( "+" | "-" ) term }
//   term        = factor { ( "*" | "/" ) factor }
//   factor      = "-" factor | "(" value ")" | quantity | "baseline" | reference
//               | ( "max" | "min" ) "(" value "," value { "," value } ")"
//               | aggregation "(" metric ")"
//   aggregation = "p50" | "p90" | "p95" | "p99" | "p99.9" | "max" | "min" | "mean" | "last" | "slope"
//               | "count" | "rate" | "accounted"
//   metric      = name [ "{" [ label "=" word { "," label "=" word } ] "}" ]
//   reference   = "setting." name | "cohort." name ".connections" | "phase." name ".duration"
//   quantity    = number [ unit ]                               20ms  64KiB/s  0.25 cores  5%
//   when        = "during" name | "always" | "within" value "of" instant | "from" instant
//   instant     = name "." ( "start" | "end" ) [ ( "+" | "-" ) value ]
//
// Names and dimensions are checked on the way, where the column is known. After a mistake the parser goes on at the
// next comparison or the next word of `when`, so that one pass finds what is wrong on both sides.
#include "suites/model/expression_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "suites/model/expression_check.hpp"

namespace squall::expression_parser {
namespace {

using namespace expression_check;

constexpr int depth_max = 64;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

template <class T>
NodePtr make_node(T what, Dimension dimension) {
    return std::make_shared<const Node>(Node{std::move(what), dimension});
}

}  // namespace

void Parser::skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_]))
        ++at_;
}

char Parser::peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
}

bool Parser::take(std::string_view symbol) {
    skip_blanks();
    if (text_.substr(at_, symbol.size()) != symbol) return false;
    at_ += symbol.size();
    return true;
}

void Parser::expect(std::string_view symbol, std::string_view context) {
    if (!take(symbol)) throw SyntaxError{at_, fmt::format("expected '{}' {}, found {}", symbol, context, here())};
}

/// A name: letters, digits, _ and dots; a minus only between them.
std::string_view Parser::peek_word() {
    if (!is_letter(peek())) return {};
    std::size_t end = at_;
    const auto goes_on = [&](std::size_t i) { return i < text_.size() && (is_letter(text_[i]) || is_digit(text_[i])); };
    while (goes_on(end) || (end < text_.size() && (text_[end] == '.' || text_[end] == '-') && goes_on(end + 1)))
        ++end;
    return text_.substr(at_, end - at_);
}

std::string_view Parser::take_word() {
    const std::string_view word = peek_word();
    at_ += word.size();
    return word;
}

/// What stands here, for messages.
std::string Parser::here() {
    if (peek() == '\0') return "the end";
    const std::string_view word = peek_word();
    return fmt::format("'{}'", word.empty() ? text_.substr(at_, 1) : word);
}

/// Reports `problem` unless there is none; true when all is well.
bool Parser::check(std::size_t column, std::string problem) {
    if (problem.empty()) return true;
    error(column, std::move(problem));
    return false;
}

Value Parser::value() {
    return additive(term(), false);
}

/// `negated`: what follows stands behind a minus, so that "x - a + b" keeps its meaning when the sum is taken by
/// itself.
Value Parser::additive(Value left, bool negated) {
    while (peek() == '+' || peek() == '-') {
        const bool plus = (text_[at_++] == '+') != negated;
        left = combine(plus ? Operation::Kind::add : Operation::Kind::subtract, left, term());
    }
    return left;
}

Value Parser::term() {
    Value left = factor();
    while (peek() == '*' || peek() == '/') {
        const bool times = text_[at_++] == '*';
        left = combine(times ? Operation::Kind::multiply : Operation::Kind::divide, left, factor());
    }
    return left;
}

Value Parser::factor() {
    const char c = peek();
    if (c == '-') return nested(&Parser::negative);
    if (c == '(') return nested(&Parser::parenthesised);
    if (is_digit(c) || c == '.') return constant();
    if (is_letter(c)) return nested(&Parser::word);
    throw SyntaxError{at_, "expected a value, such as 20ms, baseline or p99(delivery.latency), found " + here()};
}

/// Nesting is bounded, since each level is a level of the call stack.
Value Parser::nested(Value (Parser::*inner)()) {
    if (++depth_ > depth_max) throw SyntaxError{at_, fmt::format("nested more than {} deep", depth_max)};
    Value result = (this->*inner)();
    --depth_;
    return result;
}

Value Parser::parenthesised() {
    const std::size_t begin = at_++;
    Value inner = value();
    expect(")", "behind the value in parentheses");
    return {inner.node, begin, at_};
}

Value Parser::negative() {
    const std::size_t begin = at_++;
    const Value inner = factor();
    if (!inner.node) return {nullptr, begin, at_};
    const Value minus_one{make_node(Constant{{-1, dimension::none}, "-1"}, dimension::none), begin, begin + 1};
    return combine(Operation::Kind::multiply, minus_one, inner);
}

Value Parser::constant() {
    const std::size_t begin = at_;
    std::size_t consumed = 0;
    const auto quantity = parse_quantity_prefix(text_.substr(at_), consumed);
    if (!quantity) {
        // The number itself can be read past; only its unit is wrong.
        error(begin, quantity.error().message);
        while (at_ < text_.size() && (is_digit(text_[at_]) || is_letter(text_[at_]) || text_[at_] == '.'))
            ++at_;
        return {nullptr, begin, at_};
    }
    at_ += consumed;
    Constant constant{*quantity, std::string(text_.substr(begin, consumed))};
    return {make_node(std::move(constant), quantity->dimension), begin, at_};
}

Value Parser::word() {
    const std::size_t begin = at_;
    if (begins_when(peek_word())) throw SyntaxError{begin, "expected a value, found " + here()};
    const std::string_view word = take_word();
    if (peek() == '(') return call(word, begin);
    if (word == "baseline") return baseline(begin);
    if (is_reference(word)) {
        if (const auto quantity = find_reference(word, names_)) {
            return {make_node(Reference{std::string(word)}, quantity->dimension), begin, begin + word.size()};
        }
        error(begin, reference_problem(word, names_));
        return {nullptr, begin, begin + word.size()};
    }
    if (find_metric(word) != nullptr) {
        throw SyntaxError{begin, fmt::format("'{0}' needs an aggregation, such as max({0})", word)};
    }
    throw SyntaxError{
        begin, fmt::format("'{}' is neither baseline, nor setting.…, cohort.… or phase.…, nor a quantity{}", word,
                           word.find('-') == word.npos ? "" : "; a subtraction needs blanks")};
}

Value Parser::call(std::string_view function, std::size_t begin) {
    expect("(", "behind the aggregation");
    if ((function == "max" || function == "min") && !metric_follows()) return extreme(function, begin);
    const auto aggregation = find_aggregation(function);
    if (!aggregation) error(begin, unknown_function(function));
    return measurement(aggregation, begin);
}

/// max(target.memory) aggregates; max(3 * baseline, 20ms), max(p99(a), p99(b)) and max(baseline, 5ms) compare values.
bool Parser::metric_follows() {
    const std::string_view word = peek_word();
    if (word.empty() || word == "baseline" || is_reference(word)) return false;
    const std::size_t before = std::exchange(at_, at_ + word.size());
    const bool called = peek() == '(';
    at_ = before;
    return !called;
}

Value Parser::extreme(std::string_view function, std::size_t begin) {
    const auto kind = function == "max" ? Operation::Kind::max : Operation::Kind::min;
    Value result = value();
    if (peek() == ')') {
        throw SyntaxError{begin, fmt::format("{} takes one metric, or two values or more", function)};
    }
    while (take(","))
        result = combine(kind, result, value());
    expect(")", "behind the last value");
    return {result.node, begin, at_};
}

/// Behind the opening parenthesis. No aggregation: its name was wrong, and the metric is checked all the same.
Value Parser::measurement(std::optional<Aggregation> aggregation, std::size_t begin) {
    peek();
    const std::size_t metric_at = at_;
    const std::string name(take_word());
    if (name.empty()) throw SyntaxError{at_, "expected a metric, such as delivery.latency, found " + here()};
    const Metric* metric = find_metric(name);
    bool good = check(metric_at, metric_problem(name)) && aggregation;
    if (good) good = check(begin, aggregation_problem(*aggregation, *metric));
    const std::size_t mistakes = errors_.size();
    Measurement result{aggregation.value_or(Aggregation::count), name, selectors(metric)};
    expect(")", "behind the metric");
    if (aggregation == Aggregation::accounted) {
        accounted_at_ = begin;
        if (!result.selectors.empty()) good = check(begin, "accounted reconciles the whole run and takes no labels");
    }
    if (!good || errors_.size() != mistakes) return {nullptr, begin, at_};
    const Dimension dimension = dimension_of(*aggregation, *metric);
    return {make_node(std::move(result), dimension), begin, at_};
}

std::vector<Selector> Parser::selectors(const Metric* metric) {
    std::vector<Selector> all;
    if (!take("{")) return all;
    while (peek() != '}') {
        const std::size_t label_at = at_;
        Selector selector{std::string(take_word()), ""};
        if (selector.label.empty()) throw SyntaxError{at_, "expected a label, such as cohort=…, found " + here()};
        expect("=", "behind the label");
        peek();
        const std::size_t value_at = at_;
        // Wider than a name: statuses are numbers.
        while (at_ < text_.size() &&
               (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.' || text_[at_] == '-'))
            ++at_;
        selector.value = text_.substr(value_at, at_ - value_at);
        if (selector.value.empty())
            throw SyntaxError{at_, fmt::format("expected the value of {}, found {}", selector.label, here())};
        if (std::any_of(all.begin(), all.end(), [&](const Selector& s) { return s.label == selector.label; })) {
            error(label_at, fmt::format("{} stands twice", selector.label));
        }
        if (metric != nullptr) {
            const bool known =
                std::find(metric->labels.begin(), metric->labels.end(), selector.label) != metric->labels.end();
            check(known ? value_at : label_at, selector_problem(*metric, selector, names_));
        }
        all.push_back(std::move(selector));
        if (peek() != '}') expect(",", "or '}' behind a label's value");
    }
    expect("}", "behind the labels");
    return all;
}

/// The left side's measurement is known by now: it stands before the comparison.
Value Parser::baseline(std::size_t begin) {
    const Value nothing{nullptr, begin, begin + std::string_view("baseline").size()};
    if (on_the_left_) {
        error(begin, "baseline stands for the left side's value in the phase 'baseline': use it on the right");
        return nothing;
    }
    baseline_at_ = begin;
    if (std::find(names_.phases.begin(), names_.phases.end(), "baseline") == names_.phases.end()) {
        error(begin, "baseline needs a phase named 'baseline'; the scenario has none");
        return nothing;
    }
    if (!left_.node) return nothing;  // reported already
    const auto measured = own_measurements(*left_.node);
    if (measured.empty()) return nothing;  // likewise
    if (measured.size() != 1) {
        error(begin, fmt::format("baseline is ambiguous: the left side has {} measurements, not one", measured.size()));
        return nothing;
    }
    const Metric& metric = *find_metric(measured[0].metric);
    return {make_node(Baseline{measured[0]}, dimension_of(measured[0].aggregation, metric)), begin, nothing.end};
}

Value Parser::combine(Operation::Kind kind, const Value& left, const Value& right) {
    Value result{nullptr, left.begin, right.end};
    if (!left.node || !right.node) return result;
    Dimension dimension = left.node->dimension;
    if (kind == Operation::Kind::multiply) {
        dimension = dimension * right.node->dimension;
    } else if (kind == Operation::Kind::divide) {
        dimension = dimension / right.node->dimension;
    } else if (left.is_zero()) {
        dimension = right.node->dimension;  // nought is nought in every unit
    } else if (!right.is_zero() && dimension != right.node->dimension) {
        error(right.begin, fmt::format("'{}' is {}, but '{}' is {}", snippet(left), describe_dimension(dimension),
                                       snippet(right), describe_dimension(right.node->dimension)));
        return result;
    }
    result.node = make_node(Operation{kind, left.node, right.node}, dimension);
    return result;
}

}  // namespace squall::expression_parser
