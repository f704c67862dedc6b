#include "parley/twilio/relay_codec.hpp"

#include <algorithm>
#include <charconv>

#include "json_document.hpp"

namespace parley::twilio {
namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr std::size_t kMaxDigits = 64;
constexpr std::size_t kMaxUnknownType = 64;
constexpr std::size_t kMaxHandoffField = 1000;
constexpr std::string_view kKeys = "0123456789*#ABCD";

// Not in the middle of a character.
std::string_view cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    return text.substr(0, most);
}

// The members of one message; says whether all were well and how many nobody asked for.
class Members {
public:
    explicit Members(const Json& object) : object_(object) {}

    // Absent and null are the same: empty.
    void optional(const char* key, std::string& out) {
        const auto at = find(key);
        if (at == nullptr || at->is_null()) return;
        if (!at->is_string()) {
            ++ignored_;
            return;
        }
        const auto& text = at->get_ref<const std::string&>();
        if (text.size() > kMaxRelayFieldBytes) {
            ++ignored_;
            return;
        }
        out = text;
    }
    void required(const char* key, std::string& out, std::size_t most, bool may_be_cut = false) {
        const auto at = find(key);
        if (at == nullptr || !at->is_string()) {
            good_ = false;
            return;
        }
        const auto& text = at->get_ref<const std::string&>();
        if (text.size() > most && !may_be_cut)
            good_ = false;
        else
            out = cut(text, most);
    }
    // Twilio writes a boolean; a string of it is read as well.
    void flag(const char* key, bool& out) {
        const auto at = find(key);
        if (at == nullptr) return;
        if (at->is_boolean())
            out = at->get<bool>();
        else if (at->is_string() && at->get_ref<const std::string&>() == "true")
            out = true;
        else if (at->is_string() && at->get_ref<const std::string&>() == "false")
            out = false;
        else
            good_ = false;
    }
    // A number, or a string of one: the documentation has printed both.
    void milliseconds(const char* key, std::chrono::milliseconds& out) {
        const auto at = find(key);
        if (at == nullptr || at->is_null()) return;
        constexpr std::int64_t kLongest = 24LL * 3600 * 1000;
        double value = -1;
        if (at->is_number()) {
            value = at->get<double>();
        } else if (at->is_string()) {
            const auto& text = at->get_ref<const std::string&>();
            const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (ec != std::errc{} || end != text.data() + text.size()) value = -1;
        }
        if (!(value >= 0)) {
            ++ignored_;
            return;
        }
        out = std::chrono::milliseconds(value >= static_cast<double>(kLongest) ? kLongest : static_cast<std::int64_t>(value));
    }
    const Json* find(const char* key) {
        const auto at = object_.find(key);
        if (at == object_.end()) return nullptr;
        ++asked_;
        return &*at;
    }
    void ignore() { ++ignored_; }

    Result<RelayRead> done(RelayMessage message) const {
        if (!good_) return make_error_code(errc::schema);
        // `type` is the one member nobody asks for here.
        const auto unknown = object_.size() - 1 - std::min<std::size_t>(asked_, object_.size() - 1);
        return RelayRead{std::move(message), static_cast<std::uint32_t>(unknown) + ignored_};
    }

private:
    const Json& object_;
    std::size_t asked_ = 0;
    std::uint32_t ignored_ = 0;
    bool good_ = true;
};

Result<RelayRead> read_setup(Members members) {
    RelaySetup setup;
    members.required("sessionId", setup.session_id, kMaxRelayFieldBytes);
    members.required("callSid", setup.call_sid, kMaxRelayFieldBytes);
    members.required("accountSid", setup.account_sid, kMaxRelayFieldBytes);
    members.optional("parentCallSid", setup.parent_call_sid);
    members.optional("applicationSid", setup.application_sid);
    members.optional("from", setup.from);
    members.optional("to", setup.to);
    members.optional("forwardedFrom", setup.forwarded_from);
    members.optional("callerName", setup.caller_name);
    members.optional("direction", setup.direction);
    members.optional("callType", setup.call_type);
    members.optional("callStatus", setup.call_status);
    const auto* parameters = members.find("customParameters");
    if (parameters != nullptr && parameters->is_object()) {
        for (const auto& [name, value] : parameters->items()) {
            const bool taken = value.is_string() && setup.parameters.size() < kMaxRelayParameters && name.size() <= kMaxRelayParameterBytes &&
                               value.get_ref<const std::string&>().size() <= kMaxRelayParameterBytes;
            if (taken)
                setup.parameters.emplace_back(name, value.get_ref<const std::string&>());
            else
                members.ignore();
        }
    } else if (parameters != nullptr && !parameters->is_null()) {
        members.ignore();
    }
    return members.done(std::move(setup));
}

Result<RelayRead> read_prompt(Members members) {
    RelayPrompt prompt;
    members.required("voicePrompt", prompt.text, kMaxRelaySpeechBytes, true);
    members.optional("lang", prompt.language);
    members.flag("last", prompt.last);
    (void)members.find("agentSpeaking");
    return members.done(std::move(prompt));
}

Result<RelayRead> read_dtmf(Members members) {
    std::string digit;
    members.required("digit", digit, 1);
    if (digit.size() != 1 || kKeys.find(digit[0]) == std::string_view::npos) return make_error_code(errc::schema);
    return members.done(RelayDtmf{digit[0]});
}

Result<RelayRead> read_interrupt(Members members) {
    RelayInterrupt interrupt;
    interrupt.after = std::chrono::milliseconds(-1);
    // Without it nothing is known to have been heard; the interruption counts all the same.
    if (const auto* heard = members.find("utteranceUntilInterrupt"); heard != nullptr && heard->is_string())
        interrupt.heard = cut(heard->get_ref<const std::string&>(), kMaxRelaySpeechBytes);
    members.milliseconds("durationUntilInterruptMs", interrupt.after);
    return members.done(std::move(interrupt));
}

Result<RelayRead> read_error(Members members) {
    RelayError error;
    members.required("description", error.description, kMaxRelaySpeechBytes, true);
    return members.done(std::move(error));
}

Result<RelayRead> read_info(Members members) {
    RelayInfo info;
    members.required("name", info.name, kMaxRelayFieldBytes);
    if (const auto* value = members.find("value"); value != nullptr) {
        if (value->is_string())
            info.value = cut(value->get_ref<const std::string&>(), kMaxRelaySpeechBytes);
        else if (value->is_primitive())
            info.value = value->dump();
        else
            members.ignore();
    }
    return members.done(std::move(info));
}

std::string dump(const Ordered& message) {
    return message.dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

bool language_tag(std::string_view tag) {
    return tag.size() >= 2 && tag.size() <= 35 &&
           std::ranges::all_of(tag, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

std::string_view RelaySetup::parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters)
        if (key == name) return value;
    return {};
}

Result<RelayRead> read_relay_message(std::string_view text) {
    if (text.size() > kMaxRelayMessageBytes) return make_error_code(errc::too_big);
    const auto document = parse_json(text);
    if (!document) return document.error();
    if (!document->is_object()) return make_error_code(errc::schema);
    const auto type = string_member(*document, "type");
    if (!type) return make_error_code(errc::schema);
    Members members(*document);
    if (*type == "prompt") return read_prompt(std::move(members));
    if (*type == "dtmf") return read_dtmf(std::move(members));
    if (*type == "interrupt") return read_interrupt(std::move(members));
    if (*type == "info") return read_info(std::move(members));
    if (*type == "error") return read_error(std::move(members));
    if (*type == "setup") return read_setup(std::move(members));
    return RelayRead{RelayUnknown{std::string(cut(*type, kMaxUnknownType))}, 0};
}

std::string_view name_of(RelayInput input) {
    switch (input) {
        case RelayInput::none:
            return "none";
        case RelayInput::dtmf:
            return "dtmf";
        case RelayInput::speech:
            return "speech";
        case RelayInput::any:
            return "any";
    }
    return "any";
}

std::string relay_text(const RelayText& text) {
    Ordered message{{"type", "text"}, {"token", text.token}, {"last", text.last}};
    if (!text.language.empty()) message["lang"] = text.language;
    if (text.interruptible) message["interruptible"] = name_of(*text.interruptible);
    if (text.preemptible) message["preemptible"] = *text.preemptible;
    return dump(message);
}

std::string relay_play(const RelayPlay& play) {
    Ordered message{{"type", "play"}, {"source", play.source}, {"loop", std::min(play.loop, 1000U)}};
    if (play.preemptible) message["preemptible"] = *play.preemptible;
    if (play.interruptible) message["interruptible"] = *play.interruptible;
    return dump(message);
}

Result<std::string> relay_digits(std::string_view digits) {
    constexpr std::string_view kSendable = "0123456789w#*";
    const bool fine = !digits.empty() && digits.size() <= kMaxDigits && digits.find_first_not_of(kSendable) == std::string_view::npos;
    if (!fine) return make_error_code(errc::schema);
    return dump(Ordered{{"type", "sendDigits"}, {"digits", digits}});
}

Result<std::string> relay_language(std::string_view tts, std::string_view transcription) {
    const bool some = !tts.empty() || !transcription.empty();
    if (!some || (!tts.empty() && !language_tag(tts)) || (!transcription.empty() && !language_tag(transcription))) return make_error_code(errc::schema);
    Ordered message{{"type", "language"}};
    if (!tts.empty()) message["ttsLanguage"] = tts;
    if (!transcription.empty()) message["transcriptionLanguage"] = transcription;
    return dump(message);
}

Result<std::string> relay_end(std::string_view handoff_data) {
    if (handoff_data.size() > kMaxHandoffBytes) return make_error_code(errc::too_big);
    Ordered message{{"type", "end"}};
    if (!handoff_data.empty()) message["handoffData"] = handoff_data;
    return dump(message);
}

std::string handoff_text(const Handoff& handoff) {
    Ordered out{{"reasonCode", cut(handoff.code, kMaxUnknownType)}, {"reason", cut(handoff.reason, kMaxHandoffField / 2)}};
    if (!handoff.target.empty()) out["target"] = cut(handoff.target, kMaxHandoffField / 2);
    // Control characters take six bytes each; a reason full of them is no reason.
    auto text = dump(out);
    if (text.size() > kMaxHandoffBytes) {
        out["reason"] = "";
        text = dump(out);
    }
    return text.size() > kMaxHandoffBytes ? std::string() : text;
}

std::optional<Handoff> read_handoff(std::string_view text) {
    if (text.empty() || text.size() > kMaxRelayMessageBytes) return std::nullopt;
    const auto document = parse_json(text);
    if (!document || !document->is_object()) return std::nullopt;
    Handoff out;
    const auto take = [&](const char* key, std::string& into) {
        const auto at = document->find(key);
        if (at == document->end()) return true;
        if (!at->is_string()) return false;
        into = cut(at->get_ref<const std::string&>(), kMaxHandoffField);
        return true;
    };
    if (!take("reasonCode", out.code) || !take("reason", out.reason) || !take("target", out.target) || out.code.empty()) return std::nullopt;
    return out;
}

}  // namespace parley::twilio
