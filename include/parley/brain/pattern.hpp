#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::brain {

// What slots of a script were filled with: slot name -> normalised value ("tuesday", "15:30", "5551234").
using SlotValues = std::map<std::string, std::string, std::less<>>;

// A way of saying something: words, (this | that), [optional] and {slot}. The same pattern is compiled for the
// recogniser (JSGF) and matched against the words that come back, so the two cannot disagree. Immutable.
class Pattern {
public:
    struct Error {
        std::size_t at = 0;
        std::string what;
    };
    static constexpr std::size_t kMaxNodes = 2000;
    static constexpr int kMaxDepth = 12;

    // Words are lower-cased. On failure returns null and fills `error` (offset into `text`).
    static std::shared_ptr<const Pattern> parse(std::string_view text, Error& error);

    [[nodiscard]] std::string jsgf() const;  // an expansion; slots as <slot_name>
    void collect(std::set<std::string>& words, std::set<std::string>& slots) const;

    // Ways to match a beginning of `words` from `from`: where each ends, and the slots it filled. At most kMaxMatches.
    struct Match {
        std::size_t end = 0;
        SlotValues slots;
    };
    static constexpr std::size_t kMaxMatches = 64;
    class SlotReader {
    public:
        virtual ~SlotReader() = default;
        // Every way the slot can be read at `from`: end and value.
        struct Reading {
            std::size_t end = 0;
            std::string value;
        };
        [[nodiscard]] virtual std::vector<Reading> read(std::string_view slot, std::span<const std::string> words, std::size_t from) const = 0;
    };
    [[nodiscard]] std::vector<Match> match(std::span<const std::string> words, std::size_t from, const SlotReader& slots) const;

    struct Node {
        enum class Kind : std::uint8_t { word, slot, sequence, choice, optional } kind = Kind::sequence;
        std::string text;  // word or slot name
        std::vector<Node> children;
    };

private:
    Node root_;
};

}  // namespace parley::brain
