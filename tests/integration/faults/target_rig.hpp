// A rig whose target is processes in a control group, for faults on the target's compute.
#pragma once

#include <functional>

#include "rig.hpp"

namespace squall::test {

class TargetTest : public RigTest {
protected:
    void SetUp() override;
    void TearDown() override;

    /// Forks a process of the target that does `work`, which must not return. It ends with the test.
    pid_t start(const std::function<void()>& work);
    /// A shell that runs `script`, bears the run's variable and is in no control group.
    pid_t start_without_group(const char* script);

    std::unique_ptr<kernel::Cgroup> cgroup;

private:
    std::vector<pid_t> started_;
};

[[noreturn]] void burn();
[[noreturn]] void sleep_for_ever();

/// State of /proc/PID/stat: 'R', 'S', 'T', …; 0: it is gone.
char state_of(pid_t pid);

}  // namespace squall::test
