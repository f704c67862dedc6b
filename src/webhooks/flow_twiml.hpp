#pragma once
// TwiML that several flows need.

#include <string>
#include <string_view>
#include <vector>

#include "parley/call/agent.hpp"
#include "parley/flows/agent_flow.hpp"
#include "parley/twilio/twiml.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {

// In Twilio's voice of this agent; several when the text is longer than one may be, cut between sentences or words. Nothing for an empty text.
[[nodiscard]] std::vector<twilio::twiml::Say> say(const flows::SayVoice& voice, std::string_view text);
void add_say(twilio::TwimlResponse& response, const flows::SayVoice& voice, std::string_view text);
void add_say(std::vector<twilio::twiml::Prompting>& prompts, const flows::SayVoice& voice, std::string_view text);

// A message after the tone. `asked`: how often before.
[[nodiscard]] Answer voicemail_answer(const TwilioWebhooks& routes, const call::Agent& agent, const flows::Position& position, unsigned asked);

[[nodiscard]] Answer hang_up_answer();
[[nodiscard]] const flows::AgentFlow& flow_of(const call::Agent& agent);

}  // namespace parley::webhooks
