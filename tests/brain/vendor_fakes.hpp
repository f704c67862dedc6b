#pragma once
// Vendors that do what a test tells them, at the moment it tells them. No socket, no time of their own.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <map>

#include "parley/brain/upstream.hpp"
#include "parley/net/deadline.hpp"

namespace parley::brain {

struct FakeStt final : vendors::SttStream {
    FakeStt(std::string who, vendors::SttSink& to) : name(std::move(who)), sink(&to) {}
    std::string name;
    vendors::SttSink* sink;
    std::size_t frames = 0, finalized = 0;
    bool opened = false, closed = false;
    void open() override { opened = true; }
    void audio(const vendors::CallerFrame&) override { ++frames; }
    void finalize() override { ++finalized; }
    [[nodiscard]] bool open_now() const override { return opened; }
    net::Task<> close() override {
        closed = true;
        co_return;
    }
};

struct FakeLm final : vendors::LmClient {
    struct Asked {
        vendors::LmRequest request;
        vendors::LmSink* sink;
        boost::asio::steady_timer done;
        std::optional<vendors::LmOutcome> outcome;
        bool running = true;
    };
    explicit FakeLm(std::string who) : name(std::move(who)) {}
    std::string name;
    std::list<Asked> asked;
    net::Task<vendors::LmOutcome> run(vendors::LmRequest request, vendors::LmSink& sink, TimePoint) override {
        auto executor = co_await boost::asio::this_coro::executor;
        asked.push_back({std::move(request), &sink, boost::asio::steady_timer(executor, TimePoint::max()), std::nullopt, true});
        auto& mine = asked.back();
        struct Left {
            bool& running;
            ~Left() { running = false; }
        } left{mine.running};
        while (!mine.outcome) {
            (void)co_await mine.done.async_wait(net::nothrow);
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) co_return vendors::Failure{};
        }
        co_return *mine.outcome;
    }
    net::Task<std::optional<vendors::Failure>> warm(TimePoint) override { co_return std::nullopt; }
    static void end(Asked& asked, vendors::LmOutcome outcome) {
        asked.outcome = std::move(outcome);
        asked.done.cancel();
    }
};

struct FakeTts final : vendors::TtsStream {
    FakeTts(std::string who, vendors::TtsSink& to, std::vector<FakeTts*>& in) : name(std::move(who)), sink(&to), living(&in) { in.push_back(this); }
    ~FakeTts() override { std::erase(*living, this); }
    std::string name;
    vendors::TtsSink* sink;
    std::vector<FakeTts*>* living;
    std::vector<std::pair<vendors::SpeechTag, std::string>> texts;
    std::size_t cancels = 0;
    bool closed = false;
    void open() override {}
    void speak(vendors::SpeechTag tag, std::string_view text) override { texts.emplace_back(tag, std::string(text)); }
    void cancel_all() override { ++cancels; }
    [[nodiscard]] bool open_now() const override { return true; }
    net::Task<> close() override {
        closed = true;
        co_return;
    }
};

struct FakeS2s final : vendors::S2sSession {
    FakeS2s(std::string who, vendors::S2sSetup with, vendors::S2sSink& to) : name(std::move(who)), setup(std::move(with)), sink(&to) {}
    std::string name;
    vendors::S2sSetup setup;
    vendors::S2sSink* sink;
    bool decides = true;
    std::vector<std::pair<vendors::VendorReply, std::chrono::milliseconds>> truncated;
    std::vector<std::string> asked, results, texts, notes;
    void open() override {}
    std::size_t frames = 0;
    void audio(const vendors::CallerFrame&) override { ++frames; }
    void note(std::string_view text) override { notes.emplace_back(text); }
    [[nodiscard]] bool decides_turns() const override { return decides; }
    void caller_turn_began() override {}
    void caller_turn_ended() override {}
    void respond(std::string_view instructions) override { asked.emplace_back(instructions); }
    void caller_text(std::string_view text) override { texts.emplace_back(text); }
    void truncate(vendors::VendorReply reply, std::chrono::milliseconds heard) override { truncated.emplace_back(reply, heard); }
    void tool_result(const vendors::ToolCall&, std::string_view result) override { results.emplace_back(result); }
    [[nodiscard]] bool open_now() const override { return true; }
    net::Task<> close() override { co_return; }
};

// A call's side of the ports, which writes down what it is told, and the vendors by name.
struct UpstreamWorld : SttSink, LmSink, TtsSink, VendorSink {
    UpstreamWorld() {
        makers.stt = [this](const vendors::Endpoint& e, const vendors::Link&, vendors::SttSink& sink) {
            auto made = std::make_unique<FakeStt>(e.name, sink);
            stts.push_back(made.get());
            return made;
        };
        makers.lm = [this](const vendors::Endpoint& e, const vendors::Link&) {
            auto made = std::make_unique<FakeLm>(e.name);
            lms[e.name] = made.get();
            return made;
        };
        makers.tts = [this](const vendors::Endpoint& e, const vendors::Link&, vendors::TtsSink& sink) { return std::make_unique<FakeTts>(e.name, sink, ttss); };
        makers.s2s = [this](const vendors::Endpoint& e, const vendors::Link&, vendors::S2sSetup setup, vendors::S2sSink& sink) {
            auto made = std::make_unique<FakeS2s>(e.name, std::move(setup), sink);
            s2ss.push_back(made.get());
            return made;
        };
        settings.stt = {endpoint("a"), endpoint("b")};
        settings.lm = {endpoint("a"), endpoint("b")};
        settings.tts = {endpoint("a"), endpoint("b")};
    }
    ~UpstreamWorld() override { close(); }

    static vendors::Endpoint endpoint(const std::string& name) {
        vendors::Endpoint made;
        made.name = made.vendor = name;
        return made;
    }
    void open() {
        factory = std::make_unique<UpstreamFactory>(settings, makers, shared, phrases);
        CallPorts ports{.stt = *this,
                        .lm = *this,
                        .tts = *this,
                        .vendor = *this,
                        .executor = context.get_executor(),
                        .http = http,
                        .post = [this](std::function<void()> f) { boost::asio::post(context, std::move(f)); }};
        brain = factory->open(CallFacts{"CA1", "+15550100", "+15550199", "front", 1}, ports);
        turn();
    }
    void close() {
        if (!brain) return;
        boost::asio::co_spawn(context, brain->close(), boost::asio::detached);
        turn();
        brain.reset();
    }
    void turn() {
        context.restart();
        while (context.poll() > 0) {
        }
    }
    // As if so long had passed without anything happening.
    void pass(std::chrono::milliseconds time) {
        ahead += time;
        brain->tick(Clock::now() + ahead);
        turn();
        ahead = {};
    }
    void frames(int count) {
        const std::vector<std::uint8_t> mulaw(160, 0xFF);
        const std::vector<std::int16_t> pcm(160, 0);
        for (int i = 0; i < count; ++i) brain->stt().audio({mulaw, pcm});
    }
    void start(ReplyId reply, conversation::PromptKind kind, const std::string& text, std::vector<conversation::ContextLine> context_lines = {}) {
        conversation::StartReply request;
        request.reply = reply;
        request.kind = kind;
        request.text = text;
        brain->lm().start(request, context_lines);
        turn();
    }

    void on_partial(UtteranceId u, std::string_view text) override { told.push_back("partial " + std::to_string(u) + " " + std::string(text)); }
    void on_final(UtteranceId u, std::string_view text, double) override { told.push_back("final " + std::to_string(u) + " " + std::string(text)); }
    void on_stt_failed(UtteranceId u, std::string_view) override { told.push_back("stt failed " + std::to_string(u)); }
    void on_turn_end(UtteranceId u, double, bool eager) override { told.push_back((eager ? "maybe over " : "over ") + std::to_string(u)); }
    void on_turn_resumed(UtteranceId u) override { told.push_back("resumed " + std::to_string(u)); }
    void on_heard_caller() override { told.emplace_back("heard caller"); }
    void on_answers(std::string_view text) override { told.push_back("answers " + std::string(text)); }
    void on_reply_text(ReplyId r, std::string_view text) override { told.push_back("say " + std::to_string(r) + " " + std::string(text)); }
    void on_reply_finished(ReplyId r, conversation::ReplyThen then, std::string_view target) override {
        told.push_back("finished " + std::to_string(r) +
                       (then == conversation::ReplyThen::end_call   ? " end"
                        : then == conversation::ReplyThen::transfer ? " transfer " + std::string(target)
                                                                    : ""));
    }
    void on_reply_failed(ReplyId r, std::string_view) override { told.push_back("failed " + std::to_string(r)); }
    void on_reply_voice(ReplyId r) override {
        told.push_back("voice " + std::to_string(r));
        brain->tts().speak(++voice_segment, r, {});
    }
    void on_expect(std::string_view, std::chrono::milliseconds) override {}
    void on_audio(SegmentId s, std::span<const std::int16_t> pcm) override { told.push_back("audio " + std::to_string(s) + " " + std::to_string(pcm.size())); }
    void on_synthesized(SegmentId s) override { told.push_back("synthesized " + std::to_string(s)); }
    void on_tts_failed(SegmentId s, std::string_view) override { told.push_back("tts failed " + std::to_string(s)); }
    void on_word(SegmentId s, std::uint32_t samples, std::uint32_t) override { told.push_back("word " + std::to_string(s) + " " + std::to_string(samples)); }
    void on_segment_text(SegmentId s, std::string_view more) override { told.push_back("text " + std::to_string(s) + " " + std::string(more)); }
    void on_vendor(const VendorRecord& record) override { records.push_back(record); }
    void on_used(const VendorRecord& more) override { used.push_back(more); }
    void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view) override {
        told.push_back("failover " + std::string(role) + " " + std::string(from) + "->" + std::string(to));
    }
    std::vector<std::string> take() { return std::exchange(told, {}); }

    boost::asio::io_context context{1};
    net::HttpClient* http = nullptr;
    UpstreamSettings settings;
    VendorMakers makers;
    std::shared_ptr<UpstreamShared> shared = std::make_shared<UpstreamShared>();
    std::shared_ptr<FixedPhrases> phrases;
    std::unique_ptr<UpstreamFactory> factory;
    std::unique_ptr<Brain> brain;
    std::vector<FakeStt*> stts;
    std::map<std::string, FakeLm*> lms;
    std::vector<FakeTts*> ttss;
    std::vector<FakeS2s*> s2ss;
    std::vector<std::string> told;
    std::vector<VendorRecord> records, used;
    SegmentId voice_segment = 100;
    std::chrono::milliseconds ahead{0};
};

inline vendors::Failure failure(vendors::FailureKind kind) {
    vendors::Failure made;
    made.kind = kind;
    made.reason = "a test's";
    return made;
}

}  // namespace parley::brain
