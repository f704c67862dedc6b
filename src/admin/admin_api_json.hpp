#pragma once
// A strict reading of what was posted, and the form of answers.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/control/call_powers.hpp"
#include "parley/control/outbound.hpp"
#include "parley/net/http_message.hpp"

namespace parley::admin {

using Json = nlohmann::json;

[[nodiscard]] net::HttpResponse json_answer(int status, const Json& body);
[[nodiscard]] net::HttpResponse json_error(int status, std::string_view code, std::string_view message, std::string_view field = {});
[[nodiscard]] net::HttpResponse power_answer(const control::PowerResult& result);
[[nodiscard]] int status_of(control::Refusal why);
[[nodiscard]] Json dial_json(const control::DialView& dial);

// The fields of one posted object: each is asked for once by name and type; what was not asked for is unknown. The first mistake is kept.
class PostedFields {
public:
    explicit PostedFields(std::string_view body);  // empty: an empty object

    std::string text(const char* name, bool required, std::size_t most = 4096);
    std::int64_t whole(const char* name, std::int64_t preset, std::int64_t least, std::int64_t most);
    bool flag(const char* name, bool preset);
    std::string choice(const char* name, std::string preset, std::initializer_list<std::string_view> values);
    std::vector<std::pair<std::string, std::string>> texts(const char* name);  // an object of texts
    void wrong(std::string field, std::string message);

    // Also when a field was given that nobody asked for. Nothing: all is well.
    [[nodiscard]] std::optional<net::HttpResponse> mistake();

private:
    const Json* find(const char* name);
    Json json_;
    std::set<std::string, std::less<>> asked_;
    std::string field_, message_;
    bool bad_ = false;
};

}  // namespace parley::admin
