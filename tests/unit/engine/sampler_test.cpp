// Which page of the target's metrics is the last one.
#include "suites/engine/sampler.hpp"

#include <gtest/gtest.h>

#include "tests/unit/workload/scripted_server.hpp"

namespace squall {
namespace {

using workload::test::Peer;
using workload::test::ScriptedServer;

constexpr Nanos ms = 1'000'000;

/// A target whose metrics page is `page`.
struct Scraped {
    explicit Scraped(std::string page)
        : server([page = std::move(page)](Peer& peer, const std::string&) {
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

}  // namespace
}  // namespace squall
