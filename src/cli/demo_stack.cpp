#include "demo_stack.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "parley/vendors/catalogue.hpp"

namespace parley::cli {

namespace {

// What a vendor cannot do without besides its key: where it stands in the environment, and what serves when it does not. A `usual` value
// serves the real vendor too; the others name things of somebody's account.
struct Needed {
    const char *vendor, *role, *field, *variable, *otherwise;
    bool usual;
};
constexpr Needed kNeeded[] = {
    {"elevenlabs", "tts", "voice", "ELEVENLABS_VOICE_ID", "21m00Tcm4TlvDq8ikWAM", true},
    {"elevenlabs", "s2s", "model", "ELEVENLABS_AGENT_ID", "agent_demo", false},
    {"cartesia", "tts", "voice", "CARTESIA_VOICE_ID", "a0e99841-438c-4a64-b679-ae501e7d6091", true},
    {"langflow", "lm", "model", "LANGFLOW_FLOW_ID", "receptionist", false},
    {"openai", "lm", "model", "OPENAI_MODEL", "gpt-4o-mini", true},
    {"gemini", "lm", "model", "GEMINI_MODEL", "gemini-2.5-flash", true},
    {"fireworks", "lm", "model", "FIREWORKS_MODEL", "accounts/fireworks/models/llama-v3p3-70b-instruct", true},
    {"groq", "lm", "model", "GROQ_MODEL", "llama-3.3-70b-versatile", true},
    {"together", "lm", "model", "TOGETHER_MODEL", "meta-llama/Llama-3.3-70B-Instruct-Turbo", true},
    {"openrouter", "lm", "model", "OPENROUTER_MODEL", "openai/gpt-4o-mini", true},
    {"vllm", "lm", "model", "VLLM_MODEL", "default", false},
    {"llamacpp", "lm", "model", "LLAMACPP_MODEL", "default", true},
    {"ollama", "lm", "model", "OLLAMA_MODEL", "llama3.2", true},
    {"compatible", "lm", "model", "OPENAI_COMPATIBLE_MODEL", "default", false},
};

// Whose emulator speaks for a vendor: those that imitate OpenAI have its own.
std::string emulator_of(const std::string& vendor) {
    for (const char* imitator : {"fireworks", "groq", "together", "openrouter", "vllm", "llamacpp", "ollama", "compatible"})
        if (vendor == imitator) return "openai";
    return vendor;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
    return parts;
}

bool listens(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool yes = fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0) ::close(fd);
    return yes;
}

constexpr const char* kEmulatedKey = "sim-key";
constexpr const char* kKeyVariable = "EMULATED_VENDOR_KEY";

// The receptionist of config/scripts/receptionist.yaml, for a model. The judge listens for these very sentences.
constexpr const char* kInstructions =
    "You are the receptionist of Harbour Dental, a dental practice. Answer with these sentences, word for word, and nothing else. "
    "Asked for opening hours: We are open Monday to Friday, from nine until five. We are closed on Saturday and Sunday. Would you like to book an appointment, "
    "or is there anything else that I can do for you today? "
    "Asked for an appointment with a day and a time, for example Friday at three: I have Friday at three in the afternoon. Is that right? "
    "Asked for an appointment without them: On which day and at what time would you like to come? "
    "When the caller says goodbye, call end_call with the farewell: Thank you for calling Harbour Dental. Goodbye.";
constexpr const char* kGreeting = "Hello, this is Harbour Dental. You can ask for our opening hours, or book an appointment. How can I help you?";

}  // namespace

DemoStack::DemoStack(const std::string& stack, const gateway::Environment& environment) {
    const auto names = split(stack, '+');
    std::vector<std::string> roles;
    if (names.size() == 1)
        roles = {"s2s"};
    else if (names.size() == 3)
        roles = {"stt", "lm", "tts"};
    else
        throw std::runtime_error("--stack: expected RECOGNITION+MODEL+VOICE or one speech-to-speech vendor, got '" + stack + "'");
    for (std::size_t i = 0; i < names.size(); ++i) {
        Part part;
        part.role = roles[i];
        const auto colon = names[i].find(':');
        part.vendor = names[i].substr(0, colon);
        if (colon != std::string::npos) part.api = names[i].substr(colon + 1);
        part.name = part.role + "-" + part.vendor;
        vendors::Endpoint endpoint;
        endpoint.name = part.name;
        endpoint.vendor = part.vendor;
        endpoint.key = Secret("k");
        endpoint.base_url = "http://127.0.0.1:1";
        if (!part.api.empty()) endpoint.options["api"] = part.api;
        for (const auto& variable : vendors::key_variables(part.vendor)) {
            const auto found = environment.find(std::string(variable));
            if (found == environment.end() || found->second.empty()) continue;
            part.real = true;
            part.key_variable = variable;
            break;
        }
        if (part.key_variable.empty() && !vendors::key_variables(part.vendor).empty()) part.key_variable = vendors::key_variables(part.vendor).front();
        for (const auto& need : kNeeded) {
            if (part.vendor != need.vendor || part.role != need.role) continue;
            const auto given = environment.find(need.variable);
            const bool has = given != environment.end() && !given->second.empty();
            if (part.real && !has && !need.usual)
                throw std::runtime_error(std::string("--stack: the real ") + need.vendor + " needs " + need.variable + " beside its key");
            const auto value = has ? given->second : std::string(need.otherwise);
            choices_[part.name + "." + need.field] = value;
            (std::string_view(need.field) == "voice" ? endpoint.voice : endpoint.model) = value;
        }
        if (const auto bad = vendors::check(*vendors::role_named(part.role), endpoint); !bad.empty())
            throw std::runtime_error("--stack: " + part.vendor + ": " + bad);
        parts_.push_back(std::move(part));
    }
}

void DemoStack::start(const std::string& binary, const std::filesystem::path& world, const std::filesystem::path& logs) {
    for (const auto& part : parts_) {
        const bool running = std::any_of(emulators_.begin(), emulators_.end(), [&](const auto& e) { return e.vendor == emulator_of(part.vendor); });
        if (part.real || running) continue;
        Emulator emulator;
        emulator.vendor = emulator_of(part.vendor);
        emulator.port = load::free_loopback_port();
        emulator.process =
            load::Child::spawn({binary, "sim", emulator.vendor, "--port", std::to_string(emulator.port), "--key", kEmulatedKey, "--world", world.string()}, {},
                               -1, (logs / ("sim-" + emulator.vendor + ".log")).string());
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!listens(emulator.port)) {
            if (!emulator.process.alive() || std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("the emulated " + part.vendor + " did not start; its log: " + (logs / ("sim-" + emulator.vendor + ".log")).string());
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        emulators_.push_back(std::move(emulator));
    }
}

std::string DemoStack::vendors_yaml() const {
    std::ostringstream out;
    out << "vendors:\n";
    for (const auto& part : parts_) {
        out << "  " << part.name << ":\n    vendor: " << part.vendor << "\n";
        if (!part.real) {
            for (const auto& emulator : emulators_)
                if (emulator.vendor == emulator_of(part.vendor)) out << "    base_url: \"http://127.0.0.1:" << emulator.port << "\"\n";
            out << "    key: \"env:" << kKeyVariable << "\"\n";
        } else {
            out << "    key: \"env:" << part.key_variable << "\"\n";
        }
        for (const char* field : {"voice", "model"})
            if (const auto found = choices_.find(part.name + "." + field); found != choices_.end()) out << "    " << field << ": \"" << found->second << "\"\n";
        if (!part.api.empty()) out << "    options: {api: \"" << part.api << "\"}\n";
    }
    return out.str();
}

std::string DemoStack::agent_yaml() const {
    std::ostringstream out;
    out << "    brain: vendors\n";
    for (const auto& part : parts_) out << "    " << part.role << ": [" << part.name << "]\n";
    out << "    greeting: \"" << kGreeting << "\"\n    instructions: \"" << kInstructions << "\"\n    temperature: 0\n";
    return out.str();
}

std::vector<std::string> DemoStack::notes() const {
    std::vector<std::string> lines;
    for (const auto& part : parts_) {
        const auto what = part.role + ": " + part.vendor + (part.api.empty() ? "" : ":" + part.api);
        if (part.real)
            lines.push_back(what + ", the real one (" + part.key_variable + " is set)");
        else
            lines.push_back(what + ", emulated" + (part.key_variable.empty() ? "" : "; the real one was not run: " + part.key_variable + " is not set"));
    }
    return lines;
}

std::vector<std::string> DemoStack::environment() const {
    return {std::string(kKeyVariable) + "=" + kEmulatedKey};
}

}  // namespace parley::cli
