// The proxy by itself: bytes, half-close, back-pressure, refusals, limits.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "faults/core/socket_address.hpp"
#include "rig.hpp"

namespace squall::test {
namespace {

class ProxyTest : public RigTest {
protected:
    void SetUp() override {
        RigTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) start_proxy();
    }
};

TEST_F(ProxyTest, BytesArriveUnchangedInBothDirections) {
    server->echo(true);
    const int socket = dial_proxy();
    std::string sent(3'000'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i)
        sent[i] = static_cast<char>((i * 2654435761U) >> 24);
    std::thread writer([&] {
        for (std::size_t at = 0; at < sent.size();) {
            const ssize_t n = send(socket, sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
            if (n <= 0) return;
            at += static_cast<std::size_t>(n);
        }
    });
    std::string got;
    char buffer[65536];
    while (got.size() < sent.size()) {
        const ssize_t n = recv(socket, buffer, sizeof buffer, 0);
        if (n <= 0) break;
        got.append(buffer, static_cast<std::size_t>(n));
    }
    writer.join();
    EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size();
    close(socket);
    EXPECT_TRUE(eventually([&] { return proxy->open_connections() == 0; }));
    EXPECT_EQ(proxy->failure(), std::nullopt);
}

TEST_F(ProxyTest, AHalfCloseIsPassedOnAndTheOtherDirectionGoesOn) {
    // The target end is a plain listener, so that it can answer after it has seen the end.
    server.reset();
    int listener = -1;
    ASSERT_TRUE(testbed->target.run([&]() -> Status {
        listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(target.port);
        const int on = 1;
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 8) != 0) {
            return system_failure("listen", errno);
        }
        return {};
    }));
    const int near = dial_proxy();
    const int far = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ASSERT_GE(far, 0);
    ASSERT_EQ(send(near, "question", 8, 0), 8);
    ASSERT_EQ(shutdown(near, SHUT_WR), 0);
    char buffer[16];
    ASSERT_EQ(recv(far, buffer, sizeof buffer, MSG_WAITALL), 8) << "8 bytes and the end";
    ASSERT_EQ(send(far, "answer", 6, 0), 6);
    close(far);
    EXPECT_EQ(recv(near, buffer, sizeof buffer, MSG_WAITALL), 6);
    close(near);
    close(listener);
    EXPECT_TRUE(eventually([&] { return proxy->open_connections() == 0; }));
}

TEST_F(ProxyTest, ResetsArePassedOn) {
    connect(2);
    ASSERT_TRUE(clients->hang_up({{0, 1}}, Hangup::reset));
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 1; }));
    ASSERT_TRUE(clients->hang_up({{1, 1}}, Hangup::close));
    EXPECT_TRUE(eventually([&] { return server->ends_by_fin() == 1; }));
}

TEST_F(ProxyTest, ATargetThatRefusesResetsTheFront) {
    server.reset();
    clients->connect(1, "all", proxy_front);
    EXPECT_TRUE(eventually([&] { return clients->ends_by_reset() == 1; }));
    EXPECT_TRUE(proxy->pairs().empty());
    EXPECT_EQ(proxy->failure(), std::nullopt) << "a refusal is the target's affair";
}

TEST_F(ProxyTest, BackPressurePassesThrough) {
    connect(1);
    ASSERT_TRUE(clients->set_reading({{0, 1}}, {.mode = Reading::Mode::stopped}, 4096));
    server->push(65536);
    EXPECT_TRUE(eventually([&] {
        const auto sockets = target_sockets();
        return std::any_of(sockets.begin(), sockets.end(),
                           [](const auto& s) { return s.local == target && s.send_queue > 65536; });
    })) << "the target's own send queue fills, since the proxy keeps nothing";
}

TEST_F(ProxyTest, AResetBehindBackPressureIsPassedOn) {
    connect(1);
    ASSERT_TRUE(clients->set_reading({{0, 1}}, {.mode = Reading::Mode::stopped}, 4096));
    server->push(65536);
    ASSERT_TRUE(eventually([&] {
        const auto sockets = target_sockets();
        return std::any_of(sockets.begin(), sockets.end(), [](const auto& s) { return s.send_queue > 65536; });
    }));
    server->end_by_reset();
    server.reset();
    EXPECT_TRUE(eventually([&] { return proxy->open_connections() == 0; })) << "though the subscriber never reads on";
}

TEST_F(ProxyTest, PairsTellWhoIsWho) {
    connect(5);
    const auto pairs = proxy->pairs();
    ASSERT_EQ(pairs.size(), 5U);
    const auto sockets = target_sockets();
    for (const auto& pair : pairs) {
        EXPECT_EQ(pair.client.address, kernel::Testbed::client_address);
        EXPECT_EQ(pair.upstream.address, kernel::Testbed::path_target_address);
        EXPECT_TRUE(
            std::any_of(sockets.begin(), sockets.end(), [&](const auto& s) { return s.remote == pair.upstream; }));
    }
}

TEST_F(ProxyTest, OpenConnectionsAreResetWhenItStops) {
    connect(3);
    proxy.reset();
    EXPECT_TRUE(eventually([&] { return clients->ends_by_reset() == 3 && server->ends_by_reset() == 3; }));
}

TEST_F(ProxyTest, AnOccupiedPortIsAnError) {
    EXPECT_NE(failure(proxy::Proxy::start(&testbed->path, filter.get(), proxy_front, target)), "");
}

TEST_F(ProxyTest, SilenceWithoutAFilterIsRefused) {
    const auto bare = proxy::Proxy::start(&testbed->path, nullptr, {proxy_front.address, 0}, target);
    ASSERT_EQ(failure(bare), "");
    EXPECT_NE((*bare)->listening().port, 0) << "a port of the kernel's choice";
    EXPECT_NE(failure((*bare)->set_idle_timeout(proxy::IdleTimeout{1'000'000, proxy::CloseBy::silence})), "");
    EXPECT_NE(failure((*bare)->set_idle_timeout(proxy::IdleTimeout{0, proxy::CloseBy::fin})), "");
}

TEST_F(ProxyTest, OutOfDescriptorsItWaitsInsteadOfSpinning) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    std::vector<int> taken;
    const int near = dial_proxy();  // shows that it works, and opens what the sanitizer opens lazily
    ASSERT_TRUE(eventually([&] { return server->open() == 1; }));
    const int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(probe);

    int second = -1;
    ASSERT_TRUE(testbed->clients.run([&]() -> Status {
        second = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        rlimit tight = before;
        tight.rlim_cur = static_cast<rlim_t>(second + 1);  // no descriptor is left
        setrlimit(RLIMIT_NOFILE, &tight);
        const sockaddr_in address = socket_address(proxy_front);
        if (::connect(second, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            return system_failure("connect", errno);
        }
        return {};
    }));
    EXPECT_TRUE(eventually([&] { return proxy->failure().has_value(); }));
    const std::clock_t used_before = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const double used = static_cast<double>(std::clock() - used_before) / CLOCKS_PER_SEC;
    EXPECT_LT(used, 0.4) << "a loop that spins would have used all of the half second";
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(eventually([&] { return server->open() == 2; })) << "it is accepted once there are descriptors";
    close(near);
    close(second);
}

}  // namespace
}  // namespace squall::test
