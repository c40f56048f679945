#include <gtest/gtest.h>

#include "suites/invariants/judge.hpp"

namespace squall {
namespace {

TEST(Verdict, CompositionNeverHidesTheWorseOne) {
    using enum Verdict;
    EXPECT_EQ(worse(pass, inconclusive), inconclusive);
    EXPECT_EQ(worse(fail, inconclusive), fail);
    EXPECT_EQ(worse(fail, error), error);
    EXPECT_EQ(worse(pass, pass), pass);
}

TEST(Verdict, ExitCodesTellTheTargetsFailureFromTheRigs) {
    EXPECT_EQ(exit_code(Verdict::pass), 0);
    EXPECT_EQ(exit_code(Verdict::fail), 1);
    EXPECT_EQ(exit_code(Verdict::inconclusive), 3);
    EXPECT_EQ(exit_code(Verdict::error), 4);
    EXPECT_EQ(to_string(Verdict::inconclusive), "inconclusive");
}

}  // namespace
}  // namespace squall
