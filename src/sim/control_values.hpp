#pragma once
// Values of the controls below /sim, read from JSON; nothing and a reason when they cannot be.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "parley/sim/fake_twilio.hpp"

namespace parley::sim {

// {"outcome": "delivered" | "undelivered" | "failed" | "unconfirmed" | "refused", "error_code", "takes_media", "step_ms"}
[[nodiscard]] std::optional<PhoneRule> read_phone_rule(const nlohmann::json& json, std::string& why_not);
// [{"fault": "twice" | "wrong_token" | "old_token" | "unsigned", "path", "skip", "count"}]
[[nodiscard]] std::optional<std::vector<WebhookTricks::Trick>> read_webhook_tricks(const nlohmann::json& json, std::string& why_not);
// {"order": "as_made" | "shuffled" | "reversed", "delay_ms", "shuffle_window_ms", "duplicated", "dropped", "seed"}
[[nodiscard]] std::optional<CallbackWeather> read_callback_weather(const nlohmann::json& json, std::string& why_not);

}  // namespace parley::sim
