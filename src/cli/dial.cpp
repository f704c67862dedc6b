#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "parley/gateway/config.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/http_client.hpp"

namespace parley::cli {
namespace {

using Json = nlohmann::json;

struct DialOptions {
    std::string config, url, agent, to, from, machine = "ignore", drop_text;
    int ring = 30, limit = 3600;
    bool record = false, wait = false;
    std::map<std::string, std::string> parameters;
};

// By the call's end, so that scripts can tell them apart.
int exit_of(const std::string& reason) {
    static const std::map<std::string, int> codes{{"answered", 0},  {"busy", 10},    {"no_answer", 11}, {"failed", 12},
                                                  {"canceled", 13}, {"machine", 14}, {"fax", 15}};
    const auto found = codes.find(reason);
    return found == codes.end() ? 16 : found->second;
}

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

struct Said {
    int status = 0;
    Json body;
    std::string why;  // no answer at all
};

class AdminClient {
public:
    AdminClient(net::HttpClient& http, std::string base, const Secret& token) : http_(http), base_(std::move(base)), token_(token) {}

    net::Task<Said> ask(std::string method, std::string path, std::string body) {
        net::HttpCall call(std::move(method), base_ + path, std::chrono::seconds(30));  // a create that is looked for takes that long
        call.headers.add("Authorization", "Bearer " + std::string(token_.reveal()));
        if (!body.empty()) call.headers.add("Content-Type", "application/json");
        call.body = std::move(body);
        Said said;
        auto reply = co_await http_.request(std::move(call));
        if (!reply) {
            said.why = reply.error().message();
            co_return said;
        }
        said.status = reply->status;
        said.body = Json::parse(reply->body, nullptr, false);
        if (!said.body.is_object()) said.body = Json::object();
        co_return said;
    }

private:
    net::HttpClient& http_;
    std::string base_;
    const Secret& token_;
};

int complain(const Said& said, const std::string& base) {
    if (said.status == 0) {
        std::fprintf(stderr, "No gateway answers at %s: %s. Is `parley serve` running with this configuration?\n", base.c_str(), said.why.c_str());
        return 1;
    }
    const auto error = said.body.value("error", Json::object());
    const auto field = text_of(error, "field"), message = text_of(error, "message");
    if (message.empty())
        std::fprintf(stderr, "The gateway answered with status %d.\n", said.status);
    else if (field.empty())
        std::fprintf(stderr, "%s\n", message.c_str());
    else
        std::fprintf(stderr, "%s: %s\n", field.c_str(), message.c_str());
    return 1;
}

net::Task<int> dial(AdminClient& admin, const DialOptions& options) {
    Json wish{
        {"agent", options.agent},  {"to", options.to}, {"machine", options.machine}, {"ring_seconds", options.ring}, {"time_limit_seconds", options.limit},
        {"record", options.record}};
    if (!options.from.empty()) wish["from"] = options.from;
    if (!options.drop_text.empty()) wish["drop_text"] = options.drop_text;
    if (!options.parameters.empty()) wish["parameters"] = options.parameters;
    auto said = co_await admin.ask("POST", "/v1/calls", wish.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (said.status != 201) co_return complain(said, options.url);
    const auto id = text_of(said.body, "dial");
    std::string last;
    const auto show = [&last](const Json& state) {
        auto line = text_of(state, "status");
        if (const auto who = text_of(state, "answered_by"); !who.empty()) line += ", answered by " + who;
        if (const auto reason = text_of(state, "reason"); !reason.empty()) line += ": " + reason;
        if (line == last) return;
        last = line;
        std::printf("%s  %s\n", text_of(state, "call_sid").c_str(), line.c_str());
        std::fflush(stdout);
    };
    show(said.body);
    if (!options.wait) co_return 0;
    int silent = 0;
    for (;;) {
        const bool waited = co_await net::sleep_until(Clock::now() + std::chrono::milliseconds(300));
        if (!waited) co_return 1;
        auto now = co_await admin.ask("GET", "/v1/calls/" + id + "/status", {});
        if (now.status != 200) {
            if (++silent < 10 && now.status == 0) continue;
            co_return complain(now, options.url);
        }
        silent = 0;
        show(now.body);
        if (text_of(now.body, "status") == "over") co_return exit_of(text_of(now.body, "reason"));
    }
}

}  // namespace

void add_dial(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<DialOptions>();
    auto* command = app.add_subcommand("dial",
                                       "Have a running gateway call somebody for one of its agents. Exit status with --wait: 0 answered, 10 busy, 11 no "
                                       "answer, 12 failed, 13 canceled, 14 machine, 15 fax, 16 unknown.");
    command->add_option("to", options->to, "a number (+4930123456), sip:user@host or client:name")->required();
    command->add_option("--agent", options->agent, "who talks")->required();
    command->add_option("-c,--config", options->config,
                        "the running gateway's YAML file: its admin address and token are in it; without it PARLEY_CONFIG is read");
    command->add_option("--url", options->url, "the admin listener, when it is reached otherwise (http://127.0.0.1:9090)");
    command->add_option("--from", options->from, "caller id; default outbound.from");
    command->add_option("--machine", options->machine, "when a machine picks up: leave the agent's message, hang up, or talk to it")
        ->check(CLI::IsMember({"drop", "hangup", "ignore"}))
        ->capture_default_str();
    command->add_option("--message", options->drop_text, "for the machine, instead of the agent's");
    command->add_option("--timeout", options->ring, "seconds of ringing")->check(CLI::Range(5, 600))->capture_default_str();
    command->add_option("--limit", options->limit, "seconds the whole call may last")->check(CLI::Range(1, 86'400))->capture_default_str();
    command->add_flag("--record", options->record, "have the carrier record it");
    command->add_flag("--wait", options->wait, "until the call is over");
    command->add_option_function<std::vector<std::string>>(
        "--set",
        [options](const std::vector<std::string>& pairs) {
            for (const auto& pair : pairs) {
                const auto eq = pair.find('=');
                if (eq == std::string::npos || eq == 0) throw CLI::ValidationError("--set", "takes name=value");
                options->parameters[pair.substr(0, eq)] = pair.substr(eq + 1);
            }
        },
        "name=value: what the agent shall know; may be repeated");
    command->callback([&chosen, options] {
        chosen.run = [options] {
            gateway::LoadOptions load;
            load.allow_unknown = true;
            load.check_files = false;
            const auto config = gateway::load_config(options->config, gateway::process_environment(), load);
            if (config.server.admin_token.empty()) {
                std::fprintf(stderr, "server.admin_token is not set: without it nobody may place calls. Set it, and start the gateway again.\n");
                return kConfiguration;
            }
            if (options->url.empty()) {
                auto address = config.server.admin_listen;
                if (address.host.empty()) {
                    std::fprintf(stderr, "server.admin_listen is off: the gateway cannot be asked.\n");
                    return kConfiguration;
                }
                if (address.host == "0.0.0.0" || address.host == "::") address.host = "127.0.0.1";
                const bool six = address.host.find(':') != std::string::npos;
                options->url = "http://" + (six ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
            }
            boost::asio::io_context context;
            net::HttpClient http(context.get_executor());
            AdminClient admin(http, options->url, config.server.admin_token);
            int status = 1;
            auto body = [&]() -> net::Task<> {
                status = co_await dial(admin, *options);
                context.stop();
            };
            boost::asio::co_spawn(context, body(), [&context](const std::exception_ptr& error) {
                if (error) context.stop();
            });
            context.run();
            return status;
        };
    });
}

}  // namespace parley::cli
