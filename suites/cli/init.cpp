// squall init: checks a server that runs, step by step, and writes its profile.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "faults/core/clock.hpp"
#include "faults/core/files.hpp"
#include "suites/cli/init_plan.hpp"
#include "suites/cli/init_subscription.hpp"
#include "suites/cli/output.hpp"
#include "suites/metrics/prometheus.hpp"
#include "suites/targets/http_probe.hpp"
#include "suites/workload/marker.hpp"

namespace squall::cli {
namespace {

constexpr Nanos answer_within = 10 * nanos_per_second;
constexpr std::size_t shown_bytes_max = 600;
constexpr std::size_t message_bytes = 96;
const std::string topic = "squall";  // as cohorts and publishers have it that name none

/// One line, in which what could steer a terminal is in hexadecimal.
std::string printable(std::string_view text) {
    std::string clean;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        clean += byte < ' ' || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    return clean;
}

/// As people can read it: a line each, what is not printable in hexadecimal.
std::string dump(const std::string& bytes) {
    std::string text = "      | ";
    for (std::size_t i = 0; i < std::min(bytes.size(), shown_bytes_max); ++i) {
        const auto c = static_cast<unsigned char>(bytes[i]);
        if (c == '\n') {
            text += i + 1 < bytes.size() ? "\\n\n      | " : "\\n";
        } else if (c == '\r') {
            text += "\\r";
        } else {
            text += c >= ' ' && c < 0x7F ? std::string(1, bytes[i]) : fmt::format("\\x{:02x}", c);
        }
    }
    if (bytes.size() > shown_bytes_max) text += fmt::format("… {} bytes more", bytes.size() - shown_bytes_max);
    return text + "\n";
}

class Init {
public:
    Init(InitPlan plan, const InitArguments& arguments)
        : profile_(std::move(plan.profile)),
          server_(std::move(plan.server)),
          body_given_(plan.body_given),
          listen_(from_seconds(arguments.listen_s)),
          output_(arguments.output),
          run_(workload::run_hash(fmt::format("init {}", monotonic_now()))) {}

    int run() {
        const bool reached = reach() && subscribe() && publish();
        if (!reached) {
            shown_ &= show("\nno profile was written\n");
            return 1;
        }
        look_around();
        return write();
    }

private:
    void tell(const std::string& what, const char* outcome, const std::string& detail) {
        shown_ &= show(
            fmt::format("  {:<9} {}{}\n", outcome, printable(what), detail.empty() ? "" : ": " + printable(detail)));
    }
    bool ok(const std::string& what, const std::string& detail = {}) {
        tell(what, "ok", detail);
        return true;
    }
    void absent(const std::string& what, const std::string& detail) { tell(what, "not there", detail); }
    bool failed(const std::string& what, const Failure& failure) {
        tell(what, "failed", failure.why);
        if (!failure.bytes.empty()) {
            shown_ &= show("    what came:\n" + dump(failure.bytes));
        }
        if (!failure.advice.empty()) shown_ &= show(fmt::format("    {}\n", failure.advice));
        return false;
    }

    bool reach() {
        const auto address = resolve(server_);
        if (!address) return failed("resolve", {address.error().message, "", "is the name right? squall speaks IPv4"});
        profile_.address = *address;
        ok("resolve " + server_.host, to_string(*address));
        if (const auto plain = ProbeConnection::open(*address, nullptr, soon()); !plain) {
            return failed("connect to " + to_string(*address), failed_to("", plain.error()));
        }
        ok("connect to " + to_string(*address));
        if (profile_.tls && !shake_hands()) return false;
        wire_.subscribe = wire_.publish = *address;
        wire_.host = profile_.host;
        wire_.sse_path = profile_.sse_path;
        wire_.websocket_path = profile_.websocket_path;
        wire_.websocket_subprotocol = profile_.websocket_subprotocol;
        wire_.websocket = profile_.websocket;
        wire_.publish_method = profile_.publish_method;
        wire_.publish_path = profile_.publish_path;
        wire_.headers = profile_.headers;
        wire_.tls = tls_;
        return true;
    }

    bool shake_hands() {
        auto context = tls::Context::make(*profile_.tls);
        if (!context) return failed("TLS", {context.error().message, "", ""});
        tls_ = std::move(*context);
        const auto connection = ProbeConnection::open(*profile_.address, tls_.get(), soon());
        if (!connection) return failed("TLS", failed_to("", connection.error()));
        return ok("TLS", profile_.tls->verify ? "certificate for " + profile_.tls->server_name
                                              : "the certificate was not looked at");
    }

    bool subscribe() {
        const bool sse = profile_.sse_path.empty() || open(Protocol::sse);
        const bool websocket = profile_.websocket_path.empty() || open(Protocol::websocket);
        return sse && websocket;
    }

    bool open(Protocol protocol) {
        const bool sse = protocol == Protocol::sse;
        const std::string name = sse ? "SSE" : "WebSocket";
        auto subscription = std::make_unique<Subscription>(wire_, protocol, topic, run_);
        if (auto failure = subscription->open(soon())) return failed(name + " " + subscription->request(), *failure);
        const auto& head = subscription->head();
        std::string detail = head.status_line;
        if (sse) detail += ", text/event-stream";
        if (!sse) detail += head.websocket_protocol.empty() ? ", no sub-protocol" : ", " + head.websocket_protocol;
        ok(name + " " + subscription->request(), detail);
        subscriptions_.emplace_back(name, std::move(subscription));
        return true;
    }

    /// Until a body is found that is accepted, and arrives.
    bool publish() {
        if (profile_.publish_path.empty()) {
            absent("publish", "no --publish; a case needs one to measure what is delivered");
            return true;
        }
        using Template = std::pair<std::string, std::string>;
        std::vector<Template> templates{{profile_.publish_body, profile_.publish_content_type}};
        if (!body_given_) {
            templates.emplace_back("{payload}", "text/plain");
            for (const char* key : {"message", "data", "text", "payload"})
                templates.emplace_back(fmt::format("{{\"{}\": \"{{payload}}\"}}", key), "application/json");
        }
        std::optional<std::pair<std::string, Failure>> first;
        for (std::size_t i = 0; i < templates.size(); ++i) {
            std::tie(wire_.publish_body, wire_.publish_content_type) = templates[i];
            auto failure = publish_one(i, first ? std::min(listen_, nanos_per_second) : listen_);
            if (!failure) return published();
            if (!first) first = std::move(failure);
            if (hopeless_) break;
        }
        return failed(first->first, first->second);
    }

    /// The step that failed, and why.
    std::optional<std::pair<std::string, Failure>> publish_one(std::uint64_t sequence, Nanos patience) {
        std::string payload;
        workload::append_payload(payload, run_, {0, sequence, 0}, message_bytes);
        const std::string step =
            fmt::format("publish {} {} with {}", wire_.publish_method, wire_.publish_path, wire_.publish_body);
        auto connection = ProbeConnection::open(wire_.publish, wire_.tls.get(), soon());
        if (!connection) return {{step, failed_to("", connection.error())}};
        auto answer = ask(**connection, workload::publish_request(wire_, topic, payload), soon());
        if (auto* failure = std::get_if<Failure>(&answer)) return {{step, std::move(*failure)}};
        const Response& response = std::get<Response>(answer);
        const int status = response.head.status;
        if (status / 100 != 2) {
            const std::vector<int> not_the_body{401, 403, 404, 405, 429};
            hopeless_ =
                status / 100 == 3 || std::find(not_the_body.begin(), not_the_body.end(), status) != not_the_body.end();
            return {{step,
                     {fmt::format("it answered {}, and 2xx was expected", status), response.bytes,
                      advice_on(status, true)}}};
        }
        answered_ = response.head.status_line;
        for (auto& [name, subscription] : subscriptions_) {
            auto failure = subscription->listen(monotonic_now() + patience,
                                                [&, s = subscription.get()] { return s->arrived(sequence); });
            const std::string arrival = name + ": the message arrives";
            if (failure) {
                hopeless_ = true;
                return {{arrival, std::move(*failure)}};
            }
            if (!subscription->arrived(sequence)) {
                return {{arrival,
                         {fmt::format("it was published ({}), and has not arrived within {:g} s", answered_,
                                      to_seconds(patience)),
                          subscription->text(),
                          "is it published to the topic that is subscribed to ({topic} in both URLs)? does a "
                          "WebSocket have to ask for it (--opening)? does the body "
                          "suit (--body '{\"…\": \"{payload}\"}')?"}}};
            }
            shapes_.push_back(fmt::format("{}: {}", name, subscription->shape(payload)));
        }
        return {};
    }

    bool published() {
        profile_.publish_body = wire_.publish_body;
        profile_.publish_content_type = wire_.publish_content_type;
        ok(fmt::format("publish {} {}", profile_.publish_method, profile_.publish_path),
           fmt::format("{}; body {}, {}", answered_, profile_.publish_body, profile_.publish_content_type));
        // Of templates tried before, one may have got as far as the first of two.
        const auto last = shapes_.end() - static_cast<std::ptrdiff_t>(subscriptions_.size());
        shapes_.erase(shapes_.begin(), last);
        for (const std::string& shape : shapes_)
            ok("the message arrives", shape);
        return true;
    }

    /// What is good to know, and nothing that a profile cannot be without.
    void look_around() {
        const Nanos until = monotonic_now() + listen_;
        for (auto& [name, subscription] : subscriptions_) {
            if (name == "SSE") look_for_ids(*subscription);
            subscription->forget_text();
            // The second one has been collecting while the first one was listened to.
            const Nanos by = std::max(until, monotonic_now() + 100'000'000);
            const auto ended = subscription->listen(by, [s = subscription.get()] { return !s->heartbeat().empty(); });
            const std::string heartbeat = subscription->heartbeat();
            if (ended) {
                absent(name + ": a stream that lasts", ended->why);
            } else if (heartbeat.empty()) {
                absent(name + ": heartbeats", fmt::format("none within {:g} s", to_seconds(listen_)));
            } else {
                ok(name + ": heartbeats", heartbeat);
                notes_.push_back(fmt::format("{}: heartbeats are {}.", name, heartbeat));
            }
        }
        look_for_pages();
    }

    void look_for_ids(const Subscription& sse) {
        if (sse.event_id().empty()) {
            absent("SSE: ids", "a subscriber that comes back cannot say where it was (Last-Event-ID)");
        } else {
            ok("SSE: ids", "the last one was " + sse.event_id());
        }
    }

    std::optional<HttpAnswer> page(const std::string& path) const {
        auto answer = http_get({.endpoint = *profile_.address,
                                .host = profile_.host,
                                .path = path,
                                .headers = profile_.headers,
                                .tls = tls_.get(),
                                .deadline = answer_within});
        if (!answer || answer->status / 100 != 2) return {};  // it is not there, in whichever way
        return std::move(*answer);
    }

    void look_for_pages() {
        if (page("/squall-asks-for-no-such-page")) {
            absent("health and metrics", "it answers 2xx to any path, so that nothing can be told");
            return;
        }
        for (const char* path : {"/readyz", "/healthz", "/health"}) {
            if (!profile_.ready_path.empty() || !page(path)) continue;
            profile_.ready_path = path;
            ok(fmt::format("health: GET {}", path));
        }
        if (profile_.ready_path.empty()) absent("health", "neither /readyz nor /healthz nor /health answers 2xx");
        const auto metrics = page("/metrics");
        const auto samples = metrics ? parse_prometheus(metrics->body) : Error{"no page"};
        if (!samples || samples->empty()) {
            absent("metrics", "no Prometheus page at /metrics");
            return;
        }
        ok("metrics: GET /metrics", fmt::format("{} samples", samples->size()));
        notes_.push_back("A Prometheus page is at /metrics: what is of use can be mapped under 'metrics'.");
    }

    int write() {
        std::vector<std::string> notes{"Written by squall init. All keys: docs/reference/profile.md."};
        for (const std::string& shape : shapes_)
            notes.push_back("Messages arrive over " + shape);
        notes.insert(notes.end(), notes_.begin(), notes_.end());
        const std::string text = to_yaml(profile_, notes);
        const auto parsed = parse_profile(text, output_);
        for (const InputError& error : parsed.errors)
            note(fmt::format("squall: the profile would be wrong: {}\n", to_string(error)));
        if (!parsed.errors.empty()) return 4;
        if (auto written = write_file(output_, text); !written) return refuse(written.error().message, 4);
        shown_ &= show(fmt::format("\nwrote {}; now: squall run SCENARIO --target {}\n", output_, output_));
        return shown_ ? 0 : 4;
    }

    static Nanos soon() { return monotonic_now() + answer_within; }

    Profile profile_;
    const Url server_;
    const bool body_given_;
    const Nanos listen_;
    const std::string output_;
    const std::uint32_t run_;
    workload::Wire wire_;
    std::shared_ptr<const tls::Context> tls_;
    std::vector<std::pair<std::string, std::unique_ptr<Subscription>>> subscriptions_;
    std::string answered_;   // to the last message
    bool hopeless_ = false;  // another body would not help
    std::vector<std::string> shapes_, notes_;
    bool shown_ = true;
};

}  // namespace

int init(const InitArguments& arguments) {
    ignore_closed_pipes();
    std::vector<std::string> mistakes;
    auto plan = plan_init(arguments, mistakes);
    std::error_code unknown;  // then writing says why
    if (std::filesystem::exists(arguments.output, unknown)) {
        mistakes.push_back(fmt::format("--output: {} is there already, and is not replaced", arguments.output));
    }
    for (const std::string& mistake : mistakes)
        note(fmt::format("squall: {}\n", mistake));
    if (!mistakes.empty()) return 2;
    return Init(std::move(*plan), arguments).run();
}

}  // namespace squall::cli
