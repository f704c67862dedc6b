#include "parley/base/strict_yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace parley::yaml {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct Read {
    Problems problems;
    Document document;
    explicit Read(std::string_view text) : document(parse_text(text, "x.yaml", problems)) {}
};

TEST(StrictYaml, reads_every_type) {
    Read in(R"(
name: front desk
number: +4930123456
flag: true
count: 7
ratio: 0.5
wait: 600ms
room: 64KiB
where: "[::1]:8080"
link: wss://bot.example/x
colour: green
words: [a, "true", 3]
one: alone
headers: {X-A: b}
inner:
  deep: 1
list:
  - a: 1
  - a: 2
named:
  first: {a: 1}
)");
    Reader top(in.document.root, in.problems);
    constexpr std::array<std::string_view, 1> kSchemes{"wss"};
    constexpr std::array<std::string_view, 2> kColours{"red", "green"};
    EXPECT_EQ(top.text("name"), "front desk");
    EXPECT_EQ(top.required_text("number"), "+4930123456");
    EXPECT_TRUE(top.flag("flag", false));
    EXPECT_EQ(top.integer("count", 1, 0, 10), 7);
    EXPECT_EQ(top.number("ratio", 1, 0, 1), 0.5);
    EXPECT_EQ(top.duration("wait", 1s, 0s, 1s), 600ms);
    EXPECT_EQ(top.size("room", 1, 0, 1 << 20), 65'536U);
    EXPECT_EQ(top.address("where", {}), (text::Address{"::1", 8080}));
    EXPECT_EQ(top.url("link", kSchemes), "wss://bot.example/x");
    EXPECT_EQ(top.choice("colour", 0, kColours), 1U);
    EXPECT_EQ(top.texts("words"), (std::vector<std::string>{"a", "true", "3"}));
    EXPECT_EQ(top.texts("one"), std::vector<std::string>{"alone"});
    EXPECT_EQ(top.text_map("headers").at("X-A"), "b");
    Reader inner = top.map("inner");
    EXPECT_EQ(inner.integer("deep", 0, 0, 9), 1);
    inner.finish();
    EXPECT_EQ(top.maps("list").at(1).integer("a", 0, 0, 9), 2);
    EXPECT_EQ(top.named_maps("named").at(0).first, "first");
    EXPECT_EQ(top.text("absent", "fallback"), "fallback");
    EXPECT_EQ(top.map("absent_map").integer("x", 5, 0, 9), 5);
    top.finish();
    EXPECT_TRUE(in.problems.empty()) << in.problems.text();
}

TEST(StrictYaml, collects_every_mistake_with_its_place) {
    Read in("name: true\ncount: seven\nratio: 7\nwait: 5\ncolour: gren\nwords: {a: 1}\nlisten: x\nname2: ~\n");
    Reader top(in.document.root, in.problems);
    constexpr std::array<std::string_view, 2> kColours{"red", "green"};
    (void)top.text("name");
    EXPECT_EQ(top.integer("count", 3, 0, 10), 0);  // the caller stops on problems; no value is claimed
    EXPECT_EQ(top.number("ratio", 0.25, 0, 1), 0.25);
    (void)top.duration("wait", 1s, 0s, 1s);
    (void)top.choice("colour", 0, kColours);
    (void)top.texts("words");
    (void)top.address("listen", {});
    (void)top.text("name2");
    (void)top.required_text("gone");
    top.finish();
    EXPECT_EQ(in.problems.text(),
              "x.yaml:1:1: 'gone' is missing\n"
              "x.yaml:1:7: 'name': expected text, found true (quote it if it is meant as text)\n"
              "x.yaml:2:8: 'count': expected a whole number, found 'seven'\n"
              "x.yaml:3:8: 'ratio': 7 is out of range, allowed is 0 to 1\n"
              "x.yaml:4:7: 'wait': expected a duration such as 200us, 600ms, 5s, 10m or 1h, found '5'\n"
              "x.yaml:5:9: 'colour': expected one of red, green; found 'gren', did you mean 'green'?\n"
              "x.yaml:6:8: 'words': expected a list, found a section\n"
              "x.yaml:7:9: 'listen': expected host:port, for example 127.0.0.1:8080 or [::1]:8080, found 'x'\n"
              "x.yaml:8:8: 'name2': expected text, found nothing\n");
}

TEST(StrictYaml, unknown_and_repeated_keys) {
    Read in("lsiten: a\nname: b\nname: c\nzzz: 1\n");
    Reader top(in.document.root, in.problems);
    (void)top.text("listen");
    EXPECT_EQ(top.text("name"), "b");
    top.finish();
    EXPECT_EQ(in.problems.text(),
              "x.yaml:1:1: unknown key 'lsiten', did you mean 'listen'?\n"
              "x.yaml:3:1: 'name' was already given in line 2\n"
              "x.yaml:4:1: unknown key 'zzz'\n");
}

struct BadText {
    const char* name;
    std::string text;
    const char* message;
};
class StrictYamlBadText : public testing::TestWithParam<BadText> {};
TEST_P(StrictYamlBadText, is_refused) {
    Read in(GetParam().text);
    ASSERT_EQ(in.problems.list().size(), 1U) << in.problems.text();
    EXPECT_THAT(in.problems.text(), HasSubstr(GetParam().message));
    EXPECT_THAT(in.problems.text(), HasSubstr("x.yaml"));
}
INSTANTIATE_TEST_SUITE_P(cases, StrictYamlBadText,
                         testing::Values(BadText{"alias", "a: &x [1]\nb: *x\n", "x.yaml:1:4: anchors"}, BadText{"tag", "a: !!binary x\n", "tags"},
                                         BadText{"syntax", "a: [1, 2\nb: 3\n", "x.yaml:"}, BadText{"tab", "a:\n\tb: 1\n", "x.yaml:2"},
                                         BadText{"list_as_key", "[1, 2]: 3\n", "a key must be a plain word"},
                                         BadText{"null_key", "~: 3\n", "a key must be a plain word"},
                                         BadText{"second_document", "a: 1\n---\nb: 1\n", "one document"},
                                         BadText{"nul", std::string("a: 1\nb: \0\n", 10), "x.yaml:2:1: the file holds a NUL"},
                                         BadText{"deep", std::string(33, '[') + std::string(33, ']'), "nested more than 32 deep"},
                                         BadText{"deeper_than_the_library_likes", std::string(100'000, '['), "x.yaml:1:"},
                                         BadText{"large", "a: " + std::string(1024 * 1024, 'x'), "larger than 1MiB"},
                                         BadText{"many", "[" + std::string(200'002, ',') + "]", "x.yaml:1:"}),
                         [](const auto& c) { return c.param.name; });

TEST(StrictYaml, nothing_is_an_empty_section_and_a_list_is_not_one) {
    Read empty("# only a comment\n");
    Reader top(empty.document.root, empty.problems);
    top.finish();
    EXPECT_TRUE(empty.problems.empty()) << empty.problems.text();
    Read list("- 1\n");
    Reader bad(list.document.root, list.problems);
    bad.finish();
    EXPECT_THAT(list.problems.text(), HasSubstr("x.yaml:1:1: expected a section, found a list"));
}

TEST(StrictYaml, values_at_the_bounds_pass) {
    Read deep(std::string(31, '[') + "1" + std::string(31, ']'));
    EXPECT_TRUE(deep.problems.empty()) << deep.problems.text();
    std::string many = "[";
    for (int i = 0; i < 99'998; ++i) many += "1,";
    Read wide(many + "]");
    EXPECT_TRUE(wide.problems.empty()) << wide.problems.text();
}

TEST(StrictYaml, at_most_a_hundred_mistakes_are_listed) {
    std::string text;
    for (int i = 0; i < 500; ++i) text += "k" + std::to_string(i) + ": 1\n";
    Read in(text);
    Reader(in.document.root, in.problems).finish();
    EXPECT_LE(in.problems.list().size(), 101U);
}

TEST(StrictYaml, a_missing_file_is_a_mistake) {
    Problems problems;
    (void)parse_file("/nonexistent/parley.yaml", problems);
    (void)parse_file("/", problems);
    EXPECT_EQ(problems.list().size(), 2U);
    EXPECT_EQ(problems.list().at(0).text(), "/nonexistent/parley.yaml: the file cannot be read");
}

}  // namespace
}  // namespace parley::yaml
