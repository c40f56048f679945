// Every end that a client can tell apart, seen as itself.
#include <gtest/gtest.h>

#include "rig.hpp"

namespace squall::workload {
namespace {

using namespace test;

struct Seen {
    std::string seen, said, detail;
};

/// One subscriber, one connection, ended as the script does it.
Seen end_of(Protocol protocol, ScriptedServer::Script script) {
    ScriptedServer server(std::move(script));
    Rig rig({cohort(protocol)}, server.endpoint());
    EXPECT_TRUE(rig.connect()) << rig.workload->first_failure();
    EXPECT_TRUE(rig.until_disconnects(1));
    const auto events = rig.events("disconnects");
    if (events.size() != 1) return {"not one disconnect", "", ""};
    EXPECT_EQ(label(events[0], "cohort"), "c");
    EXPECT_EQ(label(events[0], "connection"), "c#0.1");
    EXPECT_EQ(label(events[0], "protocol"), to_string(protocol));
    EXPECT_TRUE(label(events[0], "peer").starts_with("127.0.0.1:"));
    EXPECT_EQ(rig.count("hangups"), 0);
    EXPECT_EQ(rig.count("connects"), 1);
    return {label(events[0], "seen"), label(events[0], "said"), label(events[0], "detail")};
}

Seen end_of_sse(std::function<void(Peer&)> end, bool chunked = true) {
    return end_of(Protocol::sse, [=](Peer& peer, const std::string&) {
        peer.open_sse(chunked);
        peer.event(": hello\n\n");
        end(peer);
    });
}

Seen end_of_websocket(std::function<void(Peer&)> end) {
    return end_of(Protocol::websocket, [=](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        peer.frame(0x81, "hello");
        end(peer);
    });
}

/// The client reads what has been sent before the reset overtakes it.
void let_it_read() {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

TEST(SseDisconnect, EndedByTheTerminatingChunk) {
    EXPECT_EQ(end_of_sse([](Peer& peer) { peer.send("0\r\n\r\n"); }).seen, "eof_clean");
}

TEST(SseDisconnect, EndedWithAFarewell) {
    const Seen seen = end_of_sse([](Peer& peer) {
        peer.event("event: goodbye\ndata: {\"reason\":\"slow_consumer\"}\n\n");
        peer.send("0\r\n\r\n");
    });
    EXPECT_EQ(seen.seen, "eof_clean");
    EXPECT_EQ(seen.said, "slow_consumer");
}

TEST(SseDisconnect, CutBetweenChunks) {
    EXPECT_EQ(end_of_sse([](Peer&) {}).seen, "eof_cut");
}

TEST(SseDisconnect, CutInsideOfAChunk) {
    EXPECT_EQ(end_of_sse([](Peer& peer) { peer.send("ff\r\ndata: "); }).seen, "eof_cut");
}

TEST(SseDisconnect, CutAfterAFarewellIsStillCut) {
    const Seen seen = end_of_sse([](Peer& peer) { peer.event("event: goodbye\ndata: {\"reason\":\"drain\"}\n\n"); });
    EXPECT_EQ(seen.seen, "eof_cut");
    EXPECT_EQ(seen.said, "drain");
}

TEST(SseDisconnect, WithoutFramingACutLooksLikeAnEndAndIsNotTakenForOne) {
    EXPECT_EQ(end_of_sse([](Peer&) {}, false).seen, "eof_cut");
    EXPECT_EQ(end_of_sse([](Peer& peer) { peer.event("event: goodbye\ndata: bye\n\n"); }, false).seen, "eof_clean");
}

TEST(SseDisconnect, Reset) {
    EXPECT_EQ(end_of_sse([](Peer& peer) {
                  let_it_read();
                  peer.reset();
              }).seen,
              "reset");
}

TEST(SseDisconnect, BrokenChunk) {
    const Seen seen = end_of_sse([](Peer& peer) {
        peer.send("zz\r\n");
        peer.read_to_end();
    });
    EXPECT_EQ(seen.seen, "protocol_error");
    EXPECT_EQ(seen.detail, "chunk size is not a hexadecimal number");
}

TEST(WebSocketDisconnect, CloseFrameIsAnswered) {
    std::pair<int, std::string> answer;
    bool ended = false;
    const Seen seen = end_of_websocket([&](Peer& peer) {
        peer.frame(0x88, std::string("\x03\xF5", 2) + "slow_consumer");
        answer = peer.read_frame();
        ended = peer.read_to_end();
    });
    EXPECT_EQ(seen.seen, "close_1013");
    EXPECT_EQ(seen.said, "slow_consumer");
    EXPECT_EQ(answer.first, 8);
    EXPECT_EQ(answer.second, std::string("\x03\xF5", 2));
    EXPECT_TRUE(ended) << "a FIN, not a reset";
}

TEST(WebSocketDisconnect, CloseWithoutACode) {
    EXPECT_EQ(end_of_websocket([](Peer& peer) {
                  peer.frame(0x88, "");
                  peer.read_to_end();
              }).seen,
              "close_1005");
}

TEST(WebSocketDisconnect, CutWithoutACloseFrame) {
    EXPECT_EQ(end_of_websocket([](Peer&) {}).seen, "eof_cut");
}

TEST(WebSocketDisconnect, Reset) {
    EXPECT_EQ(end_of_websocket([](Peer& peer) {
                  let_it_read();
                  peer.reset();
              }).seen,
              "reset");
}

TEST(WebSocketDisconnect, ViolationIsAnsweredWith1002) {
    std::pair<int, std::string> answer;
    const Seen seen = end_of_websocket([&](Peer& peer) {
        peer.frame(0x83, "reserved");
        answer = peer.read_frame();
    });
    EXPECT_EQ(seen.seen, "protocol_error");
    EXPECT_EQ(seen.detail, "reserved opcode");
    EXPECT_EQ(answer.second.substr(0, 2), std::string("\x03\xEA", 2));
}

TEST(Handshake, FailuresByCause) {
    const auto cause_of = [](Protocol protocol, ScriptedServer::Script script) {
        ScriptedServer server(std::move(script));
        Rig rig({cohort(protocol)}, server.endpoint());
        rig.workload->connect();
        EXPECT_TRUE(eventually([&] { return !rig.workload->first_failure().empty(); }));
        EXPECT_FALSE(rig.workload->connected());
        const auto events = rig.events("handshake.failures");
        return events.size() == 1 ? label(events[0], "cause") + " " + rig.workload->first_failure() : "not one failure";
    };
    const auto answer = [](const char* text) {
        return [text](Peer& peer, const std::string&) {
            peer.send(text);
            peer.finish_writing();
            peer.read_to_end();
        };
    };
    EXPECT_EQ(cause_of(Protocol::sse, answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
              "http_404 cohort c: HTTP/1.1 404 Not Found");
    EXPECT_EQ(cause_of(Protocol::websocket, answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
              "http_200 cohort c: HTTP/1.1 200 OK");
    EXPECT_TRUE(cause_of(Protocol::sse, answer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"))
                    .starts_with("protocol_error cohort c: HTTP/1.1 200 OK: 200 whose Content-Type"));
    EXPECT_TRUE(cause_of(Protocol::websocket,
                         answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: AAAA\r\n\r\n"))
                    .starts_with("protocol_error"));
    EXPECT_TRUE(cause_of(Protocol::sse, answer("SSH-2.0-OpenSSH\r\n\r\n")).starts_with("protocol_error"));
    EXPECT_TRUE(cause_of(Protocol::sse, answer("HTTP/1.1 200 OK\r\nConte")).starts_with("eof_cut"));
    EXPECT_TRUE(cause_of(Protocol::sse, [](Peer& peer, const std::string&) { peer.reset(); }).starts_with("reset"));
}

TEST(Handshake, Refused) {
    Endpoint nobody;
    {
        const ScriptedServer server([](Peer&, const std::string&) {});
        nobody = server.endpoint();
    }
    Rig rig({cohort(Protocol::sse)}, nobody);
    rig.workload->connect();
    EXPECT_TRUE(eventually([&] { return !rig.workload->first_failure().empty(); }));
    EXPECT_NE(rig.workload->first_failure().find("Connection refused"), std::string::npos);
    EXPECT_EQ(rig.count("handshake.failures", {{"cause", "refused"}}), 1);
}

TEST(Handshake, GzipIsTakenByWhoAskedForIt) {
    ScriptedServer server([](Peer& peer, const std::string& head) {
        const bool asked = header(head, "Accept-Encoding") == "gzip";
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: " +
                  std::string(asked ? "gzip" : "br") + "\r\n\r\n");
        peer.read_to_end();
    });
    Cohort asks = cohort(Protocol::sse, 1, "a");
    asks.accept_gzip = true;
    Rig rig({asks}, server.endpoint());
    EXPECT_TRUE(rig.connect()) << rig.workload->first_failure();
    Rig other({cohort(Protocol::sse, 1, "b")}, server.endpoint());
    other.workload->connect();
    EXPECT_TRUE(eventually([&] { return !other.workload->first_failure().empty(); }));
    EXPECT_NE(other.workload->first_failure().find("Content-Encoding that was not asked for"), std::string::npos);
}

TEST(Handshake, RequestsSayWhatTheyShould) {
    ScriptedServer server([](Peer& peer, const std::string& head) {
        head.find("/ws") == std::string::npos ? peer.open_sse(true) : peer.open_websocket(head);
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::sse, 1, "a"), cohort(Protocol::websocket, 1, "b")}, server.endpoint());
    ASSERT_TRUE(rig.connect()) << rig.workload->first_failure();
    for (const std::string& head : server.heads()) {
        EXPECT_EQ(header(head, "Host"), "squall.test");
        EXPECT_EQ(header(head, "Authorization"), "Bearer x");
        EXPECT_EQ(header(head, "Last-Event-ID"), "");
        if (head.starts_with("GET /events?topic=news HTTP/1.1\r\n")) {
            EXPECT_EQ(header(head, "Accept"), "text/event-stream");
            EXPECT_EQ(header(head, "Accept-Encoding"), "");
        } else {
            EXPECT_TRUE(head.starts_with("GET /ws?topic=news HTTP/1.1\r\n")) << head;
            EXPECT_EQ(header(head, "Sec-WebSocket-Version"), "13");
            EXPECT_EQ(header(head, "Sec-WebSocket-Extensions"), "");
        }
    }
    const auto all = rig.workload->ever_established();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_NE(all[0].connection.local.port, 0);
    EXPECT_EQ(all[0].role, Established::Role::subscription);
    rig.finish();
    EXPECT_EQ(rig.workload->ever_established().size(), 2U) << "also after the end";
}

}  // namespace
}  // namespace squall::workload
