#include "suites/workload/marker.hpp"

#include <algorithm>
#include <cstring>

namespace squall::workload {
namespace {

constexpr std::string_view prefix = "~sq1.";
constexpr std::size_t run_at = 5, publisher_at = 14, sequence_at = 19, scheduled_at = 36, check_at = 53;
static_assert(check_at + 4 + 1 == marker_length);

std::uint32_t fnv1a(std::string_view bytes) {
    std::uint32_t hash = 2166136261U;
    for (const char c : bytes)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

std::uint16_t check_of(const char* marker) {
    const std::uint32_t hash = fnv1a({marker, check_at - 1});
    return static_cast<std::uint16_t>(hash ^ (hash >> 16));
}

void write_hex(char* out, std::uint64_t value, std::size_t digits) {
    for (std::size_t i = digits; i > 0; --i, value >>= 4)
        out[i - 1] = "0123456789abcdef"[value & 15];
}

bool read_hex(const char* text, std::size_t digits, std::uint64_t& value) {
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        const char c = text[i];
        unsigned digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<unsigned>(c - 'a') + 10;
        } else {
            return false;
        }
        value = value << 4 | digit;
    }
    return true;
}

/// Letters and digits that do not compress to nothing and hold no '~'; the same in every run.
const std::string& filler() {
    static const std::string block = [] {
        std::string text(64 * 1024, ' ');
        std::uint32_t state = 2463534242U;
        for (char& c : text) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            c = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[state >> 26];
        }
        return text;
    }();
    return block;
}

}  // namespace

std::uint32_t run_hash(std::string_view run_id) {
    return fnv1a(run_id);
}

void write_marker(std::uint32_t run, const Marker& marker, char* out) {
    std::memset(out, '.', marker_length);
    std::memcpy(out, prefix.data(), prefix.size());
    write_hex(out + run_at, run, 8);
    write_hex(out + publisher_at, marker.publisher, 4);
    write_hex(out + sequence_at, marker.sequence, 16);
    write_hex(out + scheduled_at, static_cast<std::uint64_t>(marker.scheduled), 16);
    write_hex(out + check_at, check_of(out), 4);
    out[marker_length - 1] = '~';
}

void append_payload(std::string& out, std::uint32_t run, const Marker& marker, std::size_t size) {
    const std::size_t start = out.size();
    out.resize(start + marker_length);
    write_marker(run, marker, out.data() + start);
    for (std::size_t left = size > marker_length ? size - marker_length : 0; left > 0;) {
        const std::size_t part = std::min(left, filler().size());
        out.append(filler(), 0, part);
        left -= part;
    }
}

bool MessageScan::scan(std::string_view bytes) {
    if (kept_length_ > 0) {
        // Joined with as much as completes any marker that begins in what was kept.
        std::array<char, 2 * marker_length> joined;
        const std::size_t kept = kept_length_;
        const std::size_t added = std::min(bytes.size(), marker_length);
        std::memcpy(joined.data(), kept_.data(), kept);
        std::memcpy(joined.data() + kept, bytes.data(), added);
        kept_length_ = 0;
        const std::size_t at = walk({joined.data(), kept + added}, kept);
        if (at < kept) {  // still incomplete, and so all of `bytes` is in `joined`
            kept_length_ = static_cast<std::uint8_t>(kept + added - at);
            std::memcpy(kept_.data(), joined.data() + at, kept_length_);
            return count_ <= markers_per_message_max;
        }
        bytes.remove_prefix(at - kept);
    }
    const std::size_t at = walk(bytes, bytes.size());
    if (at < bytes.size()) {
        kept_length_ = static_cast<std::uint8_t>(bytes.size() - at);
        std::memcpy(kept_.data(), bytes.data() + at, kept_length_);
    }
    return count_ <= markers_per_message_max;
}

/// Takes the markers that begin before `start_limit`. Returns where the first incomplete one begins, or the position
/// at or past `start_limit` from which to go on.
std::size_t MessageScan::walk(std::string_view text, std::size_t start_limit) {
    std::size_t at = 0;
    while (at < start_limit) {
        const void* found = std::memchr(text.data() + at, '~', start_limit - at);
        if (found == nullptr) return start_limit;
        at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
        const std::size_t rest = text.size() - at;
        if (std::memcmp(text.data() + at, prefix.data(), std::min(rest, prefix.size())) != 0) {
            ++at;
        } else if (rest < marker_length) {
            return at;
        } else {
            at += take(text.data() + at) ? marker_length : 1;
        }
    }
    return at;
}

bool MessageScan::take(const char* text) {
    std::uint64_t run = 0, publisher = 0, sequence = 0, scheduled = 0, check = 0;
    const bool whole = text[publisher_at - 1] == '.' && text[sequence_at - 1] == '.' && text[scheduled_at - 1] == '.' &&
                       text[check_at - 1] == '.' && text[marker_length - 1] == '~' && read_hex(text + run_at, 8, run) &&
                       read_hex(text + publisher_at, 4, publisher) && read_hex(text + sequence_at, 16, sequence) &&
                       read_hex(text + scheduled_at, 16, scheduled) && read_hex(text + check_at, 4, check) &&
                       check == check_of(text);
    if (!whole) return false;
    if (run != run_) {
        ++foreign_;
        return true;
    }
    const Marker marker{static_cast<std::uint32_t>(publisher), sequence, static_cast<Nanos>(scheduled)};
    if (count_++ == 0) {
        first_ = marker;
    } else if (count_ <= markers_per_message_max) {
        if (!more_) more_ = std::make_unique<std::vector<Marker>>();
        more_->push_back(marker);
    }
    return true;
}

void MessageScan::discard() {
    more_.reset();
    count_ = 0;
    foreign_ = 0;
    kept_length_ = 0;
}

}  // namespace squall::workload
