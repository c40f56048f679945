// A server on loopback that does to each connection what a test's script says, a thread a connection.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "faults/core/clients.hpp"

namespace squall::workload::test {

/// The server's end of one connection. Blocking calls time out after 5 s.
class Peer {
public:
    Peer(int fd, int number) : fd_(fd), number_(number) {}
    ~Peer();

    int number() const { return number_; }  ///< of the connection, from 0
    /// Up to and including the empty line; shorter when the client ended first.
    std::string read_head();
    std::string read_some(std::size_t size_max = 65'536);
    /// Reads until the client's FIN; true: it came; false: reset or nothing within 5 s.
    bool read_to_end();
    bool read_reset();
    /// False: the connection is gone, or the client took nothing for 5 s.
    bool send(std::string_view bytes);
    std::size_t send_until_full();  ///< 4 KiB pieces, without waiting; how many bytes the kernel took
    void reset();
    void finish_writing();
    bool wait_until_taken();  ///< false: the client's kernel had not acknowledged all of it within 5 s
    void receive_exactly(std::string& into, std::size_t size);

    void open_sse(bool chunked);
    void open_websocket(const std::string& head);
    void event(std::string_view text);  ///< in a chunk, if so opened
    void frame(unsigned first_byte, std::string_view payload);
    /// A client's frame, unmasked: opcode and payload; opcode -1: ended.
    std::pair<int, std::string> read_frame();

private:
    int fd_;
    int number_;
    bool chunked_ = false;
    std::string rest_;  // read, but not asked for yet
};

class ScriptedServer {
public:
    using Script = std::function<void(Peer&, const std::string& head)>;

    explicit ScriptedServer(Script script);
    ~ScriptedServer();  ///< waits for all scripts to end

    Endpoint endpoint() const { return endpoint_; }
    int accepted() const { return accepted_; }
    std::vector<std::string> heads() const;

private:
    void serve();

    Script script_;
    int listener_;
    Endpoint endpoint_;
    std::atomic<int> accepted_ = 0;
    mutable std::mutex mutex_;
    std::vector<std::string> heads_;
    std::vector<std::thread> peers_;
    std::thread thread_;
};

/// The value of `name` in a request's head; empty: none.
std::string header(const std::string& head, std::string_view name);

}  // namespace squall::workload::test
