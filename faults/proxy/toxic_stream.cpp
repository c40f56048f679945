#include "faults/proxy/toxic_stream.hpp"

#include <algorithm>

#include "faults/core/random.hpp"

namespace squall::proxy {
namespace {

template <class T>
T stricter(T one, T other) {
    return one == 0 ? other : other == 0 ? one : std::min(one, other);
}

std::optional<Nanos> earlier(std::optional<Nanos> one, std::optional<Nanos> other) {
    if (!one || !other) return one ? one : other;
    return std::min(*one, *other);
}

}  // namespace

Toxic together(const Toxic& one, const Toxic& other) {
    Toxic both;
    both.latency = one.latency + other.latency;
    both.jitter = one.jitter + other.jitter;
    both.rate = stricter(one.rate, other.rate);
    both.piece = stricter(one.piece, other.piece);
    both.spread = std::max(one.spread, other.spread);
    both.gap = std::max(one.gap, other.gap);
    const Toxic& longer = one.hold >= other.hold ? one : other;
    both.hold = longer.hold;
    both.hold_max = longer.hold_max;
    both.quota = stricter(one.quota, other.quota);
    both.loses = one.loses || other.loses;
    both.linger = one.linger + other.linger;
    both.close_after = earlier(one.close_after, other.close_after);
    both.close_at_quota = one.close_at_quota || other.close_at_quota;
    both.resets = one.resets || other.resets;
    return both;
}

void ToxicStream::treat(const Toxic& toxic, Nanos now) {
    if (toxic.quota == 0) used_ = 0;
    if (toxic.close_after != toxic_.close_after) {
        closes_at_.reset();
        if (toxic.close_after) closes_at_ = now + *toxic.close_after;
    }
    toxic_ = toxic;
    piece_ = 0;
    free_at_ = std::min(free_at_, now);
    for (Chunk& chunk : chunks_)
        chunk.due = std::min(chunk.due, std::max(now, chunk.came + toxic_.latency + toxic_.jitter));
    if (together_ >= toxic_.hold) release(now);
}

void ToxicStream::take(std::string_view bytes, Nanos now) {
    if (bytes.empty()) return;
    if (toxic_.loses) {
        lossy_ = true;
        return;
    }
    if (together_ == 0) together_since_ = now;
    bytes_.append(bytes);
    together_ += bytes.size();
    if (ended_since_ || together_ >= toxic_.hold) release(now);
}

void ToxicStream::end(Nanos now) {
    ended_since_ = now;
    release(now);
}

/// What waited for company is a chunk now. None overtakes the one before it.
void ToxicStream::release(Nanos now) {
    if (together_ == 0) return;
    const Nanos before = first_ < chunks_.size() ? chunks_.back().due : 0;
    chunks_.push_back(
        {together_since_,
         std::max(before, now + toxic_.latency + static_cast<Nanos>(draw(static_cast<std::uint64_t>(toxic_.jitter)))),
         together_});
    together_ = 0;
}

std::uint64_t ToxicStream::draw(std::uint64_t most) {
    return most == 0 ? 0 : next_random(random_) % (most + 1);
}

/// As long as the next one may be.
std::size_t ToxicStream::piece() {
    if (piece_ == 0) {
        const std::size_t spread = std::min(toxic_.spread, toxic_.piece - 1);
        piece_ = toxic_.piece - spread + draw(2 * spread);
    }
    return piece_;
}

std::string_view ToxicStream::due(Nanos now) {
    if (now < free_at_ || quota_used()) return {};
    if (together_ > 0 && toxic_.hold_max > 0 && now - together_since_ >= toxic_.hold_max) {
        release(together_since_ + toxic_.hold_max);
    }
    std::size_t size = 0;
    for (std::size_t i = first_; i < chunks_.size() && chunks_[i].due <= now; ++i)
        size += chunks_[i].size;
    if (toxic_.piece > 0) size = std::min(size, piece());
    if (toxic_.rate > 0) {
        size =
            std::min(size, std::max<std::size_t>(1, static_cast<std::size_t>(toxic_.rate * to_seconds(rate_quantum))));
    }
    if (toxic_.quota > 0) size = std::min(size, static_cast<std::size_t>(toxic_.quota - used_));
    return std::string_view(bytes_).substr(gone_, size);
}

Nanos ToxicStream::left(std::size_t bytes, Nanos now) {
    if (bytes == 0) return 0;
    const Nanos kept = std::max<Nanos>(std::max(chunks_[first_].due, free_at_) - chunks_[first_].came, 0);
    gone_ += bytes;
    used_ += bytes;
    piece_ = 0;
    for (std::size_t rest = bytes; rest > 0;) {
        Chunk& chunk = chunks_[first_];
        const std::size_t taken = std::min(rest, chunk.size);
        chunk.size -= taken;
        rest -= taken;
        if (chunk.size == 0) ++first_;
    }
    if (first_ > chunks_.size() / 2) {
        chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
    if (gone_ > bytes_.size() / 2) {
        bytes_.erase(0, gone_);
        gone_ = 0;
    }
    if (toxic_.rate > 0) {
        // A timer that comes late is made up for; an idle time is not saved up.
        free_at_ = std::max(free_at_, now - rate_quantum) + from_seconds(static_cast<double>(bytes) / toxic_.rate);
    }
    if (toxic_.piece > 0) free_at_ = std::max(free_at_, now + toxic_.gap);
    return kept;
}

std::optional<Nanos> ToxicStream::next_byte() const {
    if (quota_used()) return std::nullopt;
    if (first_ < chunks_.size()) return std::max(chunks_[first_].due, free_at_);
    if (together_ == 0 || toxic_.hold_max == 0) return std::nullopt;
    return std::max(together_since_ + toxic_.hold_max, free_at_);
}

std::optional<Nanos> ToxicStream::next() const {
    const auto end = ended_since_ && held() == 0 ? std::optional(*ended_since_ + toxic_.linger) : std::nullopt;
    return earlier(earlier(next_byte(), end), closes_at_);
}

}  // namespace squall::proxy
