#include "suites/engine/sampler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "faults/kernel/socket_table.hpp"
#include "suites/metrics/process_tree.hpp"
#include "suites/metrics/prometheus.hpp"
#include "suites/targets/http_probe.hpp"

namespace squall {

PeriodicThread::PeriodicThread(Recorder& recorder, Nanos interval, std::function<Status()> prepare,
                               std::function<void()> work)
    : thread_([this, &recorder, interval, prepare = std::move(prepare), work = std::move(work)] {
          if (auto ready = prepare(); !ready) {
              recorder.note("not sampled: " + ready.error().message);
              return;
          }
          auto next = std::chrono::steady_clock::now();
          std::unique_lock lock(mutex_);
          while (!stop_) {
              lock.unlock();
              work();
              lock.lock();
              next = std::max(next + std::chrono::nanoseconds(interval), std::chrono::steady_clock::now());
              wake_.wait_until(lock, next, [this] { return stop_; });
          }
      }) {}

PeriodicThread::~PeriodicThread() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

namespace {

/// A target that makes up label values as it goes would otherwise be remembered without bound.
constexpr std::size_t declared_series_max = 10'000;

std::function<Status()> entering(const kernel::Namespace* netns) {
    return [netns] { return netns ? netns->enter() : Status(); };
}

/// "ESTABLISHED", "FIN-WAIT-1" as the labels of target.sockets: established, fin_wait1.
std::string state_label(kernel::TcpState state) {
    std::string label;
    for (const char* c = kernel::to_string(state); *c != '\0'; ++c) {
        const bool before_number = *c == '-' && std::isdigit(static_cast<unsigned char>(c[1]));
        if (!before_number) label += *c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
    }
    return label;
}

/// Every state with a count of 0: that there is none is a sample, too.
std::map<std::string, double> no_sockets() {
    std::map<std::string, double> counts;
    for (auto state = static_cast<int>(kernel::TcpState::established);
         state <= static_cast<int>(kernel::TcpState::closing); ++state) {
        counts[state_label(static_cast<kernel::TcpState>(state))] = 0;
    }
    return counts;
}

}  // namespace

StallWatch::StallWatch(Recorder& recorder)
    : due_(recorder.now()), thread_(recorder, slice_length, entering(nullptr), [this, &recorder] {
          const Nanos at = recorder.now();
          recorder.sample("rig.stall", {}, at, to_seconds(std::max<Nanos>(at - due_, 0)));
          due_ = at + slice_length;
      }) {}

KernelSampler::KernelSampler(Recorder& recorder, const SampledTarget& target)
    : recorder_(recorder),
      target_(target),
      thread_(recorder, slice_length, entering(target.netns), [this] { sample(); }) {}

void KernelSampler::sample() {
    const Nanos at = recorder_.now();
    const auto stat = target_.cgroup ? target_.cgroup->cpu_stat() : Result<kernel::CpuStat>(Error{"no control group"});
    sample_processes(at, stat);
    if (target_.cgroup) sample_cgroup(at, stat);
    if (target_.netns) sample_sockets(at);
}

void KernelSampler::sample_processes(Nanos at, const Result<kernel::CpuStat>& stat) {
    const pid_t pid = target_.process->pid();
    const auto processes = pid == 0 ? std::vector<pid_t>{} : process_tree(pid);
    const auto usage = process_usage(processes);
    gauge("target.alive", at, usage ? 1 : 0);
    own_bytes_.reset();
    if (!usage) return;
    own_bytes_ = static_cast<double>(usage->own_bytes);
    gauge("target.rss", at, static_cast<double>(usage->resident_bytes));
    gauge("target.pss", at, static_cast<double>(usage->proportional_bytes));
    gauge("target.fds", at, usage->descriptors);
    gauge("target.threads", at, usage->threads);
    if (!usage->proportional_known)
        recorder_.note("target.pss and target.memory: smaps_rollup may not be read; the RSS stands for it");
    // The group's own account keeps the time of processes that have ended; a sum over those that live can shrink.
    const Nanos cpu_time = stat && stat->usage > 0 ? stat->usage : usage->cpu_time;
    if (last_cpu_time_ >= 0 && cpu_time >= last_cpu_time_ && at > last_cpu_at_) {
        gauge("target.cpu", at,
              static_cast<double>(cpu_time - last_cpu_time_) / static_cast<double>(at - last_cpu_at_));
    }
    last_cpu_time_ = cpu_time;
    last_cpu_at_ = at;
    // A group that could not be read this time tells of both spans the next time.
    if (stat || !target_.cgroup) sample_contention(processes, at, cpu_time, stat ? stat->throttled_time : 0);
}

void KernelSampler::sample_contention(const std::vector<pid_t>& processes, Nanos at, Nanos cpu_time, Nanos throttled) {
    const auto contention = contention_.read(processes, cpu_time, throttled);
    if (!contention && !last_contention_) {
        recorder_.note("target.stolen: the kernel does not say how long the target's threads wait (CONFIG_SCHED_INFO)");
    }
    if (contention && last_contention_) {
        if (const auto cores = stolen_cores(*last_contention_, *contention)) gauge("target.stolen", at, *cores);
    }
    last_contention_ = contention;
}

void KernelSampler::sample_cgroup(Nanos at, const Result<kernel::CpuStat>& stat) {
    if (target_.cgroup->has_memory()) {
        if (const auto bytes = target_.cgroup->memory_bytes()) {
            gauge("target.cgroup_memory", at, static_cast<double>(*bytes));
        } else {
            recorder_.note("target.cgroup_memory: " + bytes.error().message);
        }
    }
    if (!stat) return recorder_.note("target.throttled: " + stat.error().message);
    if (last_throttled_ >= 0 && at > last_throttled_at_) {
        gauge(
            "target.throttled", at,
            static_cast<double>(stat->throttled_time - last_throttled_) / static_cast<double>(at - last_throttled_at_));
    }
    last_throttled_ = stat->throttled_time;
    last_throttled_at_ = at;
}

void KernelSampler::sample_sockets(Nanos at) {
    const auto sockets = kernel::tcp_sockets();
    if (!sockets) return recorder_.note("target.sockets: " + sockets.error().message);
    auto states = no_sockets();
    double send_queue = 0, send_queue_max = 0, receive_queue = 0, memory = 0, retransmits = 0;
    for (const auto& socket : *sockets) {
        // Both ends in this namespace: squall's own scrapes.
        const bool scrape = socket.local.address == socket.remote.address;
        if (scrape || socket.state == kernel::TcpState::listen) continue;
        ++states[state_label(socket.state)];
        send_queue += socket.send_queue;
        send_queue_max = std::max<double>(send_queue_max, socket.send_queue);
        receive_queue += socket.receive_queue;
        memory += socket.memory;
        retransmits += socket.total_retransmits;
    }
    for (const auto& [state, count] : states)
        recorder_.sample("target.sockets", {{"state", state}}, at, count);
    gauge("target.send_queue", at, send_queue);
    gauge("target.send_queue_max", at, send_queue_max);
    gauge("target.receive_queue", at, receive_queue);
    gauge("target.socket_memory", at, memory);
    gauge("target.retransmits", at, retransmits);
    if (own_bytes_) gauge("target.memory", at, *own_bytes_ + memory);
}

DeclaredSampler::DeclaredSampler(Recorder& recorder, const SampledTarget& target, const Profile& profile)
    : recorder_(recorder),
      target_(target),
      profile_(profile),
      first_pid_(pid()),
      last_pid_(first_pid_),
      thread_(recorder, 2 * slice_length, entering(target.netns), [this] { sample(); }) {}

std::string DeclaredSampler::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

bool DeclaredSampler::wait_for_last_page(Nanos noticed_by) const {
    if (profile_.metrics_path.empty()) return true;
    const Nanos since = recorder_.now();
    const auto last = [&](Nanos page) {
        const bool counts_none = counts_connections_ && declared_connections_ == 0;
        return page >= since && (counts_none || page >= noticed_by);
    };
    while (!last(last_page_at_) && recorder_.now() < std::max(since, noticed_by) + nanos_per_second)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return last(last_page_at_);
}

Result<std::string> DeclaredSampler::get(const std::string& path, unsigned& status) {
    auto answer = http_get({.endpoint = target_.endpoint,
                            .host = profile_.host,
                            .path = path,
                            .headers = profile_.headers,
                            .tls = target_.tls});
    if (!answer) return answer.error();
    status = answer->status;
    return std::move(answer->body);
}

void DeclaredSampler::sample() {
    const Nanos at = recorder_.now();
    unsigned status = 0;
    if (!profile_.ready_path.empty()) {
        const auto ready = get(profile_.ready_path, status);
        recorder_.sample("target.ready", {}, at, ready && status / 100 == 2 ? 1 : 0);
    }
    if (profile_.metrics_path.empty()) return;
    std::string problem;
    const pid_t asked = pid();
    const auto page = get(profile_.metrics_path, status);
    if (target_.process && (asked == 0 || pid() != asked)) return;  // ended by a fault: there is nobody's page to miss
    if (!page) {
        problem = page.error().message;
    } else if (status != 200) {
        problem = fmt::format("GET {} answered {}", profile_.metrics_path, status);
    } else if (auto read = read_page(*page, at, asked); !read) {
        problem = read.error().message;
    } else {
        ++pages_;
        last_page_at_ = at;
    }
    const bool expected = !target_.process || target_.process->serving();
    if (!problem.empty() && pages_ > 0 && expected)
        recorder_.note("a page of the target's metrics was not read: " + problem);
    const std::lock_guard lock(mutex_);
    problem_ = problem;
}

Status DeclaredSampler::read_page(const std::string& page, Nanos at, pid_t asked) {
    const auto samples = parse_prometheus(page);
    if (!samples) return samples.error();
    if (asked != last_pid_) last_counts_.clear();
    last_pid_ = asked;
    std::map<Key, double> values;
    for (const auto& declared : profile_.metrics) {
        for (const auto& sample : *samples) {
            if (sample.name != declared.source) continue;
            bool matches = true;
            for (const auto& [label, value] : declared.labels) {
                const auto found = sample.labels.find(label);
                matches = matches && found != sample.labels.end() && found->second == value;
            }
            if (!matches) continue;
            Key key{declared.metric, {}};
            if (!declared.stat.empty()) key.labels["stat"] = declared.stat;
            for (const auto& label : find_metric(declared.metric)->labels) {
                const auto found = sample.labels.find(label);
                if (found != sample.labels.end()) key.labels[std::string(label)] = found->second;
            }
            if (series_.size() == declared_series_max && series_.count(key) == 0) {
                return Error{
                    fmt::format("{}: more than {} combinations of label values", declared.source, declared_series_max)};
            }
            series_.insert(key);
            // Quantiles of several workers do not add up: the worst of them stands.
            const auto value = values.try_emplace(key, declared.stat.empty() ? 0 : sample.value).first;
            value->second =
                declared.stat.empty() ? value->second + sample.value : std::max(value->second, sample.value);
        }
    }
    double connections = 0;
    for (const auto& [key, value] : values) {
        if (key.metric == "declared.connections") {
            connections += value;
            counts_connections_ = true;
        }
        if (find_metric(key.metric)->kind != MetricKind::counter) {
            recorder_.sample(key.metric, key.labels, at, value);
            continue;
        }
        // The first page is the base: what a long-running target counted before is not this run's. A label pair that
        // shows up only later counts from 0, and so does everything in a process that was started again.
        const bool base = pages_ == 0 && asked == first_pid_;
        const auto last = last_counts_.try_emplace(key, base ? value : 0).first;
        if (value > last->second) recorder_.event({at, key.metric, key.labels, value - last->second});
        last->second = value;
    }
    declared_connections_ = connections;
    recorder_.event({at, "declared.scrapes", {}});
    return {};
}

}  // namespace squall
