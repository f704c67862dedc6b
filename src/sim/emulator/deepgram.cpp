#include "deepgram.hpp"

#include "credentials.hpp"
#include "speech_surfaces.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

class DeepgramEmulator final : public VendorEmulator {
public:
    explicit DeepgramEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "deepgram"; }

    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        const auto& key = world_->settings().key;
        if (authorization_is(request, "token", key) || authorization_is(request, "bearer", key)) return true;
        return (offers_protocol(request, "token") || offers_protocol(request, "bearer")) && offers_protocol(request, key);
    }

    [[nodiscard]] std::string subprotocol(const EmulatorRequest& request) const override {
        if (offers_protocol(request, "token")) return "token";
        return offers_protocol(request, "bearer") ? "bearer" : "";
    }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest& request, std::string_view message) const override {
        std::string code = "INTERNAL_SERVER_ERROR", text(message);
        if (status == 400) code = "INVALID_QUERY_PARAMETER";
        if (status == 401) {
            code = "INVALID_AUTH";
            text = "Invalid credentials.";
        }
        if (status == 402) code = "ASR_PAYMENT_REQUIRED";
        if (status == 403) code = "INSUFFICIENT_PERMISSIONS";
        if (status == 404) code = "NOT_FOUND";
        if (status == 429) {
            code = "TOO_MANY_REQUESTS";
            text = "Too many requests. Please try again later";
        }
        const auto id = request.id("");
        ErrorAnswer answer;
        answer.body = nlohmann::json{{"err_code", code}, {"err_msg", text}, {"request_id", id}}.dump();
        answer.headers = {{"dg-request-id", id}, {"dg-error", text}};
        return answer;
    }

    [[nodiscard]] Headers handshake_headers(const EmulatorRequest& request) const override { return {{"dg-request-id", request.id("")}}; }

    [[nodiscard]] bool upgrades(const EmulatorRequest& request) const override {
        return request.path == "/v1/speak" || request.path == "/v1/listen" || request.path == "/v2/listen" || deepgram_agent_path(request.path);
    }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        if (request.path == "/v1/speak") co_return co_await deepgram_speak_http(*world_, std::move(request), out, std::move(fault));
        auto answer = error(404, request, "there is nothing at this path");
        co_await out.whole(404, std::move(answer.content_type), std::move(answer.body), std::move(answer.headers));
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        if (request.path == "/v1/speak") return deepgram_speak_socket(*world_, std::move(request), socket, std::move(fault));
        if (deepgram_agent_path(request.path)) return deepgram_agent(world_, std::move(request), socket, std::move(fault));
        if (request.path == "/v2/listen") return deepgram_flux(world_, std::move(request), socket, std::move(fault));
        return deepgram_listen(world_, std::move(request), socket, std::move(fault));
    }

private:
    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_deepgram_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<DeepgramEmulator>(std::move(world));
}

}  // namespace parley::sim
