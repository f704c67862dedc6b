#include "parley/vendors/catalogue.hpp"

#include <algorithm>
#include <array>

#include "parley/vendors/anthropic/messages.hpp"
#include "parley/vendors/assemblyai/streaming.hpp"
#include "parley/vendors/cartesia/ink.hpp"
#include "parley/vendors/cartesia/sonic.hpp"
#include "parley/vendors/deepgram/agent.hpp"
#include "parley/vendors/deepgram/flux.hpp"
#include "parley/vendors/deepgram/listen.hpp"
#include "parley/vendors/deepgram/speak.hpp"
#include "parley/vendors/elevenlabs/agents.hpp"
#include "parley/vendors/elevenlabs/scribe.hpp"
#include "parley/vendors/elevenlabs/speech.hpp"
#include "parley/vendors/gemini/generate.hpp"
#include "parley/vendors/gemini/live.hpp"
#include "parley/vendors/langflow/run.hpp"
#include "parley/vendors/openai/chat.hpp"
#include "parley/vendors/openai/realtime.hpp"
#include "parley/vendors/openai/responses.hpp"
#include "parley/vendors/openai/speech.hpp"
#include "parley/vendors/openai/transcribe.hpp"

namespace parley::vendors {

namespace {

using Check = std::string (*)(const Endpoint&);

constexpr Offer stt(std::string_view vendor, std::string_view api, Check check, std::unique_ptr<SttStream> (*make)(const Endpoint&, const Link&, SttSink&)) {
    return {vendor, Role::stt, api, check, make, nullptr, nullptr, nullptr};
}
constexpr Offer lm(std::string_view vendor, std::string_view api, Check check, std::unique_ptr<LmClient> (*make)(const Endpoint&, const Link&)) {
    return {vendor, Role::lm, api, check, nullptr, make, nullptr, nullptr};
}
constexpr Offer tts(std::string_view vendor, std::string_view api, Check check, std::unique_ptr<TtsStream> (*make)(const Endpoint&, const Link&, TtsSink&)) {
    return {vendor, Role::tts, api, check, nullptr, nullptr, make, nullptr};
}
constexpr Offer s2s(std::string_view vendor, std::string_view api, Check check,
                    std::unique_ptr<S2sSession> (*make)(const Endpoint&, const Link&, S2sSetup, S2sSink&)) {
    return {vendor, Role::s2s, api, check, nullptr, nullptr, nullptr, make};
}

const std::array kOffers{
    stt("deepgram", "listen", deepgram::check_listen, deepgram::make_listen),
    stt("deepgram", "flux", deepgram::check_flux, deepgram::make_flux),
    stt("assemblyai", "streaming", assemblyai::check_streaming, assemblyai::make_streaming),
    stt("elevenlabs", "scribe", elevenlabs::check_scribe, elevenlabs::make_scribe),
    stt("cartesia", "ink", cartesia::check_ink, cartesia::make_ink),
    stt("openai", "transcribe", openai::check_transcribe, openai::make_transcribe),
    lm("openai", "chat", check_openai_chat, make_openai_chat),
    lm("openai", "responses", check_openai_responses, make_openai_responses),
    lm("fireworks", "chat", check_openai_chat, make_openai_chat),
    lm("groq", "chat", check_openai_chat, make_openai_chat),
    lm("together", "chat", check_openai_chat, make_openai_chat),
    lm("openrouter", "chat", check_openai_chat, make_openai_chat),
    lm("vllm", "chat", check_openai_chat, make_openai_chat),
    lm("llamacpp", "chat", check_openai_chat, make_openai_chat),
    lm("ollama", "chat", check_openai_chat, make_openai_chat),
    lm("compatible", "chat", check_openai_chat, make_openai_chat),
    lm("anthropic", "messages", check_anthropic, make_anthropic),
    lm("gemini", "generate", check_gemini, make_gemini),
    lm("langflow", "run", check_langflow, make_langflow),
    tts("deepgram", "speak", deepgram::check_speak, deepgram::make_speak),
    tts("deepgram", "speak-rest", deepgram::check_speak, deepgram::make_speak_rest),
    tts("elevenlabs", "speech", elevenlabs::check_speech, elevenlabs::make_speech),
    tts("cartesia", "sonic", cartesia::check_sonic, cartesia::make_sonic),
    tts("openai", "speech", openai::check_speech, openai::make_speech),
    s2s("openai", "realtime", check_openai_realtime, make_openai_realtime),
    s2s("deepgram", "agent", check_deepgram_agent, make_deepgram_agent),
    s2s("gemini", "live", check_gemini_live, make_gemini_live),
    s2s("elevenlabs", "agents", check_elevenlabs_agents, make_elevenlabs_agents),
};

struct VendorText {
    std::string_view vendor, text;
};
constexpr std::array kKeyVariables{
    VendorText{"deepgram", "DEEPGRAM_API_KEY"},
    VendorText{"assemblyai", "ASSEMBLYAI_API_KEY"},
    VendorText{"elevenlabs", "ELEVENLABS_API_KEY"},
    VendorText{"cartesia", "CARTESIA_API_KEY"},
    VendorText{"openai", "OPENAI_API_KEY"},
    VendorText{"anthropic", "ANTHROPIC_API_KEY"},
    VendorText{"gemini", "GEMINI_API_KEY"},
    VendorText{"gemini", "GOOGLE_API_KEY"},
    VendorText{"langflow", "LANGFLOW_API_KEY"},
    VendorText{"fireworks", "FIREWORKS_API_KEY"},
    VendorText{"groq", "GROQ_API_KEY"},
    VendorText{"together", "TOGETHER_API_KEY"},
    VendorText{"openrouter", "OPENROUTER_API_KEY"},
    VendorText{"vllm", "VLLM_API_KEY"},
};

constexpr std::array kHomes{
    VendorText{"deepgram", "https://api.deepgram.com"},
    VendorText{"assemblyai", "https://streaming.assemblyai.com"},
    VendorText{"elevenlabs", "https://api.elevenlabs.io"},
    VendorText{"cartesia", "https://api.cartesia.ai"},
    VendorText{"openai", "https://api.openai.com"},
    VendorText{"anthropic", "https://api.anthropic.com"},
    VendorText{"gemini", "https://generativelanguage.googleapis.com"},
    VendorText{"fireworks", "https://api.fireworks.ai"},
    VendorText{"groq", "https://api.groq.com"},
    VendorText{"together", "https://api.together.xyz"},
    VendorText{"openrouter", "https://openrouter.ai"},
    VendorText{"vllm", "http://127.0.0.1:8000"},
    VendorText{"llamacpp", "http://127.0.0.1:8080"},
    VendorText{"ollama", "http://127.0.0.1:11434"},
};

const Offer* find(Role role, const Endpoint& endpoint) {
    const auto api = endpoint.option("api");
    for (const auto& offer : kOffers)
        if (offer.role == role && offer.vendor == endpoint.vendor && (api.empty() || offer.api == api)) return &offer;
    return nullptr;
}

// As the codecs want it: without `api`, which is the catalogue's own, and with the version in OpenAI's base, which people leave out as often
// as they give it.
Endpoint prepared(Endpoint endpoint) {
    endpoint.options.erase("api");
    auto& base = endpoint.base_url;
    const auto host = base.find("://");
    const bool bare = host != std::string::npos && base.find('/', host + 3) == std::string::npos;
    if (endpoint.vendor == "openai" && bare) base += "/v1";
    return endpoint;
}

}  // namespace

std::string_view name(Role role) {
    switch (role) {
        case Role::stt:
            return "stt";
        case Role::lm:
            return "lm";
        case Role::tts:
            return "tts";
        case Role::s2s:
            return "s2s";
    }
    return "stt";
}

std::optional<Role> role_named(std::string_view text) {
    for (const auto role : {Role::stt, Role::lm, Role::tts, Role::s2s})
        if (name(role) == text) return role;
    return std::nullopt;
}

std::span<const Offer> offers() {
    return kOffers;
}

bool known(std::string_view vendor) {
    return std::any_of(kOffers.begin(), kOffers.end(), [&](const Offer& offer) { return offer.vendor == vendor; });
}

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& offer : kOffers)
        if (std::find(all.begin(), all.end(), offer.vendor) == all.end()) all.emplace_back(offer.vendor);
    return all;
}

std::vector<std::string_view> key_variables(std::string_view vendor) {
    std::vector<std::string_view> all;
    for (const auto& entry : kKeyVariables)
        if (entry.vendor == vendor) all.push_back(entry.text);
    return all;
}

std::string home(const Endpoint& endpoint) {
    if (!endpoint.base_url.empty()) return endpoint.base_url;
    for (const auto& entry : kHomes)
        if (entry.vendor == endpoint.vendor) return std::string(entry.text);
    return {};
}

std::string check(Role role, const Endpoint& endpoint) {
    const auto* offer = find(role, endpoint);
    if (offer != nullptr) return offer->check(prepared(endpoint));
    std::string apis;
    for (const auto& other : kOffers)
        if (other.role == role && other.vendor == endpoint.vendor) apis += (apis.empty() ? "" : ", ") + std::string(other.api);
    if (apis.empty()) return endpoint.vendor + " does not serve " + std::string(name(role));
    return "option api: expected one of " + apis + ", found '" + endpoint.option("api") + "'";
}

std::unique_ptr<SttStream> make_stt(const Endpoint& endpoint, const Link& link, SttSink& sink) {
    const auto* offer = find(Role::stt, endpoint);
    return offer == nullptr ? nullptr : offer->stt(prepared(endpoint), link, sink);
}
std::unique_ptr<LmClient> make_lm(const Endpoint& endpoint, const Link& link) {
    const auto* offer = find(Role::lm, endpoint);
    return offer == nullptr ? nullptr : offer->lm(prepared(endpoint), link);
}
std::unique_ptr<TtsStream> make_tts(const Endpoint& endpoint, const Link& link, TtsSink& sink) {
    const auto* offer = find(Role::tts, endpoint);
    return offer == nullptr ? nullptr : offer->tts(prepared(endpoint), link, sink);
}
std::unique_ptr<S2sSession> make_s2s(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink) {
    const auto* offer = find(Role::s2s, endpoint);
    return offer == nullptr ? nullptr : offer->s2s(prepared(endpoint), link, std::move(setup), sink);
}

}  // namespace parley::vendors
