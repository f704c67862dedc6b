// What check() finds: not only that the tables are there, but that what lies in them can have been written by this program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "either_store.hpp"
#include "parley/store/agent_store.hpp"
#include "parley/store/call_records.hpp"
#include "parley/store/jobs.hpp"

namespace parley::store {
namespace {

using testing::HasSubstr;

class Check : public EitherStore {
protected:
    void SetUp() override {
        database = open();
        {
            CallRecords records({.database = database.get(), .instance = "one", .directory = directory.string(), .on_error = {}});
            records.add("CA1", Fact::call, R"({"agent":"front","from":"+14155550100","direction":"in"})");
            records.add("CA1", Fact::turn, R"({"who":"caller","text":"hello"})");
            records.add("CA1", Fact::end, R"({"reason":"caller_hung_up","final":true})");
            records.add("SM1", Fact::turn, R"({"who":"caller","text":"a talk by message"})");
            records.flush();
        }
        database->transact([](Session& session) {
            AgentChange change;
            change.name = "front";
            change.document = "{}";
            change.numbers = {"+14155550101"};
            change.secrets = {{"/a", "sealed:v1:0:0"}};
            create_agent(session, change, "ag_1");
            add_job(session, {.kind = "webhook", .key = "evt_1", .order = "CA1", .payload = "{}"});
        });
    }
    std::string after(const std::string& statement) {
        database->transact([&](Session& session) { session.run(statement); });
        return database->check();
    }
    std::unique_ptr<Database> database;
};

TEST_P(Check, FindsNothingWhereNothingIs) {
    EXPECT_EQ(database->check(), "");
}

TEST_P(Check, FindsWhatBelongsTogetherAndIsNot) {
    // Each is mended before the next.
    EXPECT_THAT(after("UPDATE history SET ended_ms = 0"), HasSubstr("final and has not ended"));
    EXPECT_EQ(after("UPDATE history SET ended_ms = last_ms"), "");
    EXPECT_THAT(after("UPDATE history SET status = 'realtime_session_lost'"), HasSubstr("in a state there is not"));
    EXPECT_EQ(after("UPDATE history SET status = 'realtime_session'"), "");
    EXPECT_THAT(after("UPDATE facts SET json = 'nothing' || json WHERE kind = 'turn'"), HasSubstr("a fact that is no object"));
    EXPECT_EQ(after("UPDATE facts SET json = '{}' WHERE kind = 'turn'"), "");
    EXPECT_THAT(after("UPDATE jobs SET state = 7"), HasSubstr("a job in a state there is not"));
    EXPECT_EQ(after("UPDATE jobs SET state = 1"), "");
    EXPECT_THAT(after("INSERT INTO agent_numbers(number, agent) VALUES('+4930', 'nobody')"), HasSubstr("a number of an agent that is not there"));
    EXPECT_EQ(after("DELETE FROM agent_numbers WHERE agent = 'nobody'"), "");
    EXPECT_THAT(after("UPDATE agents SET revision = 9"), HasSubstr("without the revision that is in force"));
    EXPECT_EQ(after("UPDATE agents SET revision = 1"), "");
    EXPECT_THAT(after("UPDATE agent_secrets SET revision = 9"), HasSubstr("secrets of a revision that is not there"));
    EXPECT_EQ(after("UPDATE agent_secrets SET revision = 1"), "");
    EXPECT_THAT(after("UPDATE schema_versions SET version = 0 WHERE part = 'jobs'"), HasSubstr("part jobs"));
    EXPECT_EQ(after("UPDATE schema_versions SET version = 1 WHERE part = 'jobs'"), "");
    EXPECT_THAT(after("DROP INDEX jobs_dead"), HasSubstr("the index jobs_dead is missing"));
    EXPECT_EQ(after("CREATE INDEX jobs_dead ON jobs(kind, id)"), "");
    EXPECT_THAT(after("DELETE FROM records WHERE call_sid = 'SM1'"), HasSubstr("has no record"));
    EXPECT_THAT(after("DELETE FROM facts WHERE call_sid = 'SM1'"), HasSubstr("what was said"));
    EXPECT_EQ(after("DELETE FROM call_lines WHERE call_sid = 'SM1'"), "");
    EXPECT_THAT(after("DROP TABLE fleet_nonces"), HasSubstr("the table fleet_nonces is missing"));
    // And it says nothing of what is kept.
    EXPECT_EQ(after("UPDATE facts SET json = 'hello secret'").find("secret"), std::string::npos);
}

INSTANTIATE_ON_BOTH(Check);

// What only the server can be asked.
class CheckServer : public Check {
protected:
    void harm(const std::string& statement) const { test::postgres_command(postgres->url(), statement); }
};

TEST_P(CheckServer, FindsIndexesAndConstraintsThatDoNotHold) {
    harm("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'facts_call'::regclass");
    EXPECT_THAT(database->check(), HasSubstr("facts_call"));
    harm("UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'facts_call'::regclass");
    EXPECT_EQ(database->check(), "");
    harm(
        "ALTER TABLE credential_numbers DISABLE TRIGGER ALL; INSERT INTO credential_numbers(number, agent, place) VALUES('+4930', 'nobody', 0); ALTER TABLE "
        "credential_numbers ENABLE TRIGGER ALL");
    EXPECT_THAT(database->check(), HasSubstr("a number of a credential that is not there"));
    harm("DELETE FROM credential_numbers");
    harm("ALTER TABLE credential_numbers DISABLE TRIGGER ALL");
    EXPECT_THAT(database->check(), HasSubstr("credential_numbers"));
    harm("ALTER TABLE credential_numbers ENABLE TRIGGER ALL");
    harm("ALTER TABLE jobs ADD CONSTRAINT jobs_tried CHECK(attempts >= 0) NOT VALID");
    EXPECT_THAT(database->check(), HasSubstr("jobs_tried"));
    harm("ALTER TABLE jobs VALIDATE CONSTRAINT jobs_tried");
    EXPECT_EQ(database->check(), "");
}

// The second row came in while the index looked away; it says there is one.
TEST_P(CheckServer, DoesNotBelieveAnIndex) {
    harm("UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'facts_fact'::regclass");
    harm("INSERT INTO facts(fact_id, call_sid, kind, json, at_ms) SELECT fact_id, call_sid, kind, json, at_ms FROM facts WHERE call_sid = 'CA1' LIMIT 1");
    harm("UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'facts_fact'::regclass");
    EXPECT_THAT(database->check(), HasSubstr("a fact that is there twice"));
}
INSTANTIATE_TEST_SUITE_P(on, CheckServer, testing::Values(Dialect::postgresql), dialect_name);

}  // namespace
}  // namespace parley::store
