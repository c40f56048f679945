#include "suites/targets/profile_keys.hpp"

namespace squall {
namespace {

using Kind = OptionSpec::Kind;
using Shape = KeySpec::Shape;

KeySpec text(const char* name, const char* doc, bool required = false) {
    return {Shape::text, {.name = name, .doc = doc, .required = required}};
}
KeySpec text_or(const char* name, const char* doc, const char* fallback) {
    return {Shape::text, {.name = name, .doc = doc, .fallback = fallback}};
}
KeySpec duration(const char* name, const char* doc, const char* fallback) {
    return {Shape::scalar,
            {.name = name,
             .kind = Kind::quantity,
             .dimension = dimension::time,
             .doc = doc,
             .fallback = fallback,
             .max = 3600}};
}
KeySpec section(const char* name, const char* doc, std::vector<KeySpec> (*keys)(), bool required = false) {
    return {Shape::section, {.name = name, .doc = doc, .required = required}, keys};
}
KeySpec pairs(const char* name, const char* doc) {
    return {Shape::pairs, {.name = name, .doc = doc}};
}
KeySpec list(const char* name, const char* doc) {
    return {Shape::names, {.name = name, .doc = doc}};
}
KeySpec lacks() {
    return list("lacks", "What it does not offer, of what cannot be seen from outside: resume.");
}

/// What a WebSocket is told, and tells, besides the messages.
std::vector<KeySpec> with_dialogue(std::vector<KeySpec> keys) {
    keys.push_back(list("opening", "Text frames to send once open; may hold {topic}."));
    keys.push_back(text("confirm", "How the message begins that confirms it. Left out: the handshake does."));
    keys.push_back(pairs("replies", "How a message begins: what answers it."));
    return keys;
}

}  // namespace

std::vector<KeySpec> profile_keys() {
    return {{Shape::name, {.name = "name", .doc = "What the target is called.", .required = true}},
            text("summary", "One sentence.", true),
            section("launch", "How squall starts it. Either this or address.", launch_keys),
            text("address", "IPv4 address and port where it already runs. Either this or launch."),
            text_or("host", "The Host header.", "squall.test"),
            section("ready", "When it can be used.", ready_keys),
            section("version", "How it says which version it is.", version_keys),
            {Shape::scalar,
             {.name = "topics",
              .kind = Kind::flag,
              .doc = "false: it has none, and all subscribers get everything.",
              .fallback = "true"}},
            section("sse", "How to subscribe over SSE; leave out what it does not offer.", sse_keys),
            section("websocket", "How to subscribe over WebSocket.", websocket_keys),
            section("publish", "How to publish.", publish_keys),
            pairs("headers", "Sent with every request."),
            section("tls", "Speak TLS (https, wss) to all of it. Left out: plain.", tls_keys),
            section("metrics", "Its own Prometheus metrics, under squall's names.", metrics_keys),
            section("log", "Lines of JSON on its output that say why a connection ended.", log_keys),
            pairs("declares", "Settings that it has whether it is told or not: setting: value.")};
}

std::vector<KeySpec> launch_keys() {
    return {{Shape::names,
             {.name = "command",
              .doc = "Program and arguments. {address}, {port}, {directory}, {here} and {cache} are filled in; "
                     "\"{settings}\" becomes what it is told.",
              .required = true}},
            pairs("settings", "Setting: the argument that tells it, with {} for the value, or {ms}, {s}, {bytes}."),
            pairs("environment", "Added to squall's own."),
            pairs("files", "Written into {directory} before the start: file name: content."),
            section("stop", "How it is ended.", stop_keys)};
}

std::vector<KeySpec> stop_keys() {
    return {{Shape::scalar,
             {.name = "signal",
              .kind = Kind::choice,
              .doc = "The first signal.",
              .fallback = "TERM",
              .choices = {"TERM", "INT", "QUIT", "KILL"}}},
            duration("grace", "Then it is killed.", "5s")};
}

std::vector<KeySpec> ready_keys() {
    return {text("path", "Answers 2xx once it can be used. Left out: any answer to GET / will do."),
            duration("within", "How long it may take to start.", "10s")};
}

std::vector<KeySpec> version_keys() {
    return {list("command", "The first line that it prints."), text("path", "Otherwise: of the answer to this GET …"),
            text("header", "… this header …"), text("json", "… or this member, dots between names.")};
}

std::vector<KeySpec> tls_keys() {
    return {
        text("ca", "File of certificates in PEM to trust, relative to the profile. Left out: what the host trusts."),
        {Shape::scalar,
         {.name = "verify", .kind = Kind::flag, .doc = "false: any certificate will do.", .fallback = "true"}},
        text("server_name", "SNI, and whom the certificate has to be for. Left out: host without its port.")};
}

std::vector<KeySpec> sse_keys() {
    return {text("path", "With {topic} and, for resuming by the URL, {last_event_id}.", true),
            text("confirm", "How the line begins that confirms the subscription. Left out: the response's head does."),
            lacks()};
}

std::vector<KeySpec> websocket_keys() {
    return with_dialogue(
        {text("path", "With {topic}.", true), text("subprotocol", "Sec-WebSocket-Protocol."), lacks()});
}

std::vector<KeySpec> publish_keys() {
    return {section("http", "By request.", publish_http_keys),
            section("websocket", "By message.", publish_websocket_keys)};
}

std::vector<KeySpec> publish_http_keys() {
    return {text("request", "Method and path: POST /publish?topic={topic}.", true),
            text_or("body", "With {payload}.", "{payload}"),
            text_or("content_type", "Content-Type.", "application/octet-stream"),
            pairs("headers", "Sent with these requests besides.")};
}

std::vector<KeySpec> publish_websocket_keys() {
    return with_dialogue(
        {text("path", "Where the publisher connects.", true), text_or("frame", "With {payload}.", "{payload}")});
}

std::vector<KeySpec> metrics_keys() {
    return {text("path", "The page.", true),
            {Shape::sections, {.name = "names", .doc = "One a metric.", .required = true}, metric_keys}};
}

std::vector<KeySpec> metric_keys() {
    return {text("metric", "Squall's name: `squall list metrics`.", true),
            text("source", "The target's name.", true),
            pairs("labels", "That a sample must carry with these values."),
            {Shape::scalar,
             {.name = "stat",
              .kind = Kind::choice,
              .doc = "Which quantile of a summary this is.",
              .choices = {"p50", "p95", "p99", "max"}}}};
}

std::vector<KeySpec> log_keys() {
    return {section("event", "How the line of a disconnect is told from others.", log_event_keys, true),
            text("peer", "Key of the other end's address and port.", true),
            text("reason", "Key of the reason.", true),
            text("protocol", "Key of the protocol."),
            text("time", "Key of the time, RFC 3339 in UTC."),
            text("dropped", "Key of how many messages of the connection were dropped."),
            text("delivered", "Key of how many messages the kernel took for the connection.")};
}

std::vector<KeySpec> log_event_keys() {
    return {text("key", "For example event.", true), text("value", "For example disconnect.", true)};
}

}  // namespace squall
