#include "agents.hpp"

#include <algorithm>
#include <stdexcept>

#include "parley/brain/embedded.hpp"

namespace parley::gateway {

bool Agents::needs_engine(const Config& config) {
    for (const auto& agent : config.agents)
        if (agent.brain == Brain::embedded) return true;
    return false;
}

Agents::Agents(const Config& config, std::uint32_t revision, speech::EnginePool* pool) {
    for (const auto& given : config.agents) {
        auto agent = std::make_shared<call::Agent>();
        agent->name = given.name;
        agent->revision = revision;
        switch (given.brain) {
            case Brain::embedded: {
                agent->brain = call::BrainKind::pipeline;
                if (pool == nullptr) throw std::runtime_error("agent " + given.name + ": no embedded engine");
                brain::EmbeddedSettings settings;
                settings.script = given.script;
                settings.voice.name = given.voice;
                settings.voice.speed = given.speed;
                settings.greeting = given.greeting;
                settings.fixed_phrases = given.conversation.fillers;
                for (const auto& text : {given.conversation.apology_text, given.conversation.goodbye_text, given.conversation.max_duration_text, given.conversation.fallback_text})
                    settings.fixed_phrases.push_back(text);
                for (const auto& text : given.conversation.idle_texts) settings.fixed_phrases.push_back(text);
                agent->pipeline = brain::make_embedded(settings, *pool);
                break;
            }
            case Brain::bot:
                agent->brain = call::BrainKind::bot;
                agent->bot_url = given.bot;
                for (const auto& [name, value] : given.bot_headers) agent->bot_headers.emplace_back(name, std::string(value.reveal()));
                break;
            case Brain::echo: agent->brain = call::BrainKind::echo; break;
        }
        agent->conversation = given.conversation;
        agent->conversation.max_duration = std::min(given.conversation.max_duration, given.max_call);
        agent->fallback_number = given.fallback_number;
        agent->voicemail_prompt = given.voicemail_prompt;
        agent->max_duration = given.max_call;
        agent->record = config.recording.enabled && given.record;
        if (config.call_files.enabled) agent->call_file = config.call_files.frames;
        agent->playout = config.media.playout;
        agent->vad = config.media.vad;
        const std::shared_ptr<const call::Agent> done = std::move(agent);
        by_name_.emplace(given.name, done);
        for (const auto& number : given.numbers) by_number_.emplace(number, done);
        if (given.is_default) default_ = done;
    }
}

std::shared_ptr<const call::Agent> Agents::by_name(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

std::shared_ptr<const call::Agent> Agents::by_number(std::string_view number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? default_ : found->second;
}

}  // namespace parley::gateway
