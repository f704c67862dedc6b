#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"

namespace parley::vendors::s2s {

// What one option of an endpoint may be: one of some words, a number within bounds, or (neither given) any text.
struct Rule {
    explicit Rule(std::string_view option) : name(option) {}
    Rule(std::string_view option, std::vector<std::string_view> allowed) : name(option), words(std::move(allowed)) {}
    Rule(std::string_view option, double least, double greatest, std::vector<std::string_view> allowed = {})
        : name(option), words(std::move(allowed)), number(true), low(least), high(greatest) {}
    std::string_view name;
    std::vector<std::string_view> words;
    bool number = false;
    double low = 0, high = 0;
};

// Empty: every option is known and well, the base URL is one, and there is a key if the vendor's own server is used and
// wants one.
[[nodiscard]] std::string check(const Endpoint& endpoint, std::string_view vendor, const std::vector<Rule>& rules, bool wants_key);

// The whole number or decimal in `text`; false: something else.
[[nodiscard]] bool number_in(std::string_view text, double& value);
// Puts a numeric option into `object` under `member`, if it is set.
void set_number(const Endpoint& endpoint, std::string_view option, nlohmann::json& object, std::string_view member);

}  // namespace parley::vendors::s2s
