// Talks in text: what is answered, what is remembered, what an interruption leaves.
#include "parley/brain/text_talk.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace parley::brain {
namespace {

namespace asio = boost::asio;
using conversation::ContextLine;
using conversation::PromptKind;

struct Nowhere final : VendorSink {
    void on_vendor(const VendorRecord&) override {}
    void on_failover(std::string_view, std::string_view, std::string_view, std::string_view) override {}
};

// A mind the test speaks for.
struct Mind final : PipelineFactory {
    struct Session final : TextBrain, LmSession {
        explicit Session(Mind& m, const CallFacts& facts) : mind(m) { mind.given_state = facts.brain_state; }
        ~Session() override { mind.sink = nullptr; }
        LmSession& lm() override { return *this; }
        net::Task<> close() override { co_return; }
        void start(const conversation::StartReply& request, const std::vector<ContextLine>& context) override {
            mind.asked.push_back(request);
            mind.contexts.push_back(context);
            if (mind.answer) mind.answer(request);
        }
        void cancel(ReplyId reply) override { mind.cancelled.push_back(reply); }
        [[nodiscard]] std::string state() const override { return "kept"; }
        Mind& mind;
    };
    std::unique_ptr<Brain> open(const CallFacts&, const CallPorts&) override { return nullptr; }
    std::unique_ptr<TextBrain> open_text(const CallFacts& facts, const TextPorts& ports) override {
        if (speech_only) return nullptr;
        sink = &ports.lm;
        post = ports.post;
        return std::make_unique<Session>(*this, facts);
    }
    void says(ReplyId reply, std::vector<std::string> pieces, conversation::ReplyThen then = conversation::ReplyThen::listen, std::string target = {}) {
        post([this, reply, pieces = std::move(pieces), then, target = std::move(target)] {
            for (const auto& piece : pieces) sink->on_reply_text(reply, piece);
            sink->on_reply_finished(reply, then, target);
        });
    }
    bool speech_only = false;
    LmSink* sink = nullptr;
    std::function<void(std::function<void()>)> post;
    std::function<void(const conversation::StartReply&)> answer;
    std::vector<conversation::StartReply> asked;
    std::vector<std::vector<ContextLine>> contexts;
    std::vector<ReplyId> cancelled;
    std::string given_state;
};

class Talk : public testing::Test {
protected:
    TextTalk& talk(TalkMemory before = {}) {
        CallFacts facts;
        facts.agent = "front";
        talk_.emplace(mind, facts, TalkPorts{.vendor = nowhere, .executor = loop.get_executor()}, settings, std::move(before));
        return *talk_;
    }
    std::shared_ptr<std::optional<TextTurn>> begin(net::Task<TextTurn> turn) {
        auto into = std::make_shared<std::optional<TextTurn>>();
        asio::co_spawn(loop, std::move(turn), [into](std::exception_ptr failure, TextTurn done) {
            if (!failure) *into = std::move(done);
        });
        return into;
    }
    TextTurn run(net::Task<TextTurn> turn) {
        const auto into = begin(std::move(turn));
        run_until([&] { return into->has_value(); });
        return into->value_or(TextTurn{});
    }
    template <class Done>
    void run_until(Done done) {
        loop.restart();
        for (const auto until = Clock::now() + std::chrono::seconds(5); !done() && Clock::now() < until;) loop.run_one_for(std::chrono::milliseconds(5));
        ASSERT_TRUE(done());
    }
    void TearDown() override {
        if (!talk_) return;
        bool closed = false;
        asio::co_spawn(loop, talk_->close(), [&](std::exception_ptr) { closed = true; });
        run_until([&] { return closed; });
    }
    asio::io_context loop;
    Mind mind;
    Nowhere nowhere;
    TalkSettings settings;
    std::optional<TextTalk> talk_;
};

TEST_F(Talk, AnswersAndRemembersBothSides) {
    mind.answer = [this](const auto& request) { mind.says(request.reply, {request.kind == PromptKind::greeting ? "Good day." : "Yes.", "We do."}); };
    auto& t = talk();
    std::vector<std::string> pieces;
    const auto hello = run(t.begin([&](std::string_view piece) { pieces.emplace_back(piece); }));
    EXPECT_EQ(hello.text(), "Good day. We do.");
    EXPECT_EQ(pieces, (std::vector<std::string>{"Good day.", "We do."}));
    const auto turn = run(t.said("are you open"));
    EXPECT_EQ(turn.text(), "Yes. We do.");
    ASSERT_EQ(t.lines().size(), 3U);
    EXPECT_EQ(t.lines()[1].text, "are you open");
    EXPECT_EQ(t.lines()[1].side, ContextLine::Side::caller);
    EXPECT_EQ(mind.contexts[1].size(), 1U);  // what is being answered is not memory yet
}

TEST_F(Talk, KeepsOnlyWhatWasHeardOfAFinishedTurn) {
    mind.answer = [this](const auto& request) { mind.says(request.reply, {"Life is a complex set of", "odds and ends."}); };
    auto& t = talk();
    (void)run(t.begin());
    t.interrupted("Life is a");
    ASSERT_EQ(t.lines().size(), 1U);
    EXPECT_EQ(t.lines()[0].text, "Life is a");
    EXPECT_TRUE(t.lines()[0].interrupted);
    t.interrupted("");  // once is enough
    EXPECT_EQ(t.lines()[0].text, "Life is a");
    (void)run(t.said("what"));
    t.interrupted("");
    EXPECT_EQ(t.lines().back().text, "what");  // nothing of the answer was heard
}

TEST_F(Talk, StopsARunningTurnAndKeepsWhatWasHeard) {
    auto& t = talk();
    mind.answer = [this](const auto& request) { mind.post([this, id = request.reply] { mind.sink->on_reply_text(id, "We are open from nine"); }); };
    auto running = begin(t.said("when"));
    run_until([&] { return !mind.asked.empty(); });
    loop.run_for(std::chrono::milliseconds(30));
    t.interrupted("We are");
    mind.answer = nullptr;
    auto next = begin(t.said("and on Sunday"));
    run_until([&] { return running->has_value(); });
    EXPECT_TRUE((*running)->superseded);
    EXPECT_EQ(mind.cancelled.front(), 1U);
    run_until([&] { return mind.asked.size() == 2; });
    ASSERT_EQ(mind.contexts[1].size(), 2U);
    EXPECT_EQ(mind.contexts[1][0].text, "when");
    EXPECT_EQ(mind.contexts[1][1].text, "We are");
    EXPECT_TRUE(mind.contexts[1][1].interrupted);
    mind.sink->on_reply_text(1, "late words of the old answer");
    mind.says(2, {"No."});
    run_until([&] { return next->has_value(); });
    EXPECT_EQ((*next)->text(), "No.");
}

TEST_F(Talk, FailsAfterItsTime) {
    settings.answer_within = std::chrono::milliseconds(40);
    const auto turn = run(talk().said("hello"));
    EXPECT_TRUE(turn.failed);
    EXPECT_FALSE(turn.superseded);
    EXPECT_EQ(mind.cancelled, (std::vector<ReplyId>{1}));
}

TEST_F(Talk, EndsAndTransfersAsTheBrainSays) {
    mind.answer = [this](const auto& request) { mind.says(request.reply, {"One moment."}, conversation::ReplyThen::transfer, "queue:support"); };
    const auto turn = run(talk().keyed("0"));
    EXPECT_EQ(turn.then, conversation::ReplyThen::transfer);
    EXPECT_EQ(turn.target, "queue:support");
    EXPECT_EQ(mind.asked[0].kind, PromptKind::digits);
}

TEST_F(Talk, GoesOnFromItsMemory) {
    mind.answer = [this](const auto& request) { mind.says(request.reply, {"Sorry about that."}); };
    TalkMemory before;
    before.lines.push_back({ContextLine::Side::caller, "my name is Ann", false});
    before.brain_state = "kept";
    before.note = "nobody took the call";
    before.agent = "front";
    auto& t = talk(before);
    (void)run(t.begin());
    EXPECT_EQ(mind.asked[0].kind, PromptKind::returned);
    EXPECT_EQ(mind.asked[0].text, "nobody took the call");
    EXPECT_EQ(mind.given_state, "kept");
    EXPECT_EQ(mind.contexts[0].size(), 1U);
    const auto memory = t.memory();
    EXPECT_EQ(memory.lines.size(), 2U);
    EXPECT_EQ(memory.brain_state, "kept");
}

TEST_F(Talk, OfAnotherAgentIsReadButGreetedAnew) {
    mind.answer = [this](const auto& request) { mind.says(request.reply, {"Billing."}); };
    TalkMemory before;
    before.lines.push_back({ContextLine::Side::caller, "my name is Ann", false});
    before.brain_state = "another script";
    before.agent = "billing";
    (void)run(talk(before).begin());
    EXPECT_EQ(mind.asked[0].kind, PromptKind::greeting);
    EXPECT_TRUE(mind.given_state.empty());
    EXPECT_EQ(mind.contexts[0].size(), 1U);
}

TEST_F(Talk, IsRefusedByABrainWithoutWords) {
    mind.speech_only = true;
    EXPECT_THROW(talk(), std::runtime_error);
}

TEST_F(Talk, GivesWhoWaitsAnAnswerWhenItCloses) {
    auto& t = talk();
    auto running = begin(t.said("hello"));
    run_until([&] { return !mind.asked.empty(); });
    TearDown();
    talk_.reset();
    run_until([&] { return running->has_value(); });
    EXPECT_TRUE((*running)->superseded);
}

}  // namespace
}  // namespace parley::brain
