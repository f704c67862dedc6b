// Numbers, lists in pages, dates in filters: the pure parts, and what an incoming call does in each mode of its number.

#include <gtest/gtest.h>

#include "app_server.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "rest/dates.hpp"
#include "rest/number_stock.hpp"
#include "rest/paging.hpp"

namespace parley::sim {
namespace {

using test::AppServer;
using test::Seen;
using test::twiml;

struct PatternCase {
    const char* name;
    std::string number, pattern;
    bool matches;
};
class NumberPattern : public testing::TestWithParam<PatternCase> {};
TEST_P(NumberPattern, Matches) {
    EXPECT_EQ(number_contains(GetParam().number, GetParam().pattern), GetParam().matches);
}
INSTANTIATE_TEST_SUITE_P(cases, NumberPattern,
                         testing::Values(PatternCase{"part", "+14155550110", "5550", true}, PatternCase{"letters", "+18003569377", "FLOWERS", true},
                                         PatternCase{"star_is_one_digit", "+14155550110", "415*550", true},
                                         PatternCase{"star_is_not_none", "+14155550110", "4*1555", false},
                                         PatternCase{"percent_is_any", "+14155550110", "415%110", true}, PatternCase{"start", "+14155550110", "+1415", true},
                                         PatternCase{"only_at_the_start", "+14155550110", "+415", false}, PatternCase{"end", "+14155550110", "110$", true},
                                         PatternCase{"only_at_the_end", "+14155550110", "555$", false}, PatternCase{"longer", "+1415", "14155", false}),
                         [](const auto& c) { return c.param.name; });

TEST(NumberStock, IsPlausible) {
    std::set<std::string> numbers;
    for (const auto& one : number_stock()) {
        EXPECT_TRUE(e164(one.number)) << one.number;
        EXPECT_TRUE(numbers.insert(one.number).second) << one.number;
        EXPECT_TRUE(std::any_of(stock_countries().begin(), stock_countries().end(), [&](const auto& country) {
            return country.code == one.country && std::find(country.types.begin(), country.types.end(), one.type) != country.types.end();
        })) << one.number;
    }
    EXPECT_GT(numbers.size(), 300u);
    EXPECT_FALSE(usable_pattern("1"));
    EXPECT_FALSE(usable_pattern("415-555"));
    EXPECT_FALSE(usable_pattern(std::string(17, '1')));
}

ApiCall asked(Form query) {
    ApiCall call;
    call.method = "GET";
    call.path = "/list.json";
    call.base = "http://host";
    call.query = std::move(query);
    return call;
}
std::vector<ListItem> items(std::vector<std::string> ids) {
    std::vector<ListItem> out;
    for (auto& id : ids) out.push_back({id, {{"sid", id}}});
    return out;
}
Json page(Paging& paging, Form query, std::vector<std::string> ids) {
    return Json::parse(paging.plain(asked(std::move(query)), "things", items(std::move(ids))).body);
}
Form query_of(const Json& link) {
    const auto text = link.get<std::string>();
    return decode_form(text.substr(text.find('?') + 1));
}

TEST(Pages, NeitherRepeatNorSkipWhenTheListChanges) {
    Paging paging;
    auto first = page(paging, {{"PageSize", "2"}, {"Status", "busy & so"}}, {"e", "d", "c", "b", "a"});
    EXPECT_EQ(first["things"].size(), 2u);
    EXPECT_EQ(first["start"], 0);
    EXPECT_EQ(first["end"], 1);
    EXPECT_TRUE(first["previous_page_uri"].is_null());
    EXPECT_EQ(value_of(query_of(first["next_page_uri"]), "Status"), "busy & so") << "the filter stays in the link";
    // Two new ones came, one of the second page has gone.
    const auto second = page(paging, query_of(first["next_page_uri"]), {"g", "f", "e", "d", "b", "a"});
    ASSERT_EQ(second["things"].size(), 1u);
    EXPECT_EQ(second["things"][0]["sid"], "b");
    EXPECT_EQ(second["page"], 1);
    const auto third = page(paging, query_of(second["next_page_uri"]), {"a"});
    EXPECT_EQ(third["things"][0]["sid"], "a");
    EXPECT_TRUE(third["next_page_uri"].is_null());
    const auto back = page(paging, query_of(third["previous_page_uri"]), {"e", "d", "c", "b", "a"});
    EXPECT_EQ(back["things"].size(), 2u);
    EXPECT_EQ(back["page"], 1);
}

TEST(Pages, EmptyListsAndBadQuestions) {
    Paging paging;
    const auto empty = page(paging, {}, {});
    EXPECT_EQ(empty["start"], 0);
    EXPECT_EQ(empty["end"], 0);
    EXPECT_EQ(empty["page_size"], 50);
    const auto code = [&](Form query) { return Json::parse(paging.plain(asked(std::move(query)), "things", items({"a"})).body).value("code", 0); };
    EXPECT_EQ(code({{"PageSize", "0"}}), 20007);
    EXPECT_EQ(code({{"PageSize", "1001"}}), 20007);
    EXPECT_EQ(code({{"PageSize", "x"}}), 20007);
    EXPECT_EQ(code({{"Page", "1"}}), 21481);
    EXPECT_EQ(code({{"PageToken", "PA1"}}), 21481);
    const auto meta = Json::parse(paging.meta(asked({{"PageSize", "1"}}), "things", items({"b", "a"})).body);
    EXPECT_EQ(meta["meta"]["key"], "things");
    EXPECT_EQ(meta["meta"]["next_page_url"].get<std::string>().substr(0, 12), "http://host/");
}

TEST(Dates, InFilters) {
    using namespace std::chrono;
    const auto at = sys_days(2026y / November / 21) + 10h + 15min + 30s;
    const auto passes = [&](Form query) { return date_passes(asked(std::move(query)), "StartTime", at); };
    EXPECT_TRUE(passes({}));
    EXPECT_TRUE(passes({{"StartTime", "2026-11-21"}}));
    EXPECT_FALSE(passes({{"StartTime", "2026-11-22"}}));
    EXPECT_TRUE(passes({{"StartTime>", "2026-11-21"}}));
    EXPECT_TRUE(passes({{"StartTime>", "2026-11-21T10:15:30Z"}}));
    EXPECT_FALSE(passes({{"StartTime>", "2026-11-21T10:15:31Z"}}));
    EXPECT_FALSE(passes({{"StartTime<", "2026-11-21"}}));
    EXPECT_TRUE(passes({{"StartTime<", "2026-11-21T10:15:31.000Z"}}));
    EXPECT_FALSE(date_passes(asked({{"EndTime>", "2026-11-21"}}), "EndTime", std::nullopt)) << "not known yet";
    for (const char* text : {"", "2026", "2026-13-01", "yesterday", "2026-11-21T1", "2026-11-21T10:15:30+02:00", "2026-11-21 10:15:30"})
        EXPECT_FALSE(read_date(text)) << text;
}

TEST(NumberModes, DecideWhatAnIncomingCallDoes) {
    AppServer app([](const Seen&) { return twiml("<Hangup/>"); });
    FakeTwilioOptions options;
    options.carrier.speed = 10;
    const auto entry = [&](std::string url, std::string trunk) {
        NumberEntry out;
        out.voice_url = std::move(url);
        out.trunk_sid = std::move(trunk);
        return out;
    };
    options.numbers["+18005550001"] = entry(app.url("/voice"), {});
    options.numbers["+18005550002"] = entry(app.url("/never"), "TK00000000000000000000000000000001");
    options.numbers["+18005550003"] = entry({}, {});
    FakeTwilio twilio(std::move(options));
    EXPECT_EQ(twilio.call_in("+18005550001", "+14155550101", nullptr).report.get().status, "completed");
    EXPECT_EQ(app.requests("/voice").size(), 1u);
    for (const char* number : {"+18005550002", "+18005550003"})
        EXPECT_NE(twilio.call_in(number, "+14155550101", nullptr).report.get().status, "completed") << number;
    EXPECT_EQ(app.requests().size(), 1u) << "neither a trunk nor nothing asks the application";
    EXPECT_THROW((void)twilio.call_in("+18005550009", "+14155550101", nullptr), std::invalid_argument);
    // Dialled from outside by the account itself it is reached as well.
    twilio.set_number("+18005550003", entry(app.url("/later"), {}));
    CallPlan plan;
    plan.direction = "outbound-api";
    plan.from = "+18005550001";
    plan.to = "+18005550003";
    plan.twiml = "<Response><Pause length=\"1\"/></Response>";
    (void)twilio.carrier().place_call(plan).report.get();
    EXPECT_EQ(app.requests("/later").size(), 1u);
}

}  // namespace
}  // namespace parley::sim
