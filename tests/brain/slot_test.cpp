#include "parley/brain/slot.hpp"

#include <gtest/gtest.h>

#include "parley/brain/pattern.hpp"
#include "parley/speech/words.hpp"

namespace parley::brain {
namespace {

SlotSpec spec(SlotKind kind) {
    SlotSpec slot;
    slot.kind = kind;
    if (kind == SlotKind::time) slot.from_minute = 9 * 60, slot.to_minute = 17 * 60;
    return slot;
}

struct Case {
    const char* name;
    SlotKind kind;
    const char *said, *value;
};
class SlotReading : public testing::TestWithParam<Case> {};

TEST_P(SlotReading, normalises) {
    const auto slot = spec(GetParam().kind);
    const auto words = speech::words_of(GetParam().said);
    const auto readings = read_slot(slot, words, 0);
    const bool whole = !readings.empty() && readings.front().end == words.size();
    EXPECT_EQ(whole ? readings.front().value : "", GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    all, SlotReading,
    testing::Values(Case{"weekday", SlotKind::weekday, "tuesday", "tuesday"}, Case{"on_weekday", SlotKind::weekday, "on friday", "friday"},
                    Case{"tomorrow", SlotKind::weekday, "tomorrow", "tomorrow"}, Case{"no_day", SlotKind::weekday, "someday", ""},
                    Case{"hour", SlotKind::time, "at three", "15:00"}, Case{"morning_by_range", SlotKind::time, "ten", "10:00"},
                    Case{"half_past", SlotKind::time, "half past three", "15:30"}, Case{"quarter_to", SlotKind::time, "quarter to four", "15:45"},
                    Case{"a_quarter_past", SlotKind::time, "at a quarter past nine", "09:15"}, Case{"ten_past", SlotKind::time, "ten past four", "16:10"},
                    Case{"twenty_to", SlotKind::time, "twenty to eleven", "10:40"}, Case{"minutes", SlotKind::time, "two forty five", "14:45"},
                    Case{"o_clock", SlotKind::time, "eleven o'clock", "11:00"}, Case{"noon", SlotKind::time, "noon", "12:00"},
                    Case{"in_the_evening", SlotKind::time, "eight in the evening", "20:00"}, Case{"pm", SlotKind::time, "3:30 pm", "15:30"},
                    Case{"am", SlotKind::time, "9 am", "09:00"}, Case{"twelve_thirty", SlotKind::time, "twelve thirty", "12:30"},
                    Case{"clock_style", SlotKind::time, "10:15", "10:15"}, Case{"no_time", SlotKind::time, "half past", ""},
                    Case{"digits", SlotKind::digits, "five five five oh one", "55501"}, Case{"double", SlotKind::digits, "double seven two", "772"},
                    Case{"figures", SlotKind::digits, "5550123", "5550123"}, Case{"no_digits", SlotKind::digits, "hello", ""}),
    [](const auto& c) { return c.param.name; });

TEST(KeyedSlot, reads_the_keypad) {
    EXPECT_EQ(keyed_slot(spec(SlotKind::weekday), "1"), "monday");
    EXPECT_EQ(keyed_slot(spec(SlotKind::weekday), "7"), "sunday");
    EXPECT_EQ(keyed_slot(spec(SlotKind::weekday), "8"), "");
    EXPECT_EQ(keyed_slot(spec(SlotKind::time), "3"), "15:00");
    EXPECT_EQ(keyed_slot(spec(SlotKind::time), "1030"), "10:30");
    EXPECT_EQ(keyed_slot(spec(SlotKind::time), "0330"), "03:30");
    EXPECT_EQ(keyed_slot(spec(SlotKind::time), "330"), "15:30");
    EXPECT_EQ(keyed_slot(spec(SlotKind::time), "2560"), "");
    EXPECT_EQ(keyed_slot(spec(SlotKind::time), "1270"), "");
    EXPECT_EQ(keyed_slot(spec(SlotKind::digits), "12#"), "");
    EXPECT_EQ(keyed_slot(spec(SlotKind::digits), ""), "");
    EXPECT_EQ(keyed_slot(spec(SlotKind::digits), std::string(40, '1')), "");
}

TEST(SpokenSlot, reads_values_back) {
    EXPECT_EQ(spoken_slot(spec(SlotKind::time), "15:30"), "three thirty in the afternoon");
    EXPECT_EQ(spoken_slot(spec(SlotKind::time), "09:05"), "nine oh five in the morning");
    EXPECT_EQ(spoken_slot(spec(SlotKind::time), "00:00"), "twelve in the morning");
    EXPECT_EQ(spoken_slot(spec(SlotKind::time), "20:00"), "eight in the evening");
    EXPECT_EQ(spoken_slot(spec(SlotKind::weekday), "tuesday"), "Tuesday");
    EXPECT_EQ(spoken_slot(spec(SlotKind::digits), "5550123"), "five five five, zero one two three");
}

// What is read back is understood as the same value: a caller who repeats it is not misunderstood.
TEST(SpokenSlot, reads_back_what_it_understands) {
    const auto slot = spec(SlotKind::time);
    for (int minute = 0; minute < 24 * 60; minute += 5) {
        if (minute % 60 == 5) continue;  // "oh five" is for the ear only
        char value[8];
        std::snprintf(value, sizeof value, "%02d:%02d", minute / 60, minute % 60);
        const auto words = speech::words_of(spoken_slot(slot, value));
        const auto readings = read_slot(slot, words, 0);
        ASSERT_FALSE(readings.empty()) << value;
        EXPECT_EQ(readings.front().value, value);
    }
}

class NoSlots final : public Pattern::SlotReader {
    [[nodiscard]] std::vector<Reading> read(std::string_view, std::span<const std::string>, std::size_t) const override { return {}; }
};

TEST(Pattern, matches_and_writes_jsgf) {
    Pattern::Error error;
    const auto pattern = Pattern::parse("[can you] (tell | show) me (the time | it)", error);
    ASSERT_NE(pattern, nullptr);
    EXPECT_EQ(pattern->jsgf(), "[can you] (tell | show) me (the time | it)");
    for (const auto* text : {"can you tell me the time", "show me it"}) {
        const auto words = speech::words_of(text);
        const auto matches = pattern->match(words, 0, NoSlots());
        ASSERT_EQ(matches.size(), 1U) << text;
        EXPECT_EQ(matches[0].end, words.size());
    }
    EXPECT_TRUE(pattern->match(speech::words_of("can tell me it"), 0, NoSlots()).empty());
}

TEST(Pattern, refuses_what_is_not_a_phrase) {
    for (const auto* text : {"", "(a", "a)", "[a", "a | ", "()", "{}", "{day", "a+", "<a>", "a; public <x> = b", "((((((((((((((a))))))))))))))"}) {
        Pattern::Error error;
        EXPECT_EQ(Pattern::parse(text, error), nullptr) << text;
        EXPECT_FALSE(error.what.empty());
    }
}

TEST(Pattern, stays_bounded_on_ambiguous_phrases) {
    Pattern::Error error;
    std::string text;
    for (int i = 0; i < 40; ++i) text += "[a] ";
    const auto pattern = Pattern::parse(text, error);
    ASSERT_NE(pattern, nullptr);
    const std::vector<std::string> words(60, "a");
    EXPECT_LE(pattern->match(words, 0, NoSlots()).size(), Pattern::kMaxMatches);
}

TEST(Words, come_as_they_are_spoken) {
    EXPECT_EQ(speech::words_of("It's 3:30 p.m., call 5551!"),
              (std::vector<std::string>{"it's", "three", "thirty", "p", "m", "call", "five", "five", "five", "one"}));
    EXPECT_EQ(speech::words_of("21 10:00"), (std::vector<std::string>{"twenty", "one", "ten", "o'clock"}));
    EXPECT_EQ(speech::words_of(std::string(5000, 'a') + " b").size(), 2U);
    EXPECT_TRUE(speech::words_of("\xff\xfe ... \x01").empty());
}

}  // namespace
}  // namespace parley::brain
