#include "reference-server/src/deadline_wheel.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace squall::reference {
namespace {

using std::chrono::milliseconds;

class Hook : public DeadlineHook {
public:
    ~Hook() override = default;
    void on_deadline(Clock::time_point now) override {
        ++calls;
        called_at = now;
        if (then) then();
    }
    int calls = 0;
    Clock::time_point called_at{};
    std::function<void()> then;
};

struct DeadlineWheelTest : ::testing::Test {
    Clock::time_point start = Clock::now();
    DeadlineWheel wheel{start};
    void advance_to(milliseconds end, milliseconds from = milliseconds(0)) {
        for (auto at = from; at <= end; at += DeadlineWheel::tick)
            wheel.advance(start + at);
    }
};

TEST_F(DeadlineWheelTest, NeverEarlyAndWithinOneTick) {
    for (const int due : {1, 99, 100, 101, 950, 51'100, 51'200, 51'300, 120'000}) {
        Hook hook;
        DeadlineWheel fresh(start);
        fresh.arm(hook, start + milliseconds(due));
        for (milliseconds at{0}; at <= milliseconds(130'000); at += DeadlineWheel::tick)
            fresh.advance(start + at);
        EXPECT_EQ(hook.calls, 1) << due;
        EXPECT_GE(hook.called_at, start + milliseconds(due));
        EXPECT_LT(hook.called_at, start + milliseconds(due) + DeadlineWheel::tick);
    }
}

TEST_F(DeadlineWheelTest, TheEarlierDeadlineWins) {
    Hook hook;
    wheel.arm(hook, start + milliseconds(1'000));
    wheel.arm(hook, start + milliseconds(300));
    wheel.arm(hook, start + milliseconds(700));
    advance_to(milliseconds(300));
    EXPECT_EQ(hook.calls, 1);
    advance_to(milliseconds(2'000), milliseconds(400));
    EXPECT_EQ(hook.calls, 1);
}

TEST_F(DeadlineWheelTest, NeverIsNotArmed) {
    Hook hook;
    wheel.arm(hook, never);
    advance_to(milliseconds(60'000));
    EXPECT_EQ(hook.calls, 0);
}

TEST_F(DeadlineWheelTest, CatchesUpAfterAStall) {
    Hook soon;
    Hook late;
    wheel.arm(soon, start + milliseconds(500));
    wheel.arm(late, start + milliseconds(400'000));
    wheel.advance(start + milliseconds(300'000));
    EXPECT_EQ(soon.calls, 1);
    EXPECT_EQ(late.calls, 0);
    wheel.advance(start + milliseconds(400'000));
    EXPECT_EQ(late.calls, 1);
}

TEST_F(DeadlineWheelTest, AHookMayRearmItselfOrDestroyAnother) {
    Hook first;
    auto second = std::make_unique<Hook>();
    auto third = std::make_unique<Hook>();
    wheel.arm(first, start + milliseconds(100));
    wheel.arm(*second, start + milliseconds(100));
    wheel.arm(*third, start + milliseconds(100));
    third->then = [&] { second.reset(); };  // hung up last, called first
    first.then = [&] { wheel.arm(first, start + milliseconds(100)); };
    wheel.advance(start + milliseconds(100));
    EXPECT_EQ(first.calls, 1);
    wheel.advance(start + milliseconds(200));
    EXPECT_EQ(first.calls, 2);
}

}  // namespace
}  // namespace squall::reference
