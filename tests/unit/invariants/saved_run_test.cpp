// Judging a run again gives the run's own verdict, whatever the run was like.
#include <stdlib.h>

#include <filesystem>
#include <random>

#include "tests/unit/invariants/played_run.hpp"

namespace squall {
namespace {

namespace fs = std::filesystem;

/// A run with random figures in every kind of series, and all the design's expressions.
PlayedRun any_run(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto up_to = [&](Nanos limit) { return static_cast<Nanos>(random() % static_cast<std::uint64_t>(limit)); };
    std::lognormal_distribution<double> latency(15, 1);
    std::uniform_real_distribution<double> memory(10e6, 40e6);
    PlayedRun run;
    run.connect("healthy", 200);
    run.connect("slow", 20);
    for (int i = 0; i < 3000; ++i)
        run.latencies(i % 5 == 0 ? "slow" : "healthy", up_to(8000 * ms), {static_cast<Nanos>(latency(random))});
    for (int i = 0; i < 200; ++i)
        run.history.record("silence", {{"protocol", "websocket"}}, up_to(12000 * ms), up_to(90'000 * ms));
    for (Nanos at = 0; at < 12000 * ms; at += 250 * ms) {
        run.history.sample("target.memory", {}, at, memory(random));
        run.history.sample("target.cpu", {}, at, memory(random) / 1e9);
        run.history.sample("queue.depth", {{"stat", "p95"}}, at, static_cast<double>(random() % 8));
        run.event("declared.scrapes", at);
    }
    for (std::uint64_t i = random() % 30; i > 0; --i)
        run.disconnect("slow", up_to(12000 * ms), "slow_consumer", "slow#" + std::to_string(i));
    run.event("messages.expected", 1, {}, 5000);
    run.event("messages.missed", up_to(12000 * ms), {}, static_cast<double>(random() % 3));
    run.history.sort();
    for (const char* text :
         {"p99(delivery.latency{cohort=healthy}) <= max(3 * baseline, 20ms) during pressure",
          "p99(delivery.latency) <= 1.5 * baseline within 1s of pressure.start",
          "max(target.memory) <= baseline + 20 * 1MiB + 16MiB always",
          "slope(target.memory) <= 64KiB/s during pressure",
          "count(disconnects{cohort=slow, reason=slow_consumer}) == 20 within 10s of pressure.start",
          "count(disconnects{cohort=healthy}) == 0 always", "max(silence{protocol=websocket}) < 60s always",
          "mean(target.cpu) <= 0.05 cores from load.end + 1s", "p95(queue.depth) < 5 during baseline",
          "accounted(messages) == 100% always", "accounted(connections) == 100% always"}) {
        run.expect(text);
    }
    return run;
}

void expect_same(const Judgement& a, const Judgement& b) {
    EXPECT_EQ(a.verdict, b.verdict);
    ASSERT_EQ(a.findings.size(), b.findings.size());
    for (std::size_t i = 0; i < a.findings.size(); ++i) {
        const Finding& x = a.findings[i];
        const Finding& y = b.findings[i];
        EXPECT_EQ(x.name, y.name);
        EXPECT_EQ(x.verdict, y.verdict) << x.name;
        EXPECT_EQ(x.measured, y.measured) << x.name;
        EXPECT_EQ(x.bound, y.bound) << x.name;
        EXPECT_EQ(x.margin, y.margin) << x.name;  // bit by bit
        EXPECT_EQ(x.samples, y.samples) << x.name;
        EXPECT_EQ(x.since, y.since) << x.name;
        EXPECT_EQ(x.detail, y.detail) << x.name;
    }
}

TEST(SavedRun, IsJudgedAsTheLiveOneWas) {
    std::string pattern = (fs::temp_directory_path() / "squall-judge-XXXXXX").string();
    const fs::path directory = ::mkdtemp(pattern.data());
    std::size_t failed = 0, passed = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        const PlayedRun run = any_run(seed);
        const Judgement live = judge(run.scenario, run.history);
        ASSERT_TRUE(run.history.save(directory).has_value());
        const auto loaded = History::load(directory);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        expect_same(live, judge(run.scenario, *loaded));
        for (const Finding& finding : live.findings) {
            failed += finding.verdict == Verdict::fail;
            passed += finding.verdict == Verdict::pass;
        }
    }
    EXPECT_GT(failed, 20u);
    EXPECT_GT(passed, 20u);
    fs::remove_all(directory);
}

TEST(SavedRun, IsJudgedByOtherInvariantsToo) {
    PlayedRun run = any_run(3);
    run.scenario.invariants.clear();
    run.expect("max(target.memory) <= 1B always");
    EXPECT_EQ(judge(run.scenario, run.history).verdict, Verdict::fail);
}

}  // namespace
}  // namespace squall
