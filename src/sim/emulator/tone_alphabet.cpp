#include "parley/sim/tone_alphabet.hpp"
#include "spoken_words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numbers>
#include <optional>
#include <stdexcept>

namespace parley::sim {
namespace {

constexpr std::size_t kToneSamples = 384, kGapSamples = 192, kPauseSamples = 320;
constexpr std::size_t kWindow = 128, kHop = 32;  // 16 ms: one period of the 62.5 Hz all tones are multiples of; 4 ms
constexpr int kStart = 15, kFiller = 14, kBase = 14;
constexpr std::array kLow{500.0, 625.0, 750.0, 875.0};
constexpr std::array kHigh{1125.0, 1375.0, 1625.0, 1875.0};
// The hum: what two pure tones lack to pass for a voice. Its frequencies are none of the code's.
constexpr std::array kHum{250.0, 2125.0, 2375.0, 2750.0};
constexpr double kCodeAmplitude = 5200, kHumAmplitude = 1900;
constexpr double kCodeShare = 0.6;  // of all energy, in the two tones of a symbol; 0.79 as made
constexpr double kFloor = 60 * 60;  // mean square below which it is silence
constexpr int kSteady = 4;          // hops a symbol must last; 9 as made

void sound(Pcm8k& out, double amplitude_low, double low, double amplitude_high, double high) {
    for (std::size_t i = 0; i < kToneSamples; ++i) {
        const double t = 2 * std::numbers::pi * static_cast<double>(i) / kSampleRate;
        double value = amplitude_low * std::sin(low * t) + amplitude_high * std::sin(high * t);
        for (const auto hz : kHum) value += kHumAmplitude * std::sin(hz * t);
        constexpr std::size_t kRamp = 16;  // 2 ms, so that nothing clicks
        const double edge = std::min({1.0, static_cast<double>(i + 1) / kRamp, static_cast<double>(kToneSamples - i) / kRamp});
        out.push_back(static_cast<std::int16_t>(std::lround(value * edge)));
    }
    out.insert(out.end(), kGapSamples, 0);
}

void symbol(Pcm8k& out, int value) {
    sound(out, kCodeAmplitude, kLow[static_cast<std::size_t>(value / 4)], kCodeAmplitude, kHigh[static_cast<std::size_t>(value % 4)]);
}

// Energy of one frequency within the window, as the mean square it contributes.
double energy(std::span<const std::int16_t> window, double hz) {
    const double coefficient = 2 * std::cos(2 * std::numbers::pi * hz / kSampleRate);
    double before = 0, last = 0;
    for (const auto sample : window) {
        const double now = sample + coefficient * last - before;
        before = last;
        last = now;
    }
    const auto n = static_cast<double>(window.size());
    return 2 * (last * last + before * before - coefficient * last * before) / (n * n);
}

// The symbol in this window; -1: silence or anything else.
int symbol_at(std::span<const std::int16_t> window) {
    double all = 0;
    for (const auto sample : window) all += static_cast<double>(sample) * sample;
    all /= static_cast<double>(window.size());
    if (all < kFloor) return -1;
    const auto strongest = [&](const std::array<double, 4>& tones, double& most) {
        std::size_t best = 0;
        most = 0;
        for (std::size_t i = 0; i < tones.size(); ++i) {
            const double here = energy(window, tones[i]);
            if (here <= most) continue;
            most = here;
            best = i;
        }
        return static_cast<int>(best);
    };
    double low = 0, high = 0;
    const int row = strongest(kLow, low);
    const int column = strongest(kHigh, high);
    if (low + high < kCodeShare * all || std::min(low, high) < 0.2 * std::max(low, high)) return -1;
    return row * 4 + column;
}

std::vector<int> symbols_in(std::span<const std::int16_t> pcm) {
    std::vector<int> out;
    int running = -1, length = 0;
    for (std::size_t at = 0; at + kWindow <= pcm.size(); at += kHop) {
        const int now = symbol_at(pcm.subspan(at, kWindow));
        if (now == running) {
            if (++length == kSteady && now >= 0) out.push_back(now);
            continue;
        }
        running = now;
        length = 1;
    }
    return out;
}

}  // namespace

ToneAlphabet::ToneAlphabet(const std::vector<std::string>& phrases) {
    for (const auto& phrase : phrases) {
        auto words = words_of(phrase);
        if (words.empty()) throw std::invalid_argument("\"" + phrase + "\" has no words");
        if (std::find(words_.begin(), words_.end(), words) != words_.end()) continue;
        words_.push_back(std::move(words));
        phrases_.push_back(phrase);
    }
    if (phrases_.size() > static_cast<std::size_t>(kBase * kBase * kBase)) throw std::invalid_argument("too many phrases for the tone alphabet");
    digits_ = phrases_.size() > static_cast<std::size_t>(kBase * kBase) ? 3 : 2;
}

std::vector<ToneAlphabet::Part> ToneAlphabet::parts_of(const std::string& text) const {
    const auto words = words_of(text);
    std::vector<Part> parts;
    for (std::size_t at = 0; at < words.size();) {
        Part best{-1, 1};
        for (std::size_t i = 0; i < words_.size(); ++i) {
            const auto& phrase = words_[i];
            if ((best.index >= 0 && phrase.size() <= best.words) || at + phrase.size() > words.size()) continue;
            if (std::equal(phrase.begin(), phrase.end(), words.begin() + static_cast<std::ptrdiff_t>(at))) best = {static_cast<int>(i), phrase.size()};
        }
        parts.push_back(best);
        at += best.words;
    }
    return parts;
}

Pcm8k ToneAlphabet::speak(const std::string& text, const VoiceStyle& style) {
    (void)style;
    Pcm8k out;
    for (const auto& part : parts_of(text)) {
        if (part.index < 0) {
            symbol(out, kFiller);
            continue;
        }
        symbol(out, kStart);
        std::array<int, 3> digits{};
        int rest = part.index, sum = 0;
        for (int i = digits_ - 1; i >= 0; --i) {
            digits[static_cast<std::size_t>(i)] = rest % kBase;
            sum += rest % kBase;
            rest /= kBase;
        }
        for (int i = 0; i < digits_; ++i) symbol(out, digits[static_cast<std::size_t>(i)]);
        symbol(out, sum % kBase);
        out.insert(out.end(), kPauseSamples, 0);
    }
    return out;
}

std::vector<std::size_t> ToneAlphabet::heard(std::span<const std::int16_t> pcm) const {
    const auto symbols = symbols_in(pcm);
    const auto length = static_cast<std::size_t>(digits_);
    std::vector<std::size_t> out;
    for (std::size_t at = 0; at + length + 1 < symbols.size(); ++at) {
        if (symbols[at] != kStart) continue;
        int index = 0, sum = 0;
        bool digits = true;
        for (std::size_t i = 1; i <= length; ++i) {
            digits = digits && symbols[at + i] < kBase;
            index = index * kBase + symbols[at + i];
            sum += symbols[at + i];
        }
        if (!digits || symbols[at + length + 1] != sum % kBase || static_cast<std::size_t>(index) >= phrases_.size()) continue;
        out.push_back(static_cast<std::size_t>(index));
        at += length + 1;
    }
    return out;
}

std::vector<Recognised> ToneAlphabet::recognise(std::span<const std::int16_t> pcm, const std::vector<std::string>& phrases) {
    std::vector<Recognised> out;
    const auto found = heard(pcm);
    if (phrases.empty()) {
        for (const auto index : found) out.push_back({phrases_[index], 1.0});
        return out;
    }
    std::vector<std::string> words;
    for (const auto index : found) words.insert(words.end(), words_[index].begin(), words_[index].end());
    std::vector<std::pair<std::vector<std::string>, const std::string*>> wanted;
    for (const auto& phrase : phrases) wanted.emplace_back(words_of(phrase), &phrase);
    std::sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    for (std::size_t at = 0; at < words.size();) {
        const auto match = std::find_if(wanted.begin(), wanted.end(), [&](const auto& one) {
            return !one.first.empty() && at + one.first.size() <= words.size() &&
                   std::equal(one.first.begin(), one.first.end(), words.begin() + static_cast<std::ptrdiff_t>(at));
        });
        if (match == wanted.end()) {
            ++at;
            continue;
        }
        out.push_back({*match->second, 1.0});
        at += match->first.size();
    }
    return out;
}

std::string ToneAlphabet::unusable(const std::vector<std::string>& phrases) {
    for (const auto& phrase : phrases) {
        for (const auto& part : parts_of(phrase)) {
            if (part.index < 0) return "\"" + phrase + "\" cannot be said in the tone alphabet";
        }
    }
    return {};
}

}  // namespace parley::sim
