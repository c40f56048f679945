// What squall's proxy adds to a round trip, costs in CPU time and holds in memory, beside HAProxy in the same run.
//
// run: ci/install build test bench && cmake --preset bench && cmake --build --preset bench --target squall proxy_bench
// &&
//      build/bench/bin/proxy_bench
// Every figure is of three paths on loopback, by turns: direct, through `squall proxy` without a fault, through HAProxy
// (TCP mode, one thread, splice-auto). Without HAProxy its figures are left out. BM_RoundTrip: one connection, 128
// bytes there and back. BM_Bulk: one connection, 64 KiB writes. BM_Push/N: 128 bytes to each of N connections, round by
// round. BM_Idle/N: N connections that say nothing; memory of the processes, not of the kernel's sockets.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "faults/core/clock.hpp"
#include "faults/core/journal.hpp"
#include "sockets.hpp"
#include "suites/metrics/process_tree.hpp"
#include "suites/targets/process.hpp"

namespace squall::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* haproxy_program = "/usr/sbin/haproxy";
constexpr std::uint16_t squall_port = 18474, haproxy_port = 18475;
constexpr std::size_t message_bytes = 128;
constexpr std::size_t gigabyte = 1'000'000'000;

void sleep_for(Nanos time) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(time));
}

/// One way to the listener.
struct Path {
    std::string name;
    std::uint16_t port = 0;
    std::unique_ptr<Process> process{};  ///< none: direct

    ProcessUsage usage() const { return process ? *process_usage({process->pid()}) : ProcessUsage{}; }
};

/// The three paths, while it lives.
class Paths {
public:
    /// `options`: further ones of squall proxy.
    explicit Paths(const std::vector<std::string>& options = {})
        : directory_(fs::temp_directory_path() / fmt::format("squall-bench-{}", getpid())) {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        fs::create_directories(directory_);
        journal_.emplace(*Journal::create(directory_ / "state", "bench"));
        all_.push_back({"direct", listener_.port()});
        std::vector<std::string> command{SQUALL,       "proxy",
                                         "--listen",   fmt::format("127.0.0.1:{}", squall_port),
                                         "--upstream", fmt::format("127.0.0.1:{}", listener_.port())};
        command.insert(command.end(), options.begin(), options.end());
        start("squall", squall_port, command);
        if (!fs::exists(haproxy_program)) return;
        const fs::path config = directory_ / "haproxy.cfg";
        std::ofstream(config) << fmt::format(
            "global\n  nbthread 1\n  maxconn {}\n  maxpipes 64\ndefaults\n  mode tcp\n  option splice-auto\n  timeout "
            "connect 10s\n"
            "  timeout client 10m\n  timeout server 10m\nlisten front\n  bind 127.0.0.1:{} backlog 16384\n"
            "  server target 127.0.0.1:{}\n",
            limit.rlim_cur / 2 - 250, haproxy_port, listener_.port());
        start("haproxy", haproxy_port, {haproxy_program, "-db", "-f", config});
    }
    ~Paths() {
        all_.clear();
        journal_.reset();
        fs::remove_all(directory_);
    }

    const std::vector<Path>& all() const { return all_; }
    const Listener& listener() const { return listener_; }
    const std::string& failure() const { return failure_; }

private:
    void start(const char* name, std::uint16_t port, std::vector<std::string> command) {
        ProcessPlan plan;
        plan.command = std::move(command);
        plan.environment = {"SQUALL_STATE_DIR=" + (directory_ / "state").string()};
        plan.output = directory_ / (std::string(name) + ".out");
        auto process = Process::start(*journal_, plan);
        if (!process) {
            failure_ = process.error().message;
            return;
        }
        all_.push_back({name, port, std::move(*process)});
        for (int i = 0; i < 1000; ++i) {
            if (const int probe = Listener::dial(port); probe >= 0) {
                close(listener_.accept());
                close(probe);
                return;
            }
            sleep_for(10'000'000);
        }
        failure_ = fmt::format("{} does not start", name);
    }

    fs::path directory_;
    std::optional<Journal> journal_;
    Listener listener_;
    std::vector<Path> all_;
    std::string failure_;
};

bool send_all(int socket, const char* data, std::size_t size) {
    while (size > 0) {
        const auto n = send(socket, data, size, MSG_NOSIGNAL);
        if (n <= 0) return false;
        data += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

bool receive_all(int socket, std::size_t size) {
    static thread_local char buffer[65536];
    while (size > 0) {
        const auto n = recv(socket, buffer, std::min(size, sizeof buffer), 0);
        if (n <= 0) return false;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

/// Calls `play` for each path; it says why not, or nothing.
void on_each_path(benchmark::State& state, const std::function<std::string(const Paths&, const Path&)>& play) {
    for (auto _ : state) {
        const Paths paths;
        std::string failure = paths.failure();
        for (const Path& path : paths.all()) {
            if (failure.empty()) failure = play(paths, path);
        }
        if (!failure.empty()) return state.SkipWithError(failure.c_str());
    }
}

/// CPU time of the path's process, or of both ends for the direct one.
Nanos cpu_time(const Path& path) {
    return path.process ? path.usage().cpu_time : own_cpu_time();
}

void BM_RoundTrip(benchmark::State& state) {
    constexpr int turns = 20;
    const auto pings = state.range(0) / turns;
    for (auto _ : state) {
        const Paths paths;
        if (!paths.failure().empty()) return state.SkipWithError(paths.failure().c_str());
        std::vector<std::vector<Nanos>> took(paths.all().size());
        for (int turn = 0; turn < turns; ++turn) {
            for (std::size_t i = 0; i < paths.all().size(); ++i) {
                const Pairs pairs(paths.listener(), paths.all()[i].port, 1);
                if (!pairs.complete) return state.SkipWithError("cannot connect");
                std::thread echo([&] {
                    const std::string answer(message_bytes, 'x');
                    while (receive_all(pairs.senders[0], message_bytes) &&
                           send_all(pairs.senders[0], answer.data(), answer.size())) {
                    }
                });
                const std::string ping(message_bytes, 'x');
                for (std::int64_t n = 0; n < pings; ++n) {
                    const Nanos before = monotonic_now();
                    if (!send_all(pairs.readers[0], ping.data(), ping.size()) ||
                        !receive_all(pairs.readers[0], message_bytes)) {
                        break;
                    }
                    took[i].push_back(monotonic_now() - before);
                }
                shutdown(pairs.readers[0], SHUT_WR);
                echo.join();
            }
        }
        for (std::size_t i = 0; i < took.size(); ++i) {
            std::sort(took[i].begin(), took[i].end());
            for (const auto& [quantile, label] : {std::pair{0.5, "p50"}, {0.99, "p99"}}) {
                const auto at = static_cast<std::size_t>(quantile * static_cast<double>(took[i].size()));
                const auto value = static_cast<double>(took[i][at]) / 1e3;
                const auto direct = static_cast<double>(took[0][std::min(at, took[0].size() - 1)]) / 1e3;
                state.counters[fmt::format("{}{}_us_{}", paths.all()[i].name, i == 0 ? "" : "_adds", label)] =
                    i == 0 ? value : value - direct;
            }
        }
    }
}

void BM_Bulk(benchmark::State& state) {
    const std::size_t total = static_cast<std::size_t>(state.range(0)) * 1'000'000;
    on_each_path(state, [&](const Paths& paths, const Path& path) -> std::string {
        const Pairs pairs(paths.listener(), path.port, 1);
        if (!pairs.complete) return "cannot connect";
        const Nanos cpu = cpu_time(path), began = monotonic_now();
        std::thread sender([&] {
            const std::string block(65536, 'x');
            for (std::size_t sent = 0; sent < total; sent += block.size()) {
                if (!send_all(pairs.senders[0], block.data(), std::min(block.size(), total - sent))) return;
            }
        });
        const bool whole = receive_all(pairs.readers[0], total);
        sender.join();
        const double gigabytes = static_cast<double>(total) / gigabyte;
        state.counters[path.name + "_cpu_s_per_GB"] = to_seconds(cpu_time(path) - cpu) / gigabytes;
        state.counters[path.name + "_GB_per_s"] = gigabytes / to_seconds(monotonic_now() - began);
        return whole ? "" : "the connection was cut";
    });
}

void BM_Push(benchmark::State& state) {
    const int connections = static_cast<int>(state.range(0));
    const int rounds = 300'000 / connections;
    on_each_path(state, [&](const Paths& paths, const Path& path) -> std::string {
        const Pairs pairs(paths.listener(), path.port, connections);
        if (!pairs.complete) return "cannot connect; raise ulimit -n";
        const std::size_t round_bytes = pairs.senders.size() * message_bytes;
        const std::string message(message_bytes, 'x');
        Drain drain(pairs.readers);
        const Nanos cpu = cpu_time(path);
        for (int round = 0; round < rounds; ++round) {
            for (const int socket : pairs.senders) {
                if (!send_all(socket, message.data(), message.size())) return "send failed";
            }
            // Before the next: no two messages are passed on as one.
            if (!drain.take(round_bytes)) return "messages are missing";
        }
        const double messages = static_cast<double>(connections) * rounds;
        state.counters[path.name + "_cpu_us_per_message"] = to_seconds(cpu_time(path) - cpu) * 1e6 / messages;
        return "";
    });
}

void BM_Idle(benchmark::State& state) {
    const int connections = static_cast<int>(state.range(0));
    on_each_path(state, [&](const Paths& paths, const Path& path) -> std::string {
        if (!path.process) return "";
        const auto before = path.usage().resident_bytes;
        const Pairs pairs(paths.listener(), path.port, connections);
        if (!pairs.complete) return "cannot connect; raise ulimit -n";
        const auto bytes_each = [&] { return static_cast<double>(path.usage().resident_bytes - before) / connections; };
        state.counters[path.name + "_bytes_silent"] = bytes_each();
        const std::string message(message_bytes, 'x');
        for (const int socket : pairs.senders) {
            if (!send_all(socket, message.data(), message.size())) return "send failed";
        }
        if (!Drain(pairs.readers).take(pairs.senders.size() * message_bytes)) return "messages are missing";
        state.counters[path.name + "_bytes_after_a_message"] = bytes_each();
        return "";
    });
}

void BM_Watched(benchmark::State& state) {
    const int connections = static_cast<int>(state.range(0));
    constexpr Nanos watched = 3 * nanos_per_second;
    for (auto _ : state) {
        const Paths paths({"--fault", "proxy-max-age age=1h", "--fault", "proxy-idle-timeout after=1h"});
        if (!paths.failure().empty()) return state.SkipWithError(paths.failure().c_str());
        const Path& squall = paths.all()[1];
        const Pairs pairs(paths.listener(), squall.port, connections);
        if (!pairs.complete) return state.SkipWithError("cannot connect; raise ulimit -n");
        const Nanos before = squall.usage().cpu_time;
        sleep_for(watched);
        state.counters["squall_cores"] = to_seconds(squall.usage().cpu_time - before) / to_seconds(watched);
    }
}

BENCHMARK(BM_RoundTrip)->Arg(2'000)->Arg(100'000)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(BM_Bulk)->Arg(10)->Arg(8'000)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(BM_Push)->Arg(100)->Arg(1'000)->Arg(9'500)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(BM_Idle)->Arg(100)->Arg(9'500)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(BM_Watched)->Arg(9'500)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace squall::bench

BENCHMARK_MAIN();
