// squall inside GoogleTest: a fixture that puts a server to scenarios, and matchers over what came of them.
//
//   class MyServer : public squall::gtest::PushServerTest {
//       std::string target() const override { return "my-server.yaml"; }
//   };
//   TEST_F(MyServer, KeepsUpBesideSlowReaders) {
//       const auto run = play("slow-readers.yaml");
//       EXPECT_THAT(run, squall::gtest::Passes());
//       EXPECT_THAT(run, squall::gtest::Holds("p99(delivery.latency{cohort=healthy}) < 50ms during pressure"));
//   }
//
// Plays take as long as their scenarios, and one at a time: they share the host. A test program that is killed in a
// play leaves what `squall heal`, or the next play, puts right.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#define SQUALL_API __attribute__((visibility("default")))

namespace squall::gtest {

/// inconclusive: the rig could not tell, or there was too little data. error: the rig itself failed.
enum class Outcome { pass, inconclusive, fail, error };
SQUALL_API const char* to_string(Outcome outcome);

struct Judged {
    Outcome outcome = Outcome::inconclusive;
    std::string explanation;  ///< measured, bound, margin, since when; or why it could not be told
};

/// A scenario that was played: what was recorded, and the judgement over it. Cheap to copy.
class SQUALL_API Played {
public:
    /// Of the scenario's own invariants, the books, and the faults' witnesses: the worst of them.
    Outcome outcome() const;
    /// The text that `squall run` prints.
    const std::string& report() const;
    /// The run directory, for `squall judge` and `squall report`.
    const std::string& directory() const;
    /// An invariant as scenarios have them (docs/reference/expressions.md), over this run. Throws std::invalid_argument
    /// with every mistake in it, each with its column.
    Judged judge(const std::string& invariant) const;

    struct Record;
    explicit Played(std::shared_ptr<const Record> record) : record_(std::move(record)) {}

private:
    std::shared_ptr<const Record> record_;
};

struct Request {
    std::string scenario;               ///< a file, or the name of one in the catalogue
    std::string target;                 ///< profile: a file, or a name
    std::optional<std::uint64_t> seed;  /// none: the scenario's
    std::string runs = "squall-runs";   ///< the run directory is made in here
};

/// Throws std::invalid_argument with every mistake in scenario and profile (file, line, column, what would be right),
/// and std::runtime_error when the rig cannot be built or put back. As an ordinary user the process enters a user
/// namespace first, which it can do only while it has one thread: play before starting threads of your own.
SQUALL_API Played play(const Request& request);

class PushServerTest : public ::testing::Test {
protected:
    /// Profile of the server: a file, or the name of one that squall ships.
    virtual std::string target() const = 0;

    Played play(const std::string& scenario) {
        return gtest::play({.scenario = scenario, .target = target(), .seed = {}});
    }
};

/// For GoogleTest's messages.
inline void PrintTo(const Played& played, std::ostream* out) {
    *out << "the run in " << played.directory();
}

/// The whole run came to a pass. What is inconclusive is no pass.
MATCHER(Passes, negation ? "does not pass" : "passes") {
    *result_listener << "which came to " << to_string(arg.outcome()) << ":\n" << arg.report();
    return arg.outcome() == Outcome::pass;
}

/// The invariant holds over the run. Not(Holds(…)) is true of what is inconclusive as well: for the contrary there is
/// Violates(…).
MATCHER_P(Holds, invariant, std::string(negation ? "does not hold: " : "holds: ") + invariant) {
    const Judged judged = arg.judge(invariant);
    *result_listener << "which came to " << to_string(judged.outcome) << ": " << judged.explanation;
    return judged.outcome == Outcome::pass;
}

/// The invariant is violated in the run: not that it could not be told.
MATCHER_P(Violates, invariant, std::string(negation ? "does not violate: " : "violates: ") + invariant) {
    const Judged judged = arg.judge(invariant);
    *result_listener << "which came to " << to_string(judged.outcome) << ": " << judged.explanation;
    return judged.outcome == Outcome::fail;
}

}  // namespace squall::gtest
