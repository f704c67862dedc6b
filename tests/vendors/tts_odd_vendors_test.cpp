// Synthesis clients against vendors that behave oddly in ways the emulators do not: played by hand, message by message.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/sim/base64.hpp"
#include "parley/vendors/cartesia/sonic.hpp"
#include "parley/vendors/deepgram/speak.hpp"
#include "parley/vendors/elevenlabs/speech.hpp"
#include "tts_rig.hpp"

namespace parley::vendors {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Answers each message as the test says: text messages, or (beginning with '!') binary ones.
class PlayedVendor final : public sim::VendorEmulator {
public:
    using Answers = std::vector<std::string>;
    explicit PlayedVendor(std::function<Answers(const json&)> play) : play_(std::move(play)) {}

    [[nodiscard]] std::string_view name() const override { return "played"; }
    [[nodiscard]] bool authorised(const sim::EmulatorRequest&) const override { return true; }
    [[nodiscard]] sim::ErrorAnswer error(int, const sim::EmulatorRequest&, std::string_view) const override { return {}; }
    net::Task<> http(sim::EmulatorRequest, sim::HttpAnswer& out, sim::Fault) override { co_await out.whole(404, "text/plain", ""); }
    net::Task<> socket(sim::EmulatorRequest, sim::EmulatorSocket& socket, sim::Fault) override {
        while (true) {
            const auto message = co_await socket.receive();
            if (!message) co_return;
            for (auto& answer : play_(message->json())) {
                const bool binary = answer.starts_with('!');
                if (binary) answer.erase(0, 1);
                const bool sent = binary ? co_await socket.send_binary(std::move(answer)) : co_await socket.send_text(std::move(answer));
                if (!sent) co_return;
            }
        }
    }

private:
    std::function<Answers(const json&)> play_;
};

struct Played {
    Played(TtsRig::Make make, std::function<PlayedVendor::Answers(const json&)> play) {
        auto world = tone_world(0);
        host = std::make_unique<sim::VendorHost>(std::make_shared<PlayedVendor>(std::move(play)), world);
        Endpoint endpoint;
        endpoint.base_url = host->url();
        endpoint.voice = "v1";
        // The rig's own host stays unused: the client talks to this one.
        rig = std::make_unique<TtsRig>("deepgram", Endpoint{}, deepgram::make_speak);
        rig->stream = make(endpoint, rig->link, rig->sink);
        rig->stream->open();
    }
    std::unique_ptr<sim::VendorHost> host;
    std::unique_ptr<TtsRig> rig;
};

std::string eleven_audio(std::string_view context, std::string_view bytes) {
    return json{{"audio", sim::base64(bytes)}, {"contextId", context}, {"isFinal", nullptr}}.dump();
}
std::string eleven_final(std::string_view context) {
    return json{{"isFinal", true}, {"contextId", context}}.dump();
}

TEST(OddVendors, AFlushThatIsIgnoredIsAFailureAndLeavesNothingBehind) {
    int flushes = 0, clears = 0;
    Played at(deepgram::make_speak, [&](const json& message) -> PlayedVendor::Answers {
        if (message["type"] == "Clear") {
            ++clears;
            return {"!late", R"({"type":"Cleared","sequence_id":1})"};
        }
        if (message["type"] != "Flush") return {};
        if (++flushes == 1) return {R"({"type":"Warning","code":"X","description":"Too many Flush messages"})"};
        return {"!good", R"({"type":"Flushed","sequence_id":2})"};
    });
    at.rig->stream->speak(1, "one");
    ASSERT_TRUE(at.rig->run_until_log("failed 1 rate_limited")) << testing::PrintToString(at.rig->sink.log);
    at.rig->stream->speak(2, "two");
    ASSERT_TRUE(at.rig->run_until_log("done 2")) << testing::PrintToString(at.rig->sink.log);
    EXPECT_EQ(clears, 1);
    EXPECT_EQ(at.rig->sink.audio.count(1), 0U);
    EXPECT_EQ(at.rig->sink.audio[2].size(), 4U);
}

TEST(OddVendors, WarningsAboutSomethingElseAreReadOver) {
    Played at(deepgram::make_speak, [&](const json& message) -> PlayedVendor::Answers {
        if (message["type"] != "Flush") return {};
        return {R"({"type":"Warning","code":"OLD_VOICE","description":"This voice is retired soon"})", "!good", R"({"type":"Flushed"})"};
    });
    at.rig->stream->speak(1, "one");
    ASSERT_TRUE(at.rig->run_until_log("done 1")) << testing::PrintToString(at.rig->sink.log);
}

TEST(OddVendors, AudioAndAcknowledgementsNobodyAskedForAreDropped) {
    Played at(deepgram::make_speak, [&](const json& message) -> PlayedVendor::Answers {
        if (message["type"] == "Speak") return {R"({"type":"Cleared"})"};
        if (message["type"] == "Flush") return {"!good", R"({"type":"Flushed"})", "!stray", R"({"type":"Flushed"})", R"({"type":"Flushed"})"};
        return {};
    });
    at.rig->stream->speak(1, "one");
    ASSERT_TRUE(at.rig->run_until_log("done 1"));
    at.rig->run_for(milliseconds(30));
    at.rig->stream->speak(2, "two");
    ASSERT_TRUE(at.rig->run_until_log("done 2"));
    EXPECT_EQ(at.rig->sink.audio[1].size(), 4U);
    EXPECT_EQ(at.rig->sink.audio[2].size(), 4U);
}

TEST(OddVendors, ContextsAtTheSameTimeAreHeardOneAfterTheOther) {
    std::vector<std::string> asked;
    Played at(elevenlabs::make_speech, [&](const json& message) -> PlayedVendor::Answers {
        if (!message.contains("close_context")) return {};
        asked.push_back(message["context_id"]);
        if (asked.size() < 2) return {};
        return {eleven_audio("t2", "bbbb"), eleven_audio("t1", "aa"),  eleven_final("t2"),
                eleven_audio("t9", "zz"),   eleven_audio("t1", "aaa"), eleven_final("t1")};
    });
    at.rig->stream->speak(1, "one");
    at.rig->stream->speak(2, "two");
    ASSERT_TRUE(at.rig->run_until_log("done 2")) << testing::PrintToString(at.rig->sink.log);
    EXPECT_EQ(at.rig->sink.log, (std::vector<std::string>{"open ", "audio 1", "done 1", "audio 2", "done 2"}));
    EXPECT_EQ(at.rig->sink.audio[1].size(), 5U);
    EXPECT_EQ(at.rig->sink.audio[2].size(), 4U);
}

TEST(OddVendors, AnErrorOfAnOldContextDoesNotHarmTheNext) {
    Played at(elevenlabs::make_speech, [&](const json& message) -> PlayedVendor::Answers {
        if (!message.contains("close_context")) return {};
        if (message["context_id"] == "t1") return {eleven_audio("t1", "aa")};
        return {R"({"message":"stale","error":"internal_error","code":1011,"contextId":"t1"})", eleven_audio("t1", "aa"), eleven_audio("t2", "bbb"),
                eleven_final("t2")};
    });
    at.rig->stream->speak(1, "one");
    ASSERT_TRUE(at.rig->run_until([&] { return at.rig->sink.audio.contains(1); }));
    at.rig->stream->cancel_all();
    at.rig->stream->speak(2, "two");
    ASSERT_TRUE(at.rig->run_until_log("done 2")) << testing::PrintToString(at.rig->sink.log);
    EXPECT_TRUE(at.rig->sink.failures.empty());
    EXPECT_EQ(at.rig->sink.audio[1].size(), 2U);
}

TEST(OddVendors, AnErrorOfOneContextIsThatTextsAlone) {
    Played at(cartesia::make_sonic, [&](const json& message) -> PlayedVendor::Answers {
        const std::string id = message["context_id"];
        if (id == "t1")
            return {json{{"type", "error"}, {"context_id", id}, {"status_code", 400}, {"title", "No"}, {"message", "Not this."}, {"done", true}}.dump()};
        return {json{{"type", "chunk"}, {"context_id", id}, {"data", sim::base64(std::string_view("bb"))}}.dump(),
                json{{"type", "done"}, {"context_id", id}}.dump()};
    });
    at.rig->stream->speak(1, "one");
    at.rig->stream->speak(2, "two");
    ASSERT_TRUE(at.rig->run_until_log("done 2")) << testing::PrintToString(at.rig->sink.log);
    EXPECT_EQ(at.rig->sink.log, (std::vector<std::string>{"open ", "failed 1 refused", "audio 2", "done 2"}));
    EXPECT_EQ(at.rig->sink.failures.front().reason, "HTTP 400: No: Not this.");
}

TEST(OddVendors, ManyInterruptionsNeverOpenTooManyContexts) {
    // The emulator refuses a sixth context with 1008, and closing one stops nothing: what was asked for still comes, at
    // its pace.
    Endpoint endpoint;
    endpoint.voice = "v1";
    TtsRig at("elevenlabs", endpoint, elevenlabs::make_speech, {}, 40);
    at.stream->open();
    SpeechTag tag = 0;
    for (int i = 0; i < 12; ++i) {
        at.stream->speak(++tag, "A sentence of some length that is about to be interrupted.");
        at.stream->speak(++tag, "And one more behind it.");
        at.run_for(milliseconds(10));
        at.stream->cancel_all();
    }
    at.stream->speak(++tag, "At last.");
    ASSERT_TRUE(at.run_until_log("done " + std::to_string(tag))) << testing::PrintToString(at.sink.log);
    EXPECT_TRUE(at.sink.failures.empty());
    EXPECT_TRUE(at.sink.audio[tag] == spoken_tones("At last."));
}

TEST(OddVendors, AnIdleSocketThatIsClosedInOrderIsNobodysFault) {
    for (const bool owed : {false, true}) {
        sim::Fault fault;
        fault.session_limit = milliseconds(80);
        fault.close_code = 1000;
        if (owed) fault.stall_after = 0;
        Endpoint endpoint;
        endpoint.voice = "v1";
        TtsRig at("cartesia", endpoint, cartesia::make_sonic, fault);
        at.stream->open();
        at.stream->speak(1, "one");
        ASSERT_TRUE(at.run_until([&] { return !at.sink.failures.empty(); })) << testing::PrintToString(at.sink.log);
        EXPECT_EQ(at.sink.has("done 1"), !owed);
        EXPECT_EQ(name(at.sink.failures.front().kind), owed ? "closed" : "session_limit");
        EXPECT_EQ(blames_vendor(at.sink.failures.front()), owed);
    }
}

}  // namespace
}  // namespace parley::vendors
