#pragma once
// JSON Schema (draft 7, and the later drafts' words that mean the same): compiled once, then asked any number of times from any thread.
// For values that come from models, callers' tools and vendors, so everything about both sides is bounded.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace parley {

class JsonSchema {
public:
    static constexpr std::size_t kMostText = 64 * 1024;  // bytes of a schema
    static constexpr std::size_t kMostNodes = 2000;      // subschemas, local references followed
    static constexpr std::size_t kMostDepth = 32;        // of a schema and of a value
    static constexpr std::size_t kMostValues = 5000;     // members and elements of a value, all of them
    static constexpr std::size_t kMostPatterned = 4096;  // bytes of any string, if the schema has a pattern
    static constexpr std::size_t kMostUnique = 256;      // elements of any array, if the schema has uniqueItems

    // Who wrote it. A stranger's patterns are not run (a regular expression can take for ever): they are left to the stranger.
    enum class From { us, stranger };

    struct Compiled;
    // References are followed within the document only, and may not be circular. "format" is checked for date, time, date-time, email, uuid.
    [[nodiscard]] static Compiled compile(std::string_view json_text, From from = From::us);

    // Nothing: the value holds to it. Otherwise one sentence for whoever made the value: which member, and why. Never throws.
    [[nodiscard]] std::optional<std::string> wrong(const nlohmann::json& value) const;
    // Of JSON text; an empty text is {}.
    [[nodiscard]] std::optional<std::string> wrong_text(std::string_view json_text) const;

private:
    struct Impl;
    explicit JsonSchema(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

struct JsonSchema::Compiled {
    std::optional<JsonSchema> schema;  // none: why not is in `error`, a sentence
    std::string error;
    explicit operator bool() const { return schema.has_value(); }
};

// Text from outside as JSON; nothing if it is none, larger, or nested deeper than that. Never throws, and the depth is known before anything is built.
[[nodiscard]] std::optional<nlohmann::json> parse_bounded(std::string_view text, std::size_t most_bytes, std::size_t most_depth = JsonSchema::kMostDepth);

}  // namespace parley
