#include "config_policy_rows.hpp"

#include <set>

#include "parley/flows/destination.hpp"
#include "parley/flows/time_zone.hpp"
#include "parley/policy/callers.hpp"
#include "parley/policy/quiet_hours.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using A = AgentConfig;

constexpr std::size_t kMostCallers = 10'000, kMostPrices = 1000;

std::string check_destination(std::string_view text) {
    std::string why;
    return flows::parse_destination(text, &why) ? "" : why.empty() ? "is no place a call can be sent to" : why;
}
std::string check_clock(std::string_view text) {
    return policy::parse_clock(text) ? "" : "expected a time of day such as 21:00";
}
std::string check_zone(std::string_view name) {
    std::string why;
    return flows::TimeZone::load(name, &why) ? "" : "is no time zone of this system" + text::suggestion(std::string(name), flows::TimeZone::names());
}

// An amount that may be left out: 0 is none.
template <class Target, class Access>
void amount(Table<Target>& t, const std::string& key, Access access, double most, const std::string& help, bool whole) {
    Row<Target> row;
    row.key = key;
    row.type = std::string(whole ? "whole number" : "number") + ", 0 to " + number_text(most);
    row.help = help + " 0: no limit.";
    row.read = [=](Target& target, const yaml::Node& node, const ReadContext& c) {
        const auto value = node.kind == yaml::Kind::scalar ? text::parse_number(node.text) : text::Parsed<double>{0, "expected a number"};
        if (!value) return c.wrong(node, key, value.error);
        if (value.value < 0 || value.value > most) return c.wrong(node, key, "is out of range, allowed is 0 to " + number_text(most));
        if (whole && value.value != static_cast<double>(static_cast<std::uint64_t>(value.value))) return c.wrong(node, key, "expected a whole number");
        auto& field = access(target);
        using Field = typename std::remove_reference_t<decltype(field)>::value_type;
        if (value.value == 0)
            field.reset();
        else
            field = static_cast<Field>(value.value);
    };
    row.print = [=](const Target& target) {
        const auto& field = access(const_cast<Target&>(target));
        return field ? number_text(static_cast<double>(*field)) : std::string("0");
    };
    row.digest = row.print;
    t.rows.push_back(std::move(row));
}

template <class Target, class Access>
void span_of_time(Table<Target>& t, const std::string& key, Access access, const std::string& help) {
    Row<Target> row;
    row.key = key;
    row.type = "duration, 0s to 8760h";
    row.help = help + " 0: no limit.";
    row.read = [=](Target& target, const yaml::Node& node, const ReadContext& c) {
        const auto value =
            node.kind == yaml::Kind::scalar ? text::parse_duration(node.text) : text::Parsed<std::chrono::microseconds>{{}, "expected a duration"};
        if (!value) return c.wrong(node, key, value.error);
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(value.value);
        if (value.value < 0s || value.value > 8760h || seconds != value.value) return c.wrong(node, key, "expected whole seconds, at most 8760h");
        if (seconds.count() == 0)
            access(target).reset();
        else
            access(target) = seconds;
    };
    row.print = [=](const Target& target) {
        const auto& field = access(const_cast<Target&>(target));
        return text::to_text(std::chrono::microseconds(field.value_or(0s)));
    };
    row.digest = row.print;
    t.rows.push_back(std::move(row));
}

template <class Target, class Access>
void budget(Table<Target>& t, const std::string& key, Access access, const std::string& whose) {
    amount(
        t, key + ".money", [=](Target& target) -> auto& { return access(target).money; }, 1e9, "Money " + whose + ", in the currency of fleet.prices.", false);
    amount(t, key + ".tokens", [=](Target& target) -> auto& { return access(target).tokens; }, 1e12, "Tokens, in and out together, " + whose + ".", true);
    span_of_time(t, key + ".time", [=](Target& target) -> auto& { return access(target).time; }, "Talking time " + whose + ".");
}

void callers(Table<A>& t, const std::string& key, std::vector<std::string>& (*access)(A&), const std::string& help) {
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        key, access, "numbers or their beginnings (+4930*)",
        [](std::string_view text) -> text::Parsed<std::string> {
            const auto wrong = policy::wrong_caller_pattern(text);
            if (!wrong.empty()) return {{}, wrong};
            return {std::string(text), {}};
        },
        [](const std::string& item) { return quote_yaml(item); }, help);
    auto& row = t.rows.back();
    row.read = [=, inner = row.read](A& a, const yaml::Node& node, const ReadContext& c) {
        if (node.kind == yaml::Kind::list && node.children.size() > kMostCallers) return c.wrong(node, key, "has more than 10000 entries");
        inner(a, node, c);
    };
}

struct PriceField {
    const char* key;
    double policy::Price::* field;
};
constexpr std::array<PriceField, 4> kPriceFields{
    PriceField{"input_per_million", &policy::Price::input_per_million}, PriceField{"output_per_million", &policy::Price::output_per_million},
    PriceField{"per_minute", &policy::Price::per_minute}, PriceField{"per_thousand_characters", &policy::Price::per_thousand_characters}};

std::optional<policy::Price> read_price(const yaml::Node& node, const ReadContext& c) {
    if (node.kind != yaml::Kind::map) {
        c.wrong(node, "fleet.prices", "each row is a section with vendor and what it costs");
        return std::nullopt;
    }
    policy::Price price;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const auto& key = node.keys[i];
        const auto& child = node.children[i];
        if (key == "vendor" || key == "model") {
            const auto value = yaml::as_text(child);
            if (!value || value.value.size() > 200)
                c.wrong(child, key, value ? "is longer than 200 characters" : value.error);
            else
                (key == "vendor" ? price.vendor : price.model) = value.value;
            continue;
        }
        const auto* field = std::ranges::find(kPriceFields, key, [](const PriceField& f) { return std::string_view(f.key); });
        if (field == kPriceFields.end()) {
            const std::vector<std::string> known{"vendor", "model", "input_per_million", "output_per_million", "per_minute", "per_thousand_characters"};
            c.problems.add(node.key_places[i], "unknown key '" + key + "'" + text::suggestion(key, known));
            continue;
        }
        const auto value = child.kind == yaml::Kind::scalar ? text::parse_number(child.text) : text::Parsed<double>{0, "expected a number"};
        if (!value)
            c.wrong(child, key, value.error);
        else if (value.value < 0 || value.value > 1e6)
            c.wrong(child, key, "is out of range, allowed is 0 to 1000000");
        else
            price.*(field->field) = value.value;
    }
    if (price.vendor.empty()) c.wrong(node, "vendor", "is missing");
    return price;
}

void prices(Table<Config>& t) {
    Row<Config> row;
    row.key = "fleet.prices";
    row.type = "list of {vendor, model, input_per_million, output_per_million, per_minute, per_thousand_characters}";
    row.help =
        "What one unit costs: tokens by the million, minutes listened to, a thousand characters spoken. `vendor` is an entry of `vendors` or a vendor, `model` "
        "one of its models or `*`; the row that fits best counts.";
    row.from_environment = false;
    row.read = [](Config& config, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::list) return c.wrong(node, "fleet.prices", "expected a list of rows");
        if (node.children.size() > kMostPrices) return c.wrong(node, "fleet.prices", "has more than 1000 rows");
        std::vector<policy::Price> rows;
        for (const auto& child : node.children)
            if (auto price = read_price(child, c)) rows.push_back(std::move(*price));
        config.fleet.prices.rows = std::move(rows);
    };
    row.print = [](const Config& config) {
        std::string out = "[";
        for (const auto& price : config.fleet.prices.rows) {
            out += std::string(out.size() > 1 ? ", " : "") + "{vendor: " + quote_yaml(price.vendor);
            if (!price.model.empty()) out += ", model: " + quote_yaml(price.model);
            for (const auto& field : kPriceFields)
                if (price.*(field.field) != 0) out += std::string(", ") + field.key + ": " + number_text(price.*(field.field));
            out += "}";
        }
        return out + "]";
    };
    row.digest = row.print;
    t.rows.push_back(std::move(row));
}

}  // namespace

void policy_rows(Table<Config>& t) {
    t.integer(
        "fleet.max_calls", [](Config& c) -> auto& { return c.fleet.max_calls; }, 0, 1'000'000,
        "Calls at once on all instances that share the store; 0: only limits.max_calls of each.");
    t.integer(
        "fleet.max_calls_account", [](Config& c) -> auto& { return c.fleet.max_calls_account; }, 0, 1'000'000,
        "Calls at once of one Twilio account, on all instances; 0: no limit.");
    budget(t, "fleet.day", [](Config& c) -> auto& { return c.fleet.day; }, "all agents may spend a day (UTC)");
    t.text(
        "fleet.currency", [](Config& c) -> auto& { return c.fleet.prices.currency; }, "name", "Of all money here.", Effect::live,
        [](std::string_view text) { return text.empty() || text.size() > 8 ? std::string("expected a short name such as USD") : std::string(); });
    t.number("fleet.call_per_minute", [](Config& c) -> auto& { return c.fleet.prices.call_per_minute; }, 0, 1000, "What the carrier takes for a minute.");
    prices(t);
    t.text(
        "fleet.quiet_from", [](Config& c) -> auto& { return c.fleet.quiet_from; }, "time of day",
        "From then on nobody is called, in the time zone of the called number's country where it has one, else fleet.quiet_zone.", Effect::live, check_clock);
    t.text(
        "fleet.quiet_to", [](Config& c) -> auto& { return c.fleet.quiet_to; }, "time of day", "Until then; before fleet.quiet_from: over midnight.",
        Effect::live, check_clock);
    t.text(
        "fleet.quiet_zone", [](Config& c) -> auto& { return c.fleet.quiet_zone; }, "time zone",
        "Of numbers whose country has several zones, and of sip: and client:; default UTC.", Effect::live, check_zone);
}

void policy_agent_rows(Table<A>& t) {
    callers(
        t, "policy.allow", [](A& a) -> std::vector<std::string>& { return a.policy.allow; },
        "Who may call; everybody else hears the busy tone. Empty: everybody may.");
    callers(t, "policy.block", [](A& a) -> std::vector<std::string>& { return a.policy.block; }, "Who hears the busy tone whatever the other list says.");
    t.flag("policy.anonymous", [](A& a) -> auto& { return a.policy.anonymous; }, "Whether callers without a number may call.");
    t.integer(
        "policy.max_calls", [](A& a) -> auto& { return a.policy.max_calls; }, 0, 1'000'000,
        "Calls of this agent at once, on all instances that share the store; 0: no limit of its own.");
    t.choice(
        "policy.full", [](A& a) -> auto& { return a.policy.full; },
        std::vector<std::pair<std::string, policy::Full>>{{"inherit", policy::Full::inherit},
                                                          {"busy", policy::Full::busy},
                                                          {"voicemail", policy::Full::voicemail},
                                                          {"redirect", policy::Full::redirect},
                                                          {"queue", policy::Full::queue}},
        "What a call gets for which there is no place: what limits.overflow says, the busy tone, the agent's voicemail, policy.full_to, or a queue with music "
        "and its position until there is one.");
    t.text(
        "policy.full_to", [](A& a) -> auto& { return a.policy.full_to; }, "destination", "Where policy.full: redirect sends it.", Effect::live,
        check_destination);
    t.duration(
        "policy.warn_before", [](A& a) -> auto& { return a.policy.warn_before; }, 0s, 600s,
        "The caller is told so long before the longest duration is over, and so long before a call ends whose budget is used up; 0s: not told.");
    t.duration(
        "policy.carrier_margin", [](A& a) -> auto& { return a.policy.carrier_margin; }, 1s, 3600s,
        "The carrier itself ends the call so long after it should have ended.");
    budget(t, "policy.call", [](A& a) -> auto& { return a.policy.call; }, "one call may spend");
    budget(t, "policy.day", [](A& a) -> auto& { return a.policy.day; }, "the agent's calls may spend a day (UTC)");
}

std::vector<std::pair<std::string, std::string>> check_policy(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    const auto& fleet = config.fleet;
    if (fleet.quiet_from.empty() != fleet.quiet_to.empty())
        wrong.emplace_back(fleet.quiet_from.empty() ? "fleet.quiet_from" : "fleet.quiet_to", "is missing: quiet hours have a beginning and an end");
    if (!fleet.quiet_zone.empty() && fleet.quiet_from.empty()) wrong.emplace_back("fleet.quiet_zone", "is given without fleet.quiet_from");
    for (const auto& agent : config.agents) {
        const auto at = "agents." + agent.name + ".policy.";
        const auto& p = agent.policy;
        if (p.full == policy::Full::redirect && p.full_to.empty()) wrong.emplace_back(at + "full_to", "is missing for full: redirect");
        if (p.full != policy::Full::redirect && !p.full_to.empty()) wrong.emplace_back(at + "full_to", "is given, but full is not redirect");
        if (p.full == policy::Full::voicemail && !agent.voicemail) wrong.emplace_back(at + "full", "is voicemail, but the agent takes no messages");
        if (p.full == policy::Full::redirect) {
            const auto to = flows::parse_destination(p.full_to);
            if (to && to->kind == flows::Destination::Kind::agent && config.agent(to->value) == nullptr)
                wrong.emplace_back(at + "full_to", "there is no agent '" + to->value + "'");
        }
        const std::set<std::string, std::less<>> blocked(p.block.begin(), p.block.end());
        for (const auto& caller : p.allow)
            if (blocked.contains(caller)) wrong.emplace_back(at + "allow", caller + " is blocked as well");
    }
    return wrong;
}

}  // namespace parley::gateway
