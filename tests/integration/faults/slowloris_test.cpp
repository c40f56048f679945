#include "rig.hpp"

namespace squall::test {
namespace {

class Slowloris : public RigTest {};

TEST_F(Slowloris, DripsAndIsEnded) {
    connect(1);
    auto injection = inject("slowloris", {{"connections", "4"}, {"interval", "20ms"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE((*injection)->witness()->bit) << "nothing has been sent yet";
    EXPECT_TRUE(eventually([&] { return wait_for_bite(**injection).measures.at(1).value == 4; }));
    EXPECT_TRUE(eventually([&] {
        return witness_after(**injection, std::chrono::milliseconds(50)).measures.at(2).value > 200;
    })) << "past the head that is sent, there are header lines without end";
    EXPECT_EQ(server->open(), 5U);
    EXPECT_EQ(clients->extra("slowloris").size(), 4U);
    server.reset();
    Witness witness;
    EXPECT_TRUE(eventually([&] {
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return witness.evidence.find("ended 4, after") != std::string::npos;
    })) << witness.evidence;
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
}

TEST_F(Slowloris, TheDestructorHeals) {
    connect(1);
    {
        auto injection = inject("slowloris", {{"connections", "3"}});
        ASSERT_EQ(failure(injection), "");
        EXPECT_TRUE(eventually([&] { return server->open() == 4; }));
    }
    EXPECT_TRUE(eventually([&] { return server->open() == 1; }));
}

TEST_F(Slowloris, WithoutAServerItDoesNotBite) {
    connect(1);
    server.reset();
    auto injection = inject("slowloris", {});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(300));
    EXPECT_FALSE(witness.bit);
    EXPECT_NE(witness.evidence.find("50 were not let in"), std::string::npos) << witness.evidence;
}

}  // namespace
}  // namespace squall::test
