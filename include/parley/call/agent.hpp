#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/audio/vad.hpp"
#include "parley/brain/ports.hpp"
#include "parley/call/call_file.hpp"
#include "parley/call/playout.hpp"
#include "parley/conversation/machine.hpp"
#include "parley/flows/relay_settings.hpp"

namespace parley::flows {
struct AgentFlow;
}
namespace parley::policy {
struct PolicySettings;
}
namespace parley::hold {
struct HoldSettings;
}
namespace parley::tools {
struct ToolSettings;
}
namespace parley::analysis {
struct AnalysisSettings;
}
namespace parley::outbox {
struct WebhookSettings;
}
namespace parley::privacy {
struct PrivacySettings;
}

namespace parley::call {

enum class BrainKind : std::uint8_t { pipeline, bot, echo };

// A configured persona as calls see it: immutable, shared; a call keeps the one it began with through every reload.
struct Agent {
    std::string name;
    std::uint32_t revision = 0;
    std::string token;    // what it is called in records, for as long as it exists
    bool stored = false;  // made by the API: any of its revisions can be made again, on any instance
    BrainKind brain = BrainKind::pipeline;
    std::shared_ptr<brain::PipelineFactory> pipeline;  // brain == pipeline
    conversation::Settings conversation;
    std::string bot_url;  // brain == bot: wss://…
    std::vector<std::pair<std::string, std::string>> bot_headers;
    std::string fallback_number;  // where the tail sends a call the brain could not serve; empty = goodbye
    bool voicemail = true;        // false: a caller who would leave a message gets the fallback number or a goodbye
    std::string voicemail_prompt;
    std::chrono::seconds voicemail_max{120};
    std::chrono::seconds max_duration{600};
    bool record = false;
    std::optional<FrameDetail> call_file;  // absent: none is written
    PlayoutSettings playout;
    audio::VadConfig vad;
    std::shared_ptr<const flows::AgentFlow> flow;       // how calls are answered and where they go; null: by a stream, at all hours
    std::shared_ptr<const flows::RelaySettings> relay;  // null: Twilio's defaults
    std::string account;                                // SID of the account it belongs to; empty: the gateway's own
    std::map<std::string, std::string> variables;       // of its prompt
    std::string model;                                  // its first model, as the record names it (modelSlug)
    std::shared_ptr<const policy::PolicySettings> policy;
    std::shared_ptr<const hold::HoldSettings> hold;
    std::shared_ptr<const tools::ToolSettings> tools;
    std::shared_ptr<const analysis::AnalysisSettings> analysis;
    std::shared_ptr<const outbox::WebhookSettings> webhooks;
    std::shared_ptr<const privacy::PrivacySettings> privacy;
};

}  // namespace parley::call
