// memory-cap: the target gets less memory than it wants, by the limits that container platforms use.
// Does not use memory itself, and does not tell the target: it learns from what the kernel does.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "faults/core/bound.hpp"
#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/cgroup_files.hpp"
#include "faults/kernel/memory_canary.hpp"

namespace squall {
namespace {

namespace files = kernel::cgroup_files;

constexpr std::uint64_t canary_bytes_beyond = 16 << 20;  // beyond the limit: the kernel counts in batches
constexpr std::uint64_t canary_bytes_max = 1 << 30;      // taken within seconds, and there on most hosts

class MemoryCap final : public Injection {
public:
    MemoryCap(Rig& rig, kernel::MemoryBound kind)
        : journal_(rig.journal), cgroup_(*rig.target_cgroup), run_id_(rig.run_id), kind_(kind) {}

    ~MemoryCap() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: memory-cap: %s\n", healed.error().message.c_str());
        }
    }

    Status begin(const Bound& bound, bool with_canary) {
        const auto earlier = cgroup_.memory_limit(kind_);
        if (!earlier) return earlier.error();
        earlier_ = *earlier;
        const auto before = cgroup_.memory_events();
        if (!before) return before.error();
        before_ = *before;
        const auto record =
            journal_.open("cgroup-write", {{"path", earlier_.path.string()}, {"value", earlier_.value}});
        if (!record) return record.error();
        record_ = *record;
        if (auto limited = limit(bound); !limited) return limited;
        if (with_canary) {
            if (auto sent = send_canary(); !sent) return sent;
            // It took the target's page cache as well, which a headroom must not be made of.
            if (auto limited = limit(bound); !limited) return limited;
        }
        return sample();
    }

    Status advance(Nanos) override { return sample(); }

    Result<Witness> witness() override {
        if (auto sampled = sample(); !sampled) return sampled.error();
        const auto now = cgroup_.memory_events();
        if (!now) return now.error();
        const auto throttled = static_cast<double>(now->throttled - before_.throttled);
        const auto refused = static_cast<double>(now->refused - before_.refused);
        const auto killed = static_cast<double>(now->killed - before_.killed);
        Witness witness;
        witness.bit =
            canary_killed_ || (kind_ == kernel::MemoryBound::high ? throttled > 0 : refused > 0 || killed > 0);
        witness.evidence = fmt::format(
            "{} of {} B was {} {} times; the target had {} at the injection, at most {} since",
            earlier_.path.filename().string(), in_force_, kind_ == kernel::MemoryBound::high ? "exceeded" : "reached",
            kind_ == kernel::MemoryBound::high ? throttled : refused, in_bytes(charged_), in_bytes(charged_max_));
        if (killed > 0) witness.evidence += fmt::format("; the kernel killed {} of its processes (OOM)", killed);
        if (canary_sent_) {
            witness.evidence += fmt::format("; a process of squall's own in its group was {} at the limit",
                                            canary_killed_ ? "killed" : "not killed");
        }
        witness.measures = {{"limit_bytes", std::strtod(in_force_.c_str(), nullptr)},
                            {"charged_bytes_before", static_cast<double>(charged_)},
                            {"charged_bytes_max", static_cast<double>(charged_max_)},
                            {"throttled", throttled},
                            {"refused", refused},
                            {"oom_kills", killed},
                            {"canary_kills", canary_killed_ ? 1.0 : 0.0}};
        return witness;
    }

    Status heal() override {
        if (!record_) return {};
        if (auto restored = files::write(earlier_.path, earlier_.value); !restored) return restored;
        const std::uint64_t record = *record_;
        record_.reset();
        return journal_.close(record);
    }

private:
    Status limit(const Bound& bound) {
        const auto charged = cgroup_.memory_charged();
        if (!charged) return charged.error();
        charged_ = *charged;
        const std::uint64_t bytes = bound.limit ? *bound.limit : charged_ + bound.headroom;
        const Status set = files::write(earlier_.path, std::to_string(bytes));
        if (!set) {
            return Error{
                fmt::format("memory-cap: {}; the target holds {}, of which the kernel could not get enough back",
                            set.error().message, in_bytes(charged_)),
                set.error().system_error};
        }
        const auto in_force = cgroup_.memory_limit(kind_);
        if (!in_force) return in_force.error();
        in_force_ = in_force->value;
        return {};
    }

    /// The limit is shown to hold at once, whether or not the target will ever want as much.
    Status send_canary() {
        const auto wanted = std::strtoull(in_force_.c_str(), nullptr, 10) + canary_bytes_beyond;
        if (wanted > canary_bytes_max) {
            return Error{
                fmt::format("memory-cap: the canary would have to take {}, and takes {} at most; lower the limit",
                            in_bytes(wanted), in_bytes(canary_bytes_max))};
        }
        const auto killed = kernel::killed_at_memory_limit(cgroup_, run_id_, journal_, wanted);
        if (!killed) return killed.error();
        canary_sent_ = true;
        const auto after = cgroup_.memory_events();
        if (!after) return after.error();
        // A host without memory, or a group above, would kill it as well.
        canary_killed_ = *killed && after->refused > before_.refused;
        // What follows is the target's own.
        before_ = *after;
        return {};
    }

    static std::string in_bytes(std::uint64_t bytes) {
        return format_quantity(static_cast<double>(bytes), dimension::bytes);
    }

    Status sample() {
        const auto charged = cgroup_.memory_charged();
        if (!charged) return charged.error();
        charged_max_ = std::max(charged_max_, *charged);
        return {};
    }

    Journal& journal_;
    kernel::Cgroup& cgroup_;
    const std::string run_id_;
    const kernel::MemoryBound kind_;
    kernel::CgroupWrite earlier_;
    kernel::MemoryEvents before_;
    std::string in_force_;
    std::uint64_t charged_ = 0;
    std::uint64_t charged_max_ = 0;
    bool canary_sent_ = false;
    bool canary_killed_ = false;
    std::optional<std::uint64_t> record_;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (rig.target_cgroup == nullptr || !rig.target_cgroup->has_memory()) {
        return Error{
            "memory-cap needs a target that squall started in a control group with a memory controller; squall doctor "
            "says whether this host has one"};
    }
    const auto bound = bound_of("memory-cap", options);
    if (!bound) return bound.error();
    const auto kind = options.choice("kind") == "high" ? kernel::MemoryBound::high : kernel::MemoryBound::max;
    if (options.flag("canary") && kind == kernel::MemoryBound::high) {
        return Error{"memory-cap: at 'kind: high' nothing is killed, and a canary would show nothing; leave it out"};
    }
    auto injection = std::make_unique<MemoryCap>(rig, kind);
    if (auto begun = injection->begin(*bound, options.flag("canary")); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "memory-cap",
    .summary = "The platform gives the target less memory than it wants: a container limit, a crowded node.",
    .mechanism = "Memory limit of the target's control group (cgroup v2 memory.high or memory.max, or v1 "
                 "memory.limit_in_bytes).",
    .privilege = "root, or a delegated cgroup",
    .witness = "The kernel counted that the limit was reached, or killed a process for want of memory, since the "
               "injection; or it killed the canary, if one was asked for.",
    .healing = "The limit that was there before is written back; what was killed stays dead.",
    .site = Site::target,
    .holds = "the target's memory limit",
    .needs = {"cgroup-memory"},
    .options =
        {
            {.name = "limit",
             .dimension = dimension::bytes,
             .doc = "Memory that the target may have, page cache included; the kernel rounds down to pages.",
             .min = 4096,
             .max = 1e15},
            {.name = "headroom",
             .dimension = dimension::bytes,
             .doc = "Memory that the target may have beyond what it has at the injection.",
             .min = 0,
             .max = 1e15},
            {.name = "kind",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "At the limit the target is slowed down (high; cgroup v2 only) or gets no more (max).",
             .fallback = "max",
             .choices = {"high", "max"}},
            {.name = "canary",
             .kind = OptionSpec::Kind::flag,
             .dimension = {},
             .doc = "A process of squall's own in the target's group runs into the limit, as proof that it holds.",
             .fallback = "false"},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
