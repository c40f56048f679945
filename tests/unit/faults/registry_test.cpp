// What self-registration promises: linking the files is enough, and every descriptor says what the tools print.
#include <gtest/gtest.h>

#include <algorithm>

#include "faults/core/capability.hpp"
#include "faults/core/fault.hpp"

namespace squall {
namespace {

TEST(Registry, TheFaultsOfThisRepositoryAreThere) {
    for (const char* name : {"cpu-cap",
                             "cpu-contention",
                             "cpu-starvation",
                             "duplicate",
                             "fd-limit",
                             "freeze",
                             "half-open",
                             "handshake-flood",
                             "kill",
                             "latency",
                             "malformed-frames",
                             "mass-disconnect",
                             "memory-cap",
                             "mtu-black-hole",
                             "nat-forget",
                             "no-pong",
                             "packet-loss",
                             "partition",
                             "proxy-bandwidth",
                             "proxy-buffering",
                             "proxy-cut",
                             "proxy-gzip",
                             "proxy-half-close",
                             "proxy-idle-timeout",
                             "proxy-latency",
                             "proxy-max-age",
                             "proxy-reload",
                             "proxy-reset",
                             "proxy-slicer",
                             "proxy-slow-accept",
                             "proxy-upgrade-refused",
                             "rate-limit",
                             "reorder",
                             "slow-reader",
                             "slowloris",
                             "subscribe-churn",
                             "syn-drop"}) {
        EXPECT_NE(find_fault(name), nullptr) << name;
    }
    EXPECT_EQ(find_fault("no-such-fault"), nullptr);
}

TEST(Registry, SortedByName) {
    const auto& all = all_faults();
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST(Registry, DescriptorsAreComplete) {
    for (const Fault& fault : all_faults()) {
        SCOPED_TRACE(fault.name);
        for (const std::string* text :
             {&fault.summary, &fault.mechanism, &fault.privilege, &fault.witness, &fault.healing}) {
            EXPECT_FALSE(text->empty());
        }
        EXPECT_NE(fault.inject, nullptr);
        EXPECT_NE(fault.site, Site::unsaid);
        for (const OptionSpec& option : fault.options) {
            SCOPED_TRACE(option.name);
            EXPECT_FALSE(option.doc.empty());
            for (const char* key :
                 {"fault", "name", "at", "for", "every", "every_jitter", "cohort", "share", "subscriber"}) {
                const bool clear = !fault.aimed && std::string_view(key) == "share";  // nobody is aimed at
                EXPECT_TRUE(clear || option.name != key) << key << " is a key of every fault";
            }
            EXPECT_EQ(option.choices.empty(), option.kind != OptionSpec::Kind::choice);
            EXPECT_FALSE(option.required && option.fallback.has_value());
            if (option.fallback) {
                const auto value = parse_option(option, *option.fallback);
                EXPECT_TRUE(value) << value.error().message;
            }
        }
    }
}

TEST(Registry, AFaultsNeedsAreCapabilitiesThatExist) {
    for (const Fault& fault : all_faults()) {
        for (const std::string& need : fault.needs)
            EXPECT_EQ(probe(need).key, need) << fault.name;
        if (!fault.fallback) continue;
        for (const std::string& need : fault.fallback->needs)
            EXPECT_EQ(probe(need).key, need) << fault.name;
    }
}

TEST(Registry, AnUnknownCapabilityIsNotAvailable) {
    EXPECT_FALSE(probe("time-travel").available);
    EXPECT_FALSE(probe("time-travel").detail.empty());
}

}  // namespace
}  // namespace squall
