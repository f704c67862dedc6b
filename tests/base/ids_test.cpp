#include "parley/base/ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace parley {
namespace {

TEST(IdsTest, have_the_shape_asked_for) {
    EXPECT_EQ(random_hex(16).size(), 32U);
    EXPECT_EQ(random_hex(0), "");
    const std::string sid = random_sid("CA");
    EXPECT_EQ(sid.size(), 34U);
    EXPECT_TRUE(sid.starts_with("CA"));
    EXPECT_TRUE(std::all_of(sid.begin() + 2, sid.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }));
}

TEST(IdsTest, do_not_repeat) {
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(random_hex(8)).second);
    EXPECT_NE(random_u64(), random_u64());
}

}  // namespace
}  // namespace parley
