#include "suites/report/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <map>

#include "suites/report/findings_json.hpp"

namespace squall::report {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<CaseVerdict, std::string_view>, 6> words{{{CaseVerdict::ok, "OK"},
                                                                         {CaseVerdict::informational, "INFORMATIONAL"},
                                                                         {CaseVerdict::non_strict, "NON-STRICT"},
                                                                         {CaseVerdict::unimplemented, "UNIMPLEMENTED"},
                                                                         {CaseVerdict::inconclusive, "INCONCLUSIVE"},
                                                                         {CaseVerdict::failed, "FAILED"}}};

json::array strings(const std::vector<std::string>& all) {
    return json::array(all.begin(), all.end());
}

json::object to_json(const CaseResult& result) {
    return {{"id", result.id},
            {"name", result.name},
            {"group", result.group},
            {"summary", result.summary},
            {"why", result.why},
            {"source", result.source},
            {"protocol", result.protocol},
            {"verdict", to_string(result.verdict)},
            {"reason", result.reason},
            {"run", result.run},
            {"earlier_runs", strings(result.earlier_runs)},
            {"command", result.command},
            {"seconds", result.seconds},
            {"judgement", to_string(result.judgement.verdict)},
            {"findings", findings_json(result.judgement)}};
}

json::object to_json(const Level& level) {
    return {
        {"name", level.name}, {"meaning", level.meaning}, {"cases", strings(level.cases)}, {"reached", level.reached}};
}

/// Reads keys of one object; the first mistake is kept, and what follows it is left as it was.
class Reader {
public:
    Reader(const json::value& value, std::string place, std::string& mistake)
        : object_(value.if_object()), place_(std::move(place)), mistake_(mistake) {
        if (object_ == nullptr) note("", "an object");
    }

    void read(const char* key, std::string& out) {
        const json::value* value = find(key, "a text");
        if (value == nullptr) return;
        if (!value->is_string()) return note(key, "a text");
        out = std::string(value->get_string());
    }
    void read(const char* key, bool& out) {
        const json::value* value = find(key, "true or false");
        if (value == nullptr) return;
        if (!value->is_bool()) return note(key, "true or false");
        out = value->get_bool();
    }
    void read(const char* key, double& out) {
        const json::value* value = find(key, "a number");
        if (value == nullptr) return;
        if (!value->is_number()) return note(key, "a number");
        out = value->to_number<double>();
    }
    void read(const char* key, std::uint64_t& out) {
        const json::value* value = find(key, "a whole number");
        if (value == nullptr) return;
        boost::system::error_code wrong;
        out = value->to_number<std::uint64_t>(wrong);
        if (wrong) note(key, "a whole number");
    }
    template <class Number>
    void read_or_null(const char* key, std::optional<Number>& out) {
        const json::value* value = find(key, "a number or null");
        if (value == nullptr || value->is_null()) return;
        boost::system::error_code wrong;
        const auto number = value->to_number<Number>(wrong);
        if (wrong) return note(key, "a number or null");
        out = number;
    }
    void read(const char* key, std::vector<std::string>& out) {
        each(key, [&](const json::value& value, const std::string& place) {
            if (!value.is_string()) return note_at(place, "a text");
            out.emplace_back(value.get_string());
        });
    }
    template <class Enum, std::size_t N>
    void read_word(const char* key, const std::array<std::pair<Enum, std::string_view>, N>& known, Enum& out) {
        std::string text;
        read(key, text);
        if (!mistake_.empty()) return;
        std::string all;
        for (const auto& [value, word] : known) {
            if (word == text) {
                out = value;
                return;
            }
            all += (all.empty() ? "" : ", ") + std::string(word);
        }
        note(key, "one of " + all);
    }
    template <class Visit>
    void each(const char* key, const Visit& visit) {
        const json::value* value = find(key, "a list");
        if (value == nullptr) return;
        if (!value->is_array()) return note(key, "a list");
        std::size_t number = 0;
        for (const json::value& element : value->get_array())
            visit(element, fmt::format("{}[{}]", path(key), number++));
    }

private:
    std::string path(const char* key) const { return place_.empty() ? key : place_ + "." + key; }
    const json::value* find(const char* key, const char* expected) {
        if (object_ == nullptr) return nullptr;
        const json::value* value = object_->if_contains(key);
        if (value == nullptr) note(key, expected);
        return value;
    }
    void note(const char* key, const std::string& expected) { note_at(*key == 0 ? place_ : path(key), expected); }
    void note_at(const std::string& place, const std::string& expected) {
        if (mistake_.empty()) mistake_ = fmt::format("{}: expected {}", place.empty() ? "the file" : place, expected);
    }

    const json::object* object_;
    std::string place_;
    std::string& mistake_;
};

constexpr std::array<std::pair<Verdict, std::string_view>, 4> judgements{{{Verdict::pass, "pass"},
                                                                          {Verdict::inconclusive, "inconclusive"},
                                                                          {Verdict::fail, "fail"},
                                                                          {Verdict::error, "error"}}};
constexpr std::array<std::pair<Requirement, std::string_view>, 3> requirements{
    {{Requirement::must, "must"}, {Requirement::should, "should"}, {Requirement::informational, "informational"}}};

Finding read_finding(const json::value& value, const std::string& place, std::string& mistake) {
    Reader reader(value, place, mistake);
    Finding finding;
    reader.read("name", finding.name);
    reader.read_word("verdict", judgements, finding.verdict);
    reader.read_word("requirement", requirements, finding.requirement);
    reader.read("expected", finding.expected);
    reader.read("measured", finding.measured);
    reader.read("bound", finding.bound);
    reader.read_or_null("margin", finding.margin);
    reader.read("phase", finding.phase);
    reader.read("samples", finding.samples);
    reader.read_or_null("since_ns", finding.since);
    reader.read("detail", finding.detail);
    return finding;
}

CaseResult read_case(const json::value& value, const std::string& place, std::string& mistake) {
    Reader reader(value, place, mistake);
    CaseResult result;
    reader.read("id", result.id);
    reader.read("name", result.name);
    reader.read("group", result.group);
    reader.read("summary", result.summary);
    reader.read("why", result.why);
    reader.read("source", result.source);
    reader.read("protocol", result.protocol);
    reader.read_word("verdict", words, result.verdict);
    reader.read("reason", result.reason);
    reader.read("run", result.run);
    reader.read("earlier_runs", result.earlier_runs);
    reader.read("command", result.command);
    reader.read("seconds", result.seconds);
    reader.read_word("judgement", judgements, result.judgement.verdict);
    reader.each("findings", [&](const json::value& finding, const std::string& where) {
        result.judgement.findings.push_back(read_finding(finding, where, mistake));
    });
    return result;
}

Level read_level(const json::value& value, const std::string& place, std::string& mistake) {
    Reader reader(value, place, mistake);
    Level level;
    reader.read("name", level.name);
    reader.read("meaning", level.meaning);
    reader.read("cases", level.cases);
    reader.read("reached", level.reached);
    return level;
}

}  // namespace

std::string_view to_string(CaseVerdict verdict) {
    for (const auto& [value, word] : words) {
        if (value == verdict) return word;
    }
    return "?";
}

std::string to_json(const Certificate& certificate) {
    json::array cases, levels;
    for (const CaseResult& result : certificate.cases)
        cases.push_back(to_json(result));
    for (const Level& level : certificate.levels)
        levels.push_back(to_json(level));
    return json::serialize(json::object{{"format", 1},
                                        {"server", certificate.server},
                                        {"summary", certificate.summary},
                                        {"version", certificate.version},
                                        {"profile", certificate.profile},
                                        {"squall_version", certificate.squall_version},
                                        {"made_at", certificate.made_at},
                                        {"host", certificate.host},
                                        {"command", certificate.command},
                                        {"quick", certificate.quick},
                                        {"cases", std::move(cases)},
                                        {"levels", std::move(levels)}}) +
           "\n";
}

std::string tally(const std::vector<CaseResult>& cases) {
    std::map<CaseVerdict, std::size_t> counts;
    for (const auto& result : cases)
        ++counts[result.verdict];
    std::string text;
    for (const auto& [verdict, count] : counts)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, to_string(verdict));
    return text.empty() ? "no cases" : text;
}

bool id_before(const std::string& a, const std::string& b) {
    const auto key = [](const std::string& id) {
        std::vector<unsigned long> parts;
        for (std::size_t at = 0; at < id.size();) {
            const auto dot = std::min(id.find('.', at), id.size());
            parts.push_back(std::strtoul(id.substr(at, dot - at).c_str(), nullptr, 10));
            at = dot + 1;
        }
        return std::pair(parts, id);
    };
    return key(a) < key(b);
}

Result<Certificate> parse_certificate(std::string_view text, const std::string& file) {
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // a server's last words may be anything
    boost::system::error_code wrong;
    const json::value root = json::parse(text, wrong, {}, options);
    if (wrong) return Error{fmt::format("{}: this is no JSON: {}", file, wrong.message())};
    std::string mistake;
    Reader reader(root, "", mistake);
    std::uint64_t format = 1;
    reader.read("format", format);
    if (mistake.empty() && format != 1) {
        return Error{fmt::format("{}: format: expected 1, not {}; a newer squall wrote it", file, format)};
    }
    Certificate certificate;
    reader.read("server", certificate.server);
    reader.read("summary", certificate.summary);
    reader.read("version", certificate.version);
    reader.read("profile", certificate.profile);
    reader.read("squall_version", certificate.squall_version);
    reader.read("made_at", certificate.made_at);
    reader.read("host", certificate.host);
    reader.read("command", certificate.command);
    reader.read("quick", certificate.quick);
    reader.each("cases", [&](const json::value& value, const std::string& place) {
        certificate.cases.push_back(read_case(value, place, mistake));
    });
    reader.each("levels", [&](const json::value& value, const std::string& place) {
        certificate.levels.push_back(read_level(value, place, mistake));
    });
    if (!mistake.empty()) return Error{fmt::format("{}: {}", file, mistake)};
    return certificate;
}

}  // namespace squall::report
