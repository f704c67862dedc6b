#include "parley/store/tool_effects.hpp"

#include "either_store.hpp"

namespace parley::store {
namespace {

class ToolEffects : public EitherStore {
protected:
    void SetUp() override { database = open(); }
    std::optional<ToolEffect> begin(const std::string& key, std::int64_t at_ms, std::int64_t not_before_ms) {
        std::optional<ToolEffect> before;
        database->transact([&](Session& session) { before = begin_effect(session, {key, "CA1", "book", {}, at_ms}, not_before_ms); });
        return before;
    }
    std::unique_ptr<Database> database;
};

TEST_P(ToolEffects, AreRememberedWhileTheyAreYoung) {
    EXPECT_FALSE(begin("k", 1000, 500));
    database->transact([](Session& session) { finish_effect(session, "k", "done"); });
    const auto before = begin("k", 1200, 700);
    ASSERT_TRUE(before);
    EXPECT_EQ(before->outcome, "done");
    EXPECT_EQ(before->at_ms, 1000);
    // What is older was another wish: it is begun anew.
    EXPECT_FALSE(begin("k", 5000, 4500));
    const auto anew = begin("k", 5100, 4600);
    ASSERT_TRUE(anew);
    EXPECT_EQ(anew->outcome, "");
    EXPECT_EQ(anew->at_ms, 5000);
}

TEST_P(ToolEffects, AreSwept) {
    EXPECT_FALSE(begin("old", 1000, 0));
    EXPECT_FALSE(begin("new", 2000, 0));
    std::uint64_t gone = 0;
    database->transact([&](Session& session) { gone = sweep_effects(session, 2000); });
    EXPECT_EQ(gone, 1U);
    EXPECT_TRUE(begin("new", 2001, 0));
}

INSTANTIATE_ON_BOTH(ToolEffects);

}  // namespace
}  // namespace parley::store
