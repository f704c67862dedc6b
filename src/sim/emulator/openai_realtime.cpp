// OpenAI Realtime, GA shape, and the beta shape where compatible servers speak it.

#include <algorithm>

#include "openai_realtime_teller.hpp"
#include "parley/sim/base64.hpp"
#include "speaking_agent.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

using namespace realtime;

// What a session says of its sound: {"type":"audio/pcmu"}, or "g711_ulaw" in the beta shape.
std::optional<WireFormat> format_in(const json& given) {
    if (given.is_string()) {
        const auto name = given.get<std::string>();
        if (name == "g711_ulaw") return WireFormat{WireFormat::Encoding::mulaw, 8000};
        if (name == "g711_alaw") return WireFormat{WireFormat::Encoding::alaw, 8000};
        if (name == "pcm16") return WireFormat{WireFormat::Encoding::linear16, 24000};
        return std::nullopt;
    }
    if (!given.is_object()) return std::nullopt;
    const auto type = given.value("type", std::string{});
    if (type == "audio/pcmu") return WireFormat{WireFormat::Encoding::mulaw, 8000};
    if (type == "audio/pcma") return WireFormat{WireFormat::Encoding::alaw, 8000};
    if (type == "audio/pcm" && given.value("rate", 24000) == 24000) return WireFormat{WireFormat::Encoding::linear16, 24000};
    return std::nullopt;
}

class RealtimeSession {
public:
    RealtimeSession(std::shared_ptr<EmulatorWorld> world, EmulatorSocket& socket, Fault fault, std::shared_ptr<RealtimeBook> book,
                    asio::any_io_executor executor)
        : socket_(socket),
          book_(std::move(book)),
          settings_(first_settings(*world)),
          teller_(std::make_shared<RealtimeTeller>(socket, book_, world->settings().token)),
          agent_(socket, world, settings_, std::move(fault), teller_, std::move(executor)) {}

    Task<bool> take(json message);

private:
    static AgentSettings first_settings(const EmulatorWorld& world) {
        AgentSettings settings;
        settings.in = settings.out = WireFormat{WireFormat::Encoding::linear16, 24000};
        settings.endpointing = world.settings().endpointing;
        settings.answers_noise = settings.announces = true;
        return settings;
    }
    Task<bool> refuse(json message, const char* code, std::string why, const char* param = nullptr) {
        auto text = error_event(*book_, message, code, why, param);
        co_return co_await socket_.send_text(std::move(text));
    }
    Task<bool> update(json message);
    Task<bool> append(json message);
    Task<bool> commit(json message);
    Task<bool> create_item(json message);
    Task<bool> truncate(json message);
    Task<bool> create_response(json message);
    Task<bool> cancel(json message);

    EmulatorSocket& socket_;
    std::shared_ptr<RealtimeBook> book_;
    AgentSettings settings_;
    std::shared_ptr<RealtimeTeller> teller_;
    SpeakingAgent agent_;
    std::string last_tool_;  // whose result came last, not answered yet
};

Task<bool> RealtimeSession::take(json message) {
    const auto type = message.is_object() && message.contains("type") && message["type"].is_string() ? message["type"].get<std::string>() : "";
    if (type.empty()) co_return co_await refuse(std::move(message), "invalid_event", "The 'type' field is missing.");
    if (type == "input_audio_buffer.append") co_return co_await append(std::move(message));
    if (type == "session.update") co_return co_await update(std::move(message));
    if (type == "input_audio_buffer.commit") co_return co_await commit(std::move(message));
    if (type == "conversation.item.create") co_return co_await create_item(std::move(message));
    if (type == "conversation.item.truncate") co_return co_await truncate(std::move(message));
    if (type == "response.create") co_return co_await create_response(std::move(message));
    if (type == "response.cancel") co_return co_await cancel(std::move(message));
    if (type == "input_audio_buffer.clear") {
        agent_.forget();
        auto text = event(*book_, "input_audio_buffer.cleared");
        co_return co_await socket_.send_text(std::move(text));
    }
    if (type == "conversation.item.delete") {
        const auto id = message.value("item_id", std::string{});
        if (book_->items.erase(id) == 0) {
            std::string why = "Item with item_id not found: " + id;
            co_return co_await refuse(std::move(message), "item_delete_invalid_item_id", std::move(why));
        }
        auto text = event(*book_, "conversation.item.deleted", {{"item_id", id}});
        co_return co_await socket_.send_text(std::move(text));
    }
    std::string why = "Invalid value: '" + type + "'.";
    co_return co_await refuse(std::move(message), "invalid_value", std::move(why), "type");
}

Task<bool> RealtimeSession::update(json message) {
    const auto session = message.contains("session") && message["session"].is_object() ? message["session"] : json();
    if (session.is_null()) co_return co_await refuse(std::move(message), "missing_required_parameter", "Missing required parameter: 'session'.");
    if (!book_->beta && session.value("type", std::string{}).empty())
        co_return co_await refuse(std::move(message), "missing_required_parameter", "Missing required parameter: 'session.type'.", "session.type");
    if (!book_->beta) {
        for (const char* old : {"modalities", "voice", "input_audio_format", "output_audio_format", "turn_detection", "temperature"}) {
            if (!session.contains(old)) continue;
            std::string why = std::string("Unknown parameter: 'session.") + old + "'.";
            co_return co_await refuse(std::move(message), "unknown_parameter", std::move(why));
        }
        if (session.contains("output_modalities") && session["output_modalities"].size() != 1)
            co_return co_await refuse(std::move(message), "invalid_value", "Invalid modalities.", "session.output_modalities");
    }
    auto next = book_->session;
    next.merge_patch(session);  // null clears, as the vendor has it
    const auto at = [&](const char* beta, const char* ga) {
        if (book_->beta) return next.value(beta, json());
        return next.value(json::json_pointer(ga), json());
    };
    const auto in = format_in(at("input_audio_format", "/audio/input/format"));
    const auto out = format_in(at("output_audio_format", "/audio/output/format"));
    if (!in || !out) co_return co_await refuse(std::move(message), "invalid_value", "Invalid audio format.", "session.audio");
    settings_.in = *in;
    settings_.out = *out;
    const auto detection = at("turn_detection", "/audio/input/turn_detection");
    settings_.cuts = !detection.is_null();
    if (detection.is_object()) {
        settings_.answers = detection.value("create_response", true);
        settings_.interrupts = detection.value("interrupt_response", true);
        if (detection.contains("silence_duration_ms")) settings_.endpointing = milliseconds(detection["silence_duration_ms"].get<int>());
    }
    book_->session = std::move(next);
    agent_.change(settings_);
    auto text = event(*book_, "session.updated", {{"session", book_->session}});
    co_return co_await socket_.send_text(std::move(text));
}

Task<bool> RealtimeSession::append(json message) {
    const auto audio = from_base64(message.value("audio", std::string{}));
    if (!audio) co_return co_await refuse(std::move(message), "invalid_value", "Invalid 'audio'. Expected base64.", "audio");
    std::string bytes(audio->begin(), audio->end());
    co_return co_await agent_.hear(std::move(bytes));
}

Task<bool> RealtimeSession::commit(json message) {
    if (agent_.commit()) co_return co_await teller_->committed();
    co_return co_await refuse(std::move(message), "input_audio_buffer_commit_empty",
                              "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio.");
}

Task<bool> RealtimeSession::create_item(json message) {
    json item = message.value("item", json());
    const auto type = item.is_object() ? item.value("type", std::string{}) : "";
    if (type != "message" && type != "function_call" && type != "function_call_output")
        co_return co_await refuse(std::move(message), "invalid_value", "Invalid value for 'item.type'.", "item.type");
    std::string role = type;
    if (type == "message") {
        role = item.value("role", std::string{});
        const char* wanted = role != "assistant" ? "input_text" : book_->beta ? "text" : "output_text";
        std::string said;
        for (const auto& part : item.value("content", json::array())) {
            if (part.value("type", std::string{}) != wanted)
                co_return co_await refuse(std::move(message), "invalid_value", "Invalid content type.", "item.content");
            said += part.value("text", std::string{});
        }
        if (role == "user") agent_.take_as_said(said);
        last_tool_.clear();
    } else if (type == "function_call") {
        book_->calls[item.value("call_id", std::string{})] = item.value("name", std::string{});
    } else {
        const auto call = book_->calls.find(item.value("call_id", std::string{}));
        if (call == book_->calls.end())
            co_return co_await refuse(std::move(message), "invalid_tool_call_id", "Tool call ID not found in conversation.", "item.call_id");
        if (!item.contains("output") || !item["output"].is_string())
            co_return co_await refuse(std::move(message), "invalid_type", "Invalid type for 'item.output': expected a string.", "item.output");
        last_tool_ = call->second;
    }
    if (item.value("id", std::string{}).empty()) item["id"] = book_->id("item");
    item["object"] = "realtime.item";
    item["status"] = "completed";
    co_return co_await teller_->added(std::move(item), std::move(role), true);
}

Task<bool> RealtimeSession::truncate(json message) {
    const auto id = message.value("item_id", std::string{});
    const auto found = book_->items.find(id);
    if (found == book_->items.end() || found->second.role != "assistant") {
        std::string why = "Item with item_id not found: " + id;
        co_return co_await refuse(std::move(message), "item_truncate_invalid_item_id", std::move(why), "item_id");
    }
    const auto end = message.value("audio_end_ms", json());
    if (!end.is_number_integer() || end.get<std::int64_t>() < 0 || message.value("content_index", -1) != 0)
        co_return co_await refuse(std::move(message), "invalid_value", "Invalid 'audio_end_ms' or 'content_index'.", "audio_end_ms");
    const auto ms = end.get<std::int64_t>();
    if (ms > found->second.sound.count()) {
        std::string why = "Audio content of " + std::to_string(found->second.sound.count()) + "ms is already shorter than " + std::to_string(ms) + "ms";
        co_return co_await refuse(std::move(message), "invalid_value", std::move(why), "audio_end_ms");
    }
    found->second.sound = milliseconds(ms);
    auto text = event(*book_, "conversation.item.truncated", {{"item_id", id}, {"content_index", 0}, {"audio_end_ms", ms}});
    co_return co_await socket_.send_text(std::move(text));
}

Task<bool> RealtimeSession::create_response(json message) {
    if (agent_.busy()) {
        std::string why =
            "Conversation already has an active response in progress: " + book_->response + ". Wait until the response is finished before creating a new one.";
        co_return co_await refuse(std::move(message), "conversation_already_has_active_response", std::move(why));
    }
    std::string instructions;
    if (message.contains("response") && message["response"].is_object()) instructions = message["response"].value("instructions", std::string{});
    // The vendor's instructions of one response replace the session's; the session's own are not the wish of this
    // moment.
    const auto standing = book_->session.value("instructions", std::string{});
    if (!standing.empty() && instructions.starts_with(standing)) instructions.erase(0, standing.size());
    if (!last_tool_.empty())
        agent_.answer_tool(std::exchange(last_tool_, {}));
    else if (instructions.find_first_not_of(" \n") != std::string::npos)
        agent_.answer_instruction(std::move(instructions));
    else
        agent_.answer();
    co_return true;
}

Task<bool> RealtimeSession::cancel(json message) {
    const auto id = message.value("response_id", std::string{});
    const bool other = !id.empty() && id != book_->response;
    if (other || !agent_.cancel("client_cancelled"))
        co_return co_await refuse(std::move(message), "response_cancel_not_active", "Cancellation failed: no active response found");
    co_return true;
}

// The end by design is announced as the vendor does it; the close itself comes from the script.
Task<> announce_limit(EmulatorSocket& socket, std::shared_ptr<RealtimeBook> book, milliseconds limit) {
    const auto ahead = std::max(limit - milliseconds(20), milliseconds(0));
    if (!co_await socket.sleep(ahead)) co_return;
    auto text = error_event(*book, json(), "session_expired", "Your session hit the maximum duration of 60 minutes.");
    co_await socket.send_text(std::move(text));
}

}  // namespace

bool openai_realtime_path(const EmulatorRequest& request) {
    return (request.path == "/v1/realtime" || request.path == "/openai/realtime") && request.parameter("intent") != "transcription";
}

Task<> openai_realtime(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket, Fault fault) {
    auto book = std::make_shared<RealtimeBook>();
    book->prefix = std::to_string(request.number) + "x";
    book->beta = request.path == "/openai/realtime";
    if (!book->beta && !request.header("openai-beta").empty()) {
        auto text =
            error_event(*book, json(), "beta_api_shape_disabled", "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.");
        co_await socket.send_text(std::move(text));
        std::string reason = "invalid_request_error.beta_api_shape_disabled";
        co_await socket.close(4000, std::move(reason));
        co_return;
    }
    const json detection{{"type", "server_vad"}, {"threshold", 0.5}, {"prefix_padding_ms", 300}, {"create_response", true}, {"interrupt_response", true}};
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count();
    book->session = {{"id", "sess_" + book->prefix}, {"object", "realtime.session"}, {"model", request.parameter("model")},
                     {"expires_at", now + 3600},     {"instructions", ""},           {"tools", json::array()}};
    if (book->beta) {
        book->session.update(
            {{"modalities", {"audio", "text"}}, {"input_audio_format", "pcm16"}, {"output_audio_format", "pcm16"}, {"turn_detection", detection}});
    } else {
        const json pcm{{"type", "audio/pcm"}, {"rate", 24000}};
        book->session.update(
            {{"type", "realtime"},
             {"output_modalities", json::array({"audio"})},
             {"audio",
              {{"input", {{"format", pcm}, {"transcription", nullptr}, {"turn_detection", detection}}}, {"output", {{"format", pcm}, {"voice", "alloy"}}}}}});
    }
    auto executor = co_await asio::this_coro::executor;
    RealtimeSession session(std::move(world), socket, fault, book, std::move(executor));
    auto created = event(*book, "session.created", {{"session", book->session}});
    if (!co_await socket.send_text(std::move(created))) co_return;
    if (fault.session_limit.count() > 0) socket.spawn(announce_limit(socket, book, fault.session_limit));
    while (const auto message = co_await socket.receive()) {
        auto parsed = message->json();
        if (!co_await session.take(std::move(parsed))) co_return;
    }
}

}  // namespace parley::sim
