#include "settings.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "parley/vendors/failure.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors::s2s {

namespace {

std::string trouble(const Rule& rule, const std::string& value) {
    if (std::find(rule.words.begin(), rule.words.end(), value) != rule.words.end()) return {};
    if (rule.number) {
        double number = 0;
        if (number_in(value, number) && number >= rule.low && number <= rule.high) return {};
        const nlohmann::json low = rule.low, high = rule.high;
        return "must be a number from " + low.dump() + " to " + high.dump();
    }
    if (rule.words.empty()) return {};
    std::string list;
    for (const auto word : rule.words) list += (list.empty() ? "" : ", ") + std::string(word);
    return "must be one of " + list;
}

}  // namespace

bool number_in(std::string_view text, double& value) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

void set_number(const Endpoint& endpoint, std::string_view option, nlohmann::json& object, std::string_view member) {
    double value = 0;
    if (!number_in(endpoint.option(option), value)) return;
    const std::string name(member);
    if (value == std::floor(value) && std::abs(value) < 1e9)
        object[name] = static_cast<std::int64_t>(value);
    else
        object[name] = value;
}

std::string check(const Endpoint& endpoint, std::string_view vendor, const std::vector<Rule>& rules, bool wants_key) {
    const std::string who(vendor);
    if (endpoint.base_url.empty() && wants_key && endpoint.key.empty()) return who + " needs a key.";
    if (!endpoint.base_url.empty() && socket_url(endpoint.base_url, "").empty())
        return who + ": \"" + plain(endpoint.base_url, 120) + "\" is no http, https, ws or wss URL.";
    for (const auto& [name, value] : endpoint.options) {
        const auto named = [&wanted = name](const Rule& rule) { return rule.name == wanted; };
        const auto rule = std::find_if(rules.begin(), rules.end(), named);
        if (rule == rules.end()) return who + " knows no option \"" + plain(name, 60) + "\".";
        if (const auto wrong = trouble(*rule, value); !wrong.empty())
            return who + ": option \"" + name + "\" is \"" + plain(value, 60) + "\" but " + wrong + ".";
    }
    return {};
}

}  // namespace parley::vendors::s2s
