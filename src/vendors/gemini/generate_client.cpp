#include <algorithm>
#include <charconv>

#include "../lm_http.hpp"
#include "../lm_json.hpp"
#include "parley/vendors/gemini/generate.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors {

namespace {

// {"error":{…,"details":[{"@type":"…RetryInfo","retryDelay":"12s"}, {"reason":"API_KEY_INVALID"}]}}, perhaps in a list.
void read_details(std::string_view body, Failure& failure) {
    auto answer = parsed(body);
    if (answer.is_array() && !answer.empty()) {
        json first = answer.front();
        answer = std::move(first);
    }
    const auto& details = member(member(answer, "error"), "details");
    if (!details.is_array()) return;
    for (const auto& detail : details) {
        if (text_of(detail, "reason") == "API_KEY_INVALID") failure.kind = FailureKind::auth;  // comes as 400
        const auto delay = text_of(detail, "retryDelay");
        double seconds = 0;
        const auto [end, ec] = std::from_chars(delay.data(), delay.data() + delay.size(), seconds);
        if (ec == std::errc{} && std::string_view(end, delay.data() + delay.size()) == "s" && seconds >= 0 && seconds <= 86400)
            failure.retry_after = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    }
}

}  // namespace

std::string gemini_url(const Endpoint& endpoint) {
    std::string_view model = endpoint.model;
    if (model.starts_with("models/")) model.remove_prefix(7);
    return api_url(endpoint.base_url, "https://generativelanguage.googleapis.com/v1beta", "/models/" + query_escape(model) + ":streamGenerateContent?alt=sse");
}

std::string check_gemini(const Endpoint& endpoint) {
    LmNeeds needs;
    needs.vendor = "gemini";
    needs.options = {"thinking_budget", "thinking_level", "schema", "auth"};
    if (auto wrong = check_lm(endpoint, needs); !wrong.empty()) return wrong;
    for (auto wrong : {check_choice(endpoint, "schema", {"subset", "json"}), check_choice(endpoint, "auth", {"key", "bearer"}),
                       check_choice(endpoint, "thinking_level", {"minimal", "low", "medium", "high"})})
        if (!wrong.empty()) return wrong;
    const auto budget = endpoint.option("thinking_budget");
    if (budget.size() > 6 || std::any_of(budget.begin(), budget.end(), [](char c) { return c < '0' || c > '9'; }))
        return "option \"thinking_budget\" must be a number of tokens";
    return {};
}

std::unique_ptr<LmClient> make_gemini(const Endpoint& endpoint, const Link& link) {
    LmSurface surface;
    surface.url = gemini_url(endpoint);
    const std::string key(endpoint.key.reveal());
    if (endpoint.option("auth") == "bearer")
        surface.headers.set("Authorization", "Bearer " + key);
    else
        surface.headers.set("x-goog-api-key", key);
    surface.body = [endpoint](const LmRequest& request) { return gemini_body(request, endpoint); };
    surface.reader = [] { return make_gemini_reader(); };
    surface.refusal = read_details;
    return make_lm_client(endpoint, link, std::move(surface));
}

}  // namespace parley::vendors
