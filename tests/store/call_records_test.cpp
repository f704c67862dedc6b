#include "parley/store/call_records.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

namespace parley::store {
namespace {

using nlohmann::json;

class Records : public testing::Test {
protected:
    Records() { std::filesystem::remove_all(directory); }
    ~Records() override { std::filesystem::remove_all(directory); }
    CallRecords::Settings settings() { return {.directory = directory, .on_error = [this](const std::string&, error_code) { ++errors; }}; }
    std::string directory = testing::TempDir() + "parley-records-" + std::to_string(::getpid());
    std::atomic<int> errors{0};
};

TEST_F(Records, PutFactsTogether) {
    CallRecords records(settings());
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
    EXPECT_EQ(record["call"], json::parse(R"({"from":"+1","to":"+3","agent":"front"})"));
    ASSERT_EQ(record["turns"].size(), 2U);
    EXPECT_EQ(record["turns"][1]["text"], "good day");
    ASSERT_EQ(record["recordings"].size(), 2U);
    EXPECT_EQ(record["recordings"][0], json::parse(R"({"sid":"RE1","status":"completed","duration":4})"));
    EXPECT_EQ(record["status"]["status"], "completed");
}

TEST_F(Records, OutliveTheProcessAndATornLine) {
    {
        CallRecords records(settings());
        records.add("CA1", Fact::end, R"({"reason":"silence"})");
    }
    std::ofstream(directory + "/CA1.jsonl", std::ios::app) << R"({"at_ms":1,"kind":"note","fact":{"a)";
    CallRecords again(settings());
    const auto text = again.read("CA1");
    ASSERT_TRUE(text);
    EXPECT_EQ(json::parse(*text)["end"]["reason"], "silence");
    struct stat state {};
    ASSERT_EQ(::stat((directory + "/CA1.jsonl").c_str(), &state), 0);
    EXPECT_EQ(state.st_mode & 0777U, 0600U);
}

TEST_F(Records, RefuseWhatIsNoFact) {
    CallRecords records(settings());
    EXPECT_FALSE(records.add("../CA1", Fact::note, "{}"));
    EXPECT_FALSE(records.add("", Fact::note, "{}"));
    EXPECT_FALSE(records.add("CA1", Fact::note, "[1]"));
    EXPECT_FALSE(records.add("CA1", Fact::note, "{"));
    EXPECT_FALSE(records.add("CA1", Fact::note, R"({"a":")" + std::string(2U << 20U, 'x') + "\"}"));
    EXPECT_FALSE(records.read("../../etc/passwd"));
    EXPECT_FALSE(records.read("CA1"));
    EXPECT_FALSE(records.remove("CA1"));
}

TEST_F(Records, ListNewestFirstAndRemove) {
    CallRecords records(settings());
    for (const auto* sid : {"CA1", "CA2", "CA3"}) {
        records.add(sid, Fact::note, "{}");
        records.flush();
        std::this_thread::sleep_for(std::chrono::milliseconds(15));
    }
    EXPECT_EQ(records.newest(2), (std::vector<std::string>{"CA3", "CA2"}));
    EXPECT_TRUE(records.remove("CA3"));
    EXPECT_EQ(records.newest(9), (std::vector<std::string>{"CA2", "CA1"}));
}

TEST_F(Records, AreWrittenByManyThreads) {
    CallRecords records(settings());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&records, t] {
            for (int i = 0; i < 250; ++i) records.add("CA" + std::to_string(i % 5), Fact::turn, json{{"t", t}, {"i", i}}.dump());
        });
    for (auto& thread : threads) thread.join();
    records.flush();
    std::size_t all = 0;
    for (int i = 0; i < 5; ++i) all += json::parse(*records.read("CA" + std::to_string(i)))["turns"].size();
    EXPECT_EQ(all, 1000U);
    EXPECT_EQ(records.dropped(), 0U);
}

TEST_F(Records, SayOnceThatTheDiskRefuses) {
    CallRecords records(settings());
    std::filesystem::create_directories(directory + "/CA1.jsonl");  // a directory where the file should be
    for (int i = 0; i < 3; ++i) records.add("CA1", Fact::note, "{}");
    records.flush();
    EXPECT_EQ(errors, 1);
}

TEST_F(Records, AreSwitchedOffWithoutADirectory) {
    CallRecords records({});
    EXPECT_TRUE(records.add("CA1", Fact::note, "{}"));
    EXPECT_FALSE(records.read("CA1"));
    EXPECT_TRUE(records.newest(3).empty());
}

}  // namespace
}  // namespace parley::store
