// The testbed, the socket table and the path's filter, on real connections.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "rig.hpp"

namespace squall::test {
namespace {

using kernel::Direction;
using kernel::Flow;

class Network : public RigTest {
protected:
    std::vector<Flow> flows() {
        std::vector<Flow> all;
        for (const auto& c : clients->connections(""))
            all.push_back({c.local, c.remote});
        return all;
    }
    std::vector<kernel::FlowCount> counts() {
        auto read = filter->counts();
        EXPECT_EQ(failure(read), "");
        return read ? *read : std::vector<kernel::FlowCount>{};
    }
};

TEST_F(Network, TheTargetSeesTheSubscribersOwnAddress) {
    connect(3);
    for (const auto& c : clients->connections(""))
        EXPECT_EQ(c.local.address, kernel::Testbed::client_address);
    EXPECT_EQ(established_at_target(), 3U);
}

TEST_F(Network, TheHostSeesNothingOfIt) {
    connect(1);
    const auto sockets = kernel::tcp_sockets();
    ASSERT_EQ(failure(sockets), "");
    for (const auto& socket : *sockets)
        EXPECT_NE(socket.local, target);
}

TEST_F(Network, SocketTableTellsQueues) {
    connect(1);
    ASSERT_TRUE(clients->set_reading({{0, 1}}, {.mode = Reading::Mode::stopped}, 4096));
    server->push(4096);
    EXPECT_TRUE(eventually([&] {
        const auto sockets = target_sockets();
        return std::any_of(sockets.begin(), sockets.end(),
                           [](const auto& s) { return s.send_queue > 0 && s.memory > 0; });
    }));
    EXPECT_GT(clients->unread({{0, 1}}).at(0).second, 0U);
}

TEST_F(Network, DroppedBothWaysNothingArrivesAndEachConnectionIsCounted) {
    connect(2);
    const auto both = flows();
    ASSERT_EQ(failure(filter->drop({both[0]}, Direction::both)), "");
    const std::size_t before = server->bytes_received();
    clients->send_all("hello");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == before + 5; })) << "the other one gets through";
    ASSERT_TRUE(eventually([&] { return counts().at(0).dropped_to_target > 0; }));
    EXPECT_EQ(counts().size(), 1U);
    EXPECT_EQ(counts()[0].dropped_to_client, 0U);
    EXPECT_EQ(server->bytes_received(), before + 5);

    ASSERT_EQ(failure(filter->restore({both[0]})), "");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == before + 10; })) << "retransmission gets through";
    EXPECT_TRUE(counts().empty());
    EXPECT_EQ(failure(filter->restore(both)), "") << "idempotent";
}

TEST_F(Network, OneDirectionLost) {
    connect(1);
    ASSERT_EQ(failure(filter->drop(flows(), Direction::to_client)), "");
    clients->send_all("ping");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 4; }));
    EXPECT_TRUE(eventually([&] { return counts().at(0).dropped_to_client > 0; })) << "the acknowledgement";
    EXPECT_EQ(counts()[0].dropped_to_target, 0U);
}

TEST_F(Network, ResetsOfWatchedConnectionsAreCounted) {
    connect(2);
    const auto both = flows();
    ASSERT_EQ(failure(filter->watch_resets(both)), "");
    ASSERT_TRUE(clients->hang_up({{0, 1}}, Hangup::reset));
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 1; }));
    for (const auto& count : counts())
        EXPECT_EQ(count.resets_to_target, count.flow == both[0] ? 1U : 0U);
}

TEST_F(Network, ManyFlowsInOneGo) {
    std::vector<Flow> many;
    for (std::uint16_t port = 1; port <= 10'000; ++port)
        many.push_back({{kernel::Testbed::client_address, port}, target});
    ASSERT_EQ(failure(filter->drop(many, Direction::both)), "");
    EXPECT_EQ(counts().size(), many.size());
    ASSERT_EQ(failure(filter->restore(many)), "");
    EXPECT_TRUE(counts().empty());
}

TEST_F(Network, TheFilterWorksBesideThousandsOfDescriptors) {
    std::vector<int> taken;
    while (taken.empty() || taken.back() < 1100) {
        taken.push_back(fcntl(0, F_DUPFD_CLOEXEC, 3));
        ASSERT_GE(taken.back(), 0) << "ulimit -n is too low for this test";
    }
    const std::vector<Flow> one{{{kernel::Testbed::client_address, 1}, target}};
    EXPECT_EQ(failure(filter->drop(one, Direction::both)), "");
    EXPECT_EQ(counts().size(), 1U);
    EXPECT_EQ(failure(filter->restore(one)), "");
    for (const int descriptor : taken)
        EXPECT_EQ(close(descriptor), 0) << "still ours";
}

TEST_F(Network, TheFilterTakesOnlyItsOwnTableAway) {
    {
        const auto other = kernel::PathFilter::create(testbed->path, run_id + "-other");
        ASSERT_EQ(failure(other), "");
        EXPECT_NE(failure(kernel::PathFilter::create(testbed->path, run_id + "-other")), "") << "a name is used once";
    }
    connect(1);
    ASSERT_EQ(failure(filter->drop(flows(), Direction::both)), "");
    EXPECT_EQ(counts().size(), 1U);
}

TEST_F(Network, SysctlsOfTheTestbed) {
    std::string range;
    ASSERT_TRUE(testbed->clients.run([&]() -> Status {
        std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> range;
        return {};
    }));
    EXPECT_EQ(range, "1024");
    EXPECT_NE(failure(testbed->clients.sysctl("net/ipv4/no_such_thing", "1")), "");
}

}  // namespace
}  // namespace squall::test
