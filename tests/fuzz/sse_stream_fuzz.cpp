// A server-sent-events stream, in its head's framing: the first byte says which.
#include "suites/workload/sse_stream.hpp"

#include "tests/fuzz/noting_sink.hpp"

namespace squall::fuzz {

void fuzz(std::string_view input) {
    if (input.empty()) return;
    workload::ResponseHead head;
    switch (input.front()) {
        case 'c':
            head.framing = workload::Framing::chunked;
            break;
        case 'l':
            head.framing = workload::Framing::length;
            head.content_length = 100;
            break;
        case 'n':
            head.framing = workload::Framing::none;
            break;
        default:
            break;
    }
    const Pieces pieces(input.substr(1));
    if (pieces.wire().empty()) return;  // a connection is never read without a byte
    require_same_however_cut([&] { return workload::SseStream(head, run, everything); }, pieces);
}

}  // namespace squall::fuzz
