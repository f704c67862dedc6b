#include "parley/policy/places.hpp"

#include <algorithm>

namespace parley::policy {

namespace {

constexpr auto kBeatWithin = std::chrono::seconds(5);
constexpr auto kLingers = std::chrono::minutes(2);
constexpr std::size_t kMostFreed = 10'000;  // beyond it the rows lapse by themselves

std::uint32_t of(const std::map<std::string, std::uint32_t, std::less<>>& counts, std::string_view key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

}  // namespace

Places::Places(Settings settings, store::Database& database, Log log) : settings_(std::move(settings)), database_(database), log_(std::move(log)) {}

Places::Counts Places::count(std::string_view agent, std::string_view account, std::string_view but_not) const {
    Counts counts;
    for (const auto& [sid, entry] : entries_) {
        if (sid == but_not) continue;
        ++counts.fleet;
        if (entry.agent == agent) ++counts.agent;
        if (entry.account == account) ++counts.account;
    }
    return counts;
}

// What runs here runs in the fleet: no need to ask anybody. But one that lingers without a stream (in a menu, on hold) may have gone on with another instance
// since the last beat: of that the store knows.
Scope Places::full_here(const Wish& wish, const Caps& caps) const {
    Counts counts;
    const auto lingers = Clock::now() + kLingers;
    for (const auto& [sid, entry] : entries_) {
        if (sid == wish.call_sid || entry.asking || (!entry.live && entry.grace > lingers)) continue;
        ++counts.fleet;
        if (entry.agent == wish.agent) ++counts.agent;
        if (entry.account == wish.account) ++counts.account;
    }
    if (caps.agent != 0 && counts.agent >= caps.agent) return Scope::agent;
    if (caps.account != 0 && counts.account >= caps.account) return Scope::account;
    if (caps.fleet != 0 && counts.fleet >= caps.fleet) return Scope::fleet;
    return Scope::none;
}

Scope Places::full_alone(const Wish& wish, const Caps& caps) const {
    const auto counts = count(wish.agent, wish.account, wish.call_sid);
    const auto n = std::max<std::uint32_t>(1, last_.instances);
    const auto full = [&](std::uint32_t cap, std::uint32_t now, std::uint32_t mine_then, std::uint32_t all_then) {
        if (cap == 0) return false;
        const auto open = cap > all_then ? cap - all_then : 0;
        return now >= std::max<std::uint32_t>(1, mine_then + open / n);
    };
    if (full(caps.agent, counts.agent, of(mine_then_.by_agent, wish.agent), of(last_.by_agent, wish.agent))) return Scope::agent;
    if (full(caps.account, counts.account, of(mine_then_.by_account, wish.account), of(last_.by_account, wish.account))) return Scope::account;
    if (full(caps.fleet, counts.fleet, mine_then_.running, last_.running)) return Scope::fleet;
    return Scope::none;
}

// Under the lock. After more than a lease without the store the rows there have lapsed, also those of calls that go on: everybody has to have come back before
// they are counted again.
bool Places::lapsed(TimePoint now) const {
    return now < counts_again_ || (renewed_at_ != TimePoint{} && now - renewed_at_ > settings_.lease);
}

// Under the lock. Said once each way.
void Places::heard(bool answered, const char* why) {
    if (!answered) ask_again_ = Clock::now() + settings_.alone_for;
    if (alone_ == !answered) return;
    alone_ = !answered;
    if (alone_)
        log_.warn("policy.alone", "The store does not answer: this instance admits calls by its share until it does.",
                  {{"error.type", why}, {"instances", last_.instances}});
    else
        log_.info("policy.together", "The store answers again: calls are counted over the whole fleet.");
}

net::Task<Taken> Places::take(Wish wish, Caps caps, Duration grace) {
    return take(std::move(wish), caps, Terms{.grace = grace});
}

net::Task<Taken> Places::take(Wish wish, Caps caps, Terms terms) {
    Taken taken;
    bool ask = false, known = false;
    std::optional<std::string> from;  // the agent it has a place with
    // Until it is decided a beat does not say with whom it is.
    struct Moving {
        Places& places;
        const std::string call_sid;
        bool on = false;
        ~Moving() {
            if (!on) return;
            const std::lock_guard lock(places.mutex_);
            if (const auto found = places.entries_.find(call_sid); found != places.entries_.end() && found->second.moving > 0) --found->second.moving;
        }
    } moving{*this, wish.call_sid};
    const auto refuse = [&] {
        const auto found = entries_.find(wish.call_sid);
        if (found != entries_.end() && !from && (known || found->second.asking)) entries_.erase(found);
    };
    const auto admit = [&] {
        auto& entry =
            entries_.try_emplace(wish.call_sid, Entry{.agent = wish.agent, .account = wish.account, .grace = Clock::now() + terms.grace}).first->second;
        entry.agent = wish.agent;
        entry.asking = false;
        ++entry.turn;
    };
    {
        const std::lock_guard lock(mutex_);
        const auto now = Clock::now(), until = now + terms.grace;
        const auto found = entries_.find(wish.call_sid);
        if (found != entries_.end() && !found->second.asking && found->second.agent == wish.agent) {
            found->second.grace = std::max(found->second.grace, until);
            // Without a stream here it may have given its place back at another instance, where it was since.
            known = !found->second.live && caps.any() && now >= ask_again_ && !lapsed(now);
            if (!known) {
                taken.admitted = true;
                co_return taken;
            }
        }
        if (found != entries_.end()) wish.was = found->second.was;
        ask = now >= ask_again_;
        if (!known) taken.full = full_here(wish, caps);
        // In a line it has to be written down all the same.
        if (taken.full != Scope::none && !(wish.line != Line::none && ask)) co_return taken;
        if (known) {
            // Its entry stays, until the store says otherwise.
        } else if (found != entries_.end() && !found->second.asking) {
            from = found->second.agent;  // where it stays until it is let in
            ++found->second.moving;
            moving.on = true;
            found->second.grace = std::max(found->second.grace, until);
        } else {
            entries_.try_emplace(wish.call_sid, Entry{.agent = wish.agent, .account = wish.account, .grace = until, .asking = true});
        }
        // Without a limit nothing waits for the store: the next beat writes it down.
        if (!caps.any() && !terms.everywhere) {
            admit();
            taken.admitted = true;
            taken.fresh = !from;
            co_return taken;
        }
        if (!known && lapsed(now)) {
            taken.full = full_alone(wish, caps);
            if (taken.full != Scope::none) {
                refuse();
                co_return taken;
            }
        }
    }
    std::string why = "it failed a moment ago";
    if (ask) {
        std::function<Taken(store::Session&)> work = [wish, caps, instance = settings_.instance, lease = settings_.lease](store::Session& session) {
            return take_place(session, wish, caps, instance, lease);
        };
        auto answer = co_await database_.ask<Taken>(std::move(work), settings_.answer_within);
        if (answer) {
            const std::lock_guard lock(mutex_);
            heard(true, "");
            // Who is being called in is looked after by whoever calls.
            if (!answer->admitted || (answer->called && !known))
                refuse();
            else
                admit();
            taken = *answer;
            co_return taken;
        }
        why = answer.error().message();
    }
    const std::lock_guard lock(mutex_);
    if (ask) heard(false, why.c_str());
    if (known) {
        taken.admitted = true;
        co_return taken;
    }
    taken.full = full_alone(wish, caps);
    if (taken.full == Scope::none && wish.line != Line::none && !terms.first) taken.full = Scope::agent;
    if (taken.full != Scope::none) {
        // Should the store have let it in after all, nobody knows of it here: the beat lets it go.
        refuse();
        co_return taken;
    }
    admit();
    taken.admitted = true;
    taken.fresh = !from;
    co_return taken;
}

void Places::running(const Wish& call) {
    const std::lock_guard lock(mutex_);
    const auto [found, added] = entries_.try_emplace(call.call_sid, Entry{.agent = call.agent, .account = call.account, .grace = {}});
    found->second.live = true;
    found->second.seen = Clock::now();
    found->second.asking = false;
}

void Places::stopped(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(call_sid); found != entries_.end()) found->second.live = false;
}

void Places::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    auto entry = entries_.extract(from);
    if (entry.empty()) return;
    if (renamed_.size() < kMostFreed) renamed_.emplace_back(from, to);
    entry.key() = to;
    entry.mapped().was = from;
    entries_.insert(std::move(entry));
}

void Places::settle(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(call_sid); found != entries_.end()) found->second.grace = {};
}

void Places::extend(const std::string& call_sid, Duration grace) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(call_sid); found != entries_.end()) found->second.grace = Clock::now() + grace;
}

void Places::free(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(call_sid);
    if (found == entries_.end() || found->second.live) return;  // somebody talks there
    entries_.erase(found);
    if (freed_.size() < kMostFreed) freed_.push_back(call_sid);
}

void Places::forget(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    entries_.erase(call_sid);
    if (gone_.size() < kMostFreed) gone_.push_back({.call_sid = call_sid, .at = Clock::now(), .place = true});
}
void Places::end(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    entries_.erase(call_sid);
    if (gone_.size() < kMostFreed) gone_.push_back({.call_sid = call_sid, .at = Clock::now(), .over = true});
}
void Places::leave_line(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    if (gone_.size() < kMostFreed) gone_.push_back({.call_sid = call_sid, .at = Clock::now(), .line = true});
}

net::Task<std::vector<Wish>> Places::first_in_line() {
    std::function<std::vector<Wish>(store::Session&)> work = [](store::Session& session) { return policy::first_in_line(session); };
    auto answer = co_await database_.ask<std::vector<Wish>>(std::move(work), settings_.answer_within);
    std::vector<Wish> first;
    if (answer) first = std::move(*answer);
    co_return first;
}

std::vector<Wish> Places::sweep(TimePoint now, const std::function<bool(const std::string& call_sid)>& needed) {
    const std::lock_guard lock(mutex_);
    std::vector<Wish> gone;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        if (entry->second.grace > now || needed(entry->first)) {
            ++entry;
            continue;
        }
        gone.push_back({entry->first, entry->second.agent, entry->second.account});
        if (freed_.size() < kMostFreed) freed_.push_back(entry->first);
        entry = entries_.erase(entry);
    }
    return gone;
}

net::Task<> Places::beat() {
    std::vector<Held> held;
    std::vector<std::string> freed;
    std::vector<Told> gone;
    std::vector<std::pair<std::string, std::string>> renamed;
    std::unordered_map<std::string, std::uint32_t> turns;
    Renewed mine;
    {
        const std::lock_guard lock(mutex_);
        freed = std::exchange(freed_, {});
        gone = std::exchange(gone_, {});
        renamed = std::exchange(renamed_, {});
        for (const auto& [sid, entry] : entries_) {
            if (entry.asking) continue;  // written down by whoever lets it in
            held.push_back({.call = {.call_sid = sid, .agent = entry.moving > 0 ? std::string() : entry.agent, .account = entry.account},
                            .live = entry.live,
                            .seen = entry.seen});
            turns.emplace(sid, entry.turn);
            ++mine.by_agent[entry.agent];
            ++mine.by_account[entry.account];
            ++mine.running;
        }
    }
    std::function<Renewed(store::Session&)> work = [held, freed, gone, renamed, instance = settings_.instance,
                                                    lease = settings_.lease](store::Session& session) {
        for (const auto& [from, to] : renamed) rename_place(session, instance, from, to);
        for (const auto& call : gone) {
            const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - call.at);
            if (call.over) end_call(session, call.call_sid);
            if (call.place) forget_call(session, call.call_sid, ago);
            if (call.line) policy::leave_line(session, call.call_sid, ago);
        }
        free_places(session, instance, freed);
        return renew_places(session, instance, held, lease);
    };
    auto answer = co_await database_.ask<Renewed>(std::move(work), kBeatWithin);
    const std::lock_guard lock(mutex_);
    if (!answer) {
        beat_at_ = Clock::now();
        heard(false, answer.error().message().c_str());
        if (freed_.size() + freed.size() < kMostFreed) freed_.insert(freed_.end(), freed.begin(), freed.end());
        if (renamed_.size() + renamed.size() < kMostFreed) renamed_.insert(renamed_.end(), renamed.begin(), renamed.end());
        if (gone_.size() + gone.size() < kMostFreed) gone_.insert(gone_.end(), gone.begin(), gone.end());
        co_return;
    }
    ask_again_ = {};
    heard(true, "");
    beat_at_ = Clock::now();
    if (renewed_at_ != TimePoint{} && beat_at_ - renewed_at_ > settings_.lease) counts_again_ = beat_at_ + settings_.lease;
    renewed_at_ = beat_at_;
    const auto elsewhere = std::move(answer->elsewhere);
    if (beat_at_ >= counts_again_) {
        last_ = std::move(*answer);
        mine_then_ = std::move(mine);
    }
    for (const auto& sid : elsewhere)
        if (const auto found = entries_.find(sid); found != entries_.end() && !found->second.live && !found->second.asking && found->second.turn == turns[sid])
            entries_.erase(found);
}

net::Task<> Places::leave() {
    std::function<std::monostate(store::Session&)> work = [instance = settings_.instance](store::Session& session) {
        policy::leave(session, instance);
        return std::monostate{};
    };
    (void)co_await database_.ask<std::monostate>(std::move(work), std::chrono::seconds(1));
}

bool Places::has(std::string_view call_sid) const {
    const std::lock_guard lock(mutex_);
    return entries_.contains(std::string(call_sid));
}
bool Places::due(TimePoint now, Duration every) const {
    const std::lock_guard lock(mutex_);
    return !freed_.empty() || !gone_.empty() || !renamed_.empty() || now - beat_at_ >= every;
}
bool Places::alone() const {
    const std::lock_guard lock(mutex_);
    return alone_;
}
Places::Counts Places::here(std::string_view agent, std::string_view account) const {
    const std::lock_guard lock(mutex_);
    return count(agent, account, {});
}
Places::Counts Places::everywhere(std::string_view agent, std::string_view account) const {
    const std::lock_guard lock(mutex_);
    return {of(last_.by_agent, agent), of(last_.by_account, account), last_.running};
}
std::uint32_t Places::instances() const {
    const std::lock_guard lock(mutex_);
    return last_.instances;
}
std::uint32_t Places::waiting() const {
    const std::lock_guard lock(mutex_);
    return last_.waiting;
}
std::size_t Places::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace parley::policy
