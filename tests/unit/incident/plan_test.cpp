// What is chosen where the record does not say.
#include <gmock/gmock.h>

#include "suites/incident/plan.hpp"

namespace squall::incident {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<Plan> planned(const std::string& text, PlanOptions options = {}) {
    const auto read = read_recording(text, "it");
    EXPECT_TRUE(read.recording) << (read.errors.empty() ? "" : to_string(read.errors.front()));
    if (!read.recording) return Error{"not read"};
    const auto recognition = recognise(*read.recording, "it", {});
    EXPECT_TRUE(recognition) << recognition.error().message;
    if (!recognition) return recognition.error();
    return plan_replay(*read.recording, *recognition, options);
}

TEST(Plan, WithWhatComesBeforeTheRecordItEndsWithinTwoMinutes) {
    const auto late = planned("time,connections,latency_p99_seconds\n0,100,100\n119,100,100\n");
    ASSERT_TRUE(late) << late.error().message;
    EXPECT_GT(late->begin_s, 2);
    EXPECT_LE(late->end_s, 120);
    EXPECT_EQ(late->speed, 5);
    const auto all = planned("time,connections\n0,100\n119,100\n");
    ASSERT_TRUE(all);
    EXPECT_LE(all->end_s, 120);
    const auto asked = planned("time,connections,latency_p99_seconds\n0,100,100\n119,100,100\n", {.speed = 1});
    ASSERT_TRUE(asked);
    EXPECT_GT(asked->end_s, 400);
}

TEST(Plan, MoreSlowOnesThanConnectionsAreRefused) {
    for (const char* slow : {"101", "1000000000000000000"}) {
        const auto plan = planned(std::string("time,connections,slow_clients\n0,100,") + slow + "\n9,100,1\n");
        ASSERT_FALSE(plan) << slow;
        EXPECT_THAT(plan.error().message, HasSubstr("slow of 100 connections at most cannot be"));
    }
    EXPECT_TRUE(planned("time,connections,slow_clients\n0,100,100\n9,100,1\n"));
}

std::string decided(const Plan& plan, const std::string& what) {
    for (const Decision& decision : plan.decisions)
        if (decision.what == what) return decision.text;
    return "nothing";
}

TEST(Plan, SlowReadersFallBehindUpToTheHighestPointAndNoFurther) {
    const auto died = planned("time,connections,latency_p99_seconds\n0,100,0.6\n30,100,24.6\n75,100,1.2\n");
    ASSERT_TRUE(died) << died.error().message;
    EXPECT_THAT(decided(*died, "pace of slow readers"), HasSubstr("went from 600ms to 24.6s in 30s"));
}

TEST(Plan, LimitsOfSeveralAddUpAsWhatTheyUseDoes) {
    const auto two = planned(R"(time,connections,"memory{pod=""a""}","memory{pod=""b""}",)"
                             R"("memory limit{pod=""a""}","memory limit{pod=""b""}")"
                             "\n0,100,6GB,6GB,12GB,12GB\n9,100,10GB,10GB,12GB,12GB\n");
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_THAT(decided(*two, "memory"), Not(HasSubstr("not limited")));
    EXPECT_THAT(decided(*two, "memory"), HasSubstr("24GB"));
}

TEST(Plan, ARecordOfWhichNothingIsRecognisedIsNone) {
    const auto nothing = planned("time,colour\n0,100\n9,100\n");
    ASSERT_FALSE(nothing);
    EXPECT_THAT(nothing.error().message, HasSubstr("nothing was recognised"));
}

TEST(Plan, ANumberThatNothingIsMeasuredByIsPlannedAllTheSame) {
    EXPECT_TRUE(planned("time,slow_clients,queued_messages\n0,1000000000000000000,1\n9,1,1000000000000000000\n"));
}

}  // namespace
}  // namespace squall::incident
