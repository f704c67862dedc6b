// What only the embedded store can be in: a damaged file, somebody else's lock, no room.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "parley/base/log.hpp"
#include "parley/store/database.hpp"

namespace parley::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Sqlite : public testing::Test {
protected:
    Sqlite() {
        static std::atomic<unsigned> count{0};
        directory = std::filesystem::path(testing::TempDir()) / ("parley-sqlite-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
        std::filesystem::create_directories(directory);
        settings.data_dir = directory;
    }
    ~Sqlite() override { std::filesystem::remove_all(directory); }
    std::unique_ptr<Database> open() { return open_database(settings, log, nullptr); }
    std::optional<StoreErrc> error_of_open() {
        try {
            (void)open();
        } catch (const StoreError& e) {
            what = e.what();
            return e.code();
        }
        return std::nullopt;
    }
    [[nodiscard]] std::string bytes() const {
        std::ifstream in(file(), std::ios::binary);
        std::ostringstream all;
        all << in.rdbuf();
        return all.str();
    }
    [[nodiscard]] std::filesystem::path file() const { return directory / "parley.db"; }
    void fill() {
        const auto database = open();
        database->transact([](Session& session) {
            session.run("CREATE TABLE things(name TEXT PRIMARY KEY, much TEXT) STRICT");
            for (int i = 0; i < 200; ++i) session.run("INSERT INTO things VALUES($1, $2)", {std::to_string(i), std::string(500, 'x')});
        });
    }
    std::filesystem::path directory;
    DatabaseSettings settings;
    std::shared_ptr<MemoryLog> lines = std::make_shared<MemoryLog>();
    Log log = Log::to(LogSettings{}, lines);
    std::string what;
};

TEST_F(Sqlite, IsItsOwnersAlone) {
    fill();
    const auto database = open();
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        struct ::stat state{};
        ASSERT_EQ(::stat(entry.path().c_str(), &state), 0);
        EXPECT_EQ(state.st_mode & 0777U, 0600U) << entry.path();
    }
    database->transact([](Session& session) {
        EXPECT_EQ(session.run("PRAGMA journal_mode").at(0).text(0), "wal");
        EXPECT_EQ(session.run("PRAGMA foreign_keys").at(0).integer(0), 1);
        EXPECT_EQ(session.run("PRAGMA synchronous").at(0).integer(0), 2);
        EXPECT_EQ(session.run("PRAGMA application_id").at(0).integer(0), 0x50724C79);
        EXPECT_EQ(session.run("SELECT COUNT(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'")
                      .at(0)
                      .integer(0),
                  0);
    });
    EXPECT_EQ(database->check(), "");
}

TEST_F(Sqlite, DamagedIsRefusedAndLeftAsItIs) {
    fill();
    for (const std::size_t at : {std::size_t{0}, std::size_t{100}, std::size_t{4096 + 8}, std::size_t{20 * 4096}}) {
        SCOPED_TRACE(at);
        const auto whole = bytes();
        ASSERT_GT(whole.size(), at + 600);
        auto broken = whole;
        for (std::size_t i = 0; i < 600; ++i) broken[at + i] = static_cast<char>(broken[at + i] ^ 0x5A);
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << broken;
        EXPECT_EQ(error_of_open(), StoreErrc::corrupt);
        EXPECT_NE(what.find("parley.db is damaged"), std::string::npos) << what;
        EXPECT_EQ(bytes(), broken);
        // It is wanted nevertheless: served without.
        settings.ignore = true;
        {
            const auto none = open();
            EXPECT_FALSE(none->available());
            EXPECT_THROW(none->transact([](Session&) {}), StoreError);
            std::atomic<bool> ran{false};
            EXPECT_TRUE(none->enqueue([&] { ran = true; }));
        }
        EXPECT_GE(lines->count("store.unavailable"), 1U);
        EXPECT_EQ(bytes(), broken);
        settings.ignore = false;
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << whole;
        EXPECT_EQ(error_of_open(), std::nullopt) << what;
    }
}

TEST_F(Sqlite, OfAnotherProgramIsRefused) {
    std::ofstream(file()) << "This is a letter and no database, though it has the name of one.";
    EXPECT_EQ(error_of_open(), StoreErrc::corrupt);
    std::filesystem::remove(file());
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
    sqlite3_exec(other, "CREATE TABLE bookmarks(url TEXT)", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    EXPECT_EQ(error_of_open(), StoreErrc::statement);
    EXPECT_NE(what.find("another program"), std::string::npos) << what;
}

TEST_F(Sqlite, ServesOneGateway) {
    settings.serves = true;
    {
        const auto first = open();
        EXPECT_EQ(error_of_open(), StoreErrc::busy);
        EXPECT_NE(what.find("another gateway"), std::string::npos) << what;
        settings.ignore = true;  // which is about damage
        EXPECT_EQ(error_of_open(), StoreErrc::busy);
        settings.ignore = false;
        // The command line works beside it.
        settings.serves = false;
        const auto beside = open();
        beside->transact([](Session& session) { session.run("CREATE TABLE beside(n INTEGER) STRICT"); });
        settings.serves = true;
    }
    EXPECT_EQ(error_of_open(), std::nullopt) << what;
    // A host that shares the file but not its locks: its name is fresh.
    std::ofstream(directory / "parley.db.lock", std::ios::trunc) << "another-host/another 1\n";
    EXPECT_EQ(error_of_open(), StoreErrc::busy);
    EXPECT_NE(what.find("another host"), std::string::npos) << what;
    std::filesystem::last_write_time(directory / "parley.db.lock", std::filesystem::file_time_type::clock::now() - seconds(60));
    EXPECT_EQ(error_of_open(), std::nullopt) << what;
}

TEST_F(Sqlite, WaitsForALockThatIsHeldElsewhere) {
    const auto database = open();
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    std::thread release([&] {
        std::this_thread::sleep_for(milliseconds(400));
        sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
    });
    database->transact([](Session& session) { session.run("CREATE TABLE t(n INTEGER) STRICT"); });
    release.join();
    // Longer than anybody waits.
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    settings.statement_timeout = milliseconds(1500);
    settings.read_only = false;
    std::unique_ptr<Database> impatient;
    EXPECT_EQ(error_of_open(), StoreErrc::busy);
    sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
    impatient = open();
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    try {
        impatient->transact([](Session& session) { session.run("INSERT INTO t VALUES(1)"); });
        ADD_FAILURE() << "it was locked";
    } catch (const StoreError& e) {
        EXPECT_EQ(e.code(), StoreErrc::busy);
    }
    EXPECT_GE(lines->count("store.busy"), 1U);
    sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    impatient->transact([](Session& session) { session.run("INSERT INTO t VALUES(1)"); });
}

TEST_F(Sqlite, SaysWhenItIsFullAndGoesOnWhenItIsNot) {
    const auto database = open();
    database->transact([](Session& session) {
        session.run("CREATE TABLE t(much TEXT) STRICT");
        session.run("PRAGMA max_page_count = 10");  // what it has is what it gets
    });
    const auto more = [&] { database->transact([](Session& session) { session.run("INSERT INTO t VALUES($1)", {std::string(200'000, 'x')}); }); };
    try {
        more();
        ADD_FAILURE() << "there was room";
    } catch (const StoreError& e) {
        EXPECT_EQ(e.code(), StoreErrc::full);
    }
    EXPECT_FALSE(database->available());
    EXPECT_GE(lines->count("store.full"), 1U);
    database->transact([](Session& session) { session.run("PRAGMA max_page_count = 1000000"); });
    more();
    EXPECT_TRUE(database->available());
    EXPECT_EQ(lines->count("store.available"), 1U);
    EXPECT_EQ(database->check(), "");
}

TEST_F(Sqlite, IsCopiedWhileItIsWrittenTo) {
    fill();
    const auto database = open();
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (int i = 1000; !done; ++i) {
            database->transact([&](Session& session) { session.run("INSERT INTO things VALUES($1, 'y')", {std::to_string(i)}); });
            std::this_thread::sleep_for(milliseconds(1));
        }
    });
    const auto copy = directory / "copy.db";
    database->backup(copy);
    done = true;
    writer.join();
    struct ::stat state{};
    ASSERT_EQ(::stat(copy.c_str(), &state), 0);
    EXPECT_EQ(state.st_mode & 0777U, 0600U);
    EXPECT_FALSE(std::filesystem::exists(directory / "copy.db.part"));
    auto other = settings;
    other.url = Secret("sqlite:" + copy.string());
    const auto opened = open_database(other, log, nullptr);
    EXPECT_EQ(opened->check(), "");
    opened->transact([](Session& session) { EXPECT_GE(session.run("SELECT COUNT(*) FROM things").at(0).integer(0), 200); });
    EXPECT_THROW(database->backup(directory / "nowhere" / "copy.db"), StoreError);
}

// As `parley store backup` beside a gateway: the copy is made by another connection than the one that writes.
TEST_F(Sqlite, IsCopiedByAReaderWhileSomebodyElseWrites) {
    fill();
    const auto database = open();
    for (int i = 0; i < 30; ++i)
        database->transact([&](Session& session) {
            for (int k = 0; k < 100; ++k) session.run("INSERT INTO things VALUES($1, $2)", {"big" + std::to_string(i * 100 + k), std::string(2000, 'z')});
        });
    std::atomic<bool> done{false};
    std::atomic<int> written{0};
    std::thread writer([&] {
        for (int i = 1000; !done && i < 20'000; ++i) {
            database->transact([&](Session& session) { session.run("INSERT INTO things VALUES($1, 'y')", {std::to_string(i)}); });
            ++written;
        }
    });
    while (written < 10) std::this_thread::yield();
    auto reading = settings;
    reading.read_only = true;
    reading.connections = 1;
    const auto copy = directory / "copy.db";
    const auto reader = open_database(reading, log, nullptr);
    reader->backup(copy);
    const bool still_writing = written < 19'000;
    done = true;
    writer.join();
    EXPECT_TRUE(still_writing) << "the copy ended only when nobody wrote any more";
    auto other = settings;
    other.url = Secret("sqlite:" + copy.string());
    const auto opened = open_database(other, log, nullptr);
    EXPECT_EQ(opened->check(), "");
    opened->transact([](Session& session) { EXPECT_GE(session.run("SELECT COUNT(*) FROM things").at(0).integer(0), 3200); });
}

TEST_F(Sqlite, SurvivesBeingKilledInTheMiddle) {
    fill();
    for (int round = 0; round < 3; ++round) {
        const auto child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            // Writes until it is killed.
            try {
                const auto database = open_database(settings, log, nullptr);
                for (int i = 0;; ++i)
                    database->transact([&](Session& session) {
                        session.run("INSERT INTO things VALUES($1, 'pair')", {"a" + std::to_string(round) + "-" + std::to_string(i)});
                        session.run("INSERT INTO things VALUES($1, 'pair')", {"b" + std::to_string(round) + "-" + std::to_string(i)});
                    });
            } catch (...) {
            }
            ::_exit(1);
        }
        std::this_thread::sleep_for(milliseconds(150 + 70 * round));
        ::kill(child, SIGKILL);
        int state = 0;
        ::waitpid(child, &state, 0);
        EXPECT_TRUE(WIFSIGNALED(state));
        const auto database = open();
        EXPECT_EQ(database->check(), "");
        database->transact([](Session& session) { EXPECT_EQ(session.run("SELECT COUNT(*) FROM things WHERE much = 'pair'").at(0).integer(0) % 2, 0); });
    }
}

TEST(StoreUrl, UnknownOnesAreRefusedWithoutSayingThem) {
    Log log;
    for (const auto* url : {"mysql://root:hunter2@db/parley", "postgresql://u:hunter2@:::bad:::/x", "postgresql://u:hunter2@h/x?nonsense=1", "hunter2"}) {
        DatabaseSettings settings;
        settings.url = Secret(url);
        try {
            (void)open_database(settings, log, nullptr);
            ADD_FAILURE() << url;
        } catch (const StoreError& e) {
            EXPECT_EQ(std::string(e.what()).find("hunter2"), std::string::npos) << e.what();
        }
    }
}

}  // namespace
}  // namespace parley::store
