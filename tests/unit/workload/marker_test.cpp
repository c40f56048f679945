#include <gtest/gtest.h>

#include "recording_sink.hpp"
#include "suites/workload/marker.hpp"

namespace squall::workload {
namespace {

using test::marker_text;
using test::run;

std::vector<Marker> found_in(MessageScan& scan) {
    std::vector<Marker> markers;
    scan.complete([&](const Marker& marker) { markers.push_back(marker); });
    return markers;
}

TEST(Marker, IsPlainTextOfFixedLength) {
    std::string text(marker_length, ' ');
    write_marker(0x0123abcd, {0xbeef, 0x1122334455667788, 0x7fffffffffffffff}, text.data());
    EXPECT_TRUE(text.starts_with("~sq1.0123abcd.beef.1122334455667788.7fffffffffffffff.")) << text;
    EXPECT_EQ(text.find_first_of("\"\\\r\n {}<>&%"), std::string::npos);
    EXPECT_LE(marker_length, 96U);
    MessageScan scan(0x0123abcd);
    EXPECT_TRUE(scan.scan(text));
    const std::vector<Marker> expected{{0xbeef, 0x1122334455667788, 0x7fffffffffffffff}};
    EXPECT_EQ(found_in(scan), expected);
}

TEST(Marker, PayloadHasTheSizeAskedFor) {
    for (const std::size_t size : {0U, 57U, 58U, 59U, 128U, 200'000U}) {
        std::string payload = "before";
        append_payload(payload, run, {7, 3, 5}, size);
        EXPECT_EQ(payload.size() - 6, std::max<std::size_t>(size, marker_length));
        EXPECT_EQ(std::count(payload.begin(), payload.end(), '~'), 2);
    }
}

TEST(Marker, IsFoundAcrossEverySplit) {
    const std::string text = "~~sq1.~{\"data\":\"" + marker_text(1) + "filler~\",\"more\":\"~sq" + marker_text(2) +
                             marker_text(3) + "~sq1.c0ffee01.\"}";
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); second += 1 + second % 3) {
            MessageScan scan(run);
            scan.scan(std::string_view(text).substr(0, first));
            scan.scan(std::string_view(text).substr(first, second - first));
            scan.scan(std::string_view(text).substr(second));
            const std::vector<Marker> markers = found_in(scan);
            ASSERT_EQ(markers.size(), 3U) << first << ' ' << second;
            for (std::size_t i = 0; i < 3; ++i)
                EXPECT_EQ(markers[i].sequence, i + 1);
        }
    }
}

TEST(Marker, OneDamagedByteIsNotAMarker) {
    const std::string right = marker_text(42);
    for (std::size_t at = 0; at < right.size(); ++at) {
        std::string damaged = right;
        damaged[at] = damaged[at] == '1' ? '2' : '1';
        MessageScan scan(run);
        scan.scan(damaged);
        EXPECT_TRUE(found_in(scan).empty()) << at;
    }
}

TEST(Marker, OfAnotherRunIsCountedOnly) {
    MessageScan scan(run);
    scan.scan(marker_text(1, run + 1) + marker_text(2));
    std::vector<Marker> markers;
    EXPECT_EQ(scan.complete([&](const Marker& marker) { markers.push_back(marker); }), 1U);
    ASSERT_EQ(markers.size(), 1U);
    EXPECT_EQ(markers[0].sequence, 2U);
    EXPECT_EQ(scan.complete([](const Marker&) { FAIL(); }), 0U) << "the message has been forgotten";
}

TEST(Marker, DoesNotGoOnPastABoundary) {
    const std::string text = marker_text(1);
    MessageScan scan(run);
    scan.scan(text.substr(0, 30));
    scan.boundary();
    scan.scan(text.substr(30));
    EXPECT_TRUE(found_in(scan).empty());
}

TEST(Marker, ManyInOneMessageAreBounded) {
    MessageScan scan(run);
    const std::string text = marker_text(1);
    bool within = true;
    for (std::size_t i = 0; i <= markers_per_message_max && within; ++i)
        within = scan.scan(text);
    EXPECT_FALSE(within);
    EXPECT_EQ(found_in(scan).size(), markers_per_message_max);
}

}  // namespace
}  // namespace squall::workload
