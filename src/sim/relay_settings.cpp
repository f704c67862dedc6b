#include "relay_settings.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace parley::sim {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool language_tag(std::string_view tag) {
    const bool letters = std::ranges::all_of(tag, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; });
    return letters && tag.size() >= 2 && tag.size() <= 35;
}

std::optional<double> number_of(const std::string& text) {
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool one_of(const std::string& text, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, text) != words.end();
}

// Reads the attributes one by one and collects what is wrong with them.
class Reader {
public:
    Reader(const TwimlElement& noun, std::vector<std::string>& problems) : noun_(noun), problems_(problems) {}

    [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise = {}) const {
        if (noun_.has(name)) return noun_.attribute(name);
        const auto other = lower(name);
        return noun_.has(other) ? noun_.attribute(other) : otherwise;
    }
    void wrong(const std::string& name, const std::string& value) { problems_.push_back("invalid value (" + value + ") for " + name); }
    bool flag(const std::string& name) {
        const auto value = text(name);
        if (value.empty() || value == "false") return false;
        if (value != "true") wrong(name, value);
        return value == "true";
    }
    RelayInputs inputs(const std::string& name, RelayInputs otherwise) {
        const auto value = text(name);
        if (!value.empty() && !read_inputs(value, otherwise)) wrong(name, value);
        return otherwise;
    }
    std::string tag(const std::string& name, const std::string& otherwise) {
        const auto value = text(name, otherwise);
        if (!language_tag(value)) wrong(name, value);
        return value;
    }
    std::string choice(const std::string& name, std::initializer_list<std::string_view> words, const std::string& otherwise) {
        const auto value = text(name, otherwise);
        if (!value.empty() && !one_of(value, words)) wrong(name, value);
        return value;
    }

private:
    const TwimlElement& noun_;
    std::vector<std::string>& problems_;
};

// A voice must be one of its provider's and speak the language.
void check_voice(Reader& reader, const std::string& provider, const std::string& voice, const std::string& language) {
    if (voice.empty()) return;
    if (voice.starts_with("Google.") || voice.starts_with("Polly.") || voice.starts_with("Amazon.")) return reader.wrong("voice", voice);
    if (provider != "Google" || voice.size() < 6 || voice[2] != '-') return;
    if (!voice.starts_with(language.substr(0, 2))) reader.wrong("voice", voice + " for " + language);
}

}  // namespace

bool read_inputs(std::string_view text, RelayInputs& out) {
    if (text == "any" || text == "true")
        out = {true, true};
    else if (text == "none" || text == "false")
        out = {false, false};
    else if (text == "dtmf")
        out = {false, true};
    else if (text == "speech")
        out = {true, false};
    else
        return false;
    return true;
}

bool RelaySettings::knows_language(std::string_view code) const {
    if (code == tts_language || code == transcription_language) return true;
    return std::ranges::any_of(languages, [&](const auto& one) { return one.code == code; });
}

RelaySettings read_relay_settings(const TwimlElement& noun) {
    RelaySettings out;
    Reader reader(noun, out.problems);
    out.url = reader.text("url");
    if (out.url.empty()) reader.wrong("url", "");
    out.welcome = reader.text("welcomeGreeting");
    out.welcome_interruptible = reader.inputs("welcomeGreetingInterruptible", {true, true});
    out.interruptible = reader.inputs("interruptible", {true, true});
    out.report = reader.inputs("reportInputDuringAgentSpeech", {false, false});
    const auto language = reader.tag("language", "en-US");
    out.tts_language = reader.tag("ttsLanguage", language);
    out.transcription_language = reader.tag("transcriptionLanguage", language);
    out.tts_provider = reader.choice("ttsProvider", {"ElevenLabs", "Google", "Amazon"}, "ElevenLabs");
    out.voice = reader.text("voice");
    check_voice(reader, out.tts_provider, out.voice, out.tts_language);
    const auto provider = reader.text("transcriptionProvider", "Deepgram");
    out.transcription_provider = lower(provider);
    if (!one_of(out.transcription_provider, {"deepgram", "google"})) reader.wrong("transcriptionProvider", provider);
    if (out.transcription_language == "multi" && (out.transcription_provider != "deepgram" || out.tts_provider != "ElevenLabs"))
        reader.wrong("transcriptionLanguage", "multi");
    const auto sensitivity = reader.choice("interruptSensitivity", {"low", "medium", "high"}, "high");
    out.speech_before_interrupt = std::chrono::milliseconds(sensitivity == "low" ? 900 : sensitivity == "medium" ? 500 : 200);
    const auto timeout = reader.text("speechTimeout", "auto");
    if (const auto ms = number_of(timeout); ms && *ms >= 600 && *ms <= 5000)
        out.silence = std::chrono::milliseconds(static_cast<int>(*ms));
    else if (timeout != "auto")
        reader.wrong("speechTimeout", timeout);
    if (const auto eot = reader.text("eotThreshold"); !eot.empty()) {
        const auto value = number_of(eot);
        if (!value || *value < 0.5 || *value > 0.9) reader.wrong("eotThreshold", eot);
    }
    out.keys = reader.flag("dtmfDetection");
    out.preemptible = reader.flag("preemptible");
    out.partials = reader.flag("partialPrompts");
    out.ignore_backchannel = reader.flag("ignoreBackchannel");
    for (const char* name : {"profanityFilter", "deepgramSmartFormat", "applicationReconnect"}) (void)reader.flag(name);
    (void)reader.choice("elevenlabsTextNormalization", {"on", "auto", "off"}, "off");
    for (const char* name : {"events", "debug"}) {
        const auto words = " " + reader.text(name) + " ";
        out.speaker_events |= words.find(" speaker-events ") != std::string::npos;
        out.tokens_played |= words.find(" tokens-played ") != std::string::npos;
        out.debugging |= words.find(" debugging ") != std::string::npos;
    }
    for (const auto& child : noun.children) {
        if (child.name == "Language") {
            const RelayLanguage one{child.attribute("code"), child.attribute("ttsProvider"), child.attribute("voice"), child.attribute("transcriptionProvider"),
                                    child.attribute("speechModel")};
            if (!language_tag(one.code)) reader.wrong("Language code", one.code);
            if (!one.tts_provider.empty() && !one_of(one.tts_provider, {"ElevenLabs", "Google", "Amazon"}))
                reader.wrong("Language ttsProvider", one.tts_provider);
            check_voice(reader, one.tts_provider.empty() ? out.tts_provider : one.tts_provider, one.voice, one.code);
            out.languages.push_back(one);
        } else if (child.name == "Parameter") {
            const auto name = child.attribute("name");
            const auto value = child.attribute("value");
            if (name.empty() || name.size() + value.size() >= 500)
                reader.wrong("Parameter", name);
            else
                out.parameters.emplace_back(name, value);
        }
    }
    return out;
}

}  // namespace parley::sim
