#pragma once
// Short spellings for the rows of the schema.

#include "schema.hpp"

namespace parley::twilio::twiml {

inline constexpr std::int64_t kAny = std::numeric_limits<std::int32_t>::max();  // no documented upper limit
inline constexpr std::string_view kKeypad = "0123456789*#";

constexpr ValueSpec text(std::string_view name, std::int64_t max = 0) {
    return {name, Kind::text, {}, 0, max};
}
constexpr ValueSpec printable(std::string_view name, std::int64_t max = 256) {
    return {name, Kind::printable, {}, 1, max};
}
constexpr ValueSpec flag(std::string_view name) {
    return {name, Kind::flag};
}
constexpr ValueSpec integer(std::string_view name, std::int64_t min, std::int64_t max) {
    return {name, Kind::integer, {}, min, max};
}
constexpr ValueSpec integer_or(std::string_view name, std::string_view values, std::int64_t min, std::int64_t max) {
    return {name, Kind::integer_or, values, min, max};
}
constexpr ValueSpec decimal(std::string_view name, std::int64_t min, std::int64_t max) {
    return {name, Kind::decimal, {}, min, max};
}
constexpr ValueSpec one_of(std::string_view name, std::string_view values) {
    return {name, Kind::one_of, values};
}
constexpr ValueSpec words(std::string_view name, std::string_view values) {
    return {name, Kind::words, values};
}
constexpr ValueSpec url(std::string_view name) {
    return {name, Kind::url};
}
constexpr ValueSpec absolute_url(std::string_view name) {
    return {name, Kind::absolute_url};
}
constexpr ValueSpec method(std::string_view name = "method") {
    return {name, Kind::one_of, "GET POST"};
}
constexpr ValueSpec chars(std::string_view name, std::string_view alphabet, std::int64_t min, std::int64_t max) {
    return {name, Kind::chars, alphabet, min, max};
}
constexpr ValueSpec sid(std::string_view name, std::string_view prefix) {
    return {name, Kind::sid, prefix};
}
constexpr ValueSpec language(std::string_view name, std::string_view words = {}) {
    return {name, Kind::language, words};
}
constexpr ValueSpec hints() {
    return {"hints", Kind::hints};
}
constexpr ValueSpec of_kind(std::string_view name, Kind kind, std::string_view values = {}) {
    return {name, kind, values};
}
constexpr ValueSpec required(ValueSpec value) {
    value.required = true;
    return value;
}

}  // namespace parley::twilio::twiml
