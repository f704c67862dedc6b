#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "parley/audio/vad.hpp"
#include "parley/sim/emulator_world.hpp"
#include "parley/sim/play_buffer.hpp"
#include "parley/sim/scenario.hpp"
#include "parley/sim/tone_alphabet.hpp"

namespace parley::sim {
namespace {

using namespace std::chrono_literals;

template <class T>
T await(Task<T> task) {
    asio::io_context context;
    auto result = asio::co_spawn(context, std::move(task), asio::use_future);
    context.run();
    return result.get();
}

std::vector<std::string> texts(const std::vector<Recognised>& found) {
    std::vector<std::string> out;
    for (const auto& one : found) out.push_back(one.text);
    return out;
}

std::vector<std::string> numbered(int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back("phrase number " + std::to_string(i));
    return out;
}

TEST(ToneAlphabet, every_phrase_survives_mulaw_loudness_and_any_cut) {
    for (const int count : {196, 197}) {
        const auto phrases = numbered(count);
        ToneAlphabet alphabet(phrases);
        for (std::size_t i = 0; i < phrases.size(); ++i) {
            auto sound = alphabet.speak(phrases[i], {});
            const double gain = i % 3 == 0 ? 1.6 : (i % 3 == 1 ? 1.0 : 0.1);
            for (auto& sample : sound) sample = static_cast<std::int16_t>(std::clamp(sample * gain, -32767.0, 32767.0));
            sound.insert(sound.begin(), i % 160, std::int16_t{3});
            EXPECT_EQ(texts(alphabet.recognise(from_mulaw(to_mulaw(sound)), {})), std::vector<std::string>{phrases[i]});
        }
    }
}

TEST(ToneAlphabet, takes_a_text_apart_and_does_not_hear_half_a_phrase) {
    ToneAlphabet alphabet({"good", "good morning", "how are you", "goodbye"});
    const auto sound = alphabet.speak("Good morning, Sir. How are you? Good...", {});
    EXPECT_EQ(texts(alphabet.recognise(sound, {})), (std::vector<std::string>{"good morning", "how are you", "good"}));
    EXPECT_EQ(texts(alphabet.recognise(sound, {"How are you"})), (std::vector<std::string>{"How are you"}));
    EXPECT_TRUE(alphabet.recognise(std::span(sound).first(1600), {}).empty());
    EXPECT_TRUE(alphabet.recognise(Pcm8k(8000, 0), {}).empty());
    EXPECT_TRUE(alphabet.recognise(dtmf_tone('5', 2000), {}).empty());
    EXPECT_FALSE(alphabet.unusable({"bad morning"}).empty());
    EXPECT_THROW(ToneAlphabet(numbered(2745)), std::invalid_argument);
}

TEST(ToneAlphabet, passes_for_a_voice) {
    ToneAlphabet alphabet(numbered(20));
    for (int i = 0; i < 20; ++i) {
        auto sound = alphabet.speak("phrase number " + std::to_string(i), {});
        sound.insert(sound.begin(), 1600, std::int16_t{0});
        audio::Vad vad;
        bool started = false;
        for (std::size_t at = 0; at + 160 <= sound.size(); at += 160)
            started = vad.push(std::span(sound).subspan(at, 160)).edge == audio::VadResult::started || started;
        EXPECT_TRUE(started) << i;
    }
}

struct Wire {
    const char* name;
    WireFormat format;
};
class WireFormats : public testing::TestWithParam<Wire> {};
TEST_P(WireFormats, carry_a_phrase_both_ways_in_odd_pieces) {
    ToneAlphabet alphabet({"good morning", "goodbye"});
    const auto& format = GetParam().format;
    const auto sound = alphabet.speak("good morning goodbye", {});
    const auto bytes = to_wire(sound, format);
    EXPECT_NEAR(static_cast<double>(format.duration(bytes.size()).count()), static_cast<double>(sound.size()) / 8, 2);
    WireDecoder decoder(format);
    Pcm8k back;
    for (std::size_t at = 0; at < bytes.size(); at += 333) {
        const auto piece = decoder.feed(std::string_view(bytes).substr(at, 333));
        back.insert(back.end(), piece.begin(), piece.end());
    }
    EXPECT_NEAR(static_cast<double>(back.size()), static_cast<double>(sound.size()), 80);
    EXPECT_EQ(texts(alphabet.recognise(back, {})), (std::vector<std::string>{"good morning", "goodbye"}));
}
using Encoding = WireFormat::Encoding;
INSTANTIATE_TEST_SUITE_P(all, WireFormats,
                         testing::Values(Wire{"mulaw8", {Encoding::mulaw, 8000}}, Wire{"alaw8", {Encoding::alaw, 8000}},
                                         Wire{"pcm8", {Encoding::linear16, 8000}}, Wire{"pcm16", {Encoding::linear16, 16000}},
                                         Wire{"pcm22", {Encoding::linear16, 22050}}, Wire{"pcm24", {Encoding::linear16, 24000}},
                                         Wire{"pcm44", {Encoding::linear16, 44100}}, Wire{"pcm48", {Encoding::linear16, 48000}},
                                         Wire{"float24", {Encoding::float32, 24000}}),
                         [](const auto& one) { return one.param.name; });

TEST(AlawCode, is_the_inverse_of_itself_within_its_step) {
    for (int value = -32000; value <= 32000; value += 97) {
        const std::array<std::int16_t, 1> sample{static_cast<std::int16_t>(value)};
        WireDecoder decoder({Encoding::alaw, 8000});
        const auto back = decoder.feed(to_wire(sample, {Encoding::alaw, 8000}));
        ASSERT_EQ(back.size(), 1u);
        EXPECT_NEAR(back[0], value, std::max(16, std::abs(value) / 16)) << value;
    }
}

WorldSettings tone_world() {
    WorldSettings settings;
    settings.tones = true;
    settings.phrases = {"what are your opening hours", "goodbye"};
    MindRule greeting, hours, bye, after;
    greeting.greeting = true;
    greeting.say = "Hello there.";
    hours.regex = "opening hours";
    hours.say = "From nine until five.";
    bye.words = {"goodbye"};
    bye.say = "Thank you. Goodbye!";
    bye.tool = "end_call";
    after.tool_result = "end_call";
    settings.rules = {greeting, hours, bye, after};
    return settings;
}

TEST(EmulatorWorldMind, answers_by_the_first_rule_that_fits) {
    EmulatorWorld world(tone_world());
    EXPECT_EQ(world.answer("").say, "Hello there.");
    EXPECT_EQ(world.answer("What are your OPENING HOURS, please?").say, "From nine until five.");
    EXPECT_EQ(world.answer("well, goodbye").tool, "end_call");
    EXPECT_EQ(world.answer("goodbyes").say, world.settings().fallback);
    EXPECT_EQ(world.answer("goodbye", "end_call").say, "");
    EXPECT_EQ(world.answer("goodbye", "end_call").tool, "");
}

TEST(EmulatorWorldMind, speaks_and_hears_itself_in_deltas_that_make_up_the_text) {
    EmulatorWorld world(tone_world());
    std::string whole;
    for (const auto& delta : text_deltas("Extraordinarily good — goodbye, then. ")) whole += delta;
    EXPECT_EQ(whole, "Extraordinarily good — goodbye, then. ");
    const WireFormat format{Encoding::linear16, 24000};
    const auto bytes = await(world.speak("Goodbye", format, Fault{}));
    WireDecoder decoder(format);
    auto sound = decoder.feed(bytes);
    sound.insert(sound.end(), 8000, std::int16_t{0});
    UtteranceCutter cutter(300ms);
    auto events = cutter.feed(sound);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].kind, UtteranceCutter::Event::Kind::started);
    EXPECT_EQ(events[1].kind, UtteranceCutter::Event::Kind::ended);
    const auto heard = await(world.hear(std::move(events[1].sound)));
    EXPECT_EQ(heard.text, "goodbye");
    EXPECT_FALSE(cutter.commit());
}

TEST(EmulatorWorldMind, spoils_sound_as_the_script_says) {
    EmulatorWorld world(tone_world());
    const WireFormat format{Encoding::linear16, 16000};
    const auto good = await(world.speak("Goodbye", format, Fault{}));
    Fault fault;
    fault.empty_audio = true;
    EXPECT_TRUE(await(world.speak("Goodbye", format, fault)).empty());
    fault = {};
    fault.zero_audio = true;
    EXPECT_EQ(await(world.speak("Goodbye", format, fault)), std::string(good.size(), '\0'));
    fault = {};
    fault.wav_header = true;
    EXPECT_EQ(await(world.speak("Goodbye", format, fault)), wav_header(format, good.size()) + good);
    fault = {};
    fault.odd_bytes = true;
    EXPECT_EQ(await(world.speak("Goodbye", format, fault)).size(), good.size() + 1);
    fault = {};
    fault.wrong_rate = 24000;
    EXPECT_NEAR(static_cast<double>(await(world.speak("Goodbye", format, fault)).size()), static_cast<double>(good.size()) * 1.5, 8);
}

TEST(EmulatorWorldFile, receptionist_holds_the_demo_conversation) {
    const auto settings = load_emulator_world(PARLEY_SOURCE_DIR "/config/emulators/receptionist.yaml");
    EmulatorWorld world(settings);
    const auto said = [&](const char* caller) { return world.answer(caller).say; };
    EXPECT_NE(said("").find("Harbour Dental"), std::string::npos);
    EXPECT_TRUE(said("what are your opening hours").starts_with("We are open Monday to Friday, from nine until five."));
    EXPECT_TRUE(said("book an appointment friday at three").starts_with("I have Friday at three in the afternoon."));
    EXPECT_TRUE(said("goodbye").starts_with("Thank you for calling"));
    EXPECT_EQ(world.answer("goodbye").tool, "end_call");
    // Every caller of the demo is understood: with its own voice, through the telephone.
    auto scenario = load_scenario(PARLEY_SOURCE_DIR "/config/scenarios/receptionist-brisk.yaml");
    (void)scenario;
    const WireFormat format;
    const auto bytes = await(world.speak("book an appointment friday at three", format, Fault{}));
    WireDecoder decoder(format);
    EXPECT_EQ(await(world.hear(decoder.feed(bytes))).text, "book an appointment friday at three");
}

TEST(EmulatorWorldFile, names_what_is_wrong) {
    const auto complaint = [](const std::string& yaml) {
        try {
            (void)parse_emulator_world(yaml, "w");
        } catch (const ScenarioError& e) {
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    EXPECT_NE(complaint("rules:\n  - say: x").find("w:2:5"), std::string::npos);
    EXPECT_NE(complaint("rules:\n  - {regex: \"(\", say: x}").find("w:2"), std::string::npos);
    EXPECT_NE(complaint("phrasess: [x]").find("phrases"), std::string::npos);
    EXPECT_NE(complaint("rules:\n  - {words: [a], tool: t, arguments: \"[]\"}").find("JSON"), std::string::npos);
    EXPECT_EQ(complaint("rules:\n  - {words: [a], say: b}"), "accepted");
}

}  // namespace
}  // namespace parley::sim
