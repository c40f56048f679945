// Connections whose end has been settled and recorded, and that wait a little for the peer to close: closing at once
// would answer what is still on its way with a reset, and leave the closing handshake half done.
#pragma once

#include <cstdint>
#include <vector>

#include "suites/workload/loop.hpp"

namespace squall::workload {

class Lingering {
public:
    static constexpr Nanos linger_max = nanos_per_second;

    /// `count_max`: how many may linger at a time; past it they are closed at once.
    Lingering(Loop& loop, std::size_t count_max) : loop_(loop), count_max_(count_max) {}
    ~Lingering();
    Lingering(const Lingering&) = delete;
    Lingering& operator=(const Lingering&) = delete;

    /// Takes a descriptor that the loop watches. `finish_writing`: sends FIN now.
    void take(int fd, bool finish_writing);
    void on_ready(Token token, std::vector<char>& buffer);
    void on_timer(Token token);

    std::size_t count() const { return count_; }

private:
    struct Slot {
        int fd = -1;
        std::uint32_t generation = 0;
    };
    void close(std::uint32_t index);

    Loop& loop_;
    std::size_t count_max_;
    std::size_t count_ = 0;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
};

}  // namespace squall::workload
