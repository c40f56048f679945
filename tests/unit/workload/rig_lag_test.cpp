// Whatever keeps the rig from sending, the latencies are those that a rig which is never late would have measured.
#include "suites/workload/rig_lag.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace squall::workload {
namespace {

constexpr Nanos ms = 1'000'000;

struct Stall {
    Nanos from = 0, to = 0;
    Nanos past(Nanos at) const { return from <= at && at < to ? to : at; }
};

/// Latencies of messages due every 10 ms, one at a time to a target that takes 4 ms for each. The rig sends nothing
/// during its stall; a message that reaches the target during the target's is begun when that is over.
std::vector<Nanos> latencies(Stall rig, Stall target) {
    std::vector<Nanos> result;
    RigLag lag;
    Nanos free_at = 0;
    for (Nanos due = 0; due < 1'000 * ms; due += 10 * ms) {
        const Nanos sent = rig.past(std::max(due, free_at));
        const Nanos counts_from = due + lag.sending(sent, due, free_at);
        free_at = target.past(sent) + 4 * ms;
        result.push_back(free_at - counts_from);
    }
    return result;
}

TEST(RigLag, IsInNoLatency) {
    EXPECT_EQ(latencies({103 * ms, 178 * ms}, {}), latencies({}, {}));
    EXPECT_EQ(latencies({}, {}), std::vector<Nanos>(100, 4 * ms));
}

TEST(RigLag, LeavesToTheTargetAllThatItDelayed) {
    const auto charged = latencies({}, {300 * ms, 400 * ms});
    EXPECT_EQ(charged[30], 104 * ms);
    EXPECT_EQ(charged[31], 98 * ms) << "due 10 ms later, sent when the one before was through";
    EXPECT_EQ(latencies({103 * ms, 178 * ms}, {300 * ms, 400 * ms}), charged);
}

TEST(RigLag, EndsWithItsBacklog) {
    RigLag lag;
    EXPECT_EQ(lag.sending(25 * ms, 0, 0), 25 * ms);
    EXPECT_EQ(lag.sending(29 * ms, 10 * ms, 29 * ms), 19 * ms) << "it would have been free at 4, and sent at 10";
    EXPECT_EQ(lag.sending(33 * ms, 20 * ms, 33 * ms), 13 * ms);
    EXPECT_EQ(lag.sending(37 * ms, 30 * ms, 37 * ms), 7 * ms);
    EXPECT_EQ(lag.sending(41 * ms, 40 * ms, 41 * ms), 1 * ms);
    EXPECT_EQ(lag.sending(50 * ms, 50 * ms, 45 * ms), 0);
    EXPECT_EQ(lag.sending(63 * ms, 60 * ms, 54 * ms), 3 * ms);
    lag.reset();
    EXPECT_EQ(lag.sending(90 * ms, 70 * ms, 88 * ms), 2 * ms) << "the target kept it waiting for a connection";
}

}  // namespace
}  // namespace squall::workload
