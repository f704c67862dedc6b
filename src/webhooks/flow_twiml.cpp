#include "flow_twiml.hpp"

#include <algorithm>

namespace parley::webhooks {

namespace twiml = twilio::twiml;
using twilio::TwimlResponse;

namespace {

constexpr std::size_t kSayBytes = 2800;  // below the least limit of any voice, also when every byte is a character

// Where a text may be cut: behind the last sentence that fits, else at a blank, else between two characters.
std::size_t cut_of(std::string_view text) {
    if (text.size() <= kSayBytes) return text.size();
    const auto head = text.substr(0, kSayBytes);
    if (const auto stop = head.find_last_of(".!?"); stop != std::string_view::npos && stop > kSayBytes / 2) return stop + 1;
    if (const auto blank = head.rfind(' '); blank != std::string_view::npos && blank > 0) return blank + 1;
    std::size_t cut = kSayBytes;
    while (cut > 1 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
    return cut;
}

}  // namespace

std::vector<twiml::Say> say(const flows::SayVoice& voice, std::string_view text) {
    std::vector<twiml::Say> all;
    while (!text.empty()) {
        const auto cut = cut_of(text);
        const auto part = text.substr(0, cut);
        text.remove_prefix(cut);
        if (part.find_first_not_of(" \t\r\n") == std::string_view::npos) continue;
        twiml::Say verb;
        verb.text = part;
        if (!voice.voice.empty()) verb.voice = voice.voice;
        if (!voice.language.empty()) verb.language = voice.language;
        all.push_back(std::move(verb));
    }
    return all;
}

void add_say(TwimlResponse& response, const flows::SayVoice& voice, std::string_view text) {
    for (const auto& verb : say(voice, text)) response.say(verb);
}
void add_say(std::vector<twiml::Prompting>& prompts, const flows::SayVoice& voice, std::string_view text) {
    for (auto& verb : say(voice, text)) prompts.emplace_back(std::move(verb));
}

const flows::AgentFlow& flow_of(const call::Agent& agent) {
    static const flows::AgentFlow plain;
    return agent.flow ? *agent.flow : plain;
}

Answer hang_up_answer() {
    return twiml_answer(TwimlResponse().hangup());
}

}  // namespace parley::webhooks
