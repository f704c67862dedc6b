#include "../lm_http.hpp"
#include "parley/vendors/openai/chat.hpp"

namespace parley::vendors {

std::string check_openai_chat(const Endpoint& endpoint) {
    const auto* preset = chat_preset(endpoint.vendor);
    if (preset == nullptr) return "there is no chat completions vendor \"" + plain(endpoint.vendor, 60) + "\"";
    LmNeeds needs;
    needs.vendor = preset->name;
    needs.key = preset->needs_key;
    needs.base = preset->base_url.empty();
    needs.options = {"reasoning_effort", "verbosity",    "service_tier", "parallel_tool_calls", "tool_choice",
                     "limit_field",      "stream_usage", "key_header",   "organization",        "project"};
    if (auto wrong = check_lm(endpoint, needs); !wrong.empty()) return wrong;
    const std::vector<std::string_view> truth{"true", "false"};
    for (auto wrong :
         {check_choice(endpoint, "limit_field", {"max_tokens", "max_completion_tokens"}), check_choice(endpoint, "tool_choice", {"auto", "none", "required"}),
          check_choice(endpoint, "parallel_tool_calls", truth), check_choice(endpoint, "stream_usage", truth),
          check_choice(endpoint, "reasoning_effort", {"none", "minimal", "low", "medium", "high", "xhigh", "max"}),
          check_choice(endpoint, "verbosity", {"low", "medium", "high"})})
        if (!wrong.empty()) return wrong;
    for (const char c : endpoint.option("key_header"))
        if (!(c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            return "option \"key_header\" is not the name of a header";
    return {};
}

std::unique_ptr<LmClient> make_openai_chat(const Endpoint& endpoint, const Link& link) {
    const auto* preset = chat_preset(endpoint.vendor);
    if (preset == nullptr) preset = chat_preset("compatible");
    LmSurface surface;
    const auto own = preset->base_url.empty() ? std::string_view("http://localhost/v1") : preset->base_url;
    surface.url = api_url(endpoint.base_url, own, "/chat/completions");
    if (!endpoint.key.empty()) {
        const auto header = endpoint.option("key_header", "Authorization");
        const std::string key(endpoint.key.reveal());
        surface.headers.set(header, net::equal_no_case(header, "authorization") ? "Bearer " + key : key);
    }
    if (auto value = endpoint.option("organization"); !value.empty()) surface.headers.set("OpenAI-Organization", value);
    if (auto value = endpoint.option("project"); !value.empty()) surface.headers.set("OpenAI-Project", value);
    surface.body = [endpoint](const LmRequest& request) { return chat_body(request, endpoint); };
    surface.reader = [] { return make_chat_reader(); };
    return make_lm_client(endpoint, link, std::move(surface));
}

}  // namespace parley::vendors
