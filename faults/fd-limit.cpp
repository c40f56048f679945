// fd-limit: the target may open few descriptors more, or none, as under a limit that is too low or when it leaks.
// Does not open descriptors itself: the load has to use up what is left.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "faults/core/bound.hpp"
#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/descriptor_limit.hpp"
#include "faults/kernel/target_processes.hpp"

namespace squall {
namespace {

constexpr Nanos sample_interval = 100'000'000;

bool gone(const Error& error) {
    return error.system_error == ESRCH || error.system_error == ENOENT;
}

class FdLimit final : public Injection {
public:
    explicit FdLimit(Rig& rig) : journal_(rig.journal), cgroup_(rig.target_cgroup), run_id_(rig.run_id) {}

    ~FdLimit() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: fd-limit: %s\n", healed.error().message.c_str());
        }
    }

    Status begin(const Bound& bound) {
        for (const auto& process : kernel::target_processes(cgroup_, run_id_)) {
            const auto earlier = kernel::descriptor_limit(process);
            const auto open = kernel::open_descriptors(process);
            if (!earlier || !open) {
                const Error& error = earlier ? open.error() : earlier.error();
                if (gone(error)) continue;
                return error;
            }
            const std::uint64_t lowered = bound.limit ? *bound.limit : kernel::limit_that_leaves(*open, bound.headroom);
            if (lowered >= *earlier) {
                return Error{fmt::format("fd-limit: {} is not below the limit of process {}, {}", lowered, process.pid,
                                         *earlier)};
            }
            const auto record = journal_.open("descriptor-limit", {{"pid", std::to_string(process.pid)},
                                                                   {"start_time", std::to_string(process.start_time)},
                                                                   {"soft", std::to_string(*earlier)}});
            if (!record) return record.error();
            limited_.push_back({process, *earlier, lowered, *record});
            const Status set = kernel::set_descriptor_limit(process, lowered);
            if (!set && !gone(set.error())) return set;
        }
        if (limited_.empty()) return Error{"fd-limit found no process of the target; it needs one that squall started"};
        return {};
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        return sample();
    }

    Result<Witness> witness() override {
        if (auto sampled = sample(); !sampled) return sampled.error();
        const auto reached =
            std::count_if(limited_.begin(), limited_.end(), [](const auto& one) { return one.reached; });
        const auto lowest = std::min_element(limited_.begin(), limited_.end(),
                                             [](const auto& a, const auto& b) { return a.limit < b.limit; });
        Witness witness;
        if (limited_.empty()) return witness;  // healed
        witness.bit = reached > 0 && raised_ == 0;
        witness.evidence = fmt::format(
            "the limit of {} descriptors was read back from {} processes; {} had none left (at most {} were open)",
            lowest->limit, limited_.size(), reached, open_max_);
        if (raised_ > 0) witness.evidence += fmt::format("; {} changed it themselves", raised_);
        witness.measures = {{"processes", static_cast<double>(limited_.size())},
                            {"limit", static_cast<double>(lowest->limit)},
                            {"open_max", static_cast<double>(open_max_)},
                            {"processes_at_limit", static_cast<double>(reached)},
                            {"processes_that_changed_it", static_cast<double>(raised_)}};
        return witness;
    }

    Status heal() override {
        if (limited_.empty()) return {};
        if (auto restored = restore_what_inherited(); !restored) return restored;
        for (; !limited_.empty(); limited_.pop_back()) {
            const Limited& one = limited_.back();
            const auto now = kernel::descriptor_limit(one.process);
            if (!now && !gone(now.error())) return now.error();
            if (now && *now == one.limit) {  // otherwise the target has changed it since
                const Status restored = kernel::set_descriptor_limit(one.process, one.earlier);
                if (!restored && !gone(restored.error())) return restored;
            }
            if (auto closed = journal_.close(one.record); !closed) return closed;
        }
        return {};
    }

private:
    struct Limited {
        kernel::ProcessId process;
        std::uint64_t earlier = 0;
        std::uint64_t limit = 0;
        std::uint64_t record = 0;
        bool reached = false;
    };

    Status sample() {
        raised_ = 0;
        for (Limited& one : limited_) {
            const auto now = kernel::descriptor_limit(one.process);
            const auto open = kernel::open_descriptors(one.process);
            if (!now || !open) {
                const Error& error = now ? open.error() : now.error();
                if (gone(error)) continue;
                return error;
            }
            open_max_ = std::max(open_max_, open->size());
            if (*now != one.limit) {
                ++raised_;
            } else if (kernel::descriptors_left(*open, one.limit) == 0) {
                one.reached = true;
            }
        }
        return {};
    }

    /// Those that were started meanwhile have the limit of whoever started them, and no record: they end with the run.
    Status restore_what_inherited() {
        for (const auto& process : kernel::target_processes(cgroup_, run_id_)) {
            const auto now = kernel::descriptor_limit(process);
            if (!now) continue;
            const auto parent =
                std::find_if(limited_.begin(), limited_.end(), [&](const auto& one) { return one.limit == *now; });
            if (parent == limited_.end()) continue;
            const Status restored = kernel::set_descriptor_limit(process, parent->earlier);
            if (!restored && !gone(restored.error())) return restored;
        }
        return {};
    }

    Journal& journal_;
    const kernel::Cgroup* const cgroup_;
    const std::string run_id_;
    std::vector<Limited> limited_;
    std::size_t open_max_ = 0;
    std::size_t raised_ = 0;
    Nanos sampled_at_ = -sample_interval;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    const auto bound = bound_of("fd-limit", options);
    if (!bound) return bound.error();
    auto injection = std::make_unique<FdLimit>(rig);
    if (auto begun = injection->begin(*bound); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "fd-limit",
    .summary = "The target runs out of file descriptors: a limit that is too low, a leak, a crowd.",
    .mechanism = "prlimit lowers the soft RLIMIT_NOFILE of each of the target's processes while they run.",
    .privilege = "none; root where the target changes its user",
    .witness = "The limit was read back, and at a sample one process had every descriptor open that it allows.",
    .healing = "The soft limit of each process is set to what it was, unless the process has changed it meanwhile.",
    .site = Site::target,
    .holds = "the target's descriptor limit",
    .needs = {},
    .options =
        {
            {.name = "limit",
             .dimension = dimension::none,
             .doc = "Descriptors that each process may have, counted from 0; what is open above it stays open.",
             .min = 0,
             .max = 1e9},
            {.name = "headroom",
             .dimension = dimension::none,
             .doc = "Descriptors that each process may open beyond those that are open at the injection.",
             .min = 0,
             .max = 1e9},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
