// Who subscribes, who publishes, and what the target is asked to be.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "suites/model/scenario_parts.hpp"
#include "suites/model/suggest.hpp"

namespace squall::scenario_parts {
namespace {

/// Behind the two of Protocol, in the choices of `protocol` and `via`.
constexpr std::size_t any_of_them = 2;

void read_reconnect(Section& cohort, Mistakes& mistakes, Reconnect& reconnect) {
    if (!cohort.has("reconnect")) return;
    if (cohort.at("reconnect").IsScalar()) return cohort.read_choice("reconnect", reconnect.policy);
    Section section(mistakes, cohort.at("reconnect"), reconnect_keys(), "reconnect");
    section.read_choice("policy", reconnect.policy);
    section.read_duration("delay", reconnect.delay);
    section.read_duration("delay_max", reconnect.delay_max);
    section.read("jitter", reconnect.jitter);
    const bool exponential = reconnect.policy == Reconnect::Policy::exponential;
    for (const char* key : {"delay", "jitter"}) {
        section.belongs(key, reconnect.policy != Reconnect::Policy::none, "a policy other than none");
    }
    section.belongs("delay_max", exponential, "policy: exponential");
    if (exponential && reconnect.delay > reconnect.delay_max) {
        section.mistake("delay", fmt::format("is greater than delay_max, {}",
                                             format_quantity(to_seconds(reconnect.delay_max), dimension::time)));
    }
}

void read_reading(Section& cohort, Mistakes& mistakes, Reading& reading) {
    if (!cohort.has("reading")) return;
    using Mode = Reading::Mode;
    if (cohort.at("reading").IsScalar()) {
        cohort.read_choice("reading", reading.mode);
        if (reading.mode == Mode::limited || reading.mode == Mode::stop_and_go) {
            cohort.mistake("reading",
                           "this mode needs figures: write {mode: limited, rate: 10KiB/s} or "
                           "{mode: stop-and-go, go: 1s, stop: 2s}");
        }
        return;
    }
    Section section(mistakes, cohort.at("reading"), reading_keys(), "reading");
    section.read_choice("mode", reading.mode);
    section.read("rate", reading.bytes_per_second);
    section.read_duration("go", reading.go);
    section.read_duration("stop", reading.stop);
    section.belongs("rate", reading.mode == Mode::limited, "mode: limited", true);
    section.belongs("go", reading.mode == Mode::stop_and_go, "mode: stop-and-go", true);
    section.belongs("stop", reading.mode == Mode::stop_and_go, "mode: stop-and-go", true);
}

Cohort read_cohort(Section& section, Mistakes& mistakes) {
    Cohort cohort;
    section.read("name", cohort.name);
    std::size_t protocol = 0;
    section.read_choice("protocol", protocol);
    cohort.any_protocol = protocol == any_of_them;
    if (!cohort.any_protocol) cohort.protocol = static_cast<Protocol>(protocol);
    section.read("connections", cohort.connections);
    section.read("topic", cohort.topic);
    section.read("connect_rate", cohort.connect_rate);
    section.read("last_event_id", cohort.last_event_id);
    section.read("accept_gzip", cohort.accept_gzip);
    section.read("pongs", cohort.pongs);
    section.read("receive_buffer", cohort.receive_buffer_bytes);
    const bool sse = cohort.any_protocol || cohort.protocol == Protocol::sse;
    const bool websocket = cohort.any_protocol || cohort.protocol == Protocol::websocket;
    section.belongs("last_event_id", sse, "protocol: sse");
    section.belongs("accept_gzip", sse, "protocol: sse");
    section.belongs("pongs", websocket, "protocol: websocket");
    read_reconnect(section, mistakes, cohort.reconnect);
    read_reading(section, mistakes, cohort.reading);
    return cohort;
}

void read_arrivals(Section& publisher, Mistakes& mistakes, Arrivals& arrivals) {
    if (!publisher.has("arrivals")) return;
    using Process = Arrivals::Process;
    Section section(mistakes, publisher.at("arrivals"), arrivals_keys(), "arrivals");
    section.read_choice("process", arrivals.process);
    section.read("rate", arrivals.rate);
    section.read("rate_end", arrivals.rate_end);
    section.read("burst", arrivals.burst);
    section.read_duration("every", arrivals.every);
    const bool burst = arrivals.process == Process::burst;
    const bool ramp = arrivals.process == Process::ramp;
    if (!section.has("process")) return;  // noted; what belongs to it cannot be known
    section.belongs("rate", !burst, "process: constant, poisson or ramp", true);
    section.belongs("rate_end", ramp, "process: ramp", true);
    section.belongs("burst", burst, "process: burst", true);
    section.belongs("every", burst, "process: burst", true);
    if (!burst && section.has("rate") && arrivals.rate <= 0 && (!ramp || arrivals.rate_end <= 0)) {
        section.mistake("rate", "publishes nothing; expected a rate above 0/s");
    }
}

void read_size(Section& publisher, Mistakes& mistakes, Sizes& sizes) {
    if (!publisher.has("size") || publisher.at("size").IsScalar()) return publisher.read("size", sizes.bytes);
    Section section(mistakes, publisher.at("size"), size_keys(), "size");
    std::size_t which = 0;
    section.read_choice("distribution", which);
    const bool lognormal = which == 1;
    sizes.distribution = lognormal ? Sizes::Distribution::lognormal : Sizes::Distribution::uniform;
    sizes.bytes_min = static_cast<std::uint32_t>(message_bytes_min);
    sizes.bytes_max = static_cast<std::uint32_t>(message_bytes_max);
    section.read("min", sizes.bytes_min);
    section.read("max", sizes.bytes_max);
    section.read("median", sizes.bytes);
    section.read("sigma", sizes.sigma);
    if (!section.has("distribution")) return;
    section.belongs("min", true, "distribution: uniform", !lognormal);
    section.belongs("max", true, "distribution: uniform", !lognormal);
    section.belongs("median", lognormal, "distribution: lognormal", true);
    section.belongs("sigma", lognormal, "distribution: lognormal", true);
    if (sizes.bytes_min > sizes.bytes_max) section.mistake("min", "is greater than max");
    if (lognormal && section.has("median") && (sizes.bytes < sizes.bytes_min || sizes.bytes > sizes.bytes_max)) {
        section.mistake("median", "is not between min and max");
    }
}

void read_during(Section& section, const Scenario& scenario, Publisher& publisher) {
    section.read_names("during", publisher.during);
    for (const std::string& name : publisher.during) {
        const auto phase = std::find_if(scenario.phases.begin(), scenario.phases.end(),
                                        [&](const Phase& p) { return p.name == name; });
        if (phase == scenario.phases.end()) {
            section.mistake("during", fmt::format("there is no phase '{}'; there are {}{}", name,
                                                  fmt::join(names(scenario.phases), ", "),
                                                  did_you_mean(name, names(scenario.phases))));
        } else if (!phase->load) {
            section.mistake("during", fmt::format("phase '{}' is without load: nothing is published in it", name));
        }
    }
}

}  // namespace

std::map<std::string, std::string> read_settings(Section& section, Mistakes& mistakes, std::string what) {
    std::map<std::string, std::string> written;
    if (!section.has("settings")) return written;
    std::vector<KeySpec> keys;
    for (const OptionSpec& spec : target_settings())
        keys.push_back({.shape = KeySpec::Shape::scalar, .spec = spec});
    Section settings(mistakes, section.at("settings"), std::move(keys), std::move(what));
    for (const OptionSpec& spec : target_settings()) {
        if (!settings.has(spec.name)) continue;
        settings.option(spec.name);
        const YAML::Node& value = settings.at(spec.name);
        written[spec.name] = value.IsScalar() ? value.Scalar() : "";
    }
    return written;
}

void read_target(Section& file, Mistakes& mistakes, Scenario& scenario) {
    if (!file.has("target")) return;
    Section target(mistakes, file.at("target"), target_keys(), "the target");
    scenario.settings = read_settings(target, mistakes, "target.settings");
}

void read_cohorts(Section& file, Mistakes& mistakes, Scenario& scenario) {
    double connections = 0;
    for (const YAML::Node& node : file.list("cohorts", limits::cohorts)) {
        Section section(mistakes, node, cohort_keys(), "a cohort");
        Cohort cohort = read_cohort(section, mistakes);
        note_duplicate(section, cohort.name, names(scenario.cohorts));
        connections += cohort.connections;
        scenario.cohorts.push_back(std::move(cohort));
    }
    if (connections > limits::connections) {
        file.mistake("cohorts", fmt::format("have {:.0f} connections together; at most {:.0f} are allowed", connections,
                                            limits::connections));
    }
}

void read_publishers(Section& file, Mistakes& mistakes, Scenario& scenario) {
    for (const YAML::Node& node : file.list("publishers", limits::publishers)) {
        Section section(mistakes, node, publisher_keys(), "a publisher");
        Publisher publisher;
        section.read("name", publisher.name);
        section.read("topic", publisher.topic);
        std::size_t via = 0;
        section.read_choice("via", via);
        publisher.any_way = via == any_of_them;
        if (!publisher.any_way) publisher.via = static_cast<Protocol>(via);
        read_arrivals(section, mistakes, publisher.arrivals);
        read_size(section, mistakes, publisher.sizes);
        read_during(section, scenario, publisher);
        note_duplicate(section, publisher.name, names(scenario.publishers));
        scenario.publishers.push_back(std::move(publisher));
    }
}

}  // namespace squall::scenario_parts
