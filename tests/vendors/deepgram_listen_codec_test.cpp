#include <gtest/gtest.h>

#include "parley/vendors/deepgram/listen.hpp"
#include "stt_words.hpp"

namespace parley::vendors::deepgram {
namespace {

TEST(DeepgramListen, AsksInTheQuery) {
    auto endpoint = with_key();
    EXPECT_EQ(ListenProtocol(endpoint).shape().url,
              "wss://api.deepgram.com/v1/"
              "listen?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&endpointing=300"
              "&utterance_end_ms=1000&vad_events=true&punctuate=true");
    EXPECT_EQ(ListenProtocol(endpoint).shape().headers.get("Authorization"), "Token key-1");
    endpoint.base_url = "http://127.0.0.1:9";
    endpoint.language = "en-GB";
    endpoint.options = {{"keyterms", "half past, Dr Miller ,"}, {"endpointing", "false"}, {"smart_format", "true"}, {"chunk_ms", "60"}};
    const auto shape = ListenProtocol(endpoint).shape();
    EXPECT_EQ(shape.url,
              "ws://127.0.0.1:9/v1/"
              "listen?model=nova-3&language=en-GB&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true"
              "&endpointing=false&utterance_end_ms=1000&vad_events=true&punctuate=true&smart_format=true&keyterm=half%"
              "20past&keyterm=Dr%20Miller");
    EXPECT_EQ(shape.chunk_bytes, 480U);
    EXPECT_EQ(shape.keep_alive, R"({"type":"KeepAlive"})");
    EXPECT_EQ(shape.goodbye, R"({"type":"CloseStream"})");
}

TEST(DeepgramListen, MulawGoesAsItIs) {
    ListenProtocol protocol(with_key());
    const std::uint8_t bytes[] = {0, 0xFF, 0x7F};
    SttProtocol::Outgoing message;
    protocol.audio(bytes, message);
    EXPECT_TRUE(message.binary);
    EXPECT_EQ(message.bytes, std::string("\0\xFF\x7F", 3));
}

TEST(DeepgramListen, ATurnOfSeveralPieces) {
    ListenProtocol protocol(with_key());
    const Step steps[] = {
        {R"({"type":"SpeechStarted","channel":[0,1],"timestamp":3.1})", "started"},
        {R"({"type":"Results","is_final":false,"channel":{"alternatives":[{"transcript":"do you","confidence":0.5}]}})", "interim(do you)"},
        {R"({"type":"Results","is_final":true,"speech_final":false,"channel":{"alternatives":[{"transcript":"do you have","confidence":0.98}]}})",
         "piece(do you have 0.98)"},
        {R"({"type":"Results","is_final":false,"channel":{"alternatives":[{"transcript":"tues","confidence":0.4}]}})", "interim(tues)"},
        {R"({"type":"Results","is_final":true,"speech_final":true,"channel":{"alternatives":[{"transcript":"tuesday","confidence":0.9}]}})",
         "piece(tuesday 0.90); end 0.90"},
        {R"({"type":"UtteranceEnd","channel":[0,1],"last_word_end":4.9})", ""},  // the turn is over already
        {R"({"type":"Results","is_final":false,"channel":{"alternatives":[{"transcript":"","confidence":0}]}})", ""},
        {R"({"type":"Results","is_final":true,"speech_final":true,"channel":{"alternatives":[{"transcript":"","confidence":0}]}})", ""},  // silence
        {R"({"type":"Results","is_final":true,"speech_final":false,"channel":{"alternatives":[{"transcript":"yes","confidence":0.7}]}})", "piece(yes 0.70)"},
        {R"({"type":"UtteranceEnd","channel":[0,1],"last_word_end":6})", "end 0.70"},  // noise kept speech_final from coming
        {R"({"type":"Metadata","request_id":"x","duration":42.1})", ""},
        {R"({"type":"SomethingNew"})", ""},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
}

TEST(DeepgramListen, AGuessThatComesToNothingIsTakenBack) {
    ListenProtocol protocol(with_key());
    EXPECT_EQ(read(protocol, R"({"type":"Results","is_final":false,"channel":{"alternatives":[{"transcript":"uh","confidence":0.5}]}})"), "interim(uh)");
    EXPECT_EQ(read(protocol, R"({"type":"Results","is_final":true,"channel":{"alternatives":[{"transcript":"","confidence":0}]}})"), "interim()");
    EXPECT_EQ(read(protocol, R"({"type":"Results","is_final":true,"channel":{"alternatives":[{"transcript":"","confidence":0}]}})"), "");
}

TEST(DeepgramListen, FinalizeIsAnsweredOnceAndOnlyWhenAsked) {
    constexpr const char* kAnswer =
        R"({"type":"Results","is_final":true,"from_finalize":true,"channel":{"alternatives":[{"transcript":"tuesday","confidence":0.9}]}})";
    ListenProtocol protocol(with_key());
    EXPECT_EQ(read(protocol, kAnswer), "piece(tuesday 0.90)");
    EXPECT_EQ(finalize_text(protocol), R"({"type":"Finalize"})");
    EXPECT_EQ(read(protocol, kAnswer), "piece(tuesday 0.90); finalized");
    EXPECT_EQ(read(protocol, kAnswer), "piece(tuesday 0.90)");
    (void)finalize_text(protocol);
    SttProtocol::News news;
    protocol.finalize_unanswered(news);
    EXPECT_EQ(read(protocol, kAnswer), "piece(tuesday 0.90)");
}

TEST(DeepgramListen, ARangeIsSettledOnce) {
    ListenProtocol protocol(with_key());
    constexpr const char* kRange =
        R"({"type":"Results","is_final":true,"start":1.0,"duration":0.5,"channel":{"alternatives":[{"transcript":"yes","confidence":0.9}]}})";
    EXPECT_EQ(read(protocol, kRange), "piece(yes 0.90)");
    EXPECT_EQ(read(protocol, kRange), "");
    EXPECT_EQ(
        read(protocol, R"({"type":"Results","is_final":true,"start":1.5,"duration":0.5,"channel":{"alternatives":[{"transcript":"no","confidence":0.9}]}})"),
        "piece(no 0.90)");
}

TEST(DeepgramListen, MalformedIsSaidAndBounded) {
    for (const char* text : {"", "{", "[]", "7", R"({"type":7})", R"({"type":"Results"})", R"({"type":"Results","channel":7})",
                             R"({"type":"Results","channel":{"alternatives":[{"transcript":7}]}})"}) {
        ListenProtocol protocol(with_key());
        EXPECT_EQ(read(protocol, text), "failed protocol") << text;
    }
    ListenProtocol protocol(with_key());
    EXPECT_EQ(read(protocol, R"({"type":"Results","is_final":true,"channel":{"alternatives":[]}})"), "");
    EXPECT_EQ(read(protocol, R"({"type":"Error","description":"down","variant":"X"})"), "failed server");
    const std::string giant =
        R"({"type":"Results","is_final":true,"channel":{"alternatives":[{"transcript":"a\u0007b)" + std::string(100000, 'x') + R"(","confidence":1e300}]}})";
    SttProtocol::News news;
    SttProtocol::Out out;
    protocol.read(giant, news, out);
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].text.size(), SttNews::kTranscriptBytes);
    EXPECT_TRUE(news[0].text.starts_with("a bx"));
    EXPECT_EQ(news[0].confidence, 1);
}

TEST(DeepgramListen, SaysWhatIsWrongWithAnEndpoint) {
    EXPECT_EQ(check_listen(with_key()), "");
    EXPECT_EQ(check_listen(Endpoint{}), "it has no key");
    const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
        {{"speed", "1"}, "it has no setting 'speed'"},
        {{"utterance_end_ms", "999"}, "its setting utterance_end_ms is '999' but must be a whole number from 1000 to 60000"},
        {{"utterance_end_ms", "1000"}, ""},
        {{"vad_events", "True"}, "its setting vad_events is 'True' but must be true or false"},
        {{"endpointing", "no"}, "its setting endpointing is 'no' but must be false or a whole number from 10 to 10000"},
        {{"endpointing", "false"}, ""},
        {{"keywords", "x:2"}, "its setting keywords needs a model older than nova-3, which has keyterms"},
    };
    for (const auto& [option, said] : cases) {
        auto endpoint = with_key();
        endpoint.options.emplace(option.first, option.second);
        EXPECT_EQ(check_listen(endpoint), said);
    }
    auto endpoint = with_key();
    endpoint.model = "flux-general-en";
    EXPECT_EQ(check_listen(endpoint), "its model 'flux-general-en' is one of /v2/listen");
    endpoint = with_key();
    endpoint.base_url = "ftp://x";
    EXPECT_EQ(check_listen(endpoint), "its base_url 'ftp://x' is not a URL of scheme https, http, wss or ws");
    endpoint = with_key();
    endpoint.key = Secret("a\r\nb");
    EXPECT_EQ(check_listen(endpoint), "its key holds a character that no key has");
}

}  // namespace
}  // namespace parley::vendors::deepgram
