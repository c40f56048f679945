#include "suites/targets/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include "faults/core/clock.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/namespace.hpp"
#include "faults/kernel/process.hpp"

namespace squall {
namespace {

/// Everything the child needs, made before fork: between fork and exec only async-signal-safe calls are allowed,
/// since other threads of squall may hold locks at that moment.
struct Prepared {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    cpu_set_t cpus;
    bool pin = false;
    int netns = -1;
    int output = -1;
    int go = -1;         ///< the child waits for one byte: by then it is in its group and in the journal
    int go_writer = -1;  ///< the parent's end, which the child must not keep open for itself
    int failure = -1;    ///< the child writes {step, errno} here; exec closes it
    pid_t parent = 0;
};

struct ChildFailure {
    int step = 0;
    int number = 0;
};
constexpr const char* child_steps[] = {"enter the network namespace", "redirect its output",
                                       "wait for the start signal",   "pin to its CPUs",
                                       "close what is not its own",   "execute"};
constexpr int execute_step = 5;

[[noreturn]] void give_up(const Prepared& prepared, int step) {
    const ChildFailure failure{step, errno};
    // The parent reads an empty pipe as "it runs": if even this write fails, the exit status tells.
    if (write(prepared.failure, &failure, sizeof failure) < 0) _exit(126);
    _exit(127);
}

[[noreturn]] void run_child(const Prepared& prepared) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != prepared.parent) _exit(125);  // the parent died before the line above took effect
    setpgid(0, 0);  // a group of its own: Ctrl-C is squall's to handle, and stragglers can be ended with it
    if (prepared.netns >= 0 && setns(prepared.netns, CLONE_NEWNET) != 0) give_up(prepared, 0);
    const int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(prepared.output, 1) < 0 || dup2(prepared.output, 2) < 0) {
        give_up(prepared, 1);
    }
    close(prepared.go_writer);
    char go = 0;
    if (read(prepared.go, &go, 1) != 1) give_up(prepared, 2);
    // In its control group: before Linux 6.2, one with a cpuset gives whoever moves into it all of its CPUs.
    if (prepared.pin && sched_setaffinity(0, sizeof prepared.cpus, &prepared.cpus) != 0) give_up(prepared, 3);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    // Sockets of the proxy among them: a target that is started anew would keep its connections open.
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) give_up(prepared, 4);
    execvpe(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
    give_up(prepared, execute_step);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const auto& string : strings)
        result.push_back(const_cast<char*>(string.c_str()));
    result.push_back(nullptr);
    return result;
}

struct Pipe {
    int ends[2] = {-1, -1};
    ~Pipe() {
        for (const int end : ends) {
            if (end >= 0) close(end);
        }
    }
    bool make() { return pipe2(ends, O_CLOEXEC) == 0; }
    void close_end(int which) {
        close(ends[which]);
        ends[which] = -1;
    }
};

/// Squall's own, but for what the plan sets.
std::vector<std::string> merged_environment(const std::vector<std::string>& planned) {
    std::map<std::string, std::string> by_name;
    const auto add = [&by_name](const std::string& variable) {
        by_name[variable.substr(0, variable.find('='))] = variable;
    };
    for (char** variable = environ; *variable; ++variable)
        add(*variable);
    for (const auto& variable : planned)
        add(variable);
    std::vector<std::string> environment;
    for (auto& [name, variable] : by_name)
        environment.push_back(std::move(variable));
    return environment;
}

Result<std::uint64_t> open_undo_record(Journal& journal, pid_t pid) {
    const auto identity = kernel::identify_process(pid);
    if (!identity) return identity.error();
    return journal.open("process-kill", {{"pid", std::to_string(identity->pid)},
                                         {"start_time", std::to_string(identity->start_time)},
                                         {"run", journal.run_id()}});
}

/// Whoever reads a page of a file first is charged for it. A program that is read here is in nobody's control group, so
/// that a memory limit of the target's means the same whether or not the program was in the page cache. One that cannot
/// be read is exec()'s to report.
void read_through(const std::string& program) {
    std::ifstream file(program, std::ios::binary);
    std::vector<char> buffer(1 << 16);
    while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())))
        ;
}

std::string describe_end(int status) {
    if (WIFSIGNALED(status)) {
        return fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
    return fmt::format("exited with status {}", WEXITSTATUS(status));
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(Journal& journal, const ProcessPlan& plan) {
    auto planned = plan.environment;
    planned.push_back(kernel::run_variable(journal.run_id()));
    const auto environment = merged_environment(planned);

    Prepared prepared;
    prepared.arguments = pointers(plan.command);
    prepared.environment = pointers(environment);
    prepared.netns = plan.netns ? plan.netns->descriptor() : -1;
    prepared.parent = getpid();
    CPU_ZERO(&prepared.cpus);
    for (const int cpu : plan.cpus)
        CPU_SET(static_cast<std::size_t>(cpu), &prepared.cpus);
    prepared.pin = !plan.cpus.empty();

    Pipe go;
    Pipe failure;
    if (!go.make() || !failure.make()) return system_failure("make a pipe to the target", errno, "raise ulimit -n");
    prepared.go = go.ends[0];
    prepared.go_writer = go.ends[1];
    prepared.failure = failure.ends[1];
    prepared.output = open(plan.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (prepared.output < 0) return system_failure("open " + plan.output.string(), errno);

    read_through(plan.command[0]);
    const pid_t pid = fork();
    if (pid == 0) run_child(prepared);
    const int fork_errno = errno;
    close(prepared.output);
    if (pid < 0) return system_failure("fork the target", fork_errno);

    auto record = open_undo_record(journal, pid);
    Status grouped = record ? (plan.cgroup ? plan.cgroup->add(pid) : Status()) : Status(record.error());
    auto process = std::unique_ptr<Process>(
        new Process(journal, pid, record ? std::optional(*record) : std::nullopt, plan.stop_signal, plan.stop_grace));
    if (!grouped) {
        go.close_end(1);  // the child reads end-of-file and leaves
        return grouped.error();
    }
    const char byte = 1;
    if (write(go.ends[1], &byte, 1) != 1) return system_failure("start the target", errno);
    failure.close_end(1);
    ChildFailure what;
    ssize_t length = 0;
    do {
        length = read(failure.ends[0], &what, sizeof what);
    } while (length < 0 && errno == EINTR);
    if (length == sizeof what) {
        auto failed = system_failure(fmt::format("start the target '{}': {}", plan.command[0], child_steps[what.step]),
                                     what.number, "check launch.command in the target's profile");
        if (what.step == execute_step && what.number == ENOENT) failed.system_error = ENOEXEC;
        return failed;
    }
    return process;
}

Process::~Process() {
    if (auto stopped = stop(); !stopped) std::fprintf(stderr, "squall: %s\n", stopped.error().message.c_str());
}

const std::optional<ProcessEnd>& Process::ended() {
    if (!ended_) {
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) == pid_) {
            ended_ = ProcessEnd{describe_end(status), monotonic_now(), WIFSIGNALED(status) ? WTERMSIG(status) : 0};
        }
    }
    return ended_;
}

bool Process::wait_until(Nanos deadline) {
    while (!ended()) {
        if (monotonic_now() >= deadline) return false;
        poll(nullptr, 0, 5);
    }
    return true;
}

Status Process::stop() {
    if (stopped_) return {};
    stopped_ = true;  // a second try would meet the numbers of processes that are gone
    const Nanos until = monotonic_now() + grace_;
    if (!ended()) {
        kill(pid_, stop_signal_);
        if (!wait_until(until)) {
            kill(pid_, SIGKILL);
            if (!wait_until(monotonic_now() + 5 * nanos_per_second)) {
                return Error{
                    fmt::format("end the target: pid {} does not die of SIGKILL; it may be stuck in the kernel", pid_)};
            }
        }
    }
    if (auto stopped = stop_what_it_started(until); !stopped) return stopped;
    return record_ ? journal_->close(*record_) : Status();
}

/// And did not end itself; none is the rule.
Status Process::stop_what_it_started(Nanos until) {
    const std::string& run = journal_->run_id();
    Status told;
    if (monotonic_now() < until) {
        for (const auto& left : kernel::processes_of_run(run)) {
            if (auto signalled = kernel::signal_process(left, stop_signal_); !signalled) told = signalled;
        }
    }
    while (told && monotonic_now() < until && !kernel::processes_of_run(run).empty())
        poll(nullptr, 0, 20);
    kill(-pid_, SIGKILL);
    if (auto killed = kernel::kill_processes_of_run(run, pid_); !killed) return killed;
    return told;
}

}  // namespace squall
