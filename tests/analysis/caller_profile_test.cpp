#include "parley/analysis/caller_profile.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "parley/base/json_schema.hpp"
#include "parley/store/profiles.hpp"

namespace parley::analysis {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(CallerProfile, TheBuiltInSchemaIsOne) {
    const auto schema = JsonSchema::compile(builtin_profile_schema());
    ASSERT_TRUE(schema) << schema.error;
    EXPECT_FALSE(schema.schema->wrong(json::parse(R"({"name":"Ann","preferences":["mornings"],"open_matters":[],"facts":["x"]})")));
    EXPECT_TRUE(schema.schema->wrong(json::parse(R"({"name":7})")));
}

struct Merge {
    const char* name;
    std::string_view before, news, after;
};
class Merges : public testing::TestWithParam<Merge> {};
TEST_P(Merges, KeepWhatIsNotSaidAnew) {
    EXPECT_EQ(json::parse(merged_profile(GetParam().before, GetParam().news)), json::parse(GetParam().after));
}
INSTANTIATE_TEST_SUITE_P(
    cases, Merges,
    testing::Values(Merge{"first", "", R"({"name":"Ann"})", R"({"name":"Ann"})"},
                    Merge{"kept", R"({"name":"Ann","language":"en"})", R"({"name":"Anna"})", R"({"name":"Anna","language":"en"})"},
                    Merge{"lists_grow", R"({"facts":["a","b"]})", R"({"facts":["b","c"]})", R"({"facts":["a","b","c"]})"},
                    Merge{"matters_settle", R"({"open_matters":["roof","bill"]})", R"({"open_matters":["bill"]})", R"({"open_matters":["bill"]})"},
                    Merge{"null_removes", R"({"name":"Ann","x":1})", R"({"x":null})", R"({"name":"Ann"})"},
                    Merge{"deep", R"({"a":{"b":1,"c":2}})", R"({"a":{"b":3}})", R"({"a":{"b":3,"c":2}})"},
                    Merge{"twice", R"({"facts":["a"],"name":"Ann"})", R"({"facts":["a"],"name":"Ann"})", R"({"facts":["a"],"name":"Ann"})"},
                    Merge{"nonsense", "[1]", "nonsense", "{}"}),
    [](const auto& c) { return c.param.name; });

TEST(CallerProfile, StaysWithinItsBound) {
    std::string profile = R"({"name":"Ann"})";
    for (int i = 0; i < 100; ++i) {
        const json news{{"facts", {"fact " + std::to_string(i) + std::string(900, 'x')}}, {"notes" + std::to_string(i), std::string(500, 'y')}};
        profile = merged_profile(profile, news.dump());
        ASSERT_LE(profile.size(), store::kMostProfile);
        ASSERT_TRUE(json::parse(profile).is_object());
    }
    EXPECT_EQ(json::parse(profile)["name"], "Ann");
    EXPECT_LE(merged_profile("{}", json{{"name", std::string(50'000, 'z')}}.dump()).size(), store::kMostProfile);
}

TEST(CallerProfile, IsTold) {
    const auto known = remembered(R"({"name":"Ann","preferences":["mornings","by e-mail"],"deep":{"a":1},"odd key":"x","age":7})");
    EXPECT_EQ(known.variables,
              (std::map<std::string, std::string>{{"caller_name", "Ann"}, {"caller_preferences", "mornings; by e-mail"}, {"caller_age", "7"}}));
    EXPECT_THAT(known.background, HasSubstr("\"name\":\"Ann\""));
    EXPECT_TRUE(remembered("{}").background.empty());
    EXPECT_TRUE(remembered("no").background.empty());
}

}  // namespace
}  // namespace parley::analysis
