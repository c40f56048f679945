#include "suites/report/facts.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "suites/invariants/facts.hpp"

namespace squall::report {
namespace {

namespace json = boost::json;

const json::array* array(const json::object& parent, std::string_view key) {
    const auto* value = parent.if_contains(key);
    return value ? value->if_array() : nullptr;
}

std::vector<std::string> strings(const json::array* values) {
    std::vector<std::string> result;
    for (std::size_t n = 0; values && n < values->size(); ++n) {
        if ((*values)[n].is_string()) result.emplace_back((*values)[n].get_string());
    }
    return result;
}

std::optional<double> number(const json::object& parent, std::string_view key) {
    const auto* value = parent.if_contains(key);
    if (!value || !value->is_number()) return std::nullopt;
    return value->to_number<double>();
}

std::optional<Nanos> nanos(const json::object& parent, std::string_view key) {
    const auto value = number(parent, key);
    if (!value) return std::nullopt;
    return static_cast<Nanos>(*value);
}

std::string host_of(const json::object& host) {
    std::string text = facts::text(host, "kernel");
    if (const auto machine = facts::text(host, "machine"); !machine.empty()) text += " " + machine;
    if (const auto cpus = number(host, "cpus")) text += fmt::format(", {:.0f} CPUs", *cpus);
    if (const auto memory = number(host, "memory_bytes"))
        text += fmt::format(", {} of memory", format_quantity(*memory, dimension::bytes));
    if (const auto load = number(host, "load_1m")) text += fmt::format(", load {:.2f} at the start", *load);
    if (const auto user = number(host, "user_id")) text += *user == 0 ? ", as root" : ", as an ordinary user";
    return text;
}

std::string exit_of(const json::object& target) {
    const auto* exited = facts::object(target, "exited");
    if (!exited) return {};
    const auto when = nanos(*exited, "at_ns");
    return facts::text(*exited, "how") + (when ? fmt::format(", {:.2f} s into the run", to_seconds(*when)) : "");
}

}  // namespace

std::vector<Injected> injections_of(const History& history) {
    std::vector<Injected> result;
    const auto* injections = array(history.facts(), "injections");
    for (std::size_t n = 0; injections && n < injections->size(); ++n) {
        const auto* one = (*injections)[n].if_object();
        if (!one) continue;
        Injected injected;
        injected.fault = facts::text(*one, "fault");
        injected.name = facts::text(*one, "name");
        if (injected.name.empty()) injected.name = injected.fault;
        injected.phase = facts::text(*one, "phase");
        injected.mechanism = facts::text(*one, "mechanism");
        injected.occurrence = static_cast<std::uint64_t>(number(*one, "occurrence").value_or(0));
        injected.from = nanos(*one, "injected_at_ns");
        injected.until = nanos(*one, "healed_at_ns");
        injected.seen = nanos(*one, "effect_seen_at_ns");
        if (const auto* witness = facts::object(*one, "witness")) {
            injected.bit = facts::flag(*witness, "bit");
            injected.evidence = facts::text(*witness, "evidence");
        }
        injected.problem = facts::text(*one, "error");
        if (const auto healing = facts::text(*one, "heal_error"); !healing.empty())
            injected.problem += (injected.problem.empty() ? "" : "; ") + ("not healed: " + healing);
        result.push_back(std::move(injected));
    }
    return result;
}

std::string shell_line(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        const bool plain = word.find_first_of(" \t\n'\"\\$`&|;<>()*?[]{}!#~") == std::string::npos && !word.empty();
        std::string quoted = word;
        for (std::size_t at = 0; !plain && (at = quoted.find('\'', at)) != std::string::npos; at += 4)
            quoted.replace(at, 1, "'\\''");
        text += (text.empty() ? "" : " ") + (plain ? word : "'" + quoted + "'");
    }
    return text;
}

std::string command_of(const History& history) {
    return shell_line(strings(array(history.facts(), "command")));
}

std::vector<std::string> notes_of(const History& history) {
    auto result = strings(array(history.facts(), "notes"));
    std::string unknown;
    for (const auto& setting : strings(array(history.facts(), "settings_unknown_to_target")))
        unknown += (unknown.empty() ? "" : ", ") + setting;
    if (!unknown.empty()) result.push_back("not told to this target (its profile has no word for it): " + unknown);
    return result;
}

std::vector<std::string> rig_problems_of(const History& history) {
    const auto* rig = facts::object(history.facts(), "rig");
    return rig ? strings(array(*rig, "problems")) : std::vector<std::string>{};
}

std::vector<std::pair<std::string, std::string>> settings_of(const History& history) {
    std::vector<std::pair<std::string, std::string>> result;
    const auto* settings = facts::object(history.facts(), "settings");
    if (!settings) return result;
    for (const auto& [name, value] : *settings)
        result.emplace_back(name, value.is_string() ? std::string(value.get_string()) : json::serialize(value));
    return result;
}

std::vector<std::pair<std::string, std::string>> circumstances_of(const History& history) {
    std::vector<std::pair<std::string, std::string>> result;
    const auto add = [&](const char* title, const std::string& text) {
        if (!text.empty()) result.emplace_back(title, text);
    };
    const auto& facts = history.facts();
    add("Run", facts::text(facts, "run_id"));
    add("Started", facts::text(facts, "started_at"));
    if (const auto* target = facts::object(facts, "target")) {
        add("Server", facts::text(*target, "name"));
        add("Profile", facts::text(*target, "profile"));
        add("Server exited", exit_of(*target));
        std::string declared;
        if (const auto* declares = facts::object(*target, "declares")) {
            for (const auto& [name, value] : *declares) {
                if (value.is_bool() && value.get_bool()) declared += (declared.empty() ? "" : ", ") + std::string(name);
            }
            add("It declares", declared.empty() ? "nothing" : declared);
        }
    }
    add("squall", facts::text(facts, "version"));
    if (const auto* host = facts::object(facts, "host")) add("Host", host_of(*host));
    add("Control group", facts::text(facts, "cgroup"));
    return result;
}

}  // namespace squall::report
