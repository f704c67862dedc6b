#include "config_hold_rows.hpp"

#include <algorithm>

#include "parley/hold/hold_text.hpp"
#include "parley/speech/voice.hpp"
#include "parley/store/media.hpp"

namespace parley::gateway {

namespace {

using namespace std::chrono_literals;
using A = AgentConfig;
using hold::Strategy;

const std::vector<std::pair<std::string, Strategy>>& strategies() {
    static const std::vector<std::pair<std::string, Strategy>> all{{"none", Strategy::none},
                                                                   {"text", Strategy::text},
                                                                   {"audio", Strategy::audio},
                                                                   {"music", Strategy::music},
                                                                   {"audio_then_music", Strategy::audio_then_music},
                                                                   {"text_then_music", Strategy::text_then_music},
                                                                   {"text_over_music", Strategy::text_over_music}};
    return all;
}

std::string check_text(std::string_view text) {
    return hold::cut_hold_text(text).error;
}
std::string check_prompt(std::string_view text) {
    return text.size() <= 8000 ? "" : "is longer than 8000 characters";
}
std::string check_voice(std::string_view text) {
    return text.size() <= 200 ? "" : "is longer than 200 characters";
}

std::string check_sound(std::string_view name) {
    if (name.starts_with(store::kMediaPrefix)) return store::is_media_id(name) ? "" : "expected media: and the 64 hexadecimal digits of an upload";
    if (name.size() > 1000) return "is longer than 1000 characters";
    const std::filesystem::path path(name);
    if (path.is_absolute()) return "expected a path below the data directory, \"default\" or media:<id>";
    for (const auto& part : path)
        if (part == "..") return "may not lead out of the data directory";
    return "";
}

}  // namespace

void hold_agent_rows(Table<A>& t) {
    t.choice(
        "hold.strategy", [](A& a) -> auto& { return a.hold.strategy; }, strategies(),
        "What callers hear while the agent prepares, in the stream itself: nothing, a text or an audio once, music round and round, one after the other, or "
        "the text over quieter music.");
    t.text(
        "hold.text", [](A& a) -> auto& { return a.hold.text; }, "text or SSML", "Spoken in the agent's voice, rendered beforehand; at most 3000 characters.",
        Effect::live, check_text);
    t.text(
        "hold.voice", [](A& a) -> auto& { return a.hold.voice; }, "name",
        "Of the text, at the agent's first voice vendor (or one of the embedded voices); default the agent's own.", Effect::live, check_voice);
    t.text(
        "hold.audio", [](A& a) -> auto& { return a.hold.audio; }, "path, media:… or default",
        "WAV or MP3, one channel, at most 10 MB: a file below the data directory, an upload, or our own chime.", Effect::live, check_sound);
    t.text(
        "hold.music", [](A& a) -> auto& { return a.hold.music; }, "path, media:… or default", "The same for the music; default our own tune.", Effect::live,
        check_sound);
    t.duration("hold.least", [](A& a) -> auto& { return a.hold.least; }, 0s, 60s, "It lasts so long at least, also when everything is ready.");
    t.duration("hold.longest", [](A& a) -> auto& { return a.hold.longest; }, 500ms, 120s, "Then the conversation begins with what has been found.");
    t.number("hold.duck_db", [](A& a) -> auto& { return a.hold.duck_db; }, -60, 0, "Music under speech, in decibels.");
    t.flag(
        "hold.look_up_caller", [](A& a) -> auto& { return a.hold.look_up_caller; },
        "What is remembered of the caller is looked up; its names are variables: {caller_name}.");
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        "hold.tools", [](A& a) -> std::vector<std::string>& { return a.hold.tools; }, "names",
        [](std::string_view name) -> text::Parsed<std::string> {
            if (name.empty() || name.size() > 100) return {{}, "expected the name of a tool"};
            return {std::string(name), {}};
        },
        [](const std::string& item) { return quote_yaml(item); },
        "Tools of the agent's that are called with what is known of the call (caller, called, phone_number, call_sid, …); what they answer is told to the "
        "model and its members are variables: {tool_member}.");
    t.text(
        "hold.summary_prompt", [](A& a) -> auto& { return a.hold.summary_prompt; }, "text",
        "The model writes a summary of what was found as this says; the variable {prepSummary}.", Effect::live, check_prompt);
    t.duration("hold.summary_within", [](A& a) -> auto& { return a.hold.summary_within; }, 200ms, 60s, "Its time, within `hold.longest`.");
    t.flag(
        "hold.required", [](A& a) -> auto& { return a.hold.required; },
        "A call whose preparation fails ends with an apology (agent_prep_timeout); otherwise it goes on without.");
}

std::vector<std::pair<std::string, std::string>> check_hold(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    for (const auto& agent : config.agents) {
        const auto at = "agents." + agent.name + ".hold.";
        const auto& h = agent.hold;
        const bool talks = agent.brain == Brain::vendors || agent.brain == Brain::embedded;
        if (!talks && h.strategy != Strategy::none) wrong.emplace_back(at + "strategy", "is given, but a brain that is echo or a bot has no hold");
        const bool text = h.strategy == Strategy::text || h.strategy == Strategy::text_then_music || h.strategy == Strategy::text_over_music;
        const bool audio = h.strategy == Strategy::audio || h.strategy == Strategy::audio_then_music;
        const bool music = h.strategy == Strategy::music || h.strategy == Strategy::audio_then_music || h.strategy == Strategy::text_then_music ||
                           h.strategy == Strategy::text_over_music;
        if (text && h.text.empty()) wrong.emplace_back(at + "text", "is missing for this strategy");
        if (audio && h.audio.empty()) wrong.emplace_back(at + "audio", "is missing for this strategy: a file, an upload, or default");
        if (music && h.music.empty()) wrong.emplace_back(at + "music", "is missing for this strategy: a file, an upload, or default");
        if (h.least > h.longest) wrong.emplace_back(at + "least", "is more than hold.longest");
        if (!h.tools.empty() && !talks) wrong.emplace_back(at + "tools", "is given, but a brain that is echo or a bot has no use for them");
        if (!h.summary_prompt.empty() && (agent.brain != Brain::vendors || agent.lm.empty()))
            wrong.emplace_back(at + "summary_prompt", "is given, but the agent has no language model (lm)");
        if (!h.voice.empty() && agent.brain == Brain::embedded) {
            const auto& names = speech::voice_names();
            if (std::find(names.begin(), names.end(), h.voice) == names.end())
                wrong.emplace_back(at + "voice", "is none of the embedded voices" + text::suggestion(h.voice, names));
        }
    }
    return wrong;
}

}  // namespace parley::gateway
