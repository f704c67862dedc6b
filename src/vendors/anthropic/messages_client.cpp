#include "../lm_http.hpp"
#include "parley/vendors/anthropic/messages.hpp"

namespace parley::vendors {

std::string check_anthropic(const Endpoint& endpoint) {
    LmNeeds needs;
    needs.vendor = "anthropic";
    needs.model = false;
    needs.options = {"version", "beta", "thinking", "effort", "service_tier", "cache", "parallel_tool_calls", "auth"};
    if (auto wrong = check_lm(endpoint, needs); !wrong.empty()) return wrong;
    const std::vector<std::string_view> truth{"true", "false"};
    for (auto wrong :
         {check_choice(endpoint, "thinking", {"disabled", "adaptive"}), check_choice(endpoint, "effort", {"low", "medium", "high", "xhigh", "max"}),
          check_choice(endpoint, "service_tier", {"auto", "standard_only"}), check_choice(endpoint, "cache", truth),
          check_choice(endpoint, "parallel_tool_calls", truth), check_choice(endpoint, "auth", {"key", "bearer"})})
        if (!wrong.empty()) return wrong;
    return {};
}

std::unique_ptr<LmClient> make_anthropic(const Endpoint& endpoint, const Link& link) {
    LmSurface surface;
    surface.url = api_url(endpoint.base_url, "https://api.anthropic.com/v1", "/messages");
    const std::string key(endpoint.key.reveal());
    if (endpoint.option("auth") == "bearer")
        surface.headers.set("Authorization", "Bearer " + key);
    else
        surface.headers.set("x-api-key", key);
    surface.headers.set("anthropic-version", endpoint.option("version", "2023-06-01"));
    if (auto beta = endpoint.option("beta"); !beta.empty()) surface.headers.set("anthropic-beta", beta);
    surface.body = [endpoint](const LmRequest& request) { return anthropic_body(request, endpoint); };
    surface.reader = [] { return make_anthropic_reader(); };
    return make_lm_client(endpoint, link, std::move(surface));
}

}  // namespace parley::vendors
