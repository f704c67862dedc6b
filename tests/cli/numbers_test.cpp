// `parley numbers` against the simulated Twilio.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "numbers_actions.hpp"
#include "parley/rest/wiring.hpp"
#include "scripted_twilio.hpp"
#include "seeded.hpp"

namespace parley::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Numbers : public testing::Test {
protected:
    Numbers() : setup_(seed()), config_(gateway::load_config(setup_.options().config, {})) {}
    static Seed seed() {
        Seed seed;
        seed.number = [](sim::NumberEntry& number) { number = sim::NumberEntry{}; };
        seed.twilio = [](sim::FakeTwilioOptions& twilio) {
            sim::NumberEntry trunk;
            trunk.trunk_sid = "TK00000000000000000000000000000001";
            twilio.numbers["+18005551313"] = trunk;
        };
        seed.agents =
            "  desk: {default: true, brain: echo, numbers: [\"+18005551212\"]}\n  other: {brain: echo, numbers: [\"+18005551313\", \"+18005551414\"]}\n";
        return seed;
    }
    NumbersContext context(bool as_json = false) {
        out_.clear();
        return {config_, as_json, false, false, out_, [this](const std::string& question) {
                    asked_ = question;
                    return consent_;
                }};
    }
    int search_one(std::string& number) {
        rest::NumberSearch search;
        search.most = 1;
        const int status = numbers_search(context(true), search);
        const auto found = json::parse(out_);
        if (status == 0) number = found["available"][0]["number"];
        return status;
    }
    Seeded setup_;
    gateway::Config config_;
    std::string out_, asked_;
    bool consent_ = false;
};

TEST_F(Numbers, are_searched) {
    rest::NumberSearch search;
    search.voice_enabled = true;
    search.most = 3;
    ASSERT_EQ(numbers_search(context(), search), 0) << out_;
    EXPECT_THAT(out_, StartsWith("+1"));
    EXPECT_THAT(out_, HasSubstr("voice"));
    search.contains = "0000000000000";
    EXPECT_EQ(numbers_search(context(), search), 1);
    search.country = "XX";
    EXPECT_EQ(numbers_search(context(), search), 1);
}

TEST_F(Numbers, are_bought_wired_and_released_only_when_told) {
    std::string number;
    ASSERT_EQ(search_one(number), 0) << out_;
    NumberPurchase wanted;
    wanted.number = number;
    wanted.wire = true;
    auto dry = context();
    dry.dry_run = true;
    EXPECT_EQ(numbers_buy(std::move(dry), wanted), 0);
    EXPECT_EQ(out_, number + "  would be bought and wired.\n");
    EXPECT_EQ(numbers_buy(context(), wanted), 1);
    EXPECT_THAT(asked_, HasSubstr("Buy " + number + "? It costs money"));
    EXPECT_EQ(numbers_list(context()), 0);
    EXPECT_THAT(out_, testing::Not(HasSubstr(number)));

    auto yes = context();
    yes.yes = true;
    ASSERT_EQ(numbers_buy(std::move(yes), wanted), 0) << out_;
    EXPECT_THAT(out_, HasSubstr("bought and wired"));
    EXPECT_EQ(numbers_list(context(true)), 0);
    bool wired = false;
    const auto listed = json::parse(out_);
    for (const auto& one : listed["numbers"]) wired = wired || (one["number"] == number && one["wiring"] == "wired");
    EXPECT_TRUE(wired) << out_;

    auto release = context();
    release.dry_run = true;
    EXPECT_EQ(numbers_release(std::move(release), number), 0);
    EXPECT_EQ(numbers_release(context(), number), 1);
    consent_ = true;
    EXPECT_EQ(numbers_release(context(), number), 0) << out_;
    EXPECT_EQ(out_, number + "  released.\n");
    EXPECT_EQ(numbers_release(context(), number), 1);
    EXPECT_THAT(out_, HasSubstr("no matching number on this account"));
    wanted.number = "0800 123";
    EXPECT_EQ(numbers_buy(context(), wanted), 1);
    EXPECT_THAT(out_, HasSubstr("E.164"));
}

TEST_F(Numbers, of_the_agents_are_wired_with_a_report) {
    auto dry = context(true);
    dry.dry_run = true;
    EXPECT_EQ(numbers_wire(std::move(dry), {}), 1);
    EXPECT_THAT(json::parse(out_)["twilioWebhooksUpdated"][0]["note"].get<std::string>(), StartsWith("would be wired: voice URL is empty"));
    EXPECT_EQ(numbers_wire(context(true), {}), 1);
    const auto report = json::parse(out_);
    EXPECT_EQ(report["twilioWebhooksUpdated"], json::parse(R"([{"number":"+18005551212","note":"wired"}])"));
    EXPECT_EQ(report["twilioWebhookSkipped"],
              json::parse(R"([{"number":"+18005551313","reason":"number is set to a TwiML app or a SIP trunk: set it back to webhook"},
                                                             {"number":"+18005551414","reason":"no matching number on this account"}])"));
    EXPECT_THAT(report["twilioWebhooksFailed"], IsEmpty());
    EXPECT_EQ(numbers_wire(context(), {"+18005551212"}), 0);
    EXPECT_EQ(out_, "+18005551212  already wired\n");
    EXPECT_EQ(numbers_list(context()), 0);
    EXPECT_THAT(out_, HasSubstr("desk            wired"));
    EXPECT_THAT(out_, HasSubstr("SIP trunk TK"));
}

TEST_F(Numbers, a_credential_that_is_not_taken_is_said_once) {
    config_.twilio.auth_tokens = {Secret("ffffffffffffffffffffffffffffffff")};
    EXPECT_EQ(numbers_wire(context(true), {}), 1);
    EXPECT_THAT(json::parse(out_)["twilioWebhookError"].get<std::string>(), HasSubstr("auth token of account"));
    EXPECT_EQ(numbers_list(context()), 1);
    EXPECT_THAT(out_, HasSubstr("auth token of account"));
    config_.twilio.account_sids.clear();
    EXPECT_THROW((void)numbers_list(context()), std::runtime_error);
}

// Buying twice is dearer than looking.
TEST_F(Numbers, a_purchase_whose_answer_was_lost_is_looked_for) {
    int bought = 0;
    rest::test::ScriptedTwilio twilio([&](const rest::test::Asked& asked) {
        if (asked.method == "POST") {
            ++bought;
            return std::string();
        }
        return rest::test::reply(200, R"({"incoming_phone_numbers":[{"sid":"PN1","phone_number":"+14155550100"}]})");
    });
    config_.twilio.api_base_url = twilio.url();
    NumberPurchase wanted;
    wanted.number = "+14155550100";
    auto yes = context();
    yes.yes = true;
    EXPECT_EQ(numbers_buy(std::move(yes), wanted), 0) << out_;
    EXPECT_THAT(out_, HasSubstr("PN1  bought"));
    EXPECT_EQ(bought, 1);
}

}  // namespace
}  // namespace parley::cli::test
