#include "parley/vendors/speech_line.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "parley/audio/g711.hpp"
#include "recording_tts_sink.hpp"

namespace parley::vendors {
namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr SpeechFormat kMulaw{};
constexpr SpeechFormat kPcm24{SpeechFormat::Coding::pcm16le, 24000};
constexpr SpeechFormat kPcm8{SpeechFormat::Coding::pcm16le, 8000};

std::span<const std::uint8_t> view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Bytes tone(double hz, int rate, std::size_t samples) {
    Bytes bytes;
    for (std::size_t i = 0; i < samples; ++i) {
        const auto value = static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
        bytes.push_back(static_cast<std::uint8_t>(value & 0xFF));
        bytes.push_back(static_cast<std::uint8_t>((value >> 8) & 0xFF));
    }
    return bytes;
}

TEST(AudioIntake, MulawIsTheVendorsBytesDecoded) {
    Bytes bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
    AudioIntake intake(kMulaw);
    std::vector<std::int16_t> pcm;
    ASSERT_TRUE(intake.feed(bytes, pcm));
    intake.finish(pcm);
    ASSERT_EQ(pcm.size(), bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(pcm[i], audio::mulaw_decode_sample(bytes[i]));
}

TEST(AudioIntake, CutsMakeNoDifference) {
    for (const auto format : {kMulaw, kPcm24, kPcm8}) {
        const auto bytes = tone(440, format.hz, 3001);
        AudioIntake whole(format);
        std::vector<std::int16_t> want;
        ASSERT_TRUE(whole.feed(bytes, want));
        whole.finish(want);
        for (const std::size_t cut : {1U, 2U, 3U, 5U, 7U, 997U}) {
            AudioIntake intake(format);
            std::vector<std::int16_t> pcm;
            for (std::size_t at = 0; at < bytes.size(); at += cut)
                ASSERT_TRUE(intake.feed(std::span(bytes).subspan(at, std::min(cut, bytes.size() - at)), pcm));
            intake.finish(pcm);
            EXPECT_EQ(pcm, want) << "cut " << cut << " of " << format.hz;
        }
    }
}

TEST(AudioIntake, TwentyFourKilohertzBecomesEightInPlaceAndLevel) {
    AudioIntake intake(kPcm24);
    std::vector<std::int16_t> pcm;
    ASSERT_TRUE(intake.feed(tone(440, 24000, 24000), pcm));
    intake.finish(pcm);
    EXPECT_EQ(pcm.size(), 8000U);
    double worst = 0;
    for (std::size_t i = 200; i < 7800; ++i)
        worst = std::max(worst, std::abs(pcm[i] - 8000 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i) / 8000)));
    EXPECT_LT(worst, 100);  // no delay is left: one sample of it would be 2700
}

TEST(AudioIntake, FilesAreKnownByTheirFirstBytesHoweverCut) {
    for (const std::string_view head : {std::string_view("RIFF\x24"), std::string_view("OggSx"), std::string_view("fLaCx"), std::string_view("ID3\x03x")}) {
        for (std::size_t cut = 1; cut <= head.size(); ++cut) {
            AudioIntake intake(kMulaw);
            std::vector<std::int16_t> pcm;
            bool fine = intake.feed(view(head.substr(0, cut)), pcm);
            if (fine) fine = intake.feed(view(head.substr(cut)), pcm);
            EXPECT_FALSE(fine) << head << cut;
            EXPECT_TRUE(pcm.empty());
            EXPECT_TRUE(intake.is_file());
        }
    }
    AudioIntake near(kMulaw);
    std::vector<std::int16_t> pcm;
    EXPECT_TRUE(near.feed(view("RIF"), pcm));
    EXPECT_TRUE(pcm.empty());
    EXPECT_TRUE(near.feed(view("E"), pcm));
    EXPECT_EQ(pcm.size(), 4U);
    AudioIntake end(kMulaw);
    EXPECT_TRUE(end.feed(view("RI"), pcm));
    end.finish(pcm);
    EXPECT_EQ(pcm.size(), 6U);
}

TEST(WordTrack, FindsWordsWhereTheyStand) {
    WordTrack track("Yes, half past ten is free; \"really\" at the café.");
    EXPECT_EQ(track.word("Yes,"), 4U);
    EXPECT_EQ(track.word("HALF"), 9U);
    EXPECT_EQ(track.word("t"), std::nullopt);  // only whole words
    EXPECT_EQ(track.word("ten"), 18U);
    EXPECT_EQ(track.word("half"), std::nullopt);  // rising
    EXPECT_EQ(track.word("10"), std::nullopt);
    EXPECT_EQ(track.word("free"), 27U);
    EXPECT_EQ(track.word("really"), 36U);
    EXPECT_EQ(track.word("café"), 50U);
    EXPECT_EQ(track.word("..."), std::nullopt);
    EXPECT_EQ(track.word(std::string(100000, 'a')), std::nullopt);
}

TEST(WordTrack, PutsCharactersTogether) {
    WordTrack track("Äh, so ist es");
    EXPECT_EQ(track.character("Ä"), std::nullopt);
    EXPECT_EQ(track.character("h"), std::nullopt);
    EXPECT_EQ(track.character(","), std::nullopt);
    EXPECT_EQ(track.character(" "), 4U);
    EXPECT_EQ(track.character(" "), std::nullopt);
    EXPECT_EQ(track.character("s"), std::nullopt);
    EXPECT_EQ(track.character("o"), std::nullopt);
    EXPECT_EQ(track.finish(), 7U);
}

TEST(WordTrack, DoesNotJumpFar) {
    WordTrack track("one " + std::string(300, 'x') + " two");
    EXPECT_EQ(track.word("two"), std::nullopt);
    EXPECT_EQ(track.word("one"), 3U);
}

TEST(SpeechLine, TellsInTheOrderOfTheTexts) {
    RecordingTtsSink sink;
    SpeechLine line(sink, kMulaw);
    line.add(1, "one");
    line.add(2, "two");
    line.add(3, "three");
    EXPECT_EQ(line.next(1)->tag, 1U);
    line.asked(1);
    EXPECT_FALSE(line.next(1));
    EXPECT_EQ(line.next(2)->tag, 2U);
    line.asked(2);
    line.bytes(2, view("bb"));
    line.word(2, "two", 2);
    line.ended(2);
    EXPECT_TRUE(sink.log.empty());
    EXPECT_EQ(line.next(2)->tag, 3U);
    line.bytes(1, view("a"));
    line.word(1, "one", 1);
    line.ended(1);
    EXPECT_EQ(sink.log, (std::vector<std::string>{"audio 1", "done 1", "audio 2", "done 2"}));
    EXPECT_EQ(sink.words[1], (std::vector<RecordingTtsSink::Word>{{1, 3}}));
    EXPECT_EQ(sink.words[2], (std::vector<RecordingTtsSink::Word>{{2, 3}}));
    EXPECT_EQ(sink.audio[2].size(), 2U);
}

TEST(SpeechLine, NothingAndSilenceAreFailures) {
    RecordingTtsSink sink;
    SpeechLine line(sink, kMulaw);
    line.add(1, "one");
    line.add(2, "two");
    line.add(3, "three");
    line.add(4, "four");
    line.ended(1);
    line.bytes(2, view("\xFF\x7F\xFF"));
    line.ended(2);
    line.bytes(3, view("RIFF...."));
    line.bytes(4, view("\xFF\x7E"));
    line.ended(4);
    EXPECT_EQ(sink.log, (std::vector<std::string>{"failed 1 empty_audio", "audio 2", "failed 2 empty_audio", "failed 3 bad_audio", "audio 4", "done 4"}));
}

TEST(SpeechLine, WhatWasDroppedIsNeverHeardOfAgain) {
    RecordingTtsSink sink;
    SpeechLine line(sink, kMulaw);
    sink.on_told = [&] {
        if (sink.log.back() == "audio 1") line.drop_all();
    };
    line.add(1, "one");
    line.add(2, "two");
    line.bytes(2, view("bb"));
    line.bytes(1, view("aa"));
    line.bytes(1, view("aa"));
    line.ended(1);
    line.ended(2);
    EXPECT_EQ(sink.log, (std::vector<std::string>{"audio 1"}));
    EXPECT_TRUE(line.empty());
    line.add(3, "three");
    line.bytes(3, view("cc"));
    line.ended(3);
    EXPECT_EQ(sink.log.back(), "done 3");
}

TEST(SpeechLine, EndlessAudioIsCut) {
    RecordingTtsSink sink;
    SpeechLine line(sink, kMulaw);
    line.add(1, "one");
    const Bytes second(8000, 0x10);
    for (int i = 0; i < 200; ++i) line.bytes(1, second);
    line.ended(1);
    EXPECT_EQ(sink.log, (std::vector<std::string>{"audio 1", "failed 1 too_big"}));
    EXPECT_LE(sink.audio[1].size(), kMostSpeechSamples + 8000);
}

TEST(SpeechLine, MarksRise) {
    RecordingTtsSink sink;
    SpeechLine line(sink, kMulaw);
    line.add(1, "a b c");
    line.bytes(1, view("xx"));
    line.word(1, "a", 500);
    line.word(1, "b", 400);  // a vendor whose times go back
    line.word(1, "c", 900);
    line.ended(1);
    EXPECT_EQ(sink.words[1], (std::vector<RecordingTtsSink::Word>{{500, 1}, {500, 3}, {900, 5}}));
}

}  // namespace
}  // namespace parley::vendors
