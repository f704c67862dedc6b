#include "parley/admin/api_schema.hpp"

#include <ctime>

namespace parley::admin {

std::string iso_time(std::int64_t ms) {
    const std::time_t seconds = ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char out[40];
    const auto n = std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%S", &parts);
    const auto rest = std::to_string(1000 + ms % 1000).substr(1);
    return std::string(out, n) + "." + rest + "Z";
}

namespace schema {

namespace {
Json described(Json schema, std::string_view about) {
    if (!about.empty()) schema["description"] = about;
    return schema;
}
Json with_members(Members members, std::vector<std::string> required) {
    Json schema{{"type", "object"}, {"properties", Json::object()}};
    for (auto& [name, member] : members) schema["properties"][name] = std::move(member);
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
}
}  // namespace

Json text(std::string_view about, std::size_t most) {
    Json schema{{"type", "string"}};
    if (most > 0) schema["maxLength"] = most;
    return described(std::move(schema), about);
}
Json whole(std::string_view about, std::int64_t least, std::int64_t most) {
    return described({{"type", "integer"}, {"minimum", least}, {"maximum", most}}, about);
}
Json number(std::string_view about) {
    return described({{"type", "number"}}, about);
}
Json flag(std::string_view about) {
    return described({{"type", "boolean"}}, about);
}
Json choice(std::vector<std::string> values, std::string_view about) {
    return described({{"type", "string"}, {"enum", std::move(values)}}, about);
}
Json time(std::string_view about) {
    return described({{"type", "string"}, {"format", "date-time"}}, about);
}
Json list(Json of, std::string_view about) {
    return described({{"type", "array"}, {"items", std::move(of)}}, about);
}
Json texts_by_name(std::string_view about) {
    return described({{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}, about);
}
Json any(std::string_view about) {
    return described(Json::object(), about);
}
Json or_null(Json of) {
    const auto about = of.value("description", std::string());
    of.erase("description");
    return described({{"oneOf", Json::array({std::move(of), {{"type", "null"}}})}}, about);
}
Json object(Members members, std::vector<std::string> required) {
    auto schema = with_members(std::move(members), std::move(required));
    schema["additionalProperties"] = false;
    return schema;
}
Json answer(Members members, std::vector<std::string> required) {
    return with_members(std::move(members), std::move(required));
}

}  // namespace schema
}  // namespace parley::admin
