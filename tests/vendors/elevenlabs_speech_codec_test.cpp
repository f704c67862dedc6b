#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/audio/base64.hpp"
#include "parley/vendors/elevenlabs/speech.hpp"

namespace parley::vendors::elevenlabs {
namespace {

using nlohmann::json;

Endpoint endpoint() {
    Endpoint e;
    e.key = Secret("k");
    e.voice = "v 1";
    return e;
}

std::string text_of(std::span<const std::uint8_t> bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(ElevenLabsSpeechCodec, AsksForMulaw) {
    auto e = endpoint();
    EXPECT_EQ(speech_url(e),
              "wss://api.elevenlabs.io/v1/text-to-speech/v%201/"
              "multi-stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000"
              "&auto_mode=true&sync_alignment=true");
    EXPECT_EQ(speech_headers(e).get("xi-api-key"), "k");
    e.base_url = "ws://127.0.0.1:9";
    e.language = "de-DE";
    e.options = {{"socket", "single"}, {"auto_mode", "false"}, {"apply_text_normalization", "on"}};
    EXPECT_EQ(speech_url(e),
              "ws://127.0.0.1:9/v1/text-to-speech/v%201/stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000"
              "&auto_mode=false&sync_alignment=true&language_code=de&apply_text_normalization=on");
    e.model = "eleven_multilingual_v2";
    EXPECT_EQ(speech_url(e).find("language_code"), std::string::npos);  // that model refuses it
}

TEST(ElevenLabsSpeechCodec, Checks) {
    EXPECT_EQ(check_speech(endpoint()), "");
    EXPECT_NE(check_speech(Endpoint{}), "");
    auto e = endpoint();
    e.voice.clear();
    EXPECT_NE(check_speech(e), "");
    const std::pair<const char*, const char*> bad[] = {{"stability", "2"}, {"speed", "1.3"},           {"auto_mode", "False"},
                                                       {"socket", "two"},  {"use_speaker_boost", "1"}, {"emotion", "sad"}};
    for (const auto& [option, value] : bad) {
        e = endpoint();
        e.options[option] = value;
        EXPECT_NE(check_speech(e), "") << option;
    }
}

TEST(ElevenLabsSpeechCodec, OneContextOneText) {
    auto e = endpoint();
    e.options = {{"stability", "0.5"}, {"use_speaker_boost", "true"}};
    const auto messages = context_messages(e, "t7", "Say \"hi\".");
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(json::parse(messages[0]), json({{"text", " "}, {"context_id", "t7"}, {"voice_settings", {{"stability", 0.5}, {"use_speaker_boost", true}}}}));
    EXPECT_EQ(json::parse(messages[1]), json({{"text", "Say \"hi\". "}, {"context_id", "t7"}, {"flush", true}}));
    EXPECT_EQ(json::parse(messages[2]), json({{"context_id", "t7"}, {"close_context", true}}));
    EXPECT_EQ(json::parse(single_init(endpoint())), json({{"text", " "}}));
    EXPECT_EQ(single_messages("Hi. "), (std::vector<std::string>{R"({"flush":true,"text":"Hi. "})", R"({"text":""})"}));
}

TEST(ElevenLabsSpeechCodec, MarkupIsNotObeyed) {
    auto e = endpoint();
    EXPECT_EQ(escape_speech(e, "a <break time=\"9s\"/> & [b]\n"), "a  break time=\"9s\"/  & [b] ");
    EXPECT_EQ(escape_speech("a<b>"), "a b ");
    e.model = "eleven_v3";
    EXPECT_EQ(escape_speech(e, "[laughs]<x>"), " laughs  x ");
    e.model.clear();
    e.options["enable_ssml_parsing"] = "true";
    EXPECT_EQ(escape_speech(e, "a < b & c > d"), "a &lt; b &amp; c &gt; d");
}

TEST(ElevenLabsSpeechCodec, ReadsAudioAndTimes) {
    SpeechDecoder decoder;
    const auto& m = decoder.decode(
        R"({"audio":"AQID/w==","contextId":"t1","isFinal":null,"alignment":{"chars":["Ä","h"," "],"charStartTimesMs":[0,60,120],"charDurationsMs":[60,60,70]},)"
        R"("normalizedAlignment":{"chars":["x"],"charStartTimesMs":[0],"charDurationsMs":[1]}})");
    EXPECT_FALSE(m.malformed);
    EXPECT_EQ(m.context, "t1");
    EXPECT_EQ(text_of(m.audio), "\x01\x02\x03\xFF");
    EXPECT_FALSE(m.is_final);
    ASSERT_EQ(m.characters.size(), 3U);
    EXPECT_EQ(m.characters[0].utf8, "Ä");
    EXPECT_EQ(m.characters[2].start_ms, 120);
    EXPECT_EQ(m.characters[2].duration_ms, 70);
}

struct MessageCase {
    const char* name;
    std::string_view text;
    bool malformed;
    std::string_view context, audio;
    bool final;
    std::size_t characters;
};

TEST(ElevenLabsSpeechCodec, ReadsWhatComes) {
    const MessageCase cases[] = {
        {"final", R"({"isFinal":true,"contextId":"t1"})", false, "t1", "", true, 0},
        {"snake", R"({"is_final":true,"context_id":"t1","audio":null})", false, "t1", "", true, 0},
        {"last audio", R"({"audio":"YWI=","isFinal":true})", false, "", "ab", true, 0},
        {"empty audio", R"({"audio":"","contextId":"t1"})", false, "t1", "", false, 0},
        {"escaped slash", R"({"audio":"\/\/79","contextId":"t1"})", false, "t1", "\xFF\xFE\xFD", false, 0},
        {"other spelling", R"({"audio":"YWI=","alignment":{"chars":["a"],"charStartTimesMs":[0],"charsDurationsMs":[9]}})", false, "", "ab", false, 1},
        {"normalized only", R"({"alignment":null,"normalizedAlignment":{"chars":["a"],"charStartTimesMs":[0],"charDurationsMs":[9]}})", false, "", "", false,
         1},
        {"times missing", R"({"audio":"YWI=","alignment":{"chars":["a","b"],"charStartTimesMs":[0]}})", false, "", "ab", false, 0},
        {"times no list", R"({"audio":"YWI=","alignment":{"chars":"ab","charStartTimesMs":[0],"charDurationsMs":[1]}})", false, "", "ab", false, 0},
        {"unknown", R"({"novelty":{"a":[1,{"b":null}]}})", false, "", "", false, 0},
        {"types", R"({"audio":null,"contextId":7,"isFinal":"true"})", false, "", "", false, 0},
        {"audio number", R"({"audio":7})", true, "", "", false, 0},
        {"no base64", R"({"audio":"a b="})", true, "", "", false, 0},
        {"cut base64", R"({"audio":"YWI"})", true, "", "", false, 0},
        {"escaped n", R"({"audio":"\nWI="})", true, "", "", false, 0},
        {"list", R"(["audio"])", true, "", "", false, 0},
        {"cut", R"({"audio":"YWI=","contextId":"t1")", true, "", "", false, 0},
        {"cut string", R"({"audio":"YWI=)", true, "", "", false, 0},
        {"two", R"({"audio":"YWI="}{"audio":"YWI="})", true, "", "", false, 0},
        {"nothing", "", true, "", "", false, 0},
    };
    SpeechDecoder decoder;
    for (const auto& c : cases) {
        const auto& m = decoder.decode(c.text);
        EXPECT_EQ(m.malformed, c.malformed) << c.name;
        EXPECT_EQ(m.context, c.context) << c.name;
        EXPECT_EQ(text_of(m.audio), c.audio) << c.name;
        EXPECT_EQ(m.is_final, c.final) << c.name;
        EXPECT_EQ(m.characters.size(), c.characters) << c.name;
    }
}

TEST(ElevenLabsSpeechCodec, EveryLengthOfAudioIsDecodedInPlace) {
    SpeechDecoder decoder;
    for (std::size_t size = 0; size < 700; ++size) {
        std::vector<std::uint8_t> bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + size);
        std::string base64(audio::base64_encoded_size(size), '\0');
        (void)audio::base64_encode(bytes, base64);
        const auto& m = decoder.decode(R"({"audio":")" + base64 + R"(","contextId":"t1"})");
        ASSERT_FALSE(m.malformed) << size;
        ASSERT_EQ(text_of(m.audio), text_of(bytes)) << size;
        ASSERT_EQ(m.context, "t1") << size;
    }
}

TEST(ElevenLabsSpeechCodec, ErrorsInOurVocabulary) {
    const std::pair<const char*, FailureKind> cases[] = {
        {"quota_exceeded", FailureKind::quota},
        {"invalid_api_key", FailureKind::auth},
        {"authentication_required", FailureKind::auth},
        {"too_many_concurrent_requests", FailureKind::rate_limited},
        {"system_busy", FailureKind::rate_limited},
        {"input_timeout_exceeded", FailureKind::session_limit},
        {"voice_id_does_not_exist", FailureKind::refused},
        {"max_active_conversations", FailureKind::refused},
        {"unsupported_language", FailureKind::refused},
        {"internal_error", FailureKind::server},
    };
    SpeechDecoder decoder;
    for (const auto& [code, kind] : cases) {
        const auto& m = decoder.decode(std::string(R"({"message":"No.","error":")") + code + R"(","code":1008})");
        ASSERT_TRUE(m.error) << code;
        EXPECT_EQ(m.error->kind, kind) << code;
        EXPECT_EQ(m.error->reason, std::string(code) + ": No.");
    }
    EXPECT_EQ(speech_lost(from_close(1008, "Have not received a new text input within the timeout of 20 seconds.")).kind, FailureKind::session_limit);
    EXPECT_EQ(speech_lost(from_close(1008, "quota_exceeded")).kind, FailureKind::quota);
    EXPECT_EQ(speech_lost(from_close(1011, "")).kind, FailureKind::server);
}

}  // namespace
}  // namespace parley::vendors::elevenlabs
