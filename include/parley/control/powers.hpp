#pragma once
// The powers themselves, with the book of where each call is: in its agent's stream, in a conference, in a queue. The book is fed by what we do and by Twilio's
// callbacks, bounded (10 000 calls, a day), and never the only truth: what it does not know is asked of the carrier.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/call/registry.hpp"
#include "parley/control/call_powers.hpp"
#include "parley/control/carrier.hpp"
#include "parley/control/dial_guard.hpp"
#include "parley/net/errands.hpp"
#include "parley/control/warm_transfer.hpp"
#include "parley/store/call_records.hpp"

namespace parley::control {

// A conference's callback (twilio-webhooks 5.12), as far as it matters here.
struct RoomEvent {
    std::string event, conference_sid, room, call_sid, label;  // event: "participant-join", …
    std::int64_t sequence = 0;
    bool muted = false, hold = false, coaching = false;
};

// The parties of a call, from the form of a webhook of its.
struct Parties {
    std::string from, to;
    bool outbound = false;  // we placed it: its `to` is the other side
};

class Powers final : public CallPowers {
public:
    struct Settings {
        std::string public_url, from, hold_music;
        WarmTransfer::Times warm{};
        std::chrono::milliseconds beat{250};          // how often deadlines are looked at
        std::chrono::milliseconds return_again{500};  // to the second try to bring a caller back; twice as long each time, at most 15 s
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
        std::function<std::size_t()> running;  // outbound calls under way, for the guard
    };
    Powers(Settings settings, Services services);
    ~Powers() override;

    net::Task<PowerResult> transfer(std::string call_sid, TransferWish wish, By by) override;
    void brief(const std::string& call_sid, std::string summary) override;
    net::Task<PowerResult> hold(std::string call_sid, By by) override;
    net::Task<PowerResult> resume(std::string call_sid, By by) override;
    net::Task<PowerResult> mute(std::string call_sid, bool muted, By by) override;
    net::Task<PowerResult> join(std::string call_sid, JoinWish wish, By by) override;
    net::Task<PowerResult> announce(std::string call_sid, std::string text, By by) override;
    net::Task<PowerResult> say(std::string call_sid, std::string text, By by) override;
    net::Task<PowerResult> keys(std::string call_sid, std::string digits, By by) override;
    net::Task<PowerResult> record(std::string call_sid, Tape what, By by) override;
    net::Task<PowerResult> park(std::string call_sid, std::string slot, By by) override;
    net::Task<PowerResult> pick_up(std::string call_sid, flows::Destination to, By by) override;
    net::Task<PowerResult> hang_up(std::string call_sid, By by) override;
    net::Task<PowerResult> redirect(std::string call_sid, std::string url, By by) override;

    // --- what the routes need; any thread, never waiting -------------------------------------------------------------

    // The caller goes into a conference and waits there while the person is called.
    struct Waiting {
        std::string room;
    };
    Waiting begin_warm(const std::string& call_sid, const std::string& agent, const Parties& parties, const std::string& person);
    // What the person called hears; nothing: it is over, hang up.
    [[nodiscard]] std::optional<std::string> briefing(std::string_view id);
    [[nodiscard]] bool knows_warm(std::string_view id) const;
    enum class Verdict : std::uint8_t { takes, refuses, silent, unclear };
    struct Connect {
        bool joins = false, caller_gone = false, again = false, unknown = false;
        std::string room;
    };
    Connect warm_answer(std::string_view id, Verdict verdict);
    void warm_status(std::string_view id, const std::string& person_sid, rest::CallStatus status);
    void warm_machine(std::string_view id, std::string_view answered_by);
    // The waiting caller's <Dial> has ended: true when a person took the call.
    bool caller_left_room(const std::string& call_sid);

    // The caller is asking for its agent's answer, or has gone: nothing more is tried. True: it was to be brought back.
    bool came_back(const std::string& call_sid);

    // Which answer of its agent's the call was in (flows::query_of): where it comes back to.
    void came_from(const std::string& call_sid, std::string position);
    // Progress of somebody called into the conference of `call_sid`: who is left alone there comes back to its agent.
    void joined_status(const std::string& call_sid, const std::string& person_sid, rest::CallStatus status);
    // A person's call ended whose transfer nothing is known of any more, after a restart.
    void warm_orphaned(const std::string& call_sid, const std::string& agent, const std::string& person_sid, rest::CallStatus status);

    [[nodiscard]] std::size_t waiting() const;  // callers waiting for a person or on the way back
    void close();                               // the gateway goes down: they come back now

    void entered_queue(const std::string& call_sid, const std::string& agent, const Parties& parties, const std::string& queue);
    void left_queue(const std::string& call_sid);
    void entered_room(const std::string& call_sid, const std::string& agent, const Parties& parties, const std::string& room);
    void on_room(const RoomEvent& event);
    struct Spoken {
        std::string text, digits;
    };
    [[nodiscard]] std::optional<Spoken> spoken(std::string_view id);  // what an announcement says
    [[nodiscard]] std::string agent_of(const std::string& call_sid) const;
    [[nodiscard]] const Settings& settings() const;

    // Deadlines of warm transfers, callers still to be brought back. Ends when cancelled.
    net::Task<> watch();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Names of things made for one call; valid in URLs and as destinations.
[[nodiscard]] std::string room_of(const std::string& call_sid);
[[nodiscard]] std::string hold_slot_of(const std::string& call_sid);
[[nodiscard]] bool is_hold_slot(std::string_view slot);
[[nodiscard]] std::string queue_of_slot(std::string_view slot);  // of a park

}  // namespace parley::control
