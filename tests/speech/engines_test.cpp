// The engines one by one: dictionary, recogniser, voices.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "parley/speech/error.hpp"
#include "parley/speech/phrase_cache.hpp"
#include "parley/speech/recognizer.hpp"
#include "parley/speech/voice.hpp"

namespace parley::speech {
namespace {

std::shared_ptr<const Lexicon> lexicon() {
    static const auto loaded = *Lexicon::load(RecognizerSettings{}.model + "/cmudict-en-us.dict");
    return loaded;
}

std::vector<std::int16_t> spoken(const VoiceSettings& settings, const std::string& text) {
    auto voice = Voice::make(settings);
    EXPECT_TRUE(voice);
    std::vector<std::int16_t> pcm;
    EXPECT_TRUE((*voice)->speak(text, [&](std::span<const std::int16_t> piece) {
        pcm.insert(pcm.end(), piece.begin(), piece.end());
        return true;
    }));
    return pcm;
}

std::vector<std::int16_t> padded(std::vector<std::int16_t> pcm) {
    pcm.insert(pcm.begin(), 2400, 0);
    pcm.insert(pcm.end(), 4000, 0);
    return pcm;
}

std::shared_ptr<const Grammar> menu() {
    static const auto grammar = Grammar::make("menu",
                                              "#JSGF V1.0;\ngrammar menu;\npublic <top> = what are your opening hours | book an appointment | goodbye | yes "
                                              "| no;\n",
                                              {"what", "are", "your", "opening", "hours", "book", "an", "appointment", "goodbye", "yes", "no"}, 0.5);
    return grammar;
}

bool never() {
    return false;
}

TEST(Lexicon, knows_words_and_their_variants) {
    EXPECT_GT(lexicon()->size(), 100000U);
    EXPECT_TRUE(lexicon()->contains("appointment"));
    EXPECT_FALSE(lexicon()->contains("appointmentt"));
    EXPECT_GE(lexicon()->pronunciations("a").size(), 2U);
    EXPECT_EQ(lexicon()->nearest("appointmentt"), "appointment");
    EXPECT_EQ(lexicon()->nearest("qqqqqqqqq"), "");
    EXPECT_FALSE(Lexicon::load("/nonexistent"));
}

TEST(Recognizer, hears_the_phrases_of_its_grammar) {
    auto recognizer = Recognizer::make({}, lexicon());
    ASSERT_TRUE(recognizer);
    for (const auto* text : {"what are your opening hours", "book an appointment", "goodbye"}) {
        const auto heard = (*recognizer)->decode(padded(spoken({"rms", 0.95, 1.0}, text)), *menu(), never);
        ASSERT_TRUE(heard);
        EXPECT_EQ(heard->text, text);
        EXPECT_FALSE(heard->rejected) << heard->fit << " " << heard->worst_word;
        EXPECT_EQ(heard->words.size(), static_cast<std::size_t>(std::ranges::count(heard->text, ' ')) + 1);
    }
}

TEST(Recognizer, rejects_what_is_not_in_its_grammar) {
    auto recognizer = Recognizer::make({}, lexicon());
    ASSERT_TRUE(recognizer);
    for (const auto* text : {"my neighbour's dog has eaten the newspaper again", "please connect the green wire to the second terminal"}) {
        const auto heard = (*recognizer)->decode(padded(spoken({"rms", 0.95, 1.0}, text)), *menu(), never);
        ASSERT_TRUE(heard);
        EXPECT_TRUE(heard->rejected) << heard->text << " " << heard->fit << " " << heard->worst_word << " "
                                     << (heard->words.empty() ? 0 : (heard->words[0].end - heard->words[0].begin).count());
    }
}

TEST(Recognizer, hears_nothing_in_silence_and_noise) {
    auto recognizer = Recognizer::make({}, lexicon());
    ASSERT_TRUE(recognizer);
    std::vector<std::int16_t> noise(16000);
    std::uint32_t state = 1;
    for (auto& sample : noise) sample = static_cast<std::int16_t>(static_cast<int>((state = state * 1664525U + 1013904223U) >> 21U) - 1024);
    for (const auto& pcm : {std::vector<std::int16_t>(16000, 0), noise, std::vector<std::int16_t>{}, std::vector<std::int16_t>(300, 5)}) {
        const auto heard = (*recognizer)->decode(pcm, *menu(), never);
        ASSERT_TRUE(heard);
        EXPECT_TRUE(heard->rejected) << heard->text << " " << heard->fit << " " << heard->worst_word << " "
                                     << (heard->words.empty() ? 0 : (heard->words[0].end - heard->words[0].begin).count());
    }
}

TEST(Recognizer, stops_within_a_step_and_works_afterwards) {
    auto recognizer = Recognizer::make({}, lexicon());
    ASSERT_TRUE(recognizer);
    const auto pcm = padded(spoken({"rms", 0.95, 1.0}, "what are your opening hours"));
    const auto steps = pcm.size() / 800 + 2;
    for (std::size_t stop_at = 0; stop_at < steps; stop_at += 5) {
        std::size_t asked = 0;
        const auto heard = (*recognizer)->decode(pcm, *menu(), [&] { return asked++ >= stop_at; });
        ASSERT_FALSE(heard);
        EXPECT_EQ(heard.error(), errc::cancelled);
        EXPECT_EQ(asked, stop_at + 1);
    }
    std::size_t asked = 0;
    const auto heard = (*recognizer)->decode(pcm, *menu(), [&] { return ++asked, false; });
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->text, "what are your opening hours");
    EXPECT_GE(asked, pcm.size() / 800);  // at least once for each 100 ms
}

TEST(Recognizer, gives_the_beginning_of_a_running_utterance) {
    auto recognizer = Recognizer::make({}, lexicon());
    ASSERT_TRUE(recognizer);
    auto pcm = padded(spoken({"rms", 0.95, 1.0}, "what are your opening hours"));
    pcm.resize(2400 + 8000);
    const auto heard = (*recognizer)->decode(pcm, *menu(), never, Recognizer::Mode::running);
    ASSERT_TRUE(heard);
    EXPECT_TRUE(heard->text.starts_with("what")) << heard->text;
}

TEST(Recognizer, refuses_bad_grammars_and_long_audio) {
    auto recognizer = Recognizer::make({}, lexicon());
    ASSERT_TRUE(recognizer);
    const auto broken = Grammar::make("x", "#JSGF V1.0;\ngrammar x;\npublic <x> = ( yes ;\n", {"yes"}, 0.5);
    const auto unknown = Grammar::make("x", "#JSGF V1.0;\ngrammar x;\npublic <x> = yesss;\n", {"yesss"}, 0.5);
    EXPECT_EQ((*recognizer)->prepare(*broken).error(), errc::bad_grammar);
    EXPECT_EQ((*recognizer)->prepare(*unknown).error(), errc::bad_grammar);
    EXPECT_EQ((*recognizer)->decode(std::vector<std::int16_t>(8000 * 21), *menu(), never).error(), errc::audio_too_long);
    EXPECT_TRUE((*recognizer)->prepare(*menu()));
}

TEST(Recognizer, keeps_working_beyond_its_number_of_compiled_grammars) {
    auto recognizer = Recognizer::make({}, lexicon());
    ASSERT_TRUE(recognizer);
    for (int i = 0; i < 120; ++i) {
        const auto grammar = Grammar::make("g", "#JSGF V1.0;\ngrammar g;\npublic <g> = yes | no;\n", {"yes", "no"}, 0.5);
        ASSERT_TRUE((*recognizer)->prepare(*grammar));
    }
    EXPECT_TRUE((*recognizer)->prepare(*menu()));
}

TEST(Recognizer, says_so_when_the_model_is_missing) {
    RecognizerSettings settings;
    settings.model = "/nonexistent";
    const auto made = Recognizer::make(settings, lexicon());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(), errc::model_missing);
}

class EachVoice : public testing::TestWithParam<std::string> {};

TEST_P(EachVoice, speaks_below_full_scale_and_stops_when_told) {
    auto voice = Voice::make({GetParam(), 1.0, 1.0});
    ASSERT_TRUE(voice);
    std::size_t samples = 0;
    int peak = 0;
    std::vector<std::size_t> sizes;
    ASSERT_TRUE((*voice)->speak("We are open Monday to Friday, from nine to five.", [&](std::span<const std::int16_t> piece) {
        samples += piece.size();
        sizes.push_back(piece.size());
        for (const auto s : piece) peak = std::max(peak, std::abs(static_cast<int>(s)));
        return true;
    }));
    EXPECT_GT(samples, 8000U * 2U);
    EXPECT_LT(samples, 8000U * 6U);
    EXPECT_GT(peak, 3000);
    EXPECT_LE(peak, 29000);
    sizes.pop_back();
    for (const auto size : sizes) EXPECT_EQ(size % 160, 0U);

    std::size_t pieces = 0;
    const auto stopped = (*voice)->speak("We are open Monday to Friday, from nine to five.", [&](std::span<const std::int16_t>) { return ++pieces < 2; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error(), errc::cancelled);
    EXPECT_EQ(pieces, 2U);
    EXPECT_TRUE((*voice)->speak("Again.", [](std::span<const std::int16_t>) { return true; }));
}

INSTANTIATE_TEST_SUITE_P(all, EachVoice, testing::ValuesIn(voice_names()), [](const auto& c) { return c.param; });

TEST(Voice, obeys_speed_and_pitch) {
    const std::string text = "This is a sentence of some length.";
    const auto normal = spoken({"slt", 1.0, 1.0}, text).size();
    EXPECT_LT(spoken({"slt", 1.5, 1.0}, text).size(), normal * 8 / 10);
    EXPECT_GT(spoken({"slt", 0.7, 1.0}, text).size(), normal * 12 / 10);
    EXPECT_NE(spoken({"kal16", 1.0, 1.4}, text), spoken({"kal16", 1.0, 1.0}, text));
    EXPECT_FALSE(Voice::make({"nobody", 1.0, 1.0}));
}

// Voices made from one engine must not share anything that is counted or written: the same text gives the same speech,
// alone and beside others. Not the same samples, because the engine excites unvoiced sounds with rand().
double relative_difference(const std::vector<std::int16_t>& a, const std::vector<std::int16_t>& b) {
    double difference = 0, energy = 1;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        const double d = static_cast<double>(a[i]) - b[i];
        difference += d * d;
        energy += static_cast<double>(a[i]) * a[i];
    }
    return difference / energy;
}

TEST(Voice, several_threads_do_not_disturb_each_other) {
    const std::string text = "Tuesday at half past three, doctor 42 Smith, 3:30 pm.";
    const auto alone = spoken({"slt", 1.0, 1.0}, text);
    std::vector<std::vector<std::int16_t>> results(4);
    std::vector<std::thread> threads;
    for (auto& result : results) {
        threads.emplace_back([&result, &text] {
            for (int i = 0; i < 2; ++i) result = spoken({"slt", 1.0, 1.0}, text);
        });
    }
    for (auto& thread : threads) thread.join();
    for (const auto& result : results) {
        EXPECT_EQ(result.size(), alone.size());
        EXPECT_LT(relative_difference(result, alone), 0.02);
    }
}

struct TextCase {
    const char* name;
    std::string text, want;
};
class Speakable : public testing::TestWithParam<TextCase> {};
TEST_P(Speakable, cleans) {
    const auto clean = speakable(GetParam().text);
    if (GetParam().want.empty()) {
        EXPECT_FALSE(clean);
    } else {
        ASSERT_TRUE(clean);
        EXPECT_EQ(*clean, GetParam().want);
    }
}
INSTANTIATE_TEST_SUITE_P(cases, Speakable,
                         testing::Values(TextCase{"plain", "Hello.", "Hello."}, TextCase{"control", "a\x01\x02\tb\n", "a b"},
                                         TextCase{"nul", std::string("a\0b", 3), "a b"}, TextCase{"typographic", "it\xE2\x80\x99s caf\xC3\xA9", "it's cafe"},
                                         TextCase{"markup", "<speak>hi</speak>", "speak hi /speak"}, TextCase{"broken_utf8", "a\xC3", "a"},
                                         TextCase{"emoji", "hi \xF0\x9F\x98\x80", "hi"}, TextCase{"empty", "", ""}, TextCase{"dots", "...", ""},
                                         TextCase{"too_long", std::string(kMaxSpokenBytes + 1, 'a'), ""},
                                         TextCase{"just_fits", std::string(kMaxSpokenBytes, 'a'), std::string(kMaxSpokenBytes, 'a')}),
                         [](const auto& c) { return c.param.name; });

TEST(PhraseCache, keeps_what_was_loaded_and_forgets_the_oldest) {
    PhraseCache cache(600000);
    const std::vector<std::string> kept{"One moment please."};
    ASSERT_TRUE(cache.load({}, kept));
    const auto loaded = cache.counters().bytes;
    EXPECT_GT(loaded, 8000U);
    for (int i = 0; i < 20; ++i) cache.put({}, "phrase " + std::to_string(i), std::vector<std::int16_t>(50000));
    EXPECT_LE(cache.counters().bytes, 600000U);
    EXPECT_NE(cache.find({}, "One moment please."), nullptr);
    EXPECT_EQ(cache.find({}, "phrase 0"), nullptr);
    EXPECT_NE(cache.find({}, "phrase 19"), nullptr);
    EXPECT_EQ(cache.find({"rms", 1.0, 1.0}, "phrase 19"), nullptr);
    cache.put({}, "too big", std::vector<std::int16_t>(400000));
    EXPECT_EQ(cache.find({}, "too big"), nullptr);
    EXPECT_FALSE(cache.load({"nobody", 1, 1}, kept));
}

}  // namespace
}  // namespace parley::speech
