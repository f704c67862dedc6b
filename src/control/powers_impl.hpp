#pragma once

#include <deque>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "parley/control/powers.hpp"
#include "records.hpp"
#include "refusals.hpp"

namespace parley::control {

// Where a call is, as far as we know.
enum class Place : std::uint8_t { unknown, queue, room };

struct Known {
    std::string agent, position;  // position: of its answer, as it stands in the URLs
    Parties parties;
    Place place = Place::unknown;
    std::string queue, room, room_sid;
    std::int64_t room_sequence = -1;
    bool held = false, muted = false;
    std::string recording_sid, briefing;
    TransferWish warm_wish;
    std::string warm;  // of a warm transfer under way
};

struct Warm {
    Warm(WarmTransfer::Times times, TimePoint now) : machine(times, now) {}
    WarmTransfer machine;
    std::string id, caller_sid, person_sid, agent, person, room, text;
    TransferWish wish;
    int asked = 0;  // how often the briefing was heard
    bool written = false;
    TimePoint since;
};

// A caller on the way back to its agent.
struct Returning {
    std::string agent, room;  // room: where it waits; empty: in none of ours
    TimePoint since, next_try;
    int tries = 0;
    bool trying = false;
};

struct Powers::Impl {
    Settings settings;
    Services services;
    mutable std::mutex mutex;
    std::unordered_map<std::string, Known> calls;
    std::deque<std::string> call_order;
    std::unordered_map<std::string, std::string> room_sids;  // by name
    std::deque<std::string> room_order;
    std::unordered_map<std::string, std::shared_ptr<Warm>> warms;
    std::deque<std::string> warm_order;
    std::unordered_map<std::string, Spoken> texts;
    std::deque<std::string> text_order;
    std::unordered_map<std::string, Returning> returning{};

    // --- book; under the lock ---
    Known& known(const std::string& call_sid);
    [[nodiscard]] const Known* find(const std::string& call_sid) const;
    void room_named(const std::string& room, const std::string& sid);
    [[nodiscard]] Known copy(const std::string& call_sid) const;  // takes the lock

    [[nodiscard]] std::string url(std::string_view route, const std::vector<std::pair<std::string, std::string>>& query) const;
    [[nodiscard]] std::string keep_text(Spoken spoken);
    void write(const std::string& call_sid, store::Fact fact, const nlohmann::json& json) const;

    // --- on the loop ---
    [[nodiscard]] bool live(const std::string& call_sid) const;
    net::Task<PowerResult> carried_out(std::string action, std::string call_sid, By by, net::Task<PowerResult> body);
    net::Task<PowerResult> send(std::string call_sid, std::string url, std::string sentence);
    net::Task<PowerResult> go(std::string call_sid, flows::Destination to, std::string sentence);
    struct Found {
        std::string conference_sid;
        rest::Participant participant;
    };
    net::Task<std::optional<Found>> in_conference(std::string call_sid);
    // Into its own conference, with whoever it talks to; the conference's name. `who`: who left for it, in words.
    struct Moved {
        std::optional<PowerResult> refused;
        std::string room, sentence;
        bool alone = false;
    };
    net::Task<Moved> into_room(std::string call_sid);
    net::Task<std::optional<std::string>> conference_sid(std::string room, std::chrono::milliseconds within);
    std::optional<PowerResult> may_call(const std::string& to, const std::string& call_sid, const By& by);
    [[nodiscard]] std::string caller_id_for(const Known& call, const std::string& wanted) const;

    net::Task<PowerResult> do_transfer(std::string call_sid, TransferWish wish, By by);
    net::Task<PowerResult> do_hold(std::string call_sid);
    net::Task<PowerResult> do_resume(std::string call_sid);
    net::Task<PowerResult> do_mute(std::string call_sid, bool muted);
    net::Task<PowerResult> do_join(std::string call_sid, JoinWish wish, By by);
    net::Task<PowerResult> do_announce(std::string call_sid, std::string text);
    net::Task<PowerResult> do_say(std::string call_sid, std::string text);
    net::Task<PowerResult> do_keys(std::string call_sid, std::string digits);
    net::Task<PowerResult> do_record(std::string call_sid, Tape what);
    net::Task<PowerResult> do_park(std::string call_sid, std::string slot);
    net::Task<PowerResult> do_pick_up(std::string call_sid, flows::Destination to, By by);
    net::Task<PowerResult> do_hang_up(std::string call_sid);
    net::Task<PowerResult> do_redirect(std::string call_sid, std::string where);

    // --- warm transfers ---
    net::Task<> call_person(std::shared_ptr<Warm> warm, std::string from);
    void perform(const std::shared_ptr<Warm>& warm, const WarmTransfer::Step& step);  // under the lock
    net::Task<> verify(std::shared_ptr<Warm> warm);
    net::Task<> end_person(std::string person_sid, bool ringing, bool tell);

    // --- back to the agent (powers_back.cpp) ---
    void bring_back(const std::string& call_sid, std::string agent, std::string room, std::string note);  // under the lock
    net::Task<> try_back(std::string call_sid);
    // Somebody has left a room of ours, or never came: who is alone there now goes back.
    net::Task<> look_alone(std::string call_sid, std::string agent, std::string gone_sid, std::string note);
    void look_after_returns(TimePoint now);  // under the lock
    [[nodiscard]] std::string back_url(const std::string& call_sid, const std::string& agent) const;
    [[nodiscard]] std::string last_words(const std::string& call_sid) const;
};

}  // namespace parley::control
