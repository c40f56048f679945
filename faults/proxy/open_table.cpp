#include "faults/proxy/open_table.hpp"

#include <utility>

namespace squall::proxy {

void OpenTable::add(std::shared_ptr<Connection> connection, bool canary, Nanos now) {
    connection->slot = entries_.size();
    const Pair pair = connection->pair();
    by_client_[pair.client] = connection.get();
    entries_.push_back({std::move(connection), pair, now, now, canary});
}

void OpenTable::connected(const Connection& connection) {
    Entry& entry = entries_[connection.slot];
    entry.pair = connection.pair();
    entry.relaying = true;
}

void OpenTable::remove(const Connection& connection) {
    const std::size_t slot = connection.slot;
    // Those whose client was gone before they were accepted have no end to be known by, all the same one.
    const auto known = by_client_.find(entries_[slot].pair.client);
    if (known != by_client_.end() && known->second == &connection) by_client_.erase(known);
    const auto removed = std::exchange(entries_[slot], std::move(entries_.back()));
    entries_.pop_back();
    if (slot < entries_.size()) entries_[slot].connection->slot = slot;
}

const OpenTable::Entry* OpenTable::find(const Endpoint& client) const {
    const auto known = by_client_.find(client);
    return known == by_client_.end() ? nullptr : &of(*known->second);
}

std::vector<std::shared_ptr<Connection>> OpenTable::connections() const {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(entries_.size());
    for (const Entry& entry : entries_)
        all.push_back(entry.connection);
    return all;
}

void OpenTable::each_relaying(const std::function<void(Connection&)>& work) const {
    for (const auto& connection : connections()) {
        const Entry& entry = of(*connection);
        if (entry.relaying && !entry.canary) work(*connection);
    }
}

}  // namespace squall::proxy
