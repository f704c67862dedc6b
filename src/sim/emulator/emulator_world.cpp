#include "parley/sim/emulator_world.hpp"
#include "spoken_words.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cctype>
#include <stdexcept>

#include "parley/sim/embedded_speech.hpp"
#include "parley/sim/tone_alphabet.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kSentencePause = 8000 * 45 / 100;
constexpr std::size_t kEngineThreads = 2, kKeptSpeech = 1000;

bool holds_words(const std::vector<std::string>& text, const std::string& phrase) {
    const auto wanted = words_of(phrase);
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end()) != text.end();
}

Task<Recognised> hear_on_pool(std::shared_ptr<CallerEar> ear, Pcm8k sound, const std::vector<std::string>* phrases) {
    Recognised out;
    double sum = 0;
    const auto found = ear->recognise(sound, *phrases);
    for (const auto& one : found) {
        if (!out.text.empty()) out.text += ' ';
        out.text += one.text;
        sum += one.confidence;
    }
    if (!found.empty()) out.confidence = sum / static_cast<double>(found.size());
    co_return out;
}

}  // namespace

// Word by word, so that a sentence may be cut into clauses by whoever splits them and still be heard.
std::shared_ptr<ToneAlphabet> tone_alphabet(const WorldSettings& settings) {
    std::vector<std::string> words;
    const auto add = [&](const std::string& text) {
        for (auto& word : words_of(text)) words.push_back(std::move(word));
    };
    for (const auto& phrase : settings.phrases) add(phrase);
    for (const auto& rule : settings.rules) add(rule.say);
    for (const auto& sentence : settings.vocabulary) add(sentence);
    add(settings.fallback);
    return std::make_shared<ToneAlphabet>(words);
}

EmulatorWorld::EmulatorWorld(WorldSettings settings) : settings_(std::move(settings)), pool_(kEngineThreads) {
    if (settings_.tones) {
        auto alphabet = tone_alphabet(settings_);
        mouth_ = alphabet;
        ear_ = alphabet;
    } else {
        EmbeddedSpeechSettings speech;
        speech.default_voice = settings_.voice;
        speech.accept = 0.5;  // a vendor guesses where a caller asks back; through mu-law clean speech is heard with 0.6 at times
        mouth_ = make_embedded_voice(speech);
        ear_ = make_embedded_ear(speech);
    }
    prepare();
}

EmulatorWorld::EmulatorWorld(WorldSettings settings, std::shared_ptr<CallerVoice> mouth, std::shared_ptr<CallerEar> ear)
    : settings_(std::move(settings)), mouth_(std::move(mouth)), ear_(std::move(ear)), pool_(kEngineThreads) {
    prepare();
}

EmulatorWorld::~EmulatorWorld() {
    pool_.join();
}

void EmulatorWorld::prepare() {
    if (const auto why = ear_->unusable(settings_.phrases); !why.empty()) throw std::runtime_error("emulated vendors: " + why);
    for (const auto& rule : settings_.rules) {
        if (rule.regex.empty()) {
            patterns_.emplace_back();
        } else {
            patterns_.emplace_back(std::regex(rule.regex, std::regex::ECMAScript | std::regex::icase));
        }
    }
}

Task<Recognised> EmulatorWorld::hear(Pcm8k sound) {
    auto job = hear_on_pool(ear_, std::move(sound), &settings_.phrases);
    co_return co_await asio::co_spawn(pool_, std::move(job), asio::use_awaitable);
}

Pcm8k EmulatorWorld::spoken(const std::string& text) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = spoken_.find(text); at != spoken_.end()) return at->second;
    }
    VoiceStyle style;
    style.speed = settings_.speed;
    // Sentence by sentence, with the pause a reader makes: whoever listens may break in there.
    Pcm8k sound;
    for (std::size_t at = 0; at < text.size();) {
        auto end = at;
        do end = text.find_first_of(".!?", end + 1);
        while (end != std::string::npos && end + 1 < text.size() && text[end + 1] != ' ');
        end = end == std::string::npos ? text.size() : end + 1;
        const auto sentence = text.substr(at, end - at);
        at = end;
        if (words_of(sentence).empty()) continue;
        if (!sound.empty() && !settings_.tones) sound.insert(sound.end(), kSentencePause, 0);
        const auto spoken_now = mouth_->speak(sentence, style);
        sound.insert(sound.end(), spoken_now.begin(), spoken_now.end());
    }
    const std::lock_guard lock(mutex_);
    if (spoken_.size() >= kKeptSpeech) spoken_.clear();
    return spoken_.emplace(text, std::move(sound)).first->second;
}

Task<std::string> EmulatorWorld::speak_on_pool(std::string text, WireFormat format, Fault fault) {
    std::string out;
    if (fault.empty_audio || words_of(text).empty()) co_return out;
    auto sound = spoken(text);
    if (fault.zero_audio) std::fill(sound.begin(), sound.end(), std::int16_t{0});
    auto real = format;
    if (fault.wrong_rate != 0) real.rate = fault.wrong_rate;
    out = to_wire(sound, real);
    if (fault.wav_header) out.insert(0, wav_header(format, out.size()));
    if (fault.odd_bytes && out.size() % 2 == 0) out.push_back('\x01');
    co_return out;
}

Task<std::string> EmulatorWorld::speak(std::string text, WireFormat format, Fault fault) {
    auto job = speak_on_pool(std::move(text), format, std::move(fault));
    co_return co_await asio::co_spawn(pool_, std::move(job), asio::use_awaitable);
}

MindAnswer EmulatorWorld::answer(const std::string& said, const std::string& tool_result) const {
    const auto words = words_of(said);
    for (std::size_t i = 0; i < settings_.rules.size(); ++i) {
        const auto& rule = settings_.rules[i];
        if (rule.tool_result != tool_result) continue;
        if (tool_result.empty()) {
            if (rule.greeting != words.empty()) continue;
            const bool all = std::all_of(rule.words.begin(), rule.words.end(), [&](const auto& word) { return holds_words(words, word); });
            if (!all || (patterns_[i] && !std::regex_search(said, *patterns_[i]))) continue;
        }
        return {rule.say, rule.tool, rule.arguments};
    }
    if (!tool_result.empty()) return {};
    return {settings_.fallback, {}, {}};
}

std::vector<std::string> text_deltas(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = text.find(' ', at + 1);
        if (end == std::string::npos) end = text.size();
        const auto middle = at + (end - at) / 2;
        const bool long_word = end - at > 8 && (static_cast<unsigned char>(text[middle]) & 0xC0U) != 0x80;
        if (long_word) end = middle;
        out.push_back(text.substr(at, end - at));
        at = end;
    }
    return out;
}

}  // namespace parley::sim
