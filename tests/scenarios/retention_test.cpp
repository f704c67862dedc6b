// What is past its days goes and is counted; one person's data is written down, and erased with a receipt. On both stores, at the interface and on the disk.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gateway_under_test.hpp"
#include "parley/load/process.hpp"
#include "parley/store/call_records.hpp"
#include "parley/store/erasure.hpp"
#include "parley/store/profiles.hpp"
#include "sounds.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAdmin = "an-admin-token-for-tests";
constexpr const char* kPerson = "+14155550177";
constexpr const char* kOther = "+14155550188";

class Retention : public OnEachStore {
protected:
    // Texts of every table that could know of somebody.
    std::string everything(const std::filesystem::path& data) const {
        std::string all;
        for (const char* statement :
             {"SELECT call_sid, json FROM facts", "SELECT call_sid, from_number, to_number, display, caller_profile FROM history",
              "SELECT call_sid, line FROM call_lines", "SELECT call_sid, caller, context FROM outbox_calls", "SELECT owner, caller, json FROM profiles",
              "SELECT key, ordering, payload FROM jobs", "SELECT call_sid, caller, callback_number, text FROM messages_taken",
              "SELECT call_sid, json FROM checkpoints", "SELECT id, receipt FROM erasures"})
            all += store_.texts(data, statement);
        return all;
    }
    static std::vector<std::string> files_with(const std::filesystem::path& data, const std::string& part) {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(data))
            if (entry.is_regular_file() && entry.path().filename().string().find(part) != std::string::npos) found.push_back(entry.path().filename().string());
        return found;
    }
};

TEST_P(Retention, SlowOnePersonsDataIsWrittenDownAndErasedAndWhatIsOldGoes) {
    Sections setup;
    setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
    setup.agents =
        "  desk: {default: true, script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\", webhooks: {url: \"http://127.0.0.1:9/nobody\"}}\n";
    setup.more =
        store() +
        "recording: {enabled: true, directory: recordings, retain_days: 30}\nretention: {calls: 10, transcripts: 5, events: 5, profiles: 7, audit: 7}\n";
    // What lay there before: three calls of last month, one of last week, two of today; profiles likewise.
    setup.prepare = [this](const std::filesystem::path& data) {
        const auto database = store_.open(data, false);
        {
            store::CallRecords records({.database = database.get(), .instance = "before", .directory = data.string()});
            for (const auto* sid : {"CAmonth1", "CAmonth2", "CAmonth3", "CAweek1", "CAtoday1", "CAtoday2"}) {
                records.add(sid, store::Fact::call, R"({"direction":"in","from":"+14155550100","agent":"desk"})");
                records.add(sid, store::Fact::turn, R"({"who":"caller","text":"something of long ago"})");
                records.add(sid, store::Fact::end, R"({"reason":"caller_hung_up","duration_ms":1000,"final":true})");
            }
            records.flush();
        }
        database->transact([](store::Session& session) {
            constexpr std::int64_t kDay = 86'400'000;
            for (const auto& [pattern, days] : std::vector<std::pair<std::string, std::int64_t>>{{"CAmonth%", 30}, {"CAweek%", 6}}) {
                const auto then = store::now_ms() - days * kDay;
                session.run("UPDATE facts SET at_ms = $1 WHERE call_sid LIKE $2", {then, pattern});
                session.run("UPDATE records SET first_ms = $1, last_ms = $2 WHERE call_sid LIKE $3", {then, then, pattern});
                session.run("UPDATE history SET started_ms = $1, ended_ms = $2, last_ms = $3 WHERE call_sid LIKE $4", {then, then, then, pattern});
            }
            for (const auto* sid : {"CAmonth1", "CAmonth2", "CAmonth3", "CAweek1", "CAtoday1", "CAtoday2"}) {
                const auto started = session.run("SELECT started_ms FROM history WHERE call_sid = $1", {std::string(sid)}).at(0).integer(0);
                session.run("INSERT INTO outbox_calls(call_sid, agent, caller, context, started_ms) VALUES($1, 'desk', '+14155550100', '{}', $2)",
                            {std::string(sid), started});
            }
            for (const auto* caller : {"+14155550101", "+14155550102"}) (void)store::write_profile(session, "desk", caller, R"({"name":"Old"})", 0);
            session.run("UPDATE profiles SET updated_ms = $1", {store::now_ms() - 20 * kDay});
            (void)store::write_profile(session, "desk", kPerson, R"({"name":"Ann Marsh"})", 0);
            (void)store::write_profile(session, "desk", kOther, R"({"name":"Bob Field"})", 0);
        });
    };
    GatewayUnderTest gateway(setup);
    const auto port = gateway.gateway().admin_port();
    const auto ask = [&](const std::string& path) {
        return json::parse(http(port, "GET", path, {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}}).body, nullptr, false);
    };
    auto options = gateway.carrier();
    options.voice = std::make_shared<SoundVoice>();
    sim::SimCarrier carrier(options);
    const auto call = [&](const char* from) {
        auto plan = gateway.plan(steps({pause(1500), hang_up()}));
        plan.from = from;
        return carrier.place_call(plan);
    };
    auto hers = call(kPerson), his = call(kOther);
    const auto her_sid = hers.call_sid, his_sid = his.call_sid;
    EXPECT_EQ(hers.report.get().status, "completed");
    EXPECT_EQ(his.report.get().status, "completed");
    json history;
    ASSERT_TRUE(eventually([&] {
        history = ask("/v1/history");
        int final = 0;
        for (const auto& one : history["calls"]) final += one["final"] == true && (one["callsid"] == her_sid || one["callsid"] == his_sid);
        return final == 2;
    })) << history;
    ASSERT_TRUE(eventually([&] { return !files_with(gateway.data(), her_sid).empty() && !files_with(gateway.data(), his_sid).empty(); }))
        << "both calls were recorded";

    // Written down.
    const auto theirs = gateway.data() / "theirs";
    const auto parley = [&](std::vector<std::string> arguments) {
        const auto out = gateway.data() / "printed";
        arguments.insert(arguments.begin(), PARLEY_BIN);
        for (const auto& more : {std::string("--url"), "http://127.0.0.1:" + std::to_string(port), std::string("--config"), gateway.config_file().string()})
            arguments.push_back(more);
        {
            auto run = load::Child::spawn(arguments, {}, -1, out.string());
            while (run.alive()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        std::ifstream in(out);
        std::string text((std::istreambuf_iterator<char>(in)), {});
        std::filesystem::remove(out);
        return text;
    };
    const auto said = parley({"export", "--caller", kPerson, "--out", theirs.string()});
    EXPECT_THAT(said, HasSubstr("1 calls and 1 files"));
    {
        std::ifstream in(theirs / "export.json");
        const auto document = json::parse(in, nullptr, false);
        ASSERT_TRUE(document.is_object()) << said;
        EXPECT_EQ(document["calls"].size(), 1U);
        EXPECT_EQ(document["calls"][0]["call_sid"], her_sid);
        EXPECT_THAT(document["profiles"].dump(), HasSubstr("Ann Marsh"));
        EXPECT_THAT(document.dump(), Not(HasSubstr(kOther)));
    }
    std::filesystem::remove_all(theirs);

    // Erased, with a receipt that names nobody.
    EXPECT_THAT(everything(gateway.data()), HasSubstr(kPerson));
    const auto receipt = json::parse(parley({"erase", "--caller", kPerson}), nullptr, false);
    ASSERT_TRUE(receipt.is_object());
    EXPECT_EQ(receipt["calls"], 1) << receipt;
    EXPECT_EQ(receipt["erased"]["recordings"], 1) << receipt;
    EXPECT_EQ(receipt["erased"]["profiles"], 1) << receipt;
    EXPECT_GE(receipt["erased"].value("events", 0), 1) << receipt;
    EXPECT_THAT(receipt.dump(), Not(HasSubstr("14155550177")));
    const auto left = everything(gateway.data());
    for (const auto& hers_no_more : {std::string("14155550177"), her_sid, std::string("Ann Marsh")}) EXPECT_THAT(left, Not(HasSubstr(hers_no_more)));
    for (const auto& his_still : {std::string(kOther), his_sid, std::string("Bob Field")}) EXPECT_THAT(left, HasSubstr(his_still));
    EXPECT_TRUE(files_with(gateway.data(), her_sid).empty());
    EXPECT_FALSE(files_with(gateway.data(), his_sid).empty());
    EXPECT_EQ(ask("/v1/erasures")["erasures"][0]["id"], receipt["id"]);
    EXPECT_EQ(ask("/v1/exports/" + std::string("%2B14155550177"))["calls"].size(), 0U);

    // Twenty seconds behind its start the sweeper comes.
    ASSERT_TRUE(eventually([&] { return gateway.metric("parley_retention_deleted_total{kind=\"profiles\"}") >= 3; }, std::chrono::seconds(40)));
    EXPECT_EQ(gateway.metric("parley_retention_deleted_total{kind=\"profiles\"}"), 3) << "hers, and two old ones";
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_retention_deleted_total{kind=\"calls\"}") >= 3; }));
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_retention_deleted_total{kind=\"transcripts\"}") >= 1; }));
    std::map<std::string, std::int64_t> counted;
    for (const auto& line : gateway.events("retention.deleted")) counted[line["kind"].get<std::string>()] += line["n"].get<std::int64_t>();
    EXPECT_EQ(counted["record"], 3);
    EXPECT_EQ(counted["transcripts"], 1) << "of the call of last week, whose record stays";
    EXPECT_EQ(counted["profiles"], 2);
    const auto rows = [&](const std::string& what) { return store_.rows(gateway.data(), "SELECT COUNT(*) FROM " + what).at(0).integer(0); };
    EXPECT_EQ(rows("history WHERE call_sid LIKE 'CAmonth%'"), 0);
    EXPECT_EQ(rows("facts WHERE call_sid LIKE 'CAmonth%'"), 0);
    EXPECT_EQ(rows("history WHERE call_sid LIKE 'CAweek%' OR call_sid LIKE 'CAtoday%'"), 3);
    EXPECT_EQ(rows("facts WHERE call_sid = 'CAweek1' AND kind = 'turn'"), 0);
    EXPECT_EQ(rows("facts WHERE call_sid LIKE 'CAtoday%' AND kind = 'turn'"), 2);
    EXPECT_EQ(store_.open(gateway.data())->check(), "");
}

// What was fetched from the carrier, or written while it was on, lies there also where nothing is recorded or kept.
TEST_P(Retention, FilesOfCallsAreFoundWhereNothingIsRecorded) {
    const std::string hers = "CA000000000000000000000000000000a1", erased = "CA000000000000000000000000000000a2";
    Sections setup;
    setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
    setup.more = store() + "records: {enabled: false}\nrecording: {enabled: false, directory: recordings}\ncall_files: {enabled: false, directory: calls}\n";
    setup.prepare = [&](const std::filesystem::path& data) {
        for (const auto* name : {"recordings", "calls"}) std::filesystem::create_directories(data / name);
        for (const auto& file :
             {data / "recordings" / (hers + "-RE1.wav"), data / "calls" / (hers + "-MZ1.jsonl"), data / "recordings" / (erased + "-RE2.wav")})
            std::ofstream(file) << "something she said";
        store_.open(data, false)->transact([&](store::Session& session) {
            session.run("INSERT INTO outbox_calls(call_sid, agent, caller, context, started_ms) VALUES($1, 'desk', $2, '{}', $3)",
                        {hers, std::string(kPerson), store::now_ms()});
            store::mark_erased(session, erased, store::now_ms());  // by another instance
        });
    };
    GatewayUnderTest gateway(setup);
    EXPECT_TRUE(eventually([&] { return files_with(gateway.data(), erased).empty(); }));
    const auto ask = [&](const std::string& method, const std::string& path, const std::string& body = {}) {
        const auto answer = http(gateway.gateway().admin_port(), method, path,
                                 {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", "application/json"}}, body);
        return json::parse(answer.body, nullptr, false);
    };
    EXPECT_EQ(ask("GET", "/v1/exports/%2B14155550177")["files"], json({"recordings/" + hers + "-RE1.wav", "calls/" + hers + "-MZ1.jsonl"}));
    const auto receipt = ask("POST", "/v1/erasures", json{{"caller", kPerson}}.dump());
    ASSERT_TRUE(receipt.is_object() && receipt.contains("erased")) << receipt;
    EXPECT_EQ(receipt["erased"].value("recordings", 0), 1) << receipt;
    EXPECT_EQ(receipt["erased"].value("call_files", 0), 1) << receipt;
    EXPECT_TRUE(files_with(gateway.data(), hers).empty());
}

ON_EACH_STORE(Retention);

}  // namespace
}  // namespace parley::scenarios
