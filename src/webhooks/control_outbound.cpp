#include <charconv>

#include "parley/webhooks/control_routes.hpp"

namespace parley::webhooks {
namespace {

using twilio::TwimlResponse;

std::optional<int> number_in(const twilio::Form& form, std::string_view field) {
    const auto text = form.find(field);
    int value = 0;
    if (!text) return std::nullopt;
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (ec != std::errc{} || end != text->data() + text->size() || value < 0) return std::nullopt;
    return value;
}

}  // namespace

void add_outbound_routes(TwilioWebhooks& routes, control::Outbound& outbound) {
    routes.route("outbound", Subject::call, [&routes, &outbound](const Asked& asked) -> net::Task<Answer> {
        auto answering = outbound.answering(asked.query.get("dial"), asked.call_sid);
        // After a restart nobody knows this dial, but Twilio signs the address we gave it: whoever picked up talks to its agent.
        auto agent = routes.services().by_name(asked.query.get("agent"));
        if (!answering.wanted && (answering.known || !agent)) {
            routes.services().log.warn("callback.ignored", "An answered call is none of those we placed, or it is not wanted any more.",
                                       {{"reason", "unknown"}, {"call_sid", asked.call_sid}});
            co_return twiml_answer(TwimlResponse().hangup());
        }
        auto answer = co_await routes.connect(std::move(agent), asked, std::move(answering.note));
        co_return answer;
    });
    routes.route("outbound-status", Subject::call, [&outbound](const Asked& asked) -> net::Task<Answer> {
        const auto& form = asked.form;
        outbound.on_status(asked.query.get("dial"), asked.call_sid, rest::call_status(form.get("CallStatus")), number_in(form, "CallDuration"),
                           number_in(form, "SipResponseCode"));
        co_return no_content();
    });
    routes.route("outbound-amd", Subject::call, [&outbound](const Asked& asked) -> net::Task<Answer> {
        outbound.on_answered_by(asked.query.get("dial"), asked.call_sid, asked.form.get("AnsweredBy"), number_in(asked.form, "MachineDetectionDuration"));
        co_return no_content();
    });
    routes.route("drop", Subject::call, [&outbound](const Asked& asked) -> net::Task<Answer> {
        const auto text = outbound.drop_text(asked.query.get("dial"));
        TwimlResponse response;
        if (text.starts_with("https://"))
            response.play({.url = text});
        else if (!text.empty())
            response.say(text);
        response.hangup();
        co_return twiml_answer(response);
    });
}

}  // namespace parley::webhooks
