// The contract that the workload implements for faults, over raw sockets: one thread that reads as it is told to.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

#include "faults/core/clients.hpp"
#include "faults/kernel/namespace.hpp"

namespace squall::test {

class RawClients final : public Clients {
public:
    explicit RawClients(const kernel::Namespace& where);
    ~RawClients() override;

    /// Throws std::runtime_error where a connection is not made.
    void connect(std::size_t count, const std::string& cohort, Endpoint to, bool websocket = false);
    /// False: no connection within `patience`. `id` may be that of a subscriber who was there before.
    bool try_connect(ConnectionId id, const std::string& cohort, Endpoint to, std::chrono::milliseconds patience);
    void send_all(const std::string& bytes);

    /// What a WebSocket client here knows of the protocol: this ping, and this answer to it.
    static constexpr std::string_view ping{"\x89\x00", 2};
    static constexpr std::string_view pong{"\x8a\x80mask", 6};

    std::size_t open() const;
    std::size_t ends_by_fin() const;
    std::size_t ends_by_reset() const;
    std::size_t bytes_received() const;
    std::set<ConnectionId> lost() const;
    std::vector<Endpoint> extra(const std::string& fault) const;

    std::vector<ClientConnection> connections(std::string_view cohort) override;
    Result<std::size_t> set_reading(const std::vector<ConnectionId>& ids, const Reading& reading,
                                    std::uint32_t receive_buffer_bytes) override;
    std::vector<std::pair<ConnectionId, std::uint32_t>> unread(const std::vector<ConnectionId>& ids) override;
    Result<std::size_t> hang_up(const std::vector<ConnectionId>& ids, Hangup how) override;
    Result<std::vector<ConnectionId>> reconnect(const std::vector<ConnectionId>& ids, Hangup how) override;
    Result<std::size_t> send_raw(const std::vector<ConnectionId>& ids, std::string_view bytes) override;
    Opening opening(std::string_view protocol) override;
    void book_extra(const std::string& fault, bool websocket, const std::vector<Endpoint>& locals) override;
    Result<std::size_t> withhold_pongs(const std::vector<ConnectionId>& ids, bool withhold) override;
    std::vector<Outcome> outcomes(const std::vector<ConnectionId>& ids) override;
    void mark_lost(const std::vector<ConnectionId>& ids) override;

private:
    struct Connection {
        ClientConnection described;
        int socket = -1;
        Reading reading;
        double allowance = 0;  ///< bytes that may be read, for Mode::limited
        Nanos since = 0;       ///< when the reading mode was set
        bool pongs = true;
    };

    void connect_one(const ConnectionId& id, const std::string& cohort, Endpoint to, bool websocket);
    void run();
    bool read_some(Connection& connection, Nanos now, Nanos elapsed);
    void answer_pings(const Connection& connection, std::string_view bytes);
    void note_end(const ConnectionId& id, const char* end);

    const kernel::Namespace& where_;
    mutable std::mutex mutex_;
    std::map<ConnectionId, Connection> connections_;
    std::set<ConnectionId> lost_;
    std::map<ConnectionId, Outcome> outcomes_;
    std::map<std::string, std::vector<Endpoint>> extra_;
    Endpoint to_;  ///< of the latest connect()
    std::uint32_t next_subscriber_ = 0;
    std::size_t fins_ = 0, resets_ = 0, received_ = 0;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace squall::test
