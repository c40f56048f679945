#include <unistd.h>

#include <filesystem>

#include "faults/core/capability.hpp"
#include "rig.hpp"

namespace squall::test {
namespace {

TEST(Capabilities, EachSaysHowOrWhyNot) {
    const Scratch scratch;
    setenv("SQUALL_STATE_DIR", scratch.directory().c_str(), 1);
    const auto& all = probe_all();
    EXPECT_GE(all.size(), 9U);
    for (const Capability& capability : all) {
        SCOPED_TRACE(capability.key + ": " + capability.detail);
        EXPECT_FALSE(capability.summary.empty());
        EXPECT_FALSE(capability.detail.empty());
        EXPECT_EQ(capability.enable.empty(), capability.available);
    }
    EXPECT_TRUE(std::filesystem::is_empty(scratch.directory())) << "the probes left nothing behind";
    unsetenv("SQUALL_STATE_DIR");
}

TEST(Capabilities, AgreeWithWhatTheRigFinds) {
    EXPECT_EQ(probe("network-namespaces").available || geteuid() != 0,
              kernel::make_testbed().has_value() || geteuid() != 0);
}

}  // namespace
}  // namespace squall::test
