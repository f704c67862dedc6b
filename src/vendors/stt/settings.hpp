#pragma once
// The settings a recogniser's endpoint may carry, and what is wrong with the ones it does.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"

namespace parley::vendors::stt {

struct Setting {
    enum class Kind : unsigned char { number, whole, flag, list, text, choice };
    std::string_view name;
    Kind kind;
    double least = 0, most = 0;     // number, whole
    std::string_view choices = {};  // choice: separated by spaces
    // list: at most `most` entries (0: no bound) of at most `least` bytes (0: no bound)
};

// Empty, or one plain sentence: an unknown setting, an impossible value, no key, a base URL that is none.
[[nodiscard]] std::string check(const Endpoint& endpoint, std::span<const Setting> settings);

// The entries of a comma-separated list, trimmed, without empty ones.
[[nodiscard]] std::vector<std::string> entries(std::string_view list);

// "en-US" -> "en", for vendors that take nothing longer.
[[nodiscard]] std::string primary_language(std::string_view tag);

// Builds a query, one parameter at a time, escaped.
class Query {
public:
    explicit Query(std::string path) : text_(std::move(path)) {}
    Query& add(std::string_view name, std::string_view value);
    // The endpoint's setting, if it has it, under the same name or `as`.
    Query& setting(const Endpoint& endpoint, std::string_view name, std::string_view as = {});
    // A parameter for each entry.
    Query& each(const Endpoint& endpoint, std::string_view name, std::string_view as);
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
    bool any_ = false;
};

}  // namespace parley::vendors::stt
