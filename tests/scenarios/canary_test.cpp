// Distinctive secrets in every field that takes one; then everything the gateway writes, prints and answers is searched for them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "gateway_under_test.hpp"
#include "parley/load/process.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "sounds.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// What was planted, by the field it stands in.
const std::vector<std::pair<std::string, std::string>> kCanaries{{"server.admin_token", "canary-admin-f3a9c1"},
                                                                 {"twilio.auth_tokens", "ca0a51e5ca0a51e5ca0a51e5ca0a51e5"},
                                                                 {"twilio.auth_tokens[1]", "ca0a51f6ca0a51f6ca0a51f6ca0a51f6"},
                                                                 {"twilio.token_key", "canary-token-key-0123456789abcdef"},
                                                                 {"twilio.api_secret", "caNarY0aPi1seCret2caNarY3aPi4seC"},
                                                                 {"store.seal_keys", "Y2FuYXJ5LXNlYWwta2V5LWNhbmFyeS1zZWFsLWtleTE="},
                                                                 {"store.seal_keys in the clear", "canary-seal-key-canary-seal-key1"},
                                                                 {"webhooks.secret", "canary-webhook-7d20"},
                                                                 {"vendors.key", "canary-vendor-key-51bb"},
                                                                 {"agents.bot_headers", "canary-bot-header-9e77"},
                                                                 {"agents.sip.password", "canary-sip-password-40aa"},
                                                                 {"agents.webhooks.secret", "canary-agent-webhook-c8"},
                                                                 {"document bot_headers", "canary-document-header-2b"},
                                                                 {"document webhooks.secret", "canary-document-webhook-6f"},
                                                                 {"http_tools.headers", "canary-tool-header-1d7c"},
                                                                 {"http_tools.signing_key", "canary-tool-signing-key-77e0"},
                                                                 {"mcp_servers.headers", "canary-mcp-header-5c31"},
                                                                 {"calendar.password", "canary-calendar-password-a9"},
                                                                 {"document http_tools.headers", "canary-document-tool-header-e4"},
                                                                 {"document http_tools.signing_key", "canary-document-signing-key-0b"},
                                                                 {"document mcp_servers.headers", "canary-document-mcp-header-93"},
                                                                 {"document calendar.password", "canary-document-calendar-password-f1"},
                                                                 {"credential authtoken", "ca0a51d4ca0a51d4ca0a51d4ca0a51d4"},
                                                                 {"credential authtoken before", "ca0a51c3ca0a51c3ca0a51c3ca0a51c3"}};
const std::string& canary(std::string_view field) {
    return std::find_if(kCanaries.begin(), kCanaries.end(), [&](const auto& one) { return one.first == field; })->second;
}

// The fields whose secrets stand in `text`.
std::vector<std::string> hits(const std::string& text) {
    std::vector<std::string> found;
    for (const auto& [field, secret] : kCanaries)
        if (text.find(secret) != std::string::npos) found.push_back(field);
    return found;
}

constexpr const char* kTooled = "+18005551299";
constexpr const char* kTheirs = "AC88888888888888888888888888888888";

class Canaries : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "parley_canary_XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        std::filesystem::create_directories(folder / "etc");
        sim::FakeTwilioOptions options;
        options.carrier.account_sid = kTheirs;
        options.carrier.auth_token = Secret(canary("credential authtoken"));
        options.numbers["+18005550111"] = {};
        twilio = std::make_unique<sim::FakeTwilio>(std::move(options));
        port = load::free_loopback_port();
        admin_port = load::free_loopback_port();
    }
    void TearDown() override {
        if (twilio) twilio->stop();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    void write_config(const std::string& server = {}) {
        std::ofstream(config()) << "version: 1\nserver:\n  listen: \"127.0.0.1:" << port << "\"\n  admin_listen: \"127.0.0.1:" << admin_port
                                << "\"\n  public_url: \"https://" << kHost << "\"\n  data_dir: \"" << (folder / "data").string()
                                << "\"\n  workers: 2\n  drain_accept_grace: 0s\n  drain: 2s\n  admin_token: \"" << canary("server.admin_token") << "\"\n"
                                << server << "twilio:\n  account_sids: [\"" << kAccount << "\"]\n  auth_tokens: [\"" << canary("twilio.auth_tokens") << "\", \""
                                << canary("twilio.auth_tokens[1]") << "\"]\n  token_key: \"" << canary("twilio.token_key")
                                << "\"\n  api_key: \"SK0123456789abcdef0123456789abcdef\"\n  api_secret: \"" << canary("twilio.api_secret")
                                << "\"\n  api_base_url: \"" << twilio->base_url() << "\"\nstore:\n  seal_keys: [\"" << canary("store.seal_keys")
                                << "\"]\nlog: {level: debug}\nrecording: {enabled: true, retain_days: 1}\ncall_files: {enabled: true, retain_days: 1}\n"
                                << "webhooks:\n  url: \"http://127.0.0.1:9/\"\n  secret: \"" << canary("webhooks.secret")
                                << "\"\nvendors:\n  mind: {vendor: openai, model: gpt-4o-mini, base_url: \"http://127.0.0.1:9\", key: \""
                                << canary("vendors.key") << "\"}\n  ear: {vendor: deepgram, base_url: \"http://127.0.0.1:9\", key: \"" << canary("vendors.key")
                                << "\"}\nagents:\n  desk: {default: true, brain: echo}\n  front: {brain: echo}\n"
                                << tooled("  mindful", "http_tools.headers", "http_tools.signing_key", "mcp_servers.headers", "calendar.password")
                                << "  robot:\n    brain: bot\n    bot: \"wss://bot.example.com/\"\n    bot_headers: {Authorization: \""
                                << canary("agents.bot_headers") << "\"}\n    sip: {uri: \"sip:a@example.com\", username: a, password: \""
                                << canary("agents.sip.password") << "\"}\n    webhooks: {url: \"http://127.0.0.1:9/\", secret: \""
                                << canary("agents.webhooks.secret") << "\"}\n";
    }
    // An agent of the file with tools whose secrets stand in it as they are.
    static std::string tooled(const std::string& name, std::string_view header, std::string_view key, std::string_view mcp, std::string_view password) {
        return name + ":\n    brain: vendors\n    stt: [ear]\n    lm: [mind]\n    tts: [embedded]\n    greeting: good day\n    numbers: [\"" + kTooled +
               "\"]\n    tools: [book_appointment]\n    tool_networks: [\"127.0.0.1\"]\n    calendar: {url: \"http://127.0.0.1:9/\", username: anna, password: "
               "\"" +
               canary(password) +
               "\", time_zone: Europe/Berlin}\n    http_tools:\n      - {name: look, description: Looks., url: \"http://127.0.0.1:9/\", headers: "
               "{Authorization: \"" +
               canary(header) + "\"}, signing_key: \"" + canary(key) +
               "\"}\n    mcp_servers:\n      - {name: crm, url: \"http://127.0.0.1:9/mcp\", headers: {Authorization: \"" + canary(mcp) + "\"}}\n";
    }
    [[nodiscard]] std::filesystem::path config() const { return folder / "etc" / "parley.yaml"; }
    [[nodiscard]] std::filesystem::path log() const { return folder / "data" / "gateway.log"; }
    void start() {
        std::filesystem::create_directories(folder / "data");
        child = load::Child::spawn({PARLEY_BIN, "serve", "--config", config().string()}, {}, -1, log().string());
        ASSERT_TRUE(load::wait_ready(admin_port, child, std::chrono::seconds(30))) << read_file(log());
    }
    HttpAnswer ask(const std::string& method, const std::string& path, const json& body = nullptr) {
        std::vector<std::pair<std::string, std::string>> headers{{"Host", "127.0.0.1"}, {"Authorization", "Bearer " + canary("server.admin_token")}};
        if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
        auto answer = http(admin_port, method, path, headers, body.is_null() ? std::string() : body.dump());
        said += method + " " + path + "\n" + answer.body + "\n";
        return answer;
    }
    std::string printed(const std::vector<std::string>& arguments) {
        const auto out = folder / "etc" / "printed";
        auto all = arguments;
        all.insert(all.begin(), PARLEY_BIN);
        auto run = load::Child::spawn(all, {}, -1, out.string());
        while (run.alive()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return read_file(out);
    }

    std::filesystem::path folder;
    std::unique_ptr<sim::FakeTwilio> twilio;
    std::uint16_t port = 0, admin_port = 0;
    load::Child child;
    std::string said;  // everything /v1 has answered
};

TEST_F(Canaries, AreInNothingThatIsWrittenPrintedOrAnswered) {
    write_config();
    start();
    // Stored ones.
    ASSERT_EQ(ask("POST", "/v1/agents",
                  {{"name", "made"},
                   {"document",
                    {{"brain", "bot"},
                     {"bot", "wss://bot.example.com/"},
                     {"bot_headers", {{"X-Key", canary("document bot_headers")}}},
                     {"webhooks", {{"url", "http://127.0.0.1:9/"}, {"secret", canary("document webhooks.secret")}}}}}})
                  .status,
              201)
        << said;
    const json tooled_document{
        {"brain", "vendors"},
        {"stt", {"ear"}},
        {"lm", {"mind"}},
        {"tts", {"embedded"}},
        {"tools", {"book_appointment"}},
        {"tool_networks", {"127.0.0.1"}},
        {"calendar",
         {{"url", "http://127.0.0.1:9/"}, {"username", "anna"}, {"password", canary("document calendar.password")}, {"time_zone", "Europe/Berlin"}}},
        {"http_tools",
         {{{"name", "look"},
           {"description", "Looks."},
           {"url", "http://127.0.0.1:9/"},
           {"headers", {{"Authorization", canary("document http_tools.headers")}}},
           {"signing_key", canary("document http_tools.signing_key")}}}},
        {"mcp_servers", {{{"name", "crm"}, {"url", "http://127.0.0.1:9/mcp"}, {"headers", {{"Authorization", canary("document mcp_servers.headers")}}}}}}};
    ASSERT_EQ(ask("POST", "/v1/agents", {{"name", "tooled"}, {"document", tooled_document}}).status, 201) << said;
    // A server that cannot be reached is told of without its secrets.
    EXPECT_TRUE(eventually([&] { return read_file(log()).find("mcp.unreachable") != std::string::npos; }));
    json credential{{"accountsid", kTheirs}, {"authtoken", canary("credential authtoken before")}, {"phonenumbers", {"+18005550111"}}};
    ASSERT_EQ(ask("PUT", "/v1/agents/front/twilio", credential).status, 200) << said;
    credential["authtoken"] = canary("credential authtoken");
    const auto wired = ask("PUT", "/v1/agents/front/twilio", credential);
    EXPECT_THAT(wired.body, HasSubstr("twilioWebhooksUpdated\":[\"+18005550111\"]")) << said;
    // What is wrong is told without repeating it.
    auto wrong = credential;
    wrong["authtoken"] = canary("credential authtoken") + "!";
    EXPECT_EQ(ask("PUT", "/v1/agents/front/twilio", wrong).status, 400);
    // A token is told once; from then on it is a secret as well.
    const auto token_answer =
        json::parse(http(admin_port, "POST", "/v1/tokens",
                         {{"Host", "127.0.0.1"}, {"Authorization", "Bearer " + canary("server.admin_token")}, {"Content-Type", "application/json"}},
                         json{{"name", "canary"}, {"role", "read"}}.dump())
                        .body,
                    nullptr, false);
    const auto token = token_answer.value("token", "");
    ASSERT_GT(token.size(), 20U);

    // A call, recorded and filed.
    {
        sim::CarrierOptions options;
        options.account_sid = kAccount;
        options.auth_token = Secret(canary("twilio.auth_tokens"));
        options.balancer = {kHost, "127.0.0.1", port};
        options.voice = std::make_shared<SoundVoice>();
        sim::SimCarrier carrier(options);
        sim::CallPlan plan;
        plan.to = kNumber;
        plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
        plan.status_callback = std::string("https://") + kHost + "/webhooks/twilio/status";
        plan.scenario = steps({pause(200), say("noise 11 800"), pause(400), hang_up()});
        const auto report = carrier.place_call(plan).report.get();
        EXPECT_EQ(report.status, "completed");
        EXPECT_EQ(report.streams.size(), 1U);
        // One whose agent has tools, and no vendor that answers.
        plan.to = kTooled;
        EXPECT_EQ(carrier.place_call(plan).report.get().streams.size(), 1U);
    }
    // Doors that are knocked at with the wrong key, and with the right one in the wrong place.
    said += http(admin_port, "GET", "/v1/agents?token=" + token, {{"Host", "127.0.0.1"}, {"Authorization", "Bearer " + canary("credential authtoken")}}).body;
    said += http(port, "POST", "/webhooks/twilio/voice",
                 {{"Content-Type", "application/x-www-form-urlencoded"}, {"X-Twilio-Signature", canary("twilio.auth_tokens")}},
                 "AccountSid=" + std::string(kAccount))
                .body;

    for (const char* path : {"/v1/agents", "/v1/agents/front", "/v1/agents/made", "/v1/agents/made/revisions", "/v1/agents/made/revisions/1",
                             "/v1/agents/robot", "/v1/agents/mindful", "/v1/agents/tooled", "/v1/agents/tooled/revisions/1", "/v1/agents/front/twilio",
                             "/v1/tokens", "/v1/audit", "/v1/openapi.json", "/v1/calls", "/metrics", "/readyz", "/livez"})
        EXPECT_EQ(ask("GET", path).status, 200) << path;

    const auto shown = printed({"check", "--config", config().string(), "--print"});
    EXPECT_THAT(shown, HasSubstr("***"));
    const auto checked = printed({"seal", "check", "--config", config().string()});
    EXPECT_THAT(checked, HasSubstr("0 do not open")) << checked;
    EXPECT_EQ(child.end(), 0);

    EXPECT_THAT(hits(said), testing::IsEmpty()) << "in an answer";
    EXPECT_THAT(hits(shown + checked), testing::IsEmpty()) << "printed";
    EXPECT_EQ((shown + checked).find(token), std::string::npos);
    EXPECT_EQ(said.find(token), std::string::npos);
    // Everything below the data directory: log, store with its WAL, recordings, call files.
    std::size_t files = 0;
    std::string everything;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "data")) {
        if (!entry.is_regular_file()) continue;
        ++files;
        const auto content = read_file(entry.path());
        EXPECT_THAT(hits(content), testing::IsEmpty()) << entry.path();
        EXPECT_EQ(content.find(token), std::string::npos) << entry.path();
        everything += content;
    }
    EXPECT_GE(files, 3U);
    // The search would have found them: their sealed forms are there, and the log did speak.
    EXPECT_THAT(everything, HasSubstr("sealed:v1:"));
    EXPECT_THAT(read_file(log()), HasSubstr("call.ended"));
    EXPECT_THAT(hits(read_file(config())), testing::Not(testing::IsEmpty()));
}

std::string limit_line(pid_t pid, std::string_view name) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/limits");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name)) return line;
    return {};
}

class Cores : public Canaries, public testing::WithParamInterface<bool> {};

TEST_P(Cores, OfACrashedGatewayAreNotWrittenUnlessWanted) {
    const bool wanted = GetParam();
    // What the process inherits allows them, as far as this machine does.
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_CORE, &before), 0);
    const rlim_t small = std::min<rlim_t>(before.rlim_max, 4096);  // a wanted one is not kept whole
    const rlimit raised{wanted ? small : before.rlim_max, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_CORE, &raised), 0);
    write_config(wanted ? "  core_dumps: true\n" : "");
    start();
    ::setrlimit(RLIMIT_CORE, &before);
    const auto line = limit_line(child.pid(), "Max core file size");
    std::istringstream words(line.substr(std::string("Max core file size").size()));
    std::string soft;
    words >> soft;
    EXPECT_EQ(soft, wanted ? std::to_string(small) : "0") << line;
    const auto pid = child.pid();
    ::kill(pid, SIGABRT);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
    if (!wanted) EXPECT_EQ(info.si_code, CLD_KILLED) << "a core was dumped";
    EXPECT_NE(info.si_code, CLD_EXITED);
}
INSTANTIATE_TEST_SUITE_P(Settings, Cores, testing::Bool());

}  // namespace
}  // namespace parley::scenarios
