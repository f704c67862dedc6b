#pragma once
// One request to the REST front, taken apart, and the answers in the shapes the official SDKs expect.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sim/form.hpp"

namespace parley::sim {

using Json = nlohmann::ordered_json;

struct ApiRequest {
    std::string method, target, authorization, host, body;
    std::string if_match = {};
    bool form_body = false;  // Content-Type is application/x-www-form-urlencoded
};

struct ApiAnswer {
    int status = 200;
    std::string type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

// What a resource sees of a request that may be here.
struct ApiCall {
    std::string method;
    std::string path;                // as asked, without the query
    std::string base;                // "http://host:port", for absolute links
    std::vector<std::string> parts;  // below the account (2010-04-01) or the version (v1, v2); the suffix is cut off the last
    std::string suffix;              // "json", "wav", "mp3" or nothing
    Form query, form;                // form: of a POST
    std::string if_match;            // the header of that name
    bool by_key = false;             // authenticated with an API key, not with the account's token

    [[nodiscard]] bool get() const { return method == "GET"; }
    [[nodiscard]] bool post() const { return method == "POST"; }
    [[nodiscard]] bool remove() const { return method == "DELETE"; }
    [[nodiscard]] std::string part(std::size_t index) const { return index < parts.size() ? parts[index] : std::string{}; }
    // A parameter of the form, or of the query where there is no form; empty when missing.
    [[nodiscard]] std::string value(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name, bool otherwise) const;
    // GET or POST.
    [[nodiscard]] std::string verb(std::string_view name, const char* otherwise = "POST") const;
    // A list arrives as repeated keys from the SDKs, or as one text with blanks.
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
    // A decimal number without sign; nothing when missing or malformed.
    [[nodiscard]] std::optional<long> number(std::string_view name) const;
};

[[nodiscard]] ApiAnswer api_json(int status, const Json& body);
[[nodiscard]] ApiAnswer api_error(int status, int code, const std::string& message);
[[nodiscard]] ApiAnswer not_found(const ApiCall& call);
[[nodiscard]] ApiAnswer not_allowed();
[[nodiscard]] ApiAnswer no_content();

[[nodiscard]] bool usable_url(std::string_view text);
[[nodiscard]] bool e164(std::string_view text);
[[nodiscard]] std::string lower_case(std::string text);
// "+14155550100" -> "(415) 555-0100"; other numbers stay as they are.
[[nodiscard]] std::string national(const std::string& number);
// Null when empty.
[[nodiscard]] Json or_null(const std::string& text);

}  // namespace parley::sim
