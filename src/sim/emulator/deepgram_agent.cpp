// Deepgram's Voice Agent: settings first, then sound both ways as it is.

#include <map>

#include "speaking_agent.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kSilenceAllowed{10'000};

std::string message(json body) {
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

// What stands at the ends of sentences; the vendor tells its answer in those.
std::vector<std::string> sentences(const std::string& text) {
    std::vector<std::string> out(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (out.back().empty() && text[i] == ' ') continue;
        out.back() += text[i];
        if ((text[i] == '.' || text[i] == '!' || text[i] == '?') && (i + 1 == text.size() || text[i + 1] == ' ')) out.emplace_back();
    }
    if (out.back().empty()) out.pop_back();
    return out;
}

class DeepgramTeller final : public AgentTeller {
public:
    DeepgramTeller(EmulatorSocket& socket, std::string prefix) : socket_(socket), prefix_(std::move(prefix)) {}

    Task<bool> started(milliseconds) override { return tell({{"type", "UserStartedSpeaking"}}); }
    Task<bool> stopped(milliseconds) override { co_return socket_.alive(); }
    Task<bool> said(std::string text) override {
        if (text.empty()) co_return true;
        auto told = message({{"type", "ConversationText"}, {"role", "user"}, {"content", text}, {"languages", json::array({"en"})}});
        co_return co_await socket_.item(std::move(told));
    }
    Task<bool> began(const AgentAnswer&) override { co_return socket_.alive(); }
    Task<bool> speaks(const AgentAnswer& answer) override {
        for (const auto& sentence : sentences(answer.text)) {
            auto told = message({{"type", "ConversationText"}, {"role", "assistant"}, {"content", sentence}});
            if (!co_await socket_.item(std::move(told))) co_return false;
        }
        co_return true;
    }
    Task<bool> words(const AgentAnswer&, std::string) override { co_return socket_.alive(); }
    Task<bool> sound(const AgentAnswer&, std::string bytes, milliseconds lasts) override { co_return co_await socket_.item_binary(std::move(bytes), lasts); }
    Task<bool> spoke(const AgentAnswer& answer) override {
        if (answer.cancelled()) co_return true;
        json told{{"type", "AgentAudioDone"}};
        co_return co_await tell(std::move(told));
    }
    Task<bool> called(const AgentAnswer& answer) override {
        const auto id = "call_" + prefix_ + "_" + std::to_string(answer.number);
        calls[id] = answer.tool;
        json function{{"id", id}, {"name", answer.tool}, {"arguments", answer.arguments}, {"client_side", true}};
        auto told = message({{"type", "FunctionCallRequest"}, {"functions", json::array({std::move(function)})}});
        co_return co_await socket_.item(std::move(told));
    }
    Task<bool> ended(const AgentAnswer&) override { co_return socket_.alive(); }

    Task<bool> tell(json body) {
        auto text = message(std::move(body));
        co_return co_await socket_.send_text(std::move(text));
    }

    std::map<std::string, std::string> calls;  // that wait for their results

private:
    EmulatorSocket& socket_;
    std::string prefix_;
};

std::optional<WireFormat> format_in(const json& audio, const char* direction) {
    WireFormat format{WireFormat::Encoding::linear16, 24000};  // what the vendor takes for granted
    if (!audio.contains(direction)) return format;
    const auto& given = audio[direction];
    const auto encoding = given.value("encoding", std::string("linear16"));
    if (encoding == "mulaw")
        format.encoding = WireFormat::Encoding::mulaw;
    else if (encoding == "alaw")
        format.encoding = WireFormat::Encoding::alaw;
    else if (encoding != "linear16")
        return std::nullopt;
    format.rate = given.value("sample_rate", 24000);
    if (format.rate < 8000 || format.rate > 48000) return std::nullopt;
    return format;
}

class DeepgramConversation {
public:
    DeepgramConversation(std::shared_ptr<EmulatorWorld> world, EmulatorSocket& socket, Fault fault, std::string prefix, asio::any_io_executor executor)
        : socket_(socket),
          teller_(std::make_shared<DeepgramTeller>(socket, std::move(prefix))),
          agent_(socket, world, first_settings(*world), std::move(fault), teller_, std::move(executor)),
          settings_(first_settings(*world)) {}

    Task<bool> text(json given);
    Task<bool> sound(std::string bytes) {
        if (!configured_)
            co_return co_await fail("UNPARSABLE_CLIENT_MESSAGE", "Error parsing client message. Check the agent.settings field against the API spec.");
        co_return co_await agent_.hear(std::move(bytes));
    }
    // Session-ending.
    Task<bool> fail(const char* code, std::string why) {
        json said{{"type", "Error"}, {"code", code}, {"description", why}};
        if (!co_await teller_->tell(std::move(said))) co_return false;
        std::string reason = code;
        co_await socket_.close(1000, std::move(reason));
        co_return false;
    }

private:
    static AgentSettings first_settings(const EmulatorWorld& world) {
        AgentSettings settings;
        settings.in = settings.out = WireFormat{WireFormat::Encoding::linear16, 24000};
        settings.endpointing = world.settings().endpointing;
        return settings;
    }
    Task<bool> configure(json given);
    Task<bool> result(json given);

    EmulatorSocket& socket_;
    std::shared_ptr<DeepgramTeller> teller_;
    SpeakingAgent agent_;
    AgentSettings settings_;
    bool configured_ = false;
};

Task<bool> DeepgramConversation::configure(json given) {
    const auto audio = given.value("audio", json::object());
    const auto in = format_in(audio, "input"), out = format_in(audio, "output");
    const bool complete = given.contains("audio") && given.contains("agent") && given["agent"].is_object();
    if (configured_ || !complete || !in || !out)
        co_return co_await fail("UNPARSABLE_CLIENT_MESSAGE", "Error parsing client message. Check the agent.settings field against the API spec.");
    settings_.in = *in;
    settings_.out = *out;
    agent_.change(settings_);
    configured_ = true;
    json said{{"type", "SettingsApplied"}};
    if (!co_await teller_->tell(std::move(said))) co_return false;
    const auto& agent = given["agent"];
    for (const auto& told : agent.value("/context/messages"_json_pointer, json::array()))
        if (told.value("role", std::string{}) == "user") agent_.take_as_said(told.value("content", std::string{}));
    auto greeting = agent.value("greeting", std::string{});
    if (!greeting.empty()) agent_.speak(std::move(greeting));
    co_return true;
}

Task<bool> DeepgramConversation::result(json given) {
    const auto call = teller_->calls.find(given.value("id", std::string{}));
    if (call == teller_->calls.end() || !given.contains("content") || !given["content"].is_string())
        co_return co_await fail("UNPARSABLE_CLIENT_MESSAGE", "There is no such function call, or its content is no string.");
    auto tool = call->second;
    teller_->calls.erase(call);
    if (teller_->calls.empty()) agent_.answer_tool(std::move(tool));
    co_return true;
}

Task<bool> DeepgramConversation::text(json given) {
    const auto type = given.is_object() ? given.value("type", std::string{}) : "";
    if (type == "Settings") co_return co_await configure(std::move(given));
    if (type == "KeepAlive" || type == "ForceEndTurn") co_return true;
    if (!configured_) co_return co_await fail("UNPARSABLE_CLIENT_MESSAGE", "Settings must come first.");
    if (type == "FunctionCallResponse") co_return co_await result(std::move(given));
    if (type == "InjectUserMessage") {
        const auto content = given.value("content", std::string{});
        agent_.cancel("injected");
        if (!co_await teller_->said(content)) co_return false;
        if (content.find('"') != std::string::npos)
            agent_.answer_instruction(content);
        else
            agent_.answer_text(content);
        co_return true;
    }
    if (type == "InjectAgentMessage") {
        if (agent_.busy() && given.value("behavior", std::string("default")) == "default") {
            json told{{"type", "InjectionRefused"}, {"message", "The agent is speaking."}};
            co_return co_await teller_->tell(std::move(told));
        }
        if (given.value("behavior", std::string{}) == "interrupt") agent_.cancel("injected");
        agent_.speak(given.value("message", std::string{}));
        co_return true;
    }
    const std::map<std::string, const char*> updates{
        {"UpdatePrompt", "PromptUpdated"}, {"UpdateSpeak", "SpeakUpdated"}, {"UpdateThink", "ThinkUpdated"}, {"UpdateListen", "ListenUpdated"}};
    if (const auto update = updates.find(type); update != updates.end()) {
        json told{{"type", update->second}};
        co_return co_await teller_->tell(std::move(told));
    }
    co_return co_await fail("UNPARSABLE_CLIENT_MESSAGE", "Error parsing client message: unknown type \"" + type + "\".");
}

}  // namespace

bool deepgram_agent_path(std::string_view path) {
    return path == "/v1/agent/converse";
}

Task<> deepgram_agent(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto executor = co_await asio::this_coro::executor;
    DeepgramConversation conversation(std::move(world), socket, fault, std::to_string(request.number), std::move(executor));
    auto welcome = message({{"type", "Welcome"}, {"request_id", request.id("")}});
    if (!co_await socket.send_text(std::move(welcome))) co_return;
    while (socket.alive()) {
        auto got = co_await socket.receive(Clock::now() + kSilenceAllowed);
        if (!got) {
            if (!socket.alive()) co_return;
            co_await conversation.fail("CLIENT_MESSAGE_TIMEOUT", "We did not receive audio within our timeout window. Please ensure that audio is being sent.");
            co_return;
        }
        bool going = false;
        if (got->text) {
            auto parsed = got->json();
            going = co_await conversation.text(std::move(parsed));
        } else {
            going = co_await conversation.sound(std::move(got->payload));
        }
        if (!going) co_return;
    }
}

}  // namespace parley::sim
