#include "stt_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cctype>

#include "parley/audio/g711.hpp"
#include "parley/net/deadline.hpp"
#include "parley/vendors/assemblyai/streaming.hpp"
#include "parley/vendors/cartesia/ink.hpp"
#include "parley/vendors/deepgram/flux.hpp"
#include "parley/vendors/deepgram/listen.hpp"
#include "parley/vendors/elevenlabs/scribe.hpp"
#include "parley/vendors/openai/transcribe.hpp"

namespace parley::vendors {

namespace asio = boost::asio;
using net::Task;

const std::vector<SttCase>& stt_cases() {
    static const std::vector<SttCase> cases{
        {"DeepgramListen", "deepgram", deepgram::make_listen, deepgram::check_listen, "", {{"endpointing", "200"}}, true, R"({"type":"CloseStream"})"},
        {"DeepgramFlux", "deepgram", deepgram::make_flux, deepgram::check_flux, "", {{"eager_eot_threshold", "0.5"}}, true, R"({"type":"CloseStream"})"},
        {"OpenAiWhisper", "openai", openai::make_transcribe, openai::check_transcribe, "", {}, false, ""},
        {"OpenAiServerVad",
         "openai",
         openai::make_transcribe,
         openai::check_transcribe,
         "gpt-4o-transcribe",
         {{"turn_detection", "server_vad"}, {"silence_duration_ms", "200"}},
         true,
         ""},
        {"AssemblyAiU3",
         "assemblyai",
         assemblyai::make_streaming,
         assemblyai::check_streaming,
         "",
         {{"min_turn_silence", "200"}},
         true,
         R"({"type":"Terminate"})"},
        {"AssemblyAiUniversal",
         "assemblyai",
         assemblyai::make_streaming,
         assemblyai::check_streaming,
         "universal-streaming-english",
         {{"format_turns", "true"}, {"min_turn_silence", "200"}},
         true,
         R"({"type":"Terminate"})"},
        {"ElevenLabsManual", "elevenlabs", elevenlabs::make_scribe, elevenlabs::check_scribe, "", {}, false, ""},
        {"ElevenLabsVad",
         "elevenlabs",
         elevenlabs::make_scribe,
         elevenlabs::check_scribe,
         "",
         {{"commit_strategy", "vad"}, {"vad_silence_threshold_secs", "0.3"}},
         true,
         ""},
        {"CartesiaTurns", "cartesia", cartesia::make_ink, cartesia::check_ink, "", {}, true, R"({"type":"close"})"},
        {"CartesiaManual", "cartesia", cartesia::make_ink, cartesia::check_ink, "", {{"turns", "false"}}, false, "close"},
    };
    return cases;
}

namespace {

std::shared_ptr<sim::EmulatorWorld> world() {
    static const auto shared = [] {
        sim::WorldSettings settings;
        settings.tones = true;
        settings.phrases = {kHours, kTuesday, "yes"};
        settings.endpointing = std::chrono::milliseconds(200);
        settings.recognition = std::chrono::milliseconds(30);
        return std::make_shared<sim::EmulatorWorld>(settings);
    }();
    return shared;
}

asio::io_context& loop() {
    static asio::io_context context(1);
    return context;
}

Task<> sleep_for(std::chrono::milliseconds time) {
    (void)co_await net::sleep_until(Clock::now() + time);
}

std::string number(double value) {
    char text[16];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

}  // namespace

void Told::on_piece(std::string_view text, double confidence) {
    longest = std::max(longest, text.size());
    if (!pieces.empty()) pieces += ' ';
    pieces += text;
    interim.clear();
    lines.push_back("piece(" + std::string(text.substr(0, 80)) + ")");
    EXPECT_TRUE(confidence >= 0 && confidence <= 1);
    EXPECT_FALSE(text.empty());
}

void Told::on_interim(std::string_view text) {
    longest = std::max(longest, text.size());
    interim = std::string(text);
    lines.push_back("interim(" + std::string(text.substr(0, 80)) + ")");
}

void Told::on_end_of_turn(double confidence, bool is_eager) {
    (is_eager ? eager : ends) += 1;
    lines.push_back((is_eager ? "eager " : "end ") + number(confidence));
}

std::string Told::all() const {
    std::string out;
    for (const auto& line : lines) out += line + "; ";
    return out;
}

std::string bare(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ' ') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

SttBench::SttBench(const SttCase& which, std::vector<sim::FaultRule> script) : case_(which) {
    const auto& vendors = sim::vendor_emulators();
    const auto entry = std::find_if(vendors.begin(), vendors.end(), [&](const auto& one) { return one.name == which.vendor; });
    if (entry == vendors.end()) throw std::runtime_error(std::string("no emulator of ") + which.vendor);
    sim::VendorHostOptions options;
    options.script = std::move(script);
    host = std::make_unique<sim::VendorHost>(entry->make(world()), world(), options);
    endpoint.name = which.name;
    endpoint.vendor = which.vendor;
    endpoint.base_url = host->url();
    endpoint.key = Secret("sim-key");
    endpoint.model = which.model;
    endpoint.options = which.options;
    EXPECT_EQ(which.check(endpoint), "");
}

SttBench::~SttBench() = default;

Task<> SttBench::give(std::string mulaw) {
    mulaw.resize((mulaw.size() + 159) / 160 * 160, static_cast<char>(audio::kMulawSilence));
    for (std::size_t at = 0; at < mulaw.size(); at += 160) {
        const std::span codes(reinterpret_cast<const std::uint8_t*>(mulaw.data()) + at, 160);
        std::array<std::int16_t, 160> pcm{};
        audio::mulaw_decode(codes, pcm);
        CallerFrame frame;
        frame.mulaw = codes;
        frame.pcm8k = pcm;
        stream_->audio(frame);
        co_await sleep_for(std::chrono::milliseconds(1));
    }
}

Task<> SttBench::say(std::string text) {
    const sim::WireFormat format;
    auto sound = co_await world()->speak(std::move(text), format, sim::Fault{});
    co_await give(std::move(sound));
}

Task<> SttBench::silence(int ms) {
    std::string quiet(static_cast<std::size_t>(ms) * 8, static_cast<char>(audio::kMulawSilence));
    co_await give(std::move(quiet));
}

Task<bool> SttBench::until(std::function<bool()> done) {
    const auto deadline = Clock::now() + std::chrono::seconds(15);
    while (!done() && Clock::now() < deadline) co_await sleep_for(std::chrono::milliseconds(2));
    co_return done();
}

void SttBench::run(const Body& body) {
    Link link;
    link.executor = loop().get_executor();
    stream_ = case_.make(endpoint, link, told);
    auto whole = [](SttBench& bench, Body what) -> Task<> {
        bench.stream().open();
        co_await what(bench);
        co_await bench.stream().close();
    };
    std::exception_ptr failed;
    loop().restart();
    auto ended = [&](std::exception_ptr error) {
        failed = error;
        loop().stop();  // the sockets' reactor would keep it going
    };
    asio::co_spawn(loop(), whole(*this, body), ended);
    loop().run();
    if (failed) std::rethrow_exception(failed);
    stream_.reset();
}

}  // namespace parley::vendors
