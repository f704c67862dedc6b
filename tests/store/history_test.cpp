#include "parley/store/call_history.hpp"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "either_store.hpp"
#include "parley/store/erasure.hpp"

namespace parley::store {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

class History : public EitherStore {
protected:
    void SetUp() override { database = open(); }
    void fact(const std::string& sid, Fact kind, const json& fact, std::int64_t at_ms = 0, const std::string& instance = "one") {
        database->transact([&](Session& session) { apply_fact(session, {sid, kind, fact.dump(), at_ms == 0 ? now_ms() : at_ms}, instance); });
    }
    HistoryRow of(const std::string& sid) {
        std::optional<HistoryRow> row;
        database->transact([&](Session& session) { row = history_of(session, sid); });
        return row.value_or(HistoryRow{});
    }
    HistoryPage list(const HistoryFilter& filter) {
        std::optional<HistoryPage> page;
        database->transact([&](Session& session) { page = list_history(session, filter); });
        EXPECT_TRUE(page);
        return page.value_or(HistoryPage{});
    }
    std::string sids(const HistoryFilter& filter) {
        std::string all;
        for (const auto& row : list(filter).rows) all += row.call_sid + " ";
        return all;
    }
    void with(const std::function<void(Session&)>& work) { database->transact(work); }
    std::unique_ptr<Database> database;
};

TEST_P(History, FollowsACall) {
    fact("CA1", Fact::call,
         {{"channel", "twilio"},
          {"direction", "in"},
          {"from", "+4930123456"},
          {"to", "+15550100"},
          {"agent", "front"},
          {"agent_token", "ag1"},
          {"revision", "7"},
          {"model", "gpt"}},
         1000);
    auto row = of("CA1");
    EXPECT_EQ(row.status, "realtime_session_incoming");
    EXPECT_EQ(row.guid.size(), 32U);
    EXPECT_EQ(row.country, "DE");
    EXPECT_FALSE(row.final);
    fact("CA1", Fact::call, {{"live", true}, {"agent", "front"}}, 2000);
    fact("CA1", Fact::turn, {{"who", "caller"}, {"text", "hello"}}, 3000);
    row = of("CA1");
    EXPECT_EQ(row.status, "realtime_session_active");
    EXPECT_EQ(row.live_ms, 2000);
    EXPECT_EQ(row.turns, 1U);
    fact("CA1", Fact::end, {{"reason", "agent_completed"}}, 9000);
    row = of("CA1");
    EXPECT_EQ(row.status, "realtime_session");
    EXPECT_EQ(row.end_reason, "parley_completed");
    EXPECT_EQ(row.end_detail, "agent_completed");
    EXPECT_EQ(row.ended_ms, 9000);
    EXPECT_TRUE(row.final);
    EXPECT_EQ(row.agent_token, "ag1");
    EXPECT_EQ(row.revision, "7");
    EXPECT_EQ(row.model, "gpt");
    // Final once: nothing that comes later changes how it ended.
    fact("CA1", Fact::end, {{"reason", "internal"}}, 9500);
    fact("CA1", Fact::status, {{"status", "failed"}}, 9600);
    fact("CA1", Fact::call, {{"live", true}}, 9700);
    row = of("CA1");
    EXPECT_EQ(row.end_reason, "parley_completed");
    EXPECT_EQ(row.ended_ms, 9000);
    EXPECT_EQ(row.status, "realtime_session");
}

struct EndCase {
    const char *reason, *twilio, *web;
};
TEST(HistoryWords, ReasonsOfEnds) {
    for (const auto& [reason, twilio, web] :
         {EndCase{"caller_hung_up", "twilio_disconnect", "browser_disconnect"}, EndCase{"carrier_lost", "twilio_disconnect", "browser_disconnect"},
          EndCase{"media_timeout", "twilio_disconnect", "browser_disconnect"}, EndCase{"agent_completed", "parley_completed", "parley_completed"},
          EndCase{"transferred", "parley_completed", "parley_completed"}, EndCase{"max_duration", "max_duration", "max_duration"},
          EndCase{"silence", "parley_disconnect", "parley_disconnect"}, EndCase{"shutdown", "parley_disconnect", "parley_disconnect"},
          EndCase{"protocol", "parley_disconnect", "parley_disconnect"}, EndCase{"operator_hangup", "parley_cancelled", "parley_cancelled"},
          EndCase{"brain_failed", "parley_error", "parley_error"}, EndCase{"internal", "parley_error", "parley_error"},
          EndCase{"", "parley_error", "parley_error"}}) {
        EXPECT_EQ(end_reason(reason, false), twilio) << reason;
        EXPECT_EQ(end_reason(reason, true), web) << reason;
    }
}

TEST_P(History, TurnedAway) {
    fact("CA1", Fact::call, {{"from", "+15550111"}, {"agent", "front"}});
    fact("CA1", Fact::rejection, {{"reason", "concurrent_limit"}, {"detail", "account"}});
    EXPECT_EQ(of("CA1").status, "realtime_session_rejected");
    EXPECT_EQ(of("CA1").rejection_reason, "concurrent_limit");
    EXPECT_EQ(of("CA1").rejection_detail, "account");
    EXPECT_TRUE(of("CA1").final);
    fact("CA2", Fact::rejection, {{"reason", "blocked"}});
    EXPECT_EQ(of("CA2").rejection_reason, "policy");
    EXPECT_EQ(of("CA2").rejection_detail, "blocked");
    // The stream could not be opened, but the agent's next way to answer did.
    fact("CA3", Fact::call, {{"answer", "stream"}});
    fact("CA3", Fact::rejection, {{"reason", "realtime_ws_open_failed"}, {"open", true}, {"detail", "31920"}});
    EXPECT_FALSE(of("CA3").final);
    fact("CA3", Fact::call, {{"live", true}, {"answer", "gather"}});
    EXPECT_EQ(of("CA3").rejection_reason, "");
    // Here nothing did.
    fact("CA4", Fact::call, {{"answer", "stream"}});
    fact("CA4", Fact::rejection, {{"reason", "realtime_ws_open_failed"}, {"open", true}, {"detail", "31920"}});
    fact("CA4", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(of("CA4").status, "realtime_session_rejected");
    EXPECT_EQ(of("CA4").rejection_reason, "realtime_ws_open_failed");
    // Nobody ever came.
    fact("CA5", Fact::call, {{"answer", "stream"}});
    fact("CA5", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(of("CA5").rejection_reason, "realtime_stream_timeout");
    // A menu needs no stream.
    fact("CA6", Fact::call, {{"answer", "menu:main"}});
    fact("CA6", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(of("CA6").status, "realtime_session");
    EXPECT_EQ(of("CA6").end_reason, "twilio_disconnect");
    // There was no place, and it was sent somewhere from where it may come back: it did, to a menu, to a stream, to be turned away once more.
    const json there{{"from", "+15550111"}, {"agent", "front"}, {"agent_token", "t1"}};
    const json full{{"reason", "concurrent_limit"}, {"detail", "instance"}, {"open", true}};
    for (const auto* sid : {"CAmenu", "CAstream", "CAagain", "CAnever"}) {
        fact(sid, Fact::call, there);
        fact(sid, Fact::rejection, full);
        EXPECT_FALSE(of(sid).final) << sid;
    }
    for (const auto* sid : {"CAmenu", "CAstream", "CAagain"}) fact(sid, Fact::call, there);
    fact("CAmenu", Fact::call, {{"answer", "menu:main"}, {"agent_token", "t1"}});
    fact("CAstream", Fact::call, {{"live", true}, {"agent_token", "t1"}});
    fact("CAagain", Fact::rejection, full);
    for (const auto* sid : {"CAmenu", "CAstream", "CAagain", "CAnever"}) fact(sid, Fact::status, {{"status", "completed"}});
    fact("CAstream", Fact::end, {{"reason", "agent_completed"}});
    for (const auto* sid : {"CAmenu", "CAstream"}) {
        EXPECT_EQ(of(sid).status, "realtime_session") << sid;
        EXPECT_EQ(of(sid).rejection_reason, "") << sid;
    }
    for (const auto* sid : {"CAagain", "CAnever"}) {
        EXPECT_EQ(of(sid).status, "realtime_session_rejected") << sid;
        EXPECT_EQ(of(sid).rejection_detail, "instance") << sid;
        EXPECT_TRUE(of(sid).final) << sid;
    }
    // While it was prepared.
    fact("CA7", Fact::call, {{"live", true}});
    fact("CA7", Fact::rejection, {{"reason", "agent_prep_timeout"}});
    fact("CA7", Fact::end, {{"reason", "brain_failed"}});
    EXPECT_EQ(of("CA7").status, "realtime_session_rejected");
    EXPECT_EQ(of("CA7").rejection_reason, "agent_prep_timeout");
}

TEST_P(History, LostStreamsMayComeBack) {
    fact("CA1", Fact::call, {{"live", true}}, 1000);
    fact("CA1", Fact::end, {{"reason", "carrier_lost"}}, 2000);
    EXPECT_EQ(of("CA1").end_reason, "twilio_disconnect");
    EXPECT_FALSE(of("CA1").final);
    fact("CA1", Fact::call, {{"live", true}}, 3000, "two");
    EXPECT_EQ(of("CA1").status, "realtime_session_active");
    EXPECT_EQ(of("CA1").end_reason, "");
    EXPECT_EQ(of("CA1").live_ms, 1000);
    fact("CA1", Fact::end, {{"reason", "carrier_lost"}}, 4000);
    with([](Session& session) {
        EXPECT_EQ(finish_due(session, 5000).size(), 0U);
        EXPECT_EQ(finish_due(session, 4000 + 61'000).size(), 1U);
    });
    EXPECT_TRUE(of("CA1").final);
    EXPECT_EQ(of("CA1").ended_ms, 4000);
    // The carrier's last word ends it at once.
    fact("CA2", Fact::call, {{"live", true}}, 1000);
    fact("CA2", Fact::end, {{"reason", "transferred"}}, 2000);
    EXPECT_FALSE(of("CA2").final);
    fact("CA2", Fact::status, {{"status", "completed"}}, 9000);
    EXPECT_TRUE(of("CA2").final);
    EXPECT_EQ(of("CA2").end_reason, "parley_completed");
    EXPECT_EQ(of("CA2").end_detail, "transferred");
    EXPECT_EQ(of("CA2").ended_ms, 2000);
    // It comes before the stream's own end, which says more.
    fact("CA3", Fact::call, {{"live", true}}, 1000);
    fact("CA3", Fact::status, {{"status", "completed"}}, 2000);
    EXPECT_EQ(of("CA3").end_reason, "twilio_disconnect");
    fact("CA3", Fact::end, {{"reason", "agent_completed"}}, 2100);
    EXPECT_TRUE(of("CA3").final);
    EXPECT_EQ(of("CA3").end_reason, "parley_completed");
}

TEST_P(History, FactsOfTheStreamOverruleWhatWasConcluded) {
    // The carrier's last word overtakes what waits in another instance's spool.
    fact("CA1", Fact::call, {{"answer", "stream"}}, 1000);
    fact("CA1", Fact::status, {{"status", "completed"}}, 9000, "two");
    EXPECT_TRUE(of("CA1").final);
    EXPECT_EQ(of("CA1").rejection_reason, "realtime_stream_timeout");
    fact("CA1", Fact::call, {{"live", true}}, 2000);
    EXPECT_EQ(of("CA1").status, "realtime_session");
    EXPECT_EQ(of("CA1").rejection_reason, "");
    EXPECT_EQ(of("CA1").live_ms, 2000);
    EXPECT_TRUE(of("CA1").final);
    fact("CA1", Fact::end, {{"reason", "agent_completed"}}, 8000);
    EXPECT_EQ(of("CA1").end_reason, "parley_completed");
    EXPECT_EQ(of("CA1").ended_ms, 8000);
    EXPECT_TRUE(of("CA1").final);
    fact("CA1", Fact::end, {{"reason", "internal"}}, 8500);  // once
    EXPECT_EQ(of("CA1").end_reason, "parley_completed");
    // The end alone.
    fact("CA2", Fact::call, {{"answer", "stream"}}, 1000);
    fact("CA2", Fact::status, {{"status", "completed"}}, 9000);
    fact("CA2", Fact::end, {{"reason", "silence"}}, 8000);
    EXPECT_EQ(of("CA2").status, "realtime_session");
    EXPECT_EQ(of("CA2").rejection_reason, "");
    EXPECT_EQ(of("CA2").end_reason, "parley_disconnect");
    // Its instance was only thought to be lost.
    fact("CA3", Fact::call, {{"live", true}}, 1000);
    fact("CA3", Fact::end, {{"reason", "internal"}, {"detail", "instance_lost"}, {"final", true}}, 2000);
    EXPECT_TRUE(of("CA3").final);
    EXPECT_EQ(of("CA3").end_reason, "parley_error");
    fact("CA3", Fact::call, {{"live", true}}, 3000);
    EXPECT_FALSE(of("CA3").final);
    EXPECT_EQ(of("CA3").status, "realtime_session_active");
    fact("CA3", Fact::end, {{"reason", "internal"}, {"detail", "instance_lost"}, {"final", true}}, 2000);
    fact("CA3", Fact::end, {{"reason", "max_duration"}}, 7000);
    EXPECT_EQ(of("CA3").end_reason, "max_duration");
    fact("CA3", Fact::end, {{"reason", "internal"}, {"detail", "instance_lost"}, {"final", true}}, 2000);
    EXPECT_EQ(of("CA3").end_reason, "max_duration");
}

TEST_P(History, DialsNeverEndACallThatTalks) {
    fact("CA1", Fact::call, {{"direction", "out"}, {"live", true}}, 1000);
    fact("CA1", Fact::end, {{"reason", "answered"}}, 5000, "two");
    EXPECT_FALSE(of("CA1").final);
    fact("CA1", Fact::end, {{"reason", "agent_completed"}}, 5100);
    EXPECT_TRUE(of("CA1").final);
    EXPECT_EQ(of("CA1").end_reason, "parley_completed");
    fact("CA1", Fact::end, {{"reason", "answered"}}, 5200);
    EXPECT_EQ(of("CA1").end_reason, "parley_completed");
    for (const auto& [reason, kept] : {std::pair{"answered", "twilio_disconnect"}, std::pair{"busy", "twilio_disconnect"},
                                       std::pair{"canceled", "parley_cancelled"}, std::pair{"machine", "parley_disconnect"}}) {
        const auto sid = std::string("CA") + reason;
        fact(sid, Fact::call, {{"direction", "out"}}, 1000);
        fact(sid, Fact::end, {{"reason", reason}}, 5000);
        EXPECT_TRUE(of(sid).final) << reason;
        EXPECT_EQ(of(sid).status, "realtime_session") << reason;
        EXPECT_EQ(of(sid).end_reason, kept) << reason;
    }
}

TEST_P(History, StreamsThatNeverComeAreNotAwaitedForEver) {
    with([](Session& session) { renew_instance(session, "one", 10'000'000); });
    fact("CA1", Fact::call, {{"channel", "web"}}, 1000);
    fact("CA2", Fact::call, {{"answer", "stream"}}, 1000);
    fact("CA3", Fact::call, {{"answer", "menu:main"}}, 1000);
    fact("CA4", Fact::call, {{"answer", "stream"}, {"live", true}}, 1000);
    fact("CA5", Fact::call, {{"answer", "stream"}}, 1000, "gone");
    with([](Session& session) { EXPECT_EQ(finish_due(session, 60'000).size(), 1U); });
    EXPECT_TRUE(of("CA5").final);
    with([](Session& session) { EXPECT_EQ(finish_due(session, 130'000).size(), 2U); });
    for (const auto* sid : {"CA1", "CA2", "CA5"}) {
        EXPECT_TRUE(of(sid).final) << sid;
        EXPECT_EQ(of(sid).rejection_reason, "realtime_stream_timeout") << sid;
    }
    EXPECT_FALSE(of("CA3").final);
    EXPECT_FALSE(of("CA4").final);
    fact("CA2", Fact::call, {{"live", true}}, 140'000);  // late, but it came
    EXPECT_EQ(of("CA2").status, "realtime_session_active");
    EXPECT_EQ(of("CA2").rejection_reason, "");
    EXPECT_FALSE(of("CA2").final);
}

TEST_P(History, InstancesThatAreGoneLeaveNothingOpen) {
    CallRecords::Settings settings;
    settings.database = database.get();
    settings.directory = "on";
    settings.spool = directory / "spool";
    settings.instance = "three";
    settings.lease = milliseconds(900);
    settings.log = log;
    const auto now = now_ms();
    with([&](Session& session) {
        renew_instance(session, "one", now - 1);        // gone
        renew_instance(session, "two", now + 600'000);  // at work
    });
    fact("CA1", Fact::call, {{"live", true}, {"agent", "desk"}}, now - 5000, "one");
    fact("CA1", Fact::turn, {{"text", "hello"}}, now - 4000, "one");
    fact("CA2", Fact::call, {{"live", true}}, now - 5000, "two");
    fact("CA3", Fact::call, {{"live", true}}, now - 5000, "one");
    fact("CA3", Fact::call, {{"live", true}}, now - 4000, "two");  // taken over
    fact("CA4", Fact::call, {{"from", "+15550100"}}, now - 5000, "one");
    fact("CA5", Fact::end, {{"reason", "carrier_lost"}}, now, "one");  // may come back, for a while
    std::atomic<int> ends{0};
    std::mutex mutex;
    json told;
    {
        CallRecords first(settings);
        settings.instance = "four";
        CallRecords second(settings);
        for (auto* records : {&first, &second}) {
            FactHooks hooks;
            hooks.kept.push_back([&](Session&, const FactEvent& event) {
                if (event.fact != Fact::end) return;
                ++ends;
                const std::lock_guard lock(mutex);
                told = json::parse(event.json);
            });
            records->hooks(std::move(hooks));
        }
        for (const auto until = Clock::now() + seconds(30); Clock::now() < until && !of("CA1").final;) std::this_thread::sleep_for(milliseconds(20));
        std::this_thread::sleep_for(milliseconds(300));  // for what should not happen
    }
    const auto row = of("CA1");
    EXPECT_TRUE(row.final);
    EXPECT_EQ(row.end_reason, "parley_error");
    EXPECT_EQ(row.end_detail, "instance_lost");
    EXPECT_EQ(row.ended_ms, now - 4000);
    EXPECT_FALSE(of("CA4").final);  // has no stream that was lost
    EXPECT_FALSE(of("CA2").final);
    EXPECT_FALSE(of("CA3").final);
    EXPECT_FALSE(of("CA5").final);
    with([](Session& session) { EXPECT_EQ(session.run("SELECT COUNT(*) FROM facts WHERE kind = 'end'").at(0).integer(0), 1); });
    // Whose call it was, and that it is only concluded: whoever looks back at calls needs both.
    EXPECT_EQ(told.value("agent", ""), "desk");
    EXPECT_EQ(told.value("concluded", ""), "lost");
    EXPECT_GE(ends, 1);  // in the transaction that keeps it: of two that tried, one was kept
}

// What the writer makes of facts: everything hooks were told of ends and rejections, "kind:reason" in order, and what the watchers were.
class Closings : public History {
protected:
    void SetUp() override {
        History::SetUp();
        CallRecords::Settings settings;
        settings.database = database.get();
        settings.directory = "on";
        settings.spool = directory / "spool";
        settings.instance = "one";
        settings.lease = milliseconds(300);  // what is due is looked for every 100 ms
        settings.log = log;
        records = std::make_unique<CallRecords>(settings);
        FactHooks hooks;
        const auto noted = [](const FactEvent& event) {
            return std::string(name(event.fact)) + ":" + json::parse(event.json).value("reason", "") +
                   (json::parse(event.json).value("final", false) ? "!" : "");
        };
        hooks.kept.push_back([this, noted](Session&, const FactEvent& event) {
            if (event.fact != Fact::end && event.fact != Fact::rejection) return;
            const std::lock_guard lock(mutex);
            kept[event.call_sid].push_back(noted(event));
            last = json::parse(event.json);
        });
        hooks.added.push_back([this, noted](const FactEvent& event) {
            if (event.fact != Fact::end && event.fact != Fact::rejection) return;
            const std::lock_guard lock(mutex);
            shown[event.call_sid].push_back(noted(event));
        });
        records->hooks(std::move(hooks));
    }
    void TearDown() override { records.reset(); }
    void add(const std::string& sid, Fact kind, const json& fact) {
        EXPECT_TRUE(records->add(sid, kind, fact.dump()));
        records->flush();
    }
    std::vector<std::string> told(const std::string& sid) {
        const std::lock_guard lock(mutex);
        return kept[sid];
    }
    std::vector<std::string> watched(const std::string& sid) {
        const std::lock_guard lock(mutex);
        return shown[sid];
    }
    using Words = std::vector<std::string>;
    std::mutex mutex;
    std::map<std::string, Words> kept, shown;
    json last;
    std::unique_ptr<CallRecords> records;
};

TEST_P(Closings, TheCarriersLastWordEndsACallWithoutAStream) {
    add("CA1", Fact::call, {{"direction", "in"}, {"from", "+15550100"}, {"agent", "front"}, {"answer", "voicemail"}});
    add("CA1", Fact::status, {{"status", "in-progress"}});
    EXPECT_TRUE(told("CA1").empty());
    add("CA1", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(told("CA1"), Words{"end:caller_hung_up!"});
    EXPECT_EQ(watched("CA1"), Words{"end:caller_hung_up!"});
    EXPECT_EQ(last["agent"], "front");
    EXPECT_EQ(last["concluded"], "carrier");
    EXPECT_TRUE(last["duration_ms"].is_number_integer());
    add("CA1", Fact::status, {{"status", "completed"}});  // once
    EXPECT_EQ(told("CA1").size(), 1U);
    EXPECT_EQ(json::parse(*records->read("CA1"))["end"]["reason"], "caller_hung_up");
    // A stream was awaited and never came.
    add("CA2", Fact::call, {{"direction", "in"}, {"agent", "front"}, {"answer", "stream"}});
    add("CA2", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(told("CA2"), Words{"rejection:realtime_stream_timeout!"});
    // Its own word is enough.
    add("CA3", Fact::call, {{"direction", "in"}, {"agent", "front"}, {"answer", "stream"}, {"live", true}});
    add("CA3", Fact::end, {{"reason", "caller_hung_up"}, {"agent", "front"}});
    add("CA3", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(told("CA3"), Words{"end:caller_hung_up"});
}

TEST_P(Closings, ACallThatWasHandedOverEndsWithAllItsAgentSaid) {
    add("CA1", Fact::call, {{"direction", "in"}, {"agent", "front"}, {"live", true}});
    add("CA1", Fact::end, {{"reason", "transferred"}, {"agent", "front"}, {"target", "+15550111"}, {"recording", "CA1-MZ1.wav"}, {"duration_ms", 7}});
    std::this_thread::sleep_for(milliseconds(20));
    add("CA1", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(told("CA1"), (Words{"end:transferred", "end:transferred!"}));
    EXPECT_EQ(last["recording"], "CA1-MZ1.wav");
    EXPECT_EQ(last["target"], "+15550111");
    EXPECT_GE(last["duration_ms"].get<int>(), 20);  // all of it, not the agent's part
}

TEST_P(Closings, ACallWhoseTimeIsOverEndsByItself) {
    add("CA1", Fact::call, {{"direction", "in"}, {"agent", "front"}, {"live", true}});
    add("CA1", Fact::end, {{"reason", "carrier_lost"}, {"agent", "front"}, {"result", "indeterminate"}});
    EXPECT_EQ(told("CA1"), Words{"end:carrier_lost"});
    with([](Session& session) { session.run("UPDATE history SET finish_after_ms = 1"); });  // nobody came back in time
    for (const auto until = Clock::now() + seconds(30); Clock::now() < until && watched("CA1").size() < 2;) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(told("CA1"), (Words{"end:carrier_lost", "end:carrier_lost!"}));
    EXPECT_EQ(watched("CA1"), told("CA1"));
    EXPECT_EQ(last["concluded"], "time");
    // It was not over: the second time it is told once more.
    add("CA1", Fact::call, {{"agent", "front"}, {"live", true}});
    add("CA1", Fact::end, {{"reason", "transferred"}, {"agent", "front"}});
    add("CA1", Fact::status, {{"status", "completed"}});
    EXPECT_EQ(told("CA1").size(), 4U);
}

TEST_P(Closings, OfWhatWasErasedNothingIsKeptAgain) {
    add("CA1", Fact::call, {{"direction", "in"}, {"agent", "front"}, {"live", true}});
    with([](Session& session) {
        EXPECT_FALSE(any_erased(session));
        mark_erased(session, "CA1", now_ms());
        mark_erased(session, "SMx", now_ms());
        EXPECT_TRUE(is_erased(session, "SMx", now_ms() - 5));
    });
    EXPECT_TRUE(records->remove("CA1"));
    add("CA1", Fact::turn, {{"text", "hello"}});
    EXPECT_FALSE(records->read("CA1"));
    EXPECT_TRUE(told("CA1").empty());
    std::this_thread::sleep_for(milliseconds(5));
    add("SMx", Fact::message, {{"text", "they write again"}});  // a thread goes on
    EXPECT_TRUE(records->read("SMx"));
    add("CA2", Fact::turn, {{"text", "hello"}});
    EXPECT_TRUE(records->read("CA2"));
    with([](Session& session) { EXPECT_EQ(sweep_rows(session, "marks", now_ms() + 1, 10), 2U); });
}

TEST_P(History, ListsPageByPage) {
    const std::int64_t day = 1'700'000'000'000;
    for (int i = 0; i < 25; ++i)
        fact("CA" + std::to_string(100 + i), Fact::call,
             {{"agent", i % 2 == 0 ? "front" : "back"},
              {"direction", i % 5 == 0 ? "out" : "in"},
              {"from", "+1555010" + std::to_string(i % 3)},
              {"channel", i == 7 ? "web" : "twilio"}},
             day + i / 3 * 1000);
    HistoryFilter filter;
    filter.limit = 7;
    std::vector<std::string> seen;
    std::int64_t last = std::numeric_limits<std::int64_t>::max();
    int pages = 0;
    do {
        const auto page = list(filter);
        for (const auto& row : page.rows) {
            EXPECT_LE(row.started_ms, last);
            last = row.started_ms;
            seen.push_back(row.call_sid);
        }
        filter.cursor = page.next;
        // What comes meanwhile is newer than where the reader is.
        fact("CA" + std::to_string(900 + pages), Fact::call, {{"agent", "front"}}, day + 1'000'000 + pages);
        ++pages;
    } while (!filter.cursor.empty());
    EXPECT_EQ(pages, 4);
    EXPECT_EQ(seen.size(), 25U);
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 25U);

    const auto count = [&](auto change) {
        HistoryFilter one;
        one.limit = 200;
        change(one);
        return list(one).rows.size();
    };
    EXPECT_EQ(count([](auto& f) { f.agent = "back"; }), 12U);
    EXPECT_EQ(count([](auto& f) { f.channel = "web"; }), 1U);
    EXPECT_EQ(count([](auto& f) { f.direction = "out"; }), 5U);
    EXPECT_EQ(count([](auto& f) { f.number = "+15550102"; }), 8U);
    EXPECT_EQ(count([](auto& f) { f.call_sid = "CA107"; }), 1U);
    EXPECT_EQ(count([](auto& f) { f.status = "realtime_session"; }), 0U);
    EXPECT_EQ(count([](auto& f) { f.end_reason = "parley_error"; }), 0U);
    EXPECT_EQ(count([&](auto& f) { f.from_ms = day + 3000, f.to_ms = day + 5000; }), 6U);
    EXPECT_EQ(count([](auto& f) { f.agent = "back", f.direction = "out"; }), 2U);
    EXPECT_EQ(list({}).rows.size(), 29U);
    HistoryFilter wide;
    wide.limit = 10'000;
    EXPECT_LE(list(wide).rows.size(), 200U);
    with([](Session& session) {
        for (const auto* wrong : {"x", "1-", "-", "zz'; DROP TABLE history; --", "1-a b", "99999999999999999999999-a"}) {
            HistoryFilter bad;
            bad.cursor = wrong;
            EXPECT_FALSE(list_history(session, bad)) << wrong;
        }
    });
}

TEST_P(History, WhoTakesACallOverIsWrittenAsAWhole) {
    fact("CA1", Fact::call, {{"agent", "front"}, {"agent_token", "t-front"}, {"model", "gpt"}, {"revision", "3"}}, 1000);
    fact("CA1", Fact::call, {{"agent", "desk"}, {"agent_token", "t-desk"}, {"model", ""}, {"revision", "1"}, {"answer", "stream"}}, 2000);
    EXPECT_EQ(of("CA1").agent, "desk");
    EXPECT_EQ(of("CA1").agent_token, "t-desk");
    EXPECT_EQ(of("CA1").model, "");
    EXPECT_EQ(of("CA1").revision, "1");
    fact("CA1", Fact::call, {{"answer", "gather"}, {"live", true}}, 3000);
    EXPECT_EQ(of("CA1").agent_token, "t-desk");
}

TEST_P(History, WhoGivesUpWaitingForAPlaceWasTurnedAway) {
    fact("CA1", Fact::call, {{"answer", "queue"}}, 1000);
    fact("CA1", Fact::call, {{"direction", "in"}, {"from", "+4930123456"}, {"agent", "front"}}, 1001);
    EXPECT_EQ(of("CA1").status, "realtime_session_incoming");
    fact("CA1", Fact::status, {{"status", "completed"}}, 9000);
    const auto gone = of("CA1");
    EXPECT_EQ(gone.status, "realtime_session_rejected");
    EXPECT_EQ(gone.rejection_reason, "concurrent_limit");
    EXPECT_EQ(gone.rejection_detail, "abandoned");
    EXPECT_EQ(gone.ended_ms, 9000);
    EXPECT_TRUE(gone.final);
    // Whoever gets in has a call like any other, and a stream that never comes is one.
    fact("CA2", Fact::call, {{"answer", "queue"}}, 1000);
    fact("CA2", Fact::call, {{"direction", "in"}, {"answer", "stream"}}, 5000);
    fact("CA2", Fact::status, {{"status", "completed"}}, 9000);
    EXPECT_EQ(of("CA2").rejection_reason, "realtime_stream_timeout");
    fact("CA3", Fact::call, {{"answer", "queue"}}, 1000);
    fact("CA3", Fact::call, {{"direction", "in"}, {"answer", "stream"}}, 5000);
    fact("CA3", Fact::call, {{"live", true}}, 6000);
    fact("CA3", Fact::end, {{"reason", "agent_completed"}}, 8000);
    fact("CA3", Fact::status, {{"status", "completed"}}, 9000);
    EXPECT_EQ(of("CA3").end_detail, "agent_completed");
    EXPECT_EQ(of("CA3").rejection_reason, "");
}

TEST_P(History, FindsWhatWasSaid) {
    fact("CA1", Fact::call, {{"agent", "front"}}, 1000);
    fact("CA1", Fact::turn, {{"text", "I would like an appointment on Tuesday, please"}}, 1100);
    fact("CA2", Fact::call, {{"agent", "front"}}, 2000);
    fact("CA2", Fact::turn, {{"text", "Ein Termin am Dienstag in Zürich"}}, 2100);
    fact("CA2", Fact::transcript, {{"text", "on Tuesday"}}, 2200);
    const auto found = [&](const std::string& words) {
        HistoryFilter filter;
        filter.search = words;
        return sids(filter);
    };
    EXPECT_EQ(found("tuesday"), "CA2 CA1 ");
    EXPECT_EQ(found("Tuesday appointment"), "CA1 ");
    EXPECT_EQ(found("appointment zürich"), "");
    EXPECT_EQ(found("zürich"), "CA2 ");
    // Words are the same on both stores: without accents, and whatever is neither letter nor digit stands between them.
    fact("CA3", Fact::call, {{"agent", "front"}}, 3000);
    fact("CA3", Fact::turn, {{"text", "This is Frau Müller, call 555-1234 or see harbour-dental.com"}}, 3100);
    EXPECT_EQ(found("muller"), "CA3 ");
    EXPECT_EQ(found("MÜLLER"), "CA3 ");
    EXPECT_EQ(found("1234"), "CA3 ");
    EXPECT_EQ(found("555-1234"), "CA3 ");
    EXPECT_EQ(found("harbour"), "CA3 ");
    EXPECT_EQ(found("dental.com frau"), "CA3 ");
    EXPECT_EQ(found("zurich"), "CA2 ");
    EXPECT_EQ(found("mull"), "");
    EXPECT_EQ(found("5551234"), "");
    EXPECT_EQ(found(" - . "), "");
    fact("CA4", Fact::call, {{"agent", "front"}}, 4000);
    fact("CA4", Fact::turn, {{"text", std::string(1000, 'x') + " Überlänge"}}, 4100);
    EXPECT_EQ(found("uberlange"), "CA4 ");
    for (const auto* hostile : {"\"", "'", "* OR 1", "NEAR(", "line:tuesday", "tuesday\" OR \"x", "') OR 1=1 --", "& | !", "\\"})
        EXPECT_NO_THROW(found(hostile)) << hostile;
    EXPECT_EQ(found("nothing\" OR \"tuesday"), "");
    with([](Session& session) { EXPECT_TRUE(erase_record(session, "CA2")); });
    EXPECT_EQ(found("tuesday"), "CA1 ");
    EXPECT_EQ(found("zürich"), "");
}

TEST_P(History, TakesNothingFromOutsideForStatements) {
    const std::vector<std::string> hostile{"'; DROP TABLE history; --",           "\" OR 1=1", "$1", "' || (SELECT 1) || '", "%", "_", "\\",
                                           "x' UNION SELECT guid FROM history --"};
    for (std::size_t i = 0; i < hostile.size(); ++i) {
        const auto& bad = hostile[i];
        fact("CA" + std::to_string(i), Fact::call,
             {{"agent", bad}, {"from", bad}, {"to", bad}, {"direction", bad}, {"channel", bad}, {"display", bad}, {"model", bad}}, 1000);
        fact("CA" + std::to_string(i), Fact::end, {{"reason", bad}, {"detail", bad}}, 2000);
    }
    for (const auto& bad : hostile) {
        HistoryFilter filter;
        filter.agent = bad;
        const auto page = list(filter);
        ASSERT_EQ(page.rows.size(), 1U) << bad;
        EXPECT_EQ(page.rows[0].agent, bad);
        EXPECT_EQ(page.rows[0].display, bad);
        filter = {};
        filter.number = bad;
        EXPECT_EQ(list(filter).rows.size(), 1U);
        filter = {};
        filter.call_sid = bad;
        EXPECT_TRUE(list(filter).rows.empty());
        with([&](Session& session) { EXPECT_FALSE(find_history(session, bad)); });
    }
    EXPECT_EQ(list({}).rows.size(), hostile.size());
}

TEST_P(History, NamesNobodyCanGuess) {
    std::set<std::string> guids;
    for (int i = 0; i < 50; ++i) {
        fact("CA" + std::to_string(i), Fact::call, {{"agent", "front"}});
        const auto row = of("CA" + std::to_string(i));
        EXPECT_EQ(row.guid.size(), 32U);
        EXPECT_EQ(row.guid.find_first_not_of("0123456789abcdef"), std::string::npos);
        guids.insert(row.guid);
        with([&](Session& session) { EXPECT_EQ(find_history(session, row.guid)->call_sid, row.call_sid); });
    }
    EXPECT_EQ(guids.size(), 50U);
    // Talks by message are records, not calls.
    fact("SM1", Fact::call, {{"direction", "sms"}});
    EXPECT_EQ(of("SM1").guid, "");
}

TEST_P(History, ConversationsByTextAreFoundByTheirFacts) {
    const auto keep = [&](const std::string& sid, const std::string& kind, const json& fact) {
        with([&](Session& session) {
            session.run("INSERT INTO facts(fact_id, call_sid, kind, json, at_ms) VALUES($1, $2, $3, $4, 1)", {kind + sid, sid, kind, fact.dump()});
        });
    };
    keep("SMSa", "call", {{"direction", "sms"}, {"from", "+14155550100"}, {"to", "+18005551212"}});
    keep("SMSa", "message", {{"direction", "in"}, {"from", "+14155550100"}, {"to", "+18005551212"}, {"text", "hello"}});
    keep("SMSb", "message", {{"direction", "out"}, {"from", "+18005551212"}, {"to", "+14155550100"}, {"text", "we wrote first"}});
    keep("SMSc", "message", {{"direction", "in"}, {"from", "+4930123456"}, {"to", "+18005551212"}, {"text", "call +14155550100"}});
    keep("SMSc", "call", {{"direction", "sms"}, {"from", "+4930123456"}, {"to", "+14155550100"}});
    keep("SMSd", "message", {{"direction", "in"}, {"from", "WhatsApp:+14155550100"}, {"to", "+18005551212"}, {"text", "hello"}});
    keep("SMTx", "message", {{"direction", "in"}, {"from", "+14155550100"}});
    const auto of = [&](const std::string& caller) {
        std::vector<std::string> found;
        with([&](Session& session) { found = calls_with(session, caller); });
        return found;
    };
    EXPECT_EQ(of("+14155550100"), (std::vector<std::string>{"SMSa", "SMSb"}));
    EXPECT_EQ(of("whatsapp:+14155550100"), (std::vector<std::string>{"SMSd"}));
    EXPECT_EQ(of("+4930123456"), (std::vector<std::string>{"SMSc"}));
    EXPECT_TRUE(of("+1415555010").empty());
    EXPECT_TRUE(of("%").empty());
}

INSTANTIATE_ON_BOTH(History);
INSTANTIATE_ON_BOTH(Closings);

TEST(Countries, OfNumbers) {
    struct Case {
        const char *number, *country;
    };
    for (const auto& [number, country] : {Case{"+12125550100", "US"},
                                          Case{"+14165550100", "CA"},
                                          Case{"+18765550100", "JM"},
                                          Case{"+18005550100", ""},
                                          Case{"+442071838750", "GB"},
                                          Case{"+441481200000", "GG"},
                                          Case{"+4930123456", "DE"},
                                          Case{"+77012345678", "KZ"},
                                          Case{"+74951234567", "RU"},
                                          Case{"+390669812345", "VA"},
                                          Case{"+390612345678", "IT"},
                                          Case{"+81312345678", "JP"},
                                          Case{"+8613812345678", "CN"},
                                          Case{"+35818123456", "AX"},
                                          Case{"+358401234567", "FI"},
                                          Case{"", ""},
                                          Case{"anonymous", ""},
                                          Case{"+", ""},
                                          Case{"+1", ""},
                                          Case{"sip:a@b", ""},
                                          Case{"12125550100", ""},
                                          Case{"+99912345678", ""},
                                          Case{"+1212555x100", ""},
                                          Case{"+12345678901234567", ""}})
        EXPECT_EQ(country_of(number), country) << number;
}

TEST(HistoryWords, Times) {
    EXPECT_EQ(iso8601(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(iso8601(1'772'357'400'250), "2026-03-01T09:30:00.250Z");
    EXPECT_EQ(iso8601(951'782'400'000), "2000-02-29T00:00:00.000Z");
}

}  // namespace
}  // namespace parley::store
