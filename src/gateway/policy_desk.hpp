#pragma once
// Who gets in, for how long and for how much: what stands before a new call, and what looks after the calls there are. The rules are the policy room's; this
// brings them the configuration, the calls and the carrier.

#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "account_clients.hpp"
#include "gateway_part.hpp"
#include "parley/net/errands.hpp"
#include "parley/policy/callers.hpp"
#include "parley/policy/meter.hpp"
#include "parley/policy/places.hpp"
#include "parley/policy/quiet_hours.hpp"
#include "parley/rest/client.hpp"
#include "telephony.hpp"

namespace parley::gateway {

class PolicyDesk final : public GatewayPart {
public:
    explicit PolicyDesk(Telephony& telephony);
    void start() override;
    void reloaded() override;
    net::Task<> close() override;

private:
    using AgentPtr = std::shared_ptr<const call::Agent>;
    using TurnedAway = webhooks::TwilioWebhooks::TurnedAway;
    // What the configuration says of everybody. Replaced on reload; read on workers.
    struct Rules {
        std::uint32_t max_calls = 0, max_calls_account = 0;
        policy::Budget day;
        policy::QuietHours quiet;
        std::string currency;
    };
    struct Refusal {
        std::string reason, detail, scope;
    };

    // policy_gate.cpp: before a call
    net::Task<std::optional<TurnedAway>> gate(AgentPtr agent, const webhooks::Asked& asked, unsigned hops);
    net::Task<std::optional<Refusal>> place_for(AgentPtr agent, policy::Wish wish, policy::Places::Terms terms, bool goes_on = false);
    // After its first answer: it goes on with this agent, comes back, comes from another one.
    net::Task<std::optional<TurnedAway>> enter(AgentPtr agent, const webhooks::Asked& asked, webhooks::TwilioWebhooks::Stay stay);
    [[nodiscard]] bool limited(const Rules& rules) const;  // somebody's calls are
    net::Task<std::optional<control::Veto>> may_place(std::string id, std::string agent, std::string to, std::chrono::seconds ring);
    void guard(const call::Agent& agent, const webhooks::Asked& asked, bool streams);
    [[nodiscard]] bool knows(const std::string& call_sid) const;                  // guarded here
    [[nodiscard]] static std::chrono::seconds most_of(const call::Agent& agent);  // the longest it may talk
    void placed(const std::string& id, const std::string& call_sid, std::chrono::seconds time_limit);
    void dial_over(const std::string& call_sid);
    [[nodiscard]] policy::Caps caps_of(const call::Agent& agent, const Rules& rules) const;
    [[nodiscard]] std::optional<std::string> day_used_up(const call::Agent& agent, const Rules& rules) const;  // its scope

    // policy_overflow.cpp: for whom there is no place
    net::Task<std::optional<TurnedAway>> overflow(AgentPtr agent, const webhooks::Asked& asked, Refusal why, unsigned hops);
    [[nodiscard]] rest::Client* client_of(std::string_view account);  // null: none
    [[nodiscard]] TurnedAway enqueue(const call::Agent& agent, const webhooks::Asked& asked);
    net::Task<webhooks::Answer> wait(const webhooks::Asked& asked);
    net::Task<webhooks::Answer> leave_queue(const webhooks::Asked& asked, bool redirected);
    [[nodiscard]] bool somebody_waits(const std::string& agent);
    void forget_waiting(const std::string& agent, const std::string& call_sid);
    void forget_waiting(const std::string& call_sid);  // the call is over
    void still_waits(const std::string& agent, const std::string& call_sid);
    void call_in_waiting(TimePoint now);
    net::Task<> look_at_lines();
    [[nodiscard]] bool being_called(const std::string& call_sid) const;  // by this instance
    net::Task<> call_in(AgentPtr agent, std::string call_sid, std::string account);

    // policy_watch.cpp: while calls run
    net::Task<> watch();
    void look(TimePoint now);
    void look_at_live(TimePoint now);
    void look_at_ends(TimePoint now);
    void look_at_limits(TimePoint now);
    net::Task<> limit_at_carrier(std::string call_sid, std::string account, std::chrono::seconds limit);
    net::Task<> keep_usage();
    void write_bills(TimePoint now, Duration quiet);

    void add_resources();  // policy_resources.cpp

    [[nodiscard]] std::shared_ptr<const Rules> rules() const;
    void read_rules();

    Telephony& t_;
    net::Errands errands_;
    std::unique_ptr<rest::Client> client_;  // null: no account of the gateway's own
    AccountClients accounts_;               // those that agents brought along
    policy::Places places_;
    policy::Meter meter_;

    mutable std::mutex mutex_;
    std::shared_ptr<const Rules> rules_;
    // Calls this instance let in, until the carrier knows their limit and they are over.
    struct Guarded {
        std::string agent, account;
        TimePoint began;
        std::chrono::seconds most{0}, margin{0};
        std::chrono::seconds own{0};  // the limit it was placed with; 0: none
        bool streams = false;         // answered by a stream or relay at once
        bool told = false;
    };
    std::map<std::string, Guarded> guarded_;
    std::map<std::string, std::chrono::seconds> dialled_limits_;  // by CallSid, until the call is answered or over
    struct Waiting {
        std::string call_sid, account;
        TimePoint seen;  // it was put there, or came for more music
    };
    std::map<std::string, std::deque<Waiting>> waiting_;     // by agent, oldest first: of those who came here, for times without the store
    std::vector<std::pair<std::string, std::string>> ends_;  // call, its end's JSON
    std::set<std::string> calling_in_;

    // On the control loop.
    struct Live {
        TimePoint first, seen;
        bool on = false, retell = false;
    };
    std::map<std::string, Live> live_;
    TimePoint call_in_at_{}, usage_at_{};
    bool looking_at_lines_ = false;
    policy::UsageTable batch_;  // on its way to the store, under this id; empty: none
    std::string batch_id_;
};

}  // namespace parley::gateway
