#include "gemini.hpp"

#include "model_surfaces.hpp"
#include "spoken_surfaces.hpp"

namespace parley::sim {
namespace {

class GeminiEmulator final : public VendorEmulator {
public:
    explicit GeminiEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "gemini"; }

    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        const auto& key = world_->settings().key;
        return request.header("x-goog-api-key") == key || request.parameter("key") == key;
    }
    // A socket with a wrong key is accepted and closed, with the vendor's own words.
    [[nodiscard]] std::pair<int, std::string> unauthorised_close(const EmulatorRequest&) const override {
        return {1007, "API key not valid. Please pass a valid API key."};
    }

    [[nodiscard]] ErrorAnswer error(int status, const EmulatorRequest&, std::string_view message) const override {
        std::string code = "INTERNAL";
        if (status == 400) code = "INVALID_ARGUMENT";
        if (status == 401) code = "UNAUTHENTICATED";
        if (status == 403) code = "PERMISSION_DENIED";
        if (status == 404) code = "NOT_FOUND";
        if (status == 429) code = "RESOURCE_EXHAUSTED";
        if (status == 503) code = "UNAVAILABLE";
        ErrorAnswer answer;
        answer.body = nlohmann::json{{"error", {{"code", status}, {"message", std::string(message)}, {"status", code}}}}.dump();
        return answer;
    }

    [[nodiscard]] bool upgrades(const EmulatorRequest& request) const override { return gemini_live_path(request.path); }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
        if (gemini_generate_path(request.path)) co_return co_await gemini_generate(*world_, std::move(request), out, std::move(fault));
        auto answer = error(404, request, "Requested entity was not found.");
        co_await out.whole(404, std::move(answer.content_type), std::move(answer.body), std::move(answer.headers));
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        return gemini_live(world_, std::move(request), socket, std::move(fault));
    }

    [[nodiscard]] std::string unknown_event(bool socket) const override {
        const std::string event = R"({"zzUnheardOf":{"zz":1}})";
        return socket ? event : "data: " + event + "\r\n\r\n";
    }

private:
    std::shared_ptr<EmulatorWorld> world_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_gemini_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<GeminiEmulator>(std::move(world));
}

}  // namespace parley::sim
