#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "credential_book.hpp"
#include "parley/brain/upstream.hpp"
#include "parley/call/agent.hpp"
#include "parley/gateway/config.hpp"
#include "parley/speech/engine_pool.hpp"

namespace parley::gateway {

// The agents of one revision of the configuration, as calls use them. Immutable; replaced whole by a reload.
class Agents {
public:
    // `pool` may be null when no agent is embedded. Throws std::runtime_error naming agent and script.
    Agents(const Config& config, std::uint32_t revision, const std::shared_ptr<speech::EnginePool>& pool, const std::shared_ptr<brain::UpstreamShared>& upstream, const Credentials& credentials = {});

    [[nodiscard]] std::shared_ptr<const call::Agent> by_name(std::string_view name) const;
    [[nodiscard]] std::shared_ptr<const call::Agent> by_number(std::string_view number) const;  // the default one for numbers that are nobody's
    [[nodiscard]] bool has_number(std::string_view number) const { return by_number_.contains(number); }
    // What this agent does besides calls; null: there is no such agent.
    [[nodiscard]] std::shared_ptr<const AgentMessaging> messaging(std::string_view name) const;
    [[nodiscard]] static bool needs_engine(const Config& config);

private:
    std::map<std::string, std::shared_ptr<const call::Agent>, std::less<>> by_name_, by_number_;
    std::map<std::string, std::shared_ptr<const AgentMessaging>, std::less<>> messaging_;
    std::shared_ptr<const call::Agent> default_;
};

}  // namespace parley::gateway
