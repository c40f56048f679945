// The server's settings: one struct, one table that names every field for the YAML file, the flags and --help.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace squall::reference {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// What happens to a message for a connection whose queue stands at its high-water mark.
enum class Policy : std::uint8_t {
    evict,           // the connection is ended
    drop_oldest,     // its oldest message that is not yet in flight makes room, and is counted
    pause_producer,  // publishes to the topic are refused until every queue is down to its low-water mark
};

enum class LogFormat : std::uint8_t { json, text, none };

// Durations are in milliseconds, sizes in bytes, shares are fractions of 1. settings() has the ranges and meanings.
struct Config {
    std::string listen = "0.0.0.0:8080";

    std::chrono::milliseconds ping_interval = 25s;
    std::chrono::milliseconds pong_deadline = 10s;
    std::chrono::milliseconds heartbeat_interval = 25s;
    std::chrono::milliseconds handshake_deadline = 5s;
    std::chrono::milliseconds http_idle_timeout = 75s;
    std::chrono::milliseconds write_deadline = 10s;
    std::chrono::milliseconds slow_consumer_deadline = 0ms;
    std::chrono::milliseconds idle_timeout = 0ms;
    std::chrono::milliseconds keepalive_idle = 15s;
    std::chrono::milliseconds keepalive_interval = 5s;
    std::uint64_t keepalive_count = 3;
    std::chrono::milliseconds tcp_user_timeout = 20s;
    std::chrono::milliseconds drain_deadline = 5s;
    std::chrono::milliseconds close_deadline = 1s;

    std::uint64_t max_connections = 20'000;
    std::uint64_t handshake_rate_max = 0;  // a second
    Policy policy = Policy::evict;
    std::uint64_t queue_messages_high = 100;
    std::uint64_t queue_messages_low = 50;
    std::uint64_t queue_bytes_high = 10ULL << 20;
    std::uint64_t queue_bytes_low = 5ULL << 20;
    std::uint64_t send_buffer = 16ULL << 10;
    std::uint64_t memory_budget = 1ULL << 30;
    double queued_share_max = 0.05;
    double slow_share_max = 0.005;

    std::uint64_t replay_messages = 1024;
    std::uint64_t replay_bytes = 16ULL << 20;
    double replay_share_max = 0.25;
    std::uint64_t topics_max = 1024;
    std::uint64_t message_bytes_max = 1ULL << 20;
    std::chrono::milliseconds retry = 2s;
    LogFormat log = LogFormat::json;
};

enum class Kind : std::uint8_t { address, duration, seconds, bytes, count, share, policy, log_format };

// One row of the settings' table. `min` and `max` are in the kind's base unit: ms, bytes, a count, a fraction.
// Durations of kind `seconds` are handed to the kernel in seconds and have to be whole ones.
struct Setting {
    using Member = std::variant<std::string Config::*, std::chrono::milliseconds Config::*, std::uint64_t Config::*,
                                double Config::*, Policy Config::*, LogFormat Config::*>;
    std::string_view name;
    Kind kind;
    Member member;
    double min;
    double max;
    std::string_view meaning;
};

const std::vector<Setting>& settings();
const Setting* find_setting(std::string_view name);

// Sets one field from its text. Empty: done. Otherwise what is wrong and what would be right.
std::string assign(Config& config, const Setting& setting, std::string_view text);

// The field's value in the form that assign() reads, and the range in words.
std::string value_text(const Config& config, const Setting& setting);
std::string range_text(const Setting& setting);

// Where a setting came from ("server.yaml:3:7" or "--ping-interval"), for messages about combinations.
using Origins = std::map<std::string, std::string, std::less<>>;

// Reads a YAML document into `config`; returns every mistake as "file:line:column: what". Unknown and repeated keys
// are mistakes. Records in `origins` where each key stands.
std::vector<std::string> apply_yaml(Config& config, const std::string& document, const std::string& file,
                                    Origins& origins);

// Mistakes that only a combination of settings can have, such as a low-water mark above the high one.
std::vector<std::string> check_combinations(const Config& config, const Origins& origins);

}  // namespace squall::reference
