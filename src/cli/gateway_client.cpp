#include "gateway_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "commands.hpp"
#include "parley/gateway/config.hpp"

namespace parley::cli {

namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kLongestAnswer = 256U << 20U;

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

net::Task<GatewayAnswer> GatewayClient::ask(std::string method, std::string path, std::string body) {
    net::HttpCall call(std::move(method), base_ + path, std::chrono::minutes(5));  // an erasure reads and writes a lot
    call.headers.add("Authorization", "Bearer " + std::string(token_.reveal()));
    if (!body.empty()) call.headers.add("Content-Type", "application/json");
    call.body = std::move(body);
    call.body_limit = kLongestAnswer;
    GatewayAnswer answer;
    auto reply = co_await http_.request(std::move(call));
    if (!reply) {
        answer.why = reply.error().message();
        co_return answer;
    }
    answer.status = reply->status;
    answer.body = Json::parse(reply->body, nullptr, false);
    if (!answer.body.is_object()) answer.body = Json::object();
    co_return answer;
}

int GatewayClient::complain(const GatewayAnswer& answer) const {
    if (answer.status == 0) {
        std::fprintf(stderr, "No gateway answers at %s: %s. Is `parley serve` running with this configuration?\n", base_.c_str(), answer.why.c_str());
        return 1;
    }
    const auto error = answer.body.value("error", Json::object());
    const auto field = text_of(error, "field"), message = text_of(error, "message");
    if (message.empty()) std::fprintf(stderr, "The gateway answered with status %d.\n", answer.status);
    else if (field.empty()) std::fprintf(stderr, "%s\n", message.c_str());
    else std::fprintf(stderr, "%s: %s\n", field.c_str(), message.c_str());
    return 1;
}

int with_gateway(const std::string& config_file, std::string url, std::function<net::Task<int>(GatewayClient&)> work) {
    gateway::LoadOptions load;
    load.allow_unknown = true;
    load.check_files = false;
    const auto config = gateway::load_config(config_file, gateway::process_environment(), load);
    if (config.server.admin_token.empty()) {
        std::fprintf(stderr, "server.admin_token is not set: the gateway's /v1 is closed. Set it, and start the gateway again.\n");
        return kConfiguration;
    }
    if (url.empty()) {
        auto address = config.server.admin_listen;
        if (address.host.empty()) {
            std::fprintf(stderr, "server.admin_listen is off: the gateway cannot be asked.\n");
            return kConfiguration;
        }
        if (address.host == "0.0.0.0" || address.host == "::") address.host = "127.0.0.1";
        const bool six = address.host.find(':') != std::string::npos;
        url = "http://" + (six ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
    }
    boost::asio::io_context context;
    net::HttpClient http(context.get_executor());
    GatewayClient client(http, url, config.server.admin_token);
    int status = 1;
    auto body = [&]() -> net::Task<> {
        auto asked = work(client);
        status = co_await std::move(asked);
        context.stop();
    };
    boost::asio::co_spawn(context, body(), [&context](const std::exception_ptr& error) {
        if (error) context.stop();
    });
    context.run();
    return status;
}

}  // namespace parley::cli
