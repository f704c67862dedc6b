#pragma once
// Vendors emulated in this process, one world behind all of them: real sockets, sound in tones that are heard exactly.

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "parley/sim/carrier.hpp"
#include "parley/sim/emulators.hpp"
#include "parley/sim/sound.hpp"
#include "parley/sim/tone_alphabet.hpp"

namespace parley::scenarios {

// A world in tones that answers faster than a real one; its phrases, rules and endpointing are the test's to fill in.
inline sim::WorldSettings quick_world() {
    using namespace std::chrono_literals;
    sim::WorldSettings world;
    world.fallback = "i am sorry";
    world.tones = true;
    world.recognition = 60ms;
    world.first_token = 60ms;
    world.token = 2ms;
    world.first_audio = 40ms;
    return world;
}

// A caller who says goodbye is wished well by the tool that ends calls: the rule, and the one for its result.
inline std::pair<sim::MindRule, sim::MindRule> goodbye_rules() {
    sim::MindRule bye, after;
    bye.words = {"goodbye"};
    bye.say = "thank you for calling";
    bye.tool = "end_call";
    bye.arguments = R"({"farewell":"thank you for calling"})";
    after.tool_result = "end_call";
    return {bye, after};
}

class EmulatedVendors {
public:
    // `said`: every phrase anybody says. Of names like "openai-b" the part before the hyphen is the vendor, so that there may be two.
    EmulatedVendors(std::vector<std::string> said, const sim::WorldSettings& world,
                    const std::vector<std::string>& names = {"deepgram", "openai", "elevenlabs"})
        : alphabet_(std::make_shared<sim::ToneAlphabet>(std::move(said))), world_(std::make_shared<sim::EmulatorWorld>(world, alphabet_, alphabet_)) {
        for (const auto& name : names)
            for (const auto& entry : sim::vendor_emulators())
                if (entry.name == vendor_of(name)) hosts_[name] = std::make_unique<sim::VendorHost>(entry.make(world_), world_);
    }
    sim::VendorHost& at(const std::string& name) { return *hosts_.at(name); }
    // Below `vendors:` of a configuration.
    [[nodiscard]] std::string lines() const {
        std::string text;
        for (const auto& [name, host] : hosts_) {
            const auto vendor = vendor_of(name);
            text += "  " + name + ": {vendor: " + vendor + ", base_url: \"" + host->url() + "\", key: sim-key, model: " + (vendor == "openai" ? "m" : "\"\"") +
                    ", voice: " + (vendor == "elevenlabs" || vendor == "cartesia" ? "v" : "\"\"") + "}\n";
        }
        return text;
    }
    // The people of this carrier speak and hear in the same tones.
    [[nodiscard]] sim::CarrierOptions in_tones(sim::CarrierOptions carrier) const {
        carrier.voice = alphabet_;
        carrier.ear = alphabet_;
        return carrier;
    }
    [[nodiscard]] std::vector<std::string> phrases(const sim::Pcm8k& pcm) const {
        std::vector<std::string> all;
        for (const auto& phrase : alphabet_->recognise(pcm, {})) all.push_back(phrase.text);
        return all;
    }
    // What the caller heard, in order.
    [[nodiscard]] std::vector<std::string> phrases(const sim::CallReport& report) const { return phrases(sim::from_mulaw(report.heard)); }

private:
    static std::string vendor_of(const std::string& name) { return name.substr(0, name.find('-')); }
    std::shared_ptr<sim::ToneAlphabet> alphabet_;
    std::shared_ptr<sim::EmulatorWorld> world_;
    std::map<std::string, std::unique_ptr<sim::VendorHost>> hosts_;
};

}  // namespace parley::scenarios
