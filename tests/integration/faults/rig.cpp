#include "rig.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "faults/core/socket_address.hpp"
#include "faults/kernel/socket_table.hpp"

namespace squall::test {

double measure(const Witness& witness, const std::string& name) {
    for (const auto& m : witness.measures) {
        if (m.name == name) return m.value;
    }
    ADD_FAILURE() << "no measure " << name;
    return -1;
}

std::uint64_t tcp_counter(const kernel::Namespace& where, const std::string& name) {
    std::optional<std::uint64_t> found;
    const auto read = where.run([&]() -> Status {
        std::ifstream file("/proc/thread-self/net/netstat");
        std::string names, values;
        while (std::getline(file, names) && std::getline(file, values)) {
            std::istringstream name_fields(names), value_fields(values);
            std::string of_name, of_value;
            while (name_fields >> of_name && value_fields >> of_value) {
                if (of_name == name) found = std::stoull(of_value);
            }
        }
        return {};
    });
    EXPECT_EQ(failure(read), "");
    EXPECT_TRUE(found) << "no counter " << name;
    return found.value_or(0);
}

Scratch::Scratch() {
    const auto all = std::filesystem::temp_directory_path() / fmt::format("squall-tests-{}", geteuid());
    std::filesystem::create_directories(all);
    // A test that was broken off left its journal in one of these. Tests at work, which heal theirs, are younger.
    const auto dead_before = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    for (const auto& entry : std::filesystem::directory_iterator(all)) {
        std::error_code gone_meanwhile;
        if (entry.last_write_time(gone_meanwhile) > dead_before || gone_meanwhile) continue;
        for (const auto& healed : heal_dead_runs(entry.path())) {
            if (!healed.status) throw std::runtime_error("an earlier test's rest: " + healed.status.error().message);
        }
    }
    std::string name = (all / "XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    directory_ = name;
}

Scratch::~Scratch() {
    std::filesystem::remove_all(directory_);
}

std::string Scratch::unique_run_id(const char* stem) const {
    return fmt::format("{}-{}", stem, getpid());
}

void RigTest::SetUp() {
    auto bed = kernel::make_testbed();
    if (!bed) GTEST_SKIP() << bed.error().message;
    testbed.emplace(std::move(*bed));
    auto opened = Journal::create(scratch.directory(), run_id);
    ASSERT_EQ(failure(opened), "");
    journal.emplace(std::move(*opened));
    auto made = kernel::PathFilter::create(testbed->path, run_id, {&testbed->clients, &testbed->target});
    if (!made) GTEST_SKIP() << made.error().message;
    filter = std::move(*made);
    server = std::make_unique<RawServer>(testbed->target, target);
    clients = std::make_unique<RawClients>(testbed->clients);
}

void RigTest::TearDown() {
    proxy.reset();
    clients.reset();
    server.reset();
}

void RigTest::start_proxy() {
    auto started = proxy::Proxy::start(&testbed->path, filter.get(), proxy_front, target);
    ASSERT_EQ(failure(started), "");
    proxy = std::move(*started);
}

void RigTest::connect(std::size_t count, const std::string& cohort, bool websocket) {
    const std::size_t before = established_at_target();
    clients->connect(count, cohort, proxy ? proxy->listening() : target, websocket);
    ASSERT_TRUE(eventually([&] { return server->open() >= before + count; }));
    if (proxy) {
        ASSERT_TRUE(eventually([&] { return proxy->pairs().size() >= before + count; }));
    }
}

int RigTest::dial_proxy() {
    int socket = -1;
    EXPECT_EQ(failure(testbed->clients.run([&]() -> Status {
                  socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                  const sockaddr_in address = socket_address(proxy_front);
                  const timeval timeout{30, 0};
                  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
                  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
                      return system_failure("connect", errno);
                  }
                  return {};
              })),
              "");
    return socket;
}

Rig RigTest::rig() {
    return {.journal = *journal,
            .clients = *clients,
            .run_id = run_id,
            .target_cgroup = nullptr,
            .clients_netns = &testbed->clients,
            .target_netns = &testbed->target,
            .path_netns = &testbed->path,
            .path_filter = filter.get(),
            .proxy = proxy.get(),
            .target = target};
}

Result<std::unique_ptr<Injection>> RigTest::inject(const char* name,
                                                   const std::map<std::string, std::string, std::less<>>& written,
                                                   Aim aim) {
    const Fault* fault = find_fault(name);
    if (fault == nullptr) return Error{std::string("no fault is registered as ") + name};
    const auto options = parse_options(fault->options, written);
    if (!options) return options.error();
    if (!rig_) rig_.emplace(rig());
    since_injection = 0;
    return fault->inject(*rig_, aim, *options);
}

Result<std::unique_ptr<Injection>> RigTest::inject_fallback(
    const char* name, const std::map<std::string, std::string, std::less<>>& written, Aim aim) {
    const Fault& fault = *find_fault(name);
    const auto options = parse_options(fault.options, written);
    if (!options) return options.error();
    if (!rig_) rig_.emplace(rig());
    since_injection = 0;
    return fault.fallback->inject(*rig_, aim, *options);
}

Witness RigTest::wait_for_bite(Injection& injection) {
    Witness last;
    EXPECT_TRUE(eventually([&] {
        last = witness_after(injection, std::chrono::milliseconds(50));
        return last.bit || testing::Test::HasFailure();
    })) << last.evidence;
    return last;
}

Witness RigTest::witness_after(Injection& injection, std::chrono::milliseconds duration) {
    constexpr auto step = std::chrono::milliseconds(50);
    for (auto passed = step; passed <= duration; passed += step) {
        std::this_thread::sleep_for(step);
        since_injection += std::chrono::nanoseconds(step).count();
        EXPECT_EQ(failure(injection.advance(since_injection)), "");
    }
    auto witness = injection.witness();
    EXPECT_EQ(failure(witness), "");
    return witness ? *witness : Witness{};
}

std::vector<kernel::TcpSocket> RigTest::target_sockets() const {
    std::vector<kernel::TcpSocket> sockets;
    EXPECT_EQ(failure(testbed->target.run([&]() -> Status {
                  auto read = kernel::tcp_sockets();
                  if (!read) return read.error();
                  sockets = std::move(*read);
                  return {};
              })),
              "");
    return sockets;
}

std::size_t RigTest::established_at_target() const {
    const auto sockets = target_sockets();
    return static_cast<std::size_t>(std::count_if(sockets.begin(), sockets.end(), [](const auto& socket) {
        return socket.state == kernel::TcpState::established && socket.local == target;
    }));
}

}  // namespace squall::test
