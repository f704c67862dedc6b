#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "config_flow_rows.hpp"
#include "config_control_rows.hpp"
#include "config_messaging_rows.hpp"
#include "config_store_rows.hpp"
#include "config_policy_rows.hpp"
#include "config_hold_rows.hpp"
#include "config_tool_rows.hpp"
#include "config_analysis_rows.hpp"
#include "config_outbox_rows.hpp"
#include "config_persona_rows.hpp"
#include "config_table.hpp"
#include "parley/base/ids.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;

class Checks {
public:
    Checks(Config& config, const LoadOptions& options, const std::set<std::string>& unread, Problems& problems)
        : c_(config), options_(options), unread_(unread), problems_(problems) {}

    void run() {
        server();
        twilio();
        limits();
        files();
        vendor_entries();
        agents();
        check_flows(
            c_, [this](const std::string& key, const std::string& message) { wrong(key, message); },
            [this](const std::string& key, const std::string& message) { warn(key, message); });
        for (auto* check :
             {&check_control, &check_messaging, &check_store, &check_policy, &check_hold, &check_tool, &check_analysis, &check_outbox, &check_persona})
            for (const auto& [key, message] : (*check)(c_)) wrong(key, message);
        for (auto* warnings : {&persona_warnings, &outbox_warnings})
            for (const auto& [key, message] : (*warnings)(c_)) warn(key, message);
    }

private:
    // The place of a value, or of the file for one that is missing.
    Place place(const std::string& key) const {
        if (const auto found = c_.sources.find(key); found != c_.sources.end()) return found->second.place;
        for (std::string parent = key; parent.find('.') != std::string::npos;) {
            parent.resize(parent.rfind('.'));
            if (const auto found = c_.sources.find(parent); found != c_.sources.end()) return found->second.place;
        }
        return {c_.file.empty() ? "configuration" : c_.file.string(), 0, 0};
    }
    void wrong(const std::string& key, const std::string& message) {
        if (!unread_.contains(key)) problems_.add(place(key), "'" + key + "': " + message);
    }
    void warn(const std::string& key, const std::string& message) { c_.warnings.push_back({place(key), "'" + key + "': " + message}); }

    void readable(const std::string& key, const std::filesystem::path& path) {
        std::error_code ec;
        if (options_.check_files && (!std::filesystem::is_regular_file(path, ec) || !std::ifstream(path))) {
            wrong(key, path.string() + " is not a readable file");
        }
    }

    void server() {
        auto& s = c_.server;
        while (s.public_url.ends_with('/')) s.public_url.pop_back();
        if (s.listen.host.empty() && s.tls_listen.host.empty()) wrong("server.listen", "is off and server.tls.listen is not set: nobody could call");
        const bool tls = !s.tls_listen.host.empty();
        if (tls && s.certificate.empty()) wrong("server.tls.certificate", "is missing");
        if (tls && s.key.empty()) wrong("server.tls.key", "is missing");
        if (!tls && !s.certificate.empty()) wrong("server.tls.certificate", "is given, but server.tls.listen is not");
        if (tls && !s.certificate.empty()) readable("server.tls.certificate", s.certificate);
        if (tls && !s.key.empty()) readable("server.tls.key", s.key);
        if (!text::is_loopback(s.admin_listen.host)) warn("server.admin_listen", "answers probes and metrics without a password to whoever reaches it");
        if (s.drain_accept_grace > s.drain) wrong("server.drain_accept_grace", "is longer than server.drain");
        if (s.data_dir.empty()) wrong("server.data_dir", "is empty");
    }

    void twilio() {
        const auto& s = c_.server;
        const auto& t = c_.twilio;
        if (t.verify_signatures) {
            if (s.public_url.empty()) wrong("server.public_url", "is missing: signatures are computed over it (for example https://voice.example.com)");
            if (t.auth_tokens.empty()) wrong("twilio.auth_tokens", "is missing: give env:TWILIO_AUTH_TOKEN, a file, or set TWILIO_AUTH_TOKEN");
        } else {
            const bool local =
                (s.listen.host.empty() || text::is_loopback(s.listen.host)) && (s.tls_listen.host.empty() || text::is_loopback(s.tls_listen.host));
            if (!local) wrong("twilio.verify_signatures", "may be off only while server.listen is on loopback (127.0.0.1)");
            warn("twilio.verify_signatures", "is off: every local program can place calls");
        }
        if (t.auth_tokens.size() > 8) wrong("twilio.auth_tokens", "holds more than 8");
        if (!t.token_key.empty() && t.token_key.reveal().size() < 16) wrong("twilio.token_key", "is shorter than 16 characters");
        if (!t.api_key.empty() && t.api_secret.empty()) wrong("twilio.api_secret", "is missing beside twilio.api_key");
        if (t.api_key.empty() && !t.api_secret.empty()) wrong("twilio.api_key", "is missing beside twilio.api_secret");
    }

    void limits() {
        const auto& l = c_.limits;
        if (l.overflow == Overflow::redirect && l.overflow_url.empty()) wrong("limits.overflow_url", "is missing for overflow: redirect");
        if (l.overflow == Overflow::say && l.overflow_text.empty()) wrong("limits.overflow_text", "is empty for overflow: say");
        if (l.preauth_per_address > l.preauth_connections) wrong("limits.preauth_per_address", "is more than limits.preauth_connections");
        if (c_.log.content && c_.log.level == LogLevel::debug) warn("log.content", "writes what callers say into the log");
        const auto& v = c_.media.vad;
        if (v.offset_db > v.onset_db) wrong("media.vad.offset_db", "is above media.vad.onset_db");
        if (v.onset_voiced_frames > v.onset_frames) wrong("media.vad.onset_voiced_frames", "is more than media.vad.onset_frames");
        if (v.floor_min_dbfs > v.floor_max_dbfs) wrong("media.vad.floor_min_dbfs", "is above media.vad.floor_max_dbfs");
    }

    void files() {
        if (c_.recording.enabled && c_.recording.retain_days == 0) {
            wrong("recording.retain_days", "is missing: say how many days recordings are kept");
        }
        const auto days = days_of_calls(c_);
        if (c_.call_files.enabled && c_.call_files.retain_days == 0) {
            // With records they go when their records do; without, nothing would ever take them away.
            if (c_.records.enabled)
                warn("call_files.retain_days", "is not given: call files hold every word, and stay as long as records do, " + std::to_string(days) + " days");
            else
                wrong("call_files.retain_days",
                      "is missing: say how many days call files are kept; they hold every word, and without records nothing else takes them away");
        }
        if (c_.retention.calls && c_.sources.contains("records.retain_days") && c_.records.retain_days != days)
            warn("records.retain_days", "does not count: retention.calls says " + std::to_string(days));
        if (c_.recording.enabled && c_.records.enabled && c_.recording.retain_days > days)
            warn("recording.retain_days", "is more than the " + std::to_string(days) + " days records are kept, by which a person's recordings are found");
        if (c_.call_files.enabled && c_.records.enabled && c_.call_files.retain_days > days)
            warn("call_files.retain_days", "is more than the " + std::to_string(days) + " days records are kept; a call's file goes with its record");
        if (c_.recording.enabled && c_.call_files.enabled && c_.recording.directory == c_.call_files.directory) {
            wrong("call_files.directory", "is the recordings' directory");
        }
    }

    void vendor_entries() {
        for (const auto& endpoint : c_.vendors) {
            const std::string at = "vendors." + endpoint.name;
            if (endpoint.name == vendors::kEmbedded) wrong(at, "the name 'embedded' belongs to the built-in voice");
            if (endpoint.vendor.empty()) {
                wrong(at + ".vendor", "is missing");
            } else if (!vendors::known(endpoint.vendor)) {
                wrong(at + ".vendor", "nobody knows '" + endpoint.vendor + "'" + text::suggestion(endpoint.vendor, vendors::names()));
            }
        }
    }

    void agents() {
        if (c_.agents.empty()) {
            // They may all be made through the interface.
            if (c_.server.admin_token.empty()) return wrong("agents", "is missing: at least one has to answer");
            return warn("agents", "are none here: only those made through /v1 answer");
        }
        std::map<std::string, std::string> owner;
        std::map<std::string, std::string> variables;
        const AgentConfig* the_default = nullptr;
        for (const auto& agent : c_.agents) {
            const std::string at = "agents." + agent.name + ".";
            for (const auto& number : agent.numbers) {
                const auto [found, added] = owner.emplace(number, agent.name);
                if (!added) wrong(at + "numbers", number + " belongs to '" + found->second + "' already");
            }
            const auto [same, is_new] = variables.emplace(environment_name(agent.name), agent.name);
            if (!is_new) wrong("agents." + agent.name, "has the same name in the environment as '" + same->second + "'");
            if (agent.is_default && the_default) wrong(at + "default", "'" + the_default->name + "' is the default already");
            if (agent.is_default) the_default = &agent;
            if (agent.numbers.empty() && !agent.is_default) {
                warn("agents." + agent.name, "has neither numbers nor default: true, so it answers nobody");
            }
            brain(agent, at);
            conversation(agent, at);
        }
        const std::string& page = c_.server.talk_page;
        if (!page.empty() && !c_.agent(page)) {
            std::vector<std::string> names;
            names.reserve(c_.agents.size());
            for (const auto& agent : c_.agents) names.push_back(agent.name);
            wrong("server.talk_page", "there is no agent '" + page + "'" + text::suggestion(page, names));
        }
        const bool local = text::is_loopback(c_.server.listen.host) && (c_.server.tls_listen.host.empty() || text::is_loopback(c_.server.tls_listen.host));
        if (!page.empty() && !local) warn("server.talk_page", "lets everybody who reaches the port talk to the agent");
        if (!the_default) warn("agents", "none is the default: calls to numbers nobody lists are refused");
    }

    void brain(const AgentConfig& agent, const std::string& at) {
        if (agent.brain == Brain::embedded) {
            if (agent.script.empty()) {
                wrong(at + "script", "is missing for brain: embedded");
            } else {
                readable(at + "script", agent.script);
            }
        }
        if (agent.brain == Brain::vendors) upstream(agent, at);
        if (agent.brain != Brain::vendors) {
            for (const auto& [key, names] : roles_of(agent))
                if (!names->empty()) wrong(at + key, "is given, but brain is not vendors");
        }
        if (agent.brain == Brain::bot && agent.bot.empty()) wrong(at + "bot", "is missing for brain: bot");
        if (agent.brain != Brain::bot && !agent.bot.empty()) wrong(at + "bot", "is given, but brain is not bot");
        if (agent.brain != Brain::bot && !agent.bot_headers.empty()) wrong(at + "bot_headers", "is given, but brain is not bot");
    }

    static std::array<std::pair<const char*, const std::vector<std::string>*>, 4> roles_of(const AgentConfig& agent) {
        return {{{"stt", &agent.stt}, {"lm", &agent.lm}, {"tts", &agent.tts}, {"s2s", &agent.s2s}}};
    }

    void upstream(const AgentConfig& agent, const std::string& at) {
        if (agent.s2s.empty()) {
            if (agent.stt.empty()) wrong(at + "stt", "is missing for brain: vendors without s2s");
            if (agent.lm.empty()) wrong(at + "lm", "is missing for brain: vendors without s2s");
        } else if (!agent.stt.empty() || !agent.lm.empty()) {
            wrong(at + "s2s", "is given beside stt or lm: it is one or the other");
        }
        for (const auto& [key, names] : roles_of(agent)) {
            std::string language;
            std::set<std::string> seen;
            for (const auto& name : *names) {
                if (!seen.insert(name).second) wrong(at + key, "names '" + name + "' twice");
                if (name == vendors::kEmbedded && std::string_view(key) == "tts") continue;
                const auto* endpoint = c_.vendor(name);
                if (endpoint == nullptr) {
                    std::vector<std::string> known;
                    for (const auto& vendor : c_.vendors) known.push_back(vendor.name);
                    wrong(at + key, "there is no vendor '" + name + "'" + text::suggestion(name, known));
                    continue;
                }
                const auto role = *vendors::role_named(key);
                if (const auto bad = vendors::check(role, *endpoint); !bad.empty())
                    wrong("vendors." + name, bad + " (as " + key + " of agent " + agent.name + ")");
                // A backup that speaks another language would take over in the middle of a sentence.
                if (role != vendors::Role::tts || endpoint->language.empty()) continue;
                const auto base = endpoint->language.substr(0, endpoint->language.find('-'));
                if (!language.empty() && language != base) wrong(at + key, "mixes voices of different languages (" + language + ", " + base + ")");
                language = base;
            }
        }
    }

    void conversation(const AgentConfig& agent, const std::string& at) {
        const auto& s = agent.conversation;
        const std::string in = at + "conversation.";
        if (s.endpoint_silence_short > s.endpoint_silence) wrong(in + "endpoint_silence_short", "is longer than endpoint_silence");
        if (s.endpoint_silence > s.endpoint_silence_long) wrong(in + "endpoint_silence_long", "is shorter than endpoint_silence");
        if (s.idle_prompts > 0 && s.idle_texts.empty()) wrong(in + "idle_texts", "is empty, but idle_prompts is not 0");
        if (s.filler_max > 0 && s.fillers.empty()) wrong(in + "fillers", "is empty, but filler_max is not 0");
        if (s.max_duration_warning > 0s && s.max_duration_warning >= s.max_duration) {
            wrong(in + "max_duration_warning", "is not shorter than max_duration");
        }
        if (agent.brain == Brain::embedded && s.max_duration > agent.max_call) wrong(in + "max_duration", "is longer than the agent's max_call");
    }

    Config& c_;
    const LoadOptions& options_;
    const std::set<std::string>& unread_;
    Problems& problems_;
};

Secret derive(std::string_view secret, std::string_view purpose) {
    std::string key(32, '\0');
    EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
    EVP_KDF_CTX* context = kdf ? EVP_KDF_CTX_new(kdf) : nullptr;
    std::string digest = "SHA256", ikm(secret), info(purpose);
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, ikm.data(), ikm.size()),
                                     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
    const bool done = context && EVP_KDF_derive(context, reinterpret_cast<unsigned char*>(key.data()), key.size(), parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    const Secret wiped(std::move(ikm));
    if (!done) throw std::runtime_error("the stream token key cannot be derived");
    return Secret(std::move(key));
}

}  // namespace

void check_config(Config& config, const LoadOptions& options, const std::set<std::string>& unread, Problems& problems) {
    Checks(config, options, unread, problems).run();
}

Secret stream_token_key(const Config& config) {
    if (!config.twilio.token_key.empty()) return derive(config.twilio.token_key.reveal(), "parley stream token, configured key");
    if (!config.twilio.auth_tokens.empty()) return derive(config.twilio.auth_tokens.front().reveal(), "parley stream token, auth token");
    return Secret(random_hex(32));
}

std::uint64_t descriptors_needed(const Config& config) {
    return 4 * std::uint64_t{config.limits.admission.max_calls} + 256;
}

std::optional<std::string> ensure_descriptors(const Config& config) {
    const std::uint64_t need = descriptors_needed(config);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    if (limit.rlim_cur < need) {
        rlimit wanted = limit;
        wanted.rlim_cur = std::min<rlim_t>(need, limit.rlim_max);
        if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
    }
    if (limit.rlim_cur >= need) return std::nullopt;
    return "limits.max_calls " + std::to_string(config.limits.admission.max_calls) + " needs " + std::to_string(need) + " file descriptors, but only " +
           std::to_string(limit.rlim_cur) + " are allowed: raise the limit (ulimit -n, LimitNOFILE) or lower max_calls to " +
           std::to_string(limit.rlim_cur > 256 ? (limit.rlim_cur - 256) / 4 : 0);
}

}  // namespace parley::gateway
