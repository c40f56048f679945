#include <gtest/gtest.h>

#include "suites/workload/recorder.hpp"

namespace squall::workload {
namespace {

TEST(Recorder, SlicesComeOutAsTheyWentIn) {
    Recorder recorder;
    History expected;
    const Recorder::Id id = recorder.distribution("delivery.latency", {{"cohort", "a"}});
    EXPECT_EQ(recorder.distribution("delivery.latency", {{"cohort", "a"}}), id);
    // In order, across slices, late by several slices, beyond the dense range, negative.
    for (const auto& [slice, value] : std::vector<std::pair<std::int64_t, Nanos>>{{0, 5},
                                                                                  {0, 70'000},
                                                                                  {1, 1'000'000},
                                                                                  {0, 9},
                                                                                  {2, 3},
                                                                                  {3, 4},
                                                                                  {1, 77},
                                                                                  {5, 3'600 * nanos_per_second},
                                                                                  {5, -1}}) {
        recorder.record(id, slice * slice_length + 1, value);
        expected.record("delivery.latency", {{"cohort", "a"}}, slice * slice_length + 1, std::max<Nanos>(value, 0));
    }
    History history;
    recorder.hand_over(history);
    ASSERT_EQ(history.distributions().size(), 1U);
    const auto& slices = history.distributions().begin()->second;
    const auto& wanted = expected.distributions().begin()->second;
    ASSERT_EQ(slices.size(), wanted.size());
    for (const auto& [slice, values] : wanted) {
        ASSERT_TRUE(slices.contains(slice)) << slice;
        const Histogram& got = slices.at(slice);
        EXPECT_EQ(got.buckets(), values.buckets()) << slice;
        EXPECT_EQ(got.min(), values.min()) << slice;
        EXPECT_EQ(got.max(), values.max()) << slice;
        EXPECT_DOUBLE_EQ(got.sum(), values.sum()) << slice;
    }
}

TEST(Recorder, CountersAddUpBySlice) {
    Recorder recorder;
    const Recorder::Id id = recorder.counter("connects", {});
    recorder.count(id, 10);
    recorder.count(id, 20, 4);
    recorder.count(id, slice_length + 7);
    recorder.count(id, 30);  // late: with the slice that is being filled
    History history;
    recorder.hand_over(history);
    ASSERT_EQ(history.events().size(), 2U);
    EXPECT_EQ(history.events()[0].at, 10);
    EXPECT_EQ(history.events()[0].value, 5);
    EXPECT_EQ(history.events()[1].at, slice_length + 7);
    EXPECT_EQ(history.events()[1].value, 2);
    History again;
    recorder.hand_over(again);
    EXPECT_TRUE(again.events().empty()) << "handed over once";
}

TEST(Recorder, LastSecond) {
    Recorder recorder;
    EXPECT_EQ(recorder.last_second().deliveries, 0U);
    for (int i = 1; i <= 100; ++i)
        recorder.delivered(i * 1'000);
    const Recorder::LastSecond second = recorder.last_second();
    EXPECT_EQ(second.deliveries, 100U);
    EXPECT_NEAR(static_cast<double>(second.p99), 99'000, 400);
    for (int slice = 0; slice < 3; ++slice)
        EXPECT_EQ(recorder.last_second().deliveries, slice < 3 ? 100U : 0U);
    EXPECT_EQ(recorder.last_second().deliveries, 0U);
}

}  // namespace
}  // namespace squall::workload
