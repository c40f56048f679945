#include "rig.hpp"

namespace squall::test {
namespace {

class SubscribeChurn : public RigTest {};

TEST_F(SubscribeChurn, LeavesAndComesBack) {
    connect(6);
    auto injection = inject("subscribe-churn", {{"rate", "40/s"}}, {.cohort = "", .share = 0.5, .seed = 2});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE((*injection)->witness()->bit) << "nobody has left yet";
    EXPECT_TRUE(eventually([&] { return wait_for_bite(**injection).measures.at(3).value >= 10; }));
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    const auto left = static_cast<std::size_t>((*injection)->witness()->measures.at(2).value);
    EXPECT_GE(left, 10U);
    EXPECT_TRUE(eventually([&] { return server->ends_by_fin() == left; }));
    EXPECT_EQ(server->ends_by_reset(), 0U);
    witness_after(**injection, std::chrono::milliseconds(200));
    EXPECT_EQ(server->ends_by_fin(), left) << "nobody leaves any more";
    EXPECT_EQ(clients->open(), 6U);
    const auto all = clients->connections("");
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& one) { return one.id.generation == 1; }), 3);
}

TEST_F(SubscribeChurn, ByResetThroughAProxy) {
    start_proxy();
    connect(2);
    auto injection = inject("subscribe-churn", {{"rate", "20/s"}, {"how", "reset"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() >= 1; }));
}

TEST_F(SubscribeChurn, TooSlowARateDoesNotBite) {
    connect(2);
    auto injection = inject("subscribe-churn", {{"rate", "0.01/s"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(200)).bit);
    EXPECT_EQ(server->ends_by_fin(), 0U);
}

TEST_F(SubscribeChurn, NobodyToAimAtIsAnError) {
    EXPECT_NE(failure(inject("subscribe-churn", {{"rate", "1/s"}})), "");
}

}  // namespace
}  // namespace squall::test
