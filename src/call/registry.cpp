#include "parley/call/registry.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace parley::call {

namespace {

constexpr auto kAttachWithin = std::chrono::seconds(60);
constexpr auto kRememberEnded = std::chrono::hours(24);
constexpr auto kNonceKept = std::chrono::minutes(10);  // longer than any token lives
constexpr std::size_t kMaxEntries = 200'000;

}  // namespace

Registry::Registry(AdmissionLimits limits) : limits_(limits), tokens_(limits.burst) {}

void Registry::set_limits(AdmissionLimits limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    tokens_ = std::min(tokens_, static_cast<double>(limits.burst));
}

AdmissionLimits Registry::limits() const {
    const std::lock_guard lock(mutex_);
    return limits_;
}

std::optional<std::string> Registry::answer_given(std::string_view call_sid) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(std::string(call_sid));
    if (found == calls_.end() || found->second.answer.empty()) return std::nullopt;
    return found->second.answer;
}

void Registry::sweep(TimePoint now) {
    for (; !reservations_.empty() && now - reservations_.front().at > kAttachWithin; reservations_.pop_front()) {
        const auto found = calls_.find(reservations_.front().key);
        if (found == calls_.end() || !found->second.reserved || now - found->second.since <= kAttachWithin) continue;
        found->second.reserved = false;
        --reserved_;
        found->second.phase = Phase::ended;
        endings_.push_back({now, found->first});
    }
    while (!endings_.empty() && (now - endings_.front().at > kRememberEnded || calls_.size() >= kMaxEntries)) {
        const auto found = calls_.find(endings_.front().key);
        // Also what was to be resumed and never came back.
        if (found != calls_.end() && found->second.phase != Phase::live && !found->second.reserved) calls_.erase(found);
        endings_.pop_front();
    }
    for (; !nonce_ages_.empty() && now - nonce_ages_.front().at > kNonceKept; nonce_ages_.pop_front()) nonces_.erase(nonce_ages_.front().key);
}

Admission Registry::admit(const std::string& call_sid, TimePoint now) {
    const std::lock_guard lock(mutex_);
    sweep(now);
    if (const auto found = calls_.find(call_sid); found != calls_.end()) {
        if (found->second.phase == Phase::ended) return Admission::ended_before;
        return Admission::admitted;  // a duplicate of the webhook: its place is already counted
    }
    if (refilled_ == TimePoint{}) refilled_ = now;
    tokens_ = std::min(static_cast<double>(limits_.burst), tokens_ + std::chrono::duration<double>(now - refilled_).count() * limits_.new_calls_per_second);
    refilled_ = now;
    if (active_ + reserved_ >= limits_.max_calls || calls_.size() >= kMaxEntries) return Admission::capacity;
    if (tokens_ < 1) return Admission::rate;
    tokens_ -= 1;
    Entry entry;
    entry.since = now;
    entry.reserved = true;
    calls_.emplace(call_sid, std::move(entry));
    reservations_.push_back({now, call_sid});
    ++reserved_;
    return Admission::admitted;
}

bool Registry::readmit(const std::string& call_sid, TimePoint now) {
    const std::lock_guard lock(mutex_);
    sweep(now);
    const auto found = calls_.find(call_sid);
    if (found != calls_.end() && found->second.phase == Phase::live) return true;
    if (found == calls_.end() || !found->second.reserved) {
        if (active_ + reserved_ >= limits_.max_calls || (found == calls_.end() && calls_.size() >= kMaxEntries)) return false;
        ++reserved_;
    }
    // How it ended before stays known.
    auto& entry = found == calls_.end() ? calls_[call_sid] : found->second;
    entry.reserved = true;
    entry.gone = false;
    entry.since = now;
    reservations_.push_back({now, call_sid});
    return true;
}

std::string Registry::remember_answer(const std::string& call_sid, std::string twiml, TimePoint now) {
    const std::lock_guard lock(mutex_);
    sweep(now);
    auto& entry = calls_[call_sid];
    if (entry.since == TimePoint{}) {  // refused at the door: remembered as ended, so that a late duplicate hears the same
        entry.since = now;
        entry.phase = Phase::ended;
        endings_.push_back({now, call_sid});
    }
    if (entry.answer.empty()) entry.answer = std::move(twiml);
    return entry.answer;
}

void Registry::release(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call_sid);
    if (found == calls_.end()) return;
    found->second.gone = true;
    if (!found->second.reserved) return;
    found->second.reserved = false;
    found->second.phase = Phase::ended;
    endings_.push_back({found->second.since, call_sid});
    --reserved_;
}

bool Registry::attach(const std::string& call_sid, const std::string& agent, Reach reach, TimePoint now) {
    const std::lock_guard lock(mutex_);
    auto& entry = calls_[call_sid];
    if (entry.phase == Phase::live) return false;
    if (entry.reserved) {
        entry.reserved = false;
        --reserved_;
    }
    entry.phase = Phase::live;
    entry.gone = false;
    entry.since = now;
    entry.agent = agent;
    entry.reach = std::move(reach);
    entry.wish.reset();
    ++active_;
    if (shared_ != nullptr) shared_->attached(call_sid, agent, entry.outcome.resumes, entry.outcome.ending);
    return true;
}

void Registry::reachable(const std::string& call_sid, Reach reach) {
    std::optional<EndNow> wish;
    {
        const std::lock_guard lock(mutex_);
        const auto found = calls_.find(call_sid);
        if (found == calls_.end() || found->second.phase != Phase::live) return;
        found->second.reach = reach;
        wish = std::exchange(found->second.wish, std::nullopt);
    }
    if (wish) reach(*wish);
}

void Registry::finished(const std::string& call_sid, Outcome outcome, TimePoint now, brain::TalkMemory kept) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = calls_.find(call_sid);
        if (found == calls_.end() || found->second.phase != Phase::live) return;
        auto& entry = found->second;
        entry.phase = Phase::ended;
        entry.since = now;
        entry.reach = nullptr;
        outcome.resumes = entry.outcome.resumes;
        outcome.ending = entry.outcome.ending + 1;
        outcome.attached = true;
        endings_.push_back({now, call_sid});
        entry.outcome = outcome;
        --active_;
    }
    if (shared_ == nullptr) return;
    outcome.memory = std::move(kept);
    shared_->finished(call_sid, outcome);
}

std::optional<Outcome> Registry::outcome(std::string_view call_sid) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(std::string(call_sid));
    if (found == calls_.end() || found->second.phase != Phase::ended) return std::nullopt;
    return found->second.outcome;
}

bool Registry::adopt(const std::string& call_sid, Outcome outcome, TimePoint now) {
    const std::lock_guard lock(mutex_);
    sweep(now);
    auto& entry = calls_[call_sid];
    if (entry.phase == Phase::live || (entry.since != TimePoint{} && outcome.ending <= entry.outcome.ending)) return false;
    if (std::exchange(entry.reserved, false)) --reserved_;  // its stream went elsewhere
    entry.phase = Phase::ended;
    entry.since = now;
    entry.agent = outcome.agent;
    entry.outcome = std::move(outcome);
    endings_.push_back({now, call_sid});
    return true;
}

bool Registry::carry_out(const std::string& call_sid, std::string request) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call_sid);
    if (found == calls_.end() || found->second.phase != Phase::ended) return false;
    auto& outcome = found->second.outcome;
    if (!outcome.attached || !outcome.planned || !outcome.carried_out.empty()) return false;
    outcome.carried_out = std::move(request);
    return true;
}

std::uint32_t Registry::endings(std::string_view call_sid) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(std::string(call_sid));
    return found == calls_.end() ? 0 : found->second.outcome.ending;
}

bool Registry::take_resume(const std::string& call_sid, std::uint32_t allowed) {
    const std::lock_guard lock(mutex_);
    auto& entry = calls_[call_sid];
    if (entry.outcome.resumes >= allowed) return false;
    ++entry.outcome.resumes;
    if (entry.phase == Phase::live) return true;  // its stream is being taken down; the new one waits for that
    if (entry.since == TimePoint{}) entry.since = Clock::now();
    entry.phase = Phase::waiting;
    endings_.push_back({entry.since, call_sid});
    return true;
}

bool Registry::tell(std::string_view call_sid, OperatorCommand command) {
    Reach reach;
    {
        const std::lock_guard lock(mutex_);
        const auto found = calls_.find(std::string(call_sid));
        if (found == calls_.end() || found->second.phase != Phase::live) return false;
        reach = found->second.reach;
        if (!reach) {
            const auto* end = std::get_if<EndNow>(&command);
            if (end == nullptr) return false;
            found->second.wish = *end;
        }
    }
    if (reach) reach(command);
    return true;
}

std::size_t Registry::end_all(conversation::EndReason reason) {
    std::vector<Reach> live;
    {
        const std::lock_guard lock(mutex_);
        for (auto& [sid, entry] : calls_)
            if (entry.phase == Phase::live && entry.reach) live.push_back(entry.reach);
    }
    for (auto& reach : live) reach(EndNow{reason, {}});
    return live.size();
}

void Registry::leave_note(const std::string& call_sid, std::string note) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call_sid);
    if (found != calls_.end()) found->second.note = std::move(note);
}

brain::TalkMemory Registry::take_memory(const std::string& call_sid) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call_sid);
    if (found == calls_.end()) return {};
    auto memory = std::exchange(found->second.outcome.memory, {});
    memory.note = std::exchange(found->second.note, {});
    memory.agent = found->second.outcome.agent;
    return memory;
}

std::vector<Registry::Live> Registry::live(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    std::vector<Live> out;
    for (const auto& [sid, entry] : calls_)
        if (entry.phase == Phase::live) out.push_back({sid, entry.agent, std::chrono::duration_cast<std::chrono::seconds>(now - entry.since)});
    return out;
}

bool Registry::is_live(std::string_view call_sid) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(std::string(call_sid));
    return found != calls_.end() && found->second.phase == Phase::live;
}

bool Registry::holds(std::string_view call_sid, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(std::string(call_sid));
    if (found == calls_.end()) return false;
    const auto& entry = found->second;
    if (entry.phase == Phase::live) return true;
    if (entry.gone || now - entry.since > kAttachWithin) return false;
    return entry.reserved || entry.phase == Phase::waiting || (entry.outcome.attached && !entry.outcome.planned);
}

std::size_t Registry::active() const {
    const std::lock_guard lock(mutex_);
    return active_;
}

std::size_t Registry::waiting(TimePoint now) {
    const std::lock_guard lock(mutex_);
    sweep(now);
    return reserved_;
}

bool Registry::use_nonce(std::string_view nonce, TimePoint now) {
    const std::lock_guard lock(mutex_);
    sweep(now);
    if (nonces_.size() >= kMaxEntries) return false;
    if (!nonces_.emplace(nonce).second) return false;
    nonce_ages_.push_back({now, std::string(nonce)});
    return true;
}

}  // namespace parley::call
