#include "upstream/rolling_context.hpp"

#include <gmock/gmock.h>

#include <random>

#include "parley/brain/tokens.hpp"
#include "vendor_fakes.hpp"

namespace parley::brain::upstream {
namespace {

using conversation::ContextLine;
using testing::HasSubstr;
using testing::Not;
using vendors::LmMessage;
using Role = LmMessage::Role;

struct Count {
    const char* name;
    std::string_view text;
    std::size_t tokens;
};
class Tokens : public testing::TestWithParam<Count> {};
TEST_P(Tokens, AreEstimated) {
    EXPECT_EQ(tokens_in(GetParam().text), GetParam().tokens);
}
INSTANTIATE_TEST_SUITE_P(cases, Tokens,
                         testing::Values(Count{"none", "", 0}, Count{"words", "I am here", 3}, Count{"long", "appointment", 3}, Count{"marks", "a, b.", 4},
                                         Count{"umlauts", "ä ö", 2}, Count{"blanks", "  \n ", 0}),
                         [](const auto& c) { return c.param.name; });

ContextLine line(bool caller, std::string text) {
    return {caller ? ContextLine::Side::caller : ContextLine::Side::agent, std::move(text), false};
}
std::vector<ContextLine> talk(int lines) {
    std::vector<ContextLine> all;
    for (int i = 0; i < lines; ++i) all.push_back(line(i % 2 == 0, "this is line number " + std::to_string(i)));
    return all;
}
std::size_t used(const RollingContext& rolling, const std::vector<LmMessage>& messages) {
    auto total = tokens_in(rolling.told());
    for (std::size_t i = 1; i < messages.size(); ++i) {
        total += tokens_in(messages[i].text) + kTokensOfMessage;
        for (const auto& call : messages[i].calls) total += tokens_in(call.name) + tokens_in(call.arguments) + kTokensOfMessage;
    }
    return total;
}
LmMessage message(Role role, std::string text) {
    LmMessage made;
    made.role = role;
    made.text = std::move(text);
    return made;
}

TEST(RollingContext, WithoutABudgetNothingChanges) {
    RollingContext rolling(0);
    const auto lines = talk(100);
    EXPECT_EQ(rolling.rest(lines).size(), 100U);
    EXPECT_FALSE(rolling.due(lines));
    std::vector<LmMessage> messages(50, message(Role::user, "word word"));
    rolling.fit(messages, 49);
    EXPECT_EQ(messages.size(), 50U);
}

TEST(RollingContext, TheOldestPartBecomesASummary) {
    RollingContext rolling(300);
    EXPECT_FALSE(rolling.due(talk(4)));
    auto lines = talk(24);
    const auto asked = rolling.due(lines);
    ASSERT_TRUE(asked);
    EXPECT_THAT(*asked, HasSubstr("Caller: this is line number 0\nAgent: this is line number 1\n"));
    EXPECT_THAT(*asked, Not(HasSubstr("number 23")));
    EXPECT_FALSE(rolling.due(lines));  // it is being written
    EXPECT_EQ(rolling.rest(lines).size(), 24U);
    lines.push_back(line(true, "and one more"));
    rolling.summarised("They counted.");
    const auto rest = rolling.rest(lines);
    EXPECT_LT(rest.size(), 15U);
    EXPECT_GT(rest.size(), 3U);
    EXPECT_EQ(rest.back().text, "and one more");
    EXPECT_THAT(rolling.told(), HasSubstr("They counted."));
    // The core forgets its oldest lines by itself.
    lines.erase(lines.begin(), lines.begin() + 5);
    EXPECT_EQ(rolling.rest(lines).size(), rest.size());
    // A later one begins where this one ends, and knows it.
    for (int i = 30; i < 50; ++i) lines.push_back(line(i % 2 == 0, "this is line number " + std::to_string(i)));
    const auto next = rolling.due(lines);
    ASSERT_TRUE(next);
    EXPECT_THAT(*next, HasSubstr("Summary so far: They counted."));
    EXPECT_THAT(*next, Not(HasSubstr("number 6\n")));
}

TEST(RollingContext, WordsThatAreSaidAgainAreNotTakenForCoveredOnes) {
    RollingContext rolling(300);
    std::vector<ContextLine> lines;
    for (int i = 0; i < 60; ++i) lines.push_back(line(i % 2 == 0, i % 2 == 0 ? "yes" : "and what about the matter number " + std::to_string(i)));
    ASSERT_TRUE(rolling.due(lines));
    rolling.summarised("Yes to all.");
    const auto rest = rolling.rest(lines);
    for (int i = 60; i < 66; ++i) lines.push_back(line(i % 2 == 0, i % 2 == 0 ? "yes" : "and more"));
    EXPECT_EQ(rolling.rest(lines).size(), rest.size() + 6);
}

TEST(RollingContext, OneThatFailsIsAskedForAgain) {
    RollingContext rolling(300);
    const auto lines = talk(30);
    ASSERT_TRUE(rolling.due(lines));
    rolling.not_summarised();
    EXPECT_EQ(rolling.rest(lines).size(), 30U);
    EXPECT_TRUE(rolling.due(lines));
}

TEST(RollingContext, ALaterSessionGoesOn) {
    RollingContext rolling(300);
    const auto lines = talk(30);
    EXPECT_TRUE(rolling.saved().empty());
    ASSERT_TRUE(rolling.due(lines));
    rolling.summarised("They counted.");
    RollingContext later(300);
    later.restore(rolling.saved());
    EXPECT_EQ(later.summary(), "They counted.");
    EXPECT_EQ(later.rest(lines).size(), rolling.rest(lines).size());
    for (const auto* wrong : {"", "[]", "{", R"({"summary":1,"last":"x"})", R"({"summary":"x"})"}) {
        RollingContext other(300);
        other.restore(wrong);
        EXPECT_TRUE(other.told().empty()) << wrong;
    }
}

// Whatever the conversation, budget and answers of the summariser: never above the budget, the caller's turn is there, and no result stands without its call.
TEST(RollingContext, HoldsItsBudgetWhateverHappens) {
    std::mt19937 dice(7);
    const auto roll = [&](int most) { return static_cast<int>(dice() % static_cast<unsigned>(most)); };
    const auto words = [&](int most) {
        std::string text;
        for (int i = roll(most) + 1; i > 0; --i)
            text += std::string(static_cast<std::size_t>(roll(12) + 1), static_cast<char>('a' + roll(26))) + (roll(5) == 0 ? "ä, " : " ");
        return text;
    };
    for (int round = 0; round < 300; ++round) {
        const auto budget = static_cast<std::size_t>(200 + roll(800));
        RollingContext rolling(budget);
        std::vector<ContextLine> context;
        for (int turn = 0; turn < 25; ++turn) {
            std::vector<LmMessage> messages{message(Role::system, "You are Sam.")};
            for (const auto& one : rolling.rest(context))
                messages.push_back(message(one.side == ContextLine::Side::caller ? Role::user : Role::assistant, one.text));
            const auto said = words(roll(20) == 0 ? 900 : 30);
            messages.push_back(message(Role::user, said));
            rolling.fit(messages, messages.size() - 1);
            ASSERT_LE(used(rolling, messages), budget);
            ASSERT_EQ(messages.back().role, Role::user);
            ASSERT_FALSE(messages.back().text.empty());
            ASSERT_TRUE(said.ends_with(messages.back().text));
            const auto turn_at = messages.size() - 1;
            for (int calls = roll(3); calls > 0; --calls) {
                auto asked = message(Role::assistant, "");
                vendors::ToolCall call;
                call.id = "c" + std::to_string(calls);
                call.name = "look_up";
                call.arguments = "{}";
                asked.calls.push_back(call);
                messages.push_back(asked);
                auto result = message(Role::tool, words(300));
                result.call_id = call.id;
                messages.push_back(result);
            }
            rolling.fit(messages, turn_at);
            ASSERT_LE(used(rolling, messages), budget);
            std::string open;
            bool caller = false;
            for (const auto& one : messages) {
                if (one.role == Role::tool) {
                    ASSERT_EQ(one.call_id, open);
                }
                open = one.calls.empty() ? std::string() : one.calls.front().id;
                caller = caller || (one.role == Role::user && !one.text.empty() && said.ends_with(one.text));
            }
            ASSERT_TRUE(caller);
            context.push_back(line(true, said));
            context.push_back(line(false, words(40)));
            if (context.size() > 30) context.erase(context.begin());
            if (roll(2) == 0 && rolling.due(context)) {
                if (roll(3) != 0)
                    rolling.summarised(words(roll(4) == 0 ? 2000 : 80));
                else
                    rolling.not_summarised();
            }
        }
    }
}

}  // namespace
}  // namespace parley::brain::upstream

namespace parley::brain {
namespace {

using namespace std::chrono_literals;
using conversation::PromptKind;

// The summary is asked for between turns, and no turn waits for it.
TEST(UpstreamLm, ALongConversationIsSummarisedBesideIt) {
    UpstreamWorld world;
    world.settings.context_tokens = 300;
    net::HttpClient http(world.context.get_executor());
    world.http = &http;
    world.open();
    std::vector<conversation::ContextLine> context;
    for (int i = 0; i < 24; ++i)
        context.push_back(
            {i % 2 == 0 ? conversation::ContextLine::Side::caller : conversation::ContextLine::Side::agent, "this is line number " + std::to_string(i), false});
    world.start(1, PromptKind::caller_text, "And now?", context);
    auto* lm = world.lms["a"];
    ASSERT_EQ(lm->asked.size(), 1U);
    world.pass(20ms);
    ASSERT_EQ(world.lms["a"], lm);  // not while the answer is owed
    lm->asked.back().sink->on_text("Fine.");
    FakeLm::end(lm->asked.back(), vendors::LmDone{});
    world.turn();
    world.pass(20ms);
    auto* summariser = world.lms["a"];
    ASSERT_NE(summariser, lm);
    ASSERT_EQ(summariser->asked.size(), 1U);
    EXPECT_THAT(summariser->asked.back().request.messages.back().text, testing::HasSubstr("this is line number 0"));
    // It is slow: the next turn goes on without it, within the budget.
    world.start(2, PromptKind::caller_text, "Hm?", context);
    ASSERT_EQ(lm->asked.size(), 2U);
    EXPECT_EQ(lm->asked.back().request.messages.back().text, "Hm?");
    summariser->asked.back().sink->on_text("They counted to twenty.");
    FakeLm::end(summariser->asked.back(), vendors::LmDone{});
    world.turn();
    world.start(3, PromptKind::caller_text, "So?", context);
    const auto& messages = lm->asked.back().request.messages;
    EXPECT_THAT(messages.front().text, testing::HasSubstr("They counted to twenty."));
    EXPECT_LT(messages.size(), 16U);
    EXPECT_THAT(world.brain->lm().state(), testing::HasSubstr("They counted to twenty."));
    EXPECT_THAT(world.brain->lm().handover(), testing::HasSubstr("They counted to twenty."));
    world.close();  // before the client goes
}

}  // namespace
}  // namespace parley::brain
