#include "parley/speech/voice.hpp"

extern "C" {
#include <flite/flite.h>
cst_voice* register_cmu_us_slt(const char* voxdir);
cst_voice* register_cmu_us_rms(const char* voxdir);
cst_voice* register_cmu_us_awb(const char* voxdir);
cst_voice* register_cmu_us_kal16(const char* voxdir);
extern cst_voice* cmu_us_slt_cg;
extern cst_voice* cmu_us_rms_cg;
extern cst_voice* cmu_us_awb_cg;
extern cst_voice* cmu_us_kal16_diphone;
}

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "parley/audio/resampler.hpp"
#include "parley/speech/error.hpp"

namespace parley::speech {
namespace {

constexpr std::size_t kPiece = 160;  // 20 ms
constexpr int kPeak = 29000;         // -1.06 dBFS

struct Registered {
    const char* name;
    cst_voice* (*make)(const char*);
    cst_voice** shared;  // where the engine keeps the one voice it hands to everybody
};

const Registered* find_voice(std::string_view name) {
    static const Registered all[] = {{"slt", register_cmu_us_slt, &cmu_us_slt_cg},
                                     {"rms", register_cmu_us_rms, &cmu_us_rms_cg},
                                     {"awb", register_cmu_us_awb, &cmu_us_awb_cg},
                                     {"kal16", register_cmu_us_kal16, &cmu_us_kal16_diphone}};
    const auto* found = std::ranges::find_if(all, [&](const Registered& r) { return name == r.name; });
    return found == std::end(all) ? nullptr : found;
}

std::mutex& engine_mutex() {
    static std::mutex mutex;
    return mutex;
}

// One character of typographic UTF-8 as it is spoken or written in ASCII; a blank when there is none.
const char* ascii_of(char32_t c) {
    switch (c) {
        case 0x2018:
        case 0x2019:
        case 0x02BC:
            return "'";
        case 0x201C:
        case 0x201D:
            return "\"";
        case 0x2010:
        case 0x2011:
            return "-";
        case 0x2012:
        case 0x2013:
        case 0x2014:
            return ", ";
        case 0x2026:
            return ". ";
        case 0x00A3:
            return " pounds ";
        case 0x20AC:
            return " euros ";
        case 0x00E0:
        case 0x00E1:
        case 0x00E2:
        case 0x00E3:
        case 0x00E4:
        case 0x00E5:
            return "a";
        case 0x00E8:
        case 0x00E9:
        case 0x00EA:
        case 0x00EB:
            return "e";
        case 0x00EC:
        case 0x00ED:
        case 0x00EE:
        case 0x00EF:
            return "i";
        case 0x00F2:
        case 0x00F3:
        case 0x00F4:
        case 0x00F5:
        case 0x00F6:
            return "o";
        case 0x00F9:
        case 0x00FA:
        case 0x00FB:
        case 0x00FC:
            return "u";
        case 0x00F1:
            return "n";
        case 0x00E7:
            return "c";
        case 0x00DF:
            return "ss";
        default:
            return " ";
    }
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) return lead;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (more == 0) return 0xFFFD;
    char32_t value = lead & (0x3FU >> static_cast<unsigned>(more));
    for (int i = 0; i < more; ++i) {
        if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80) return 0xFFFD;
        value = (value << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    }
    return value;
}

}  // namespace

const std::vector<std::string>& voice_names() {
    static const std::vector<std::string> names{"slt", "rms", "awb", "kal16"};
    return names;
}

Result<std::string> speakable(std::string_view text) {
    if (text.size() > kMaxSpokenBytes) return make_error_code(errc::bad_text);
    std::string out;
    bool any = false;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        const char one[2] = {static_cast<char>(c), 0};
        // The engine reads no markup from plain text, but angle brackets and backslashes are noise when spoken.
        const char* piece = c >= 0x80 ? ascii_of(c) : c < 0x20 || c == 0x7F || c == '<' || c == '>' || c == '\\' ? " " : one;
        for (const char* p = piece; *p != 0; ++p) {
            const auto u = static_cast<unsigned char>(*p);
            if (u == ' ' && (out.empty() || out.back() == ' ')) continue;
            out += *p;
            any = any || (u >= '0' && u <= '9') || ((u | 0x20U) >= 'a' && (u | 0x20U) <= 'z');
        }
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    if (!any) return make_error_code(errc::bad_text);
    return out;
}

struct Voice::State {
    cst_voice* voice = nullptr;
    // Of the utterance in work:
    std::optional<audio::Resampler> down;
    std::vector<std::int16_t> narrow;
    std::size_t sent = 0;
    bool stopped = false;
    bool bad_rate = false;
    const std::function<bool(std::span<const std::int16_t>)>* piece = nullptr;

    ~State() {
        if (voice == nullptr) return;
        const std::scoped_lock lock(engine_mutex());
        delete_voice(voice);
    }

    void limit(std::size_t from) {
        for (std::size_t i = from; i < narrow.size(); ++i) narrow[i] = static_cast<std::int16_t>(std::clamp<int>(narrow[i], -kPeak, kPeak));
    }

    bool deliver(bool last) {
        while (!stopped && (narrow.size() - sent >= kPiece || (last && sent < narrow.size()))) {
            const auto n = std::min<std::size_t>(narrow.size() - sent, kPiece * 5);
            const auto whole = last ? n : n - n % kPiece;
            stopped = !(*piece)(std::span(narrow).subspan(sent, whole));
            sent += whole;
        }
        if (sent > 16000) {
            narrow.erase(narrow.begin(), narrow.begin() + static_cast<std::ptrdiff_t>(sent));
            sent = 0;
        }
        return !stopped;
    }

    static int on_engine_audio(const cst_wave* wave, int start, int size, int last, cst_audio_streaming_info* info) {
        auto& self = *static_cast<State*>(info->userdata);
        if (!self.down) {
            if (!audio::resampler_supports(wave->sample_rate)) {
                self.bad_rate = true;
                return CST_AUDIO_STREAM_STOP;
            }
            self.down.emplace(wave->sample_rate, 8000);
        }
        const auto before = self.narrow.size();
        if (size > 0) self.down->process(std::span(wave->samples + start, static_cast<std::size_t>(size)), self.narrow);
        if (last != 0) self.down->flush(self.narrow);
        self.limit(before);
        return self.deliver(last != 0) ? CST_AUDIO_STREAM_CONT : CST_AUDIO_STREAM_STOP;
    }
};

Voice::Voice(std::unique_ptr<State> state) : state_(std::move(state)) {}
Voice::~Voice() = default;

Result<std::unique_ptr<Voice>> Voice::make(const VoiceSettings& settings) {
    const auto* kind = find_voice(settings.name);
    if (kind == nullptr) return make_error_code(errc::unknown_voice);
    const std::scoped_lock lock(engine_mutex());
    static const int initialised = flite_init();
    (void)initialised;
    auto state = std::make_unique<State>();
    // The engine counts references without atomics, so two threads must not share a voice: its slot is emptied for a
    // fresh one.
    cst_voice* const others = std::exchange(*kind->shared, nullptr);
    state->voice = kind->make(nullptr);
    *kind->shared = others;
    if (state->voice == nullptr) return make_error_code(errc::engine_failed);
    auto* features = state->voice->features;
    flite_feat_set_float(features, "duration_stretch", static_cast<float>(1.0 / std::clamp(settings.speed, 0.5, 2.0)));
    const float mean = flite_get_param_float(features, "int_f0_target_mean", 110.0F);
    flite_feat_set_float(features, "int_f0_target_mean", mean * static_cast<float>(std::clamp(settings.pitch, 0.5, 2.0)));
    auto voice = std::unique_ptr<Voice>(new Voice(std::move(state)));
    // First use builds tables inside the engine that all voices share: it happens here, under the lock.
    if (auto warm = voice->speak("a 1", [](std::span<const std::int16_t>) { return true; }); !warm) return warm.error();
    return voice;
}

Result<> Voice::speak(std::string_view text, const std::function<bool(std::span<const std::int16_t>)>& piece) {
    auto clean = speakable(text);
    if (!clean) return clean.error();
    auto& s = *state_;
    s.down.reset();
    s.narrow.clear();
    s.sent = 0;
    s.stopped = s.bad_rate = false;
    s.piece = &piece;

    cst_audio_streaming_info* info = new_audio_streaming_info();
    info->min_buffsize = 1600;  // 100 ms at 16 kHz: how often a cancellation is seen
    info->asc = &State::on_engine_audio;
    info->userdata = &s;
    flite_feat_set(s.voice->features, "streaming_info", audio_streaming_info_val(info));  // the voice owns it now
    cst_wave* wave = flite_text_to_wave(clean->c_str(), s.voice);
    bool ok = wave != nullptr;
    // Diphone voices stream too, but an engine that did not call back at all still returned the whole wave.
    if (ok && !s.stopped && !s.down && !s.bad_rate) ok = State::on_engine_audio(wave, 0, wave->num_samples, 1, info) == CST_AUDIO_STREAM_CONT;
    if (wave != nullptr) delete_wave(wave);
    flite_feat_remove(s.voice->features, "streaming_info");
    s.piece = nullptr;
    if (s.stopped) return make_error_code(errc::cancelled);
    if (!ok || s.bad_rate) return make_error_code(errc::engine_failed);
    return {};
}

}  // namespace parley::speech
