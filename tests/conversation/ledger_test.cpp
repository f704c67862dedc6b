#include "parley/conversation/ledger.hpp"

#include <gtest/gtest.h>

namespace parley::conversation {
namespace {
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::uint32_t kFrame = 160;

// Hands over `frames` frames of 20 ms, one every 20 ms.
Instant hand_over(Ledger& ledger, SegmentId segment, int frames, Instant from) {
    for (int i = 0; i < frames; ++i) {
        ledger.handed_over(segment, kFrame, from);
        from += 20ms;
    }
    return from;
}

TEST(Ledger, hears_nothing_before_the_carriers_delay) {
    Ledger ledger(60ms);
    ledger.begin_segment(1, "hello");
    ledger.handed_over(1, 8000, 1s);
    EXPECT_EQ(ledger.heard_samples(1s), 0U);
    EXPECT_EQ(ledger.heard_samples(1060ms), 0U);
    EXPECT_EQ(ledger.heard_samples(1160ms), 784U);  // 100 ms at the slowest rate a carrier may have
    EXPECT_EQ(ledger.handed_samples(), 8000U);
    EXPECT_EQ(ledger.unheard_samples(1160ms), 8000U - 784U);
}

TEST(Ledger, never_hears_beyond_what_was_handed_over) {
    Ledger ledger(60ms);
    ledger.handed_over(1, kFrame, 0us);
    EXPECT_EQ(ledger.heard_samples(1h), kFrame);
    EXPECT_EQ(ledger.unheard_samples(1h), 0U);
    EXPECT_EQ(ledger.all_heard_at(1h), 1h);
}

TEST(Ledger, plays_in_order_behind_what_is_still_playing) {
    Ledger ledger(60ms);
    ledger.handed_over(1, 8000, 0us);                        // plays 60 ms .. 1080.4 ms
    ledger.handed_over(2, 8000, 10ms);                       // behind it
    EXPECT_EQ(ledger.all_heard_at(10ms), 60ms + 2040818us);  // rounded up
    EXPECT_EQ(ledger.heard_at(8000, 10ms), 60ms + 1020409us);
    EXPECT_EQ(ledger.heard_samples(60ms + 1020409us), 8000U);
}

TEST(Ledger, waits_for_audio_that_comes_after_a_gap) {
    Ledger ledger(60ms);
    ledger.handed_over(1, kFrame, 0us);
    ledger.handed_over(1, kFrame, 2s);
    EXPECT_EQ(ledger.heard_samples(2060ms), kFrame);
    EXPECT_EQ(ledger.heard_samples(2100ms), 2 * kFrame);
}

TEST(Ledger, an_echo_proves_everything_before_it) {
    Ledger ledger(60ms);
    ledger.handed_over(1, 8000, 0us);
    ledger.mark_sent(1, 0us);
    EXPECT_TRUE(ledger.mark_echoed(1, 500ms));
    EXPECT_EQ(ledger.acknowledged_samples(), 8000U);
    EXPECT_EQ(ledger.heard_samples(500ms), 8000U);
}

TEST(Ledger, a_late_echo_holds_the_clock_back_but_never_takes_words_back) {
    Ledger ledger(60ms);
    ledger.handed_over(1, 8000, 0us);
    ledger.mark_sent(1, 0us);
    ledger.handed_over(1, 8000, 0us);
    const auto before = ledger.heard_samples(1560ms);  // the clock says 1500 ms worth
    EXPECT_EQ(before, 11760U);
    EXPECT_TRUE(ledger.mark_echoed(1, 1560ms));  // but only now was the first second reached
    EXPECT_EQ(ledger.heard_samples(1560ms), before);
    EXPECT_EQ(ledger.heard_samples(1960ms), before);         // waits: 8000 + 400 ms is less than claimed
    EXPECT_EQ(ledger.heard_samples(2060ms), 8000U + 3920U);  // 500 ms behind the echo
    EXPECT_EQ(ledger.all_heard_at(1560ms), 1560ms + 1020409us);
}

TEST(Ledger, a_slow_carrier_is_followed_from_echo_to_echo) {
    Ledger ledger(60ms);
    // A carrier at 2 % less than 8 kHz, echoing each second of audio, with no way back to speak of.
    Instant t = 0us;
    for (std::uint32_t second = 1; second <= 60; ++second) {
        ledger.handed_over(1, 8000, t);
        ledger.mark_sent(second, t);
        t += 1s;
        const Instant echo = 60ms + Instant(1020409) * second;
        if (echo > t) t = echo;
        EXPECT_TRUE(ledger.mark_echoed(second, t));
        EXPECT_EQ(ledger.heard_samples(t), 8000ULL * second);
    }
}

TEST(Ledger, repeated_unknown_and_reordered_echoes_change_nothing) {
    Ledger ledger(60ms);
    ledger.handed_over(1, 8000, 0us);
    ledger.mark_sent(1, 0us);
    ledger.handed_over(1, 8000, 0us);
    ledger.mark_sent(2, 0us);
    EXPECT_FALSE(ledger.mark_echoed(77, 100ms));
    EXPECT_TRUE(ledger.mark_echoed(2, 2100ms));
    EXPECT_EQ(ledger.acknowledged_samples(), 16000U);
    EXPECT_FALSE(ledger.mark_echoed(1, 2200ms));
    EXPECT_FALSE(ledger.mark_echoed(2, 2300ms));
    EXPECT_EQ(ledger.acknowledged_samples(), 16000U);
    EXPECT_EQ(ledger.heard_samples(2300ms), 16000U);
}

TEST(Ledger, marks_echoed_because_of_clear_prove_nothing) {
    Ledger ledger(60ms);
    ledger.begin_segment(1, "one two three");
    ledger.handed_over(1, 16000, 0us);
    ledger.mark_sent(1, 0us);
    ledger.cleared(560ms);
    EXPECT_FALSE(ledger.mark_echoed(1, 600ms));
    EXPECT_EQ(ledger.heard_samples(600ms), 3920U);
    EXPECT_EQ(ledger.heard_samples(1h), 3920U);
    EXPECT_EQ(ledger.cleared_samples(), 16000U - 3920U);
    EXPECT_EQ(ledger.acknowledged_samples(), 0U);
    EXPECT_EQ(ledger.outstanding_marks(), 0U);
    EXPECT_EQ(ledger.heard_of(1, 1h).samples, 3920U);
    EXPECT_FALSE(ledger.heard_of(1, 1h).complete);
}

TEST(Ledger, counts_go_on_behind_a_clear) {
    Ledger ledger(60ms);
    ledger.handed_over(1, 16000, 0us);
    ledger.cleared(560ms);
    ledger.begin_segment(2, "fresh");
    ledger.handed_over(2, 800, 1s);
    ledger.segment_total(2, 800);
    ledger.mark_sent(9, 1s);
    EXPECT_EQ(ledger.heard_samples(1060ms), 3920U);
    EXPECT_TRUE(ledger.mark_echoed(9, 1200ms));
    EXPECT_EQ(ledger.heard_samples(1200ms), 4720U);
    EXPECT_EQ(ledger.acknowledged_samples(), 800U);  // what was only estimated before the clear stays unproven
    EXPECT_TRUE(ledger.heard_of(2, 1200ms).complete);
}

TEST(Ledger, without_any_echo_the_clock_still_gets_there) {
    Ledger ledger(60ms);
    ledger.begin_segment(1, "words and words");
    for (std::uint32_t i = 0; i < 50; ++i) {
        ledger.handed_over(1, kFrame, Instant(20ms) * i);
        ledger.mark_sent(i, Instant(20ms) * i);
    }
    ledger.segment_total(1, 50 * kFrame);
    EXPECT_TRUE(ledger.heard_of(1, 2s).complete);
    EXPECT_EQ(ledger.heard_text(1, 2s), "words and words");
}

TEST(Ledger, outstanding_marks_are_bounded_and_the_newest_are_kept) {
    Ledger ledger(60ms);
    for (std::uint32_t i = 0; i < 10000; ++i) {
        ledger.handed_over(1, kFrame, 0us);
        ledger.mark_sent(i, 0us);
    }
    EXPECT_EQ(ledger.outstanding_marks(), Ledger::kMarks);
    EXPECT_FALSE(ledger.mark_echoed(0, 1s));
    EXPECT_TRUE(ledger.mark_echoed(9999, 1s));
    EXPECT_EQ(ledger.acknowledged_samples(), 10000U * kFrame);
    EXPECT_EQ(ledger.outstanding_marks(), 0U);
}

TEST(Ledger, learns_how_late_the_ear_is_from_the_first_echoes) {
    Ledger ledger(60ms);
    Instant t = 0us;
    for (std::uint32_t i = 1; i <= 3; ++i) {
        ledger.handed_over(1, 8000, t);
        ledger.mark_sent(i, t);
        t += 60ms + Instant(1020409) + 150ms;
        ledger.mark_echoed(i, t);
        t += 5s;
    }
    ledger.handed_over(1, 8000, t);
    EXPECT_EQ(ledger.heard_samples(t + 60ms + 150ms) - 24000U, 0U);
    EXPECT_GT(ledger.heard_samples(t + 60ms + 150ms + 10ms) - 24000U, 0U);
}

TEST(Ledger, text_is_cut_back_to_a_whole_word) {
    Ledger ledger(0ms);
    const std::string text = "alpha bravo charlie delta";
    ledger.begin_segment(1, text);
    ledger.handed_over(1, 16000, 0us);
    ledger.segment_total(1, 16000);
    std::string last;
    for (auto t = Instant{0}; t < 3s; t += 7ms) {
        const auto heard = ledger.heard_text(1, t);
        EXPECT_TRUE(heard.empty() || heard == "alpha" || heard == "alpha bravo" || heard == "alpha bravo charlie" || heard == text) << heard;
        EXPECT_GE(heard.size(), last.size());
        last = heard;
    }
    EXPECT_EQ(last, text);
    // "alpha" ends at 5 of 25 letters: 3200 samples, 408 ms at the slowest rate, and a tenth of a second held back.
    EXPECT_EQ(ledger.heard_text(1, 500ms), "");
    EXPECT_EQ(ledger.heard_text(1, 515ms), "alpha");
}

TEST(Ledger, an_unknown_length_claims_less) {
    Ledger known(0ms), unknown(0ms);
    for (Ledger* ledger : {&known, &unknown}) {
        ledger->begin_segment(1, "alpha bravo charlie delta");
        ledger->handed_over(1, 12000, 0us);
    }
    known.segment_total(1, 12000);
    EXPECT_EQ(known.heard_text(1, 10s), "alpha bravo charlie delta");
    EXPECT_LT(unknown.heard_text(1, 10s).size(), known.heard_text(1, 10s).size());
}

TEST(Ledger, word_times_make_the_cut_exact) {
    Ledger ledger(0ms);
    ledger.begin_segment(1, "no, absolutely not");
    ledger.align(1, 8000, 3);    // a long "no,"
    ledger.align(1, 12000, 14);  // a quick "absolutely"
    ledger.align(1, 16000, 18);
    ledger.align(1, 4000, 18);  // not rising: ignored
    ledger.handed_over(1, 16000, 0us);
    ledger.segment_total(1, 16000);
    EXPECT_EQ(ledger.heard_text(1, 1020ms), "");
    EXPECT_EQ(ledger.heard_text(1, 1021ms), "no,");
    EXPECT_EQ(ledger.heard_text(1, 1530ms), "no,");
    EXPECT_EQ(ledger.heard_text(1, 1531ms), "no, absolutely");
    EXPECT_EQ(ledger.heard_text(1, 2050ms), "no, absolutely not");
}

TEST(Ledger, a_cut_segment_ends_with_its_last_whole_word) {
    Ledger ledger(0ms);
    ledger.begin_segment(1, "alpha bravo charlie delta");
    ledger.segment_total(1, 16000);
    ledger.handed_over(1, 8800, 0us);
    EXPECT_EQ(ledger.cut(1), "charlie delta");
    EXPECT_EQ(ledger.heard_text(1, 10s), "alpha bravo");
    EXPECT_TRUE(ledger.heard_of(1, 10s).complete);
    EXPECT_EQ(ledger.cut(42), "");
}

TEST(Ledger, a_script_without_spaces_is_cut_between_characters) {
    Ledger ledger(0ms);
    const std::string text = "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C";  // four characters
    ledger.begin_segment(1, text);
    ledger.handed_over(1, 16000, 0us);
    ledger.segment_total(1, 16000);
    EXPECT_EQ(ledger.heard_text(1, 1300ms), text.substr(0, 6));
}

TEST(Ledger, unknown_segments_are_counted_but_have_no_text) {
    Ledger ledger(0ms);
    ledger.handed_over(5, 8000, 0us);
    EXPECT_EQ(ledger.heard_samples(2s), 8000U);
    EXPECT_EQ(ledger.heard_of(5, 2s).samples, 0U);
    EXPECT_EQ(ledger.heard_text(5, 2s), "");
}

TEST(Ledger, memory_stays_bounded_under_alternating_segments) {
    Ledger ledger(0ms);
    for (SegmentId i = 1; i <= 4; ++i) ledger.begin_segment(i, "text");
    Instant t = 0us;
    for (int i = 0; i < 20000; ++i) {
        ledger.handed_over(static_cast<SegmentId>(i % 4 + 1), kFrame, t);
        t += 25ms;
    }
    for (SegmentId i = 1; i <= 4; ++i) EXPECT_EQ(ledger.heard_of(i, t + 1s).samples, 5000U * kFrame);
    for (SegmentId i = 5; i <= 5000; ++i) ledger.begin_segment(i, "text");
    EXPECT_EQ(ledger.heard_of(1, t + 1s).samples, 0U);  // long forgotten
    EXPECT_EQ(ledger.heard_samples(t + 1s), 20000ULL * kFrame);
}

TEST(Ledger, frames_far_ahead_are_bounded_and_still_in_order) {
    Ledger ledger(60ms);
    hand_over(ledger, 1, 1, 0us);
    for (int i = 0; i < 5000; ++i) ledger.handed_over(1, kFrame, 1ms);
    EXPECT_EQ(ledger.handed_samples(), 5001U * kFrame);
    EXPECT_EQ(ledger.heard_samples(1h), 5001U * kFrame);
}

}  // namespace
}  // namespace parley::conversation
