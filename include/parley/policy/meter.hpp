#pragma once
// What the calls of this instance have used so far, against their budgets, and what the day has cost in the whole fleet. Thread-safe; never waits.

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/policy/usage.hpp"

namespace parley::policy {

class Meter {
public:
    // A call that was billed is remembered so long, since its stream may come back: its budget goes on where it was. Of so many at most, the latest.
    static constexpr auto kMayReturn = std::chrono::minutes(10);
    static constexpr std::size_t kMostRemembered = 20'000;

    void prices(PriceList prices);

    // A call's stream runs; one that came back goes on where it was, and is told again when its budget is used up.
    void began(const std::string& call_sid, const std::string& agent, const Budget& budget, TimePoint now, std::chrono::sys_seconds today);
    void used(const std::string& call_sid, const std::string& agent, const brain::VendorRecord& record, std::chrono::sys_seconds today);
    void ended(const std::string& call_sid, TimePoint now, std::chrono::sys_seconds today);

    struct Over {
        std::string call_sid, agent;
        std::string_view what;  // money, tokens
    };
    // Counts the time of the calls that run. Answers those whose own budget is used up, each once a stream. (Time is kept by the call itself.)
    [[nodiscard]] std::vector<Over> tick(TimePoint now, std::chrono::sys_seconds today);

    struct Bill {
        std::string call_sid;
        std::vector<std::string> facts;  // JSON, one a vendor and role
    };
    // Of calls that ended `quiet` ago and of which nothing more has come since; vendors tell what was used when their sockets close. What comes after a bill
    // (the stream came back, the call was looked back at) stands in another one.
    [[nodiscard]] std::vector<Bill> settle(TimePoint now, Duration quiet);

    // Towards the store: what has come since the last time. Given back when it could not be written.
    [[nodiscard]] UsageTable take();
    void give_back();
    void kept(const UsageTable& today);  // was written; `today` is the fleet's day now

    // The day so far: the fleet's, as of the last time, and what this instance has added.
    [[nodiscard]] Used today(std::string_view agent, std::chrono::sys_seconds now) const;  // agent empty: all

private:
    struct Call {
        std::string agent;
        Budget budget;
        std::map<std::pair<std::string, std::string>, Used> lines;    // vendor, role; not billed yet
        std::map<std::pair<std::string, std::string>, double> rests;  // of each, less than one millionth
        Used all;                                                     // of the call, billed or not
        std::int64_t connected = 0, connected_micros = 0;             // of them
        TimePoint counted;                                            // its time is counted up to here
        TimePoint last_change;
        bool running = false, told = false, counted_in = false;
        [[nodiscard]] std::vector<std::string> facts(const std::string& currency) const;
    };
    void add(Call& call, const std::string& vendor, std::string_view role, const Used& used, const std::string& day);
    void count_time(Call& call, TimePoint now, const std::string& day);

    mutable std::mutex mutex_;
    PriceList prices_;
    std::unordered_map<std::string, Call> calls_;
    UsageTable pending_, under_way_, fleet_;
};

}  // namespace parley::policy
