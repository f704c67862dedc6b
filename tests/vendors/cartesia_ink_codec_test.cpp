#include <gtest/gtest.h>

#include "parley/vendors/cartesia/ink.hpp"
#include "stt_words.hpp"

namespace parley::vendors::cartesia {
namespace {

Endpoint manual() {
    auto endpoint = with_key();
    endpoint.options = {{"turns", "false"}};
    return endpoint;
}

TEST(CartesiaInk, AsksInTheQuery) {
    auto endpoint = with_key();
    endpoint.options = {{"keyterms", "half past,noon"}, {"turn_end_threshold", "0.25"}};
    const auto turns = InkProtocol(endpoint).shape();
    EXPECT_EQ(turns.url,
              "wss://api.cartesia.ai/stt/turns/"
              "websocket?model=ink-2&encoding=pcm_mulaw&sample_rate=8000&keyterm=half%20past&keyterm=noon"
              "&turn_end_threshold=0.25");
    EXPECT_EQ(turns.headers.get("Authorization"), "Bearer key-1");
    EXPECT_EQ(turns.headers.get("Cartesia-Version"), "2026-03-01");
    EXPECT_EQ(turns.goodbye, R"({"type":"close"})");
    EXPECT_FALSE(turns.accepted_by_upgrade);
    endpoint = manual();
    endpoint.language = "en-US";
    const auto by_hand = InkProtocol(endpoint).shape();
    EXPECT_EQ(by_hand.url, "wss://api.cartesia.ai/stt/websocket?model=ink-2&language=en&encoding=pcm_mulaw&sample_rate=8000");
    EXPECT_EQ(by_hand.goodbye, "close");
    EXPECT_TRUE(by_hand.accepted_by_upgrade);
}

TEST(CartesiaInk, ATurnWithAFalseEnd) {
    InkProtocol protocol(with_key());
    const Step steps[] = {
        {R"({"type":"connected","request_id":"r1"})", "opened r1"},
        {R"({"type":"turn.start","request_id":"r1"})", "started"},
        {R"({"type":"turn.update","transcript":"Do you"})", "interim(Do you)"},
        {R"({"type":"turn.eager_end","transcript":"Do you have"})", "interim(Do you have); eager 1.00"},
        {R"({"type":"turn.resume"})", "resumed"},
        {R"({"type":"turn.update","transcript":"Do you have Tuesday"})", "interim(Do you have Tuesday)"},
        {R"({"type":"turn.end","transcript":"Do you have Tuesday?"})", "piece(Do you have Tuesday? 1.00); end 1.00"},
        {R"({"type":"turn.end","transcript":"Do you have Tuesday?"})", ""},
        {R"({"type":"turn.something"})", ""},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
}

TEST(CartesiaInk, AFinalizeSettlesWhatIsThereAndTheEndGivesTheRest) {
    InkProtocol protocol(with_key());
    (void)read(protocol, R"({"type":"turn.start"})");
    (void)read(protocol, R"({"type":"turn.update","transcript":"Do you have"})");
    EXPECT_EQ(finalize_text(protocol), "");  // nothing can be said about it
    SttProtocol::News news;
    protocol.finalize_unanswered(news);
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(words(news[0]), "piece(Do you have 1.00)");
    EXPECT_EQ(read(protocol, R"({"type":"turn.update","transcript":"Do you have, Tuesday"})"), "interim(Tuesday)");
    EXPECT_EQ(read(protocol, R"({"type":"turn.end","transcript":"Do you have, Tuesday?"})"), "piece(Tuesday? 1.00); end 1.00");
    // The next turn starts afresh; an end that comes in time is the answer.
    (void)read(protocol, R"({"type":"turn.start"})");
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, R"({"type":"turn.end","transcript":"Yes."})"), "piece(Yes. 1.00); end 1.00; finalized");
    // Nothing new behind what was settled: no piece twice.
    (void)read(protocol, R"({"type":"turn.start"})");
    (void)read(protocol, R"({"type":"turn.update","transcript":"No"})");
    (void)finalize_text(protocol);
    news.clear();
    protocol.finalize_unanswered(news);
    EXPECT_EQ(read(protocol, R"({"type":"turn.end","transcript":"No."})"), "end 1.00");
}

TEST(CartesiaInk, FinalsByHandAreJoinedWithTheirOwnSpaces) {
    InkProtocol protocol(manual());
    const Step steps[] = {
        {R"({"type":"transcript","is_final":false,"text":"Do you"})", "started; interim(Do you)"},
        {R"({"type":"transcript","is_final":true,"text":"Do you have Tues"})", "piece(Do you have 1.00); interim(Tues)"},
        {R"({"type":"transcript","is_final":false,"text":"day at"})", "interim(Tuesday at)"},
        {R"({"type":"transcript","is_final":true,"text":"day at noon?"})", "piece(Tuesday at 1.00); interim(noon?)"},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
    EXPECT_EQ(finalize_text(protocol), "finalize");
    EXPECT_EQ(read(protocol, R"({"type":"flush_done"})"), "piece(noon? 1.00); finalized");
    EXPECT_EQ(read(protocol, R"({"type":"done"})"), "");
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, R"({"type":"flush_done"})"), "finalized");
}

TEST(CartesiaInk, AWordWithoutEndIsBounded) {
    InkProtocol protocol(manual());
    std::size_t pieces = 0;
    const std::string message = R"({"type":"transcript","is_final":true,"text":")" + std::string(3000, 'x') + "\"}";
    for (int i = 0; i < 10; ++i) {
        SttProtocol::News news;
        SttProtocol::Out out;
        protocol.read(message, news, out);
        for (const auto& item : news) {
            EXPECT_LE(item.text.size(), SttNews::kTranscriptBytes);
            pieces += item.what == SttNews::What::piece ? 1U : 0U;
        }
    }
    EXPECT_EQ(pieces, 5U);
}

TEST(CartesiaInk, ErrorsAndNonsense) {
    const Step steps[] = {
        {R"({"type":"error","title":"Unauthorized","message":"no","status_code":401,"error_code":"x"})", "failed auth"},
        {R"({"type":"error","title":"Too many","message":"no","status_code":429})", "failed rate_limited"},
        {R"({"type":"error","title":"No credits","message":"no","status_code":402})", "failed quota"},
        {R"({"type":"error","title":"Bad","message":"no","status_code":400})", "failed refused"},
        {R"({"type":"error","error":"old shape"})", "failed server"},
        {R"({"type":"turn.update","transcript":7})", "failed protocol"},
        {"7", "failed protocol"},
    };
    for (const auto& step : steps) {
        InkProtocol protocol(with_key());
        EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
    }
}

TEST(CartesiaInk, SaysWhatIsWrongWithAnEndpoint) {
    EXPECT_EQ(check_ink(with_key()), "");
    EXPECT_EQ(check_ink(manual()), "");
    auto endpoint = manual();
    endpoint.options.emplace("turn_end_threshold", "0.3");
    EXPECT_EQ(check_ink(endpoint), "its setting turn_end_threshold needs turns");
    endpoint = with_key();
    endpoint.options = {{"turn_end_threshold", "0.45"}};
    EXPECT_EQ(check_ink(endpoint), "its settings turn_start_threshold, turn_eager_end_threshold and turn_end_threshold must fall in this order");
    endpoint.options = {{"version", "newest"}};
    EXPECT_EQ(check_ink(endpoint), "its setting version is 'newest' but must be a date as 2026-03-01");
    endpoint.options = {{"turns", "true"}};
    endpoint.model = "ink-whisper";
    EXPECT_EQ(check_ink(endpoint), "its model ink-whisper knows no turns");
}

}  // namespace
}  // namespace parley::vendors::cartesia
