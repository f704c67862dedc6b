#include "parley/call/pipeline_call.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>

#include <boost/asio/post.hpp>

#include "parley/audio/dtmf.hpp"
#include "parley/audio/g711.hpp"
#include "parley/base/ids.hpp"
#include "call_hold.hpp"
#include "parley/call/call_file.hpp"
#include "parley/call/recorder.hpp"
#include "parley/call/turn_fact.hpp"
#include "parley/call/vendor_report.hpp"
#include "private_words.hpp"
#include "parley/call/waterfall.hpp"

namespace parley::call {

namespace asio = boost::asio;
using namespace conversation;

namespace {

constexpr std::size_t kTimers = static_cast<std::size_t>(TimerId::keys) + 1;
constexpr Instant kNotArmed = Instant::max();
constexpr std::string_view kMarkPrefix = "p";
constexpr Instant kToneBefore = std::chrono::milliseconds(400), kToneAfter = std::chrono::milliseconds(250);  // of a key, from when it is told

std::string mark_name(std::uint32_t mark) {
    return std::string(kMarkPrefix) + std::to_string(mark);
}

std::optional<std::uint32_t> mark_number(std::string_view name) {
    if (!name.starts_with(kMarkPrefix)) return std::nullopt;
    name.remove_prefix(kMarkPrefix.size());
    std::uint32_t number = 0;
    const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (ec != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return number;
}

double seconds(Instant value) {
    return std::chrono::duration<double>(value).count();
}

}  // namespace

class PipelineCall::Impl final : CarrierSink, PlayoutSink, brain::SttSink, brain::LmSink, brain::TtsSink, brain::VendorSink, brain::Handset {
public:
    Impl(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg, std::string from, std::string to,
         brain::TalkMemory before)
        : services_(services),
          worker_(worker),
          agent_(std::move(agent)),
          leg_(leg),
          log_(services.log.call(
              {.call_sid = leg.start().call_sid, .stream_sid = leg.start().stream_sid, .agent = agent_->name, .dir = "in", .tenant = {}, .trace_id = {}})),
          began_(Clock::now()),
          machine_(agent_->conversation),
          playout_(agent_->playout, *this),
          vad_(agent_->vad),
          before_(std::move(before)) {
        facts_.call_sid = leg.start().call_sid;
        facts_.from = std::move(from);
        facts_.to = std::move(to);
        facts_.agent = agent_->name;
        facts_.variables = agent_->variables;
        facts_.seed = random_u64();
        if (before_.agent == facts_.agent)
            facts_.brain_state = before_.brain_state;
        else
            facts_.background = before_.background;
        timers_.fill(kNotArmed);
        commands_.reserve(16);
        open_files();
        open_brain();
    }

    net::Task<CallSummary> run(std::function<void(const CallSummary&)> over) {
        over_ = std::move(over);
        keep_event("call.answered");
        auto ticket = worker_.ticks.subscribe([this](const net::Tick& beat) { tick(beat); });
        // Who was here before goes on where the talk was.
        if (before_.lines.empty() && !back()) hold_ = CallHold::make(services_, worker_, agent_, facts_, actions_.get());
        if (hold_)
            playout_.bed(&hold_->player());
        else
            begin_talk({});
        const LegEnd end = co_await leg_.run(*this);
        reading_ = false;
        if (!machine_.ended()) feed(CarrierStopped{.reason = reason_of(end)});
        ticket.reset();
        const auto now = this->now();
        tell_over();
        if (hold_) {
            playout_.bed(nullptr);
            co_await hold_->close();
        }
        // From here on no call-back comes but the vendors' records.
        co_await brain_->close();
        brain_.reset();
        if (recorder_) {
            recorder_->cleared(now);
            keep_recording();
        }
        if (file_) file_->finish(machine_.state_name());
        co_return summary_;
    }

    void command(const OperatorCommand& wanted) {
        if (const auto* end = std::get_if<EndNow>(&wanted))
            feed(OperatorHangup{.reason = end->reason, .target = end->target});
        else if (const auto* say = std::get_if<SayNow>(&wanted))
            feed(OperatorSay{.text = say->text});
        else if (const auto* keys = std::get_if<KeysNow>(&wanted))
            feed(OperatorSay{.text = keys->keys, .keys = true});
        else if (const auto* whisper = std::get_if<WhisperNow>(&wanted); whisper != nullptr && brain_)
            brain_->lm().advise(whisper->text);
        else if (const auto* taken = std::get_if<TakeOver>(&wanted))
            take_over(taken->on);
        else if (const auto* limit = std::get_if<LimitNow>(&wanted))
            time_left(std::chrono::duration_cast<Instant>(limit->left));
    }

private:
    void take_over(bool on) {
        if (on == taken_ || !brain_) return;
        taken_ = on;
        // What is prepared is no answer any more; back again, the model has to know that its side's last words were not its own.
        brain_->lm().speculate({}, {});
        if (!on && !on_hold()) brain_->lm().advise(kGivenBack);
        log_.info("call.taken_over", on ? "A person speaks for the agent." : "The agent speaks again.", {{"on", on}});
        keep_event(on ? "taken_over" : "given_back");
        // Before the conversation there is nobody whose place could be taken: it is told when it begins.
        if (!on_hold()) feed(TakenOver{.on = on});
    }
    void keep_event(std::string_view event) {
        if (services_.records != nullptr) services_.records->add(facts_.call_sid, store::Fact::event, event_fact(event, facts_.agent, "stream"));
    }
    void keep_recording() {
        recorder_->finish();
        if (services_.records == nullptr) return;
        services_.records->add(facts_.call_sid, store::Fact::recording,
                               recording_fact(recorder_->path(), std::chrono::duration_cast<std::chrono::milliseconds>(last_)));
    }

    // --- the beginning -----------------------------------------------------------------------------------------------

    [[nodiscard]] bool back() const { return !before_.empty() && before_.agent == facts_.agent; }
    [[nodiscard]] bool on_hold() const { return hold_ && !talking_; }
    // Before the conversation there is nobody to say goodbye: it is told of its end when it begins.
    void time_left(Instant left) {
        if (on_hold())
            ends_at_ = now() + left;
        else
            feed(TimeLeft{.left = left});
    }

    void begin_talk(const CallHold::Meanwhile& meanwhile) {
        talking_ = true;
        const auto waited = hold_ ? now() : Instant{0};
        for (auto& line : before_.lines)
            feed(Remembered{.agent = line.side == ContextLine::Side::agent, .text = std::move(line.text), .interrupted = line.interrupted});
        for (const auto& said : meanwhile.said) feed(Remembered{.agent = false, .text = said});
        if (!meanwhile.keys.empty()) feed(Remembered{.agent = false, .text = "[pressed these keys while waiting: " + meanwhile.keys + "]"});
        if (hold_) brain_->lm().prepared(meanwhile.found);
        feed(Started{.back = back(), .note = std::move(before_.note), .waited = waited});
        if (taken_) feed(TakenOver{.on = true});
        if (ends_at_) feed(TimeLeft{.left = std::max(*ends_at_ - now(), Instant{0})});
        if (hold_ && voiced_) feed(CallerSpeechStarted{});  // who is speaking already is heard out as anybody who speaks into a greeting
    }

    void end_hold() {
        const auto lasted = now();
        const auto meanwhile = hold_->leave(brain_->stt());
        if (!meanwhile.keys.empty()) keep_turn("keys", meanwhile.keys, lasted, false);
        const auto& settings = *agent_->hold;
        if (services_.records != nullptr) services_.records->add(facts_.call_sid, store::Fact::preparation, CallHold::fact(settings, meanwhile.found, lasted));
        services_.metrics.hold_duration.at(CallHold::name_of(settings.strategy)).observe(seconds(lasted));
        if (hold_->prepares()) services_.metrics.preparations.at(meanwhile.refused ? "refused" : CallHold::outcome(meanwhile.found)).add();
        std::string failed;
        for (const auto& what : meanwhile.found.failed) failed += (failed.empty() ? "" : ", ") + what;
        if (file_) file_->remark(lasted, "hold over" + (failed.empty() ? std::string() : ", not prepared: " + failed));
        if (!failed.empty())
            log_.warn("prep.failed", "Not everything could be prepared; the call goes on as its agent wants it.",
                      {{"what", failed}, {"dur_ms", std::chrono::duration_cast<std::chrono::milliseconds>(lasted).count()}, {"required", settings.required}});
        if (meanwhile.refused) {
            talking_ = true;
            if (services_.records != nullptr) services_.records->add(facts_.call_sid, store::Fact::rejection, R"({"reason":"agent_prep_timeout"})");
            feed(OperatorHangup{.reason = EndReason::brain_failed});
            return;
        }
        begin_talk(meanwhile);
    }

    // --- the core's door ---------------------------------------------------------------------------------------------

    [[nodiscard]] Instant now() const { return std::chrono::duration_cast<Instant>(Clock::now() - began_); }

    // Performing a command may cause the next event at once (a frame handed over): events queue, one is in the core at a time.
    void feed(Event event, bool from_vad = false) {
        pending_.emplace_back(std::move(event), from_vad);
        if (feeding_) return;
        feeding_ = true;
        while (!pending_.empty()) {
            auto [next, vad] = std::move(pending_.front());
            pending_.pop_front();
            const auto at = std::max(now(), last_);
            last_ = at;
            if (file_) keep_input(at, next, vad);
            commands_.clear();
            machine_.on(next, at, commands_);
            if (services_.watched && machine_.state_name() != told_state_) {
                told_state_ = machine_.state_name();  // a constant, compared by address
                services_.watched(facts_.call_sid, "state", told_state_);
            }
            for (const auto& command : commands_) {
                if (file_) keep_output(at, command);
                std::visit([&](const auto& c) { perform(c, at); }, command);
            }
        }
        feeding_ = false;
    }

    // Keys that are a secret stand in the file as others in the same number: replay decides the same.
    void keep_input(Instant at, const Event& event, bool vad) {
        const auto* key = std::get_if<DtmfPressed>(&event);
        if (key != nullptr && machine_.keys_secret())
            file_->input(at, DtmfPressed{.digit = keys_masked({key->digit}).front()}, vad);
        else
            file_->input(at, event, vad && !hidden_);
    }
    void keep_output(Instant at, const Command& command) {
        const auto* given = std::get_if<KeysGiven>(&command);
        if (given != nullptr && secret_wanted_)
            file_->output(at, KeysGiven{given->outcome, keys_masked(given->keys)});
        else
            file_->output(at, command);
    }

    void tick(const net::Tick& beat) {
        worker_.cells.pacing_error.observe(beat.late);
        if (beat.late > std::chrono::milliseconds(10)) worker_.cells.late_frames.add();
        const auto at = now();
        for (std::size_t i = 0; i < kTimers; ++i) {
            if (timers_[i] > at) continue;
            timers_[i] = kNotArmed;
            feed(TimerFired{.timer = static_cast<TimerId>(i)});
        }
        brain_->tick(Clock::now());
        for (const auto& [segment, keys] : std::exchange(tones_, {})) {
            const auto pcm = audio::dtmf_tones(keys);
            if (!pcm.empty()) on_audio(segment, pcm);
            on_synthesized(segment);
        }
        if (on_hold() && !machine_.ended() && hold_->over(now())) end_hold();
        playout_.pump(now());
    }

    // --- commands ----------------------------------------------------------------------------------------------------

    void perform(const BeginUtterance& c, Instant) {
        partial_.clear();
        if (hold_ && talking_) (void)hold_->player().release();  // nobody has to speak against music
        brain_->stt().begin(c.utterance);
    }
    void perform(const FinishUtterance& c, Instant) { brain_->stt().finish(c.utterance); }
    void perform(const DropUtterance& c, Instant) { brain_->stt().drop(c.utterance); }
    void perform(const StartReply& c, Instant) { brain_->lm().start(c, machine_.context()); }
    void perform(const CancelReply& c, Instant) { brain_->lm().cancel(c.reply); }
    void perform(const Speak& c, Instant) {
        if (c.kind == SpeechKind::filler) {
            ++summary_.fillers;
            services_.metrics.fillers_played.at("filler").add();
        }
        playout_.begin(c.segment);
        if (c.kind == SpeechKind::keys) {  // sounded with the next beat: the core is not answered from within its own command
            tones_.emplace_back(c.segment, c.text);
            return;
        }
        brain_->tts().speak(c.segment, c.reply, c.text);
    }
    void perform(const CancelSpeech&, Instant) {
        brain_->tts().cancel_all();
        playout_.drop_all();
    }
    void perform(const ClearCarrier&, Instant at) {
        leg_.send_clear();
        playout_.carrier_cleared(at);
        if (recorder_) recorder_->cleared(at);
    }
    void perform(const Duck&, Instant) { playout_.duck(true); }
    void perform(const Unduck&, Instant) { playout_.duck(false); }
    void perform(const ArmTimer& c, Instant) { timers_[static_cast<std::size_t>(c.timer)] = c.at; }
    void perform(const CancelTimer& c, Instant) { timers_[static_cast<std::size_t>(c.timer)] = kNotArmed; }
    void perform(const EndCall& c, Instant) {
        summary_.reason = c.reason;
        summary_.target = c.target;
        timers_.fill(kNotArmed);
        brain_->tts().cancel_all();
        playout_.drop_all();
        playout_.bed(nullptr);
        // The carrier asks what to do next within a millisecond of the socket's end: by then it must be known that this end was meant.
        tell_over();
        // The socket's closing is what lets Twilio go on with the tail; the reader ends with it and `run` goes on. Also when a callback or a
        // resumed stream brought the news: the old socket may well be open still.
        if (reading_) leg_.begin_close(1000, "call ended");
    }
    void tell_over() {
        if (!over_) return;
        summary_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(now());
        summary_.memory.lines = machine_.context();
        if (brain_) summary_.memory.brain_state = brain_->lm().state();
        if (brain_) summary_.memory.background = brain_->lm().handover();
        std::exchange(over_, nullptr)(summary_);
    }
    void perform(const CallerSaid& c, Instant at) {
        private_words_.caller_said(c.text, at, recorder_.get());
        keep_turn(c.digits ? "keys" : "caller", c.text, at, false);
    }
    void keep_turn(std::string_view who, const std::string& text, Instant at, bool interrupted) {
        if (services_.records == nullptr || text.empty()) return;
        services_.records->add(facts_.call_sid, store::Fact::turn,
                               turn_fact(who, text, std::chrono::duration_cast<std::chrono::milliseconds>(at), interrupted));
    }
    void perform(const AgentSaid& c, Instant at) {
        private_words_.agent_said(c.heard);
        if (c.kind != SpeechKind::keys) keep_turn("agent", c.heard, at, c.interrupted);
        if (c.reply != 0) brain_->lm().heard(c.reply, std::chrono::duration_cast<std::chrono::milliseconds>(c.heard_for), c.interrupted);
        if (services_.shared != nullptr && !machine_.ended())
            services_.shared->checkpoint(facts_.call_sid, as_kept(*agent_, {.lines = machine_.context(),
                                                                            .brain_state = brain_->lm().state(),
                                                                            .agent = facts_.agent,
                                                                            .note = {},
                                                                            .background = brain_->lm().handover()}));
    }
    void perform(const TurnTimes& c, Instant) {
        ++summary_.turns;
        observe(c);
        if (services_.records != nullptr) services_.records->add(facts_.call_sid, store::Fact::waterfall, waterfall_fact(c));
    }
    void perform(const BargedIn& c, Instant) {
        ++summary_.interruptions;
        services_.metrics.interruptions.at("speech").add();
        services_.metrics.interruption_stop.at("speech").observe(seconds(c.stopped - c.speech_started));
        log_.info("turn.interrupted", "The caller interrupted the agent.", {{"turn", summary_.turns}, {"dur_ms", c.stopped - c.speech_started}});
    }

    // --- keys the brain asks for -------------------------------------------------------------------------------------

    void collect(KeysWanted how, Given given) override {
        if (!talking_ || machine_.ended() || keys_given_) return given(KeysOutcome::unavailable, {});
        keys_given_ = std::move(given);
        secret_wanted_ = how.secret;
        keys_begun_ = false;
        feed(std::move(how));
    }
    bool speak(std::string_view language) override { return brain_ && brain_->speak(language); }
    void perform(const KeysGiven& c, Instant) {
        secret_wanted_ = keys_begun_ = false;
        if (auto given = std::exchange(keys_given_, nullptr)) given(c.outcome, Secret(c.keys));
    }
    // Keys can be heard as well: what is pressed in secret reaches neither recording nor call file, and no recogniser once it has begun. The detector goes on,
    // and begins anew when the caller is quiet behind it: the file's reader has not heard what it has.
    [[nodiscard]] bool hides(std::span<std::int16_t> pcm) {
        const bool secret = machine_.keys_secret();
        if (!secret && hidden_ && !voiced_) {
            hidden_ = false;
            vad_ = audio::Vad(agent_->vad);
        }
        hidden_ = hidden_ || secret;
        if (secret_wanted_ && keys_begun_) {
            frame_.fill(audio::kMulawSilence);
            std::fill(pcm.begin(), pcm.end(), std::int16_t{0});
        }
        return hidden_;
    }

    void observe(const TurnTimes& c) {
        auto stage = [&](std::string_view name, Instant from, Instant to) {
            if (from.count() >= 0 && to >= from) services_.metrics.turn_stage.at(name).observe(seconds(to - from));
        };
        stage("endpointing", c.speech_end, c.endpoint);
        stage("stt_final", c.endpoint, c.final_text);
        stage("llm_first_token", c.final_text, c.first_text);
        stage("tts_first_byte", c.first_text, c.first_audio);
        stage("playout_start", c.first_audio, c.first_frame);
        if (c.speech_end.count() >= 0 && c.first_frame >= c.speech_end) services_.metrics.turn_latency.at().observe(seconds(c.first_frame - c.speech_end));
        services_.metrics.turns.at("completed").add();
    }

    // --- carrier -----------------------------------------------------------------------------------------------------

    void on_media(std::span<const std::uint8_t> mulaw) override {
        // Re-chunked to 20 ms: Twilio sends that anyway, and everything behind counts on it.
        while (!mulaw.empty()) {
            const auto taken = std::min(mulaw.size(), frame_.size() - frame_fill_);
            std::copy_n(mulaw.begin(), taken, frame_.begin() + static_cast<std::ptrdiff_t>(frame_fill_));
            frame_fill_ += taken;
            mulaw = mulaw.subspan(taken);
            if (frame_fill_ == frame_.size()) {
                frame_fill_ = 0;
                caller_frame();
            }
        }
    }
    void on_gap(std::uint32_t samples) override {
        std::array<std::uint8_t, audio::kFrameBytes> silence{};
        silence.fill(audio::kMulawSilence);
        for (; samples > 0; samples -= std::min<std::uint32_t>(samples, audio::kFrameBytes))
            on_media(std::span(silence).first(std::min<std::size_t>(samples, silence.size())));
    }
    void caller_frame() {
        std::array<std::int16_t, audio::kFrameSamples> pcm{};
        audio::mulaw_decode(frame_, pcm);
        const auto at = std::max(now(), last_);
        const auto heard_as_is = pcm;
        const bool hidden = hides(pcm);
        if (file_ && hidden)
            file_->hidden_frame(at);
        else if (file_)
            file_->frame(at, frame_);
        static constexpr std::array<std::int16_t, audio::kFrameSamples> kNothing{};
        if (recorder_) recorder_->caller(secret_wanted_ ? kNothing : pcm, at);
        const auto heard = vad_.push(heard_as_is);
        if (heard.edge == audio::VadResult::started) private_words_.heard(at - std::min<Instant>(at, heard.edge_ago));
        if (heard.edge == audio::VadResult::started) voice_started(heard.edge_ago);
        if (!on_hold() || !agent_->pipeline->hears_itself()) brain_->stt().audio({frame_, pcm});
        if (heard.edge == audio::VadResult::stopped) voice_stopped(heard.edge_ago);
    }
    // On hold the core hears of it, for the call file, and lets it pass.
    void voice_started(Instant ago) {
        voiced_ = true;
        if (on_hold() && !agent_->pipeline->hears_itself()) hold_->caller_started(brain_->stt());
        feed(CallerSpeechStarted{.ago = ago}, true);
    }
    void voice_stopped(Instant ago) {
        voiced_ = false;
        if (on_hold() && !agent_->pipeline->hears_itself()) hold_->caller_stopped(brain_->stt());
        feed(CallerSpeechStopped{.ago = ago}, true);
    }
    void on_dtmf(char digit) override {
        if (secret_wanted_)
            keys_begun_ = true;
        else
            private_words_.heard(now());
        // The rest of a secret, behind its time: the tone is in the recording already.
        if (recorder_ && machine_.keys_secret() && !secret_wanted_) recorder_->silence_caller(now() - std::min(now(), kToneBefore), now() + kToneAfter);
        if (on_hold()) hold_->pressed(digit);
        feed(DtmfPressed{.digit = digit});
    }
    void on_mark(std::string_view name) override {
        if (const auto number = mark_number(name)) feed(MarkEchoed{.mark = *number});
    }

    // --- playout -----------------------------------------------------------------------------------------------------

    void play_frame(SegmentId segment, std::span<const std::int16_t> frame, Instant plays_at) override {
        std::array<std::uint8_t, audio::kFrameBytes> mulaw{};
        audio::mulaw_encode(frame, mulaw);
        leg_.send_media(mulaw);
        if (recorder_) recorder_->agent(frame, plays_at);
        feed(FrameHandedOver{.segment = segment, .samples = static_cast<std::uint32_t>(frame.size())});
    }
    void play_mark(std::uint32_t mark) override {
        if (leg_.send_mark(mark_name(mark))) feed(MarkSent{.mark = mark});
    }
    void segment_played_out(SegmentId) override {}
    void play_bed(std::span<const std::int16_t> frame, Instant plays_at) override {
        std::array<std::uint8_t, audio::kFrameBytes> mulaw{};
        audio::mulaw_encode(frame, mulaw);
        leg_.send_media(mulaw);
        if (recorder_) recorder_->agent(frame, plays_at);
    }
    // Nobody's words, but what is handed over next is heard that much later.
    void behind_bed(std::uint32_t samples) override { feed(FrameHandedOver{.segment = 0, .samples = samples}); }

    // --- brain -------------------------------------------------------------------------------------------------------

    void on_partial(UtteranceId utterance, std::string_view text) override {
        if (CallHold::mine(utterance)) {
            if (on_hold()) hold_->partial(utterance, text);
            return;
        }
        partial_ = text;
        // Half a number cannot be recognised as one: where such things are masked, only whole turns are shown.
        if (services_.watched && !masks(*agent_)) services_.watched(facts_.call_sid, "partial", text);
        feed(TranscriptPartial{.utterance = utterance, .text = std::string(text)});
    }
    void on_final(UtteranceId utterance, std::string_view text, double confidence) override {
        if (CallHold::mine(utterance)) {
            if (!on_hold()) return;
            private_words_.caller_said(text, now(), recorder_.get());
            if (hold_->understood(utterance, text)) keep_turn("caller", std::string(text), now(), false);
            return;
        }
        feed(TranscriptFinal{.utterance = utterance, .text = std::string(text), .confidence = confidence});
    }
    void on_stt_failed(UtteranceId utterance, std::string_view reason) override {
        log_.warn("provider.error", "Recognition failed.", {{"role", "stt"}, {"reason", reason}});
        if (CallHold::mine(utterance)) return;
        feed(RecognitionFailed{.utterance = utterance});
    }
    void on_turn_end(UtteranceId utterance, double confidence, bool eager) override {
        if (CallHold::mine(utterance)) return;
        // An eager end is worth a start in private; the decision stays the core's.
        if (eager && taken_) return;
        if (eager)
            brain_->lm().speculate(partial_, machine_.context());
        else
            feed(VendorEndOfTurn{.utterance = utterance, .confidence = confidence});
    }
    void on_turn_resumed(UtteranceId utterance) override {
        if (CallHold::mine(utterance)) return;
        brain_->lm().speculate({}, {});
        feed(VendorTurnResumed{.utterance = utterance});
    }
    void on_heard_caller() override { feed(VendorHeardCaller{}); }
    void on_answers(std::string_view text) override { feed(VendorAnswers{.text = std::string(text)}); }
    void on_reply_voice(ReplyId reply) override { feed(ReplyVoice{.reply = reply}); }
    void on_reply_text(ReplyId reply, std::string_view speakable) override { feed(ReplyText{.reply = reply, .text = std::string(speakable)}); }
    void on_reply_finished(ReplyId reply, ReplyThen then, std::string_view target) override {
        feed(ReplyFinished{.reply = reply, .then = then, .target = std::string(target)});
    }
    void on_reply_failed(ReplyId reply, std::string_view reason) override {
        log_.warn("provider.error", "The brain failed to answer.", {{"role", "llm"}, {"reason", reason}});
        feed(ReplyFailed{.reply = reply});
    }
    void on_expect(std::string_view what, std::chrono::milliseconds patience) override {
        brain_->stt().expect(what);
        if (patience.count() > 0) feed(PatienceAsked{.endpoint_silence = patience});
    }
    void on_audio(SegmentId segment, std::span<const std::int16_t> pcm8k) override {
        if (!playout_.append(segment, pcm8k)) return;  // cancelled meanwhile: late bytes of a reply nobody waits for
        feed(SegmentAudio{.segment = segment, .samples = static_cast<std::uint32_t>(pcm8k.size())});
        playout_.pump(now());
    }
    void on_synthesized(SegmentId segment) override {
        playout_.finish(segment);
        feed(SegmentSynthesized{.segment = segment});
        playout_.pump(now());
    }
    void on_word(SegmentId segment, std::uint32_t samples, std::uint32_t characters) override {
        feed(WordTimed{.segment = segment, .samples = samples, .characters = characters});
    }
    void on_segment_text(SegmentId segment, std::string_view more) override { feed(SegmentText{.segment = segment, .text = std::string(more)}); }
    void on_event(std::string_view json) override {
        if (services_.records != nullptr) services_.records->add(facts_.call_sid, store::Fact::event, json);
    }
    void on_vendor(const brain::VendorRecord& record) override {
        if (file_) file_->remark(now(), vendor_line(record));
        observe_vendor(services_.metrics, record);
        if (services_.used) services_.used(*agent_, facts_.call_sid, record);
    }
    void on_used(const brain::VendorRecord& more) override {
        if (services_.used) services_.used(*agent_, facts_.call_sid, more);
    }
    void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view reason) override {
        log_.warn("provider.failover", "A backup took over.", {{"role", role}, {"provider", from}, {"to", to}, {"reason", reason}});
        if (file_) file_->remark(now(), "failover " + std::string(role) + " " + std::string(from) + " -> " + std::string(to) + ": " + std::string(reason));
        services_.metrics.provider_failovers.at(role, from, to).add();
    }
    void on_tts_failed(SegmentId segment, std::string_view reason) override {
        log_.warn("provider.error", "Synthesis failed.", {{"role", "tts"}, {"reason", reason}});
        playout_.finish(segment);
        feed(SegmentFailed{.segment = segment});
    }

    // --- beginnings --------------------------------------------------------------------------------------------------

    void open_files() {
        const auto stem = "/" + facts_.call_sid + "-" + leg_.start().stream_sid.substr(0, 10);
        if (agent_->record && !services_.recordings.empty()) {
            recorder_ = std::make_unique<Recorder>(services_.disk, services_.recordings + stem + ".wav");
            summary_.recording = recorder_->path();
        }
        if (agent_->call_file && !services_.call_files.empty() && !masks(*agent_)) {  // it holds every word
            CallFileHeader header;
            header.call_sid = facts_.call_sid;
            header.stream_sid = leg_.start().stream_sid;
            header.agent = agent_->name;
            header.seed = facts_.seed;
            header.frames = *agent_->call_file;
            header.settings = agent_->conversation;
            header.vad = agent_->vad;
            file_ = std::make_unique<CallFileWriter>(services_.disk, services_.call_files + stem + ".jsonl", header);
            summary_.call_file = file_->path();
        }
    }
    void open_brain() {
        auto executor = worker_.loop.executor();
        if (services_.actions) actions_ = services_.actions(*agent_, facts_, worker_, this);
        const brain::CallPorts ports{.stt = *this,
                                     .lm = *this,
                                     .tts = *this,
                                     .vendor = *this,
                                     .executor = executor,
                                     .http = &worker_.http,
                                     .post = [executor](std::function<void()> f) { asio::post(executor, std::move(f)); },
                                     .actions = actions_.get()};
        brain_ = agent_->pipeline->open(facts_, ports);
    }

    CallServices& services_;
    CallWorker& worker_;
    std::shared_ptr<const Agent> agent_;
    CarrierLeg& leg_;
    CallLog log_;
    TimePoint began_;
    brain::CallFacts facts_;
    Machine machine_;
    Playout playout_;
    audio::Vad vad_;
    std::unique_ptr<Recorder> recorder_;
    std::unique_ptr<CallFileWriter> file_;
    PrivateWords private_words_{*agent_};
    std::unique_ptr<brain::Actions> actions_;
    std::unique_ptr<brain::Brain> brain_;
    std::unique_ptr<CallHold> hold_;  // of a new call whose agent has one; kept until the end, for what is left of its sound
    bool talking_ = false;            // the conversation has begun
    std::optional<Instant> ends_at_;  // wanted by somebody while the caller was on hold
    bool voiced_ = false;             // the caller is making a sound
    brain::TalkMemory before_;
    std::vector<std::pair<SegmentId, std::string>> tones_;  // keys to be sounded
    std::array<Instant, kTimers> timers_{};
    std::array<std::uint8_t, audio::kFrameBytes> frame_{};
    std::size_t frame_fill_ = 0;
    std::string partial_;  // of the present utterance, as last understood
    Commands commands_;
    std::deque<std::pair<Event, bool>> pending_;
    bool feeding_ = false;
    const char* told_state_ = nullptr;
    bool taken_ = false;                               // a person speaks for the agent
    Given keys_given_;                                 // who waits for keys
    bool secret_wanted_ = false, keys_begun_ = false;  // secret ones are waited for; the first has come
    bool hidden_ = false;                              // the call file gets no frames
    bool reading_ = true;                              // until the leg has ended
    Instant last_{0};
    CallSummary summary_;
    std::function<void(const CallSummary&)> over_;
};

PipelineCall::PipelineCall(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, CarrierLeg& leg, std::string from, std::string to,
                           brain::TalkMemory before)
    : impl_(std::make_unique<Impl>(services, worker, std::move(agent), leg, std::move(from), std::move(to), std::move(before))) {}
PipelineCall::~PipelineCall() = default;
net::Task<CallSummary> PipelineCall::run(std::function<void(const CallSummary&)> over) {
    return impl_->run(std::move(over));
}
void PipelineCall::command(const OperatorCommand& wanted) {
    impl_->command(wanted);
}

}  // namespace parley::call
