#include "parley/store/agent_store.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "either_store.hpp"
#include "parley/store/audit.hpp"
#include "parley/store/tokens.hpp"

namespace parley::store {
namespace {

class AgentStore : public EitherStore {
protected:
    std::unique_ptr<Database> database = open();

    static AgentChange change(std::string name, std::string document, std::vector<std::string> numbers = {}) {
        AgentChange made;
        made.name = std::move(name);
        made.document = std::move(document);
        made.numbers = std::move(numbers);
        made.who = "tester";
        made.action = "changed";
        made.at_ms = now_ms();
        return made;
    }
    AgentWritten create(const AgentChange& wish, const std::string& token = "ag_1") {
        AgentWritten written;
        database->transact([&](Session& s) { written = create_agent(s, wish, token); });
        return written;
    }
    AgentWritten update(const AgentChange& wish, std::uint32_t expected = 0) {
        AgentWritten written;
        database->transact([&](Session& s) { written = change_agent(s, wish, expected); });
        return written;
    }
    std::int64_t version() {
        std::int64_t version = 0;
        database->transact([&](Session& s) { version = change_version(s, "agents"); });
        return version;
    }
};
INSTANTIATE_ON_BOTH(AgentStore);

TEST_P(AgentStore, ANumberOfAnothersCredentialIsNotGiven) {
    database->transact([&](Session& s) {
        s.run("INSERT INTO agent_credentials(agent, accountsid, authtoken, document, created_ms, updated_ms) VALUES('front', 'AC1', 'x', '{}', 1, 1)");
        s.run("INSERT INTO credential_numbers(number, agent, place) VALUES('+15550100009', 'front', 0)");
    });
    const auto refused = create(change("back", "{}", {"+15550100009"}));
    EXPECT_EQ(refused.refusal, AgentRefusal::number);
    EXPECT_EQ(refused.owner, "front");
    EXPECT_EQ(create(change("front", "{}", {"+15550100009"})).refusal, AgentRefusal::none) << "its own";
}

TEST_P(AgentStore, KeepsEveryRevisionForGood) {
    auto first = change("front", R"({"brain":"echo"})", {"+15550100001"});
    first.secrets = {{"/bot_headers/A", "sealed:v1:x"}};
    const auto made = create(first, "ag_front");
    EXPECT_EQ(made.refusal, AgentRefusal::none);
    EXPECT_EQ(made.revision, 1U);
    const auto before = version();
    EXPECT_EQ(update(change("front", R"({"brain":"bot"})", {"+15550100001"}), 1).revision, 2U);
    EXPECT_GT(version(), before);
    EXPECT_EQ(update(change("front", "{}"), 1).refusal, AgentRefusal::revision);
    EXPECT_EQ(update(change("nobody", "{}")).refusal, AgentRefusal::missing);
    EXPECT_EQ(create(change("front", "{}")).refusal, AgentRefusal::exists);
    database->transact([&](Session& s) {
        const auto row = find_agent(s, "front");
        ASSERT_TRUE(row);
        EXPECT_EQ(row->revision, 2U);
        EXPECT_EQ(row->token, "ag_front");
        const auto old = agent_revision(s, "front", 1);
        ASSERT_TRUE(old);
        EXPECT_EQ(old->document, R"({"brain":"echo"})");
        ASSERT_EQ(old->secrets.size(), 1U);
        EXPECT_EQ(old->secrets[0].second, "sealed:v1:x");
        EXPECT_TRUE(agent_revision(s, "front", 2)->secrets.empty());
        EXPECT_EQ(agent_revisions(s, "front", 0, 10).size(), 2U);
        EXPECT_EQ(agent_revisions(s, "front", 2, 10).front().revision, 1U);
        EXPECT_EQ(list_agents(s).size(), 1U);
    });
    database->transact([&](Session& s) { EXPECT_EQ(delete_agent(s, "front", 1, now_ms()).refusal, AgentRefusal::revision); });
    database->transact([&](Session& s) { EXPECT_EQ(delete_agent(s, "front", 2, now_ms()).refusal, AgentRefusal::none); });
    database->transact([&](Session& s) {
        EXPECT_FALSE(find_agent(s, "front"));
        EXPECT_TRUE(list_agents(s).empty());
        const auto old = agent_revision(s, "front", 1);
        ASSERT_TRUE(old) << "what a call may have begun with is still known";
        EXPECT_TRUE(old->secrets.empty()) << "but not its secrets";
    });
    EXPECT_EQ(create(change("front", "{}", {"+15550100001"}), "ag_again").revision, 3U);
}

TEST_P(AgentStore, ANumberIsOneAgents) {
    ASSERT_EQ(create(change("a", "{}", {"+15550100001", "+15550100002"})).refusal, AgentRefusal::none);
    const auto taken = create(change("b", "{}", {"+15550100003", "+15550100002"}));
    EXPECT_EQ(taken.refusal, AgentRefusal::number);
    EXPECT_EQ(taken.number, "+15550100002");
    EXPECT_EQ(taken.owner, "a");
    EXPECT_EQ(update(change("a", "{}", {"+15550100001"})).refusal, AgentRefusal::none);
    EXPECT_EQ(create(change("b", "{}", {"+15550100002"})).refusal, AgentRefusal::none) << "given up, so free";
    auto first = change("c", "{}"), second = change("d", "{}");
    first.is_default = second.is_default = true;
    EXPECT_EQ(create(first).refusal, AgentRefusal::none);
    const auto refused = create(second);
    EXPECT_EQ(refused.refusal, AgentRefusal::number);
    EXPECT_TRUE(refused.number.empty());
    EXPECT_EQ(refused.owner, "c");
}

// Many at once: each change that was accepted is a revision of its own, none is lost, and a number never belongs to two.
TEST_P(AgentStore, ManyWritersLoseNothing) {
    ASSERT_EQ(create(change("front", "{}")).refusal, AgentRefusal::none);
    std::atomic<int> accepted{0}, won{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < 4; ++w)
        writers.emplace_back([&, w] {
            for (int i = 0; i < 10; ++i) {
                try {
                    if (update(change("front", "{\"w\":" + std::to_string(w) + "}")).refusal == AgentRefusal::none) ++accepted;
                } catch (const StoreError&) {
                    // Two met more often than the store tries.
                }
            }
            try {
                if (create(change("own" + std::to_string(w), "{}", {"+15550109999"})).refusal == AgentRefusal::none) ++won;
            } catch (const StoreError&) {
            }
        });
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(won, 1);
    EXPECT_GE(accepted, 1);
    database->transact([&](Session& s) {
        const auto row = find_agent(s, "front");
        ASSERT_TRUE(row);
        EXPECT_EQ(row->revision, 1U + static_cast<std::uint32_t>(accepted.load()));
        EXPECT_EQ(agent_revisions(s, "front", 0, 100).size(), row->revision);
    });
}

TEST_P(AgentStore, TokensAreKnownByTheirHashAndEnd) {
    std::set<std::string> ids;
    for (int i = 0; i < 20; ++i) {
        const auto made = make_token_text();
        EXPECT_EQ(token_id(made.text.reveal()), made.id);
        ids.insert(made.id);
        TokenRow row;
        row.id = made.id;
        row.name = "t" + std::to_string(i);
        row.role = "read";
        row.hash = token_hash(made.text.reveal());
        row.made_ms = i + 1;
        row.made_by = "tester";
        row.expires_ms = i == 1 ? 500 : 0;
        database->transact([&](Session& s) { add_token(s, row); });
        EXPECT_EQ(row.hash.find(made.text.reveal()), std::string::npos);
    }
    EXPECT_EQ(ids.size(), 20U);
    const auto first = *ids.begin();
    database->transact([&](Session& s) {
        EXPECT_TRUE(revoke_token(s, first, 99));
        EXPECT_FALSE(revoke_token(s, first, 100)) << "already";
        EXPECT_FALSE(revoke_token(s, "000000000000", 100));
        const auto all = list_tokens(s);
        ASSERT_EQ(all.size(), 20U);
        EXPECT_EQ(all.front().name, "t19") << "newest first";
        for (const auto& row : all) {
            EXPECT_EQ(row.in_force(400), row.id != first);
            if (row.name == "t1" && row.id != first) EXPECT_FALSE(row.in_force(500));
        }
    });
    database->transact([&](Session& s) {
        const auto now_in_force = tokens_in_force(s, 500);
        EXPECT_TRUE(std::none_of(now_in_force.begin(), now_in_force.end(), [&](const TokenRow& row) { return row.id == first || row.name == "t1"; }));
        EXPECT_GE(now_in_force.size(), 18U);
        const auto revoked = find_token(s, first);
        ASSERT_TRUE(revoked);
        EXPECT_EQ(revoked->revoked_ms, 99);
        EXPECT_FALSE(find_token(s, "000000000000"));
        auto late = now_in_force.front();
        late.id = "00000000000a";
        late.made_ms = std::int64_t{31} * 24 * 3600 * 1000;
        add_token(s, late);
        EXPECT_FALSE(find_token(s, first)) << "ended long ago";
        EXPECT_EQ(list_tokens(s).size(), now_in_force.size() + 1);
    });
    for (const std::string_view wrong : {"", "plk_", "plk_xyz", "server", "plk_00000000000000000000000000000000000000000000000000000000000Z"})
        EXPECT_FALSE(token_id(wrong)) << wrong;
}

TEST_P(AgentStore, AuditLinesArePagedFilteredAndSwept) {
    for (int i = 0; i < 7; ++i) {
        AuditRow row;
        row.at_ms = 1000 + i;
        row.who = i % 2 == 0 ? "ann" : "bob";
        row.role = "admin";
        row.action = i < 3 ? "agent.changed" : "token.created";
        row.target = "front";
        row.status = 200;
        row.before = "null";
        row.after = "{}";
        database->transact([&](Session& s) { add_audit(s, row); });
    }
    database->transact([&](Session& s) {
        const auto page = list_audit(s, {.before_id = 0, .who = {}, .action = {}, .target = {}, .most = 3});
        ASSERT_EQ(page.size(), 3U);
        EXPECT_EQ(page.front().at_ms, 1006);
        const auto next = list_audit(s, {.before_id = page.back().id, .who = {}, .action = {}, .target = {}, .most = 10});
        EXPECT_EQ(next.size(), 4U);
        EXPECT_EQ(list_audit(s, {.before_id = 0, .who = "bob", .action = {}, .target = {}, .most = 10}).size(), 3U);
        EXPECT_EQ(list_audit(s, {.before_id = 0, .who = "ann", .action = "agent.changed", .target = "front", .most = 10}).size(), 2U);
        EXPECT_TRUE(list_audit(s, {.before_id = 0, .who = {}, .action = {}, .target = "back", .most = 10}).empty());
        EXPECT_EQ(sweep_audit(s, 1004, 2), 2U);
        EXPECT_EQ(sweep_audit(s, 1004, 100), 2U);
        EXPECT_EQ(sweep_audit(s, 1004, 100), 0U);
    });
}

}  // namespace
}  // namespace parley::store
