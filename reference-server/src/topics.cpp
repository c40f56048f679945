#include "reference-server/src/topics.hpp"

#include <algorithm>

#include "reference-server/src/ws_frame.hpp"

namespace squall::reference {

Topic* Topics::find_or_create(const std::string& name) {
    if (const auto found = topics_.find(name); found != topics_.end()) return found->second.get();
    if (topics_.size() >= config_.topics_max) return nullptr;
    return topics_.emplace(name, std::make_unique<Topic>(name, config_)).first->second.get();
}

bool valid_topic_name(std::string_view name) {
    if (name.empty() || name.size() > topic_name_bytes_max || !ws::valid_utf8(name)) return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
}

}  // namespace squall::reference
