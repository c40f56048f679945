// Which page of the target's metrics is the last one, and what its counters say of a target that is started again.
#include "suites/engine/sampler.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/workload/scripted_server.hpp"

namespace squall {
namespace {

using workload::test::Peer;
using workload::test::ScriptedServer;

constexpr Nanos ms = 1'000'000;

/// A target whose metrics page is `page`; after `pages_max` of them it answers no more.
struct Scraped {
    explicit Scraped(std::string page, int pages_max = 1'000'000)
        : server([page = std::move(page), left = std::make_shared<std::atomic<int>>(pages_max)](Peer& peer,
                                                                                                const std::string&) {
              if ((*left)-- <= 0) return;
              peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page);
          }) {
        profile.metrics_path = "/metrics";
        profile.metrics = {{"declared.connections", "open", {}, ""}, {"declared.drops", "dropped_total", {}, ""}};
    }
    /// How long it waited for the last page, and when that one was asked for.
    std::pair<Nanos, Nanos> wait(Nanos noticed_by) {
        Nanos waited = 0;
        {
            DeclaredSampler sampler(recorder, {.endpoint = server.endpoint()}, profile);
            const Nanos since = recorder.now();
            EXPECT_TRUE(sampler.wait_for_last_page(noticed_by));
            waited = recorder.now() - since;
        }
        Nanos last = -1;
        for (const Event& event : recorder.history().events()) {
            if (event.metric == "declared.scrapes") last = event.at;
        }
        return {waited, last};
    }

    Profile profile;
    ScriptedServer server;
    Recorder recorder{monotonic_now()};
};

TEST(LastPage, CountsNoConnection) {
    Scraped target("open 0\ndropped_total 3\n");
    EXPECT_LT(target.wait(60'000 * ms).first, 10'000 * ms);
}

TEST(LastPage, IsFromAfterTheTargetHadTheTimeToNoticeIfItDoesNotSayWhomItHas) {
    Scraped target("dropped_total 3\n");
    EXPECT_GE(target.wait(800 * ms).second, 800 * ms);
}

TEST(LastPage, IsFromAfterTheTargetHadTheTimeToNoticeIfItStillHasSome) {
    Scraped target("open 1\ndropped_total 3\n");
    EXPECT_GE(target.wait(800 * ms).second, 800 * ms);
}

TEST(LastPage, IsMissingWhereThePagesStopBeforeTheTargetHadTheTimeToNotice) {
    Scraped target("open 1\ndropped_total 3\n", 1);
    DeclaredSampler sampler(target.recorder, {.endpoint = target.server.endpoint()}, target.profile);
    while (sampler.pages() == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(sampler.wait_for_last_page(target.recorder.now() + 300 * ms));
}

TEST(Counters, OfATargetThatIsStartedAgainGoOn) {
    const auto directory = std::filesystem::temp_directory_path() / ("squall-sampler-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory);
    {
        auto journal = *Journal::create(directory / "state", "sampler-" + std::to_string(getpid()));
        ProcessPlan plan;
        plan.command = {"sleep", "600"};
        plan.output = directory / "output";
        auto process = *SupervisedProcess::start(journal, plan, [] { return Status(); });

        std::atomic<int> dropped = 3;
        ScriptedServer server([&dropped](Peer& peer, const std::string&) {
            const std::string page = "dropped_total " + std::to_string(dropped) + "\n";
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page);
        });
        Profile profile;
        profile.metrics_path = "/metrics";
        profile.metrics = {{"declared.drops", "dropped_total", {}, ""}};
        Recorder recorder{monotonic_now()};
        {
            DeclaredSampler sampler(recorder, {.process = process.get(), .endpoint = server.endpoint()}, profile);
            const auto next_page = [&] {  // the one under way may be of before
                for (const auto from = sampler.pages(); sampler.pages() < from + 2;)
                    std::this_thread::sleep_for(std::chrono::milliseconds(5));
            };
            next_page();  // 3: from before the run
            dropped = 5;
            next_page();  // 2 more
            ASSERT_TRUE(process->end(SIGKILL));
            while (process->look()->ended.empty())
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            dropped = 7;  // more than the first process had ever counted
            ASSERT_TRUE(process->start());
            next_page();
        }
        double sum = 0;
        for (const Event& event : recorder.history().events())
            sum += event.metric == "declared.drops" ? event.value : 0;
        EXPECT_EQ(sum, 2 + 7);
        EXPECT_TRUE(recorder.notes().empty()) << "nobody's page is not missed";
        EXPECT_TRUE(process->stop());
    }
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace squall
