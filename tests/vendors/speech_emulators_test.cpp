// The speaking emulators where their vendors refuse: what clients of this repository never ask for.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/socket.hpp"
#include "tts_rig.hpp"

namespace parley::vendors {
namespace {

using nlohmann::json;
using Says = std::vector<std::string>;

struct Heard final : VendorSocket::Handler {
    void on_socket_open() override { opened = true; }
    void on_socket_text(std::string_view text) override { texts.emplace_back(text); }
    void on_socket_binary(std::string_view bytes) override { sound += bytes.size(); }
    void on_socket_lost(const Failure& failure) override { lost = failure; }
    [[nodiscard]] bool has(std::string_view part) const {
        return std::ranges::any_of(texts, [&](const std::string& text) { return text.find(part) != std::string::npos; });
    }
    bool opened = false;
    Says texts;
    std::size_t sound = 0;
    std::optional<Failure> lost;
};

class SpeechEmulator : public testing::Test {
protected:
    // Says all of it (what begins with '!' as binary) and listens until a text holds `until` or the socket ends.
    Heard talk(std::string_view vendor, const std::string& path, const Says& says, std::string_view until = "never") {
        auto world = tone_world(0);
        sim::VendorHost host(emulator_named(vendor, world), world);
        asio::io_context io;
        Link link;
        link.executor = io.get_executor();
        Heard heard;
        VendorSocket socket(link, heard);
        SocketPlan plan(socket_url(host.url(), path));
        plan.headers.add("Authorization", vendor == "deepgram" ? "Token sim-key" : "Bearer sim-key");
        plan.headers.add("Cartesia-Version", "2026-03-01");
        socket.open(std::move(plan));
        for (const auto& one : says) {
            if (one.starts_with('!'))
                (void)socket.send_binary(std::string_view(one).substr(1));
            else
                (void)socket.send_text(one);
        }
        const auto deadline = Clock::now() + std::chrono::seconds(20);
        while (!heard.lost && !heard.has(until) && Clock::now() < deadline) io.run_one_for(std::chrono::milliseconds(20)), io.restart();
        bool closed = false;
        asio::co_spawn(io, close(socket, closed), [](std::exception_ptr) {});
        while (!closed && Clock::now() < deadline) io.run_one_for(std::chrono::milliseconds(20)), io.restart();
        EXPECT_TRUE(closed);
        return heard;
    }
    // One POST; the answer's status, and its body in `said`.
    int post(std::string_view vendor, const std::string& path, const std::string& body, std::string& said) {
        auto world = tone_world(0);
        sim::VendorHost host(emulator_named(vendor, world), world);
        asio::io_context io;
        int status = 0;
        asio::co_spawn(io, fetch(host.url() + path, vendor == "deepgram" ? "Token sim-key" : "Bearer sim-key", body, status, said), [](std::exception_ptr) {});
        const auto deadline = Clock::now() + std::chrono::seconds(20);
        while (status == 0 && Clock::now() < deadline) io.run_one_for(std::chrono::milliseconds(20)), io.restart();
        return status;
    }

private:
    static net::Task<> close(VendorSocket& socket, bool& closed) {
        co_await socket.close();
        closed = true;
    }
    static net::Task<> fetch(std::string url, std::string key, std::string body, int& status, std::string& said) {
        net::HttpClient client(co_await asio::this_coro::executor);
        net::HttpCall call("POST", url, std::chrono::seconds(5));
        call.headers.add("Authorization", key);
        call.headers.add("Cartesia-Version", "2026-03-01");
        call.headers.add("Content-Type", "application/json");
        call.body = body;
        auto reply = co_await client.request(std::move(call));
        if (!reply) co_return;
        said = reply->body;
        status = reply->status;
    }
};

const std::string kSpeak = "/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000";
const std::string kMulti = "/v1/text-to-speech/v1/multi-stream-input?output_format=ulaw_8000";
const std::string kSingle = "/v1/text-to-speech/v1/stream-input?output_format=ulaw_8000";

TEST_F(SpeechEmulator, DeepgramClosesAsItsReferenceSays) {
    EXPECT_EQ(talk("deepgram", kSpeak, {"!sound"}).lost->status, 1003);
    EXPECT_EQ(talk("deepgram", kSpeak, {R"({"type":"Sing"})"}).lost->status, 1008);
    EXPECT_EQ(talk("deepgram", kSpeak, {"no json"}).lost->status, 1008);
    EXPECT_EQ(talk("deepgram", kSpeak, {json{{"type", "Speak"}, {"text", std::string(2001, 'x')}}.dump()}).lost->status, 1009);
    EXPECT_EQ(talk("deepgram", kSpeak, {R"({"type":"Close"})"}).lost->status, 1000);
    EXPECT_EQ(talk("deepgram", "/v1/speak?model=nobody&encoding=mulaw", {}).lost->status, 1008);
}

TEST_F(SpeechEmulator, DeepgramIgnoresTheTwentyFirstFlush) {
    Says says(20, R"({"type":"Flush"})");
    says.emplace_back(R"({"type":"Speak","text":"Hello."})");
    says.emplace_back(R"({"type":"Flush"})");
    const auto heard = talk("deepgram", kSpeak, says, "Warning");
    EXPECT_TRUE(heard.has("Too many Flush"));
    EXPECT_EQ(heard.sound, 0U);
}

TEST_F(SpeechEmulator, DeepgramByRequest) {
    std::string said;
    EXPECT_EQ(post("deepgram", kSpeak, R"({"text":"Hello."})", said), 200);
    EXPECT_TRUE(said.starts_with("RIFF"));  // without container=none, as the vendor
    const auto wav = said.size();
    EXPECT_EQ(post("deepgram", kSpeak + "&container=none", R"({"text":"Hello."})", said), 200);
    EXPECT_LT(said.size(), wav);
    EXPECT_EQ(post("deepgram", kSpeak, R"({"text":" "})", said), 400);
    EXPECT_NE(said.find("Input text contains no characters."), std::string::npos);
    EXPECT_EQ(post("deepgram", kSpeak, json{{"text", std::string(2001, 'x')}}.dump(), said), 413);
    EXPECT_EQ(post("deepgram", kSpeak + "&speed=9", R"({"text":"Hello."})", said), 400);
}

TEST_F(SpeechEmulator, ElevenLabsRefusesWithCodeAndClose) {
    Says six;
    for (int i = 1; i <= 6; ++i) six.push_back(json{{"text", " "}, {"context_id", "c" + std::to_string(i)}}.dump());
    auto heard = talk("elevenlabs", kMulti, six);
    EXPECT_TRUE(heard.has("max_active_conversations"));
    EXPECT_EQ(heard.lost->status, 1008);

    heard = talk("elevenlabs", kMulti, {R"({"text":"Hi ","context_id":"a"})", R"({"text":" ","context_id":"a","voice_settings":{}})"});
    EXPECT_TRUE(heard.has("must be provided in the first message"));
    heard = talk("elevenlabs", "/v1/text-to-speech/unknown/multi-stream-input?output_format=ulaw_8000", {});
    EXPECT_TRUE(heard.has("voice_id_does_not_exist"));
    heard = talk("elevenlabs", kMulti + "&inactivity_timeout=1", {R"({"text":""})"});
    EXPECT_TRUE(heard.has("input_timeout_exceeded"));
    heard = talk("elevenlabs", kSingle, {R"({"text":"Hi "})"});
    EXPECT_TRUE(heard.has("invalid_first_message"));
}

TEST_F(SpeechEmulator, ElevenLabsClosesTheSocketWhenAllIsSaid) {
    const auto heard = talk("elevenlabs", kMulti, {R"({"text":"Hello there ","context_id":"a"})", R"({"close_socket":true})"});
    EXPECT_TRUE(heard.has("\"audio\":\""));
    EXPECT_TRUE(heard.has("\"isFinal\":true"));
    EXPECT_EQ(heard.lost->status, 1000);
    // A closed context that was never flushed says nothing, and its place is free again.
    Says many;
    for (int i = 1; i <= 12; ++i) {
        many.push_back(json{{"text", "Unheard "}, {"context_id", "c" + std::to_string(i)}}.dump());
        many.push_back(json{{"context_id", "c" + std::to_string(i)}, {"close_context", true}}.dump());
    }
    EXPECT_FALSE(talk("elevenlabs", kMulti, many, R"("contextId":"c12")").has("max_active"));
}

std::string sonic(const std::string& context, const std::string& text, bool more, json extra = json::object()) {
    json request{{"context_id", context},
                 {"model_id", "sonic-3"},
                 {"transcript", text},
                 {"continue", more},
                 {"voice", {{"mode", "id"}, {"id", "v1"}}},
                 {"output_format", {{"container", "raw"}, {"encoding", "pcm_mulaw"}, {"sample_rate", 8000}}}};
    request.update(extra);
    return request.dump();
}

TEST_F(SpeechEmulator, CartesiaKeepsContextsApartAndClosed) {
    auto heard =
        talk("cartesia", "/tts/websocket", {sonic("a", "Hello ", true), sonic("a", "there.", false), sonic("a", "Again.", false)}, "\"type\":\"done\"");
    EXPECT_TRUE(heard.has("closed or expired"));
    heard = talk("cartesia", "/tts/websocket", {sonic("a", "Hello ", true), sonic("a", "there.", false, {{"language", "de"}})}, "\"type\":\"error\"");
    EXPECT_TRUE(heard.has("must be the same"));
    heard = talk("cartesia", "/tts/websocket", {sonic("a", "Hello ", true), sonic("a", "", true, {{"flush", true}})}, "flush_done");
    EXPECT_TRUE(heard.has("\"flush_id\":1"));
    heard = talk("cartesia", "/tts/websocket", {sonic("a", "Hello", false, {{"voice", "v1"}})}, "\"type\":\"error\"");
    EXPECT_TRUE(heard.has("voice must be an object"));
    heard = talk("cartesia", "/tts/websocket", {R"({"context_id":"a","cancel":true,"model_id":"sonic-3"})"}, "\"type\":\"error\"");
    EXPECT_TRUE(heard.has("alone"));
    heard = talk("cartesia", "/tts/websocket", {"no json"}, "\"type\":\"error\"");
    EXPECT_TRUE(heard.has("no JSON object"));
}

TEST_F(SpeechEmulator, CartesiaByRequest) {
    std::string said;
    EXPECT_EQ(post("cartesia", "/tts/bytes", sonic("", "Hello.", false), said), 200);
    EXPECT_EQ(said.size(), spoken_tones("Hello.").size());
    EXPECT_EQ(post("cartesia", "/tts/sse", sonic("", "Hello.", false), said), 200);
    EXPECT_NE(said.find("event: done\n"), std::string::npos);
    EXPECT_EQ(post("cartesia", "/tts/bytes", sonic("", "Hello.", false, {{"model_id", "x"}}), said), 400);
}

}  // namespace
}  // namespace parley::vendors
