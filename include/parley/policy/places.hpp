#pragma once
// The calls of this instance that have a place, and the way to a new one: the store decides for the fleet, within a second; when it cannot, this instance
// decides alone, by its share of what was free when the store was last heard.
//
// How far that can go wrong: at the last beat n instances held T of the cap. Each may then add at most (cap - T) / n of its own, but one call at least in all,
// so that together they hold at most cap + n, and what the others admitted between one instance's last beat and the failure.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/base/log.hpp"
#include "parley/net/task.hpp"
#include "parley/policy/leases.hpp"
#include "parley/store/database.hpp"

namespace parley::policy {

// Thread-safe.
class Places {
public:
    struct Settings {
        std::string instance;
        std::chrono::milliseconds lease{15'000};       // a place nobody renews is free after it
        std::chrono::milliseconds answer_within{900};  // the webhook's patience with the store
        std::chrono::milliseconds alone_for{2'000};    // after a failure the store is not asked for so long
    };
    Places(Settings settings, store::Database& database, Log log);

    // How a place is taken.
    struct Terms {
        Duration grace{};         // kept at least so long, then as long as sweep() hears that the call still needs it
        bool everywhere = false;  // others may hold it, or limit it: the store is asked although this agent has no limit
        bool first = true;        // of one that waits: the first of them as far as can be seen without the store
    };
    // A place for this call. Asked again for a call that has one with this agent: the same. One it has with another agent becomes this one's, if there is room.
    net::Task<Taken> take(Wish wish, Caps caps, Terms terms);
    net::Task<Taken> take(Wish wish, Caps caps, Duration grace);
    // A call that runs here whoever let it in.
    void running(const Wish& call);
    void stopped(const std::string& call_sid);                    // its stream here is over: another instance may have the place now
    void rename(const std::string& from, const std::string& to);  // a call that was placed has got its name
    void settle(const std::string& call_sid);                     // its grace is over
    void extend(const std::string& call_sid, Duration grace);     // it is needed for so long still
    void free(const std::string& call_sid);
    // The same whichever instance holds it, for a call that left its agent.
    void forget(const std::string& call_sid);
    // The call is over: no place and no line any more, also for what is being asked for it at this moment.
    void end(const std::string& call_sid);
    void leave_line(const std::string& call_sid);
    // Who is next in each line. Waits for the store; nothing without it.
    net::Task<std::vector<Wish>> first_in_line();
    // Frees those whose grace is over and that are not needed any more. Answers them.
    std::vector<Wish> sweep(TimePoint now, const std::function<bool(const std::string& call_sid)>& needed);

    // Every few seconds: renews, and frees in the store what was freed here. Waits for the store.
    net::Task<> beat();
    [[nodiscard]] bool due(TimePoint now, Duration every) const;  // something was freed, or the last beat is so long ago
    net::Task<> leave();

    [[nodiscard]] bool has(std::string_view call_sid) const;
    [[nodiscard]] bool alone() const;  // deciding without the store
    struct Counts {
        std::uint32_t agent = 0, account = 0, fleet = 0;
    };
    [[nodiscard]] Counts here(std::string_view agent, std::string_view account) const;
    [[nodiscard]] Counts everywhere(std::string_view agent, std::string_view account) const;  // as of the last beat
    [[nodiscard]] std::uint32_t instances() const;
    [[nodiscard]] std::uint32_t waiting() const;  // in all lines of the fleet, as of the last beat
    [[nodiscard]] std::size_t size() const;

private:
    struct Entry {
        std::string agent, account;
        TimePoint grace;
        bool live = false;
        TimePoint seen{};          // live
        std::uint32_t turn = 0;    // counts its answers: what was gathered before the last one is old
        std::uint32_t moving = 0;  // takes under way that would give it to another agent
        std::string was{};         // its name before it had one from the carrier
        bool asking = false;       // nobody has let it in yet: it counts for nobody but itself
    };
    [[nodiscard]] Counts count(std::string_view agent, std::string_view account, std::string_view but_not) const;
    [[nodiscard]] Scope full_here(const Wish& wish, const Caps& caps) const;
    [[nodiscard]] Scope full_alone(const Wish& wish, const Caps& caps) const;
    void heard(bool answered, const char* why);
    [[nodiscard]] bool lapsed(TimePoint now) const;

    Settings settings_;
    store::Database& database_;
    Log log_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
    std::vector<std::string> freed_;  // here, not yet in the store
    struct Told {
        std::string call_sid;
        TimePoint at;
        bool place = false, line = false, over = false;
    };
    std::vector<Told> gone_;                                    // everywhere, not yet in the store
    std::vector<std::pair<std::string, std::string>> renamed_;  // from, to: not yet in the store
    Renewed last_;                                              // of the fleet
    Renewed mine_then_;                                         // of this instance, at that beat
    bool alone_ = false;
    TimePoint ask_again_{}, beat_at_{};
    TimePoint renewed_at_{};    // the last beat that the store took
    TimePoint counts_again_{};  // after a long outage: until then others' places may still be missing in the store
};

}  // namespace parley::policy
