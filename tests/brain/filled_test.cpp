#include "parley/brain/filled.hpp"

#include <gtest/gtest.h>

namespace parley::brain {
namespace {

struct Case {
    const char* name;
    std::string_view text, want;
};
class Filled : public testing::TestWithParam<Case> {};
TEST_P(Filled, replaces) {
    const Variables variables{{"caller_name", "Ada"}, {"empty", ""}, {"tricky", "{caller_name}"}, {"crm.tier", "gold"}};
    EXPECT_EQ(filled(GetParam().text, variables), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    cases, Filled,
    testing::Values(Case{"none", "Hello.", "Hello."}, Case{"known", "Hello {caller_name}!", "Hello Ada!"},
                    Case{"twice", "{caller_name}{caller_name}", "AdaAda"}, Case{"unknown_goes_with_its_comma", "Hello, {nobody}!", "Hello!"},
                    Case{"unknown_goes_with_its_blank", "Hello {nobody}, hi", "Hello, hi"}, Case{"empty_as_unknown", "Hello {empty}.", "Hello."},
                    Case{"otherwise", "Hello {nobody|my friend}.", "Hello my friend."},
                    Case{"known_before_otherwise", "Hello {caller_name|my friend}.", "Hello Ada."}, Case{"otherwise_nothing", "Hello {nobody|}.", "Hello."},
                    Case{"values_are_not_looked_into", "{tricky}", "{caller_name}"}, Case{"dotted", "{crm.tier}", "gold"},
                    Case{"json_stays", R"({"a": 1})", R"({"a": 1})"}, Case{"open_stays", "a {caller_name", "a {caller_name"},
                    Case{"empty_braces_stay", "a {} b", "a {} b"}, Case{"nested", "{{caller_name}}", "{Ada}"}),
    [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace parley::brain
