#include "suites/report/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "suites/report/certificate_page.hpp"

namespace squall::report {
namespace {

/// Findings that are there only when something is wrong; of one that is there always, absence means it was not judged.
Change change_of(const Finding* a, const Finding* b, std::string& note) {
    if (!b) {
        if (a->verdict != Verdict::pass) return note = "only in A", Change::better;
        note = "not judged in B";
        return Change::unknown;
    }
    if (b->verdict == Verdict::inconclusive || b->verdict == Verdict::error) return Change::unknown;
    if (!a) {
        note = "only in B";
        return b->verdict == Verdict::fail ? Change::worse : Change::same;
    }
    if (b->verdict == Verdict::fail && a->verdict == Verdict::fail) return note = "failed before", Change::same;
    if (b->verdict == Verdict::fail) {
        if (a->verdict != Verdict::pass) note = "A could not tell";
        return Change::worse;
    }
    return a->verdict == Verdict::pass ? Change::same : Change::better;
}

/// How far a case is from what is asked for; what could not be told has no place in it.
int distance(CaseVerdict verdict) {
    switch (verdict) {
        case CaseVerdict::ok:
        case CaseVerdict::informational:
        case CaseVerdict::inconclusive:
            return 0;
        case CaseVerdict::non_strict:
            return 1;
        case CaseVerdict::unimplemented:
            return 2;
        case CaseVerdict::failed:
            return 3;
    }
    return 0;
}

Change change_of(const CaseResult* a, const CaseResult* b, std::string& note) {
    if (!b) return note = "not played in B", Change::unknown;
    if (!a) {
        note = "not played in A";
        return b->verdict == CaseVerdict::failed ? Change::worse : Change::same;
    }
    // What cannot be put to this server could not be before, either.
    if (a->verdict == b->verdict && a->run.empty() && b->run.empty()) return Change::same;
    if (b->verdict == CaseVerdict::inconclusive) return Change::unknown;
    if (a->verdict == CaseVerdict::inconclusive) {
        note = "A could not tell";
        return b->verdict == CaseVerdict::failed ? Change::worse : Change::same;
    }
    const int from = distance(a->verdict), to = distance(b->verdict);
    return to > from ? Change::worse : to < from ? Change::better : Change::same;
}

std::string measured(const Finding* finding) {
    if (!finding) return {};
    if (finding->bound.empty() || finding->measured.empty()) return finding->measured;
    return finding->measured + " (bound " + finding->bound + ")";
}

/// Empty: they are runs of one scenario.
std::string difference(const Scenario& a, const Scenario& b) {
    if (a.name != b.name) return fmt::format("A is a run of {}, B of {}", a.name, b.name);
    const auto phases = [](const Scenario& scenario) {
        std::string text;
        for (const auto& phase : scenario.phases) {
            text += (text.empty() ? "" : ", ") +
                    fmt::format("{} {}", phase.name, format_quantity(to_seconds(phase.duration), dimension::time));
            for (const auto& fault : phase.faults)
                text += " " + fault.name;
        }
        return text;
    };
    const auto cohorts = [](const Scenario& scenario) {
        std::string text;
        for (const auto& cohort : scenario.cohorts)
            text += fmt::format("{}{} {} over {}", text.empty() ? "" : ", ", cohort.connections, cohort.name,
                                to_string(cohort.protocol));
        return text;
    };
    const auto publishers = [](const Scenario& scenario) {
        std::string text;
        for (const auto& publisher : scenario.publishers) {
            const auto& arrivals = publisher.arrivals;
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", publisher.name,
                                arrivals.rate > 0
                                    ? format_quantity(arrivals.rate, dimension::rate)
                                    : fmt::format("{} every {}", arrivals.burst,
                                                  format_quantity(to_seconds(arrivals.every), dimension::time)));
        }
        return text.empty() ? "none" : text;
    };
    if (phases(a) != phases(b)) return fmt::format("the phases are others: {} in A, {} in B", phases(a), phases(b));
    if (cohorts(a) != cohorts(b))
        return fmt::format("the cohorts are others: {} in A, {} in B", cohorts(a), cohorts(b));
    if (publishers(a) != publishers(b))
        return fmt::format("the publishers are others: {} in A, {} in B", publishers(a), publishers(b));
    return {};
}

template <class Item>
struct Pair {
    const Item* a = nullptr;
    const Item* b = nullptr;
};

/// In the order of B, then what only A has.
template <class Item, class KeyOf>
std::vector<std::pair<std::string, Pair<Item>>> paired(const std::vector<Item>& a, const std::vector<Item>& b,
                                                       const KeyOf& key_of) {
    std::vector<std::pair<std::string, Pair<Item>>> pairs;
    std::map<std::string, std::size_t> places;
    std::map<std::string, int> seen;
    const auto place = [&](const Item& item) -> Pair<Item>& {
        auto key = key_of(item);
        if (const int times = seen[key]++; times > 0) key += fmt::format(" ({})", times + 1);  // a name may come twice
        const auto [found, fresh] = places.try_emplace(key, pairs.size());
        if (fresh) pairs.emplace_back(key, Pair<Item>{});
        return pairs[found->second].second;
    };
    for (const Item& item : b)
        place(item).b = &item;
    seen.clear();
    for (const Item& item : a)
        place(item).a = &item;
    return pairs;
}

std::string title_of(const Certificate& certificate) {
    return certificate.server + (certificate.version.empty() ? "" : " " + certificate.version);
}

}  // namespace

std::string_view to_string(Change change) {
    switch (change) {
        case Change::same:
            return "same";
        case Change::better:
            return "better";
        case Change::unknown:
            return "cannot tell";
        case Change::worse:
            return "worse";
    }
    return "";
}

bool ComparedFigure::beyond_noise() const {
    return noise && ratio > 0 && std::fabs(std::log(ratio)) > std::log(*noise);
}

Change Comparison::change() const {
    Change result = Change::same;
    for (const auto& verdict : verdicts)
        result = std::max(result, verdict.change);
    return verdicts.empty() ? Change::unknown : result;
}

int exit_code(const Comparison& comparison) {
    if (!comparison.gate) return 0;
    const Change change = comparison.change();
    return change == Change::worse ? 1 : change == Change::unknown ? 3 : 0;
}

Result<Comparison> compare(const ComparedRun& a, const ComparedRun& b) {
    if (const auto other = difference(a.scenario, b.scenario); !other.empty())
        return Error{"these are not two runs of one scenario: " + other};
    Comparison comparison;
    comparison.title = b.scenario.name;
    comparison.a = a.name;
    comparison.b = b.name;
    const auto pairs =
        paired(a.judgement.findings, b.judgement.findings, [](const Finding& finding) { return finding.name; });
    for (const auto& [name, pair] : pairs) {
        ComparedVerdict row{name, pair.a ? std::string(to_string(pair.a->verdict)) : "",
                            pair.b ? std::string(to_string(pair.b->verdict)) : "", measured(pair.a), measured(pair.b)};
        row.change = change_of(pair.a, pair.b, row.note);
        if (pair.a && pair.b && pair.a->expected != pair.b->expected)
            row.note += std::string(row.note.empty() ? "" : "; ") + "A expected " + pair.a->expected;
        comparison.verdicts.push_back(std::move(row));
    }
    comparison.figures = compare_figures(a, b);
    if (a.scenario.seed != b.scenario.seed)
        comparison.notes.push_back(fmt::format("the seeds differ: {} in A, {} in B", a.scenario.seed, b.scenario.seed));
    for (const auto& [name, value] : b.scenario.settings) {
        const auto found = a.scenario.settings.find(name);
        if (found != a.scenario.settings.end() && found->second != value)
            comparison.notes.push_back(fmt::format("setting {}: {} in A, {} in B", name, found->second, value));
    }
    return comparison;
}

Comparison compare(const Certificate& a, const Certificate& b) {
    Comparison comparison;
    comparison.gate = a.server == b.server;
    comparison.title = comparison.gate ? b.server : a.server + " and " + b.server;
    comparison.a = title_of(a);
    comparison.b = title_of(b);
    const auto pairs = paired(a.cases, b.cases, [](const CaseResult& result) {
        return result.id + " " + result.name + " (" + result.protocol + ")";
    });
    for (const auto& [name, pair] : pairs) {
        ComparedVerdict row{name, pair.a ? std::string(to_string(pair.a->verdict)) : "",
                            pair.b ? std::string(to_string(pair.b->verdict)) : "", pair.a ? pair.a->reason : "",
                            pair.b ? pair.b->reason : ""};
        row.change = change_of(pair.a, pair.b, row.note);
        comparison.verdicts.push_back(std::move(row));
    }
    const Level *from = level_of(a), *to = level_of(b);
    const auto level = [](const Level* one) { return one ? one->name : std::string("none"); };
    if (level(from) != level(to))
        comparison.notes.push_back(fmt::format("level: {} in A, {} in B", level(from), level(to)));
    if (a.quick != b.quick) comparison.notes.push_back("one of them is quick: what it did not play cannot be compared");
    if (a.host != b.host) comparison.notes.push_back(fmt::format("hosts: {} in A, {} in B", a.host, b.host));
    return comparison;
}

}  // namespace squall::report
