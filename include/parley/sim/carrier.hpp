#pragma once
// The simulated carrier: places calls, executes the documents it is given, opens streams, sends callbacks, and keeps
// the truth. Thread-safe; its calls live on a few worker threads of its own.

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/secret.hpp"
#include "parley/sim/conferences.hpp"
#include "parley/sim/http_client.hpp"
#include "parley/sim/parties.hpp"
#include "parley/sim/queues.hpp"
#include "parley/sim/recordings.hpp"
#include "parley/sim/report.hpp"
#include "parley/sim/scenario.hpp"
#include "parley/sim/speech_ports.hpp"
#include "parley/sim/transcription.hpp"
#include "parley/sim/webhook.hpp"

namespace parley::sim {

// What happens to status, stream and recording callbacks on their way.
struct CallbackWeather {
    enum class Order : std::uint8_t { as_made, shuffled, reversed } order = Order::as_made;
    milliseconds delay{0};             // each waits so long
    milliseconds shuffle_window{500};  // shuffled: and up to so much more. reversed: all wait for the end of the call
    double duplicated = 0;             // probability of a second copy
    double dropped = 0;
    std::uint64_t seed = 1;
};

// What becomes of webhooks that are answered too late.
struct WebhookFaults {
    milliseconds patience{0};  // of line time, then the request has failed (11203); 0: the 15 s of true time it always has
    int repeats = 0;           // and is sent again so often, with the same I-Twilio-Idempotency-Token
};

struct CarrierOptions {
    std::string account_sid = "AC00000000000000000000000000000001";
    Secret auth_token{"00000000000000000000000000000001"};
    Secret previous_auth_token;
    SignatureMode signature = SignatureMode::right;         // of webhooks
    SignatureMode stream_signature = SignatureMode::right;  // of the upgrade
    TlsTrust tls;
    Balancer balancer;
    int threads = 1;
    int compute_threads = 1;    // for voice and ear
    double speed = 1.0;         // of the line against true time: above 1 only for tests
    bool plain_streams = true;  // accept ws:// where the real carrier refuses it (31922)
    bool keep_sound = true;     // false: reports carry no audio (long load tests)
    Duration stream_timeout = std::chrono::seconds(10);
    CallbackWeather callbacks;
    PlayBuffer::Limits play_buffer;
    std::string api_base = "http://127.0.0.1";  // in RecordingUrl
    // Who answers: E.164, `sip:...` (without headers and parameters as well), `client:...`; "*" is the rule for all others.
    std::map<std::string, DialTarget> numbers;
    std::optional<milliseconds> queue_time;  // <Enqueue>: somebody outside the simulation takes each caller after so long; nothing: nobody
    milliseconds recording_delay{300};       // line time from the end of a recording to `completed`
    std::size_t kept_reports = 256;          // newest ones, for report_of()
    WebhookFaults webhook_faults;
    RelayFaults relay_faults;                       // <ConversationRelay>
    std::shared_ptr<WebhookTricks> webhook_tricks;  // null: none
    // Live transcriptions that have ended, on a worker thread; must not block.
    std::function<void(const TranscriptionTruth&)> on_transcription;
    std::shared_ptr<CallerVoice> voice;  // null: ToneVoice
    std::shared_ptr<CallerEar> ear;      // null: nothing is recognised; expectations then fail
};

class DialAttempt;
class TrunkEnd;

struct CallPlan {
    std::string direction = "inbound";  // or "outbound-api"
    std::string from, to;               // empty: the scenario's, then +14155550100 and +18005551212
    std::string voice_url;
    std::string voice_method = "POST";
    std::string twiml;  // inline document, used when voice_url is empty
    std::string fallback_url, fallback_method = "POST";
    std::string status_callback, status_callback_method = "POST";
    std::vector<std::string> status_callback_events;  // initiated ringing answered completed; empty: completed. Inbound: completed only
    std::shared_ptr<const Scenario> scenario;         // null: listens until the other side ends the call
    milliseconds ring_timeout{60000};                 // outbound
    milliseconds time_limit{4 * 3600 * 1000};
    Form extra;                                          // further parameters of the voice webhook (SIP headers and the like)
    std::function<void(const TranscriptLine&)> on_line;  // live, on a worker thread; must not block
    // Outbound calls only.
    MachineDetection detection;
    bool record = false;  // from the answer on, source OutboundAPI
    RecordingPlan recording;
    std::string send_digits;                            // to the callee after the answer; switches detection off
    std::shared_ptr<const ConferenceEntry> conference;  // a created participant: it enters instead of fetching a document
    // The simulator's own: legs that a <Dial> makes, and calls at a dialled application's number.
    std::string parent_sid;
    std::shared_ptr<DialAttempt> attempt;
    std::shared_ptr<TrunkEnd> trunk;
    std::function<void(const std::string&)> on_placed;  // with the call's sid, before anything happens to it; must not call the carrier
};

// A view of a call for the REST mock; a copy.
struct CallView {
    std::string sid, parent_sid, from, to, status, direction;
    std::chrono::system_clock::time_point created;
    std::optional<std::chrono::system_clock::time_point> started, ended;
    std::string answered_by = {};  // of machine detection
    [[nodiscard]] bool live() const { return status == "queued" || status == "ringing" || status == "in-progress"; }
};

struct CarrierNotification {
    std::string sid, call_sid, url, text;
    int code = 0;
    bool warning = false;
    std::chrono::system_clock::time_point at;
};

enum class CallUpdate : std::uint8_t { done, no_such_call, wrong_state };

class CarrierCall;

// Legs of a <Dial> and REST: what updates one leg never touches the other. A redirected parent leaves the bridge, its <Dial> ends and the
// child is hung up; a redirected child leaves the bridge and follows its new document, and the parent's <Dial> ends as completed.
// Of several nouns dialled at once the first wins that has answered and, with a `url`, whose document has ended without hanging up.
class SimCarrier {
public:
    explicit SimCarrier(CarrierOptions options);  // throws on unreadable certificate files
    ~SimCarrier();                                // stop()
    SimCarrier(const SimCarrier&) = delete;
    SimCarrier& operator=(const SimCarrier&) = delete;

    struct Placed {
        std::string call_sid;
        std::future<CallReport> report;  // ready when the call and its callbacks are over
    };
    Placed place_call(CallPlan plan);

    // What the REST API can do to a call.
    CallUpdate end_call(const std::string& sid, bool only_before_answer = false);
    CallUpdate limit_call(const std::string& sid, std::chrono::seconds longest);  // from its beginning
    CallUpdate redirect_call(const std::string& sid, std::string url, std::string method, std::string twiml);
    CallUpdate start_stream(const std::string& sid, Form parameters, std::string& stream_sid);
    CallUpdate stop_stream(const std::string& sid, const std::string& stream_sid_or_name);
    CallUpdate start_transcription(const std::string& sid, TranscriptionPlan plan, std::string& transcription_sid);
    CallUpdate stop_transcription(const std::string& sid, const std::string& transcription_sid_or_name);
    // Of callbacks of calls that are placed from now on, and of conferences at once.
    void set_callbacks(const CallbackWeather& weather);

    [[nodiscard]] std::optional<CallView> call(const std::string& sid) const;
    [[nodiscard]] std::vector<CallView> calls() const;  // oldest first
    [[nodiscard]] std::vector<CarrierNotification> notifications(const std::string& call_sid = {}) const;
    // The truth about a leg that is over, whoever made it; nothing: unknown, still running, or too long ago (kept_reports).
    [[nodiscard]] std::optional<CallReport> report_of(const std::string& sid) const;
    // As CarrierOptions::numbers, while the carrier runs.
    void set_target(const std::string& address, DialTarget target);
    // Waits until `count` calls to (or, from) this number are over, and answers them in the order of their end; fewer when `within` is up.
    [[nodiscard]] std::vector<CallReport> wait_reports(const std::string& number, std::size_t count,
                                                       std::chrono::milliseconds within = std::chrono::seconds(60)) const;
    // Callbacks that belong to no call: those of conferences. In the order in which they were made.
    [[nodiscard]] std::vector<CallbackTruth> callbacks() const;

    // ---- conferences, by CF sid or by the friendly name of one that runs; participants by CallSid or label
    [[nodiscard]] std::vector<ConferenceView> conferences() const;  // oldest first, completed ones too
    [[nodiscard]] std::optional<ConferenceView> conference(const std::string& sid_or_name) const;
    ConferenceOutcome end_conference(const std::string& sid_or_name);
    // Fetches the TwiML (Say, Play, Pause) or sound once and plays it to all.
    ConferenceOutcome announce(const std::string& sid_or_name, std::string url, std::string method);
    [[nodiscard]] std::vector<ParticipantView> participants(const std::string& sid_or_name) const;
    [[nodiscard]] std::optional<ParticipantView> participant(const std::string& sid_or_name, const std::string& call_sid_or_label) const;
    struct Added {
        ConferenceOutcome outcome = ConferenceOutcome::done;
        std::string call_sid, conference_sid;
    };
    // Calls plan.to and puts the answerer in; the conference is created when none of that name runs. `entry.name` is ignored.
    Added add_participant(const std::string& sid_or_name, CallPlan plan, ConferenceEntry entry);
    ConferenceOutcome update_participant(const std::string& sid_or_name, const std::string& call_sid_or_label, const ParticipantUpdate& update);
    // Out of the conference: its <Dial> ends and its document goes on; a created participant's call ends.
    ConferenceOutcome remove_participant(const std::string& sid_or_name, const std::string& call_sid_or_label);

    // ---- queues, by QU sid or by name
    [[nodiscard]] std::vector<QueueView> queues() const;
    [[nodiscard]] std::optional<QueueView> queue(const std::string& sid_or_name) const;
    QueueOutcome create_queue(const std::string& name, int max_size, std::string& sid);
    QueueOutcome update_queue(const std::string& sid_or_name, std::optional<std::string> name, std::optional<int> max_size);
    QueueOutcome delete_queue(const std::string& sid_or_name);
    [[nodiscard]] std::vector<QueueMemberView> queue_members(const std::string& sid_or_name) const;  // next first
    // `member`: a CallSid or "Front". `out`: who it was.
    QueueOutcome dequeue(const std::string& sid_or_name, const std::string& member, std::string url, std::string method, QueueMemberView& out);

    // ---- recordings. `owner` is a CallSid or a ConferenceSid; a recording's sid may be "Twilio.CURRENT".
    RecordingOutcome start_recording(const std::string& owner, RecordingPlan plan, std::string& recording_sid);
    // `status`: paused (with `skip` the pause is left out, without it is silence), in-progress, stopped.
    RecordingOutcome update_recording(const std::string& owner, const std::string& recording_sid, const std::string& status, bool skip = false);
    [[nodiscard]] std::vector<RecordingView> recordings(const std::string& owner = {}) const;  // oldest first
    [[nodiscard]] std::optional<RecordingView> recording_view(const std::string& recording_sid) const;
    [[nodiscard]] std::optional<RecordingAudio> recording_audio(const std::string& recording_sid) const;  // completed only
    [[nodiscard]] std::optional<Pcm8k> recording(const std::string& recording_sid) const;                 // the same, mixed
    bool delete_recording(const std::string& recording_sid);

    [[nodiscard]] std::size_t live_calls() const;
    [[nodiscard]] const CarrierOptions& options() const;
    bool forget_call(const std::string& sid);  // only finished ones

    // Hangs up every call, waits for all of them, ends the threads. Further calls are refused (`std::runtime_error`).
    void stop();

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::sim
