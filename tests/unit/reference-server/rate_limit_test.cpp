#include "reference-server/src/rate_limit.hpp"

#include <gtest/gtest.h>

namespace squall::reference {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

int taken(RateLimit& limit, Clock::time_point now, int attempts) {
    int passed = 0;
    for (int i = 0; i < attempts; ++i)
        passed += limit.take(now) ? 1 : 0;
    return passed;
}

TEST(RateLimit, SavesUpASecondAtMost) {
    const Clock::time_point start = Clock::now();
    RateLimit limit(10);
    EXPECT_EQ(taken(limit, start, 100), 10);
    EXPECT_EQ(taken(limit, start + 99ms, 100), 0);
    EXPECT_EQ(taken(limit, start + 100ms, 100), 1);
    EXPECT_EQ(taken(limit, start + 600ms, 100), 5);
    EXPECT_EQ(taken(limit, start + 60s, 100), 10);
}

TEST(RateLimit, NoughtIsNoLimit) {
    RateLimit limit(0);
    EXPECT_EQ(taken(limit, Clock::now(), 1000), 1000);
}

}  // namespace
}  // namespace squall::reference
