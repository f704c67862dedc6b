#pragma once
// A set-up that is right, of which a test spoils one thing: a simulated Twilio with one number, a server that answers as the gateway does behind a
// certificate of its own, and the configuration that ties them together.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "certificates.hpp"
#include "doctor.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/worker.hpp"
#include "parley/sim/fake_twilio.hpp"

namespace parley::cli::test {

inline constexpr const char* kAccount = "AC00000000000000000000000000000001";
inline constexpr const char* kToken = "5f2a9c0d7b1e4863a0c9d2f17e6b5a48";
inline constexpr const char* kNumber = "+18005551212";

// What stands at the public address: the gateway's answers, unless the test has others.
class Front {
public:
    struct Setup {
        bool tls = true;
        net::test::Certificates::Pair certificate;
        std::string public_url;  // what requests are checked against; empty: where it really is
        std::string token = kToken;
        Duration idle = std::chrono::seconds(60);
        bool upgrades = true;
        std::function<std::optional<net::HttpResponse>(net::HttpRequest&)> instead;
    };
    explicit Front(Setup setup);
    ~Front();
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] std::string url() const { return (setup_.tls ? "https" : "http") + std::string("://localhost:") + std::to_string(port()); }

private:
    net::HttpResponse answer(net::HttpRequest& request) const;
    Setup setup_;
    net::Worker worker_;
    std::unique_ptr<net::HttpServer> server_;
};

struct Seed {
    std::function<void(Front::Setup&, net::test::Certificates&)> front;
    std::function<void(sim::FakeTwilioOptions&)> twilio;
    std::function<void(sim::NumberEntry&)> number;
    std::string public_url;    // empty: the front's
    std::string api_base_url;  // empty: the simulated Twilio's
    std::string token = kToken, more_twilio, agents, more_server, more;
    bool trusted = true;  // the test's authority is believed
    std::function<void(DoctorOptions&)> options;
};

class Seeded {
public:
    explicit Seeded(const Seed& seed = {});
    ~Seeded();
    [[nodiscard]] Diagnosis examine() const { return cli::examine(options_); }
    [[nodiscard]] const DoctorOptions& options() const { return options_; }
    [[nodiscard]] DoctorOptions& options() { return options_; }
    [[nodiscard]] sim::FakeTwilio& twilio() { return *twilio_; }
    [[nodiscard]] const Front& front() const { return *front_; }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

private:
    std::filesystem::path directory_;
    net::test::Certificates certificates_;
    std::unique_ptr<Front> front_;
    std::unique_ptr<sim::FakeTwilio> twilio_;
    DoctorOptions options_;
};

// A certificate that vouches for itself.
[[nodiscard]] net::test::Certificates::Pair self_signed(const std::filesystem::path& directory, const std::string& name);

}  // namespace parley::cli::test
