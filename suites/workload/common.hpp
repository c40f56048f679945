// What subscribers and publishers share. Only the loop's thread touches any of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "suites/tls/session.hpp"
#include "suites/workload/books.hpp"
#include "suites/workload/lingering.hpp"
#include "suites/workload/loop.hpp"
#include "suites/workload/marker.hpp"
#include "suites/workload/observed.hpp"
#include "suites/workload/random.hpp"
#include "suites/workload/recorder.hpp"
#include "suites/workload/socket.hpp"
#include "suites/workload/workload.hpp"

namespace squall::workload {

/// How long an attempt to subscribe may take, and a publish request's answer.
inline constexpr Nanos handshake_deadline = 10 * nanos_per_second;
inline constexpr Nanos answer_deadline = 10 * nanos_per_second;

struct Common {
    Common(Plan the_plan, std::size_t subscribers);

    /// Something that the rig could not do: it is the rig's fault, not the target's. At most rig_problems_max events.
    void rig_problem(const std::string& what, const std::string& detail);
    /// The instant a read's bytes arrived, and whether the kernel told it. Never later than now.
    struct Instant {
        Nanos at = 0;
        bool timed = false;
    };
    Instant arrival(Nanos realtime) const;
    /// Reads from the kernel once, at most `size_max` bytes; what has come for the reader is in read_buffer. Through
    /// TLS (not null) that is the plaintext of the records that are complete now; a session that has ended or failed is
    /// not read from: 0, or EPROTO.
    Received read(int fd, tls::Session* tls, std::size_t size_max);
    std::size_t read_size_max() const { return records_.empty() ? read_buffer.size() : records_.size(); }

    Plan plan;
    std::uint32_t run;
    Loop loop;
    Recorder recorder;
    Lingering lingering;
    Random random;
    std::vector<PublishedLog> published;  // by publisher
    Observed observed;
    std::vector<char> read_buffer;  // one for all: what has been read is parsed at once

private:
    std::vector<char> records_;  // likewise, before it is decrypted; empty without TLS
    static constexpr int rig_problems_max = 1'000;
    int rig_problems_ = 0;
};

}  // namespace squall::workload
