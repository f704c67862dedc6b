#include "parley/vendors/deepgram/agent_codec.hpp"

#include <nlohmann/json.hpp>

#include "../s2s/message.hpp"
#include "../s2s/settings.hpp"
#include "parley/vendors/deepgram/agent.hpp"

namespace parley::vendors::deepgram_agent {

namespace {

using nlohmann::json;
using s2s::Element;
using s2s::text_of;

constexpr std::size_t kMostCalls = 64;

Kind kind_of(const Element& root) {
    const auto type = text_of(root, "type");
    if (type == "ConversationText") {
        const auto role = text_of(root, "role");
        return role == "user" ? Kind::caller_text : role == "assistant" ? Kind::agent_text : Kind::ignored;
    }
    if (type == "Welcome") return Kind::welcome;
    if (type == "SettingsApplied") return Kind::applied;
    if (type == "UserStartedSpeaking") return Kind::caller_started;
    if (type == "AgentThinking") return Kind::thinking;
    if (type == "AgentAudioDone") return Kind::audio_done;
    if (type == "FunctionCallRequest") return Kind::calls;
    if (type == "FunctionCallCancelled") return Kind::calls_cancelled;
    return type == "Error" ? Kind::error : Kind::ignored;
}

void take_calls(const Element& root, Event& event) {
    Element list;
    simdjson::dom::array functions;
    if (!s2s::member_of(root, "functions", list) || list.get(functions) != simdjson::SUCCESS) return;
    for (const Element function : functions) {
        Element side;
        // What the vendor runs itself (it has the function's URL) is only told.
        const bool ours = event.kind == Kind::calls_cancelled || !s2s::member_of(function, "client_side", side) || s2s::truth_of(function, "client_side");
        ToolCall call;
        call.id = text_of(function, "id");
        call.name = text_of(function, "name");
        if (!ours || call.id.empty() || call.name.empty() || event.calls.size() == kMostCalls) continue;
        call.arguments = s2s::arguments_text(text_of(function, "arguments"));
        event.calls.push_back(std::move(call));
    }
}

json listen(const Endpoint& endpoint) {
    const auto model = endpoint.option("listen_model", "flux-general-en");
    if (model.starts_with("flux")) {
        json provider{{"type", "deepgram"}, {"version", "v2"}, {"model", model}};
        s2s::set_number(endpoint, "eot_threshold", provider, "eot_threshold");
        s2s::set_number(endpoint, "eot_timeout_ms", provider, "eot_timeout_ms");
        return provider;
    }
    json provider{{"type", "deepgram"}, {"version", "v1"}, {"model", model}};
    if (!endpoint.language.empty()) provider["language"] = endpoint.language;
    return provider;
}

json speak(const Endpoint& endpoint) {
    return {{"type", "deepgram"}, {"version", "v1"}, {"model", endpoint.voice.empty() ? "aura-2-thalia-en" : endpoint.voice}};
}

json functions(const S2sSetup& setup) {
    json list = json::array();
    for (const auto& tool : setup.tools) list.push_back({{"name", tool.name}, {"description", tool.description}, {"parameters", s2s::schema_of(tool)}});
    return list;
}

// Spoken turns go into the history; what tools gave has no id here and is told in the prompt.
json history(const S2sSetup& setup, std::string& tools_told) {
    json messages = json::array();
    std::vector<LmMessage> rest;
    for (const auto& message : setup.context) {
        const bool user = message.role == LmMessage::Role::user, assistant = message.role == LmMessage::Role::assistant;
        if ((user || assistant) && !message.text.empty())
            messages.push_back({{"type", "History"}, {"role", user ? "user" : "assistant"}, {"content", message.text}});
        else
            rest.push_back(message);
    }
    tools_told = s2s::told(rest);
    return messages;
}

}  // namespace

struct Reader::State {
    s2s::MessageReader json;
    Event event;
};

Reader::Reader() : state_(std::make_unique<State>()) {}
Reader::~Reader() = default;

const Event& Reader::read(std::string_view message) {
    Event& event = state_->event;
    event = {};
    event.kind = Kind::malformed;
    if (!state_->json.read(message)) return event;
    const Element& root = state_->json.root();
    event.kind = kind_of(root);
    switch (event.kind) {
        case Kind::welcome:
            event.id = text_of(root, "request_id");
            break;
        case Kind::caller_text:
        case Kind::agent_text:
            event.text = text_of(root, "content");
            break;
        case Kind::calls:
        case Kind::calls_cancelled:
            take_calls(root, event);
            break;
        case Kind::error:
            event.code = text_of(root, "code");
            event.text = text_of(root, "description");
            break;
        case Kind::malformed:
        case Kind::ignored:
        case Kind::applied:
        case Kind::caller_started:
        case Kind::thinking:
        case Kind::audio_done:
            break;
    }
    return event;
}

std::string settings(const Endpoint& endpoint, const S2sSetup& setup) {
    const json mulaw{{"encoding", "mulaw"}, {"sample_rate", 8000}};
    json output = mulaw;
    output["container"] = "none";  // else every reply begins with a header, heard as a click
    std::string tools_told;
    json messages = history(setup, tools_told);
    std::string prompt = setup.instructions;
    if (!tools_told.empty()) prompt += "\n\nEarlier in this call:\n" + tools_told;
    json provider{{"type", endpoint.option("think_provider", "open_ai")}, {"model", endpoint.model.empty() ? "gpt-4o-mini" : endpoint.model}};
    if (setup.temperature) provider["temperature"] = *setup.temperature;
    json think{{"provider", std::move(provider)}, {"prompt", prompt}};
    if (!setup.tools.empty()) think["functions"] = functions(setup);
    json agent{{"listen", {{"provider", listen(endpoint)}}}, {"think", std::move(think)}, {"speak", {{"provider", speak(endpoint)}}}};
    if (!setup.greeting.empty()) agent["greeting"] = setup.greeting;
    if (!messages.empty()) agent["context"] = {{"messages", std::move(messages)}};
    return s2s::dumped({{"type", "Settings"}, {"audio", {{"input", mulaw}, {"output", std::move(output)}}}, {"agent", std::move(agent)}});
}

std::string update_prompt(const S2sSetup& setup, const std::vector<std::string>& notes) {
    std::string tools_told;
    (void)history(setup, tools_told);
    std::string prompt = setup.instructions;
    if (!tools_told.empty()) prompt += "\n\nEarlier in this call:\n" + tools_told;
    for (const auto& note : notes) prompt += "\n\n" + note;
    return s2s::dumped({{"type", "UpdatePrompt"}, {"prompt", prompt}});
}

std::string inject_user(std::string_view text) {
    return s2s::dumped({{"type", "InjectUserMessage"}, {"content", text}});
}

std::string call_response(const ToolCall& call, std::string_view result) {
    return s2s::dumped({{"type", "FunctionCallResponse"}, {"id", call.id}, {"name", call.name}, {"content", result}});
}

std::string force_end_turn() {
    return R"({"type":"ForceEndTurn"})";
}
std::string keep_alive() {
    return R"({"type":"KeepAlive"})";
}

Failure failure_of(const Event& error, bool configured) {
    Failure failure;
    failure.phase = configured ? "stream" : "first_byte";
    failure.reason = plain(error.code + ": " + error.text);
    if (error.code == "CLIENT_MESSAGE_TIMEOUT")
        failure.kind = FailureKind::timeout;
    else if (error.code == "UNPARSABLE_CLIENT_MESSAGE" || (!configured && error.code != "INTERNAL_SERVER_ERROR"))
        failure.kind = FailureKind::refused;
    else
        failure.kind = FailureKind::server;
    return failure;
}

}  // namespace parley::vendors::deepgram_agent

namespace parley::vendors {

std::string check_deepgram_agent(const Endpoint& endpoint) {
    using s2s::Rule;
    static const std::vector<Rule> kRules{
        Rule("listen_model"),
        {"eot_threshold", 0.5, 0.9},
        {"eot_timeout_ms", 500, 60000},
        {"think_provider", {"open_ai", "anthropic", "google", "groq", "aws_bedrock"}},
    };
    return s2s::check(endpoint, "Deepgram Voice Agent", kRules, true);
}

}  // namespace parley::vendors
