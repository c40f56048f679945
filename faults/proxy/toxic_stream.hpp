// What one direction of a proxied connection does to the bytes that pass: when each may leave, and in what pieces.
// Pure: no socket, no clock. Order is kept, and nothing is lost but by a toxic that says so.
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
    std::size_t spread = 0;   ///< … or up to so many more or less, drawn anew for each piece …
    Nanos gap = 0;            ///< … and so long passes between two pieces
    std::size_t hold = 0;     ///< bytes wait until so many have come together, or the first of them …
    Nanos hold_max = 0;       ///< … has waited so long; 0: for ever
    std::uint64_t quota = 0;  ///< only so many bytes leave, and then none; 0: all
    bool loses = false;       ///< what comes is thrown away
    Nanos linger = 0;         ///< the end is passed on so much later

    /// The connection is closed: so long after it came under the toxic …
    std::optional<Nanos> close_after = {};
    bool close_at_quota = false;  ///< … or once the quota is used …
    bool resets = false;          ///< … by RST, else by FIN

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

    /// When due() will have something, or may_end() or over() will be true: in the past, if it is so. None: none of
    /// them without more bytes.
    std::optional<Nanos> next() const;
    std::size_t held() const { return bytes_.size() - gone_; }
    /// Nothing more leaves.
    bool quota_used() const { return toxic_.quota > 0 && used_ >= toxic_.quota; }
    /// After end(): it may be passed on.
    bool may_end(Nanos now) const { return ended_since_ && held() == 0 && now >= *ended_since_ + toxic_.linger; }
    /// The connection is to be closed.
    bool over(Nanos now) const { return (closes_at_ && now >= *closes_at_) || (toxic_.close_at_quota && quota_used()); }
    std::optional<Nanos> closes_at() const { return closes_at_; }
    /// Bytes were thrown away: without the toxic, what follows would make no sense.
    bool lossy() const { return lossy_; }

private:
    /// Bytes that came together.
    struct Chunk {
        Nanos came;
        Nanos due;
        std::size_t size;
    };
    void release(Nanos now);
    std::uint64_t draw(std::uint64_t most);
    std::size_t piece();
    std::optional<Nanos> next_byte() const;

    Toxic toxic_;
    std::uint64_t random_;
    std::string bytes_;  ///< from gone_ on; of chunks_ from first_ on, then those that wait for company
    std::size_t gone_ = 0;
    std::vector<Chunk> chunks_;
    std::size_t first_ = 0;
    std::size_t together_ = 0;  ///< bytes at the end that wait for company
    Nanos together_since_ = 0;
    std::size_t piece_ = 0;  ///< the next one, once it is drawn
    std::optional<Nanos> ended_since_, closes_at_;
    bool lossy_ = false;
    std::uint64_t used_ = 0;  ///< of the quota
    Nanos free_at_ = 0;       ///< the limit on rate and pieces lets nothing go before
};

}  // namespace squall::proxy
