// Gemini Live: one setup, then 16 kHz in and 24 kHz out. Answers go out in binary frames that hold JSON, as the vendor
// often does it.

#include <map>
#include "parley/sim/base64.hpp"

#include "speaking_agent.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::string message(const json& body) {
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}
json content(json body) {
    return {{"serverContent", std::move(body)}};
}

class GeminiTeller final : public AgentTeller {
public:
    GeminiTeller(EmulatorSocket& socket, std::string prefix, milliseconds token) : socket_(socket), prefix_(std::move(prefix)), token_(token) {}

    Task<bool> started(milliseconds) override { co_return socket_.alive(); }  // nothing tells it
    Task<bool> stopped(milliseconds) override { co_return socket_.alive(); }
    Task<bool> said(std::string text) override {
        for (const auto& word : text_deltas(text)) {
            if (!wants_input_) continue;
            const json told = content({{"inputTranscription", {{"text", word}}}});
            if (!co_await item(told, milliseconds(0))) co_return false;
        }
        co_return true;
    }
    Task<bool> began(const AgentAnswer&) override { co_return socket_.alive(); }
    Task<bool> speaks(const AgentAnswer&) override { co_return socket_.alive(); }
    Task<bool> words(const AgentAnswer&, std::string delta) override {
        if (!wants_output_) co_return true;
        if (!co_await socket_.sleep(token_)) co_return false;
        // 3.x bundles words and sound in one message; here they ride with the sound that comes next.
        said_ += delta;
        co_return true;
    }
    Task<bool> sound(const AgentAnswer&, std::string bytes, milliseconds lasts) override {
        json parts = json::array({{{"inlineData", {{"mimeType", "audio/pcm;rate=24000"}, {"data", base64(bytes)}}}}});
        json body{{"modelTurn", {{"parts", std::move(parts)}}}};
        if (!said_.empty()) body["outputTranscription"] = {{"text", std::exchange(said_, {})}};
        const json told = content(std::move(body));
        co_return co_await item(told, lasts);
    }
    Task<bool> spoke(const AgentAnswer& answer) override {
        const std::string rest = std::exchange(said_, {});
        if (!answer.cancelled() && !rest.empty()) {
            const json told = content({{"outputTranscription", {{"text", rest}}}});
            if (!co_await item(told, milliseconds(0))) co_return false;
        }
        co_return true;
    }
    Task<bool> called(const AgentAnswer& answer) override {
        const auto id = "fc_" + prefix_ + "_" + std::to_string(answer.number);
        calls[id] = answer.tool;
        auto arguments = json::parse(answer.arguments, nullptr, false);
        if (!arguments.is_object()) arguments = json::object();
        json call{{"id", id}, {"name", answer.tool}, {"args", std::move(arguments)}};
        const json told{{"toolCall", {{"functionCalls", json::array({std::move(call)})}}}};
        co_return co_await item(told, milliseconds(0));
    }
    Task<bool> ended(const AgentAnswer& answer) override {
        if (answer.cancelled()) {
            const json told = content({{"interrupted", true}});
            if (!co_await send(told)) co_return false;
        } else {
            const json told = content({{"generationComplete", true}});
            if (!co_await send(told)) co_return false;
        }
        if (!answer.cancelled() && !answer.tool.empty()) co_return true;  // the turn goes on behind the result
        const auto words = static_cast<int>(text_deltas(answer.text).size());
        json told = content({{"turnComplete", true}});
        told["usageMetadata"] = {{"promptTokenCount", 40}, {"responseTokenCount", words}, {"totalTokenCount", 40 + words}};
        if (!co_await send(told)) co_return false;
        const json update{{"sessionResumptionUpdate", {{"newHandle", "handle_" + prefix_ + "_" + std::to_string(answer.number)}, {"resumable", true}}}};
        co_return !resumption_ || co_await send(update);
    }

    Task<bool> send(const json& body) {
        auto text = message(body);
        co_return co_await socket_.send_binary(std::move(text));
    }
    void configure(const json& setup) {
        wants_input_ = setup.contains("inputAudioTranscription");
        wants_output_ = setup.contains("outputAudioTranscription");
        resumption_ = setup.contains("sessionResumption");
    }

    std::map<std::string, std::string> calls;  // that wait for their results

private:
    Task<bool> item(const json& body, milliseconds lasts) {
        auto text = message(body);
        co_return co_await socket_.item(std::move(text), lasts);
    }

    EmulatorSocket& socket_;
    std::string prefix_, said_;
    milliseconds token_;
    bool wants_input_ = false, wants_output_ = false, resumption_ = false;
};

class GeminiConversation {
public:
    GeminiConversation(std::shared_ptr<EmulatorWorld> world, EmulatorSocket& socket, Fault fault, std::string prefix, asio::any_io_executor executor)
        : socket_(socket),
          settings_(first_settings(*world)),
          teller_(std::make_shared<GeminiTeller>(socket, std::move(prefix), world->settings().token)),
          agent_(socket, world, settings_, std::move(fault), teller_, std::move(executor)) {}

    Task<bool> take(json given);

private:
    static AgentSettings first_settings(const EmulatorWorld& world) {
        AgentSettings settings;
        settings.in = WireFormat{WireFormat::Encoding::linear16, 16000};
        settings.out = WireFormat{WireFormat::Encoding::linear16, 24000};
        settings.endpointing = world.settings().endpointing;
        return settings;
    }
    // There is no error message: failures are close codes.
    Task<bool> fail(int code, std::string why) {
        co_await socket_.close(code, std::move(why));
        co_return false;
    }
    Task<bool> configure(json setup);
    Task<bool> realtime(json input);
    Task<bool> turns(json given);
    Task<bool> results(json given);
    void ask(const std::string& text) {
        agent_.cancel("asked");
        if (text.find('"') != std::string::npos)
            agent_.answer_instruction(text);
        else
            agent_.answer_text(text);
    }

    EmulatorSocket& socket_;
    AgentSettings settings_;
    std::shared_ptr<GeminiTeller> teller_;
    SpeakingAgent agent_;
    bool set_up_ = false, manual_ = false, active_ = false;
};

Task<bool> GeminiConversation::configure(json setup) {
    if (set_up_ || !setup.is_object() || setup.value("model", std::string{}).find('/') == std::string::npos)
        co_return co_await fail(1007, "Request contains an invalid argument.");
    const json none = json::array({"AUDIO"});
    const auto modalities = setup.value("/generationConfig/responseModalities"_json_pointer, none);
    if (!modalities.is_array() || modalities.size() != 1) co_return co_await fail(1007, "Request contains an invalid argument.");
    if (setup["model"].get<std::string>().find("live") == std::string::npos && setup["model"].get<std::string>().find("audio") == std::string::npos)
        co_return co_await fail(1008, setup["model"].get<std::string>() + " is not found for API version v1beta, or is not supported for bidiGenerateContent.");
    manual_ = setup.value("/realtimeInputConfig/automaticActivityDetection/disabled"_json_pointer, false);
    settings_.cuts = !manual_;
    settings_.interrupts = setup.value("/realtimeInputConfig/activityHandling"_json_pointer, std::string{}) != "NO_INTERRUPTION";
    const auto silence = setup.value("/realtimeInputConfig/automaticActivityDetection/silenceDurationMs"_json_pointer, json());
    if (silence.is_number_integer()) settings_.endpointing = milliseconds(silence.get<int>());
    agent_.change(settings_);
    teller_->configure(setup);
    set_up_ = true;
    const json told{{"setupComplete", json::object()}};
    co_return co_await teller_->send(told);
}

Task<bool> GeminiConversation::realtime(json input) {
    if (!input.is_object()) co_return co_await fail(1007, "Request contains an invalid argument.");
    auto audio = input.value("audio", json());
    if (audio.is_null() && input.contains("mediaChunks") && !input["mediaChunks"].empty()) audio = input["mediaChunks"][0];  // the older form
    if (audio.is_object()) {
        const auto bytes = from_base64(audio.value("data", std::string{}));
        const auto mime = audio.value("mimeType", std::string{});
        if (!bytes || !mime.starts_with("audio/pcm")) co_return co_await fail(1007, "Request contains an invalid argument.");
        const auto at = mime.find("rate=");
        const int rate = at == std::string::npos ? 16000 : std::atoi(mime.c_str() + at + 5);
        if (rate < 8000 || rate > 48000) co_return co_await fail(1007, "Request contains an invalid argument.");
        if (rate != settings_.in.rate) {
            settings_.in.rate = rate;
            agent_.change(settings_);
        }
        if (manual_ && !active_) co_return true;  // ignored, as the vendor does
        std::string sound(bytes->begin(), bytes->end());
        co_return co_await agent_.hear(std::move(sound));
    }
    if (input.contains("activityStart") || input.contains("activityEnd")) {
        if (!manual_) co_return co_await fail(1007, "Explicit activity control is not supported when automatic activity detection is enabled.");
        active_ = input.contains("activityStart");
        if (active_ && settings_.interrupts) agent_.cancel("activity");
        if (!active_ && agent_.commit()) agent_.answer();
        if (active_) agent_.forget();
    }
    if (input.contains("text") && input["text"].is_string()) ask(input["text"].get<std::string>());
    co_return true;
}

Task<bool> GeminiConversation::turns(json given) {
    std::string last;
    for (const auto& turn : given.value("turns", json::array())) {
        for (const auto& part : turn.value("parts", json::array())) {
            if (part.contains("functionCall") || part.contains("functionResponse")) co_return co_await fail(1007, "Request contains an invalid argument.");
            if (turn.value("role", std::string("user")) == "user") last = part.value("text", std::string{});
        }
    }
    if (given.value("turnComplete", false))
        ask(last);
    else
        agent_.take_as_said(last);
    co_return true;
}

Task<bool> GeminiConversation::results(json given) {
    std::string tool;
    for (const auto& response : given.value("functionResponses", json::array())) {
        const auto call = teller_->calls.find(response.value("id", std::string{}));
        if (call == teller_->calls.end() || !response.contains("response") || !response["response"].is_object())
            co_return co_await fail(1007, "Request contains an invalid argument.");
        tool = call->second;
        teller_->calls.erase(call);
    }
    if (!tool.empty() && teller_->calls.empty()) agent_.answer_tool(std::move(tool));
    co_return true;
}

Task<bool> GeminiConversation::take(json given) {
    if (!given.is_object()) co_return co_await fail(1007, "Invalid JSON payload received.");
    if (given.contains("setup")) co_return co_await configure(given["setup"]);
    if (!set_up_) co_return co_await fail(1007, "The first message must be a setup.");
    if (given.contains("realtimeInput")) co_return co_await realtime(given["realtimeInput"]);
    if (given.contains("clientContent")) co_return co_await turns(given["clientContent"]);
    if (given.contains("toolResponse")) co_return co_await results(given["toolResponse"]);
    co_return co_await fail(1007, "Invalid JSON payload received. Unknown name.");
}

// Half-way to the end by design the vendor says that it is coming.
Task<> announce_end(EmulatorSocket& socket, milliseconds limit) {
    if (!co_await socket.sleep(limit / 2)) co_return;
    const auto left = static_cast<double>((limit - limit / 2).count()) / 1000;
    auto text = message({{"goAway", {{"timeLeft", json(left).dump() + "s"}}}});
    co_await socket.send_binary(std::move(text));
}

}  // namespace

bool gemini_live_path(std::string_view path) {
    if (path.starts_with("//")) path.remove_prefix(1);  // the vendor's own library asks so
    return path.starts_with("/ws/google.ai.generativelanguage.v1") && path.find(".GenerativeService.BidiGenerateContent") != std::string_view::npos;
}

Task<> gemini_live(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto executor = co_await asio::this_coro::executor;
    GeminiConversation conversation(std::move(world), socket, fault, std::to_string(request.number), std::move(executor));
    if (fault.session_limit.count() > 0) socket.spawn(announce_end(socket, fault.session_limit));
    while (const auto got = co_await socket.receive()) {
        auto parsed = got->json();
        if (!co_await conversation.take(std::move(parsed))) co_return;
    }
}

}  // namespace parley::sim
