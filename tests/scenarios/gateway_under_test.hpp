#pragma once
// A whole gateway on a thread of the test, on ports of its own choosing, with its log in memory and its data below a
// temporary directory; and what a test needs to reach it: the simulated carrier's settings, signed webhooks, probes,
// metrics.

#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/base/log.hpp"
#include "parley/gateway/gateway.hpp"
#include "parley/sim/carrier.hpp"
#include "parley/twilio/stream_token.hpp"

namespace parley::scenarios {

inline constexpr const char* kHost = "voice.example.test";  // as Twilio knows the gateway; a balancer of the simulator leads to loopback
inline constexpr const char* kToken = "5f2a9c0d7b1e4863a0c9d2f17e6b5a48";
inline constexpr const char* kOldToken = "77777777777777777777777777777777";
inline constexpr const char* kAccount = "AC00000000000000000000000000000001";
inline constexpr const char* kNumber = "+18005551212";

// Sections of the configuration file; each text holds the lines of its section, indented by two.
struct Sections {
    std::string server, limits, more, twilio;
    std::vector<std::string> tokens{kToken};
    std::string agents = "  desk: {default: true, brain: echo}\n";
    std::function<void(const std::filesystem::path&)> prepare;  // with the data directory, before anything is in it
};

[[nodiscard]] inline Sections with_limits(std::string lines) {
    Sections sections;
    sections.limits = std::move(lines);
    return sections;
}
[[nodiscard]] inline Sections with_server(std::string lines) {
    Sections sections;
    sections.server = std::move(lines);
    return sections;
}

struct HttpAnswer {
    int status = 0;
    std::string content_type, body;
    std::chrono::microseconds took{0};
};

// How a request is signed.
struct Signing {
    std::string token = kToken;  // empty: not at all
    std::string spoiled;         // instead of the right signature
};

class GatewayUnderTest {
public:
    explicit GatewayUnderTest(const Sections& setup = {});
    ~GatewayUnderTest();  // stops it twice over if need be, and joins
    GatewayUnderTest(const GatewayUnderTest&) = delete;
    GatewayUnderTest& operator=(const GatewayUnderTest&) = delete;

    [[nodiscard]] gateway::Gateway& gateway() { return *gateway_; }
    [[nodiscard]] std::uint16_t port() const { return gateway_->public_port(); }
    [[nodiscard]] const std::filesystem::path& data() const { return data_; }
    [[nodiscard]] std::filesystem::path config_file() const { return data_ / "parley.yaml"; }
    void write_config(const Sections& setup) const;

    // The exit status, once the gateway has stopped by itself.
    [[nodiscard]] std::optional<int> stopped_within(std::chrono::seconds time);

    [[nodiscard]] sim::CarrierOptions carrier() const;
    [[nodiscard]] sim::CallPlan plan(std::shared_ptr<const sim::Scenario> scenario = nullptr) const;

    // A webhook as Twilio posts it.
    [[nodiscard]] HttpAnswer webhook(const std::string& route, const sim::Form& form, const Signing& signing = {}, const std::string& idempotency = {}) const;
    [[nodiscard]] HttpAnswer admin(const std::string& path) const;
    // One sample, by its name and labels as they are printed; 0 when there is none.
    [[nodiscard]] double metric(std::string_view sample) const;

    [[nodiscard]] const MemoryLog& log() const { return *log_; }
    // The lines with this event, as JSON.
    [[nodiscard]] std::vector<nlohmann::json> events(std::string_view event) const;

    // A stream token of this gateway's own key, for tests that need more than the voice webhook hands out.
    [[nodiscard]] std::map<std::string, std::string> mint(const std::string& call_sid, const std::string& seed, std::uint8_t resume = 0,
                                                          std::chrono::seconds ago = std::chrono::seconds(0), const std::string& agent = "desk") const;

private:
    [[nodiscard]] std::string config_text(const Sections& setup) const;

    std::filesystem::path data_;
    std::shared_ptr<MemoryLog> log_;
    Secret stream_key_;
    std::unique_ptr<gateway::Gateway> gateway_;
    std::shared_future<int> status_;
    std::thread thread_;
};

// The form of an incoming call's webhook.
[[nodiscard]] sim::Form call_form(const std::string& call_sid, const std::string& status = "ringing", const std::string& to = kNumber,
                                  const std::string& account = kAccount);

// One blocking request to loopback.
[[nodiscard]] HttpAnswer http(std::uint16_t port, const std::string& method, const std::string& target,
                              const std::vector<std::pair<std::string, std::string>>& headers = {}, const std::string& body = {});

// A port nobody has right now: the gateway must know Twilio's address before Twilio knows the gateway's.
[[nodiscard]] std::uint16_t free_port();

// Looks every few milliseconds until it holds; false when it never did in 20 s.
template <class Condition>
[[nodiscard]] bool eventually(Condition holds, std::chrono::seconds within = std::chrono::seconds(20)) {
    for (const auto until = Clock::now() + within; Clock::now() < until;) {
        if (holds()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return holds();
}

}  // namespace parley::scenarios
