// What subscribers and publishers ask for, and whether the answer will do. Pure.
#pragma once

#include <string>
#include <string_view>

#include "suites/workload/http.hpp"
#include "suites/workload/random.hpp"
#include "suites/workload/workload.hpp"

namespace squall::workload {

/// `last_event_id` empty: no such header.
std::string sse_request(const Wire& wire, const Cohort& cohort, std::string_view last_event_id);

struct WebSocketRequest {
    std::string text;
    std::string accept;  ///< what the answer has to bear
};
WebSocketRequest websocket_request(const Wire& wire, const std::string& path, std::string_view topic,
                                   std::string_view last_event_id, Random& random);

std::string publish_request(const Wire& wire, std::string_view topic, std::string_view payload);

/// The text frames that a WebSocket begins with.
std::string opening_frames(const Dialogue& dialogue, std::string_view topic, Random& random);
/// The text frame that answers a message which begins like this; empty: none does.
std::string reply_frame(const Dialogue& dialogue, std::string_view beginning, std::string_view topic, Random& random);

/// What is wrong with an answer that was a response all the same; nullptr: nothing, the subscription is confirmed.
const char* sse_refusal(const ResponseHead& head, bool accepts_gzip);
const char* websocket_refusal(const ResponseHead& head, std::string_view accept, std::string_view subprotocol);

}  // namespace squall::workload
