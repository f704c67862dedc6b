#pragma once
// Calls we place: asked for by an operator, answered by an agent. One entry a wish, known by an identifier that stands in every URL Twilio is given, so that
// callbacks that overtake the answer to the create find it. Bounded: the newest 10 000, those that are over for at most a day.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/base/secret.hpp"
#include "parley/call/agent.hpp"
#include "parley/call/registry.hpp"
#include "parley/control/call_powers.hpp"
#include "parley/control/carrier.hpp"
#include "parley/control/dial_guard.hpp"
#include "parley/control/dial_state.hpp"
#include "parley/net/errands.hpp"
#include "parley/store/call_records.hpp"

namespace parley::control {

struct DialWish {
    std::string agent, to;
    std::string from{};  // empty: outbound.from
    MachinePolicy machine = MachinePolicy::ignore;
    std::string drop_text{};                // instead of the agent's message for machines
    std::chrono::seconds ring{30};          // 5 to 600
    std::chrono::seconds time_limit{3600};  // of the whole call
    bool record = false;
    std::string send_digits{}, caller_id{}, sip_user{};
    Secret sip_password{};
    std::map<std::string, std::string> parameters{};  // for the agent
};

struct DialView {
    std::string id, call_sid, agent, to, from;  // call_sid: empty until the carrier has named it
    DialStatus status = DialStatus::queued;
    DialReason reason = DialReason::none;
    AnsweredBy who = AnsweredBy::nobody_knows;
    std::string sentence;  // of a failure: why
    std::optional<int> duration, sip_code;
    WallClock::time_point created;
};

struct Veto {
    std::string reason;    // of the metric: quiet_hours, capacity, budget
    std::string sentence;  // for whoever asked
};

class Outbound {
public:
    struct Settings {
        std::string public_url;                        // without a slash at the end
        std::string from;                              // default caller id
        std::string no_account;                        // why nothing can be asked of the carrier; empty: it can
        std::chrono::milliseconds look_after{20'000};  // beyond the ringing time without a word, and between looks (times three while the call runs)
        std::chrono::milliseconds look_every{500};     // how often what is due is looked for
        std::size_t kept = 10'000;
    };
    struct Services {
        Log& log;
        Metrics& metrics;
        call::Registry& registry;
        Carrier& carrier;
        DialGuard& guard;
        std::mutex& guard_mutex;
        store::CallRecords* records = nullptr;
        net::Errands& errands;
        std::function<bool(std::string_view agent)> agent_exists;
        std::function<std::string(std::string_view agent)> drop_text;  // what it leaves on machines
        // Whether a call may be placed now, beyond what the guard counts: nothing (and it has its place), or why not. Null: it may.
        std::function<net::Task<std::optional<Veto>>(std::string id, std::string agent, std::string to, std::chrono::seconds ring)> may_place{};
        // What became of it: its CallSid, or "" when no call was made.
        std::function<void(const std::string& id, const std::string& call_sid, std::chrono::seconds time_limit)> placed{};
        std::function<void(const std::string& call_sid)> over{};  // behind `placed`, also of calls nobody answered; under a lock of this
        std::function<std::shared_ptr<const call::Agent>(std::string_view name)> agent{};  // as it is now, for the call's record; null: its name must do
    };
    Outbound(Settings settings, Services services);
    ~Outbound();
    Outbound(const Outbound&) = delete;
    Outbound& operator=(const Outbound&) = delete;

    struct Placed {
        Refusal why = Refusal::none;
        std::string sentence, field;  // field: which of the wish is wrong, when one is
        DialView dial;
    };
    net::Task<Placed> place(DialWish wish, By by);          // on the control loop
    net::Task<PowerResult> cancel(std::string key, By by);  // by identifier or CallSid: canceled, or hung up when it was answered

    // Any thread.
    [[nodiscard]] std::optional<DialView> view(std::string_view key) const;
    [[nodiscard]] std::vector<DialView> newest(std::size_t most) const;
    [[nodiscard]] std::size_t running() const;
    [[nodiscard]] std::size_t ringing() const;  // of these: nobody has answered yet
    void cancel_ringing();                      // the gateway goes down

    // What the carrier tells. `call_sid`: names the call if nothing did so far; a different one is refused (false). Any thread.
    bool on_status(std::string_view id, const std::string& call_sid, rest::CallStatus status, std::optional<int> duration, std::optional<int> sip_code);
    bool on_answered_by(std::string_view id, const std::string& call_sid, std::string_view word, std::optional<int> after_ms);

    // For the answer when somebody picked up: whether the call is still wanted, and what its agent shall know.
    struct Answering {
        bool known = false, wanted = false;
        std::string note;
    };  // known: we placed it, and remember
    [[nodiscard]] Answering answering(std::string_view id, const std::string& call_sid);
    // What a machine is told after its tone; empty: nothing, hang up.
    [[nodiscard]] std::string drop_text(std::string_view id) const;

    // Looks after calls whose end nobody tells (catalogue W13). Ends when cancelled.
    net::Task<> watch();

private:
    struct Dial;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::control
