#include "parley/base/faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley {
namespace {

bool write_block() {
    return !PARLEY_FAULT("test.write");
}
bool never_called() {
    return !PARLEY_FAULT("test.never_called");
}

#ifdef PARLEY_FAULTS

TEST(FaultsTest, a_place_fails_as_often_as_armed_and_after_the_skipped_passes) {
    EXPECT_TRUE(write_block());
    const auto before = faults::fired("test.write");
    ASSERT_TRUE(faults::arm("test.write", 2, 1));
    EXPECT_TRUE(write_block());
    EXPECT_FALSE(write_block());
    EXPECT_FALSE(write_block());
    EXPECT_TRUE(write_block());
    EXPECT_EQ(faults::fired("test.write"), before + 2);
}

TEST(FaultsTest, places_are_known_before_they_are_passed) {
    EXPECT_THAT(faults::names(), testing::IsSupersetOf({"test.never_called", "test.write"}));
    EXPECT_FALSE(faults::arm("test.no_such_place"));
    (void)&never_called;
}

TEST(FaultsTest, disarming_ends_it) {
    ASSERT_TRUE(faults::arm("test.write", 5));
    faults::disarm_all();
    EXPECT_TRUE(write_block());
}

#else

TEST(FaultsTest, are_absent_from_this_build) {
    EXPECT_TRUE(write_block());
    EXPECT_TRUE(never_called());
    EXPECT_FALSE(faults::arm("test.write"));
    EXPECT_TRUE(faults::names().empty());
}

#endif

}  // namespace
}  // namespace parley
