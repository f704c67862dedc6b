#pragma once
// The numbers that can be bought: a plausible stock, all from ranges that regulators keep for fiction.

#include <string>
#include <vector>

namespace parley::sim {

struct StockNumber {
    std::string number, country, type;  // "US", "local" | "mobile" | "toll-free"
    std::string locality, region, postal_code, rate_center, lata;
    std::string latitude, longitude;
    std::string address_requirements = "none";
    bool voice = true, sms = true, mms = true;
};

struct StockCountry {
    std::string code, name;
    std::vector<std::string> types;
};

[[nodiscard]] const std::vector<StockCountry>& stock_countries();
[[nodiscard]] const std::vector<StockNumber>& number_stock();
// The search pattern of `Contains`: digits, letters (as on a keypad), `*` for any digit, `%` for any digits, `+` at the start and `$` at the end
// as anchors.
[[nodiscard]] bool number_contains(const std::string& number, const std::string& pattern);
// 2 to 16 characters of those.
[[nodiscard]] bool usable_pattern(const std::string& pattern);

}  // namespace parley::sim
