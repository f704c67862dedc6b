#include "parley/webhooks/relay_routes.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "parley/rest/calls.hpp"
#include "parley/twilio/relay_codec.hpp"
#include "parley/twilio/sid.hpp"
#include "parley/twilio/twiml.hpp"

namespace parley::webhooks {

using conversation::EndReason;
using twilio::TwimlResponse;
namespace twiml = twilio::twiml;

namespace {

twiml::Text text_of(const std::string& value) {
    return value.empty() ? twiml::Text{} : twiml::Text(value);
}
twiml::Text list_of(const std::vector<std::string>& words, std::string_view between) {
    std::string all;
    for (const auto& word : words) all += (all.empty() ? std::string() : std::string(between)) + word;
    return text_of(all);
}
// What is Twilio's default is left out.
twiml::Flag only_if(bool value) {
    return value ? twiml::Flag(true) : twiml::Flag{};
}
twiml::Flag flag_of(const std::string& value) {
    return value.empty() ? twiml::Flag{} : twiml::Flag(value == "true");
}

Answer hang_up() {
    return twiml_answer(TwimlResponse().hangup());
}

// The same document would fail the same way.
bool hopeless(std::string_view code) {
    constexpr std::array<std::string_view, 3> kOurs{"64101", "64106", "64109"};
    return std::ranges::find(kOurs, code) != kOurs.end();
}

class Relayed {
public:
    Relayed(TwilioWebhooks& routes, RelayFailed failed) : routes_(routes), failed_(std::move(failed)) {}

    net::Task<Answer> operator()(const Asked& asked) const {
        const auto& services = routes_.services();
        const auto agent = routes_.agent_of(asked, asked.query.get("agent"));
        const auto status = asked.form.get("SessionStatus");
        const auto code = asked.form.get("ErrorCode");
        if (!code.empty()) {
            services.metrics.twilio_errors.at(code).add();
            services.log.warn("relay.failed", "Twilio reports that a relay failed.",
                              {{"call_sid", asked.call_sid},
                               {"code", code},
                               {"session", asked.form.get("SessionId").substr(0, 64)},
                               {"error.type", asked.form.get("ErrorMessage").substr(0, 200)}});
        }
        if (rest::terminal(rest::call_status(asked.form.get("CallStatus")))) services.registry.end_call(asked.call_sid, EndReason::caller_hung_up);
        if (rest::terminal(rest::call_status(asked.form.get("CallStatus"))) || !agent) co_return hang_up();
        // Every relay has a session of its own. A duplicate gets the same answer, whatever has become of the call since.
        const auto key = key_of(asked);
        auto before = co_await routes_.answered_before(key, asked.call_sid);
        if (before) co_return std::move(*before);
        const auto outcome = services.registry.outcome(asked.call_sid);
        bool done = outcome && outcome->reason == EndReason::transferred;
        if (done) {
            const bool may = co_await routes_.carry_out(asked.call_sid, key);
            done = !may;
        }
        if (outcome && outcome->attached && outcome->planned && !done) {
            auto answer = co_await carry_out(outcome->reason, outcome->target, agent, asked);
            co_return keep(key, answer);
        }
        // Another instance had the call: it told Twilio what it meant.
        if (const auto handoff = twilio::read_handoff(asked.form.get("HandoffData")); handoff && handoff->code != "shutdown") {
            auto answer = co_await carry_out(reason_of(handoff->code), handoff->target, agent, asked);
            co_return keep(key, answer);
        }
        // Time is up, or nobody is on the line.
        if (code == "64104" || code == "64108") co_return hang_up();
        auto answer = co_await again(status == "failed" && hopeless(code), agent, asked);
        co_return keep(key, answer);
    }

private:
    static std::string key_of(const Asked& asked) {
        return asked.call_sid + "/relayed/" + std::string(asked.form.get("SessionId").substr(0, 64)) + "/" +
               std::string(twilio::query_of(asked.request.target).substr(0, 512));
    }
    Answer keep(const std::string& key, const Answer& answer) const {
        return {
            .status = answer.status, .content_type = answer.content_type, .body = routes_.services().registry.remember_answer(key, answer.body, Clock::now())};
    }
    static EndReason reason_of(std::string_view code) {
        if (code == "transferred") return EndReason::transferred;
        return code == "brain_failed" ? EndReason::brain_failed : EndReason::agent_completed;
    }

    net::Task<Answer> carry_out(EndReason reason, std::string target, std::shared_ptr<const call::Agent> agent, const Asked& asked) const {
        if (reason == EndReason::transferred) {
            std::string why;
            const auto to = flows::parse_destination(target, &why);
            if (to) {
                auto sent = co_await routes_.send_to(*to, agent, asked);
                co_return sent;
            }
            routes_.services().log.error("transfer.failed", "A call was to go where it cannot.",
                                         {{"call_sid", asked.call_sid}, {"to", twilio::mask_phone(target)}, {"reason", why}});
        }
        if (reason != EndReason::transferred && reason != EndReason::brain_failed) co_return hang_up();
        auto answer = co_await give_up(reason == EndReason::transferred, agent, asked);
        co_return answer;
    }

    // The socket was lost, or never came.
    net::Task<Answer> again(bool hopeless_so, std::shared_ptr<const call::Agent> agent, const Asked& asked) const {
        auto& registry = routes_.services().registry;
        unsigned resumed = 0;
        const auto resume = asked.query.get("resume", "0");
        std::from_chars(resume.data(), resume.data() + resume.size(), resumed);
        registry.end_call(asked.call_sid, EndReason::carrier_lost);
        const auto allowed = routes_.settings().resumes;
        const bool opened = !hopeless_so && resumed < allowed && registry.take_resume(asked.call_sid, allowed);
        routes_.services().log.warn("stream.tail", opened ? "A lost relay is opened again." : "A lost call is brought to its end.",
                                    {{"call_sid", asked.call_sid}, {"resume", resumed + 1}});
        Answer answer;
        if (opened)
            answer = open_relay(routes_, *agent, asked, static_cast<std::uint8_t>(resumed + 1), position_of(asked));
        else
            answer = co_await give_up(true, agent, asked);
        co_return answer;
    }

    net::Task<Answer> give_up(bool say_sorry, std::shared_ptr<const call::Agent> agent, const Asked& asked) const {
        if (failed_) {
            auto answer = co_await failed_(agent, asked);
            co_return answer;
        }
        TwimlResponse response;
        if (say_sorry) response.say(routes_.settings().sorry);
        if (!agent->fallback_number.empty())
            response.dial({.number = agent->fallback_number});
        else
            response.hangup();
        co_return twiml_answer(response);
    }

    // What of the query is not ours.
    static std::string position_of(const Asked& asked) {
        std::string out;
        for (const auto& [name, value] : asked.query.fields()) {
            if (name == "agent" || name == "resume") continue;
            out += (out.empty() ? "" : "&") + twilio::encode_component(name) + "=" + twilio::encode_component(value);
        }
        return out;
    }

    TwilioWebhooks& routes_;
    RelayFailed failed_;
};

}  // namespace

twiml::ConversationRelay relay_noun(const flows::RelaySettings& settings, std::string url, std::vector<twiml::Parameter> token, bool welcome) {
    twiml::ConversationRelay noun;
    noun.url = std::move(url);
    if (welcome) {
        noun.welcome_greeting = text_of(settings.welcome);
        noun.welcome_greeting_interruptible = text_of(settings.welcome_interruptible);
    }
    noun.language = text_of(settings.language);
    noun.tts_language = text_of(settings.tts_language);
    noun.transcription_language = text_of(settings.transcription_language);
    noun.tts_provider = text_of(settings.tts_provider);
    noun.voice = text_of(settings.voice);
    noun.transcription_provider = text_of(settings.transcription_provider);
    noun.speech_model = text_of(settings.speech_model);
    noun.interruptible = text_of(settings.interruptible);
    noun.interrupt_sensitivity = text_of(settings.interrupt_sensitivity);
    noun.dtmf_detection = only_if(settings.dtmf_detection);
    noun.report_input_during_agent_speech = text_of(settings.report_input_during_agent_speech);
    noun.preemptible = only_if(settings.preemptible);
    noun.hints = list_of(settings.hints, ",");
    noun.partial_prompts = only_if(settings.partial_prompts);
    noun.speech_timeout = text_of(settings.speech_timeout);
    noun.eot_threshold = text_of(settings.eot_threshold);
    noun.ignore_backchannel = only_if(settings.ignore_backchannel);
    noun.profanity_filter = flag_of(settings.profanity_filter);
    noun.deepgram_smart_format = flag_of(settings.deepgram_smart_format);
    noun.elevenlabs_text_normalization = text_of(settings.elevenlabs_text_normalization);
    noun.background_noise_reduction = text_of(settings.background_noise_reduction);
    noun.events = list_of(settings.events, " ");
    noun.debug = list_of(settings.debug, " ");
    noun.intelligence_service = text_of(settings.intelligence_service);
    noun.conversation_configuration = text_of(settings.conversation_configuration);
    noun.application_reconnect = only_if(settings.application_reconnect);
    noun.turn_detection = text_of(settings.turn_detection);
    noun.echo_prompt_filtering = text_of(settings.echo_prompt_filtering);
    for (const auto& language : settings.languages)
        noun.languages.push_back({.code = language.code,
                                  .tts_provider = text_of(language.tts_provider),
                                  .voice = text_of(language.voice),
                                  .transcription_provider = text_of(language.transcription_provider),
                                  .speech_model = text_of(language.speech_model)});
    noun.parameters = std::move(token);
    return noun;
}

Answer open_relay(const TwilioWebhooks& routes, const call::Agent& agent, const Asked& asked, std::uint8_t resume, std::string_view position) {
    auto token = routes.token_for(agent, asked.form, asked.request, resume);
    if (token.empty()) return hang_up();
    const auto url = twilio::public_request_url(routes.settings().public_url, TwilioWebhooks::kRelayPath, true);
    static const flows::RelaySettings kPreset;
    twiml::Connect connect;
    connect.action = routes.url("/webhooks/twilio/relayed?agent=" + twilio::encode_component(agent.name) + "&resume=" + std::to_string(resume) +
                                (position.empty() ? std::string() : "&" + std::string(position)));
    connect.noun = relay_noun(agent.relay ? *agent.relay : kPreset, url ? *url : std::string(), std::move(token), resume == 0);
    TwimlResponse response;
    response.connect(std::move(connect));
    if (!response.str())
        routes.services().log.error("webhook.failed", "The answer could not be written.", {{"reason", response.problem()}, {"call_sid", asked.call_sid}});
    return twiml_answer(response);
}

void add_relay_route(TwilioWebhooks& routes, RelayFailed failed) {
    routes.route("relayed", Subject::call, Relayed(routes, std::move(failed)));
}

}  // namespace parley::webhooks
