#include <deque>
#include <istream>

#include <nlohmann/json.hpp>

#include "parley/audio/base64.hpp"
#include "parley/audio/g711.hpp"
#include "parley/audio/vad.hpp"
#include "parley/call/call_file.hpp"
#include "parley/conversation/serialise.hpp"
#include "vad_json.hpp"

namespace parley::call {

namespace {

constexpr std::size_t kMaxLine = 1 << 20;
constexpr std::uint64_t kMaxLines = 10'000'000;
constexpr std::size_t kContextLines = 12;

// One pass over the file: inputs drive the core, recorded outputs are compared with what it says now, in order.
class Replay {
public:
    ReplayResult run(std::istream& file) {
        std::string text;
        while (result_.error.empty() && !differs_ && std::getline(file, text)) {
            ++line_;
            if (text.size() > kMaxLine || line_ > kMaxLines) {
                fail("line too long or file too large");
                break;
            }
            take(text);
        }
        if (result_.error.empty() && !machine_) fail("no header line");
        if (result_.error.empty() && !differs_) {
            // Nothing may be left that the code says now and the file does not, unless the file was cut short.
            if (result_.complete && !expected_.empty()) difference("(end of file)", expected_.front());
        }
        result_.identical = result_.error.empty() && !differs_;
        return std::move(result_);
    }

private:
    void fail(const std::string& why) { result_.error = "line " + std::to_string(line_) + ": " + why; }

    void difference(const std::string& recorded, const std::string& replayed) {
        differs_ = true;
        result_.line = line_;
        result_.recorded = recorded;
        result_.replayed = replayed;
        result_.context.assign(recent_.begin(), recent_.end());
    }

    void edge_unrecorded() {
        difference("(no voice activity edge)", edge_ == audio::VadResult::started ? "voice activity: started" : "voice activity: stopped");
    }

    void take(const std::string& text) {
        const auto json = nlohmann::json::parse(text, nullptr, false);
        if (!json.is_object()) return fail("not a JSON object");
        try {
            if (!machine_) return header(json);
            if (json.contains("in"))
                input(json, text);
            else if (json.contains("out"))
                output(json, text);
            else if (json.contains("f"))
                frame(json);
            else if (json.contains("crc"))
                hidden_frame();
            else if (json.contains("end"))
                result_.complete = true;
        } catch (const nlohmann::json::exception& e) {
            fail(e.what());
        }
        if (!json.contains("f") && !json.contains("crc")) {
            recent_.push_back(text);
            if (recent_.size() > kContextLines) recent_.pop_front();
        }
    }

    void header(const nlohmann::json& json) {
        if (json.value("parley_call_file", 0) != 1) return fail("not a call file of version 1");
        const auto settings = conversation::settings_from_json(json.at("settings").dump());
        if (!settings) return fail("settings: " + settings.error().message());
        machine_.emplace(*settings);
        vad_settings_ = vad_from_json(json.at("vad"));
        vad_.emplace(vad_settings_);
        full_ = json.value("frames", "") == "full";
    }

    void input(const nlohmann::json& json, const std::string& text) {
        ++result_.inputs;
        if (!expected_.empty()) return difference("(next input) " + text, expected_.front());
        const auto event = conversation::event_from_json(json.at("in").dump());
        if (!event) return fail("unknown input: " + event.error().message());
        if (full_ && json.value("vad", false)) {
            const bool started = std::holds_alternative<conversation::CallerSpeechStarted>(*event);
            if (edge_ != (started ? audio::VadResult::started : audio::VadResult::stopped))
                return difference(text,
                                  edge_ == audio::VadResult::none ? "voice activity: no edge at this frame" : "voice activity: the other edge at this frame");
            edge_ = audio::VadResult::none;
        }
        commands_.clear();
        machine_->on(*event, Instant(json.at("t").get<std::int64_t>()), commands_);
        for (const auto& command : commands_) expected_.push_back(conversation::to_json(command));
    }

    void output(const nlohmann::json& json, const std::string& text) {
        ++result_.outputs;
        if (edge_ != audio::VadResult::none) return edge_unrecorded();
        if (expected_.empty()) return difference(text, "(no command)");
        if (nlohmann::json::parse(expected_.front(), nullptr, false) != json.at("out")) return difference(json.at("out").dump(), expected_.front());
        expected_.pop_front();
    }

    // A digest, or in a file with whole frames one that was not kept.
    void hidden_frame() {
        ++result_.frames;
        if (!full_) return;
        if (edge_ != audio::VadResult::none) return edge_unrecorded();
        vad_.emplace(vad_settings_);
    }

    void frame(const nlohmann::json& json) {
        ++result_.frames;
        if (edge_ != audio::VadResult::none) return edge_unrecorded();
        const auto payload = json.at("f").get<std::string>();
        std::array<std::uint8_t, 4 * audio::kFrameBytes> mulaw{};
        if (payload.size() > audio::base64_encoded_size(audio::kFrameBytes)) return fail("frame too long");
        const auto size = audio::base64_decode(payload, mulaw);
        if (!size || *size != audio::kFrameBytes) return fail("frame is not 160 bytes of base64");
        std::array<std::int16_t, audio::kFrameSamples> pcm{};
        audio::mulaw_decode(std::span(mulaw).first(*size), pcm);
        edge_ = vad_->push(pcm).edge;
    }

    ReplayResult result_;
    std::optional<conversation::Machine> machine_;
    audio::VadConfig vad_settings_;
    std::optional<audio::Vad> vad_;
    audio::VadResult::Edge edge_ = audio::VadResult::none;
    conversation::Commands commands_;
    std::deque<std::string> expected_;
    std::deque<std::string> recent_;
    std::uint64_t line_ = 0;
    bool full_ = false, differs_ = false;
};

}  // namespace

ReplayResult replay_call_file(std::istream& file) {
    return Replay().run(file);
}

}  // namespace parley::call
