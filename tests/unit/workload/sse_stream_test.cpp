#include <gtest/gtest.h>
#include <zlib.h>

#include "recording_sink.hpp"
#include "suites/workload/sse_stream.hpp"

namespace squall::workload {
namespace {

using test::marker_text;
using test::parse_every_way;
using test::RecordingSink;
using test::run;

ResponseHead head_with(Framing framing, std::uint64_t length = 0) {
    ResponseHead head;
    head.framing = framing;
    head.content_length = length;
    return head;
}

RecordingSink parse(std::string_view wire, Progress::State wanted = Progress::State::open,
                    ResponseHead head = head_with(Framing::until_close)) {
    return parse_every_way([&] { return SseStream(head, run); }, wire, wanted);
}

std::string chunked(std::string_view body, std::size_t piece) {
    std::string wire;
    char size[32];
    for (std::size_t at = 0; at < body.size(); at += piece) {
        const std::string_view part = body.substr(at, piece);
        std::snprintf(size, sizeof size, "%zx\r\n", part.size());
        wire.append(size).append(part).append("\r\n");
    }
    return wire;
}

TEST(SseStream, HowLinesBeginAndWhatEventsHoldWhenAskedFor) {
    const std::string wire = ": hi\r\n\r\nevent: ready\ndata: a\ndata:b\n\nid: 9\ndata:a\ndata: b\n\nevent: empty\n\n" +
                             std::string(300, 'x') + "\n\n";
    const RecordingSink sink = parse_every_way(
        [] {
            return SseStream(head_with(Framing::until_close), run, {true, true});
        },
        wire, Progress::State::open);
    EXPECT_EQ(sink.beginnings,
              (std::vector<std::string>{": hi", "", "event: ready", "data: a", "data:b", "", "id: 9", "data:a",
                                        "data: b", "", "event: empty", "", std::string(128, 'x'), ""}));
    ASSERT_EQ(sink.contents.size(), 2U);
    EXPECT_EQ(sink.contents[0], sink.contents[1]) << "what holds the same is known by it";
    EXPECT_TRUE(parse(wire).beginnings.empty());
}

TEST(SseStream, EventsIdsRetryAndComments) {
    const RecordingSink sink =
        parse(": hello\n\nid: 41\nretry: 1500\ndata: " + marker_text(1) + "\n\n:\n\nid:42\ndata:{\"d\":\"" +
              marker_text(2) + "\"}\ndata: " + marker_text(3) + "\n\nid\nfoo: bar\nretry: 1x\n\n");
    EXPECT_EQ(sink.sequences, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(sink.ids, (std::vector<std::string>{"41", "42", ""}));
    EXPECT_EQ(sink.retries, (std::vector<std::uint32_t>{1500}));
}

TEST(SseStream, EveryKindOfLineEnd) {
    for (const std::string end : {"\n", "\r", "\r\n"}) {
        const RecordingSink sink = parse("id: 1" + end + "data: " + marker_text(1) + end + end +
                                         "data: " + marker_text(2) + end + end + ":" + end);
        EXPECT_EQ(sink.sequences, (std::vector<std::uint64_t>{1, 2}));
        EXPECT_EQ(sink.ids, (std::vector<std::string>{"1"}));
    }
}

TEST(SseStream, ByteOrderMarkIsSkipped) {
    EXPECT_EQ(parse("\xEF\xBB\xBF"
                    "data: " +
                    marker_text(1) + "\n\n")
                  .sequences.size(),
              1U);
}

TEST(SseStream, AnEventCutOffHasNotBeenReceived) {
    EXPECT_TRUE(parse("id: 9\ndata: " + marker_text(1) + "\n").sequences.empty());
    EXPECT_TRUE(parse("id: 9\ndata: " + marker_text(1) + "\n").ids.empty());
}

TEST(SseStream, MarkersInCommentsAndOtherFieldsDoNotCount) {
    EXPECT_TRUE(parse(":" + marker_text(1) + "\nfoo: " + marker_text(2) + "\n\n").sequences.empty());
}

TEST(SseStream, InChunksAtAnySplit) {
    const std::string body =
        "id: 7\ndata: " + marker_text(1) + "\n\nevent: goodbye\ndata: {\"code\":3, \"reason\" : \"drain\"}\n\n";
    for (const std::size_t piece : {1U, 2U, 7U, 1'000U}) {
        const RecordingSink sink =
            parse(chunked(body, piece) + "0\r\n\r\n", Progress::State::ended, head_with(Framing::chunked));
        EXPECT_EQ(sink.sequences.size(), 1U);
        EXPECT_EQ(sink.said, (std::vector<std::string>{"drain"}));
    }
}

TEST(SseStream, ContentLengthEndsIt) {
    const std::string body = "data: " + marker_text(1) + "\n\n";
    EXPECT_EQ(parse(body, Progress::State::ended, head_with(Framing::length, body.size())).sequences.size(), 1U);
}

TEST(SseStream, WithoutFramingOnlyAFarewellMakesAnEnd) {
    RecordingSink sink;
    SseStream stream(head_with(Framing::until_close), run);
    stream.feed("data: x\n\n", sink);
    EXPECT_FALSE(stream.ended_properly());
    stream.feed("event: goodbye\ndata: bye\n\n", sink);
    EXPECT_TRUE(stream.ended_properly());
    stream.feed("data: cut", sink);
    EXPECT_FALSE(stream.ended_properly());
    SseStream in_chunks(head_with(Framing::chunked), run);
    in_chunks.feed(chunked("event: goodbye\ndata: bye\n\n", 100), sink);
    EXPECT_FALSE(in_chunks.ended_properly()) << "the terminating chunk is missing";
}

TEST(SseStream, EndlessLineIsBounded) {
    for (const std::string_view start : {"data: ", ": ", "event: ", "retry: ", "unknown"}) {
        RecordingSink sink;
        SseStream stream(head_with(Framing::until_close), run);
        Progress progress = stream.feed(start, sink);
        const std::string more(4'096, 'x');
        std::size_t fed = start.size();
        while (progress.state == Progress::State::open && fed < 3 * SseStream::line_bytes_max) {
            progress = stream.feed(more, sink);
            fed += more.size();
        }
        EXPECT_EQ(progress.state, Progress::State::broken) << start;
        EXPECT_LE(fed, SseStream::line_bytes_max + more.size()) << start;
    }
}

TEST(SseStream, EndlessIdIsRefused) {
    const std::string id(SseStream::id_bytes_max + 50, 'i');
    EXPECT_TRUE(parse("id: " + id + "\n\n", Progress::State::broken).ids.empty());
    const std::string long_id(36, 'i');
    EXPECT_EQ(parse("id: " + long_id + "\n\n").ids, (std::vector<std::string>{long_id}));
}

TEST(SseStream, ALongMessageIsScannedInPieces) {
    std::string payload;
    append_payload(payload, run, {7, 5, 1'005}, 300'000);
    RecordingSink sink;
    SseStream stream(head_with(Framing::until_close), run);
    const std::string wire = "data: {\"p\":\"" + payload + "\"}\n\n";
    EXPECT_EQ(test::feed_in_pieces(stream, wire, sink, [] { return 1'448; }).state, Progress::State::open);
    EXPECT_EQ(sink.sequences, (std::vector<std::uint64_t>{5}));
}

/// With an end, or as far as a flush.
std::string gzipped(const std::string& text, int flush) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string wire(text.size() + 1'000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(wire.data());
    stream.avail_out = static_cast<uInt>(wire.size());
    deflate(&stream, flush);
    wire.resize(stream.total_out);
    deflateEnd(&stream);
    return wire;
}

ResponseHead gzip_head(Framing framing) {
    ResponseHead head = head_with(framing);
    head.content_coded = head.gzip = true;
    return head;
}

TEST(SseStream, CompressedEventsAreThereAsSoonAsTheyAreFlushed) {
    const std::string events = "id: 9\ndata: " + marker_text(1) + "\n\ndata: " + marker_text(2) + "\n\n";
    const RecordingSink sink =
        parse(chunked(gzipped(events, Z_SYNC_FLUSH), 7), Progress::State::open, gzip_head(Framing::chunked));
    EXPECT_EQ(sink.sequences, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(sink.ids, (std::vector<std::string>{"9"}));
    // A compressor a message: members one after the other (RFC 1952, 2.2).
    const std::string members =
        gzipped("data: " + marker_text(3) + "\n\n", Z_FINISH) + gzipped("data: " + marker_text(4) + "\n\n", Z_FINISH);
    EXPECT_EQ(parse(members, Progress::State::open, gzip_head(Framing::until_close)).sequences,
              (std::vector<std::uint64_t>{3, 4}));
}

TEST(SseStream, WhatIsNotGzipIsBroken) {
    parse("data: x\n\n", Progress::State::broken, gzip_head(Framing::until_close));
    std::string wire = gzipped("data: " + marker_text(1) + "\n\n", Z_SYNC_FLUSH) + std::string(8, '\xff');
    EXPECT_EQ(parse(wire, Progress::State::broken, gzip_head(Framing::until_close)).sequences.size(), 1U);
}

TEST(SseStream, ABombIsDefused) {
    const std::string bomb = gzipped(std::string(Inflater::expanded_bytes_max + 100'000, '\n'), Z_FINISH);
    ASSERT_LT(bomb.size(), 100'000U);
    RecordingSink sink;
    SseStream stream(gzip_head(Framing::until_close), run);
    const Progress progress = stream.feed(bomb, sink);
    EXPECT_EQ(progress.state, Progress::State::broken);
    EXPECT_STREQ(progress.why, "gzip that expands to more than 16 MiB at once");
}

TEST(SseStream, ReasonOfAFarewell) {
    EXPECT_EQ(reason_in(R"({"reason":"slow_consumer"})"), "slow_consumer");
    EXPECT_EQ(reason_in(R"({"a":1,"reason" : "x", "b":"y"})"), "x");
    EXPECT_EQ(reason_in("bye"), "bye");
    EXPECT_EQ(reason_in(R"({"reason":)"), R"({"reason":)");
    EXPECT_EQ(reason_in(std::string(1'000, 'x')).size(), 120U);
}

}  // namespace
}  // namespace squall::workload
