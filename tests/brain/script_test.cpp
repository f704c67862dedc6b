// The loader says where and what is wrong, and what was probably meant.

#include "parley/brain/script.hpp"

#include <gtest/gtest.h>

namespace parley::brain {
namespace {

const speech::Lexicon* lexicon() {
    static const auto loaded = *speech::Lexicon::load(speech::RecognizerSettings{}.model + "/cmudict-en-us.dict");
    return loaded.get();
}

constexpr const char* kGood = R"(name: small
facts: {shop: The Shop}
greeting: "Welcome to {shop}."
start: menu
slots:
  day: {kind: weekday, allow: [monday], refuse: "Not on {day}."}
intents:
  hours: "opening hours"
  book: ["book [on] {day}"]
not_understood: {say: "Sorry?", then: {say: "Bye.", end: true}}
states:
  menu:
    ask: "What?"
    hear: {hours: {say: "Nine to five.", go: menu}, book: {go: when}}
  when:
    ask: "When?"
    fill: [day]
    filled: menu
)";

TEST(Script, loads_what_is_right) {
    const auto script = parse_script(kGood, "small.yaml", lexicon());
    EXPECT_EQ(script->greeting, Prompts{"Welcome to The Shop."});
    EXPECT_EQ(script->states.size(), 2U);
    EXPECT_EQ(script->grammars().size(), 3U);
    EXPECT_TRUE(script->intents.contains("yes"));
    EXPECT_NE(script->state("when").grammar->jsgf.find("<slot_day>"), std::string::npos);
}

TEST(Script, the_shipped_ones_load_with_the_dictionary) {
    for (const auto* name : {"receptionist", "pizzeria"}) {
        EXPECT_NO_THROW((void)load_script(std::string(PARLEY_SOURCE_DIR "/config/scripts/") + name + ".yaml", lexicon())) << name;
    }
}

struct Wrong {
    const char* name;
    const char *from, *to;  // replaced in kGood
    int line;
    const char* says;  // part of the message: names, not wording
};
class ScriptErrors : public testing::TestWithParam<Wrong> {};

TEST_P(ScriptErrors, name_the_place) {
    std::string text = kGood;
    const auto at = text.find(GetParam().from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, std::string(GetParam().from).size(), GetParam().to);
    try {
        (void)parse_script(text, "small.yaml", lexicon());
        FAIL() << "accepted";
    } catch (const ScriptError& error) {
        EXPECT_EQ(error.line(), GetParam().line) << error.what();
        EXPECT_GT(error.column(), 0);
        EXPECT_EQ(std::string(error.what()).find("small.yaml:" + std::to_string(error.line())), 0U);
        EXPECT_NE(std::string(error.what()).find(GetParam().says), std::string::npos) << error.what();
    }
}

INSTANTIATE_TEST_SUITE_P(
    all, ScriptErrors,
    testing::Values(
        Wrong{"unknown_top_key", "start: menu", "strat: menu", 4, "'start'"},
        Wrong{"unknown_state_key", "    ask: \"When?\"", "    aks: \"When?\"", 16, "'ask'"}, Wrong{"unknown_act_key", "go: when}", "goto: when}", 14, "'go'"},
        Wrong{"unknown_state", "start: menu", "start: menue", 4, "'menu'"}, Wrong{"unknown_target", "go: when}", "go: wen}", 14, "'when'"},
        Wrong{"unknown_intent", "hear: {hours:", "hear: {hour:", 14, "'hours'"}, Wrong{"unknown_fact", "{shop}", "{shopp}", 3, "'shop'"},
        Wrong{"unknown_slot", "[on] {day}", "[on] {dya}", 9, "'day'"}, Wrong{"unknown_fill", "fill: [day]", "fill: [dai]", 17, "'day'"},
        Wrong{"unknown_kind", "kind: weekday", "kind: wekday", 6, "'weekday'"}, Wrong{"unknown_weekday", "allow: [monday]", "allow: [mondai]", 6, "'monday'"},
        Wrong{"unknown_word", "opening hours", "openning hours", 8, "'opening'"}, Wrong{"broken_phrase", "[on] {day}", "[on {day}", 9, "']'"},
        Wrong{"missing_greeting", "greeting: \"Welcome to {shop}.\"", "", 1, "'greeting'"}, Wrong{"missing_ask", "    ask: \"When?\"\n", "", 15, "'ask'"},
        Wrong{"missing_refuse", ", refuse: \"Not on {day}.\"", "", 6, "'refuse'"}, Wrong{"missing_filled", "    filled: menu\n", "", 15, "'filled'"},
        Wrong{"unreachable", "book: {go: when}", "book: {go: menu}", 15, "'when'"}, Wrong{"double_key", "start: menu", "start: menu\nstart: menu", 5, "twice"},
        Wrong{"wrong_type", "fill: [day]", "fill: {day: 1}", 17, "fill"}, Wrong{"empty_act", "{go: when}", "{clear: [day]}", 14, "say"},
        Wrong{"bad_transfer", "end: true", "transfer: somewhere", 10, "voicemail"}, Wrong{"end_and_go", "end: true", "end: true, go: menu", 10, "nowhere"},
        Wrong{"not_a_bool", "end: true", "end: maybe", 10, "true"}, Wrong{"yaml_syntax", "start: menu", "start: [menu", 5, "small.yaml"},
        Wrong{"bad_key_name", "  when:\n", "  When it is:\n", 15, "lower-case"}, Wrong{"no_then", ", then: {say: \"Bye.\", end: true}", "", 10, "'then'"},
        Wrong{"merge_key", "facts:", "<<: 1\nfacts:", 2, "'<<'"}),
    [](const auto& c) { return c.param.name; });

TEST(Script, refuses_hostile_files) {
    EXPECT_THROW((void)parse_script(std::string(kMaxScriptBytes + 1, 'a'), "x", nullptr), ScriptError);
    EXPECT_THROW((void)parse_script(std::string(100000, '['), "x", nullptr), ScriptError);
    EXPECT_THROW((void)parse_script("", "x", nullptr), ScriptError);
    EXPECT_THROW((void)parse_script("- a\n- b\n", "x", nullptr), ScriptError);
    EXPECT_THROW((void)load_script("/nonexistent.yaml", nullptr), ScriptError);
    std::string steps;
    for (int i = 0; i < 3000; ++i) steps += std::string(static_cast<std::size_t>(i), ' ') + "- \n";
    EXPECT_THROW((void)parse_script(steps.substr(0, kMaxScriptBytes), "x", nullptr), ScriptError);
}

}  // namespace
}  // namespace parley::brain
