#pragma once
// The remaining voice verbs, and messaging.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/twilio/twiml/connect.hpp"
#include "parley/twilio/twiml/dial.hpp"
#include "parley/twilio/twiml/speech.hpp"
#include "parley/twilio/twiml/values.hpp"

namespace parley::twilio::twiml {

struct Redirect {
    std::string url{};
    Text method{};
};

struct Hangup {
    std::optional<Parameter> parameter{};
};

struct Reject {     // only as the first verb
    Text reason{};  // rejected, busy
    std::optional<Parameter> parameter{};
};

struct Leave {};
struct Echo {};

struct Prompt {
    Text for_{}, error_type{}, card_type{};
    Text attempt{};  // space-separated numbers
    Flag require_matching_inputs{};
    std::vector<Prompting> prompts{};
};

struct Pay {
    Text input{}, action{}, payment_connector{}, payment_method{}, charge_amount{}, currency{}, description{}, token_type{};
    Text bank_account_type{}, valid_card_types{};
    Flag security_code{};
    Text postal_code{};  // true, false, or the postal code itself
    Integer min_postal_code_length{}, timeout{}, max_attempts{};
    Text language{}, status_callback{}, status_callback_method{};
    std::vector<Prompt> prompts{};
    std::vector<Parameter> parameters{};
};

struct Sms {  // legacy: a message sent during a call
    std::string text{};
    Text to{}, from{}, action{}, method{}, status_callback{};
};

using Verb = std::variant<Say, Play, Pause, Gather, Record, Dial, Connect, Start, Stop, Redirect, Hangup, Reject, Enqueue, Leave, Refer, Pay, Queue, Sms, Echo>;

// Messaging.
struct Message {
    std::string text{};  // or `body`/`media`
    Text body{};
    std::vector<std::string> media{};  // at most 10 URLs
    Text to{}, from{}, action{}, method{}, status_callback{};
};

}  // namespace parley::twilio::twiml
