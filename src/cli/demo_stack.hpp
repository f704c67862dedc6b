#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "parley/gateway/config.hpp"
#include "parley/load/process.hpp"

namespace parley::cli {

// `parley demo --stack`: vendors in place of the embedded engines. "deepgram+openai+elevenlabs" is recognition, model and voice; one name alone
// ("openai") is speech-to-speech; "vendor:api" chooses among a vendor's interfaces. A vendor whose key stands in the environment is the real
// one; every other is emulated by a `parley sim` of its own on loopback.
class DemoStack {
public:
    // Throws std::runtime_error naming what is wrong with `stack`.
    DemoStack(const std::string& stack, const gateway::Environment& environment);
    // Starts the emulators that are needed; throws when one does not come up.
    void start(const std::string& binary, const std::filesystem::path& world, const std::filesystem::path& logs);
    // The `vendors` section and the agent's lines (indented by four) of a configuration.
    [[nodiscard]] std::string vendors_yaml() const;
    [[nodiscard]] std::string agent_yaml() const;
    // One line a vendor: the real one, or emulated and therefore not run.
    [[nodiscard]] std::vector<std::string> notes() const;
    // For the gateway's environment: the emulators' key. Real keys are inherited.
    [[nodiscard]] std::vector<std::string> environment() const;

private:
    struct Part {
        std::string role, name, vendor, api, key_variable;
        bool real = false;
    };
    struct Emulator {
        std::string vendor;
        std::uint16_t port = 0;
        load::Child process;
    };
    std::vector<Part> parts_;
    std::vector<Emulator> emulators_;
    std::map<std::string, std::string> choices_;  // voices and ids from the environment, by vendor and field
};

}  // namespace parley::cli
