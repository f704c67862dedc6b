#include "number_stock.hpp"

#include <cstdio>

namespace parley::sim {
namespace {

struct Range {
    const char* prefix;
    int digits, first, count;
    const char* country;
    const char* type;
    const char* locality;
    const char* region;
    const char* postal_code;
    const char* latitude;
    const char* longitude;
    const char* address;
    bool sms, mms;
};

// 555-01xx in North America; drama numbers of Ofcom, ACMA, BNetzA and ARCEP elsewhere.
constexpr Range kRanges[] = {
    {"+1415555", 4, 110, 60, "US", "local", "San Francisco", "CA", "94105", "37.7749", "-122.4194", "none", true, true},
    {"+1212555", 4, 110, 40, "US", "local", "New York", "NY", "10001", "40.7128", "-74.0060", "none", true, true},
    {"+1512555", 4, 110, 30, "US", "local", "Austin", "TX", "78701", "30.2672", "-97.7431", "none", true, true},
    {"+1206555", 4, 110, 20, "US", "local", "Seattle", "WA", "98101", "47.6062", "-122.3321", "none", true, false},
    {"+1800555", 4, 110, 20, "US", "toll-free", "", "", "", "", "", "none", true, true},
    {"+1888555", 4, 110, 20, "US", "toll-free", "", "", "", "", "", "none", true, true},
    {"+1416555", 4, 110, 20, "CA", "local", "Toronto", "ON", "M5H", "43.6532", "-79.3832", "none", true, true},
    {"+1604555", 4, 110, 20, "CA", "local", "Vancouver", "BC", "V6B", "49.2827", "-123.1207", "none", true, true},
    {"+44207946", 4, 0, 30, "GB", "local", "London", "", "", "51.5074", "-0.1278", "none", false, false},
    {"+4416329600", 2, 0, 20, "GB", "local", "", "", "", "", "", "none", false, false},
    {"+44770090", 4, 0, 30, "GB", "mobile", "", "", "", "", "", "none", true, false},
    {"+44808157", 4, 100, 10, "GB", "toll-free", "", "", "", "", "", "none", false, false},
    {"+493023125", 3, 0, 30, "DE", "local", "Berlin", "", "", "52.5200", "13.4050", "local", false, false},
    {"+4917139200", 2, 0, 30, "DE", "mobile", "", "", "", "", "", "any", true, false},
    {"+61255501", 3, 0, 20, "AU", "local", "Sydney", "NSW", "", "-33.8688", "151.2093", "any", false, false},
    {"+614915701", 2, 50, 20, "AU", "mobile", "", "", "", "", "", "any", true, true},
    {"+3319900", 4, 1, 20, "FR", "local", "Paris", "", "", "48.8566", "2.3522", "local", false, false},
    {"+3363998", 4, 1, 20, "FR", "mobile", "", "", "", "", "", "any", true, false},
};

char keypad(char c) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    static constexpr char kKeys[] = "22233344455566677778889999";
    return c >= 'A' && c <= 'Z' ? kKeys[c - 'A'] : c;
}

// `pattern` against the beginning of `text`; with `to_end` all of it.
bool match_here(const char* pattern, const char* text, bool to_end) {
    if (*pattern == 0) return !to_end || *text == 0;
    if (*pattern == '%') {
        for (const char* rest = text;; ++rest) {
            if (match_here(pattern + 1, rest, to_end)) return true;
            if (*rest == 0) return false;
        }
    }
    return *text != 0 && (*pattern == '*' || *pattern == *text) && match_here(pattern + 1, text + 1, to_end);
}

}  // namespace

const std::vector<StockCountry>& stock_countries() {
    static const std::vector<StockCountry> countries{{"US", "United States", {"local", "toll-free"}},
                                                     {"CA", "Canada", {"local"}},
                                                     {"GB", "United Kingdom", {"local", "mobile", "toll-free"}},
                                                     {"DE", "Germany", {"local", "mobile"}},
                                                     {"AU", "Australia", {"local", "mobile"}},
                                                     {"FR", "France", {"local", "mobile"}}};
    return countries;
}

const std::vector<StockNumber>& number_stock() {
    static const std::vector<StockNumber> stock = [] {
        std::vector<StockNumber> out;
        for (const auto& range : kRanges) {
            for (int i = 0; i < range.count; ++i) {
                char tail[16];
                std::snprintf(tail, sizeof tail, "%0*d", range.digits, range.first + i);
                StockNumber one;
                one.number = std::string(range.prefix) + tail;
                one.country = range.country;
                one.type = range.type;
                one.locality = range.locality;
                one.region = range.region;
                one.postal_code = range.postal_code;
                one.latitude = range.latitude;
                one.longitude = range.longitude;
                one.address_requirements = range.address;
                one.sms = range.sms;
                one.mms = range.mms;
                if (one.country == "US" && one.type == "local") {
                    one.rate_center = one.region == "CA" ? "SNFC CNTRL" : "CENTRAL";
                    one.lata = one.region == "CA" ? "722" : "132";
                }
                out.push_back(std::move(one));
            }
        }
        return out;
    }();
    return stock;
}

bool usable_pattern(const std::string& pattern) {
    if (pattern.size() < 2 || pattern.size() > 16) return false;
    for (const char c : pattern) {
        const char key = keypad(c);
        if (!(key >= '0' && key <= '9') && key != '*' && key != '%' && key != '+' && key != '$') return false;
    }
    return true;
}

bool number_contains(const std::string& number, const std::string& pattern) {
    std::string wanted;
    for (const char c : pattern) wanted += keypad(c);
    const bool from_start = wanted.starts_with('+');
    const bool to_end = wanted.ends_with('$');
    if (from_start) wanted.erase(0, 1);
    if (to_end) wanted.pop_back();
    const auto digits = number.substr(number.starts_with('+') ? 1 : 0);
    for (std::size_t at = 0; at <= digits.size(); ++at) {
        if (match_here(wanted.c_str(), digits.c_str() + at, to_end)) return true;
        if (from_start) break;
    }
    return false;
}

}  // namespace parley::sim
