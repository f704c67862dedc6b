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
#include "parley/sim/http_client.hpp"
#include "parley/sim/report.hpp"
#include "parley/sim/scenario.hpp"
#include "parley/sim/speech_ports.hpp"
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

// How a number answers when it is dialled: by <Dial>, or as the callee of a call made over REST.
struct DialTarget {
    enum class Answer : std::uint8_t { answer, busy, no_answer, failed } answer = Answer::answer;
    milliseconds after{300};   // ringing
    milliseconds talks{1000};  // <Dial> only: so long are the legs bridged
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
    std::map<std::string, DialTarget> numbers;  // "*" is the rule for all others
    milliseconds queue_time{2000};              // <Enqueue>
    RelayFaults relay_faults;                   // <ConversationRelay>
    std::shared_ptr<CallerVoice> voice;         // null: ToneVoice
    std::shared_ptr<CallerEar> ear;             // null: nothing is recognised; expectations then fail
};

struct CallPlan {
    std::string direction = "inbound";  // or "outbound-api"
    std::string from, to;               // empty: the scenario's, then +14155550100 and +18005551212
    std::string voice_url;
    std::string voice_method = "POST";
    std::string twiml;  // inline document, used when voice_url is empty
    std::string fallback_url, fallback_method = "POST";
    std::string status_callback, status_callback_method = "POST";
    std::vector<std::string>
        status_callback_events;  // initiated ringing answered completed; empty: completed. Inbound: completed only
    std::shared_ptr<const Scenario> scenario;  // null: listens until the other side ends the call
    milliseconds ring_timeout{60000};          // outbound-api
    milliseconds time_limit{4 * 3600 * 1000};
    Form extra;  // further parameters of the voice webhook (SIP headers and the like)
    std::function<void(const TranscriptLine&)> on_line;  // live, on a worker thread; must not block
};

// A view of a call for the REST mock; a copy.
struct CallView {
    std::string sid, parent_sid, from, to, status, direction;
    std::chrono::system_clock::time_point created;
    std::optional<std::chrono::system_clock::time_point> started, ended;
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
    CallUpdate redirect_call(const std::string& sid, std::string url, std::string method, std::string twiml);
    CallUpdate start_stream(const std::string& sid, Form parameters, std::string& stream_sid);
    CallUpdate stop_stream(const std::string& sid, const std::string& stream_sid_or_name);

    [[nodiscard]] std::optional<CallView> call(const std::string& sid) const;
    [[nodiscard]] std::vector<CallView> calls() const;  // oldest first
    [[nodiscard]] std::vector<CarrierNotification> notifications(const std::string& call_sid = {}) const;
    [[nodiscard]] std::optional<Pcm8k> recording(const std::string& recording_sid) const;
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
