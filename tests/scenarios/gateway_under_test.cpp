#include "gateway_under_test.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <fstream>
#include <sstream>

#include "parley/sim/signature.hpp"

namespace parley::scenarios {

namespace asio = boost::asio;
namespace beast = boost::beast;

GatewayUnderTest::GatewayUnderTest(const Sections& setup) : log_(std::make_shared<MemoryLog>()) {
    std::string pattern = testing::TempDir() + "parley_scenario_XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    data_ = pattern;
    if (setup.prepare) setup.prepare(data_);
    write_config(setup);
    auto config = gateway::load_config(config_file(), {});
    stream_key_ = gateway::stream_token_key(config);
    LogSettings settings;
    settings.call_alarms = settings.call_notes = settings.server_alarms = settings.server_notes = 100'000;
    gateway_ = std::make_unique<gateway::Gateway>(std::move(config), Log::to(settings, log_));
    std::promise<int> status;
    status_ = status.get_future().share();
    thread_ = std::thread([this, told = std::move(status)]() mutable { told.set_value(gateway_->run()); });
    if (!eventually([&] { return admin("/readyz").status == 200; })) ADD_FAILURE() << "the gateway does not become ready";
}

GatewayUnderTest::~GatewayUnderTest() {
    if (status_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        gateway_->stop();
        if (status_.wait_for(std::chrono::milliseconds(500)) != std::future_status::ready) gateway_->stop();
    }
    thread_.join();
    gateway_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(data_, ignored);
}

std::string GatewayUnderTest::config_text(const Sections& setup) const {
    std::ostringstream out;
    out << "version: 1\nserver:\n  listen: \"127.0.0.1:0\"\n  admin_listen: \"127.0.0.1:0\"\n  public_url: \"https://" << kHost << "\"\n  data_dir: \""
        << data_.string() << "\"\n  workers: 2\n"
        << (setup.server.find("grace") == std::string::npos ? "  drain_accept_grace: 0s\n" : "") << setup.server << "twilio:\n  auth_tokens: [";
    for (const auto& token : setup.tokens) out << (&token == &setup.tokens.front() ? "\"" : ", \"") << token << "\"";
    out << "]\n" << setup.twilio << "limits:\n  burst: 1000\n  preauth_per_address: 200\n" << setup.limits << setup.more << "agents:\n" << setup.agents;
    return out.str();
}

void GatewayUnderTest::write_config(const Sections& setup) const {
    std::ofstream(config_file()) << config_text(setup);
}

std::optional<int> GatewayUnderTest::stopped_within(std::chrono::seconds time) {
    if (status_.wait_for(time) != std::future_status::ready) return std::nullopt;
    return status_.get();
}

sim::CarrierOptions GatewayUnderTest::carrier() const {
    sim::CarrierOptions options;
    options.account_sid = kAccount;
    options.auth_token = Secret(kToken);
    options.balancer = {kHost, "127.0.0.1", port()};
    return options;
}

sim::CallPlan GatewayUnderTest::plan(std::shared_ptr<const sim::Scenario> scenario) const {
    sim::CallPlan plan;
    plan.to = kNumber;
    plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
    plan.status_callback = std::string("https://") + kHost + "/webhooks/twilio/status";
    plan.scenario = std::move(scenario);
    return plan;
}

HttpAnswer GatewayUnderTest::webhook(const std::string& route, const sim::Form& form, const Signing& signing, const std::string& idempotency) const {
    const std::string target = "/webhooks/twilio/" + route;
    std::vector<std::pair<std::string, std::string>> headers{{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}};
    if (!signing.spoiled.empty())
        headers.emplace_back("X-Twilio-Signature", signing.spoiled);
    else if (!signing.token.empty())
        headers.emplace_back("X-Twilio-Signature", sim::sign(signing.token, std::string("https://") + kHost + target, form));
    if (!idempotency.empty()) headers.emplace_back("I-Twilio-Idempotency-Token", idempotency);
    return http(port(), "POST", target, headers, sim::encode_form(form));
}

HttpAnswer GatewayUnderTest::admin(const std::string& path) const {
    return http(gateway_->admin_port(), "GET", path, {{"Host", "127.0.0.1"}});
}

double GatewayUnderTest::metric(std::string_view sample) const {
    std::istringstream lines(admin("/metrics").body);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(sample) || line.size() <= sample.size() || line[sample.size()] != ' ') continue;
        return std::stod(line.substr(sample.size() + 1));
    }
    return 0;
}

std::vector<nlohmann::json> GatewayUnderTest::events(std::string_view event) const {
    std::vector<nlohmann::json> out;
    for (const auto& line : log_->lines()) {
        auto json = nlohmann::json::parse(line, nullptr, false);
        if (json.is_object() && json.value("event", "") == event) out.push_back(std::move(json));
    }
    return out;
}

std::map<std::string, std::string> GatewayUnderTest::mint(const std::string& call_sid, const std::string& seed, std::uint8_t resume, std::chrono::seconds ago,
                                                          const std::string& agent) const {
    const twilio::StreamTokens tokens({{.id = 1, .key = stream_key_}});
    twilio::StreamClaims claims;
    claims.call_sid = call_sid;
    claims.account_sid = kAccount;
    claims.agent = agent;
    claims.resume = resume;
    const auto token = tokens.mint(claims, seed, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - ago);
    if (!token) throw std::runtime_error("mint: " + token.error().message());
    std::map<std::string, std::string> out;
    for (auto& [name, value] : twilio::token_parameters(*token)) out.emplace(name, value);
    return out;
}

sim::Form call_form(const std::string& call_sid, const std::string& status, const std::string& to, const std::string& account) {
    return {{"AccountSid", account},
            {"ApiVersion", "2010-04-01"},
            {"CallSid", call_sid},
            {"CallStatus", status},
            {"Called", to},
            {"Caller", "+14155550100"},
            {"Direction", "inbound"},
            {"From", "+14155550100"},
            {"To", to}};
}

HttpAnswer http(std::uint16_t port, const std::string& method, const std::string& target, const std::vector<std::pair<std::string, std::string>>& headers,
                const std::string& body) {
    HttpAnswer answer;
    const auto began = Clock::now();
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    beast::error_code ec;
    socket.connect({asio::ip::make_address("127.0.0.1"), port}, ec);
    if (ec) return answer;
    beast::http::request<beast::http::string_body> request{beast::http::string_to_verb(method), target, 11};
    request.set(beast::http::field::host, kHost);
    request.set(beast::http::field::connection, "close");
    for (const auto& [name, value] : headers) request.set(name, value);
    request.body() = body;
    request.prepare_payload();
    beast::http::write(socket, request, ec);
    beast::flat_buffer buffer;
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(16 * 1024 * 1024);
    beast::http::read_header(socket, buffer, parser, ec);
    if (!parser.is_header_done()) return answer;
    answer.status = static_cast<int>(parser.get().result_int());
    answer.content_type = std::string(parser.get()[beast::http::field::content_type]);
    // Server-sent events end when the watcher goes, so that is what happens here.
    if (answer.content_type != "text/event-stream") beast::http::read(socket, buffer, parser, ec);
    answer.body = parser.get().body();
    answer.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
    return answer;
}

std::uint16_t free_port() {
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
    return acceptor.local_endpoint().port();
}

}  // namespace parley::scenarios
