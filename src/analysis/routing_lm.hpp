#pragma once
// The dialogue's side of routing.hpp, one session of a talk.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/analysis/intent_match.hpp"
#include "parley/analysis/routing.hpp"
#include "parley/analysis/transcript.hpp"

namespace parley::analysis {

struct Understanding {
    std::shared_ptr<const AnalysisSettings> settings;
    IntentMatch match;
    bool grammar = false, appointment = false, lead = false;
};

// Stands between a brain's dialogue and the call: a session to the call, a sink to the brain.
class RoutingLm final : public brain::LmSession, public brain::LmSink {
public:
    RoutingLm(std::shared_ptr<const Understanding> of, const brain::CallFacts& facts, brain::LmSink& call, brain::VendorSink& vendor,
              std::function<void(std::function<void()>)> post);

    // What the inner session is opened with: its own state of before.
    [[nodiscard]] const std::string& inner_state() const { return inner_state_; }
    void inside(brain::LmSession& inner) { inner_ = &inner; }

    void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>& context) override;
    void cancel(brain::ReplyId reply) override;
    void speculate(std::string_view text, const std::vector<conversation::ContextLine>& context) override;
    void heard(brain::ReplyId reply, std::chrono::milliseconds heard, bool interrupted) override { inner_->heard(reply, heard, interrupted); }
    void advise(std::string_view note) override { inner_->advise(note); }
    void prepared(const brain::Prepared& found) override { inner_->prepared(found); }
    [[nodiscard]] std::string state() const override;
    [[nodiscard]] std::string handover() const override;

    void on_reply_text(brain::ReplyId reply, std::string_view speakable) override { call_.on_reply_text(reply, speakable); }
    void on_reply_finished(brain::ReplyId reply, conversation::ReplyThen then, std::string_view target) override;
    void on_reply_failed(brain::ReplyId reply, std::string_view reason) override { call_.on_reply_failed(reply, reason); }
    void on_reply_voice(brain::ReplyId reply) override { call_.on_reply_voice(reply); }
    void on_expect(std::string_view what, std::chrono::milliseconds patience) override { call_.on_expect(what, patience); }

private:
    [[nodiscard]] std::optional<std::size_t> routed(std::string_view text) const;
    bool asked_again(const std::string& name, std::string_view text);
    void answer(brain::ReplyId reply, const Intent& intent);
    void tell(const Intent& intent, std::string_view by) const;
    void note(std::string_view said);

    std::shared_ptr<const Understanding> of_;
    bool written_;
    brain::LmSink& call_;
    brain::VendorSink& vendor_;
    std::function<void(std::function<void()>)> post_;
    brain::LmSession* inner_ = nullptr;
    std::string inner_state_;
    std::map<std::string, int> fired_;  // by intent; odd: has fired, even: was held back once since
    std::string last_intent_;
    Subject so_far_;  // the caller's lines, for what is extracted
    std::map<std::string, std::string> extracted_;
    brain::ReplyId own_ = 0;  // the reply that is answered here
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace parley::analysis
