#include "parley/analysis/routing.hpp"

#include <gmock/gmock.h>

#include "routing_lm.hpp"

namespace parley::analysis {
namespace {

using brain::ReplyId;
using conversation::PromptKind;
using conversation::ReplyThen;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A brain's dialogue that writes down what it is asked.
struct Inner final : brain::LmSession {
    std::vector<std::string> asked;
    std::map<std::string, std::string> known;
    std::string own_state;
    void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>&) override { asked.push_back(request.text); }
    void cancel(ReplyId reply) override { asked.push_back("cancel " + std::to_string(reply)); }
    void speculate(std::string_view text, const std::vector<conversation::ContextLine>&) override { asked.push_back("maybe " + std::string(text)); }
    void prepared(const brain::Prepared& found) override {
        for (const auto& [name, value] : found.variables) known[name] = value;
    }
    [[nodiscard]] std::string state() const override { return own_state; }
    [[nodiscard]] std::string handover() const override { return "inner"; }
};

struct World final : brain::LmSink, brain::VendorSink {
    explicit World(AnalysisSettings given, bool written = false, std::string state = {}) {
        auto settings = std::make_shared<const AnalysisSettings>(std::move(given));
        auto of = std::make_shared<const Understanding>(Understanding{
            .settings = settings, .match = IntentMatch(settings->intents), .grammar = settings->route_by != "model", .appointment = true, .lead = true});
        brain::CallFacts facts;
        facts.written = written;
        facts.brain_state = std::move(state);
        lm = std::make_unique<RoutingLm>(of, facts, *this, *this, [this](std::function<void()> f) { posted.push_back(std::move(f)); });
        lm->inside(inner);
    }
    void say(const std::string& text, PromptKind kind = PromptKind::caller_text) {
        conversation::StartReply request;
        request.reply = ++reply;
        request.kind = kind;
        request.text = text;
        lm->start(request, {});
    }
    void turn() {
        for (auto& f : std::exchange(posted, {})) f();
    }
    std::vector<std::string> take() { return std::exchange(told, {}); }

    void on_reply_text(ReplyId id, std::string_view text) override { told.push_back(std::to_string(id) + " " + std::string(text)); }
    void on_reply_finished(ReplyId id, ReplyThen then, std::string_view target) override {
        told.push_back(std::to_string(id) + (then == ReplyThen::transfer ? " to " + std::string(target) : " done"));
    }
    void on_reply_failed(ReplyId id, std::string_view) override { told.push_back(std::to_string(id) + " failed"); }
    void on_reply_voice(ReplyId) override {}
    void on_expect(std::string_view, std::chrono::milliseconds) override {}
    void on_vendor(const brain::VendorRecord&) override {}
    void on_failover(std::string_view, std::string_view, std::string_view, std::string_view) override {}
    void on_event(std::string_view json) override { events.emplace_back(json); }

    Inner inner;
    std::unique_ptr<RoutingLm> lm;
    ReplyId reply = 0;
    std::vector<std::string> told, events;
    std::vector<std::function<void()>> posted;
};

AnalysisSettings desk() {
    AnalysisSettings settings;
    settings.route_by = "both";
    settings.intents = {{"billing", {"I have a question on my bill"}, {"(my bill | an invoice | billing)"}, "agent:billing", ""},
                        {"sales", {}, {"buy [a | some] (car | cars)"}, "+15550100200", "Our sales team is on its way to you."},
                        {"weather", {}, {"the weather"}, "", "We do not know about the weather."},
                        {"named", {}, {"only named"}, "", ""}};
    return settings;
}

TEST(Routing, AnIntentLeadsSomewhereBeforeTheBrainIsAsked) {
    World world(desk());
    world.say("Hi, it is about my bill.");
    EXPECT_THAT(world.take(), IsEmpty());  // not from within the core's command
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("1 One moment, please.", "1 to agent:billing"));
    EXPECT_THAT(world.inner.asked, ElementsAre("maybe "));
    EXPECT_THAT(world.events, ElementsAre(R"({"by":"grammar","event":"intent","intent":"billing","to":"agent:billing"})"));
    world.say("I want to buy a car");
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("2 Our sales team is on its way to you.", "2 to +15550100200"));
    world.say("and how is the weather?");
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("3 We do not know about the weather.", "3 done"));
    EXPECT_THAT(world.lm->handover(), HasSubstr("What the caller wanted: weather."));
}

TEST(Routing, EverythingElseIsTheBrains) {
    World world(desk());
    world.say("", PromptKind::greeting);
    world.say("12", PromptKind::digits);
    world.say("I do not want billing");
    world.say("only named");
    world.turn();
    EXPECT_THAT(world.inner.asked, ElementsAre("", "12", "I do not want billing", "only named"));
    EXPECT_THAT(world.told, IsEmpty());
}

TEST(Routing, ByTheModelOnlyTheBrainDecides) {
    auto settings = desk();
    settings.route_by = "model";
    World world(settings);
    world.say("it is about my bill");
    world.turn();
    EXPECT_THAT(world.inner.asked, ElementsAre("it is about my bill"));
    world.lm->on_reply_finished(1, ReplyThen::transfer, "agent:billing");
    EXPECT_THAT(world.events, ElementsAre(HasSubstr("\"by\":\"model\"")));
    world.lm->on_reply_finished(1, ReplyThen::transfer, "+1999");
    EXPECT_EQ(world.events.size(), 1U);
}

TEST(Routing, ARuleDoesNotFireTwiceUnlessAskedAgain) {
    World world(desk());
    const auto routed = [&](const std::string& text) {
        world.say(text);
        world.turn();
        return !world.take().empty();
    };
    EXPECT_TRUE(routed("my bill"));
    EXPECT_FALSE(routed("why billing"));
    EXPECT_TRUE(routed("yes billing"));
    EXPECT_FALSE(routed("billing"));
    EXPECT_TRUE(routed("billing"));
    EXPECT_TRUE(routed("try billing again"));
    // Also not in the session that goes on after a return.
    World back(desk(), false, world.lm->state());
    back.say("billing");
    back.turn();
    EXPECT_THAT(back.told, IsEmpty());
}

TEST(Routing, TheInnerStateIsKept) {
    World world(desk());
    world.inner.own_state = "{\"x\":1}";
    EXPECT_EQ(world.lm->state(), "{\"x\":1}");  // nothing of ours to keep yet
    world.say("my bill");
    World back(desk(), false, world.lm->state());
    EXPECT_EQ(back.lm->inner_state(), "{\"x\":1}");
    World plain(desk(), false, "{\"x\":1}");
    EXPECT_EQ(plain.lm->inner_state(), "{\"x\":1}");
}

TEST(Routing, ACancelledAnswerIsNotGiven) {
    World world(desk());
    world.say("my bill");
    world.lm->cancel(1);
    world.turn();
    EXPECT_THAT(world.told, IsEmpty());
    world.say("hello");
    world.lm->cancel(2);
    EXPECT_THAT(world.inner.asked, ElementsAre("maybe ", "hello", "cancel 2"));
}

TEST(Routing, ATextMessageIsNotPutThrough) {
    World world(desk(), true);
    world.say("my bill");
    world.say("the weather");
    world.turn();
    EXPECT_THAT(world.told, ElementsAre("2 We do not know about the weather.", "2 done"));
    EXPECT_THAT(world.inner.asked, ElementsAre("my bill", "maybe "));
}

TEST(Routing, NothingIsPreparedForWhatIsRouted) {
    World world(desk());
    world.lm->speculate("it is my bill", {});
    world.lm->speculate("hello", {});
    EXPECT_THAT(world.inner.asked, ElementsAre("maybe ", "maybe hello"));
}

TEST(Routing, WhatIsSaidBecomesVariables) {
    World world(desk());
    world.say("I would like to book a cleaning on tuesday");
    world.say("at half past three, our budget is $500");
    EXPECT_EQ(world.inner.known,
              (std::map<std::string, std::string>{
                  {"appointment_date", "tuesday"}, {"appointment_service", "cleaning"}, {"appointment_time", "15:30"}, {"lead_budget", "$500"}}));
    EXPECT_THAT(world.lm->handover(), HasSubstr("appointment_time: 15:30"));
}

TEST(Routing, TheModelIsToldOfIntents) {
    brain::UpstreamSettings upstream;
    upstream.instructions = "You are Sam.";
    offer_intents(desk(), upstream);
    EXPECT_EQ(upstream.transfers.at("billing"), "agent:billing");
    EXPECT_EQ(upstream.transfers.count("weather"), 0U);
    EXPECT_THAT(upstream.instructions, HasSubstr("\n- billing (such as \"I have a question on my bill\"): transfer the call to \"billing\""));
    EXPECT_THAT(upstream.instructions, HasSubstr("weather: do not handle it yourself; say: We do not know"));
    brain::UpstreamSettings untouched;
    auto grammar = desk();
    grammar.route_by = "grammar";
    offer_intents(grammar, untouched);
    EXPECT_TRUE(untouched.instructions.empty());
    EXPECT_TRUE(untouched.transfers.empty());
}

TEST(Routing, WhereNothingIsAskedNothingStandsBetween) {
    struct Nothing final : brain::PipelineFactory {
        std::unique_ptr<brain::Brain> open(const brain::CallFacts&, const brain::CallPorts&) override { return nullptr; }
    };
    const auto inner = std::make_shared<Nothing>();
    EXPECT_EQ(with_understanding(inner, std::make_shared<const AnalysisSettings>()), inner);
    EXPECT_NE(with_understanding(inner, std::make_shared<const AnalysisSettings>(desk())), inner);
    EXPECT_EQ(with_understanding(nullptr, std::make_shared<const AnalysisSettings>(desk())), nullptr);
}

}  // namespace
}  // namespace parley::analysis
