// What a delivery costs the rig and the reference server, and what a subscriber costs the rig in memory.
//
// run: cmake --preset bench && cmake --build --preset bench --target fanout_bench && build/bench/bin/fanout_bench
// BM_FanOut/N: N SSE and N WebSocket subscribers of one topic on loopback, 64 to 128 byte messages, open loop.
// BM_Floor/N: one thread that sends the same number of bytes to 2 N connected sockets, one send each, and one that
// takes them with recvmsg and its timestamp: what the kernel asks for the same deliveries. Compare with this, in the
// same run. It does not measure latency: that is what squall's own suites are for.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "faults/core/clock.hpp"
#include "sockets.hpp"
#include "suites/metrics/process_tree.hpp"
#include "suites/targets/http_probe.hpp"
#include "suites/targets/process.hpp"
#include "suites/workload/workload.hpp"

namespace squall {
namespace {

namespace fs = std::filesystem;
using bench::own_cpu_time, bench::thread_cpu_time;

constexpr double messages_per_second = 10;
constexpr Nanos publishing = 5 * nanos_per_second;
constexpr std::uint16_t port = 18473;

std::uint64_t own_resident_bytes() {
    malloc_trim(0);
    std::ifstream statm("/proc/self/statm");
    std::uint64_t size = 0, resident = 0;
    statm >> size >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void sleep_for(Nanos time) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(time));
}

/// The reference server on loopback, and where it keeps its journal and output.
class Server {
public:
    Server() : directory_(fs::temp_directory_path() / fmt::format("squall-bench-{}", getpid())) {
        fs::create_directories(directory_);
        journal_.emplace(*Journal::create(directory_ / "state", "bench"));
        ProcessPlan plan;
        plan.command = {REFERENCE_SERVER,
                        "--listen",
                        fmt::format("127.0.0.1:{}", port),
                        "--log",
                        "none",
                        "--queue-messages-high",
                        "1000",
                        "--queue-messages-low",
                        "500"};
        plan.output = directory_ / "output";
        auto process = Process::start(*journal_, plan);
        if (!process) return;
        process_ = std::move(*process);
        for (int i = 0; i < 1000 && !ready(); ++i)
            sleep_for(10'000'000);
    }
    ~Server() {
        process_.reset();
        journal_.reset();
        fs::remove_all(directory_);
    }
    bool ready() const {
        return process_ && http_get({.endpoint = endpoint(), .host = "bench", .path = "/readyz", .headers = {}});
    }
    static Endpoint endpoint() { return {INADDR_LOOPBACK, port}; }
    Nanos cpu_time() const { return process_usage({process_->pid()})->cpu_time; }
    std::uint64_t resident_bytes() const { return process_usage({process_->pid()})->resident_bytes; }

private:
    fs::path directory_;
    std::optional<Journal> journal_;
    std::unique_ptr<Process> process_;
};

workload::Plan plan_for(std::uint32_t connections) {
    workload::Plan plan;
    for (const auto protocol : {Protocol::sse, Protocol::websocket}) {
        Cohort cohort;
        cohort.name = to_string(protocol);
        cohort.protocol = protocol;
        cohort.connections = connections;
        cohort.topic = "bench";
        cohort.connect_rate = 5000;
        plan.cohorts.push_back(cohort);
    }
    Publisher publisher;
    publisher.name = "ticker";
    publisher.topic = "bench";
    publisher.arrivals.rate = messages_per_second;
    publisher.sizes.bytes = 128;
    plan.publishers = {publisher};
    plan.wire.subscribe = plan.wire.publish = Server::endpoint();
    plan.wire.host = "bench";
    plan.wire.sse_path = "/events?topic={topic}";
    plan.wire.websocket_path = "/ws?topic={topic}";
    plan.wire.publish_path = "/publish?topic={topic}";
    plan.run_id = "bench";
    plan.origin = monotonic_now();
    plan.on_thread_start = [] { return Status(); };
    return plan;
}

void BM_FanOut(benchmark::State& state) {
    const auto connections = static_cast<std::uint32_t>(state.range(0));
    for (auto _ : state) {
        const Server server;
        if (!server.ready()) return state.SkipWithError("the reference server does not start");
        const auto rig_before = own_resident_bytes();
        const auto server_before = server.resident_bytes();
        auto started = workload::Workload::start(plan_for(connections));
        if (!started) return state.SkipWithError(started.error().message.c_str());
        auto& workload = **started;
        workload.connect();
        for (int i = 0; i < 6000 && !workload.connected(); ++i)
            sleep_for(10'000'000);
        if (!workload.connected()) return state.SkipWithError(workload.first_failure().c_str());
        sleep_for(nanos_per_second);
        const double subscribers = 2.0 * connections;
        const auto rig_idle = own_resident_bytes();
        const auto server_idle = server.resident_bytes();

        const Nanos rig_cpu = own_cpu_time();
        const Nanos server_cpu = server.cpu_time();
        const auto delivered = workload.live().delivered;
        workload.publish({"ticker"}, publishing);
        sleep_for(publishing);
        workload.publish({}, 0);
        sleep_for(nanos_per_second);
        const double millions = static_cast<double>(workload.live().delivered - delivered) / 1e6;
        const double rig_seconds = to_seconds(own_cpu_time() - rig_cpu);
        state.SetIterationTime(rig_seconds);
        state.counters["deliveries"] = millions * 1e6;
        state.counters["rig_cpu_s_per_million"] = rig_seconds / millions;
        state.counters["server_cpu_s_per_million"] = to_seconds(server.cpu_time() - server_cpu) / millions;
        state.counters["rig_bytes_per_subscriber"] = static_cast<double>(rig_idle - rig_before) / subscribers;
        state.counters["rig_bytes_declared"] = static_cast<double>(workload.bytes_per_subscriber());
        rlimit descriptors{};
        getrlimit(RLIMIT_NOFILE, &descriptors);
        state.counters["descriptor_limit"] = static_cast<double>(descriptors.rlim_cur);
        state.counters["server_bytes_per_subscriber"] = static_cast<double>(server_idle - server_before) / subscribers;
        History ignored;
        workload.finish(ignored);
    }
}

void BM_Floor(benchmark::State& state) {
    constexpr std::size_t bytes = 140;  // 128 of payload and what SSE or WebSocket put around it
    constexpr int rounds = static_cast<int>(messages_per_second) * 5;
    const int count = static_cast<int>(2 * state.range(0));
    for (auto _ : state) {
        // A socket pair takes two descriptors of the limit: half as many sockets, twice as many rounds, the same work.
        const bench::Listener listener;
        const bench::Pairs pairs(listener, listener.port(), count / 2);
        if (!pairs.complete) return state.SkipWithError("cannot make the socket pairs; raise ulimit -n");
        Nanos reading = 0;
        std::thread reader([&] {
            bench::Drain drain(pairs.readers);
            const Nanos began = thread_cpu_time();
            drain.take(pairs.readers.size() * rounds * 2 * bytes);
            reading = thread_cpu_time() - began;
        });
        const Nanos before = thread_cpu_time();
        const std::string payload(bytes, 'x');
        for (int round = 0; round < rounds * 2; ++round) {
            for (const int socket : pairs.senders) {
                if (send(socket, payload.data(), payload.size(), MSG_NOSIGNAL) < 0) state.SkipWithError("send failed");
            }
            sleep_for(publishing / rounds / 2);
        }
        const Nanos sending = thread_cpu_time() - before;
        reader.join();
        const double millions = static_cast<double>(pairs.senders.size()) * rounds * 2 / 1e6;
        state.SetIterationTime(to_seconds(reading));
        state.counters["floor_reader_cpu_s_per_million"] = to_seconds(reading) / millions;
        state.counters["floor_sender_cpu_s_per_million"] = to_seconds(sending) / millions;
    }
}

BENCHMARK(BM_FanOut)->Arg(100)->Arg(1000)->Arg(5000)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);
BENCHMARK(BM_Floor)->Arg(100)->Arg(1000)->Arg(5000)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace squall

BENCHMARK_MAIN();
