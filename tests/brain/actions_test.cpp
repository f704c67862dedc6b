#include <gmock/gmock.h>

#include <optional>

#include "parley/brain/dialogue.hpp"
#include "vendor_fakes.hpp"

namespace parley::brain {
namespace {
using namespace std::chrono_literals;
using conversation::PromptKind;
using testing::ElementsAre;
using testing::HasSubstr;
using vendors::LmDone;

// Does what a test tells it, at the moment it tells it.
struct FakeActions final : Actions {
    FakeActions() {
        list.push_back({"send_sms", "Send a text.", R"({"type":"object","properties":{"text":{"type":"string"}}})"});
        list.push_back({"park", "Park.", R"({"type":"object"})"});
    }
    const std::vector<ActionSpec>& specs() const override { return list; }
    void perform(ActionRequest request, std::function<void(ActionResult)> done) override { asked.emplace_back(std::move(request), std::move(done)); }
    void transferring(std::string_view target, std::string_view text) override { summary = std::string(target) + ": " + std::string(text); }
    void answer(std::size_t index, bool ok, std::string json = {}, std::string transfer = {}, std::string announcement = {}) {
        asked[index].second(ActionResult{.ok = ok, .json = std::move(json), .transfer = std::move(transfer), .announcement = std::move(announcement)});
    }
    std::vector<ActionSpec> list;
    std::vector<std::pair<ActionRequest, std::function<void(ActionResult)>>> asked;
    std::string summary;
};

struct ActionWorld : UpstreamWorld {
    void open_with_actions() {
        factory = std::make_unique<UpstreamFactory>(settings, makers, shared, phrases);
        CallPorts ports{.stt = *this,
                        .lm = *this,
                        .tts = *this,
                        .vendor = *this,
                        .executor = context.get_executor(),
                        .http = nullptr,
                        .post = [this](std::function<void()> f) { boost::asio::post(context, std::move(f)); },
                        .actions = &actions};
        brain = factory->open(CallFacts{"CA1", "+15550100", "+15550199", "front", 1}, ports);
        turn();
    }
    FakeLm::Asked& asked() { return lms["a"]->asked.back(); }
    void call(const std::string& id, const std::string& name, const std::string& arguments = "{}") { asked().sink->on_tool_call({id, name, arguments, {}}); }
    void end() {
        LmDone made;
        made.finish = vendors::LmFinish::tool_calls;
        FakeLm::end(asked(), made);
        turn();
    }
    FakeActions actions;
    ~ActionWorld() override { close(); }
};

TEST(BrainActions, TheAnswerGoesOnWithEveryResultOfTheRound) {
    ActionWorld world;
    world.open_with_actions();
    world.start(1, PromptKind::caller_text, "Text me the address");
    EXPECT_EQ(world.asked().request.tools.size(), 3U);  // end_call beside them
    world.asked().sink->on_text("One moment. ");
    world.call("c1", "send_sms", R"({"text":"Main Street 1"})");
    world.call("c2", "no_such");
    world.call("c3", "send_sms", R"({"text":"again"})");
    world.end();
    ASSERT_EQ(world.actions.asked.size(), 2U);
    EXPECT_EQ(world.actions.asked[0].first.arguments, R"({"text":"Main Street 1"})");
    EXPECT_EQ(world.lms["a"]->asked.size(), 1U);
    world.actions.answer(1, false, R"({"error":"no more"})");
    world.turn();
    EXPECT_EQ(world.lms["a"]->asked.size(), 1U);
    world.pass(4000ms);  // no time of the model's passes meanwhile
    world.actions.answer(0, true);
    world.turn();
    ASSERT_EQ(world.lms["a"]->asked.size(), 2U);
    const auto& messages = world.asked().request.messages;
    ASSERT_GE(messages.size(), 4U);
    const auto results = std::vector(messages.end() - 3, messages.end());
    EXPECT_EQ(results[0].call_id, "c1");
    EXPECT_EQ(results[0].text, R"({"ok":true})");
    EXPECT_THAT(results[1].text, HasSubstr("no tool of that name"));
    EXPECT_EQ(results[2].text, R"({"error":"no more"})");
    EXPECT_EQ(messages[messages.size() - 4].calls.size(), 3U);
    world.asked().sink->on_text("It is on its way. ");
    world.end();
    EXPECT_THAT(world.take(), ElementsAre("say 1 One moment.", "say 1 It is on its way.", "finished 1"));
    // The next turn knows what was done.
    world.start(2, PromptKind::caller_text, "Did you?");
    EXPECT_THAT(world.asked().request.messages.front().text, HasSubstr("Main Street 1"));
}

TEST(BrainActions, WhatIsNotAnsweredInTimeCountsAsFailed) {
    ActionWorld world;
    world.open_with_actions();
    world.start(1, PromptKind::caller_text, "Text me");
    world.call("c1", "send_sms");
    world.end();
    world.pass(9900ms);
    EXPECT_EQ(world.lms["a"]->asked.size(), 1U);
    world.pass(10600ms);
    ASSERT_EQ(world.lms["a"]->asked.size(), 2U);
    EXPECT_THAT(world.asked().request.messages.back().text, HasSubstr("too long"));
    world.actions.answer(0, true);  // late: nobody waits for it
    world.turn();
    EXPECT_EQ(world.lms["a"]->asked.size(), 2U);
}

TEST(BrainActions, ACallerWhoGoesOnIsNotAnsweredWithOldResults) {
    ActionWorld world;
    world.open_with_actions();
    world.start(1, PromptKind::caller_text, "Text me");
    world.call("c1", "send_sms");
    world.end();
    world.brain->lm().cancel(1);
    world.start(2, PromptKind::caller_text, "And what else");
    world.actions.answer(0, true);
    world.turn();
    EXPECT_EQ(world.lms["a"]->asked.size(), 2U);
    EXPECT_TRUE(world.take().empty());
    world.asked().sink->on_text("Done.");
    world.end();
    EXPECT_THAT(world.take(), ElementsAre("say 2 Done.", "finished 2"));
}

TEST(BrainActions, AResultMayEndTheTalkByATransfer) {
    ActionWorld world;
    world.open_with_actions();
    world.start(1, PromptKind::caller_text, "Park me");
    world.call("c1", "park");
    world.end();
    world.actions.answer(0, true, {}, "park:7", "Please hold on.");
    world.turn();
    EXPECT_THAT(world.take(), ElementsAre("say 1 Please hold on.", "finished 1 transfer park:7"));
}

TEST(BrainActions, TransfersAreChosenByName) {
    ActionWorld world;
    world.settings.transfers = {{"sales", "+4930123456"}, {"support", "queue:support"}};
    world.settings.transfer_target = "+15550111";
    world.open_with_actions();
    world.start(1, PromptKind::caller_text, "Sales please");
    const auto& tools = world.asked().request.tools;
    const auto tool = std::find_if(tools.begin(), tools.end(), [](const auto& t) { return t.name == "transfer_call"; });
    ASSERT_NE(tool, tools.end());
    EXPECT_THAT(tool->parameters, HasSubstr(R"(["default","sales","support"])"));
    world.call("c1", "transfer_call", R"({"to":"nobody","announcement":"x"})");
    world.end();
    EXPECT_THAT(world.asked().request.messages.back().text, HasSubstr("sales"));
    world.call("c2", "transfer_call", R"({"to":"support","announcement":"I connect you.","summary":"Wants a refund."})");
    world.end();
    EXPECT_THAT(world.take(), ElementsAre("say 1 I connect you.", "finished 1 transfer queue:support"));
    EXPECT_EQ(world.actions.summary, "queue:support: Wants a refund.");
}

TEST(BrainActions, SpeechToSpeechGivesTheResultToItsSession) {
    ActionWorld world;
    world.settings.s2s = {UpstreamWorld::endpoint("a")};
    world.open_with_actions();
    ASSERT_EQ(world.s2ss.size(), 1U);
    auto& session = *world.s2ss[0];
    EXPECT_EQ(session.setup.tools.size(), 3U);
    world.start(1, PromptKind::caller_text, "Text me");
    session.sink->on_vendor_reply(1);
    session.sink->on_tool_call(1, {"c1", "send_sms", R"({"text":"hi"})", {}});
    session.sink->on_reply_done(1, true);
    world.turn();
    ASSERT_EQ(world.actions.asked.size(), 1U);
    EXPECT_TRUE(session.results.empty());
    world.pass(6000ms);  // the session is not held to its time meanwhile
    EXPECT_EQ(world.s2ss.size(), 1U);
    world.actions.answer(0, true, R"({"ok":true,"segments":1})");
    world.turn();
    EXPECT_THAT(session.results, ElementsAre(R"({"ok":true,"segments":1})"));
    session.sink->on_vendor_reply(2);
    const std::vector<std::int16_t> sound(1600, 100);
    session.sink->on_reply_audio(2, sound);
    session.sink->on_reply_done(2, false);
    world.turn();
    EXPECT_THAT(world.take(), testing::Contains("finished 1"));
}

// --- the embedded script ---------------------------------------------------------------------------------------------

constexpr const char* kScript = R"(
name: texts
greeting: Hello.
start: ask
slots:
  code: {kind: digits}
intents:
  text: ["text me [the] code {code}"]
  bye: [goodbye]
states:
  ask:
    ask: What do you need?
    hear:
      text: {say: One moment., do: [{send_sms: {text: "Your code is {code}"}}], ok: Sent., failed: That did not work., go: more}
      bye: {say: Goodbye., end: true}
  more:
    ask: Anything else?
    hear:
      bye: {say: Goodbye., end: true}
not_understood: {say: "Pardon?", then: {say: Goodbye., end: true}}
)";

TEST(ScriptActions, ADialogueSaysWhatIsToBeDoneAndWhatFollows) {
    const auto script = parse_script(kScript, "s.yaml", nullptr);
    EXPECT_THAT(script->actions(), ElementsAre("send_sms"));
    Dialogue dialogue(script, 1);
    (void)dialogue.greet();
    const auto reply = dialogue.heard("text me code 1 2 3", 1);
    EXPECT_THAT(reply.sentences, ElementsAre("One moment."));
    ASSERT_EQ(reply.actions.size(), 1U);
    EXPECT_EQ(reply.actions[0].name, "send_sms");
    EXPECT_EQ(reply.actions[0].arguments, R"({"text":"Your code is 123"})");
    EXPECT_THAT(reply.ok, ElementsAre("Sent."));
    EXPECT_THAT(reply.failed, ElementsAre("That did not work."));
    EXPECT_THAT(reply.after, ElementsAre("Anything else?"));
    EXPECT_EQ(dialogue.state(), "more");
}

std::string refusal_of(std::string script) {
    try {
        (void)parse_script(script, "s.yaml", nullptr);
    } catch (const ScriptError& error) {
        return error.what();
    }
    return {};
}
std::string with(std::string_view what, std::string_view instead) {
    std::string script = kScript;
    script.replace(script.find(what), what.size(), instead);
    return script;
}

TEST(ScriptActions, MistakesAreFoundAtLoad) {
    EXPECT_THAT(refusal_of(with("send_sms", "send_smz")), HasSubstr("send_sms"));
    EXPECT_THAT(refusal_of(with("Your code is {code}", "Your {cod}")), HasSubstr("code"));
    EXPECT_THAT(refusal_of(with("[{send_sms: {text: \"Your code is {code}\"}}]", "[]")), HasSubstr("one to"));
    EXPECT_THAT(refusal_of(with(", go: more}", "}").replace(std::string(kScript).find("failed: That did not work."), 0, "")), HasSubstr("cannot be reached"));
    EXPECT_THAT(refusal_of(with("do: [{send_sms: {text: \"Your code is {code}\"}}], ", "")), HasSubstr("belong to 'do'"));
    EXPECT_THAT(refusal_of(with("{send_sms: {text: \"Your code is {code}\"}}", "park, {start_recording: }")), testing::IsEmpty());
}

}  // namespace
}  // namespace parley::brain
