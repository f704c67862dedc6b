#include "config_table.hpp"

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
#include "config_relay_rows.hpp"
#include "config_vendor_rows.hpp"

#include <cctype>
#include <sstream>

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using us = std::chrono::microseconds;

bool all_of(std::string_view text, bool (*test)(unsigned char)) {
    return std::all_of(text.begin(), text.end(), [test](char c) { return test(static_cast<unsigned char>(c)); });
}
bool hex(unsigned char c) {
    return std::isxdigit(c) != 0;
}
bool digit(unsigned char c) {
    return std::isdigit(c) != 0;
}
bool token_char(unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}
bool word_char(unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
}

text::Parsed<std::string> accept(std::string_view text, const std::string& bad) {
    if (!bad.empty()) return {{}, bad};
    return {std::string(text), {}};
}

std::string check_account(std::string_view sid) {
    return sid.size() == 34 && sid.starts_with("AC") && all_of(sid.substr(2), hex) ? "" : "expected AC and 32 hexadecimal digits";
}

std::string check_network(std::string_view text) {
    const auto slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    const bool six = host.find(':') != std::string_view::npos;
    const bool plausible = !host.empty() && all_of(host, [](unsigned char c) { return std::isxdigit(c) || c == '.' || c == ':'; });
    const auto bits = slash == std::string_view::npos ? text::parse_integer("0") : text::parse_integer(text.substr(slash + 1));
    return plausible && bits && bits.value >= 0 && bits.value <= (six ? 128 : 32) ? "" : "expected an address or a network such as 10.0.0.0/8";
}

// A directory that cannot lead out of the data directory.
std::string check_below(std::string_view text) {
    const std::filesystem::path path{std::string(text)};
    if (text.empty() || path.is_absolute()) return "expected a directory below server.data_dir";
    for (const auto& part : path) {
        if (part == ".." || part.string().starts_with('.')) return "expected a directory below server.data_dir";
    }
    return "";
}

std::string check_public_url(std::string_view text) {
    constexpr std::array<std::string_view, 2> kSchemes{"https", "http"};
    const auto url = text::parse_url(text, kSchemes);
    if (!url) return url.error;
    if (url.value.path.find('?') != std::string::npos) return "the URL must not have a query";
    if (url.value.scheme == "http" && !text::is_loopback(url.value.host)) return "must be https: Twilio opens media streams over TLS only";
    return "";
}

std::string check_https(std::string_view text) {
    constexpr std::array<std::string_view, 1> kSchemes{"https"};
    return text.empty() ? "" : text::parse_url(text, kSchemes).error;
}

std::string check_api_base(std::string_view text) {
    constexpr std::array<std::string_view, 2> kSchemes{"https", "http"};
    const auto url = text::parse_url(text, kSchemes);
    if (!url) return url.error;
    if (url.value.path.find('?') != std::string::npos) return "the URL must not have a query";
    if (url.value.scheme == "http" && !text::is_loopback(url.value.host)) return "must be https: credentials go there";
    return "";
}

std::string check_api_key(std::string_view sid) {
    return sid.size() == 34 && sid.starts_with("SK") && all_of(sid.substr(2), hex) ? "" : "expected SK and 32 hexadecimal digits";
}

std::string check_place(std::string_view text) {
    return !text.empty() && text.size() <= 32 && all_of(text, [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '-'; })
               ? ""
               : "expected a name such as ie1 or dublin";
}

std::string check_bot(std::string_view text) {
    constexpr std::array<std::string_view, 2> kSchemes{"wss", "ws"};
    const auto url = text::parse_url(text, kSchemes);
    if (!url) return url.error;
    if (url.value.scheme == "ws" && !text::is_loopback(url.value.host)) return "must be wss: ws is for this machine only";
    return "";
}

std::string check_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && all_of(text, word_char) ? "" : "expected a name of letters, digits, - and _";
}

std::string check_spoken(std::string_view text) {
    return text.size() <= 2000 ? "" : "is longer than 2000 characters";
}

std::string check_instance(std::string_view text) {
    return text.size() <= 128 ? "" : "is longer than 128 characters";
}

std::function<text::Parsed<std::string>(std::string_view)> checked(std::string (*check)(std::string_view)) {
    return [check](std::string_view text) { return accept(text, check(text)); };
}
std::function<std::string(const std::string&)> shown() {
    return [](const std::string& item) { return quote_yaml(item); };
}

void server_rows(Table<Config>& t) {
    t.address(
        "server.listen", [](Config& c) -> auto& { return c.server.listen; }, true,
        "Plain HTTP for webhooks and media sockets: behind a balancer that speaks TLS.");
    t.address(
        "server.tls.listen", [](Config& c) -> auto& { return c.server.tls_listen; }, true, "The same over TLS, for a gateway that faces the internet itself.");
    t.path(
        "server.tls.certificate", [](Config& c) -> auto& { return c.server.certificate; }, "PEM file, leaf first, then its chain; read again when it changes.",
        Effect::live, true);
    t.path("server.tls.key", [](Config& c) -> auto& { return c.server.key; }, "PEM file of its private key.", Effect::live, true);
    t.text(
        "server.public_url", [](Config& c) -> auto& { return c.server.public_url; }, "https URL",
        "The address Twilio calls, exactly as configured there: signatures are computed over it and stream addresses "
        "are made from it.",
        Effect::live, check_public_url);
    t.address(
        "server.admin_listen", [](Config& c) -> auto& { return c.server.admin_listen; }, false,
        "/livez, /readyz, /metrics. It asks for no password: keep it on loopback or a private network.");
    t.integer("server.workers", [](Config& c) -> auto& { return c.server.workers; }, 0, 256, "Threads that carry calls; 0 is one a core.", Effect::restart);
    t.path(
        "server.data_dir", [](Config& c) -> auto& { return c.server.data_dir; }, "The one directory written to; relative to where the process starts.",
        Effect::restart, false);
    t.duration(
        "server.drain", [](Config& c) -> auto& { return c.server.drain; }, 0s, 86400s, "After the first stop signal calls in progress may go on for so long.");
    t.duration(
        "server.drain_accept_grace", [](Config& c) -> auto& { return c.server.drain_accept_grace; }, 0s, 300s,
        "New connections are still accepted for so long after it, because balancers notice late.");
    t.list<std::vector<std::string>& (*)(Config&), std::string>(
        "server.trusted_proxies", [](Config& c) -> std::vector<std::string>& { return c.server.trusted_proxies; }, "addresses or networks",
        checked(check_network), shown(), "Whose X-Forwarded-For is believed.");
    t.duration(
        "server.max_batch", [](Config& c) -> auto& { return c.server.max_batch; }, 0us, 5ms,
        "Under load frames wait at most so long to be handled together; 0 handles each at once.", Effect::restart);
    t.list<std::vector<std::uint32_t>& (*)(Config&), std::uint32_t>(
        "server.pin_cpus", [](Config& c) -> std::vector<std::uint32_t>& { return c.server.pin_cpus; }, "processor numbers",
        [](std::string_view text) -> text::Parsed<std::uint32_t> {
            const auto n = text::parse_integer(text);
            if (!n || n.value < 0 || n.value > 4095) return {{}, "expected a processor number"};
            return {static_cast<std::uint32_t>(n.value), {}};
        },
        [](const std::uint32_t& cpu) { return std::to_string(cpu); }, "Worker i runs on the i-th of these only (in turn); empty leaves it to the kernel.",
        Effect::restart);
    t.flag(
        "server.core_dumps", [](Config& c) -> auto& { return c.server.core_dumps; },
        "Whether a crash may leave a core file. It would hold every secret and what was being said; without it no debugger attaches either.", Effect::restart);
    t.text(
        "server.talk_page", [](Config& c) -> auto& { return c.server.talk_page; }, "name of an agent",
        "Serves a page at / from which anybody who can reach it talks to this agent by microphone; empty: no page.", Effect::restart, check_name);
}

void twilio_rows(Table<Config>& t) {
    t.list<std::vector<std::string>& (*)(Config&), std::string>(
        "twilio.account_sids", [](Config& c) -> std::vector<std::string>& { return c.twilio.account_sids; }, "AC…", checked(check_account), shown(),
        "Accounts whose calls are answered; empty is any whose signature holds. Also TWILIO_ACCOUNT_SID.");
    t.secrets(
        "twilio.auth_tokens", [](Config& c) -> auto& { return c.twilio.auth_tokens; },
        "Signatures are checked against each of these; two while a token is being rotated, the current one first. Also "
        "TWILIO_AUTH_TOKEN.");
    t.secret(
        "twilio.token_key", [](Config& c) -> auto& { return c.twilio.token_key; },
        "Signs the tokens that tie a media socket to its call; the same on every instance. Default: derived from the "
        "first auth token.");
    t.flag(
        "twilio.verify_signatures", [](Config& c) -> auto& { return c.twilio.verify_signatures; },
        "Off only on loopback, for experiments: anybody who reaches the port could open calls.");
    t.text(
        "twilio.api_key", [](Config& c) -> auto& { return c.twilio.api_key; }, "SK…",
        "Asks Twilio's REST interface with this API key instead of the auth token, for the first of twilio.account_sids. "
        "Also TWILIO_API_KEY.",
        Effect::restart, check_api_key);
    t.secret("twilio.api_secret", [](Config& c) -> auto& { return c.twilio.api_secret; }, "The API key's secret. Also TWILIO_API_SECRET.");
    t.text(
        "twilio.region", [](Config& c) -> auto& { return c.twilio.region; }, "ie1, au1, …",
        "Where the account's data is; empty is us1. Each region has credentials of its own. Also TWILIO_REGION.", Effect::restart, check_place);
    t.text(
        "twilio.edge", [](Config& c) -> auto& { return c.twilio.edge; }, "dublin, sydney, …",
        "Where Twilio's network is entered; empty is the default. Also TWILIO_EDGE.", Effect::restart, check_place);
    t.text(
        "twilio.api_base_url", [](Config& c) -> auto& { return c.twilio.api_base_url; }, "https URL",
        "Asked instead of Twilio, for every product: the simulated Twilio, or a proxy.", Effect::restart, check_api_base);
    t.number(
        "twilio.rest_rate", [](Config& c) -> auto& { return c.twilio.rest_rate; }, 0.1, 1000,
        "Requests a second to the REST interface at most; as many at once.", Effect::restart);
}

void limits_rows(Table<Config>& t) {
    t.integer(
        "limits.max_calls", [](Config& c) -> auto& { return c.limits.admission.max_calls; }, 0, 100'000, "Calls at once; the next one is refused at the door.");
    t.number(
        "limits.new_calls_per_second", [](Config& c) -> auto& { return c.limits.admission.new_calls_per_second; }, 0.1, 10'000, "New calls taken, on average.");
    t.integer("limits.burst", [](Config& c) -> auto& { return c.limits.admission.burst; }, 1, 100'000, "New calls taken at once above that average.");
    t.integer(
        "limits.preauth_connections", [](Config& c) -> auto& { return c.limits.preauth_connections; }, 1, 100'000,
        "Connections that have not proved themselves yet, in all.");
    t.integer(
        "limits.preauth_per_address", [](Config& c) -> auto& { return c.limits.preauth_per_address; }, 1, 100'000,
        "The same from one address. Behind a balancer all connections come from its address: raise it, or trust its "
        "X-Forwarded-For.");
    t.choice(
        "limits.overflow", [](Config& c) -> auto& { return c.limits.overflow; },
        std::vector<std::pair<std::string, Overflow>>{
            {"busy", Overflow::busy}, {"reject", Overflow::reject}, {"say", Overflow::say}, {"redirect", Overflow::redirect}},
        "What a refused caller gets: the busy tone, a refusal, a sentence, or TwiML from another address.");
    t.text("limits.overflow_text", [](Config& c) -> auto& { return c.limits.overflow_text; }, "text", "The sentence.", Effect::live, check_spoken);
    t.text("limits.overflow_url", [](Config& c) -> auto& { return c.limits.overflow_url; }, "https URL", "The other address.", Effect::live, check_https);
}

void log_rows(Table<Config>& t) {
    t.choice(
        "log.level", [](Config& c) -> auto& { return c.log.level; },
        std::vector<std::pair<std::string, LogLevel>>{
            {"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warn", LogLevel::warn}, {"error", LogLevel::error}},
        "Least severity written.");
    t.choice(
        "log.format", [](Config& c) -> auto& { return c.log.format; },
        std::vector<std::pair<std::string, LogFormat>>{{"json", LogFormat::json}, {"logfmt", LogFormat::logfmt}, {"text", LogFormat::text}},
        "One line an event; text is for people.", Effect::restart);
    t.flag("log.content", [](Config& c) -> auto& { return c.log.content; }, "Lets what was said into debug lines. Not for production.", Effect::restart);
    t.text(
        "log.instance", [](Config& c) -> auto& { return c.log.instance; }, "text", "Name of this process in its lines; default the host's name.",
        Effect::restart, check_instance);
}

void media_rows(Table<Config>& t) {
    t.duration(
        "media.ahead", [](Config& c) -> auto& { return c.media.playout.ahead; }, 100ms, 200ms,
        "How far ahead of the ear audio is handed to the carrier: more rides out hiccups, less can be taken back when "
        "the caller interrupts.");
    t.duration(
        "media.mark_every", [](Config& c) -> auto& { return c.media.playout.mark_every; }, 100ms, 5s,
        "At most so long between the marks that tell what was heard.");
    t.duration("media.segment_bound", [](Config& c) -> auto& { return c.media.playout.segment_bound; }, 1s, 600s, "Audio held for one sentence at most.");
    t.integer(
        "media.vad.onset_frames", [](Config& c) -> auto& { return c.media.vad.onset_frames; }, 1, 50,
        "20 ms frames of speech before the caller counts as speaking.");
    t.integer(
        "media.vad.onset_voiced_frames", [](Config& c) -> auto& { return c.media.vad.onset_voiced_frames; }, 0, 50, "Of these, frames with a voice's pitch.");
    t.integer(
        "media.vad.hangover_frames", [](Config& c) -> auto& { return c.media.vad.hangover_frames; }, 1, 100,
        "20 ms frames of quiet before the caller counts as silent.");
    t.number("media.vad.onset_db", [](Config& c) -> auto& { return c.media.vad.onset_db; }, 1, 40, "Decibels over the line's noise that begin speech.");
    t.number("media.vad.offset_db", [](Config& c) -> auto& { return c.media.vad.offset_db; }, 0, 40, "Decibels over the line's noise that keep it going.");
    t.number("media.vad.min_speech_dbfs", [](Config& c) -> auto& { return c.media.vad.min_speech_dbfs; }, -80, 0, "Nothing quieter is speech.");
    t.number("media.vad.floor_min_dbfs", [](Config& c) -> auto& { return c.media.vad.floor_min_dbfs; }, -96, 0, "The line's noise is taken for at least this.");
    t.number("media.vad.floor_max_dbfs", [](Config& c) -> auto& { return c.media.vad.floor_max_dbfs; }, -96, 0, "And for at most this.");
    t.number("media.vad.floor_start_dbfs", [](Config& c) -> auto& { return c.media.vad.floor_start_dbfs; }, -96, 0, "Before the line is known.");
    t.number("media.vad.voicing", [](Config& c) -> auto& { return c.media.vad.voicing; }, 0, 1, "How periodic a frame must be to count as voiced.");
    t.number(
        "media.vad.tone_gain_db", [](Config& c) -> auto& { return c.media.vad.tone_gain_db; }, 0, 90,
        "Prediction gain above which a sound is a tone, not a voice.");
}

void files_rows(Table<Config>& t) {
    t.flag(
        "recording.enabled", [](Config& c) -> auto& { return c.recording.enabled; },
        "Writes a stereo WAV of each call of agents that record. Mind the law where you call.");
    t.text(
        "recording.directory", [](Config& c) -> auto& { return c.recording.directory; }, "directory", "Below server.data_dir.", Effect::restart, check_below);
    t.integer(
        "recording.retain_days", [](Config& c) -> auto& { return c.recording.retain_days; }, 0, 36'500,
        "Days a recording is kept. Has no default: whoever records must say.");
    t.flag(
        "call_files.enabled", [](Config& c) -> auto& { return c.call_files.enabled; },
        "Writes everything a call's conversation was told and did, for `parley replay`.");
    t.text(
        "call_files.directory", [](Config& c) -> auto& { return c.call_files.directory; }, "directory", "Below server.data_dir.", Effect::restart, check_below);
    t.choice(
        "call_files.frames", [](Config& c) -> auto& { return c.call_files.frames; },
        std::vector<std::pair<std::string, call::FrameDetail>>{{"digest", call::FrameDetail::digest}, {"full", call::FrameDetail::full}},
        "Caller audio as checksums, or in full.");
    t.integer(
        "call_files.retain_days", [](Config& c) -> auto& { return c.call_files.retain_days; }, 0, 36'500,
        "Days a call file is kept; 0: as long as the record of its call, which it never outlives. They hold every word: without records this has to be said.");
    t.flag(
        "records.enabled", [](Config& c) -> auto& { return c.records.enabled; },
        "Keeps a record of each call in the store: what was said, its end, recordings, transfers, messages.");
    t.integer(
        "records.retain_days", [](Config& c) -> auto& { return c.records.retain_days; }, 1, 36'500,
        "Days the record of a call, and all else the store knows of it, is kept after its last fact; `retention.calls`, where it is given, counts instead.");
}

void engine_rows(Table<Config>& t) {
    t.integer(
        "engine.threads", [](Config& c) -> auto& { return c.engine.threads; }, 0, 256, "Threads of embedded recognition and synthesis; 0 is one a core.",
        Effect::restart);
    t.path(
        "engine.model_dir", [](Config& c) -> auto& { return c.engine.model_dir; }, "Acoustic model of the recogniser; default Debian's pocketsphinx-en-us.",
        Effect::restart, true);
    t.integer(
        "engine.queue", [](Config& c) -> auto& { return c.engine.queue; }, 1, 10'000, "Jobs that may wait for these threads; beyond it a turn fails over.",
        Effect::restart);
}

void agent_identity_rows(Table<AgentConfig>& t) {
    using A = AgentConfig;
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        "numbers", [](A& a) -> std::vector<std::string>& { return a.numbers; }, "E.164 numbers", checked(check_number), shown(),
        "Called numbers this agent answers.");
    t.flag("default", [](A& a) -> auto& { return a.is_default; }, "Answers every number no other agent lists.");
    t.choice(
        "brain", [](A& a) -> auto& { return a.brain; },
        std::vector<std::pair<std::string, Brain>>{{"embedded", Brain::embedded}, {"vendors", Brain::vendors}, {"bot", Brain::bot}, {"echo", Brain::echo}},
        "embedded: recognition, a script and synthesis inside this process; vendors: the sockets of stt, lm and tts, or of s2s; bot: your own media-stream "
        "server; echo: "
        "the caller's audio back.");
    t.path("script", [](A& a) -> auto& { return a.script; }, "Dialogue of the embedded brain, relative to this file.", Effect::live, true);
    t.text("voice", [](A& a) -> auto& { return a.voice; }, "name", "Voice of the embedded synthesis.", Effect::live, check_name);
    t.number("speed", [](A& a) -> auto& { return a.speed; }, 0.5, 2.0, "Its pace; 1 is the voice's own.");
    t.text("bot", [](A& a) -> auto& { return a.bot; }, "wss URL", "Media-stream server the call is bridged to.", Effect::live, check_bot);
    t.secret_map(
        "bot_headers", [](A& a) -> auto& { return a.bot_headers; }, "Headers of the upgrade request to it, for example Authorization.",
        [](std::string_view name) -> std::string { return !name.empty() && name.size() <= 128 && all_of(name, token_char) ? "" : "is not a header name"; });
    t.text(
        "greeting", [](A& a) -> auto& { return a.greeting; }, "text", "First sentence; default the script's, or the model's own.", Effect::live, check_spoken);
    t.duration("max_call", [](A& a) -> auto& { return a.max_call; }, 1s, 86400s, "Whatever the conversation does, the call ends here.");
    t.flag("record", [](A& a) -> auto& { return a.record; }, "Whether its calls are recorded when recording.enabled.");
    t.text(
        "fallback_number", [](A& a) -> auto& { return a.fallback_number; }, "E.164 number",
        "Where a call goes that the brain could not serve; default a spoken goodbye.", Effect::live,
        [](std::string_view number) -> std::string { return number.empty() ? "" : check_number(number); });
    t.flag("voicemail", [](A& a) -> auto& { return a.voicemail; }, "Whether callers may leave a message.");
    t.text("voicemail_prompt", [](A& a) -> auto& { return a.voicemail_prompt; }, "text", "Said before the tone.", Effect::live, check_spoken);
    t.duration("voicemail_max", [](A& a) -> auto& { return a.voicemail_max; }, 1s, 3600s, "Longest message.");
}

void conversation_rows(Table<AgentConfig>& t) {
    using A = AgentConfig;
    const auto spoken = [&t](const char* key, auto access, const char* help) { t.text(key, access, "text", help, Effect::live, check_spoken); };
    const auto sentences = [&t](const char* key, std::vector<std::string>& (*access)(A&), const char* help) {
        t.list<std::vector<std::string>& (*)(A&), std::string>(key, access, "texts", checked(check_spoken), shown(), help);
    };
    t.duration(
        "conversation.endpoint_silence", [](A& a) -> auto& { return a.conversation.endpoint_silence; }, 50ms, 10s,
        "Silence that ends the caller's turn when nothing better is known.");
    t.duration(
        "conversation.endpoint_silence_short", [](A& a) -> auto& { return a.conversation.endpoint_silence_short; }, 50ms, 10s,
        "The same after words that sound finished, or when a short answer was asked for.");
    t.duration(
        "conversation.endpoint_silence_long", [](A& a) -> auto& { return a.conversation.endpoint_silence_long; }, 50ms, 10s,
        "The same after words that sound unfinished.");
    t.duration("conversation.min_utterance", [](A& a) -> auto& { return a.conversation.min_utterance; }, 0s, 2s, "Shorter sounds are noise.");
    t.duration("conversation.max_utterance", [](A& a) -> auto& { return a.conversation.max_utterance; }, 1s, 120s, "A turn is closed here at the latest.");
    t.flag("conversation.barge_in", [](A& a) -> auto& { return a.conversation.barge_in; }, "Whether the caller may interrupt.");
    t.duration(
        "conversation.barge_in_confirm", [](A& a) -> auto& { return a.conversation.barge_in_confirm; }, 20ms, 5s,
        "Speech over the agent for so long interrupts it; less only lowers its voice for a moment.");
    t.integer(
        "conversation.barge_in_words", [](A& a) -> auto& { return a.conversation.barge_in_words; }, 0, 20,
        "So many recognised words interrupt as well; 0 is by time only.");
    t.duration(
        "conversation.final_wait", [](A& a) -> auto& { return a.conversation.final_wait; }, 100ms, 30s,
        "How long recognition may take after the turn; then what was understood so far counts.");
    t.duration(
        "conversation.filler_after", [](A& a) -> auto& { return a.conversation.filler_after; }, 100ms, 30s,
        "An answer late by so much is covered by a filler.");
    t.duration("conversation.filler_every", [](A& a) -> auto& { return a.conversation.filler_every; }, 500ms, 60s, "Between fillers.");
    t.integer("conversation.filler_max", [](A& a) -> auto& { return a.conversation.filler_max; }, 0, 20, "So many, then an apology and the end.");
    sentences("conversation.fillers", [](A& a) -> std::vector<std::string>& { return a.conversation.fillers; }, "What is said.");
    t.duration("conversation.idle_after", [](A& a) -> auto& { return a.conversation.idle_after; }, 1s, 600s, "A caller silent for so long is asked.");
    t.integer("conversation.idle_prompts", [](A& a) -> auto& { return a.conversation.idle_prompts; }, 0, 20, "So often, then goodbye.");
    sentences("conversation.idle_texts", [](A& a) -> std::vector<std::string>& { return a.conversation.idle_texts; }, "What is asked, in turn.");
    spoken("conversation.goodbye_text", [](A& a) -> auto& { return a.conversation.goodbye_text; }, "The goodbye to a silent caller.");
    t.duration(
        "conversation.max_duration", [](A& a) -> auto& { return a.conversation.max_duration; }, 1s, 86400s, "A conversation ends here, with a sentence.");
    t.duration(
        "conversation.max_duration_warning", [](A& a) -> auto& { return a.conversation.max_duration_warning; }, 0s, 3600s,
        "Warned so long before; 0 is not at all.");
    spoken("conversation.max_duration_warning_text", [](A& a) -> auto& { return a.conversation.max_duration_warning_text; }, "The warning.");
    spoken("conversation.max_duration_text", [](A& a) -> auto& { return a.conversation.max_duration_text; }, "The sentence.");
    spoken("conversation.apology_text", [](A& a) -> auto& { return a.conversation.apology_text; }, "Said when nothing can answer any more.");
    t.duration(
        "conversation.end_grace", [](A& a) -> auto& { return a.conversation.end_grace; }, 0s, 30s,
        "How long the carrier's word that the goodbye was heard is waited for.");
    t.duration(
        "conversation.carrier_delay", [](A& a) -> auto& { return a.conversation.carrier_delay; }, 0s, 1s, "From the gateway to the caller's ear, at best.");
    t.duration(
        "conversation.digit_gap", [](A& a) -> auto& { return a.conversation.digit_gap; }, 200ms, 30s,
        "A pause this long ends an entry on the keypad; # ends it at once.");
    t.integer(
        "conversation.context_lines", [](A& a) -> auto& { return a.conversation.context_lines; }, 1, 10'000,
        "Lines of the conversation the brain is given; the oldest leave first.");
    t.number(
        "conversation.vendor_end_confidence", [](A& a) -> auto& { return a.conversation.vendor_end_confidence; }, 0, 1,
        "A recogniser that says the turn is over is believed from this confidence on; half of it shortens the wait.");
    spoken("conversation.fallback_text", [](A& a) -> auto& { return a.conversation.fallback_text; }, "Said when the brain answered nothing or failed once.");
    t.integer(
        "conversation.failures_max", [](A& a) -> auto& { return a.conversation.failures_max; }, 1, 20,
        "So many failures in a row, then the apology and the end.");
    t.integer(
        "conversation.reply_max_characters", [](A& a) -> auto& { return a.conversation.reply_max_characters; }, 100, 100'000,
        "A reply is cut behind the sentence that passes this.");
}

}  // namespace

std::string check_number(std::string_view number) {
    const bool right = number.size() >= 3 && number.size() <= 16 && number[0] == '+' && number[1] != '0' && all_of(number.substr(1), digit);
    return right ? "" : "expected a number in E.164 form, such as +4930123456 (quoted)";
}

std::string environment_name(std::string_view key) {
    std::string name = "PARLEY_";
    for (const char c : key) {
        if (c == '.') {
            name += "__";
        } else {
            name += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
        }
    }
    return name;
}

std::string quote_yaml(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            constexpr std::string_view kDigits = "0123456789abcdef";
            out += "\\x";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 0xF];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string number_text(double value) {
    std::ostringstream out;
    out.precision(6);
    out << value;
    return out.str();
}

const std::vector<Row<Config>>& config_rows() {
    static const auto rows = [] {
        Table<Config> t;
        t.integer("version", [](Config& c) -> auto& { return c.version; }, 1, 1, "Of this file's form.", Effect::restart);
        server_rows(t);
        admin_rows(t);
        twilio_rows(t);
        limits_rows(t);
        log_rows(t);
        media_rows(t);
        files_rows(t);
        control_rows(t);
        messaging_rows(t);
        store_rows(t);
        policy_rows(t);
        outbox_rows(t);
        engine_rows(t);
        // What a reload puts in force for the next call; everything else waits for the next start and is reported.
        for (auto& row : t.rows) {
            constexpr std::array<std::string_view, 6> kLive{"twilio.auth_tokens", "limits.max_calls", "limits.new_calls_per_second",
                                                            "limits.burst",       "log.level",        "call_files.frames"};
            const bool live =
                row.key.starts_with("media.") || (row.key.starts_with("outbound.") && row.key != "outbound.hold_music" && row.key != "outbound.from") ||
                row.key == "server.admin_token" || row.key == "server.admin_hosts" || std::find(kLive.begin(), kLive.end(), row.key) != kLive.end();
            row.effect = live ? Effect::live : Effect::restart;
        }
        return std::move(t.rows);
    }();
    return rows;
}

const std::vector<Row<AgentConfig>>& agent_rows() {
    static const auto rows = [] {
        Table<AgentConfig> t;
        agent_identity_rows(t);
        flow_rows(t);
        upstream_rows(t);
        control_agent_rows(t);
        messaging_agent_rows(t);
        conversation_rows(t);
        relay_rows(t);
        policy_agent_rows(t);
        hold_agent_rows(t);
        tool_agent_rows(t);
        analysis_agent_rows(t);
        outbox_agent_rows(t);
        persona_agent_rows(t);
        return std::move(t.rows);
    }();
    return rows;
}

}  // namespace parley::gateway
