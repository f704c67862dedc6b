// What a tool writes is told once, however late the store does it.

#include "tool_writes.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "fake_carrier.hpp"
#include "late_store.hpp"

namespace parley::gateway {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class ToolWritesTest : public testing::Test {
protected:
    ToolWritesTest() {
        std::string form = (fs::temp_directory_path() / "parley-writes-XXXXXX").string();
        directory = ::mkdtemp(form.data());
        database = store::open_database({.url = Secret("sqlite:"), .data_dir = directory}, log, nullptr);
        late.emplace(*database);
        records = std::make_unique<store::CallRecords>(
            store::CallRecords::Settings{.database = database.get(), .instance = "one", .directory = (directory / "records").string(), .on_error = {}});
        store::FactHooks hooks;
        hooks.added.push_back([this](const store::FactEvent& event) {
            const auto fact = nlohmann::json::parse(event.json);
            told.push_back(fact.value("event", "") + " " + fact.value("text", "") + fact.value("reason", ""));
        });
        records->hooks(std::move(hooks));
        writes = talk(150ms);
    }
    ~ToolWritesTest() override {
        writes.reset();
        records.reset();
        late.reset();
        database.reset();
        fs::remove_all(directory);
    }
    std::shared_ptr<ToolWrites> talk(Duration within) { return std::make_shared<ToolWrites>(ToolWrites{*late, *records, within}); }
    bool message(const std::string& text) {
        store::MessageTaken taken;
        taken.key = "key of " + text;
        taken.agent = "front";
        taken.call_sid = "CA1";
        taken.text = text;
        return control::run(loop, write_message(writes, std::move(taken)));
    }
    CallbackWritten callback(std::int64_t at_ms) {
        store::Callback wanted{"key", "front", "CA1", "+4930123456", "", "the invoice", at_ms};
        return control::run(loop, write_callback(writes, std::move(wanted)));
    }
    std::size_t messages() {
        std::size_t all = 0;
        database->transact([&](store::Session& session) { all = store::messages_taken(session, "", 0, 10).size(); });
        return all;
    }

    boost::asio::io_context loop;
    Log log;
    fs::path directory;
    std::unique_ptr<store::Database> database;
    std::optional<LateStore> late;
    std::unique_ptr<store::CallRecords> records;
    std::vector<std::string> told;
    std::shared_ptr<ToolWrites> writes;
};

TEST_F(ToolWritesTest, a_message_is_told_once) {
    EXPECT_TRUE(message("call ann"));
    EXPECT_TRUE(message("call ann"));
    EXPECT_THAT(told, ElementsAre("message.taken call ann"));
    writes = talk(150ms);  // another talk, that did not write it
    EXPECT_TRUE(message("call ann"));
    EXPECT_EQ(told.size(), 1U);
}

TEST_F(ToolWritesTest, a_store_that_does_not_answer_is_asked_again) {
    late->late = {1};
    EXPECT_TRUE(message("call ann"));
    late->let_through();
    EXPECT_EQ(messages(), 1U);
    EXPECT_THAT(told, ElementsAre("message.taken call ann"));
}

TEST_F(ToolWritesTest, a_message_that_was_kept_late_is_told_when_it_is_left_again) {
    late->late = {1, 2};
    EXPECT_FALSE(message("call ann"));
    EXPECT_THAT(told, IsEmpty());
    late->let_through();
    EXPECT_EQ(messages(), 1U);
    EXPECT_TRUE(message("call ann"));
    EXPECT_TRUE(message("call ann"));
    EXPECT_THAT(told, ElementsAre("message.taken call ann"));
    EXPECT_EQ(messages(), 1U);
}

TEST_F(ToolWritesTest, a_promise_that_was_noted_late_is_the_one_that_holds) {
    late->late = {1, 2};
    EXPECT_EQ(callback(600'000).how, Promised::unknown);
    late->let_through();
    const auto again = callback(660'000);
    EXPECT_EQ(again.how, Promised::noted);
    EXPECT_EQ(again.stands.at_ms, 600'000);
    EXPECT_EQ(callback(720'000).how, Promised::before) << "one a call";
    EXPECT_THAT(told, ElementsAre("callback.promised the invoice"));
    writes = talk(150ms);
    EXPECT_EQ(callback(780'000).how, Promised::before);
    EXPECT_EQ(told.size(), 1U);
}

}  // namespace
}  // namespace parley::gateway
