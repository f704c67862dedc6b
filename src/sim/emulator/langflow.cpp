// Langflow's POST /api/v1/run/{flow}, after its reference. Every flow exists whose id does not begin with "unknown";
// one whose id ends in "-whole" gives no tokens, as agents of older releases. A flow runs its tools itself, so the
// world's rules that call one only speak.

#include "model_surfaces.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

constexpr std::string_view kRun = "/api/v1/run/";

class LangflowEmulator final : public VendorEmulator {
public:
    explicit LangflowEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "langflow"; }
    [[nodiscard]] bool upgrades(const EmulatorRequest&) const override { return false; }

    // 403 is the vendor's answer to a missing key, the host's is 401: so the emulator answers itself.
    [[nodiscard]] bool authorised(const EmulatorRequest&) const override { return true; }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest&, std::string_view message) const override {
        json detail = std::string(message);
        if (status == 500)  // a string that holds JSON
            detail =
                json{{"message", std::string(message)}, {"traceback", nullptr}, {"description", nullptr}, {"code", nullptr}, {"suggestion", nullptr}}.dump();
        ErrorAnswer answer;
        answer.body = json{{"detail", detail}}.dump();
        return answer;
    }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        const auto [status, why] = problem_of(request);
        if (status != 200) {
            auto refused = error(status, request, why);
            co_await out.whole(status, std::move(refused.content_type), std::move(refused.body));
            co_return;
        }
        if (request.path == "/api/v1/version") {
            co_await out.whole(200, "application/json", R"({"version":"1.7.1","main_version":"1.7.1","package":"Langflow"})");
            co_return;
        }
        const auto body = request.json();
        ModelAsked asked;
        asked.said = text_at(body, "input_value");
        const auto answer = model_answer(*world_, fault, asked);
        const auto flow = request.path.substr(kRun.size());
        auto session = text_at(body, "session_id");
        if (session.empty()) session = flow;
        const auto run = run_of(session, asked.said, answer.text());
        if (!co_await out.sleep(world_->settings().first_token)) co_return;
        if (request.parameter("stream") != "true") {
            auto said = run.dump();
            co_await out.whole(200, "application/json", std::move(said));
            co_return;
        }
        if (!co_await out.begin(200, "text/event-stream; charset=utf-8")) co_return;
        const auto user = request.id("u-"), machine = request.id("m-");
        auto echo = event("add_message", message(user, session, "User", asked.said, "complete"));
        if (!co_await out.send(std::move(echo))) co_return;
        const bool streamed = co_await tell(out, answer, session, machine, flow.ends_with("-whole"));
        if (!streamed) co_return;
        if (!fault.no_final) {
            auto end = event("end", json{{"result", run}});
            if (!co_await out.send(std::move(end))) co_return;
        }
        co_await out.end();
    }

    Task<> socket(EmulatorRequest, EmulatorSocket& socket, Fault) override { return socket.close(1008, "there is no socket here"); }

    [[nodiscard]] std::string unknown_event(bool) const override { return "{\"event\":\"zz_unheard_of\",\"data\":{\"zz\":1}}\n\n"; }

private:
    static std::string event(const char* name, json data) { return json{{"event", name}, {"data", std::move(data)}}.dump() + "\n\n"; }

    static json message(const std::string& id, const std::string& session, const char* sender, const std::string& text, const char* state) {
        return {{"timestamp", "2026-05-01 10:00:00 UTC"},
                {"sender", sender},
                {"sender_name", sender},
                {"session_id", session},
                {"text", text},
                {"files", json::array()},
                {"error", false},
                {"edit", false},
                {"properties", {{"state", state}}},
                {"category", "message"},
                {"content_blocks", json::array()},
                {"id", id},
                {"flow_id", "1b2c"}};
    }

    static json run_of(const std::string& session, const std::string& said, const std::string& text) {
        const json told{{"text_key", "text"},
                        {"data", {{"text", text}, {"sender", "Machine"}, {"sender_name", "AI"}, {"session_id", session}}},
                        {"text", text},
                        {"sender", "Machine"},
                        {"sender_name", "AI"},
                        {"session_id", session},
                        {"error", false},
                        {"category", "message"},
                        {"content_blocks", json::array()}};
        const json output{{"results", {{"message", told}}},
                          {"artifacts", {{"message", text}, {"sender", "Machine"}, {"type", "object"}}},
                          {"outputs", {{"message", {{"message", text}, {"type", "text"}}}}},
                          {"messages", json::array({json{{"message", text}, {"sender", "Machine"}, {"component_id", "ChatOutput-a1"}, {"type", "text"}}})},
                          {"component_display_name", "Chat Output"},
                          {"component_id", "ChatOutput-a1"},
                          {"used_frozen_result", false}};
        return {{"session_id", session}, {"outputs", json::array({json{{"inputs", {{"input_value", said}}}, {"outputs", json::array({output})}}})}};
    }

    std::pair<int, std::string> problem_of(const EmulatorRequest& request) const {
        if (request.path == "/api/v1/version") return {200, ""};
        auto key = request.header("x-api-key");
        if (key.empty()) key = request.parameter("x-api-key");
        if (key.empty()) return {403, "An API key must be passed as query or header"};
        if (key != world_->settings().key) return {403, "Invalid or missing API key"};
        if (!request.path.starts_with(kRun) || request.path.size() == kRun.size()) return {404, "Not Found"};
        if (request.method != "POST") return {405, "Method Not Allowed"};
        const auto flow = request.path.substr(kRun.size());
        if (flow.starts_with("unknown")) return {404, "Flow identifier " + flow + " not found"};
        const auto body = request.json();
        if (!body.is_object()) return {422, "JSON decode error"};
        const auto& tweaks = at(body, "tweaks");
        if (tweaks.is_object() && body.contains("input_value"))
            for (const auto& [name, value] : tweaks.items())
                if ((name.starts_with("ChatInput") || name.starts_with("Chat Input")) && value.is_object() && value.contains("input_value"))
                    return {400, "If you pass an input_value to the chat input, you cannot pass a tweak with the same name."};
        return {200, ""};
    }

    Task<bool> tell(HttpAnswer& out, const ModelAnswer& answer, const std::string& session, const std::string& id, bool whole) {
        auto begin = event("add_message", message(id, session, "Machine", "", "partial"));
        if (!co_await out.send(std::move(begin))) co_return false;
        std::string so_far;
        auto token = [&](const std::string& delta) {
            so_far += delta;
            if (whole) return event("add_message", message(id, session, "Machine", so_far, "partial"));
            return event("token", {{"chunk", delta}, {"id", id}, {"timestamp", "2026-05-01 10:00:00 UTC"}});
        };
        if (!co_await send_deltas(*world_, out, answer, token)) co_return false;
        auto end = event("add_message", message(id, session, "Machine", answer.text(), "complete"));
        co_return co_await out.send(std::move(end));
    }

    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_langflow_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<LangflowEmulator>(std::move(world));
}

}  // namespace parley::sim
