#include <gmock/gmock.h>

#include <algorithm>

#include <boost/asio/post.hpp>

#include "desk.hpp"
#include "parley/messaging/delivery.hpp"
#include "parley/messaging/inbox.hpp"

namespace parley::messaging {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// A brain that says back what it was told, when the test lets it.
struct Echo final : brain::PipelineFactory {
    struct Talk final : brain::TextBrain, brain::LmSession {
        Talk(Echo& to, const brain::TextPorts& p) : owner(to), ports(p) { ++owner.talks; }
        ~Talk() override { --owner.talks; }
        brain::LmSession& lm() override { return *this; }
        net::Task<> close() override { co_return; }
        void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>& context) override {
            ++owner.asked;
            owner.lines = context.size();
            wanted = request.reply;
            if (owner.mute) {
                owner.waiting = [this, request] { answer(request); };
                return;
            }
            ports.post([this, request] { answer(request); });
        }
        void answer(const conversation::StartReply& request) {
            if (wanted != request.reply) return;
            brain::VendorRecord record;
            record.role = "llm";
            record.vendor = "main";
            record.input_tokens = 12;
            ports.vendor.on_vendor(record);
            ports.lm.on_reply_text(request.reply, "You wrote: " + request.text);
            ports.lm.on_reply_finished(request.reply, owner.then, {});
        }
        void cancel(brain::ReplyId) override { wanted = 0; }
        Echo& owner;
        brain::TextPorts ports;
        brain::ReplyId wanted = 0;
    };
    std::unique_ptr<brain::Brain> open(const brain::CallFacts&, const brain::CallPorts&) override { return nullptr; }
    std::unique_ptr<brain::TextBrain> open_text(const brain::CallFacts& facts, const brain::TextPorts& ports) override {
        written = facts.written;
        return std::make_unique<Talk>(*this, ports);
    }
    int talks = 0, asked = 0;
    std::size_t lines = 0;
    bool mute = false, written = false;
    conversation::ReplyThen then = conversation::ReplyThen::listen;
    std::function<void()> waiting;
};

struct NoVendors final : brain::VendorSink {
    void on_vendor(const brain::VendorRecord&) override { ++records; }
    int records = 0;
    void on_failover(std::string_view, std::string_view, std::string_view, std::string_view) override {}
};

struct Receiving : testing::Test, Desk {
    Receiving() : opt_outs({}), sender(sending(), {}) {
        auto made = std::make_shared<call::Agent>();
        made->name = "front";
        made->pipeline = echo;
        agent = made;
        settings.mode = Mode::brain;
        settings.rules = {{"hours", "We open at nine.", {}}, {"map", "", {"https://example.com/map.png"}}};
        make();
    }
    ~Receiving() override {
        inbox.reset();
        context.restart();
        context.poll();
    }
    void make(std::chrono::milliseconds within = 9s, std::size_t most = 2000) {
        Inbox::Services services{.executor = context.get_executor(),
                                 .spawn = [this](net::Task<> task) { spawn(std::move(task)); },
                                 .log = log,
                                 .opt_outs = opt_outs,
                                 .sender = sender,
                                 .vendor = vendors,
                                 .records = records.get(),
                                 .actions = {},
                                 .count = [this](std::string_view, std::string_view outcome, std::size_t) { outcomes.emplace_back(outcome); },
                                 .ours = [](std::string_view number) { return number == "+15550101"; },
                                 .answer_within = within,
                                 .brain_within = 60s,
                                 .most_conversations = most};
        services.used = [this](const call::Agent& whose, const std::string& conversation, const brain::VendorRecord& record) {
            used.push_back(whose.name + " " + record.vendor + " " + std::to_string(record.input_tokens) + (conversation.empty() ? " nobody's" : ""));
        };
        inbox = std::make_unique<Inbox>(std::move(services));
    }
    Sender::Services sending() {
        return {.transport = [this](rest::MessageCreate wanted) { return transport(this, std::move(wanted)); },
                .opt_outs = opt_outs,
                .records = records.get(),
                .log = log,
                .count = {},
                .status_url = {}};
    }
    static net::Task<rest::Outcome<rest::Message>> transport(Receiving* self, rest::MessageCreate wanted) {
        self->sent.push_back(*wanted.body);
        rest::Message made;
        made.sid = "SM" + std::string(32, '9');
        co_return made;
    }
    static Incoming message(int number, std::string body, std::string from = "+15550199") {
        Incoming made;
        made.sid = "SM" + std::string(30, '0') + (number < 10 ? "0" : "") + std::to_string(number);
        made.from = std::move(from);
        made.to = "+15550100";
        made.body = std::move(body);
        made.segments = 1;
        return made;
    }
    std::string receive(Incoming incoming) { return run(inbox->receive(std::move(incoming), agent, settings)); }

    std::shared_ptr<Echo> echo = std::make_shared<Echo>();
    std::shared_ptr<const call::Agent> agent;
    SmsSettings settings;
    OptOuts opt_outs;
    std::vector<std::string> sent, outcomes, used;
    Sender sender;
    NoVendors vendors;
    std::unique_ptr<Inbox> inbox;
};

TEST_F(Receiving, WhatAnAnswerUsesIsCountedForItsAgent) {
    EXPECT_NE(receive(message(1, "who is there")).find("You wrote: who is there"), std::string::npos);
    EXPECT_EQ(used, std::vector<std::string>{"front main 12"});
    EXPECT_EQ(vendors.records, 1) << "and stands in the metrics";
    (void)receive(message(2, "hours"));
    EXPECT_EQ(used.size(), 1U) << "a rule costs nothing";
}

TEST_F(Receiving, RulesComeBeforeTheBrain) {
    EXPECT_THAT(receive(message(1, "What are your hours?")), HasSubstr("<Message>We open at nine.</Message>"));
    EXPECT_EQ(echo->talks, 0);
    EXPECT_THAT(receive(message(2, "a map please")), HasSubstr("<Media>https://example.com/map.png</Media>"));
    EXPECT_THAT(receive(message(3, "hello")), HasSubstr("You wrote: hello"));
    EXPECT_EQ(echo->talks, 1);
    EXPECT_TRUE(echo->written);
    const auto kept = record(conversation_id("+15550100", "+15550199"));
    EXPECT_EQ(kept["call"]["agent"], "front");
    ASSERT_EQ(kept["messages"].size(), 6U);
    EXPECT_EQ(kept["messages"][0]["text"], "What are your hours?");
    EXPECT_EQ(kept["messages"][1]["status"], "replied");
}

TEST_F(Receiving, AConversationGoesOnAndGreetsOnce) {
    settings.greeting = "This is Parley.";
    const auto first = receive(message(1, "hello"));
    EXPECT_THAT(first, HasSubstr("<Message>This is Parley.</Message><Message>You wrote: hello</Message>"));
    const auto second = receive(message(2, "and again"));
    EXPECT_THAT(second, Not(HasSubstr("This is Parley")));
    EXPECT_EQ(echo->lines, 3U);  // greeting, question, answer
    (void)receive(message(3, "somebody else", "+15550198"));
    EXPECT_EQ(inbox->conversations(), 2U);
    echo->then = conversation::ReplyThen::end_call;
    (void)receive(message(4, "goodbye"));
    EXPECT_EQ(inbox->conversations(), 1U);
    echo->then = conversation::ReplyThen::listen;
    EXPECT_THAT(receive(message(5, "hello")), HasSubstr("This is Parley"));
}

TEST_F(Receiving, TheSameMessageGetsTheSameBytes) {
    const auto first = receive(message(1, "hello"));
    EXPECT_EQ(receive(message(1, "hello")), first);
    EXPECT_EQ(record(conversation_id("+15550100", "+15550199"))["messages"].size(), 2U);
}

TEST_F(Receiving, WhoIsErasedIsNotRemembered) {
    (void)receive(message(1, "purple elephants"));
    const auto other = receive(message(2, "yellow tigers", "+15550198"));
    EXPECT_EQ(inbox->conversations(), 2U);
    inbox->forget(conversation_id("+15550100", "+15550199"));
    EXPECT_EQ(inbox->conversations(), 1U);
    EXPECT_THAT(receive(message(1, "purple elephants")), Not(HasSubstr("elephants")));  // the same request again
    EXPECT_EQ(receive(message(2, "yellow tigers", "+15550198")), other);
    (void)receive(message(3, "hello"));
    EXPECT_EQ(echo->lines, 0U);  // nothing of before
}

TEST_F(Receiving, ASlowAnswerFollowsOnItsOwn) {
    make(30ms);
    echo->mute = true;
    const auto now = receive(message(1, "hello"));
    EXPECT_THAT(now, Not(HasSubstr("<Message>")));
    ASSERT_TRUE(echo->waiting);
    echo->waiting();
    run_until([&] { return !sent.empty(); });
    EXPECT_THAT(sent, testing::ElementsAre("You wrote: hello"));
    EXPECT_EQ(receive(message(1, "hello")), now);
}

TEST_F(Receiving, StopIsTwiliosToAnswerAndStopsUs) {
    (void)receive(message(1, "hello"));
    EXPECT_THAT(receive(message(2, " Stop ")), Not(HasSubstr("<Message>")));
    EXPECT_TRUE(opt_outs.is_out("+15550100", "+15550199"));
    EXPECT_EQ(inbox->conversations(), 0U);
    EXPECT_THAT(receive(message(3, "START")), Not(HasSubstr("<Message>")));
    EXPECT_FALSE(opt_outs.is_out("+15550100", "+15550199"));
    EXPECT_THAT(receive(message(4, "yes")), HasSubstr("You wrote: yes"));  // a word like others to who is in
    EXPECT_THAT(receive(message(5, "help")), Not(HasSubstr("<Message>")));
    auto advanced = message(6, "arret");
    advanced.opt_out_type = "STOP";
    EXPECT_THAT(receive(advanced), Not(HasSubstr("<Message>")));
    EXPECT_TRUE(opt_outs.is_out("+15550100", "+15550199"));
}

TEST_F(Receiving, AttachmentsAreToldToTheBrainAndKept) {
    auto with = message(1, "look");
    with.media = {{"https://api.twilio.com/x", "image/png"}, {"https://api.twilio.com/y", "image/jpeg"}};
    EXPECT_THAT(receive(with), HasSubstr("2 attachments"));
    EXPECT_EQ(record(conversation_id("+15550100", "+15550199"))["messages"][0]["media"][1]["type"], "image/jpeg");
}

TEST_F(Receiving, TwoMachinesDoNotAnswerEachOtherForEver) {
    int answered = 0;
    for (int i = 0; i < 15; ++i) answered += receive(message(i, "I am away until Monday")).find("<Message>") != std::string::npos ? 1 : 0;
    EXPECT_EQ(answered, 10);  // as many as go to one number within an hour
    EXPECT_EQ(std::ranges::count(outcomes, "velocity"), 5);
    // What went by TwiML counts for what goes by REST.
    Outgoing outgoing;
    outgoing.to = "+15550199";
    outgoing.from = "+15550100";
    outgoing.body = "hello";
    EXPECT_EQ(run(sender.send(outgoing)).why, Refused::velocity);
    EXPECT_THAT(receive(message(20, "hello", "+15550198")), HasSubstr("You wrote: hello"));
    // The last ones are not even thought about.
    EXPECT_EQ(echo->asked, 11);
}

TEST_F(Receiving, APieceTooManyIsLeftOut) {
    settings.greeting = "This is Parley.";
    for (int i = 0; i < 9; ++i) EXPECT_TRUE(sender.reply("+15550100", "+15550199") == Refused::none);
    const auto answer = receive(message(1, "hello"));
    EXPECT_THAT(answer, HasSubstr("<Message>This is Parley.</Message>"));
    EXPECT_THAT(answer, Not(HasSubstr("You wrote")));
}

TEST_F(Receiving, OurOwnNumbersAndWhoIsOutGetNoAnswer) {
    EXPECT_THAT(receive(message(1, "hello", "+15550101")), Not(HasSubstr("<Message>")));
    opt_outs.out("+15550100", "+15550199");
    EXPECT_THAT(receive(message(2, "hours?")), Not(HasSubstr("<Message>")));
    EXPECT_THAT(outcomes, testing::ElementsAre("received", "invalid", "received", "opted_out"));
    EXPECT_EQ(echo->talks, 0);
}

TEST_F(Receiving, WhatIsOffStaysSilentButIsKept) {
    settings.mode = Mode::off;
    EXPECT_THAT(receive(message(1, "hello")), Not(HasSubstr("<Message>")));
    EXPECT_EQ(record(conversation_id("+15550100", "+15550199"))["messages"].size(), 1U);
}

TEST_F(Receiving, ConversationsAreBounded) {
    make(9s, 3);
    for (int i = 0; i < 8; ++i) (void)receive(message(i, "hello", "+1555020" + std::to_string(i)));
    EXPECT_LE(inbox->conversations(), 3U);
    run_until([&] { return echo->talks <= 3; });
    EXPECT_LE(echo->talks, 3);
}

}  // namespace
}  // namespace parley::messaging
