#include "suites/invariants/facts.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <limits>

#include "suites/invariants/series.hpp"
#include "suites/model/timeline.hpp"

namespace squall::facts {
namespace json = boost::json;

const json::object* object(const json::object& parent, std::string_view key) {
    const json::value* value = parent.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

std::string text(const json::object& parent, std::string_view key) {
    const json::value* value = parent.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag(const json::object& parent, std::string_view key) {
    const json::value* value = parent.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

bool declares(const History& history, std::string_view what) {
    const json::object* target = object(history.facts(), "target");
    const json::object* declared = target == nullptr ? nullptr : object(*target, "declares");
    return declared != nullptr && flag(*declared, what);
}

bool target_exited(const History& history) {
    const json::object* target = object(history.facts(), "target");
    return target != nullptr && object(*target, "exited") != nullptr;
}

bool target_restarted(const History& history) {
    const json::object* target = object(history.facts(), "target");
    const json::value* restarts = target == nullptr ? nullptr : target->if_contains("restarts");
    return restarts != nullptr && restarts->is_array() && !restarts->get_array().empty();
}

std::string page_problem(const History& history) {
    if (total_over_run(history, "declared.scrapes") <= 0) return "the target's metrics were never read";
    const json::object* target = object(history.facts(), "target");
    const json::value* read = target == nullptr ? nullptr : target->if_contains("page_at_end");
    const bool missing = read != nullptr && read->is_bool() && !read->get_bool() && !target_exited(history);
    return missing ? "the target's metrics could not be read after the load" : "";
}

namespace {

std::optional<Nanos> instant(const json::object& parent, std::string_view key) {
    const json::value* value = parent.if_contains(key);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    return value->to_number<Nanos>();
}

const json::array* list(const json::object& parent, std::string_view key) {
    const json::value* value = parent.if_contains(key);
    return value == nullptr ? nullptr : value->if_array();
}

Finding witness_of(const json::object& injection, const FaultUse& use) {
    const json::object* witness = object(injection, "witness");
    Finding finding;
    finding.name = "witness: " + use.name;
    finding.expected = use.fault != nullptr && !use.fault->witness.empty() ? use.fault->witness : "the fault bit";
    finding.phase = text(injection, "phase");
    finding.measured = witness == nullptr ? "" : text(*witness, "evidence");
    const std::string error = text(injection, "error");
    if (!error.empty()) {
        finding.detail = error;
    } else if (witness != nullptr && flag(*witness, "bit")) {
        finding.verdict = Verdict::pass;
        finding.samples = 1;
    } else {
        finding.detail = "the fault did not bite: nothing was tested";
        finding.since = instant(injection, "injected_at_ns");
    }
    return finding;
}

Finding not_healed(const json::object& injection, const std::string& name, std::string error) {
    Finding finding;
    finding.name = "heal: " + name;
    finding.verdict = Verdict::error;
    finding.expected = "the fault is taken back";
    finding.phase = text(injection, "phase");
    finding.detail = std::move(error);
    finding.since = instant(injection, "healed_at_ns");
    return finding;
}

/// Of a fault that was to come `times` times: it passes when every one of them was there and bit.
Finding all_of(const std::vector<Finding>& witnesses, std::size_t times) {
    std::size_t bit = 0;
    const Finding* telling = &witnesses.front();
    for (const Finding& witness : witnesses) {
        if (witness.verdict == Verdict::pass) {
            ++bit;
        } else if (telling->verdict == Verdict::pass) {
            telling = &witness;
        }
    }
    Finding finding = *telling;
    finding.samples = bit;
    finding.measured = fmt::format("{} of {} times", bit, std::max(times, witnesses.size()));
    if (!telling->measured.empty()) {
        finding.measured += fmt::format(
            "; {}: {}", bit == witnesses.size() ? "the first" : "the first that did not bite", telling->measured);
    }
    if (witnesses.size() >= times || finding.verdict != Verdict::pass) return finding;
    finding.verdict = Verdict::inconclusive;
    finding.detail = fmt::format("the fault was injected {} times only", witnesses.size());
    return finding;
}

/// Shards inject the same fault each: every entry is a witness of its own.
void injections(const FaultUse& use, const Phase& phase, const json::object& facts, std::vector<Finding>& findings) {
    std::vector<Finding> witnesses;
    if (const json::array* all = list(facts, "injections")) {
        for (const json::value& each : *all) {
            const json::object* injection = each.if_object();
            if (injection == nullptr || text(*injection, "name") != use.name) continue;
            witnesses.push_back(witness_of(*injection, use));
            const std::string error = text(*injection, "heal_error");
            if (!error.empty()) findings.push_back(not_healed(*injection, use.name, error));
        }
    }
    if (witnesses.empty()) {
        Finding missing = witness_of({}, use);
        missing.phase = phase.name;
        missing.detail = "the fault was never injected";
        findings.push_back(std::move(missing));
    } else if (const std::size_t times = times_of(use, phase.duration); times > 1) {
        findings.push_back(all_of(witnesses, times));
    } else {
        findings.insert(findings.end(), witnesses.begin(), witnesses.end());
    }
}

void rig_problems(const json::object& facts, std::vector<Finding>& findings) {
    const json::object* rig = object(facts, "rig");
    const json::array* problems = rig == nullptr ? nullptr : list(*rig, "problems");
    if (problems == nullptr) return;
    for (const json::value& problem : *problems) {
        Finding finding;
        finding.name = "rig";
        finding.expected = "the rig did its part";
        finding.phase = "run";
        finding.detail = problem.is_string() ? std::string(problem.get_string()) : json::serialize(problem);
        findings.push_back(std::move(finding));
    }
}

void target_exit(const json::object& facts, std::vector<Finding>& findings) {
    const json::object* target = object(facts, "target");
    const json::object* exited = target == nullptr ? nullptr : object(*target, "exited");
    if (exited == nullptr || flag(*exited, "expected")) return;
    Finding finding;
    finding.name = "target: exited";
    finding.verdict = Verdict::fail;
    finding.expected = "the target survives the run";
    finding.measured = text(*exited, "how");
    finding.phase = "run";
    finding.samples = 1;
    finding.since = instant(*exited, "at_ns");
    findings.push_back(std::move(finding));
}

/// Of one restart: how long it took; empty: nobody knows, as it was not to be seen for as long as it may take.
std::optional<Nanos> took(const json::object& restart, Nanos within) {
    const auto started = instant(restart, "started_at_ns");
    const auto ready = instant(restart, "ready_at_ns");
    const auto until = instant(restart, "seen_until_ns");
    if (!started) return std::nullopt;
    if (ready) return *ready - *started;
    return until && *until - *started > within ? std::optional(*until - *started) : std::nullopt;
}

/// The slowest restart stands for all of them.
void target_restart(const json::object& facts, std::vector<Finding>& findings) {
    const json::object* target = object(facts, "target");
    const json::array* restarts = target == nullptr ? nullptr : list(*target, "restarts");
    if (restarts == nullptr || restarts->empty()) return;
    Nanos slowest = 0, within = 0;
    Finding finding;
    finding.name = "target: restarted";
    finding.verdict = Verdict::pass;
    finding.phase = "run";
    for (const json::value& each : *restarts) {
        const json::object* restart = each.if_object();
        if (restart == nullptr) continue;
        within = instant(*restart, "ready_within_ns").value_or(0);
        const auto time = took(*restart, within);
        if (!time) {
            finding.verdict = worse(finding.verdict, Verdict::inconclusive);
            finding.detail = "one was not seen to be ready, and not watched for long enough";
            continue;
        }
        ++finding.samples;
        slowest = std::max(slowest, *time);
        if (*time <= within || finding.verdict == Verdict::fail) continue;
        finding.verdict = Verdict::fail;
        finding.since = instant(*restart, "started_at_ns");
        if (!instant(*restart, "ready_at_ns")) finding.detail = "it did not come back";
    }
    const auto as_time = [](Nanos time) { return format_quantity(to_seconds(time), dimension::time); };
    finding.expected = "the target is ready within " + as_time(within) + " of each start";
    finding.measured = finding.samples > 0 ? as_time(slowest) : "";
    finding.bound = as_time(within);
    findings.push_back(std::move(finding));
}

template <class Visit>
void for_each_injection(const Scenario& scenario, const History& history, const Visit& visit) {
    const json::array* all = list(history.facts(), "injections");
    if (all == nullptr) return;
    for (const Phase& phase : scenario.phases) {
        for (const FaultUse& use : phase.faults) {
            for (const json::value& each : *all) {
                const json::object* injection = each.if_object();
                if (injection != nullptr && text(*injection, "name") == use.name) visit(use, *injection);
            }
        }
    }
}

}  // namespace

std::optional<Untested> first_untested(const Scenario& scenario, const History& history) {
    std::optional<Untested> first;
    for_each_injection(scenario, history, [&](const FaultUse& use, const json::object& injection) {
        const Nanos since = instant(injection, "injected_at_ns").value_or(0);
        const bool bit = witness_of(injection, use).verdict == Verdict::pass;
        if (!bit && (!first || since < first->since)) first = Untested{use.name, since};
    });
    return first;
}

std::vector<Spell> cpu_taken_on_purpose(const Scenario& scenario, const History& history) {
    std::vector<Spell> spells;
    for_each_injection(scenario, history, [&](const FaultUse& use, const json::object& injection) {
        if (use.fault == nullptr || !use.fault->takes_cpu) return;
        const Nanos start = instant(injection, "injected_at_ns").value_or(0);
        const Nanos end = instant(injection, "healed_at_ns").value_or(0);
        spells.push_back({start, end > start ? end : std::numeric_limits<Nanos>::max()});
    });
    return spells;
}

std::vector<Finding> findings(const Scenario& scenario, const History& history) {
    std::vector<Finding> findings;
    for (const Phase& phase : scenario.phases) {
        for (const FaultUse& use : phase.faults)
            injections(use, phase, history.facts(), findings);
    }
    rig_problems(history.facts(), findings);
    target_exit(history.facts(), findings);
    if (!target_exited(history)) target_restart(history.facts(), findings);
    return findings;
}

}  // namespace squall::facts
