#include "assemblyai.hpp"

#include <cstdlib>
#include <mutex>
#include <set>

#include "credentials.hpp"

namespace parley::sim {
namespace {

class AssemblyAiEmulator final : public VendorEmulator {
public:
    explicit AssemblyAiEmulator(std::shared_ptr<EmulatorWorld> world) : world_(std::move(world)) {}

    [[nodiscard]] std::string_view name() const override { return "assemblyai"; }

    // A temporary token is good for one session.
    [[nodiscard]] bool authorised(const EmulatorRequest& request) const override {
        if (request.header("authorization") == world_->settings().key) return true;
        const std::lock_guard lock(mutex_);
        return tokens_.erase(request.parameter("token")) > 0;
    }

    [[nodiscard]] std::pair<int, std::string> unauthorised_close(const EmulatorRequest& request) const override {
        const bool none = request.header("authorization").empty() && !request.has_parameter("token");
        return {1008, none ? "Unauthorized Connection: Missing Authorization header" : "Unauthorized Connection: Invalid API key"};
    }

    [[nodiscard]] ErrorAnswer error(int, const EmulatorRequest&, std::string_view message) const override {
        ErrorAnswer answer;
        answer.body = nlohmann::json{{"error", std::string(message)}}.dump();
        return answer;
    }

    [[nodiscard]] bool upgrades(const EmulatorRequest& request) const override { return request.path == "/v3/ws"; }

    Task<> http(EmulatorRequest request, HttpAnswer& out, Fault) override {
        std::string type = "application/json";
        if (request.path != "/v3/token" || request.method != "GET") {
            std::string body = R"({"error":"Not found"})";
            co_await out.whole(404, std::move(type), std::move(body));
            co_return;
        }
        const auto token = request.id("tok_");
        {
            const std::lock_guard lock(mutex_);
            tokens_.insert(token);
        }
        auto body = nlohmann::json{{"token", token}, {"expires_in_seconds", std::atoi(request.parameter("expires_in_seconds").c_str())}}.dump();
        co_await out.whole(200, std::move(type), std::move(body));
    }

    Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) override {
        return assemblyai_streaming(world_, std::move(request), socket, std::move(fault));
    }

private:
    std::shared_ptr<EmulatorWorld> world_;
    mutable std::mutex mutex_;
    mutable std::set<std::string> tokens_;
};

}  // namespace

std::shared_ptr<VendorEmulator> make_assemblyai_emulator(std::shared_ptr<EmulatorWorld> world) {
    return std::make_shared<AssemblyAiEmulator>(std::move(world));
}

}  // namespace parley::sim
