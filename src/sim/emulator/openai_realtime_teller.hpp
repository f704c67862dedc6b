#pragma once
// What an emulated OpenAI Realtime session says: its events in the vendor's order, and the book of its items. Of
// openai_realtime.cpp alone.

#include <map>
#include <string>
#include <vector>

#include "parley/sim/base64.hpp"
#include "speaking_agent.hpp"

namespace parley::sim::realtime {

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

inline std::string event(RealtimeBook& book, const char* type, json body = json::object()) {
    body["type"] = type;
    body["event_id"] = book.id("event");
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

inline std::string error_event(RealtimeBook& book, const json& from, const char* code, const std::string& message, const char* param = nullptr) {
    json error{{"type", "invalid_request_error"}, {"code", nullptr}, {"message", message}, {"param", nullptr}, {"event_id", nullptr}};
    if (*code != '\0') error["code"] = code;
    if (param != nullptr) error["param"] = param;
    if (from.is_object() && from.contains("event_id")) error["event_id"] = from["event_id"];
    return event(book, "error", {{"error", error}});
}

class RealtimeTeller final : public AgentTeller {
public:
    RealtimeTeller(EmulatorSocket& socket, std::shared_ptr<RealtimeBook> book, milliseconds token) : socket_(socket), book_(std::move(book)), token_(token) {}

    Task<bool> started(milliseconds at) override {
        user_item_ = book_->id("item");
        auto text = event(*book_, "input_audio_buffer.speech_started", {{"audio_start_ms", at.count()}, {"item_id", user_item_}});
        co_return co_await socket_.send_text(std::move(text));
    }

    Task<bool> stopped(milliseconds at) override {
        auto text = event(*book_, "input_audio_buffer.speech_stopped", {{"audio_end_ms", at.count()}, {"item_id", user_item_}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        co_return co_await committed();
    }

    // A turn that became an item; also when the client ended it.
    Task<bool> committed() {
        if (user_item_.empty()) user_item_ = book_->id("item");
        waiting_.push_back(user_item_);
        auto text = event(*book_, "input_audio_buffer.committed", {{"item_id", user_item_}, {"previous_item_id", previous()}});
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        json item{{"id", user_item_}, {"object", "realtime.item"}, {"type", "message"}, {"role", "user"}, {"status", "completed"}};
        item["content"] = json::array({{{"type", "input_audio"}, {"transcript", nullptr}}});
        user_item_.clear();
        co_return co_await added(std::move(item), "user", true);
    }

    Task<bool> said(std::string text) override {
        std::string id = waiting_.empty() ? "item_unknown" : waiting_.front();
        if (!waiting_.empty()) waiting_.erase(waiting_.begin());
        const auto& session = book_->session;
        const json transcription =
            book_->beta ? session.value("input_audio_transcription", json()) : session.value("/audio/input/transcription"_json_pointer, json());
        if (transcription.is_null()) co_return true;
        for (auto& word : text_deltas(text)) {
            auto delta = event(*book_, "conversation.item.input_audio_transcription.delta",
                               {{"item_id", id}, {"content_index", 0}, {"delta", word}, {"logprobs", nullptr}});
            if (!co_await socket_.send_text(std::move(delta))) co_return false;
        }
        auto done = event(*book_, "conversation.item.input_audio_transcription.completed",
                          {{"item_id", id}, {"content_index", 0}, {"transcript", text}, {"usage", {{"type", "duration"}, {"seconds", 2}}}});
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
        auto text = event(*book_, "response.output_item.added", {{"response_id", book_->response}, {"output_index", 0}, {"item", item}});
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
        item_done_["content"] = json::array({{{"type", book_->beta ? "audio" : "output_audio"}, {"transcript", spoken_}}});
        const char* audio = book_->beta ? "response.audio.done" : "response.output_audio.done";
        auto text = event(*book_, audio, part_event(audio));
        if (!co_await socket_.send_text(std::move(text))) co_return false;
        const char* transcript = book_->beta ? "response.audio_transcript.done" : "response.output_audio_transcript.done";
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
        auto text = event(*book_, "response.output_item.added", {{"response_id", book_->response}, {"output_index", index}, {"item", item}});
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
            body["status_details"] = {{"type", "incomplete"}, {"reason", finish == "length" ? "max_output_tokens" : "content_filter"}};
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
        return {{"id", book_->item}, {"object", "realtime.item"}, {"type", "message"}, {"role", "assistant"}, {"status", status}};
    }
    [[nodiscard]] json part_event(const char*) const {
        return {{"response_id", book_->response}, {"item_id", book_->item}, {"output_index", 0}, {"content_index", 0}};
    }
    Task<bool> done(json item, int index) {
        auto text = event(*book_, "response.output_item.done", {{"response_id", book_->response}, {"output_index", index}, {"item", item}});
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

}  // namespace parley::sim::realtime
