// After an erasure no byte of a person is left in the database's files or beside them; everybody else's data is as it was.

#include "person_data.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "outbox_hook.hpp"
#include "parley/store/callbacks.hpp"
#include "parley/store/messages_taken.hpp"
#include "parley/store/profiles.hpp"

namespace parley::gateway {
namespace {

namespace fs = std::filesystem;
using store::Fact;

constexpr const char* kPerson = "+14155550100";
constexpr const char* kOther = "+4930123456";

class PersonDataTest : public testing::Test {
protected:
    PersonDataTest() {
        std::string form = (fs::temp_directory_path() / "parley-person-XXXXXX").string();
        directory = ::mkdtemp(form.data());
        for (const auto* name : {"recordings", "calls"}) fs::create_directories(directory / name);
        database = store::open_database({.url = Secret("sqlite:"), .data_dir = directory}, log, nullptr);
        records = std::make_unique<store::CallRecords>(store::CallRecords::Settings{.database = database.get(), .instance = "one", .directory = (directory / "records").string(), .on_error = {}});
        data.emplace(PersonData{.database = *database, .records = *records, .registry = registry, .recordings = directory / "recordings", .call_files = directory / "calls"});
    }
    ~PersonDataTest() override {
        data.reset();
        records.reset();
        database.reset();
        fs::remove_all(directory);
    }

    void fact(const std::string& sid, Fact kind, const std::string& json) {
        EXPECT_TRUE(records->add(sid, kind, json));
        database->transact([&](store::Session& session) { hook(session, {.call_sid = sid, .fact = kind, .json = json, .at_ms = store::now_ms()}); });
    }
    void call(const std::string& sid, const std::string& number, const std::string& said) {
        fact(sid, Fact::call, R"({"direction":"in","from":")" + number + R"(","to":"+18005551212","agent":"front"})");
        fact(sid, Fact::turn, R"({"who":"caller","text":")" + said + R"("})");
        fact(sid, Fact::end, R"({"reason":"caller_hung_up","duration_ms":1000})");
        records->flush();
        for (const auto& file : {directory / "recordings" / (sid + "-MZ1.wav"), directory / "calls" / (sid + "-MZ1.jsonl")}) std::ofstream(file) << said << number;
        database->transact([&](store::Session& session) {
            (void)store::write_profile(session, "front", number, R"({"likes":")" + said + R"("})", 0);
            (void)store::keep_message(session, {.id = 0, .key = sid, .agent = "front", .call_sid = sid, .caller = number, .name = "x", .callback_number = number, .for_whom = "", .text = said});
            (void)store::add_callback(session, {.key = sid, .agent = "front", .call_sid = sid, .number = number, .from = "", .reason = said});
        });
    }
    // Where these bytes are, in any file.
    [[nodiscard]] std::vector<std::string> places(const std::string& bytes) const {
        std::vector<std::string> found;
        for (const auto& entry : fs::recursive_directory_iterator(directory)) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string all((std::istreambuf_iterator<char>(file)), {});
            if (all.find(bytes) != std::string::npos) found.push_back(entry.path().filename());
        }
        return found;
    }

    Log log;
    fs::path directory;
    call::Registry registry{{}};
    std::shared_ptr<const outbox::WebhookSettings> receiver = std::make_shared<outbox::WebhookSettings>(outbox::WebhookSettings{.url = "http://one/", .secret = {}, .events = {}, .alerts = {}});
    OutboxHook hook{[this](const std::string&) { return receiver; }};
    std::unique_ptr<store::Database> database;
    std::unique_ptr<store::CallRecords> records;
    std::optional<PersonData> data;
};

TEST_F(PersonDataTest, nothing_is_left_of_who_is_erased) {
    call("CA1", kPerson, "purple elephants dance");
    call("CA2", kOther, "yellow tigers sleep");
    call("CA3", kPerson, "purple elephants swim");
    EXPECT_FALSE(places("14155550100").empty());
    EXPECT_FALSE(places("elephants").empty());
    const auto done = erase(*data, kPerson, {});
    EXPECT_EQ(done.calls, 2U);
    EXPECT_TRUE(done.running.empty());
    EXPECT_EQ(done.counts.at("recordings"), 2U);
    EXPECT_EQ(done.counts.at("call_files"), 2U);
    EXPECT_EQ(done.counts.at("profiles"), 1U);
    EXPECT_EQ(done.counts.at("messages"), 2U);
    EXPECT_THAT(places("14155550100"), testing::IsEmpty());
    EXPECT_THAT(places("elephants"), testing::IsEmpty());
    // Of the other everything is there.
    const auto theirs = export_person(*data, kOther);
    ASSERT_EQ(theirs["calls"].size(), 1U);
    EXPECT_NE(theirs.dump().find("yellow tigers sleep"), std::string::npos);
    EXPECT_EQ(theirs["files"].size(), 2U);
    EXPECT_EQ(theirs["profiles"].size(), 1U);
    // Again there is nothing to do.
    EXPECT_EQ(erase(*data, kPerson, {}).calls, 0U);
    EXPECT_EQ(database->check(), "");
}

TEST_F(PersonDataTest, one_call_alone) {
    call("CA1", kPerson, "purple elephants dance");
    call("CA3", kPerson, "green elephants swim");
    const auto done = erase(*data, {}, "CA1");
    EXPECT_EQ(done.calls, 1U);
    const auto left = export_person(*data, kPerson);
    EXPECT_EQ(left["calls"].size(), 1U);
    EXPECT_NE(left.dump().find("green elephants"), std::string::npos);
}

TEST_F(PersonDataTest, a_running_call_stays) {
    call("CA1", kPerson, "purple elephants dance");
    EXPECT_EQ(registry.admit("CA1", Clock::now()), call::Admission::admitted);
    EXPECT_TRUE(registry.attach("CA1", "front", [](const call::OperatorCommand&) {}, Clock::now()));
    const auto done = erase(*data, kPerson, {});
    EXPECT_THAT(done.running, testing::ElementsAre("CA1"));
    EXPECT_FALSE(places("elephants").empty());
}

TEST_F(PersonDataTest, a_call_that_runs_on_another_instance_stays) {
    call("CA1", kPerson, "purple elephants dance");
    const auto seen = [this](std::int64_t at_ms) {
        database->transact([&](store::Session& session) {
            session.run("DELETE FROM fleet_calls");
            session.run("INSERT INTO fleet_calls(call_sid, instance, live, ended, carried, outcome, updated_ms) VALUES('CA1', 'two', 1, 0, '', '', $1)", {at_ms});
        });
    };
    seen(store::now_ms());
    EXPECT_THAT(erase(*data, kPerson, {}).running, testing::ElementsAre("CA1"));
    EXPECT_FALSE(places("elephants").empty());
    seen(store::now_ms() - 60'000);  // that instance died
    EXPECT_TRUE(erase(*data, kPerson, {}).running.empty());
    EXPECT_THAT(places("elephants"), testing::IsEmpty());
}

TEST_F(PersonDataTest, a_recording_that_is_not_on_this_disk_is_named) {
    call("CA1", kPerson, "purple elephants dance");
    for (const auto* sid : {"CA1-MZ1.wav", "CA1-MZ9.wav"}) fact("CA1", Fact::recording, std::string(R"({"sid":")") + sid + R"(","status":"completed","source":"parley"})");
    EXPECT_THAT(erase(*data, kPerson, {}).elsewhere, testing::ElementsAre("CA1-MZ9.wav"));
}

TEST_F(PersonDataTest, messages_are_found_by_any_spelling_and_by_the_number_to_call_back) {
    database->transact([&](store::Session& session) {
        (void)store::keep_message(session, {.id = 0, .key = "1", .agent = "front", .call_sid = "CA8", .caller = "+1 (415) 555-0100", .name = "x", .callback_number = "", .for_whom = "", .text = "one"});
        (void)store::keep_message(session, {.id = 0, .key = "2", .agent = "front", .call_sid = "CA9", .caller = kOther, .name = "x", .callback_number = "+1 415 555 0100", .for_whom = "", .text = "two"});
        (void)store::keep_message(session, {.id = 0, .key = "3", .agent = "front", .call_sid = "CA9", .caller = kOther, .name = "x", .callback_number = "", .for_whom = "", .text = "three"});
        (void)store::add_callback(session, {.key = "4", .agent = "front", .call_sid = "CA8", .number = kPerson, .from = "", .reason = "four"});
    });
    const auto theirs = export_person(*data, kPerson);
    EXPECT_EQ(theirs["messages"].size(), 2U);
    ASSERT_EQ(theirs["callbacks"].size(), 1U);
    EXPECT_EQ(theirs["callbacks"][0]["reason"], "four");
    EXPECT_EQ(erase(*data, kPerson, {}).counts.at("messages"), 2U);
    EXPECT_EQ(export_person(*data, kOther)["messages"].size(), 1U);
}

TEST_F(PersonDataTest, a_receipt_tells_and_names_nobody) {
    database->transact([&](store::Session& session) {
        store::keep_receipt(session, {.id = "era_1", .at_ms = 5, .who = "ops", .json = "{}"});
        ASSERT_EQ(store::receipts(session, 10).size(), 1U);
        EXPECT_EQ(store::receipts(session, 10)[0].who, "ops");
    });
}

TEST_F(PersonDataTest, one_instance_sweeps_and_old_rows_go) {
    using namespace std::chrono_literals;
    call("CA1", kPerson, "purple elephants dance");
    database->transact([&](store::Session& session) {
        EXPECT_TRUE(store::take_sweep(session, "retention", "one", 1h));
        EXPECT_FALSE(store::take_sweep(session, "retention", "two", 1h));
        EXPECT_TRUE(store::take_sweep(session, "retention", "one", 1ms));
    });
    std::this_thread::sleep_for(5ms);
    database->transact([&](store::Session& session) {
        EXPECT_TRUE(store::take_sweep(session, "retention", "two", 1h));
        const auto later = store::now_ms() + 1000;
        EXPECT_EQ(store::sweep_rows(session, "profiles", 1, 100), 0U);
        EXPECT_EQ(store::sweep_rows(session, "profiles", later, 100), 1U);
        EXPECT_EQ(store::sweep_rows(session, "contexts", later, 100), 1U);
        EXPECT_EQ(store::sweep_rows(session, "events", later, 100), 0U);  // none of them is done
        EXPECT_EQ(store::sweep_rows(session, "audit", later, 100), 0U);
        const auto promised = store::claim_job(session, store::kCallbackJob, "one", 1h);
        ASSERT_TRUE(promised);
        EXPECT_EQ(store::sweep_rows(session, "jobs", later, 100), 0U);
        store::finish_job(session, promised->id);
        EXPECT_EQ(store::sweep_rows(session, "jobs", later, 100), 1U);
        EXPECT_THROW((void)store::sweep_rows(session, "anything", later, 100), store::StoreError);
    });
}

}  // namespace
}  // namespace parley::gateway
