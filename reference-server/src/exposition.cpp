#include "reference-server/src/exposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "reference-server/src/process_stats.hpp"

namespace squall::reference {
namespace {

class Page {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    }
    template <class Value>
    void sample(std::string_view labels, Value value, std::string_view suffix = {}) {
        const std::string_view open = labels.empty() ? "" : "{";
        const std::string_view close = labels.empty() ? "" : "}";
        fmt::format_to(std::back_inserter(text_), "{}{}{}{}{} {}\n", name_, suffix, open, labels, close, value);
    }
    template <class Value>
    void single(std::string_view name, std::string_view type, std::string_view help, Value value) {
        family(name, type, help);
        sample({}, value);
    }
    void by_protocol(std::string_view name, std::string_view type, std::string_view help,
                     const PerProtocol<std::uint64_t>& values) {
        family(name, type, help);
        for (const Protocol protocol : all_protocols)
            sample(fmt::format("protocol=\"{}\"", squall::reference::name(protocol)), values[protocol]);
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::string_view name_;
};

// Nearest rank: the smallest value that at least `quantile` of all values do not exceed.
std::uint64_t take_quantile(std::vector<std::uint64_t>& values, double quantile) {
    if (values.empty()) return 0;
    const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(values.size())));
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

void quantiles(Page& page, std::string_view name, std::string_view help, std::vector<std::uint64_t>& values) {
    page.family(name, "gauge", help);
    for (const auto& [label, quantile] :
         {std::pair{"0.5", 0.5}, std::pair{"0.95", 0.95}, std::pair{"0.99", 0.99}, std::pair{"1", 1.0}})
        page.sample(fmt::format("quantile=\"{}\"", label), take_quantile(values, quantile));
}

void connections(Page& page, const Metrics& metrics) {
    page.by_protocol("push_connections", "gauge", "Open connections.", metrics.connections);
    page.by_protocol("push_connections_accepted_total", "counter", "Connections that became a stream.",
                     metrics.connections_accepted);
    page.family("push_disconnects_total", "counter", "Ended connections, each under exactly one reason.");
    for (const Protocol protocol : all_protocols) {
        for (const Reason reason : all_reasons)
            page.sample(fmt::format("protocol=\"{}\",reason=\"{}\"", name(protocol), name(reason)),
                        metrics.disconnects[protocol][static_cast<std::size_t>(reason)]);
    }
    page.family("push_handshake_failures_total", "counter", "Connections or requests that never became a stream.");
    for (const Refusal refusal : all_refusals)
        page.sample(fmt::format("cause=\"{}\"", name(refusal)),
                    metrics.handshake_failures[static_cast<std::size_t>(refusal)]);
    page.single("push_accept_errors_total", "counter", "Times accepting paused for want of file descriptors or memory.",
                metrics.accept_errors);
}

void queues(Page& page, Scrape& scrape) {
    const Metrics& metrics = scrape.metrics;
    quantiles(page, "push_queue_depth", "Messages queued per open connection, in-flight ones included.",
              scrape.queue_depths);
    quantiles(page, "push_queue_bytes", "Encoded bytes queued per open connection, in-flight ones included.",
              scrape.queue_bytes);
    const auto total = [](const PerProtocol<std::uint64_t>& values) {
        return values[Protocol::sse] + values[Protocol::websocket];
    };
    page.single("push_queued_messages", "gauge", "Messages in all queues.", total(metrics.queued_messages));
    page.single("push_queued_bytes", "gauge", "Encoded bytes in all queues; a shared message counts in each.",
                total(metrics.queued_bytes));
    page.single("push_queued_bytes_held", "gauge", "Memory held by queued messages; a shared message counts once.",
                metrics.held_bytes);
    page.single("push_replay_bytes", "gauge", "Memory held by all replay rings.", metrics.replay_bytes);
    page.single("push_slow_consumers", "gauge",
                "Connections above their high-water mark and not yet below the low one.", metrics.slow_consumers);
}

void messages(Page& page, const Metrics& metrics) {
    page.single("push_messages_accepted_total", "counter", "Messages published.", metrics.messages_accepted);
    page.family("push_messages_rejected_total", "counter", "Publishes refused, by HTTP status.");
    for (std::size_t i = 0; i < publish_refusal_codes.size(); ++i)
        page.sample(fmt::format("code=\"{}\"", publish_refusal_codes[i]), metrics.messages_rejected[i]);
    page.by_protocol("push_messages_enqueued_total", "counter", "Messages fanned out into queues.", metrics.enqueued);
    page.by_protocol("push_messages_delivered_total", "counter", "Messages handed whole to the kernel.",
                     metrics.delivered);
    page.by_protocol("push_messages_dropped_total", "counter", "Messages dropped to make room for newer ones.",
                     metrics.dropped);
    page.by_protocol("push_messages_undelivered_total", "counter", "Messages in a queue when its connection ended.",
                     metrics.undelivered);
    page.single("push_write_timeouts_total", "counter", "Connections ended because a write made no progress.",
                metrics.write_timeouts);
}

void latency(Page& page, const Metrics& metrics) {
    page.family("push_delivery_latency_seconds", "histogram",
                "From a message's acceptance until the kernel took its last byte; without replays.");
    for (const Protocol protocol : all_protocols) {
        const LatencyHistogram& histogram = metrics.delivery_latency[protocol];
        const std::string label = fmt::format("protocol=\"{}\"", name(protocol));
        std::uint64_t cumulated = 0;
        for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
            cumulated += histogram.counts()[i];
            const bool last = i == LatencyHistogram::bounds_seconds.size();
            const std::string bound = last ? "+Inf" : fmt::format("{}", LatencyHistogram::bounds_seconds[i]);
            page.sample(fmt::format("{},le=\"{}\"", label, bound), cumulated, "_bucket");
        }
        page.sample(label, histogram.sum_seconds(), "_sum");
        page.sample(label, cumulated, "_count");
    }
}

void process(Page& page) {
    const ProcessStats stats = read_process_stats();
    page.single("process_resident_memory_bytes", "gauge", "Resident memory.", stats.resident_bytes);
    page.single("process_cpu_seconds_total", "counter", "User and system CPU time.", stats.cpu_seconds);
    page.single("process_open_fds", "gauge", "Open file descriptors.", stats.open_fds);
}

}  // namespace

std::string exposition(Scrape scrape) {
    Page page;
    connections(page, scrape.metrics);
    queues(page, scrape);
    messages(page, scrape.metrics);
    latency(page, scrape.metrics);
    page.single("push_event_loop_lag_seconds", "gauge", "Longest delay of the loop's tick since the last scrape.",
                scrape.metrics.loop_lag_seconds_max);
    page.single("push_topics", "gauge", "Topics.", scrape.topics);
    page.single("push_log_lines_lost_total", "counter", "Log lines given up because their reader was behind.",
                scrape.log_lines_lost);
    process(page);
    return page.take();
}

}  // namespace squall::reference
