// A message after the tone, and what becomes of it.

#include <nlohmann/json.hpp>

#include "flow_twiml.hpp"
#include "parley/webhooks/flow_routes.hpp"

namespace parley::webhooks {

namespace twiml = twilio::twiml;
using twilio::TwimlResponse;

Answer voicemail_answer(const TwilioWebhooks& routes, const call::Agent& agent, const flows::Position& position, unsigned asked) {
    const auto& flow = flow_of(agent);
    const auto& settings = flow.voicemail;
    auto voice = flow.say;
    if (!settings.voice.empty()) voice.voice = settings.voice;
    TwimlResponse response;
    if (asked > 0)
        add_say(response, voice, settings.again);
    else if (!settings.play.empty())
        response.play({.url = settings.play});
    else
        add_say(response, voice, settings.prompt);
    const auto action = routes.url("/webhooks/twilio/recorded?" + flows::query_of(position) + "&asked=" + std::to_string(asked));
    twiml::Record record;
    record.action = action;
    record.timeout = settings.silence.count();
    record.finish_on_key = settings.finish_key;
    record.max_length = settings.longest.count();
    record.play_beep = true;
    record.recording_status_callback.url = routes.url("/webhooks/twilio/recording");
    record.recording_status_callback.event = "completed absent";
    if (settings.transcribe) {
        record.transcribe = true;
        record.transcribe_callback = routes.url("/webhooks/twilio/voicemail-text");
    }
    response.record(record);
    // Reached only when nothing was recorded.
    response.redirect({.url = action, .method = "POST"});
    return twiml_answer(response);
}

Answer FlowRoutes::recorded(const Asked& asked) const {
    const auto& form = asked.form;
    const auto position = position_in(asked);
    const auto agent = position ? s_.routes.agent_of(asked, position->agent) : nullptr;
    if (!agent) return hang_up_answer();
    const auto& flow = flow_of(*agent);
    flows::MessageFacts facts;
    facts.recording_sid = form.get("RecordingSid");
    // Some answers carry only the address, which ends with it.
    const auto url = form.get("RecordingUrl");
    if (facts.recording_sid.empty() && !url.empty()) facts.recording_sid = url.substr(url.rfind('/') + 1);
    facts.duration = form.get("RecordingDuration");
    facts.digits = form.get("Digits");
    facts.asked = flows::number_of(asked.query.get("asked"), 9, 9);
    const auto what = flows::message(flow.voicemail, facts);
    const auto& log = s_.routes.services().log;
    if (what == flows::Message::kept || what == flows::Message::kept_gone) {
        if (auto* records = s_.routes.services().records; records != nullptr) {
            const nlohmann::ordered_json fact{{"recording_sid", facts.recording_sid},
                                              {"duration", flows::number_of(facts.duration, 1'000'000)},
                                              {"agent", agent->name},
                                              {"from", form.get("From")},
                                              {"url", url}};
            records->add(asked.call_sid, store::Fact::voicemail, fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
        }
        log.info("voicemail.kept", "A caller left a message.",
                 {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"recording", facts.recording_sid}, {"dur_s", facts.duration}});
    } else {
        log.info("voicemail.empty", "A caller left no message.", {{"call_sid", asked.call_sid}, {"agent", agent->name}, {"dur_s", facts.duration}});
    }
    if (form.get("CallStatus") == "completed") return hang_up_answer();
    auto voice = flow.say;
    if (!flow.voicemail.voice.empty()) voice.voice = flow.voicemail.voice;
    switch (what) {
        case flows::Message::kept: {
            TwimlResponse response;
            add_say(response, voice, flow.voicemail.thanks);
            response.hangup();
            return twiml_answer(response);
        }
        case flows::Message::ask_again:
            return voicemail_answer(s_.routes, *agent, *position, facts.asked + 1);
        case flows::Message::kept_gone:
        case flows::Message::given_up:
            break;
    }
    return hang_up_answer();
}

}  // namespace parley::webhooks
