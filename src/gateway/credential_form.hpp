#pragma once
// An agent's Twilio credential as it comes and goes over /v1: what is wrong with it, said so that whoever pasted it knows what to do.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/gateway/config.hpp"
#include "parley/store/credentials.hpp"

namespace parley::gateway {

inline constexpr std::int64_t kMaxCallSecondsDefault = 600;
inline constexpr std::int64_t kMaxCallSecondsLeast = 10, kMaxCallSecondsMost = 86'400;
inline constexpr std::size_t kHoldTextMost = 3000;  // characters
inline constexpr std::string_view kHiddenToken = "***";

struct FieldProblem {
    std::string field, message;
};

struct CredentialContext {
    const store::Credential* before = nullptr;                        // what is stored; null: nothing
    std::function<std::string(std::string_view number)> other_owner;  // another agent that has this number; empty: none
    std::string holdaudio, holdmusic;                                 // uploads there are
    bool talks = true;                                                // the agent has a hold: it is neither an echo nor a bot
    bool embedded = false;                                            // its voices are the embedded ones
};
// Reads PUT's body. Everything that is wrong is told; the credential counts only when nothing is. Fields that are not given have their defaults, but for an
// authtoken of "***" (or none), which keeps the stored one of the same account.
struct ReadCredential {
    store::Credential credential;
    std::vector<FieldProblem> problems;
};
[[nodiscard]] ReadCredential read_credential(const nlohmann::json& body, const CredentialContext& context);

// The single checks; empty: fine.
[[nodiscard]] std::string why_no_account_sid(std::string_view text);
[[nodiscard]] std::string why_no_token(std::string_view text);
[[nodiscard]] std::string why_no_number(std::string_view text);
[[nodiscard]] std::string why_no_hold_text(std::string_view text);

// The stored fields, without the secret.
[[nodiscard]] nlohmann::json credential_json(const store::Credential& credential);
[[nodiscard]] nlohmann::json credential_schema();  // of PUT's body
[[nodiscard]] nlohmann::json credential_answer_schema();

// The seven, as configuration names them too.
[[nodiscard]] std::optional<hold::Strategy> hold_strategy(std::string_view name);
[[nodiscard]] const std::vector<std::string>& hold_strategies();

// What the credential changes of its agent: numbers are added, callers allowed; the duration and what is given of the hold take the place of the agent's own.
// An agent made with the one is the same as made with the other.
[[nodiscard]] bool makes_the_same(const store::Credential& one, const store::Credential& other);
void apply_credential(AgentConfig& agent, const store::Credential& credential);

}  // namespace parley::gateway
