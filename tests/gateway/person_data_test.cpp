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
        records = std::make_unique<store::CallRecords>(
            store::CallRecords::Settings{.database = database.get(), .instance = "one", .directory = (directory / "records").string(), .on_error = {}});
        data.emplace(PersonData{
            .database = *database, .records = *records, .registry = registry, .recordings = directory / "recordings", .call_files = directory / "calls"});
    }
    ~PersonDataTest() override {
        data.reset();
        records.reset();
        database.reset();
        fs::remove_all(directory);
    }

    void fact(const std::string& sid, Fact kind, const std::string& json) {
        EXPECT_TRUE(records->add(sid, kind, json));
        records->flush();  // the hook asks what the writer made of it
        database->transact([&](store::Session& session) { hook(session, {.call_sid = sid, .fact = kind, .json = json, .at_ms = store::now_ms()}); });
    }
    void call(const std::string& sid, const std::string& number, const std::string& said) {
        fact(sid, Fact::call, R"({"direction":"in","from":")" + number + R"(","to":"+18005551212","agent":"front"})");
        fact(sid, Fact::turn, R"({"who":"caller","text":")" + said + R"("})");
        fact(sid, Fact::end, R"({"reason":"caller_hung_up","duration_ms":1000})");
        records->flush();
        for (const auto& file : {directory / "recordings" / (sid + "-MZ1.wav"), directory / "calls" / (sid + "-MZ1.jsonl")})
            std::ofstream(file) << said << number;
        database->transact([&](store::Session& session) {
            (void)store::write_profile(session, "front", number, R"({"likes":")" + said + R"("})", 0);
            (void)store::keep_message(session, {.id = 0,
                                                .key = sid,
                                                .agent = "front",
                                                .call_sid = sid,
                                                .caller = number,
                                                .name = "x",
                                                .callback_number = number,
                                                .for_whom = "",
                                                .text = said});
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
    std::shared_ptr<const outbox::WebhookSettings> receiver =
        std::make_shared<outbox::WebhookSettings>(outbox::WebhookSettings{.url = "http://one/", .secret = {}, .events = {}, .alerts = {}});
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
            session.run("INSERT INTO fleet_calls(call_sid, instance, live, ended, carried, outcome, updated_ms) VALUES('CA1', 'two', 1, 0, '', '', $1)",
                        {at_ms});
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
    for (const auto* sid : {"CA1-MZ1.wav", "CA1-MZ9.wav"})
        fact("CA1", Fact::recording, std::string(R"({"sid":")") + sid + R"(","status":"completed","source":"parley"})");
    EXPECT_THAT(erase(*data, kPerson, {}).elsewhere, testing::ElementsAre("CA1-MZ9.wav"));
}

TEST_F(PersonDataTest, messages_are_found_by_any_spelling_and_by_the_number_to_call_back) {
    database->transact([&](store::Session& session) {
        (void)store::keep_message(session, {.id = 0,
                                            .key = "1",
                                            .agent = "front",
                                            .call_sid = "CA8",
                                            .caller = "+1 (415) 555-0100",
                                            .name = "x",
                                            .callback_number = "",
                                            .for_whom = "",
                                            .text = "one"});
        (void)store::keep_message(session, {.id = 0,
                                            .key = "2",
                                            .agent = "front",
                                            .call_sid = "CA9",
                                            .caller = kOther,
                                            .name = "x",
                                            .callback_number = "+1 415 555 0100",
                                            .for_whom = "",
                                            .text = "two"});
        (void)store::keep_message(
            session,
            {.id = 0, .key = "3", .agent = "front", .call_sid = "CA9", .caller = kOther, .name = "x", .callback_number = "", .for_whom = "", .text = "three"});
        (void)store::add_callback(session, {.key = "4", .agent = "front", .call_sid = "CA8", .number = kPerson, .from = "", .reason = "four"});
    });
    const auto theirs = export_person(*data, kPerson);
    EXPECT_EQ(theirs["messages"].size(), 2U);
    ASSERT_EQ(theirs["callbacks"].size(), 1U);
    EXPECT_EQ(theirs["callbacks"][0]["reason"], "four");
    EXPECT_EQ(erase(*data, kPerson, {}).counts.at("messages"), 2U);
    EXPECT_EQ(export_person(*data, kOther)["messages"].size(), 1U);
}

TEST_F(PersonDataTest, what_comes_late_of_an_erased_call_is_not_kept) {
    call("CA1", kPerson, "purple elephants dance");
    EXPECT_THAT(erase(*data, kPerson, {}).sids, testing::ElementsAre("CA1"));
    EXPECT_TRUE(records->add("CA1", Fact::transcript, R"({"text":"elephants again"})"));  // of a transcription service, an hour later
    records->flush();
    EXPECT_FALSE(records->read("CA1"));
    EXPECT_THAT(places("elephants"), testing::IsEmpty());
}

TEST_F(PersonDataTest, files_go_also_where_another_instance_was_asked) {
    call("CA1", kPerson, "purple elephants dance");
    call("CA2", kOther, "yellow tigers sleep");
    const PersonData other{.database = *database, .records = *records, .registry = registry, .recordings = {}, .call_files = {}};
    EXPECT_EQ(sweep_erased_files(*data), 0U);
    EXPECT_EQ(erase(other, kPerson, {}).calls, 1U);
    EXPECT_FALSE(places("elephants").empty());
    EXPECT_EQ(sweep_erased_files(*data), 2U);
    EXPECT_THAT(places("elephants"), testing::IsEmpty());
    EXPECT_TRUE(fs::exists(directory / "calls" / "CA2-MZ1.jsonl"));
}

// What a store that cannot be asked answers.
class Away final : public store::Database {
public:
    explicit Away(store::Database& there) : there_(there) {}
    [[nodiscard]] store::Dialect dialect() const override { return there_.dialect(); }
    void transact(const std::function<void(store::Session&)>& work) override {
        if (away) throw store::StoreError(store::StoreErrc::unavailable, "it is away");
        there_.transact(work);
    }
    bool enqueue(std::function<void()> job) override { return there_.enqueue(std::move(job)); }
    [[nodiscard]] bool available() const override { return !away; }
    [[nodiscard]] std::string check() override { return there_.check(); }
    void backup(const fs::path& to) override { there_.backup(to); }
    void scrub() override { there_.scrub(); }
    bool away = false;

private:
    store::Database& there_;
};

TEST_F(PersonDataTest, an_erasure_that_erased_nothing_says_so) {
    call("CA1", kPerson, "purple elephants dance");
    Away store(*database);
    store::CallRecords kept({.database = &store, .instance = "two", .directory = (directory / "two").string(), .on_error = {}, .spool = directory / "two"});
    const PersonData there{.database = *database, .records = kept, .registry = registry, .recordings = {}, .call_files = {}};
    store.away = true;
    EXPECT_THROW((void)erase(there, kPerson, {}), store::StoreError);  // its record is still there
    store.away = false;
    EXPECT_EQ(erase(there, kPerson, {}).calls, 1U);
    // What waits in the spool could not be found: no receipt says it is gone.
    store.away = true;
    EXPECT_TRUE(kept.add("CA3", Fact::turn, R"({"text":"purple elephants sing"})"));
    kept.flush();
    EXPECT_THROW((void)erase(there, kPerson, {}), store::StoreError);
    store.away = false;
}

TEST_F(PersonDataTest, old_calls_go_and_threads_that_live_stay) {
    call("CA1", kPerson, "purple elephants dance");
    call("CA2", kOther, "yellow tigers sleep");
    call("CAlive", kOther, "yellow tigers talk");
    fact("SMthread", Fact::call, R"({"direction":"sms","from":"+14155550100","to":"+18005551212","agent":"front"})");
    fact("SMthread", Fact::message, R"({"direction":"in","text":"a thread goes on"})");
    fact("CAtalks", Fact::call, R"({"direction":"in","from":"+14155550100","agent":"front","live":true})");
    records->flush();
    EXPECT_EQ(registry.admit("CAlive", Clock::now()), call::Admission::admitted);
    EXPECT_TRUE(registry.attach("CAlive", "front", [](const call::OperatorCommand&) {}, Clock::now()));
    const auto day = store::now_ms() - 86'400'000;
    database->transact([&](store::Session& session) {
        session.run("UPDATE outbox_calls SET started_ms = 5");  // all of them began long ago
        session.run("UPDATE records SET last_ms = 5 WHERE call_sid IN ('CA1', 'CAlive', 'CAtalks')");
    });
    EXPECT_EQ(sweep_calls(*data, day), 1U);
    EXPECT_FALSE(records->read("CA1"));
    for (const auto* sid : {"CA2", "CAlive", "SMthread", "CAtalks"}) EXPECT_TRUE(records->read(sid)) << sid;
    EXPECT_FALSE(fs::exists(directory / "calls" / "CA1-MZ1.jsonl"));  // it does not outlive the record by which it is found
    EXPECT_TRUE(fs::exists(directory / "calls" / "CA2-MZ1.jsonl"));
    EXPECT_EQ(sweep_calls(*data, day), 0U);
}

// Between the list of what is old and its deletion somebody writes again.
class Meanwhile final : public store::Database {
public:
    Meanwhile(store::Database& there, std::function<void()> once) : there_(there), once_(std::move(once)) {}
    [[nodiscard]] store::Dialect dialect() const override { return there_.dialect(); }
    void transact(const std::function<void(store::Session&)>& work) override {
        there_.transact(work);
        if (auto then = std::exchange(once_, nullptr)) then();
    }
    bool enqueue(std::function<void()> job) override { return there_.enqueue(std::move(job)); }
    [[nodiscard]] bool available() const override { return there_.available(); }
    [[nodiscard]] std::string check() override { return there_.check(); }
    void backup(const fs::path& to) override { there_.backup(to); }

private:
    store::Database& there_;
    std::function<void()> once_;
};

TEST_F(PersonDataTest, a_thread_that_comes_back_to_life_while_old_ones_go_stays) {
    for (const auto* sid : {"SMSold", "SMSback"}) {
        fact(sid, Fact::call, R"({"direction":"sms","from":"+14155550100","to":"+18005551212","agent":"front"})");
        fact(sid, Fact::message, R"({"direction":"in","from":"+14155550100","text":"a thread begins"})");
        std::ofstream(directory / "calls" / (std::string(sid) + "-MZ1.jsonl")) << "x";
    }
    records->flush();
    database->transact([&](store::Session& session) { session.run("UPDATE records SET last_ms = 5"); });
    Meanwhile between(*database, [&] { fact("SMSback", Fact::message, R"({"direction":"in","from":"+14155550100","text":"it is me again"})"); });
    const PersonData there{.database = between, .records = *records, .registry = registry, .recordings = {}, .call_files = directory / "calls"};
    EXPECT_EQ(sweep_calls(there, store::now_ms() - 86'400'000), 1U);
    EXPECT_FALSE(records->read("SMSold"));
    const auto left = records->read("SMSback");
    ASSERT_TRUE(left);
    EXPECT_NE(left->find("a thread begins"), std::string::npos);
    EXPECT_NE(left->find("it is me again"), std::string::npos);
    EXPECT_FALSE(fs::exists(directory / "calls" / "SMSold-MZ1.jsonl"));
    EXPECT_TRUE(fs::exists(directory / "calls" / "SMSback-MZ1.jsonl"));
}

// A conversation by text goes by its last message; what it is found by began with its first.
TEST_F(PersonDataTest, a_long_thread_is_found_as_long_as_it_is_kept) {
    fact("SMSlong", Fact::call, R"({"direction":"sms","from":"+14155550100","to":"+18005551212","agent":"front"})");
    fact("SMSlong", Fact::message, R"({"sid":"SM1","direction":"in","from":"+14155550100","to":"+18005551212","text":"purple elephants write"})");
    records->flush();
    database->transact([&](store::Session& session) {
        session.run("UPDATE outbox_calls SET started_ms = 5");
        EXPECT_EQ(store::sweep_rows(session, "contexts", store::now_ms() + 1000, 100), 0U);
        EXPECT_EQ(session.run("SELECT COUNT(*) FROM outbox_calls").at(0).integer(0), 1);
    });
    EXPECT_EQ(erase(*data, kPerson, {}).calls, 1U);
    EXPECT_THAT(places("elephants"), testing::IsEmpty());
}

TEST_F(PersonDataTest, words_in_webhooks_go_with_the_words) {
    call("CA1", kPerson, "purple elephants dance");
    database->transact([&](store::Session& session) {
        const auto job = store::claim_job(session, "webhook", "one", std::chrono::hours(1));
        ASSERT_TRUE(job);
        store::finish_job(session, job->id);
        const auto next = store::claim_job(session, "webhook", "one", std::chrono::hours(1));
        ASSERT_TRUE(next);
        store::bury_job(session, next->id, "x");
        const auto later = store::now_ms() + 1000;
        EXPECT_EQ(store::sweep_rows(session, "events", later, 100), 1U);
        EXPECT_EQ(store::dead_jobs(session, "webhook", 10).size(), 1U);
        EXPECT_EQ(store::sweep_rows(session, "dead", 5, 100), 0U);
        EXPECT_EQ(store::sweep_rows(session, "dead", later, 100), 1U);
        EXPECT_GT(store::pending_jobs(session, "webhook"), 0U);
    });
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
        EXPECT_EQ(store::sweep_rows(session, "contexts", later, 100), 0U);  // its record is there
        session.run("DELETE FROM records");
        EXPECT_EQ(store::sweep_rows(session, "contexts", 1, 100), 0U);
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
