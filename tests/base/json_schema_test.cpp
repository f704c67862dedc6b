#include "parley/base/json_schema.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley {
namespace {

constexpr std::string_view kBooking = R"({"type":"object","properties":{
  "day":{"type":"string","format":"date"},"hour":{"type":"integer","minimum":8,"maximum":18},
  "service":{"enum":["haircut","colour"]},"who":{"type":"object","properties":{"name":{"type":"string","maxLength":10}},"required":["name"]},
  "notes":{"type":"array","items":{"type":"string"},"maxItems":2}},"required":["day","hour"],"additionalProperties":false})";

struct ValueCase {
    const char* name;
    std::string_view value, want;  // "": it holds; otherwise the sentence
};
class JsonSchemaValues : public testing::TestWithParam<ValueCase> {};
TEST_P(JsonSchemaValues, judged) {
    const auto compiled = JsonSchema::compile(kBooking);
    ASSERT_TRUE(compiled) << compiled.error;
    EXPECT_EQ(compiled.schema->wrong_text(GetParam().value).value_or(""), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    cases, JsonSchemaValues,
    testing::Values(ValueCase{"whole", R"({"day":"2026-03-01","hour":9,"service":"colour","who":{"name":"Ann"},"notes":["a"]})", ""},
                    ValueCase{"least", R"({"day":"2026-03-01","hour":18})", ""},
                    ValueCase{"missing", R"({"day":"2026-03-01"})", "the value is missing the member 'hour'"},
                    ValueCase{"nothing", "", "the value is missing the member 'day'"},
                    ValueCase{"extra", R"({"day":"2026-03-01","hour":9,"price":1})", "the value has a member there is not: 'price'"},
                    ValueCase{"type", R"({"day":"2026-03-01","hour":"nine"})", "hour has to be of type integer"},
                    ValueCase{"fraction", R"({"day":"2026-03-01","hour":9.5})", "hour has to be of type integer"},
                    ValueCase{"low", R"({"day":"2026-03-01","hour":7})", "hour is wrong: expected number greater than or equal to 8.000000"},
                    ValueCase{"choice", R"({"day":"2026-03-01","hour":9,"service":"shave"})", R"(service has to be one of ["haircut","colour"])"},
                    ValueCase{"format", R"({"day":"tomorrow","hour":9})",
                              "day is not written as it has to be (pattern ^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$)"},
                    ValueCase{"inner", R"({"day":"2026-03-01","hour":9,"who":{"name":3}})", "who.name has to be of type string"},
                    ValueCase{"element", R"({"day":"2026-03-01","hour":9,"notes":["a",2]})", "notes[1] has to be of type string"},
                    ValueCase{"list", R"([1,2])", "the value has to be of type object"},
                    ValueCase{"no_json", R"({"day":)", "the value is no JSON, or too large or nested too deeply"},
                    ValueCase{"deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
                              "the value is no JSON, or too large or nested too deeply"}),
    [](const auto& c) { return c.param.name; });

struct SchemaCase {
    const char* name;
    std::string_view schema;
    bool good;
};
class JsonSchemaTexts : public testing::TestWithParam<SchemaCase> {};
TEST_P(JsonSchemaTexts, taken_or_refused) {
    const auto compiled = JsonSchema::compile(GetParam().schema);
    EXPECT_EQ(static_cast<bool>(compiled), GetParam().good) << compiled.error;
    EXPECT_EQ(compiled.error.empty(), GetParam().good);
    if (!compiled) return;
    for (const auto* value : {"{}", "[]", "1", "-1.5", "\"x\"", "null", "true", R"({"a":{"a":[1,"x"]}})"}) (void)compiled.schema->wrong_text(value);
}
INSTANTIATE_TEST_SUITE_P(
    cases, JsonSchemaTexts,
    testing::Values(
        SchemaCase{"empty", "{}", true}, SchemaCase{"yes", "true", true}, SchemaCase{"no", "false", true}, SchemaCase{"text", "", false},
        SchemaCase{"cut", R"({"type":)", false}, SchemaCase{"number", "3", false}, SchemaCase{"type_unknown", R"({"type":"strnig"})", false},
        SchemaCase{"type_number", R"({"type":3})", false}, SchemaCase{"types", R"({"type":["string","null"]})", true},
        SchemaCase{"required_text", R"({"required":"a"})", false}, SchemaCase{"required_none", R"({"required":[]})", true},
        SchemaCase{"enum_text", R"({"enum":"a"})", false}, SchemaCase{"minimum_text", R"({"minimum":"a"})", false},
        SchemaCase{"negative", R"({"maxLength":-1})", false}, SchemaCase{"pattern", R"({"pattern":"^a+$"})", true},
        SchemaCase{"pattern_bad", R"({"pattern":"(a"})", false}, SchemaCase{"pattern_number", R"({"pattern":1})", false},
        SchemaCase{"local", R"({"$defs":{"s":{"type":"string"}},"properties":{"a":{"$ref":"#/$defs/s"}}})", true},
        SchemaCase{"nowhere", R"({"properties":{"a":{"$ref":"#/$defs/s"}}})", false}, SchemaCase{"elsewhere", R"({"$ref":"http://127.0.0.1/x"})", false},
        SchemaCase{"file", R"({"$ref":"file:///etc/passwd"})", false}, SchemaCase{"circle", R"({"properties":{"a":{"$ref":"#"}}})", false},
        SchemaCase{"self", R"({"a":{"$ref":"#/a"},"$ref":"#/a"})", false}, SchemaCase{"pointer_bad", R"({"$ref":"#a/~9"})", false},
        SchemaCase{
            "bomb",
            R"({"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"}]},
        "b":{"allOf":[{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"}]},
        "c":{"allOf":[{"$ref":"#/$defs/d"},{"$ref":"#/$defs/d"},{"$ref":"#/$defs/d"},{"$ref":"#/$defs/d"},{"$ref":"#/$defs/d"},{"$ref":"#/$defs/d"},{"$ref":"#/$defs/d"}]},
        "d":{"allOf":[{},{},{},{},{},{},{}]}},"$ref":"#/$defs/a"})",
            false},
        SchemaCase{"tuple", R"({"prefixItems":[{"type":"string"}],"items":false})", true},
        SchemaCase{"tuple_7", R"({"items":[{"type":"string"}],"additionalItems":false})", true},
        SchemaCase{"if_then", R"({"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},"else":{}})", true},
        SchemaCase{"if_alone", R"({"if":{}})", true}, SchemaCase{"any", R"({"anyOf":[{"type":"string"},{"type":"null"}]})", true},
        SchemaCase{"any_empty", R"({"anyOf":[]})", false}, SchemaCase{"not", R"({"not":{"type":"string"}})", true},
        SchemaCase{"not_list", R"({"not":[1]})", false},
        SchemaCase{"dependent", R"({"dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"required":["d"]}}})", true},
        SchemaCase{"dependencies", R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})", true},
        SchemaCase{"names", R"({"propertyNames":{"maxLength":3}})", true}, SchemaCase{"exclusive", R"({"exclusiveMinimum":3,"exclusiveMaximum":9})", true},
        SchemaCase{"exclusive_4", R"({"minimum":3,"exclusiveMinimum":true})", false}, SchemaCase{"unique", R"({"uniqueItems":true})", true},
        SchemaCase{"contains", R"({"contains":{"type":"string"}})", true}, SchemaCase{"multiple", R"({"multipleOf":0.1})", true},
        SchemaCase{"multiple_0", R"({"multipleOf":0})", false}, SchemaCase{"format_elsewhere", R"({"format":"date"})", true},
        SchemaCase{"vendor_words", R"({"x-mcp-header":"Region","nullable":true,"title":"t"})", true}),
    [](const auto& c) { return c.param.name; });

TEST(JsonSchema, a_strangers_patterns_are_left_to_the_stranger) {
    constexpr std::string_view kSlow =
        R"({"properties":{"a":{"pattern":"^(a+)+$"}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})";
    const auto stranger = JsonSchema::compile(kSlow, JsonSchema::From::stranger);
    ASSERT_TRUE(stranger);
    EXPECT_FALSE(stranger.schema->wrong_text(R"({"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab","x1":"y"})"));
    const auto ours = JsonSchema::compile(kSlow);
    ASSERT_TRUE(ours);
    EXPECT_TRUE(ours.schema->wrong_text(R"({"a":"ab"})"));
    EXPECT_TRUE(ours.schema->wrong_text(R"({"x1":3})"));
    EXPECT_FALSE(ours.schema->wrong_text(R"({"x1":"y"})"));
}

TEST(JsonSchema, later_drafts_words_are_checked) {
    const auto tuple = JsonSchema::compile(R"({"prefixItems":[{"type":"string"}],"items":false})");
    ASSERT_TRUE(tuple);
    EXPECT_FALSE(tuple.schema->wrong_text(R"(["a"])"));
    EXPECT_TRUE(tuple.schema->wrong_text("[1]"));
    EXPECT_TRUE(tuple.schema->wrong_text(R"(["a",1])"));
    const auto dependent = JsonSchema::compile(R"({"dependentRequired":{"a":["b"]}})");
    ASSERT_TRUE(dependent);
    EXPECT_TRUE(dependent.schema->wrong_text(R"({"a":1})"));
    EXPECT_FALSE(dependent.schema->wrong_text(R"({"a":1,"b":1})"));
    const auto defs = JsonSchema::compile(R"({"$defs":{"s":{"type":"string"}},"properties":{"a":{"$ref":"#/$defs/s"}}})");
    ASSERT_TRUE(defs);
    EXPECT_EQ(defs.schema->wrong_text(R"({"a":1})").value_or(""), "a has to be of type string");
    EXPECT_TRUE(JsonSchema::compile("false").schema->wrong_text("1"));
    EXPECT_FALSE(JsonSchema::compile("true").schema->wrong_text("1"));
}

TEST(JsonSchema, what_stands_beside_a_reference_counts) {
    const auto schema = JsonSchema::compile(R"({"$defs":{"s":{"type":"string","minLength":2},"o":{"type":"object","properties":{"b":{"type":"integer"}}}},
        "properties":{"a":{"$ref":"#/$defs/s","maxLength":5},"d":{"$ref":"#/$defs/s","description":"nothing"},"o":{"$ref":"#/$defs/o","required":["b"]},"w":{"format":"date","$ref":"#/$defs/s"}}})");
    ASSERT_TRUE(schema);
    EXPECT_FALSE(schema.schema->wrong_text(R"({"a":"12345","d":"123456","o":{"b":1},"w":"2026-11-21"})"));
    EXPECT_TRUE(schema.schema->wrong_text(R"({"a":"123456"})"));
    EXPECT_TRUE(schema.schema->wrong_text(R"({"a":"1"})"));
    EXPECT_TRUE(schema.schema->wrong_text(R"({"o":{}})"));
    EXPECT_TRUE(schema.schema->wrong_text(R"({"w":"today"})"));
    EXPECT_EQ(schema.schema->wrong_text(R"({"o":{"b":"x"}})").value_or(""), "o.b has to be of type integer");
    EXPECT_EQ(schema.schema->wrong_text(R"({"a":1})").value_or(""), "a has to be of type string");
    EXPECT_FALSE(JsonSchema::compile(R"({"$defs":{"s":{}},"$ref":"#/$defs/s","type":"no type"})"));
    // Draft 7 reads the reference alone.
    const auto seven = JsonSchema::compile(
        R"({"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"s":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/s","maxLength":5}}})");
    ASSERT_TRUE(seven);
    EXPECT_FALSE(seven.schema->wrong_text(R"({"a":"123456"})"));
    EXPECT_TRUE(seven.schema->wrong_text(R"({"a":1})"));
}

TEST(JsonSchema, both_sides_are_bounded) {
    EXPECT_FALSE(JsonSchema::compile(std::string(JsonSchema::kMostText + 1, ' ')));
    std::string deep = "{}";
    for (std::size_t i = 0; i < JsonSchema::kMostDepth + 1; ++i) deep = R"({"not":)" + deep + "}";
    EXPECT_FALSE(JsonSchema::compile(deep));
    EXPECT_FALSE(JsonSchema::compile(std::string(30000, '[')));

    const auto any = JsonSchema::compile("{}");
    ASSERT_TRUE(any);
    auto many = nlohmann::json::array();
    for (std::size_t i = 0; i + 1 < JsonSchema::kMostValues; ++i) many.push_back(1);
    EXPECT_FALSE(any.schema->wrong(many));
    many.push_back(1);
    EXPECT_TRUE(any.schema->wrong(many));

    const auto patterned = JsonSchema::compile(R"({"type":"object","properties":{"a":{"type":"string","pattern":"^(x|y)*$"}}})");
    ASSERT_TRUE(patterned);
    EXPECT_FALSE(patterned.schema->wrong({{"a", std::string(JsonSchema::kMostPatterned, 'x')}}));
    EXPECT_TRUE(patterned.schema->wrong({{"a", std::string(JsonSchema::kMostPatterned + 1, 'x')}}));
    const auto unique = JsonSchema::compile(R"({"uniqueItems":true})");
    auto numbers = nlohmann::json::array();
    for (std::size_t i = 0; i < JsonSchema::kMostUnique; ++i) numbers.push_back(i);
    EXPECT_FALSE(unique.schema->wrong(numbers));
    numbers.push_back("more");
    EXPECT_TRUE(unique.schema->wrong(numbers));
}

TEST(ParseBounded, depth_is_counted_outside_of_strings) {
    EXPECT_TRUE(parse_bounded(R"({"a":"[[[[[[\"[[["})", 100, 1));
    EXPECT_FALSE(parse_bounded(R"({"a":[]})", 100, 1));
    EXPECT_TRUE(parse_bounded(R"({"a":[]})", 100, 2));
    EXPECT_FALSE(parse_bounded("[1]", 2));
    EXPECT_FALSE(parse_bounded(std::string(1 << 16, '['), 1 << 20));
}

}  // namespace
}  // namespace parley
