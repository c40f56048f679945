#include "suites/workload/requests.hpp"

#include "suites/workload/websocket_stream.hpp"

namespace squall::workload {
namespace {

std::string begin_request(const Wire& wire, std::string_view method, const std::string& path) {
    std::string text(method);
    text.append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(wire.host).append("\r\n");
    for (const auto& [name, value] : wire.headers)
        text.append(name).append(": ").append(value).append("\r\n");
    return text;
}

std::string path_for(const std::string& path, std::string_view topic, std::string_view last_event_id) {
    return expand(expand(path, "{topic}", topic), "{last_event_id}", last_event_id);
}

}  // namespace

std::string sse_request(const Wire& wire, const Cohort& cohort, std::string_view last_event_id) {
    std::string text = begin_request(wire, "GET", path_for(wire.sse_path, cohort.topic, last_event_id));
    text += "Accept: text/event-stream\r\nCache-Control: no-cache\r\n";
    if (cohort.accept_gzip) text += "Accept-Encoding: gzip\r\n";
    if (!last_event_id.empty()) text.append("Last-Event-ID: ").append(last_event_id).append("\r\n");
    return text += "\r\n";
}

WebSocketRequest websocket_request(const Wire& wire, const std::string& path, std::string_view topic,
                                   std::string_view last_event_id, Random& random) {
    const std::uint64_t high = random.next();
    const std::string key = websocket_key(high, random.next());
    WebSocketRequest request{begin_request(wire, "GET", path_for(path, topic, last_event_id)), websocket_accept(key)};
    request.text +=
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key;
    if (!wire.websocket_subprotocol.empty()) {
        request.text += "\r\nSec-WebSocket-Protocol: " + wire.websocket_subprotocol;
    }
    request.text += "\r\n\r\n";
    return request;
}

std::string publish_request(const Wire& wire, std::string_view topic, std::string_view payload) {
    const std::string body = expand(expand(wire.publish_body, "{topic}", topic), "{payload}", payload);
    std::string text = begin_request(wire, wire.publish_method, path_for(wire.publish_path, topic, {}));
    for (const auto& [name, value] : wire.publish_headers)
        text.append(name).append(": ").append(value).append("\r\n");
    text.append("Content-Type: ").append(wire.publish_content_type);
    text.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return text;
}

std::string opening_frames(const Dialogue& dialogue, std::string_view topic, Random& random) {
    std::string frames;
    for (const std::string& text : dialogue.opening) {
        append_frame(frames, Opcode::text, expand(text, "{topic}", topic), static_cast<std::uint32_t>(random.next()));
    }
    return frames;
}

std::string reply_frame(const Dialogue& dialogue, std::string_view beginning, std::string_view topic, Random& random) {
    std::string frame;
    for (const auto& [asked, answer] : dialogue.replies) {
        if (!beginning.starts_with(asked)) continue;
        append_frame(frame, Opcode::text, expand(answer, "{topic}", topic), static_cast<std::uint32_t>(random.next()));
        break;
    }
    return frame;
}

const char* sse_refusal(const ResponseHead& head, bool accepts_gzip) {
    if (!head.event_stream) return "200 whose Content-Type is not text/event-stream";
    if (head.content_coded && !(head.gzip && accepts_gzip)) return "a Content-Encoding that was not asked for";
    return nullptr;
}

const char* websocket_refusal(const ResponseHead& head, std::string_view accept, std::string_view subprotocol) {
    if (!head.upgrade_to_websocket) return "101 without Upgrade: websocket and Connection: upgrade";
    if (head.websocket_accept != accept) return "Sec-WebSocket-Accept does not answer the key";
    if (head.extensions) return "an extension that was not offered";
    if (!head.websocket_protocol.empty() && head.websocket_protocol != subprotocol) {
        return "a subprotocol that was not offered";
    }
    return nullptr;
}

}  // namespace squall::workload
