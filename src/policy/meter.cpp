#include "parley/policy/meter.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

namespace parley::policy {

namespace {

constexpr std::size_t kMostCalls = 100'000;

void merge(UsageTable& into, const UsageTable& more) {
    for (const auto& [key, used] : more) into[key] += used;
}

}  // namespace

void Meter::prices(PriceList prices) {
    const std::lock_guard lock(mutex_);
    prices_ = std::move(prices);
}

void Meter::add(Call& call, const std::string& vendor, std::string_view role, const Used& used, const std::string& day) {
    call.lines[{vendor, std::string(role)}] += used;
    pending_[{day, call.agent, vendor, std::string(role)}] += used;
    // The call's time is its own, not the sum of everybody's who worked for it.
    auto apart = used;
    if (role != kCallRole) apart.milliseconds = apart.calls = 0;
    call.all += apart;
}

void Meter::count_time(Call& call, TimePoint now, const std::string& day) {
    if (!call.running || now <= call.counted) return;
    const auto more = std::chrono::duration_cast<std::chrono::milliseconds>(now - call.counted);
    if (more.count() <= 0) return;
    call.counted += more;
    Used used;
    used.milliseconds = more.count();
    // By the whole, so that rounding does not add up with every tick.
    call.connected += used.milliseconds;
    const auto whole = prices_.carrier_micros(std::chrono::milliseconds(call.connected));
    used.micros = std::max<std::int64_t>(0, whole - std::exchange(call.connected_micros, whole));
    add(call, std::string(kCarrier), kCallRole, used, day);
}

void Meter::began(const std::string& call_sid, const std::string& agent, const Budget& budget, TimePoint now, std::chrono::sys_seconds today) {
    const std::lock_guard lock(mutex_);
    if (calls_.size() >= kMostCalls && !calls_.contains(call_sid)) return;
    auto& call = calls_[call_sid];
    if (call.running) return;
    if (call.agent.empty()) call.agent = agent;
    if (!std::exchange(call.counted_in, true)) {
        Used one;
        one.calls = 1;
        add(call, std::string(kCarrier), kCallRole, one, day_of(today));
    }
    call.budget = budget;
    call.running = true;
    call.told = false;  // whoever comes back is told again
    call.counted = call.last_change = now;
}

void Meter::used(const std::string& call_sid, const std::string& agent, const brain::VendorRecord& record, std::chrono::sys_seconds today) {
    auto used = used_by(record);
    const std::lock_guard lock(mutex_);
    // A talk by text has a name of its own; without any there is nobody to write a bill for.
    if (call_sid.empty() || (calls_.size() >= kMostCalls && !calls_.contains(call_sid))) {
        used.micros = prices_.micros(record.vendor, record.role, used);
        pending_[{day_of(today), agent, record.vendor, record.role}] += used;
        return;
    }
    auto& call = calls_[call_sid];
    if (call.agent.empty()) {
        call.agent = agent;
        call.counted = Clock::now();
    }
    call.last_change = Clock::now();
    // What lasts is told every second: its fractions add up.
    auto& rest = call.rests[{record.vendor, record.role}];
    const auto exact = prices_.exact_micros(record.vendor, record.role, used) + rest;
    used.micros = std::max<std::int64_t>(0, std::llround(exact));
    rest = exact - static_cast<double>(used.micros);
    add(call, record.vendor, record.role, used, day_of(today));
}

void Meter::ended(const std::string& call_sid, TimePoint now, std::chrono::sys_seconds today) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call_sid);
    if (found == calls_.end() || !found->second.running) return;  // said again and again, as long as it may come back
    count_time(found->second, now, day_of(today));
    found->second.running = false;
    found->second.last_change = now;
}

std::vector<Meter::Over> Meter::tick(TimePoint now, std::chrono::sys_seconds today) {
    const auto day = day_of(today);
    std::vector<Over> over;
    const std::lock_guard lock(mutex_);
    for (auto& [sid, call] : calls_) {
        if (!call.running) continue;
        count_time(call, now, day);
        if (call.told) continue;
        auto budget = call.budget;
        budget.time.reset();
        const auto what = reached(budget, call.all);
        if (what.empty()) continue;
        call.told = true;
        over.push_back({sid, call.agent, what});
    }
    return over;
}

std::vector<std::string> Meter::Call::facts(const std::string& currency) const {
    std::vector<std::string> written;
    for (const auto& [who, used] : lines) {
        nlohmann::ordered_json fact{{"vendor", who.first}, {"role", who.second}};
        if (who.second != kCallRole) fact["requests"] = used.calls;
        if (used.input_tokens > 0) fact["input_tokens"] = used.input_tokens;
        if (used.output_tokens > 0) fact["output_tokens"] = used.output_tokens;
        if (used.characters > 0) fact["characters"] = used.characters;
        fact["seconds"] = static_cast<double>(used.milliseconds) / 1e3;
        fact["cost"] = static_cast<double>(used.micros) / 1e6;
        fact["currency"] = currency;
        written.push_back(fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    }
    return written;
}

std::vector<Meter::Bill> Meter::settle(TimePoint now, Duration quiet) {
    std::vector<Bill> bills;
    std::vector<std::pair<TimePoint, std::string>> gone;  // billed, and remembered; looked at where there are too many
    const std::lock_guard lock(mutex_);
    const bool many = calls_.size() > kMostRemembered;
    for (auto call = calls_.begin(); call != calls_.end();) {
        auto& one = call->second;
        const auto silent = now - one.last_change;
        if (one.running || silent < quiet) {
            ++call;
            continue;
        }
        if (!one.lines.empty()) {
            bills.push_back({call->first, one.facts(prices_.currency())});
            one.lines.clear();
        }
        if (silent >= kMayReturn) {
            call = calls_.erase(call);
            continue;
        }
        if (many) gone.emplace_back(one.last_change, call->first);
        ++call;
    }
    if (gone.size() > kMostRemembered) {
        const auto latest = gone.end() - static_cast<std::ptrdiff_t>(kMostRemembered);
        std::nth_element(gone.begin(), latest, gone.end());
        for (auto old = gone.begin(); old != latest; ++old) calls_.erase(old->second);
    }
    return bills;
}

UsageTable Meter::take() {
    const std::lock_guard lock(mutex_);
    merge(under_way_, pending_);
    pending_.clear();
    return under_way_;
}

void Meter::give_back() {
    const std::lock_guard lock(mutex_);
    merge(pending_, under_way_);
    under_way_.clear();
}

void Meter::kept(const UsageTable& today) {
    const std::lock_guard lock(mutex_);
    under_way_.clear();
    fleet_ = today;
}

Used Meter::today(std::string_view agent, std::chrono::sys_seconds now) const {
    const auto day = day_of(now);
    Used all;
    const std::lock_guard lock(mutex_);
    for (const auto* table : {&fleet_, &under_way_, &pending_})
        for (const auto& [key, used] : *table) {
            if (key.day != day || (!agent.empty() && key.agent != agent)) continue;
            auto apart = used;
            if (key.role != kCallRole) apart.milliseconds = apart.calls = 0;
            all += apart;
        }
    return all;
}

}  // namespace parley::policy
