#include "openai.hpp"

#include "credentials.hpp"
#include "model_surfaces.hpp"
#include "speech_surfaces.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

class OpenAiEmulator final : public VendorEmulator {
public:
    explicit OpenAiEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "openai"; }

    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        const auto& key = world_->settings().key;
        return authorization_is(request, "bearer", key) || offers_protocol(request, "openai-insecure-api-key." + key);
    }
    [[nodiscard]] std::string subprotocol(const EmulatorRequest& request) const override { return offers_protocol(request, "realtime") ? "realtime" : ""; }
    [[nodiscard]] std::pair<int, std::string> unauthorised_close(const EmulatorRequest&) const override {
        return {3000, "invalid_request_error.invalid_api_key"};
    }
    [[nodiscard]] Headers handshake_headers(const EmulatorRequest& request) const override { return {{"x-request-id", request.id("req_")}}; }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest& request, std::string_view message) const override {
        std::string type = status >= 500 ? "server_error" : "invalid_request_error";
        nlohmann::json code = nullptr;
        if (status == 401) code = "invalid_api_key";
        if (status == 429) {
            type = "requests";
            code = "rate_limit_exceeded";
        }
        ErrorAnswer answer;
        answer.body = nlohmann::json{{"error", {{"message", std::string(message)}, {"type", type}, {"param", nullptr}, {"code", code}}}}.dump();
        answer.headers = {{"x-request-id", request.id("req_")}};
        return answer;
    }

    [[nodiscard]] bool upgrades(const EmulatorRequest& request) const override { return transcribes(request) || openai_realtime_path(request); }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        if (request.path == "/v1/audio/speech") co_return co_await openai_speech_http(*world_, std::move(request), out, std::move(fault));
        if (request.path == "/v1/chat/completions") co_return co_await openai_chat(*world_, std::move(request), out, std::move(fault));
        if (request.path == "/v1/responses") co_return co_await openai_responses(*world_, std::move(request), out, std::move(fault));
        auto answer = error(404, request, "Unknown request URL: " + request.method + " " + request.path);
        co_await out.whole(404, std::move(answer.content_type), std::move(answer.body), std::move(answer.headers));
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        if (openai_realtime_path(request)) return openai_realtime(world_, std::move(request), socket, std::move(fault));
        return openai_transcribe(world_, std::move(request), socket, std::move(fault));
    }

private:
    static bool transcribes(const EmulatorRequest& request) { return request.path == "/v1/realtime" && request.parameter("intent") == "transcription"; }

    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_openai_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<OpenAiEmulator>(std::move(world));
}

}  // namespace parley::sim
