#include "relay_order.hpp"

#include <nlohmann/json.hpp>

namespace parley::sim {
namespace {

using nlohmann::json;

class Fields {
public:
    Fields(const json& object, std::string& why) : object_(object), why_(why) {}

    [[nodiscard]] bool good() const { return good_; }
    void fail(const std::string& why) {
        if (good_) why_ = why;
        good_ = false;
    }
    const json* find(const char* key) const {
        const auto at = object_.find(key);
        return at == object_.end() ? nullptr : &*at;
    }
    std::string text(const char* key, bool required) {
        const auto* at = find(key);
        if (at == nullptr) {
            if (required) fail(std::string(key) + " is missing");
            return {};
        }
        if (!at->is_string()) {
            fail(std::string(key) + " is no string");
            return {};
        }
        return at->get<std::string>();
    }
    std::optional<bool> flag(const char* key) {
        const auto* at = find(key);
        if (at == nullptr) return std::nullopt;
        if (at->is_boolean()) return at->get<bool>();
        fail(std::string(key) + " is no boolean");
        return std::nullopt;
    }

private:
    const json& object_;
    std::string& why_;
    bool good_ = true;
};

std::optional<RelayInputs> inputs(Fields& fields) {
    const auto* at = fields.find("interruptible");
    if (at == nullptr) return std::nullopt;
    RelayInputs out;
    if (at->is_boolean()) return at->get<bool>() ? RelayInputs{true, true} : RelayInputs{false, false};
    if (at->is_string() && read_inputs(at->get<std::string>(), out)) return out;
    fields.fail("interruptible is neither boolean nor none, dtmf, speech, any");
    return std::nullopt;
}

}  // namespace

std::optional<RelayOrder> read_relay_order(std::string_view message, const RelaySettings& settings, std::string& why) {
    const auto document = json::parse(message, nullptr, false);
    if (!document.is_object()) {
        why = "no JSON object";
        return std::nullopt;
    }
    Fields fields(document, why);
    RelayOrder order;
    using Kind = RelayOrder::Kind;
    const auto type = fields.text("type", true);
    if (!fields.good()) return std::nullopt;
    if (type == "text") {
        order.kind = Kind::text;
        order.text = fields.text("token", true);
        order.last = fields.flag("last").value_or(false);
        order.language = fields.text("lang", false);
        if (!order.language.empty() && !settings.knows_language(order.language)) fields.fail("lang " + order.language + " is not configured");
        order.interruptible = inputs(fields);
        order.preemptible = fields.flag("preemptible");
    } else if (type == "play") {
        order.kind = Kind::play;
        order.text = fields.text("source", true);
        if (fields.good() && order.text.find("://") == std::string::npos) fields.fail("source is no URL");
        if (const auto* loop = fields.find("loop"); loop != nullptr) {
            if (loop->is_number_unsigned() && loop->get<std::uint64_t>() <= 1000)
                order.loop = loop->get<int>();
            else
                fields.fail("loop is no number from 0 to 1000");
        }
        order.interruptible = inputs(fields);
        order.preemptible = fields.flag("preemptible");
    } else if (type == "sendDigits") {
        order.kind = Kind::digits;
        order.text = fields.text("digits", true);
        if (order.text.empty() || order.text.find_first_not_of("0123456789w#*") != std::string::npos) fields.fail("digits are not 0-9 w # *");
    } else if (type == "language") {
        order.kind = Kind::language;
        order.language = fields.text("ttsLanguage", false);
        order.transcription = fields.text("transcriptionLanguage", false);
        if (order.language.empty() && order.transcription.empty()) fields.fail("neither ttsLanguage nor transcriptionLanguage");
    } else if (type == "end") {
        order.kind = Kind::end;
        order.has_handoff = fields.find("handoffData") != nullptr;
        order.text = fields.text("handoffData", false);
    } else {
        fields.fail("unknown type " + type);
    }
    if (!fields.good()) return std::nullopt;
    return order;
}

}  // namespace parley::sim
