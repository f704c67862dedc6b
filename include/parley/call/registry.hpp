#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/brain/talk_memory.hpp"
#include "parley/call/operator_command.hpp"
#include "parley/call/shared_calls.hpp"
#include "parley/conversation/events.hpp"

namespace parley::call {

struct AdmissionLimits {
    std::uint32_t max_calls = 100;
    double new_calls_per_second = 10;
    std::uint32_t burst = 30;
};

enum class Admission : std::uint8_t { admitted, capacity, rate, ended_before };

// How a call's stream ended, for whoever serves its tail.
struct Outcome {
    conversation::EndReason reason = conversation::EndReason::internal;
    std::string target;  // transfer target
    std::string agent;
    std::uint32_t resumes = 0;
    bool planned = false;      // the gateway meant it: the tail hangs up, transfers or takes a message
    bool attached = false;     // a stream once ran; false: refused at the door
    std::uint32_t ending = 0;  // counts the endings of this call, from 1
    std::string carried_out;   // by which request what was planned was done; empty: not yet
    brain::TalkMemory memory;  // for the call's return to its agent; empty when it cannot come back
};

// Every call this process knows: answered and waiting for its stream, live, and ended within the last day. The one place workers and
// listeners share; touched at call start, call end and callbacks, never per frame. Thread-safe; all memory is bounded.
class Registry {
public:
    explicit Registry(AdmissionLimits limits);
    // Is told of every stream that begins and ends; before the first call. Outlives this.
    void share_with(SharedCalls* shared) { shared_ = shared; }

    void set_limits(AdmissionLimits limits);
    [[nodiscard]] AdmissionLimits limits() const;

    // Voice webhook. A known answer for the same CallSid is to be repeated byte for byte.
    [[nodiscard]] std::optional<std::string> answer_given(std::string_view call_sid) const;
    // Reserves a place for 60 s: the stream has to attach by then.
    Admission admit(const std::string& call_sid, TimePoint now);
    // A place for a call that gave its own back, or held it too long without a stream, and needs one after all: as admit reserves it, but for the rate, which
    // is for new calls. True also for one that has a place; false: there is none.
    bool readmit(const std::string& call_sid, TimePoint now);
    // If another thread answered the same call first, its answer wins and is returned.
    std::string remember_answer(const std::string& call_sid, std::string twiml, TimePoint now);
    void release(const std::string& call_sid);  // answered without a stream after all

    // Stream accepted: `reach` passes a command on to the call (posts to its worker itself). False: a live call already has this CallSid.
    using Reach = std::function<void(const OperatorCommand&)>;
    bool attach(const std::string& call_sid, const std::string& agent, Reach reach, TimePoint now);
    // Names who reaches the call from now on; an end that was wanted before is passed on at once.
    void reachable(const std::string& call_sid, Reach reach);
    // `kept`: what of the outcome's memory may leave this process, as the call's own agent wants it; nothing leaves it otherwise.
    void finished(const std::string& call_sid, Outcome outcome, TimePoint now, brain::TalkMemory kept = {});

    [[nodiscard]] std::optional<Outcome> outcome(std::string_view call_sid) const;
    // What another instance knows of a call that has no stream here. False: as much is known here.
    bool adopt(const std::string& call_sid, Outcome outcome, TimePoint now);
    // What was planned is done once: true for the first who asks, whose `request` is kept.
    bool carry_out(const std::string& call_sid, std::string request);
    [[nodiscard]] std::uint32_t endings(std::string_view call_sid) const;
    // The tail may resume a lost call so often; counts up and answers whether this time is allowed.
    bool take_resume(const std::string& call_sid, std::uint32_t allowed);
    bool tell(std::string_view call_sid, OperatorCommand command);  // false: not live here, or (but for an end) not reachable yet
    bool end_call(std::string_view call_sid, conversation::EndReason reason, std::string target = {}) {
        return tell(call_sid, EndNow{reason, std::move(target)});
    }
    // Why the call comes back to its agent, for the agent to say ("nobody took the call").
    void leave_note(const std::string& call_sid, std::string note);
    // What was said so far in a call that comes back, and the note left for it; both are gone from here afterwards.
    [[nodiscard]] brain::TalkMemory take_memory(const std::string& call_sid);
    [[nodiscard]] bool is_live(std::string_view call_sid) const;
    // Whether the call still needs its place: reserved, live, or its stream was lost a moment ago and may be opened again.
    [[nodiscard]] bool holds(std::string_view call_sid, TimePoint now) const;
    std::size_t end_all(conversation::EndReason reason);

    struct Live {
        std::string call_sid, agent;
        std::chrono::seconds age;
    };
    [[nodiscard]] std::vector<Live> live(TimePoint now) const;
    [[nodiscard]] std::size_t active() const;
    [[nodiscard]] std::size_t waiting(TimePoint now);

    // Stream tokens are single use; true the first time.
    bool use_nonce(std::string_view nonce, TimePoint now);

private:
    enum class Phase : std::uint8_t { waiting, live, ended };
    struct Entry {
        Phase phase = Phase::waiting;
        TimePoint since;
        std::string answer;
        bool reserved = false;
        bool gone = false;  // released: it does not come back
        std::string agent;
        Reach reach;
        std::optional<EndNow> wish;  // asked before the call could be reached
        std::string note;
        Outcome outcome;
    };
    void sweep(TimePoint now);

    mutable std::mutex mutex_;
    SharedCalls* shared_ = nullptr;
    AdmissionLimits limits_;
    std::unordered_map<std::string, Entry> calls_;
    std::unordered_set<std::string> nonces_;
    struct Due {
        TimePoint at;
        std::string key;
    };
    std::deque<Due> reservations_, endings_, nonce_ages_;  // each oldest first: expiry costs what expires, not what is kept
    std::size_t active_ = 0, reserved_ = 0;
    double tokens_ = 0;
    TimePoint refilled_{};
};

}  // namespace parley::call
