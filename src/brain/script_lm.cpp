#include <utility>

#include "embedded_sessions.hpp"
#include "parley/brain/dialogue.hpp"

namespace parley::brain {
namespace {

using conversation::PromptKind;

struct LmCore : std::enable_shared_from_this<LmCore> {
    LmCore(std::shared_ptr<const Script> script, std::uint64_t seed, LmSink& to, EmbeddedFactory::Post how, Actions* what)
        : dialogue(std::move(script), seed), sink(&to), post(std::move(how)), actions(what) {}

    Dialogue dialogue;
    LmSink* sink;
    EmbeddedFactory::Post post;
    Actions* actions;
    ReplyId latest = 0;
    bool wanted = false;  // the latest reply was not cancelled

    [[nodiscard]] bool still(ReplyId reply) const { return wanted && latest == reply; }
    void say(ReplyId reply, const std::vector<std::string>& sentences) {
        for (const auto& sentence : sentences) {
            if (still(reply)) sink->on_reply_text(reply, sentence);
        }
    }

    // Not out of start(): the call may be in the middle of something when it asks.
    void deliver(ReplyId reply, DialogueReply answer) {
        post([weak = weak_from_this(), reply, answer = std::make_shared<DialogueReply>(std::move(answer))] {
            const auto self = weak.lock();
            if (!self) return;
            if (self->still(reply)) self->sink->on_expect(answer->expect, answer->patience);
            self->say(reply, answer->sentences);
            if (!answer->actions.empty()) return self->act(reply, answer, 0);
            if (self->still(reply)) self->sink->on_reply_finished(reply, answer->then, answer->target);
        });
    }

    // One after another; the first that cannot be done ends them. Whoever spoke meanwhile has cancelled the reply: what is not begun is left.
    void act(ReplyId reply, const std::shared_ptr<DialogueReply>& answer, std::size_t index) {
        if (!still(reply)) return;
        if (index == answer->actions.size()) return acted(reply, answer, true, {});
        if (actions == nullptr) return acted(reply, answer, false, {});
        actions->perform(answer->actions[index], [weak = weak_from_this(), reply, answer, index](ActionResult result) {
            const auto self = weak.lock();
            if (!self) return;
            if (!result.transfer.empty() || !result.ok)
                self->acted(reply, answer, result.ok, std::move(result));
            else
                self->act(reply, answer, index + 1);
        });
    }
    void acted(ReplyId reply, const std::shared_ptr<DialogueReply>& answer, bool ok, ActionResult result) {
        if (ok && !result.transfer.empty()) {
            if (!result.announcement.empty()) say(reply, {result.announcement});
            if (still(reply)) sink->on_reply_finished(reply, conversation::ReplyThen::transfer, result.transfer);
            return;
        }
        say(reply, ok ? answer->ok : answer->failed);
        say(reply, answer->after);
        if (still(reply)) sink->on_reply_finished(reply, answer->then, answer->target);
    }
};

class ScriptLm final : public LmSession {
public:
    explicit ScriptLm(std::shared_ptr<LmCore> core) : core_(std::move(core)) {}
    ~ScriptLm() override { core_->wanted = false; }  // also when a call-back of this reply destroys us

    void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>&) override {
        auto& c = *core_;
        c.latest = request.reply;
        c.wanted = true;
        if (c.actions != nullptr && request.kind != PromptKind::greeting && request.kind != PromptKind::returned) c.actions->caller_said(request.text);
        switch (request.kind) {
            case PromptKind::greeting:
                return c.deliver(request.reply, c.dialogue.greet());
            case PromptKind::caller_text:
                return c.deliver(request.reply, c.dialogue.heard(request.text, request.confidence));
            case PromptKind::digits:
                return c.deliver(request.reply, c.dialogue.keyed(request.text));
            case PromptKind::nothing_understood:
                return c.deliver(request.reply, c.dialogue.nothing_understood());
            case PromptKind::returned:
                return c.deliver(request.reply, c.dialogue.returned(request.text));
        }
    }

    void cancel(ReplyId reply) override {
        auto& c = *core_;
        if (reply != c.latest || !c.wanted) return;
        c.wanted = false;
        c.dialogue.interrupted();
    }

    void prepared(const Prepared& found) override { core_->dialogue.know(found.variables); }

    [[nodiscard]] std::string state() const override { return core_->dialogue.saved(); }

private:
    std::shared_ptr<LmCore> core_;
};

}  // namespace

std::unique_ptr<LmSession> make_script_lm(std::shared_ptr<const Script> script, const CallFacts& facts, LmSink& sink, EmbeddedFactory::Post post,
                                          Actions* actions) {
    auto core = std::make_shared<LmCore>(std::move(script), facts.seed, sink, std::move(post), actions);
    core->dialogue.know(facts.variables);
    if (!facts.brain_state.empty()) core->dialogue.restore(facts.brain_state);
    return std::make_unique<ScriptLm>(std::move(core));
}

}  // namespace parley::brain
