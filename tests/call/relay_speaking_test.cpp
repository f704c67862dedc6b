// What of the text given to Twilio's voice counts as heard.
#include "relay_speaking.hpp"

#include <gtest/gtest.h>

namespace parley::call {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Whose = RelaySpeaking::Whose;

struct HeardCase {
    const char* name;
    std::string_view sent, words;
    int after_ms;
    std::size_t floor;
    std::string_view want;  // the heard beginning
};
class RelayHeard : public testing::TestWithParam<HeardCase> {};
TEST_P(RelayHeard, IsABeginningOfWhatWasSent) {
    const auto& c = GetParam();
    EXPECT_EQ(c.sent.substr(0, heard_bytes(c.sent, c.words, milliseconds(c.after_ms), c.floor)), c.want);
}
INSTANTIATE_TEST_SUITE_P(
    table, RelayHeard,
    testing::Values(HeardCase{"prefix", "Life is a complex set of things. Yes.", "Life is a complex set of", 460, 0, "Life is a complex set of"},
                    HeardCase{"nothing", "Life is a complex set of things.", "", 0, 0, ""},
                    HeardCase{"all", "We are open.", "We are open.", 900, 0, "We are open."},
                    HeardCase{"spelt_otherwise", "We are open,  until FIVE.", "we are open until", 900, 0, "We are open,  until"},
                    HeardCase{"later_sentence_alone", "We are open. We close at five today.", "We close at", 900, 0, "We are open. We close at"},
                    HeardCase{"half_a_word", "We are open until five.", "We are open unt", 900, 0, "We are open"},
                    HeardCase{"half_the_first_word", "Welcome here.", "Welc", 100, 0, ""},
                    HeardCase{"mostly_ours", "The price is 30 euros now.", "The price is thirty", 0, 0, "The price is"},
                    HeardCase{"not_ours_by_time", "one two three four five six", "something else altogether", 700, 0, "one two"},
                    HeardCase{"known_to_be_played", "First one. Second one.", "", 0, 10, "First one."},
                    HeardCase{"less_than_known", "First one. Second one.", "First", 0, 10, "First one."}),
    [](const auto& c) { return c.param.name; });

const TimePoint kStart = TimePoint(std::chrono::hours(1));

TEST(RelaySpeaking, ReckonsWhenItIsOver) {
    RelaySpeaking speaking(false);
    EXPECT_TRUE(speaking.all_played(kStart));
    speaking.sent("This is about two seconds. ", Whose::brain, kStart);
    EXPECT_FALSE(speaking.all_played(kStart + seconds(2)));
    EXPECT_TRUE(speaking.all_played(kStart + seconds(3)));
    speaking.sent("Two more seconds come here.", Whose::brain, kStart + milliseconds(100));
    EXPECT_FALSE(speaking.all_played(kStart + seconds(4))) << "one after the other";
    EXPECT_TRUE(speaking.all_played(kStart + seconds(5)));
}

TEST(RelaySpeaking, BelievesWhatItIsTold) {
    RelaySpeaking speaking(true);
    speaking.sent("One. ", Whose::brain, kStart);
    speaking.sent("Two. ", Whose::brain, kStart);
    EXPECT_FALSE(speaking.all_played(kStart + seconds(2)));
    speaking.played("Two.", kStart + seconds(2));
    EXPECT_TRUE(speaking.all_played(kStart + seconds(2)));
    speaking.sent("Three. ", Whose::brain, kStart + seconds(2));
    EXPECT_FALSE(speaking.all_played(kStart + seconds(10))) << "reports have come: the voice is only slow";
    EXPECT_TRUE(speaking.all_played(kStart + seconds(20)));
    RelaySpeaking silent(true);
    silent.sent("One. ", Whose::brain, kStart);
    EXPECT_FALSE(silent.all_played(kStart + seconds(2)));
    EXPECT_TRUE(silent.all_played(kStart + seconds(5))) << "no report has ever come";
}

TEST(RelaySpeaking, KeepsTheBrainsWordsApartFromOurs) {
    RelaySpeaking speaking(false);
    speaking.sent("One moment please. ", Whose::filler, kStart);
    speaking.sent("We open at nine. ", Whose::brain, kStart);
    speaking.sent("We close at five. ", Whose::brain, kStart);
    EXPECT_TRUE(speaking.has_brains());
    auto heard = speaking.interrupted("One moment please. We open", milliseconds(2000));
    EXPECT_EQ(heard.ours, "") << "a filler is nobody's words";
    EXPECT_EQ(heard.brains, "We open");
    EXPECT_FALSE(heard.all_of_brains);
    EXPECT_TRUE(speaking.empty());
    speaking.sent("Are you still there? ", Whose::ours, kStart);
    speaking.sent("We open at nine. ", Whose::brain, kStart);
    heard = speaking.settle();
    EXPECT_EQ(heard.ours, "Are you still there?");
    EXPECT_EQ(heard.brains, "We open at nine.");
    EXPECT_TRUE(heard.all_of_brains && heard.all_of_ours);
    speaking.sent("Hello there. ", Whose::brain, kStart);
    heard = speaking.interrupted("Hello there.", milliseconds(2000));
    EXPECT_TRUE(heard.all_of_brains);
}

TEST(RelaySpeaking, ALineThatGoesSilentHasHeardWhatTheTimeAllowed) {
    RelaySpeaking speaking(true);
    speaking.sent("One two three four five six seven eight nine ten.", Whose::brain, kStart);
    EXPECT_EQ(speaking.stopped(kStart).brains, "");
    speaking.sent("One two three four five six seven eight nine ten.", Whose::brain, kStart);
    const auto heard = speaking.stopped(kStart + seconds(2)).brains;
    EXPECT_GT(heard.size(), 8U);
    EXPECT_LT(heard.size(), 30U);
    EXPECT_EQ(std::string("One two three four five six seven eight nine ten.").find(heard), 0U);
    EXPECT_FALSE(heard.ends_with(' '));
}

}  // namespace
}  // namespace parley::call
