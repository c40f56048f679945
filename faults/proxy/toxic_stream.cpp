#include "faults/proxy/toxic_stream.hpp"

#include <algorithm>

#include "faults/core/random.hpp"

namespace squall::proxy {
namespace {

template <class T>
T stricter(T one, T other) {
    return one == 0 ? other : other == 0 ? one : std::min(one, other);
}

}  // namespace

Toxic together(const Toxic& one, const Toxic& other) {
    Toxic both;
    both.latency = one.latency + other.latency;
    both.jitter = one.jitter + other.jitter;
    both.rate = stricter(one.rate, other.rate);
    both.piece = stricter(one.piece, other.piece);
    both.gap = std::max(one.gap, other.gap);
    const Toxic& longer = one.hold >= other.hold ? one : other;
    both.hold = longer.hold;
    both.hold_max = longer.hold_max;
    both.quota = stricter(one.quota, other.quota);
    return both;
}

void ToxicStream::treat(const Toxic& toxic, Nanos now) {
    if (toxic.quota == 0) used_ = 0;
    toxic_ = toxic;
    free_at_ = std::min(free_at_, now);
    for (Chunk& chunk : chunks_)
        chunk.due = std::min(chunk.due, std::max(now, chunk.came + toxic_.latency + toxic_.jitter));
    if (together_ >= toxic_.hold) release(now);
}

void ToxicStream::take(std::string_view bytes, Nanos now) {
    if (bytes.empty()) return;
    if (together_ == 0) together_since_ = now;
    bytes_.append(bytes);
    together_ += bytes.size();
    if (ended_ || together_ >= toxic_.hold) release(now);
}

void ToxicStream::end(Nanos now) {
    ended_ = true;
    release(now);
}

/// What waited for company is a chunk now. None overtakes the one before it.
void ToxicStream::release(Nanos now) {
    if (together_ == 0) return;
    const Nanos before = first_ < chunks_.size() ? chunks_.back().due : 0;
    chunks_.push_back({together_since_, std::max(before, now + toxic_.latency + draw(toxic_.jitter)), together_});
    together_ = 0;
}

Nanos ToxicStream::draw(Nanos most) {
    if (most <= 0) return 0;
    return static_cast<Nanos>(next_random(random_) % static_cast<std::uint64_t>(most + 1));
}

std::string_view ToxicStream::due(Nanos now) {
    if (now < free_at_ || quota_used()) return {};
    if (together_ > 0 && toxic_.hold_max > 0 && now - together_since_ >= toxic_.hold_max) {
        release(together_since_ + toxic_.hold_max);
    }
    std::size_t size = 0;
    for (std::size_t i = first_; i < chunks_.size() && chunks_[i].due <= now; ++i)
        size += chunks_[i].size;
    if (toxic_.piece > 0) size = std::min(size, toxic_.piece);
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

std::optional<Nanos> ToxicStream::next() const {
    if (quota_used()) return std::nullopt;
    if (first_ < chunks_.size()) return std::max(chunks_[first_].due, free_at_);
    if (together_ == 0 || toxic_.hold_max == 0) return std::nullopt;
    return std::max(together_since_ + toxic_.hold_max, free_at_);
}

}  // namespace squall::proxy
