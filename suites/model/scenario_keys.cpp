#include "suites/model/scenario_keys.hpp"

#include <utility>

#include "suites/model/scenario.hpp"

namespace squall {
namespace {

using Shape = KeySpec::Shape;
using Kind = OptionSpec::Kind;
using Shorthand = KeySpec::Shorthand;

constexpr double day = 86400;

using Default = std::optional<std::string>;

OptionSpec described(std::string name, std::string doc, bool required, Default fallback) {
    OptionSpec spec;
    spec.name = std::move(name);
    spec.doc = std::move(doc);
    spec.required = required;
    spec.fallback = std::move(fallback);
    return spec;
}

OptionSpec ranged(OptionSpec spec, Dimension dimension, double min, double max) {
    spec.dimension = dimension;
    spec.min = min;
    spec.max = max;
    return spec;
}

OptionSpec chosen(OptionSpec spec, std::vector<std::string> choices) {
    spec.kind = Kind::choice;
    spec.choices = std::move(choices);
    return spec;
}

KeySpec plain(Shape shape, std::string name, bool required, std::string doc, Default fallback = {}) {
    return {.shape = shape, .spec = described(std::move(name), std::move(doc), required, std::move(fallback))};
}

KeySpec section(std::string name, std::vector<KeySpec> (*keys)(), std::string doc, bool required = false) {
    KeySpec key = plain(Shape::section, std::move(name), required, std::move(doc));
    key.keys = keys;
    return key;
}

KeySpec sections(std::string name, std::vector<KeySpec> (*keys)(), std::string doc, bool required = false) {
    KeySpec key = section(std::move(name), keys, std::move(doc), required);
    key.shape = Shape::sections;
    return key;
}

KeySpec settings(std::string doc) {
    return plain(Shape::settings, "settings", false, std::move(doc));
}

KeySpec scalar(OptionSpec spec) {
    return {.shape = Shape::scalar, .spec = std::move(spec)};
}

KeySpec number(std::string name, Dimension dimension, std::string doc, double min, double max, bool required = false,
               Default fallback = {}) {
    return scalar(
        ranged(described(std::move(name), std::move(doc), required, std::move(fallback)), dimension, min, max));
}

KeySpec duration(std::string name, std::string doc, Default fallback, double min, double max, bool required = false) {
    return number(std::move(name), dimension::time, std::move(doc), min, max, required, std::move(fallback));
}

KeySpec flag(std::string name, std::string doc, std::string fallback) {
    OptionSpec spec = described(std::move(name), std::move(doc), false, std::move(fallback));
    spec.kind = Kind::flag;
    return scalar(std::move(spec));
}

KeySpec choice(std::string name, std::string doc, std::vector<std::string> choices, bool required,
               Default fallback = {}) {
    return scalar(
        chosen(described(std::move(name), std::move(doc), required, std::move(fallback)), std::move(choices)));
}

KeySpec whole(std::string name, std::string doc, double min, double max, bool required, Default fallback = {}) {
    KeySpec key = number(std::move(name), dimension::none, std::move(doc), min, max, required, std::move(fallback));
    key.shape = Shape::whole;
    return key;
}

/// "reconnect: none" for "reconnect: {policy: none}".
KeySpec or_choice(KeySpec key, std::vector<std::string> choices) {
    key.shorthand = Shorthand::scalar;
    key.spec = chosen(std::move(key.spec), std::move(choices));
    return key;
}

}  // namespace

std::vector<KeySpec> scenario_keys() {
    KeySpec invariants = sections("invariants", invariant_keys, "What must hold; an expression, or a section.", true);
    invariants.shorthand = Shorthand::text;
    return {
        plain(Shape::name, "name", true, "Kebab-case; names the case in reports."),
        plain(Shape::text, "summary", true, "One sentence: what is done to the target."),
        plain(Shape::text, "why", false, "What a failure would mean in production."),
        whole("seed", "Everything random is drawn from it: the same seed gives the same run.", 0, 1.8446744073709552e19,
              false, "1"),
        flag("proxy", "Subscribers go through the path's proxy.", "false"),
        section("target", target_keys, "What the target is asked to be."),
        duration("connect_deadline", "Every subscriber must be connected by then.", "30s", 0.1, 3600),
        duration("settle", "After the load, for messages in flight to arrive.", "1s", 0, 600),
        section("rig", rig_keys, "What is asked of the rig itself."),
        sections("cohorts", cohort_keys, "Subscribers, in groups that behave alike.", true),
        sections("publishers", publisher_keys, "Where the messages come from."),
        sections("phases", phase_keys, "What happens, in order.", true),
        invariants,
        section("certify", certify_keys, "Makes it a case of the certification suite."),
        section("incident", incident_keys, "Makes it a production incident."),
        section("record", record_keys, "What was recorded of the incident that it replays."),
        plain(
            Shape::pairs, "catches", false,
            "Flaws of the reference server's mutants that this case catches, each with the invariant that must fail."),
    };
}

std::vector<KeySpec> target_keys() {
    return {settings("Limits and deadlines, in squall's words; profiles translate.")};
}

std::vector<KeySpec> rig_keys() {
    return {duration("lag_max", "p99 of the rig's own lag; past it latencies are inconclusive.", "50ms", 1e-6, 60)};
}

std::vector<KeySpec> cohort_keys() {
    return {
        plain(Shape::name, "name", true, "Kebab-case; invariants and faults refer to it."),
        choice("protocol", "How they subscribe; any: as the target offers.", {"sse", "websocket", "any"}, true),
        whole("connections", "How many subscribers.", 1, limits::connections, true),
        plain(Shape::text, "topic", false, "What they subscribe to.", "squall"),
        number("connect_rate", dimension::rate, "Connections opened per second.", 0.01, 1e6, false, "1000/s"),
        or_choice(section("reconnect", reconnect_keys, "What they do when their connection has ended."),
                  {"none", "fixed", "exponential", "server"}),
        flag("last_event_id", "Send Last-Event-ID when reconnecting (SSE).", "true"),
        flag("accept_gzip", "Send Accept-Encoding: gzip, as browsers do, and take what comes so (SSE).", "false"),
        flag("pongs", "Answer pings (WebSocket).", "true"),
        number("receive_buffer", dimension::bytes, "SO_RCVBUF, set before connect; default: the kernel's.", 256,
               64.0 * 1024 * 1024),
        or_choice(section("reading", reading_keys, "How they read what has arrived."),
                  {"prompt", "limited", "stop-and-go", "stopped"}),
    };
}

std::vector<KeySpec> reconnect_keys() {
    return {
        choice("policy", "none: stay away; server: the SSE stream's retry, else the delay.",
               {"none", "fixed", "exponential", "server"}, true),
        duration("delay", "Before the first attempt; doubled each time when exponential.", "1s", 0, 3600),
        duration("delay_max", "No delay grows beyond it.", "30s", 0, 3600),
        number("jitter", dimension::none, "Share of the delay that is drawn at random.", 0, 1, false, "0%"),
    };
}

std::vector<KeySpec> reading_keys() {
    return {
        choice("mode", "prompt: at once; stopped: never.", {"prompt", "limited", "stop-and-go", "stopped"}, true),
        number("rate", dimension::bandwidth, "Of mode limited.", 1, 1e12),
        duration("go", "Of mode stop-and-go: reads for so long.", {}, 0.001, day),
        duration("stop", "Of mode stop-and-go: then does not read for so long.", {}, 0.001, day),
    };
}

std::vector<KeySpec> publisher_keys() {
    KeySpec size = section("size", size_keys, "Of a message's payload; at least 96B, for the marker to fit.");
    size.shorthand = Shorthand::scalar;
    size.spec.fallback = "128B";
    size.spec = ranged(std::move(size.spec), dimension::bytes, message_bytes_min, message_bytes_max);
    return {
        plain(Shape::name, "name", true, "Kebab-case; invariants refer to it."),
        plain(Shape::text, "topic", false, "Where to.", "squall"),
        choice("via", "http: POST; websocket: messages on a WebSocket; any: as the target offers.",
               {"http", "websocket", "any"}, false, "http"),
        section("arrivals", arrivals_keys, "When messages are published; open loop.", true),
        size,
        plain(Shape::names, "during", false, "Phases; default: all with load."),
    };
}

std::vector<KeySpec> arrivals_keys() {
    return {
        choice("process", "constant, poisson: at a rate; burst: so many at once; ramp: from rate to rate_end.",
               {"constant", "poisson", "burst", "ramp"}, true),
        number("rate", dimension::rate, "Messages per second; of a ramp, at its start.", 0, 1e6),
        number("rate_end", dimension::rate, "Of a ramp: messages per second at its end.", 0, 1e6),
        whole("burst", "Of a burst: messages at one instant.", 1, 1e6, false),
        duration("every", "Of a burst: from one to the next.", {}, 0.001, 3600),
    };
}

std::vector<KeySpec> size_keys() {
    constexpr double max = message_bytes_max;
    return {
        choice("distribution", "Of message sizes.", {"uniform", "lognormal"}, true),
        number("min", dimension::bytes, "Least.", message_bytes_min, max),
        number("max", dimension::bytes, "Greatest.", message_bytes_min, max),
        number("median", dimension::bytes, "Of a lognormal distribution.", message_bytes_min, max),
        number("sigma", dimension::none, "Of a lognormal distribution: of the logarithm.", 0.001, 5),
    };
}

std::vector<KeySpec> phase_keys() {
    return {
        plain(Shape::name, "name", true, "Kebab-case; 'baseline' is what the word baseline compares with."),
        duration("duration", "How long.", {}, 0.01, day, true),
        flag("load", "false: publishers stop and subscribers leave.", "true"),
        sections("faults", fault_keys, "What is broken during the phase."),
    };
}

std::vector<KeySpec> fault_keys() {
    return {
        plain(Shape::name, "fault", true, "Which; squall list faults names them all."),
        plain(Shape::name, "name", false, "Of this injection; default: the fault's."),
        duration("at", "Since the phase's start.", "0s", 0, day),
        duration("for", "Default: until the phase ends.", {}, 0.001, day),
        duration("every", "Injected again so often within the phase, each time for 'for'; default: once.", {}, 0.01,
                 day),
        duration("every_jitter", "With 'every': each time up to so much later, drawn from the seed.", "0s", 0, day),
        plain(Shape::name, "cohort", false, "Whose connections; default: everybody's."),
        number("share", dimension::none, "Of the connections open then; at least one.", 1e-6, 1, false, "100%"),
        whole("subscriber", "This one of the cohort alone, counted from 1.", 1, limits::connections, false),
    };
}

std::vector<KeySpec> invariant_keys() {
    return {
        plain(Shape::text, "name", false, "In reports; default: the expression."),
        plain(Shape::text, "expect", true, "An expression; docs/reference/expressions.md."),
        choice("requirement", "How much a violation weighs in a certificate; informational: nothing.",
               {"must", "should", "informational"}, false, "must"),
        whole("samples_min", "With fewer samples the invariant is inconclusive.", 1, 1e12, false, "1"),
    };
}

std::vector<KeySpec> certify_keys() {
    std::vector<std::string> levels;
    for (const CertificationLevel& level : certification_levels())
        levels.emplace_back(level.name);
    return {
        plain(Shape::text, "id", true, "Number of the group, and in it, in quotes: '3.2'."),
        plain(Shape::text, "source", true, "What makes it MUST or SHOULD."),
        choice("level", "What it counts for.", std::move(levels), false),
        flag("needs_resume", "Only for targets that resume a stream behind Last-Event-ID.", "false"),
        flag("quick", "Played by squall certify --quick, too.", "false"),
    };
}

std::vector<KeySpec> incident_keys() {
    return {
        whole("number", "Its place in lists; unique in a library.", 1, 99, true),
        plain(Shape::text, "story", true, "What happened, in a few sentences."),
        plain(Shape::texts, "sources", true, "Where that is told: URLs, or texts."),
        plain(Shape::text, "scale", true, "At which scale it is replayed, and why that keeps the mechanism."),
        sections("servers", incident_server_keys,
                 "What it is played on, in this order; one flawed and one mended at least.", true),
        sections("figures", incident_figure_keys, "Figures that were reported, each beside what the replay measures."),
    };
}

std::vector<KeySpec> incident_server_keys() {
    return {
        plain(Shape::name, "name", true, "Kebab-case; unique in the incident."),
        choice("is", "flawed: the run has to fail; mended: to pass; observed: is shown, and nothing expected of it.",
               {"flawed", "mended", "observed"}, true),
        plain(Shape::text, "target", false, "A profile: a file, or a name from squall list targets.",
              IncidentServer().target),
        plain(Shape::name, "flaw", false, "A mutant of the reference server; default: the target as it is."),
        settings("Over the scenario's target.settings."),
        plain(Shape::text, "fails", false, "Of a flawed one: the invariant that fails, and would have paged somebody."),
        plain(Shape::text, "note", false, "What it is."),
    };
}

std::vector<KeySpec> incident_figure_keys() {
    return {
        plain(Shape::text, "figure", true, "What it is a figure of."),
        plain(Shape::text, "reported", true, "As it was reported."),
        plain(Shape::text, "invariant", true, "The invariant that measures it; an informational one will do."),
    };
}

std::vector<KeySpec> record_keys() {
    return {
        plain(Shape::text, "source", true, "The file that it was imported from."),
        number("speed", dimension::none, "Recorded seconds per replayed second.", 1e-3, 1e6, false, "1"),
        sections("series", recorded_series_keys, "What was recorded, and what the replay is held against it by.", true),
        sections("free", free_keys, "What the record does not determine; squall incident fit searches for it."),
    };
}

std::vector<KeySpec> recorded_series_keys() {
    return {
        plain(Shape::text, "name", true, "As the record called it."),
        plain(Shape::text, "measure", true, "AGGREGATION(METRIC) of the replay, as in invariants: p95(queue.depth)."),
        choice("unit", "Of the values.", {"count", "B", "s", "cores", "1/s", "share"}, true),
        number("scale", dimension::none, "Replayed value = recorded value × scale.", 1e-12, 1e12, false, "1"),
        plain(Shape::points, "points", true,
              "[recorded seconds since the first instant, recorded value in base units], by time, two at least."),
    };
}

std::vector<KeySpec> free_keys() {
    return {
        choice("what",
               "slow-share: connections of the cohort 'slow' over all; slow-rate: its reading.rate; queue-bound: "
               "target.settings.queue_messages_high.",
               {"slow-share", "slow-rate", "queue-bound"}, true),
        plain(Shape::quantity, "at", true, "What it is in this scenario."),
        plain(Shape::quantity, "from", true, "Least that is tried."),
        plain(Shape::quantity, "to", true, "Most that is tried."),
    };
}

std::vector<KeySpec> keys_of(const Fault& fault) {
    std::vector<KeySpec> keys;
    for (KeySpec& key : fault_keys()) {
        const std::string& name = key.spec.name;
        const bool aims = name == "cohort" || name == "share" || name == "subscriber";
        if (fault.aimed || !aims) keys.push_back(std::move(key));
    }
    for (const OptionSpec& option : fault.options)
        keys.push_back(scalar(option));
    return keys;
}

const std::vector<OptionSpec>& target_settings() {
    const auto quantity = [](std::string name, std::string doc, Dimension dimension, double min, double max) {
        return ranged(described(std::move(name), std::move(doc), false, {}), dimension, min, max);
    };
    const auto time = [&](std::string name, std::string doc) { return quantity(name, doc, dimension::time, 0, day); };
    const auto bytes = [&](std::string name, std::string doc) {
        return quantity(name, doc, dimension::bytes, 0, 1e15);
    };
    const auto count = [&](std::string name, std::string doc, double min) {
        return quantity(name, doc, dimension::none, min, 1e9);
    };
    const auto share = [&](std::string name, std::string doc) { return quantity(name, doc, dimension::none, 0, 1); };
    static const std::vector<OptionSpec> settings{
        time("ping_interval", "Between two pings on a WebSocket."),
        time("pong_deadline", "A ping that is not answered by then ends the connection."),
        time("heartbeat_interval", "Between two comment lines on a quiet SSE stream."),
        time("handshake_deadline", "A request that is not complete by then is dropped."),
        time("write_deadline", "A write that makes no progress for so long ends the connection."),
        time("slow_consumer_deadline", "A connection that stays above its high-water mark for so long is evicted."),
        time("idle_timeout", "A connection on which nothing happens for so long is ended."),
        time("keepalive_idle", "TCP_KEEPIDLE."),
        time("keepalive_interval", "TCP_KEEPINTVL."),
        count("keepalive_count", "TCP_KEEPCNT.", 1),
        time("tcp_user_timeout", "TCP_USER_TIMEOUT."),
        time("drain_deadline", "On shutdown, for connections to end by themselves."),
        time("close_deadline", "For the peer to answer a close."),
        time("retry", "The SSE stream's retry."),
        count("max_connections", "Beyond them, newcomers are refused.", 1),
        count("handshake_rate_max", "Subscriptions admitted per second, and at once.", 0),
        chosen(described("policy", "What is done at the high-water mark.", false, {}),
               {"evict", "drop-oldest", "pause-producer"}),
        count("queue_messages_high", "High-water mark of one connection's queue, in messages.", 1),
        count("queue_messages_low", "Low-water mark, in messages.", 0),
        bytes("queue_bytes_high", "High-water mark of one connection's queue, in bytes."),
        bytes("queue_bytes_low", "Low-water mark, in bytes."),
        bytes("send_buffer", "SO_SNDBUF of each connection."),
        bytes("memory_budget", "Of the whole server."),
        share("queued_share_max", "Of the memory budget, for all queues together."),
        share("slow_share_max", "Of the connections; above it, slow ones are evicted en masse."),
        count("replay_messages", "Kept for each topic, for resumption.", 0),
        bytes("replay_bytes", "Kept for each topic, for resumption."),
    };
    return settings;
}

}  // namespace squall
