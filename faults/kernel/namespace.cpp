#include "faults/kernel/namespace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <thread>
#include <utility>

namespace squall::kernel {
namespace {

Status on_a_thread(const std::function<Status()>& work) {
    Status status;
    std::exception_ptr thrown;
    std::thread([&] {
        try {
            status = work();
        } catch (...) {
            thrown = std::current_exception();
        }
    }).join();
    if (thrown) std::rethrow_exception(thrown);
    return status;
}

Status loopback_up() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return system_failure("opening a socket to configure loopback", errno);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    const int failed = ioctl(socket, SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
    close(socket);
    if (failed != 0) return system_failure("bringing loopback up", failed);
    return {};
}

Status write_file(const char* path, std::string_view text) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return system_failure(fmt::format("opening {}", path), errno);
    const ssize_t written = write(file, text.data(), text.size());
    const int number = errno;
    close(file);
    if (written != static_cast<ssize_t>(text.size())) {
        return system_failure(fmt::format("writing '{}' to {}", text, path), number);
    }
    return {};
}

}  // namespace

Result<Namespace> Namespace::create() {
    int descriptor = -1;
    // A thread of its own takes the new namespace on and ends; the descriptor keeps the namespace.
    const Status made = on_a_thread([&]() -> Status {
        if (unshare(CLONE_NEWNET) != 0) {
            return system_failure("making a network namespace", errno,
                                  "run as root, or allow user namespaces (kernel.unprivileged_userns_clone=1)");
        }
        if (auto up = loopback_up(); !up) return up;
        descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) return system_failure("opening /proc/thread-self/ns/net", errno, "is /proc mounted?");
        return {};
    });
    if (!made) return made.error();
    return Namespace(descriptor);
}

Namespace::Namespace(Namespace&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Namespace& Namespace::operator=(Namespace&& other) noexcept {
    if (this != &other) {
        if (descriptor_ >= 0) close(descriptor_);
        descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
}

Namespace::~Namespace() {
    if (descriptor_ >= 0) close(descriptor_);
}

Result<Namespace> Namespace::duplicate() const {
    const int copy = fcntl(descriptor_, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return system_failure("duplicating a namespace's descriptor", errno);
    return Namespace(copy);
}

Status Namespace::enter() const {
    if (setns(descriptor_, CLONE_NEWNET) != 0) return system_failure("entering a network namespace", errno);
    return {};
}

Status Namespace::run(const std::function<Status()>& work) const {
    // In a user namespace of our own, setns back to the network namespace outside it is refused: a thread that goes in
    // and ends is the way that always works.
    return on_a_thread([&]() -> Status {
        if (auto entered = enter(); !entered) return entered;
        return work();
    });
}

Status Namespace::sysctl(const char* path, const char* value) const {
    return run([&] { return write_file(fmt::format("/proc/sys/{}", path).c_str(), value); });
}

Status become_root_in_user_namespace() {
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER) != 0) {
        return system_failure("making a user namespace", errno,
                              errno == EINVAL ? "the process must have one thread"
                                              : "allow it with: sysctl kernel.unprivileged_userns_clone=1 "
                                                "user.max_user_namespaces=10000 "
                                                "kernel.apparmor_restrict_unprivileged_userns=0");
    }
    // An unprivileged user may map its own group only after giving up setgroups (user_namespaces(7)).
    if (auto done = write_file("/proc/self/setgroups", "deny"); !done) return done;
    if (auto done = write_file("/proc/self/uid_map", fmt::format("0 {} 1", uid)); !done) return done;
    return write_file("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

}  // namespace squall::kernel
