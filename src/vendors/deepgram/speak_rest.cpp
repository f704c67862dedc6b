#include "../http_speech.hpp"
#include "parley/vendors/deepgram/speak.hpp"

namespace parley::vendors::deepgram {

std::unique_ptr<TtsStream> make_speak_rest(const Endpoint& endpoint, const Link& link, TtsSink& sink) {
    HttpSpeechPlan plan;
    plan.url = speak_rest_url(endpoint);
    plan.headers = speak_headers(endpoint);
    plan.headers.add("Content-Type", "application/json");
    plan.body = [](std::string_view text) { return speak_rest_body(escape_speak(text)); };
    plan.most_characters = kMostSpeakCharacters;
    plan.wrong_type = speak_rest_wrong_type;
    plan.request_id = "dg-request-id";
    plan.connect_within = endpoint.connect_within;
    return make_http_speech(std::move(plan), link, sink);
}

}  // namespace parley::vendors::deepgram
