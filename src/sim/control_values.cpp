#include "control_values.hpp"

namespace parley::sim {

std::optional<PhoneRule> read_phone_rule(const nlohmann::json& json, std::string& why_not) {
    static const std::map<std::string, PhoneRule::Outcome> outcomes{{"delivered", PhoneRule::Outcome::delivered},
                                                                    {"undelivered", PhoneRule::Outcome::undelivered},
                                                                    {"failed", PhoneRule::Outcome::failed},
                                                                    {"unconfirmed", PhoneRule::Outcome::unconfirmed},
                                                                    {"refused", PhoneRule::Outcome::refused}};
    const auto fail = [&](std::string text) {
        why_not = std::move(text);
        return std::nullopt;
    };
    if (!json.is_object()) return fail("expected a JSON object");
    PhoneRule out;
    for (const auto& [key, value] : json.items()) {
        if (key == "outcome" && value.is_string() && outcomes.contains(value.get<std::string>())) {
            out.outcome = outcomes.at(value.get<std::string>());
        } else if (key == "error_code" && value.is_number_integer()) {
            out.error_code = value.get<int>();
        } else if (key == "takes_media" && value.is_boolean()) {
            out.takes_media = value.get<bool>();
        } else if (key == "step_ms" && value.is_number_unsigned()) {
            out.step = milliseconds(value.get<unsigned>());
        } else {
            return fail("phone: '" + key + "' is not known, or its value is not of its kind");
        }
    }
    if (out.outcome == PhoneRule::Outcome::refused && out.error_code == 0) out.error_code = 21614;
    return out;
}

std::optional<CallbackWeather> read_callback_weather(const nlohmann::json& json, std::string& why_not) {
    const auto fail = [&](std::string text) {
        why_not = std::move(text);
        return std::nullopt;
    };
    if (!json.is_object()) return fail("callbacks: expected an object");
    CallbackWeather out;
    const auto probability = [](const nlohmann::json& value) { return value.is_number() && value.get<double>() >= 0 && value.get<double>() <= 1; };
    for (const auto& [key, value] : json.items()) {
        if (key == "order" && value.is_string() && (value == "as_made" || value == "shuffled" || value == "reversed")) {
            out.order = value == "as_made" ? CallbackWeather::Order::as_made
                                           : (value == "shuffled" ? CallbackWeather::Order::shuffled : CallbackWeather::Order::reversed);
        } else if (key == "delay_ms" && value.is_number_unsigned()) {
            out.delay = milliseconds(value.get<unsigned>());
        } else if (key == "shuffle_window_ms" && value.is_number_unsigned()) {
            out.shuffle_window = milliseconds(value.get<unsigned>());
        } else if (key == "duplicated" && probability(value)) {
            out.duplicated = value.get<double>();
        } else if (key == "dropped" && probability(value)) {
            out.dropped = value.get<double>();
        } else if (key == "seed" && value.is_number_unsigned()) {
            out.seed = value.get<std::uint64_t>();
        } else {
            return fail("callbacks: '" + key + "' is not known, or its value is not of its kind");
        }
    }
    return out;
}

std::optional<std::vector<WebhookTricks::Trick>> read_webhook_tricks(const nlohmann::json& json, std::string& why_not) {
    using Kind = WebhookTricks::Trick::Kind;
    static const std::map<std::string, Kind> kinds{
        {"twice", Kind::twice}, {"wrong_token", Kind::wrong_token}, {"old_token", Kind::old_token}, {"unsigned", Kind::missing_signature}};
    const auto fail = [&](std::string text) {
        why_not = std::move(text);
        return std::nullopt;
    };
    if (!json.is_array()) return fail("webhooks: expected a list");
    std::vector<WebhookTricks::Trick> out;
    for (const auto& one : json) {
        if (!one.is_object() || !one.contains("fault")) return fail("webhooks: expected objects with a fault");
        WebhookTricks::Trick trick;
        for (const auto& [key, value] : one.items()) {
            if (key == "fault" && value.is_string() && kinds.contains(value.get<std::string>())) {
                trick.kind = kinds.at(value.get<std::string>());
            } else if (key == "path" && value.is_string()) {
                trick.path = value.get<std::string>();
            } else if (key == "skip" && value.is_number_integer()) {
                trick.skip = value.get<int>();
            } else if (key == "count" && value.is_number_integer()) {
                trick.count = value.get<int>();
            } else {
                return fail("webhooks: '" + key + "' is not known, or its value is not of its kind");
            }
        }
        out.push_back(std::move(trick));
    }
    return out;
}

}  // namespace parley::sim
