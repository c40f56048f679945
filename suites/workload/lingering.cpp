#include "suites/workload/lingering.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace squall::workload {

Lingering::~Lingering() {
    for (const Slot& slot : slots_) {
        if (slot.fd >= 0) ::close(slot.fd);
    }
}

void Lingering::take(int fd, bool finish_writing) {
    if (count_ >= count_max_) {
        ::close(fd);
        return;
    }
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    Slot& slot = slots_[index];
    slot.fd = fd;
    ++slot.generation;
    ++count_;
    const Token token{Token::Kind::lingering, index, slot.generation};
    // A connection that is no longer there, or cannot be watched, has nothing to wait for.
    const bool here = !finish_writing || ::shutdown(fd, SHUT_WR) == 0;
    if (!here || loop_.move(fd, EPOLLIN, token, Queue::batches).has_error()) {
        close(index);
        return;
    }
    loop_.at(loop_.turn() + linger_max, token);
}

void Lingering::on_ready(Token token, std::vector<char>& buffer) {
    const Slot& slot = slots_[token.index];
    if (slot.generation != token.generation || slot.fd < 0) return;
    const auto bytes = ::recv(slot.fd, buffer.data(), buffer.size(), 0);
    const bool more = bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR));
    if (!more) close(token.index);
}

void Lingering::on_timer(Token token) {
    const Slot& slot = slots_[token.index];
    if (slot.generation == token.generation && slot.fd >= 0) close(token.index);
}

void Lingering::close(std::uint32_t index) {
    ::close(slots_[index].fd);
    slots_[index].fd = -1;
    free_.push_back(index);
    --count_;
}

}  // namespace squall::workload
