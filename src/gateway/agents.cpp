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

Agents::Agents(const Config& config, std::uint32_t revision, const std::shared_ptr<speech::EnginePool>& pool) {
    for (const auto& given : config.agents) {
        auto agent = std::make_shared<call::Agent>();
        agent->name = given.name;
        agent->revision = revision;
        switch (given.brain) {
            case Brain::embedded: {
                agent->brain = call::BrainKind::pipeline;
                if (pool == nullptr) throw std::runtime_error("agent " + given.name + ": no embedded engine");
                brain::EmbeddedSettings settings;
                settings.voice.name = given.voice;
                settings.voice.speed = given.speed;
                const auto& words = given.conversation;
                settings.fixed_phrases = words.fillers;
                settings.fixed_phrases.insert(settings.fixed_phrases.end(), words.idle_texts.begin(), words.idle_texts.end());
                for (const auto* text : {&words.goodbye_text, &words.apology_text, &words.fallback_text, &words.max_duration_text, &words.max_duration_warning_text})
                    settings.fixed_phrases.push_back(*text);
                std::erase(settings.fixed_phrases, std::string{});
                try {
                    auto script = brain::load_script(given.script.string(), pool->lexicon().get());
                    agent->pipeline = std::make_shared<brain::EmbeddedFactory>(std::move(script), pool, std::move(settings));
                } catch (const std::exception& e) {
                    throw std::runtime_error("agent " + given.name + ": " + e.what());
                }
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
        agent->voicemail = given.voicemail;
        agent->voicemail_prompt = given.voicemail_prompt;
        agent->voicemail_max = given.voicemail_max;
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
