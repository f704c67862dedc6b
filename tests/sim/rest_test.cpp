// The REST mock over a real socket, with calls that really run.

#include <gtest/gtest.h>

#include <thread>

#include "app_server.hpp"
#include "parley/sim/fake_twilio.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;
using test::AppServer;
using test::Seen;
using test::twiml;

struct Answer {
    int status = 0;
    json body;
    std::string text;
};

class Rest : public testing::Test {
protected:
    Rest() : app_([this](const Seen& seen) { return twiml(seen.path() == "/wait" ? "<Pause length=\"3600\"/><Say>late</Say>" : verbs_); }) {
        FakeTwilioOptions options;
        options.carrier.account_sid = account_;
        options.carrier.auth_token = Secret("secret");
        options.carrier.speed = 10;
        options.carrier.numbers["+15550999"] = {DialTarget::Answer::busy, milliseconds(50), {}};
        NumberEntry entry;
        entry.voice_url = app_.url("/voice");
        entry.status_callback = app_.url("/status");
        options.numbers["+18005551212"] = entry;
        twilio_ = std::make_unique<FakeTwilio>(std::move(options));
    }
    Answer ask(const std::string& method, const std::string& target, const std::string& body = {}, bool authorised = true,
               const std::string& type = "application/x-www-form-urlencoded") {
        test::asio::io_context context;
        test::asio::ip::tcp::socket socket(context);
        socket.connect({test::asio::ip::make_address("127.0.0.1"), twilio_->port()});
        test::http::request<test::http::string_body> request;
        request.method_string(method);
        request.target(target);
        request.set("Host", "api");
        request.set("Connection", "close");
        if (authorised) request.set("Authorization", "Basic " + base64(account_ + ":secret"));
        if (!body.empty()) request.set("Content-Type", type);
        request.body() = body;
        request.prepare_payload();
        test::http::write(socket, request);
        test::beast::flat_buffer buffer;
        test::http::response<test::http::string_body> response;
        test::http::read(socket, buffer, response);
        return {static_cast<int>(response.result_int()), json::parse(response.body(), nullptr, false), response.body()};
    }
    std::string calls(const std::string& rest = ".json") const { return "/2010-04-01/Accounts/" + account_ + "/Calls" + rest; }
    json until_status(const std::string& sid, const std::string& status) {
        for (;;) {
            auto answer = ask("GET", calls("/" + sid + ".json"));
            if (answer.body["status"] == status) return answer.body;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    std::string account_ = "AC0123456789abcdef0123456789abcdef";
    std::string verbs_ = "<Say>Hello.</Say>";
    AppServer app_;
    std::unique_ptr<FakeTwilio> twilio_;
};

TEST_F(Rest, CreatesFetchesRedirectsAndEndsACall) {
    const auto created = ask("POST", calls(),
                             encode_form({{"To", "+15550001"},
                                          {"From", "+18005551212"},
                                          {"Url", app_.url("/wait")},
                                          {"StatusCallback", app_.url("/progress")},
                                          {"StatusCallbackEvent", "initiated"},
                                          {"StatusCallbackEvent", "ringing"},
                                          {"StatusCallbackEvent", "answered"},
                                          {"StatusCallbackEvent", "completed"}}));
    ASSERT_EQ(created.status, 201);
    const std::string sid = created.body["sid"];
    EXPECT_EQ(sid.substr(0, 2), "CA");
    EXPECT_EQ(created.body["direction"], "outbound-api");
    for (const char* key : {"price", "answered_by", "parent_call_sid", "duration"}) EXPECT_TRUE(created.body[key].is_null()) << key;
    (void)until_status(sid, "in-progress");
    while (app_.requests("/wait").empty()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_EQ(value_of(app_.requests("/wait")[0].form, "Direction"), "outbound-api");
    EXPECT_EQ(value_of(app_.requests("/wait")[0].form, "CallStatus"), "in-progress");
    EXPECT_EQ(ask("POST", calls("/" + sid + ".json"), encode_form({{"Twiml", "<Response><Pause length=\"3000\"/></Response>"}})).status, 200);
    EXPECT_EQ(ask("POST", calls("/" + sid + ".json"), "Status=completed").status, 200);
    const auto ended = until_status(sid, "completed");
    EXPECT_TRUE(ended["duration"].is_string());
    EXPECT_TRUE(ended["end_time"].is_string());
    const auto again = ask("POST", calls("/" + sid + ".json"), "Status=completed");
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(again.body["code"], 21220);
    while (ask("GET", "/sim/calls/" + sid).status != 200) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::map<std::string, std::string> by_number;
    for (const auto& seen : app_.requests("/progress")) by_number[std::string(value_of(seen.form, "SequenceNumber"))] = value_of(seen.form, "CallStatus");
    EXPECT_EQ(by_number, (std::map<std::string, std::string>{{"0", "initiated"}, {"1", "ringing"}, {"2", "in-progress"}, {"3", "completed"}}));
    EXPECT_EQ(ask("DELETE", calls("/" + sid + ".json")).status, 204);
    EXPECT_EQ(ask("GET", calls("/" + sid + ".json")).status, 404);
}

TEST_F(Rest, RefusesWhatTheRealOneRefuses) {
    const auto code = [](const Answer& answer) { return std::pair(answer.status, answer.body.value("code", 0)); };
    EXPECT_EQ(code(ask("GET", calls(), {}, false)), std::pair(401, 20003));
    EXPECT_EQ(code(ask("GET", "/2010-04-01/Accounts/AC1/Calls.json")), std::pair(404, 20404));
    EXPECT_EQ(code(ask("GET", calls("/CA1.json"))), std::pair(404, 20404));
    EXPECT_EQ(code(ask("POST", calls("/CA1.json"), "Status=completed")), std::pair(404, 20404));
    EXPECT_EQ(code(ask("PUT", calls())), std::pair(405, 20004));
    EXPECT_EQ(code(ask("POST", calls(), "{}", true, "application/json")), std::pair(415, 20415));
    EXPECT_EQ(code(ask("POST", calls(), "To=%2B1555")), std::pair(400, 21213));
    EXPECT_EQ(code(ask("POST", calls(), "To=%2B1555&From=%2B1556")), std::pair(400, 21205));
    EXPECT_EQ(code(ask("POST", calls(), "To=%2B1555&From=%2B1556&Url=ftp://x/")), std::pair(400, 21205));
    EXPECT_EQ(code(ask("POST", calls(), "To=%2B1555&From=%2B1556&Twiml=" + std::string(4001, 'x'))), std::pair(400, 32018));
    EXPECT_EQ(code(ask("GET", calls(".json?PageSize=5000"))), std::pair(400, 20007));
}

TEST_F(Rest, BusyCalleeAndLists) {
    const auto created = ask("POST", calls(), encode_form({{"To", "+15550999"}, {"From", "+18005551212"}, {"Url", app_.url("/voice")}}));
    (void)until_status(created.body["sid"], "busy");
    (void)ask("POST", calls(), encode_form({{"To", "+15550001"}, {"From", "+18005551212"}, {"Url", app_.url("/voice")}}));
    const auto all = ask("GET", calls(".json?PageSize=1"));
    EXPECT_EQ(all.body["calls"].size(), 1u);
    EXPECT_EQ(all.body["calls"][0]["to"], "+15550001") << "newest first";
    const auto next = ask("GET", all.body["next_page_uri"].get<std::string>());
    EXPECT_EQ(next.body["calls"][0]["to"], "+15550999");
    EXPECT_TRUE(next.body["next_page_uri"].is_null());
    EXPECT_EQ(ask("GET", calls(".json?Status=busy")).body["calls"].size(), 1u);
    EXPECT_TRUE(app_.requests("/voice").size() <= 1) << "a busy callee fetches no document";
}

TEST_F(Rest, IncomingCallsByNumberAndTheirNotifications) {
    verbs_ = "<Sing/><Say>Hello.</Say>";
    const auto placed = ask("POST", "/sim/calls", R"({"to":"+18005551212","from":"+14155550111"})", false, "application/json");
    ASSERT_EQ(placed.status, 201);
    const std::string sid = placed.body["call_sid"];
    (void)until_status(sid, "completed");
    while (app_.requests("/status").empty()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_EQ(value_of(app_.requests("/status")[0].form, "CallStatus"), "completed") << "a number's callback gets the final event only";
    const auto notes = ask("GET", calls("/" + sid + "/Notifications.json"));
    ASSERT_EQ(notes.body["notifications"].size(), 1u);
    EXPECT_EQ(notes.body["notifications"][0]["error_code"], "12200");
    EXPECT_EQ(notes.body["notifications"][0]["log"], "1");
    EXPECT_EQ(ask("POST", "/sim/calls", R"({"to":"+1999"})", false, "application/json").status, 400);
    EXPECT_EQ(ask("PUT", "/sim/numbers/+1999", "{\"voice_url\":\"" + app_.url("/voice") + "\"}", false, "application/json").status, 204);
    EXPECT_EQ(ask("POST", "/sim/calls", R"({"to":"+1999"})", false, "application/json").status, 201);
}

TEST_F(Rest, ManyCallsAtOnceOnOneThread) {
    std::vector<std::future<CallReport>> reports;
    for (int i = 0; i < 40; ++i) reports.push_back(twilio_->call_in("+18005551212", "+14155550111", nullptr).report);
    std::set<std::string> sids;
    for (auto& report : reports) {
        const auto done = report.get();
        EXPECT_EQ(done.status, "completed");
        EXPECT_FALSE(done.agent_speech.empty());
        sids.insert(done.call_sid);
    }
    EXPECT_EQ(sids.size(), 40u);
}

class Callbacks : public testing::TestWithParam<CallbackWeather::Order> {};
TEST_P(Callbacks, ArriveAsTheWeatherWantsButAlwaysAll) {
    AppServer app([](const Seen&) { return twiml("<Say>Hi.</Say>"); });
    CarrierOptions options;
    options.speed = 10;
    options.callbacks.order = GetParam();
    options.callbacks.shuffle_window = milliseconds(60);
    SimCarrier carrier(std::move(options));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.voice_url = app.url("/voice");
    plan.status_callback = app.url("/progress");
    plan.status_callback_events = {"initiated", "ringing", "answered", "completed"};
    const auto report = carrier.place_call(plan).report.get();
    std::string order;
    for (const auto& seen : app.requests("/progress")) order += value_of(seen.form, "SequenceNumber");
    auto sorted = order;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, "0123");
    if (GetParam() == CallbackWeather::Order::reversed) {
        EXPECT_EQ(order, "3210");
    }
    EXPECT_EQ(report.callbacks.size(), 4u);
}
INSTANTIATE_TEST_SUITE_P(orders, Callbacks,
                         testing::Values(CallbackWeather::Order::as_made, CallbackWeather::Order::shuffled, CallbackWeather::Order::reversed));

TEST(CallbackWeatherTest, DuplicatesAndDropsAreKnownToTheReport) {
    AppServer app([](const Seen&) { return twiml(""); });
    for (const bool drop : {false, true}) {
        CarrierOptions options;
        options.callbacks.duplicated = 1;
        options.callbacks.dropped = drop ? 1 : 0;
        SimCarrier carrier(std::move(options));
        CallPlan plan;
        plan.voice_url = app.url("/voice");
        plan.status_callback = app.url(drop ? "/dropped" : "/doubled");
        const auto report = carrier.place_call(plan).report.get();
        ASSERT_EQ(report.callbacks.size(), drop ? 1u : 2u);
        EXPECT_EQ(report.callbacks[0].dropped, drop);
    }
    EXPECT_EQ(app.requests("/doubled").size(), 2u);
    EXPECT_EQ(app.requests("/dropped").size(), 0u);
}

}  // namespace
}  // namespace parley::sim
