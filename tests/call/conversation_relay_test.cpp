// One relay session against a scripted Twilio and a scripted brain, in memory: what is sent in which order, and what the brain is told was heard.

#include "parley/call/conversation_relay_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <deque>
#include <nlohmann/json.hpp>

namespace parley::call {
namespace {

using conversation::EndReason;
using conversation::ReplyThen;
using nlohmann::json;
using std::chrono::milliseconds;
using testing::ElementsAre;
namespace asio = boost::asio;

// Twilio's end of the socket, on the call's own thread.
class Peer final : public net::WebSocket {
public:
    explicit Peer(asio::any_io_executor executor) : wake_(executor), pause_(executor) {}

    void tell(const json& message) { tell_raw(message.dump()); }
    void tell_raw(std::string text, net::WsOpcode opcode = net::WsOpcode::text) {
        inbox_.emplace_back(opcode, std::move(text));
        wake_.cancel();
    }
    void prompt(const std::string& text, bool last = true) { tell({{"type", "prompt"}, {"voicePrompt", text}, {"lang", "en-US"}, {"last", last}}); }
    void interrupt(const std::string& heard, int ms = 500) {
        tell({{"type", "interrupt"}, {"utteranceUntilInterrupt", heard}, {"durationUntilInterruptMs", ms}});
    }
    void played(const std::string& token) { tell({{"type", "info"}, {"name", "tokensPlayed"}, {"value", token}}); }
    void hang_up(std::uint16_t code = 1000) {
        closed_.code = code;
        closed_.fault = code == 1006 ? net::WsFault::connection_lost : net::WsFault::closed_by_peer;
        open_ = false;
        wake_.cancel();
    }
    net::Task<> rest(milliseconds time) {
        pause_.expires_after(time);
        co_await pause_.async_wait(net::nothrow);
    }
    // Until it holds; false after ten seconds.
    net::Task<bool> until(std::function<bool()> holds) {
        for (const auto end = Clock::now() + std::chrono::seconds(10); Clock::now() < end && !holds();) co_await rest(milliseconds(2));
        co_return holds();
    }
    [[nodiscard]] std::string text() const {  // all tokens; '|' where a cycle ends
        std::string out;
        for (const auto& one : sent)
            if (one["type"] == "text") out += one["token"].get<std::string>() + (one["last"].get<bool>() ? "|" : "");
        return out;
    }
    [[nodiscard]] json last_of(const std::string& type) const {
        for (auto one = sent.rbegin(); one != sent.rend(); ++one)
            if ((*one)["type"] == type) return *one;
        return nullptr;
    }

    net::Task<error_code> fill() override {
        while (inbox_.empty() && open_) {
            wake_.expires_at(TimePoint::max());
            co_await wake_.async_wait(net::nothrow);
        }
        co_return inbox_.empty() ? make_error_code(net::Errc::closed) : error_code{};
    }
    std::optional<net::WsMessage> next() override {
        if (inbox_.empty()) return std::nullopt;
        current_ = std::move(inbox_.front());
        inbox_.pop_front();
        return net::WsMessage{current_.first, std::span<char>(current_.second)};
    }
    bool send(net::WsOpcode, std::string_view payload) override {
        if (!open_ || blocked) return false;
        sent.push_back(json::parse(payload, nullptr, false));
        return true;
    }
    bool send_in_place(std::span<char>) override { return false; }
    void begin_batch() override {}
    void end_batch() override {}
    std::size_t outbox_bytes() const override { return 0; }
    const net::WsClose& closed() const override { return closed_; }
    bool open() const override { return open_; }
    net::Task<> close(std::uint16_t code, std::string_view) override {
        closed_.code = code;
        closed_.by_us = true;
        open_ = false;
        wake_.cancel();
        co_return;
    }
    void abort() override {
        closed_.fault = net::WsFault::connection_lost;
        closed_.by_us = true;
        open_ = false;
        wake_.cancel();
    }
    std::string remote_address() const override { return "192.0.2.1"; }

    std::vector<json> sent;
    bool blocked = false;

private:
    asio::steady_timer wake_, pause_;
    std::deque<std::pair<net::WsOpcode, std::string>> inbox_;
    std::pair<net::WsOpcode, std::string> current_;
    net::WsClose closed_;
    bool open_ = true;
};

// A brain that answers as it is told, and remembers what it was asked with which memory.
struct Mind final : brain::PipelineFactory {
    struct Asked {
        conversation::PromptKind kind;
        std::string text;
        std::vector<std::string> memory;  // "agent: …", cut ones with "…" behind
    };
    struct Lm final : brain::LmSession {
        Lm(Mind& m, brain::LmSink& s, std::function<void(std::function<void()>)> p) : mind(m), sink(s), post(std::move(p)) {}
        void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>& context) override {
            Asked heard{request.kind, request.text, {}};
            for (const auto& line : context)
                heard.memory.push_back((line.side == conversation::ContextLine::Side::agent ? "agent: " : "caller: ") + line.text +
                                       (line.interrupted ? " …" : ""));
            mind.asked.push_back(std::move(heard));
            mind.live = this;
            mind.reply = request.reply;
            if (mind.answer) post([this, request] { mind.answer(request); });
        }
        void cancel(brain::ReplyId) override { ++mind.cancelled; }
        Mind& mind;
        brain::LmSink& sink;
        std::function<void(std::function<void()>)> post;
    };
    struct Text final : brain::TextBrain {
        explicit Text(std::unique_ptr<Lm> made) : session(std::move(made)) {}
        brain::LmSession& lm() override { return *session; }
        net::Task<> close() override { co_return; }
        std::unique_ptr<Lm> session;
    };
    std::unique_ptr<brain::Brain> open(const brain::CallFacts&, const brain::CallPorts&) override { return nullptr; }
    std::unique_ptr<brain::TextBrain> open_text(const brain::CallFacts&, const brain::TextPorts& ports) override {
        actions = ports.actions;
        return std::make_unique<Text>(std::make_unique<Lm>(*this, ports.lm, ports.post));
    }
    void piece(const std::string& text) { live->sink.on_reply_text(reply, text); }
    void done(ReplyThen then = ReplyThen::listen, const std::string& target = {}) { live->sink.on_reply_finished(reply, then, target); }
    void say(const std::string& text, ReplyThen then = ReplyThen::listen, const std::string& target = {}) {
        piece(text);
        done(then, target);
    }

    std::function<void(const conversation::StartReply&)> answer;  // null: the test answers itself
    std::vector<Asked> asked;
    int cancelled = 0;
    Lm* live = nullptr;
    brain::ReplyId reply = 0;
    brain::Actions* actions = nullptr;
};

class ConversationRelay : public testing::Test {
protected:
    using Script = std::function<net::Task<>(Peer&, ConversationRelayCall&)>;

    ConversationRelay()
        : metrics(MetricsSettings{}),
          registry(AdmissionLimits{}),
          disk(1024, {}),
          services{.log = log, .metrics = metrics, .registry = registry, .disk = disk, .recordings = {}, .call_files = {}} {
        agent.name = "desk";
        agent.pipeline = mind;
        agent.conversation.filler_after = std::chrono::seconds(30);
        agent.conversation.idle_after = std::chrono::seconds(30);
        agent.conversation.digit_gap = milliseconds(60);
        worker.start();
    }
    ~ConversationRelay() override {
        worker.stop();
        worker.join();
    }

    CallSummary run(Script script, brain::TalkMemory before = {}, bool resumed = false) {
        agent.relay = std::make_shared<const flows::RelaySettings>(relay);
        auto body = [&]() -> net::Task<CallSummary> {
            net::TickWheel ticks(worker.executor());
            net::HttpClient http(worker.executor());
            CallWorker place{worker, ticks, metrics.worker(0), http};
            Peer peer(worker.executor());
            twilio::RelaySetup setup;
            setup.call_sid = "CA1";
            setup.session_id = "VX1";
            ConversationRelayCall call(services, place, std::make_shared<const Agent>(agent), peer, setup, {"+1415", "+1800", resumed}, std::move(before));
            auto acting = script(peer, call);
            bool acted = false;
            asio::co_spawn(worker.executor(), std::move(acting), [&](std::exception_ptr) { acted = true; });
            std::function<void(const CallSummary&)> over = [&](const CallSummary& done) {
                told = done;
                sent_before_over = peer.sent.size();
            };
            auto summary = co_await call.run(over);
            const bool ended = co_await peer.until([&] { return acted; });
            EXPECT_TRUE(ended);
            sent = peer.sent;
            code = peer.closed().code;
            text = peer.text();
            co_return summary;
        };
        auto future = asio::co_spawn(worker.executor(), body(), asio::use_future);
        return future.get();
    }

    Log log;
    Metrics metrics;
    Registry registry;
    DiskWriter disk;
    CallServices services;
    std::shared_ptr<Mind> mind = std::make_shared<Mind>();
    Agent agent;
    flows::RelaySettings relay;
    net::Worker worker;
    CallSummary told;
    std::vector<json> sent;
    std::size_t sent_before_over = 0;
    std::uint16_t code = 0;
    std::string text;
};

TEST_F(ConversationRelay, StreamsPiecesAndClosesEachCycleOnce) {
    mind->answer = [&](const conversation::StartReply& asked) {
        if (asked.kind == conversation::PromptKind::greeting) return mind->say("Hello.");
        mind->piece("It is sunny.");
        mind->piece("And warm.");
        mind->done();
    };
    const auto summary = run([](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hello. |"; })) << peer.text();
        peer.played("Hello.");
        peer.prompt("what is", false);
        peer.prompt("   ");
        peer.prompt("what is the weather");
        peer.prompt("what is the weather");  // delivered twice
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hello. |It is sunny. And warm. |"; })) << peer.text();
        co_await peer.rest(milliseconds(50));
        peer.hang_up();
    });
    EXPECT_EQ(text, "Hello. |It is sunny. And warm. |");
    EXPECT_EQ(summary.reason, EndReason::caller_hung_up);
    EXPECT_EQ(summary.turns, 2U);
    ASSERT_EQ(mind->asked.size(), 2U);
    EXPECT_EQ(mind->asked[1].text, "what is the weather");
    EXPECT_THAT(mind->asked[1].memory, ElementsAre("agent: Hello."));
    for (const auto& one : sent) EXPECT_EQ(one["type"], "text");
}

TEST_F(ConversationRelay, AnInterruptionStopsTheAnswerAndCutsTheMemory) {
    const auto summary = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        mind->piece("Life is a complex set of things.");
        mind->piece("And there is more.");
        EXPECT_TRUE(co_await peer.until([&] { return peer.sent.size() == 2; }));
        // In one go, as they come off the wire: the prompt belongs to the new turn, the interruption to the old one.
        peer.interrupt("Life is a complex");
        peer.prompt("what do you mean");
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 2; }));
        EXPECT_EQ(peer.sent.size(), 2U) << "nothing more of the old answer, not even its end";
        mind->say("Never mind.");
        EXPECT_TRUE(co_await peer.until([&] { return peer.text().ends_with("Never mind. |"); }));
        // An answer that is complete but not yet heard is cut as well.
        peer.interrupt("");
        peer.prompt("hello");
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 3; }));
        peer.hang_up();
    });
    EXPECT_EQ(text, "Life is a complex set of things. And there is more. Never mind. |");
    EXPECT_EQ(summary.interruptions, 2U);
    EXPECT_THAT(mind->asked.at(1).memory, ElementsAre("agent: Life is a complex …"));
    EXPECT_THAT(mind->asked.at(2).memory, ElementsAre("agent: Life is a complex …", "caller: what do you mean"));
    EXPECT_GE(mind->cancelled, 2);
}

TEST_F(ConversationRelay, ANewPromptSupersedesWhatIsStillBeingAnswered) {
    run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        mind->piece("Welcome.");
        peer.prompt("one");
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 2; }));
        EXPECT_EQ(peer.text(), "Welcome. |") << "what was sent is spoken, and its cycle closed";
        peer.prompt("two");
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 3; }));
        mind->say("Two it is.");
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Welcome. |Two it is. |"; })) << peer.text();
        peer.hang_up();
    });
    EXPECT_THAT(mind->asked.at(2).memory, ElementsAre("agent: Welcome. …", "caller: one"));
    EXPECT_EQ(mind->asked.at(2).text, "two");
}

TEST_F(ConversationRelay, LastWordsAreHeardBeforeTheEnd) {
    mind->answer = [&](const conversation::StartReply&) { mind->say("I connect you.", ReplyThen::transfer, "+4930123456"); };
    const auto summary = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "I connect you. |"; }));
        co_await peer.rest(milliseconds(150));
        EXPECT_TRUE(peer.last_of("end").is_null()) << "they are still being spoken";
        peer.played("I connect you.");
        EXPECT_TRUE(co_await peer.until([&] { return !peer.last_of("end").is_null(); }));
        peer.hang_up();
    });
    EXPECT_EQ(summary.reason, EndReason::transferred);
    EXPECT_EQ(summary.target, "+4930123456");
    EXPECT_EQ(sent.back()["type"], "end");
    ASSERT_TRUE(sent.back()["handoffData"].is_string()) << "an object is error 64107";
    EXPECT_EQ(json::parse(sent.back()["handoffData"].get<std::string>())["target"], "+4930123456");
    EXPECT_EQ(sent_before_over + 1, sent.size()) << "everybody knows before Twilio asks";
}

TEST_F(ConversationRelay, WhoSpeaksDuringTheGoodbyeKeepsTheCall) {
    run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        mind->say("Goodbye then.", ReplyThen::end_call);
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Goodbye then. |"; }));
        peer.interrupt("Good");
        peer.prompt("wait one more thing");
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 2; }));
        mind->say("Yes?");
        co_await peer.rest(milliseconds(100));
        EXPECT_TRUE(peer.last_of("end").is_null());
        peer.hang_up();
    });
    EXPECT_EQ(told.reason, EndReason::caller_hung_up);
}

TEST_F(ConversationRelay, KeysAreCollected) {
    run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        const auto key = [&](const char* digit) { peer.tell({{"type", "dtmf"}, {"digit", digit}}); };
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        mind->say("Your number?");
        for (const char* digit : {"1", "2", "#"}) key(digit);
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 2; }));
        mind->piece("One moment.");
        key("7");  // into the running answer, which ends
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 3; }));
        mind->say("Thanks.");
        peer.hang_up();
    });
    EXPECT_EQ(mind->asked.at(1).kind, conversation::PromptKind::digits);
    EXPECT_EQ(mind->asked.at(1).text, "12");
    EXPECT_EQ(mind->asked.at(2).text, "7") << "by the gap";
}

TEST_F(ConversationRelay, SilenceIsFilledAndThenAnApologyEndsIt) {
    agent.conversation.filler_after = agent.conversation.filler_every = milliseconds(60);
    agent.conversation.filler_max = 2;
    agent.conversation.fillers = {"Mm."};
    agent.conversation.apology_text = "Sorry.";
    relay.events = {};  // estimated, so it takes its time
    const auto summary = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return !peer.last_of("end").is_null(); })) << peer.text();
        peer.hang_up();
    });
    EXPECT_EQ(text, "Mm. Mm. |Sorry. |");
    EXPECT_EQ(summary.reason, EndReason::brain_failed);
    EXPECT_EQ(summary.fillers, 2U);
    EXPECT_EQ(sent.at(sent.size() - 3)["interruptible"], "none");
}

TEST_F(ConversationRelay, FailuresAreToldAndTooManyEndIt) {
    agent.conversation.fallback_text = "Pardon?";
    agent.conversation.apology_text = "Sorry.";
    mind->answer = [&](const conversation::StartReply&) { mind->live->sink.on_reply_failed(mind->reply, "down"); };
    const auto summary = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Pardon? |"; }));
        peer.prompt("hello");
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Pardon? |Sorry. |"; })) << peer.text();
        peer.prompt("what");
        peer.played("Sorry.");
        EXPECT_TRUE(co_await peer.until([&] { return !peer.last_of("end").is_null(); }));
        peer.hang_up();
    });
    EXPECT_EQ(summary.reason, EndReason::brain_failed);
    EXPECT_EQ(mind->asked.size(), 2U) << "behind the apology nothing is asked";
}

TEST_F(ConversationRelay, ASilentCallerIsRemindedButNotWhileHeSpeaks) {
    agent.conversation.idle_after = milliseconds(80);
    agent.conversation.idle_prompts = 1;
    agent.conversation.idle_texts = {"There?"};
    agent.conversation.goodbye_text = "Bye.";
    mind->answer = [&](const conversation::StartReply&) { mind->say("Hi."); };
    const auto summary = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hi. |"; }));
        peer.tell({{"type", "info"}, {"name", "clientSpeaking"}, {"value", "on"}});
        peer.played("Hi.");
        co_await peer.rest(milliseconds(250));
        EXPECT_EQ(peer.text(), "Hi. |");
        peer.tell({{"type", "info"}, {"name", "clientSpeaking"}, {"value", "off"}});
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hi. |There? |"; }));
        peer.played("There?");
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hi. |There? |Bye. |"; }));
        peer.played("Bye.");
        EXPECT_TRUE(co_await peer.until([&] { return !peer.last_of("end").is_null(); }));
        peer.hang_up();
    });
    EXPECT_EQ(summary.reason, EndReason::silence);
}

TEST_F(ConversationRelay, TwiliosWelcomeIsRememberedAsFarAsItWasHeard) {
    relay.welcome = "Hello and welcome to us.";
    run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        co_await peer.rest(milliseconds(40));
        EXPECT_TRUE(mind->asked.empty()) << "the brain does not greet as well";
        peer.interrupt("Hello and");
        peer.prompt("hi");
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        peer.hang_up();
    });
    EXPECT_THAT(mind->asked.at(0).memory, ElementsAre("agent: Hello and"));
}

TEST_F(ConversationRelay, ComesBackWithItsMemory) {
    relay.welcome = "Hello.";
    brain::TalkMemory before;
    before.lines = {{conversation::ContextLine::Side::caller, "where are you", false}};
    before.agent = "desk";
    const auto summary = run(
        [&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
            EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
            mind->say("Here I am again.");
            EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Here I am again. |"; }));
            peer.prompt("good");
            EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 2; }));
            mind->piece("So we go on with");
            EXPECT_TRUE(co_await peer.until([&] { return peer.text().ends_with("with "); }));
            peer.hang_up(1006);
        },
        before, true);
    EXPECT_EQ(mind->asked.at(0).kind, conversation::PromptKind::returned);
    EXPECT_THAT(mind->asked.at(0).memory, ElementsAre("caller: where are you"));
    EXPECT_EQ(summary.reason, EndReason::carrier_lost);
    // What the next session goes on from: the words of the turn that was cut as well.
    ASSERT_GE(told.memory.lines.size(), 3U);
    EXPECT_EQ(told.memory.lines[2].text, "good");
}

TEST_F(ConversationRelay, OperatorsSayPressAndEnd) {
    mind->answer = [&](const conversation::StartReply&) { mind->say("Hi."); };
    const auto summary = run([&](Peer& peer, ConversationRelayCall& call) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hi. |"; }));
        call.command(SayNow{"A word from us."});
        call.command(KeysNow{"9W1"});
        EXPECT_TRUE(co_await peer.until([&] { return !peer.last_of("sendDigits").is_null(); }));
        EXPECT_EQ(peer.last_of("sendDigits")["digits"], "9ww1");
        EXPECT_EQ(peer.text(), "Hi. |A word from us. |");
        EXPECT_FALSE(call.play("http://insecure.example/a.wav"));
        EXPECT_TRUE(call.play("https://cdn.example.com/a.wav"));
        EXPECT_EQ(peer.last_of("play")["source"], "https://cdn.example.com/a.wav");
        call.command(EndNow{EndReason::transferred, "queue:support"});
        EXPECT_FALSE(peer.last_of("end").is_null());
        EXPECT_TRUE(co_await peer.until([&] { return !peer.open(); })) << "Twilio did not close: we do";
    });
    EXPECT_EQ(summary.reason, EndReason::transferred);
    EXPECT_EQ(summary.target, "queue:support");
    EXPECT_EQ(code, 1000);
}

TEST_F(ConversationRelay, APersonSpeaksForTheAgentAndGivesItBack) {
    mind->answer = [&](const conversation::StartReply& asked) {
        mind->say(asked.kind == conversation::PromptKind::greeting ? "Hi." : "You said " + asked.text + ".");
    };
    agent.conversation.idle_after = milliseconds(150);
    run([&](Peer& peer, ConversationRelayCall& call) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hi. |"; }));
        peer.played("Hi.");
        call.command(TakeOver{true});
        peer.prompt("is anybody there");
        co_await peer.rest(milliseconds(400));
        EXPECT_EQ(mind->asked.size(), 1U) << "it answers although it was taken over";
        EXPECT_EQ(peer.text(), "Hi. |") << "nor is the silence filled";
        call.command(SayNow{"I am."});
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "Hi. |I am. |"; })) << peer.text();
        peer.played("I am.");
        agent.conversation.idle_after = std::chrono::seconds(30);
        co_await peer.rest(milliseconds(50));
        peer.prompt("how much is it");
        co_await peer.rest(milliseconds(50));
        call.command(TakeOver{false});
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 2; }));
        peer.hang_up();
    });
    ASSERT_EQ(mind->asked.size(), 2U);
    EXPECT_EQ(mind->asked[1].text, "how much is it") << "what nobody has answered";
    EXPECT_THAT(mind->asked[1].memory, ElementsAre("agent: Hi.", "caller: is anybody there", "agent: I am."));
}

TEST_F(ConversationRelay, WhoIsTakenOverStopsInTheMiddle) {
    run([&](Peer& peer, ConversationRelayCall& call) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        mind->piece("It is a long story.");
        EXPECT_TRUE(co_await peer.until([&] { return peer.text() == "It is a long story. "; })) << peer.text();
        call.command(TakeOver{true});
        mind->piece("And it goes on.");
        call.command(SayNow{"Sorry for that."});
        EXPECT_TRUE(co_await peer.until([&] { return peer.text().ends_with("Sorry for that. |"); })) << peer.text();
        peer.hang_up();
    });
    EXPECT_EQ(text, "It is a long story. |Sorry for that. |");
}

TEST_F(ConversationRelay, ALanguageIsSwitchedWhenTheBrainAsksForIt) {
    relay.languages = {{.code = "de-DE", .tts_provider = {}, .voice = {}, .transcription_provider = {}, .speech_model = {}}};
    run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        EXPECT_EQ(mind->actions->specs().size(), 1U);
        EXPECT_EQ(mind->actions->specs().at(0).name, "switch_language");
        std::vector<brain::ActionResult> results;
        for (const char* arguments : {R"({"language":"de"})", R"({"language":"fr-FR"})", "nonsense", R"({"language":5})"})
            mind->actions->perform({"switch_language", arguments}, [&](brain::ActionResult result) { results.push_back(std::move(result)); });
        mind->actions->perform({"fly", "{}"}, [&](brain::ActionResult result) { results.push_back(std::move(result)); });
        EXPECT_TRUE(co_await peer.until([&] { return results.size() == 5; }));
        EXPECT_TRUE(results[0].ok);
        for (std::size_t i = 1; i < results.size(); ++i) {
            EXPECT_FALSE(results[i].ok);
            EXPECT_TRUE(json::parse(results[i].json, nullptr, false).contains("error")) << results[i].json;
        }
        EXPECT_EQ(peer.last_of("language"), (json{{"type", "language"}, {"ttsLanguage", "de-DE"}, {"transcriptionLanguage", "de-DE"}}));
        peer.hang_up();
    });
}

TEST_F(ConversationRelay, AHostilePeerIsClosed) {
    const auto flood = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        for (int i = 0; i < 150; ++i) peer.tell({{"type", "info"}, {"name", "x"}, {"value", "y"}});
        EXPECT_TRUE(co_await peer.until([&] { return !peer.open(); }));
    });
    EXPECT_EQ(flood.reason, EndReason::protocol);
    EXPECT_EQ(code, 1008);
    mind->asked.clear();
    const auto broken = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        for (int i = 0; i < 10; ++i) {
            peer.tell_raw("{broken");
            peer.tell_raw("x", net::WsOpcode::binary);
            peer.tell({{"type", "weather"}});  // unknown ones do not count
        }
        peer.tell({{"type", "error"}, {"description", "Invalid message received"}});
        co_await peer.rest(milliseconds(60));
        EXPECT_TRUE(peer.open());
        peer.tell_raw("[]");
        EXPECT_TRUE(co_await peer.until([&] { return !peer.open(); }));
    });
    EXPECT_EQ(broken.reason, EndReason::protocol);
    mind->asked.clear();
    const auto blocked = run([&](Peer& peer, ConversationRelayCall&) -> net::Task<> {
        EXPECT_TRUE(co_await peer.until([&] { return mind->asked.size() == 1; }));
        peer.blocked = true;
        mind->say("Nobody reads this.");
        EXPECT_TRUE(co_await peer.until([&] { return !peer.open(); }));
    });
    EXPECT_EQ(blocked.reason, EndReason::carrier_lost);
}

}  // namespace
}  // namespace parley::call
