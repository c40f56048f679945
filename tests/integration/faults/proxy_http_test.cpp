// The faults that change what the proxy carries of HTTP: the effect on real connections, and its end.
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "rig.hpp"

namespace squall::test {
namespace {

const std::string ask_for_events =
    "GET /events HTTP/1.1\r\nHost: target\r\nAccept: text/event-stream\r\nAccept-Encoding: gzip, br\r\n\r\n";
const std::string ask_for_websocket =
    "GET /ws HTTP/1.1\r\nHost: target\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
const std::string head_of_events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// What is there of the body, as far as it can be told from the compressed bytes.
std::string inflated(std::string_view compressed) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string body(1024 * 1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
    stream.avail_in = static_cast<uInt>(compressed.size());
    stream.next_out = reinterpret_cast<Bytef*>(body.data());
    stream.avail_out = static_cast<uInt>(body.size());
    inflate(&stream, Z_NO_FLUSH);
    body.resize(stream.total_out);
    inflateEnd(&stream);
    return body;
}

class ProxyHttp : public RigTest {
protected:
    void SetUp() override {
        RigTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) start_proxy();
    }
    void TearDown() override {
        if (socket_ >= 0) close(socket_);
        RigTest::TearDown();
    }

    /// On a new connection.
    void ask(const std::string& request) {
        if (socket_ >= 0) close(socket_);
        got_.clear();
        socket_ = dial_proxy();
        ASSERT_EQ(send(socket_, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    }
    /// All that has come on it so far.
    const std::string& got() {
        char buffer[65536];
        for (ssize_t n; (n = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
            got_.append(buffer, static_cast<std::size_t>(n));
        return got_;
    }
    std::string body() {
        const std::size_t head = got().find("\r\n\r\n");
        return head == std::string::npos ? std::string() : got_.substr(head + 4);
    }
    bool ended() {
        char one;
        return recv(socket_, &one, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
    }
    void ask_and_open() {
        ask(ask_for_events);
        asked_ += ask_for_events.size();
        ASSERT_TRUE(eventually([&] { return server->bytes_received() == asked_; }));
        server->send_all(head_of_events);
        ASSERT_TRUE(eventually([&] { return got().find("\r\n\r\n") != std::string::npos; }));
    }

private:
    int socket_ = -1;
    std::string got_;
    std::size_t asked_ = 0;
};

TEST_F(ProxyHttp, GzipKeepsEventsBackUntilItIsHealed) {
    auto injection = inject("proxy-gzip", {});
    ASSERT_EQ(failure(injection), "");
    ask_and_open();
    EXPECT_NE(got().find("Content-Encoding: gzip\r\n"), std::string::npos) << got();
    EXPECT_FALSE((*injection)->witness()->bit);
    server->send_all("data: 1\n\ndata: 2\n\n");
    ASSERT_TRUE(eventually([&] { return measure(*(*injection)->witness(), "bytes") == 18; }));
    EXPECT_EQ(inflated(body()), "") << "it has been compressed, and stays in the compressor";
    EXPECT_TRUE((*injection)->witness()->bit);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return inflated(body()) == "data: 1\n\ndata: 2\n\n"; }));
    server->send_all("data: 3\n\n");
    EXPECT_TRUE(eventually([&] { return inflated(body()) == "data: 1\n\ndata: 2\n\ndata: 3\n\n"; }));
    ask_and_open();
    EXPECT_EQ(got(), head_of_events);
}

TEST_F(ProxyHttp, GzipIsFlushed) {
    auto injection = inject("proxy-gzip", {{"flush", "50ms"}});
    ASSERT_EQ(failure(injection), "");
    ask_and_open();
    server->send_all("data: 1\n\n");
    EXPECT_TRUE(eventually([&] { return inflated(body()) == "data: 1\n\n"; }));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "responses"), 1);
    EXPECT_GE(measure(witness, "kept_seconds_min"), 0.05);
    auto another = inject("proxy-gzip", {{"flush", "0s"}});
    ASSERT_EQ(failure(another), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    ask_and_open();
    server->send_all("data: 2\n\n");
    EXPECT_TRUE(eventually([&] { return inflated(body()) == "data: 2\n\n"; }));
    EXPECT_EQ(measure(*(*another)->witness(), "kept_seconds_max"), 0);
}

TEST_F(ProxyHttp, GzipNeedsToBeAskedFor) {
    auto injection = inject("proxy-gzip", {});
    ASSERT_EQ(failure(injection), "");
    const std::string plain = "GET /events HTTP/1.1\r\nHost: target\r\n\r\n";
    ask(plain);
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == plain.size(); }));
    server->send_all(head_of_events + "data: 1\n\n");
    EXPECT_TRUE(eventually([&] { return got() == head_of_events + "data: 1\n\n"; }));
    const Witness witness = *(*injection)->witness();
    EXPECT_FALSE(witness.bit);
    EXPECT_EQ(measure(witness, "not_asked"), 1);
}

TEST_F(ProxyHttp, AnUpgradeIsAnsweredByTheProxy) {
    auto injection = inject("proxy-upgrade-refused", {{"answer", "503"}});
    ASSERT_EQ(failure(injection), "");
    server->echo(true);
    ask(ask_for_events);
    EXPECT_TRUE(eventually([&] { return got() == ask_for_events; })) << "what is no upgrade passes";
    EXPECT_FALSE((*injection)->witness()->bit);
    ask(ask_for_websocket);
    EXPECT_TRUE(eventually([&] { return !got().empty() && ended(); }));
    EXPECT_EQ(got(), "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(server->bytes_received(), ask_for_events.size()) << "the target has heard nothing of it";
    EXPECT_EQ(measure(wait_for_bite(**injection), "upgrades_refused"), 1);
    injection->reset();
    ask(ask_for_websocket);
    EXPECT_TRUE(eventually([&] { return got() == ask_for_websocket; })) << "the destructor heals";
}

TEST_F(ProxyHttp, AnUpgradeIsTakenOut) {
    auto injection = inject("proxy-upgrade-refused", {{"answer", "none"}});
    ASSERT_EQ(failure(injection), "");
    server->echo(true);
    ask(ask_for_websocket);
    EXPECT_TRUE(eventually([&] { return got() == "GET /ws HTTP/1.0\r\nHost: target\r\nConnection: close\r\n\r\n"; }))
        << got();
    EXPECT_TRUE(wait_for_bite(**injection).bit);
    EXPECT_EQ(failure((*injection)->heal()), "");
}

TEST_F(ProxyHttp, NeedsAProxy) {
    proxy.reset();
    for (const char* fault : {"proxy-gzip", "proxy-upgrade-refused"})
        EXPECT_NE(failure(inject(fault, {})).find("write 'proxy: true'"), std::string::npos) << fault;
}

}  // namespace
}  // namespace squall::test
