#include <fmt/format.h>
#include <boost/json.hpp>

#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "suites/metrics/history.hpp"
#include "suites/metrics/history_format.hpp"

namespace squall {
namespace {

namespace json = boost::json;
using namespace history_format;

/// Thrown by the readers of one line and turned into an Error with file and line by whoever counts the lines.
struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

const json::value& member(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr) throw Malformed(fmt::format("'{}' is missing", name));
    return *value;
}

template <class T>
T number(const json::value& value, std::string_view name) {
    json::error_code error;
    const T result = value.to_number<T>(error);
    if (error)
        throw Malformed(fmt::format("'{}' must be {}", name, std::is_integral_v<T> ? "a whole number" : "a number"));
    return result;
}

std::string text(const json::value& value, std::string_view name) {
    if (!value.is_string()) throw Malformed(fmt::format("'{}' must be a string", name));
    return std::string(value.get_string());
}

const json::array& array(const json::value& value, std::string_view name) {
    if (!value.is_array()) throw Malformed(fmt::format("'{}' must be a list", name));
    return value.get_array();
}

const json::object& object(const json::value& value, std::string_view name) {
    if (!value.is_object()) throw Malformed(fmt::format("'{}' must be an object", name));
    return value.get_object();
}

const json::array& pair(const json::value& value, std::string_view name) {
    const json::array& elements = array(value, name);
    if (elements.size() != 2) throw Malformed(fmt::format("each element of '{}' must be a pair", name));
    return elements;
}

std::string metric_of(const json::object& line) {
    return text(member(line, "metric"), "metric");
}

Labels labels_of(const json::object& line) {
    Labels labels;
    for (const auto& [name, value] : object(member(line, "labels"), "labels"))
        labels[name] = text(value, "labels");
    return labels;
}

void read_gauge(const json::object& line, History& history) {
    const std::string metric = metric_of(line);
    const Labels labels = labels_of(line);
    for (const json::value& element : array(member(line, "points"), "points")) {
        const json::array& point = pair(element, "points");
        history.sample(metric, labels, number<Nanos>(point[0], "points"), number<double>(point[1], "points"));
    }
}

void read_distribution(const json::object& line, History& history) {
    std::map<std::uint32_t, std::uint64_t> buckets;
    for (const json::value& element : array(member(line, "buckets"), "buckets")) {
        const json::array& bucket = pair(element, "buckets");
        const auto times = number<std::uint64_t>(bucket[1], "buckets");
        if (times == 0 || !buckets.emplace(number<std::uint32_t>(bucket[0], "buckets"), times).second) {
            throw Malformed("'buckets' must name each bucket once, with a count of at least 1");
        }
    }
    const auto min = number<Nanos>(member(line, "min"), "min");
    const auto max = number<Nanos>(member(line, "max"), "max");
    if (buckets.empty() || min < 0 || max < min || Histogram::bucket_of(min) != buckets.begin()->first ||
        Histogram::bucket_of(max) != buckets.rbegin()->first) {
        throw Malformed("'min' and 'max' must lie in the first and the last of 'buckets'");
    }
    history.merge_slice(metric_of(line), labels_of(line), number<std::int64_t>(member(line, "slice"), "slice"),
                        Histogram::restore(std::move(buckets), min, max, number<double>(member(line, "sum"), "sum")));
}

void read_event(const json::object& line, History& history) {
    history.event({number<Nanos>(member(line, "at"), "at"), metric_of(line), labels_of(line),
                   number<double>(member(line, "value"), "value")});
}

void check_header(const json::object& line, std::string_view format) {
    if (text(member(line, "format"), "format") != format) throw Malformed(fmt::format("'format' must be {}", format));
    const int found = number<int>(member(line, "version"), "version");
    if (found != version) {
        throw Malformed(fmt::format("format version {}; this squall reads version {}", found, version));
    }
}

Result<std::string> content(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return system_failure(
            "open " + path.string(), errno,
            fmt::format("a saved run has {}, {}, {} and {}", gauges_file, distributions_file, events_file, facts_file));
    }
    std::string all{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (stream.bad()) return system_failure("read " + path.string(), errno);
    return all;
}

/// `read` may throw Malformed; whatever does not parse is named with its place.
Status at_line(const std::filesystem::path& path, std::size_t number, std::string_view line,
               const std::function<void(const json::object&)>& read) {
    const auto value = parse_exactly(line);
    if (!value) return Error{fmt::format("{}:{}: no JSON: {}", path.string(), number, value.error().message)};
    try {
        read(object(*value, "line"));
    } catch (const Malformed& malformed) {
        return Error{fmt::format("{}:{}: {}", path.string(), number, malformed.what())};
    }
    return {};
}

Status load_lines(const std::filesystem::path& path, std::string_view format, History& history,
                  void (*read)(const json::object&, History&)) {
    const auto all = content(path);
    if (!all) return all.error();
    std::string_view rest = *all;
    std::size_t number = 0;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        ++number;
        const Status status = at_line(path, number, line, [&](const json::object& parsed) {
            number == 1 ? check_header(parsed, format) : read(parsed, history);
        });
        if (!status) return status;
    }
    if (number == 0) return Error{fmt::format("{}:1: is empty; the first line must name the format", path.string())};
    return {};
}

Status load_facts(const std::filesystem::path& path, History& history) {
    const auto all = content(path);
    if (!all) return all.error();
    return at_line(path, 1, *all, [&](const json::object& document) {
        check_header(document, facts_format);
        for (const json::value& element : array(member(document, "spans"), "spans")) {
            const json::object& span = object(element, "spans");
            history.span({text(member(span, "name"), "name"), number<Nanos>(member(span, "start"), "start"),
                          number<Nanos>(member(span, "end"), "end")});
        }
        history.facts() = object(member(document, "facts"), "facts");
    });
}

}  // namespace

Result<History> History::load(const std::filesystem::path& directory) {
    History history;
    if (const Status s = load_facts(directory / facts_file, history); !s) return s.error();
    if (const Status s = load_lines(directory / gauges_file, gauges_format, history, read_gauge); !s) return s.error();
    if (const Status s = load_lines(directory / distributions_file, distributions_format, history, read_distribution);
        !s)
        return s.error();
    if (const Status s = load_lines(directory / events_file, events_format, history, read_event); !s) return s.error();
    return history;
}

}  // namespace squall
