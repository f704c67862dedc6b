// Agents made and changed through /v1, and who may do so: the gateway with its own store, judged at the caller's ear and at the interface.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "gateway_under_test.hpp"
#include "parley/sim/carrier.hpp"
#include "postgres_server.hpp"
#include "pitch.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using sim::test::answers;
using sim::test::heard_ms;
using sim::test::pause;
using sim::test::say;
using testing::HasSubstr;

constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kOwn = "+18005550199";  // of the agent that is made
constexpr const char* kUnknownSid = "CA0123456789abcdef0123456789abcdef";

struct Answer {
    int status = 0;
    json body;
};

// One gateway with an admin token, as a program sees it.
class Office {
public:
    explicit Office(const Sections& sections = {}) : gateway_(with_token(sections)) {}
    GatewayUnderTest& gateway() { return gateway_; }

    Answer ask(const std::string& method, const std::string& path, const json& body = nullptr, const std::string& token = kAdmin,
               std::vector<std::pair<std::string, std::string>> more = {}) {
        std::vector<std::pair<std::string, std::string>> headers{{"Host", "127.0.0.1"}};
        if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
        if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
        for (auto& header : more) headers.push_back(std::move(header));
        const auto raw = http(gateway_.gateway().admin_port(), method, path, headers, body.is_null() ? "" : body.dump());
        return {raw.status, json::parse(raw.body, nullptr, false)};
    }
    std::string token(const std::string& name, const std::string& role, int seconds = 0) {
        json body{{"name", name}, {"role", role}};
        if (seconds > 0) body["expires_in_s"] = seconds;
        const auto made = ask("POST", "/v1/tokens", body);
        EXPECT_EQ(made.status, 201) << made.body;
        return made.body.value("token", "");
    }

private:
    static Sections with_token(Sections sections) {
        sections.server += std::string("  admin_token: \"") + kAdmin + "\"\n";
        return sections;
    }
    GatewayUnderTest gateway_;
};

std::string code_of(const Answer& answer) {
    return answer.body.is_object() && answer.body.contains("error") ? answer.body["error"].value("code", "") : "";
}
std::string field_of(const Answer& answer) {
    return answer.body.is_object() && answer.body.contains("error") ? answer.body["error"].value("field", "") : "";
}

TEST(Agents, AreMadeReadChangedStoppedRestoredAndDeleted) {
    Office office;
    const auto made = office.ask("POST", "/v1/agents", {{"name", "front"}, {"document", {{"brain", "echo"}, {"numbers", {kOwn}}}}});
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.body["revision"], 1);
    EXPECT_THAT(made.body.value("agenttoken", ""), testing::StartsWith("ag_"));
    EXPECT_EQ(made.body["document"], (json{{"brain", "echo"}, {"numbers", {kOwn}}}));

    // It answers at once.
    EXPECT_THAT(office.gateway().webhook("voice", call_form("CA00000000000000000000000000000011", "ringing", kOwn)).body, HasSubstr("<Stream"));

    const auto listed = office.ask("GET", "/v1/agents");
    ASSERT_EQ(listed.body["agents"].size(), 2U) << listed.body;
    EXPECT_EQ(listed.body["agents"][0]["source"], "file");
    EXPECT_EQ(listed.body["agents"][1]["source"], "api");

    // By revision: the right one, a wrong one in the body, a wrong one in the header.
    EXPECT_EQ(office.ask("PATCH", "/v1/agents/front", {{"document", {{"max_call", "10m"}}}, {"revision", 1}}).status, 200);
    const auto late = office.ask("PATCH", "/v1/agents/front", {{"document", {{"max_call", "20m"}}}, {"revision", 1}});
    EXPECT_EQ(late.status, 409) << late.body;
    EXPECT_EQ(field_of(late), "revision");
    EXPECT_EQ(office.ask("PATCH", "/v1/agents/front", {{"document", {{"max_call", "20m"}}}}, kAdmin, {{"If-Match", "\"1\""}}).status, 412);
    EXPECT_EQ(office.ask("GET", "/v1/agents/front").body["document"]["max_call"], "10m");
    const auto put =
        office.ask("PUT", "/v1/agents/front", {{"document", {{"brain", "echo"}, {"numbers", {kOwn}}, {"voicemail", false}}}}, kAdmin, {{"If-Match", "\"2\""}});
    ASSERT_EQ(put.status, 200) << put.body;
    EXPECT_FALSE(put.body["document"].contains("max_call"));

    EXPECT_EQ(office.ask("POST", "/v1/agents/front/stop").status, 200);
    EXPECT_THAT(office.gateway().webhook("voice", call_form("CA00000000000000000000000000000012", "ringing", kOwn)).body, HasSubstr("<Reject"));
    EXPECT_EQ(office.ask("POST", "/v1/agents/front/stop").body["revision"], 4) << "what is stopped already is no change";
    EXPECT_EQ(office.ask("POST", "/v1/agents/front/start").body["revision"], 5);
    EXPECT_THAT(office.gateway().webhook("voice", call_form("CA00000000000000000000000000000013", "ringing", kOwn)).body, HasSubstr("<Stream"));

    const auto restored = office.ask("POST", "/v1/agents/front/revisions/2/restore");
    ASSERT_EQ(restored.status, 200) << restored.body;
    EXPECT_EQ(restored.body["document"]["max_call"], "10m");
    const auto past = office.ask("GET", "/v1/agents/front/revisions?limit=2");
    ASSERT_EQ(past.body["revisions"].size(), 2U) << past.body;
    EXPECT_EQ(past.body["revisions"][0]["revision"], 6);
    EXPECT_EQ(past.body["revisions"][0]["action"], "restored 2");
    EXPECT_EQ(past.body["revisions"][0]["who"], "server.admin_token");
    EXPECT_EQ(past.body["cursor"], "5");
    EXPECT_EQ(office.ask("GET", "/v1/agents/front/revisions?cursor=5").body["revisions"].size(), 4U);
    EXPECT_EQ(office.ask("GET", "/v1/agents/front/revisions/1").body["document"], (json{{"brain", "echo"}, {"numbers", {kOwn}}}));
    EXPECT_EQ(code_of(office.ask("GET", "/v1/agents/front/revisions/99")), "no_such_revision");

    EXPECT_EQ(office.ask("DELETE", "/v1/agents/front").status, 200);
    EXPECT_EQ(code_of(office.ask("GET", "/v1/agents/front")), "no_such_agent");
    EXPECT_THAT(office.gateway().webhook("voice", call_form("CA00000000000000000000000000000014", "ringing", kOwn)).body, HasSubstr("<Stream"))
        << "the default one has it again";
    // Its revisions count on, so that no two different ones have the same number.
    EXPECT_EQ(office.ask("POST", "/v1/agents", {{"name", "front"}, {"document", {{"brain", "echo"}}}}).body["revision"], 7);
    // Each change left a line, the newest first, and only changes did.
    const auto audit = office.ask("GET", "/v1/audit?limit=3");
    ASSERT_EQ(audit.body["lines"].size(), 3U) << audit.body;
    EXPECT_EQ(audit.body["lines"][0]["action"], "agent.created");
    EXPECT_EQ(audit.body["lines"][1]["action"], "agent.deleted");
    EXPECT_EQ(audit.body["lines"][1]["before"]["document"]["max_call"], "10m");
    EXPECT_EQ(audit.body["lines"][1]["target"], "front");
    EXPECT_EQ(audit.body["lines"][1]["who"], "server.admin_token");
    const auto older = office.ask("GET", "/v1/audit?cursor=" + audit.body["cursor"].get<std::string>() + "&action=agent.stopped");
    EXPECT_EQ(older.body["lines"].size(), 2U) << older.body;
    EXPECT_EQ(office.gateway().events("admin.action").size(), 11U);
}

TEST(Agents, MistakesAreNamedByFieldAllAtOnce) {
    Sections sections;
    sections.agents = "  desk: {default: true, brain: echo, numbers: [\"+18005551212\"]}\n";
    Office office(sections);
    const auto make = [&](const json& document, const std::string& name = "front") {
        return office.ask("POST", "/v1/agents", {{"name", name}, {"document", document}});
    };
    struct Case {
        json document;
        std::string field;
    };
    for (const auto& [document, field] : std::vector<Case>{
             {{{"brain", "parrot"}}, "brain"},
             {{{"brain", "echo"}, {"max_cal", "5m"}}, "max_cal"},
             {{{"brain", "echo"}, {"conversation", {{"idle_prompts", 99}}}}, "conversation.idle_prompts"},
             {{{"brain", "echo"}, {"conversation", 7}}, "conversation"},
             {{{"brain", "echo"}, {"numbers", {"+1800555", "0800"}}}, "numbers[1]"},
             {{{"brain", "echo"}, {"numbers", {"+18005551212"}}}, "numbers"},
             {{{"brain", "echo"}, {"default", true}}, "default"},
             {{{"brain", "embedded"}}, "script"},
             {{{"brain", "embedded"}, {"script", "/etc/passwd"}}, "script"},
             {{{"brain", "embedded"}, {"script", "../secret.yaml"}}, "script"},
             {{{"brain", "bot"}, {"bot", "wss://bot.example.com/"}, {"bot_headers", {{"Authorization", "env:HOME"}}}}, "bot_headers.Authorization"},
             {{{"brain", "bot"}, {"bot", "wss://bot.example.com/"}, {"bot_headers", {{"Authorization", "file:/etc/hostname"}}}}, "bot_headers.Authorization"},
             {{{"brain", "bot"}, {"bot", "wss://bot.example.com/"}, {"bot_headers", {{"Authorization", "***"}}}}, "bot_headers.Authorization"}}) {
        const auto answer = make(document);
        EXPECT_EQ(answer.status, 400) << document << answer.body;
        EXPECT_EQ(code_of(answer), "invalid");
        EXPECT_EQ(field_of(answer), field) << document << answer.body;
    }
    const auto both = make({{"brain", "parrot"}, {"max_call", "never"}});
    EXPECT_GE(both.body["error"]["problems"].size(), 2U) << both.body;
    EXPECT_EQ(make({{"brain", "echo"}}, "with space").status, 400);
    EXPECT_EQ(make({{"brain", "echo"}}, "desk").status, 409) << "names are unique over the file and the store";
    for (const char* method : {"PUT", "PATCH"}) {
        const auto answer = office.ask(method, "/v1/agents/desk", {{"document", {{"brain", "echo"}}}});
        EXPECT_EQ(answer.status, 409);
        EXPECT_EQ(code_of(answer), "file");
    }
    EXPECT_EQ(office.ask("DELETE", "/v1/agents/desk").status, 409);
    EXPECT_EQ(office.ask("POST", "/v1/agents/desk/stop").status, 409);
    EXPECT_EQ(office.ask("GET", "/v1/agents/desk").body["document"], (json{{"brain", "echo"}, {"default", true}, {"numbers", {"+18005551212"}}}));
    ASSERT_EQ(make({{"brain", "echo"}, {"numbers", {kOwn}}}).status, 201);
    EXPECT_EQ(code_of(make({{"brain", "echo"}, {"numbers", {kOwn}}}, "second")), "invalid");
    EXPECT_EQ(office.ask("PUT", "/v1/agents/nobody", {{"document", json::object()}}).status, 404);
}

TEST(Agents, SecretsGoInAndNeverComeOut) {
    constexpr const char* kSecret = "canary-5up3r-s3cr3t-value";
    Office office;
    const json document{{"brain", "bot"}, {"bot", "wss://bot.example.com/"}, {"bot_headers", {{"Authorization", kSecret}, {"X-Other", "other-secret"}}}};
    const auto made = office.ask("POST", "/v1/agents", {{"name", "front"}, {"document", document}});
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.body["document"]["bot_headers"]["Authorization"], "***");
    // "***" keeps what is there; what is not mentioned any more is gone.
    auto kept = made.body["document"];
    kept["bot_headers"].erase("X-Other");
    kept["max_call"] = "5m";
    EXPECT_EQ(office.ask("PUT", "/v1/agents/front", {{"document", kept}}).status, 200);
    kept["bot_headers"]["X-Other"] = "***";
    EXPECT_EQ(field_of(office.ask("PUT", "/v1/agents/front", {{"document", kept}})), "bot_headers.X-Other");
    // It does not go to whoever the address is changed to.
    EXPECT_EQ(field_of(office.ask("PATCH", "/v1/agents/front", {{"document", {{"bot", "wss://evil.example.com/"}}}})), "bot_headers.Authorization");
    EXPECT_EQ(office.ask("PATCH", "/v1/agents/front", {{"document", {{"bot", "wss://bot.example.com/other"}}}}).status, 200);
    for (const char* path : {"/v1/agents/front", "/v1/agents", "/v1/agents/front/revisions/1", "/v1/audit"}) {
        const auto answer = office.ask("GET", path);
        EXPECT_EQ(answer.status, 200);
        EXPECT_THAT(answer.body.dump(), testing::Not(HasSubstr(kSecret))) << path;
    }
    for (const auto& line : office.gateway().log().lines()) EXPECT_THAT(line, testing::Not(HasSubstr(kSecret)));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(office.gateway().data())) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        EXPECT_EQ(content.find(kSecret), std::string::npos) << entry.path();
    }
}

TEST(Access, EachRouteOpensToItsRoleAndToNoOther) {
    Office office;
    const auto document = office.ask("GET", "/v1/openapi.json").body;
    ASSERT_TRUE(document.contains("paths"));
    const auto expired = office.token("short", "admin", 1), read = office.token("reader", "read"), operate = office.token("operator", "operate"),
               admin = office.token("chief", "admin");
    const auto revoked = office.token("gone", "admin");
    const auto listed = office.ask("GET", "/v1/tokens").body;  // outlives the loop over it
    for (const auto& one : listed["tokens"])
        if (one["name"] == "gone") EXPECT_EQ(office.ask("DELETE", "/v1/tokens/" + one["id"].get<std::string>()).status, 200);
    std::this_thread::sleep_for(1100ms);
    const std::vector<std::string> roles{"read", "operate", "admin"};
    std::size_t routes = 0;
    for (const auto& [pattern, operations] : document["paths"].items()) {
        auto path = pattern;
        for (auto at = path.find('{'); at != std::string::npos; at = path.find('{'))
            path.replace(at, path.find('}') - at + 1, pattern.find("/calls/") != std::string::npos ? kUnknownSid : "1");
        for (const auto& [verb, operation] : operations.items()) {
            ++routes;
            std::string method;
            for (const char c : verb) method += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            const auto where = method + " " + path;
            const json body = method == "PATCH" || method == "PUT" ? json::object() : json();  // these have one, or are refused before the door
            for (const auto& bad : {std::string(), std::string("wrong"), std::string(kAdmin) + "x", expired, revoked, "plk_" + std::string(60, '0')})
                EXPECT_EQ(office.ask(method, path, body, bad).status, 401) << where;
            const auto needed = std::find(roles.begin(), roles.end(), operation.value("x-role", "")) - roles.begin();
            ASSERT_LT(needed, 3) << where;
            const std::vector<std::string> tokens{read, operate, admin};
            for (std::ptrdiff_t role = 0; role < 3; ++role) {
                const auto answer = office.ask(method, path, body, tokens[static_cast<std::size_t>(role)]);
                if (role < needed) {
                    EXPECT_EQ(answer.status, 403) << where << " as " << roles[static_cast<std::size_t>(role)];
                    EXPECT_EQ(code_of(answer), "forbidden");
                } else {
                    EXPECT_NE(answer.status, 401) << where;
                    EXPECT_NE(code_of(answer), "forbidden") << where;
                    EXPECT_NE(code_of(answer), "no_such_path") << where << ": every documented route is there";
                    EXPECT_NE(answer.status, 405) << where;
                }
            }
        }
    }
    EXPECT_GE(routes, 35U);
    EXPECT_EQ(office.ask("GET", "/v1/agents", nullptr, read).status, 200);
    // Tokens: shown once, found by nobody afterwards.
    EXPECT_THAT(office.ask("GET", "/v1/tokens").body.dump(), testing::Not(HasSubstr(admin)));
    for (const auto& line : office.gateway().log().lines()) EXPECT_THAT(line, testing::Not(HasSubstr(admin)));
}

TEST(Access, TheDoorsHold) {
    Office office;
    auto& gateway = office.gateway().gateway();
    const auto raw = [&](const std::string& method, const std::string& path, std::vector<std::pair<std::string, std::string>> headers,
                         const std::string& body = {}) {
        headers.emplace_back("Authorization", std::string("Bearer ") + kAdmin);
        return http(gateway.admin_port(), method, path, headers, body).status;
    };
    // A name that was bent to this machine.
    EXPECT_EQ(raw("GET", "/v1/agents", {{"Host", "evil.example.net"}}), 403);
    EXPECT_EQ(raw("GET", "/v1/agents", {{"Host", "evil.example.net:9090"}}), 403);
    for (const char* host : {"127.0.0.1", "127.0.0.1:9090", "[::1]:9090", "localhost:1", "LOCALHOST", "voice.example.test"})
        EXPECT_EQ(raw("GET", "/v1/agents", {{"Host", host}}), 200) << host;
    const std::pair<std::string, std::string> local{"Host", "127.0.0.1"}, as_json{"Content-Type", "application/json"};
    EXPECT_EQ(raw("POST", "/v1/tokens", {local, {"Content-Type", "text/plain"}}, "{\"name\":\"a\",\"role\":\"read\"}"), 415);
    EXPECT_EQ(raw("POST", "/v1/tokens", {local}, "{\"name\":\"a\",\"role\":\"read\"}"), 415);
    EXPECT_EQ(raw("POST", "/v1/tokens", {local, as_json}, "{\"name\":\"a\",\"name\":\"b\",\"role\":\"read\"}"), 400);
    EXPECT_EQ(raw("POST", "/v1/agents", {local, as_json}, "{\"name\":\"a\",\"document\":{\"variables\":" + std::string(40, '[') + std::string(40, ']') + "}}"),
              400);
    EXPECT_EQ(raw("POST", "/v1/tokens", {local, as_json}, std::string(100'000, ' ')), 413);
    EXPECT_EQ(raw("PUT", "/v1/agents", {local, as_json}, "{}"), 405);
    EXPECT_EQ(raw("HEAD", "/v1/agents", {local}), 405);
    EXPECT_EQ(raw("GET", "/v1/agents/%zz", {local}), 404);
    EXPECT_EQ(raw("GET", "/v1/agents/%2e%2e", {local}), 404);
    EXPECT_EQ(raw("GET", "/v1/agents?nothing=1", {local}), 400);
    EXPECT_EQ(raw("GET", "/v1/%61gents", {local}), 200);
    EXPECT_EQ(raw("GET", "/v1/agents/", {local}), 404);
    EXPECT_EQ(raw("GET", "/v1", {local}), 404);
}

TEST(AgentsPostgres, TwoInstancesHaveOneSetOfAgentsAndTokens) {
    const test::PostgresDatabase fresh;
    Sections sections;
    sections.more = "store:\n  url: \"" + fresh.url() + "\"\n  seal_keys: [\"" + std::string(64, 'a') + "\"]\n";
    Office one(sections), two(sections);
    const auto answers = [](Office& office, const std::string& sid) { return office.gateway().webhook("voice", call_form(sid, "ringing", kOwn)).body; };
    ASSERT_EQ(
        one.ask("POST", "/v1/agents",
                {{"name", "front"},
                 {"document", {{"brain", "bot"}, {"bot", "wss://bot.example.com/"}, {"bot_headers", {{"Authorization", "the-secret"}}}, {"numbers", {kOwn}}}}})
            .status,
        201);
    // Within two seconds also there, with its secret.
    EXPECT_TRUE(eventually([&] { return two.ask("GET", "/v1/agents/front").status == 200; }, 10s));
    const auto there = two.ask("GET", "/v1/agents/front");
    EXPECT_EQ(there.body["revision"], 1);
    EXPECT_FALSE(there.body.contains("problem")) << there.body;
    EXPECT_THAT(answers(two, "CA00000000000000000000000000000021"), HasSubstr("<Stream"));
    EXPECT_EQ(two.ask("POST", "/v1/agents/front/stop").status, 200);
    EXPECT_TRUE(eventually([&] { return one.ask("GET", "/v1/agents/front").body.value("enabled", true) == false; }, 10s));
    EXPECT_THAT(answers(one, "CA00000000000000000000000000000022"), HasSubstr("<Reject"));
    // Whoever has not seen the other's change does not overwrite it.
    EXPECT_EQ(one.ask("PATCH", "/v1/agents/front", {{"document", {{"max_call", "5m"}}}, {"revision", 1}}).status, 409);
    const auto token = one.token("operator", "operate");
    EXPECT_EQ(two.ask("GET", "/v1/agents", nullptr, token).status, 200) << "looked for at once";
    const auto tokens = two.ask("GET", "/v1/tokens");
    ASSERT_EQ(tokens.body["tokens"].size(), 1U);
    EXPECT_EQ(two.ask("DELETE", "/v1/tokens/" + tokens.body["tokens"][0]["id"].get<std::string>()).status, 200);
    EXPECT_EQ(two.ask("GET", "/v1/agents", nullptr, token).status, 401);
    EXPECT_TRUE(eventually([&] { return one.ask("GET", "/v1/agents", nullptr, token).status == 401; }, 10s));
    EXPECT_EQ(one.ask("GET", "/v1/audit").body["lines"].size(), 5U);
    // The store goes away: what is known goes on, nothing is changed.
    fresh.close_doors(true);
    fresh.disconnect_all();
    EXPECT_EQ(one.ask("GET", "/v1/agents").status, 200);
    EXPECT_EQ(one.ask("PATCH", "/v1/agents/front", {{"document", {{"max_call", "5m"}}}}).status, 503);
    EXPECT_THAT(answers(one, "CA00000000000000000000000000000023"), HasSubstr("<Reject"));
    fresh.close_doors(false);
    EXPECT_TRUE(eventually([&] { return one.ask("PATCH", "/v1/agents/front", {{"document", {{"max_call", "5m"}}}}).status == 200; }, 20s));
}

// What stands behind the first answer is that of the revision the call began with, whichever instance is asked for it.
void calls_keep_their_revision(Office& one, Office& two) {
    const auto made = one.ask("POST", "/v1/agents",
                              {{"name", "front"},
                               {"document",
                                {{"brain", "echo"},
                                 {"numbers", {kOwn}},
                                 {"answer", {"forward", "voicemail"}},
                                 {"forward", {{"to", {"+4930111111"}}}},
                                 {"voicemail_prompt", "After the first tone."}}}});
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string call = "CA00000000000000000000000000000031";
    const auto first = one.gateway().webhook("voice", call_form(call, "ringing", kOwn)).body;
    EXPECT_THAT(first, HasSubstr("+4930111111"));
    const auto begin = first.find("/webhooks/twilio/dialed?");
    ASSERT_NE(begin, std::string::npos) << first;
    auto route = first.substr(begin + 17, first.find('"', begin) - begin - 17);
    for (auto amp = route.find("&amp;"); amp != std::string::npos; amp = route.find("&amp;", amp + 1)) route.replace(amp, 5, "&");
    ASSERT_EQ(one.ask("PUT", "/v1/agents/front",
                      {{"document", {{"brain", "echo"}, {"numbers", {kOwn}}, {"answer", {"forward", "hangup"}}, {"forward", {{"to", {"+4930222222"}}}}}}})
                  .status,
              200);
    EXPECT_TRUE(eventually([&] { return two.ask("GET", "/v1/agents/front").body.value("revision", 0) == 2; }, 10s));
    auto form = call_form(call, "in-progress", kOwn);
    form.emplace_back("DialCallStatus", "no-answer");
    form.emplace_back("DialCallSid", "CA00000000000000000000000000000032");
    for (auto* office : {&two, &one}) {
        const auto next = office->gateway().webhook(route, form).body;
        EXPECT_THAT(next, HasSubstr("After the first tone."));
        EXPECT_THAT(next, HasSubstr("rev=1"));
    }
    EXPECT_THAT(two.gateway().webhook("voice", call_form("CA00000000000000000000000000000033", "ringing", kOwn)).body, HasSubstr("+4930222222"));
}
TEST(Agents, ACallsLaterAnswersAreThoseOfItsRevision) {
    Office one;
    calls_keep_their_revision(one, one);
}
TEST(AgentsPostgres, ACallsLaterAnswersAreThoseOfItsRevisionOnAnyInstance) {
    const test::PostgresDatabase fresh;
    Sections sections;
    sections.more = "store:\n  url: \"" + fresh.url() + "\"\n  seal_keys: [\"" + std::string(64, 'a') + "\"]\n";
    Office one(sections), two(sections);
    calls_keep_their_revision(one, two);
}

TEST(Agents, SlowARunningCallKeepsItsRevisionAndTheNextHasTheNewOne) {
    Office office;
    const auto made = office.ask("POST", "/v1/agents", {{"name", "front"}, {"document", {{"brain", "echo"}, {"numbers", {kOwn}}}}});
    ASSERT_EQ(made.status, 201) << made.body;
    auto options = office.gateway().carrier();
    options.voice = std::make_shared<sim::test::PitchVoice>();
    sim::SimCarrier carrier(options);
    const auto call = [&](std::vector<sim::Step> steps) {
        auto plan = office.gateway().plan(sim::test::person(std::move(steps)));
        plan.to = kOwn;
        return plan;
    };
    // One voice is there before and after the change; both times the echo answers.
    auto running = carrier.place_call(call({pause(300), say(700, 600), pause(2500), say(700, 600), pause(1200)}));
    ASSERT_TRUE(eventually([&] { return office.gateway().metric("parley_calls_active{dir=\"in\"}") == 1; }));
    std::this_thread::sleep_for(1500ms);
    ASSERT_EQ(office.ask("PATCH", "/v1/agents/front", {{"document", {{"answer", {"voicemail"}}, {"voicemail_prompt", "1300 900"}}}}).status, 200);
    const auto next = carrier.place_call(call({pause(2000)})).report.get();
    EXPECT_GE(heard_ms(next, 1300), 600) << "the next call has what was changed";
    const auto first = running.report.get();
    EXPECT_GE(heard_ms(first, 700), 900) << "the echo twice: the running call is as it was";
    EXPECT_LE(heard_ms(first, 1300), 50);
    ASSERT_EQ(office.ask("POST", "/v1/agents/front/stop").status, 200);
    const auto turned_away = carrier.place_call(call({pause(500)})).report.get();
    EXPECT_EQ(turned_away.streams.size(), 0U);
    EXPECT_LE(heard_ms(turned_away, 1300), 50);
}

}  // namespace
}  // namespace parley::scenarios
