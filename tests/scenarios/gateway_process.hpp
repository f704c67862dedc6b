#pragma once
// A gateway as a process of its own, as it is deployed: to be killed, to run beside another one on the same store.

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "gateway_under_test.hpp"
#include "parley/load/process.hpp"

namespace parley::scenarios {

inline constexpr const char* kAdminToken = "operator-token-of-the-scenarios-0123456789";

class GatewayProcess {
public:
    // `more`: whole sections of the file; `agents`: as in Sections. The directory outlives the process, and is shared by those started on it one after another.
    GatewayProcess(std::filesystem::path directory, const std::string& name, const std::string& more, const std::string& agents)
        : directory_(std::move(directory)), name_(name), port_(load::free_loopback_port()), admin_port_(load::free_loopback_port()) {
        std::filesystem::create_directories(directory_);
        std::ofstream(file()) << "version: 1\nserver:\n  listen: \"127.0.0.1:" << port_ << "\"\n  admin_listen: \"127.0.0.1:" << admin_port_
                              << "\"\n  public_url: \"https://" << kHost << "\"\n  data_dir: \"" << directory_.string()
                              << "\"\n  workers: 2\n  drain_accept_grace: 0s\n  drain: 5s\n  admin_token: \"" << kAdminToken
                              << "\"\ntwilio:\n  auth_tokens: [\"" << kToken
                              << "\"]\nlimits:\n  burst: 1000\n  new_calls_per_second: 1000\n  preauth_per_address: 400\n  preauth_connections: 1000\n"
                              << more << "agents:\n"
                              << agents;
        start();
    }

    void start() {
        child_ = load::Child::spawn({PARLEY_BIN, "serve", "--config", file().string()}, {}, -1, log().string() + "." + std::to_string(++starts_));
        EXPECT_TRUE(load::wait_ready(admin_port_, child_, std::chrono::seconds(30))) << read_all(log().string() + "." + std::to_string(starts_));
    }
    void kill() {
        ::kill(child_.pid(), SIGKILL);
        while (child_.alive()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    int end() { return child_.end(); }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::filesystem::path file() const { return directory_ / (name_ + ".yaml"); }
    [[nodiscard]] std::filesystem::path log() const { return directory_ / (name_ + ".log"); }
    // Everything it has printed, of all its lives.
    [[nodiscard]] std::string printed() const {
        std::string all;
        for (int i = 1; i <= starts_; ++i) all += read_all(log().string() + "." + std::to_string(i));
        return all;
    }
    [[nodiscard]] std::size_t count(const std::string& event) const {
        std::istringstream lines(printed());
        std::size_t found = 0;
        for (std::string line; std::getline(lines, line);)
            if (line.find("\"event\":\"" + event + "\"") != std::string::npos) ++found;
        return found;
    }
    [[nodiscard]] HttpAnswer operators(const std::string& method, const std::string& path, const std::string& body = {}) const {
        std::vector<std::pair<std::string, std::string>> headers{{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdminToken}};
        if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
        return http(admin_port_, method, path, headers, body);
    }
    [[nodiscard]] nlohmann::json get(const std::string& path) const { return nlohmann::json::parse(operators("GET", path).body, nullptr, false); }

    static std::string read_all(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        return out.str();
    }

private:
    std::filesystem::path directory_;
    std::string name_;
    std::uint16_t port_, admin_port_;
    int starts_ = 0;
    load::Child child_;
};

}  // namespace parley::scenarios
