#pragma once
// Texts with places for values: {argument}, {call.from}, {call.to}, {call.sid}, {call.agent}, {variables.name}, and outside of URLs {digits.name}: keys
// the caller pressed, known to nobody else. What is filled in is escaped for where it stands,
// so a value never becomes more than a value. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/base/secret.hpp"

namespace parley::tools {

struct TemplateValues {
    const nlohmann::json& arguments;  // an object
    const std::map<std::string, std::string>& variables;
    std::string_view from, to, call_sid, agent;
    const std::map<std::string, Secret>* digits = nullptr;  // by name
};

class Template {
public:
    // url: everything up to the path is fixed. header: one line. json: inside a string its text, outside a value.
    enum class Place : std::uint8_t { url, header, json };
    struct Filled {
        std::string text, error;  // an error is a sentence for the model
    };

    // Throws std::invalid_argument with a sentence.
    Template(std::string_view text, Place place);
    Template() = default;

    [[nodiscard]] Filled fill(const TemplateValues& values) const;
    // The arguments that have a place in it.
    [[nodiscard]] const std::set<std::string>& arguments() const { return arguments_; }
    // The names of the keys that have one.
    [[nodiscard]] const std::set<std::string>& digits() const { return digits_; }
    [[nodiscard]] bool empty() const { return parts_.empty(); }

private:
    enum class Where : std::uint8_t { path, query, header, json_string, json_value };
    struct Part {
        std::string text;  // as it stands, or the name of what is filled in
        std::optional<Where> where;
    };
    std::vector<Part> parts_;
    std::set<std::string> arguments_, digits_;
    Place place_ = Place::header;
};

// Everything but letters, digits and -._~ as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace parley::tools
