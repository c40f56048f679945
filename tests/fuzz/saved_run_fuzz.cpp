// A saved run: its four files in one input, with a line "====" between them, as facts.json, gauges.jsonl,
// distributions.jsonl, events.jsonl. What loads is judged without a crash, and saved and loaded again it is the same.
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "suites/invariants/judge.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::array files = {"facts.json", "gauges.jsonl", "distributions.jsonl", "events.jsonl"};

class ScratchDirectory {
public:
    ScratchDirectory() {
        std::string pattern = "/dev/shm/squall-fuzz-XXXXXX";
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~ScratchDirectory() {
        std::error_code best_effort;
        fs::remove_all(path_, best_effort);
    }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

std::string content(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

const Scenario& scenario() {
    static const Scenario parsed = [] {
        const ParsedScenario result = parse_scenario(R"(
name: fuzzed
summary: What a saved run is judged by.
cohorts: [{name: a, protocol: sse, connections: 10}]
phases: [{name: baseline, duration: 1s}, {name: pressure, duration: 1s}]
invariants:
  - p99(delivery.latency{cohort=a}) <= max(3 * baseline, 20ms) during pressure
  - p99(delivery.latency) <= 1.5 * baseline within 500ms of pressure.start
  - slope(target.memory) <= 64KiB/s always
  - count(disconnects{cohort=a}) == 0 always
  - p95(queue.depth) < 5 during baseline
  - accounted(messages) == 100% always
  - accounted(connections) == 100% always
)",
                                                     "fuzzed.yaml", {});
        REQUIRE(result.scenario.has_value());
        return *result.scenario;
    }();
    return parsed;
}

}  // namespace

void fuzz(std::string_view input) {
    static const ScratchDirectory given, saved, saved_again;
    for (const char* file : files) {
        constexpr std::string_view separator = "====\n";
        const std::size_t end = input.find(separator);
        std::ofstream(given.path() / file, std::ios::binary) << input.substr(0, end);
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + separator.size());
    }
    const auto history = History::load(given.path());
    if (!history) return REQUIRE(!history.error().message.empty());

    const Judgement judgement = judge(scenario(), *history);
    REQUIRE(!judgement.findings.empty());

    REQUIRE(history->save(saved.path()).has_value());
    const auto again = History::load(saved.path());
    REQUIRE(again.has_value());
    REQUIRE(again->save(saved_again.path()).has_value());
    for (const char* file : files)
        REQUIRE(content(saved.path() / file) == content(saved_again.path() / file));
    REQUIRE(judge(scenario(), *again).verdict == judgement.verdict);
}

}  // namespace squall::fuzz
