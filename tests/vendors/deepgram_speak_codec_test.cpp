#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parley/vendors/deepgram/speak.hpp"

namespace parley::vendors::deepgram {
namespace {

using nlohmann::json;

Endpoint endpoint() {
    Endpoint e;
    e.key = Secret("k");
    return e;
}

TEST(DeepgramSpeakCodec, AsksForHeaderlessMulaw) {
    auto e = endpoint();
    EXPECT_EQ(speak_url(e), "wss://api.deepgram.com/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000");
    EXPECT_EQ(speak_rest_url(e), "https://api.deepgram.com/v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000&container=none");
    e.base_url = "http://127.0.0.1:9/x";
    e.voice = "aura-2-orion-en";
    e.options = {{"speed", "1.2"}, {"mip_opt_out", "true"}};
    EXPECT_EQ(speak_url(e), "ws://127.0.0.1:9/x/v1/speak?model=aura-2-orion-en&encoding=mulaw&sample_rate=8000&speed=1.2&mip_opt_out=true");
    e.model = "a b";
    EXPECT_NE(speak_url(e).find("model=a%20b&"), std::string::npos);
    EXPECT_EQ(speak_headers(e).get("authorization"), "Token k");
}

TEST(DeepgramSpeakCodec, Checks) {
    EXPECT_EQ(check_speak(endpoint()), "");
    EXPECT_NE(check_speak(Endpoint{}), "");
    const std::pair<const char*, const char*> bad[] = {{"speed", "3"}, {"speed", "x"}, {"mip_opt_out", "yes"}, {"transport", "x"}, {"pitch", "1"}};
    for (const auto& [option, value] : bad) {
        auto e = endpoint();
        e.options[option] = value;
        EXPECT_NE(check_speak(e), "") << option;
    }
    auto e = endpoint();
    e.model = "flux-alexis-en";
    EXPECT_NE(check_speak(e), "");
    e = endpoint();
    e.base_url = "ftp://x";
    EXPECT_NE(check_speak(e), "");
}

TEST(DeepgramSpeakCodec, SpeaksAndFlushes) {
    EXPECT_EQ(speak_messages("Say \"hi\""), (std::vector<std::string>{R"({"text":"Say \"hi\"","type":"Speak"})", R"({"type":"Flush"})"}));
    EXPECT_EQ(escape_speak("a\tb\x01"
                           "c\n<b>"),
              "a b c <b>");
    for (const auto& message : speak_messages("broken \xC3")) EXPECT_TRUE(json::accept(message));
}

TEST(DeepgramSpeakCodec, LongTextsAreCutBetweenWordsAndLoseNothing) {
    for (const std::string_view word : {"word ", "wörter ", "x"}) {
        for (const std::size_t repeat : {1U, 285U, 400U, 1999U, 2000U, 2001U, 7000U}) {
            std::string text, joined;
            for (std::size_t i = 0; i < repeat; ++i) text += word;
            const auto messages = speak_messages(text);
            for (std::size_t i = 0; i + 1 < messages.size(); ++i) {
                const auto piece = json::parse(messages[i])["text"].get<std::string>();
                const auto points = std::ranges::count_if(piece, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
                EXPECT_LE(static_cast<std::size_t>(points), kMostSpeakCharacters);
                joined += piece;
            }
            EXPECT_EQ(joined, text);
        }
    }
}

struct EventCase {
    std::string_view text;
    SpeakEvent want;
};

TEST(DeepgramSpeakCodec, ReadsEvents) {
    const EventCase cases[] = {
        {R"({"type":"Metadata","request_id":"r-1","model_name":"aura-2-thalia-en","additional_model_uuids":[]})", SpeakMetadata{"r-1"}},
        {R"({"type":"Flushed","sequence_id":0})", SpeakFlushed{}},
        {R"({"type":"Cleared","sequence_id":1})", SpeakCleared{}},
        {R"({"type":"Warning","code":"X","description":"d"})", SpeakWarning{"X", "d"}},
        {R"({"type":"Warning","code":7})", SpeakWarning{}},
        {R"({"type":"Novelty"})", SpeakOther{}},
        {R"({"type":7})", SpeakMalformed{}},
        {R"({"typ":"Flushed"})", SpeakMalformed{}},
        {R"([{"type":"Flushed"}])", SpeakMalformed{}},
        {R"({"type":"Flushed")", SpeakMalformed{}},
        {"", SpeakMalformed{}},
    };
    for (const auto& c : cases) EXPECT_EQ(parse_speak(c.text).index(), c.want.index()) << c.text;
    EXPECT_EQ(std::get<SpeakMetadata>(parse_speak(cases[0].text)).request_id, "r-1");
    EXPECT_EQ(std::get<SpeakWarning>(parse_speak(cases[3].text)).description, "d");
    EXPECT_TRUE(speak_warning_is_limit({"", "Too many Flush messages"}));
    EXPECT_FALSE(speak_warning_is_limit({"NOTE", "this voice is old"}));
}

TEST(DeepgramSpeakCodec, AnIdleSocketIsNotTheVendorsFault) {
    EXPECT_EQ(speak_lost(from_close(1011, "NET-0001 no client message in time")).kind, FailureKind::session_limit);
    EXPECT_EQ(speak_lost(from_close(1011, "NET-0003")).kind, FailureKind::session_limit);
    EXPECT_EQ(speak_lost(from_close(1011, "NET-0000")).kind, FailureKind::server);
    EXPECT_EQ(speak_lost(from_close(1008, "DATA-0001")).kind, FailureKind::rate_limited);
    EXPECT_EQ(speak_lost(from_close(1009, "BIG-0001")).kind, FailureKind::refused);
    EXPECT_EQ(speak_lost(from_close(1008, "DATA-0000")).kind, FailureKind::refused);
}

TEST(DeepgramSpeakCodec, RestReplyMustBeWhatWasAskedFor) {
    EXPECT_EQ(speak_rest_wrong_type("audio/mulaw;rate=8000"), "");
    EXPECT_EQ(speak_rest_wrong_type("audio/mulaw; rate=8000"), "");
    EXPECT_EQ(speak_rest_wrong_type(""), "");
    EXPECT_NE(speak_rest_wrong_type("audio/mulaw;rate=16000"), "");
    EXPECT_NE(speak_rest_wrong_type("audio/wav"), "");
    EXPECT_NE(speak_rest_wrong_type("application/json"), "");
    EXPECT_EQ(speak_rest_body("a\"b"), R"({"text":"a\"b"})");
}

}  // namespace
}  // namespace parley::vendors::deepgram
