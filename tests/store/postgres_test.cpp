// What only a server on a network can do: be away, come back, fall silent.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "parley/base/log.hpp"
#include "parley/store/database.hpp"
#include "postgres_server.hpp"

namespace parley::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Postgres : public testing::Test {
protected:
    [[nodiscard]] DatabaseSettings settings() const {
        DatabaseSettings made;
        made.url = Secret(server.url());
        made.connections = 2;
        return made;
    }
    std::unique_ptr<Database> open(const DatabaseSettings& with) { return open_database(with, log, nullptr); }
    static std::optional<StoreErrc> error_of(Database& database) {
        try {
            database.transact([](Session& session) { session.run("SELECT 1"); });
        } catch (const StoreError& e) {
            return e.code();
        }
        return std::nullopt;
    }
    template <class F>
    static bool eventually(F&& done) {
        for (const auto until = Clock::now() + seconds(30); Clock::now() < until;) {
            if (done()) return true;
            std::this_thread::sleep_for(milliseconds(20));
        }
        return false;
    }
    test::PostgresDatabase server;
    std::shared_ptr<MemoryLog> lines = std::make_shared<MemoryLog>();
    Log log = Log::to(LogSettings{}, lines);
};

TEST_F(Postgres, ConnectionsThatWereCutAreReplaced) {
    const auto database = open(settings());
    EXPECT_EQ(error_of(*database), std::nullopt);
    for (int i = 0; i < 3; ++i) {
        server.disconnect_all();
        // Nothing was written on the one that went stale in the pool: the work is done on another.
        EXPECT_EQ(error_of(*database), std::nullopt);
    }
    // Cut in the middle of the work: it is done again as a whole.
    int times = 0;
    database->transact([&](Session& session) {
        session.run("CREATE TABLE IF NOT EXISTS once(n BIGINT)");
        session.run("INSERT INTO once VALUES(1)");
        if (++times == 1) server.disconnect_all();
        session.run("INSERT INTO once VALUES(2)");
    });
    EXPECT_EQ(times, 2);
    database->transact([](Session& session) { EXPECT_EQ(session.run("SELECT COUNT(*) FROM once").at(0).integer(0), 2); });
}

TEST_F(Postgres, AwayIsAnsweredAtOnceAndBackIsNoticed) {
    const auto database = open(settings());
    server.close_doors(true);
    server.disconnect_all();
    EXPECT_EQ(error_of(*database), StoreErrc::unavailable);
    EXPECT_FALSE(database->available());
    // While it is known to be away nobody waits for it.
    const auto began = Clock::now();
    for (int i = 0; i < 50; ++i) EXPECT_EQ(error_of(*database), StoreErrc::unavailable);
    EXPECT_LT(Clock::now() - began, seconds(10));
    EXPECT_GE(lines->count("store.unavailable"), 1U);
    server.close_doors(false);
    EXPECT_TRUE(eventually([&] { return database->available(); }));  // without anybody asking
    EXPECT_EQ(error_of(*database), std::nullopt);
    EXPECT_GE(lines->count("store.available"), 1U);
}

TEST_F(Postgres, AtStart) {
    server.close_doors(true);
    EXPECT_THROW((void)open(settings()), StoreError);
    auto with = settings();
    with.ignore = true;
    const auto database = open(with);
    EXPECT_FALSE(database->available());
    EXPECT_EQ(error_of(*database), StoreErrc::unavailable);
    server.close_doors(false);
    EXPECT_TRUE(eventually([&] { return database->available(); }));
    EXPECT_EQ(database->check(), "");  // with its tables
}

TEST_F(Postgres, SaysNoPassword) {
    auto url = server.url();
    const auto at = url.find('@'), colon = url.rfind(':', at);
    url.replace(colon + 1, at - colon - 1, "hunter2hunter2");
    auto with = settings();
    with.url = Secret(url);
    try {
        (void)open(with);
        ADD_FAILURE() << "the password was wrong";
    } catch (const StoreError& e) {
        EXPECT_EQ(e.code(), StoreErrc::unavailable);
        EXPECT_EQ(std::string(e.what()).find("hunter2"), std::string::npos) << e.what();
    }
    for (const auto& line : lines->lines()) EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
}

TEST_F(Postgres, NobodyAtThatAddress) {
    auto with = settings();
    with.url = Secret("postgresql://u:hunter2@127.0.0.1:1/x");
    try {
        (void)open(with);
        ADD_FAILURE();
    } catch (const StoreError& e) {
        EXPECT_EQ(e.code(), StoreErrc::unavailable);
    }
}

TEST_F(Postgres, ConnectionsAreSharedAndNotMoreThanSaid) {
    const auto database = open(settings());
    std::atomic<int> inside{0}, most{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5; ++i)
                database->transact([&](Session& session) {
                    const int now = ++inside;
                    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                    }
                    session.run("SELECT pg_sleep(0.005)");
                    --inside;
                });
        });
    for (auto& thread : threads) thread.join();
    EXPECT_LE(most, 2);
}

TEST_F(Postgres, HasNoCopyOfItsOwn) {
    const auto database = open(settings());
    EXPECT_THROW(database->backup("/tmp/never"), StoreError);
}

}  // namespace
}  // namespace parley::store
