#pragma once
// YAML read strictly: every value has a place (file:line:column), every mistake is collected, unknown and repeated keys
// are mistakes.
//
//   Problems problems;
//   const yaml::Document document = yaml::parse_text(text, "script.yaml", problems);
//   yaml::Reader top(document.root, problems);
//   const std::string name = top.text("name", "nobody");
//   const auto wait = top.duration("wait", 600ms, 100ms, 5s);
//   top.finish();                       // what was not asked for is an unknown key
//   if (!problems.empty()) …            // problems.text(): one sentence a line
//
// Bounds: 1 MiB a file, 32 levels, 100,000 values, one document. Anchors and aliases are refused: nothing grows beyond
// what stands in the file.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/text_values.hpp"

namespace parley {

struct Place {
    std::string file;          // or "environment NAME"
    int line = 0, column = 0;  // from 1; 0: not in a file
    [[nodiscard]] std::string text() const;
};

struct Problem {
    Place place;
    std::string message;
    [[nodiscard]] std::string text() const { return place.text() + ": " + message; }
};

class Problems {
public:
    void add(const Place& place, std::string message);
    [[nodiscard]] bool empty() const { return list_.empty(); }
    [[nodiscard]] const std::vector<Problem>& list() const { return list_; }
    [[nodiscard]] std::string text() const;  // sorted by place, each with its newline

private:
    std::vector<Problem> list_;  // at most kMost; the last then says that there were more
    static constexpr std::size_t kMost = 100;
};

namespace yaml {

inline constexpr std::size_t kFileBytes = 1024 * 1024;
inline constexpr int kDepth = 32;
inline constexpr std::size_t kValues = 100'000;

enum class Kind : std::uint8_t { null, scalar, list, map };

struct Node {
    Kind kind = Kind::null;
    std::string text;     // scalar
    bool quoted = false;  // scalar: 'x' or "x", so never true, 5 or null
    Place place;
    std::vector<std::string> keys;  // map: keys[i] belongs to children[i]
    std::vector<Place> key_places;
    std::vector<Node> children;  // list and map

    [[nodiscard]] const Node* find(std::string_view key) const;
};

struct Document {
    std::string file;
    Node root;  // null if nothing could be read
};

// Mistakes of the text itself go to `problems`; what was read before the first of them is not returned.
[[nodiscard]] Document parse_text(std::string_view text, std::string file, Problems& problems);
[[nodiscard]] Document parse_file(const std::filesystem::path& path, Problems& problems);

// A scalar's text as a string value: refuses lists, maps, nothing, and plain true/false (which somebody meant
// otherwise).
[[nodiscard]] text::Parsed<std::string> as_text(const Node& node);
[[nodiscard]] std::string_view name_of(Kind kind);  // "a list", …

// One map of a document, read key by key. A getter answers its fallback when the key is absent or wrong (then it is a
// problem).
class Reader {
public:
    using us = std::chrono::microseconds;

    Reader(const Node& node,
           Problems& problems);  // a problem if it is not a map (nothing at all counts as an empty one)

    [[nodiscard]] bool has(std::string_view key) const { return node_ && node_->find(key); }
    [[nodiscard]] Place place(std::string_view key) const;  // of the key's value, or of the map
    void problem(std::string_view key, std::string message);

    std::string text(std::string_view key, std::string fallback = {});
    std::string required_text(std::string_view key);
    bool flag(std::string_view key, bool fallback);
    std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
    double number(std::string_view key, double fallback, double least, double most);
    us duration(std::string_view key, us fallback, us least, us most);
    std::uint64_t size(std::string_view key, std::uint64_t fallback, std::uint64_t least, std::uint64_t most);
    text::Address address(std::string_view key, text::Address fallback);
    std::string url(std::string_view key, std::span<const std::string_view> schemes);
    // One of `choices`; answers its index.
    std::size_t choice(std::string_view key, std::size_t fallback, std::span<const std::string_view> choices);
    std::vector<std::string> texts(std::string_view key, std::vector<std::string> fallback = {});  // a list, or one text alone
    std::map<std::string, std::string> text_map(std::string_view key);
    Reader map(std::string_view key);                                              // absent: an empty one
    std::vector<Reader> maps(std::string_view key);                                // a list of maps
    std::vector<std::pair<std::string, Reader>> named_maps(std::string_view key);  // a map of maps
    const Node* node(std::string_view key);                                        // null if absent; the key counts as known

    // Reports every key that was not asked for, with the nearest that was.
    void finish();

private:
    Reader(Problems& problems, Place place) : node_(nullptr), problems_(&problems), place_(std::move(place)) {}
    const Node* take(std::string_view key);
    template <class T>
    T parsed(std::string_view key, T fallback, text::Parsed<T> (*parse)(std::string_view));
    template <class T>
    T in_range(std::string_view key, T fallback, T value, T least, T most, const std::function<std::string(T)>& show);

    const Node* node_;
    Problems* problems_;
    Place place_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace yaml
}  // namespace parley
