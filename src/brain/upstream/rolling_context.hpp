#pragma once
// A long conversation within a budget of tokens: the newest part as it was said, the oldest as a summary that is written beside the conversation. Asks nobody
// itself: whoever has a model asks it (`due`), and says what came (`summarised`); until then the oldest lines are left out.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/conversation/commands.hpp"
#include "parley/vendors/lm.hpp"

namespace parley::brain::upstream {

class RollingContext {
public:
    // `budget`: tokens (tokens.hpp) of everything between the system's own words and the answer: summary, conversation, this turn, tools' results. 0: no bound.
    explicit RollingContext(std::size_t budget) : budget_(budget) {}
    [[nodiscard]] bool bounded() const { return budget_ > 0; }

    // Text for the system message; empty: there is no summary yet.
    [[nodiscard]] std::string told() const;
    // The lines the summary does not stand for.
    [[nodiscard]] std::vector<conversation::ContextLine> rest(const std::vector<conversation::ContextLine>& context) const;

    // Brings messages under the budget. The first is the system's and not counted (the summary in it is), `turn` is the place of the caller's turn, which
    // always stays, as does what follows it: calls of tools and their results, of which the longest are shortened when nothing else is left. A turn larger than
    // the whole budget is cut to its end.
    void fit(std::vector<vendors::LmMessage>& messages, std::size_t turn) const;

    // Two thirds of the budget are used up: what is to be summarised now, with the summary so far. Nothing: not yet, or it is under way.
    [[nodiscard]] std::optional<std::string> due(const std::vector<conversation::ContextLine>& context);
    void summarised(std::string_view summary);
    void not_summarised() { under_way_.clear(); }

    // JSON, for a later session of the same talk.
    [[nodiscard]] std::string saved() const;
    void restore(std::string_view saved);
    [[nodiscard]] const std::string& summary() const { return summary_; }

private:
    [[nodiscard]] std::size_t first_after(const std::vector<conversation::ContextLine>& context) const;

    std::size_t budget_;
    std::string summary_;
    std::vector<conversation::ContextLine> last_;       // of the lines it stands for: the last one, by which they are found again; at most one
    std::vector<conversation::ContextLine> under_way_;  // the same, once the summary being written is there
    std::size_t last_at_ = 0, under_way_at_ = 0;        // how many lines there were up to it: later at most so many, as the core forgets old ones
};

// The question whose answer is the next summary.
[[nodiscard]] std::string_view summary_instructions();

}  // namespace parley::brain::upstream
