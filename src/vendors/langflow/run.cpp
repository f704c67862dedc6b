#include "parley/vendors/langflow/run.hpp"

#include <map>

#include "../lm_json.hpp"
#include "../lm_messages.hpp"

namespace parley::vendors {

std::string langflow_body(const LmRequest& request, const Endpoint& endpoint) {
    // All the caller said since the flow last answered; nothing yet: the flow greets.
    std::string said;
    for (const auto& message : fit(request.messages, {})) {
        if (message.role == LmMessage::Role::assistant) said.clear();
        if (message.role != LmMessage::Role::user) continue;
        if (!said.empty()) said += ' ';
        said += message.text;
    }
    json body{{"input_value", said}, {"input_type", endpoint.option("input_type", "chat")}, {"output_type", endpoint.option("output_type", "chat")}};
    if (!request.conversation.empty()) body["session_id"] = request.conversation;
    if (auto component = endpoint.option("output_component"); !component.empty()) body["output_component"] = component;
    if (auto tweaks = parsed(endpoint.option("tweaks")); tweaks.is_object()) body["tweaks"] = std::move(tweaks);
    return written(body);
}

namespace {

std::string_view text_in(const json& output) {
    const auto& results = member(output, "results");
    for (const char* key : {"message", "text"}) {
        if (const auto text = text_of(member(results, key), "text"); !text.empty()) return text;
        if (const auto text = text_of(member(member(results, key), "data"), "text"); !text.empty()) return text;
    }
    if (const auto text = text_of(member(output, "artifacts"), "message"); !text.empty()) return text;
    if (const auto text = text_of(member(member(output, "outputs"), "message"), "message"); !text.empty()) return text;
    const auto& messages = member(output, "messages");
    return messages.is_array() && !messages.empty() ? text_of(messages.front(), "message") : std::string_view{};
}

// The text of a whole run; of several outputs the one of a Chat Output.
std::string_view text_of_run(const json& run) {
    std::string_view best;
    const auto& outer = member(run, "outputs");
    if (outer.is_array())
        for (const auto& input : outer) {
            const auto& inner = member(input, "outputs");
            if (!inner.is_array()) continue;
            for (const auto& output : inner) {
                const auto text = text_in(output);
                if (text.empty()) continue;
                if (text_of(output, "component_id").starts_with("ChatOutput")) return text;
                if (best.empty()) best = text;
            }
        }
    return best.empty() ? text_of(run, "message") : best;
}

class LangflowReader final : public LmReader {
protected:
    // Not an event stream: one JSON object, which never holds a raw line end, on a line of its own.
    void on_bytes(std::string_view bytes, LmSink& sink) override {
        line_ += bytes;
        std::size_t from = 0;
        while (!over()) {
            const auto end = line_.find('\n', from);
            if (end == std::string::npos) break;
            on_line(std::string_view(line_).substr(from, end - from), sink);
            from = end + 1;
        }
        line_.erase(0, from);
        if (line_.size() > kMessage && !over()) fail(FailureKind::too_big, "an event beyond 1 MiB");
    }

    void on_event(const ServerSentEvent&, LmSink&) override {}

    void on_end(LmSink& sink) override {
        if (!line_.empty()) on_line(line_, sink);
    }

    void on_whole(std::string_view body, LmSink& sink) override {
        const auto run = parsed(body);
        if (!run.is_object() || !(run.contains("outputs") || run.contains("message"))) {
            LmReader::on_whole(body, sink);
            return;
        }
        conclude(run, sink);
    }

    [[nodiscard]] bool unfinished() const override { return !line_.empty(); }

private:
    void on_line(std::string_view line, LmSink& sink) {
        if (line.starts_with("data:")) line.remove_prefix(5);
        const auto begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos || line.starts_with(':') || line.starts_with("event:") || line.starts_with("id:")) return;
        if (line.size() > kMessage) {
            fail(FailureKind::too_big, "an event beyond 1 MiB");
            return;
        }
        const auto event = parsed(line.substr(begin));
        if (!event.is_object()) {
            fail(FailureKind::protocol, "an event is no JSON object");
            return;
        }
        const auto what = text_of(event, "event");
        const auto& data = member(event, "data");
        if (what == "token")
            token(data, sink);
        else if (what == "add_message")
            message(data, sink);
        else if (what == "end")
            conclude(member(data, "result"), sink);
        else if (what == "error")
            broken(data);
    }

    void token(const json& data, LmSink& sink) {
        auto& told = told_[std::string(text_of(data, "id").substr(0, 128))];
        if (!bounded()) return;
        if (!told.tokens && told.bytes > 0) return;  // said from the message already
        told.tokens = true;
        tell(text_of(data, "chunk"), sink);
    }

    // The same message comes again and again, longer each time.
    void message(const json& data, LmSink& sink) {
        if (text_of(data, "sender") != "Machine" || text_of(data, "category") == "error" || member(data, "error") == true) return;
        auto& told = told_[std::string(text_of(data, "id").substr(0, 128))];
        if (!bounded() || told.tokens) return;
        const auto text = text_of(data, "text");
        auto from = told.bytes;
        while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;  // it was changed, not lengthened
        if (text.size() <= from) return;
        tell(text.substr(from), sink);
        told.bytes = text.size();
    }

    bool bounded() {
        if (told_.size() > 1000) fail(FailureKind::too_big, "more than 1000 messages in one run");
        return !over();
    }

    void tell(std::string_view text, LmSink& sink) {
        if (!text.empty()) spoke_ = true;
        say(text, sink);
    }

    void conclude(const json& run, LmSink& sink) {
        if (!spoke_) tell(text_of_run(run), sink);
        if (over()) return;
        finish(LmFinish::stop);
        end_well();
    }

    void broken(const json& data) {
        Failure failure;
        failure.kind = FailureKind::server;
        failure.phase = "stream";
        failure.reason = "the flow failed: " + plain(text_of(data, "error"), 200);
        fail(std::move(failure));
    }

    struct Told {
        bool tokens = false;
        std::size_t bytes = 0;
    };
    std::string line_;
    std::map<std::string, Told> told_;  // by message id
    bool spoke_ = false;
};

}  // namespace

std::unique_ptr<LmReader> make_langflow_reader() {
    return std::make_unique<LangflowReader>();
}

}  // namespace parley::vendors
