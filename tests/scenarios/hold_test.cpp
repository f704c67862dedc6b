// Calls that begin with a hold, by the caller's ear: music under words, the way into the greeting, who hangs up before it, and sounds that were uploaded.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <numbers>

#include "gateway_under_test.hpp"
#include "parley/audio/wav.hpp"
#include "parley/call/call_file.hpp"
#include "parley/sim/embedded_speech.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "sounds.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;

constexpr double kMusic = 3200;  // hertz: where the voice has little of its own
constexpr std::size_t kWindow = 800;

void put_music(const std::filesystem::path& data) {
    std::vector<std::int16_t> pcm(8000 * 3);
    for (std::size_t i = 0; i < pcm.size(); ++i)
        pcm[i] = static_cast<std::int16_t>(5000 * std::sin(2 * std::numbers::pi * kMusic * static_cast<double>(i) / 8000));
    auto writer = audio::WavWriter::open(data / "music.wav", {});
    ASSERT_TRUE(writer);
    ASSERT_FALSE(writer->write(pcm));
    ASSERT_FALSE(writer->close());
}

Sections receptionist(const std::string& hold) {
    Sections setup;
    setup.more = "call_files: {enabled: true, retain_days: 1, directory: calls, frames: full}\n";
    setup.agents = "  receptionist:\n    default: true\n    script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\"\n" + hold;
    setup.prepare = put_music;
    return setup;
}

sim::CallReport call(const GatewayUnderTest& gateway, const std::string& scenario) {
    auto options = gateway.carrier();
    options.voice = sim::make_embedded_voice();
    options.ear = sim::make_embedded_ear();
    sim::SimCarrier carrier(options);
    auto report = carrier.place_call(gateway.plan(sim::parse_scenario(scenario, "hold.yaml"))).report.get();
    if (std::getenv("PARLEY_TEST_KEEP") != nullptr)
        (void)sim::write_report(report, std::getenv("PARLEY_TEST_KEEP"), testing::UnitTest::GetInstance()->current_test_info()->name());
    return report;
}

sim::Pcm8k pcm_of(const sim::Mulaw& mulaw) {
    sim::Pcm8k pcm;
    for (const auto code : mulaw) pcm.push_back(sim::mulaw_to_linear(code));
    return pcm;
}
// The music's level in each tenth of a second.
std::vector<double> music_levels(const sim::Pcm8k& heard) {
    std::vector<double> levels;
    for (std::size_t at = 0; at + kWindow <= heard.size(); at += kWindow) levels.push_back(tone_db(std::span(heard).subspan(at, kWindow), kMusic));
    return levels;
}

call::ReplayResult replayed(const GatewayUnderTest& gateway) {
    EXPECT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    const std::filesystem::path file = gateway.events("call.ended").at(0)["call_file"].get<std::string>();
    call::ReplayResult result;
    EXPECT_TRUE(eventually([&] {
        std::ifstream in(file);
        result = call::replay_call_file(in);
        return result.complete;
    }));
    return result;
}

TEST(HoldSlow, MusicGoesDownUnderTheWordsAndOutUnderTheGreeting) {
    const GatewayUnderTest gateway(receptionist(R"(    hold:
      strategy: text_over_music
      text: "Please wait a moment while I look at your file."
      music: music.wav
      least: 6s
      tools: [nobody_has_this]
)"));
    const auto report = call(gateway, R"(
name: music and words
caller: {voice: rms}
steps:
  - pause: 3s
  - dtmf: {keys: "42", in_band: false}
  - pause: 8500ms
  - hangup
)");
    EXPECT_TRUE(report.passed()) << report.failures.front();
    ASSERT_EQ(report.streams.size(), 1U);
    EXPECT_EQ(report.streams[0].invalid_messages, 0U);

    const auto heard = pcm_of(report.heard);
    const auto levels = music_levels(heard);
    const auto first = static_cast<std::size_t>(std::find_if(levels.begin(), levels.end(), [](double db) { return db > -25; }) - levels.begin());
    ASSERT_LT(first + 60, levels.size()) << "no music";
    const double alone = levels[first + 4];
    // One second of music; then words over it, the music 14 dB lower, whatever the voice adds there.
    EXPECT_NEAR(levels[first + 6], alone, 1.0);
    for (std::size_t i = first + 12; i < first + 26; ++i) EXPECT_NEAR(levels[i], alone - 14, 3.5) << i;
    // When they are over it is as it was.
    EXPECT_NEAR(levels[first + 52], alone, 1.0);

    // Its end: lower at once with the greeting's first sound, and gone within a second of it.
    const auto loud = [&](double db) { return db > alone - 3; };
    const auto down = static_cast<std::size_t>(levels.rend() - std::find_if(levels.rbegin(), levels.rend(), loud));
    ASSERT_LT(down + 15, levels.size());
    EXPECT_GE(down - first, 58U) << "it lasts six seconds at least";
    EXPECT_LE(down - first, 66U);
    for (std::size_t i = down + 10; i < levels.size(); ++i) EXPECT_LT(levels[i], alone - 25) << "music left, window " << i << " of " << down;

    // No gap on the way: from the first note until the music is gone there is always something to hear.
    const sim::Mulaw hold_and_beginning(report.heard.begin() + static_cast<std::ptrdiff_t>(first * kWindow),
                                        report.heard.begin() + static_cast<std::ptrdiff_t>((down + 5) * kWindow));
    EXPECT_LT(longest_gap_ms(hold_and_beginning), 200);

    // The greeting is understood right from there.
    const auto ear = sim::make_embedded_ear();
    const auto rest = std::span(heard).subspan(down * kWindow);
    const auto understood =
        ear->recognise(rest, {"hello this is harbour dental", "welcome to harbour dental", "please wait a moment", "good evening my dear friend"});
    ASSERT_FALSE(understood.empty()) << "nothing understood of the greeting";
    EXPECT_THAT(understood.front().text, testing::AnyOf("hello this is harbour dental", "welcome to harbour dental"));

    // What could not be prepared is said once, and the call went on.
    const auto failed = gateway.events("prep.failed");
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0]["what"], "tool:nobody_has_this");
    EXPECT_EQ(gateway.metric("parley_preparations_total{outcome=\"failed\"}"), 1);
    const auto result = replayed(gateway);
    EXPECT_TRUE(result.identical) << result.error << " line " << result.line << ": " << result.recorded << " / " << result.replayed;
    EXPECT_EQ(gateway.events("call.ended").at(0)["reason"], "caller_hung_up");

    // The keys pressed meanwhile are not lost, and nothing of the hold counts as said by the agent.
    std::ifstream in(gateway.events("call.ended").at(0)["call_file"].get<std::string>());
    const std::string file{std::istreambuf_iterator<char>(in), {}};
    EXPECT_NE(file.find("pressed these keys while waiting: 42"), std::string::npos);
    EXPECT_EQ(file.find("look at your file"), std::string::npos);
}

TEST(HoldSlow, WhoHangsUpOnHoldHasHungUp) {
    const GatewayUnderTest gateway(receptionist(R"(    hold:
      strategy: audio_then_music
      audio: default
      music: default
      least: 20s
      longest: 30s
)"));
    const auto report = call(gateway, R"(
name: impatient
caller: {voice: rms}
steps:
  - pause: 2500ms
  - hangup
)");
    EXPECT_EQ(report.ended_by, "caller");
    EXPECT_GT(sim::level_dbfs(pcm_of(report.heard)), -45) << "the chime and our own tune";
    const auto result = replayed(gateway);
    EXPECT_TRUE(result.identical) << result.error;
    const auto ended = gateway.events("call.ended").at(0);
    EXPECT_EQ(ended["reason"], "caller_hung_up");
    EXPECT_EQ(ended["turns"], 0);
    EXPECT_TRUE(eventually([&] { return gateway.metric("parley_calls_active{dir=\"in\"}") == 0; }));
}

// A tone as a WAV file's bytes.
std::string wav_of(double hertz, std::size_t samples) {
    const auto path = std::filesystem::path(testing::TempDir()) / ("parley-tone-" + std::to_string(::getpid()) + ".wav");
    std::vector<std::int16_t> pcm(samples);
    for (std::size_t i = 0; i < pcm.size(); ++i)
        pcm[i] = static_cast<std::int16_t>(5000 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / 8000));
    {
        auto writer = audio::WavWriter::open(path, {});
        EXPECT_TRUE(writer);
        EXPECT_FALSE(writer->write(pcm));
        EXPECT_FALSE(writer->close());
    }
    std::ifstream in(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    std::filesystem::remove(path);
    return bytes;
}

class HoldUploaded : public OnEachStore {};

// By the agent's own credential: its audio once, then its music, until the greeting.
TEST_P(HoldUploaded, SlowAudioAndMusicOfTheAgentAreHeard) {
    constexpr const char* kAdmin = "an-admin-token-for-tests";
    const std::string account = "AC99999999999999999999999999999999", token(32, 'b'), line = "+18005550101";
    constexpr double kAudio = 2750;
    sim::FakeTwilioOptions twilio_options;
    twilio_options.carrier.account_sid = account;
    twilio_options.carrier.auth_token = Secret(token);
    twilio_options.numbers[line] = {};
    sim::FakeTwilio twilio(std::move(twilio_options));
    Sections setup;
    setup.server = std::string("  admin_token: \"") + kAdmin + "\"\n";
    setup.twilio = std::string("  account_sids: [\"") + kAccount + "\"]\n  api_base_url: \"http://127.0.0.1:" + std::to_string(twilio.port()) + "\"\n";
    setup.more = store();
    setup.agents = "  desk: {default: true, brain: echo}\n  front: {script: \"" PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml\", hold: {least: 3s}}\n";
    GatewayUnderTest gateway(setup);
    const auto put = [&](const std::string& path, const std::string& type, const std::string& body) {
        return http(gateway.gateway().admin_port(), "PUT", "/v1/agents/front/" + path,
                    {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdmin}, {"Content-Type", type}}, body);
    };
    const auto audio = put("media/holdaudio", "audio/wav", wav_of(kAudio, 8000));
    ASSERT_EQ(audio.status, 200) << audio.body;
    const auto music = put("media/holdmusic", "audio/wav", wav_of(kMusic, 16000));
    ASSERT_EQ(music.status, 200) << music.body;
    const auto saved = put(
        "twilio", "application/json",
        json{{"accountsid", account}, {"authtoken", token}, {"phonenumbers", {line}}, {"maxcallseconds", 300}, {"holdstrategy", "audio_then_music"}}.dump());
    ASSERT_EQ(saved.status, 200) << saved.body;
    // The sounds are in the store; they are fetched once they are asked for.
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));

    auto options = gateway.carrier();
    options.account_sid = account;
    options.auth_token = Secret(token);
    options.voice = sim::make_embedded_voice();
    sim::SimCarrier carrier(options);
    auto plan = gateway.plan(steps({pause(6000), hang_up()}));
    plan.to = line;
    const auto report = carrier.place_call(plan).report.get();
    EXPECT_EQ(report.ended_by, "caller");
    const auto heard = pcm_of(report.heard);
    const auto loud_ms = [&](double hertz) {
        int windows = 0;
        for (std::size_t at = 0; at + kWindow <= heard.size(); at += kWindow) windows += tone_db(std::span(heard).subspan(at, kWindow), hertz) > -26;
        return windows * 100;
    };
    EXPECT_NEAR(loud_ms(kAudio), 1000, 200) << "once, all of it";
    EXPECT_GE(loud_ms(kMusic), 1700) << "from there until the greeting";
    EXPECT_LE(loud_ms(kMusic), 3200);
    const auto levels = music_levels(heard);
    const auto first_music = std::find_if(levels.begin(), levels.end(), [](double db) { return db > -26; }) - levels.begin();
    std::ptrdiff_t last_audio = 0;
    for (std::size_t at = 0; at + kWindow <= heard.size(); at += kWindow)
        if (tone_db(std::span(heard).subspan(at, kWindow), kAudio) > -26) last_audio = static_cast<std::ptrdiff_t>(at / kWindow);
    EXPECT_GE(first_music, last_audio) << "one behind the other";
    ASSERT_FALSE(report.agent_speech.empty());
    twilio.stop();
}

ON_EACH_STORE(HoldUploaded);

}  // namespace
}  // namespace parley::scenarios
