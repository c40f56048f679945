// Rules of the path by themselves, on real connections; what the faults make of them has its own tests.
#include "rig.hpp"

namespace squall::test {
namespace {

using kernel::Direction;
using kernel::Flow;
using kernel::Treatment;

class PathRule : public RigTest {
protected:
    std::unique_ptr<kernel::PathRule> rule(const Treatment& treatment, const std::vector<Flow>& flows) {
        auto made = filter->add(treatment);
        EXPECT_EQ(failure(made), "");
        if (!made) return nullptr;
        EXPECT_EQ(failure((*made)->treat(flows)), "");
        return std::move(*made);
    }
    std::vector<Flow> flows() {
        std::vector<Flow> all;
        for (const auto& c : clients->connections(""))
            all.push_back({c.local, c.remote});
        return all;
    }
    static kernel::PathCount count(const kernel::PathRule& of) {
        auto read = of.count();
        EXPECT_EQ(failure(read), "");
        return read ? *read : kernel::PathCount{};
    }
};

TEST_F(PathRule, CountsWhatItMeetsByDirectionAndConnection) {
    connect(2);
    const auto dropping = rule({.direction = Direction::to_target}, {flows()[0]});
    clients->send_all("hello");
    ASSERT_TRUE(eventually([&] { return count(*dropping).to_target.treated > 0; }));
    const auto counted = count(*dropping);
    EXPECT_EQ(counted.to_client.total(), 0U);
    ASSERT_EQ(counted.flows.size(), 1U);
    EXPECT_EQ(counted.flows[0].flow, flows()[0]);
    EXPECT_GT(counted.flows[0].packets, 0U);
    EXPECT_EQ(failure(dropping->remove()), "");
    EXPECT_EQ(failure(dropping->remove()), "") << "idempotent";
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 10; }));
}

TEST_F(PathRule, TwoOnTheSameConnectionDoNotKnowOfEachOther) {
    connect(1);
    const auto first = rule({.direction = Direction::to_target}, flows());
    const auto second = rule({.direction = Direction::to_target}, flows());
    EXPECT_EQ(failure(first->remove()), "");
    clients->send_all("hello");
    EXPECT_TRUE(eventually([&] { return count(*second).to_target.treated > 0; }));
    EXPECT_EQ(server->bytes_received(), 0U);
}

TEST_F(PathRule, AShareOfThePacketsIsDrawn) {
    connect(30);
    server->echo(true);
    const auto losing = rule({.share = 0.2}, flows());
    ASSERT_TRUE(eventually([&] {
        clients->send_all("ping");
        return count(*losing).all().total() > 500;
    }));
    const auto all = count(*losing).all();
    const double share = static_cast<double>(all.treated) / static_cast<double>(all.total());
    EXPECT_NEAR(share, 0.2, 0.08) << "four and a half standard deviations";
}

TEST_F(PathRule, PacketsAreAsLongAsOnAWire) {
    connect(1);
    server->push(60'000);
    {
        const auto longer_than_a_wires = rule({.longer_than = 1500}, flows());
        ASSERT_TRUE(eventually([&] { return count(*longer_than_a_wires).to_client.passed > 1000; }));
        // What was on its way while the offload was switched off may have been longer.
        const auto before = count(*longer_than_a_wires).to_client;
        ASSERT_TRUE(eventually([&] { return count(*longer_than_a_wires).to_client.passed > before.passed + 1000; }));
        EXPECT_EQ(count(*longer_than_a_wires).to_client.treated, before.treated);
    }
    // One that goes by no length needs no such thing; with segmentation offload a packet here is many on a wire.
    const auto any = rule({.action = Treatment::Action::classify, .direction = Direction::to_client}, flows());
    const std::size_t bytes = clients->bytes_received();
    ASSERT_TRUE(eventually([&] { return count(*any).to_client.treated > 500; }));
    const auto packets = count(*any).to_client.treated;
    EXPECT_GT((clients->bytes_received() - bytes) / packets, 3000U) << "the offload is on again";
}

TEST_F(PathRule, ThousandsOfConnections) {
    std::vector<Flow> many;
    for (std::uint16_t port = 1; port <= 5'000; ++port)
        many.push_back({{kernel::Testbed::client_address, port}, target});
    const auto dropping = rule({}, many);
    EXPECT_EQ(count(*dropping).flows.size(), many.size());
    EXPECT_EQ(failure(dropping->remove()), "");
}

}  // namespace
}  // namespace squall::test
