#include "config_control_rows.hpp"

#include "parley/control/dial_guard.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;

std::string check_caller(std::string_view from) {
    return from.empty() ? "" : control::wrong_address(from);
}

std::string check_music(std::string_view url) {
    constexpr std::array<std::string_view, 2> kSchemes{"https", "http"};
    return url.empty() ? "" : text::parse_url(url, kSchemes).error;
}

std::string check_message(std::string_view text) {
    return text.size() <= 2000 ? "" : "is longer than 2000 characters";
}

void prefixes(Table<Config>& t, const char* key, std::vector<std::string>& (*access)(Config&), const char* help) {
    t.list<std::vector<std::string>& (*)(Config&), std::string>(
        key, access, "prefixes (+49, sip:@example.com, client:)",
        [](std::string_view text) -> text::Parsed<std::string> {
            const auto wrong = control::wrong_prefix(text);
            if (!wrong.empty()) return {{}, wrong};
            return {std::string(text), {}};
        },
        [](const std::string& item) { return quote_yaml(item); }, help);
}

}  // namespace

void admin_rows(Table<Config>& t) {
    t.secret(
        "server.admin_token", [](Config& c) -> auto& { return c.server.admin_token; },
        "What `Authorization: Bearer …` must carry for /v1 on server.admin_listen; at least 16 characters. Without one, and without tokens made by it or by "
        "`parley token create`, /v1 is closed.");
    t.list<std::vector<std::string>& (*)(Config&), std::string>(
        "server.admin_hosts", [](Config& c) -> std::vector<std::string>& { return c.server.admin_hosts; }, "names",
        [](std::string_view name) -> text::Parsed<std::string> {
            const bool right = !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
                return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
            });
            return {std::string(name), right ? "" : "expected a host's name, without scheme and port"};
        },
        [](const std::string& name) { return quote_yaml(name); },
        "Names /v1 may be asked for by, besides addresses, localhost and the host of server.public_url: any other Host is refused (DNS re-binding).");
}

void control_rows(Table<Config>& t) {
    t.flag("outbound.enabled", [](Config& c) -> auto& { return c.outbound.limits.enabled; }, "Whether calls may be placed at all.");
    t.text(
        "outbound.from", [](Config& c) -> auto& { return c.outbound.from; }, "E.164 number, sip: or client:", "Caller id of calls that are placed without one.",
        Effect::live, check_caller);
    t.number(
        "outbound.calls_per_second", [](Config& c) -> auto& { return c.outbound.limits.calls_per_second; }, 0.01, 1000,
        "New outbound calls; below 1 is one in so many seconds.");
    t.integer(
        "outbound.calls_per_minute", [](Config& c) -> auto& { return c.outbound.limits.calls_per_minute; }, 1, 60'000, "New outbound calls within a minute.");
    t.integer(
        "outbound.calls_per_day", [](Config& c) -> auto& { return c.outbound.limits.calls_per_day; }, 1, 1'000'000, "New outbound calls within 24 hours.");
    t.integer(
        "outbound.per_destination_per_hour", [](Config& c) -> auto& { return c.outbound.limits.per_destination_per_hour; }, 1, 10'000,
        "New calls to one number or address within an hour.");
    t.integer("outbound.at_once", [](Config& c) -> auto& { return c.outbound.limits.at_once; }, 1, 100'000, "Outbound calls under way at once.");
    prefixes(
        t, "outbound.allowed_prefixes", [](Config& c) -> std::vector<std::string>& { return c.outbound.limits.allowed_prefixes; },
        "Who may be called; empty is nobody. The longest prefix of this list and the next that fits decides.");
    prefixes(
        t, "outbound.denied_prefixes", [](Config& c) -> std::vector<std::string>& { return c.outbound.limits.denied_prefixes; },
        "Who may not: by default premium, satellite and international networks. Also counts for people called into a call.");
    t.text(
        "outbound.hold_music", [](Config& c) -> auto& { return c.outbound.hold_music; }, "URL",
        "Sound for callers who wait; default a quiet tune of our own, served at /sounds/hold.wav.", Effect::live, check_music);
}

void control_agent_rows(Table<AgentConfig>& t) {
    t.text(
        "machine_message", [](AgentConfig& a) -> auto& { return a.machine_message; }, "text or https URL of a sound",
        "What is left on an answering machine that picks up a call of this agent's; empty: it is hung up on.", Effect::live, check_message);
}

std::vector<std::pair<std::string, std::string>> check_control(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    if (!config.server.admin_token.empty() && config.server.admin_token.reveal().size() < 16)
        wrong.emplace_back("server.admin_token", "is shorter than 16 characters: it could be guessed");
    if (config.outbound.limits.enabled && config.server.public_url.empty())
        wrong.emplace_back("outbound.enabled", "needs server.public_url: Twilio asks there what to do with an answered call");
    return wrong;
}

}  // namespace parley::gateway
