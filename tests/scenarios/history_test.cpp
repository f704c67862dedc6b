// The history of calls as the interface shows it, after a call of the simulated carrier, on both stores.

#include <gtest/gtest.h>

#include "gateway_under_test.hpp"
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
    EXPECT_EQ(get(gateway, "/v1/history?callsid=" + report.call_sid + "&endReason=twilio_disconnect&channel=twilio&direction=in&from=2020-01-01")["calls"].size(), 1U);
    EXPECT_TRUE(get(gateway, "/v1/history?agent=%27%20OR%201%3D1%20--")["calls"].empty());
    get(gateway, "/v1/history?limit=0", 400);
    get(gateway, "/v1/history?limit=201", 400);
    get(gateway, "/v1/history?cursor=nonsense", 400);
    get(gateway, "/v1/history?from=yesterday", 400);
    get(gateway, "/v1/history/" + report.call_sid, 404);  // no name anybody could know
    get(gateway, "/v1/history/00000000000000000000000000000000", 404);
}

class History : public OnEachStore {};

TEST_P(History, OfACall) { one_call_is_one_row(store()); }

ON_EACH_STORE(History);

}  // namespace
}  // namespace parley::scenarios
