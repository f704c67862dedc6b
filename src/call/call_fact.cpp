#include "parley/call/call_fact.hpp"

#include <nlohmann/json.hpp>

namespace parley::call {

std::string call_fact(const CallFact& known) {
    nlohmann::ordered_json fact{{"channel", known.web ? "web" : "twilio"}};
    if (known.live) fact["live"] = true;
    if (known.known_direction) fact["direction"] = known.outbound ? "out" : "in";
    const auto put = [&](const char* key, std::string_view text) {
        if (!text.empty()) fact[key] = text;
    };
    put("from", known.from);
    put("to", known.to);
    put("account", known.account);
    if (!known.outbound) put("country", known.country);
    put("display", known.display);
    put("page_url", known.page_url);
    if (known.agent != nullptr) {
        put("agent", known.agent->name);
        put("agent_token", known.agent->token);
        // Of another agent's call it is said too that this one has none.
        if (known.live || !known.answer.empty())
            fact["model"] = known.agent->model;
        else
            put("model", known.agent->model);
        fact["revision"] = std::to_string(known.agent->revision);
    } else {
        put("agent", known.agent_name);
    }
    put("answer", known.answer);
    put("dial", known.dial);
    if (known.closed) fact["closed"] = true;
    if (known.resumed > 0) fact["resumed"] = known.resumed;
    return fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace parley::call
