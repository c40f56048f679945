#include "suites/model/scenario.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <sstream>

#include "suites/model/scenario_keys.hpp"
#include "suites/model/scenario_parts.hpp"
#include "suites/model/scenario_reader.hpp"

namespace squall {

using namespace scenario_parts;

std::string_view to_string(Protocol protocol) {
    return protocol == Protocol::sse ? "sse" : "websocket";
}

std::string to_string(const InputError& error) {
    if (error.line == 0) return fmt::format("{}: {}", error.file, error.message);  // it is about no place in a file
    return fmt::format("{}:{}:{}: {}", error.file, error.line, error.column, error.message);
}

Names names_of(const Scenario& scenario) {
    Names names{.phases = scenario_parts::names(scenario.phases),
                .cohorts = scenario_parts::names(scenario.cohorts),
                .publishers = scenario_parts::names(scenario.publishers),
                .references = {}};
    for (const OptionSpec& spec : target_settings()) {
        const auto written = scenario.settings.find(spec.name);
        if (written == scenario.settings.end() || spec.kind != OptionSpec::Kind::quantity) continue;
        const auto value = parse_option(spec, written->second);
        if (value) names.references.push_back({"setting." + spec.name, {std::get<double>(*value), spec.dimension}});
    }
    for (const Cohort& cohort : scenario.cohorts) {
        names.references.push_back(
            {"cohort." + cohort.name + ".connections", {static_cast<double>(cohort.connections), dimension::none}});
    }
    for (const Phase& phase : scenario.phases) {
        names.references.push_back(
            {"phase." + phase.name + ".duration", {to_seconds(phase.duration), dimension::time}});
    }
    return names;
}

void set_seed(Scenario& scenario, std::uint64_t seed) {
    scenario.seed = seed;
    for (Phase& phase : scenario.phases) {
        for (FaultUse& use : phase.faults)
            use.aim.seed = drawn_seed(seed, use.name);
    }
}

void choose_protocol(Scenario& scenario, Protocol subscribe, Protocol publish) {
    for (Cohort& cohort : scenario.cohorts) {
        if (cohort.any_protocol) cohort.protocol = subscribe;
    }
    for (Publisher& publisher : scenario.publishers) {
        if (publisher.any_way) publisher.via = publish;
    }
}

bool has_any_protocol(const Scenario& scenario) {
    return std::any_of(scenario.cohorts.begin(), scenario.cohorts.end(),
                       [](const Cohort& c) { return c.any_protocol; });
}

namespace scenario_parts {

std::uint64_t drawn_seed(std::uint64_t seed, std::string_view purpose) {
    std::uint64_t mixed = 14695981039346656037u;  // FNV-1a of the purpose …
    for (const char c : purpose)
        mixed = (mixed ^ static_cast<unsigned char>(c)) * 1099511628211u;
    mixed += seed * 0x9e3779b97f4a7c15u;  // … and SplitMix64's finish, http://prng.di.unimi.it/splitmix64.c
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

void note_duplicate(Section& section, const std::string& name, const std::vector<std::string>& earlier) {
    if (!name.empty() && std::find(earlier.begin(), earlier.end(), name) != earlier.end()) {
        section.mistake("name", fmt::format("'{}' stands twice; each needs a name of its own", name));
    }
}

}  // namespace scenario_parts

namespace {

/// Learns where documents begin and nothing else.
class DocumentStart : public YAML::EventHandler {
public:
    YAML::Mark mark = YAML::Mark::null_mark();

    void OnDocumentStart(const YAML::Mark& start) override { mark = start; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
};

/// What stands behind the first document, if anything. (Not YAML::LoadAll: a token that belongs nowhere, such as a
/// comma at the beginning, is a document to yaml-cpp 0.7, which it never gets past: documents until the memory is used
/// up.)
std::optional<YAML::Mark> rest_of(std::string_view text) {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    DocumentStart document;
    if (!parser.HandleNextDocument(document) || !parser.HandleNextDocument(document)) return std::nullopt;
    return document.mark;
}

/// The document, or a mistake.
std::optional<YAML::Node> document(std::string_view text, Mistakes& mistakes) {
    if (text.size() > limits::text_bytes) {
        mistakes.add(YAML::Mark::null_mark(), "longer than 1 MiB");
        return std::nullopt;
    }
    try {
        const YAML::Node root = YAML::Load(std::string(text));
        if (const auto rest = rest_of(text)) {
            mistakes.add(*rest, "what begins here does not belong to the document above; a file holds one scenario");
        } else if (root.IsNull()) {
            mistakes.add(YAML::Mark::null_mark(), "is empty; a scenario begins with its name");
        } else {
            return root;
        }
    } catch (const YAML::Exception& wrong) {
        mistakes.add(wrong.mark, "this is no YAML: " + wrong.msg);
    }
    return std::nullopt;
}

void read_rig(Section& file, Mistakes& mistakes, Scenario& scenario) {
    if (!file.has("rig")) return;
    Section rig(mistakes, file.at("rig"), rig_keys(), "the rig");
    rig.read_duration("lag_max", scenario.rig_lag_max);
}

void read_scenario(const YAML::Node& root, Mistakes& mistakes, Scenario& scenario, const std::vector<Fault>& faults) {
    Section file(mistakes, root, scenario_keys(), "a scenario");
    file.read("name", scenario.name);
    file.read("summary", scenario.summary);
    file.read("why", scenario.why);
    file.read("seed", scenario.seed);
    file.read("proxy", scenario.proxy);
    file.read_duration("connect_deadline", scenario.connect_deadline);
    file.read_duration("settle", scenario.settle);
    read_rig(file, mistakes, scenario);
    read_target(file, mistakes, scenario);
    read_cohorts(file, mistakes, scenario);
    read_phases(file, mistakes, scenario, faults);
    read_publishers(file, mistakes, scenario);
    read_invariants(file, mistakes, scenario);
    read_certify(file, mistakes, scenario);
    read_incident(file, mistakes, scenario);
    read_record(file, mistakes, scenario);
    read_catches(file, mistakes, scenario);
}

}  // namespace

ParsedScenario parse_scenario(std::string_view text, const std::string& file, const std::vector<Fault>& faults) {
    Mistakes mistakes(text, file);
    Scenario scenario;
    scenario.file = file;
    if (const auto root = document(text, mistakes)) read_scenario(*root, mistakes, scenario, faults);
    ParsedScenario result;
    result.errors = std::move(mistakes).sorted();
    if (result.errors.empty()) result.scenario = std::move(scenario);
    return result;
}

}  // namespace squall
