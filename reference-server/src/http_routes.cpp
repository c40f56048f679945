#include "reference-server/src/http_routes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reference-server/src/admission.hpp"
#include "reference-server/src/exposition.hpp"
#include "reference-server/src/health.hpp"
#include "reference-server/src/session.hpp"
#include "reference-server/src/sse_encoding.hpp"
#include "reference-server/src/units.hpp"
#include "reference-server/src/ws_frame.hpp"
#include "reference-server/src/ws_handshake.hpp"

namespace squall::reference {
namespace {

std::string error_body(std::string_view error) {
    return fmt::format("{{\"error\":{}}}", json_string(error));
}

std::string retry_after_header() {
    return fmt::format("Retry-After: {}\r\n", retry_after.count());
}

// The topic of a request, or the response that refuses it.
std::variant<Topic*, Response> topic_of(Hub& hub, const Request& request) {
    const std::optional<std::string> name = request.parameter("topic");
    if (!name || name->empty()) return refuse(Refusal::bad_request, "the query parameter topic is missing");
    if (!valid_topic_name(*name))
        return refuse(Refusal::bad_request, fmt::format("a topic is 1 to {} bytes of UTF-8 without control characters",
                                                        topic_name_bytes_max));
    if (Topic* topic = hub.topics.find_or_create(*name)) return topic;
    return refuse(Refusal::over_capacity, "topics_max topics exist");
}

// The Last-Event-ID header, or the parameter for clients that cannot set it; the header is the newer one, because an
// EventSource reconnects to its first URL.
std::variant<std::optional<std::uint64_t>, Response> resume_point(const Request& request) {
    std::string text = request.last_event_id;
    if (text.empty()) text = request.parameter("last_event_id").value_or("");
    if (text.empty()) return std::optional<std::uint64_t>();
    if (const auto id = parse_count(text)) return std::optional<std::uint64_t>(id);
    return refuse(Refusal::bad_request, "Last-Event-ID is not an id of this server: expected a whole number");
}

Outcome open_stream(Hub& hub, const Request& request, OpenStream stream) {
    if (const auto refusal = admit_session(hub, Clock::now())) {
        return refuse(*refusal, *refusal == Refusal::draining        ? "draining"
                                : *refusal == Refusal::over_capacity ? "max_connections are open"
                                                                     : "handshake_rate_max is reached");
    }
    auto resume = resume_point(request);
    if (auto* response = std::get_if<Response>(&resume)) return std::move(*response);
    auto topic = topic_of(hub, request);
    if (auto* response = std::get_if<Response>(&topic)) return std::move(*response);
    stream.topic = std::get<Topic*>(topic);
    stream.resume_after = std::get<0>(resume);
    return stream;
}

Outcome events(Hub& hub, const Request& request) {
    if (!request.http_1_1) return refuse(Refusal::bad_request, 505, "the event stream is chunked: HTTP/1.1 is needed");
    OpenStream stream{.protocol = Protocol::sse, .topic = nullptr, .resume_after = {}, .head = {}};
    stream.head = sse::response_head() + sse::retry(hub.config.retry);
    return open_stream(hub, request, std::move(stream));
}

Outcome websocket(Hub& hub, const Request& request) {
    if (!request.http_1_1 || !request.upgrade_to_websocket)
        return refuse(Refusal::bad_upgrade, "expected a WebSocket handshake: Upgrade: websocket, Connection: Upgrade");
    if (request.websocket_version != "13") {
        Response response = refuse(Refusal::bad_upgrade, 426, "Sec-WebSocket-Version has to be 13");
        response.headers = "Sec-WebSocket-Version: 13\r\n";
        return response;
    }
    if (!ws::valid_key(request.websocket_key))
        return refuse(Refusal::bad_upgrade, "Sec-WebSocket-Key has to be the base64 form of 16 bytes");
    const std::string publish = request.parameter("publish").value_or("");
    if (!publish.empty() && publish != "0" && publish != "1" && publish != "only")
        return refuse(Refusal::bad_request, "publish has to be 0, 1 or only");
    OpenStream stream{.protocol = Protocol::websocket, .topic = nullptr, .resume_after = {}, .head = {}};
    stream.subscribes = publish != "only";
    stream.publishes = publish == "1" || publish == "only";
    stream.head = ws::response_head(request.websocket_key);
    return open_stream(hub, request, std::move(stream));
}

Outcome publish(Hub& hub, const Request& request) {
    if (!ws::valid_utf8(request.body)) {
        count_rejected_publish(hub.metrics, 400);
        return Response{.status = 400, .body = error_body("a payload has to be UTF-8: it leaves in text frames")};
    }
    auto topic = topic_of(hub, request);
    if (auto* response = std::get_if<Response>(&topic)) {
        response->refusal.reset();  // a refused publish is no failed handshake
        count_rejected_publish(hub.metrics, response->status);
        return std::move(*response);
    }
    const PublishResult result = hub.publish(*std::get<Topic*>(topic), request.body);
    if (result.refused.empty()) return Response{.status = 200, .body = fmt::format("{{\"id\":{}}}", result.id)};
    return Response{.status = result.status, .body = error_body(result.refused), .headers = retry_after_header()};
}

Outcome metrics(Hub& hub, const Request&) {
    Scrape scrape{.metrics = hub.metrics,
                  .queue_depths = {},
                  .queue_bytes = {},
                  .topics = hub.topics.size(),
                  .log_lines_lost = hub.log.lines_lost()};
    scrape.queue_depths.reserve(hub.sessions.size());
    scrape.queue_bytes.reserve(hub.sessions.size());
    for (const auto& session : hub.sessions.items()) {
        scrape.queue_depths.push_back(session->queue().messages());
        scrape.queue_bytes.push_back(session->queue().bytes());
    }
    std::string page = exposition(std::move(scrape));
    hub.metrics.loop_lag_seconds_max = 0;
    return Response{.body = std::move(page), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

Outcome healthz(Hub&, const Request&) {
    return Response{.body = "{\"status\":\"alive\"}"};
}

Outcome readyz(Hub& hub, const Request&) {
    const std::vector<std::string_view> reasons = unready_reasons(hub, Clock::now());
    if (reasons.empty()) return Response{.body = "{\"ready\":true}"};
    std::string list;
    for (const std::string_view reason : reasons)
        list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", reason);
    return Response{
        .status = 503,
        .body = fmt::format("{{\"ready\":false,\"reason\":\"{}\",\"reasons\":[{}]}}", reasons.front(), list),
        .headers = retry_after_header()};
}

struct Endpoint {
    std::string_view path;
    Method method;
    std::string_view allow;
    Outcome (*handle)(Hub&, const Request&);
};

constexpr Endpoint endpoints[] = {
    {"/publish", Method::post, "POST", publish}, {"/events", Method::get, "GET", events},
    {"/ws", Method::get, "GET", websocket},      {"/metrics", Method::get, "GET", metrics},
    {"/healthz", Method::get, "GET", healthz},   {"/readyz", Method::get, "GET", readyz},
};

std::string_view phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Error";
    }
}

int usual_status(Refusal refusal) {
    switch (refusal) {
        case Refusal::timeout:
            return 408;
        case Refusal::not_found:
            return 404;
        case Refusal::method_not_allowed:
            return 405;
        case Refusal::over_capacity:
        case Refusal::over_rate:
        case Refusal::draining:
            return 503;
        case Refusal::bad_request:
        case Refusal::bad_upgrade:
        case Refusal::closed_early:
            return 400;
    }
    return 400;
}

}  // namespace

Outcome route(Hub& hub, const Request& request) {
    const auto* endpoint = std::find_if(std::begin(endpoints), std::end(endpoints),
                                        [&](const Endpoint& candidate) { return candidate.path == request.path; });
    if (endpoint == std::end(endpoints))
        return refuse(Refusal::not_found,
                      "no such path: there are /events, /ws, /publish, /metrics, /healthz, /readyz");
    if (endpoint->method != request.method) {
        Response response =
            refuse(Refusal::method_not_allowed, fmt::format("{} answers {}", request.path, endpoint->allow));
        response.headers = fmt::format("Allow: {}\r\n", endpoint->allow);
        return response;
    }
    return endpoint->handle(hub, request);
}

Response refuse(Refusal refusal, std::string_view explanation) {
    return refuse(refusal, usual_status(refusal), explanation);
}

Response refuse(Refusal refusal, int status, std::string_view explanation) {
    Response response{.status = status, .body = error_body(explanation)};
    response.refusal = refusal;
    if (status == 503) response.headers = retry_after_header();
    return response;
}

std::string serialise(const Response& response, bool keep_alive) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\n"
        "Content-Type: {}\r\n"
        "Content-Length: {}\r\n"
        "{}{}\r\n{}",
        response.status, phrase(response.status), response.content_type, response.body.size(), response.headers,
        keep_alive ? "" : "Connection: close\r\n", response.body);
}

}  // namespace squall::reference
