// Topics: who subscribes, what can be replayed, whether publishing is paused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reference-server/src/config.hpp"
#include "reference-server/src/replay_ring.hpp"

namespace squall::reference {

class Session;

inline constexpr std::size_t topic_name_bytes_max = 128;

struct Topic {
    Topic(std::string topic_name, const Config& config)
        : name(std::move(topic_name)), ring(config.replay_messages, config.replay_bytes) {}

    std::string name;
    ReplayRing ring;
    std::vector<Session*> subscribers;  // unordered; a session knows its place
    std::uint64_t last_id = 0;          // ids go 1, 2, 3, …
    std::uint32_t paused_by = 0;        // slow subscribers that hold publishing back, under pause-producer
};

class Topics {
public:
    explicit Topics(const Config& config) : config_(config) {}

    // Null when it does not exist and topics_max are there. Topics stay: an id must never be used twice.
    Topic* find_or_create(const std::string& name);

    std::size_t size() const { return topics_.size(); }

private:
    const Config& config_;
    std::unordered_map<std::string, std::unique_ptr<Topic>> topics_;
};

// 1 to topic_name_bytes_max bytes of UTF-8 without control characters.
bool valid_topic_name(std::string_view name);

}  // namespace squall::reference
