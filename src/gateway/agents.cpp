#include "agents.hpp"

#include "config_flow_rows.hpp"
#include "credential_form.hpp"

#include <algorithm>
#include <stdexcept>

#include "parley/analysis/routing.hpp"
#include "parley/audio/g711.hpp"
#include "parley/brain/embedded.hpp"
#include "parley/brain/embedded_voice.hpp"
#include "parley/brain/filled.hpp"
#include "parley/brain/rendered_phrases.hpp"
#include "parley/flows/time_zone.hpp"
#include "parley/speech/phrase_store.hpp"
#include "parley/store/tokens.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::gateway {

namespace {

std::vector<std::string> fixed_phrases(const conversation::Settings& words) {
    auto phrases = words.fillers;
    phrases.insert(phrases.end(), words.idle_texts.begin(), words.idle_texts.end());
    for (const auto* text : {&words.goodbye_text, &words.apology_text, &words.fallback_text, &words.max_duration_text, &words.max_duration_warning_text})
        phrases.push_back(*text);
    std::erase(phrases, std::string{});
    return phrases;
}

std::string time_left_text(std::chrono::seconds left) {
    const auto minutes = left.count() / 60;
    if (left.count() % 60 != 0 || minutes == 0) return "We have " + std::to_string(left.count()) + " seconds left on this call.";
    return minutes == 1 ? std::string("We have one minute left on this call.") : "We have " + std::to_string(minutes) + " minutes left on this call.";
}

// Its limits and their words, as the policy has them.
conversation::Settings conversation_of(const AgentConfig& given) {
    auto settings = given.conversation;
    settings.max_duration = std::min(settings.max_duration, given.max_call);
    if (given.policy.call.time) settings.max_duration = std::min(settings.max_duration, *given.policy.call.time);
    if (settings.max_duration_warning.count() == 0) settings.max_duration_warning = given.policy.warn_before;
    if (settings.max_duration_warning >= settings.max_duration)
        settings.max_duration_warning = std::chrono::seconds(0);
    else if (settings.max_duration_warning_text == conversation::Settings{}.max_duration_warning_text)
        settings.max_duration_warning_text = time_left_text(settings.max_duration_warning);
    return settings;
}

std::vector<vendors::Endpoint> endpoints(const Config& config, const std::vector<std::string>& names) {
    std::vector<vendors::Endpoint> all;
    for (const auto& name : names) {
        if (const auto* endpoint = config.vendor(name)) {
            all.push_back(*endpoint);
        } else {
            vendors::Endpoint embedded;
            embedded.name = embedded.vendor = vendors::kEmbedded;
            all.push_back(std::move(embedded));
        }
    }
    return all;
}

constexpr std::uint64_t kPhraseBytes = std::uint64_t{64} << 20U;

speech::PhraseKey stored_key(const brain::PhraseKey& key) {
    return {.vendor = key.vendor, .voice = key.voice, .model = key.model, .language = key.language, .options = key.options, .text = key.text};
}

// Below the data directory, shared by all agents of this process and by whoever starts next.
brain::PhraseShelf phrase_shelf(const std::filesystem::path& directory) {
    auto store = std::make_shared<speech::PhraseStore>(directory, kPhraseBytes);
    (void)store->load();  // without a directory it works in memory, and counts
    brain::PhraseShelf shelf;
    shelf.get = [store](const brain::PhraseKey& key) -> std::optional<std::vector<std::int16_t>> {
        const auto kept = store->find(stored_key(key));
        if (!kept) return std::nullopt;
        std::vector<std::int16_t> pcm(kept->size());
        audio::mulaw_decode(*kept, pcm);
        return pcm;
    };
    shelf.put = [store](const brain::PhraseKey& key, std::span<const std::int16_t> pcm) {
        std::vector<std::uint8_t> mulaw(pcm.size());
        audio::mulaw_encode(pcm, mulaw);
        (void)store->put(stored_key(key), mulaw);
    };
    return shelf;
}

// Who it is, what it is to do, and in which languages.
std::string told(const AgentConfig& given) {
    std::string all = given.persona.persona;
    const auto add = [&all](const std::string& more) {
        if (!all.empty() && !more.empty()) all += "\n\n";
        all += more;
    };
    add(given.upstream.instructions);
    const auto& languages = given.persona.languages;
    if (languages.empty()) return all;
    std::string sentence = "Speak " + languages.front() + (languages.size() == 1 ? " only." : " first.");
    if (languages.size() > 1) {
        sentence += " When the caller prefers another of these, go on in that one:";
        for (std::size_t i = 1; i < languages.size(); ++i) sentence += (i == 1 ? " " : ", ") + languages[i];
        sentence += ".";
    }
    add(sentence);
    return all;
}

std::shared_ptr<brain::PipelineFactory> make_upstream(const Config& config, const AgentConfig& given, const std::shared_ptr<speech::EnginePool>& pool,
                                                      const std::shared_ptr<brain::UpstreamShared>& shared) {
    if (pool == nullptr) throw std::runtime_error("agent " + given.name + ": no embedded engine");
    auto settings = given.upstream;
    settings.greeting = given.greeting;
    settings.instructions = told(given);
    settings.variables = given.persona.variables;
    if (const auto zone = given.flow.time_zone.empty() ? nullptr : flows::TimeZone::load(given.flow.time_zone))
        settings.offset = [zone](std::chrono::sys_seconds at) { return zone->offset_at(at); };
    settings.context_tokens = given.analysis.context_tokens;
    analysis::offer_intents(given.analysis, settings);
    settings.stt = endpoints(config, given.stt);
    settings.lm = endpoints(config, given.lm);
    settings.s2s = endpoints(config, given.s2s);
    // The voice of last resort: it needs no network.
    const auto with_last_resort = [&config](std::vector<std::string> voices) {
        if (std::find(voices.begin(), voices.end(), vendors::kEmbedded) == voices.end()) voices.emplace_back(vendors::kEmbedded);
        return endpoints(config, voices);
    };
    settings.tts = with_last_resort(given.tts);
    if (!given.persona.languages.empty()) settings.language = given.persona.languages.front();
    for (const auto& in : given.persona.speech_in) {
        auto& spoken = settings.by_language[in.language];
        spoken.stt = endpoints(config, in.stt);
        if (!in.tts.empty()) spoken.tts = with_last_resort(in.tts);
    }

    speech::VoiceSettings voice;
    voice.name = given.voice;
    voice.speed = given.speed;
    auto cache = std::make_shared<speech::PhraseCache>();
    brain::VendorMakers makers;
    makers.stt = vendors::make_stt;
    makers.lm = vendors::make_lm;
    makers.s2s = vendors::make_s2s;
    makers.tts = [pool, cache, voice](const vendors::Endpoint& endpoint, const vendors::Link& link, vendors::TtsSink& sink) {
        return endpoint.vendor == vendors::kEmbedded ? brain::make_embedded_voice(pool, cache, voice, link, sink) : vendors::make_tts(endpoint, link, sink);
    };
    brain::RenderPlan plan;
    plan.phrases = fixed_phrases(conversation_of(given));
    if (!given.greeting.empty() && settings.s2s.empty())
        plan.greetings.push_back(brain::filled(given.greeting, given.persona.variables));  // of a caller nothing is known of
    plan.voices = settings.tts;
    plan.embedded = voice;
    auto phrases = std::make_shared<brain::RenderedPhrases>(std::move(plan), makers, phrase_shelf(config.server.data_dir / "phrases"), *cache);
    return std::make_shared<brain::UpstreamFactory>(std::move(settings), std::move(makers), shared, std::move(phrases));
}

HoldVoice make_hold_voice(const Config& config, const AgentConfig& given) {
    HoldVoice made;
    made.embedded.name = given.voice;
    made.embedded.speed = given.speed;
    if (given.brain == Brain::vendors) {
        made.voices = endpoints(config, given.tts);
        if (!given.hold.voice.empty() && !made.voices.empty()) made.voices.front().voice = given.hold.voice;
        made.makers.tts = vendors::make_tts;
        made.shelf = phrase_shelf(config.server.data_dir / "phrases");
    } else if (!given.hold.voice.empty()) {
        made.embedded.name = given.hold.voice;
    }
    return made;
}

}  // namespace

bool Agents::needs_engine(const AgentConfig& agent) {
    return agent.brain == Brain::embedded || agent.brain == Brain::vendors;
}  // vendors: the voice of last resort

bool Agents::needs_engine(const Config& config) {
    return std::any_of(config.agents.begin(), config.agents.end(), [](const AgentConfig& agent) { return needs_engine(agent); });
}

std::string file_agent_token(std::string_view name) {
    const auto digest = store::token_hash("parley agent of the file: " + std::string(name));
    return "ag_" + digest.substr(0, 32);
}

std::shared_ptr<const MadeAgent> make_agent(const Config& config, const AgentConfig& written, const AgentIdentity& identity, const AgentMakers& makers) {
    auto agent = std::make_shared<call::Agent>();
    auto given = written;
    if (makers.credentials) {
        if (const auto found = makers.credentials->find(given.name); found != makers.credentials->end()) {
            apply_credential(given, found->second);
            agent->account = found->second.accountsid;
        }
    }
    agent->name = given.name;
    agent->revision = identity.revision;
    agent->token = identity.token;
    agent->stored = identity.stored;
    switch (given.brain) {
        case Brain::embedded: {
            agent->brain = call::BrainKind::pipeline;
            if (makers.pool == nullptr) throw std::runtime_error("agent " + given.name + ": no embedded engine");
            brain::EmbeddedSettings settings;
            settings.voice.name = given.voice;
            settings.voice.speed = given.speed;
            settings.fixed_phrases = fixed_phrases(conversation_of(given));
            try {
                auto script = brain::load_script(given.script.string(), makers.pool->lexicon().get());
                for (const auto& action : script->actions())
                    if (std::find(given.messaging.tools.begin(), given.messaging.tools.end(), action) == given.messaging.tools.end())
                        throw std::runtime_error("its script does '" + action + "', which its 'tools' do not name");
                if (!given.greeting.empty()) {
                    auto own = std::make_shared<brain::Script>(*script);
                    own->greeting = {given.greeting};
                    script = std::move(own);
                }
                agent->pipeline = std::make_shared<brain::EmbeddedFactory>(std::move(script), makers.pool, std::move(settings));
            } catch (const std::exception& e) {
                throw std::runtime_error("agent " + given.name + ": " + e.what());
            }
            break;
        }
        case Brain::vendors:
            agent->brain = call::BrainKind::pipeline;
            agent->pipeline = make_upstream(config, given, makers.pool, makers.upstream);
            break;
        case Brain::bot:
            agent->brain = call::BrainKind::bot;
            agent->bot_url = given.bot;
            for (const auto& [name, value] : given.bot_headers) agent->bot_headers.emplace_back(name, std::string(value.reveal()));
            break;
        case Brain::echo:
            agent->brain = call::BrainKind::echo;
            break;
    }
    agent->conversation = conversation_of(given);
    // Backups and retries come before a failure is told at all: the first one is the last, unless somebody wants it otherwise.
    if (given.brain == Brain::vendors && config.source("agents." + given.name + ".conversation.failures_max").kind == Source::Kind::preset)
        agent->conversation.failures_max = 1;
    agent->fallback_number = given.fallback_number;
    agent->voicemail = given.voicemail;
    agent->voicemail_prompt = given.voicemail_prompt;
    agent->voicemail_max = given.voicemail_max;
    agent->flow = make_flow(given, make_menus(config));
    agent->max_duration = given.policy.call.time ? std::min(given.max_call, *given.policy.call.time) : given.max_call;
    agent->relay = std::make_shared<const flows::RelaySettings>(given.relay);
    agent->variables = given.persona.variables;
    if (given.brain == Brain::vendors) {
        const auto& first = !given.s2s.empty() ? given.s2s : given.lm;
        if (const auto* endpoint = first.empty() ? nullptr : config.vendor(first.front()))
            agent->model = endpoint->model.empty() ? endpoint->vendor : endpoint->model;
    }
    agent->policy = std::make_shared<const policy::PolicySettings>(given.policy);
    agent->hold = std::make_shared<const hold::HoldSettings>(given.hold);
    auto own_tools = given.own_tools;
    own_tools.transfers = given.upstream.transfers;
    if (!given.upstream.transfer_target.empty()) own_tools.transfers.emplace("default", given.upstream.transfer_target);
    agent->tools = std::make_shared<const tools::ToolSettings>(std::move(own_tools));
    agent->analysis = std::make_shared<const analysis::AnalysisSettings>(given.analysis);
    if (agent->pipeline) agent->pipeline = analysis::with_understanding(std::move(agent->pipeline), agent->analysis);
    agent->webhooks = std::make_shared<const outbox::WebhookSettings>(given.webhooks.url.empty() ? config.webhooks : given.webhooks);
    agent->privacy = std::make_shared<const privacy::PrivacySettings>(given.privacy);
    agent->record = config.recording.enabled && given.record;
    if (config.call_files.enabled) agent->call_file = config.call_files.frames;
    agent->playout = config.media.playout;
    agent->vad = config.media.vad;
    auto made = std::make_shared<MadeAgent>();
    made->written = given;
    made->agent = std::move(agent);
    made->credentials = makers.credentials;
    made->messaging = std::make_shared<const AgentMessaging>(given.messaging);
    if (!given.hold.text.empty()) made->hold_voice = std::make_shared<const HoldVoice>(make_hold_voice(config, given));
    return made;
}

bool MadeAgent::same_with(const std::shared_ptr<const Credentials>& others) const {
    const auto of = [&](const std::shared_ptr<const Credentials>& all) -> const store::Credential* {
        const auto found = all ? all->find(written.name) : Credentials::const_iterator{};
        return all && found != all->end() ? &found->second : nullptr;
    };
    const auto *then = of(credentials), *now = of(others);
    return then == nullptr || now == nullptr ? then == now : makes_the_same(*then, *now);
}

Agents::Agents(const Config& config, std::uint32_t revision, const AgentMakers& makers, const Agents* before)
    : common_webhooks_(std::make_shared<const outbox::WebhookSettings>(config.webhooks)) {
    for (const auto& given : config.agents) {
        auto one = before == nullptr ? nullptr : before->made(given.name);
        if (!one || !one->same_with(makers.credentials))
            one = make_agent(config, given, {.revision = revision, .token = file_agent_token(given.name), .stored = false}, makers);
        add(one);
    }
}

Agents::Agents(const Agents& file, const std::vector<std::shared_ptr<const MadeAgent>>& more) : Agents(file) {
    for (const auto& one : more) add(one);
}

void Agents::add(const std::shared_ptr<const MadeAgent>& one) {
    if (!all_.emplace(one->written.name, one).second) return;
    if (const auto& privacy = one->written.privacy; privacy.redact) {
        const auto kinds = privacy.kinds.empty() ? std::vector<std::string>{"card", "ssn", "iban", "email", "phone"} : privacy.kinds;
        strictest_.kinds.insert(strictest_.kinds.end(), kinds.begin(), kinds.end());
        strictest_.redact = true;
    }
    const auto answers = one->written.persona.enabled ? one->agent : nullptr;
    for (const auto& number : one->written.numbers) by_number_.emplace(number, answers);
    if (one->written.is_default && !has_default_) {
        default_ = answers;
        has_default_ = true;
    }
}

std::shared_ptr<const MadeAgent> Agents::made(std::string_view name) const {
    const auto found = all_.find(name);
    return found == all_.end() ? nullptr : found->second;
}

std::vector<std::string> Agents::names() const {
    std::vector<std::string> names;
    for (const auto& [name, one] : all_) names.push_back(name);
    return names;
}

std::shared_ptr<const call::Agent> Agents::by_name(std::string_view name) const {
    const auto one = made(name);
    return one == nullptr ? nullptr : one->agent;
}

std::shared_ptr<const call::Agent> Agents::open(std::string_view name) const {
    const auto one = made(name);
    return one == nullptr || !one->written.persona.enabled ? nullptr : one->agent;
}

std::vector<std::shared_ptr<const call::Agent>> Agents::all() const {
    std::vector<std::shared_ptr<const call::Agent>> agents;
    for (const auto& [name, one] : all_) agents.push_back(one->agent);
    return agents;
}

const HoldVoice* Agents::hold_voice(std::string_view name) const {
    const auto one = made(name);
    return one == nullptr ? nullptr : one->hold_voice.get();
}

std::shared_ptr<const AgentMessaging> Agents::messaging(std::string_view name) const {
    const auto one = made(name);
    return one == nullptr ? nullptr : one->messaging;
}

std::shared_ptr<const call::Agent> Agents::by_number(std::string_view number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? default_ : found->second;
}

}  // namespace parley::gateway
