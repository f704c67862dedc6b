// The rows of agents that answer by ConversationRelay.

#include "config_relay_rows.hpp"

#include <charconv>

namespace parley::gateway {
namespace {

using A = AgentConfig;
using flows::RelayLanguage;

constexpr std::size_t kMostLanguages = 32;

Check one_of(std::vector<std::string> words) {
    return [words = std::move(words)](std::string_view text) -> std::string {
        std::string known;
        for (const auto& word : words) {
            if (word == text) return "";
            known += (known.empty() ? "" : ", ") + word;
        }
        return "expected one of " + known + "; found '" + std::string(text) + "'" + text::suggestion(text, words);
    };
}
const std::vector<std::string> kInputs{"none", "dtmf", "speech", "any"};
const std::vector<std::string> kVoices{"ElevenLabs", "Google", "Amazon"};
const std::vector<std::string> kEars{"Deepgram", "Google"};

std::string check_tag(std::string_view tag) {
    const bool fine = tag.size() >= 2 && tag.size() <= 35 &&
                      std::ranges::all_of(tag, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; });
    return fine ? "" : "is not a language tag such as en-US";
}
std::string check_short(std::string_view text) {
    return text.size() <= 200 ? "" : "is longer than 200 characters";
}
std::string check_words(std::string_view text) {
    return text.size() <= 1000 ? "" : "is longer than 1000 characters";
}
// <Say> names its voices with a prefix; here that is error 64101.
std::string check_voice(std::string_view voice) {
    for (const std::string_view prefix : {"Google.", "Polly.", "Amazon."})
        if (voice.starts_with(prefix)) return "is written without '" + std::string(prefix) + "' here";
    return check_short(voice);
}
std::string check_number_between(std::string_view text, double least, double most) {
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool fine = ec == std::errc{} && end == text.data() + text.size() && value >= least && value <= most;
    return fine ? "" : "expected a number from " + number_text(least) + " to " + number_text(most) + ", found '" + std::string(text) + "'";
}
std::string check_timeout(std::string_view text) {
    return text == "auto" ? "" : check_number_between(text, 600, 5000);
}
std::string check_confidence(std::string_view text) {
    return check_number_between(text, 0.5, 0.9);
}

void read_languages(A& agent, const yaml::Node& node, const ReadContext& c) {
    constexpr const char* kKey = "relay.languages";
    if (node.kind != yaml::Kind::list)
        return c.wrong(node, kKey, "expected a list of sections with code, tts_provider, voice, transcription_provider, speech_model");
    if (node.children.size() > kMostLanguages) return c.wrong(node, kKey, "has more than 32 languages");
    std::vector<RelayLanguage> all;
    for (const auto& item : node.children) {
        if (item.kind != yaml::Kind::map) {
            c.wrong(item, kKey, "expected a section such as {code: de-DE, voice: …}");
            continue;
        }
        RelayLanguage language;
        const struct {
            const char* key;
            std::string* into;
            Check check;
        } fields[]{{"code", &language.code, check_tag},
                   {"tts_provider", &language.tts_provider, one_of(kVoices)},
                   {"voice", &language.voice, check_voice},
                   {"transcription_provider", &language.transcription_provider, one_of(kEars)},
                   {"speech_model", &language.speech_model, check_short}};
        for (std::size_t i = 0; i < item.keys.size(); ++i) {
            const auto field = std::ranges::find_if(fields, [&](const auto& one) { return item.keys[i] == one.key; });
            if (field == std::end(fields)) {
                c.problems.add(item.key_places[i],
                               "'" + item.keys[i] + "' is not a key of a language: code, tts_provider, voice, transcription_provider, speech_model");
                continue;
            }
            const auto value = yaml::as_text(item.children[i]);
            const auto bad = value ? field->check(value.value) : value.error;
            if (!bad.empty())
                c.wrong(item.children[i], item.keys[i], bad);
            else
                *field->into = value.value;
        }
        if (language.code.empty())
            c.wrong(item, kKey, "a language without its code");
        else
            all.push_back(std::move(language));
    }
    agent.relay.languages = std::move(all);
}

std::string print_languages(const A& agent) {
    std::string out = "[";
    for (const auto& language : agent.relay.languages) {
        out += (out.size() > 1 ? ", {" : "{") + std::string("code: ") + quote_yaml(language.code);
        const auto add = [&](const char* key, const std::string& value) {
            if (!value.empty()) out += std::string(", ") + key + ": " + quote_yaml(value);
        };
        add("tts_provider", language.tts_provider);
        add("voice", language.voice);
        add("transcription_provider", language.transcription_provider);
        add("speech_model", language.speech_model);
        out += "}";
    }
    return out + "]";
}

void words(Table<A>& t, const char* key, std::vector<std::string>& (*access)(A&), const char* type, Check check, const char* help) {
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        key, access, type,
        [check = std::move(check)](std::string_view text) -> text::Parsed<std::string> {
            auto bad = check(text);
            if (!bad.empty()) return {{}, std::move(bad)};
            return {std::string(text), {}};
        },
        [](const std::string& item) { return quote_yaml(item); }, help);
}

}  // namespace

void relay_rows(Table<A>& t) {
    const auto text = [&t](const char* key, auto access, const char* type, const Check& check, const char* help) {
        t.text(key, access, type, help, Effect::live, check);
    };
    text(
        "relay.welcome", [](A& a) -> auto& { return a.relay.welcome; }, "text", check_words,
        "Spoken by Twilio as soon as the line stands; default the brain's own greeting.");
    text(
        "relay.welcome_interruptible", [](A& a) -> auto& { return a.relay.welcome_interruptible; }, "none, dtmf, speech, any", one_of(kInputs),
        "What may cut the welcome short.");
    text("relay.language", [](A& a) -> auto& { return a.relay.language; }, "BCP 47", check_tag, "Of both directions; default Twilio's, en-US.");
    text("relay.tts_language", [](A& a) -> auto& { return a.relay.tts_language; }, "BCP 47", check_tag, "Spoken, where it differs.");
    text(
        "relay.transcription_language", [](A& a) -> auto& { return a.relay.transcription_language; }, "BCP 47, or multi", check_tag,
        "Understood, where it differs; multi needs Deepgram and ElevenLabs.");
    text(
        "relay.tts_provider", [](A& a) -> auto& { return a.relay.tts_provider; }, "ElevenLabs, Google, Amazon", one_of(kVoices),
        "Whose voice; default ElevenLabs.");
    text("relay.voice", [](A& a) -> auto& { return a.relay.voice; }, "name", check_voice, "Of that provider, without the prefix <Say> has.");
    text("relay.transcription_provider", [](A& a) -> auto& { return a.relay.transcription_provider; }, "Deepgram, Google", one_of(kEars), "Who listens.");
    text("relay.speech_model", [](A& a) -> auto& { return a.relay.speech_model; }, "name", check_short, "Of the recogniser.");
    text(
        "relay.interruptible", [](A& a) -> auto& { return a.relay.interruptible; }, "none, dtmf, speech, any", one_of(kInputs),
        "What may cut the agent short; default any.");
    text(
        "relay.interrupt_sensitivity", [](A& a) -> auto& { return a.relay.interrupt_sensitivity; }, "low, medium, high", one_of({"low", "medium", "high"}),
        "How soon speech does; default high.");
    t.flag("relay.dtmf_detection", [](A& a) -> auto& { return a.relay.dtmf_detection; }, "Whether keys are told.");
    text(
        "relay.report_input_during_agent_speech", [](A& a) -> auto& { return a.relay.report_input_during_agent_speech; }, "none, dtmf, speech, any",
        one_of(kInputs), "Input that may not interrupt, told all the same; default none.");
    t.flag("relay.preemptible", [](A& a) -> auto& { return a.relay.preemptible; }, "Whether a later answer cuts the one that is spoken.");
    words(
        t, "relay.hints", [](A& a) -> std::vector<std::string>& { return a.relay.hints; }, "phrases",
        [](std::string_view phrase) -> std::string {
            return phrase.empty() || phrase.size() > 200 || phrase.find(',') != std::string_view::npos ? "expected up to 200 characters without a comma" : "";
        },
        "Words the recogniser should expect.");
    t.flag(
        "relay.partial_prompts", [](A& a) -> auto& { return a.relay.partial_prompts; },
        "Tells unfinished sentences too, so that a caller who speaks is not reminded.");
    text(
        "relay.speech_timeout", [](A& a) -> auto& { return a.relay.speech_timeout; }, "auto, or 600 to 5000", check_timeout,
        "Milliseconds of silence that end a turn.");
    text(
        "relay.eot_threshold", [](A& a) -> auto& { return a.relay.eot_threshold; }, "0.5 to 0.9", check_confidence,
        "Confidence that ends a turn, with Deepgram flux.");
    t.flag("relay.ignore_backchannel", [](A& a) -> auto& { return a.relay.ignore_backchannel; }, "An uh-huh does not interrupt.");
    text("relay.profanity_filter", [](A& a) -> auto& { return a.relay.profanity_filter; }, "true, false", one_of({"true", "false"}), "Of the recogniser.");
    text(
        "relay.deepgram_smart_format", [](A& a) -> auto& { return a.relay.deepgram_smart_format; }, "true, false", one_of({"true", "false"}),
        "Numbers and dates in digits; default true.");
    text(
        "relay.elevenlabs_text_normalization", [](A& a) -> auto& { return a.relay.elevenlabs_text_normalization; }, "on, auto, off",
        one_of({"on", "auto", "off"}), "Default off.");
    text("relay.background_noise_reduction", [](A& a) -> auto& { return a.relay.background_noise_reduction; }, "text", check_short, "As Twilio documents it.");
    words(
        t, "relay.events", [](A& a) -> std::vector<std::string>& { return a.relay.events; }, "names",
        one_of({"speaker-events", "tokens-played", "config-updated"}),
        "What Twilio tells of itself. Without speaker-events and tokens-played it is estimated when speech was heard.");
    words(
        t, "relay.debug", [](A& a) -> std::vector<std::string>& { return a.relay.debug; }, "names", one_of({"debugging", "speaker-events", "tokens-played"}),
        "More of it.");
    text(
        "relay.intelligence_service", [](A& a) -> auto& { return a.relay.intelligence_service; }, "GA… or name", check_short,
        "Keeps a transcript with this Conversational Intelligence service.");
    text("relay.conversation_configuration", [](A& a) -> auto& { return a.relay.conversation_configuration; }, "id", check_short, "As Twilio documents it.");
    t.flag(
        "relay.application_reconnect", [](A& a) -> auto& { return a.relay.application_reconnect; },
        "Lets Twilio connect again by itself when the socket breaks.");
    text("relay.turn_detection", [](A& a) -> auto& { return a.relay.turn_detection; }, "text", check_short, "As Twilio documents it.");
    text("relay.echo_prompt_filtering", [](A& a) -> auto& { return a.relay.echo_prompt_filtering; }, "text", check_short, "As Twilio documents it.");
    Row<A> languages;
    languages.key = "relay.languages";
    languages.type = "list of sections: code, tts_provider, voice, transcription_provider, speech_model";
    languages.help = "Languages the agent may switch to, and how each is spoken and understood.";
    languages.from_environment = false;
    languages.read = read_languages;
    languages.print = print_languages;
    languages.digest = print_languages;
    t.rows.push_back(std::move(languages));
}

}  // namespace parley::gateway
