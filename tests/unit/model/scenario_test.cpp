#include "suites/model/scenario.hpp"

#include <gtest/gtest.h>

#include "tests/unit/model/scenario_faults.hpp"

namespace squall {
namespace {

constexpr Nanos ms = 1'000'000;

/// Every key there is.
const char* const everything = R"(name: cpu-cap-quarter
summary: One sentence.
why: What a failure would mean in production.
seed: 18446744073709551615
proxy: true
target:
  settings: {ping_interval: 1s, policy: evict, queue_messages_high: 50, queued_share_max: 5%}
connect_deadline: 20s
settle: 1500ms
rig: {lag_max: 40ms}
cohorts:
  - name: healthy
    protocol: sse
    connections: 200
    topic: news
    connect_rate: 500/s
    reconnect: {policy: exponential, delay: 200ms, delay_max: 5s, jitter: 100%}
    last_event_id: false
    accept_gzip: true
    receive_buffer: 4KiB
    reading: {mode: limited, rate: 10KiB/s}
  - {name: slow-one, protocol: websocket, connections: 20, pongs: false, reconnect: server,
     reading: {mode: stop-and-go, go: 1s, stop: 2s}}
  - {name: idle, protocol: websocket, connections: 1, reading: stopped, reconnect: none}
publishers:
  - name: ticker
    topic: news
    via: http
    arrivals: {process: constant, rate: 50/s}
    size: 256B
    during: [baseline, pressure]
  - {name: poisson, via: websocket, arrivals: {process: poisson, rate: 5/s},
     size: {distribution: uniform, min: 100B, max: 1KiB}}
  - {name: bursts, arrivals: {process: burst, burst: 20, every: 1s},
     size: {distribution: lognormal, median: 1KiB, sigma: 0.5, max: 64KiB}}
  - {name: ramp, arrivals: {process: ramp, rate: 0/s, rate_end: 100/s}}
phases:
  - name: baseline
    duration: 3s
  - name: pressure
    duration: 4s
    faults:
      - fault: cpu-cap
        name: squeeze
        at: 500ms
        for: 3s
        cores: 0.25
      - fault: half-open
        cohort: healthy
        share: 10%
        state: peer-vanished
  - name: quiet
    duration: 5s
    load: false
invariants:
  - p99(delivery.latency{cohort=healthy}) <= max(3 * baseline, 20ms) during pressure
  - name: queues stay short
    expect: p95(queue.depth) < 5 during baseline
    samples_min: 10
catches: {unbounded-queue: queues stay short}
)";

Scenario parsed(std::string_view text, const std::vector<Fault>& faults) {
    ParsedScenario result = parse_scenario(text, "test.yaml", faults);
    for (const InputError& error : result.errors)
        ADD_FAILURE() << to_string(error);
    return result.scenario ? *result.scenario : Scenario{};
}

class ScenarioOfEverything : public testing::Test {
protected:
    const std::vector<Fault> faults = test_faults();
    const Scenario scenario = parsed(everything, faults);
};

TEST_F(ScenarioOfEverything, Head) {
    EXPECT_EQ(scenario.file, "test.yaml");
    EXPECT_EQ(scenario.name, "cpu-cap-quarter");
    EXPECT_EQ(scenario.why, "What a failure would mean in production.");
    EXPECT_EQ(scenario.seed, 18446744073709551615u);
    EXPECT_TRUE(scenario.proxy);
    EXPECT_EQ(scenario.connect_deadline, 20'000 * ms);
    EXPECT_EQ(scenario.settle, 1500 * ms);
    EXPECT_EQ(scenario.rig_lag_max, 40 * ms);
    EXPECT_EQ(scenario.settings.at("ping_interval"), "1s");
    EXPECT_EQ(scenario.settings.at("policy"), "evict");
}

TEST_F(ScenarioOfEverything, Cohorts) {
    ASSERT_EQ(scenario.cohorts.size(), 3u);
    const Cohort& healthy = scenario.cohorts[0];
    EXPECT_EQ(healthy.connections, 200u);
    EXPECT_EQ(healthy.topic, "news");
    EXPECT_EQ(healthy.connect_rate, 500);
    EXPECT_EQ(healthy.reconnect.policy, Reconnect::Policy::exponential);
    EXPECT_EQ(healthy.reconnect.delay, 200 * ms);
    EXPECT_EQ(healthy.reconnect.delay_max, 5000 * ms);
    EXPECT_EQ(healthy.reconnect.jitter, 1);
    EXPECT_FALSE(healthy.last_event_id);
    EXPECT_TRUE(healthy.accept_gzip);
    EXPECT_EQ(healthy.receive_buffer_bytes, 4096u);
    EXPECT_EQ(healthy.reading.mode, Reading::Mode::limited);
    EXPECT_EQ(healthy.reading.bytes_per_second, 10240);
    const Cohort& slow = scenario.cohorts[1];
    EXPECT_EQ(slow.protocol, Protocol::websocket);
    EXPECT_EQ(slow.topic, "squall");
    EXPECT_FALSE(slow.pongs);
    EXPECT_EQ(slow.reconnect.policy, Reconnect::Policy::server);
    EXPECT_EQ(slow.reading.mode, Reading::Mode::stop_and_go);
    EXPECT_EQ(slow.reading.stop, 2000 * ms);
    EXPECT_EQ(scenario.cohorts[2].reading.mode, Reading::Mode::stopped);
    EXPECT_EQ(scenario.cohorts[2].reconnect.policy, Reconnect::Policy::none);
}

TEST_F(ScenarioOfEverything, Publishers) {
    ASSERT_EQ(scenario.publishers.size(), 4u);
    const auto& publishers = scenario.publishers;
    EXPECT_EQ(publishers[0].via, Protocol::sse);
    EXPECT_EQ(publishers[0].arrivals.rate, 50);
    EXPECT_EQ(publishers[0].sizes.bytes, 256u);
    EXPECT_EQ(publishers[0].during, (std::vector<std::string>{"baseline", "pressure"}));
    EXPECT_EQ(publishers[1].via, Protocol::websocket);
    EXPECT_EQ(publishers[1].arrivals.process, Arrivals::Process::poisson);
    EXPECT_EQ(publishers[1].sizes.distribution, Sizes::Distribution::uniform);
    EXPECT_EQ(publishers[1].sizes.bytes_max, 1024u);
    EXPECT_EQ(publishers[2].arrivals.burst, 20u);
    EXPECT_EQ(publishers[2].arrivals.every, 1000 * ms);
    EXPECT_EQ(publishers[2].sizes.distribution, Sizes::Distribution::lognormal);
    EXPECT_EQ(publishers[2].sizes.bytes, 1024u);
    EXPECT_EQ(publishers[2].sizes.bytes_min, 96u);
    EXPECT_EQ(publishers[2].sizes.sigma, 0.5);
    EXPECT_EQ(publishers[3].arrivals.rate_end, 100);
    EXPECT_EQ(publishers[3].sizes.bytes, 128u);
}

TEST_F(ScenarioOfEverything, PhasesAndFaults) {
    ASSERT_EQ(scenario.phases.size(), 3u);
    EXPECT_FALSE(scenario.phases[2].load);
    ASSERT_EQ(scenario.phases[1].faults.size(), 2u);
    const FaultUse& squeeze = scenario.phases[1].faults[0];
    EXPECT_EQ(squeeze.fault, &faults[0]);
    EXPECT_EQ(squeeze.name, "squeeze");
    EXPECT_EQ(squeeze.at, 500 * ms);
    EXPECT_EQ(squeeze.lasts, 3000 * ms);
    EXPECT_EQ(squeeze.options.curve("cores").value_at(0), 0.25);
    EXPECT_EQ(squeeze.options.duration("period"), 100 * ms);
    const FaultUse& open = scenario.phases[1].faults[1];
    EXPECT_EQ(open.name, "half-open");
    EXPECT_EQ(open.aim.cohort, "healthy");
    EXPECT_EQ(open.aim.share, 0.1);
    EXPECT_FALSE(open.lasts.has_value());
    EXPECT_FALSE(open.options.has("quietly"));
}

TEST_F(ScenarioOfEverything, Invariants) {
    ASSERT_EQ(scenario.invariants.size(), 2u);
    EXPECT_EQ(scenario.invariants[0].name,
              "p99(delivery.latency{cohort=healthy}) <= max(3 * baseline, 20ms) during pressure");
    EXPECT_EQ(scenario.invariants[0].samples_min, 1u);
    EXPECT_EQ(scenario.invariants[0].line, 56u);
    EXPECT_EQ(scenario.invariants[1].name, "queues stay short");
    EXPECT_EQ(scenario.invariants[1].samples_min, 10u);
    EXPECT_EQ(scenario.catches.at("unbounded-queue"), "queues stay short");
}

TEST_F(ScenarioOfEverything, NamesAreWhatExpressionsMayReferTo) {
    const Names names = names_of(scenario);
    EXPECT_EQ(names.phases, (std::vector<std::string>{"baseline", "pressure", "quiet"}));
    EXPECT_EQ(names.publishers.size(), 4u);
    const auto value = [&](const std::string& path) {
        for (const auto& [known, quantity] : names.references) {
            if (known == path) return quantity.value;
        }
        return -1.0;
    };
    EXPECT_EQ(value("setting.ping_interval"), 1);
    EXPECT_EQ(value("setting.queued_share_max"), 0.05);
    EXPECT_EQ(value("setting.policy"), -1);
    EXPECT_EQ(value("cohort.slow-one.connections"), 20);
    EXPECT_EQ(value("phase.quiet.duration"), 5);
}

TEST_F(ScenarioOfEverything, SeedsOfAimsAreDrawnFromTheScenarios) {
    Scenario again = parsed(everything, faults);
    const auto seed = [](const Scenario& s, std::size_t fault) { return s.phases[1].faults[fault].aim.seed; };
    EXPECT_EQ(seed(again, 0), seed(scenario, 0));
    EXPECT_NE(seed(scenario, 0), seed(scenario, 1));
    set_seed(again, 5);
    EXPECT_EQ(again.seed, 5u);
    EXPECT_NE(seed(again, 0), seed(scenario, 0));
    set_seed(again, scenario.seed);
    EXPECT_EQ(seed(again, 0), seed(scenario, 0));
}

TEST(Scenario, TheLeastThatIsOne) {
    const Scenario scenario = parsed(R"(
name: least
summary: Nothing is done.
cohorts: [{name: a, protocol: sse, connections: 1}]
phases: [{name: only, duration: 1s}]
invariants: [count(disconnects) == 0 always]
)",
                                     {});
    EXPECT_EQ(scenario.seed, 1u);
    EXPECT_EQ(scenario.cohorts[0].topic, "squall");
    EXPECT_EQ(scenario.cohorts[0].connect_rate, 1000);
    EXPECT_EQ(scenario.cohorts[0].receive_buffer_bytes, 0u);
    EXPECT_EQ(scenario.settle, nanos_per_second);
    EXPECT_EQ(scenario.connect_deadline, 30 * nanos_per_second);
}

TEST(Scenario, FoldedTextLosesItsLastLineBreak) {
    const Scenario scenario = parsed(R"(
name: folded
summary: >
  Over
  two lines.
cohorts: [{name: a, protocol: sse, connections: 1}]
phases: [{name: only, duration: 1s}]
invariants:
  - name: many lines
    expect: >
      count(disconnects)
      == 0 always
)",
                                     {});
    EXPECT_EQ(scenario.summary, "Over two lines.");
    EXPECT_EQ(scenario.invariants[0].expression.text, "count(disconnects) == 0 always");
}

}  // namespace
}  // namespace squall
