#pragma once
// Twilio's JSON, read with care: a field of another type than expected is read as if it were null, numbers may be text and the other way round.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "parley/rest/dates.hpp"

namespace parley::rest {

// Of a document that outlives it.
class Fields {
public:
    explicit Fields(const nlohmann::json* object) : object_(object) {}
    [[nodiscard]] bool has(const char* key) const;                             // there, and not null
    [[nodiscard]] std::string text(const char* key) const;                     // a number as its digits; anything else: empty
    [[nodiscard]] std::optional<std::int64_t> integer(const char* key) const;  // of text too
    [[nodiscard]] std::optional<int> number(const char* key) const;            // the same within an int
    [[nodiscard]] std::optional<double> real(const char* key) const;           // of text too
    [[nodiscard]] std::optional<bool> flag(const char* key) const;             // of "true" and "false" too
    [[nodiscard]] bool yes(const char* key) const { return flag(key).value_or(false); }
    [[nodiscard]] When when(const char* key) const;                       // either form
    [[nodiscard]] std::string raw(const char* key) const;                 // an object or a list as JSON text; null and missing: empty
    [[nodiscard]] std::vector<Fields> items(const char* key) const;       // the objects of a list
    [[nodiscard]] std::vector<std::string> texts(const char* key) const;  // the texts of a list
    [[nodiscard]] std::optional<Fields> inner(const char* key) const;
    [[nodiscard]] bool is_list(const char* key) const;

private:
    [[nodiscard]] const nlohmann::json* find(const char* key) const;
    const nlohmann::json* object_;
};

class Document {
public:
    // Nothing unless it is an object.
    [[nodiscard]] static std::optional<Document> parse(std::string_view text);
    [[nodiscard]] Fields root() const { return Fields(value_.get()); }

private:
    std::shared_ptr<const nlohmann::json> value_;
};

}  // namespace parley::rest
