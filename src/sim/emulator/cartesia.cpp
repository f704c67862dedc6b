#include "cartesia.hpp"

#include "credentials.hpp"
#include "speech_surfaces.hpp"

namespace parley::sim {
namespace {

class CartesiaEmulator final : public VendorEmulator {
public:
    explicit CartesiaEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "cartesia"; }

    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        const auto& key = world_->settings().key;
        return authorization_is(request, "bearer", key) || request.header("x-api-key") == key || request.parameter("api_key") == key ||
               request.parameter("access_token") == key;
    }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest& request, std::string_view message) const override {
        ErrorAnswer answer;
        answer.body = nlohmann::json{{"title", title(status)},       {"message", std::string(message)},       {"error_code", "sim"},
                                     {"request_id", request.id("")}, {"doc_url", "https://docs.cartesia.ai"}, {"status_code", status}}
                          .dump();
        return answer;
    }

    [[nodiscard]] bool upgrades(const EmulatorRequest& request) const override {
        return request.path == "/tts/websocket" || request.path == "/stt/turns/websocket" || request.path == "/stt/websocket";
    }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        if (cartesia_sonic_path(request.path)) co_return co_await cartesia_sonic_http(*world_, std::move(request), out, std::move(fault));
        auto answer = error(404, request, "there is nothing at this path");
        co_await out.whole(404, std::move(answer.content_type), std::move(answer.body), std::move(answer.headers));
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        if (request.path == "/tts/websocket") return cartesia_sonic_socket(*world_, std::move(request), socket, std::move(fault));
        if (request.path == "/stt/websocket") return cartesia_ink_manual(world_, std::move(request), socket, std::move(fault));
        return cartesia_ink_turns(world_, std::move(request), socket, std::move(fault));
    }

private:
    static std::string title(int status) {
        switch (status) {
            case 401:
                return "Unauthorized";
            case 402:
                return "No credits left";
            case 404:
                return "Not found";
            case 429:
                return "Too many requests";
            default:
                return status >= 500 ? "Internal server error" : "Bad request";
        }
    }

    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_cartesia_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<CartesiaEmulator>(std::move(world));
}

}  // namespace parley::sim
