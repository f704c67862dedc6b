#include "../lm_http.hpp"
#include "parley/vendors/openai/responses.hpp"

namespace parley::vendors {

std::string check_openai_responses(const Endpoint& endpoint) {
    LmNeeds needs;
    needs.vendor = "openai responses";
    needs.options = {"reasoning_effort", "verbosity", "service_tier", "parallel_tool_calls", "tool_choice", "store", "organization", "project"};
    if (auto wrong = check_lm(endpoint, needs); !wrong.empty()) return wrong;
    const std::vector<std::string_view> truth{"true", "false"};
    for (auto wrong :
         {check_choice(endpoint, "tool_choice", {"auto", "none", "required"}), check_choice(endpoint, "parallel_tool_calls", truth),
          check_choice(endpoint, "store", truth), check_choice(endpoint, "reasoning_effort", {"none", "minimal", "low", "medium", "high", "xhigh", "max"}),
          check_choice(endpoint, "verbosity", {"low", "medium", "high"})})
        if (!wrong.empty()) return wrong;
    return {};
}

std::unique_ptr<LmClient> make_openai_responses(const Endpoint& endpoint, const Link& link) {
    LmSurface surface;
    surface.url = api_url(endpoint.base_url, "https://api.openai.com/v1", "/responses");
    if (!endpoint.key.empty()) surface.headers.set("Authorization", "Bearer " + std::string(endpoint.key.reveal()));
    if (auto value = endpoint.option("organization"); !value.empty()) surface.headers.set("OpenAI-Organization", value);
    if (auto value = endpoint.option("project"); !value.empty()) surface.headers.set("OpenAI-Project", value);
    surface.body = [endpoint](const LmRequest& request) { return responses_body(request, endpoint); };
    surface.reader = [] { return make_responses_reader(); };
    return make_lm_client(endpoint, link, std::move(surface));
}

}  // namespace parley::vendors
