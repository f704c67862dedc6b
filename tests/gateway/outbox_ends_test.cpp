// Which events a receiver gets of a call, from its facts as they come to the store.

#include "outbox_hook.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "parley/store/database.hpp"
#include "parley/store/jobs.hpp"

namespace parley::gateway {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using store::Fact;
using testing::ElementsAre;

class OutboxHookTest : public testing::Test {
protected:
    OutboxHookTest() {
        std::string form = (fs::temp_directory_path() / "parley-hook-XXXXXX").string();
        directory = ::mkdtemp(form.data());
        database = store::open_database({.url = Secret("sqlite:"), .data_dir = directory}, log, nullptr);
        records = std::make_unique<store::CallRecords>(
            store::CallRecords::Settings{.database = database.get(), .instance = "one", .directory = (directory / "records").string(), .on_error = {}});
        store::FactHooks hooks;
        hooks.kept.push_back([this](store::Session& session, const store::FactEvent& event) { hook(session, event); });
        records->hooks(std::move(hooks));
    }
    ~OutboxHookTest() override {
        records.reset();
        database.reset();
        fs::remove_all(directory);
    }
    void fact(const std::string& sid, Fact kind, const json& what) {
        EXPECT_TRUE(records->add(sid, kind, what.dump()));
        records->flush();
    }
    // "type reason", in the order they are delivered.
    std::vector<std::string> events(const std::string& sid) {
        std::vector<std::string> all;
        database->transact([&](store::Session& session) {
            all.clear();
            for (const auto& row : session.run("SELECT payload FROM jobs WHERE kind = 'webhook' AND ordering = $1 ORDER BY id", {sid})) {
                const auto body = json::parse(json::parse(row.text(0))["body"].get<std::string>());
                all.push_back(body["type"].get<std::string>() + " " + body["data"].value("reason", "") +
                              (body["data"].contains("corrects") ? " corrected" : ""));
            }
        });
        return all;
    }
    void answered(const std::string& sid, const std::string& answer) {
        fact(sid, Fact::call, {{"direction", "in"}, {"from", "+15550100"}, {"agent", "front"}, {"answer", answer}});
    }
    void live(const std::string& sid, const std::string& agent) { fact(sid, Fact::call, {{"agent", agent}, {"live", true}}); }
    void ended(const std::string& sid, const std::string& agent, const std::string& reason) { fact(sid, Fact::end, {{"agent", agent}, {"reason", reason}}); }
    void over(const std::string& sid) { fact(sid, Fact::status, {{"status", "completed"}}); }

    Log log;
    fs::path directory;
    std::shared_ptr<const outbox::WebhookSettings> receiver = std::make_shared<outbox::WebhookSettings>(
        outbox::WebhookSettings{.url = "http://one/", .secret = {}, .events = {"call.ended", "call.rejected", "agent.*"}, .alerts = {}});
    OutboxHook hook{[this](const std::string&) { return receiver; }};
    std::unique_ptr<store::Database> database;
    std::unique_ptr<store::CallRecords> records;
};

TEST_F(OutboxHookTest, calls_that_get_no_stream_end_too) {
    answered("CA1", "stream");
    over("CA1");
    EXPECT_THAT(events("CA1"), ElementsAre("call.rejected realtime_stream_timeout"));
    for (const std::string answer : {"voicemail", "forward", "menu"}) {
        const auto sid = "CA" + answer;
        answered(sid, answer);
        over(sid);
        EXPECT_THAT(events(sid), ElementsAre("call.ended caller_hung_up")) << answer;
    }
}

TEST_F(OutboxHookTest, a_call_ends_once_and_its_agents_before_it) {
    answered("CA1", "stream");
    live("CA1", "front");
    ended("CA1", "front", "transferred");
    live("CA1", "back");
    ended("CA1", "back", "carrier_lost");
    live("CA1", "back");
    EXPECT_THAT(events("CA1"), ElementsAre("agent.ended transferred", "agent.ended carrier_lost"));
    ended("CA1", "back", "agent_completed");
    over("CA1");
    EXPECT_THAT(events("CA1"), ElementsAre("agent.ended transferred", "agent.ended carrier_lost", "call.ended agent_completed"));
    // Handed over to somebody who is none of ours: the carrier has the last word.
    answered("CA2", "stream");
    live("CA2", "front");
    ended("CA2", "front", "transferred");
    over("CA2");
    over("CA2");
    EXPECT_THAT(events("CA2"), ElementsAre("agent.ended transferred", "call.ended transferred"));
}

TEST_F(OutboxHookTest, a_call_out_without_a_stream_ends_once) {
    fact("CA1", Fact::call, {{"direction", "out"}, {"to", "+15550100"}, {"agent", "front"}});
    fact("CA1", Fact::status, {{"status", "busy"}});
    fact("CA1", Fact::end, {{"reason", "busy"}, {"duration_s", 0}});  // the dial's own word
    EXPECT_THAT(events("CA1"), ElementsAre("call.ended busy"));
    // With a stream, whose own end is waited for.
    fact("CA2", Fact::call, {{"direction", "out"}, {"to", "+15550100"}, {"agent", "front"}});
    live("CA2", "front");
    fact("CA2", Fact::end, {{"reason", "answered"}});
    EXPECT_THAT(events("CA2"), ElementsAre());
    ended("CA2", "front", "agent_completed");
    EXPECT_THAT(events("CA2"), ElementsAre("call.ended agent_completed"));
}

TEST_F(OutboxHookTest, an_end_that_was_concluded_is_corrected) {
    answered("CA1", "stream");
    over("CA1");
    live("CA1", "front");  // the word of another instance, late
    ended("CA1", "front", "caller_hung_up");
    ended("CA1", "front", "caller_hung_up");
    EXPECT_THAT(events("CA1"), ElementsAre("call.rejected realtime_stream_timeout", "call.ended caller_hung_up corrected"));
}

TEST_F(OutboxHookTest, who_is_turned_away_and_let_in_afterwards_ends_once) {
    const json full{{"reason", "concurrent_limit"}, {"detail", "instance"}, {"open", true}};
    answered("CA1", "");
    fact("CA1", Fact::rejection, full);
    EXPECT_THAT(events("CA1"), ElementsAre());
    answered("CA1", "stream");
    live("CA1", "front");
    ended("CA1", "front", "agent_completed");
    over("CA1");
    EXPECT_THAT(events("CA1"), ElementsAre("call.ended agent_completed"));
    // Nobody let it in.
    answered("CA2", "");
    fact("CA2", Fact::rejection, full);
    over("CA2");
    EXPECT_THAT(events("CA2"), ElementsAre("call.rejected concurrent_limit"));
}

}  // namespace
}  // namespace parley::gateway
