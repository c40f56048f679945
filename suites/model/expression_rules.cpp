// The expression as a whole: two sides, when they are compared, and what must hold between them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "suites/model/expression_check.hpp"
#include "suites/model/expression_parser.hpp"
#include "suites/model/suggest.hpp"

namespace squall {
namespace expression_parser {
namespace {

using namespace expression_check;

constexpr std::size_t length_max = 4096;
constexpr std::string_view comparison_signs[] = {"<", "<=", ">", ">=", "==", "!="};
constexpr std::string_view when_words[] = {"during", "always", "within", "from"};

std::string squeezed(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!blank) {
            result += c;
        } else if (!result.empty() && result.back() != ' ') {
            result += ' ';
        }
    }
    while (!result.empty() && result.back() == ' ')
        result.pop_back();
    return result;
}

}  // namespace

bool begins_when(std::string_view word) {
    return std::find(std::begin(when_words), std::end(when_words), word) != std::end(when_words);
}

std::optional<Comparison> Parser::comparison() {
    peek();
    if (take("<=")) return Comparison::less_equal;
    if (take(">=")) return Comparison::greater_equal;
    if (take("==")) return Comparison::equal;
    if (take("!=")) return Comparison::not_equal;
    if (take("<")) return Comparison::less;
    if (take(">")) return Comparison::greater;
    const std::string_view hint = peek() == '=' ? "; equality is '=='" : "";
    throw SyntaxError{
        at_, fmt::format("expected a comparison ({}), found {}{}", fmt::join(comparison_signs, " "), here(), hint)};
}

void Parser::skip_to_comparison() {
    while (peek() != '\0' && text_[at_] != '<' && text_[at_] != '>' && text_.substr(at_, 2) != "==" &&
           text_.substr(at_, 2) != "!=") {
        ++at_;
    }
}

void Parser::skip_to_when() {
    while (peek() != '\0') {
        const std::string_view word = peek_word();
        if (begins_when(word)) return;
        at_ += std::max<std::size_t>(word.size(), 1);
    }
}

/// A side that cannot be read is noted and skipped. False: nothing is left behind it to go on with.
bool Parser::side(Value& side, void (Parser::*skip)()) {
    try {
        side = value();
    } catch (const SyntaxError& wrong) {
        error(wrong.column, wrong.message);
        depth_ = 0;
        (this->*skip)();
        return peek() != '\0';
    }
    return true;
}

bool Parser::left_side() {
    const bool goes_on = side(left_, &Parser::skip_to_comparison);
    if (left_.node && own_measurements(*left_.node).empty()) {
        error(left_.begin,
              "the left side measures nothing; begin with what is measured, such as p99(delivery.latency)");
    }
    on_the_left_ = false;
    return goes_on;
}

void Parser::check_sides() {
    if (!left_.node || !right_.node || left_.is_zero() || right_.is_zero()) return;
    if (left_.node->dimension == right_.node->dimension) return;
    error(right_.begin, fmt::format("'{}' is {}, but is compared with '{}', which is {}", snippet(left_),
                                    describe_dimension(left_.node->dimension), snippet(right_),
                                    describe_dimension(right_.node->dimension)));
}

std::string Parser::phase_name() {
    peek();
    const std::size_t begin = at_;
    const std::string name(take_word());
    if (name.empty()) throw SyntaxError{at_, "expected the name of a phase, found " + here()};
    check(begin, phase_problem(name, names_));
    return name;
}

/// A time that is known before the run.
NodePtr Parser::known_time(const Value& value, std::string_view what) {
    if (!value.node) return nullptr;
    if (!own_measurements(*value.node).empty() || !baseline_measurements(*value.node).empty()) {
        error(value.begin, fmt::format("the {} must be known before the run: use quantities, settings, phases", what));
    } else if (value.node->dimension != dimension::time) {
        error(value.begin, fmt::format("the {} '{}' is {}; expected {}", what, snippet(value),
                                       describe_dimension(value.node->dimension), describe_dimension(dimension::time)));
    }
    return value.node;
}

Instant Parser::instant() {
    peek();
    const std::size_t begin = at_;
    const std::string_view word = take_word();
    const std::size_t dot = word.rfind('.');
    const std::string_view side = dot == word.npos ? "" : word.substr(dot + 1);
    if (side != "start" && side != "end") {
        throw SyntaxError{begin, fmt::format("expected an instant, such as pressure.end or load.start, found {}",
                                             word.empty() ? here() : fmt::format("'{}'", word))};
    }
    Instant result;
    result.phase = word.substr(0, dot);
    result.end = side == "end";
    check(begin, phase_problem(result.phase, names_));
    if (peek() == '+' || peek() == '-') {
        result.negative = text_[at_++] == '-';
        result.offset = known_time(additive(term(), result.negative), "offset");
    }
    return result;
}

When Parser::when() {
    peek();
    const std::size_t begin = at_;
    const std::string_view word = take_word();
    if (word == "during") return During{phase_name()};
    if (word == "always") return Always{};
    if (word == "from") return From{instant()};
    if (word != "within") {
        at_ = begin;
        throw SyntaxError{begin, fmt::format("expected {}, found {}{}", fmt::join(when_words, ", "), here(),
                                             did_you_mean(word, std::vector<std::string_view>(std::begin(when_words),
                                                                                              std::end(when_words))))};
    }
    Within within;
    within.limit = known_time(value(), "limit");
    if (peek_word() != "of") throw SyntaxError{at_, "expected 'of' and an instant behind the limit, found " + here()};
    take_word();
    within.of = instant();
    return within;
}

void Parser::check_when(const When& when) {
    if (accounted_at_ && !std::holds_alternative<Always>(when)) {
        error(*accounted_at_, "accounted reconciles the whole run: it is judged 'always'");
    }
    const During* during = std::get_if<During>(&when);
    if (baseline_at_ && during != nullptr && during->phase == "baseline") {
        error(*baseline_at_, "compared with itself: judge another phase against the baseline");
    }
}

ParsedExpression Parser::parse() {
    ParsedExpression result;
    if (text_.size() > length_max) {
        result.errors.push_back({0, fmt::format("longer than {} characters", length_max)});
        return result;
    }
    std::optional<Comparison> comparison;
    std::optional<When> when;
    try {
        if (left_side()) comparison = this->comparison();
        if (comparison && side(right_, &Parser::skip_to_when)) {
            check_sides();
            when = this->when();
            check_when(*when);
            if (peek() != '\0') throw SyntaxError{at_, "expected the end, found " + here()};
        }
    } catch (const SyntaxError& wrong) {
        error(wrong.column, wrong.message);
    }
    if (errors_.empty()) {
        result.expression = Expression{left_.node, *comparison, right_.node, std::move(*when), squeezed(text_)};
    }
    result.errors = std::move(errors_);
    std::stable_sort(result.errors.begin(), result.errors.end(),
                     [](const ExpressionError& a, const ExpressionError& b) { return a.column < b.column; });
    return result;
}

ParsedMeasurement Parser::parse_measurement() {
    ParsedMeasurement result;
    try {
        const Value whole = value();
        if (peek() != '\0') throw SyntaxError{at_, "expected the end, found " + here()};
        const auto* alone = whole.node ? std::get_if<Measurement>(&whole.node->what) : nullptr;
        if (accounted_at_) {
            error(*accounted_at_, "accounted reconciles the whole run; expected what can be taken at any time");
        } else if (whole.node && alone == nullptr) {
            error(whole.begin, "expected one measurement, such as p95(queue.depth)");
        } else if (alone != nullptr) {
            result.measurement = *alone;
            result.dimension = whole.node->dimension;
        }
    } catch (const SyntaxError& wrong) {
        error(wrong.column, wrong.message);
    }
    if (!errors_.empty()) result.measurement.reset();
    result.errors = std::move(errors_);
    return result;
}

}  // namespace expression_parser

ParsedMeasurement parse_measurement(std::string_view text, const Names& names) {
    return expression_parser::Parser(text, names).parse_measurement();
}

ParsedExpression parse_expression(std::string_view text, const Names& names) {
    return expression_parser::Parser(text, names).parse();
}

}  // namespace squall
