#include "parley/call/conversation_relay_call.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "parley/base/ids.hpp"
#include "parley/brain/text_talk.hpp"
#include "parley/conversation/serialise.hpp"
#include "parley/net/nursery.hpp"
#include "relay_actions.hpp"
#include "relay_wire.hpp"
#include "parley/call/turn_fact.hpp"
#include "parley/call/vendor_report.hpp"

namespace parley::call {

using conversation::EndReason;
using conversation::ReplyThen;
using Whose = RelaySpeaking::Whose;
using std::chrono::milliseconds;

namespace {

constexpr auto kClosedWithin = std::chrono::seconds(2);  // Twilio closes the socket behind `end`
constexpr auto kSamePromptWithin = milliseconds(300);    // nobody says the same sentence twice as fast
constexpr auto kBetweenErrorLines = std::chrono::seconds(5);
constexpr std::size_t kAsksWaiting = 4, kOperatorWaiting = 8, kMostDigits = 32;
constexpr std::uint32_t kMessagesPerSecond = 100;
constexpr std::uint32_t kBadMessages = 20;

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool has_word(const std::vector<std::string>& list, std::string_view word) {
    return std::ranges::find(list, word) != list.end();
}

}  // namespace

class ConversationRelayCall::Impl final : brain::VendorSink {
public:
    Impl(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, net::WebSocket& socket, twilio::RelaySetup setup, Parties parties,
         brain::TalkMemory before)
        : services_(services),
          worker_(worker),
          agent_(std::move(agent)),
          words_(agent_->conversation),
          relay_(agent_->relay ? *agent_->relay : flows::RelaySettings{}),
          socket_(socket),
          log_(services.log.call(
              {.call_sid = setup.call_sid, .stream_sid = setup.session_id, .agent = agent_->name, .dir = "in", .tenant = {}, .trace_id = {}})),
          wire_(socket, has_word(relay_.events, "tokens-played")),
          wake_(worker.loop.executor()),
          children_(worker.loop.executor()) {
        facts_.call_sid = setup.call_sid;
        facts_.from = std::move(parties.from);
        facts_.to = std::move(parties.to);
        facts_.agent = agent_->name;
        facts_.seed = random_u64();
        auto executor = worker_.loop.executor();
        std::unique_ptr<brain::Actions> others;
        if (services_.actions) others = services_.actions(*agent_, facts_, worker_, nullptr);
        actions_ = std::make_unique<RelayActions>(std::move(others), relay_, [this](const flows::RelayLanguage& to) { return switch_language(to); }, executor);
        const bool back = parties.resumed || !before.empty();
        const brain::TalkPorts ports{.vendor = *this, .executor = executor, .http = &worker_.http, .actions = actions_.get()};
        const brain::TalkSettings settings{.context_lines = words_.context_lines};
        talk_ = std::make_unique<brain::TextTalk>(*agent_->pipeline, facts_, ports, settings, std::move(before));
        // Twilio speaks the welcome by itself, and only to a new call.
        if (!relay_.welcome.empty() && !back)
            wire_.speaking().sent(relay_.welcome, Whose::ours, Clock::now());
        else
            asks_.push_back({Ask::Kind::greeting, {}});
    }

    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over) {
        over_ = std::move(over);
        quiet_since_ = Clock::now();
        auto beat = worker_.ticks.subscribe([this](const net::Tick&) { tick(Clock::now()); });
        children_.spawn(converse());
        for (;;) {
            while (const auto message = socket_.next()) receive(*message);
            const auto ec = co_await socket_.fill();
            if (ec) break;
        }
        if (over_) finish(how_it_ended(), {});
        gone_ = true;
        wake_.cancel();
        beat.reset();
        co_await talk_->close();
        co_await children_.join();
        co_return summary_;
    }

    void command(const OperatorCommand& wanted) {
        if (gone_ || ending_) return;
        if (const auto* end = std::get_if<EndNow>(&wanted)) {
            if (end->reason == EndReason::carrier_lost || end->reason == EndReason::caller_hung_up) {
                finish(end->reason, end->target);
                return close(1000);
            }
            return end_session(end->reason, end->target);
        }
        if (const auto* whisper = std::get_if<WhisperNow>(&wanted)) return talk_->advise(whisper->text);
        if (const auto* taken = std::get_if<TakeOver>(&wanted)) return take_over(taken->on);
        if (const auto* limit = std::get_if<LimitNow>(&wanted)) {
            longest_ = std::min(longest_, Clock::now() - began_ + limit->left);
            return;
        }
        if (operator_.size() < kOperatorWaiting) operator_.push_back(wanted);
    }

    bool play(std::string_view url) {
        const bool fine = url.starts_with("https://") && !gone_ && !ending_ && !wire_.cycle_open();
        return fine && wire_.send(twilio::relay_play({.source = url}));
    }

private:
    struct Ask {
        enum class Kind : std::uint8_t { greeting, words, digits } kind = Kind::words;
        std::string text;
    };
    struct Closing {
        EndReason reason = EndReason::agent_completed;
        std::string target;
        bool forced = false;  // nothing the caller says changes it
    };

    // --- what Twilio tells ---------------------------------------------------------------------------------------------

    void receive(const net::WsMessage& message) {
        const auto now = Clock::now();
        if (now - second_ >= std::chrono::seconds(1)) {
            second_ = now;
            in_second_ = 0;
        }
        if (++in_second_ > kMessagesPerSecond) return fault("rate", true);
        if (message.opcode != net::WsOpcode::text) return fault("binary", ++bad_ > kBadMessages);
        const auto read = twilio::read_relay_message({message.payload.data(), message.payload.size()});
        if (!read) return fault(twilio::error_kind(read.error()), ++bad_ > kBadMessages);
        if (ending_ || gone_) return;
        const auto& what = read->message;
        if (const auto* prompt = std::get_if<twilio::RelayPrompt>(&what))
            on_prompt(*prompt, now);
        else if (const auto* interrupt = std::get_if<twilio::RelayInterrupt>(&what))
            on_interrupt(*interrupt, now);
        else if (const auto* key = std::get_if<twilio::RelayDtmf>(&what))
            on_key(key->digit, now);
        else if (const auto* info = std::get_if<twilio::RelayInfo>(&what))
            on_info(*info, now);
        else if (const auto* error = std::get_if<twilio::RelayError>(&what))
            on_error(*error, now);
        else if (std::holds_alternative<twilio::RelayUnknown>(what))
            services_.metrics.stream_protocol_errors.at("unknown_event").add();
        else
            services_.metrics.stream_protocol_errors.at("order").add();  // a second setup
    }

    void fault(std::string_view kind, bool fatal) {
        services_.metrics.stream_protocol_errors.at(kind).add();
        if (!fatal || gone_ || ending_) return;
        log_.warn("relay.protocol", "The relay's messages broke too many rules.", {{"reason", kind}});
        finish(EndReason::protocol, {});
        close(1008);
    }

    void on_prompt(const twilio::RelayPrompt& prompt, TimePoint now) {
        quiet_since_ = now;
        if (!prompt.last || blank(prompt.text)) return;
        if (prompt.text == last_prompt_ && now - last_prompt_at_ < kSamePromptWithin) {
            services_.metrics.stream_protocol_errors.at("sequence").add();
            return;
        }
        last_prompt_ = prompt.text;
        last_prompt_at_ = now;
        keep_turn("caller", prompt.text, false);
        if (!caller_may_speak(now)) return;
        idle_prompts_ = 0;
        if (taken_over_) return heard_by_person(prompt.text);
        drop_answer();
        if (!asks_.empty() && asks_.back().kind == Ask::Kind::words) {
            asks_.back().text += " " + prompt.text;
            wake_.cancel();
            return;
        }
        ask({Ask::Kind::words, prompt.text});
    }

    // The rest of what was being said is gone, at Twilio and here; nothing of it may follow.
    void on_interrupt(const twilio::RelayInterrupt& interrupt, TimePoint now) {
        quiet_since_ = now;
        idle_prompts_ = 0;
        if (closing_ && closing_->forced) return;
        closing_.reset();
        ++summary_.interruptions;
        services_.metrics.interruptions.at("speech").add();
        wire_.forget_cycle();
        heard(wire_.speaking().interrupted(interrupt.heard, interrupt.after), true);
    }

    void on_key(char digit, TimePoint now) {
        quiet_since_ = now;
        if (!caller_may_speak(now)) return;
        idle_prompts_ = 0;
        if (digits_.empty() && !taken_over_) drop_answer();
        if (digit != '#' || digits_.empty()) digits_ += digit;
        digits_until_ = now + words_.digit_gap;
        if (digit == '#' || digits_.size() >= kMostDigits) finish_digits();
    }
    void finish_digits() {
        auto digits = std::exchange(digits_, {});
        keep_turn("keys", digits, false);
        if (taken_over_) return;
        ask({Ask::Kind::digits, std::move(digits)});
    }

    void on_info(const twilio::RelayInfo& info, TimePoint now) {
        if (info.name == "tokensPlayed")
            wire_.speaking().played(info.value, now);
        else if (info.name == "clientSpeaking")
            caller_speaks_ = info.value == "on";
        else if (info.name == "configUpdated")
            log_.info("relay.config", "Twilio changed the relay's configuration.", {{"what", info.value.substr(0, 200)}});
    }

    void on_error(const twilio::RelayError& error, TimePoint now) {
        services_.metrics.twilio_errors.at("64107").add();
        ++errors_;
        if (now - error_told_ < kBetweenErrorLines) return;
        error_told_ = now;
        log_.error("relay.error", "Twilio did not understand a message of ours.",
                   {{"error.type", error.description.substr(0, 300)}, {"n", std::exchange(errors_, 0U)}});
    }

    // --- a person speaks for the agent ---------------------------------------------------------------------------------

    // No more of an answer is given to Twilio; what it has been given already it says, until the person's words come.
    void take_over(bool on) {
        if (on == taken_over_ || (closing_ && closing_->forced)) return;
        taken_over_ = on;
        log_.info("call.taken_over", on ? "A person speaks for the agent." : "The agent speaks again.", {{"on", on}});
        if (services_.records != nullptr)
            services_.records->add(facts_.call_sid, store::Fact::event, event_fact(on ? "taken_over" : "given_back", facts_.agent, "relay"));
        quiet_since_ = Clock::now();
        idle_prompts_ = 0;
        if (on) {
            // What nobody has answered yet is the person's to answer.
            closing_.reset();
            drop_answer();
            for (const auto& waiting : asks_)
                if (waiting.kind == Ask::Kind::words) heard_by_person(waiting.text);
            asks_.clear();
            digits_.clear();
            return;
        }
        talk_->advise(kGivenBack);
        if (!unanswered_.empty()) ask({Ask::Kind::words, std::exchange(unanswered_, {})});
    }
    void heard_by_person(const std::string& text) { unanswered_ += (unanswered_.empty() ? "" : " ") + text; }
    void person_says(const std::string& text) {
        if (!unanswered_.empty()) talk_->caller_said(std::exchange(unanswered_, {}));
        say_ours(text);
    }

    // Once the last words are out there is nothing to be said any more; before that the caller may still keep the call.
    bool caller_may_speak(TimePoint now) {
        if (!closing_) return true;
        if (closing_->forced || (!running_ && wire_.speaking().all_played(now))) return false;
        closing_.reset();
        return true;
    }

    // --- turns ---------------------------------------------------------------------------------------------------------

    void ask(Ask next) {
        if (asks_.size() == kAsksWaiting) asks_.pop_front();
        asks_.push_back(std::move(next));
        wake_.cancel();
    }

    // One turn after the other, so that an interruption can never meet the turn behind the one it means.
    net::Task<> converse() {
        while (!gone_) {
            if (asks_.empty() || ending_) {
                wake_.expires_at(TimePoint::max());
                co_await wake_.async_wait(net::nothrow);
                continue;
            }
            asked_ = std::move(asks_.front());
            asks_.pop_front();
            if (closing_ && closing_->forced) continue;
            if (!wire_.speaking().empty() && !wire_.cycle_open()) heard(wire_.speaking().settle(), false);
            const auto number = ++turn_;
            running_ = true;
            reply_.clear();
            fillers_ = 0;
            owed_since_ = asked_at_ = Clock::now();
            brain::TextTalk::OnPiece hear = [this, number](std::string_view piece) { on_piece(number, piece); };
            brain::TextTurn done;
            if (asked_.kind == Ask::Kind::greeting)
                done = co_await talk_->begin(std::move(hear));
            else if (asked_.kind == Ask::Kind::digits)
                done = co_await talk_->keyed(asked_.text, std::move(hear));
            else
                done = co_await talk_->said(asked_.text, 1, std::move(hear));
            running_ = false;
            if (gone_ || ending_) continue;
            quiet_since_ = Clock::now();
            if (number == turn_ && !done.superseded)
                answered(done);
            else
                services_.metrics.turns.at("interrupted").add();
        }
    }

    void on_piece(std::uint32_t number, std::string_view piece) {
        if (number != turn_ || gone_ || ending_) return;
        const auto now = Clock::now();
        if (reply_.empty()) services_.metrics.turn_stage.at("llm_first_token").observe(now - asked_at_);
        owed_since_ = now;
        fillers_ = 0;
        sent(wire_.say(piece, Whose::brain));
        reply_ += (reply_.empty() ? "" : " ") + std::string(piece);
        if (reply_.size() <= words_.reply_max_characters) return;
        // Nobody listens to a page: it ends behind this piece.
        ++turn_;
        sent(wire_.close_cycle());
        too_long_ = true;  // the brain is not told from within its own call
    }

    void answered(const brain::TextTurn& done) {
        ++summary_.turns;
        services_.metrics.turns.at(done.failed ? "failed" : done.pieces.empty() ? "empty" : "completed").add();
        if (done.failed) {
            log_.warn("relay.no_answer", "The brain gave no answer.", {{"n", failures_ + 1}});
            if (++failures_ >= words_.failures_max) return farewell(EndReason::brain_failed, words_.apology_text, "apology");
            sent(wire_.say(words_.fallback_text, Whose::ours));
            return sent(wire_.close_cycle());
        }
        failures_ = 0;
        sent(wire_.close_cycle());
        if (done.then == ReplyThen::end_call) closing_ = Closing{EndReason::agent_completed, {}, false};
        if (done.then == ReplyThen::transfer) closing_ = Closing{EndReason::transferred, done.target, false};
    }

    // The caller goes on before the answer is out: what was sent is on its way to his ear, the rest is never said.
    void drop_answer() {
        if (wire_.speaking().empty() && !running_) return;
        const auto told = wire_.speaking().settle();
        sent(wire_.close_cycle());
        heard(told, false);
    }

    // What of the words given to Twilio was heard. A turn that still runs ends with it.
    void heard(const RelaySpeaking::Heard& what, bool cut) {
        const bool brains_cut = !what.all_of_brains || running_;
        if (running_) {
            ++turn_;
            talk_->interrupted(what.brains);
        } else if (cut && !what.all_of_brains) {
            talk_->interrupted(what.brains);
        }
        if (!what.ours.empty() && !running_) talk_->agent_said(what.ours);
        keep_turn("agent", what.ours, !what.all_of_ours);
        keep_turn("agent", what.brains, brains_cut);
    }

    bool switch_language(const flows::RelayLanguage& to) {
        const auto message = twilio::relay_language(to.code, to.code);
        if (!message || gone_ || ending_ || !wire_.send(*message)) return false;
        log_.info("relay.language", "The call goes on in another language.", {{"language", to.code}});
        return true;
    }

    // --- the clock -----------------------------------------------------------------------------------------------------

    void tick(TimePoint now) {
        if (gone_ || (ending_ && now < *ending_ + kClosedWithin)) return;
        if (ending_) return close(1000);
        if (std::exchange(too_long_, false) && running_) talk_->interrupted(reply_);
        const auto lasted = now - began_;
        if (!(closing_ && closing_->forced)) {
            if (lasted >= longest_) return farewell(EndReason::max_duration, words_.max_duration_text, "idle_prompt");
            const bool warn = words_.max_duration_warning.count() > 0 && lasted >= longest_ - words_.max_duration_warning;
            if (warn && !warned_ && !running_) {
                warned_ = true;
                say_ours(words_.max_duration_warning_text);
            }
        }
        if (!digits_.empty() && now >= digits_until_) finish_digits();
        if (running_) return closing_ ? void() : fill_silence(now);
        auto& speaking = wire_.speaking();
        if (!speaking.empty() && speaking.all_played(now)) {
            heard(speaking.settle(), false);
            quiet_since_ = now;
        }
        if (closing_ && speaking.empty()) return end_session(closing_->reason, closing_->target);
        if (closing_) return;
        if (!operator_.empty()) return obey_operator();
        const bool waiting = speaking.empty() && asks_.empty() && digits_.empty() && !caller_speaks_;
        if (!waiting || taken_over_)
            quiet_since_ = now;
        else if (now - quiet_since_ >= words_.idle_after)
            remind(now);
    }

    void fill_silence(TimePoint now) {
        const auto& speaking = wire_.speaking();
        const auto silent_since = std::max(owed_since_, speaking.empty() ? owed_since_ : speaking.reckoned_end());
        if (now - silent_since < (fillers_ == 0 ? words_.filler_after : words_.filler_every)) return;
        if (fillers_ >= words_.filler_max || words_.fillers.empty()) {
            if (fillers_ < words_.filler_max) return;  // no words for it: the turn's own time ends it
            return farewell(EndReason::brain_failed, words_.apology_text, "apology");
        }
        sent(wire_.say(words_.fillers[fillers_ % words_.fillers.size()], Whose::filler));
        ++fillers_;
        ++summary_.fillers;
        owed_since_ = now;
        services_.metrics.fillers_played.at("filler").add();
    }

    void remind(TimePoint now) {
        if (idle_prompts_ >= words_.idle_prompts || words_.idle_texts.empty()) return farewell(EndReason::silence, words_.goodbye_text, "idle_prompt");
        services_.metrics.fillers_played.at("idle_prompt").add();
        say_ours(words_.idle_texts[std::min<std::size_t>(idle_prompts_, words_.idle_texts.size() - 1)]);
        ++idle_prompts_;
        quiet_since_ = now;
    }

    void say_ours(const std::string& text) {
        sent(wire_.say(text, Whose::ours));
        sent(wire_.close_cycle());
    }

    void obey_operator() {
        const auto wanted = std::move(operator_.front());
        operator_.pop_front();
        if (const auto* say = std::get_if<SayNow>(&wanted)) {
            person_says(say->text);
        } else if (const auto* keys = std::get_if<KeysNow>(&wanted)) {
            std::string digits;
            for (const char c : keys->keys) digits += c == 'W' ? "ww" : std::string(1, c);
            const auto message = twilio::relay_digits(digits);
            if (message)
                sent(wire_.send(*message));
            else
                log_.warn("relay.keys", "These keys cannot be sent over a relay.", {{"n", digits.size()}});
        }
    }

    // Stops everything, says one sentence that cannot be interrupted, and ends.
    void farewell(EndReason reason, const std::string& text, std::string_view counted_as) {
        if (closing_ && closing_->forced) return;
        drop_answer();
        asks_.clear();
        digits_.clear();
        operator_.clear();
        services_.metrics.fillers_played.at(counted_as).add();
        sent(wire_.say(text, Whose::ours, false));
        sent(wire_.close_cycle());
        closing_ = Closing{reason, {}, true};
    }

    // --- the end -------------------------------------------------------------------------------------------------------

    void end_session(EndReason reason, const std::string& target) {
        if (ending_ || gone_) return;
        finish(reason, target);
        ending_ = Clock::now();
        const auto message = twilio::relay_end(twilio::handoff_text({.code = std::string(conversation::name_of(reason)),
                                                                     .reason = reason == EndReason::transferred ? "the agent hands the call over" : "",
                                                                     .target = target}));
        sent(message && wire_.send(*message));
    }

    // The call is over as far as everybody else is concerned.
    void finish(EndReason reason, const std::string& target) {
        if (!over_) return;
        auto rest = wire_.speaking().stopped(Clock::now());
        const bool asking = running_;
        keep_turn("agent", rest.ours, !rest.all_of_ours);
        keep_turn("agent", rest.brains, !rest.all_of_brains || asking);
        if (asking) {
            ++turn_;
            talk_->interrupted(rest.brains);
        } else if (!rest.all_of_brains) {
            talk_->interrupted(rest.brains);
        }
        if (!rest.ours.empty()) talk_->agent_said(rest.ours);
        summary_.reason = reason;
        summary_.target = target;
        summary_.duration = std::chrono::duration_cast<milliseconds>(Clock::now() - began_);
        summary_.memory = talk_->memory();
        if (asking) {
            // The turn it ended has not been written down yet.
            auto& lines = summary_.memory.lines;
            if (asked_.kind != Ask::Kind::greeting) lines.push_back({conversation::ContextLine::Side::caller, asked_.text, false});
            if (!rest.brains.empty()) lines.push_back({conversation::ContextLine::Side::agent, rest.brains, true});
        }
        if (const auto over = std::exchange(over_, nullptr)) over(summary_);
    }

    [[nodiscard]] EndReason how_it_ended() const {
        const auto& closed = socket_.closed();
        switch (closed.fault) {
            case net::WsFault::none:
            case net::WsFault::closed_by_peer:
                break;
            case net::WsFault::connection_lost:
            case net::WsFault::idle:
            case net::WsFault::send_blocked:
                return EndReason::carrier_lost;
            default:
                return EndReason::protocol;
        }
        if (closed.code == 1007) log_.error("relay.error", "Twilio closed the relay: ten messages of ours in a row were malformed.", {{"code", 1007}});
        // The caller's end and a document that takes the call elsewhere look the same: properly closed.
        return closed.code == 1000 || closed.code == 1001 ? EndReason::caller_hung_up : EndReason::carrier_lost;
    }

    void close(std::uint16_t code) {
        if (std::exchange(closing_socket_, true)) return;
        children_.spawn(socket_.close(code, ""));
    }

    void sent(bool taken) {
        if (taken || gone_) return;
        if (socket_.open()) log_.warn("relay.blocked", "The relay's socket takes no more; it is given up.");
        socket_.abort();
    }

    void keep_turn(std::string_view who, std::string_view text, bool interrupted) {
        if (services_.records == nullptr || text.empty()) return;
        services_.records->add(facts_.call_sid, store::Fact::turn,
                               turn_fact(who, text, std::chrono::duration_cast<milliseconds>(Clock::now() - began_), interrupted));
    }

    void on_event(std::string_view json) override {
        if (services_.records != nullptr) services_.records->add(facts_.call_sid, store::Fact::event, json);
    }
    void on_vendor(const brain::VendorRecord& record) override {
        observe_vendor(services_.metrics, record);
        if (services_.used) services_.used(*agent_, facts_.call_sid, record);
    }
    void on_used(const brain::VendorRecord& more) override {
        if (services_.used) services_.used(*agent_, facts_.call_sid, more);
    }
    void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view reason) override {
        log_.warn("provider.failover", "A backup took over.", {{"role", role}, {"provider", from}, {"to", to}, {"reason", reason}});
        services_.metrics.provider_failovers.at(role, from, to).add();
    }

    CallServices& services_;
    CallWorker& worker_;
    std::shared_ptr<const Agent> agent_;
    const conversation::Settings& words_;  // the agent's
    flows::RelaySettings relay_;
    net::WebSocket& socket_;
    CallLog log_;
    RelayWire wire_;
    brain::CallFacts facts_;
    std::unique_ptr<RelayActions> actions_;
    std::unique_ptr<brain::TextTalk> talk_;
    net::asio::steady_timer wake_;
    net::Nursery children_;

    TimePoint began_ = Clock::now();
    Duration longest_ = std::min<Duration>(agent_->max_duration, words_.max_duration);  // of the talk; operators shorten it
    std::deque<Ask> asks_;
    Ask asked_;               // of the turn that runs or ran last
    std::uint32_t turn_ = 0;  // its pieces are sent while they carry this number
    bool taken_over_ = false;
    std::string unanswered_;  // what the caller has said to the person who speaks for the agent, since that one spoke last
    bool running_ = false, too_long_ = false, warned_ = false, caller_speaks_ = false;
    std::string reply_;  // what of it was sent
    std::size_t fillers_ = 0;
    TimePoint asked_at_{}, owed_since_{}, quiet_since_{};
    std::uint32_t idle_prompts_ = 0, failures_ = 0;
    std::string digits_, last_prompt_;
    TimePoint digits_until_{}, last_prompt_at_{};
    std::deque<OperatorCommand> operator_;
    std::optional<Closing> closing_;
    std::optional<TimePoint> ending_;  // `end` was sent
    bool gone_ = false, closing_socket_ = false;
    TimePoint second_{}, error_told_{};
    std::uint32_t in_second_ = 0, bad_ = 0, errors_ = 0;
    CallSummary summary_;
    std::function<void(const CallSummary&)> over_;
};

ConversationRelayCall::ConversationRelayCall(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, net::WebSocket& socket,
                                             twilio::RelaySetup setup, Parties parties, brain::TalkMemory before)
    : impl_(std::make_unique<Impl>(services, worker, std::move(agent), socket, std::move(setup), std::move(parties), std::move(before))) {}
ConversationRelayCall::~ConversationRelayCall() = default;
net::Task<CallSummary> ConversationRelayCall::run(std::function<void(const CallSummary&)> over) {
    return impl_->run(std::move(over));
}
void ConversationRelayCall::command(const OperatorCommand& wanted) {
    impl_->command(wanted);
}
bool ConversationRelayCall::play(std::string_view url) {
    return impl_->play(url);
}

}  // namespace parley::call
