#pragma once
// Agents made of vendors' sockets, the vendors emulated in this process: real sockets, sound in tones that are heard exactly. What the caller
// heard, who said it, what the record says of it.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>

#include "emulated_vendors.hpp"
#include "gateway_under_test.hpp"

namespace parley::scenarios {

using namespace std::chrono_literals;
using nlohmann::json;

inline constexpr const char* kGreeting = "good day to you";
inline constexpr const char* kQuestion = "what are your opening hours";
inline constexpr const char* kAnswer = "we are open from nine until five";
inline constexpr const char* kLongQuestion = "tell me everything";
inline constexpr const char* kBye = "goodbye";
inline constexpr const char* kFarewell = "thank you for calling";

// Vendors by name, one world behind all of them: what the caller may say and what is answered.
class Vendors {
public:
    explicit Vendors(const std::vector<std::string>& names) {
        auto settings = quick_world();
        settings.phrases = {kQuestion, kLongQuestion, kBye};
        const auto [bye, after] = goodbye_rules();
        sim::MindRule greeting, hours, everything;
        everything.words = {"everything"};
        for (int i = 0; i < 10; ++i) everything.say += std::string(i == 0 ? "" : " ") + kAnswer + ".";
        greeting.greeting = true;
        greeting.say = kGreeting;
        hours.words = {"hours"};
        hours.say = kAnswer;
        settings.rules = {greeting, bye, after, hours, everything};
        settings.endpointing = 300ms;
        emulated_ = std::make_unique<EmulatedVendors>(
            std::vector<std::string>{kGreeting, kQuestion, kLongQuestion, kAnswer, kBye, kFarewell, "one moment please", "i am sorry"}, settings, names);
    }
    sim::VendorHost& at(const std::string& name) { return emulated_->at(name); }
    void fault(const std::string& name, sim::Fault fault, const std::string& path = {}) {
        sim::FaultRule rule;
        rule.path = path;
        rule.fault = std::move(fault);
        at(name).script({rule});
    }
    [[nodiscard]] std::string section() const {
        return "call_files: {enabled: true, retain_days: 1, directory: calls, frames: full}\nvendors:\n" + emulated_->lines();
    }
    [[nodiscard]] const EmulatedVendors& emulated() const { return *emulated_; }

private:
    std::unique_ptr<EmulatedVendors> emulated_;
};

inline Sections agent(const Vendors& vendors, const std::string& lines) {
    Sections setup;
    setup.more = vendors.section();
    setup.agents = "  desk:\n    default: true\n    brain: vendors\n" + lines;
    return setup;
}
inline const std::string kPipeline = "    greeting: good day to you\n    stt: [deepgram]\n    lm: [openai, openai-b]\n    tts: [elevenlabs, cartesia]\n";

struct Heard {
    sim::CallReport report;
    std::vector<std::string> phrases;  // in the order heard
    std::vector<json> in, out, vendors;
    std::filesystem::path file;
    [[nodiscard]] std::vector<json> of(const std::string& type) const {
        std::vector<json> found;
        for (const auto& command : out)
            if (command["type"] == type) found.push_back(command);
        return found;
    }
};

inline Heard call(const GatewayUnderTest& gateway, const Vendors& vendors, const std::string& scenario) {
    sim::SimCarrier carrier(vendors.emulated().in_tones(gateway.carrier()));
    Heard heard;
    heard.report = carrier.place_call(gateway.plan(sim::parse_scenario(scenario, "scenario.yaml"))).report.get();
    heard.phrases = vendors.emulated().phrases(heard.report);
    EXPECT_TRUE(eventually([&] { return !gateway.events("call.ended").empty(); }));
    for (const auto& entry : std::filesystem::directory_iterator(gateway.data() / "calls")) heard.file = entry.path();
    // The file is complete once the vendors' sockets are closed, a little after the call.
    EXPECT_TRUE(eventually([&] {
        std::ifstream written(heard.file);
        const std::string all((std::istreambuf_iterator<char>(written)), {});
        return all.find("\n{\"end\":") != std::string::npos;
    }));
    std::ifstream in(heard.file);
    for (std::string text; std::getline(in, text);) {
        auto line = json::parse(text, nullptr, false);
        if (!line.is_object()) continue;
        if (line.contains("in")) heard.in.push_back(line["in"]);
        if (line.contains("out")) heard.out.push_back(line["out"]);
        if (line.contains("x") && line["x"].is_string()) {
            auto record = json::parse(line["x"].get<std::string>(), nullptr, false);
            if (record.is_object()) heard.vendors.push_back(std::move(record));
        }
    }
    if (std::getenv("PARLEY_TEST_KEEP") != nullptr)
        std::filesystem::copy_file(heard.file, std::getenv("PARLEY_TEST_KEEP"), std::filesystem::copy_options::overwrite_existing);
    return heard;
}

}  // namespace parley::scenarios
