// The subscribers' side of a proxy that is used by itself: nobody is known by name, whoever connects is everybody.
#pragma once

#include "faults/core/clients.hpp"

namespace squall::cli {

class NoClients final : public Clients {
public:
    std::vector<ClientConnection> connections(std::string_view) override { return {}; }
    Result<std::size_t> set_reading(const std::vector<ConnectionId>&, const Reading&, std::uint32_t) override {
        return 0;
    }
    std::vector<std::pair<ConnectionId, std::uint32_t>> unread(const std::vector<ConnectionId>&) override { return {}; }
    Result<std::size_t> hang_up(const std::vector<ConnectionId>&, Hangup) override { return 0; }
    Result<std::vector<ConnectionId>> reconnect(const std::vector<ConnectionId>&, Hangup) override {
        return std::vector<ConnectionId>{};
    }
    Result<std::size_t> withhold_pongs(const std::vector<ConnectionId>&, bool) override { return 0; }
    Result<std::size_t> send_raw(const std::vector<ConnectionId>&, std::string_view) override { return 0; }
    std::vector<Outcome> outcomes(const std::vector<ConnectionId>&) override { return {}; }
    Opening opening(std::string_view) override { return {}; }
    void book_extra(const std::string&, bool, const std::vector<Endpoint>&) override {}
    void mark_lost(const std::vector<ConnectionId>&) override {}
};

}  // namespace squall::cli
