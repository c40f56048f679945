#include "faults/proxy/gzip_response.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "faults/core/random.hpp"

namespace squall::proxy {
namespace {

constexpr Nanos ms = 1'000'000;
const std::string asks = "GET /e HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n";
const std::string plain = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const std::string in_chunks =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& data) {
    char size[32];
    std::snprintf(size, sizeof size, "%zX;x=y\r\n", data.size());
    return size + data + "\r\n";
}

/// `ended`: whether the compressed stream has its end.
std::string inflated(const std::string& compressed, bool ended) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string body(1024 * 1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
    stream.avail_in = static_cast<uInt>(compressed.size());
    stream.next_out = reinterpret_cast<Bytef*>(body.data());
    stream.avail_out = static_cast<uInt>(body.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    EXPECT_EQ(result == Z_STREAM_END, ended) << result;
    body.resize(stream.total_out);
    inflateEnd(&stream);
    return body;
}

std::string dechunked(const std::string& body, bool ended) {
    Dechunker chunks;
    std::string data;
    EXPECT_TRUE(chunks.take(body, data));
    EXPECT_EQ(chunks.over(), ended);
    return data;
}

class Gzip : public testing::Test {
protected:
    /// A byte at a time.
    std::string passes(Way way, const std::string& bytes) {
        std::string out;
        for (const char c : bytes)
            out += response.take(way, {&c, 1}, now).onward;
        return out;
    }
    std::string body(const std::string& wire) const { return wire.substr(wire.find("\r\n\r\n") + 4); }

    std::shared_ptr<Compression> shared = std::make_shared<Compression>();
    GzipResponse response{shared};
    Nanos now = 5 * ms;
};

TEST_F(Gzip, CompressesWhatIsInChunksInChunks) {
    EXPECT_EQ(passes(Way::to_target, asks), asks);
    const std::string wire =
        passes(Way::to_client, in_chunks + chunk("data: 1\n\n") + chunk("data: 2\n\n") + "0\r\nTrailer: x\r\n\r\n");
    EXPECT_NE(wire.find("Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"), std::string::npos) << wire;
    EXPECT_EQ(inflated(dechunked(body(wire), true), true), "data: 1\n\ndata: 2\n\n");
    EXPECT_EQ(response.end(Way::to_client, now), "");
    EXPECT_EQ(shared->count.bytes_came, 18U);
}

TEST_F(Gzip, KeepsWhatItIsNotToldToFlush) {
    passes(Way::to_target, asks);
    std::string wire = passes(Way::to_client, plain + "data: 1\n\n");
    EXPECT_EQ(inflated(body(wire), false), "");
    EXPECT_EQ(response.due(), std::nullopt);
    now += 7 * ms;
    wire += response.flush(now);
    EXPECT_EQ(inflated(body(wire), false), "data: 1\n\n");
    EXPECT_EQ(shared->count.pieces, 1U);
    EXPECT_EQ(shared->count.kept_for_max, 7 * ms);
    EXPECT_EQ(response.flush(now), "") << "there is nothing to flush";
    shared->in_force = false;
    wire += passes(Way::to_client, "data: 2\n\n");
    EXPECT_EQ(inflated(body(wire), false), "data: 1\n\ndata: 2\n\n");
    wire += response.end(Way::to_client, now);
    EXPECT_EQ(inflated(body(wire), true), "data: 1\n\ndata: 2\n\n");
}

TEST_F(Gzip, IsDueByTheOldestByte) {
    shared->flush_after = 20 * ms;
    passes(Way::to_target, asks);
    passes(Way::to_client, plain);
    EXPECT_EQ(response.due(), std::nullopt);
    passes(Way::to_client, "a");
    now += 3 * ms;
    passes(Way::to_client, "b");
    EXPECT_EQ(response.due(), 25 * ms);
    response.flush(now);
    EXPECT_EQ(response.due(), std::nullopt);
}

TEST_F(Gzip, ABlockThatIsFullLeaves) {
    passes(Way::to_target, asks);
    std::string sent, wire = passes(Way::to_client, plain);
    std::uint64_t random = 1;
    while (sent.size() < 100'000)
        sent += static_cast<char>('!' + next_random(random) % 90);
    wire += response.take(Way::to_client, sent, now).onward;
    const std::string got = inflated(body(wire), false);
    EXPECT_GT(got.size(), 10'000U);
    EXPECT_LT(got.size(), sent.size());
    EXPECT_EQ(got, sent.substr(0, got.size()));
}

TEST_F(Gzip, LeavesOtherResponsesAlone) {
    for (const char* head :
         {"HTTP/1.1 404 Not Found\r\nContent-Type: text/event-stream\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: br\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 4\r\n\r\n", "no HTTP\r\n\r\n"}) {
        GzipResponse other{shared};
        other.take(Way::to_target, asks, now);
        EXPECT_EQ(other.take(Way::to_client, head + std::string("body"), now).onward, head + std::string("body"));
        EXPECT_TRUE(other.over());
    }
    EXPECT_EQ(passes(Way::to_client, plain + "x"), plain + "x") << "nobody asked for it";
    EXPECT_EQ(shared->count.not_asked, 1U);
    EXPECT_EQ(shared->count.responses, 0U);
}

TEST_F(Gzip, BreaksOffWhatIsNoChunk) {
    passes(Way::to_target, asks);
    passes(Way::to_client, in_chunks);
    EXPECT_EQ(response.take(Way::to_client, "zz\r\n", now).answer, "");
}

TEST_F(Gzip, ACutStaysACut) {
    passes(Way::to_target, asks);
    std::string wire = passes(Way::to_client, in_chunks + chunk("data: 1\n\n"));
    wire += response.end(Way::to_client, now);
    EXPECT_EQ(inflated(dechunked(body(wire), false), false), "data: 1\n\n");
    GzipResponse early{shared};
    EXPECT_EQ(early.take(Way::to_client, "HTTP/1.1 2", now).onward, "");
    EXPECT_EQ(early.end(Way::to_client, now), "HTTP/1.1 2");
}

}  // namespace
}  // namespace squall::proxy
