// A server over raw sockets for the faults' tests: one thread, echoes or pushes, counts how connections end.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "faults/core/clients.hpp"
#include "faults/kernel/namespace.hpp"

namespace squall::test {

class RawServer {
public:
    /// Listens inside `where`. Throws std::runtime_error.
    RawServer(const kernel::Namespace& where, Endpoint listen);
    ~RawServer();

    /// Bytes that are pushed to every connection every 5 ms; 0: none.
    void push(std::size_t bytes) { push_bytes_ = bytes; }
    void echo(bool on) { echo_ = on; }
    /// Once, to every connection that is open.
    void send_all(std::string_view bytes) {
        const std::lock_guard lock(mutex_);
        to_all_.assign(bytes);
    }
    /// A client's FIN is no reason to close.
    void stay_after_fin() { stay_ = true; }
    /// The destructor resets what is open instead of closing it.
    void end_by_reset() { end_by_reset_ = true; }

    std::size_t open() const { return open_; }
    std::size_t ends_by_fin() const { return fins_; }      ///< read of 0 bytes
    std::size_t ends_by_reset() const { return resets_; }  ///< read or write failed
    std::size_t bytes_received() const { return received_; }

private:
    void run();
    void accept_all();
    void send_to_all();
    bool serve(int socket, std::string& unsent);
    bool flush(int socket, std::string& unsent);

    int listener_ = -1;
    std::mutex mutex_;
    std::string to_all_;
    std::set<int> fin_seen_;
    std::map<int, std::string> connections_;  ///< what could not be sent yet (echo only)
    std::atomic<std::size_t> push_bytes_ = 0, open_ = 0, fins_ = 0, resets_ = 0, received_ = 0;
    std::atomic<bool> echo_ = false, end_by_reset_ = false, stay_ = false, stop_ = false;
    std::thread thread_;
};

}  // namespace squall::test
