#include "openai.hpp"

#include "credentials.hpp"
#include "speech_surfaces.hpp"

namespace parley::sim {
namespace {

class OpenAiEmulator final : public VendorEmulator {
public:
    explicit OpenAiEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "openai"; }

    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        return authorization_is(request, "bearer", world_->settings().key);
    }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest& request,
                                    std::string_view message) const override {
        std::string type = "server_error", text(message);
        nlohmann::json code;
        if (status < 500) type = "invalid_request_error";
        if (status == 401) {
            code = "invalid_api_key";
            text = "Incorrect API key provided.";
        }
        if (status == 429) {
            type = "requests";
            code = "rate_limit_exceeded";
            text = "Rate limit reached.";
        }
        ErrorAnswer answer;
        answer.body =
            nlohmann::json{{"error", {{"message", text}, {"type", type}, {"param", nullptr}, {"code", code}}}}.dump();
        answer.headers = {{"x-request-id", request.id("req_")}};
        return answer;
    }

    [[nodiscard]] bool upgrades(const EmulatorRequest&) const override { return false; }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        if (request.path == "/v1/audio/speech")
            co_return co_await openai_speech_http(*world_, std::move(request), out, std::move(fault));
        auto answer = error(404, request, "there is nothing at this path");
        co_await out.whole(404, std::move(answer.content_type), std::move(answer.body), std::move(answer.headers));
    }

    Task<> socket(EmulatorRequest, EmulatorSocket& socket, Fault) override {
        std::string reason = "there is nothing at this path";
        co_await socket.close(1008, std::move(reason));
    }

private:
    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_openai_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<OpenAiEmulator>(std::move(world));
}

}  // namespace parley::sim
