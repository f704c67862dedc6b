#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/openai/speech.hpp"

namespace parley::vendors::openai {
namespace {

using nlohmann::json;

Endpoint endpoint() {
    Endpoint e;
    e.key = Secret("k");
    return e;
}

TEST(OpenAiSpeechCodec, AsksForHeaderlessPcm) {
    auto e = endpoint();
    EXPECT_EQ(speech_url(e), "https://api.openai.com/v1/audio/speech");
    EXPECT_EQ(json::parse(speech_body(e, "a\"b")), json({{"model", "gpt-4o-mini-tts"}, {"input", "a\"b"}, {"voice", "marin"}, {"response_format", "pcm"}}));
    EXPECT_EQ(speech_headers(e).get("authorization"), "Bearer k");
    EXPECT_EQ(speech_headers(e).get("content-type"), "application/json");
    e.base_url = "http://127.0.0.1:9/v1";
    e.model = "tts-1";
    e.voice = "alloy";
    e.options = {{"speed", "1.5"}, {"instructions", "Calm."}};
    EXPECT_EQ(speech_url(e), "http://127.0.0.1:9/v1/audio/speech");
    for (const char* base : {"http://127.0.0.1:9", "http://127.0.0.1:9/"}) {
        e.base_url = base;
        EXPECT_EQ(speech_url(e), "http://127.0.0.1:9/v1/audio/speech") << base;
    }
    e.base_url = "https://host/openai/v1";
    EXPECT_EQ(speech_url(e), "https://host/openai/v1/audio/speech");
    EXPECT_EQ(json::parse(speech_body(e, "x")),
              json({{"model", "tts-1"}, {"input", "x"}, {"voice", "alloy"}, {"response_format", "pcm"}, {"speed", 1.5}, {"instructions", "Calm."}}));
    EXPECT_TRUE(json::accept(speech_body(e, "broken \xC3")));
    EXPECT_EQ(escape_speech("a\x02\n<b>"), "a  <b>");
}

TEST(OpenAiSpeechCodec, Checks) {
    EXPECT_EQ(check_speech(endpoint()), "");
    EXPECT_NE(check_speech(Endpoint{}), "");
    for (const auto& [option, value] : {std::pair("speed", "5"), std::pair("speed", "fast"), std::pair("stability", "1")}) {
        auto e = endpoint();
        e.options[option] = value;
        EXPECT_NE(check_speech(e), "") << option;
    }
}

TEST(OpenAiSpeechCodec, ReplyMustBePcm) {
    for (const char* type : {"", "audio/pcm", "audio/pcm; rate=24000", "application/octet-stream"}) EXPECT_EQ(speech_wrong_type(type), "") << type;
    for (const char* type : {"audio/wav", "audio/mpeg", "application/json", "text/html"}) EXPECT_NE(speech_wrong_type(type), "") << type;
}

}  // namespace
}  // namespace parley::vendors::openai
