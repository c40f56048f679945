// A server-sent-events stream, from the first byte behind the response's head. Pure, and streaming: of a line that is
// not complete only what decides its meaning is kept, and nothing between events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "suites/workload/http.hpp"
#include "suites/workload/inflater.hpp"
#include "suites/workload/stream.hpp"

namespace squall::workload {

class SseStream {
public:
    static constexpr std::size_t line_bytes_max = 1024 * 1024;
    static constexpr std::size_t id_bytes_max = 1024;
    /// The event by which servers say why they end the stream: its data holds "reason":"…".
    static constexpr std::string_view farewell_event = "goodbye";

    SseStream(const ResponseHead& head, std::uint32_t run, Telling telling = {});
    void no_more_beginnings() {
        if (notes_) notes_->no_more_beginnings();
    }

    /// `ended`: the body's framing has ended (terminating chunk, Content-Length reached).
    Progress feed(std::string_view wire, StreamSink& sink);

    /// The stream is over now that the connection has ended: properly, or cut? Without framing a cut cannot be told
    /// from an end, and only a farewell makes it one.
    bool ended_properly() const { return body_.ends_with_connection() && farewell_said_ && line_bytes_ == 0; }

private:
    enum class Line : std::uint8_t { undecided, data, ignored };

    Progress body(std::string_view bytes, StreamSink& sink);
    Progress compressed_body(std::string_view bytes, StreamSink& sink);
    Progress part_of_line(std::string_view part);
    Progress end_of_line(std::string_view rest, StreamSink& sink);
    Progress line(std::string_view text, StreamSink& sink);
    bool data(std::string_view bytes);
    void dispatch(StreamSink& sink);

    BodyReader body_;
    std::unique_ptr<Inflater> inflater_;  // of a body that is compressed
    MessageScan message_;
    std::string part_;  // of a line that is still undecided
    std::string id_;    // of the event that is being received
    std::string said_;  // the beginning of a farewell's data
    std::unique_ptr<Notes> notes_;
    std::uint32_t line_bytes_ = 0;
    Line line_ = Line::undecided;
    bool skip_lf_ = false;
    std::uint8_t mark_ = 0;  // bytes of the byte order mark seen at the stream's start; 3: behind it
    bool has_id_ = false;
    bool farewell_ = false;
    bool farewell_said_ = false;
};

/// What stands between quotes behind "reason": in `json`; all of it (at most 120 bytes) when there is no such member.
std::string_view reason_in(std::string_view json);

}  // namespace squall::workload
