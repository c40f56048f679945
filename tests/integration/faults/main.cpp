// Without root the tests become root in a user namespace first, as a run does; what even that does not allow is
// skipped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "faults/kernel/namespace.hpp"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (geteuid() != 0) {
        if (const auto root = squall::kernel::become_root_in_user_namespace(); !root) {
            std::fprintf(stderr, "without a user namespace: %s\n", root.error().message.c_str());
        }
    }
    return RUN_ALL_TESTS();
}
