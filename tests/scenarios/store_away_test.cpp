// The store goes away while people talk: nobody hears it, calls still come in, and what is to be kept of them is there afterwards, in order and once. Also
// when the gateway is killed meanwhile, and when the server does not go but falls silent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "gateway_process.hpp"
#include "parley/sim/gate.hpp"
#include "parley/sim/identifiers.hpp"
#include "sounds.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kAdmin = "an-admin-token-for-tests";
const std::vector<unsigned> kTones{410, 530, 650, 770, 890};

// The agent of these calls gives the caller's sound back.
std::shared_ptr<sim::Scenario> humming(std::size_t who, unsigned ms) {
    return steps({pause(1000), say("tone " + std::to_string(kTones.at(who)) + " " + std::to_string(ms)), pause(800), hang_up()});
}

void expect_untouched(const sim::CallReport& report, std::size_t who, unsigned ms) {
    SCOPED_TRACE("the caller with " + std::to_string(kTones.at(who)) + " Hz");
    EXPECT_EQ(report.ended_by, "caller");
    ASSERT_EQ(report.streams.size(), 1U);
    const auto sent = played_of(report, report.streams[0]);
    const auto [from, to] = voiced_range(sent);
    EXPECT_NEAR(static_cast<double>(to - from), ms * 8.0, 320) << "sound was lost";
    EXPECT_LE(longest_gap_ms(report.heard), 500);
    const auto range = voiced_range(report.heard);
    const auto pcm = sim::from_mulaw(std::span(report.heard).subspan(range.first, range.second - range.first));
    int pieces = 0, own = 0;
    for (std::size_t at = 0; at + 1600 <= pcm.size(); at += 1600, ++pieces) own += tone_db(std::span(pcm).subspan(at, 1600), kTones.at(who)) > -20;
    EXPECT_GE(own + 1, pieces) << "of " << pieces << " pieces";  // the first or the last may begin in silence
}

json history(std::uint16_t admin_port, const std::string& token) {
    const auto answer = http(admin_port, "GET", "/v1/history?limit=200", {{"Host", "127.0.0.1"}, {"Authorization", "Bearer " + token}});
    const auto list = json::parse(answer.body, nullptr, false);
    return list.is_object() ? list.value("calls", json::array()) : json::array();
}
bool all_final(const json& calls, std::size_t how_many) {
    return calls.size() == how_many && std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call.value("final", false); });
}

class StoreAway : public OnEachStore {
protected:
    // Each call's facts lie in the store in the order they were told, each once.
    void expect_in_order(const std::filesystem::path& data, std::size_t calls) {
        std::map<std::string, std::int64_t> last;
        std::map<std::string, int> ends;
        for (const auto& row : store_.rows(data, "SELECT call_sid, kind, at_ms FROM facts ORDER BY id")) {
            EXPECT_GE(row.integer(2) + 50, last[row.text(0)]) << row.text(0) << " " << row.text(1);  // told by several threads
            last[row.text(0)] = row.integer(2);
            ends[row.text(0)] += row.text(1) == "end" ? 1 : 0;
        }
        EXPECT_EQ(last.size(), calls);
        for (const auto& [sid, count] : ends) EXPECT_EQ(count, 1) << sid;
        EXPECT_EQ(store_.open(data)->check(), "");
    }
};

TEST_P(StoreAway, SlowIsHeardByNobodyAndNothingIsLost) {
    Sections setup;
    setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
    setup.more = store();
    GatewayUnderTest gateway(setup);
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    const unsigned ms = postgres() ? 4000 : 8500;  // a lock is given up on after five seconds
    std::vector<sim::SimCarrier::Placed> running;
    for (std::size_t who = 0; who < 3; ++who) running.push_back(carrier.place_call(gateway.plan(humming(who, ms))));
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 3; }));
    store_.take_away(gateway.data());
    // Somebody calls in while it is away, and is served like everybody else.
    auto later = carrier.place_call(gateway.plan(humming(3, 1500)));
    expect_untouched(later.report.get(), 3, 1500);
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_store_spool_bytes") > 0; }, std::chrono::seconds(10)));
    EXPECT_GT(gateway.metric("parley_calls_active{dir=\"in\"}"), 0) << "the spool filled while they talked";
    for (std::size_t who = 0; who < 3; ++who) expect_untouched(running[who].report.get(), who, ms);
    EXPECT_GT(gateway.metric("parley_store_spool_bytes"), 0);
    EXPECT_FALSE(gateway.events("store.spooling").empty());

    store_.bring_back();
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_store_spool_bytes") == 0; }));
    json calls;
    EXPECT_TRUE(eventually([&] { return all_final(calls = history(gateway.gateway().admin_port(), kAdmin), 4); })) << calls;
    for (const auto& call : calls) EXPECT_EQ(call["endReason"], "twilio_disconnect") << call;
    for (const char* kind : {"event", "turn", "final"}) EXPECT_EQ(gateway.metric("parley_store_facts_dropped_total{kind=\"" + std::string(kind) + "\"}"), 0);
    EXPECT_TRUE(eventually([&] { return !gateway.events("store.spool_over").empty(); }));
    expect_in_order(gateway.data(), 4);
}

TEST_P(StoreAway, SlowAGatewayKilledMeanwhileStartsWithoutItAndBringsEverything) {
    std::string pattern = testing::TempDir() + "parley_away_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    const std::filesystem::path folder(pattern);
    GatewayProcess gateway(folder, "gateway", store("  ignore: true\n"), "  desk: {default: true, brain: echo}\n");
    sim::CarrierOptions options;
    options.account_sid = kAccount;
    options.auth_token = Secret(kToken);
    options.balancer = {kHost, "127.0.0.1", gateway.port()};
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    const auto call = [&](std::size_t who) {
        sim::CallPlan plan;
        plan.to = kNumber;
        plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
        plan.status_callback = std::string("https://") + kHost + "/webhooks/twilio/status";
        plan.scenario = humming(who, 700);
        expect_untouched(carrier.place_call(plan).report.get(), who, 700);
    };
    const auto spooled = [&] {
        std::uintmax_t bytes = 0;
        std::error_code ec;
        for (const auto& entry : std::filesystem::directory_iterator(folder / "spool", ec)) bytes += entry.file_size();
        return bytes;
    };
    call(0);
    EXPECT_TRUE(eventually([&] { return all_final(gateway.get("/v1/history").value("calls", json::array()), 1); }));
    store_.take_away(folder);
    call(1);
    EXPECT_TRUE(eventually([&] {
        std::string all;
        std::error_code ec;
        for (const auto& entry : std::filesystem::directory_iterator(folder / "spool", ec)) all += GatewayProcess::read_all(entry.path().string());
        return all.find("\"kind\":\"end\"") != std::string::npos;  // the last of it
    })) << spooled();
    gateway.kill();
    gateway.start();  // without the store
    call(2);
    EXPECT_GT(spooled(), 0U);
    store_.bring_back();
    if (!postgres()) {
        // A file that could not be opened at the start is not looked for again.
        gateway.end();
        gateway.start();
    }
    json calls;
    EXPECT_TRUE(eventually([&] {
        calls = gateway.get("/v1/history").value("calls", json::array());
        return all_final(calls, 3);
    })) << calls;
    EXPECT_TRUE(eventually([&] { return spooled() == 0; }));
    gateway.end();
    expect_in_order(folder, 3);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}
ON_EACH_STORE(StoreAway);

// The server does not go away, it says nothing any more: connections stay, new ones are accepted, and nobody answers.
TEST(SilentPostgres, SlowIsTakenForAwayAndNobodyWaitsForIt) {
    const test::PostgresDatabase database;
    const auto url = database.url();
    const auto at = url.find('@') + 1, slash = url.find('/', at), colon = url.find(':', at);
    sim::GateOptions to;
    to.target_port = static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1, slash - colon - 1)));
    sim::TcpGate gate(to);
    Sections setup;
    setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
    setup.more = "store:\n  url: \"" + url.substr(0, at) + "127.0.0.1:" + std::to_string(gate.port()) + url.substr(slash) + "\"\n  seal_keys: [\"" +
                 std::string(64, 'a') + "\"]\n";
    GatewayUnderTest gateway(setup);
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    auto running = carrier.place_call(gateway.plan(humming(0, 10'000)));
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 1; }));
    sim::GateFault swallowing;
    swallowing.swallow = true;
    gate.set(swallowing);
    sim::GateFault silent;
    silent.half_open_after = 0;
    gate.strike(silent);
    // Webhooks are answered within the carrier's patience, and whoever comes is served.
    const auto answer = gateway.webhook("voice", call_form(sim::make_sid("CA")));
    EXPECT_THAT(answer.body, HasSubstr("<Stream"));
    EXPECT_LT(answer.took, std::chrono::seconds(5));
    expect_untouched(carrier.place_call(gateway.plan(humming(1, 1500))).report.get(), 1, 1500);
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_store_spool_bytes") > 0; }, std::chrono::seconds(12)));
    expect_untouched(running.report.get(), 0, 10'000);
    gate.set({});
    const auto back = Clock::now();
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_store_spool_bytes") == 0; }, std::chrono::seconds(30)));
    std::printf("stored %.1f s after it answered again\n", std::chrono::duration<double>(Clock::now() - back).count());
    json calls;
    const auto done = [&] {
        calls = history(gateway.gateway().admin_port(), kAdmin);
        return std::count_if(calls.begin(), calls.end(),
                             [](const auto& call) { return call.value("final", false) && call["endReason"] == "twilio_disconnect"; }) == 2;
    };
    EXPECT_TRUE(eventually(done)) << calls;
}

}  // namespace
}  // namespace parley::scenarios
