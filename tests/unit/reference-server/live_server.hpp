// A whole server on loopback for tests, and blocking clients for it. Every wait is generous: a test that fails says
// that something did not happen, not that it happened late.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "reference-server/server.hpp"

namespace squall::reference::test {

inline constexpr std::chrono::seconds patience{20};

// Polls until `condition` holds; false when patience runs out.
bool eventually(const std::function<bool()>& condition);

class LiveServer {
public:
    explicit LiveServer(Config config = {});
    ~LiveServer();
    LiveServer(const LiveServer&) = delete;
    LiveServer& operator=(const LiveServer&) = delete;

    std::uint16_t port() const { return port_; }

    // One request on a connection of its own; the whole response.
    std::string request(const std::string& method, const std::string& target, const std::string& body = {}) const;
    std::string publish(const std::string& topic, const std::string& body) const;
    int publish_status(const std::string& topic, const std::string& body) const;

    // A sample of /metrics by its name and labels as printed; -1 when it is not there.
    double metric(const std::string& sample) const;
    bool eventually_metric(const std::string& sample, double value) const;

    // Both books of metrics.hpp, for both protocols.
    void expect_balanced_books() const;

    void drain();
    bool wait_stopped();

private:
    boost::asio::io_context io_{1};
    Server server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
    std::atomic<bool> stopped_ = false;
};

// A TCP client that reads with a time limit.
class Client {
public:
    // receive_buffer 0: the kernel's default.
    explicit Client(std::uint16_t port, int receive_buffer = 0);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    static std::string sse_request(const std::string& topic, const std::string& headers = {});
    static std::string ws_request(const std::string& topic, const std::string& query = {});

    void send(std::string_view bytes);
    // Reads until what was received contains `text`; false at the end of the stream, or of patience.
    bool read_until(std::string_view text);
    // Reads to the end; the received bytes stay in received(). True when it ended by FIN, false by reset or patience.
    bool read_to_end();
    void close();
    void reset();

    const std::string& received() const { return received_; }

    // A masked frame, and one from the server: its first byte and payload, read off received().
    void send_frame(unsigned first_byte, std::string_view payload);
    struct Frame {
        unsigned first_byte;
        std::string payload;
    };
    std::optional<Frame> read_frame();
    bool open_ws(const std::string& topic, const std::string& query = {});

private:
    bool read_some();

    int descriptor_ = -1;
    std::string received_;
    bool fin_ = false;
};

}  // namespace squall::reference::test
