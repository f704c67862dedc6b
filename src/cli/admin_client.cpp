#include "admin_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "parley/gateway/config.hpp"
#include "parley/net/http_client.hpp"
#include "parley/twilio/form.hpp"

namespace parley::cli {

namespace {

constexpr std::size_t kTokenFile = 64UL * 1024;

std::string variable(const gateway::Environment& environment, const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

Secret read_token(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("the token file " + path + " cannot be read");
    std::string text(kTokenFile, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    if (text.empty()) throw std::runtime_error("the token file " + path + " is empty");
    return Secret(std::move(text));
}

}  // namespace

void add_admin_options(CLI::App& command, AdminOptions& options) {
    command.add_option("--url", options.url, "the admin listener (http://127.0.0.1:9090); without it PARLEY_URL, then the configuration");
    command.add_option("--token-file", options.token_file,
                       "a file with the token; without it PARLEY_TOKEN, PARLEY_TOKEN_FILE, then server.admin_token of the configuration");
    command.add_option("-c,--config", options.config, "the running gateway's YAML file; without it PARLEY_CONFIG is read");
}

AdminRun::AdminRun(const AdminOptions& options) {
    const auto environment = gateway::process_environment();
    url_ = options.url.empty() ? variable(environment, "PARLEY_URL") : options.url;
    if (!options.token_file.empty())
        token_ = read_token(options.token_file);
    else if (auto given = variable(environment, "PARLEY_TOKEN"); !given.empty())
        token_ = Secret(std::move(given));
    else if (const auto path = variable(environment, "PARLEY_TOKEN_FILE"); !path.empty())
        token_ = read_token(path);
    if (url_.empty() || token_.empty()) {
        gateway::LoadOptions load;
        load.allow_unknown = true;
        load.check_files = false;
        const auto config = gateway::load_config(options.config, environment, load);
        if (token_.empty()) token_ = config.server.admin_token;
        if (url_.empty()) {
            auto address = config.server.admin_listen;
            if (address.host.empty()) throw std::runtime_error("server.admin_listen is off: the gateway cannot be asked");
            if (address.host == "0.0.0.0" || address.host == "::") address.host = "127.0.0.1";
            const bool six = address.host.find(':') != std::string::npos;
            url_ = "http://" + (six ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
        }
    }
    if (token_.empty())
        throw std::runtime_error("no token: give --token-file or PARLEY_TOKEN, set server.admin_token, or make one with `parley token create --config FILE`");
    while (url_.ends_with('/')) url_.pop_back();
}

AdminRun::Said AdminRun::ask(const std::string& method, const std::string& path, const nlohmann::json& body) const {
    boost::asio::io_context context;
    net::HttpClient http(context.get_executor());
    Said said;
    auto run = [](net::HttpClient& client, net::HttpCall call, Said& into) -> net::Task<> {
        auto reply = co_await client.request(std::move(call));
        if (!reply) {
            into.why = reply.error().message();
            co_return;
        }
        into.status = reply->status;
        into.body = nlohmann::json::parse(reply->body, nullptr, false);
        if (!into.body.is_object()) into.body = nlohmann::json::object();
    };
    net::HttpCall call(method, url_ + path, std::chrono::seconds(30));
    call.headers.add("Authorization", "Bearer " + std::string(token_.reveal()));
    if (!body.is_null()) {
        call.headers.add("Content-Type", "application/json");
        call.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    auto task = run(http, std::move(call), said);
    boost::asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& error) {
        if (error) said.why = "the request could not be made";
        context.stop();  // kept connections would keep it running
    });
    context.run();
    return said;
}

int AdminRun::complain(const Said& said) const {
    if (said.status == 0) {
        std::fprintf(stderr, "No gateway answers at %s: %s. Is `parley serve` running there?\n", url_.c_str(), said.why.c_str());
        return 1;
    }
    const auto error = said.body.value("error", nlohmann::json::object());
    const auto line = [](const nlohmann::json& one) {
        const auto field = text_of(one, "field"), message = text_of(one, "message");
        if (field.empty())
            std::fprintf(stderr, "%s\n", message.c_str());
        else
            std::fprintf(stderr, "%s: %s\n", field.c_str(), message.c_str());
    };
    if (text_of(error, "message").empty()) {
        std::fprintf(stderr, "The gateway answered with status %d.\n", said.status);
    } else if (const auto problems = error.find("problems"); problems != error.end() && problems->is_array() && !problems->empty()) {
        for (const auto& problem : *problems) line(problem);
    } else {
        line(error);
    }
    return 1;
}

std::string escaped_segment(const std::string& text) {
    auto out = twilio::encode_component(text);
    for (auto at = out.find('+'); at != std::string::npos; at = out.find('+', at + 3)) out.replace(at, 1, "%20");
    return out;
}

std::string text_of(const nlohmann::json& json, const char* key) {
    if (!json.is_object()) return {};
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace parley::cli
