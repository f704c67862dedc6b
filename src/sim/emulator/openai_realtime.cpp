// OpenAI Realtime, GA shape, and the beta shape where compatible servers speak it.

#include <algorithm>
#include <map>

#include "parley/sim/base64.hpp"
#include "speaking_agent.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

struct RealtimeItem {
    std::string role, call;  // role "assistant", "user", …; call: the tool's name
    milliseconds sound{0};   // of an assistant's item: what was sent
};

// What the two coroutines of a session share; both run on one thread.
struct RealtimeBook {
    std::map<std::string, RealtimeItem> items;
    std::map<std::string, std::string> calls;  // call id to tool
    json session;
    std::string last_item, response, item, call_item;
    std::string prefix;
    bool beta = false;
    int made = 0;

    std::string id(const char* kind) { return kind + std::string("_") + prefix + std::to_string(++made); }
};

std::string event(RealtimeBook& book, const char* type, json body = json::object()) {
    body["type"] = type;
    body["event_id"] = book.id("event");
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string error_event(RealtimeBook& book, const json& from, const char* code, const std::string& message,
                        const char* param = nullptr) {
    json error{{"type", "invalid_request_error"},
               {"code", nullptr},
               {"message", message},
               {"param", nullptr},
               {"event_id", nullptr}};
    if (*code != '\0') error["code"] = code;
    if (param != nullptr) error["param"] = param;
    if (from.is_object() && from.contains("event_id")) error["event_id"] = from["event_id"];
    return event(book, "error", {{"error", error}});
}

class RealtimeTeller final : public AgentTeller {
public:
    RealtimeTeller(EmulatorSocket& socket, std::shared_ptr<RealtimeBook> book, milliseconds token)
        : socket_(socket), book_(std::move(book)), token_(token) {}

    Task<bool> started(milliseconds at) override {
        user_item_ = book_->id("item");
        auto text = event(*book_, "input_audio_buffer.speech_started",
                          {{"audio_start_ms", at.count()}, {"item_id", user_item_}});
        co_return co_await socket_.send_text(std::move(text));
    }

    Task<bool> stopped(milliseconds at) override {
        auto text =
            event(*book_, "input_audio_buffer.speech_stopped", {{"audio_end_ms", at.count()}, {"item_id", user_item_}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        co_return co_await committed();
    }

    // A turn that became an item; also when the client ended it.
    Task<bool> committed() {
        if (user_item_.empty()) user_item_ = book_->id("item");
        waiting_.push_back(user_item_);
        auto text =
            event(*book_, "input_audio_buffer.committed", {{"item_id", user_item_}, {"previous_item_id", previous()}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        json item{{"id", user_item_},
                  {"object", "realtime.item"},
                  {"type", "message"},
                  {"role", "user"},
                  {"status", "completed"}};
        item["content"] = json::array({{{"type", "input_audio"}, {"transcript", nullptr}}});
        user_item_.clear();
        co_return co_await added(std::move(item), "user", true);
    }

    Task<bool> said(std::string text) override {
        std::string id = waiting_.empty() ? "item_unknown" : waiting_.front();
        if (!waiting_.empty()) waiting_.erase(waiting_.begin());
        const auto& session = book_->session;
        const json transcription = book_->beta ? session.value("input_audio_transcription", json())
                                               : session.value("/audio/input/transcription"_json_pointer, json());
        if (transcription.is_null()) co_return true;
        for (auto& word : text_deltas(text)) {
            auto delta = event(*book_, "conversation.item.input_audio_transcription.delta",
                               {{"item_id", id}, {"content_index", 0}, {"delta", word}, {"logprobs", nullptr}});
            if (!co_await socket_.send_text(std::move(delta))) co_return false;
        }
        auto done = event(*book_, "conversation.item.input_audio_transcription.completed",
                          {{"item_id", id},
                           {"content_index", 0},
                           {"transcript", text},
                           {"usage", {{"type", "duration"}, {"seconds", 2}}}});
        co_return co_await socket_.item(std::move(done));
    }

    Task<bool> began(const AgentAnswer&) override {
        book_->response = book_->id("resp");
        item_done_ = call_done_ = json();
        auto text = event(*book_, "response.created", {{"response", response("in_progress")}});
        co_return co_await socket_.send_text(std::move(text));
    }

    Task<bool> speaks(const AgentAnswer&) override {
        book_->item = book_->id("item");
        json item = spoken_item("in_progress");
        item["content"] = json::array();
        auto text = event(*book_, "response.output_item.added",
                          {{"response_id", book_->response}, {"output_index", 0}, {"item", item}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        if (!co_await added(std::move(item), "assistant", false)) co_return false;
        auto part = part_event("response.content_part.added");
        part["part"] = {{"type", "audio"}, {"transcript", ""}};
        text = event(*book_, "response.content_part.added", std::move(part));
        co_return co_await socket_.send_text(std::move(text));
    }

    Task<bool> words(const AgentAnswer&, std::string delta) override {
        const char* type = book_->beta ? "response.audio_transcript.delta" : "response.output_audio_transcript.delta";
        auto body = part_event(type);
        body["delta"] = delta;
        spoken_ += delta;
        if (!co_await socket_.sleep(token_)) co_return false;
        auto text = event(*book_, type, std::move(body));
        co_return co_await socket_.item(std::move(text));
    }

    Task<bool> sound(const AgentAnswer&, std::string bytes, milliseconds lasts) override {
        const char* type = book_->beta ? "response.audio.delta" : "response.output_audio.delta";
        auto body = part_event(type);
        body["delta"] = base64(bytes);
        book_->items[book_->item].sound += lasts;
        auto text = event(*book_, type, std::move(body));
        co_return co_await socket_.item(std::move(text), lasts);
    }

    Task<bool> spoke(const AgentAnswer& answer) override {
        const char* state = answer.cancelled() ? "incomplete" : "completed";
        item_done_ = spoken_item(state);
        item_done_["content"] =
            json::array({{{"type", book_->beta ? "audio" : "output_audio"}, {"transcript", spoken_}}});
        const char* audio = book_->beta ? "response.audio.done" : "response.output_audio.done";
        auto text = event(*book_, audio, part_event(audio));
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        const char* transcript =
            book_->beta ? "response.audio_transcript.done" : "response.output_audio_transcript.done";
        auto body = part_event(transcript);
        body["transcript"] = spoken_;
        text = event(*book_, transcript, std::move(body));
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        body = part_event("");
        body["part"] = {{"type", "audio"}, {"transcript", std::exchange(spoken_, {})}};
        text = event(*book_, "response.content_part.done", std::move(body));
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        json item = item_done_;
        co_return co_await done(std::move(item), 0);
    }

    Task<bool> called(const AgentAnswer& answer) override {
        const auto id = book_->id("item"), call = book_->id("call");
        book_->calls[call] = answer.tool;
        json item{{"id", id},        {"object", "realtime.item"}, {"type", "function_call"}, {"status", "in_progress"},
                  {"call_id", call}, {"name", answer.tool},       {"arguments", ""}};
        const int index = item_done_.is_null() ? 0 : 1;
        auto text = event(*book_, "response.output_item.added",
                          {{"response_id", book_->response}, {"output_index", index}, {"item", item}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        if (!co_await added(item, "function_call", false)) co_return false;
        json body{{"response_id", book_->response}, {"item_id", id}, {"output_index", index}, {"call_id", call}};
        for (const auto& piece : text_deltas(answer.arguments)) {
            body["delta"] = piece;
            text = event(*book_, "response.function_call_arguments.delta", body);
            if (!co_await socket_.item(std::move(text))) co_return false;
        }
        body.erase("delta");
        body["arguments"] = answer.arguments;
        body["name"] = answer.tool;
        text = event(*book_, "response.function_call_arguments.done", body);
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        item["status"] = "completed";
        item["arguments"] = answer.arguments;
        call_done_ = item;
        co_return co_await done(std::move(item), index);
    }

    Task<bool> ended(const AgentAnswer& answer) override {
        json body = response(answer.cancelled() ? "cancelled" : "completed");
        if (answer.cancelled()) body["status_details"] = {{"type", "cancelled"}, {"reason", answer.why}};
        const auto& finish = socket_.fault().finish;
        if (!answer.cancelled() && !finish.empty()) {
            body["status"] = "incomplete";
            body["status_details"] = {{"type", "incomplete"},
                                      {"reason", finish == "length" ? "max_output_tokens" : "content_filter"}};
        }
        body["output"] = json::array();
        for (const auto& item : {item_done_, call_done_})
            if (!item.is_null()) body["output"].push_back(item);
        const auto words = static_cast<int>(text_deltas(answer.text).size());
        body["usage"] = {{"total_tokens", 50 + words},
                         {"input_tokens", 50},
                         {"output_tokens", words},
                         {"input_token_details", {{"text_tokens", 40}, {"audio_tokens", 10}, {"cached_tokens", 0}}},
                         {"output_token_details", {{"text_tokens", 0}, {"audio_tokens", words}}}};
        book_->response.clear();
        auto text = event(*book_, "response.done", {{"response", std::move(body)}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        json limits = json::array({{{"name", "requests"}, {"limit", 1000}, {"remaining", 999}, {"reset_seconds", 60}}});
        text = event(*book_, "rate_limits.updated", {{"rate_limits", std::move(limits)}});
        co_return co_await socket_.send_text(std::move(text));
    }

    // An item has come into the conversation; `complete`: at once.
    Task<bool> added(json item, std::string role, bool complete) {
        const std::string id = item.value("id", std::string{});
        auto before = previous();
        book_->items[id].role = std::move(role);
        book_->last_item = id;
        const json body{{"item", std::move(item)}, {"previous_item_id", std::move(before)}};
        auto text = event(*book_, book_->beta ? "conversation.item.created" : "conversation.item.added", body);
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        if (book_->beta || !complete) co_return true;
        text = event(*book_, "conversation.item.done", body);
        co_return co_await socket_.send_text(std::move(text));
    }

private:
    [[nodiscard]] json previous() const { return book_->last_item.empty() ? json() : json(book_->last_item); }
    [[nodiscard]] json response(const char* status) const {
        return {{"id", book_->response},   {"object", "realtime.response"},
                {"status", status},        {"status_details", nullptr},
                {"output", json::array()}, {"conversation_id", "conv_" + book_->prefix},
                {"usage", nullptr},        {"metadata", nullptr}};
    }
    [[nodiscard]] json spoken_item(const char* status) const {
        return {{"id", book_->item},
                {"object", "realtime.item"},
                {"type", "message"},
                {"role", "assistant"},
                {"status", status}};
    }
    [[nodiscard]] json part_event(const char*) const {
        return {{"response_id", book_->response}, {"item_id", book_->item}, {"output_index", 0}, {"content_index", 0}};
    }
    Task<bool> done(json item, int index) {
        auto text = event(*book_, "response.output_item.done",
                          {{"response_id", book_->response}, {"output_index", index}, {"item", item}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        if (book_->beta) co_return true;
        text = event(*book_, "conversation.item.done", {{"item", std::move(item)}, {"previous_item_id", previous()}});
        co_return co_await socket_.send_text(std::move(text));
    }

    EmulatorSocket& socket_;
    std::shared_ptr<RealtimeBook> book_;
    milliseconds token_;
    std::string user_item_, spoken_;
    std::vector<std::string> waiting_;  // turns that are being recognised
    json item_done_, call_done_;
};

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
    if (type == "audio/pcm" && given.value("rate", 24000) == 24000)
        return WireFormat{WireFormat::Encoding::linear16, 24000};
    return std::nullopt;
}

class RealtimeSession {
public:
    RealtimeSession(std::shared_ptr<EmulatorWorld> world, EmulatorSocket& socket, Fault fault,
                    std::shared_ptr<RealtimeBook> book, asio::any_io_executor executor)
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
    const auto type = message.is_object() && message.contains("type") && message["type"].is_string()
                          ? message["type"].get<std::string>()
                          : "";
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
    if (session.is_null())
        co_return co_await refuse(std::move(message), "missing_required_parameter",
                                  "Missing required parameter: 'session'.");
    if (!book_->beta && session.value("type", std::string{}).empty())
        co_return co_await refuse(std::move(message), "missing_required_parameter",
                                  "Missing required parameter: 'session.type'.", "session.type");
    if (!book_->beta) {
        for (const char* old :
             {"modalities", "voice", "input_audio_format", "output_audio_format", "turn_detection", "temperature"}) {
            if (!session.contains(old)) continue;
            std::string why = std::string("Unknown parameter: 'session.") + old + "'.";
            co_return co_await refuse(std::move(message), "unknown_parameter", std::move(why));
        }
        if (session.contains("output_modalities") && session["output_modalities"].size() != 1)
            co_return co_await refuse(std::move(message), "invalid_value", "Invalid modalities.",
                                      "session.output_modalities");
    }
    auto next = book_->session;
    next.merge_patch(session);  // null clears, as the vendor has it
    const auto at = [&](const char* beta, const char* ga) {
        if (book_->beta) return next.value(beta, json());
        return next.value(json::json_pointer(ga), json());
    };
    const auto in = format_in(at("input_audio_format", "/audio/input/format"));
    const auto out = format_in(at("output_audio_format", "/audio/output/format"));
    if (!in || !out)
        co_return co_await refuse(std::move(message), "invalid_value", "Invalid audio format.", "session.audio");
    settings_.in = *in;
    settings_.out = *out;
    const auto detection = at("turn_detection", "/audio/input/turn_detection");
    settings_.cuts = !detection.is_null();
    if (detection.is_object()) {
        settings_.answers = detection.value("create_response", true);
        settings_.interrupts = detection.value("interrupt_response", true);
        if (detection.contains("silence_duration_ms"))
            settings_.endpointing = milliseconds(detection["silence_duration_ms"].get<int>());
    }
    book_->session = std::move(next);
    agent_.change(settings_);
    auto text = event(*book_, "session.updated", {{"session", book_->session}});
    co_return co_await socket_.send_text(std::move(text));
}

Task<bool> RealtimeSession::append(json message) {
    const auto audio = from_base64(message.value("audio", std::string{}));
    if (!audio)
        co_return co_await refuse(std::move(message), "invalid_value", "Invalid 'audio'. Expected base64.", "audio");
    std::string bytes(audio->begin(), audio->end());
    co_return co_await agent_.hear(std::move(bytes));
}

Task<bool> RealtimeSession::commit(json message) {
    if (agent_.commit()) co_return co_await teller_->committed();
    co_return co_await refuse(
        std::move(message), "input_audio_buffer_commit_empty",
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
            co_return co_await refuse(std::move(message), "invalid_tool_call_id",
                                      "Tool call ID not found in conversation.", "item.call_id");
        if (!item.contains("output") || !item["output"].is_string())
            co_return co_await refuse(std::move(message), "invalid_type",
                                      "Invalid type for 'item.output': expected a string.", "item.output");
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
        co_return co_await refuse(std::move(message), "invalid_value", "Invalid 'audio_end_ms' or 'content_index'.",
                                  "audio_end_ms");
    const auto ms = end.get<std::int64_t>();
    if (ms > found->second.sound.count()) {
        std::string why = "Audio content of " + std::to_string(found->second.sound.count()) +
                          "ms is already shorter than " + std::to_string(ms) + "ms";
        co_return co_await refuse(std::move(message), "invalid_value", std::move(why), "audio_end_ms");
    }
    found->second.sound = milliseconds(ms);
    auto text =
        event(*book_, "conversation.item.truncated", {{"item_id", id}, {"content_index", 0}, {"audio_end_ms", ms}});
    co_return co_await socket_.send_text(std::move(text));
}

Task<bool> RealtimeSession::create_response(json message) {
    if (agent_.busy()) {
        std::string why = "Conversation already has an active response in progress: " + book_->response +
                          ". Wait until the response is finished before creating a new one.";
        co_return co_await refuse(std::move(message), "conversation_already_has_active_response", std::move(why));
    }
    std::string instructions;
    if (message.contains("response") && message["response"].is_object())
        instructions = message["response"].value("instructions", std::string{});
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
        co_return co_await refuse(std::move(message), "response_cancel_not_active",
                                  "Cancellation failed: no active response found");
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
    return (request.path == "/v1/realtime" || request.path == "/openai/realtime") &&
           request.parameter("intent") != "transcription";
}

Task<> openai_realtime(std::shared_ptr<EmulatorWorld> world, EmulatorRequest request, EmulatorSocket& socket,
                       Fault fault) {
    auto book = std::make_shared<RealtimeBook>();
    book->prefix = std::to_string(request.number) + "x";
    book->beta = request.path == "/openai/realtime";
    if (!book->beta && !request.header("openai-beta").empty()) {
        auto text =
            error_event(*book, json(), "beta_api_shape_disabled",
                        "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.");
        co_await socket.send_text(std::move(text));
        std::string reason = "invalid_request_error.beta_api_shape_disabled";
        co_await socket.close(4000, std::move(reason));
        co_return;
    }
    const json detection{{"type", "server_vad"},
                         {"threshold", 0.5},
                         {"prefix_padding_ms", 300},
                         {"create_response", true},
                         {"interrupt_response", true}};
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count();
    book->session = {
        {"id", "sess_" + book->prefix}, {"object", "realtime.session"}, {"model", request.parameter("model")},
        {"expires_at", now + 3600},     {"instructions", ""},           {"tools", json::array()}};
    if (book->beta) {
        book->session.update({{"modalities", {"audio", "text"}},
                              {"input_audio_format", "pcm16"},
                              {"output_audio_format", "pcm16"},
                              {"turn_detection", detection}});
    } else {
        const json pcm{{"type", "audio/pcm"}, {"rate", 24000}};
        book->session.update({{"type", "realtime"},
                              {"output_modalities", json::array({"audio"})},
                              {"audio",
                               {{"input", {{"format", pcm}, {"transcription", nullptr}, {"turn_detection", detection}}},
                                {"output", {{"format", pcm}, {"voice", "alloy"}}}}}});
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
