#pragma once
// One call on its worker: the telephone line with its two directions, what runs over it, and the truth about it.
//
//   CarrierCall::run()
//   ├─ TwimlInterpreter::run()   the document flow
//   ├─ CallerScript::run()       what the person at this end does (from the answer on); or MachineAnswer
//   ├─ line()                    20 ms frames on an absolute clock (from the answer on)
//   ├─ StreamSession::run()      one per stream
//   └─ callbacks                 one task each, independent of the flow
// Everything runs on one thread. run() returns when all of them have ended.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <random>

#include "callback_planner.hpp"
#include "dial_attempt.hpp"
#include "machine_answer.hpp"
#include "mixer.hpp"
#include "parley/sim/carrier.hpp"
#include "pulse.hpp"
#include "recording_store.hpp"
#include "trunk.hpp"

namespace parley::sim {

class LiveTranscription;
class StreamSession;
class CallerScript;
class Switchboard;

// Where the flow goes on.
struct Target {
    std::string url;
    std::string method = "POST";
    Form extra;                // parameters beside the standard ones
    std::string inline_twiml;  // used when url is empty
};

// What other threads may see of a call.
struct SharedCall {
    mutable std::mutex mutex;
    CallView view;
    asio::any_io_executor executor;
    CarrierCall* live = nullptr;  // touched on the executor only
};

struct Utterance {
    std::string text;
    Sample from = 0, to = 0;  // voiced part, line samples
    bool interruption = false;
};
struct KeyPress {
    char key;
    Sample at;
};

// What a call needs from its carrier; lives longer than every call.
struct CallDeps {
    const CarrierOptions& options;
    CallbackWeather callbacks;
    const WebhookSender& webhooks;
    const WebhookSender& stream_signer;
    asio::thread_pool& compute;
    CallerVoice& voice;
    CallerEar* ear;
    std::function<void(CarrierNotification)> notify;
    Switchboard& board;
};

class CarrierCall {
public:
    CarrierCall(CallDeps deps, CallPlan plan, std::shared_ptr<SharedCall> shared, std::uint64_t seed);
    ~CarrierCall();
    CarrierCall(const CarrierCall&) = delete;
    CarrierCall& operator=(const CarrierCall&) = delete;

    Task<CallReport> run();

    // ---- time. Line samples are true time (times the carrier's speed); play-out samples run on the line's own clock.
    [[nodiscard]] Sample line_now() const;
    [[nodiscard]] TimePoint time_of(Sample line) const;
    [[nodiscard]] Sample play_of(Sample line) const;
    [[nodiscard]] Sample line_of(Sample play) const;
    [[nodiscard]] double ms_now() const;
    [[nodiscard]] double ms_of_line(Sample line) const;

    // ---- life
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] bool answered() const { return answered_at_.has_value(); }
    [[nodiscard]] bool interrupted() const { return over_ || update_.has_value(); }
    void answer();
    void end(std::string by, std::string status = "completed", HangupStep::How how = HangupStep::How::stop);
    void redirect(Target target);
    void relimit(milliseconds longest);  // of the whole call, from its beginning
    [[nodiscard]] bool take_update(Target& target);
    [[nodiscard]] const std::string& status() const { return status_; }
    [[nodiscard]] int talked() const;  // seconds of line time since the answer
    // Wakes whatever waits for changed(), from any thread and at any time, also after the call's end.
    [[nodiscard]] std::function<void()> waker() const;
    // The leg follows a document of its own from now on; its parent's <Dial> ends.
    void leave_attempt();

    // ---- waiting: until `done()`, the line sample, or an interruption. Answers done().
    template <class Done>
    Task<bool> wait_until(Sample line, Done done) {
        while (!done() && !interrupted() && line_now() < line) {
            const auto deadline = line == kForever ? TimePoint::max() : time_of(line);
            co_await changed_.wait(deadline);
        }
        co_return done();
    }
    static constexpr Sample kForever = INT64_MAX;
    Pulse& changed() { return changed_; }

    // ---- the line
    PlayBuffer& speaker() { return speaker_; }
    void advance();                                // plays up to now
    void hear(std::span<const std::int16_t> pcm);  // queues sound of the carrier itself (Say, Play)
    void hush() { speaker_.drop_all(); }
    Sample speak(Mulaw codes);  // the caller's mouth; answers the line sample at which it begins
    [[nodiscard]] Sample mouth_free_at() const;
    void press(char key);
    // Another leg's mouth and ear: from now on both directions run through `mixer`, until unplug().
    void plug(std::shared_ptr<Mixer> mixer, Mixer::Port port);
    void unplug();
    [[nodiscard]] std::function<void(char)> key_taker() const;                                             // for Mixer::join
    [[nodiscard]] std::optional<Sample> mouth_last_voice() const { return mouth_activity_.last_voice(); }  // trunks only
    [[nodiscard]] const VoiceActivity& agent() const { return activity_; }
    [[nodiscard]] Pcm8k heard(Sample play_from, Sample play_to) const;
    [[nodiscard]] Pcm8k said(Sample line_from, Sample line_to) const;
    std::vector<Utterance>& utterances() { return utterances_; }
    [[nodiscard]] const std::vector<KeyPress>& presses() const { return presses_; }

    // ---- recordings
    // Begins one; an empty `recording_sid` makes one. False: one from this source is running.
    bool start_recording(RecordingPlan plan, const std::string& source, std::string& recording_sid);
    void update_recording(const std::string& recording_sid, const std::string& status, bool skip);
    void stop_recording(const std::string& recording_sid, bool discard = false);

    // ---- requests
    [[nodiscard]] Form standard_parameters() const;
    Task<WebhookReply> fetch(Target target);
    void callback(std::string kind, std::string url, std::string method, Form form);
    void notify(int code, std::string text, std::string url, bool warning = false);
    void say_line(TranscriptLine line);

    // ---- streams
    StreamSession& open_stream(StreamSetup setup, std::string url, std::string callback_url, std::string callback_method);
    std::list<std::unique_ptr<StreamSession>>& streams() { return streams_; }
    [[nodiscard]] int forked_tracks() const;

    // ---- live transcriptions
    void open_transcription(std::string sid, TranscriptionPlan plan);
    [[nodiscard]] bool close_transcription(const std::string& sid_or_name);  // false: none of that name runs
    void close_transcriptions();

    // ---- children
    void spawn(Task<> child);
    // Runs a function on the compute pool and comes back to the worker.
    template <class Function>
    Task<std::invoke_result_t<Function>> compute(Function function) {
        auto work = asio::co_spawn(deps_.compute, run_function(std::move(function)), asio::use_awaitable);
        co_return co_await std::move(work);
    }

    [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
    [[nodiscard]] const CallPlan& plan() const { return plan_; }
    [[nodiscard]] const Scenario& scenario() const { return *scenario_; }
    CallDeps& deps() { return deps_; }
    CallReport& report() { return report_; }
    CookieJar& cookies() { return cookies_; }
    [[nodiscard]] const std::string& sid() const { return report_.call_sid; }

private:
    template <class Function>
    static Task<std::invoke_result_t<Function>> run_function(Function function) {
        co_return function();
    }
    Task<> line();
    void frame();
    Task<> ring();
    Task<> ring_application(TimePoint until);
    Task<> fax();
    Task<> after_answer();
    Task<> dial_digits(std::string keys);
    Task<> detect();
    struct Verdict {
        const char* who;
        Sample at;
    };
    [[nodiscard]] std::optional<Verdict> verdict() const;
    Task<> finish_recording(std::shared_ptr<SoundRecorder> recorder, bool discard);
    void tell_recording(const SoundRecorder& recorder, std::string_view event);
    void hear_key(char key);
    void on_attempt();
    void on_trunk();
    Task<> limit();
    Task<> flow();
    Task<> send_callback(std::size_t index, milliseconds delay);
    void progress(std::string event);
    void set_status(std::string status);
    void finish_report();

    CallDeps deps_;
    CallPlan plan_;
    bool relimited_ = false;
    std::shared_ptr<const Scenario> scenario_;
    std::shared_ptr<SharedCall> shared_;
    asio::any_io_executor executor_;
    Pulse changed_;
    std::mt19937_64 random_;
    CallbackPlanner planner_;
    CallReport report_;
    CookieJar cookies_;

    TimePoint placed_at_ = Clock::now();
    std::chrono::system_clock::time_point placed_wall_ = std::chrono::system_clock::now();
    std::optional<TimePoint> answered_at_;
    std::string status_ = "queued";
    bool over_ = false;
    bool first_request_ = true;
    TimePoint over_at_{};
    HangupStep::How hangup_ = HangupStep::How::stop;
    std::optional<Target> update_;
    int sequence_ = 0;

    PlayBuffer speaker_;
    Mulaw heard_;
    Sample heard_from_ = 0;  // play-out sample of heard_[0]
    VoiceActivity activity_;
    Mulaw said_;
    Sample said_from_ = 0;
    Mulaw mouth_;
    std::size_t mouth_used_ = 0;
    Sample frame_ = 0;  // next 20 ms frame
    std::vector<Utterance> utterances_;
    std::vector<KeyPress> presses_;

    DialTarget target_;  // outbound: who answers
    std::shared_ptr<DialAttempt> attempt_;
    std::shared_ptr<TrunkEnd> trunk_;
    VoiceActivity mouth_activity_;
    std::shared_ptr<Mixer> mixer_;
    Mixer::Port port_ = Mixer::kNobody;
    std::vector<std::shared_ptr<SoundRecorder>> recorders_;
    std::string own_recording_;  // of a call created with Record=true

    std::unique_ptr<CallerScript> script_;
    std::unique_ptr<MachineAnswer> machine_;
    std::list<std::unique_ptr<StreamSession>> streams_;
    std::list<std::unique_ptr<LiveTranscription>> transcriptions_;
    std::vector<std::size_t> held_callbacks_;
    int children_ = 0;
};

}  // namespace parley::sim
