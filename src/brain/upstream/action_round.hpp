#pragma once
// What a model asked to be done besides talking, until every answer of the round is there; and what was done on this call so far.

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/brain/ports.hpp"
#include "parley/vendors/lm.hpp"

namespace parley::brain::upstream {

class ActionRound {
public:
    // `done` is told as often as an answer came in; it may begin the next round.
    ActionRound(Actions* actions, std::function<void()> done) : actions_(actions), done_(std::move(done)) {}

    [[nodiscard]] bool knows(std::string_view name) const;
    // It, or the refusal, is somebody else's: not one of the two tools every model has.
    [[nodiscard]] bool takes(std::string_view name) const;
    // The caller has said this, or broken in.
    void caller_said(std::string_view text) const {
        if (actions_ != nullptr) actions_->caller_said(text);
    }
    void caller_interrupted() const {
        if (actions_ != nullptr) actions_->caller_interrupted();
    }
    // Gives one call to whoever performs it. The answer's place is `index()` of the moment before.
    void ask(const vendors::ToolCall& call);
    [[nodiscard]] bool waiting() const { return open_ > 0; }
    // What has not been answered in time counts as failed. True: that was so.
    bool tick(TimePoint now);
    // A tool's own words for a wait, once a round and when it has lasted a moment; empty otherwise.
    [[nodiscard]] std::string filler(TimePoint now);
    // Answers that still come belong to nobody: what they did is remembered all the same.
    void forget();

    struct Answer {
        vendors::ToolCall call;
        std::optional<ActionResult> result;
    };
    [[nodiscard]] std::vector<Answer> take();

    // "Done on this call so far": for a model that is asked anew with each turn and knows of earlier rounds only what was spoken.
    [[nodiscard]] std::string history() const;

private:
    void answered(std::uint64_t round, std::size_t index, const vendors::ToolCall& call, ActionResult result);

    Actions* actions_;
    std::function<void()> done_;
    std::vector<Answer> answers_;
    std::deque<std::string> lines_;
    std::size_t open_ = 0;
    std::uint64_t round_ = 0;
    TimePoint deadline_{}, asked_at_{};
    std::string filler_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace parley::brain::upstream
