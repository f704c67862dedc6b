#pragma once
// A speech-to-speech client against an emulated vendor on 127.0.0.1. Both speak in tones whose meaning is exact; the
// client's thread is the test's own.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "parley/net/http_client.hpp"
#include "parley/sim/emulators.hpp"
#include "parley/sim/sound.hpp"
#include "parley/sim/tone_alphabet.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/s2s.hpp"

namespace parley::vendors {

namespace asio = boost::asio;
using namespace std::chrono_literals;

inline constexpr const char* kQuestion = "what are your opening hours";
inline constexpr const char* kAnswer = "we are open from nine until five";
inline constexpr const char* kBooking = "book an appointment";
inline constexpr const char* kFree = "tuesday at ten is free";
inline constexpr const char* kThanks = "thank you";
inline constexpr const char* kWelcome = "you are welcome";
inline constexpr const char* kGreeting = "hello how can i help you";
inline constexpr const char* kStory = "tell me a story";
inline constexpr const char* kLong =
    "we are open from nine until five you are welcome we are open from nine until five you are welcome "
    "we are open from nine until five you are welcome we are open from nine until five you are welcome";

class S2sLog final : public S2sSink {
public:
    struct Reply {
        std::vector<std::int16_t> audio;
        std::string words;
        bool done = false, then_tools = false;
    };
    void on_s2s_open(std::string_view id, std::chrono::seconds life) override {
        add("open");
        request_id = id;
        lifetime = life;
    }
    void on_caller_started() override { add("started"); }
    void on_caller_stopped() override { add("stopped"); }
    void on_caller_interim(std::string_view text) override { interim = text; }
    void on_caller_text(std::string_view text) override {
        add("said " + std::string(text));
        said.emplace_back(text);
    }
    void on_vendor_reply(VendorReply reply) override {
        add("reply " + std::to_string(reply));
        if (!replies.emplace(reply, Reply{}).second) add("TWICE");
    }
    void on_reply_audio(VendorReply reply, std::span<const std::int16_t> pcm) override {
        auto& one = of(reply);
        one.audio.insert(one.audio.end(), pcm.begin(), pcm.end());
    }
    void on_reply_words(VendorReply reply, std::string_view delta) override { of(reply).words += delta; }
    void on_reply_done(VendorReply reply, bool then_tools) override {
        add("done " + std::to_string(reply) + (then_tools ? " tools" : ""));
        auto& one = of(reply);
        one.done = true;
        one.then_tools = then_tools;
    }
    void on_vendor_interrupted() override { add("interrupted"); }
    void on_tool_call(VendorReply reply, const ToolCall& call) override {
        (void)of(reply);
        calls.push_back(call);
        add("call " + call.name);
    }
    void on_usage(const LmUsage& usage) override { output_tokens += usage.output; }
    void on_going_away(std::chrono::milliseconds left) override {
        add("going");
        going_away = left;
    }
    void on_s2s_failed(const Failure& failure) override {
        add("failed");
        failures.push_back(failure);
    }

    [[nodiscard]] bool has(std::string_view line) const { return std::find(lines.begin(), lines.end(), line) != lines.end(); }
    [[nodiscard]] std::string all() const {
        std::string text;
        for (const auto& line : lines) text += line + "; ";
        return text;
    }

    std::vector<std::string> lines, said;
    std::string request_id, interim;
    std::chrono::seconds lifetime{-1};
    std::map<VendorReply, Reply> replies;
    std::vector<ToolCall> calls;
    std::vector<Failure> failures;
    std::optional<std::chrono::milliseconds> going_away;
    std::uint32_t output_tokens = 0;

private:
    void add(std::string line) {
        if (!failures.empty()) line += " AFTER THE END";
        lines.push_back(std::move(line));
    }
    // A reply that was never announced, or that is over, must not be heard of.
    Reply& of(VendorReply reply) {
        const auto found = replies.find(reply);
        if (found == replies.end() || found->second.done) add("STRAY");
        return replies[reply];
    }
};

struct S2sVendor {
    const char* name;      // of the test
    const char* emulator;  // of the vendor
    std::unique_ptr<S2sSession> (*make)(const Endpoint&, const Link&, S2sSetup, S2sSink&);
    const char* path = "";  // behind the host in the base URL
    const char* model = "";
    std::map<std::string, std::string> options;
    const char* surface = "";  // in the socket's target, for the fault script
};

class S2sRig {
public:
    explicit S2sRig(const S2sVendor& vendor, S2sSetup setup = {}, sim::Fault fault = {}, double pace = 0, const char* key = "sim-key")
        : alphabet(std::make_shared<sim::ToneAlphabet>(std::vector<std::string>{kQuestion, kAnswer, kBooking, kFree, kThanks, kWelcome, kGreeting, kStory})),
          world(make_world(pace)),
          host(emulator_named(vendor.emulator, world), world),
          http(std::make_unique<net::HttpClient>(io.get_executor())) {
        host.script({sim::FaultRule{vendor.surface, 1, 1 << 30, std::move(fault)}});
        endpoint.base_url = host.url() + vendor.path;
        endpoint.key = Secret(key);
        endpoint.model = vendor.model;
        endpoint.options = vendor.options;
        link.executor = io.get_executor();
        link.http = http.get();
        setup.tools.push_back({"get_slot", "Finds a slot", R"({"type":"object","properties":{"day":{"type":"string"}}})"});
        session = vendor.make(endpoint, link, std::move(setup), log);
    }
    ~S2sRig() {
        if (!closed_) close();
        session.reset();
        http.reset();
        run_for(10ms);
    }

    // False when it has not come to that in 20 s.
    bool run_until(const std::function<bool()>& reached) {
        const auto deadline = Clock::now() + 20s;
        while (!reached()) {
            if (Clock::now() > deadline) return false;
            io.restart();
            io.run_one_for(20ms);
        }
        return true;
    }
    bool open() {
        session->open();
        return run_until([&] { return log.has("open") || !log.failures.empty(); }) && session->open_now();
    }
    void run_for(std::chrono::milliseconds time) {
        io.restart();
        io.run_for(time);
    }
    bool close() {
        closed_ = true;
        bool done = false;
        asio::co_spawn(io, closing(done), [](std::exception_ptr) {});
        return run_until([&] { return done; });
    }
    // The caller says something and is silent for half a second; faster than it takes.
    void say(const std::string& text) {
        auto sound = alphabet->speak(text, {});
        sound.resize(sound.size() / 160 * 160 + 160 * 25);
        for (std::size_t at = 0; at < sound.size(); at += 160) frame(std::span(sound).subspan(at, 160));
    }
    void frame(std::span<const std::int16_t> pcm) {
        const auto mulaw = sim::to_mulaw(pcm);
        session->audio({mulaw, pcm});
        run_for(0ms);
    }
    bool done(VendorReply reply) {
        return run_until([&] { return log.replies.count(reply) != 0 && log.replies[reply].done; });
    }
    // What a reply's sound means, in phrases joined by blanks.
    [[nodiscard]] std::string meaning(VendorReply reply) {
        std::string text;
        for (const auto& one : alphabet->recognise(log.replies[reply].audio, {})) text += (text.empty() ? "" : " ") + one.text;
        return text;
    }
    // Bodies of the messages that came in whose text contains `part`.
    [[nodiscard]] std::vector<std::string> received(std::string_view part) const {
        std::vector<std::string> found;
        for (auto& text : host.received())
            if (text.find(part) != std::string::npos) found.push_back(text);
        return found;
    }

    asio::io_context io;
    std::shared_ptr<sim::ToneAlphabet> alphabet;
    std::shared_ptr<sim::EmulatorWorld> world;
    sim::VendorHost host;
    std::unique_ptr<net::HttpClient> http;
    Endpoint endpoint;
    Link link;
    S2sLog log;
    std::unique_ptr<S2sSession> session;

private:
    std::shared_ptr<sim::EmulatorWorld> make_world(double pace) const {
        sim::WorldSettings settings;
        settings.phrases = {kQuestion, kBooking, kThanks, kStory};
        const auto rule = [&settings](const char* regex, const char* say) {
            sim::MindRule one;
            one.regex = regex;
            one.say = say;
            settings.rules.push_back(one);
        };
        rule("opening", kAnswer);
        rule("thank", kWelcome);
        rule("story", kLong);
        sim::MindRule call;
        call.words = {"appointment"};
        call.tool = "get_slot";
        call.arguments = R"({"day":"tue"})";
        settings.rules.push_back(call);
        sim::MindRule result;
        result.tool_result = "get_slot";
        result.say = kFree;
        settings.rules.push_back(result);
        settings.recognition = settings.first_token = settings.first_audio = 5ms;
        settings.token = 0ms;
        settings.pace = pace;
        return std::make_shared<sim::EmulatorWorld>(settings, alphabet, alphabet);
    }
    static std::shared_ptr<sim::VendorEmulator> emulator_named(std::string_view vendor, std::shared_ptr<sim::EmulatorWorld> world) {
        for (const auto& entry : sim::vendor_emulators())
            if (entry.name == vendor) return entry.make(std::move(world));
        throw std::runtime_error("no such emulator");
    }
    net::Task<> closing(bool& done) {
        co_await session->close();
        done = true;
    }
    bool closed_ = false;
};

}  // namespace parley::vendors
