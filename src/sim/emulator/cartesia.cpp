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
        if (authorization_is(request, "bearer", key) || request.header("x-api-key") == key) return true;
        return request.parameter("api_key") == key || request.parameter("access_token") == key;
    }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest& request,
                                    std::string_view message) const override {
        std::string title = "Internal error", code = "internal_error";
        if (status == 400) title = "Bad request", code = "invalid_request";
        if (status == 401) title = "Unauthorized", code = "unauthorized";
        if (status == 402) title = "Payment required", code = "quota_exceeded";
        if (status == 404) title = "Not found", code = "not_found";
        if (status == 429) title = "Too many requests", code = "concurrency_limited";
        const auto id = request.id("req_");
        ErrorAnswer answer;
        answer.body = nlohmann::json{
            {"title", title},
            {"message", message},
            {"error_code", code},
            {"request_id", id},
            {"status_code",
             status}}.dump();
        answer.headers = {{"x-request-id", id}};
        return answer;
    }

    [[nodiscard]] bool upgrades(const EmulatorRequest& request) const override {
        return request.path == "/tts/websocket";
    }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        if (cartesia_sonic_path(request.path))
            co_return co_await cartesia_sonic_http(*world_, std::move(request), out, std::move(fault));
        auto answer = error(404, request, "there is nothing at this path");
        co_await out.whole(404, std::move(answer.content_type), std::move(answer.body), std::move(answer.headers));
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        return cartesia_sonic_socket(*world_, std::move(request), socket, std::move(fault));
    }

private:
    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_cartesia_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<CartesiaEmulator>(std::move(world));
}

}  // namespace parley::sim
