// A scenario: validated, immutable, seeded. YAML in, all mistakes at once with file:line:column, or this struct.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faults/core/clients.hpp"
#include "faults/core/fault.hpp"
#include "faults/core/option.hpp"
#include "suites/model/expression.hpp"
#include "suites/model/incident.hpp"
#include "suites/model/record.hpp"

namespace squall {

enum class Protocol { sse, websocket };
std::string_view to_string(Protocol protocol);

struct Reconnect {
    enum class Policy { none, fixed, exponential, server };  ///< server: the SSE stream's `retry:`, else `delay`
    Policy policy = Policy::none;
    Nanos delay = nanos_per_second;
    Nanos delay_max = 30 * nanos_per_second;
    double jitter = 0;  ///< 0..1: the share of the delay that is drawn at random ("full jitter" is 1)
};

struct Cohort {
    std::string name;
    Protocol protocol = Protocol::sse;
    bool any_protocol = false;  ///< `any`: `protocol` is what choose_protocol said
    std::uint32_t connections = 0;
    std::string topic;
    double connect_rate = 1000;  ///< connections per second
    Reconnect reconnect;
    bool last_event_id = true;               ///< send it when reconnecting
    bool accept_gzip = false;                ///< SSE: ask for compression, and take it
    bool pongs = true;                       ///< answer pings
    Reading reading;                         ///< from the start
    std::uint32_t receive_buffer_bytes = 0;  ///< SO_RCVBUF before connect; 0: the kernel's default
};

struct Arrivals {
    enum class Process { constant, poisson, burst, ramp };
    Process process = Process::constant;
    double rate = 0;          ///< messages per second; ramp: at the start of its spell
    double rate_end = 0;      ///< ramp: at the end of its spell
    std::uint32_t burst = 1;  ///< burst: messages at one instant …
    Nanos every = 0;          ///< … every so often
};

struct Sizes {
    enum class Distribution { fixed, uniform, lognormal };
    Distribution distribution = Distribution::fixed;
    std::uint32_t bytes = 128;    ///< fixed; lognormal: median
    std::uint32_t bytes_min = 0;  ///< uniform, and lower clamp
    std::uint32_t bytes_max = 0;  ///< uniform, and upper clamp
    double sigma = 0;             ///< lognormal
};

struct Publisher {
    std::string name;
    std::string topic;
    Protocol via = Protocol::sse;  ///< sse stands for HTTP POST, websocket for messages on a WebSocket
    bool any_way = false;          ///< `any`: `via` is what choose_protocol said
    Arrivals arrivals;
    Sizes sizes;
    std::vector<std::string> during;  ///< phases; empty: all with load
};

struct FaultUse {
    const Fault* fault = nullptr;
    std::string name;  ///< unique in the scenario: the fault's name, or as given
    Aim aim;           ///< seed is drawn from the scenario's
    Options options;
    Nanos at = 0;                ///< since the phase's start
    std::optional<Nanos> lasts;  ///< none: until the phase ends
    std::optional<Nanos> every;  ///< injected again so often, each time for `lasts`; none: once
    Nanos every_jitter = 0;      ///< each time up to so much later, drawn from the seed
    std::size_t line = 0, column = 0;
};

struct Phase {
    std::string name;
    Nanos duration = 0;
    bool load = true;  ///< false: publishers stopped, subscribers gone
    std::vector<FaultUse> faults;
};

/// How much a violation weighs, in the words of RFC 2119. `informational`: nothing is required; what was measured is
/// said.
enum class Requirement { must, should, informational };
std::string_view to_string(Requirement requirement);

struct InvariantUse {
    std::string name;
    Expression expression;
    Requirement requirement = Requirement::must;
    std::uint64_t samples_min = 1;
    std::size_t line = 0, column = 0;
};

/// What makes a scenario a case of the certification suite: docs/reference/certification.md.
struct CertificationCase {
    std::string id;      ///< "3.2": number of the group, and in it
    std::string source;  ///< what makes it MUST or SHOULD
    std::string level;   ///< one of certification_levels(); empty: it is for information
    bool needs_resume = false;
    bool quick = false;
};
/// "slow consumers and bounded memory" for "3.2".
std::string_view group_of(const CertificationCase& which);

struct CertificationLevel {
    std::string_view name;
    std::string_view meaning;  ///< to somebody who has to choose a server
};
const std::vector<CertificationLevel>& certification_levels();
const std::vector<std::string_view>& certification_groups();  ///< the first one's number is 1

struct Scenario {
    std::string file;
    std::string name;
    std::string summary;
    std::string why;  ///< what a failure would mean in production
    std::uint64_t seed = 1;
    bool proxy = false;                           ///< subscribers go through the path's proxy
    std::map<std::string, std::string> settings;  ///< for the target, in squall's vocabulary; as written
    std::vector<Cohort> cohorts;
    std::vector<Publisher> publishers;
    std::vector<Phase> phases;
    std::vector<InvariantUse> invariants;
    std::optional<CertificationCase> certify;
    std::optional<Incident> incident;
    std::optional<Record> record;                ///< of the incident that it replays
    std::map<std::string, std::string> catches;  ///< mutant -> name of the invariant that must fail
    Nanos connect_deadline = 30 * nanos_per_second;
    Nanos rig_lag_max = 50'000'000;   ///< p99 of the rig's own lag; past it latencies are inconclusive
    Nanos settle = nanos_per_second;  ///< after the load, for messages in flight to arrive
};

struct InputError {
    std::string file;
    std::size_t line = 0;    ///< from 1
    std::size_t column = 0;  ///< from 1
    std::string message;     ///< names the key, and what would be right
};
std::string to_string(const InputError& error);  ///< "file:line:column: message"

struct ParsedScenario {
    std::optional<Scenario> scenario;  ///< only without errors
    std::vector<InputError> errors;    ///< by position
};

/// Known settings of targets in squall's vocabulary (ping_interval, queue_messages_high, policy, …) with dimension and
/// doc: a scenario may set and its invariants may refer to these and no others.
const std::vector<OptionSpec>& target_settings();

/// `text` is the file's content; `file` is for messages. Pure: faults come from `faults`.
/// Limits: 1 MiB of text, 64 cohorts, 64 publishers, 64 phases, 256 faults, each injected 1,000 times, 256 invariants,
/// 1,000,000 connections; of an incident 16 sources, 16 servers, 64 figures; 64 recorded series of 10,000 points.
ParsedScenario parse_scenario(std::string_view text, const std::string& file, const std::vector<Fault>& faults);

/// What expressions in this scenario may refer to.
Names names_of(const Scenario& scenario);

/// Cohorts with `protocol: any` subscribe over `subscribe`, publishers with `via: any` publish by `publish`. Without
/// it: SSE and HTTP.
void choose_protocol(Scenario& scenario, Protocol subscribe, Protocol publish);
bool has_any_protocol(const Scenario& scenario);  ///< of subscribers

/// For another seed than the file's: also what has been drawn from it (whom a fault is aimed at, and when it comes).
void set_seed(Scenario& scenario, std::uint64_t seed);

/// JSON Schema (draft 2020-12) of the scenario format, generated from the same tables the parser reads.
std::string scenario_schema(const std::vector<Fault>& faults);

}  // namespace squall
