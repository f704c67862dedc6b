#include "stt/settings.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "parley/net/http_message.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors::stt {

namespace {

std::string figure(double value) {
    std::string text = std::to_string(value);
    while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
        const bool point = text.back() == '.';
        text.pop_back();
        if (point) break;
    }
    return text;
}

std::string wrong(const Setting& rule, std::string_view value) {
    switch (rule.kind) {
        case Setting::Kind::number:
        case Setting::Kind::whole: {
            double number = 0;
            const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
            const bool is = ec == std::errc{} && end == value.data() + value.size() && std::isfinite(number);
            const bool whole = rule.kind == Setting::Kind::number || number == std::floor(number);
            if (is && whole && number >= rule.least && number <= rule.most) return {};
            return std::string(rule.kind == Setting::Kind::whole ? "a whole number" : "a number") + " from " + figure(rule.least) + " to " + figure(rule.most);
        }
        case Setting::Kind::flag:
            return value == "true" || value == "false" ? std::string{} : "true or false";
        case Setting::Kind::list: {
            const auto all = entries(value);
            if (rule.most > 0 && static_cast<double>(all.size()) > rule.most) return "at most " + figure(rule.most) + " entries";
            for (const auto& entry : all)
                if (rule.least > 0 && static_cast<double>(entry.size()) > rule.least) return "entries of at most " + figure(rule.least) + " characters";
            return {};
        }
        case Setting::Kind::text:
            return {};
        case Setting::Kind::choice: {
            std::string_view rest = rule.choices;
            while (!rest.empty()) {
                const auto cut = std::min(rest.find(' '), rest.size());
                if (rest.substr(0, cut) == value) return {};
                rest.remove_prefix(std::min(cut + 1, rest.size()));
            }
            return "one of " + std::string(rule.choices);
        }
    }
    return {};
}

}  // namespace

std::string check(const Endpoint& endpoint, std::span<const Setting> settings) {
    if (endpoint.key.empty()) return "it has no key";
    for (const char c : endpoint.key.reveal())
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F) return "its key holds a character that no key has";
    if (!endpoint.base_url.empty() && !net::parse_url(socket_url(endpoint.base_url, "/")))
        return "its base_url '" + plain(endpoint.base_url, 100) + "' is not a URL of scheme https, http, wss or ws";
    for (const auto& option : endpoint.options) {
        const auto& name = option.first;
        const auto& value = option.second;
        const auto rule = std::find_if(settings.begin(), settings.end(), [&](const Setting& one) { return one.name == name; });
        if (rule == settings.end()) return "it has no setting '" + plain(name, 60) + "'";
        const auto want = wrong(*rule, value);
        if (!want.empty()) return "its setting " + name + " is '" + plain(value, 60) + "' but must be " + want;
    }
    return {};
}

std::vector<std::string> entries(std::string_view list) {
    std::vector<std::string> out;
    while (!list.empty()) {
        const auto cut = std::min(list.find(','), list.size());
        auto entry = plain(list.substr(0, cut), 200);
        if (!entry.empty()) out.push_back(std::move(entry));
        list.remove_prefix(std::min(cut + 1, list.size()));
    }
    return out;
}

std::string primary_language(std::string_view tag) {
    std::string out(tag.substr(0, tag.find_first_of("-_")));
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

Query& Query::add(std::string_view name, std::string_view value) {
    text_ += any_ ? '&' : '?';
    any_ = true;
    text_ += name;
    text_ += '=';
    text_ += query_escape(value);
    return *this;
}

Query& Query::setting(const Endpoint& endpoint, std::string_view name, std::string_view as) {
    const auto value = endpoint.option(name);
    if (!value.empty()) add(as.empty() ? name : as, value);
    return *this;
}

Query& Query::each(const Endpoint& endpoint, std::string_view name, std::string_view as) {
    for (const auto& entry : entries(endpoint.option(name))) add(as, entry);
    return *this;
}

}  // namespace parley::vendors::stt
