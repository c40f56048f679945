// A run as it might have been played: baseline 0-4 s, pressure 4-8 s, quiet 8-12 s; cohorts healthy (SSE) and slow
// (WebSocket). Tests put in what was measured.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "suites/invariants/judge.hpp"

namespace squall {

inline constexpr Nanos ms = 1'000'000;

struct PlayedRun {
    Scenario scenario;
    History history;

    PlayedRun() {
        const auto phase = [](const char* name, bool load) {
            Phase result;
            result.name = name;
            result.duration = 4000 * ms;
            result.load = load;
            return result;
        };
        scenario.name = "played";
        scenario.phases = {phase("baseline", true), phase("pressure", true), phase("quiet", false)};
        const auto cohort = [](const char* name, Protocol protocol, std::uint32_t connections) {
            Cohort result;
            result.name = name;
            result.protocol = protocol;
            result.connections = connections;
            return result;
        };
        scenario.cohorts = {cohort("healthy", Protocol::sse, 200), cohort("slow", Protocol::websocket, 20)};
        Publisher publisher;
        publisher.name = "ticker";
        scenario.publishers = {publisher};
        scenario.settings = {{"ping_interval", "1s"}};
        history.facts() = {{"target", {{"declares", {{"reasons", true}}}}}};
        history.span({"baseline", 0, 4000 * ms});
        history.span({"pressure", 4000 * ms, 8000 * ms});
        history.span({"quiet", 8000 * ms, 12000 * ms});
        history.span({"load", 0, 8000 * ms});
        history.span({"run", -500 * ms, 12100 * ms});
        for (Nanos at = 0; at < 12000 * ms; at += 250 * ms)
            history.record("rig.loop_lag", {}, at, ms / 10);
    }

    void expect(const std::string& text, std::uint64_t samples_min = 1, const std::string& name = "") {
        ParsedExpression parsed = parse_expression(text, names_of(scenario));
        for (const ExpressionError& error : parsed.errors)
            ADD_FAILURE() << text << ": " << error.message;
        if (!parsed.expression) return;
        InvariantUse use;
        use.name = name.empty() ? text : name;
        use.expression = std::move(*parsed.expression);
        use.samples_min = samples_min;
        scenario.invariants.push_back(std::move(use));
    }

    /// The finding on one invariant alone.
    Finding judged(const std::string& text, std::uint64_t samples_min = 1) {
        scenario.invariants.clear();
        expect(text, samples_min);
        const Judgement judgement = judge(scenario, history);
        return judgement.findings.empty() ? Finding{} : judgement.findings.front();
    }

    /// `values`, one a millisecond from `at` on.
    void latencies(const std::string& cohort, Nanos at, const std::vector<Nanos>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            history.record(
                "delivery.latency",
                {{"cohort", cohort}, {"protocol", cohort == "slow" ? "websocket" : "sse"}, {"publisher", "ticker"}},
                at + static_cast<Nanos>(i) * ms, values[i]);
        }
    }
    /// One value every 10 ms over [from, to).
    void steady(const std::string& cohort, Nanos from, Nanos to, Nanos value) {
        for (Nanos at = from; at < to; at += 10 * ms)
            latencies(cohort, at, {value});
    }
    /// Every 250 ms over [from, to): value + growth * seconds since `from`.
    void gauge(const std::string& metric, Nanos from, Nanos to, double value, double growth = 0,
               const Labels& labels = {}) {
        for (Nanos at = from; at < to; at += 250 * ms) {
            history.sample(metric, labels, at, value + growth * to_seconds(at - from));
        }
    }
    void event(const std::string& metric, Nanos at, Labels labels = {}, double value = 1) {
        history.event({at, metric, std::move(labels), value});
    }
    void connect(const std::string& cohort, double how_many) {
        event("connects", -100 * ms, {{"cohort", cohort}, {"protocol", cohort == "slow" ? "websocket" : "sse"}},
              how_many);
    }
    void disconnect(const std::string& cohort, Nanos at, const std::string& reason, const std::string& connection) {
        event("disconnects", at,
              {{"cohort", cohort},
               {"protocol", cohort == "slow" ? "websocket" : "sse"},
               {"reason", reason},
               {"seen", "close_1013"},
               {"connection", connection}});
    }
    void facts(const std::string& text) { history.facts() = boost::json::parse(text).as_object(); }
};

}  // namespace squall
