#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::speech {

// A pronunciation dictionary in CMU's text form, read once and shared by all recognisers: they take from it only the
// words their grammars name, which is what keeps one recogniser at a few megabytes. Immutable after load; any thread.
class Lexicon {
public:
    static Result<std::shared_ptr<const Lexicon>> load(const std::string& path);

    [[nodiscard]] bool contains(std::string_view word) const;
    // Every pronunciation, as phone names separated by blanks; empty when the word is unknown.
    [[nodiscard]] std::vector<std::string> pronunciations(std::string_view word) const;
    // The known word with the smallest edit distance (at most 2), or empty. Slow (scans the dictionary): for error
    // texts.
    [[nodiscard]] std::string nearest(std::string_view word) const;
    [[nodiscard]] std::size_t size() const { return lines_.size(); }

private:
    [[nodiscard]] std::string_view word_at(std::size_t line) const;
    std::string text_;
    std::vector<std::uint32_t> lines_;  // offsets into text_, sorted by word
};

}  // namespace parley::speech
