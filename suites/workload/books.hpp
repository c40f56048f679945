// Who was due which message, and who got it. Pure: no sockets, no clock.
//
// A subscriber is owed what the target accepted and what was sent to it between the subscription's confirmation and its
// end; with resume, until the last one's end. On top of that it is owed whatever it got, so that
//     expected = delivered + missed + in flight
// holds exactly. What the target rejected, or never answered, is owed to nobody who did not get it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "faults/core/units.hpp"

namespace squall::workload {

/// What became of one publisher's messages. Two bits a message.
class PublishedLog {
public:
    /// The number of messages sent, which is the sequence of the next one.
    std::uint64_t sent() const { return sent_; }
    std::uint64_t send();
    void accept(std::uint64_t sequence) { set(accepted_, sequence); }
    void reject(std::uint64_t sequence) { set(rejected_, sequence); }
    /// Accepted for lack of an answer, but cannot have reached the target.
    void withdraw(std::uint64_t sequence);
    /// When it was sent is not known well enough for a latency.
    void untime(std::uint64_t sequence) { set(untimed_, sequence); }

    bool untimed(std::uint64_t sequence) const { return get(untimed_, sequence); }
    bool rejected(std::uint64_t sequence) const { return get(rejected_, sequence); }
    std::uint64_t accepted_in(std::uint64_t from, std::uint64_t to) const;  ///< [from, to)
    std::uint64_t accepted() const { return accepted_in(0, sent_); }

private:
    using Bits = std::vector<std::uint64_t>;
    static void set(Bits& bits, std::uint64_t index);
    static bool get(const Bits& bits, std::uint64_t index) { return (bits[index / 64] >> (index % 64) & 1) != 0; }

    std::uint64_t sent_ = 0;
    Bits accepted_;
    Bits rejected_;
    Bits untimed_;
};

/// Accepted messages that a subscriber was owed and did not get.
struct Loss {
    std::uint32_t subscriber = 0;  ///< in the cohort
    std::uint32_t generation = 0;  ///< the connection on which it was noticed
    Nanos at = 0;                  ///< when it was noticed
    std::uint64_t messages = 0;
    bool in_flight = false;  ///< may have been on its way when the connection ended; otherwise missed
};

enum class Arrival : std::uint8_t {
    fresh,
    reordered,  ///< for the first time, but after a later one of the same publisher on the same connection
    duplicate,
    unknown,  ///< never sent
};

/// The books of one cohort. `slot` is the publisher's place among those of the cohort's topic.
class Books {
public:
    /// Holes a subscriber may have open, by publisher. Past it the oldest is settled: a message that fills it later is
    /// counted as a duplicate.
    static constexpr std::size_t gaps_max = 64;

    Books(std::uint32_t subscribers, std::vector<const PublishedLog*> publishers);

    /// The subscription is confirmed. `resumed`: it asked for what it missed.
    void open(std::uint32_t subscriber, std::uint32_t generation, bool resumed, Nanos at);
    /// It has ended, or was cut off, and will not resume: what is not there yet was in flight. Idempotent.
    void close(std::uint32_t subscriber, std::uint32_t generation, Nanos at);

    Arrival arrive(std::uint32_t subscriber, std::size_t slot, std::uint64_t sequence, std::uint32_t generation,
                   Nanos at) {
        Track& track = track_of(subscriber, slot);
        if (sequence == track.next && sequence < publishers_[slot]->sent()) {
            ++track.next;
            return Arrival::fresh;
        }
        return arrive_out_of_turn(subscriber, slot, sequence, generation, at);
    }

    /// It has got this one already.
    bool has(std::uint32_t subscriber, std::size_t slot, std::uint64_t sequence) const;

    /// At the end of the run. `due`: it was open and reading, and had the time; the tail is missed then.
    void settle(std::uint32_t subscriber, std::uint32_t generation, bool due, Nanos at);

    /// Losses that have been settled since the last call.
    std::vector<Loss> take_losses() { return std::exchange(losses_, {}); }

    std::size_t bytes_per_subscriber() const { return publishers_.size() * sizeof(Track) + sizeof(open_[0]); }

private:
    enum class Why : std::uint8_t {
        missed,   ///< a later one came
        awaited,  ///< from before the confirmation was noticed, but behind one that came
        in_flight,
        not_owed,  ///< from before or between subscriptions
    };
    struct Gap {
        std::uint64_t from = 0, to = 0;  // [from, to)
        Nanos at = 0;
        std::uint32_t generation = 0;
        Why why = Why::missed;
    };
    struct Track {
        std::uint64_t next = 0;  // behind the latest that was delivered or is in a gap
        std::unique_ptr<std::vector<Gap>> gaps;
    };

    Track& track_of(std::uint32_t subscriber, std::size_t slot) {
        return tracks_[subscriber * publishers_.size() + slot];
    }
    Arrival arrive_out_of_turn(std::uint32_t subscriber, std::size_t slot, std::uint64_t sequence,
                               std::uint32_t generation, Nanos at);
    Arrival fill(Track& track, bool open, std::size_t gap, std::uint64_t sequence, std::uint32_t generation);
    void skip(std::uint32_t subscriber, std::size_t slot, std::uint64_t to, std::uint32_t generation, Nanos at,
              Why why);
    void lose(std::uint32_t subscriber, std::size_t slot, const Gap& gap);

    std::vector<const PublishedLog*> publishers_;
    std::vector<Track> tracks_;
    std::vector<std::uint8_t> open_;
    std::vector<Loss> losses_;
};

}  // namespace squall::workload
