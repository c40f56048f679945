// Network namespaces without a name: they live as long as a descriptor or a process of the run does, so a killed run
// leaves none behind.
#pragma once

#include <functional>

#include "faults/core/result.hpp"

namespace squall::kernel {

class Namespace {
public:
    /// A new network namespace with loopback up. Needs CAP_SYS_ADMIN in the current user namespace.
    static Result<Namespace> create();

    Namespace(Namespace&& other) noexcept;
    Namespace& operator=(Namespace&& other) noexcept;
    ~Namespace();

    int descriptor() const { return descriptor_; }
    /// A second handle on the same namespace, for an object that must not depend on the first one's life.
    Result<Namespace> duplicate() const;

    /// Moves the calling thread in for good (a thread of the workload, a child before exec).
    Status enter() const;
    /// Runs `work` inside, on a helper thread, while the caller waits. Sockets made inside stay inside. Since that
    /// thread ends, `work` must not fork a child that asks to die with its parent (PR_SET_PDEATHSIG looks at the
    /// thread).
    Status run(const std::function<Status()>& work) const;
    /// Writes /proc/sys/`path` (e.g. "net/ipv4/ip_forward") of this namespace.
    Status sysctl(const char* path, const char* value) const;

private:
    explicit Namespace(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

/// Without root: a new user namespace in which the caller is root, so that everything in this directory that the
/// kernel allows an unprivileged user works. The process must have one thread. Errors: the kernel forbids it.
Status become_root_in_user_namespace();

}  // namespace squall::kernel
