// One thread, one event loop: takes messages, holds each delivery back for its delay, and sends it at its instant.
#pragma once

#include <map>
#include <queue>
#include <string>

#include "plan.hpp"
#include "record.hpp"

namespace truth {

class Server {
public:
    explicit Server(const Plan& plan) : plan_(plan) {}
    ~Server();

    bool listen();  ///< false: standard error says why
    /// Until SIGTERM arrives on `signals`, a signalfd.
    void run(int signals);
    const Record& record() const { return record_; }

private:
    enum class Kind { request, sse, websocket, publisher };
    struct Connection {
        int fd = -1;
        Kind kind = Kind::request;
        std::uint32_t subscriber = 0;
        std::string input;
    };
    struct Pending {
        Nanos due;
        int fd;
        std::uint32_t subscriber;
        Delivery delivery;
        std::string bytes;
        friend bool operator>(const Pending& a, const Pending& b) { return a.due > b.due; }
    };

    void accept_all();
    void read(Connection& connection);
    void answer(Connection& connection, Nanos arrived);
    void take_frames(Connection& connection, Nanos arrived);
    void message(std::string_view payload, Nanos arrived);
    void send_due();
    void send_now(int fd, std::string_view bytes);
    Nanos next_instant() const;
    void housekeeping();
    void close(int fd);

    const Plan& plan_;
    Record record_;
    std::map<int, Connection> connections_;
    std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
    std::uint32_t subscribers_ = 0;
    Nanos first_message_ = 0;
    Nanos next_freeze_ = 0;  ///< 0: none
    Nanos next_reading_ = 0;
    void* allocated_ = nullptr;
    int listener_ = -1;
    int epoll_ = -1;
};

}  // namespace truth
