#include <gtest/gtest.h>
#include "parley/conversation/machine.hpp"
TEST(Smoke, starts) {
    parley::conversation::Machine m{{}};
    parley::conversation::Commands out;
    m.on(parley::conversation::Started{}, parley::Instant{0}, out);
    ASSERT_FALSE(out.empty());
    EXPECT_TRUE(std::holds_alternative<parley::conversation::StartReply>(out[0]));
}
