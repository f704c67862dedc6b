#include "vad_json.hpp"

namespace parley::call {

namespace {

template <class C, class F>
void each(C& c, F&& f) {
    f("onset_frames", c.onset_frames);
    f("onset_voiced_frames", c.onset_voiced_frames);
    f("hangover_frames", c.hangover_frames);
    f("onset_db", c.onset_db);
    f("offset_db", c.offset_db);
    f("min_speech_dbfs", c.min_speech_dbfs);
    f("floor_min_dbfs", c.floor_min_dbfs);
    f("floor_max_dbfs", c.floor_max_dbfs);
    f("floor_start_dbfs", c.floor_start_dbfs);
    f("voicing", c.voicing);
    f("tone_gain_db", c.tone_gain_db);
}

}  // namespace

nlohmann::json to_json(const audio::VadConfig& config) {
    nlohmann::json json = nlohmann::json::object();
    each(config, [&](const char* key, auto value) { json[key] = value; });
    return json;
}

audio::VadConfig vad_from_json(const nlohmann::json& json) {
    audio::VadConfig config;
    each(config, [&](const char* key, auto& value) {
        if (const auto found = json.find(key); found != json.end()) value = found->template get<std::remove_reference_t<decltype(value)>>();
    });
    return config;
}

}  // namespace parley::call
