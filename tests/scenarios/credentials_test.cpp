// An agent's own Twilio account, on both stores: saved over /v1, its numbers pointed here, its requests believed and answered by its agent, and nobody else's;
// its secret sealed, also under another key.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <fstream>
#include <iterator>

#include "gateway_under_test.hpp"
#include "parley/load/process.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "pitch.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAdmin = "an-admin-token-for-tests";
const std::string kTheirAccount = "AC99999999999999999999999999999999";
const std::string kTheirToken = "abababababababababababababababab";
const std::string kTheirNewToken = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd";
const std::string kLine = "+18005550101", kSecondLine = "+18005550102", kTrunkLine = "+18005550103";
const std::string kVoice = std::string("https://") + kHost + "/webhooks/twilio/voice";
const std::string kStatus = std::string("https://") + kHost + "/webhooks/twilio/status";

std::unique_ptr<sim::FakeTwilio> their_twilio(std::uint16_t port = 0) {
    sim::FakeTwilioOptions options;
    options.port = port;
    options.carrier.account_sid = kTheirAccount;
    options.carrier.auth_token = Secret(kTheirToken);
    options.numbers[kLine] = {};
    options.numbers[kSecondLine] = {};
    options.numbers[kTrunkLine].trunk_sid = "TK00000000000000000000000000000001";
    return std::make_unique<sim::FakeTwilio>(std::move(options));
}

class Credentials : public OnEachStore {};

struct Answer {
    int status = 0;
    json body;
    std::string text;
};

class Office {
public:
    explicit Office(const std::string& store, std::function<void(Sections&)> adjust = {})
        : twilio_(their_twilio()), gateway_(sections(twilio_->port(), store, adjust)) {}
    ~Office() { twilio_->stop(); }
    Office(const Office&) = delete;
    Office& operator=(const Office&) = delete;

    GatewayUnderTest& gateway() { return gateway_; }
    sim::FakeTwilio& twilio() { return *twilio_; }
    Answer ask(const std::string& method, const std::string& path, const std::string& body = {}, const std::string& type = "application/json",
               const std::string& token = kAdmin) {
        std::vector<std::pair<std::string, std::string>> headers{{"Host", "127.0.0.1"}, {"Authorization", "Bearer " + token}};
        if (!body.empty()) headers.emplace_back("Content-Type", type);
        auto raw = http(gateway_.gateway().admin_port(), method, path, headers, body);
        return {raw.status, json::parse(raw.body, nullptr, false), raw.body};
    }
    Answer save(const json& credential, const std::string& agent = "front") { return ask("PUT", "/v1/agents/" + agent + "/twilio", credential.dump()); }
    json number(const std::string& number) {
        const auto raw = http(twilio_->port(), "GET", "/sim/numbers", {{"Host", "127.0.0.1"}});
        const auto all = json::parse(raw.body, nullptr, false);
        return all.value(number, json());
    }

private:
    static Sections sections(std::uint16_t api_port, const std::string& store, const std::function<void(Sections&)>& adjust) {
        Sections s;
        s.more = store;
        s.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
        s.twilio = std::string("  account_sids: [\"") + kAccount + "\"]\n  api_base_url: \"http://127.0.0.1:" + std::to_string(api_port) + "\"\n";
        s.agents = "  desk: {default: true, brain: echo}\n  front: {brain: echo}\n  back: {brain: echo, numbers: [\"+18005550199\"]}\n";
        if (adjust) adjust(s);
        return s;
    }
    std::unique_ptr<sim::FakeTwilio> twilio_;
    GatewayUnderTest gateway_;
};

json credential(std::vector<std::string> numbers) {
    return {{"accountsid", kTheirAccount}, {"authtoken", kTheirToken}, {"phonenumbers", std::move(numbers)}, {"maxcallseconds", 300}};
}
Signing by(const std::string& token) {
    Signing signing;
    signing.token = token;
    return signing;
}
std::string sid(int n) {
    return "CA" + std::string(31, 'c') + std::to_string(n);
}

std::string everything_in(const std::filesystem::path& directory) {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (!entry.is_regular_file() || entry.path().filename() == "parley.yaml") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
}

TEST_P(Credentials, SavingPointsTheNumbersHereAndTheAgentAnswersThem) {
    Office office(store());
    auto& gateway = office.gateway();
    EXPECT_EQ(office.ask("GET", "/v1/agents/front/twilio").status, 404);
    EXPECT_EQ(gateway.webhook("voice", call_form(sid(0), "ringing", kLine, kTheirAccount), by(kTheirToken)).status, 403);

    const auto saved = office.save(credential({kLine, kSecondLine, kTrunkLine, "+18005550104"}));
    ASSERT_EQ(saved.status, 200) << saved.text;
    EXPECT_EQ(saved.body["accountsid"], kTheirAccount);
    EXPECT_EQ(saved.body["authtoken"], "***");
    EXPECT_EQ(saved.body["maxcallseconds"], 300);
    EXPECT_EQ(saved.body["twilioWebhooksUpdated"], (json{kLine, kSecondLine}));
    ASSERT_EQ(saved.body["twilioWebhookSkipped"].size(), 2U) << saved.text;
    EXPECT_EQ(saved.body["twilioWebhookSkipped"][0]["number"], kTrunkLine);
    EXPECT_THAT(saved.body["twilioWebhookSkipped"][1]["reason"].get<std::string>(), HasSubstr("no matching number"));
    EXPECT_TRUE(saved.body["twilioWebhooksFailed"].empty());
    EXPECT_FALSE(saved.body.contains("twilioWebhookError"));
    EXPECT_EQ(office.number(kLine).value("voice_url", ""), kVoice) << office.number(kLine);
    EXPECT_EQ(office.number(kLine).value("status_callback", ""), kStatus);

    // Once more: nothing is left to do.
    auto again = credential({kLine});
    again["authtoken"] = "***";
    const auto repeated = office.save(again);
    EXPECT_TRUE(repeated.body["twilioWebhooksUpdated"].empty()) << repeated.text;
    EXPECT_THAT(repeated.body["twilioWebhookSkipped"][0]["reason"].get<std::string>(), HasSubstr("already"));

    // Its account's calls are its own.
    const auto answered = gateway.webhook("voice", call_form(sid(1), "ringing", kLine, kTheirAccount), by(kTheirToken));
    EXPECT_EQ(answered.status, 200);
    EXPECT_THAT(answered.body, HasSubstr("<Stream"));
    ASSERT_FALSE(gateway.events("webhook.answered").empty());
    EXPECT_EQ(gateway.events("webhook.answered").back()["agent"], "front");
    // Its token is good for nothing else: not for the gateway's own account, nor for other agents' numbers.
    EXPECT_EQ(gateway.webhook("voice", call_form(sid(2)), by(kTheirToken)).status, 403);
    EXPECT_THAT(gateway.webhook("voice", call_form(sid(3), "ringing", "+18005550199", kTheirAccount), by(kTheirToken)).body, HasSubstr("<Reject"));
    EXPECT_EQ(gateway.webhook("voice", call_form(sid(4), "ringing", kLine, kTheirAccount), by(kToken)).status, 403);
    EXPECT_EQ(gateway.webhook("voice", call_form(sid(5)), by(kToken)).status, 200);
    // Nor for agents and calls of others that its URL or its form names.
    EXPECT_EQ(gateway.webhook("after?agent=back", call_form(sid(1), "in-progress", kLine, kTheirAccount), by(kTheirToken)).status, 403);
    EXPECT_EQ(gateway.webhook("status", call_form(sid(5), "completed", kLine, kTheirAccount), by(kTheirToken)).status, 403);
    EXPECT_EQ(gateway.webhook("after?agent=front", call_form(sid(1), "in-progress", kLine, kTheirAccount), by(kTheirToken)).status, 200);

    // The secret is nowhere to be seen.
    EXPECT_EQ(office.ask("GET", "/v1/agents/front/twilio").body["authtoken"], "***");
    EXPECT_THAT(everything_in(gateway.data()), Not(HasSubstr(kTheirToken)));
    const auto kept = store_.texts(gateway.data(), "SELECT authtoken, document FROM agent_credentials");
    EXPECT_THAT(kept, HasSubstr("sealed:v1:"));
    EXPECT_THAT(kept, Not(HasSubstr(kTheirToken)));
    EXPECT_THAT(store_.texts(gateway.data(), "SELECT was, became FROM audit_log"), Not(HasSubstr(kTheirToken)));
    EXPECT_EQ(std::filesystem::exists(gateway.data() / "seal.key"), !postgres()) << "only who is alone makes itself a key";
    for (const auto& line : gateway.log().lines()) EXPECT_THAT(line, Not(HasSubstr(kTheirToken)));

    // Forgotten.
    EXPECT_EQ(office.ask("DELETE", "/v1/agents/front/twilio").status, 204);
    EXPECT_EQ(office.ask("GET", "/v1/agents/front/twilio").status, 404);
    EXPECT_EQ(gateway.webhook("voice", call_form(sid(6), "ringing", kLine, kTheirAccount), by(kTheirToken)).status, 403);
}

// What is done to a call of theirs over REST is done with their account: here, and with an instance that never saw its webhook.
bool asked_as_them(sim::FakeTwilio& twilio, const std::string& call_sid, const std::string& what) {
    const auto all = json::parse(twilio.requests(), nullptr, false);
    for (const auto& request : all.is_array() ? all : all.value("requests", json::array())) {
        const auto text = request.dump();
        if (text.find(call_sid) != std::string::npos && text.find(what) != std::string::npos && text.find(kTheirAccount) != std::string::npos) return true;
    }
    return false;
}

TEST_P(Credentials, TheCarrierIsToldByTheirAccountHowLongACallMayLast) {
    Office office(store());
    ASSERT_EQ(office.save(credential({kLine})).status, 200);
    sim::CarrierOptions options = office.gateway().carrier();
    options.account_sid = kTheirAccount;
    options.auth_token = Secret(kTheirToken);
    sim::SimCarrier carrier(options);
    auto plan = office.gateway().plan(sim::test::person({sim::test::until_hangup()}));
    plan.to = kLine;
    auto call = carrier.place_call(plan);
    std::string sid;
    EXPECT_TRUE(eventually([&] {
        const auto started = office.gateway().events("call.started");
        if (started.empty()) return false;
        sid = started.front()["call_sid"];
        return asked_as_them(office.twilio(), sid, "TimeLimit");
    })) << office.twilio().requests();
    office.ask("POST", "/v1/calls/" + sid + "/hangup", "{}");
    (void)call.report.wait_for(std::chrono::seconds(20));
}

TEST(CredentialsOnPostgres, AnotherInstanceActsOnTheirCallsWithTheirAccount) {
    const test::PostgresDatabase database;
    const auto on = "store:\n  url: \"" + database.url() + "\"\n  seal_keys: [\"" + std::string(64, 'a') + "\"]\n";
    Office first(on);
    ASSERT_EQ(first.save(credential({kLine})).status, 200);
    Office second(on);
    const auto call = sid(7);
    EXPECT_THAT(first.gateway().webhook("voice", call_form(call, "ringing", kLine, kTheirAccount), by(kTheirToken)).body, HasSubstr("<Stream"));
    EXPECT_TRUE(eventually([&] {
        (void)second.ask("POST", "/v1/calls/" + call + "/hangup", "{}");
        return asked_as_them(second.twilio(), call, "completed");
    })) << second.twilio().requests();
    EXPECT_THAT(second.twilio().requests(), Not(HasSubstr(std::string("Accounts/") + kAccount)));
}

TEST_P(Credentials, AReplacedTokenIsStillBelievedForAWhile) {
    Office office(store());
    ASSERT_EQ(office.save(credential({kLine})).status, 200);
    auto changed = credential({kLine});
    changed["authtoken"] = kTheirNewToken;
    const auto saved = office.save(changed);
    ASSERT_EQ(saved.status, 200) << saved.text;
    // The simulated account does not know the new one: kept all the same, and said.
    EXPECT_THAT(saved.body.value("twilioWebhookError", ""), Not(testing::IsEmpty()));
    for (const char* list : {"twilioWebhooksUpdated", "twilioWebhookSkipped", "twilioWebhooksFailed"}) EXPECT_FALSE(saved.body.contains(list));
    int n = 10;
    for (const auto& token : {kTheirNewToken, kTheirToken})
        EXPECT_EQ(office.gateway().webhook("voice", call_form(sid(n++ % 10), "ringing", kLine, kTheirAccount), by(token)).status, 200);
    EXPECT_EQ(office.gateway().webhook("voice", call_form(sid(9), "ringing", kLine, kTheirAccount), by(kOldToken)).status, 403);
}

TEST_P(Credentials, WhatIsWrongIsSaidFieldByField) {
    Office office(store());
    ASSERT_EQ(office.save(credential({kLine})).status, 200);
    const auto taken = office.save(credential({kLine, "030 1234", "+18005550199"}), "desk");
    EXPECT_EQ(taken.status, 400);
    ASSERT_EQ(taken.body["error"]["problems"].size(), 3U) << taken.text;
    EXPECT_EQ(taken.body["error"]["problems"][0]["field"], "phonenumbers[0]");
    EXPECT_THAT(taken.body["error"]["problems"][0]["message"].get<std::string>(), HasSubstr("front"));
    EXPECT_THAT(taken.body["error"]["problems"][2]["message"].get<std::string>(), HasSubstr("back"));
    auto key = credential({});
    key["authtoken"] = "SK0123456789abcdef0123456789abcdef";
    EXPECT_THAT(office.save(key, "desk").body["error"]["message"].get<std::string>(), HasSubstr("API key"));
    EXPECT_EQ(office.save(credential({}), "nobody").status, 404);
    EXPECT_EQ(office.ask("PUT", "/v1/agents/desk/twilio", credential({}).dump(), "application/json", "wrong").status, 401);
    EXPECT_EQ(office.ask("GET", "/v1/agents/desk/twilio").status, 404);  // nothing of it was kept
}

TEST_P(Credentials, TheSaveSucceedsWhateverTwilioSays) {
    Office office(store());
    // One number fails, the other does not.
    office.twilio().set_faults(R"({"requests":[{"method":"POST","path":"/IncomingPhoneNumbers","count":2,"fault":"500"}]})");
    const auto failed = office.save(credential({kLine, kSecondLine}));
    ASSERT_EQ(failed.status, 200) << failed.text;
    ASSERT_EQ(failed.body["twilioWebhooksFailed"].size(), 1U) << failed.text;
    EXPECT_EQ(failed.body["twilioWebhooksFailed"][0]["number"], kLine);
    EXPECT_EQ(failed.body["twilioWebhooksUpdated"], json{kSecondLine});
    // A token Twilio does not know.
    auto refused = credential({kLine});
    refused["authtoken"] = kTheirNewToken;
    EXPECT_THAT(office.save(refused).body.value("twilioWebhookError", ""), HasSubstr("20003"));
    // Nobody there at all.
    office.twilio().stop();
    const auto unreachable = office.save(credential({kLine}));
    EXPECT_EQ(unreachable.status, 200);
    EXPECT_FALSE(unreachable.body.value("twilioWebhookError", "").empty()) << unreachable.text;
    EXPECT_EQ(office.ask("GET", "/v1/agents/front/twilio").body["phonenumbers"], json{kLine});
}

std::string wav(std::size_t samples, int channels = 1) {
    std::string data(samples * 2 * static_cast<std::size_t>(channels), '\x10');
    const auto le = [](std::uint32_t value, int bytes) {
        std::string out;
        for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> static_cast<unsigned>(8 * i)));
        return out;
    };
    const auto c = static_cast<std::uint32_t>(channels);
    return "RIFF" + le(static_cast<std::uint32_t>(36 + data.size()), 4) + "WAVEfmt " + le(16, 4) + le(1, 2) + le(c, 2) + le(16000, 4) + le(32000 * c, 4) +
           le(2 * c, 2) + le(16, 2) + "data" + le(static_cast<std::uint32_t>(data.size()), 4) + data;
}

TEST_P(Credentials, SoundIsUploadedDecodedAndNamedByItsDigest) {
    Office office(store(), [](Sections& s) {
        s.agents = "  desk: {default: true, brain: echo}\n  front: {script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\"}\n";
    });
    const std::string music = "/v1/agents/front/media/holdmusic";
    EXPECT_EQ(office.ask("GET", music).status, 404);
    EXPECT_EQ(office.ask("PUT", music, "not sound at all", "audio/wav").status, 422);
    EXPECT_EQ(office.ask("PUT", music, wav(16000, 2), "audio/wav").body["error"]["code"], "not_mono");
    EXPECT_EQ(office.ask("PUT", music, wav(16000), "application/zip").status, 415);
    EXPECT_EQ(office.ask("PUT", "/v1/agents/front/media/../../etc", wav(16000), "audio/wav").status, 404);
    EXPECT_EQ(office.ask("PUT", "/v1/agents/front/media/holdjazz", wav(16000), "audio/wav").status, 404);
    EXPECT_EQ(office.ask("PUT", music, std::string(10'000'500, 'x'), "audio/wav").status, 413);
    EXPECT_EQ(office.gateway().events("upload.rejected").size(), 4U);

    // Four megabytes: more than any other request may bring.
    const auto taken = office.ask("PUT", music, wav(2'000'000), "audio/wav");
    ASSERT_EQ(taken.status, 200) << taken.text;
    EXPECT_EQ(taken.body["durationMs"], 125'000);
    EXPECT_THAT(taken.body["id"].get<std::string>(), testing::StartsWith("media:"));
    EXPECT_THAT(taken.text, Not(HasSubstr("/tmp")));
    EXPECT_EQ(office.ask("GET", music).body, taken.body);

    auto c = credential({kLine});
    c["holdstrategy"] = "text_over_music";
    c["holdtext"] = "<speak>One <emphasis>moment</emphasis>.</speak>";
    const auto saved = office.save(c);
    ASSERT_EQ(saved.status, 200) << saved.text;
    EXPECT_EQ(saved.body["holdmusic"], taken.body["id"]);
    EXPECT_EQ(office.ask("DELETE", music).status, 409);
    c["holdstrategy"] = "none";
    ASSERT_EQ(office.save(c).status, 200);
    EXPECT_EQ(office.ask("DELETE", music).status, 204);
    EXPECT_EQ(office.ask("GET", music).status, 404);
}

TEST_P(Credentials, ADeletedAgentTakesNone) {
    Office office(store());
    ASSERT_EQ(office.ask("POST", "/v1/agents", R"({"name": "shop", "document": {"brain": "echo"}})").status, 201);
    ASSERT_EQ(office.save(credential({kLine}), "shop").status, 200);
    ASSERT_EQ(office.ask("DELETE", "/v1/agents/shop").status, 200);
    EXPECT_EQ(office.save(credential({kLine}), "shop").status, 404);
    EXPECT_EQ(office.ask("PUT", "/v1/agents/shop/media/holdmusic", wav(16000), "audio/wav").status, 404);
    // Its number is free, and whoever is called so next does not find the old account.
    EXPECT_EQ(office.save(credential({kLine})).status, 200);
    ASSERT_EQ(office.ask("POST", "/v1/agents", R"({"name": "shop", "document": {"brain": "echo"}})").status, 201);
    EXPECT_EQ(office.ask("GET", "/v1/agents/shop/twilio").status, 404);
}

TEST_P(Credentials, ConfiguredKeysSealAndNoKeyFileIsMade) {
    Office office(store("  seal_keys: [\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"]\n"));
    ASSERT_EQ(office.save(credential({kLine})).status, 200);
    EXPECT_FALSE(std::filesystem::exists(office.gateway().data() / "seal.key"));
    EXPECT_THAT(store_.texts(office.gateway().data(), "SELECT authtoken FROM agent_credentials"), HasSubstr("sealed:v1:630dcd29:"));
    EXPECT_TRUE(office.gateway().events("seal.key_file").empty());
}

struct Printed {
    int status = 0;
    std::string text;
};
Printed parley(const std::filesystem::path& folder, std::vector<std::string> arguments) {
    const auto out = folder / "printed";
    arguments.insert(arguments.begin(), PARLEY_BIN);
    auto run = load::Child::spawn(arguments, {}, -1, out.string());
    int state = 0;
    for (;;) {
        siginfo_t info{};
        if (::waitid(P_PID, static_cast<id_t>(run.pid()), &info, WEXITED | WNOWAIT) == 0) {
            state = info.si_status;
            break;
        }
    }
    std::ifstream in(out);
    return {state, std::string(std::istreambuf_iterator<char>(in), {})};
}

// While the gateway serves: what was sealed under the first key lies under the second one afterwards, and is still believed.
TEST_P(Credentials, AreSealedUnderAnotherKeyWhileTheGatewayRuns) {
    constexpr const char* kOld = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const std::string fresh(64, 'b');
    Office office(store("  seal_keys: [\"" + std::string(kOld) + "\", \"" + fresh + "\"]\n"));
    auto& gateway = office.gateway();
    ASSERT_EQ(office.save(credential({kLine})).status, 200);
    const auto sealed = [&] { return store_.texts(gateway.data(), "SELECT authtoken FROM agent_credentials"); };
    ASSERT_THAT(sealed(), testing::StartsWith("sealed:v1:630dcd29:"));
    // The configuration of the operator's next step: the new key first.
    const auto folder = gateway.data() / "operator";
    std::filesystem::create_directories(folder);
    const auto file = (folder / "parley.yaml").string();
    std::ifstream was(gateway.config_file());
    std::string text((std::istreambuf_iterator<char>(was)), {});
    const auto at = text.find(kOld);
    ASSERT_NE(at, std::string::npos);
    const auto swapped = "\"" + fresh + "\", \"" + kOld + "\"]";
    text.replace(at - 1, text.find(']', at) - at + 2, swapped);
    std::ofstream(file) << text;
    EXPECT_NE(parley(folder, {"seal", "check", "--config", file}).text.find("1 "), std::string::npos);
    const auto rotated = parley(folder, {"seal", "rotate", "--config", file});
    EXPECT_EQ(rotated.status, 0) << rotated.text;
    EXPECT_THAT(sealed(), testing::AllOf(testing::StartsWith("sealed:v1:"), Not(HasSubstr("630dcd29"))));
    EXPECT_THAT(sealed(), Not(HasSubstr(kTheirToken)));
    // Nothing is left to do, and the agent's account is believed as before.
    const auto checked = parley(folder, {"seal", "check", "--config", file});
    EXPECT_EQ(checked.status, 0) << checked.text;
    EXPECT_EQ(gateway.webhook("voice", call_form(sid(7), "ringing", kLine, kTheirAccount), by(kTheirToken)).status, 200);
    EXPECT_EQ(office.ask("PUT", "/v1/agents/front/twilio", credential({kLine, kSecondLine}).dump()).status, 200);
}

ON_EACH_STORE(Credentials);

}  // namespace
}  // namespace parley::scenarios
