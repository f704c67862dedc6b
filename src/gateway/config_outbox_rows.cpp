#include "config_outbox_rows.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "parley/net/egress.hpp"
#include "parley/net/http_message.hpp"
#include "parley/outbox/webhook_event.hpp"
#include "parley/privacy/redactor.hpp"

namespace parley::gateway {

namespace {

using A = AgentConfig;
constexpr std::size_t kMostAlerts = 50;
constexpr std::int64_t kMostDays = 36'500;

std::string check_receiver(std::string_view url) {
    const auto parsed = net::parse_url(url);
    if (!parsed || (parsed->scheme != "http" && parsed->scheme != "https") || url.size() > 2048) return "expected an http or https URL";
    return {};
}

text::Parsed<std::string> event_name(std::string_view name) {
    const auto stem = name.ends_with('*') ? name.substr(0, name.size() - 1) : name;
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'; };
    if (name.empty() || name.size() > 80 || !std::all_of(stem.begin(), stem.end(), good))
        return {{}, "expected an event's name, or its beginning with * behind it"};
    return {std::string(name), {}};
}

std::optional<outbox::AlertRule> read_rule(const yaml::Node& node, const ReadContext& c) {
    if (node.kind != yaml::Kind::map) {
        c.wrong(node, "webhooks.alerts", "each rule is a section with name, on, pointer, is and value");
        return std::nullopt;
    }
    outbox::AlertRule rule;
    const std::array<std::pair<std::string, std::string outbox::AlertRule::*>, 5> fields{{{"name", &outbox::AlertRule::name},
                                                                                          {"on", &outbox::AlertRule::on},
                                                                                          {"pointer", &outbox::AlertRule::pointer},
                                                                                          {"is", &outbox::AlertRule::is},
                                                                                          {"value", &outbox::AlertRule::value}}};
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == node.keys[i]; });
        if (field == fields.end()) {
            c.problems.add(node.key_places[i], "unknown key '" + node.keys[i] + "'");
            continue;
        }
        const auto value = yaml::as_text(node.children[i]);
        if (!value)
            c.wrong(node.children[i], node.keys[i], value.error);
        else
            rule.*(field->second) = value.value;
    }
    if (const auto bad = outbox::check_rule(rule); !bad.empty()) {
        c.wrong(node, "webhooks.alerts", bad);
        return std::nullopt;
    }
    return rule;
}

template <class Target, class Access>
void alert_rows(Table<Target>& t, Access access) {
    Row<Target> row;
    row.key = "webhooks.alerts";
    row.type = "list of {name, on, pointer, is, value}";
    row.help =
        "Further events, `alert.<name>`, when the data of the event `on` has at `pointer` (JSON pointer) what `is` says: equals, below, above, contains, "
        "exists.";
    row.from_environment = false;
    row.read = [access](Target& target, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::list) return c.wrong(node, "webhooks.alerts", "expected a list of rules");
        if (node.children.size() > kMostAlerts) return c.wrong(node, "webhooks.alerts", "has more than 50 entries");
        std::vector<outbox::AlertRule> all;
        for (const auto& child : node.children)
            if (auto rule = read_rule(child, c)) all.push_back(std::move(*rule));
        access(target).alerts = std::move(all);
    };
    row.print = [access](const Target& target) {
        std::string out = "[";
        for (const auto& rule : access(const_cast<Target&>(target)).alerts)
            out += std::string(out.size() > 1 ? ", " : "") + "{name: " + quote_yaml(rule.name) + ", on: " + quote_yaml(rule.on) +
                   ", pointer: " + quote_yaml(rule.pointer) + ", is: " + quote_yaml(rule.is) + ", value: " + quote_yaml(rule.value) + "}";
        return out + "]";
    };
    row.digest = row.print;
    t.rows.push_back(std::move(row));
}

template <class Target, class Access>
void webhook_rows(Table<Target>& t, Access access, const std::string& whose) {
    t.text(
        "webhooks.url", [access](Target& x) -> auto& { return access(x).url; }, "http or https URL", "Receiver of " + whose + " events; empty: nobody is told.",
        Effect::live, check_receiver);
    t.secret("webhooks.secret", [access](Target& x) -> auto& { return access(x).secret; }, "Signs them (Parley-Signature).");
    t.template list<std::function<std::vector<std::string>&(Target&)>, std::string>(
        "webhooks.events", [access](Target& x) -> std::vector<std::string>& { return access(x).events; }, "event names", event_name,
        [](const std::string& item) { return quote_yaml(item); }, "Which ones, by name or beginning (call.*); empty is all.");
    alert_rows(t, access);
    t.integer(
        "webhooks.attempts", [access](Target& x) -> auto& { return access(x).attempts; }, 1, 50,
        "Tries of one event, with growing pauses and not longer than a day; then it waits among the dead ones (/v1/webhooks/dead).");
}

void days(Table<Config>& t, const std::string& key, std::optional<std::uint32_t> RetentionConfig::* field, const std::string& what) {
    Row<Config> row;
    row.key = "retention." + key;
    row.type = "days, 1 to 36500, or forever";
    row.help = what;
    row.read = [field, key](Config& config, const yaml::Node& node, const ReadContext& c) {
        const auto given = yaml::as_text(node);
        if (!given) return c.wrong(node, key, given.error);
        if (given.value == "forever") {
            config.retention.*field = std::nullopt;
            return;
        }
        const auto value = text::parse_integer(given.value);
        if (!value) return c.wrong(node, key, value.error + ", found '" + given.value + "'");
        if (value.value < 1 || value.value > kMostDays) return c.wrong(node, key, std::to_string(value.value) + " is out of range, allowed is 1 to 36500");
        config.retention.*field = static_cast<std::uint32_t>(value.value);
    };
    row.print = [field](const Config& config) { return config.retention.*field ? std::to_string(*(config.retention.*field)) : std::string("forever"); };
    row.digest = row.print;
    t.rows.push_back(std::move(row));
}

text::Parsed<std::string> network(std::string_view given) {
    try {
        const net::EgressGuard checked({std::string(given)});
    } catch (const std::invalid_argument&) {
        return {{}, "expected an address or a network (10.1.0.0/16)"};
    }
    return {std::string(given), {}};
}

text::Parsed<std::string> kind_name(std::string_view name) {
    if (privacy::kind_named(name)) return {std::string(name), {}};
    return {{}, "expected card, ssn, iban, email or phone"};
}

std::string check_alert_names(const outbox::WebhookSettings& settings) {
    std::vector<std::string> names;
    for (const auto& rule : settings.alerts) {
        if (std::find(names.begin(), names.end(), rule.name) != names.end()) return "has two rules named " + rule.name;
        names.push_back(rule.name);
    }
    return {};
}

}  // namespace

void outbox_rows(Table<Config>& t) {
    webhook_rows(t, [](Config& c) -> outbox::WebhookSettings& { return c.webhooks; }, "the agents' (those without an own receiver)");
    t.list<std::vector<std::string>& (*)(Config&), std::string>(
        "webhooks.private_networks", [](Config& c) -> std::vector<std::string>& { return c.webhook_networks; }, "addresses or networks", network,
        [](const std::string& item) { return quote_yaml(item); },
        "Where receivers may be although it is no public address (10.1.0.0/16); anything else that is not public is refused.", Effect::restart);
    t.duration(
        "webhooks.first_pause", [](Config& c) -> auto& { return c.webhook_first_pause; }, std::chrono::milliseconds(10), std::chrono::hours(1),
        "Pause before an event's second attempt; three times as long before each further one, up to 4 hours.", Effect::restart);
    days(t, "calls", &RetentionConfig::calls, "Days a call is kept with all that is known of it, behind its last fact, instead of `records.retain_days`.");
    days(t, "transcripts", &RetentionConfig::transcripts,
         "Days its words are kept: turns, transcripts, messages, tool calls, summaries; also in webhooks that were delivered or given up.");
    days(t, "events", &RetentionConfig::events, "Days dead webhooks and a call's states are kept; delivered ones not longer than 7.");
    days(t, "profiles", &RetentionConfig::profiles, "Days a caller's profile is kept behind its last change.");
    days(t, "audit", &RetentionConfig::audit, "Days of the audit log.");
}

void outbox_agent_rows(Table<A>& t) {
    webhook_rows(t, [](A& a) -> outbox::WebhookSettings& { return a.webhooks; }, "its");
    t.flag(
        "privacy.redact", [](A& a) -> auto& { return a.privacy.redact; },
        "Cards, social security numbers, IBANs, e-mail addresses and telephone numbers are masked in everything that is kept or shown of its calls; no call "
        "file is written.");
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        "privacy.kinds", [](A& a) -> std::vector<std::string>& { return a.privacy.kinds; }, "card, ssn, iban, email, phone", kind_name,
        [](const std::string& item) { return item; }, "Which of them; empty is all.");
    t.flag(
        "privacy.redact_audio", [](A& a) -> auto& { return a.privacy.redact_audio; }, "The caller's turns with such data are silenced in our own recording.");
}

std::uint32_t days_of_calls(const Config& config) {
    return config.retention.calls.value_or(config.records.retain_days);
}

std::vector<std::pair<std::string, std::string>> outbox_warnings(const Config& config) {
    constexpr const char* kUnsigned = "is missing: events go out unsigned, and their receiver cannot tell them from anybody else's";
    std::vector<std::pair<std::string, std::string>> found;
    if (!config.webhooks.url.empty() && config.webhooks.secret.empty()) found.emplace_back("webhooks.secret", kUnsigned);
    for (const auto& agent : config.agents)
        if (!agent.webhooks.url.empty() && agent.webhooks.secret.empty()) found.emplace_back("agents." + agent.name + ".webhooks.secret", kUnsigned);
    return found;
}

std::vector<std::pair<std::string, std::string>> check_outbox(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    if (const auto bad = check_alert_names(config.webhooks); !bad.empty()) wrong.emplace_back("webhooks.alerts", bad);
    for (const auto& agent : config.agents) {
        const auto at = "agents." + agent.name + ".";
        if (const auto bad = check_alert_names(agent.webhooks); !bad.empty()) wrong.emplace_back(at + "webhooks.alerts", bad);
        if (!agent.webhooks.alerts.empty() && agent.webhooks.url.empty()) wrong.emplace_back(at + "webhooks.url", "is missing: its alerts have no receiver");
        if (!agent.privacy.kinds.empty() && !agent.privacy.redact) wrong.emplace_back(at + "privacy.kinds", "is given, but privacy.redact is not on");
        if (agent.privacy.redact_audio && !agent.privacy.redact) wrong.emplace_back(at + "privacy.redact_audio", "is on, but privacy.redact is not");
    }
    return wrong;
}

}  // namespace parley::gateway
