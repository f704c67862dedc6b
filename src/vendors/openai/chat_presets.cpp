#include <algorithm>
#include <array>

#include "parley/vendors/openai/chat.hpp"

namespace parley::vendors {

namespace {

constexpr ChatPreset preset(std::string_view name, std::string_view base, std::string_view variable) {
    ChatPreset made;
    made.name = name;
    made.base_url = base;
    made.key_variable = variable;
    return made;
}

constexpr ChatPreset local(std::string_view name, std::string_view base, std::string_view variable) {
    auto made = preset(name, base, variable);
    made.needs_key = false;
    made.strict_template = true;
    return made;
}

constexpr auto kPresets = [] {
    std::array all{
        preset("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        preset("fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
        preset("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        preset("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        preset("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        local("vllm", "http://localhost:8000/v1", "VLLM_API_KEY"),
        local("llamacpp", "http://localhost:8080/v1", "LLAMA_API_KEY"),
        local("ollama", "http://localhost:11434/v1", "OLLAMA_API_KEY"),
        local("compatible", "", ""),
    };
    all[0].limit_field = "max_completion_tokens";
    all[0].cache_key = true;
    all[1].stream_usage = false;  // gives usage unasked
    return all;
}();

}  // namespace

std::span<const ChatPreset> chat_presets() {
    return kPresets;
}

const ChatPreset* chat_preset(std::string_view vendor) {
    const auto found = std::find_if(kPresets.begin(), kPresets.end(), [&](const auto& preset) { return preset.name == vendor; });
    return found == kPresets.end() ? nullptr : &*found;
}

}  // namespace parley::vendors
