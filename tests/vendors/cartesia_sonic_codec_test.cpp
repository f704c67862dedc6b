#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/cartesia/sonic.hpp"

namespace parley::vendors::cartesia {
namespace {

using nlohmann::json;
using Type = SonicMessage::Type;

Endpoint endpoint() {
    Endpoint e;
    e.key = Secret("k");
    e.voice = "v1";
    return e;
}

TEST(CartesiaSonicCodec, AsksForMulawAtOnce) {
    auto e = endpoint();
    EXPECT_EQ(sonic_url(e), "wss://api.cartesia.ai/tts/websocket");
    EXPECT_EQ(sonic_headers(e).get("authorization"), "Bearer k");
    EXPECT_EQ(sonic_headers(e).get("cartesia-version"), "2026-03-01");
    const json format{{"container", "raw"}, {"encoding", "pcm_mulaw"}, {"sample_rate", 8000}};
    EXPECT_EQ(json::parse(sonic_request(e, "t1", "a\"b")), json({{"context_id", "t1"},
                                                                 {"model_id", "sonic-3.5"},
                                                                 {"transcript", "a\"b"},
                                                                 {"continue", false},
                                                                 {"language", "en"},
                                                                 {"output_format", format},
                                                                 {"add_timestamps", true},
                                                                 {"max_buffer_delay_ms", 0},
                                                                 {"voice", {{"mode", "id"}, {"id", "v1"}}}}));
    e.base_url = "http://127.0.0.1:9";
    e.model = "sonic-3";
    e.language = "de-DE";
    e.options = {{"version", "2026-08-14"}, {"speed", "1.1"}, {"emotion", "calm"}};
    EXPECT_EQ(sonic_url(e), "ws://127.0.0.1:9/tts/websocket");
    const auto request = json::parse(sonic_request(e, "t2", "x"));
    EXPECT_EQ(request["voice"], "v1");
    EXPECT_EQ(request["language"], "de");
    EXPECT_EQ(request["model_id"], "sonic-3");
    EXPECT_EQ(request["generation_config"], json({{"speed", 1.1}, {"emotion", "calm"}}));
    EXPECT_EQ(json::parse(sonic_cancel("t2")), json({{"context_id", "t2"}, {"cancel", true}}));
    EXPECT_EQ(escape_sonic("a <break time=\"9s\"/> [laughter]\n"), "a  break time=\"9s\"/   laughter  ");
}

TEST(CartesiaSonicCodec, Checks) {
    EXPECT_EQ(check_sonic(endpoint()), "");
    EXPECT_NE(check_sonic(Endpoint{}), "");
    auto e = endpoint();
    e.voice.clear();
    EXPECT_NE(check_sonic(e), "");
    for (const auto& [option, value] : {std::pair("speed", "9"), std::pair("volume", "0"), std::pair("version", "latest"), std::pair("stability", "1")}) {
        e = endpoint();
        e.options[option] = value;
        EXPECT_NE(check_sonic(e), "") << option;
    }
}

struct MessageCase {
    const char* name;
    std::string_view text;
    Type type;
    std::string_view context, audio;
    std::size_t words;
};

TEST(CartesiaSonicCodec, ReadsWhatComes) {
    const MessageCase cases[] = {
        {"chunk", R"({"type":"chunk","context_id":"t1","data":"YWI=","done":false,"status_code":206,"step_time":41.2})", Type::chunk, "t1", "ab", 0},
        {"data first", R"({"data":"YWI=","type":"chunk","context_id":"t1"})", Type::chunk, "t1", "ab", 0},
        {"escaped", R"({"type":"chunk","context_id":"t1","data":"\/\/79"})", Type::chunk, "t1", "\xFF\xFE\xFD", 0},
        {"words", R"({"type":"timestamps","context_id":"t1","word_timestamps":{"words":["Yes,","half"],"start":[0.0,0.31],"end":[0.28,0.5]},"done":false})",
         Type::timestamps, "t1", "", 2},
        {"unpaired", R"({"type":"timestamps","context_id":"t1","word_timestamps":{"words":["Yes,","half"],"start":[0.0],"end":[0.28]}})", Type::timestamps,
         "t1", "", 0},
        {"done", R"({"type":"done","context_id":"t1","done":true,"status_code":200})", Type::done, "t1", "", 0},
        {"flush", R"({"type":"flush_done","context_id":"t1","flush_id":1,"flush_done":true,"done":false})", Type::other, "t1", "", 0},
        {"no base64", R"({"type":"chunk","context_id":"t1","data":"YW"})", Type::malformed, "", "", 0},
        {"data elsewhere", R"({"type":"novelty","data":[1,2]})", Type::other, "", "", 0},
        {"no type", R"({"context_id":"t1","data":"YWI="})", Type::malformed, "", "", 0},
        {"list", "[]", Type::malformed, "", "", 0},
        {"cut", R"({"type":"done","context_id":"t1")", Type::malformed, "", "", 0},
        {"nothing", "", Type::malformed, "", "", 0},
    };
    SonicDecoder decoder;
    for (const auto& c : cases) {
        const auto& m = decoder.decode(c.text);
        EXPECT_EQ(m.type, c.type) << c.name;
        EXPECT_EQ(m.context, c.context) << c.name;
        EXPECT_EQ(std::string(m.audio.begin(), m.audio.end()), c.audio) << c.name;
        EXPECT_EQ(m.words.size(), c.words) << c.name;
    }
    const auto& m = decoder.decode(cases[3].text);
    EXPECT_EQ(m.words[1].text, "half");
    EXPECT_EQ(m.words[1].end_s, 0.5);
}

TEST(CartesiaSonicCodec, ErrorsInOurVocabulary) {
    struct Case {
        std::string_view text;
        FailureKind kind;
        std::string_view reason;
    };
    const Case cases[] = {
        {R"({"type":"error","context_id":"t1","status_code":400,"title":"Bad","message":"No voice.","error_code":"voice_not_found","done":true})",
         FailureKind::refused, "HTTP 400 voice_not_found: Bad: No voice."},
        {R"({"type":"error","error":"text","status_code":402,"done":true})", FailureKind::quota, "HTTP 402: text"},
        {R"({"type":"error","status_code":429})", FailureKind::rate_limited, "HTTP 429"},
        {R"({"type":"error","status_code":401})", FailureKind::auth, "HTTP 401"},
        {R"({"type":"error"})", FailureKind::server, "HTTP 500"},
    };
    SonicDecoder decoder;
    for (const auto& c : cases) {
        const auto& m = decoder.decode(c.text);
        ASSERT_TRUE(m.error) << c.text;
        EXPECT_EQ(m.error->kind, c.kind) << c.text;
        EXPECT_EQ(m.error->reason, c.reason);
    }
}

}  // namespace
}  // namespace parley::vendors::cartesia
