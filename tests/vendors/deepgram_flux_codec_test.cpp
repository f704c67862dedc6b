#include <gtest/gtest.h>

#include "parley/vendors/deepgram/flux.hpp"
#include "stt_words.hpp"

namespace parley::vendors::deepgram {
namespace {

TEST(DeepgramFlux, AsksInTheQuery) {
    auto endpoint = with_key();
    EXPECT_EQ(FluxProtocol(endpoint).shape().url, "wss://api.deepgram.com/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000");
    endpoint.options = {{"eager_eot_threshold", "0.5"}, {"eot_threshold", "0.8"}, {"keyterms", "half past,noon"}};
    const auto shape = FluxProtocol(endpoint).shape();
    EXPECT_EQ(shape.url,
              "wss://api.deepgram.com/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000&eot_threshold=0.8"
              "&eager_eot_threshold=0.5&keyterm=half%20past&keyterm=noon");
    EXPECT_EQ(shape.chunk_bytes, 640U);
    EXPECT_FALSE(shape.accepted_by_upgrade);
    EXPECT_TRUE(shape.keep_alive.empty());
}

TEST(DeepgramFlux, ATurnWithAFalseEnd) {
    FluxProtocol protocol(with_key());
    const Step steps[] = {
        {R"({"type":"Connected","request_id":"r1","sequence_id":0})", "opened r1"},
        {R"({"type":"TurnInfo","event":"Update","transcript":"","turn_index":0})", ""},
        {R"({"type":"TurnInfo","event":"StartOfTurn","transcript":"Do you","turn_index":0})", "started; interim(Do you)"},
        {R"({"type":"TurnInfo","event":"Update","transcript":"Do you","turn_index":0})", ""},
        {R"({"type":"TurnInfo","event":"EagerEndOfTurn","transcript":"Do you have","end_of_turn_confidence":0.55})", "interim(Do you have); eager 0.55"},
        {R"({"type":"TurnInfo","event":"TurnResumed","transcript":"Do you have"})", "resumed"},
        {R"({"type":"TurnInfo","event":"Update","transcript":"Do you have Tuesday"})", "interim(Do you have Tuesday)"},
        {R"({"type":"TurnInfo","event":"EndOfTurn","transcript":"Do you have Tuesday?","end_of_turn_confidence":0.86,"trigger":"model",
            "words":[{"word":"Do","confidence":0.9},{"word":"you","confidence":0.7}]})",
         "piece(Do you have Tuesday? 0.80); end 0.86"},
        {R"({"type":"TurnInfo","event":"SomethingNew","transcript":""})", ""},
    };
    for (const auto& step : steps) EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
}

TEST(DeepgramFlux, ATurnIsOverOnce) {
    FluxProtocol protocol(with_key());
    EXPECT_EQ(read(protocol, R"({"type":"TurnInfo","event":"EndOfTurn","transcript":"Yes.","turn_index":0})"), "piece(Yes. 1.00); end 1.00");
    EXPECT_EQ(read(protocol, R"({"type":"TurnInfo","event":"EndOfTurn","transcript":"Yes.","turn_index":0})"), "");
    EXPECT_EQ(read(protocol, R"({"type":"TurnInfo","event":"StartOfTurn","transcript":"No","turn_index":1})"), "started; interim(No)");
}

TEST(DeepgramFlux, FinalizeEndsTheTurn) {
    FluxProtocol protocol(with_key());
    EXPECT_EQ(finalize_text(protocol), R"({"type":"ForceEndTurn"})");
    EXPECT_EQ(read(protocol, R"({"type":"TurnInfo","event":"EndOfTurn","transcript":"Yes.","trigger":"manual"})"), "piece(Yes. 1.00); end 1.00; finalized");
    (void)finalize_text(protocol);
    EXPECT_EQ(read(protocol, R"({"type":"TurnInfo","event":"EndOfTurn","transcript":"","trigger":"manual"})"), "finalized");
}

TEST(DeepgramFlux, HintsGoOneAtATimeAndTheNewestWins) {
    FluxProtocol protocol(with_key());
    SttProtocol::Out out;
    protocol.hint("half past, noon", out);
    protocol.hint("never sent", out);
    protocol.hint("tuesday", out);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].bytes, R"({"keyterms":["half past","noon"],"type":"Configure"})");
    SttProtocol::Out answers;
    EXPECT_EQ(read(protocol, R"({"type":"ConfigureSuccess"})", &answers), "");
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].bytes, R"({"keyterms":["tuesday"],"type":"Configure"})");
    EXPECT_EQ(read(protocol, R"({"type":"ConfigureFailure"})", &answers), "");
    EXPECT_TRUE(answers.empty());
}

TEST(DeepgramFlux, ErrorsAndNonsense) {
    const Step steps[] = {
        {R"({"type":"Error","sequence_id":3,"code":"INTERNAL_SERVER_ERROR","description":"x"})", "failed server"},
        {R"({"type":"Error","code":"UNPARSABLE_CLIENT_MESSAGE"})", "failed refused"},
        {R"({"type":"TurnInfo","event":7,"transcript":""})", "failed protocol"},
        {R"({"type":"TurnInfo","event":"Update","transcript":[]})", "failed protocol"},
        {"nonsense", "failed protocol"},
    };
    for (const auto& step : steps) {
        FluxProtocol protocol(with_key());
        EXPECT_EQ(read(protocol, step.message), step.understood) << step.message;
    }
}

TEST(DeepgramFlux, SaysWhatIsWrongWithAnEndpoint) {
    EXPECT_EQ(check_flux(with_key()), "");
    auto endpoint = with_key();
    endpoint.options = {{"eager_eot_threshold", "0.8"}};
    EXPECT_EQ(check_flux(endpoint), "its setting eager_eot_threshold must not be above eot_threshold");
    endpoint.options = {{"eot_threshold", "0.4"}};
    EXPECT_EQ(check_flux(endpoint), "its setting eot_threshold is '0.4' but must be a number from 0.5 to 1");
    endpoint.options = {{"endpointing", "300"}};
    EXPECT_EQ(check_flux(endpoint), "it has no setting 'endpointing'");
    endpoint.options.clear();
    endpoint.language = "de";
    EXPECT_EQ(check_flux(endpoint), "its language 'de' needs the model flux-general-multi");
    endpoint.model = "flux-general-multi";
    EXPECT_EQ(check_flux(endpoint), "");
    EXPECT_EQ(FluxProtocol(endpoint).shape().url, "wss://api.deepgram.com/v2/listen?model=flux-general-multi&encoding=mulaw&sample_rate=8000&language_hint=de");
    endpoint.model = "nova-3";
    EXPECT_EQ(check_flux(endpoint), "its model 'nova-3' is not one of /v2/listen (flux-…)");
}

}  // namespace
}  // namespace parley::vendors::deepgram
