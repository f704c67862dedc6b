#include "parley/flows/menu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "parley/flows/phrases.hpp"

namespace parley::flows {
namespace {

using testing::ElementsAre;
using Kind = Destination::Kind;

MenuAction to(const char* text, const char* say = "") {
    return {.repeat = false, .to = *parse_destination(text), .say = say};
}
MenuAction again() {
    return {.repeat = true, .to = {}, .say = {}};
}

Menus house() {
    Menus all;
    Menu main{.name = "main",
              .say = "Main.",
              .play = {},
              .keys = {{'1', to("menu:sales")}, {'2', to("queue:support", "One moment.")}, {'9', again()}},
              .speech = {},
              .hints = {},
              .language = {}};
    main.speech = {{to("menu:sales"), {"sales", "buy something"}}, {to("queue:support"), {"support", "technical help"}}, {again(), {"repeat"}}};
    main.then = to("voicemail");
    Menu sales{.name = "sales",
               .say = "Sales.",
               .play = {},
               .keys = {{'1', to("menu:offers")}, {'2', to("+4930123456")}, {'*', to("back")}},
               .speech = {},
               .hints = {},
               .language = {}};
    sales.then = to("back");
    Menu offers{.name = "offers",
                .say = "Offers.",
                .play = {},
                .keys = {{'1', to("hangup")}, {'*', to("back")}, {'0', to("menu:main")}},
                .speech = {},
                .hints = {},
                .language = {}};
    offers.tries = 1;
    for (auto* menu : {&main, &sales, &offers}) all.emplace(menu->name, *menu);
    return all;
}

MenuStep press(const Menus& menus, const MenuStep& from, const char* keys) {
    return answer_menu(menus, from.state, {.digits = keys, .speech = {}});
}
MenuStep say(const Menus& menus, const MenuStep& from, const char* words, double confidence = -1) {
    return answer_menu(menus, from.state, {.digits = {}, .speech = words, .confidence = confidence});
}

TEST(Menu, ThreeLevelsDownAndBack) {
    const auto menus = house();
    auto step = *enter_menu(menus, "main");
    step = press(menus, step, "1");
    step = press(menus, step, "1");
    EXPECT_EQ(step.state.menu, "offers");
    EXPECT_THAT(step.state.path, ElementsAre("main", "sales"));
    step = press(menus, step, "*");
    EXPECT_EQ(step.state.menu, "sales");
    EXPECT_THAT(step.state.path, ElementsAre("main"));
    step = press(menus, step, "*");
    EXPECT_EQ(step.state.menu, "main");
    EXPECT_TRUE(step.state.path.empty());
}

TEST(Menu, AMenuOnTheWayIsGoneBackToNotIntoAgain) {
    const auto menus = house();
    auto step = press(menus, press(menus, *enter_menu(menus, "main"), "1"), "1");
    step = press(menus, step, "0");
    EXPECT_EQ(step.state.menu, "main");
    EXPECT_TRUE(step.state.path.empty());
}

TEST(Menu, AWrongKeyAsksAgainThenGivesUp) {
    const auto menus = house();
    auto step = *enter_menu(menus, "main");
    for (unsigned attempt = 1; attempt <= 2; ++attempt) {
        step = press(menus, step, "7");
        EXPECT_EQ(step.kind, MenuStep::Kind::ask);
        EXPECT_EQ(step.state.attempt, attempt);
        EXPECT_THAT(step.say, ElementsAre("Sorry, that is not one of the choices."));
    }
    step = press(menus, step, "7");
    EXPECT_EQ(step.kind, MenuStep::Kind::leave);
    EXPECT_EQ(step.to.kind, Kind::voicemail);
}

TEST(Menu, SilenceHasItsOwnWords) {
    const auto menus = house();
    const auto step = press(menus, *enter_menu(menus, "main"), "");
    EXPECT_EQ(step.heard, MenuStep::Heard::nothing);
    EXPECT_THAT(step.say, ElementsAre("Sorry, I did not hear anything."));
}

TEST(Menu, TheLastTryOfAnInnerMenuMayGoBack) {
    const auto menus = house();
    auto step = press(menus, *enter_menu(menus, "main"), "1");
    for (int i = 0; i < 3; ++i) step = press(menus, step, "");
    EXPECT_EQ(step.kind, MenuStep::Kind::ask);
    EXPECT_EQ(step.state.menu, "main");
}

TEST(Menu, RepeatBeginsTheTriesAnew) {
    const auto menus = house();
    auto step = press(menus, press(menus, *enter_menu(menus, "main"), "7"), "9");
    EXPECT_EQ(step.state.menu, "main");
    EXPECT_EQ(step.state.attempt, 0U);
    EXPECT_TRUE(step.say.empty());
}

TEST(Menu, WordsBeforeADestination) {
    const auto menus = house();
    const auto step = press(menus, *enter_menu(menus, "main"), "2");
    EXPECT_EQ(step.kind, MenuStep::Kind::leave);
    EXPECT_EQ(step.to.text(), "queue:support");
    EXPECT_THAT(step.say, ElementsAre("One moment."));
}

TEST(Menu, WordsChoose) {
    const auto menus = house();
    const auto start = *enter_menu(menus, "main");
    EXPECT_EQ(say(menus, start, "I'd like to buy something please.").state.menu, "sales");
    EXPECT_EQ(say(menus, start, "Technical help!").to.text(), "queue:support");
    EXPECT_EQ(say(menus, start, "option two").to.text(), "queue:support");
    EXPECT_EQ(say(menus, start, "the weather").heard, MenuStep::Heard::invalid);
    EXPECT_EQ(say(menus, start, "maybe sales I guess", 0.1).heard, MenuStep::Heard::invalid) << "too unsure for a part of a sentence";
    EXPECT_EQ(say(menus, start, "sales", 0.1).state.menu, "sales") << "word for word is enough";
}

TEST(Menu, TheStateTravelsInAQuery) {
    const auto menus = house();
    auto step = press(menus, press(menus, press(menus, *enter_menu(menus, "main"), "1"), "1"), "*");
    step = press(menus, step, "7");
    std::map<std::string, std::string, std::less<>> fields;
    auto query = query_of(step.state);
    for (std::size_t at = 0; at < query.size();) {
        const auto end = std::min(query.find('&', at), query.size());
        const auto equals = query.find('=', at);
        fields.emplace(query.substr(at, equals - at), query.substr(equals + 1, end - equals - 1));
        at = end + 1;
    }
    const auto look = [&](std::string_view name) {
        const auto found = fields.find(name);
        return found == fields.end() ? std::string_view{} : std::string_view(found->second);
    };
    EXPECT_EQ(menu_state_of(menus, look), step.state);
    // What is older than the configuration: menus that are gone, more tries than there are now.
    fields["path"] = "main.gone.sales.main...x";
    fields["try"] = "99";
    const auto old = menu_state_of(menus, look);
    ASSERT_TRUE(old);
    EXPECT_THAT(old->path, ElementsAre("main"));
    EXPECT_EQ(old->attempt, 0U);
    fields["menu"] = "gone";
    EXPECT_FALSE(menu_state_of(menus, look));
}

// Whatever a caller does: within so many questions he is out, the way back never grows, and the state survives its query.
TEST(Menu, EveryWalkEnds) {
    const auto menus = house();
    std::mt19937 random(7);
    const std::vector<MenuInput> inputs{{"1", "", -1}, {"2", "", -1}, {"*", "", -1},      {"9", "", -1},         {"0", "", -1},
                                        {"7", "", -1}, {"", "", -1},  {"", "sales", 0.9}, {"", "nonsense", 0.2}, {"", "repeat", 1}};
    for (int round = 0; round < 500; ++round) {
        auto step = *enter_menu(menus, "main");
        unsigned questions = 0;
        for (; step.kind == MenuStep::Kind::ask; ++questions) {
            ASSERT_LE(questions, kMenuSteps + 1);
            ASSERT_LE(step.state.path.size(), menus.size());
            ASSERT_TRUE(menus.contains(step.state.menu));
            ASSERT_LT(step.state.attempt, menus.at(step.state.menu).tries);
            const auto input = inputs[random() % inputs.size()];
            const auto next = answer_menu(menus, step.state, input);
            const auto same = answer_menu(menus, step.state, input);
            ASSERT_EQ(next.state, same.state);
            ASSERT_EQ(next.say, same.say);
            step = next;
        }
        ASSERT_NE(step.to.kind, Kind::menu);
        ASSERT_NE(step.to.kind, Kind::back);
    }
}

TEST(Menu, TwoThatPointAtEachOtherEnd) {
    Menus menus;
    Menu a{.name = "a", .say = "A.", .play = {}, .keys = {{'1', to("hangup")}}, .speech = {}, .hints = {}, .tries = 1, .then = to("menu:b"), .language = {}};
    Menu b = a;
    b.name = "b";
    b.then = to("menu:a");
    menus.emplace("a", a);
    menus.emplace("b", b);
    auto step = *enter_menu(menus, "a");
    unsigned n = 0;
    while (step.kind == MenuStep::Kind::ask && n <= kMenuSteps + 1) {
        step = press(menus, step, "");
        ++n;
    }
    EXPECT_EQ(step.kind, MenuStep::Kind::leave);
    EXPECT_EQ(step.to.kind, Kind::hangup);
}

TEST(Phrases, WordsAreBare) {
    EXPECT_THAT(words_of("Don't, PLEASE -- ring Room 7!"), ElementsAre("dont", "please", "ring", "room", "7"));
    EXPECT_THAT(words_of("ÄRGER Über Straße"), ElementsAre("ärger", "über", "straße"));
    EXPECT_THAT(words_of("twenty one"), ElementsAre("twenty", "1"));
    EXPECT_TRUE(words_of("...").empty());
}

TEST(Phrases, TheBestWinsAndATieDoesNot) {
    const std::vector<std::vector<std::string>> choices{{"opening hours", "when are you open"}, {"opening"}, {"invoice question"}};
    EXPECT_EQ(best_phrase("what are your opening hours", choices)->choice, 0U);
    EXPECT_EQ(best_phrase("opening", choices)->choice, 1U);
    EXPECT_EQ(best_phrase("a question about my invoice", choices)->choice, 2U) << "all its words, in another order";
    EXPECT_FALSE(best_phrase("a question", choices));
    EXPECT_FALSE(best_phrase("", choices));
    const std::vector<std::vector<std::string>> same{{"new order"}, {"order new"}};
    EXPECT_FALSE(best_phrase("order of something new", same));
}

TEST(Phrases, KeysAreSpoken) {
    EXPECT_EQ(spoken_key("two"), '2');
    EXPECT_EQ(spoken_key("press 5 please"), '5');
    EXPECT_EQ(spoken_key("pound"), '#');
    EXPECT_FALSE(spoken_key("one or two"));
    EXPECT_FALSE(spoken_key("I have one question for all of you"));
    EXPECT_FALSE(spoken_key("twelve"));
}

}  // namespace
}  // namespace parley::flows
