// The settings' table, and how one setting is read, printed and checked.
#include "reference-server/src/config.hpp"

#include <fmt/format.h>

#include "reference-server/src/units.hpp"

namespace squall::reference {
namespace {

constexpr double hour = 3'600'000;
constexpr double gib = 1ULL << 30;

std::vector<Setting> make_settings() {
    using C = Config;
    return {
        {"listen", Kind::address, &C::listen, 0, 0, "address and port to listen on; port 0 picks a free one"},
        {"ping_interval", Kind::duration, &C::ping_interval, 0, hour,
         "WebSocket: time between pings; 0 turns them off"},
        {"pong_deadline", Kind::duration, &C::pong_deadline, 10, hour, "WebSocket: time a ping may stay unanswered"},
        {"heartbeat_interval", Kind::duration, &C::heartbeat_interval, 0, hour,
         "SSE: time between comment heartbeats; 0 turns them off"},
        {"handshake_deadline", Kind::duration, &C::handshake_deadline, 10, hour,
         "time from accept, or from a request's first byte, to the whole request"},
        {"http_idle_timeout", Kind::duration, &C::http_idle_timeout, 10, hour,
         "time a kept-alive HTTP connection may wait for its next request"},
        {"write_deadline", Kind::duration, &C::write_deadline, 10, hour,
         "time a blocked write may go without the kernel accepting a byte"},
        {"slow_consumer_deadline", Kind::duration, &C::slow_consumer_deadline, 0, hour,
         "policy evict: time a queue may stay above its marks before eviction; 0 evicts at the high-water mark"},
        {"idle_timeout", Kind::duration, &C::idle_timeout, 0, 24 * hour,
         "time without a WebSocket frame, or for SSE without a TCP acknowledgement, from the peer; 0 is off"},
        {"keepalive_idle", Kind::seconds, &C::keepalive_idle, 0, 9 * hour,
         "TCP keepalive: idle time before the first probe; 0 turns keepalive off"},
        {"keepalive_interval", Kind::seconds, &C::keepalive_interval, 1'000, 9 * hour,
         "TCP keepalive: time between probes"},
        {"keepalive_count", Kind::count, &C::keepalive_count, 1, 127,
         "TCP keepalive: unanswered probes before giving up"},
        {"tcp_user_timeout", Kind::duration, &C::tcp_user_timeout, 0, hour,
         "TCP_USER_TIMEOUT: time sent data may stay unacknowledged; 0 keeps the kernel's retransmission limit"},
        {"drain_deadline", Kind::duration, &C::drain_deadline, 10, hour, "time from SIGTERM to exit"},
        {"close_deadline", Kind::duration, &C::close_deadline, 10, hour,
         "time a peer has to take its farewell and close, before the connection is reset"},
        {"max_connections", Kind::count, &C::max_connections, 1, 1'000'000,
         "SSE and WebSocket connections admitted; more are answered 503"},
        {"handshake_rate_max", Kind::count, &C::handshake_rate_max, 0, 1'000'000,
         "SSE and WebSocket connections admitted per second, and at once; more are answered 503; 0 is off"},
        {"policy", Kind::policy, &C::policy, 0, 0, "what happens at the high-water mark of a queue"},
        {"queue_messages_high", Kind::count, &C::queue_messages_high, 1, 1'000'000, "high-water mark, messages"},
        {"queue_messages_low", Kind::count, &C::queue_messages_low, 0, 1'000'000, "low-water mark, messages"},
        {"queue_bytes_high", Kind::bytes, &C::queue_bytes_high, 1, 64 * gib, "high-water mark, encoded bytes"},
        {"queue_bytes_low", Kind::bytes, &C::queue_bytes_low, 0, 64 * gib, "low-water mark, encoded bytes"},
        {"send_buffer", Kind::bytes, &C::send_buffer, 0, gib,
         "SO_SNDBUF of every connection; the kernel doubles it; 0 keeps the kernel's automatic size"},
        {"memory_budget", Kind::bytes, &C::memory_budget, 1 << 10, 1024 * gib, "memory the server may plan with"},
        {"queued_share_max", Kind::share, &C::queued_share_max, 0.000001, 1,
         "share of memory_budget that messages held by queues may take; above it the slowest are evicted"},
        {"slow_share_max", Kind::share, &C::slow_share_max, 0, 1,
         "share of connections that may be slow; above it all slow ones are evicted; 100% turns it off"},
        {"replay_messages", Kind::count, &C::replay_messages, 0, 10'000'000, "messages kept per topic for resuming"},
        {"replay_bytes", Kind::bytes, &C::replay_bytes, 0, 64 * gib, "bytes kept per topic for resuming"},
        {"replay_share_max", Kind::share, &C::replay_share_max, 0, 1,
         "share of memory_budget that all replay rings together may take"},
        {"topics_max", Kind::count, &C::topics_max, 1, 1'000'000, "topics; a new one above it is answered 503"},
        {"message_bytes_max", Kind::bytes, &C::message_bytes_max, 1, gib, "longest payload; a longer one is refused"},
        {"retry", Kind::duration, &C::retry, 0, hour, "SSE: reconnection time told to clients"},
        {"log", Kind::log_format, &C::log, 0, 0, "format of the event log on standard output"},
    };
}

std::string base_text(Kind kind, double value) {
    const auto whole = static_cast<std::uint64_t>(value);
    switch (kind) {
        case Kind::duration:
        case Kind::seconds:
            return format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(value)));
        case Kind::bytes:
            return format_bytes(whole);
        case Kind::share:
            return format_share(value);
        default:
            return fmt::format("{}", whole);
    }
}

std::string expected(const Setting& setting) {
    return "expected " + range_text(setting);
}

template <class T>
std::string store(Config& config, const Setting& setting, const T& value, double base) {
    if (base < setting.min || base > setting.max) return expected(setting);
    config.*std::get<T Config::*>(setting.member) = value;
    return {};
}

std::string assign_address(Config& config, const Setting& setting, std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return expected(setting);
    const auto port = parse_count(text.substr(colon + 1));
    if (!port || *port > 65'535) return expected(setting);
    config.*std::get<std::string Config::*>(setting.member) = std::string(text);
    return {};
}

std::string assign_duration(Config& config, const Setting& setting, std::string_view text) {
    const auto value = parse_duration(text);
    if (!value) return expected(setting);
    if (setting.kind == Kind::seconds && value->count() % 1000 != 0) return expected(setting);
    return store(config, setting, *value, static_cast<double>(value->count()));
}

std::string assign_policy(Config& config, const Setting& setting, std::string_view text) {
    auto& policy = config.*std::get<Policy Config::*>(setting.member);
    if (text == "evict")
        policy = Policy::evict;
    else if (text == "drop-oldest")
        policy = Policy::drop_oldest;
    else if (text == "pause-producer")
        policy = Policy::pause_producer;
    else
        return expected(setting);
    return {};
}

std::string assign_log(Config& config, const Setting& setting, std::string_view text) {
    auto& format = config.*std::get<LogFormat Config::*>(setting.member);
    if (text == "json")
        format = LogFormat::json;
    else if (text == "text")
        format = LogFormat::text;
    else if (text == "none")
        format = LogFormat::none;
    else
        return expected(setting);
    return {};
}

}  // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> table = make_settings();
    return table;
}

const Setting* find_setting(std::string_view name) {
    for (const Setting& setting : settings()) {
        if (setting.name == name) return &setting;
    }
    return nullptr;
}

std::string range_text(const Setting& setting) {
    const auto between = [&](std::string_view what) {
        return fmt::format("{} from {} to {}", what, base_text(setting.kind, setting.min),
                           base_text(setting.kind, setting.max));
    };
    switch (setting.kind) {
        case Kind::address:
            return "ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:0";
        case Kind::duration:
            return between("a duration such as 500ms, 25s or 1m,");
        case Kind::seconds:
            return between("a duration of whole seconds such as 15s or 1m,");
        case Kind::bytes:
            return between("a size such as 64KiB or 10MiB,");
        case Kind::count:
            return between("a whole number");
        case Kind::share:
            return between("a percentage such as 0.5%,");
        case Kind::policy:
            return "evict, drop-oldest or pause-producer";
        case Kind::log_format:
            return "json, text or none";
    }
    return {};
}

std::string assign(Config& config, const Setting& setting, std::string_view text) {
    switch (setting.kind) {
        case Kind::address:
            return assign_address(config, setting, text);
        case Kind::duration:
        case Kind::seconds:
            return assign_duration(config, setting, text);
        case Kind::bytes: {
            const auto value = parse_bytes(text);
            return value ? store(config, setting, *value, static_cast<double>(*value)) : expected(setting);
        }
        case Kind::count: {
            const auto value = parse_count(text);
            return value ? store(config, setting, *value, static_cast<double>(*value)) : expected(setting);
        }
        case Kind::share: {
            const auto value = parse_share(text);
            return value ? store(config, setting, *value, *value) : expected(setting);
        }
        case Kind::policy:
            return assign_policy(config, setting, text);
        case Kind::log_format:
            return assign_log(config, setting, text);
    }
    return expected(setting);
}

std::string value_text(const Config& config, const Setting& setting) {
    struct Printer {
        const Config& config;
        Kind kind;
        std::string operator()(std::string Config::*member) const { return config.*member; }
        std::string operator()(std::chrono::milliseconds Config::*member) const {
            return format_duration(config.*member);
        }
        std::string operator()(std::uint64_t Config::*member) const {
            return kind == Kind::bytes ? format_bytes(config.*member) : fmt::format("{}", config.*member);
        }
        std::string operator()(double Config::*member) const { return format_share(config.*member); }
        std::string operator()(Policy Config::*member) const {
            switch (config.*member) {
                case Policy::evict:
                    return "evict";
                case Policy::drop_oldest:
                    return "drop-oldest";
                case Policy::pause_producer:
                    return "pause-producer";
            }
            return {};
        }
        std::string operator()(LogFormat Config::*member) const {
            switch (config.*member) {
                case LogFormat::json:
                    return "json";
                case LogFormat::text:
                    return "text";
                case LogFormat::none:
                    return "none";
            }
            return {};
        }
    };
    return std::visit(Printer{config, setting.kind}, setting.member);
}

std::vector<std::string> check_combinations(const Config& config, const Origins& origins) {
    std::vector<std::string> mistakes;
    const auto low_at_most_high = [&](std::string_view low, std::string_view high, bool holds) {
        if (holds) return;
        const auto origin = origins.find(low);
        const std::string where = origin == origins.end() ? std::string("configuration") : origin->second;
        mistakes.push_back(fmt::format("{}: {} ({}) is above {} ({}): expected at most that", where, low,
                                       value_text(config, *find_setting(low)), high,
                                       value_text(config, *find_setting(high))));
    };
    low_at_most_high("queue_messages_low", "queue_messages_high",
                     config.queue_messages_low <= config.queue_messages_high);
    low_at_most_high("queue_bytes_low", "queue_bytes_high", config.queue_bytes_low <= config.queue_bytes_high);
    return mistakes;
}

}  // namespace squall::reference
