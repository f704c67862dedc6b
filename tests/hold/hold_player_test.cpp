// The sound of a hold, sample by sample: what is heard when, that nothing jumps where pieces meet, how loud music is under speech, and how it leaves.

#include "parley/hold/hold_player.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <new>
#include <numbers>
#include <random>

namespace {
thread_local std::size_t allocations = 0;
}
void* operator new(std::size_t size) {
    ++allocations;
    if (void* p = std::malloc(size)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

namespace parley::hold {
namespace {

using namespace std::chrono_literals;
using Pcm = std::vector<std::int16_t>;
constexpr std::size_t kFrame = HoldPlayer::kFrame;

Sound tone(double hertz, std::chrono::milliseconds length, double amplitude = 8000) {
    Pcm pcm(static_cast<std::size_t>(length.count()) * 8);
    for (std::size_t i = 0; i < pcm.size(); ++i)
        pcm[i] = static_cast<std::int16_t>(amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / 8000));
    return std::make_shared<const Pcm>(std::move(pcm));
}
Sound constant(std::int16_t value, std::chrono::milliseconds length) {
    return std::make_shared<const Pcm>(static_cast<std::size_t>(length.count()) * 8, value);
}
Sound joined(std::initializer_list<Sound> pieces) {
    Pcm all;
    for (const auto& piece : pieces) all.insert(all.end(), piece->begin(), piece->end());
    return std::make_shared<const Pcm>(std::move(all));
}

// So much of it, and how often it said that there was sound.
struct Heard {
    Pcm pcm;
    std::size_t frames = 0;
};
Heard hear(HoldPlayer& player, std::chrono::milliseconds length) {
    Heard heard;
    std::array<std::int16_t, kFrame> frame{};
    for (auto left = length; left > 0ms; left -= 20ms) {
        frame.fill(12345);  // whatever was there before is not heard
        if (player.next(frame)) ++heard.frames;
        heard.pcm.insert(heard.pcm.end(), frame.begin(), frame.end());
    }
    return heard;
}
int largest_jump(const Pcm& pcm) {
    int most = std::abs(static_cast<int>(pcm.front()));
    for (std::size_t i = 1; i < pcm.size(); ++i) most = std::max(most, std::abs(pcm[i] - pcm[i - 1]));
    return most;
}
double tone_db(std::span<const std::int16_t> pcm, double hertz) {
    double re = 0, im = 0;
    for (std::size_t i = 0; i < pcm.size(); ++i) {
        const double angle = 2 * std::numbers::pi * hertz * static_cast<double>(i) / 8000;
        re += pcm[i] * std::cos(angle);
        im += pcm[i] * std::sin(angle);
    }
    return 20 * std::log10(std::max(1e-9, 2 * std::hypot(re, im) / static_cast<double>(pcm.size())));
}
std::span<const std::int16_t> cut(const Pcm& pcm, std::chrono::milliseconds from, std::chrono::milliseconds to) {
    return std::span(pcm).subspan(static_cast<std::size_t>(from.count()) * 8, static_cast<std::size_t>((to - from).count()) * 8);
}
bool silent(std::span<const std::int16_t> pcm) {
    return std::all_of(pcm.begin(), pcm.end(), [](auto sample) { return sample == 0; });
}

// --- what is heard when ---------------------------------------------------------------------------------------------------

TEST(HoldPlayer, none_is_silent_and_over_at_once) {
    HoldPlayer player(Strategy::none, {.text = constant(5000, 1s), .audio = constant(5000, 1s), .music = constant(5000, 1s)});
    const auto heard = hear(player, 500ms);
    EXPECT_EQ(heard.frames, 0U);
    EXPECT_TRUE(silent(heard.pcm));
    EXPECT_FALSE(player.speaking());
    EXPECT_TRUE(player.release());
    EXPECT_TRUE(player.over());
}

TEST(HoldPlayer, speech_is_heard_once_and_whole) {
    for (const auto strategy : {Strategy::text, Strategy::audio}) {
        const auto speech = tone(700, 730ms);
        HoldPlayer player(strategy, {.text = speech, .audio = speech, .music = nullptr});
        const auto heard = hear(player, 2s);
        EXPECT_EQ(heard.frames, 37U);  // 36.5 frames
        // Between the fades at its ends every sample is the sound's own.
        EXPECT_TRUE(std::equal(speech->begin() + 80, speech->end() - 80, heard.pcm.begin() + 80));
        EXPECT_TRUE(silent(cut(heard.pcm, 740ms, 2s)));
        EXPECT_FALSE(player.speaking());
    }
}

TEST(HoldPlayer, music_goes_round_for_as_long_as_it_is_wanted) {
    HoldPlayer player(Strategy::music, {.text = nullptr, .audio = nullptr, .music = tone(500, 1s)});
    const auto heard = hear(player, 10s);
    EXPECT_EQ(heard.frames, 500U);
    EXPECT_FALSE(player.speaking());
    const double there = tone_db(cut(heard.pcm, 100ms, 900ms), 500);
    for (auto from = 1s; from < 10s; from += 1s) EXPECT_NEAR(tone_db(cut(heard.pcm, from + 100ms, from + 900ms), 500), there, 1.0);
}

TEST(HoldPlayer, music_waits_for_the_end_of_what_is_said_first) {
    for (const auto strategy : {Strategy::audio_then_music, Strategy::text_then_music}) {
        const auto speech = tone(700, 600ms);
        HoldPlayer player(strategy, {.text = speech, .audio = speech, .music = tone(400, 1s)});
        const auto heard = hear(player, 3s);
        EXPECT_LT(tone_db(cut(heard.pcm, 100ms, 580ms), 400), 45);
        EXPECT_GT(tone_db(cut(heard.pcm, 100ms, 580ms), 700), 77);
        EXPECT_GT(tone_db(cut(heard.pcm, 700ms, 3s), 400), 76);
        EXPECT_EQ(heard.frames, 150U) << "no pause between them";
    }
}

TEST(HoldPlayer, what_is_missing_is_left_out) {
    HoldPlayer only_music(Strategy::audio_then_music, {.text = nullptr, .audio = nullptr, .music = tone(400, 1s)});
    EXPECT_EQ(hear(only_music, 1s).frames, 50U);
    HoldPlayer only_text(Strategy::text_over_music, {.text = tone(700, 500ms), .audio = nullptr, .music = nullptr});
    EXPECT_EQ(hear(only_text, 1s).frames, 25U) << "and no lead-in is waited for";
    HoldPlayer nothing(Strategy::text_then_music, {});
    EXPECT_EQ(hear(nothing, 1s).frames, 0U);
    HoldPlayer a_click(Strategy::music, {.text = nullptr, .audio = nullptr, .music = constant(30000, 20ms)});
    EXPECT_EQ(hear(a_click, 1s).frames, 0U);
}

// --- levels ---------------------------------------------------------------------------------------------------------------

TEST(HoldPlayer, music_is_lower_under_speech_by_the_duck_and_comes_back) {
    for (const double duck : {-6.0, -14.0, -20.0}) {
        HoldMix mix;
        mix.duck_db = duck;
        HoldPlayer player(Strategy::text_over_music, {.text = tone(900, 3s, 6000), .audio = nullptr, .music = tone(400, 2s)}, mix);
        const auto heard = hear(player, 7s);
        const double before = tone_db(cut(heard.pcm, 200ms, 800ms), 400);
        // A whole number of periods of both: neither leaks into the other's measure.
        EXPECT_NEAR(tone_db(cut(heard.pcm, 2100ms, 2900ms), 400) - before, duck, 0.3);
        EXPECT_NEAR(tone_db(cut(heard.pcm, 2100ms, 2900ms), 900), 20 * std::log10(6000), 0.3) << "speech is not";
        EXPECT_NEAR(tone_db(cut(heard.pcm, 6100ms, 6900ms), 400), before, 0.3);
        // Down before the first word is there, and up again in its own time behind the last.
        EXPECT_NEAR(tone_db(cut(heard.pcm, 1000ms, 1040ms), 400) - before, duck, 1.0);
        EXPECT_LT(tone_db(cut(heard.pcm, 4000ms, 4100ms), 400) - before, duck / 2);
    }
}

TEST(HoldPlayer, it_saturates_instead_of_turning_over) {
    HoldMix mix;
    mix.duck_db = 0;
    HoldPlayer player(Strategy::text_over_music, {.text = constant(30000, 2s), .audio = nullptr, .music = constant(30000, 1s)}, mix);
    const auto heard = hear(player, 2500ms);
    EXPECT_EQ(*std::max_element(heard.pcm.begin(), heard.pcm.end()), 32767);
    EXPECT_GE(*std::min_element(heard.pcm.begin(), heard.pcm.end()), 0);
    EXPECT_LE(largest_jump(heard.pcm), 800);
}

TEST(HoldPlayer, nothing_jumps_where_pieces_begin_meet_and_end) {
    // Sounds that stand on one value jump nowhere but at their seams: full scale in the 10 ms of the quickest fade is 410 a sample.
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        const auto strategy = static_cast<Strategy>(random() % 7);
        const auto some = [&](std::chrono::milliseconds most) { return std::chrono::milliseconds(random() % static_cast<unsigned>(most.count())); };
        HoldPlayer player(strategy, {.text = constant(static_cast<std::int16_t>(4000 + random() % 8000), 200ms + some(2s)),
                                     .audio = constant(-9000, 200ms + some(2s)),
                                     .music = constant(static_cast<std::int16_t>(random() % 12000), 100ms + some(3s))});
        auto heard = hear(player, some(4s)).pcm;
        heard.insert(heard.begin(), 0);
        const auto add = [&](std::chrono::milliseconds more) {
            const auto next = hear(player, more);
            heard.insert(heard.end(), next.pcm.begin(), next.pcm.end());
        };
        if (random() % 2 == 0) {
            player.conclude(some(1s));
            add(1500ms);
            EXPECT_FALSE(player.speaking());
        }
        EXPECT_TRUE(player.release());
        EXPECT_FALSE(player.release());
        add(1s);
        EXPECT_TRUE(player.over());
        EXPECT_LE(largest_jump(heard), 320) << "round " << round << ", strategy " << static_cast<int>(strategy);
        EXPECT_TRUE(silent(std::span(heard).last(kFrame)));
    }
}

// --- the end --------------------------------------------------------------------------------------------------------------

TEST(HoldPlayer, speech_ends_at_its_next_pause_when_the_conversation_is_ready) {
    const auto speech = joined({tone(700, 1s), constant(0, 400ms), tone(700, 1s), constant(0, 400ms), tone(700, 5s)});
    HoldPlayer player(Strategy::text, {.text = speech, .audio = nullptr, .music = nullptr});
    auto first = hear(player, 600ms);
    player.conclude(3s);
    EXPECT_TRUE(player.speaking());
    const auto rest = hear(player, 2s);
    EXPECT_FALSE(player.speaking());
    EXPECT_EQ(first.frames + rest.frames, 52U) << "one second and 40 ms, in frames";
}

TEST(HoldPlayer, speech_without_a_pause_is_faded_out_in_time) {
    HoldPlayer player(Strategy::audio, {.text = nullptr, .audio = tone(700, 10s), .music = nullptr});
    auto heard = hear(player, 600ms).pcm;
    player.conclude(500ms);
    const auto rest = hear(player, 2s);
    EXPECT_EQ(rest.frames, 25U);
    heard.insert(heard.end(), rest.pcm.begin(), rest.pcm.end());
    EXPECT_LT(tone_db(cut(heard, 1080ms, 1100ms), 700), tone_db(cut(heard, 900ms, 1000ms), 700) - 12);
}

TEST(HoldPlayer, speech_that_has_hardly_begun_is_left_out) {
    HoldPlayer player(Strategy::text, {.text = tone(700, 3s), .audio = nullptr, .music = nullptr});
    (void)hear(player, 100ms);
    player.conclude(5s);
    EXPECT_LE(hear(player, 1s).frames, 1U);
    HoldPlayer not_yet(Strategy::text_over_music, {.text = tone(700, 3s), .audio = nullptr, .music = tone(400, 1s)});
    (void)hear(not_yet, 500ms);
    not_yet.conclude(5s);
    EXPECT_FALSE(not_yet.speaking());
}

TEST(HoldPlayer, released_music_goes_under_the_first_words_and_is_gone) {
    HoldPlayer player(Strategy::music, {.text = nullptr, .audio = nullptr, .music = tone(400, 2s)});
    const auto before = tone_db(hear(player, 2s).pcm, 400);
    ASSERT_TRUE(player.release());
    const auto after = hear(player, 1s);
    EXPECT_EQ(after.frames, 40U) << "0.8 s";
    EXPECT_LT(tone_db(cut(after.pcm, 120ms, 200ms), 400), before - 13.5);
    EXPECT_GT(tone_db(cut(after.pcm, 120ms, 200ms), 400), before - 20);
    EXPECT_TRUE(silent(cut(after.pcm, 800ms, 1s)));
    EXPECT_TRUE(player.over());
}

TEST(HoldPlayer, music_that_has_not_begun_does_not_begin_under_the_greeting) {
    HoldPlayer player(Strategy::text_then_music, {.text = tone(700, 3s), .audio = nullptr, .music = tone(400, 1s)});
    (void)hear(player, 1s);
    EXPECT_TRUE(player.release());
    const auto after = hear(player, 1s);
    EXPECT_EQ(after.frames, 4U) << "the word it was in fades within 80 ms";
    EXPECT_TRUE(player.over());
}

// --- cost -----------------------------------------------------------------------------------------------------------------

TEST(HoldPlayer, allocates_nothing_once_it_is_made) {
    HoldPlayer player(Strategy::text_over_music, {.text = tone(700, 2s), .audio = nullptr, .music = tone(400, 700ms)});
    std::array<std::int16_t, kFrame> frame{};
    const auto before = allocations;
    for (int i = 0; i < 500; ++i) (void)player.next(frame);
    player.conclude(1s);
    (void)player.release();
    for (int i = 0; i < 100; ++i) (void)player.next(frame);
    EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace parley::hold
