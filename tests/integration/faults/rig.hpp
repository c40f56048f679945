// What the faults' tests share: a real testbed with a server and subscribers, and waiting without timing assertions.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/path_filter.hpp"
#include "faults/kernel/socket_table.hpp"
#include "faults/kernel/testbed.hpp"
#include "faults/proxy/proxy.hpp"
#include "raw_clients.hpp"
#include "raw_server.hpp"

namespace squall::test {

/// Generous, because it is only waited out by a test that fails.
inline constexpr auto patience = std::chrono::seconds(30);

template <class Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

/// "" on success: EXPECT_EQ(failure(status), "") shows the message of one that failed.
template <class R>
std::string failure(const R& result) {
    return result ? "" : result.error().message;
}

/// Fails the test if the witness has no such measure.
double measure(const Witness& witness, const std::string& name);

/// One of the kernel's counters of TCP (TcpExt of /proc/net/netstat) in a namespace; fails the test if there is no
/// such.
std::uint64_t tcp_counter(const kernel::Namespace& where, const std::string& name);

/// Scratch directory with a journal in it, gone with the object.
class Scratch {
public:
    Scratch();
    ~Scratch();
    const std::filesystem::path& directory() const { return directory_; }
    std::string unique_run_id(const char* stem) const;

private:
    std::filesystem::path directory_;
};

/// Server in the target, subscribers in the clients' namespace, filter in the path; the proxy when it is asked for.
class RigTest : public testing::Test {
protected:
    static constexpr Endpoint target{kernel::Testbed::target_address, 8080};
    static constexpr Endpoint proxy_front{kernel::Testbed::path_client_address, 8080};

    void SetUp() override;
    void TearDown() override;

    void start_proxy();
    /// Through the proxy, if there is one.
    void connect(std::size_t count, const std::string& cohort = "all", bool websocket = false);
    /// A blocking socket of a client, connected through the proxy; reading gives up after 30 s.
    int dial_proxy();
    Rig rig();

    /// Parses `options` as a scenario would and injects. The fault must be one of the registered.
    Result<std::unique_ptr<Injection>> inject(const char* fault,
                                              const std::map<std::string, std::string, std::less<>>& options,
                                              Aim aim = {});
    /// As on a host that lacks what the fault needs.
    Result<std::unique_ptr<Injection>> inject_fallback(const char* fault,
                                                       const std::map<std::string, std::string, std::less<>>& options,
                                                       Aim aim = {});
    /// Advances the injection as the engine does, until its witness says that it bit.
    Witness wait_for_bite(Injection& injection);
    /// Advances for as long as `duration` and returns the witness.
    Witness witness_after(Injection& injection, std::chrono::milliseconds duration);

    std::vector<kernel::TcpSocket> target_sockets() const;
    std::size_t established_at_target() const;

    Scratch scratch;
    std::string run_id = scratch.unique_run_id("it");
    std::optional<Journal> journal;
    std::optional<kernel::Testbed> testbed;
    std::unique_ptr<kernel::PathFilter> filter;
    std::unique_ptr<RawServer> server;
    std::unique_ptr<RawClients> clients;
    std::unique_ptr<proxy::Proxy> proxy;
    std::optional<Rig> rig_;
    Nanos since_injection = 0;
};

}  // namespace squall::test
