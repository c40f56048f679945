#include <squall/gtest.hpp>

using squall::gtest::Holds;
using squall::gtest::Passes;

class MyServer : public squall::gtest::PushServerTest {
    // A profile of your own stands here: "my-server.yaml".
    std::string target() const override { return "reference-server"; }
};

TEST_F(MyServer, KeepsUpBesideSlowReaders) {
    const auto run = play("slow-reader.yaml");
    EXPECT_THAT(run, Passes());
    EXPECT_THAT(run, Holds("count(messages.delivered{cohort=healthy}) > 0 during pressure"));
    EXPECT_THAT(run, Holds("p99(delivery.latency{cohort=healthy}) < 10s during pressure"));
}
