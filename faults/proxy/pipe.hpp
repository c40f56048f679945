// Bytes on their way from one socket to another without a copy (splice(2)). A thread needs one, for all its
// connections: it is empty between two uses.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

namespace squall::proxy {

class Pipe {
public:
    static constexpr std::size_t bytes_max = 64 * 1024;  ///< Linux's default

    Pipe() {
        if (pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) ends_[0] = ends_[1] = -1;  // nothing can be spliced then
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close(ends_[0]);
        close(ends_[1]);
    }

    /// 0: nothing has come, or not in a way that can be spliced; reading tells.
    std::size_t fill(int from) {
        const auto n = splice(from, nullptr, ends_[1], nullptr, bytes_max, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        return n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    /// Raises SIGPIPE where send() with MSG_NOSIGNAL would not. 0: `to` takes none; writing tells why.
    std::size_t pour(int to, std::size_t bytes) {
        const auto n = splice(ends_[0], nullptr, to, nullptr, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        return n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    /// What is left in it.
    std::size_t empty(char* buffer, std::size_t size) {
        const auto n = read(ends_[0], buffer, size);
        return n > 0 ? static_cast<std::size_t>(n) : 0;
    }

private:
    int ends_[2];
};

}  // namespace squall::proxy
