// How a call ended is told once, and once more when that was wrong; and its record says how it really ended, whoever wrote what in which order.

#include "outbox_hook.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <thread>

#include "either_store.hpp"
#include "parley/store/call_history.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using store::Fact;

class Ends : public store::EitherStore {
protected:
    void SetUp() override { database = open(); }
    std::unique_ptr<store::CallRecords> writer(const std::string& instance) {
        store::CallRecords::Settings settings;
        settings.database = database.get();
        settings.directory = "on";
        settings.spool = directory / ("spool-" + instance);
        settings.instance = instance;
        settings.lease = 600ms;
        settings.log = log;
        auto made = std::make_unique<store::CallRecords>(settings);
        store::FactHooks hooks;
        hooks.kept.emplace_back(OutboxHook([](const std::string&) {
            auto to = std::make_shared<outbox::WebhookSettings>();
            to->url = "https://receiver.example";
            to->events = {"call.ended"};
            return to;
        }));
        made->hooks(std::move(hooks));
        return made;
    }
    // The data of what was told, in order.
    std::vector<json> told() {
        std::vector<json> all;
        database->transact([&](store::Session& session) {
            all.clear();
            for (const auto& row : session.run("SELECT payload FROM jobs ORDER BY id")) {
                const auto payload = json::parse(row.text(0));
                auto body = payload["body"].is_string() ? json::parse(payload["body"].get<std::string>()) : payload["body"];
                EXPECT_FALSE(body["call"].contains("ended")) << "what we remember is nobody's business";
                all.push_back(body["data"]);
                all.back()["id"] = body["id"];
            }
        });
        return all;
    }
    store::HistoryRow row() {
        store::HistoryRow found;
        database->transact([&](store::Session& session) { found = store::history_of(session, "CA1").value_or(store::HistoryRow{}); });
        return found;
    }
    json end_in_record() {
        json record;
        database->transact([&](store::Session& session) { record = json::parse(store::read_record(session, "CA1").value_or("{}")); });
        return record["end"];
    }
    std::unique_ptr<store::Database> database;
};

constexpr const char* kCall = R"({"direction":"in","from":"+14155550100","to":"+18005551212","agent":"desk"})";
constexpr const char* kLive = R"({"agent":"desk","live":true})";
constexpr const char* kEnd = R"({"reason":"agent_completed","result":"success","agent":"desk","turns":4})";

TEST_P(Ends, OfACallThatWasThoughtToBeLostIsCorrectedOnce) {
    {
        auto gone = writer("one");
        ASSERT_TRUE(gone->add("CA1", Fact::call, kCall));
        ASSERT_TRUE(gone->add("CA1", Fact::call, kLive));
        gone->flush();
    }
    auto other = writer("two");
    for (const auto until = Clock::now() + 20s; Clock::now() < until && told().empty();) std::this_thread::sleep_for(20ms);
    auto events = told();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0]["detail"], "instance_lost");
    EXPECT_EQ(events[0]["revision"], 1);
    const auto first = events[0]["id"];
    EXPECT_EQ(row().end_detail, "instance_lost");
    // It goes on, and ends.
    ASSERT_TRUE(other->add("CA1", Fact::call, kLive));
    ASSERT_TRUE(other->add("CA1", Fact::end, kEnd));
    ASSERT_TRUE(other->add("CA1", Fact::end, R"({"reason":"caller_hung_up","result":"success","agent":"desk","turns":5})"));
    other->flush();
    events = told();
    ASSERT_EQ(events.size(), 2U) << json(events);
    EXPECT_EQ(events[1]["reason"], "agent_completed");
    EXPECT_EQ(events[1]["revision"], 2);
    EXPECT_EQ(events[1]["corrects"], first);
    EXPECT_NE(events[1]["id"], first);
    EXPECT_EQ(row().end_detail, "agent_completed");
    EXPECT_NE(end_in_record().value("detail", ""), "instance_lost");
}

TEST_P(Ends, OfAnOutboundCallAreItsTalksOwn) {
    auto dials = writer("one"), talks = writer("two");
    ASSERT_TRUE(dials->add("CA1", Fact::call, R"({"direction":"out","from":"+18005551212","to":"+4930123456","agent":"desk"})"));
    dials->flush();
    ASSERT_TRUE(talks->add("CA1", Fact::call, kLive));
    talks->flush();
    // The carrier tells the one that dialled, before the other one has written.
    ASSERT_TRUE(dials->add("CA1", Fact::end, R"({"reason":"answered","duration_s":12})"));
    dials->flush();
    EXPECT_TRUE(told().empty()) << json(told());
    ASSERT_TRUE(talks->add("CA1", Fact::end, kEnd));
    talks->flush();
    // And behind it.
    ASSERT_TRUE(dials->add("CA1", Fact::end, R"({"reason":"answered","duration_s":12})"));
    dials->flush();
    ASSERT_EQ(told().size(), 1U) << json(told());
    EXPECT_EQ(told()[0]["reason"], "agent_completed");
    EXPECT_EQ(told()[0]["revision"], 1);
    EXPECT_EQ(end_in_record()["reason"], "agent_completed");
    EXPECT_EQ(row().end_reason, "parley_completed");
    EXPECT_TRUE(row().final);
}

TEST_P(Ends, OfACallNobodyAnsweredIsItsDials) {
    auto dials = writer("one");
    ASSERT_TRUE(dials->add("CA1", Fact::call, R"({"direction":"out","from":"+18005551212","to":"+4930123456","agent":"desk"})"));
    ASSERT_TRUE(dials->add("CA1", Fact::end, R"({"reason":"busy","duration_s":0})"));
    dials->flush();
    ASSERT_EQ(told().size(), 1U);
    EXPECT_EQ(told()[0]["reason"], "busy");
    EXPECT_EQ(end_in_record()["reason"], "busy");
}

INSTANTIATE_ON_BOTH(Ends);

}  // namespace
}  // namespace parley::gateway
