// What packets meet where an interface of the path sends: a class of htb with a queue of its own, which is a bottleneck
// of a set bandwidth (bfifo) or a delay (netem). Packets with its number for their priority go through it; all others
// pass by.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "faults/core/units.hpp"
#include "faults/kernel/namespace.hpp"

namespace squall::kernel {

struct Bottleneck {
    double rate = 0;          ///< bytes per second
    std::uint32_t burst = 0;  ///< bytes that go at once after silence
    std::uint32_t queue = 0;  ///< bytes that wait; what does not fit is dropped
};

/// Each packet waits for a time of its own: whoever draws less overtakes. Errors where the kernel has no netem.
struct Delay {
    Nanos least = 0;
    Nanos jitter = 0;  ///< up to so much more, drawn uniformly
};

struct ShaperCount {
    std::uint64_t packets = 0;  ///< sent
    std::uint64_t bytes = 0;
    std::uint64_t delayed = 0;  ///< how often it had sent all that it may, and the next packet had to wait
    std::uint64_t dropped = 0;  ///< packets
    std::uint64_t queued = 0;   ///< bytes, now
};

class Shaper {
public:
    static Result<std::unique_ptr<Shaper>> create(const Namespace& path, const std::string& interface,
                                                  const std::variant<Bottleneck, Delay>& queue);
    ~Shaper();  ///< removes it

    std::uint32_t priority() const { return class_; }
    Status set_rate(double rate);  ///< bytes per second; what waits goes on waiting
    Result<ShaperCount> count() const;
    Status remove();  ///< idempotent; what waits in the queue is lost

private:
    Shaper(Namespace path, std::string interface, const Bottleneck& bottleneck)
        : path_(std::move(path)), interface_(std::move(interface)), bottleneck_(bottleneck) {}

    Namespace path_;
    std::string interface_;
    Bottleneck bottleneck_;
    std::uint32_t class_ = 0;  ///< 0: none
};

}  // namespace squall::kernel
