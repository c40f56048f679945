// Everything that a subscription's parser says, in order, so that two ways of feeding it can be compared.
#pragma once

#include <fmt/format.h>

#include <string>

#include "suites/workload/stream.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {

inline constexpr std::uint32_t run = 0xC0FFEE01;
inline constexpr workload::Telling everything{.beginnings = true, .contents = true};

class NotingSink final : public workload::StreamSink {
public:
    void on_marker(const workload::Marker& marker) override {
        note("marker {} {} {}", marker.publisher, marker.sequence, marker.scheduled);
    }
    void on_foreign(std::uint32_t markers) override { note("foreign {}", markers); }
    void on_beginning(std::string_view text) override { note("begins {}", text); }
    void on_content(std::uint64_t hash) override { note("holds {}", hash); }
    void on_event_id(std::string_view id) override { note("id {}", id); }
    void on_retry(std::uint32_t ms) override { note("retry {}", ms); }
    void on_said(std::string_view reason) override { note("said {}", reason); }
    void on_ping(std::string_view payload) override { note("ping {}", payload); }
    void on_close(std::uint16_t code, std::string_view reason) override { note("close {} {}", code, reason); }

    std::string notes;

private:
    template <class... Values>
    void note(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(notes), format, std::forward<Values>(values)...);
        notes += '\n';
    }
};

/// The bytes in one piece and in many have to come to the same.
template <class MakeStream>
void require_same_however_cut(MakeStream make, Pieces pieces) {
    NotingSink whole_sink;
    auto whole = make();
    const workload::Progress at_once = whole.feed(pieces.wire(), whole_sink);

    NotingSink sink;
    auto stream = make();
    workload::Progress progress;
    for (std::string_view rest = pieces.wire(); !rest.empty() && progress.state == workload::Progress::State::open;) {
        const std::string_view piece = rest.substr(0, pieces.next());
        progress = stream.feed(piece, sink);
        rest.remove_prefix(piece.size());
    }
    REQUIRE(progress.state == at_once.state);
    REQUIRE((progress.why == nullptr) == (progress.state != workload::Progress::State::broken));
    REQUIRE(progress.why == at_once.why);
    REQUIRE(sink.notes == whole_sink.notes);
}

}  // namespace squall::fuzz
