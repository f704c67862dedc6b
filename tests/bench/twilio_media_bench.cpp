// One 20 ms media message in and out: the scanner beside a general parser, the writer, and the order rules.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "parley/twilio/bot_codec.hpp"
#include "parley/twilio/media_codec.hpp"
#include "parley/twilio/media_writer.hpp"
#include "parley/twilio/signature.hpp"
#include "parley/twilio/stream_protocol.hpp"

namespace {

using namespace parley::twilio;
const std::string kSid = "MZ0123456789abcdef0123456789abcdef";

std::string message() {
    auto writer = *CarrierWriter::create("AC0123456789abcdef0123456789abcdef", "CA0123456789abcdef0123456789abcdef", kSid);
    std::vector<char> buffer(1024);
    std::vector<std::uint8_t> mulaw(160);
    for (std::size_t i = 0; i < mulaw.size(); ++i) mulaw[i] = static_cast<std::uint8_t>(i * 37);
    return std::string(writer.media(mulaw, 123456, buffer));
}

void scan(benchmark::State& state) {
    const std::string text = message();
    MediaScanner scanner;
    for (auto _ : state) benchmark::DoNotOptimize(scanner.scan(text));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(scan);

void scan_slow_path(benchmark::State& state) {
    const std::string text = message();
    MediaScanner scanner;
    for (auto _ : state) benchmark::DoNotOptimize(scanner.parse(text));
}
BENCHMARK(scan_slow_path);

void nlohmann_dom(benchmark::State& state) {
    const std::string text = message();
    for (auto _ : state) {
        const auto json = nlohmann::json::parse(text);
        benchmark::DoNotOptimize(json["media"]["payload"].get_ref<const std::string&>().data());
    }
}
BENCHMARK(nlohmann_dom);

void write_media(benchmark::State& state) {
    const auto writer = *MediaWriter::create(kSid);
    const std::vector<std::uint8_t> mulaw(160, 0x7F);
    std::vector<char> buffer(1024);
    for (auto _ : state) benchmark::DoNotOptimize(writer.media(mulaw, buffer));
}
BENCHMARK(write_media);

void write_media_pass_through(benchmark::State& state) {
    const auto writer = *MediaWriter::create(kSid);
    const std::string payload(216, 'A');
    std::vector<char> buffer(1024);
    for (auto _ : state) benchmark::DoNotOptimize(writer.media_base64(payload, buffer));
}
BENCHMARK(write_media_pass_through);

void scan_and_order(benchmark::State& state) {
    auto carrier = *CarrierWriter::create("AC1", "CA1", kSid);
    MediaScanner scanner;
    StreamProtocol protocol{parley::Instant(0)};
    StreamActions actions;
    protocol.on_message(*scanner.scan(carrier.start({})), parley::Instant(0), actions);
    const std::string payload(216, 'A');
    std::vector<char> buffer(1024);
    std::int64_t frame = 0;
    for (auto _ : state) {
        const auto text = carrier.media_base64(payload, static_cast<std::uint64_t>(frame) * 20, buffer);
        protocol.on_message(*scanner.scan(text), parley::Instant(frame * 20'000), actions);
        benchmark::DoNotOptimize(actions.size());
        ++frame;
    }
    if (protocol.closed()) state.SkipWithError("the stream was closed");
}
BENCHMARK(scan_and_order);

void check_signature(benchmark::State& state) {
    Form form;
    for (int i = 0; i < 25; ++i) form.add("Parameter" + std::to_string(i), "+14158675310");
    const parley::Secret token("5f2a9c0d7b1e4863a0c9d2f17e6b5a48");
    const SignatureValidator validator({token});
    const std::string url = "https://gw.example.com/webhooks/twilio/voice";
    const std::string header = state.range(0) == 0 ? sign(token, url + signed_parameters(form)) : std::string(28, 'x');
    for (auto _ : state) benchmark::DoNotOptimize(validator.check_form(url, form, header));
}
BENCHMARK(check_signature)->ArgName("forged")->Arg(0)->Arg(1);

}  // namespace
