// Disks that are full, or that fail: what waits for the store waits in memory, and is there afterwards, in order and once.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "either_store.hpp"
#include "parley/store/call_records.hpp"
#include "shut_store.hpp"

namespace parley::store {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A file system of so many bytes at a directory, for the threads this one starts.
class SmallDisk {
public:
    SmallDisk(const std::filesystem::path& at, const char* options) : at_(at) {
        std::filesystem::create_directories(at);
        there_ = ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                 ::mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
    }
    ~SmallDisk() {
        if (there_) ::umount2(at_.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool there() const { return there_; }
    void grow(const char* options) const { EXPECT_EQ(::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, options), 0); }

private:
    std::filesystem::path at_;
    bool there_ = false;
};

// No file may grow beyond so many bytes: a write is cut, and the next one fails with an error that is not "full".
class LimitedFiles {
public:
    explicit LimitedFiles(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~LimitedFiles() { lift(); }
    void lift() const { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

class Disk : public EitherStore {
protected:
    void SetUp() override { database = open(); }
    CallRecords::Settings kept(Database& store) {
        CallRecords::Settings made;
        made.database = &store;
        made.instance = "one";
        made.directory = directory.string();
        made.spool = directory / "spool";
        made.log = log;
        made.metrics = &metrics;
        made.retry = milliseconds(50);
        made.on_error = [this](const std::string&, error_code) { ++errors; };
        return made;
    }
    template <class F>
    static bool eventually(F&& done) {
        for (const auto until = Clock::now() + seconds(30); Clock::now() < until;) {
            if (done()) return true;
            std::this_thread::sleep_for(milliseconds(10));
        }
        return false;
    }
    // A kilobyte each.
    static void tell(CallRecords& records, int from, int to) {
        for (int i = from; i < to; ++i) {
            EXPECT_TRUE(records.add("CA1", Fact::turn, json{{"i", i}, {"text", std::string(1000, 'x')}}.dump()));
            if (i % 10 == 0) records.flush();
        }
        records.flush();
    }
    void expect_all(CallRecords& records, std::size_t many) const {
        EXPECT_EQ(records.dropped(), 0U);
        const auto record = records.read("CA1");
        ASSERT_TRUE(record);
        const auto turns = json::parse(*record)["turns"];
        ASSERT_EQ(turns.size(), many);
        for (std::size_t i = 0; i < many; ++i) ASSERT_EQ(turns[i]["i"], i);
    }
    std::unique_ptr<Database> database;
    std::atomic<int> errors{0};
};

TEST_P(Disk, IsFullUnderTheSpool) {
    const SmallDisk disk(directory / "spool", "size=64k");
    if (!disk.there()) GTEST_SKIP() << "nothing may be mounted here";
    Gate gate(*database);
    gate.shut = true;
    CallRecords records(kept(gate));
    tell(records, 0, 150);
    EXPECT_EQ(errors, 1) << "said once";
    EXPECT_EQ(lines->count("store.full"), 1U);
    EXPECT_LE(records.spooled_bytes(), 64U * 1024);
    // There is room again, and then none again.
    disk.grow("size=512k");
    tell(records, 150, 200);
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() > 200U * 1000; })) << "also when nothing new comes";
    tell(records, 200, 700);
    EXPECT_EQ(errors, 2);
    gate.shut = false;
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() == 0; }));
    EXPECT_TRUE(eventually([&] { return json::parse(records.read("CA1").value_or("{}")).value("turns", json::array()).size() == 700; }));
    expect_all(records, 700);
}

TEST_P(Disk, FailsUnderTheSpool) {
    Gate gate(*database);
    gate.shut = true;
    CallRecords records(kept(gate));
    {
        const LimitedFiles limited(20'500);  // in the middle of a line
        tell(records, 0, 60);
        EXPECT_EQ(errors, 1);
        EXPECT_EQ(lines->count("store.full"), 1U);
        EXPECT_LE(records.spooled_bytes(), 20'500U);
    }
    tell(records, 60, 80);
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() > 80'000U; })) << "what waited in memory is written as soon as it can be";
    gate.shut = false;
    EXPECT_TRUE(eventually([&] { return records.spooled_bytes() == 0; }));
    expect_all(records, 80);
}

INSTANTIATE_ON_BOTH(Disk);

class FullStore : public Disk {};

// The store and its spool on one disk that has no room for either.
TEST_P(FullStore, LosesNothing) {
    database.reset();
    const SmallDisk disk(directory, "size=600k");
    if (!disk.there()) GTEST_SKIP() << "nothing may be mounted here";
    database = open();
    {
        CallRecords records(kept(*database));
        tell(records, 0, 700);
        EXPECT_FALSE(database->available());
        EXPECT_GE(lines->count("store.full"), 2U) << "the store's, and the spool's";
        disk.grow("size=16m");
        EXPECT_TRUE(eventually([&] { return database->available() && records.spooled_bytes() == 0; }));
        tell(records, 700, 710);
        EXPECT_TRUE(eventually([&] { return json::parse(records.read("CA1").value_or("{}")).value("turns", json::array()).size() == 710; }));
        expect_all(records, 710);
    }
    EXPECT_EQ(database->check(), "");
    database.reset();
}

TEST_P(FullStore, SaysWhenTheDiskFailsAndGoesOnWhenItDoesNot) {
    const auto more = [&] {
        database->transact([](Session& session) {
            session.run("INSERT INTO records(call_sid, first_ms, last_ms) VALUES($1, 1, 1)", {std::string(300'000, 'x') + std::to_string(now_ms())});
        });
    };
    {
        const LimitedFiles limited(250'000);
        try {
            more();
            ADD_FAILURE() << "the disk did not fail";
        } catch (const StoreError& e) {
            EXPECT_EQ(e.code(), StoreErrc::io) << e.what();
        }
        EXPECT_FALSE(database->available());
        EXPECT_GE(lines->count("store.io_error"), 1U);
    }
    more();
    EXPECT_TRUE(database->available());
    EXPECT_EQ(database->check(), "");
}

INSTANTIATE_TEST_SUITE_P(on, FullStore, testing::Values(Dialect::sqlite), dialect_name);

}  // namespace
}  // namespace parley::store
