#include "suites/incident/meanings.hpp"

namespace squall::incident {
namespace {

constexpr Unit whole{dimension::none}, share{dimension::none, true}, bytes{dimension::bytes}, seconds{dimension::time},
    cores{dimension::cores}, rate{dimension::rate}, bandwidth{dimension::bandwidth};

constexpr Scaling by_connections{.connections = 1}, by_time{.speed = -1}, by_rate{.speed = 1},
    by_churn{.connections = 1, .speed = 1}, by_memory{.connections = 1, .bytes = 1}, by_bytes{.bytes = 1},
    by_bandwidth{.bytes = 1, .speed = 1}, unscaled{};

}  // namespace

const std::vector<Meaning>& all_meanings() {
    // "session: 8812" is one of them, "max_connections" a limit, "connections_total" a count of what has been.
    static const std::string no_open =
        " !max|maximum|limit|cap|quota|total|id|new|idle|waiting|failed|failure|error|refused|rejected|denied|timeout|"
        "slow|per|rate|second|time|duration|age|byte|message|request|event|port|NUMBER";
    static const std::string open = "connection|client|subscriber|socket|session|listener|user|conn|websocket";
    static const std::string several_open = "connection+|conn+" + no_open + ", websocket+|socket+|subscriber+|client+" +
                                            no_open + ", session+|listener+|user+" + no_open + ", " + open +
                                            " open|opened|active|current|live|count|number|num" + no_open +
                                            ", connected" + no_open;
    // In the order in which they are tried: the more special first. Plurals are the same word.
    static const std::vector<Meaning> all{
        {"memory.limit", bytes, "", by_memory, true, false, "memory that the platform gave the server",
         "memory|mem limit|max|cap|request !usage|used|peak, rss limit|cap|request"},
        {"cpu.limit", cores, "", by_churn, true, false, "CPU that the platform gave the server",
         "cpu limit|quota|cap|request"},
        {"target.throttled", share, "mean", unscaled, false, true,
         "share of the time for which its CPU quota stopped it", "cpu throttled|throttling|throttle, cfs throttled"},
        {"slow.share", share, "", unscaled, false, false, "share of the connections that are slow",
         "slow client|consumer|connection|subscriber|reader share|ratio|percent|pct"},
        {"slow.consumers", whole, "mean", by_connections, true, false, "connections that the server calls slow",
         "slow client+|consumer+|connection+|subscriber+|reader+|user+ !max|limit|total|id|NUMBER, "
         "slow client|consumer|connection|subscriber|reader|user count|number|num"},
        {"queue.bytes", bytes, "quantile", by_bytes, false, false, "bytes in one connection's queue",
         "queue|queued|backlog|pending|buffered byte QUANTILE, queue|queued|backlog|pending BYTES QUANTILE"},
        {"queued.bytes", bytes, "mean", by_memory, true, false, "bytes in all queues",
         "queue|queued|backlog|pending|buffered|outstanding byte, queue|queued|backlog|buffer|buffered BYTES, "
         "bufferedamount"},
        {"queue.depth", whole, "quantile", unscaled, false, false, "messages in one connection's queue",
         "queue|queued|backlog|pending QUANTILE"},
        {"queued.messages", whole, "mean", by_connections, true, false, "messages in all queues",
         "queue|queued|backlog|pending message, queue total"},
        {"event_loop.lag", seconds, "mean", by_time, false, false, "how late its event loop ran",
         "event loop lag|delay, eventloop lag|delay, loop lag"},
        {"publish.latency", seconds, "quantile", by_time, false, false, "from a publish to its acceptance",
         "publish|produce latency|duration|time QUANTILE"},
        {"delivery.latency", seconds, "quantile", by_time, false, false, "from a publish to a subscriber",
         "broadcast|delivery|deliver|fanout|latency|push|e2e|lag|delay QUANTILE, "
         "broadcast|delivery|fanout latency|time|duration|lag|delay"},
        {"publish.bandwidth", bandwidth, "", by_bandwidth, true, true, "bytes published per second",
         "publish|published|ingress|inbound|incoming|broadcast byte|bandwidth|throughput|traffic, "
         "publish|published|broadcast|ingress BANDWIDTH"},
        {"messages.published", rate, "rate", by_rate, true, true, "messages published per second",
         "publish|published|ingress|incoming|inbound rate|message|total|event|second|s !count|duration|latency|time, "
         "broadcast rate|second !count|duration|latency|time, "
         "message published|in|incoming|rate|second, published, publishes"},
        {"message.size", bytes, "", by_bytes, false, false, "bytes of one message",
         "message|payload|event|msg size|byte|length !max|maximum|limit|total|count"},
        {"declared.drops", rate, "rate", by_churn, true, true, "messages dropped per second",
         "drop|dropped|discarded|shed message|event|total|rate|msg, drops, dropped, message loss|lost"},
        {"handshake.failures", rate, "rate", by_churn, true, true, "attempts to connect that failed, per second",
         "handshake|upgrade|connect failure|failed|error|refused|rejected"},
        {"disconnects", rate, "rate", by_churn, true, true, "connections that ended, per second",
         "disconnect|disconnected|disconnection, connection closed|dropped|lost|terminated|evicted"},
        {"connects", rate, "rate", by_churn, true, true, "connections that were opened, per second",
         "reconnect|reconnection|churn, connection new|accepted|opened|rate, handshake rate|total|second, connect "
         "rate"},
        {"restarts", whole, "", unscaled, true, false, "how often its process was started again, counted on",
         "restart|restarted, oom kill|killed|event, oomkill, crash"},
        {"target.memory", bytes, "mean", by_memory, true, false, "memory of the server",
         "memory|mem|rss|pss !virtual|limit|total|cache|free|available|swap, working set, heap|heapused "
         "!limit|total|free|available"},
        {"target.cpu", cores, "mean", by_churn, true, true, "CPU of the server",
         "cpu !limit|quota|cap|request|max|count|number"},
        {"target.fds", whole, "mean", by_connections, true, false, "open file descriptors",
         "fd|descriptor !max|limit, open file !max|limit"},
        {"connections", whole, "mean", by_connections, true, false, "open connections", several_open},
    };
    return all;
}

const Meaning* find_meaning(std::string_view word) {
    for (const Meaning& meaning : all_meanings())
        if (meaning.word == word) return &meaning;
    return nullptr;
}

}  // namespace squall::incident
