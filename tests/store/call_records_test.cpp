#include "parley/store/call_records.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "either_store.hpp"
#include "fact_spool.hpp"
#include "parley/store/call_history.hpp"
#include "shut_store.hpp"

namespace parley::store {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Records : public EitherStore {
protected:
    void SetUp() override { database = open(); }
    CallRecords::Settings kept(const std::string& instance = "one") {
        CallRecords::Settings made;
        made.database = database.get();
        made.instance = instance;
        made.directory = directory.string();
        made.spool = directory / "spool";
        made.log = log;
        made.metrics = &metrics;
        made.retry = milliseconds(50);
        made.on_error = [this](const std::string&, error_code) { ++errors; };
        return made;
    }
    std::int64_t count(std::string_view statement) {
        std::int64_t n = 0;
        database->transact([&](Session& session) { n = session.run(statement).at(0).integer(0); });
        return n;
    }
    template <class F>
    static bool eventually(F&& done) {
        for (const auto until = Clock::now() + seconds(30); Clock::now() < until;) {
            if (done()) return true;
            std::this_thread::sleep_for(milliseconds(10));
        }
        return false;
    }
    std::unique_ptr<Database> database;
    std::atomic<int> errors{0};
};

TEST_P(Records, PutFactsTogether) {
    CallRecords records(kept());
    EXPECT_TRUE(records.add("CA1", Fact::call, R"({"from":"+1","to":"+2"})"));
    EXPECT_TRUE(records.add("CA1", Fact::call, R"({"agent":"front","to":"+3"})"));
    EXPECT_TRUE(records.add("CA1", Fact::turn, R"({"who":"caller","text":"hello"})"));
    EXPECT_TRUE(records.add("CA1", Fact::turn, R"({"who":"agent","text":"good day"})"));
    EXPECT_TRUE(records.add("CA1", Fact::recording, R"({"sid":"RE1","status":"in-progress"})"));
    EXPECT_TRUE(records.add("CA1", Fact::recording, R"({"sid":"RE2","status":"completed"})"));
    EXPECT_TRUE(records.add("CA1", Fact::recording, R"({"sid":"RE1","status":"completed","duration":4})"));
    EXPECT_TRUE(records.add("CA1", Fact::status, R"({"status":"ringing"})"));
    EXPECT_TRUE(records.add("CA1", Fact::status, R"({"status":"completed"})"));
    records.flush();
    const auto text = records.read("CA1");
    ASSERT_TRUE(text);
    const auto record = json::parse(*text);
    EXPECT_EQ(record["call_sid"], "CA1");
    EXPECT_EQ(record["call"], (json{{"from", "+1"}, {"to", "+3"}, {"agent", "front"}}));
    ASSERT_EQ(record["turns"].size(), 2U);
    EXPECT_EQ(record["turns"][0]["text"], "hello");
    EXPECT_TRUE(record["turns"][0]["at"].is_number());
    ASSERT_EQ(record["recordings"].size(), 2U);
    EXPECT_EQ(record["recordings"][0], (json{{"sid", "RE1"}, {"status", "completed"}, {"duration", 4}}));
    EXPECT_EQ(record["status"]["status"], "completed");
}

TEST_P(Records, RefuseWhatIsNoFact) {
    CallRecords records(kept());
    EXPECT_FALSE(records.add("../CA1", Fact::note, "{}"));
    EXPECT_FALSE(records.add("", Fact::note, "{}"));
    EXPECT_FALSE(records.add("CA1'; DROP TABLE facts; --", Fact::note, "{}"));
    EXPECT_FALSE(records.add("CA1", Fact::note, "[1]"));
    EXPECT_FALSE(records.add("CA1", Fact::note, "{"));
    EXPECT_FALSE(records.add("CA1", Fact::note, "{\"text\":\"\xC3\x28\"}"));
    EXPECT_FALSE(records.add("CA1", Fact::note, R"({"a":")" + std::string(2U << 20U, 'x') + "\"}"));
    EXPECT_FALSE(records.read("../../etc/passwd"));
    EXPECT_FALSE(records.read("CA1"));
    EXPECT_FALSE(records.remove("CA1"));
}

TEST_P(Records, KeepANulThatJsonCanSay) {
    CallRecords records(kept());
    EXPECT_TRUE(records.add("CA1", Fact::turn, R"({"who":"caller","text":"a\u0000b"})"));
    EXPECT_TRUE(records.add("CA1", Fact::turn, R"({"who":"caller","text":"after"})"));
    records.flush();
    const auto record = json::parse(records.read("CA1").value());
    EXPECT_EQ(record["turns"][0]["text"], std::string("a\0b", 3));
    EXPECT_EQ(record["turns"][1]["text"], "after");
    EXPECT_EQ(records.dropped(), 0U);
}

TEST_P(Records, ListNewestFirstRemoveAndSweep) {
    CallRecords records(kept());
    for (const auto* sid : {"CA1", "CA2", "SM3"}) {
        records.add(sid, Fact::turn, R"({"text":"hello"})");
        records.flush();
        std::this_thread::sleep_for(milliseconds(15));
    }
    EXPECT_EQ(records.newest(2), (std::vector<std::string>{"SM3", "CA2"}));
    EXPECT_TRUE(records.remove("SM3"));
    EXPECT_FALSE(records.remove("SM3"));
    EXPECT_EQ(records.newest(9), (std::vector<std::string>{"CA2", "CA1"}));
    database->transact([](Session& session) { session.run("UPDATE records SET last_ms = 1 WHERE call_sid = 'CA1'"); });
    EXPECT_EQ(records.sweep(std::chrono::hours(24)), 1U);
    EXPECT_EQ(records.newest(9), (std::vector<std::string>{"CA2"}));
    EXPECT_EQ(count("SELECT COUNT(*) FROM facts"), 1);
    EXPECT_EQ(count("SELECT COUNT(*) FROM call_lines"), 1);
}

TEST_P(Records, AreWrittenByManyThreads) {
    CallRecords records(kept());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&records, t] {
            for (int i = 0; i < 100; ++i) records.add("CA" + std::to_string(i % 5), Fact::turn, json{{"t", t}, {"i", i}}.dump());
        });
    for (auto& thread : threads) thread.join();
    records.flush();
    std::size_t all = 0;
    for (int i = 0; i < 5; ++i) {
        const auto turns = json::parse(*records.read("CA" + std::to_string(i)))["turns"];
        all += turns.size();
        std::map<int, int> last;  // each thread's in the order it told them
        for (const auto& turn : turns) {
            EXPECT_GE(turn["i"].get<int>(), last[turn["t"].get<int>()]);
            last[turn["t"].get<int>()] = turn["i"].get<int>();
        }
    }
    EXPECT_EQ(all, 400U);
    EXPECT_EQ(records.dropped(), 0U);
}

TEST_P(Records, RunTheirHooks) {
    std::vector<std::string> told;
    FactHooks hooks;
    hooks.redact = [](std::string_view, Fact fact, std::string text) { return fact == Fact::turn ? R"({"text":"***"})" : text; };
    hooks.added.push_back([&](const FactEvent& event) { told.push_back(event.json); });
    hooks.kept.push_back([](Session& session, const FactEvent& event) {
        session.run("INSERT INTO checkpoints(call_sid, json, instance, saved_ms, expires_ms) VALUES($1, $2, '', 0, 0)",
                    {event.call_sid + "/" + std::string(name(event.fact)), event.json});
        if (event.fact == Fact::note) throw std::logic_error("a hook of ours is wrong");
    });
    CallRecords records(kept());
    records.hooks(std::move(hooks));
    records.add("CA1", Fact::turn, R"({"text":"my card is 4111"})");
    records.add("CA1", Fact::note, R"({"a":1})");
    records.add("CA1", Fact::end, R"({"reason":"silence"})");
    records.flush();
    EXPECT_EQ(told.at(0), R"({"text":"***"})");
    EXPECT_EQ(count("SELECT COUNT(*) FROM checkpoints WHERE call_sid = 'CA1/turn' AND json = '{\"text\":\"***\"}'"), 1);
    EXPECT_EQ(count("SELECT COUNT(*) FROM checkpoints WHERE call_sid = 'CA1/end'"), 1);
    // What hangs on a fact fails: the fact is kept, what is half done is not.
    EXPECT_EQ(count("SELECT COUNT(*) FROM checkpoints WHERE call_sid = 'CA1/note'"), 0);
    EXPECT_EQ(count("SELECT COUNT(*) FROM facts"), 3);
    EXPECT_EQ(records.read("CA1")->find("4111"), std::string::npos);
    EXPECT_EQ(count("SELECT COUNT(*) FROM facts WHERE json LIKE '%4111%'"), 0);
}

TEST_P(Records, WaitInTheSpoolAndComeOnceAndInOrder) {
    Gate gate(*database);
    auto with = kept();
    with.database = &gate;
    CallRecords records(with);
    records.add("CA1", Fact::call, R"({"agent":"front","live":true})");
    records.flush();
    for (const auto why : {StoreErrc::unavailable, StoreErrc::full, StoreErrc::io, StoreErrc::busy, StoreErrc::timeout}) {
        gate.why = why;
        gate.shut = true;
        for (int i = 0; i < 20; ++i)
            records.add("CA1", Fact::turn, json{{"text", "turn " + std::to_string(i)}, {"why", static_cast<int>(why)}, {"i", i}}.dump());
        records.flush();
        EXPECT_GT(records.spooled_bytes(), 0U);
        EXPECT_GT(metrics.store_spool_bytes.at().value(), 0);
        gate.forget = 2;
        gate.shut = false;
        EXPECT_TRUE(eventually([&] { return records.spooled_bytes() == 0; }));
        records.add("CA1", Fact::turn, json{{"text", "direct"}, {"why", static_cast<int>(why)}, {"i", 20}}.dump());
        records.flush();
    }
    records.add("CA1", Fact::end, R"({"reason":"agent_completed"})");
    records.flush();
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() == 0; }));
    const auto turns = json::parse(*records.read("CA1"))["turns"];
    ASSERT_EQ(turns.size(), 105U);
    for (std::size_t i = 0; i < turns.size(); ++i) EXPECT_EQ(turns[i]["i"], i % 21) << i;
    EXPECT_EQ(records.dropped(), 0U);
    EXPECT_EQ(count("SELECT turns FROM history"), 105);
    EXPECT_GE(lines->count("store.spooling"), 1U);
    EXPECT_GE(lines->count("store.spool_over"), 1U);
}

TEST_P(Records, GoThroughTheSpoolWhenTheStoreIsTooSlowForTheQueue) {
    Gate gate(*database);
    auto with = kept();
    with.database = &gate;
    with.lease = std::chrono::hours(1);  // nothing is renewed meanwhile
    CallRecords records(with);
    struct Open {
        Gate& gate;
        ~Open() {
            gate.counted = false;
            gate.permits.release(100);
        }
    } open{gate};
    const std::string pad(10'000, 'x');
    int told = 0;
    const auto tell = [&](int most) {
        for (int i = 0; i < most; ++i) EXPECT_TRUE(records.add("CA1", Fact::turn, json{{"i", told++}, {"pad", pad}}.dump()));
    };
    tell(1);
    records.flush();
    gate.counted = true;
    tell(1);
    EXPECT_TRUE(eventually([&] { return gate.waiting == 1; }));
    tell(1000);               // more than half of the queue, behind the one that is being stored
    gate.permits.release(2);  // that one, and the first portion of the others
    ASSERT_TRUE(eventually([&] { return records.spooled_bytes() > 0; })) << "the store is not waited for while memory fills";
    records.flush();
    tell(1200);  // with those before it more than the queue holds
    EXPECT_EQ(records.dropped(), 0U);
    EXPECT_GE(lines->count("store.spooling"), 1U);
    gate.counted = false;
    gate.permits.release(100);
    EXPECT_TRUE(eventually([&] { return count("SELECT COUNT(*) FROM facts") == told; }));
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() == 0; }));
    records.flush();
    const auto turns = json::parse(*records.read("CA1"))["turns"];
    ASSERT_EQ(turns.size(), static_cast<std::size_t>(told));
    for (std::size_t i = 0; i < turns.size(); ++i) ASSERT_EQ(turns[i]["i"], i) << "nothing overtakes what waits";
    EXPECT_TRUE(eventually([&] { return lines->count("store.spool_over") >= 1U; }));
    EXPECT_EQ(records.dropped(), 0U);
}

TEST_P(Records, StayWhenSomethingIsToldOfThemWhileOldOnesAreSwept) {
    Gate gate(*database);
    auto with = kept();
    with.database = &gate;
    with.lease = std::chrono::hours(1);
    CallRecords records(with);
    for (const auto* sid : {"SMSold", "SMSback"}) records.add(sid, Fact::message, R"({"text":"hello"})");
    records.flush();
    database->transact([](Session& session) { session.run("UPDATE records SET last_ms = 1"); });
    // Behind the list of those that are old.
    gate.once([&] { records.add("SMSback", Fact::message, R"({"text":"it is me again"})"); });
    EXPECT_EQ(records.sweep(std::chrono::hours(24)), 1U);
    EXPECT_FALSE(records.read("SMSold"));
    ASSERT_TRUE(records.read("SMSback"));
    EXPECT_EQ(json::parse(*records.read("SMSback"))["messages"].size(), 2U);
}

TEST_P(Records, LeaveNeighboursALeaseAfterTheStoreWasAway) {
    Gate gate(*database);
    auto with = kept();
    with.database = &gate;
    with.lease = seconds(2);
    with.retry = milliseconds(500);
    CallRecords records(with);
    const auto lease = [&] { return count("SELECT COALESCE(MAX(lease_until_ms), 0) FROM record_instances WHERE instance = 'one'"); };
    records.add("CA1", Fact::call, R"({"live":true})");
    records.flush();
    EXPECT_TRUE(eventually([&] { return lease() > 0; }));
    gate.shut = true;
    // A neighbour's call, and its lease that could not be renewed meanwhile either.
    database->transact([](Session& session) {
        apply_fact(session, {"CA2", Fact::call, R"({"live":true})", now_ms()}, "two");
        renew_instance(session, "two", now_ms() - 1);
    });
    records.add("CA1", Fact::turn, R"({"text":"hello"})");
    records.flush();
    std::this_thread::sleep_for(milliseconds(2500));  // longer than the lease it gave everybody at its own start
    const auto before = lease();
    gate.shut = false;
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() == 0 && lease() > before; }));
    EXPECT_EQ(count("SELECT COUNT(*) FROM history WHERE final = 1"), 0);
    database->transact([](Session& session) { renew_instance(session, "two", now_ms() + 600'000); });
}

TEST_P(Records, SpoolOutlivesItsProcess) {
    Gate gate(*database);
    {
        auto with = kept();
        with.database = &gate;
        CallRecords records(with);
        gate.shut = true;
        records.add("CA1", Fact::call, R"({"agent":"front"})");
        records.add("CA1", Fact::end, R"({"reason":"silence"})");
        records.flush();
    }
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "spool")) {
        ++files;
        struct ::stat state{};
        ASSERT_EQ(::stat(entry.path().c_str(), &state), 0);
        EXPECT_EQ(state.st_mode & 0777U, 0600U);
        std::ofstream(entry.path(), std::ios::app) << "{\"id\":\"torn";  // by a crash
    }
    EXPECT_EQ(files, 1U);
    EXPECT_EQ(count("SELECT COUNT(*) FROM facts"), 0);
    CallRecords records(kept("two"));
    records.hooks({});
    EXPECT_TRUE(eventually([&] { return count("SELECT COUNT(*) FROM facts") == 2; }));
    EXPECT_EQ(count("SELECT COUNT(*) FROM history WHERE final = 1 AND end_detail = 'silence'"), 1);
    EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(directory / "spool"); }));
}

TEST_P(Records, GiveUpEventsAndWordsBeforeEnds) {
    Gate gate(*database);
    gate.shut = true;
    auto with = kept();
    with.database = &gate;
    with.spool_bytes = 8000;
    CallRecords records(with);
    const auto text = json{{"text", std::string(200, 'x')}}.dump();
    for (int i = 0; i < 60; ++i) {
        records.add("CA1", Fact::event, text);
        records.flush();
    }
    const auto events = metrics.store_facts_dropped.at("event").value();
    EXPECT_GT(events, 0U);
    for (int i = 0; i < 60; ++i) {
        records.add("CA1", Fact::turn, text);
        records.flush();
    }
    EXPECT_GT(metrics.store_facts_dropped.at("turn").value(), 0U);
    for (int i = 0; i < 60; ++i) records.add("CA" + std::to_string(i), Fact::end, R"({"reason":"silence"})");
    records.flush();
    EXPECT_EQ(metrics.store_facts_dropped.at("final").value(), 0U);
    EXPECT_EQ(records.dropped(), events + metrics.store_facts_dropped.at("turn").value());
    EXPECT_GE(lines->count("store.facts_dropped"), 1U);
    gate.shut = false;
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() == 0; }));
    EXPECT_EQ(count("SELECT COUNT(*) FROM history WHERE final = 1"), 60);
}

TEST_P(Records, StayInMemoryWhenTheSpoolRefusesToo) {
    Gate gate(*database);
    gate.shut = true;
    auto with = kept();
    with.database = &gate;
    with.spool = directory / "file" / "spool";
    std::ofstream(directory / "file") << "where the directory should be";
    CallRecords records(with);
    for (int i = 0; i < 10; ++i) {
        records.add("CA1", Fact::turn, json{{"i", i}}.dump());
        records.flush();
    }
    EXPECT_EQ(errors, 1);
    EXPECT_EQ(lines->count("store.full"), 1U);
    gate.shut = false;
    EXPECT_TRUE(eventually([&] { return count("SELECT COUNT(*) FROM facts") == 10; }));
    const auto turns = json::parse(*records.read("CA1"))["turns"];
    for (std::size_t i = 0; i < turns.size(); ++i) EXPECT_EQ(turns[i]["i"], i);
}

TEST_P(Records, NeverWaitForTheStore) {
    // Somebody holds what the writer needs; adding goes on.
    std::atomic<bool> held{false}, go{false};
    std::thread other([&] {
        database->transact([&](Session& session) {
            session.run("INSERT INTO records(call_sid, first_ms, last_ms) VALUES('CA1', 1, 1)");
            held = true;
            while (!go) std::this_thread::sleep_for(milliseconds(1));
        });
    });
    EXPECT_TRUE(eventually([&] { return held.load(); }));
    CallRecords records(kept());
    const auto began = Clock::now();
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(records.add("CA1", Fact::turn, R"({"text":"hello"})"));
    EXPECT_LT(Clock::now() - began, seconds(5));
    EXPECT_EQ(records.dropped(), 0U);
    go = true;
    other.join();
    records.flush();
    EXPECT_EQ(count("SELECT COUNT(*) FROM facts"), 1000);
}

INSTANTIATE_ON_BOTH(Records);

// A spool's file is there before it is locked; who looks for what was left behind may come in between.
TEST(Spool, IsNeverAFileThatSomebodyElseDeleted) {
    const auto directory = std::filesystem::path(testing::TempDir()) / ("parley-spool-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    std::atomic<bool> over{false};
    std::vector<std::thread> others;
    for (int i = 0; i < 3; ++i)
        others.emplace_back([&] {
            FactSpool spool(directory);
            while (!over) spool.adopt();
        });
    int lost = 0;
    for (int i = 0; i < 3000; ++i) {
        FactSpool spool(directory);
        EXPECT_FALSE(spool.append({{"f1", {"CA1", Fact::end, "{}", 1}}}, false));
        lost += std::filesystem::exists(spool.path()) ? 0 : 1;
        EXPECT_EQ(spool.next(10).size(), 1U);
        spool.taken();
    }
    over = true;
    for (auto& other : others) other.join();
    EXPECT_EQ(lost, 0);
    std::filesystem::remove_all(directory);
}

TEST(OwnRecords, LieInAFileOfTheirOwn) {
    const auto directory = std::filesystem::path(testing::TempDir()) / ("parley-records-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory);
    {
        CallRecords records({.directory = directory.string()});
        records.add("CA1", Fact::end, R"({"reason":"silence"})");
        records.flush();
        const CallRecords beside({.directory = directory.string(), .read_only = true});
        EXPECT_TRUE(beside.read("CA1"));
    }
    CallRecords again({.directory = directory.string()});
    again.add("CA1", Fact::turn, R"({"text":"late"})");
    again.flush();
    const auto record = json::parse(*again.read("CA1"));
    EXPECT_EQ(record["end"]["reason"], "silence");
    EXPECT_EQ(record["turns"].size(), 1U);
    for (const auto* name : {"parley.db", "parley.db-wal"}) {
        struct ::stat state{};
        ASSERT_EQ(::stat((directory / name).c_str(), &state), 0) << name;
        EXPECT_EQ(state.st_mode & 0777U, 0600U) << name;
    }
    std::filesystem::remove_all(directory);
}

TEST(OwnRecords, AreSwitchedOffWithoutADirectory) {
    CallRecords records({});
    EXPECT_TRUE(records.add("CA1", Fact::note, "{}"));
    EXPECT_FALSE(records.read("CA1"));
    EXPECT_TRUE(records.newest(3).empty());
    EXPECT_FALSE(records.remove("CA1"));
}

}  // namespace
}  // namespace parley::store
