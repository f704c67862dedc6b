// Talks by requests, with a brain the test speaks for: slow answers, failing ones, transfers, and what an operator does meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "parley/call/disk_writer.hpp"
#include "parley/store/call_records.hpp"
#include "parley/twilio/sid.hpp"
#include "parley/webhooks/flow_routes.hpp"
#include "parley/webhooks/relay_routes.hpp"

namespace parley::webhooks {
namespace {

namespace asio = boost::asio;
using conversation::PromptKind;
using conversation::ReplyThen;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kCall = "CA00000000000000000000000000000001";

// Answers what the test has laid out; without an answer it keeps silent until it is told.
struct Mind final : brain::PipelineFactory {
    struct Session final : brain::TextBrain, brain::LmSession {
        Session(Mind& m, const brain::TextPorts& p) : mind(m), sink(p.lm), post(p.post) {}
        brain::LmSession& lm() override { return *this; }
        net::Task<> close() override { co_return; }
        void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>& lines) override {
            const auto said = mind.answer(request);
            mind.context = lines.size();
            if (!said) return;
            post([this, id = request.reply, words = *said] {
                if (words.failed) return sink.on_reply_failed(id, "test");
                if (!words.text.empty()) sink.on_reply_text(id, words.text);
                sink.on_reply_finished(id, words.then, words.target);
            });
        }
        void cancel(brain::ReplyId) override {}
        Mind& mind;
        brain::LmSink& sink;
        std::function<void(std::function<void()>)> post;
    };
    struct Words {
        std::string text;
        ReplyThen then = ReplyThen::listen;
        std::string target;
        bool failed = false;
    };
    std::unique_ptr<brain::Brain> open(const brain::CallFacts&, const brain::CallPorts&) override { return nullptr; }
    std::unique_ptr<brain::TextBrain> open_text(const brain::CallFacts&, const brain::TextPorts& ports) override {
        if (speech_only) return nullptr;
        auto session = std::make_unique<Session>(*this, ports);
        last = session.get();
        return session;
    }
    std::function<std::optional<Words>(const conversation::StartReply&)> answer = [](const conversation::StartReply& request) {
        return std::optional<Words>(Words{.text = request.kind == PromptKind::greeting ? "Hello." : "You said " + request.text + ".", .target = {}});
    };
    bool speech_only = false;
    Session* last = nullptr;
    std::atomic<std::size_t> context{0};  // lines given with the last request
};

class Gathered : public testing::Test {
protected:
    Gathered()
        : workers(1),
          wheel(workers.at(0).executor()),
          http(workers.at(0).executor()),
          worker{workers.at(0), wheel, metrics.worker(0), http},
          registry({}),
          disk(1 << 20, {}),
          tokens({{.id = 1, .key = Secret("0123456789abcdef0123456789abcdef")}}),
          services{.log = log, .metrics = metrics, .registry = registry, .disk = disk, .recordings = {}, .call_files = {}} {
        const auto made = std::make_shared<flows::AgentFlow>();
        made->answer = {*flows::parse_answer("gather"), *flows::parse_answer("voicemail")};
        agent->name = "desk";
        agent->pipeline = mind;
        agent->flow = made;
        agent->conversation.failures_max = 2;
        Settings settings;
        settings.public_url = "https://voice.example.test";
        settings.verify_signatures = false;
        const auto signatures = std::make_shared<const twilio::SignatureValidator>(std::vector<Secret>{Secret("x")});
        routes = std::make_unique<TwilioWebhooks>(settings, TwilioWebhooks::Services{log, metrics, registry, tokens, [this](std::string_view) { return agent; },
                                                                                     [this](std::string_view name) { return name == "desk" ? agent : nullptr; },
                                                                                     [] { return false; }, [signatures] { return signatures; }});
        flows_ = std::make_unique<FlowRoutes>(FlowServices{*routes, services, [this] { return &worker; }, {}, std::chrono::milliseconds(60)});
        workers.start();
    }
    ~Gathered() override {
        workers.stop();
        workers.join();
    }

    static net::Task<std::string> ask(TwilioWebhooks* routes, std::string target, std::string body) {
        Request request;
        request.method = "POST";
        request.target = target;
        request.content_type = "application/x-www-form-urlencoded";
        request.body = body;
        auto answer = co_await routes->handle(request);
        co_return answer ? answer->body : "none";
    }
    std::future<std::string> begin_post(const std::string& route, std::vector<twilio::FormField> more = {}, const std::string& status = "in-progress") {
        std::vector<twilio::FormField> form{
            {"CallSid", kCall}, {"AccountSid", "AC00000000000000000000000000000001"}, {"From", "+14155550100"}, {"To", "+18005551212"}, {"CallStatus", status}};
        form.insert(form.end(), more.begin(), more.end());
        auto task = ask(routes.get(), "/webhooks/twilio/" + route, twilio::encode_form(form));
        return asio::co_spawn(workers.at(0).executor(), std::move(task), asio::use_future);
    }
    std::string post(const std::string& route, std::vector<twilio::FormField> more = {}, const std::string& status = "in-progress") {
        auto answer = begin_post(route, std::move(more), status);
        return answer.wait_for(std::chrono::seconds(20)) == std::future_status::ready ? answer.get() : "hangs";
    }
    static std::string next_of(const std::string& document) {
        const auto at = document.find("gather?");
        auto url = document.substr(at, document.find_first_of("\"<", at) - at);
        for (auto amp = url.find("&amp;"); amp != std::string::npos; amp = url.find("&amp;", amp + 1)) url.replace(amp, 5, "&");
        return url;
    }
    static std::vector<twilio::FormField> speech(const std::string& text) { return {{"SpeechResult", text}, {"Confidence", "0.9"}}; }

    Log log;
    Metrics metrics{MetricsSettings{}};
    net::WorkerPool workers;
    net::TickWheel wheel;
    net::HttpClient http;
    call::CallWorker worker;
    call::Registry registry;
    call::DiskWriter disk;
    twilio::StreamTokens tokens;
    call::CallServices services;
    std::shared_ptr<Mind> mind = std::make_shared<Mind>();
    std::shared_ptr<call::Agent> agent = std::make_shared<call::Agent>();
    std::unique_ptr<TwilioWebhooks> routes;
    std::unique_ptr<FlowRoutes> flows_;
};

TEST_F(Gathered, TurnsFollowEachOther) {
    const auto greeting = post("voice", {}, "ringing");
    EXPECT_THAT(greeting, AllOf(HasSubstr("<Say>Hello.</Say>"), HasSubstr("turn=1")));
    EXPECT_EQ(registry.active(), 1U);
    const auto second = post(next_of(greeting), speech("good day"));
    EXPECT_THAT(second, AllOf(HasSubstr("You said good day."), HasSubstr("turn=2")));
    EXPECT_THAT(post(next_of(second), {{"Digits", "42"}}), AllOf(HasSubstr("You said 42."), HasSubstr("turn=3")));
    EXPECT_EQ(mind->context, 3U) << "greeting, words, answer";
}

TEST_F(Gathered, APersonSpeaksForTheAgentAndGivesItBack) {
    const auto greeting = post("voice", {}, "ringing");
    const auto second = post(next_of(greeting), speech("good day"));
    const auto tell = [&](call::OperatorCommand command) {
        EXPECT_TRUE(registry.tell(kCall, std::move(command)));
        (void)post("status", {}, "in-progress");  // on the same loop, behind it
    };
    tell(call::TakeOver{true});
    tell(call::SayNow{"This is Ann."});
    const auto third = post(next_of(second), speech("who is there"));
    EXPECT_THAT(third, AllOf(HasSubstr("<Say>This is Ann.</Say>"), Not(HasSubstr("You said")), HasSubstr("turn=3")));
    const auto fourth = post(next_of(third));  // nothing was heard, and nobody asks whether anybody is there
    EXPECT_THAT(fourth, AllOf(HasSubstr("<Gather"), Not(HasSubstr("<Say>"))));
    const auto fifth = post(next_of(fourth), speech("how much is it"));
    EXPECT_THAT(fifth, Not(HasSubstr("You said")));
    tell(call::TakeOver{false});
    EXPECT_THAT(post(next_of(fifth)), HasSubstr("You said how much is it.")) << "what nobody has answered";
    EXPECT_EQ(mind->context, 5U) << "greeting, words, answer; what was said to the person and by it";
}

TEST_F(Gathered, ASlowAnswerIsCoveredAndFetchedLater) {
    const auto greeting = post("voice", {}, "ringing");
    conversation::StartReply pending;
    mind->answer = [&](const conversation::StartReply& request) {
        pending = request;
        return std::optional<Mind::Words>{};
    };
    const auto waiting = post(next_of(greeting), speech("a hard one"));
    EXPECT_THAT(waiting, AllOf(HasSubstr("<Say>One moment, please.</Say><Redirect"), HasSubstr("turn=1&amp;wait=1"), Not(HasSubstr("<Gather"))));
    EXPECT_EQ(post(next_of(greeting), speech("a hard one")), waiting) << "delivered again while it is being thought about";
    const auto still = post(next_of(waiting));
    EXPECT_THAT(still, AllOf(HasSubstr("<Pause length=\"1\"/><Redirect"), HasSubstr("turn=1&amp;wait=2")));
    workers.at(0).post([&] {
        mind->last->sink.on_reply_text(pending.reply, "At last.");
        mind->last->sink.on_reply_finished(pending.reply, ReplyThen::listen, {});
    });
    const auto done = post(next_of(still));
    EXPECT_THAT(done, AllOf(HasSubstr("At last."), HasSubstr("turn=2")));
    EXPECT_EQ(post(next_of(still)), done);
}

TEST_F(Gathered, WhoseTimeIsNearlyOverIsTold) {
    agent->conversation.max_duration_warning = std::chrono::seconds(10);
    agent->conversation.max_duration_warning_text = "Ten seconds are left.";
    agent->conversation.max_duration_text = "The time is over.";
    const auto greeting = post("voice", {}, "ringing");
    EXPECT_THAT(greeting, Not(HasSubstr("Ten seconds")));
    // As when a budget is used up.
    EXPECT_TRUE(registry.tell(kCall, call::LimitNow{std::chrono::milliseconds(8000)}));
    const auto second = post(next_of(greeting), speech("good day"));
    EXPECT_THAT(second, HasSubstr("<Say>Ten seconds are left.</Say><Say>You said good day.</Say>"));
    EXPECT_EQ(post(next_of(greeting), speech("good day")), second) << "delivered again";
    const auto third = post(next_of(second), speech("and more"));
    EXPECT_THAT(third, AllOf(HasSubstr("You said and more."), Not(HasSubstr("Ten seconds")))) << "once";
    EXPECT_TRUE(registry.tell(kCall, call::LimitNow{std::chrono::milliseconds(0)}));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_THAT(post(next_of(third), speech("still here")), HasSubstr("<Say>The time is over.</Say><Hangup/>"));
    EXPECT_EQ(registry.outcome(kCall)->reason, conversation::EndReason::max_duration);
}

TEST_F(Gathered, TheBrainEndsTheCall) {
    const auto greeting = post("voice", {}, "ringing");
    mind->answer = [](const conversation::StartReply&) {
        return std::optional<Mind::Words>(Mind::Words{.text = "Goodbye then.", .then = ReplyThen::end_call, .target = {}});
    };
    const auto route = next_of(greeting);
    const auto last = post(route, speech("that is all"));
    EXPECT_THAT(last, HasSubstr("<Say>Goodbye then.</Say><Hangup/>"));
    EXPECT_EQ(registry.active(), 0U);
    EXPECT_EQ(registry.outcome(kCall)->reason, conversation::EndReason::agent_completed);
    EXPECT_EQ(post(route, speech("that is all")), last) << "also when the talk is gone";
    EXPECT_EQ(post("voice", {}, "ringing").find("<Gather"), std::string::npos) << "a call that is over stays over";
}

TEST_F(Gathered, ATransferGoesThroughTheTail) {
    const auto greeting = post("voice", {}, "ringing");
    mind->answer = [](const conversation::StartReply&) {
        return std::optional<Mind::Words>(Mind::Words{.text = "I put you through.", .then = ReplyThen::transfer, .target = "+4930123456"});
    };
    const auto words = post(next_of(greeting), speech("sales please"));
    EXPECT_THAT(words, AllOf(HasSubstr("I put you through."), HasSubstr("after?agent=desk&amp;resume=0")));
    const auto dial = post("after?agent=desk&resume=0");
    EXPECT_THAT(dial, AllOf(HasSubstr("<Number>+4930123456</Number>"), HasSubstr("via=transfer")));
    // Nobody takes it: back to the same agent, which is told, with what was said.
    std::string note;
    std::size_t lines = 0;
    mind->answer = [&](const conversation::StartReply& request) {
        note = request.text;
        lines = request.kind == PromptKind::returned ? 1 : 0;
        return std::optional<Mind::Words>(Mind::Words{.text = "Nobody is there.", .target = {}});
    };
    const auto back =
        post("dialed?agent=desk&via=transfer&to=%2B4930123456", {{"DialCallStatus", "no-answer"}, {"DialCallSid", "CA00000000000000000000000000000002"}});
    EXPECT_THAT(back, AllOf(HasSubstr("Nobody is there."), HasSubstr("<Gather"), HasSubstr("returns=1")));
    EXPECT_THAT(note, HasSubstr("nobody answered"));
    EXPECT_EQ(lines, 1U);
    EXPECT_EQ(mind->context, 3U);
}

TEST_F(Gathered, TheRecordTellsTheWholeEnd) {
    const auto directory = std::filesystem::path(testing::TempDir()) / ("parley-gather-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    {
        store::CallRecords records({.directory = directory.string(), .on_error = {}});
        services.records = &records;
        const auto greeting = post("voice", {}, "ringing");
        mind->answer = [](const conversation::StartReply&) {
            return std::optional<Mind::Words>(Mind::Words{.text = "One moment.", .then = ReplyThen::transfer, .target = "+4930123456"});
        };
        post(next_of(greeting), speech("sales please"));
        records.flush();
        const auto text = records.read(kCall);
        services.records = nullptr;
        ASSERT_TRUE(text);
        const auto record = nlohmann::json::parse(*text);
        EXPECT_EQ(record["end"].value("agent", ""), "desk") << *text;
        EXPECT_EQ(record["end"].value("target", ""), "+4930123456");
        EXPECT_EQ(record["end"].value("reason", ""), "transferred");
        EXPECT_EQ(record["call"].value("answer", ""), "gather");
    }
    std::filesystem::remove_all(directory);
}

TEST(Masked, NoWholeNumbersInTheLog) {
    EXPECT_THAT(masked(*flows::parse_destination("+4930123456")), AllOf(HasSubstr("+49"), Not(HasSubstr("30123"))));
    EXPECT_THAT(masked(*flows::parse_destination("sip:anna@pbx.example.com")), AllOf(HasSubstr("pbx.example.com"), Not(HasSubstr("anna"))));
    EXPECT_EQ(masked(*flows::parse_destination("voicemail")), "voicemail");
    EXPECT_EQ(masked(*flows::parse_destination("agent:desk")), "agent:desk");
}

TEST_F(Gathered, WhoHangsUpUnnoticedGivesThePlaceBackAndMayStillReturn) {
    registry.set_limits({.max_calls = 1});
    const auto made = std::make_shared<flows::AgentFlow>(*agent->flow);
    made->gather.timeout = std::chrono::seconds(0);
    agent->flow = made;
    agent->name = "brief";  // another FlowRoutes, whose callers are given up soon
    routes = std::make_unique<TwilioWebhooks>(
        routes->settings(), TwilioWebhooks::Services{log, metrics, registry, tokens, [this](std::string_view) { return agent; },
                                                     [this](std::string_view) { return agent; }, [] { return false; }, routes->services().signatures});
    flows_ = std::make_unique<FlowRoutes>(
        FlowServices{*routes, services, [this] { return &worker; }, {}, std::chrono::milliseconds(60), std::chrono::milliseconds(1)});
    auto document = post("voice", {}, "ringing");
    ASSERT_THAT(document, HasSubstr("<Gather"));
    for (int i = 0; i < 2000 && registry.active() != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(registry.active(), 0U);
    for (int i = 0; i < 2000 && flows_->open_steps() != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(flows_->open_steps(), 0U) << "nothing of the talk is left on its worker";
    // His place is somebody else's: the next answer. And when it is free, what was said is still known.
    ASSERT_EQ(registry.admit("CA00000000000000000000000000000009", Clock::now()), call::Admission::admitted);
    EXPECT_THAT(post(next_of(document), speech("I am back")), AllOf(HasSubstr("/answer?agent=brief"), Not(HasSubstr("<Gather"))));
    EXPECT_THAT(post("answer?agent=brief"), HasSubstr("<Record"));
    registry.release("CA00000000000000000000000000000009");
    EXPECT_THAT(post(next_of(document), speech("I am back")), AllOf(HasSubstr("You said I am back."), HasSubstr("<Gather")));
    EXPECT_EQ(mind->context, 1U) << "the greeting";
}

// A wave of forwards nobody takes is not let into more places than there are.
TEST_F(Gathered, AnUnansweredForwardNeedsAPlaceAgain) {
    const auto made = std::make_shared<flows::AgentFlow>();
    made->answer = {*flows::parse_answer("forward"), *flows::parse_answer("gather"), *flows::parse_answer("voicemail")};
    made->forward.to = {*flows::parse_destination("+4930123456")};
    agent->flow = made;
    registry.set_limits({.max_calls = 1});
    ASSERT_THAT(post("voice", {}, "ringing"), HasSubstr("<Dial"));
    ASSERT_EQ(registry.admit("CA00000000000000000000000000000009", Clock::now()), call::Admission::admitted);
    const std::vector<twilio::FormField> nobody{{"DialCallStatus", "no-answer"}, {"DialCallSid", "CA00000000000000000000000000000002"}};
    EXPECT_THAT(post("dialed?agent=desk&via=forward", nobody), AllOf(HasSubstr("<Record"), Not(HasSubstr("<Gather"))));
    made->answer.pop_back();
    EXPECT_THAT(post("dialed?agent=desk&via=forward&step=0", nobody, "ringing"), HasSubstr("<Reject reason=\"busy\""));
    EXPECT_EQ(registry.active(), 0U);
    registry.release("CA00000000000000000000000000000009");
    EXPECT_THAT(post("dialed?agent=desk&via=forward&step=00", nobody), HasSubstr("<Gather"));
    EXPECT_EQ(registry.active(), 1U);
}

TEST_F(Gathered, ATransferIsCarriedOutOnce) {
    const auto streams = std::make_shared<flows::AgentFlow>();
    agent->flow = streams;
    ASSERT_THAT(post("voice", {}, "ringing"), HasSubstr("after?agent=desk&amp;resume=0<"));
    const auto transferred = [&](const std::string& to) {
        ASSERT_TRUE(registry.attach(kCall, "desk", {}, Clock::now()));
        registry.finished(kCall,
                          {.reason = conversation::EndReason::transferred, .target = to, .agent = "desk", .planned = true, .carried_out = {}, .memory = {}},
                          Clock::now());
    };
    transferred("+4930123456");
    const auto first = post("after?agent=desk&resume=0");
    EXPECT_THAT(first, HasSubstr("+4930123456"));
    EXPECT_EQ(post("after?agent=desk&resume=0"), first);
    routes->route("return", Subject::call, [this](const Asked& asked) { return flows_->come_back(agent, asked); });
    EXPECT_THAT(post("return?agent=desk"), AllOf(HasSubstr("<Stream"), HasSubstr("resume=1&amp;ended=1<")));
    // That stream never opens: it is opened again, and in the end there are regrets, but never the old transfer.
    const auto again = post("after?agent=desk&resume=1&ended=1");
    EXPECT_THAT(again, AllOf(HasSubstr("<Stream"), HasSubstr("resume=2&amp;ended=1<"), Not(HasSubstr("<Dial"))));
    EXPECT_EQ(post("after?agent=desk&resume=1&ended=1"), again);
    EXPECT_EQ(post("after?agent=desk&resume=0"), first) << "late";
    // It opens after all, and transfers anew.
    transferred("+4930999999");
    EXPECT_EQ(post("after?agent=desk&resume=0"), first) << "an old request does not carry the new transfer out";
    const auto second = post("after?agent=desk&resume=2&ended=1");
    EXPECT_THAT(second, HasSubstr("+4930999999"));
    EXPECT_EQ(post("after?agent=desk&resume=2&ended=1"), second);
    EXPECT_THAT(post("after?agent=desk&resume=2&ended=2"), AllOf(HasSubstr("<Hangup"), Not(HasSubstr("<Dial"))));
}

TEST_F(Gathered, ARelaysTransferIsCarriedOutOnce) {
    add_relay_route(*routes);
    ASSERT_EQ(registry.admit(kCall, Clock::now()), call::Admission::admitted);
    ASSERT_TRUE(registry.attach(kCall, "desk", {}, Clock::now()));
    registry.finished(
        kCall, {.reason = conversation::EndReason::transferred, .target = "+4930123456", .agent = "desk", .planned = true, .carried_out = {}, .memory = {}},
        Clock::now());
    const auto first = post("relayed?agent=desk&resume=0", {{"SessionId", "VX1"}});
    EXPECT_THAT(first, HasSubstr("+4930123456"));
    EXPECT_EQ(post("relayed?agent=desk&resume=0", {{"SessionId", "VX1"}}), first);
    EXPECT_THAT(post("relayed?agent=desk&resume=1", {{"SessionId", "VX2"}, {"SessionStatus", "failed"}}),
                AllOf(HasSubstr("<ConversationRelay"), Not(HasSubstr("<Dial"))));
}

// Whoever was in a queue or a room is not asked through the menu, nor told the hours, again.
TEST_F(Gathered, AReturnTalksAtOnce) {
    const auto made = std::make_shared<flows::AgentFlow>();
    made->answer = {*flows::parse_answer("forward"), *flows::parse_answer("gather")};
    made->forward.to = {*flows::parse_destination("+4930123456")};
    agent->flow = made;
    routes->route("return", Subject::call, [this](const Asked& asked) { return flows_->come_back(agent, asked); });
    EXPECT_THAT(post("voice", {}, "ringing"), HasSubstr("<Dial"));
    const auto back = post("return?agent=desk");
    EXPECT_THAT(back, AllOf(HasSubstr("Hello."), HasSubstr("<Gather"), HasSubstr("at=1"), Not(HasSubstr("<Dial"))));
    EXPECT_EQ(post("return?agent=desk"), back) << "delivered again";
    // At closed hours, with nobody to talk to there: what the agent has at other hours.
    const auto shut = std::make_shared<flows::AgentFlow>(*made);
    shut->closed = {*flows::parse_answer("voicemail")};
    agent->flow = shut;
    EXPECT_THAT(post("return?agent=desk&closed=1"), AllOf(HasSubstr("<Gather"), Not(HasSubstr("<Record"))));
    const auto nobody = std::make_shared<flows::AgentFlow>(*made);
    nobody->answer = {*flows::parse_answer("forward")};
    agent->flow = nobody;
    EXPECT_THAT(post("return?agent=desk"), AllOf(HasSubstr("<Hangup"), Not(HasSubstr("<Dial"))));
}

TEST_F(Gathered, AFailingBrainApologisesThenTheNextAnswerTakesOver) {
    const auto greeting = post("voice", {}, "ringing");
    mind->answer = [](const conversation::StartReply&) { return std::optional<Mind::Words>(Mind::Words{.text = {}, .target = {}, .failed = true}); };
    const auto once = post(next_of(greeting), speech("hello"));
    EXPECT_THAT(once, AllOf(HasSubstr(agent->conversation.fallback_text), HasSubstr("<Gather")));
    const auto twice = post(next_of(once), speech("hello?"));
    EXPECT_THAT(twice, AllOf(HasSubstr("after?agent=desk"), Not(HasSubstr("<Gather"))));
    EXPECT_THAT(post("after?agent=desk&resume=0"), HasSubstr("<Record"));
}

TEST_F(Gathered, SilenceThenWordsBeginTheCountAnew) {
    auto document = post("voice", {}, "ringing");
    document = post(next_of(document), {{"Digits", ""}});
    EXPECT_THAT(document, HasSubstr("Are you still there?"));
    document = post(next_of(document), speech("yes"));
    document = post(next_of(document), {{"Digits", ""}});
    document = post(next_of(document), {{"Digits", ""}});
    EXPECT_THAT(document, HasSubstr("<Gather"));
    document = post(next_of(document), {{"Digits", ""}});
    EXPECT_THAT(document, AllOf(HasSubstr("I cannot hear you."), HasSubstr("<Hangup/>")));
    EXPECT_EQ(registry.outcome(kCall)->reason, conversation::EndReason::silence);
}

TEST_F(Gathered, AnOperatorSpeaksThenEndsTheCall) {
    auto document = post("voice", {}, "ringing");
    EXPECT_TRUE(registry.tell(kCall, call::SayNow{"The doctor is late."}));
    EXPECT_TRUE(registry.tell(kCall, call::KeysNow{"12"}));
    document = post(next_of(document), speech("hello"));
    EXPECT_THAT(document, AllOf(HasSubstr("digits=\"12\""), HasSubstr("The doctor is late.")));
    EXPECT_TRUE(registry.end_call(kCall, conversation::EndReason::transferred, "+4930123456"));
    for (int i = 0; i < 2000 && registry.active() != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(registry.active(), 0U);
    EXPECT_THAT(post(next_of(document), speech("and now")), HasSubstr("after?agent=desk"));
    EXPECT_THAT(post("after?agent=desk&resume=0"), HasSubstr("+4930123456"));
}

TEST_F(Gathered, TheCallerHangsUp) {
    const auto document = post("voice", {}, "ringing");
    EXPECT_THAT(post(next_of(document), speech("bye"), "completed"), HasSubstr("<Hangup"));
    for (int i = 0; i < 2000 && registry.active() != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(registry.outcome(kCall)->reason, conversation::EndReason::caller_hung_up);
}

TEST_F(Gathered, ABrainOfSpeechOnlyLeavesItToTheNext) {
    mind->speech_only = true;
    EXPECT_THAT(post("voice", {}, "ringing"), HasSubstr("<Record"));
    EXPECT_EQ(registry.active(), 0U);
}

TEST_F(Gathered, ALongAnswerIsCutForTheVoice) {
    const auto greeting = post("voice", {}, "ringing");
    std::string all;
    for (int i = 0; i < 400; ++i) all += "This is a sentence of the answer. ";
    mind->answer = [&](const conversation::StartReply&) { return std::optional<Mind::Words>(Mind::Words{.text = all, .target = {}}); };
    const auto document = post(next_of(greeting), speech("tell me everything"));
    std::size_t says = 0, longest = 0;
    for (auto at = document.find("<Say>"); at != std::string::npos; at = document.find("<Say>", at + 1)) {
        ++says;
        longest = std::max(longest, document.find("</Say>", at) - at);
    }
    EXPECT_EQ(says, 5U);
    EXPECT_LE(longest, 2810U);
    EXPECT_THAT(document, HasSubstr("of the answer.</Say><Say>"));
}

}  // namespace
}  // namespace parley::webhooks
