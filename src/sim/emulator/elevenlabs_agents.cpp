// ElevenLabs Agents: the signed URL, and the conversation.

#include <cstdlib>

#include <map>
#include "parley/sim/base64.hpp"

#include "speaking_agent.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPingEvery{2000};
constexpr std::string_view kSignature = "sim-signature";

std::string message(const json& body) {
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

class ElevenlabsTeller final : public AgentTeller {
public:
    ElevenlabsTeller(EmulatorSocket& socket, std::string prefix) : socket_(socket), prefix_(std::move(prefix)) {}

    Task<bool> started(milliseconds) override { co_return socket_.alive(); }
    Task<bool> stopped(milliseconds) override { co_return socket_.alive(); }
    Task<bool> said(std::string text) override {
        if (text.empty()) co_return true;
        auto told = message({{"type", "user_transcript"}, {"user_transcription_event", {{"user_transcript", text}}}});
        co_return co_await socket_.item(std::move(told));
    }
    Task<bool> began(const AgentAnswer&) override { co_return socket_.alive(); }
    Task<bool> speaks(const AgentAnswer& answer) override {
        auto told = message({{"type", "agent_response"}, {"agent_response_event", {{"agent_response", answer.text}}}});
        co_return co_await socket_.item(std::move(told));
    }
    Task<bool> words(const AgentAnswer&, std::string) override { co_return socket_.alive(); }
    Task<bool> sound(const AgentAnswer&, std::string bytes, milliseconds lasts) override {
        auto told = message({{"type", "audio"}, {"audio_event", {{"audio_base_64", base64(bytes)}, {"event_id", ++event_}}}});
        co_return co_await socket_.item(std::move(told), lasts);
    }
    Task<bool> spoke(const AgentAnswer& answer) override {
        if (!answer.cancelled()) co_return true;
        auto told = message({{"type", "interruption"}, {"interruption_event", {{"event_id", event_}, {"reason", "user_interruption"}}}});
        if (!co_await socket_.send_text(std::move(told))) co_return false;
        told = message({{"type", "agent_response_correction"},
                        {"agent_response_correction_event",
                         {{"original_agent_response", answer.text}, {"corrected_agent_response", answer.text.substr(0, answer.text.size() / 2) + "..."}}}});
        co_return co_await socket_.send_text(std::move(told));
    }
    Task<bool> called(const AgentAnswer& answer) override {
        const auto id = "call_" + prefix_ + "_" + std::to_string(answer.number);
        calls[id] = answer.tool;
        auto parameters = json::parse(answer.arguments, nullptr, false);
        if (!parameters.is_object()) parameters = json::object();
        auto told = message(
            {{"type", "client_tool_call"}, {"client_tool_call", {{"tool_name", answer.tool}, {"tool_call_id", id}, {"parameters", std::move(parameters)}}}});
        co_return co_await socket_.item(std::move(told));
    }
    Task<bool> ended(const AgentAnswer& answer) override {
        if (answer.cancelled() || answer.sent == 0) co_return true;
        auto told = message({{"type", "agent_response_complete"}});
        co_return co_await socket_.send_text(std::move(told));
    }

    std::map<std::string, std::string> calls;  // that wait for their results

private:
    EmulatorSocket& socket_;
    std::string prefix_;
    std::int64_t event_ = 0;
};

struct Pinging {
    std::int64_t sent = 0, answered = 0;
};

// A client that does not answer pings is dropped.
Task<> ping(EmulatorSocket& socket, std::shared_ptr<Pinging> book) {
    while (socket.alive()) {
        auto text = message({{"type", "ping"}, {"ping_event", {{"event_id", ++book->sent}, {"ping_ms", 50}}}});
        if (!co_await socket.send_text(std::move(text))) co_return;
        if (!co_await socket.sleep(kPingEvery)) co_return;
        if (book->answered >= book->sent) continue;
        std::string reason = "no pong";
        co_await socket.close(1002, std::move(reason));
        co_return;
    }
}

// "agent_1-pcm_16000" is set to that; otherwise µ-law.
WireFormat format_of(const std::string& agent, std::string& name) {
    const auto at = agent.find("-pcm_");
    name = at == std::string::npos ? "ulaw_8000" : agent.substr(at + 1);
    if (at == std::string::npos) return {WireFormat::Encoding::mulaw, 8000};
    return {WireFormat::Encoding::linear16, std::max(8000, std::atoi(agent.c_str() + at + 5))};
}

class ElevenlabsConversation {
public:
    ElevenlabsConversation(std::shared_ptr<EmulatorWorld> world, EmulatorSocket& socket, Fault fault, const EmulatorRequest& request,
                           asio::any_io_executor executor)
        : socket_(socket),
          id_(request.id("conv_")),
          pings_(std::make_shared<Pinging>()),
          teller_(std::make_shared<ElevenlabsTeller>(socket, std::to_string(request.number))),
          agent_(socket, world, settings_for(*world, request, name_), std::move(fault), teller_, std::move(executor)) {}

    Task<bool> take(json given);

private:
    static AgentSettings settings_for(const EmulatorWorld& world, const EmulatorRequest& request, std::string& name) {
        AgentSettings settings;
        settings.in = settings.out = format_of(request.parameter("agent_id"), name);
        settings.endpointing = world.settings().endpointing;
        return settings;
    }
    Task<bool> begin(json given);

    EmulatorSocket& socket_;
    std::string id_, name_;
    std::shared_ptr<Pinging> pings_;
    std::shared_ptr<ElevenlabsTeller> teller_;
    SpeakingAgent agent_;
    bool begun_ = false;
};

Task<bool> ElevenlabsConversation::begin(json given) {
    begun_ = true;
    auto told = message(
        {{"type", "conversation_initiation_metadata"},
         {"conversation_initiation_metadata_event", {{"conversation_id", id_}, {"agent_output_audio_format", name_}, {"user_input_audio_format", name_}}}});
    if (!co_await socket_.send_text(std::move(told))) co_return false;
    socket_.spawn(ping(socket_, pings_));
    const auto first = given.value("/conversation_config_override/agent/first_message"_json_pointer, json());
    if (!first.is_string())
        agent_.answer();  // the agent's own first message
    else if (!first.get<std::string>().empty())
        agent_.speak(first.get<std::string>());
    co_return true;
}

Task<bool> ElevenlabsConversation::take(json given) {
    if (!given.is_object()) {
        std::string reason = "Invalid message received";
        co_await socket_.close(1008, std::move(reason));
        co_return false;
    }
    if (given.contains("user_audio_chunk")) {
        const auto audio = from_base64(given.value("user_audio_chunk", std::string{}));
        if (!audio) co_return true;
        if (!begun_ && !co_await begin(json::object())) co_return false;
        std::string bytes(audio->begin(), audio->end());
        co_return co_await agent_.hear(std::move(bytes));
    }
    const auto type = given.value("type", std::string{});
    if (type == "conversation_initiation_client_data") co_return begun_ || co_await begin(std::move(given));
    if (type == "pong") {
        const auto id = given.value("event_id", json());
        if (id.is_number_integer()) pings_->answered = std::max(pings_->answered, id.get<std::int64_t>());
    } else if (type == "client_tool_result") {
        const auto call = teller_->calls.find(given.value("tool_call_id", std::string{}));
        if (call == teller_->calls.end()) co_return true;
        auto tool = call->second;
        teller_->calls.erase(call);
        if (teller_->calls.empty()) agent_.answer_tool(std::move(tool));
    } else if (type == "user_message") {
        const auto text = given.value("text", std::string{});
        agent_.cancel("user_message");
        if (text.find('"') != std::string::npos)
            agent_.answer_instruction(text);
        else
            agent_.answer_text(text);
    }
    co_return true;
}

}  // namespace

bool elevenlabs_agents_path(std::string_view path) {
    return path == "/v1/convai/conversation";
}

bool elevenlabs_agents_admits(const EmulatorRequest& request) {
    return request.parameter("agent_id").starts_with("public") || request.parameter("conversation_signature") == kSignature;
}

Task<> elevenlabs_signed_url(std::shared_ptr<EmulatorWorld>, EmulatorRequest request, HttpAnswer& out, Fault) {
    const auto url = "ws://" + request.header("host") + "/v1/convai/conversation?agent_id=" + request.parameter("agent_id") +
                     "&conversation_signature=" + std::string(kSignature);
    auto body = message({{"signed_url", url}});
    std::string type = "application/json";
    co_await out.whole(200, std::move(type), std::move(body));
}

Task<> elevenlabs_agents(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto executor = co_await asio::this_coro::executor;
    ElevenlabsConversation conversation(std::move(world), socket, fault, request, std::move(executor));
    while (const auto got = co_await socket.receive()) {
        auto parsed = got->json();
        if (!co_await conversation.take(std::move(parsed))) co_return;
    }
}

}  // namespace parley::sim
