#include "parley/brain/text_talk.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace parley::brain {

namespace asio = boost::asio;
using conversation::ContextLine;
using conversation::PromptKind;

namespace {

constexpr auto kBeat = std::chrono::milliseconds(20);

std::string joined(const std::vector<std::string>& pieces) {
    std::string all;
    for (const auto& piece : pieces) {
        if (!all.empty()) all += ' ';
        all += piece;
    }
    return all;
}

}  // namespace

std::string TextTurn::text() const {
    return joined(pieces);
}

struct TextTalk::Impl final : LmSink {
    Impl(PipelineFactory& factory, CallFacts given, TalkPorts with, TalkSettings how, TalkMemory before)
        : facts(std::move(given)),
          ports(std::move(with)),
          settings(how),
          lines(std::move(before.lines)),
          note(std::move(before.note)),
          changed(ports.executor),
          going(std::make_shared<int>(0)) {
        const bool same = before.agent.empty() || before.agent == facts.agent;
        back = same &&
               (!lines.empty() || !before.brain_state.empty() || (!note.empty() && !before.agent.empty()));  // a note alone is of a call that was never here
        if (same)
            facts.brain_state = std::move(before.brain_state);
        else
            facts.background = std::move(before.background);
        auto executor = ports.executor;
        const TextPorts inner{.lm = *this,
                              .vendor = ports.vendor,
                              .executor = executor,
                              .http = ports.http,
                              .post =
                                  [executor, weak = std::weak_ptr<int>(going)](std::function<void()> f) {
                                      asio::post(executor, [weak, f = std::move(f)] {
                                          if (!weak.expired()) f();
                                      });
                                  },
                              .actions = ports.actions};
        brain = factory.open_text(facts, inner);
        if (!brain) throw std::runtime_error("the agent's brain answers speech only");
    }

    // --- the brain's side --------------------------------------------------------------------------------------------

    void on_reply_text(ReplyId id, std::string_view speakable) override {
        if (id != reply || speakable.empty()) return;
        turn.pieces.emplace_back(speakable);
        if (on_piece) on_piece(speakable);
    }
    void on_reply_finished(ReplyId id, conversation::ReplyThen then, std::string_view target) override {
        if (id != reply) return;
        turn.then = then;
        turn.target = target;
        turn.failed = turn.pieces.empty() && then == conversation::ReplyThen::listen;
        settle();
    }
    void on_reply_failed(ReplyId id, std::string_view) override {
        if (id != reply) return;
        // What was said stands; a sentence without its end is better than an apology behind it.
        turn.failed = turn.pieces.empty();
        settle();
    }
    void on_reply_voice(ReplyId id) override { on_reply_failed(id, "voice"); }
    void on_expect(std::string_view, std::chrono::milliseconds) override {}

    // --- turns -------------------------------------------------------------------------------------------------------

    void settle() {
        reply = 0;
        changed.cancel();
    }

    void supersede() {
        if (reply == 0) return;
        brain->lm().cancel(reply);
        turn.superseded = true;
        settle();
    }

    // The other side's words of the turn before are part of the memory once they are answered, and its answer with them.
    void remember(ContextLine line) {
        if (line.text.empty()) return;
        lines.push_back(std::move(line));
        if (lines.size() > settings.context_lines) lines.erase(lines.begin());
    }

    net::Task<TextTurn> take(PromptKind kind, std::string text, double confidence, OnPiece tell) {
        supersede();
        const auto number = ++last;
        // The turn that was superseded just now answers to its own asker first.
        while (taking) {
            changed_again.emplace(ports.executor);
            changed_again->expires_after(kBeat);
            co_await changed_again->async_wait(net::nothrow);
            if (number != last || !brain) {
                TextTurn none;
                none.superseded = true;
                co_return none;
            }
        }
        taking = true;
        // Also when the asker's coroutine is ended in the middle of it.
        struct Taken {
            Impl& talk;
            bool done = false;
            explicit Taken(Impl& t) : talk(t) {}
            Taken(const Taken&) = delete;
            Taken& operator=(const Taken&) = delete;
            ~Taken() {
                if (!done) talk.supersede();
                talk.on_piece = nullptr;
                talk.taking = false;
            }
        } taken(*this);
        reply = number;
        turn = {};
        on_piece = std::move(tell);
        conversation::StartReply request;
        request.reply = number;
        request.kind = kind;
        request.text = text;
        request.confidence = confidence;
        brain->lm().start(request, lines);
        const auto deadline = Clock::now() + settings.answer_within;
        while (reply == number && brain) {
            const auto now = Clock::now();
            if (now >= deadline) {
                brain->lm().cancel(number);
                turn.failed = turn.pieces.empty();
                settle();
                break;
            }
            brain->tick(now);
            if (reply != number) break;
            changed.expires_at(std::min<TimePoint>(deadline, now + kBeat));
            co_await changed.async_wait(net::nothrow);
        }
        taken.done = true;
        auto done = std::exchange(turn, {});
        told = false;
        if (kind == PromptKind::caller_text || kind == PromptKind::digits) remember({ContextLine::Side::caller, text, false});
        // What an interruption left of it has been written down there.
        if (const auto heard = std::exchange(cut, std::nullopt))
            remember({ContextLine::Side::agent, *heard, true});
        else if (!done.superseded || !done.pieces.empty()) {
            remember({ContextLine::Side::agent, done.text(), done.superseded});
            told = !done.pieces.empty();
        }
        co_return done;
    }

    void interrupted(std::string_view heard) {
        if (reply != 0) {
            cut = std::string(heard);
            supersede();
            return;
        }
        if (!told || lines.empty() || lines.back().side != ContextLine::Side::agent) return;
        told = false;
        if (heard.size() >= lines.back().text.size()) return;
        brain_was_cut();
        if (heard.empty()) {
            lines.pop_back();
            return;
        }
        lines.back().text = heard;
        lines.back().interrupted = true;
    }
    void brain_was_cut() {
        if (brain) brain->lm().cancel(last);
    }

    CallFacts facts;
    TalkPorts ports;
    TalkSettings settings;
    std::vector<ContextLine> lines;
    std::string note;
    bool back = false;
    asio::steady_timer changed;
    std::optional<asio::steady_timer> changed_again;
    std::shared_ptr<int> going;
    std::unique_ptr<TextBrain> brain;
    ReplyId reply = 0, last = 0;
    TextTurn turn;
    OnPiece on_piece;
    std::optional<std::string> cut;
    bool taking = false;
    bool told = false;  // the last line is the agent's last turn, which may still turn out to be cut
};

TextTalk::TextTalk(PipelineFactory& factory, CallFacts facts, TalkPorts ports, TalkSettings settings, TalkMemory before)
    : impl_(std::make_unique<Impl>(factory, std::move(facts), std::move(ports), settings, std::move(before))) {}
TextTalk::~TextTalk() = default;

net::Task<TextTurn> TextTalk::begin(OnPiece on_piece) {
    const auto note = std::exchange(impl_->note, {});
    return impl_->take(impl_->back ? PromptKind::returned : PromptKind::greeting, note, 1, std::move(on_piece));
}
net::Task<TextTurn> TextTalk::said(std::string text, double confidence, OnPiece on_piece) {
    return impl_->take(PromptKind::caller_text, std::move(text), confidence, std::move(on_piece));
}
net::Task<TextTurn> TextTalk::keyed(std::string digits, OnPiece on_piece) {
    return impl_->take(PromptKind::digits, std::move(digits), 1, std::move(on_piece));
}
net::Task<TextTurn> TextTalk::nothing_understood(OnPiece on_piece) {
    return impl_->take(PromptKind::nothing_understood, {}, 1, std::move(on_piece));
}
void TextTalk::advise(std::string_view note) {
    if (impl_->brain) impl_->brain->lm().advise(note);
}
void TextTalk::interrupted(std::string_view heard) {
    impl_->interrupted(heard);
}
void TextTalk::agent_said(std::string_view text) {
    impl_->remember({ContextLine::Side::agent, std::string(text), false});
    impl_->told = false;
}
void TextTalk::caller_said(std::string_view text) {
    impl_->remember({ContextLine::Side::caller, std::string(text), false});
    impl_->told = false;
}
const std::vector<ContextLine>& TextTalk::lines() const {
    return impl_->lines;
}
TalkMemory TextTalk::memory() const {
    return {impl_->lines,
            impl_->brain ? impl_->brain->lm().state() : std::string{},
            impl_->facts.agent,
            {},
            impl_->brain ? impl_->brain->lm().handover() : std::string{}};
}
void TextTalk::tick(TimePoint now) {
    if (impl_->brain) impl_->brain->tick(now);
}

net::Task<> TextTalk::close() {
    impl_->supersede();
    // Whoever awaits a turn gets it as superseded before anything is taken apart.
    while (impl_->taking) {
        asio::steady_timer pause(impl_->ports.executor);
        pause.expires_after(std::chrono::milliseconds(1));
        co_await pause.async_wait(net::nothrow);
    }
    if (!impl_->brain) co_return;
    co_await impl_->brain->close();
    impl_->brain.reset();
    impl_->going.reset();
}

}  // namespace parley::brain
