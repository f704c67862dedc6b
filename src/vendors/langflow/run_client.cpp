#include "../lm_http.hpp"
#include "../lm_json.hpp"
#include "parley/vendors/langflow/run.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors {

namespace {

constexpr std::string_view kVariable = "var.";

// 500 {"detail":"{\"message\":…}"}: a string that holds JSON.
void read_detail(std::string_view body, Failure& failure) {
    const auto answer = parsed(body);
    const auto inner = parsed(text_of(answer, "detail"));
    if (const auto message = text_of(inner, "message"); !message.empty())
        failure.reason = "HTTP " + std::to_string(failure.status) + ": " + plain(message, 200);
}

}  // namespace

std::string langflow_url(const Endpoint& endpoint) {
    const bool whole = endpoint.option("stream") == "false";
    return api_url(endpoint.base_url, "http://localhost:7860", "/api/v1/run/" + query_escape(endpoint.model) + "?stream=" + (whole ? "false" : "true"));
}

std::string check_langflow(const Endpoint& endpoint) {
    LmNeeds needs;
    needs.vendor = "langflow";
    needs.key = false;
    needs.options = {"stream", "input_type", "output_type", "output_component", "tweaks"};
    for (const auto& [name, value] : endpoint.options) {
        if (!name.starts_with(kVariable)) continue;
        const auto variable = std::string_view(name).substr(kVariable.size());
        for (const char c : variable)
            if (!(c == '-' || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
                return "option \"" + plain(name, 60) + "\" does not name a variable";
        if (variable.empty()) return "option \"var.\" names no variable";
        needs.options.push_back(name);
    }
    if (auto wrong = check_lm(endpoint, needs); !wrong.empty()) return wrong;
    for (auto wrong : {check_choice(endpoint, "stream", {"true", "false"}), check_choice(endpoint, "input_type", {"chat", "text"}),
                       check_choice(endpoint, "output_type", {"chat", "text", "any", "debug"})})
        if (!wrong.empty()) return wrong;
    if (const auto tweaks = endpoint.option("tweaks"); !tweaks.empty()) {
        const auto object = parsed(tweaks);
        if (!object.is_object()) return "option \"tweaks\" of langflow is no JSON object";
        for (const auto& [name, value] : object.items())
            if ((name.starts_with("ChatInput") || name.starts_with("Chat Input")) && value.is_object() && value.contains("input_value"))
                return "option \"tweaks\" of langflow must not set what the chat input gets";
    }
    return {};
}

std::unique_ptr<LmClient> make_langflow(const Endpoint& endpoint, const Link& link) {
    LmSurface surface;
    surface.url = langflow_url(endpoint);
    if (!endpoint.key.empty()) surface.headers.set("x-api-key", std::string(endpoint.key.reveal()));
    for (const auto& [name, value] : endpoint.options)
        if (name.starts_with(kVariable)) surface.headers.set("X-LANGFLOW-GLOBAL-VAR-" + name.substr(kVariable.size()), value);
    surface.accept = endpoint.option("stream") == "false" ? "application/json" : "text/event-stream";
    surface.body = [endpoint](const LmRequest& request) { return langflow_body(request, endpoint); };
    surface.reader = [] { return make_langflow_reader(); };
    surface.refusal = read_detail;
    return make_lm_client(endpoint, link, std::move(surface));
}

}  // namespace parley::vendors
