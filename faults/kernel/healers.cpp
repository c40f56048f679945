// How to undo each kind of record that a run leaves in its journal. Linked as an object, or nothing would register.
#include <fmt/format.h>
#include <signal.h>

#include <cerrno>
#include <charconv>
#include <sstream>

#include "faults/core/journal.hpp"
#include "faults/kernel/cgroup_files.hpp"
#include "faults/kernel/descriptor_limit.hpp"
#include "faults/kernel/process.hpp"
#include "faults/kernel/thread_affinity.hpp"

namespace squall::kernel {
namespace {

Result<std::string> argument(const UndoRecord& record, const char* name) {
    const auto found = record.arguments.find(name);
    if (found == record.arguments.end()) {
        return Error{fmt::format("undo record {} of kind {} lacks '{}'", record.id, record.kind, name)};
    }
    return found->second;
}

template <class Number>
Result<Number> number(const UndoRecord& record, const char* name) {
    const auto text = argument(record, name);
    if (!text) return text.error();
    Number value{};
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) {
        return Error{fmt::format("undo record {}: '{}' is '{}', which is no number", record.id, name, *text)};
    }
    return value;
}

/// {pid, start_time}
Result<ProcessId> recorded_process(const UndoRecord& record) {
    const auto pid = number<pid_t>(record, "pid");
    if (!pid) return pid.error();
    const auto start_time = number<std::uint64_t>(record, "start_time");
    if (!start_time) return start_time.error();
    if (*pid <= 1) return Error{fmt::format("undo record {}: pid {} is not ours", record.id, *pid)};
    return ProcessId{*pid, *start_time};
}

/// {pid, start_time, run}; run is not there where the process was not given its name
Status heal_process(const UndoRecord& record) {
    const auto target = recorded_process(record);
    if (!target) return target.error();
    if (auto killed = kill_process(*target); !killed) return killed;
    const auto run = record.arguments.find("run");
    if (run == record.arguments.end()) return {};
    return kill_processes_of_run(run->second, target->pid);
}

/// {processes}: "PID START_TIME PID START_TIME …"
Status heal_stopped(const UndoRecord& record) {
    const auto text = argument(record, "processes");
    if (!text) return text.error();
    std::istringstream numbers(*text);
    for (ProcessId process; numbers >> process.pid;) {
        if (!(numbers >> process.start_time) || process.pid <= 1) {
            return Error{fmt::format("undo record {}: '{}' are no processes to continue", record.id, *text)};
        }
        if (auto told = signal_process(process, SIGCONT); !told) return told;
    }
    return {};
}

/// {pid, start_time, soft}
Status heal_descriptor_limit(const UndoRecord& record) {
    const auto process = recorded_process(record);
    if (!process) return process.error();
    const auto soft = number<std::uint64_t>(record, "soft");
    if (!soft) return soft.error();
    const Status restored = set_descriptor_limit(*process, *soft);
    if (!restored && restored.error().system_error == ESRCH) return {};
    return restored;
}

/// {pid, start_time, cpus}; of a thread
Status heal_affinity(const UndoRecord& record) {
    const auto thread = recorded_process(record);
    if (!thread) return thread.error();
    const auto text = argument(record, "cpus");
    if (!text) return text.error();
    const auto cpus = parse_cpus(*text);
    if (!cpus) return cpus.error();
    const Status restored = set_affinity(*thread, *cpus);
    if (!restored && restored.error().system_error == ESRCH) return {};
    return restored;
}

/// {path}
Status heal_group(const UndoRecord& record) {
    const auto path = argument(record, "path");
    if (!path) return path.error();
    return cgroup_files::kill_and_remove(*path);
}

/// {path, value}; only inside a group that bears squall's name
Status heal_limit(const UndoRecord& record) {
    const auto path = argument(record, "path");
    if (!path) return path.error();
    const auto value = argument(record, "value");
    if (!value) return value.error();
    const std::string group = std::filesystem::path(*path).parent_path().filename().string();
    if (!group.starts_with(cgroup_files::group_prefix)) {
        return Error{*path + " is not in a group of squall's; it is left alone"};
    }
    const Status written = cgroup_files::write(*path, *value);
    if (!written && written.error().system_error == ENOENT) return {};  // the group has gone, and its limit with it
    return written;
}

const RegisterHealer process_healer{"process-kill", heal_process};
const RegisterHealer stopped_healer{"process-continue", heal_stopped};
const RegisterHealer descriptor_limit_healer{"descriptor-limit", heal_descriptor_limit};
const RegisterHealer affinity_healer{"thread-affinity", heal_affinity};
const RegisterHealer group_healer{"cgroup-remove", heal_group};
const RegisterHealer limit_healer{"cgroup-write", heal_limit};

}  // namespace
}  // namespace squall::kernel
