// The history of calls as the interface shows it, after a call of the simulated carrier, on both stores.

#include <gtest/gtest.h>

#include "gateway_under_test.hpp"
#include "raw_stream.hpp"
#include "sounds.hpp"
#include "parley/sim/identifiers.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;

json get(GatewayUnderTest& gateway, const std::string& path, int status = 200) {
    const auto answer = http(gateway.gateway().admin_port(), "GET", path, {{"Host", "127.0.0.1"}, {"Authorization", "Bearer history-test-of-the-scenarios"}});
    EXPECT_EQ(answer.status, status) << path << ": " << answer.body;
    return json::parse(answer.body, nullptr, false);
}

void one_call_is_one_row(const std::string& store) {
    Sections setup;
    setup.server = "  admin_token: history-test-of-the-scenarios\n";
    setup.more = store;
    GatewayUnderTest gateway(setup);
    sim::SimCarrier carrier(gateway.carrier());
    const auto report = carrier.place_call(gateway.plan(steps({pause(400), hang_up()}))).report.get();
    ASSERT_EQ(report.status, "completed");
    json page;
    ASSERT_TRUE(eventually([&] {
        page = get(gateway, "/v1/history?status=realtime_session");
        return page["calls"].size() == 1 && page["calls"][0]["final"] == true;
    })) << page.dump();
    const auto row = page["calls"][0];
    EXPECT_EQ(row["callsid"], report.call_sid);
    EXPECT_EQ(row["agent"], "desk");
    EXPECT_EQ(row["channel"], "twilio");
    EXPECT_EQ(row["direction"], "in");
    EXPECT_EQ(row["endReason"], "twilio_disconnect");
    EXPECT_EQ(row["endDetail"], "caller_hung_up");
    EXPECT_EQ(row["rejectionReason"], nullptr);
    EXPECT_TRUE(row["durationSeconds"].is_number_integer());
    EXPECT_TRUE(row["startedAt"].is_string() && row["answeredAt"].is_string() && row["endedAt"].is_string());
    EXPECT_TRUE(row["callerInfo"]["number"].is_string());
    EXPECT_EQ(page["nextCursor"], nullptr);
    const auto guid = row["messageguid"].get<std::string>();
    EXPECT_EQ(guid.size(), 32U);
    const auto detail = get(gateway, "/v1/history/" + guid);
    EXPECT_EQ(detail["callsid"], report.call_sid);
    EXPECT_EQ(detail["end"]["reason"], "caller_hung_up");
    for (const auto* list : {"transcript", "waterfalls", "toolCalls", "usage", "recordings", "events"}) EXPECT_TRUE(detail[list].is_array()) << list;
    EXPECT_TRUE(get(gateway, "/v1/history?agent=nobody")["calls"].empty());
    EXPECT_EQ(
        get(gateway, "/v1/history?callsid=" + report.call_sid + "&endReason=twilio_disconnect&channel=twilio&direction=in&from=2020-01-01")["calls"].size(),
        1U);
    EXPECT_TRUE(get(gateway, "/v1/history?agent=%27%20OR%201%3D1%20--")["calls"].empty());
    get(gateway, "/v1/history?limit=0", 400);
    get(gateway, "/v1/history?limit=201", 400);
    get(gateway, "/v1/history?cursor=nonsense", 400);
    get(gateway, "/v1/history?from=yesterday", 400);
    get(gateway, "/v1/history/" + report.call_sid, 404);  // no name anybody could know
    get(gateway, "/v1/history/00000000000000000000000000000000", 404);
}

// What is known of the caller when the call begins, without what this agent's calls may not show.
void the_callers_profile_is_kept(const std::string& store) {
    Sections setup;
    setup.server = "  admin_token: history-test-of-the-scenarios\n";
    setup.more = store;
    setup.agents =
        "  desk: {default: true, brain: echo, privacy: {redact: true}}\n  open: {brain: echo, numbers: [\"+18005551213\"], memory: {callers: true, shared: "
        "true}}\n";
    GatewayUnderTest gateway(setup);
    const auto put = [&](const std::string& owner, const json& profile) {
        const auto answer =
            http(gateway.gateway().admin_port(), "PUT", "/v1/callers/%2B14155550100/profile?agent=" + owner,
                 {{"Host", "127.0.0.1"}, {"Authorization", "Bearer history-test-of-the-scenarios"}, {"Content-Type", "application/json"}}, profile.dump());
        EXPECT_TRUE(answer.status == 200 || answer.status == 201) << answer.status << answer.body;
    };
    put("desk", {{"name", "Ann"}, {"facts", {"pays with 4111 1111 1111 1111"}}});
    put("open", {{"name", "Anna"}});
    const auto profile_after = [&](const std::string& number, const std::string& caller) {
        const auto sid = sim::make_sid("CA");
        auto form = call_form(sid, "ringing", number);
        for (auto& [name, value] : form)
            if (name == "From") value = caller;
        (void)gateway.webhook("voice", form);
        json page;
        EXPECT_TRUE(eventually([&] {
            page = get(gateway, "/v1/history?callsid=" + sid);
            return page["calls"].size() == 1 && page["calls"][0]["agent"].is_string();
        })) << page.dump();
        EXPECT_EQ(get(gateway, "/v1/history/" + page["calls"][0]["messageguid"].get<std::string>())["callerProfile"], page["calls"][0]["callerProfile"]);
        return page["calls"][0]["callerProfile"];
    };
    EXPECT_EQ(profile_after(kNumber, "+14155550100"), (json{{"name", "Ann"}, {"facts", {"pays with [card]"}}}));
    EXPECT_EQ(profile_after("+18005551213", "+14155550100"), (json{{"name", "Anna"}}));
    EXPECT_EQ(profile_after(kNumber, "+14155550199"), nullptr) << "somebody else";
    EXPECT_EQ(profile_after(kNumber, "Anonymous"), nullptr);
    // What is learned later is the next call's.
    const auto row = get(gateway, "/v1/history?agent=desk&number=%2B14155550100")["calls"][0];
    put("desk", {{"name", "Ann Smith"}});
    EXPECT_EQ(get(gateway, "/v1/history/" + row["messageguid"].get<std::string>())["callerProfile"]["name"], "Ann");
    EXPECT_EQ(profile_after(kNumber, "+14155550100"), (json{{"name", "Ann Smith"}}));
}

// A visitor of a web page who talks for a moment and closes it; another who never connects.
void a_visitor_is_one_row(const std::string& store) {
    Sections setup;
    setup.server = "  admin_token: history-test-of-the-scenarios\n  talk_page: desk\n";
    setup.more = store;
    GatewayUnderTest gateway(setup);
    const auto origin = std::string("https://") + kHost;
    const auto session = [&](std::vector<std::pair<std::string, std::string>> headers) {
        headers.emplace_back("Content-Type", "application/json");
        const auto answer = http(gateway.port(), "POST", "/web/session", headers, "{}");
        return std::pair(answer.status, json::parse(answer.body, nullptr, false));
    };
    EXPECT_EQ(session({}).first, 403);
    EXPECT_EQ(session({{"Origin", "https://evil.example"}}).first, 403);
    const auto [status, opened] = session({{"Origin", origin}, {"Referer", origin + "/prices"}});
    ASSERT_EQ(status, 200) << opened;
    const auto sid = opened["callSid"].get<std::string>();

    const auto row_of = [&](const std::string& query) {
        const auto page = get(gateway, "/v1/history?callsid=" + sid + query);
        return page["calls"].empty() ? json::object() : page["calls"][0];
    };
    {
        RawStream::Opening opening;
        opening.signature_token.clear();
        opening.origin = origin;
        opening.target = "/web/voice";
        RawStream stream(gateway, opening);
        ASSERT_TRUE(stream.open()) << stream.status();
        stream.account_sid = opened["accountSid"].get<std::string>();
        stream.start(sid, opened["parameters"].get<std::map<std::string, std::string>>());
        for (int i = 0; i < 20; ++i) stream.media(0xFF);
        ASSERT_TRUE(eventually([&] { return row_of("").value("status", "") == "realtime_session_active"; })) << row_of("");
        stream.stop(sid);
    }
    ASSERT_TRUE(eventually([&] { return row_of("").value("final", false); })) << row_of("");
    const auto row = row_of("&channel=web");
    EXPECT_EQ(row["status"], "realtime_session");
    EXPECT_EQ(row["endReason"], "browser_disconnect");
    EXPECT_EQ(row["agent"], "desk");
    EXPECT_TRUE(row["agenttoken"].is_string());
    EXPECT_EQ(row["callerInfo"]["page_url"], origin + "/prices");
    EXPECT_EQ(row["callerInfo"]["display_identifier"], "web visitor");
    EXPECT_FALSE(row["callerInfo"].contains("number"));
    EXPECT_TRUE(row_of("&channel=twilio").empty());
}

class History : public OnEachStore {};

TEST_P(History, OfAKnownCaller) {
    the_callers_profile_is_kept(store());
}

TEST_P(History, OfAVisitor) {
    a_visitor_is_one_row(store());
}

TEST_P(History, OfACall) {
    one_call_is_one_row(store());
}

ON_EACH_STORE(History);

}  // namespace
}  // namespace parley::scenarios
