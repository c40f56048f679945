// What a limit on descriptor numbers leaves to be opened.
#include "faults/kernel/descriptor_limit.hpp"

#include <gtest/gtest.h>

namespace squall::kernel {
namespace {

TEST(DescriptorLimit, TheLowestNumbersThatAreFreeAreGivenOut) {
    EXPECT_EQ(descriptors_left({0, 1, 2}, 10), 7U);
    EXPECT_EQ(descriptors_left({0, 1, 2, 8}, 8), 5U) << "8 is not below it";
    EXPECT_EQ(descriptors_left({0, 1, 2}, 3), 0U);
    EXPECT_EQ(descriptors_left({0, 1, 2}, 1), 0U) << "what is open above it stays open";
    EXPECT_EQ(descriptors_left({}, 0), 0U);
}

TEST(DescriptorLimit, HeadroomCountsFreeNumbers) {
    EXPECT_EQ(limit_that_leaves({0, 1, 2}, 0), 3U);
    EXPECT_EQ(limit_that_leaves({0, 1, 2}, 4), 7U);
    EXPECT_EQ(limit_that_leaves({0, 1, 2, 5}, 2), 6U) << "3 and 4 are free, 5 is not";
    EXPECT_EQ(limit_that_leaves({0, 1, 2, 100}, 2), 5U);
    EXPECT_EQ(limit_that_leaves({}, 3), 3U);
    const std::vector<std::uint64_t> open{0, 2, 3, 7, 40};
    for (std::uint64_t headroom = 0; headroom < 60; ++headroom)
        EXPECT_EQ(descriptors_left(open, limit_that_leaves(open, headroom)), headroom);
}

}  // namespace
}  // namespace squall::kernel
