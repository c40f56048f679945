// What one direction of a proxied connection does to the bytes that pass: when each may leave, and in what pieces.
// Pure: no socket, no clock. Order is kept, and nothing is lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/units.hpp"

namespace squall::proxy {

/// What a limited rate lets go at once after an idle time: as little as a timer is worth.
inline constexpr Nanos rate_quantum = 10'000'000;

/// What is done to the bytes. As it stands: nothing.
struct Toxic {
    Nanos latency = 0;        ///< a byte leaves so long after it came …
    Nanos jitter = 0;         ///< … and up to this much more, drawn anew for each read
    double rate = 0;          ///< bytes per second; 0: as they come
    std::size_t piece = 0;    ///< at most so many bytes leave at once; 0: as they come …
    Nanos gap = 0;            ///< … and so long passes between two pieces
    std::size_t hold = 0;     ///< bytes wait until so many have come together, or the first of them …
    Nanos hold_max = 0;       ///< … has waited so long; 0: for ever
    std::uint64_t quota = 0;  ///< only so many bytes leave, and then none; 0: all

    bool any() const { return *this != Toxic{}; }
    friend bool operator==(const Toxic&, const Toxic&) = default;
};
/// Both at once: delays add up, the stricter limit holds.
Toxic together(const Toxic& one, const Toxic& other);

class ToxicStream {
public:
    explicit ToxicStream(std::uint64_t seed) : random_(seed) {}

    /// Also for what is held already, which keeps none longer than it did before.
    void treat(const Toxic& toxic, Nanos now);
    const Toxic& toxic() const { return toxic_; }

    void take(std::string_view bytes, Nanos now);
    /// No more will come: nothing waits for company any longer.
    void end(Nanos now);

    /// What may leave now, in one piece; empty: nothing.
    std::string_view due(Nanos now);
    /// So many bytes of due() have left. Returns for how long the toxic kept the first of them; 0: not at all.
    Nanos left(std::size_t bytes, Nanos now);

    /// When due() will have something: in the past, if it has. None: nothing is held, or it waits for company for ever.
    std::optional<Nanos> next() const;
    std::size_t held() const { return bytes_.size() - gone_; }
    /// Nothing more leaves.
    bool quota_used() const { return toxic_.quota > 0 && used_ >= toxic_.quota; }

private:
    /// Bytes that came together.
    struct Chunk {
        Nanos came;
        Nanos due;
        std::size_t size;
    };
    void release(Nanos now);
    Nanos draw(Nanos most);

    Toxic toxic_;
    std::uint64_t random_;
    std::string bytes_;  ///< from gone_ on; of chunks_ from first_ on, then those that wait for company
    std::size_t gone_ = 0;
    std::vector<Chunk> chunks_;
    std::size_t first_ = 0;
    std::size_t together_ = 0;  ///< bytes at the end that wait for company
    Nanos together_since_ = 0;
    bool ended_ = false;
    std::uint64_t used_ = 0;  ///< of the quota
    Nanos free_at_ = 0;       ///< the limit on rate and pieces lets nothing go before
};

}  // namespace squall::proxy
