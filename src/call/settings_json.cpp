#include "settings_json.hpp"

#include <type_traits>

namespace parley::call {

namespace {

template <class Rep, class Period>
void read(const nlohmann::json& json, const char* key, std::chrono::duration<Rep, Period>& into) {
    if (const auto found = json.find(key); found != json.end()) into = std::chrono::duration<Rep, Period>(found->get<Rep>());
}
template <class T>
void read(const nlohmann::json& json, const char* key, T& into) {
    if (const auto found = json.find(key); found != json.end()) into = found->get<T>();
}
template <class Rep, class Period>
void write(nlohmann::json& json, const char* key, const std::chrono::duration<Rep, Period>& value) {
    json[key] = value.count();
}
template <class T>
void write(nlohmann::json& json, const char* key, const T& value) {
    json[key] = value;
}

// One list for both directions; durations are in the unit of their type.
template <class S, class F>
void each(S& s, F&& f) {
    f("endpoint_silence_ms", s.endpoint_silence);
    f("endpoint_silence_short_ms", s.endpoint_silence_short);
    f("endpoint_silence_long_ms", s.endpoint_silence_long);
    f("min_utterance_ms", s.min_utterance);
    f("max_utterance_ms", s.max_utterance);
    f("barge_in_confirm_ms", s.barge_in_confirm);
    f("barge_in", s.barge_in);
    f("barge_in_words", s.barge_in_words);
    f("final_wait_ms", s.final_wait);
    f("filler_after_ms", s.filler_after);
    f("filler_every_ms", s.filler_every);
    f("filler_max", s.filler_max);
    f("fillers", s.fillers);
    f("idle_after_ms", s.idle_after);
    f("idle_prompts", s.idle_prompts);
    f("idle_texts", s.idle_texts);
    f("goodbye_text", s.goodbye_text);
    f("max_duration_s", s.max_duration);
    f("max_duration_warning_s", s.max_duration_warning);
    f("max_duration_warning_text", s.max_duration_warning_text);
    f("max_duration_text", s.max_duration_text);
    f("apology_text", s.apology_text);
    f("end_grace_ms", s.end_grace);
    f("carrier_delay_ms", s.carrier_delay);
    f("digit_gap_ms", s.digit_gap);
    f("context_lines", s.context_lines);
}

}  // namespace

nlohmann::json to_json(const conversation::Settings& settings) {
    nlohmann::json json = nlohmann::json::object();
    each(settings, [&](const char* key, const auto& value) { write(json, key, value); });
    return json;
}

conversation::Settings settings_from_json(const nlohmann::json& json) {
    conversation::Settings settings;
    each(settings, [&](const char* key, auto& value) { read(json, key, value); });
    return settings;
}

}  // namespace parley::call
