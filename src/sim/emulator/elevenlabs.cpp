#include "elevenlabs.hpp"

#include "credentials.hpp"
#include "speech_surfaces.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

class ElevenLabsEmulator final : public VendorEmulator {
public:
    explicit ElevenLabsEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "elevenlabs"; }

    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        if (elevenlabs_agents_path(request.path) && elevenlabs_agents_admits(request)) return true;
        const auto& key = world_->settings().key;
        return request.header("xi-api-key") == key || authorization_is(request, "bearer", key) || request.parameter("token") == key ||
               request.parameter("single_use_token") == key;
    }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest& request, std::string_view message) const override {
        std::string code = "error";
        if (status == 401) code = "invalid_api_key";
        if (status == 404) code = "not_found";
        if (status == 429) code = "too_many_concurrent_requests";
        if (status >= 500) code = "system_busy";
        ErrorAnswer answer;
        answer.body = nlohmann::json{{"detail", {{"status", code}, {"message", std::string(message)}}}}.dump();
        answer.headers = {{"request-id", request.id("")}};
        return answer;
    }
    [[nodiscard]] Headers handshake_headers(const EmulatorRequest& request) const override { return {{"request-id", request.id("")}}; }

    [[nodiscard]] bool upgrades(const EmulatorRequest& request) const override {
        return request.path == "/v1/speech-to-text/realtime" || elevenlabs_speech_path(request.path) || elevenlabs_agents_path(request.path);
    }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        if (elevenlabs_speech_path(request.path)) co_return co_await elevenlabs_speech_http(*world_, std::move(request), out, std::move(fault));
        if (request.path == "/v1/convai/conversation/get-signed-url")
            co_return co_await elevenlabs_signed_url(world_, std::move(request), out, std::move(fault));
        auto answer = error(404, request, "Not Found");
        co_await out.whole(404, std::move(answer.content_type), std::move(answer.body), std::move(answer.headers));
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        if (elevenlabs_speech_path(request.path)) return elevenlabs_speech_socket(*world_, std::move(request), socket, std::move(fault));
        if (elevenlabs_agents_path(request.path)) return elevenlabs_agents(world_, std::move(request), socket, std::move(fault));
        return elevenlabs_scribe(world_, std::move(request), socket, std::move(fault));
    }

    [[nodiscard]] std::string unknown_event(bool) const override { return R"({"message_type":"zz_unheard_of","zz":1})"; }

private:
    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_elevenlabs_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<ElevenLabsEmulator>(std::move(world));
}

}  // namespace parley::sim
