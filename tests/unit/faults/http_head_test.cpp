#include "faults/proxy/http_head.hpp"

#include <gtest/gtest.h>

namespace squall::proxy {
namespace {

const std::string request =
    "GET / HTTP/1.1\r\nHost: a\r\naccept-encoding: br;q=1.0, GZIP;q=0.5\r\nUpgrade:websocket\r\nX: Upgrade: "
    "h2c\r\n\r\n";

TEST(HttpHead, IsGatheredHoweverItIsCut) {
    for (std::size_t cut = 0; cut <= request.size(); ++cut) {
        HttpHead head;
        std::string_view first(request.data(), cut);
        const std::string second = request.substr(cut) + "body";
        std::string_view rest(second);
        if (head.take(first) == HttpHead::State::more) head.take(rest);
        EXPECT_EQ(head.state(), HttpHead::State::complete) << cut;
        EXPECT_EQ(head.text(), request) << cut;
        EXPECT_EQ(rest, cut < request.size() ? "body" : second) << cut;
    }
}

TEST(HttpHead, FieldsAreFoundChangedAndAdded) {
    HttpHead head;
    std::string_view bytes(request);
    ASSERT_EQ(head.take(bytes), HttpHead::State::complete);
    EXPECT_TRUE(head.lists("Accept-Encoding", "gzip"));
    EXPECT_FALSE(head.lists("Accept-Encoding", "deflate"));
    EXPECT_TRUE(head.lists("upgrade", "WebSocket"));
    EXPECT_FALSE(head.lists("upgrade", "h2c")) << "that is another field's value";
    EXPECT_FALSE(head.has("Get"));
    head.remove("Accept-Encoding");
    head.remove("upgrade");
    head.add("Via", "squall");
    head.first_line("GET / HTTP/1.0");
    EXPECT_EQ(head.text(), "GET / HTTP/1.0\r\nHost: a\r\nX: Upgrade: h2c\r\nVia: squall\r\n\r\n");
}

TEST(HttpHead, OneThatDoesNotEndIsLetGo) {
    HttpHead head;
    const std::string endless(HttpHead::bytes_max + 7, 'x');
    std::string_view bytes(endless);
    EXPECT_EQ(head.take(bytes), HttpHead::State::too_long);
    EXPECT_EQ(head.text().size() + bytes.size(), endless.size());
}

}  // namespace
}  // namespace squall::proxy
