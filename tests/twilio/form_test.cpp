#include "parley/twilio/form.hpp"

#include <gtest/gtest.h>

#include <random>

namespace parley::twilio {
namespace {

using Fields = std::vector<FormField>;

struct FormCase {
    const char* name;
    std::string_view body;
    Fields want;
};
void PrintTo(const FormCase& c, std::ostream* out) {
    *out << c.name;
}

class FormParse : public testing::TestWithParam<FormCase> {};

TEST_P(FormParse, reads) {
    const auto form = parse_form(GetParam().body);
    ASSERT_TRUE(form) << form.error().message();
    EXPECT_EQ(form->fields(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(cases, FormParse,
                         testing::Values(FormCase{"empty", "", {}}, FormCase{"one", "a=1", {{"a", "1"}}},
                                         FormCase{"plus", "a=1+2&b=%2B", {{"a", "1 2"}, {"b", "+"}}}, FormCase{"hex_both_cases", "a=%2f%2F", {{"a", "//"}}},
                                         FormCase{"no_equals", "a&b=", {{"a", ""}, {"b", ""}}}, FormCase{"second_equals_is_value", "a=b=c", {{"a", "b=c"}}},
                                         FormCase{"empty_segments", "&&a=1&&", {{"a", "1"}}}, FormCase{"empty_name", "=v", {{"", "v"}}},
                                         FormCase{"duplicates_in_order", "k=2&k=10&k=2", {{"k", "2"}, {"k", "10"}, {"k", "2"}}},
                                         FormCase{"utf8", "B=%C3%A9%F0%9F%91%8B", {{"B", "\u00e9\U0001F44B"}}},
                                         FormCase{"encoded_name", "a%20b=1", {{"a b", "1"}}}, FormCase{"not_utf8_is_kept", "a=%FF", {{"a", "\xFF"}}},
                                         FormCase{"semicolon_is_text", "a=1;b=2", {{"a", "1;b=2"}}}),
                         [](const auto& c) { return c.param.name; });

TEST(FormParse, refuses_broken_percent_escapes) {
    for (const std::string_view body : {"a=%", "a=%2", "a=%zz", "%=1", "a=%2G", "a=%%20", "a=1%"}) {
        EXPECT_EQ(parse_form(body).error(), errc::form_percent) << body;
    }
}

TEST(FormParse, limits_one_below_at_and_above) {
    const auto fields = [](std::size_t n) {
        std::string body;
        for (std::size_t i = 0; i < n; ++i) body += "a=1&";
        return body;
    };
    EXPECT_EQ(parse_form(fields(kMaxFormFields - 1))->fields().size(), kMaxFormFields - 1);
    EXPECT_EQ(parse_form(fields(kMaxFormFields))->fields().size(), kMaxFormFields);
    EXPECT_EQ(parse_form(fields(kMaxFormFields + 1)).error(), errc::form_too_many_fields);

    EXPECT_TRUE(parse_form(std::string(kMaxFormNameBytes, 'n') + "=1"));
    EXPECT_EQ(parse_form(std::string(kMaxFormNameBytes + 1, 'n') + "=1").error(), errc::form_name_too_long);
    EXPECT_TRUE(parse_form("a=" + std::string(kMaxFormValueBytes, 'v')));
    EXPECT_EQ(parse_form("a=" + std::string(kMaxFormValueBytes + 1, 'v')).error(), errc::form_value_too_long);

    EXPECT_TRUE(parse_form(std::string(kMaxFormBytes, '&')));
    EXPECT_EQ(parse_form(std::string(kMaxFormBytes + 1, '&')).error(), errc::form_too_big);
}

TEST(FormParse, thousand_parameters) {
    std::string body;
    for (int i = 0; i < 1000; ++i) body += (i > 0 ? "&" : "") + std::string("p") + std::to_string(i) + "=" + std::to_string(i);
    const auto form = parse_form(body);
    ASSERT_TRUE(form);
    EXPECT_EQ(form->get("p999"), "999");
}

TEST(Form, lookups) {
    const auto form = *parse_form("a=1&b=&a=2");
    EXPECT_EQ(form.get("a"), "1");
    EXPECT_EQ(form.all("a"), (std::vector<std::string_view>{"1", "2"}));
    EXPECT_EQ(form.get("b", "x"), "");
    EXPECT_EQ(form.get("c", "x"), "x");
    EXPECT_EQ(form.find("A"), std::nullopt);
    EXPECT_TRUE(form.has("b"));
}

TEST(Form, query_of_a_target) {
    EXPECT_EQ(query_of("/a?b=1&c=2"), "b=1&c=2");
    EXPECT_EQ(query_of("/a"), "");
    EXPECT_EQ(query_of("/a?"), "");
    EXPECT_EQ(query_of("/a?b?c"), "b?c");
    EXPECT_EQ(query_of("/a?b#c"), "b");
    EXPECT_EQ(query_of("/a#b?c"), "");
}

TEST(FormEncode, random_fields_round_trip) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        Fields fields(random() % 6);
        for (FormField& field : fields) {
            field.name.resize(1 + random() % 12);
            field.value.resize(random() % 40);
            for (char& c : field.name) c = static_cast<char>(random());
            for (char& c : field.value) c = static_cast<char>(random());
        }
        const auto back = parse_form(encode_form(fields));
        ASSERT_TRUE(back);
        EXPECT_EQ(back->fields(), fields);
    }
}

}  // namespace
}  // namespace parley::twilio
