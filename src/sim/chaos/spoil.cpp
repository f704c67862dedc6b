// What a vendor may do wrong in the contents of what it says, done to whatever looks like it.

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "parley/sim/base64.hpp"
#include "parley/sim/emulator_audio.hpp"
#include "parley/sim/fault_proxy.hpp"

namespace parley::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSoundRun = 128;  // characters of base64 that are no longer an id
constexpr int kWordsBeforeEnd = 3;      // items that still have words when the end comes too soon

struct Run {
    std::size_t begin = 0, length = 0;
};

// The longest run of base64.
Run longest_run(std::string_view text) {
    Run best, run;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool in = i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '+' || text[i] == '/' || text[i] == '=');
        if (in && run.length++ == 0) run.begin = i;
        if (in) continue;
        if (run.length > best.length) best = run;
        run = {};
    }
    return best.length >= kSoundRun ? best : Run{};
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string spoilt_sound(const Fault& fault, std::string sound, bool mulaw, int index) {
    if (fault.zero_audio) std::fill(sound.begin(), sound.end(), mulaw ? '\xff' : '\0');
    if (fault.wrong_rate != 0) {  // two samples of three: half as fast again
        const std::size_t width = mulaw ? 1 : 2;
        std::string kept;
        for (std::size_t at = 0; at + width <= sound.size(); at += width) {
            if (at / width % 3 != 2) kept.append(sound, at, width);
        }
        sound = std::move(kept);
    }
    if (fault.wav_header && index == 0) {
        const WireFormat format{mulaw ? WireFormat::Encoding::mulaw : WireFormat::Encoding::linear16, mulaw ? 8000 : 24000};
        sound.insert(0, wav_header(format, sound.size()));
    }
    // µ-law has no odd number of bytes.
    if (fault.odd_bytes && !mulaw && sound.size() % 2 == 0) sound.push_back('\x01');
    return sound;
}

bool touches_sound(const Fault& fault) {
    return fault.empty_audio || fault.zero_audio || fault.wrong_rate != 0 || fault.wav_header || fault.odd_bytes;
}

// Words of a model's delta, and how it says why it ended.
void reword(Json& node, const Fault& fault, bool silent) {
    if (node.is_array()) {
        for (auto& child : node) reword(child, fault, silent);
        return;
    }
    if (!node.is_object()) return;
    for (auto& [key, value] : node.items()) {
        const bool words = key == "content" || key == "text" || key == "delta" || key == "output_text" || key == "partial_json" || key == "arguments";
        const bool ending = key == "finish_reason" || key == "stop_reason" || key == "finishReason";
        if (silent && key == "tool_calls") {
            value = Json::array();
        } else if (silent && words && value.is_string()) {
            value = "";
        } else if (ending && value.is_string() && !fault.finish.empty()) {
            const bool length = fault.finish == "length";
            if (key == "stop_reason")
                value = length ? "max_tokens" : "refusal";
            else if (key == "finishReason")
                value = length ? "MAX_TOKENS" : "SAFETY";
            else
                value = length ? "length" : "content_filter";
        } else {
            reword(value, fault, silent);
        }
    }
}

std::string reworded(const std::string& item, const Fault& fault, bool silent) {
    const auto open = item.find('{');
    const auto shut = item.rfind('}');
    if (open == std::string::npos || shut == std::string::npos || shut < open) return item;
    auto json = Json::parse(item.substr(open, shut - open + 1), nullptr, false);
    if (json.is_discarded()) return item;
    reword(json, fault, silent);
    return item.substr(0, open) + json.dump(-1, ' ', false, Json::error_handler_t::replace) + item.substr(shut + 1);
}

std::string oversized(const std::string& item, std::size_t bytes) {
    for (const std::string_view key : {"\"transcript\":\"", "\"text\":\"", "\"transcript\": \"", "\"text\": \""}) {
        const auto at = item.find(key);
        if (at == std::string::npos) continue;
        std::string more;
        while (more.size() < bytes) more += "word \\u0007";
        return item.substr(0, at + key.size()) + more + item.substr(at + key.size());
    }
    return item;
}

}  // namespace

bool is_item(std::string_view role, std::string_view message, bool text) {
    if (role == "tts" || role == "s2s") return sound_in(message, text) > 0;
    if (role != "stt") return true;
    for (const std::string_view key : {"\"transcript\":\"", "\"text\":\"", "\"transcript\": \"", "\"text\": \"", "\"delta\":\""}) {
        const auto at = message.find(key);
        if (at != std::string_view::npos && at + key.size() < message.size() && message[at + key.size()] != '"') return true;
    }
    return false;
}

bool looks_final(std::string_view message) {
    constexpr std::array<std::string_view, 9> kFinal{"\"is_final\":true",
                                                     "\"is_final\": true",
                                                     "\"speech_final\":true",
                                                     "\"EndOfTurn\"",
                                                     "\"end_of_turn\":true",
                                                     "\"end_of_turn\": true",
                                                     "input_audio_transcription.completed",
                                                     "\"committed_transcript",
                                                     "\"UtteranceEnd\""};
    return std::any_of(kFinal.begin(), kFinal.end(), [&](auto part) { return contains(message, part); });
}

bool looks_cancel(std::string_view message) {
    constexpr std::array<std::string_view, 7> kCancel{
        "\"Clear\"", "\"response.cancel\"", "\"cancel\":true", "\"cancel\": true", "\"close_context\":true", "\"close_context\": true", "\"interrupt\""};
    return message.size() < 1024 && std::any_of(kCancel.begin(), kCancel.end(), [&](auto part) { return contains(message, part); });
}

std::size_t sound_in(std::string_view message, bool text) {
    return text ? longest_run(message).length / 4 * 3 : message.size();
}

std::vector<SpoiltItem> spoil(const Fault& fault, std::string item, bool text, bool mulaw, int index) {
    std::vector<SpoiltItem> out;
    if (touches_sound(fault) && !text) {
        if (fault.empty_audio) return out;
        item = spoilt_sound(fault, std::move(item), mulaw, index);
    } else if (touches_sound(fault)) {
        const auto run = longest_run(item);
        if (run.length > 0) {
            if (fault.empty_audio) return out;
            if (const auto sound = from_base64(std::string_view(item).substr(run.begin, run.length))) {
                const auto wrong = spoilt_sound(fault, std::string(sound->begin(), sound->end()), mulaw, index);
                item.replace(run.begin, run.length, base64(wrong));
            }
        }
    }
    const bool final = text && (fault.no_final || fault.double_final || fault.late_final.count() > 0) && looks_final(item);
    if (final && fault.no_final) return out;
    if (text && fault.oversize_text > 0) item = oversized(item, fault.oversize_text);
    if (text && (fault.empty_completion || !fault.finish.empty())) item = reworded(item, fault, fault.empty_completion || index >= kWordsBeforeEnd);
    const bool twice = final && fault.double_final;
    out.push_back({item, final ? fault.late_final : std::chrono::milliseconds(0)});
    if (twice) out.push_back({std::move(item), std::chrono::milliseconds(50)});
    return out;
}

}  // namespace parley::sim
