#include "hold_library.hpp"

#include <algorithm>
#include <fstream>
#include <numbers>
#include <cmath>

#include "parley/audio/g711.hpp"
#include "parley/control/hold_tune.hpp"
#include "parley/hold/media_decode.hpp"
#include "parley/store/media.hpp"

namespace parley::gateway {

namespace {

constexpr std::size_t kMostFile = std::size_t{10} * 1000 * 1000;
constexpr std::string_view kDefault = "default";
constexpr std::chrono::seconds kEachPiece{15};  // at a vendor: nobody waits for it

// Two soft strokes, as before an announcement.
std::vector<std::int16_t> chime() {
    constexpr double kRate = 8000;
    std::vector<std::int16_t> out(static_cast<std::size_t>(kRate * 1.4));
    for (std::size_t i = 0; i < out.size(); ++i) {
        const double t = static_cast<double>(i) / kRate;
        const auto stroke = [&](double at, double hertz) {
            const double into = t - at;
            return into < 0 ? 0.0 : std::min(into / 0.01, 1.0) * std::exp(-4 * into) * std::sin(2 * std::numbers::pi * hertz * into);
        };
        const double fade = std::min(1.0, (1.4 - t) / 0.1);
        out[i] = static_cast<std::int16_t>(fade * 6000 * (stroke(0, 659.25) + stroke(0.45, 523.25)));
    }
    return out;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool needs_text(const hold::HoldSettings& s) {
    return s.strategy == hold::Strategy::text || s.strategy == hold::Strategy::text_then_music || s.strategy == hold::Strategy::text_over_music;
}
bool needs_audio(const hold::HoldSettings& s) {
    return s.strategy == hold::Strategy::audio || s.strategy == hold::Strategy::audio_then_music;
}
bool needs_music(const hold::HoldSettings& s) {
    return s.strategy == hold::Strategy::music || s.strategy == hold::Strategy::audio_then_music || s.strategy == hold::Strategy::text_then_music ||
           s.strategy == hold::Strategy::text_over_music;
}

}  // namespace

HoldLibrary::HoldLibrary(Log log, std::filesystem::path data_dir, store::Database& database)
    : log_(std::move(log)), data_dir_(std::move(data_dir)), database_(database), thread_([this] { run(); }) {}

HoldLibrary::~HoldLibrary() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        waiting_.clear();
    }
    woken_.notify_all();
    thread_.join();
}

void HoldLibrary::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        woken_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
        if (stop_) return;
        const auto make = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        lock.unlock();
        make();
        lock.lock();
    }
}

void HoldLibrary::want(const Agents& agents, bool now) {
    std::set<std::string> wanted;
    std::vector<Make> make;
    const auto ask = [&](const std::string& key, Make how) {
        wanted.insert(key);
        const std::lock_guard lock(mutex_);
        if (sounds_.contains(key) || !asked_.insert(key).second) return;
        make.push_back(std::move(how));
    };
    for (const auto& agent : agents.all()) {
        if (!agent->hold) continue;
        const auto& s = *agent->hold;
        if (const auto* voice = agents.hold_voice(agent->name); voice != nullptr && needs_text(s) && !s.text.empty()) {
            const auto key = text_key(agent->name, s);
            ask(key, [this, key, text = s.text, voice = *voice] { speak(key, text, voice); });
        }
        for (const bool music : {false, true}) {
            const auto& name = music ? s.music : s.audio;
            if ((music ? !needs_music(s) : !needs_audio(s)) || name.empty()) continue;
            const auto key = file_key(name, music);
            ask(key, [this, key, name] { decode(key, name); });
        }
    }
    // One that is being spoken is waited for where it is destroyed: on the library's own thread, never here.
    auto gone = std::make_shared<std::vector<std::shared_ptr<Spoken>>>();
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(sounds_, [&](const auto& entry) { return !wanted.contains(entry.first); });
        for (auto at = spoken_.begin(); at != spoken_.end();) {
            if (wanted.contains(at->first)) {
                ++at;
                continue;
            }
            gone->push_back(std::move(at->second));
            at = spoken_.erase(at);
        }
        std::erase_if(told_, [&](const auto& key) { return !wanted.contains(key); });
        if (!now) std::move(make.begin(), make.end(), std::back_inserter(waiting_));
        if (!gone->empty()) waiting_.push_back([gone = std::move(gone)] { gone->clear(); });
    }
    woken_.notify_one();
    if (now)
        for (const auto& one : make) one();
}

void HoldLibrary::keep(const std::string& key, hold::Sound sound) {
    const std::lock_guard lock(mutex_);
    sounds_[key] = std::move(sound);
    asked_.erase(key);
    told_.erase(key);
}

void HoldLibrary::failed(const std::string& key, const std::string& what, const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        asked_.erase(key);  // it is looked for again: the store may come back, the file may be put there
        if (!told_.insert(key).second) return;
    }
    log_.warn("hold.sound_missing", "A sound of a hold cannot be played; holds go on without it.", {{"what", what}, {"reason", why}});
}

void HoldLibrary::speak(const std::string& key, const std::string& text, const HoldVoice& voice) {
    auto cut = hold::cut_hold_text(text);
    if (!cut.error.empty()) return failed(key, "text", cut.error);
    auto spoken = std::make_shared<Spoken>();
    spoken->pieces = std::move(cut.pieces);
    brain::RenderPlan plan;
    // What the embedded voice cannot pronounce waits for the vendor's.
    for (const auto& piece : spoken->pieces)
        if (!piece.text.empty()) (speech::speakable(piece.text) ? plan.phrases : plan.greetings).push_back(piece.text);
    plan.voices = voice.voices;
    plan.embedded = voice.embedded;
    plan.each = kEachPiece;
    try {
        speech::PhraseCache cache;
        spoken->phrases = std::make_unique<brain::RenderedPhrases>(std::move(plan), voice.makers, voice.shelf, cache);
    } catch (const std::exception& e) {
        return failed(key, "text", e.what());
    }
    spoken->from_vendor = spoken->phrases->from_vendor();
    spoken->sound = assembled(*spoken);
    {
        const std::lock_guard lock(mutex_);
        spoken_[key] = spoken;
    }
    keep(key, spoken->sound);
}

hold::Sound HoldLibrary::assembled(const Spoken& spoken) {
    auto whole = std::make_shared<std::vector<std::int16_t>>();
    for (const auto& piece : spoken.pieces) {
        if (const auto part = piece.text.empty() ? nullptr : spoken.phrases->find(piece.text)) whole->insert(whole->end(), part->begin(), part->end());
        whole->insert(whole->end(), static_cast<std::size_t>(piece.pause.count()) * 8, std::int16_t{0});
    }
    return whole;
}

void HoldLibrary::decode(const std::string& key, const std::string& name) {
    const bool music = key.starts_with("music");
    std::string bytes;
    if (name == kDefault) {
        if (!music) return keep(key, std::make_shared<const std::vector<std::int16_t>>(chime()));
        bytes = control::hold_tune();
    } else if (store::is_media_id(name)) {
        try {
            std::optional<store::Media> found;
            database_.transact([&](store::Session& session) { found = store::load_media(session, name); });
            if (!found) return failed(key, name, "there is no such upload");
            auto pcm = std::make_shared<std::vector<std::int16_t>>(found->mulaw.size());
            audio::mulaw_decode(found->mulaw, *pcm);
            return keep(key, std::move(pcm));
        } catch (const std::exception& e) {
            return failed(key, name, e.what());
        }
    } else {
        // Below the data directory, wherever links lead.
        std::error_code ec;
        const auto root = std::filesystem::weakly_canonical(data_dir_, ec);
        const auto path = std::filesystem::weakly_canonical(data_dir_ / name, ec);
        if (ec || std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first != root.end())
            return failed(key, name, "it is not below the data directory");
        if (!std::filesystem::is_regular_file(path, ec)) return failed(key, name, "there is no such file");
        if (std::filesystem::file_size(path, ec) > kMostFile || ec) return failed(key, name, "it has more than 10 MB");
        std::ifstream file(path, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(file), {});
        if (!file) return failed(key, name, "it cannot be read");
    }
    auto got = hold::decode_media(bytes_of(bytes));
    if (!got) return failed(key, name, got.sentence);
    keep(key, std::make_shared<const std::vector<std::int16_t>>(std::move(got.media->pcm8k)));
}

hold::Sound HoldLibrary::find(const std::string& key, const std::string& agent, std::string_view what) {
    {
        const std::lock_guard lock(mutex_);
        const auto kept = sounds_.find(key);
        if (kept == sounds_.end()) {
            if (!told_.insert(key).second) return nullptr;
        } else {
            const auto spoken = spoken_.find(key);
            if (spoken == spoken_.end()) return kept->second;
            // Whole or not at all: nobody changes voice in the middle of a text.
            auto& s = *spoken->second;
            if (s.from_vendor == s.phrases->from_vendor()) return kept->second;
            const auto texts = static_cast<std::size_t>(std::count_if(s.pieces.begin(), s.pieces.end(), [](const auto& piece) { return !piece.text.empty(); }));
            if (s.phrases->from_vendor() < texts) return kept->second;
            s.from_vendor = s.phrases->from_vendor();
            waiting_.push_back([this, key, one = spoken->second] { keep(key, assembled(*one)); });  // the next call has it
            woken_.notify_one();
            return kept->second;
        }
    }
    log_.warn("hold.sound_missing", "A sound of a hold is not there; this call goes on without it.", {{"agent", agent}, {"what", what}});
    return nullptr;
}

hold::HoldSounds HoldLibrary::of(const call::Agent& agent) {
    hold::HoldSounds sounds;
    const auto& s = *agent.hold;
    if (needs_text(s) && !s.text.empty()) sounds.text = find(text_key(agent.name, s), agent.name, "text");
    if (needs_audio(s) && !s.audio.empty()) sounds.audio = find(file_key(s.audio, false), agent.name, "audio");
    if (needs_music(s) && !s.music.empty()) sounds.music = find(file_key(s.music, true), agent.name, "music");
    return sounds;
}

}  // namespace parley::gateway
