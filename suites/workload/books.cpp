#include "suites/workload/books.hpp"

#include <algorithm>
#include <bit>

namespace squall::workload {

std::uint64_t PublishedLog::send() {
    if (sent_ % 64 == 0) {
        accepted_.push_back(0);
        rejected_.push_back(0);
        untimed_.push_back(0);
    }
    return sent_++;
}

void PublishedLog::set(Bits& bits, std::uint64_t index) {
    bits[index / 64] |= std::uint64_t{1} << (index % 64);
}

void PublishedLog::withdraw(std::uint64_t sequence) {
    accepted_[sequence / 64] &= ~(std::uint64_t{1} << (sequence % 64));
}

std::uint64_t PublishedLog::accepted_in(std::uint64_t from, std::uint64_t to) const {
    std::uint64_t count = 0;
    while (from < to) {
        const std::uint64_t word = from / 64;
        const std::uint64_t end = std::min(to, (word + 1) * 64);
        const std::uint64_t length = end - from;
        const std::uint64_t mask = (length == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << length) - 1) << (from % 64);
        count += static_cast<std::uint64_t>(std::popcount(accepted_[word] & mask));
        from = end;
    }
    return count;
}

Books::Books(std::uint32_t subscribers, std::vector<const PublishedLog*> publishers)
    : publishers_(std::move(publishers)), tracks_(subscribers * publishers_.size()), open_(subscribers) {}

void Books::open(std::uint32_t subscriber, std::uint32_t generation, bool resumed, Nanos at) {
    open_[subscriber] = 1;
    if (resumed) return;
    for (std::size_t slot = 0; slot < publishers_.size(); ++slot) {
        skip(subscriber, slot, publishers_[slot]->sent(), generation, at, Why::not_owed);
    }
}

void Books::close(std::uint32_t subscriber, std::uint32_t generation, Nanos at) {
    if (open_[subscriber] == 0) return;
    open_[subscriber] = 0;
    for (std::size_t slot = 0; slot < publishers_.size(); ++slot) {
        skip(subscriber, slot, publishers_[slot]->sent(), generation, at, Why::in_flight);
    }
}

Arrival Books::arrive_out_of_turn(std::uint32_t subscriber, std::size_t slot, std::uint64_t sequence,
                                  std::uint32_t generation, Nanos at) {
    if (sequence >= publishers_[slot]->sent()) return Arrival::unknown;
    Track& track = track_of(subscriber, slot);
    const bool open = open_[subscriber] != 0;
    if (sequence > track.next) {
        skip(subscriber, slot, sequence, generation, at, open ? Why::missed : Why::not_owed);
        track.next = sequence + 1;
        return Arrival::fresh;
    }
    if (!track.gaps) return Arrival::duplicate;
    std::vector<Gap>& gaps = *track.gaps;
    const auto behind = std::upper_bound(gaps.begin(), gaps.end(), sequence,
                                         [](std::uint64_t value, const Gap& gap) { return value < gap.from; });
    if (behind == gaps.begin() || std::prev(behind)->to <= sequence) return Arrival::duplicate;
    return fill(track, open, static_cast<std::size_t>(behind - gaps.begin()) - 1, sequence, generation);
}

bool Books::has(std::uint32_t subscriber, std::size_t slot, std::uint64_t sequence) const {
    const Track& track = tracks_[subscriber * publishers_.size() + slot];
    if (sequence >= track.next) return false;
    if (!track.gaps) return true;
    return std::none_of(track.gaps->begin(), track.gaps->end(),
                        [&](const Gap& gap) { return gap.from <= sequence && sequence < gap.to; });
}

Arrival Books::fill(Track& track, bool open, std::size_t index, std::uint64_t sequence, std::uint32_t generation) {
    std::vector<Gap>& gaps = *track.gaps;
    Gap& gap = gaps[index];
    const bool late = gap.why == Why::missed && gap.generation == generation;
    Gap rest = gap;
    rest.from = sequence + 1;
    // The first message since the confirmation shows from where on the target had the subscription.
    if (gap.why == Why::not_owed && open && gap.to == track.next) rest.why = Why::awaited;
    gap.to = sequence;
    const bool gone = gap.from == gap.to;
    if (rest.from < rest.to) {
        if (gone) {
            gap = rest;
        } else {
            gaps.insert(gaps.begin() + static_cast<std::ptrdiff_t>(index) + 1, rest);
        }
    } else if (gone) {
        gaps.erase(gaps.begin() + static_cast<std::ptrdiff_t>(index));
    }
    if (gaps.empty()) track.gaps.reset();
    return late ? Arrival::reordered : Arrival::fresh;
}

/// Moves `next` to `to`, leaving a gap for what lies between; nothing is left for what was only ever rejected.
void Books::skip(std::uint32_t subscriber, std::size_t slot, std::uint64_t to, std::uint32_t generation, Nanos at,
                 Why why) {
    Track& track = track_of(subscriber, slot);
    std::uint64_t from = track.next;
    if (from >= to) return;
    track.next = to;
    while (from < to && publishers_[slot]->rejected(from))
        ++from;
    while (from < to && publishers_[slot]->rejected(to - 1))
        --to;
    if (from == to) return;
    if (!track.gaps) track.gaps = std::make_unique<std::vector<Gap>>();
    if (track.gaps->size() >= gaps_max) {
        lose(subscriber, slot, track.gaps->front());
        track.gaps->erase(track.gaps->begin());
    }
    track.gaps->push_back({from, to, at, generation, why});
}

void Books::lose(std::uint32_t subscriber, std::size_t slot, const Gap& gap) {
    if (gap.why == Why::not_owed) return;
    const std::uint64_t messages = publishers_[slot]->accepted_in(gap.from, gap.to);
    if (messages > 0) losses_.push_back({subscriber, gap.generation, gap.at, messages, gap.why == Why::in_flight});
}

void Books::settle(std::uint32_t subscriber, std::uint32_t generation, bool due, Nanos at) {
    for (std::size_t slot = 0; slot < publishers_.size(); ++slot) {
        if (open_[subscriber] != 0) {
            skip(subscriber, slot, publishers_[slot]->sent(), generation, at, due ? Why::missed : Why::in_flight);
        }
        Track& track = track_of(subscriber, slot);
        if (!track.gaps) continue;
        for (const Gap& gap : *track.gaps)
            lose(subscriber, slot, gap);
        track.gaps.reset();
    }
    open_[subscriber] = 0;
}

}  // namespace squall::workload
