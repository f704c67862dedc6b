#pragma once
// The one configuration file, its environment overrides and everything that is checked before a socket is opened.
// Precedence: environment, then file, then default. docs/configuration.md is generated from the table that parses and
// prints it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/audio/vad.hpp"
#include "parley/base/log.hpp"
#include "parley/base/secret.hpp"
#include "parley/base/strict_yaml.hpp"
#include "parley/base/text_values.hpp"
#include "parley/call/call_file.hpp"
#include "parley/call/playout.hpp"
#include "parley/call/registry.hpp"
#include "parley/control/dial_guard.hpp"
#include "parley/brain/upstream.hpp"
#include "parley/flows/agent_flow.hpp"
#include "parley/conversation/machine.hpp"
#include "parley/gateway/messaging_config.hpp"
#include "parley/flows/relay_settings.hpp"
#include "parley/vendors/endpoint.hpp"
#include "parley/analysis/analysis_settings.hpp"
#include "parley/hold/hold_settings.hpp"
#include "parley/outbox/webhook_settings.hpp"
#include "parley/policy/policy_settings.hpp"
#include "parley/privacy/privacy_settings.hpp"
#include "parley/store/database.hpp"
#include "parley/tools/tool_settings.hpp"

namespace parley::gateway {

enum class Brain : std::uint8_t { embedded, vendors, bot, echo };
enum class Overflow : std::uint8_t { busy, reject, say, redirect };

struct ServerConfig {
    text::Address listen{"0.0.0.0", 8080};  // empty host: off
    text::Address tls_listen;               // empty host: off
    std::filesystem::path certificate, key;
    std::string public_url;  // as Twilio calls it, without a slash at the end
    text::Address admin_listen{"127.0.0.1", 9090};
    std::uint32_t workers = 0;  // 0: one a core
    std::filesystem::path data_dir = "./var";
    std::chrono::seconds drain{3600};
    std::chrono::seconds drain_accept_grace{15};
    std::vector<std::string> trusted_proxies;  // addresses or networks (10.0.0.0/8)
    std::chrono::microseconds max_batch{200};
    std::vector<std::uint32_t> pin_cpus;
    Secret admin_token;                    // of /v1 on the admin listener; empty: closed
    std::vector<std::string> admin_hosts;  // further names the admin listener is asked for by
    bool core_dumps = false;               // a core holds every secret of the process
    std::string talk_page;                 // name of the agent that browsers talk to at "/"; empty: no page
};

struct TwilioConfig {
    std::vector<std::string> account_sids;  // empty: any whose signature holds
    std::vector<Secret> auth_tokens;        // the first is the current one
    Secret token_key;                       // empty: derived, see stream_token_key()
    bool verify_signatures = true;
    // The REST interface, see rest_access.hpp.
    std::string api_key;  // SK…; empty: the first account with the first auth token
    Secret api_secret;
    std::string region, edge;
    std::string api_base_url;  // instead of Twilio
    double rest_rate = 20;     // requests a second
};

// Calls that are placed.
struct OutboundConfig {
    control::DialLimits limits;
    std::string from;        // default caller id
    std::string hold_music;  // URL; empty: our own tune
};

struct LimitsConfig {
    call::AdmissionLimits admission;
    std::uint32_t preauth_connections = 256;
    std::uint32_t preauth_per_address = 16;
    Overflow overflow = Overflow::busy;
    std::string overflow_text = "All our lines are busy at the moment. Please call again later.";
    std::string overflow_url;
};

struct LogConfig {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::json;
    bool content = false;
    std::string instance;  // empty: the host's name
};

struct MediaConfig {
    call::PlayoutSettings playout;
    audio::VadConfig vad;
};

struct FilesConfig {
    bool enabled = false;
    std::string directory;  // below server.data_dir
};
struct RecordingConfig : FilesConfig {
    std::uint32_t retain_days = 0;  // must be set when enabled
};
struct RecordsConfig : FilesConfig {
    std::uint32_t retain_days = 90;
};
struct CallFilesConfig : FilesConfig {
    call::FrameDetail frames = call::FrameDetail::digest;
    std::uint32_t retain_days = 0;  // must be set when enabled
};

struct EngineConfig {
    std::uint32_t threads = 0;        // 0: one a core
    std::filesystem::path model_dir;  // empty: Debian's
    std::uint32_t queue = 64;
};

// How calls are answered, as it is written; flows::AgentFlow is made of it with the agent.
struct FlowConfig {
    flows::AgentFlow flow;  // without hours, menus, and what is given twice
    std::string time_zone;
    std::vector<std::string> open, holidays;  // empty, both: always open
    std::string forward_no_answer = "next";   // or a destination
    std::string listen_to;
    std::map<std::string, std::string> sip_headers;
};

// Where everything lives that outlives a call, and who may read what is sealed in it.
struct StoreConfig {
    Secret url{"sqlite:"};
    std::uint32_t connections = 4;
    std::uint32_t queue = 4096;
    std::uint32_t spool_mb = 64;
    std::vector<Secret> seal_keys;  // 32 bytes in base64 or hexadecimal; the first seals, all open
    bool ignore = false;            // a broken store: calls are served without it
};

// The whole fleet's, or the account's.
struct FleetConfig {
    std::uint32_t max_calls = 0;          // at once on all instances; 0: no limit
    std::uint32_t max_calls_account = 0;  // of one Twilio account
    policy::Budget day;
    policy::Prices prices;
    std::string quiet_from, quiet_to;  // "21:00" to "08:00": no outbound calls, in the called party's or this time zone
    std::string quiet_zone;
};

// Days per kind; nothing: kept for good, but recordings must be said (recording.retain_days).
struct RetentionConfig {
    std::optional<std::uint32_t> calls, transcripts, events, profiles, audit;
};
struct Config;
// How many days what is known of a call is kept behind its last fact: retention.calls, and records.retain_days where that says nothing.
[[nodiscard]] std::uint32_t days_of_calls(const Config& config);

// What recognises and speaks a language, by the names of vendors; an empty list: as in the language the call begins in.
struct SpeechIn {
    std::string language;
    std::vector<std::string> stt, tts;
};

// Who an agent is, for its prompt.
struct PersonaConfig {
    std::string persona;                           // stands before the instructions
    std::map<std::string, std::string> variables;  // {name} in persona, instructions, greeting
    std::vector<std::string> languages;            // BCP 47; the first one is spoken first
    std::vector<SpeechIn> speech_in;               // for set_language
    bool enabled = true;                           // false: stopped, its numbers are answered by nobody
};

struct AgentConfig {
    std::string name;
    std::vector<std::string> numbers;  // E.164
    bool is_default = false;
    Brain brain = Brain::embedded;
    std::filesystem::path script;
    std::string voice = "slt";
    double speed = 1.0;
    std::string bot;
    std::map<std::string, Secret> bot_headers;
    std::string greeting;  // empty: the script's own, or the model's
    // brain == vendors: names of `vendors` entries, in the order they are asked; "embedded" is the built-in voice
    std::vector<std::string> stt, lm, tts, s2s;
    brain::UpstreamSettings upstream;  // what is asked of them; its endpoint lists are filled when agents are made
    std::chrono::seconds max_call{7200};
    bool record = true;  // only if recording is enabled at all
    std::string fallback_number;
    bool voicemail = true;
    std::string voicemail_prompt = "Please leave a message after the tone.";
    std::chrono::seconds voicemail_max{120};
    std::string machine_message;  // left on answering machines; empty: they are hung up on
    AgentMessaging messaging;
    conversation::Settings conversation;
    FlowConfig flow;
    flows::RelaySettings relay;
    PersonaConfig persona;
    policy::PolicySettings policy;
    hold::HoldSettings hold;
    tools::ToolSettings own_tools;
    analysis::AnalysisSettings analysis;
    outbox::WebhookSettings webhooks;
    privacy::PrivacySettings privacy;
};

// Where a value came from.
struct Source {
    enum class Kind : std::uint8_t { preset, file, environment } kind = Kind::preset;
    Place place;
    [[nodiscard]] std::string text() const;  // "default", "parley.yaml:12", "environment PARLEY_LOG__LEVEL"
};

struct Config {
    std::int64_t version = 1;
    ServerConfig server;
    TwilioConfig twilio;
    LimitsConfig limits;
    LogConfig log;
    MediaConfig media;
    RecordingConfig recording{{false, "recordings"}, 0};
    CallFilesConfig call_files{{false, "calls"}, call::FrameDetail::digest};
    RecordsConfig records{{true, "records"}, 90};
    StoreConfig store;
    FleetConfig fleet;
    RetentionConfig retention;
    outbox::WebhookSettings webhooks;                     // of all agents that name none of their own
    std::vector<std::string> webhook_networks;            // receivers may be there although they are not public
    std::chrono::milliseconds webhook_first_pause{5000};  // before an event's second attempt
    OutboundConfig outbound;
    messaging::SenderLimits messaging;
    EngineConfig engine;
    std::vector<vendors::Endpoint> vendors;  // named uses of vendors, in the file's order
    std::vector<AgentConfig> agents;         // in the file's order
    std::vector<flows::Menu> menus;          // in the file's order

    std::filesystem::path file;                       // empty: from the environment
    std::map<std::string, Source> sources;            // by key ("server.listen", "agents.front.script"); absent: default
    std::vector<Problem> warnings;                    // worth a line at start, not worth refusing
    std::vector<std::filesystem::path> secret_files;  // read for secrets, to be watched

    [[nodiscard]] const vendors::Endpoint* vendor(std::string_view name) const;
    [[nodiscard]] const AgentConfig* agent(std::string_view name) const;
    // The agent that answers this number: by its list, else the default one; null: nobody does.
    [[nodiscard]] const AgentConfig* agent_for(std::string_view called_number) const;
    [[nodiscard]] Source source(const std::string& key) const;
};

// All mistakes at once; what() has one line each, "file:line:column: message".
class ConfigError : public std::runtime_error {
public:
    explicit ConfigError(Problems problems) : std::runtime_error(problems.text()), problems_(std::move(problems)) {}
    [[nodiscard]] const Problems& problems() const { return problems_; }

private:
    Problems problems_;
};

using Environment = std::map<std::string, std::string>;
[[nodiscard]] Environment process_environment();

struct LoadOptions {
    bool allow_unknown = false;  // unknown keys and variables become warnings: for going back to an older version
    bool check_files = true;     // that scripts, certificates and keys can be read
};

// Reads, overrides, checks. An empty path takes the file PARLEY_CONFIG names, or the text of PARLEY_CONFIG_TEXT. Throws
// ConfigError.
[[nodiscard]] Config load_config(const std::filesystem::path& path, const Environment& environment, const LoadOptions& options = {});
// The same from a text; `name` is what mistakes call it, and relative paths start at its directory.
[[nodiscard]] Config load_config_text(std::string_view text, const std::filesystem::path& name, const Environment& environment,
                                      const LoadOptions& options = {});

// The effective configuration as YAML, each value with its source, secrets as "***".
[[nodiscard]] std::string print_config(const Config& config);
// A digest of it (secrets included, not recoverable): the same for instances configured the same.
[[nodiscard]] std::string config_hash(const Config& config);
// docs/configuration.md.
[[nodiscard]] std::string configuration_reference();

struct ConfigChange {
    std::string key, before, after;  // secrets as "***"
    bool restart = false;            // takes effect at the next start only
};
[[nodiscard]] std::vector<ConfigChange> diff(const Config& before, const Config& after);

// What a reload depends on: the file, secrets, certificate, key and scripts.
[[nodiscard]] std::vector<std::filesystem::path> watched_files(const Config& config);

// Signs stream tokens: twilio.token_key, or a key derived (HKDF-SHA256) from the first auth token, so that instances
// that share the token share the key. Without either (signatures off, on loopback) random bytes.
[[nodiscard]] Secret stream_token_key(const Config& config);

// File descriptors that limits.max_calls may need: four a call and 256 for everything else.
[[nodiscard]] std::uint64_t descriptors_needed(const Config& config);
// Raises the process's soft limit towards the need. Answers nothing, or why the calls allowed do not fit.
[[nodiscard]] std::optional<std::string> ensure_descriptors(const Config& config);

}  // namespace parley::gateway
