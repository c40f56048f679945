#include "reference-server/src/event_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace squall::reference {
namespace {

struct Pipe {
    Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    std::string read_all() const {
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
        std::string out;
        std::array<char, 4096> buffer;
        for (ssize_t n = 0; (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
            out.append(buffer.data(), static_cast<std::size_t>(n));
        return out;
    }
    std::array<int, 2> ends{};
};

TEST(EventLog, WritesOneJsonLineAnEvent) {
    Pipe pipe;
    EventLog log(LogFormat::json, pipe.ends[1]);
    log.write("disconnect", {{"connection", std::uint64_t{7}}, {"topic", "a\"b"}, {"duration_seconds", 1.5}});
    EXPECT_TRUE(log.pending());
    log.flush();
    EXPECT_FALSE(log.pending());
    const std::string line = pipe.read_all();
    EXPECT_NE(
        line.find(
            "Z\",\"event\":\"disconnect\",\"connection\":7,\"topic\":\"a\\\"b\",\"duration_seconds\":1.500000}\n"),
        std::string::npos);
}

TEST(EventLog, TextQuotesWhatNeedsIt) {
    Pipe pipe;
    EventLog log(LogFormat::text, pipe.ends[1]);
    log.write("connect", {{"peer", "127.0.0.1:1"}, {"topic", "two words"}});
    log.flush();
    EXPECT_NE(pipe.read_all().find(" connect peer=127.0.0.1:1 topic=\"two words\"\n"), std::string::npos);
}

TEST(EventLog, AReaderThatDoesNotReadIsNotWaitedFor) {
    Pipe pipe;
    EventLog log(LogFormat::json, pipe.ends[1]);
    for (int i = 0; i < 5'000; ++i)
        log.write("connect", {{"topic", "some topic to fill the pipe with"}});
    log.flush();  // would hang here
    EXPECT_TRUE(log.pending());
    std::string seen;
    while (log.pending()) {
        seen += pipe.read_all();
        log.flush();
    }
    seen += pipe.read_all();
    EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), 5'000);
    EXPECT_EQ(log.lines_lost(), 0U);
}

TEST(EventLog, CanBeOff) {
    EventLog log(LogFormat::none, -1);
    log.write("connect", {});
    EXPECT_FALSE(log.pending());
}

TEST(JsonString, EscapesAndReplaces) {
    EXPECT_EQ(json_string("a\"\\\n"), "\"a\\\"\\\\\\u000a\"");
    EXPECT_EQ(json_string("\xC3\xA9"), "\"\xC3\xA9\"");
    EXPECT_EQ(json_string("\xFF"), "\"\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace squall::reference
