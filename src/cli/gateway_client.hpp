#pragma once
// A running gateway, asked over its admin listener as its configuration file says.

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "parley/base/secret.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"

namespace parley::cli {

struct GatewayAnswer {
    int status = 0;  // 0: none came
    nlohmann::ordered_json body;
    std::string why;
};

class GatewayClient {
public:
    GatewayClient(net::HttpClient& http, std::string base, Secret token) : http_(http), base_(std::move(base)), token_(std::move(token)) {}
    net::Task<GatewayAnswer> ask(std::string method, std::string path, std::string body);
    // Says on stderr what went wrong; the exit status.
    [[nodiscard]] int complain(const GatewayAnswer& answer) const;

private:
    net::HttpClient& http_;
    std::string base_;
    Secret token_;
};

// Loads the configuration and does `work` with its gateway. `url`: the admin listener, when it is reached otherwise.
[[nodiscard]] int with_gateway(const std::string& config, std::string url, std::function<net::Task<int>(GatewayClient&)> work);

}  // namespace parley::cli
