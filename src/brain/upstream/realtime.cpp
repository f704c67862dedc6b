// Speech-to-speech behind the same core: the vendor listens, thinks and speaks; the core still decides who has the floor, and the ledger what
// was heard. The vendor's answers are bound to the core's replies; its audio becomes segments whose words come later.

#include <algorithm>
#include <deque>

#include <nlohmann/json.hpp>

#include "action_round.hpp"
#include "lines.hpp"
#include "prompt.hpp"

namespace parley::brain::upstream {

namespace {

using namespace std::chrono_literals;
using conversation::PromptKind;
using conversation::ReplyThen;
using vendors::Failure;
using vendors::FailureKind;
using vendors::VendorReply;

constexpr std::size_t kMostHeld = std::size_t{8000} * 30;  // samples of an answer that waits for the core's word
constexpr auto kTranscriptWait = 250ms;                    // an answer that is there waits so long for the words it answers
constexpr std::chrono::milliseconds kRounding = 60ms;      // what is reported as heard is in whole frames and milliseconds
constexpr std::size_t kMostHistory = 200;
constexpr std::size_t kMostCalls = 16;
constexpr std::size_t kMostWords = 16 * 1024;   // of one answer
constexpr std::size_t kMostCallerWords = 4096;  // of one turn (catalogue P16)
constexpr auto kFarewellWait = 1500ms;          // who may hang up and says nothing more has said goodbye

std::chrono::milliseconds length_of(std::uint64_t samples) {
    return std::chrono::milliseconds(samples / 8);
}

class Realtime final : public Brain, SttSession, LmSession, TtsSession {
public:
    Realtime(std::shared_ptr<const Place> place, std::unique_ptr<TtsRole> own_words)
        : place_(std::move(place)),
          order_(place_->settings.s2s, "realtime", place_->shared),
          own_words_(std::move(own_words)),
          closing_(place_->ports.executor),
          later_(place_->ports.executor),
          actions_(place_->ports.actions, [this] { action_answered(); }) {
        greeting_ = greeting_of(place_->settings, place_->facts);
        open_line(Clock::now());
    }

    SttSession& stt() override { return *this; }
    LmSession& lm() override { return *this; }
    TtsSession& tts() override { return *this; }

    // --- the caller --------------------------------------------------------------------------------------------------

    void audio(const CallerAudio& frame) override {
        memory_.keep(frame.mulaw, utterance_ != 0);
        if (line_) line_->stream->audio({frame.mulaw, frame.pcm8k});
    }
    void begin(UtteranceId utterance) override {
        utterance_ = utterance;
        asked_ = false;
        caller_words_.clear();
        caller_interim_.clear();
        if (line_) line_->stream->caller_turn_began();
    }
    void finish(UtteranceId utterance) override {
        if (utterance != utterance_ || asked_) return;
        asked_ = true;
        asked_at_ = Clock::now();
        if (line_) line_->stream->caller_turn_ended();
        later_.post([this] { settle_words(Clock::now()); });
    }
    void drop(UtteranceId utterance) override {
        if (utterance == utterance_) utterance_ = 0;
    }

    void advise(std::string_view note) override {
        notes_.add(note);
        // A session that takes no notes hears of it when it is opened again.
        if (line_) line_->stream->note(note);
    }

    // --- replies -----------------------------------------------------------------------------------------------------

    void start(const conversation::StartReply& request, const std::vector<conversation::ContextLine>& context) override {
        if (request.kind == PromptKind::caller_text || request.kind == PromptKind::digits) actions_.caller_said(request.text);
        reply_ = request.reply;
        bound_ = 0;
        segment_ = 0;
        waiting_for_segment_ = false;
        spoken_.clear();
        given_.clear();
        heard_ = {};
        then_ = ReplyThen::listen;
        target_.clear();
        words_said_.clear();
        tried_.clear();
        retried_ = false;
        owed_since_ = Clock::now();
        history_ = conversation_so_far(context);
        answered_ = false;
        prompt_ = caller_turn(request);
        const bool greets_itself = request.kind == PromptKind::greeting && !greeting_.empty();
        if (unbound_ != 0) {
            later_.post([this, reply = reply_] {
                if (reply == reply_ && bound_ == 0 && unbound_ != 0) bind(std::exchange(unbound_, 0));
            });
            return;
        }
        if (!line_ || greets_itself) return;
        switch (request.kind) {
            case PromptKind::greeting:
                line_->stream->respond("Greet the caller in one short sentence.");
                break;
            case PromptKind::digits:
                line_->stream->caller_text(prompt_.text);
                break;
            case PromptKind::returned:
                line_->stream->respond("The caller is back with you on the same call: " + request.text + ". Say so in one sentence and go on.");
                break;
            case PromptKind::nothing_understood:
                line_->stream->respond("You did not understand the caller. Ask them to say it again.");
                break;
            case PromptKind::caller_text:
                // It has heard the caller itself, unless it came after the words.
                if (line_->opened >= asked_at_ && !prompt_.text.empty()) line_->stream->caller_text(prompt_.text);
                break;
        }
    }
    void cancel(ReplyId reply) override {
        if (reply != reply_) return;
        actions_.caller_interrupted();
        // How much was heard is told right behind; nothing told means nothing heard.
        later_.post([this, reply] {
            if (reply == reply_) stop_speaking();
        });
    }
    // Its session was set up without this. One that takes over is told with its instructions; to this one it is said, as the data it is: no
    // word of the caller's may come as a note of the supervisor's.
    void prepared(const Prepared& found) override {
        place_->know(found);
        if (const auto known = known_before(found.background); line_ && !known.empty()) line_->stream->note(known);
    }
    void heard(ReplyId reply, std::chrono::milliseconds heard, bool interrupted) override {
        if (reply != reply_ && reply != last_reply_) return;
        heard_ += heard;
        if (interrupted) stop_speaking();
    }

    using Brain::speak;  // of a language: there is none to exchange here
    void speak(SegmentId segment, ReplyId reply, std::string_view text) override {
        if (!text.empty()) {
            own_words_->speak(segment, reply, text);
            return;
        }
        if (reply != reply_) return;
        segment_ = segment;
        later_.post([this, segment] {
            if (segment != segment_) return;
            waiting_for_segment_ = false;
            flush();
        });
    }
    void cancel_all() override {
        own_words_->cancel_all();
        segment_ = 0;  // what still comes of the reply begins a new one
        spoken_.clear();
    }

    // --- watching ----------------------------------------------------------------------------------------------------

    void tick(TimePoint now) override {
        if (later_.stopped()) return;
        own_words_->tick(now);
        if (line_ && now - line_->opened - line_->told.lasted >= kTellEvery)
            tell_use(*place_, "realtime", order_.at(line_->index), *line_, now, line_->usage.input, line_->usage.output);
        if (!line_ && reconnect_.due(now)) {
            open_line(now);
            const auto lost_by = std::exchange(lost_by_, std::nullopt);
            if (line_ && lost_by && *lost_by != line_->index)
                place_->ports.vendor.on_failover("realtime", order_.at(*lost_by).name, order_.at(line_->index).name, lost_why_);
        }
        if (utterance_ != 0 && asked_) settle_words(now);
        // The turn is over and there is neither a word of it nor an answer: whoever is next hears it again, while the core still waits.
        const bool mute = utterance_ != 0 && asked_ && line_ && unbound_ == 0 && caller_interim_.empty();
        if (mute && now - std::max(asked_at_, line_->opened) >= place_->settings.budgets.s2s_first / 2)
            fail(now, Failure{FailureKind::timeout, "nothing understood and no answer within their time", 0, "first_byte", line_->request_id, {}});
        if (going_away_at_ && now >= *going_away_at_ && reply_ == 0 && utterance_ == 0 && !still_audible(now)) roll_over(now);
        (void)actions_.tick(now);
        // In the agent's own voice: the vendor waits for the result and says nothing meanwhile.
        if (const auto words = actions_.filler(now);
            !words.empty() && reply_ != 0 && spoken_.empty() && now - last_audio_ >= length_of(given_.empty() ? 0 : given_.back().second))
            place_->ports.lm.on_reply_text(reply_, words);
        if (actions_.waiting()) owed_since_ = last_audio_ = now;  // the answer waits for us, not for the vendor
        if (reply_ == 0 || !line_) return;
        const auto& budgets = place_->settings.budgets;
        if (then_ != ReplyThen::listen && bound_ != 0 && !audio_came_ && now - owed_since_ >= kFarewellWait) {
            conclude();
        } else if (bound_ == 0 || !audio_came_) {
            if (now - owed_since_ >= budgets.s2s_first)
                fail(now, Failure{FailureKind::timeout, "no answer within its time", 0, "first_byte", line_->request_id, {}});
        } else if (!vendor_done_ && now - last_audio_ >= budgets.s2s_stall) {
            fail(now, Failure{FailureKind::stalled, "the answer stopped coming", 0, "stream", line_->request_id, {}});
        }
    }

    net::Task<> close() override {
        later_.stop();
        retire(std::move(line_), "ok", {});
        co_await own_words_->close();
        co_await closing_.join();
    }

private:
    struct Line final : vendors::S2sSink {
        Line(Realtime& to, std::size_t which) : owner(to), index(which), opened(Clock::now()) {}
        Realtime& owner;
        std::size_t index;
        TimePoint opened;
        std::unique_ptr<vendors::S2sSession> stream;
        std::string request_id;
        vendors::LmUsage usage;
        std::optional<std::chrono::milliseconds> ready;
        bool retired = false;
        Told told;

        void on_s2s_open(std::string_view id, std::chrono::seconds lifetime) override {
            if (retired) return;
            request_id = id;
            const auto now = Clock::now();
            ready = std::chrono::duration_cast<std::chrono::milliseconds>(now - opened);
            owner.order_.health(index).success(now);
            owner.reconnect_.accepted();
            const auto limit = lifetime.count() > 0 ? std::chrono::milliseconds(lifetime) : owner.place_->settings.session_limit;
            if (limit.count() > 0) owner.going_away_at_ = now + limit * 4 / 5;
        }
        void on_caller_started() override {}
        void on_caller_stopped() override {}
        void on_caller_interim(std::string_view text) override {
            if (!retired) owner.interim(text);
        }
        void on_caller_text(std::string_view text) override {
            if (!retired) owner.caller_said(text);
        }
        void on_vendor_reply(VendorReply reply) override {
            if (!retired) owner.vendor_reply(reply);
        }
        void on_reply_audio(VendorReply reply, std::span<const std::int16_t> pcm) override {
            if (!retired) owner.voice(reply, pcm);
        }
        void on_reply_words(VendorReply reply, std::string_view delta) override {
            if (!retired) owner.words(reply, delta);
        }
        void on_reply_done(VendorReply reply, bool then_tools) override {
            if (!retired) owner.vendor_finished(reply, then_tools);
        }
        void on_vendor_interrupted() override {
            if (!retired) owner.vendor_interrupted();
        }
        void on_tool_call(VendorReply reply, const vendors::ToolCall& call) override {
            if (!retired) owner.tool(reply, call);
        }
        void on_usage(const vendors::LmUsage& more) override {
            usage.input += more.input;
            usage.output += more.output;
            usage.cached += more.cached;
            tell_use(*owner.place_, "realtime", owner.order_.at(index), *this, Clock::now(), usage.input, usage.output);
        }
        void on_going_away(std::chrono::milliseconds left) override {
            if (!retired) owner.going_away_at_ = Clock::now() + left / 5;
        }
        void on_s2s_failed(const Failure& failure) override {
            if (!retired) owner.fail(Clock::now(), vendors::without_key(failure, owner.order_.at(index).key.reveal()));
        }
    };

    // Audio and words of one answer that cannot be given on yet.
    struct Held {
        std::deque<std::int16_t> audio;
        std::string words;
        std::vector<vendors::ToolCall> calls;
        bool done = false, then_tools = false;
    };

    // --- what the vendor heard ---------------------------------------------------------------------------------------

    void interim(std::string_view text) {
        caller_interim_ = text;
        if (utterance_ != 0 && !asked_) place_->ports.stt.on_partial(utterance_, text);
    }
    void caller_said(std::string_view text) {
        if (!caller_words_.empty()) caller_words_ += ' ';
        caller_words_ += text.substr(0, kMostCallerWords - std::min(kMostCallerWords, caller_words_.size()));
        if (utterance_ == 0) return;
        if (!asked_) {
            place_->ports.stt.on_partial(utterance_, caller_words_);
            if (line_->stream->decides_turns()) place_->ports.stt.on_turn_end(utterance_, 1, false);
            return;
        }
        settle_words(Clock::now());
    }
    // The core waits for the words of a turn. An answer that is there already does not wait for them for long.
    void settle_words(TimePoint now) {
        if (utterance_ == 0 || !asked_) return;
        const bool answer_waits = unbound_ != 0 && now - std::max(unbound_since_, asked_at_) >= kTranscriptWait;
        if (caller_words_.empty() && !answer_waits) return;
        const auto utterance = std::exchange(utterance_, 0);
        asked_ = false;
        const auto words = !caller_words_.empty() ? caller_words_ : !caller_interim_.empty() ? caller_interim_ : std::string("[not transcribed]");
        const double confidence = caller_words_.empty() ? 0.5 : 1;
        caller_words_.clear();
        caller_interim_.clear();
        place_->ports.stt.on_final(utterance, words, confidence);
    }

    // --- what it answers ---------------------------------------------------------------------------------------------

    void vendor_reply(VendorReply reply) {
        if (reply_ != 0 && bound_ == 0) {
            bind(reply);
            return;
        }
        if (reply_ != 0 && vendor_done_ && waiting_for_tools_) {  // the answer goes on behind a tool's result
            bind(reply);
            return;
        }
        unbound_ = reply;
        unbound_since_ = Clock::now();
        held_ = {};
        if (utterance_ != 0 && !asked_) {
            place_->ports.stt.on_turn_end(utterance_, 1, false);
        } else if (utterance_ == 0 && reply_ == 0) {
            place_->ports.stt.on_answers(caller_words_);
            caller_words_.clear();
        }
    }
    void bind(VendorReply reply) {
        bound_ = reply;
        audio_came_ = vendor_done_ = waiting_for_tools_ = false;
        given_.emplace_back(reply, 0);
        last_audio_ = owed_since_ = Clock::now();
        auto held = std::move(held_);
        held_ = {};
        if (!held.words.empty()) words(reply, held.words);
        if (!held.audio.empty()) {
            const std::vector<std::int16_t> pcm(held.audio.begin(), held.audio.end());
            voice(reply, pcm);
        }
        for (const auto& call : held.calls) tool(reply, call);
        if (held.done) vendor_finished(reply, held.then_tools);
    }
    void voice(VendorReply reply, std::span<const std::int16_t> pcm) {
        if (pcm.empty()) return;
        if (reply == unbound_ && reply != 0) {
            if (held_.audio.size() + pcm.size() <= kMostHeld) held_.audio.insert(held_.audio.end(), pcm.begin(), pcm.end());
            return;
        }
        if (reply != bound_ || reply_ == 0) return;
        last_audio_ = Clock::now();
        if (!std::exchange(audio_came_, true) && line_) order_.health(line_->index).success(last_audio_, last_audio_ - owed_since_);
        if (!given_.empty()) given_.back().second += pcm.size();
        spoken_.insert(spoken_.end(), pcm.begin(), pcm.end());
        flush();
    }
    void words(VendorReply reply, std::string_view delta) {
        if (reply == unbound_ && reply != 0) {
            if (held_.words.size() < kMostWords) held_.words += delta;
            return;
        }
        if (reply != bound_ || reply_ == 0 || words_said_.size() >= kMostWords) return;
        words_said_ += delta;
        if (segment_ != 0 && !waiting_for_segment_)
            place_->ports.tts.on_segment_text(segment_, delta);
        else
            early_words_ += delta;
    }
    // Gives on what has come, once the core has a segment for it.
    void flush() {
        if (spoken_.empty() || reply_ == 0) return;
        if (segment_ == 0) {
            if (std::exchange(waiting_for_segment_, true)) return;
            place_->ports.lm.on_reply_voice(reply_);
            return;
        }
        if (waiting_for_segment_) return;
        const auto words = std::exchange(early_words_, {});
        if (!words.empty()) place_->ports.tts.on_segment_text(segment_, words);
        const auto pcm = std::exchange(spoken_, {});
        const auto segment = segment_;
        place_->ports.tts.on_audio(segment, pcm);
        if (finish_when_flushed_ && reply_ != 0 && segment == segment_) conclude();
    }
    void vendor_finished(VendorReply reply, bool then_tools) {
        if (reply == unbound_ && reply != 0) {
            held_.done = true;
            held_.then_tools = then_tools;
            return;
        }
        if (reply != bound_ || reply_ == 0) return;
        vendor_done_ = true;
        losses_ = 0;
        waiting_for_tools_ = then_tools;
        if (then_tools && !(then_ != ReplyThen::listen && spoke())) {
            owed_since_ = Clock::now();
            audio_came_ = false;
            return;
        }
        if (!spoke() && then_ == ReplyThen::listen) {
            fail(Clock::now(), Failure{FailureKind::empty_audio, "an answer without speech", 0, "stream", line_ ? line_->request_id : "", {}});
            return;
        }
        if (spoken_.empty())
            conclude();
        else
            finish_when_flushed_ = true;
    }
    void conclude() {
        finish_when_flushed_ = false;
        const auto reply = std::exchange(reply_, 0);
        last_reply_ = reply;
        remember_answer();
        if (segment_ != 0) place_->ports.tts.on_synthesized(segment_);
        place_->ports.lm.on_reply_finished(reply, then_, target_);
    }
    void vendor_interrupted() {
        place_->ports.stt.on_heard_caller();
        if (reply_ == 0 || bound_ == 0 || vendor_done_) return;
        vendor_done_ = true;
        if (spoken_.empty())
            conclude();
        else
            finish_when_flushed_ = true;
    }
    void tool(VendorReply reply, const vendors::ToolCall& call) {
        if (reply == unbound_ && reply != 0) {
            if (held_.calls.size() < kMostCalls) held_.calls.push_back(call);
            return;
        }
        if (reply_ == 0) return;
        if (actions_.takes(call.name)) {
            actions_line_ = line_.get();
            actions_.ask(call);
            return;
        }
        const auto outcome = perform_tool(place_->settings, call);
        if (outcome.then != ReplyThen::listen) {
            if (outcome.then == ReplyThen::transfer && !outcome.summary.empty() && place_->ports.actions != nullptr)
                place_->ports.actions->transferring(outcome.target, outcome.summary);
            then_ = outcome.then;
            target_ = outcome.target;
            if (spoke() || !line_) return;  // its goodbye has been said; the result would only make it say more
            line_->stream->tool_result(call, outcome.farewell.empty() ? R"({"ok":true,"next":"Say goodbye in one sentence."})"
                                                                      : R"({"ok":true,"next":"Say the farewell now, word for word."})");
            return;
        }
        if (line_) line_->stream->tool_result(call, outcome.refusal.empty() ? R"({"ok":true})" : outcome.refusal);
    }
    // The vendor goes on by itself once it has every result of its round.
    void action_answered() {
        if (actions_.waiting()) return;
        // A session that took over knows what was done from its instructions.
        const bool same = line_ && line_.get() == actions_line_;
        std::string given_up;
        for (auto& [call, result] : actions_.take()) {
            if (given_up.empty()) given_up = result->give_up;
            if (!result->say.empty() || result->hang_up) {
                if (result->hang_up && then_ == ReplyThen::listen) then_ = ReplyThen::end_call;
                if (same)
                    line_->stream->tool_result(call,
                                               result->say.empty() ? R"({"ok":true,"next":"Say goodbye in one sentence."})" : vendors_result(result->say));
                else if (vendor_done_ && then_ != ReplyThen::listen)
                    finish_transfer();
                continue;
            }
            if (!result->transfer.empty() && reply_ != 0 && then_ == ReplyThen::listen) {
                then_ = ReplyThen::transfer;
                target_ = result->transfer;
                const auto& words = result->announcement;
                if (same && (!spoke() || !words.empty()))
                    line_->stream->tool_result(call, vendors_result(words));
                else if (vendor_done_)
                    finish_transfer();
                continue;
            }
            if (same) line_->stream->tool_result(call, result->json);
        }
        if (reply_ != 0) owed_since_ = last_audio_ = Clock::now();
        if (reply_ != 0 && !given_up.empty() && then_ == ReplyThen::listen) give_up(given_up);
    }
    [[nodiscard]] static std::string vendors_result(const std::string& words) {
        if (words.empty()) return R"({"ok":true,"next":"Say in one short sentence that you are connecting the caller."})";
        return nlohmann::json{{"ok", true}, {"next", "Say this now, word for word: " + words}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    void finish_transfer() {
        if (spoken_.empty())
            conclude();
        else
            finish_when_flushed_ = true;
    }

    // The caller has the floor: the vendor's memory is cut where the caller stopped hearing.
    void stop_speaking() {
        const auto reply = reply_ != 0 ? reply_ : last_reply_;
        if (reply == 0) return;
        if (reply_ != 0) remember_answer();
        forget_unheard();
        reply_ = last_reply_ = 0;
        spoken_.clear();
        early_words_.clear();
        segment_ = 0;
        waiting_for_segment_ = finish_when_flushed_ = false;
        auto left = heard_;
        bool cut = false;  // nothing behind the place was heard
        for (const auto& [vendor_reply, samples] : given_) {
            const auto whole = length_of(samples);
            const bool last = &given_.back().first == &vendor_reply;
            cut = cut || last || left < whole;
            if (cut && line_ && vendor_reply != 0) line_->stream->truncate(vendor_reply, std::min(left, whole));
            left -= std::min(left, whole);
        }
        if (given_.empty() && bound_ != 0 && line_) line_->stream->truncate(bound_, 0ms);
        bound_ = 0;
        unbound_ = 0;
        given_.clear();
    }

    // --- sessions ----------------------------------------------------------------------------------------------------

    // Once an answer: what the next session is told of it.
    void remember_answer() {
        if (!prompt_.text.empty()) history_.push_back(prompt_);
        prompt_ = {};
        vendors::LmMessage answer;
        answer.role = vendors::LmMessage::Role::assistant;
        answer.text = std::exchange(words_said_, {});
        answered_ = !answer.text.empty();
        if (answered_) history_.push_back(std::move(answer));
        while (history_.size() > kMostHistory) history_.erase(history_.begin());
    }

    [[nodiscard]] bool spoke() const {
        return std::any_of(given_.begin(), given_.end(), [](const auto& answer) { return answer.second > 0; });
    }
    [[nodiscard]] std::chrono::milliseconds length_given() const {
        std::uint64_t samples = 0;
        for (const auto& answer : given_) samples += answer.second;
        return length_of(samples);
    }
    // The last answer has been given whole, but the caller may not have heard it all yet and can still break it off.
    [[nodiscard]] bool still_audible(TimePoint now) const {
        const auto whole = length_given();
        return last_reply_ != 0 && heard_ < whole - std::min(whole, kRounding) && now - last_audio_ < whole;
    }
    // Of an answer that was broken off the next session knows what was heard, by the share of its sound: rather a word less than one more.
    void forget_unheard() {
        if (!std::exchange(answered_, false)) return;
        auto& text = history_.back().text;
        const auto whole = length_given();
        if (heard_ < whole) {
            const auto at = text.size() * static_cast<std::size_t>(heard_.count()) / static_cast<std::size_t>(whole.count());
            const auto blank = text.rfind(' ', at);
            text.resize(blank == std::string::npos ? 0 : blank);
        } else if (whole.count() == 0) {
            text.clear();
        }
        if (text.empty())
            history_.pop_back();
        else
            text += " … [interrupted by the caller]";
    }

    void open_line(TimePoint now) {
        const auto index = order_.choose(now, tried_);
        if (!index) {
            reconnect_.nobody_there(now);
            if (reply_ != 0) give_up("no speech-to-speech vendor can be reached");
            tried_.clear();
            return;
        }
        order_.health(*index).request();
        auto line = std::make_unique<Line>(*this, *index);
        line->opened = now;
        vendors::S2sSetup setup;
        setup.instructions = system_prompt(place_->settings, place_->facts) + actions_.history() + notes_.text();
        setup.tools = call_tools(place_->settings, place_->ports.actions);
        if (place_->settings.temperature >= 0) setup.temperature = place_->settings.temperature;
        setup.context = history_;
        const bool owed = reply_ != 0;
        const bool again = opened_before_;
        if (!again)
            setup.greeting = greeting_;
        else if (owed) {
            if (!prompt_.text.empty()) setup.context.push_back(prompt_);
            continue_from(setup.context, words_said_);
        }
        opened_before_ = true;
        going_away_at_.reset();
        line->stream = place_->makers.s2s(order_.at(*index), place_->link(order_.at(*index)), std::move(setup), *line);
        line_ = std::move(line);
        line_->stream->open();
        if (again && utterance_ != 0) hear_again();
        if (owed && !history_.empty())
            line_->stream->respond({});
        else if (owed)
            line_->stream->respond(prompt_.text.empty() ? "Greet the caller in one short sentence." : "");
    }

    void hear_again() {
        line_->stream->caller_turn_began();
        memory_.tell(*line_->stream);
        if (asked_) line_->stream->caller_turn_ended();
    }

    void fail(TimePoint now, const Failure& failure) {
        if (!line_) return;
        const auto from = line_->index;
        order_.health(from).failure(now, failure);
        const bool owed = reply_ != 0;
        if (!vendors::worth_retrying(failure) || ++losses_ >= 2) order_.avoid(from, now);
        retire(std::move(line_), vendors::name(failure.kind), failure.reason, failure.request_id);
        unbound_ = 0;
        held_ = {};
        if (!owed) {
            reconnect_.lost(now);
            lost_by_ = from;
            lost_why_ = failure.reason;
            return;
        }
        // What was spoken so far is a segment of its own; the next vendor goes on in another.
        if (segment_ != 0) place_->ports.tts.on_synthesized(std::exchange(segment_, 0));
        spoken_.clear();
        early_words_.clear();
        waiting_for_segment_ = finish_when_flushed_ = false;
        bound_ = 0;
        owed_since_ = now;
        const bool again = vendors::worth_retrying(failure) && tried_.empty() && !retried_ && order_.health(from).take_retry();
        if (again) {
            retried_ = true;
            reconnect_.at(now + jittered(place_->settings.budgets.retry_after));
            return;
        }
        tried_.push_back(from);
        open_line(now);
        if (line_ && line_->index != from) place_->ports.vendor.on_failover("realtime", order_.at(from).name, order_.at(line_->index).name, failure.reason);
    }
    void give_up(std::string_view reason) {
        const auto reply = std::exchange(reply_, 0);
        remember_answer();
        if (segment_ != 0) place_->ports.tts.on_synthesized(std::exchange(segment_, 0));
        place_->ports.lm.on_reply_failed(reply, reason);
    }
    void roll_over(TimePoint now) {
        retire(std::move(line_), "ok", "rolled over before the vendor's session limit");
        tried_.clear();
        open_line(now);
    }

    void retire(std::unique_ptr<Line> line, std::string_view outcome, std::string_view reason, std::string_view request_id = {}) {
        if (!line) return;
        line->retired = true;
        if (line.get() == actions_line_) actions_line_ = nullptr;
        for (auto& answer : given_) answer.first = 0;  // the next session counts from 1 again
        auto record = record_of(*place_, *line, outcome, reason, request_id);
        if (line->ready) record.first_byte = *line->ready;
        record.input_tokens = line->usage.input;
        record.output_tokens = line->usage.output;
        take_told(record, *line);
        place_->record("realtime", order_.at(line->index), std::move(record));
        closing_.spawn(close_line(std::move(line)));
    }

    std::shared_ptr<const Place> place_;
    Order order_;
    std::unique_ptr<TtsRole> own_words_;  // fillers, apology: what is not the model's
    net::Nursery closing_;
    std::unique_ptr<Line> line_;
    Later later_;
    Notes notes_;
    ActionRound actions_;
    const Line* actions_line_ = nullptr;  // which session asked for what is being done; only compared
    Reconnect reconnect_;
    CallerMemory memory_;

    std::string greeting_, caller_words_, caller_interim_, words_said_, early_words_, target_;
    UtteranceId utterance_ = 0;
    std::uint32_t losses_ = 0;            // sessions lost since the last whole answer
    std::optional<std::size_t> lost_by_;  // between turns, and why
    std::string lost_why_;
    bool asked_ = false, opened_before_ = false, retried_ = false;
    TimePoint asked_at_{}, unbound_since_{}, owed_since_{}, last_audio_{};
    std::optional<TimePoint> going_away_at_;

    ReplyId reply_ = 0, last_reply_ = 0;   // the core's: open now; finished but perhaps still audible
    VendorReply bound_ = 0, unbound_ = 0;  // the vendor's: answering reply_; begun before the core asked
    Held held_;                            // of the unbound one
    SegmentId segment_ = 0;
    bool waiting_for_segment_ = false, audio_came_ = false, vendor_done_ = false, waiting_for_tools_ = false, finish_when_flushed_ = false;
    std::vector<std::int16_t> spoken_;                          // waits for a segment
    std::vector<std::pair<VendorReply, std::uint64_t>> given_;  // samples of each answer within reply_; 0: an earlier session's
    std::chrono::milliseconds heard_{0};
    ReplyThen then_ = ReplyThen::listen;
    std::vector<vendors::LmMessage> history_;
    bool answered_ = false;  // the last of them is the last answer
    vendors::LmMessage prompt_;
    std::vector<std::size_t> tried_;
};

}  // namespace

std::unique_ptr<Brain> make_realtime_brain(std::shared_ptr<const Place> place, std::unique_ptr<TtsRole> own_words) {
    return std::make_unique<Realtime>(std::move(place), std::move(own_words));
}

}  // namespace parley::brain::upstream
