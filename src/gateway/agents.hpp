#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/rendered_phrases.hpp"
#include "credential_book.hpp"
#include "parley/brain/upstream.hpp"
#include "parley/call/agent.hpp"
#include "parley/gateway/config.hpp"
#include "parley/speech/engine_pool.hpp"

namespace parley::gateway {

// How an agent's hold text is spoken beforehand.
struct HoldVoice {
    speech::VoiceSettings embedded;
    std::vector<vendors::Endpoint> voices;  // in the order they are asked
    brain::VendorMakers makers;
    brain::PhraseShelf shelf;
};

// One agent, made.
struct MadeAgent {
    AgentConfig written;
    std::shared_ptr<const call::Agent> agent;
    std::shared_ptr<const AgentMessaging> messaging;
    std::shared_ptr<const HoldVoice> hold_voice;     // null: it says nothing on hold
    bool deleted = false;                            // there for what is left of its calls
    std::shared_ptr<const Credentials> credentials;  // it was made with these
    // It would be the same with those.
    [[nodiscard]] bool same_with(const std::shared_ptr<const Credentials>& others) const;
};
// What agents are made with. `pool` may be null when no agent is embedded.
struct AgentMakers {
    std::shared_ptr<speech::EnginePool> pool;
    std::shared_ptr<brain::UpstreamShared> upstream;
    std::shared_ptr<const Credentials> credentials;  // of agents, by name; null: none
};
// Who it is besides what is written: its revision, what it is called in records, and whether it was made by the API.
struct AgentIdentity {
    std::uint32_t revision = 0;
    std::string token;
    bool stored = false;
};
// Throws std::runtime_error naming agent and script.
[[nodiscard]] std::shared_ptr<const MadeAgent> make_agent(const Config& config, const AgentConfig& given, const AgentIdentity& identity,
                                                          const AgentMakers& makers);
// What an agent of the file is called in records: the same in every process and for good, as long as its name is.
[[nodiscard]] std::string file_agent_token(std::string_view name);

// All agents at one moment, as calls use them: those of the file and those of the store. Immutable; replaced whole when one of them changes.
class Agents {
public:
    // Those of the file. Throws std::runtime_error naming agent and script.
    // `before`: made of the same configuration; what has not changed since is taken from there.
    Agents(const Config& config, std::uint32_t revision, const AgentMakers& makers, const Agents* before = nullptr);
    // Others beside them; where a name or a number is taken already, what was there first stands.
    Agents(const Agents& file, const std::vector<std::shared_ptr<const MadeAgent>>& more);

    [[nodiscard]] std::shared_ptr<const call::Agent> by_name(std::string_view name) const;
    // Who takes new calls under this name; null: nobody, or it is stopped.
    [[nodiscard]] std::shared_ptr<const call::Agent> open(std::string_view name) const;
    // The default one for numbers that are nobody's; null: nobody, or one that is stopped.
    [[nodiscard]] std::shared_ptr<const call::Agent> by_number(std::string_view number) const;
    [[nodiscard]] bool has_number(std::string_view number) const { return by_number_.contains(number); }
    // What this agent does besides calls; null: there is no such agent.
    [[nodiscard]] std::shared_ptr<const AgentMessaging> messaging(std::string_view name) const;
    // Of calls whose agent is not known: what any agent masks; where events go that no agent's own receiver takes.
    [[nodiscard]] const privacy::PrivacySettings& strictest_privacy() const { return strictest_; }
    [[nodiscard]] const std::shared_ptr<const outbox::WebhookSettings>& common_webhooks() const { return common_webhooks_; }
    // What is written of it; null: there is no such agent.
    [[nodiscard]] std::shared_ptr<const MadeAgent> made(std::string_view name) const;
    [[nodiscard]] std::vector<std::shared_ptr<const call::Agent>> all() const;
    // Null: this agent says nothing on hold.
    [[nodiscard]] const HoldVoice* hold_voice(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] static bool needs_engine(const Config& config);
    [[nodiscard]] static bool needs_engine(const AgentConfig& agent);

private:
    void add(const std::shared_ptr<const MadeAgent>& one);
    std::map<std::string, std::shared_ptr<const MadeAgent>, std::less<>> all_;
    std::map<std::string, std::shared_ptr<const call::Agent>, std::less<>> by_number_;  // null: its agent is stopped
    std::shared_ptr<const call::Agent> default_;
    bool has_default_ = false;
    privacy::PrivacySettings strictest_;
    std::shared_ptr<const outbox::WebhookSettings> common_webhooks_;
};

}  // namespace parley::gateway
