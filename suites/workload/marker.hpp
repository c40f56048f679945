// The marker that every published message carries: which run, which publisher, which message, and when it was due.
//
//   ~sq1.<run 8>.<publisher 4>.<sequence 16>.<scheduled 16>.<check 4>~      numbers in lower-case hexadecimal
//
// Printable ASCII without quotes, backslashes or line ends, so that it survives JSON envelopes and SSE lines. It is
// found by scanning, without knowing the envelope, and across any split of the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/units.hpp"

namespace squall::workload {

struct Marker {
    std::uint32_t publisher = 0;  ///< 0..65,535
    std::uint64_t sequence = 0;   ///< from 0, by publisher
    Nanos scheduled = 0;          ///< since the run's origin; later by what the rig was late to publish it

    friend bool operator==(const Marker&, const Marker&) = default;
};

inline constexpr std::size_t marker_length = 58;
/// A message that holds more than so many is hostile or broken.
inline constexpr std::size_t markers_per_message_max = 65'536;

std::uint32_t run_hash(std::string_view run_id);

/// Writes marker_length bytes.
void write_marker(std::uint32_t run, const Marker& marker, char* out);

/// A payload of `size` bytes (at least marker_length): the marker, then filler that holds no '~'.
void append_payload(std::string& out, std::uint32_t run, const Marker& marker, std::size_t size);

/// Finds the markers of the message that is being received, and keeps them until the message is complete: a client that
/// is cut off inside of a message has not received it.
class MessageScan {
public:
    explicit MessageScan(std::uint32_t run) : run_(run) {}

    /// The message's next bytes. False: more than markers_per_message_max.
    bool scan(std::string_view bytes);
    /// A marker does not go on past here (the end of an SSE line).
    void boundary() { kept_length_ = 0; }
    /// The message is complete: calls `found(const Marker&)` for each of this run's, and forgets the message. Returns
    /// how many markers of other runs it held.
    template <class Found>
    std::uint32_t complete(Found&& found) {
        if (count_ > 0) found(first_);
        if (more_) {
            for (const Marker& marker : *more_)
                found(marker);
        }
        const std::uint32_t foreign = foreign_;
        discard();
        return foreign;
    }
    void discard();

private:
    std::size_t walk(std::string_view text, std::size_t start_limit);
    bool take(const char* text);

    Marker first_;
    std::unique_ptr<std::vector<Marker>> more_;  // all but the first; rarely any
    std::uint32_t run_;
    std::uint32_t count_ = 0;
    std::uint32_t foreign_ = 0;
    std::uint8_t kept_length_ = 0;
    std::array<char, marker_length - 1> kept_;  // the beginning of a marker that may go on in the next read
};

}  // namespace squall::workload
