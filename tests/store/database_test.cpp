#include "parley/store/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <limits>
#include <set>
#include <thread>

#include "either_store.hpp"
#include "schema.hpp"

namespace parley::store {
namespace {

class Conformance : public EitherStore {
protected:
    void SetUp() override {
        database = open();
        database->transact([&](Session& session) {
            session.run(in_dialect("CREATE TABLE things(name TEXT PRIMARY KEY, whole INTEGER, part REAL, bytes {blob}) {strict}", session.dialect()));
            session.run(in_dialect("CREATE TABLE counters(name TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0)) {strict}", session.dialect()));
        });
    }
    Rows run(std::string_view statement, std::vector<Value> parameters = {}) {
        Rows rows;
        database->transact([&](Session& session) { rows = session.run(statement, parameters); });
        return rows;
    }
    std::optional<StoreErrc> error_of(const std::function<void(Session&)>& work) {
        try {
            database->transact(work);
        } catch (const StoreError& e) {
            return e.code();
        }
        return std::nullopt;
    }
    std::unique_ptr<Database> database;
};

TEST_P(Conformance, Kinds) {
    const Blob bytes{0, 1, 0xFF, 0, 'x'};
    const std::int64_t big = std::numeric_limits<std::int64_t>::max(), small = std::numeric_limits<std::int64_t>::min();
    const std::string text = "Grüße, 世界 \xF0\x9F\x98\x80 '; DROP TABLE things; --\n\t\"$1\"";
    run("INSERT INTO things(name, whole, part, bytes) VALUES($1, $2, $3, $4)", {text, big, 0.1, bytes});
    run("INSERT INTO things(name, whole, part, bytes) VALUES($1, $2, $3, $4)", {std::string("least"), small, -1e300, Blob{}});
    run("INSERT INTO things(name, whole, part, bytes) VALUES($1, $2, $3, $4)", {std::string(), std::monostate{}, std::monostate{}, std::monostate{}});
    const auto rows = run("SELECT name, whole, part, bytes FROM things WHERE name = $1", {text});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].text(0), text);
    EXPECT_EQ(rows[0].integer(1), big);
    EXPECT_EQ(rows[0].real(2), 0.1);
    EXPECT_EQ(rows[0].blob(3), bytes);
    const auto least = run("SELECT whole, part, bytes FROM things WHERE name = 'least'");
    EXPECT_EQ(least.at(0).integer(0), small);
    EXPECT_EQ(least.at(0).real(1), -1e300);
    EXPECT_FALSE(least.at(0).null(2));
    EXPECT_TRUE(least.at(0).blob(2).empty());
    const auto none = run("SELECT whole, part, bytes, name FROM things WHERE name = ''");
    ASSERT_EQ(none.size(), 1U);
    for (const std::size_t column : {0U, 1U, 2U}) EXPECT_TRUE(none[0].null(column));
    EXPECT_FALSE(none[0].null(3));
    EXPECT_EQ(none[0].integer(0), 0);
    EXPECT_THROW((void)rows[0].integer(0), StoreError);
    EXPECT_EQ(run("SELECT COUNT(*), SUM(n), MAX(n) FROM counters").at(0).integer(0), 0);
    run("INSERT INTO counters VALUES('a', 3)");
    run("INSERT INTO counters VALUES('b', 4)");
    EXPECT_EQ(run("SELECT SUM(n) FROM counters").at(0).integer(0), 7);
}

TEST_P(Conformance, TextsAreOrderedByTheirBytes) {
    for (const auto* name : {"b", "B", "a", "Z", "ä", "_", "1"}) run("INSERT INTO things(name) VALUES($1)", {std::string(name)});
    std::string order;
    for (const auto& row : run("SELECT name FROM things ORDER BY name")) order += row.text(0);
    EXPECT_EQ(order, "1BZ_abä");
    EXPECT_EQ(run("SELECT name FROM things WHERE name > $1 ORDER BY name LIMIT $2", {std::string("Z"), std::int64_t{2}}).size(), 2U);
}

TEST_P(Conformance, RefusesWhatIsNoText) {
    for (const auto& bad : {std::string("a\0b", 3), std::string("\xC0\x80"), std::string("\xED\xA0\x80"), std::string("\xFF"), std::string("\xE4\xB8")})
        EXPECT_EQ(error_of([&](Session& session) { session.run("INSERT INTO things(name) VALUES($1)", {bad}); }), StoreErrc::statement);
    EXPECT_EQ(error_of([&](Session& session) { session.run("INSERT INTO things(name) VALUES($1)", {}); }), StoreErrc::statement);
    EXPECT_EQ(error_of([&](Session& session) { session.run("SELEC"); }), StoreErrc::statement);
    EXPECT_EQ(run("SELECT COUNT(*) FROM things").at(0).integer(0), 0);
}

TEST_P(Conformance, AllOrNothing) {
    EXPECT_THROW(database->transact([](Session& session) {
        session.run("INSERT INTO counters VALUES('a', 1)");
        throw std::logic_error("changed its mind");
    }),
                 std::logic_error);
    EXPECT_EQ(error_of([](Session& session) {
                  session.run("INSERT INTO counters VALUES('a', 1)");
                  session.run("INSERT INTO counters VALUES('a', 2)");
              }),
              StoreErrc::constraint);
    EXPECT_EQ(error_of([](Session& session) { session.run("INSERT INTO counters VALUES('a', -1)"); }), StoreErrc::constraint);
    // A failure that is passed over does not make a transaction that is half done.
    EXPECT_EQ(error_of([](Session& session) {
                  session.run("INSERT INTO counters VALUES('a', 1)");
                  try {
                      session.run("INSERT INTO counters VALUES('a', 2)");
                  } catch (const StoreError&) {
                      (void)session.changed();
                  }
              }),
              StoreErrc::statement);
    EXPECT_EQ(run("SELECT COUNT(*) FROM counters").at(0).integer(0), 0);
    EXPECT_EQ(error_of([&](Session&) { database->transact([](Session&) {}); }), StoreErrc::statement);
    EXPECT_EQ(error_of([](Session& session) { session.run("INSERT INTO counters VALUES('a', 1)"); }), std::nullopt);
    EXPECT_TRUE(database->available());
}

TEST_P(Conformance, ConflictsAndAnswers) {
    database->transact([](Session& session) {
        session.run("INSERT INTO counters(name, n) VALUES($1, $2)", {std::string("a"), std::int64_t{1}});
        EXPECT_EQ(session.changed(), 1U);
        session.run("INSERT INTO counters(name, n) VALUES($1, $2) ON CONFLICT(name) DO NOTHING", {std::string("a"), std::int64_t{5}});
        EXPECT_EQ(session.changed(), 0U);
        const auto rows = session.run("INSERT INTO counters(name, n) VALUES($1, $2) ON CONFLICT(name) DO UPDATE SET n = counters.n + excluded.n RETURNING n",
                                      {std::string("a"), std::int64_t{5}});
        EXPECT_EQ(rows.at(0).integer(0), 6);
        EXPECT_EQ(session.changed(), 1U);
        session.run("SELECT n FROM counters");
        EXPECT_EQ(session.changed(), 0U);
        session.run("UPDATE counters SET n = n + 1 WHERE n > $1", {std::int64_t{100}});
        EXPECT_EQ(session.changed(), 0U);
        EXPECT_EQ(session.run("DELETE FROM counters WHERE name = $1 RETURNING n", {std::string("a")}).at(0).integer(0), 6);
    });
}

TEST_P(Conformance, ManyCountAtOnceWithoutLosingOne) {
    run("INSERT INTO counters VALUES('n', 0)");
    constexpr int kThreads = 6, kEach = 25;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < kEach; ++i)
                database->transact([](Session& session) {
                    // Read, then written: one of two that read the same has to come again.
                    const auto n = session.run("SELECT n FROM counters WHERE name = 'n'").at(0).integer(0);
                    session.run("UPDATE counters SET n = $1 WHERE name = 'n'", {n + 1});
                });
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(run("SELECT n FROM counters WHERE name = 'n'").at(0).integer(0), kThreads * kEach);
}

TEST_P(Conformance, PrepareManyStatements) {
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 300; ++i) EXPECT_EQ(run("SELECT " + std::to_string(i)).at(0).integer(0), i);
}

TEST_P(Conformance, AStatementThatTakesTooLongEnds) {
    auto hasty = settings();
    hasty.statement_timeout = std::chrono::milliseconds(200);
    database.reset();
    database = open(hasty);
    const auto endless =
        GetParam() == Dialect::sqlite ? "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r" : "SELECT pg_sleep(60)";
    EXPECT_EQ(error_of([&](Session& session) { session.run(endless); }), StoreErrc::timeout);
    EXPECT_EQ(run("SELECT 1").at(0).integer(0), 1);
    EXPECT_GE(lines->count("store.busy"), 1U);
}

TEST_P(Conformance, StepsAreTakenOnceAlsoByTwoAtATime) {
    database.reset();
    std::vector<std::thread> threads;
    std::atomic<int> opened{0};
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([&] {
            const auto mine = open();
            mine->transact([&](Session& session) { opened += static_cast<int>(session.run("SELECT COUNT(*) FROM jobs").size()); });
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(opened, 3);
    database = open();
    EXPECT_EQ(database->check(), "");
    // Tables of a version to come are left alone.
    run("UPDATE schema_versions SET version = 1000 WHERE part = 'jobs'");
    database.reset();
    EXPECT_THROW((void)open(), StoreError);
}

TEST_P(Conformance, LooksWithoutTouching) {
    run("INSERT INTO counters VALUES('a', 1)");
    auto looking = settings();
    looking.read_only = true;
    const auto other = open(looking);
    other->transact([](Session& session) { EXPECT_EQ(session.run("SELECT n FROM counters").at(0).integer(0), 1); });
    EXPECT_THROW(other->transact([](Session& session) { session.run("UPDATE counters SET n = 2"); }), StoreError);
    run("UPDATE counters SET n = 3");
    other->transact([](Session& session) { EXPECT_EQ(session.run("SELECT n FROM counters").at(0).integer(0), 3); });
}

TEST_P(Conformance, AnswersCoroutines) {
    boost::asio::io_context loop{1};
    std::vector<std::string> seen;
    const auto here = std::this_thread::get_id();
    auto body = [&]() -> net::Task<> {
        std::function<std::int64_t(Session&)> reading = [](Session& session) { return session.run("SELECT 42").at(0).integer(0); };
        auto got = co_await database->ask<std::int64_t>(reading, std::chrono::seconds(20));
        seen.push_back(got ? std::to_string(*got) : got.error().message());
        EXPECT_EQ(std::this_thread::get_id(), here);
        std::function<std::int64_t(Session&)> wrong = [](Session& session) { return session.run("SELECT nothing FROM nowhere").at(0).integer(0); };
        got = co_await database->ask<std::int64_t>(wrong, std::chrono::seconds(20));
        EXPECT_FALSE(got.has_value());
        if (got.has_error()) EXPECT_EQ(got.error(), make_error_code(StoreErrc::statement));
        std::function<std::int64_t(Session&)> slow = [](Session&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            return std::int64_t{0};
        };
        got = co_await database->ask<std::int64_t>(slow, std::chrono::milliseconds(20));
        EXPECT_FALSE(got.has_value());
        if (got.has_error()) EXPECT_EQ(got.error(), make_error_code(StoreErrc::timeout));
        seen.emplace_back("done");
    };
    boost::asio::co_spawn(loop, body, boost::asio::detached);
    loop.run();
    EXPECT_EQ(seen, (std::vector<std::string>{"42", "done"}));
    database.reset();  // the late answer still goes to the loop
}

TEST_P(Conformance, RefusesMoreThanItCanQueue) {
    auto small = settings();
    small.queue = 3;
    small.connections = 1;
    database.reset();
    database = open(small);
    std::atomic<bool> go{false};
    std::atomic<int> done{0};
    ASSERT_TRUE(database->enqueue([&] {
        while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++done;
    }));
    int taken = 1;
    for (int i = 0; i < 6; ++i) taken += database->enqueue([&] { ++done; }) ? 1 : 0;
    EXPECT_LE(taken, 4);
    EXPECT_GE(taken, 3);
    go = true;
    database.reset();
    EXPECT_EQ(done, taken);
}

TEST_P(Conformance, IsCounted) {
    run("SELECT 1");
    EXPECT_GE(metrics.store_operations.at("transaction", "ok").value(), 1U);
    EXPECT_THROW(run("SELECT nothing FROM nowhere"), StoreError);
    EXPECT_EQ(metrics.store_operations.at("transaction", "statement").value(), 1U);
}

INSTANTIATE_ON_BOTH(Conformance);

}  // namespace
}  // namespace parley::store
