#include "fact_writer.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "call_closing.hpp"
#include "parley/store/call_history.hpp"
#include "parley/store/erasure.hpp"

namespace parley::store {

namespace {

constexpr std::size_t kQueueBytes = 16U << 20U;   // of what may be dropped
constexpr std::size_t kMemoryBytes = 64U << 20U;  // of what may not
constexpr std::size_t kBatch = 200;
constexpr std::size_t kOrphans = 100;
constexpr auto kTellAgain = std::chrono::seconds(10);  // of what is dropped

// The store's state rather than the fact's fault: it will do later.
bool passing(StoreErrc code) {
    return code != StoreErrc::statement && code != StoreErrc::constraint;
}

std::size_t size_of(const SpooledFact& fact) {
    return fact.event.json.size() + fact.event.call_sid.size() + fact.id.size();
}

}  // namespace

FactWriter::FactWriter(const Settings& settings, std::vector<std::function<void(Session&, const FactEvent&)>> kept,
                       std::function<void(const FactEvent&)> closed)
    : settings_(settings), kept_(std::move(kept)), closed_(std::move(closed)), spool_(settings.spool) {
    thread_ = std::thread([this] { run(); });
}

FactWriter::~FactWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

bool FactWriter::push(SpooledFact fact) {
    const auto size = size_of(fact);
    bool room = false;
    {
        const std::lock_guard lock(mutex_);
        room = bytes_ + size <= (weight(fact.event.fact) == Weight::final ? kMemoryBytes : kQueueBytes);
        if (room) {
            bytes_ += size;
            queue_.push_back(std::move(fact));
            ++queued_;
        }
    }
    if (!room) {
        drop(fact);
        return false;
    }
    wake_.notify_all();
    return true;
}

void FactWriter::drop(const SpooledFact& fact) {
    const std::uint64_t all = ++dropped_;
    const auto kind = name(weight(fact.event.fact));
    if (settings_.metrics != nullptr) settings_.metrics->store_facts_dropped.at(kind).add();
    // Each is counted; a line for each would be the next thing there is no room for.
    const auto now = Clock::now();
    auto due = tell_dropped_.load();
    if (now.time_since_epoch() < due || !tell_dropped_.compare_exchange_strong(due, (now + kTellAgain).time_since_epoch())) return;
    settings_.log.error("store.facts_dropped", "There is no room for what is to be kept of calls.",
                        {{"kind", kind}, {"call_sid", fact.event.call_sid}, {"dropped", all}});
}

void FactWriter::flush() {
    std::unique_lock lock(mutex_);
    const auto target = queued_;
    done_.wait(lock, [&] { return written_ >= target; });
}

void FactWriter::after_written(std::function<void()> done) {
    {
        const std::lock_guard lock(mutex_);
        if (written_ < queued_) {
            waiters_.emplace_back(queued_, std::move(done));
            return;
        }
    }
    done();
}

void FactWriter::run() {
    spool_.adopt();
    next_keep_ = Clock::now();
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto next = waiting() ? std::min(next_try_, next_keep_) : next_keep_;
        wake_.wait_until(lock, next, [this] { return stopping_ || !queue_.empty(); });
        const bool ending = stopping_;
        // Taken out whole, so that whoever adds never waits for more than an exchange; it counts against the bound until it is stored or spooled.
        auto batch = std::exchange(queue_, {});
        const auto counted = bytes_;
        lock.unlock();
        const auto count = batch.size();
        if (!batch.empty())
            take(std::move(batch));
        else if (waiting() && (ending || Clock::now() >= next_try_)) {
            // What is in memory alone goes onto the disk as soon as that takes it.
            if (!drain() && !held_.empty()) spool({}, ending);
        }
        if (ending || Clock::now() >= next_keep_) keep_up(ending && count == 0);
        lock.lock();
        bytes_ = bytes_ - counted + held_bytes_;  // those that came meanwhile, and those that still have no place
        written_ += count;
        done_.notify_all();
        const auto due = std::partition(waiters_.begin(), waiters_.end(), [this](const auto& waiter) { return waiter.first > written_; });
        std::vector<std::pair<std::uint64_t, std::function<void()>>> told(std::make_move_iterator(due), std::make_move_iterator(waiters_.end()));
        waiters_.erase(due, waiters_.end());
        if (!told.empty()) {
            lock.unlock();
            for (const auto& waiter : told) waiter.second();
            lock.lock();
        }
        if (ending && queue_.empty() && count == 0) {
            for (const auto& fact : held_) drop(fact);
            return;
        }
    }
}

void FactWriter::take(std::vector<SpooledFact> batch) {
    // Nothing overtakes what waits already.
    if (waiting() && (Clock::now() < next_try_ || !drain())) {
        spool(std::move(batch));
        return;
    }
    const auto stored = store(batch);
    if (stored == batch.size()) {
        caught_up();
        return;
    }
    batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(stored));
    spool(std::move(batch));
}

void FactWriter::begin(Session& session) {
    closing_.clear();  // of an attempt before
    marks_ = any_erased(session);
}

void FactWriter::store_one(Session& session, const SpooledFact& fact, bool with_hooks) {
    if (marks_ && is_erased(session, fact.event.call_sid, fact.event.at_ms)) return;  // it was on its way, here or in another instance's spool
    session.run("INSERT INTO facts(fact_id, call_sid, kind, json, at_ms) VALUES($1, $2, $3, $4, $5) ON CONFLICT(fact_id) DO NOTHING",
                {fact.id, fact.event.call_sid, std::string(name(fact.event.fact)), fact.event.json, fact.event.at_ms});
    if (session.changed() == 0) return;  // brought before, with everything that hangs on it
    const bool may_close = fact.event.fact == Fact::status;
    const auto before = may_close ? finality(session, fact.event.call_sid) : std::nullopt;
    apply_fact(session, fact.event, fact.instance.empty() ? settings_.instance : fact.instance);
    if (with_hooks)
        for (const auto& hook : kept_) hook(session, fact.event);
    if (may_close && before.value_or(0) == 0 && finality(session, fact.event.call_sid).value_or(0) != 0)
        close_one(session, fact.event.call_sid, fact.event.at_ms, "carrier", with_hooks);
}

void FactWriter::close_one(Session& session, const std::string& call_sid, std::int64_t at_ms, std::string_view by, bool with_hooks) {
    auto last = close_call(session, call_sid, at_ms, by);
    if (!last) return;
    if (with_hooks)
        for (const auto& hook : kept_) hook(session, *last);
    closing_.push_back(std::move(*last));
}

void FactWriter::tell_closed() {
    for (const auto& event : std::exchange(closing_, {}))
        if (closed_) closed_(event);
}

std::size_t FactWriter::store(const std::vector<SpooledFact>& facts) {
    std::size_t done = 0;
    while (done < facts.size()) {
        const auto end = std::min(facts.size(), done + kBatch);
        std::optional<StoreErrc> failed;
        try {
            settings_.database->transact([&](Session& session) {
                begin(session);
                for (auto i = done; i < end; ++i) store_one(session, facts[i], true);
            });
            tell_closed();
        } catch (const StoreError& e) {
            failed = e.code();
        } catch (const std::exception&) {
            failed = StoreErrc::statement;
        }
        if (failed && passing(*failed)) {
            left_behind();
            next_try_ = Clock::now() + settings_.retry;
            return done;
        }
        if (failed) {
            // One of them cannot be stored: the others are, each by itself.
            for (; done < end; ++done) {
                if (!store_alone(facts[done])) return done;
                renew_in_time();
            }
        }
        done = end;
        renew_in_time();  // storing what has gathered may take longer than the lease lasts
        if (done < facts.size() && crowded()) break;
    }
    return done;
}

// More comes than the store takes, and there is room in files: what waits goes there before memory is full.
bool FactWriter::crowded() {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || bytes_ <= kQueueBytes / 2) return false;
    }
    left_behind();
    return true;
}

void FactWriter::left_behind() {
    if (!std::exchange(away_, true))
        settings_.log.warn("store.spooling", "What is to be kept of calls waits in files until the store takes it again.", {{"path", spool_.path()}});
}

void FactWriter::caught_up() {
    if (!waiting() && std::exchange(away_, false)) settings_.log.info("store.spool_over", "The store takes what is kept of calls again.");
}

bool FactWriter::store_alone(const SpooledFact& fact) {
    for (const bool with_hooks : {true, false}) {
        try {
            settings_.database->transact([&](Session& session) {
                begin(session);
                store_one(session, fact, with_hooks);
            });
            tell_closed();
            return true;
        } catch (const StoreError& e) {
            if (passing(e.code())) {
                next_try_ = Clock::now() + settings_.retry;
                return false;
            }
            settings_.log.error(
                "store.fact_refused", "A fact could not be stored.",
                {{"kind", name(fact.event.fact)}, {"call_sid", fact.event.call_sid}, {"hooks", with_hooks}, {"error.type", std::string_view(e.what())}});
        } catch (const std::exception& e) {
            settings_.log.error(
                "store.fact_refused", "What hangs on a fact failed.",
                {{"kind", name(fact.event.fact)}, {"call_sid", fact.event.call_sid}, {"hooks", with_hooks}, {"error.type", std::string_view(e.what())}});
        }
    }
    drop(fact);
    return true;
}

void FactWriter::spool(std::vector<SpooledFact> facts, bool at_once) {
    // Events go first, then what was said; what a call cannot be without is written whatever the size.
    const auto used = spool_.bytes();
    std::vector<SpooledFact> wanted = std::exchange(held_, {});
    std::size_t wanted_bytes = std::exchange(held_bytes_, 0);
    std::uint64_t size = used;
    bool sync = false;
    for (auto& fact : facts) {
        const auto how = weight(fact.event.fact);
        const auto room = how == Weight::event ? settings_.spool_bytes / 4 * 3 : settings_.spool_bytes;
        if (how != Weight::final && size + size_of(fact) > room) {
            drop(fact);
            continue;
        }
        size += size_of(fact) + 80;
        wanted_bytes += size_of(fact);
        if (fact.instance.empty()) fact.instance = settings_.instance;
        sync = sync || how == Weight::final;
        wanted.push_back(std::move(fact));
    }
    if (!wanted.empty() && spool_refuses_ && !at_once && Clock::now() < next_spool_) {
        // All of it would be written again for each new fact.
        held_ = std::move(wanted);
        held_bytes_ = wanted_bytes;
    } else if (!wanted.empty()) {
        next_spool_ = Clock::now() + settings_.retry;
        if (const auto failed = spool_.append(wanted, sync || spool_refuses_)) {
            held_ = std::move(wanted);
            held_bytes_ = wanted_bytes;
            if (!std::exchange(spool_refuses_, true)) {
                settings_.log.error("store.full", "The spool cannot be written: what is to be kept of calls stays in memory.",
                                    {{"path", spool_.path()}, {"error.type", failed.message()}});
                if (settings_.on_error) settings_.on_error(spool_.path(), failed);
            }
        } else {
            spool_refuses_ = false;
        }
    }
    tell_spooled();
}

bool FactWriter::drain() {
    for (auto facts = spool_.next(kBatch); !facts.empty(); facts = spool_.next(kBatch)) {
        if (store(facts) != facts.size()) return false;  // those that were stored come again, and are the same
        spool_.taken();
        tell_spooled();
        if (crowded()) return false;
    }
    const auto stored = static_cast<std::ptrdiff_t>(store(held_));
    std::for_each(held_.begin(), held_.begin() + stored, [this](const SpooledFact& fact) { held_bytes_ -= size_of(fact); });
    held_.erase(held_.begin(), held_.begin() + stored);
    tell_spooled();
    caught_up();
    return held_.empty();
}

void FactWriter::tell_spooled() {
    spooled_ = spool_.bytes();
    if (settings_.metrics != nullptr) settings_.metrics->store_spool_bytes.at().set(static_cast<double>(spooled_));
}

// After a time without the store nobody's lease is what it was: everybody gets the chance to renew it first. So too at the start, of which nobody knows what it
// follows.
void FactWriter::renewed() {
    const auto now = Clock::now();
    if (std::exchange(lease_lost_, false) || now - renewed_ > settings_.lease / 2) look_for_orphans_ = now + settings_.lease;
    renewed_ = now;
    next_renewal_ = now + settings_.lease / 3;
}

void FactWriter::renew_in_time() {
    if (Clock::now() < next_renewal_) return;
    next_renewal_ = Clock::now() + settings_.lease / 3;
    try {
        settings_.database->transact([&](Session& session) { renew_instance(session, settings_.instance, now_ms() + settings_.lease.count()); });
        renewed();
    } catch (const StoreError&) {
        lease_lost_ = true;
    }
}

// The lease is renewed, and what others left behind is brought to its end.
void FactWriter::keep_up(bool ending) {
    next_keep_ = Clock::now() + settings_.lease / 3;
    if (away_ && !ending && Clock::now() < next_try_) {
        lease_lost_ = true;  // it should have been renewed now, and is not
        return;
    }
    spool_.adopt();
    try {
        const auto now = now_ms();
        settings_.database->transact([&](Session& session) { renew_instance(session, settings_.instance, ending ? 0 : now + settings_.lease.count()); });
        if (ending) return;
        renewed();
        finish_calls(now);
        if (Clock::now() >= look_for_orphans_) end_orphans(now);
    } catch (const StoreError&) {
        lease_lost_ = true;  // told and counted where it happened
    }
}

void FactWriter::finish_calls(std::int64_t now) {
    for (const bool with_hooks : {true, false}) {
        try {
            settings_.database->transact([&](Session& session) {
                begin(session);
                for (const auto& call_sid : finish_due(session, now)) close_one(session, call_sid, now, "time", with_hooks);
            });
            tell_closed();
            return;
        } catch (const StoreError& e) {
            if (passing(e.code())) throw;
            settings_.log.error("store.fact_refused", "What hangs on the end of calls failed.",
                                {{"hooks", with_hooks}, {"error.type", std::string_view(e.what())}});
        } catch (const std::exception& e) {
            settings_.log.error("store.fact_refused", "What hangs on the end of calls failed.",
                                {{"hooks", with_hooks}, {"error.type", std::string_view(e.what())}});
        }
    }
}

void FactWriter::end_orphans(std::int64_t now) {
    std::vector<std::pair<std::string, std::int64_t>> orphans;
    settings_.database->transact([&](Session& session) { orphans = orphaned_calls(session, now, kOrphans); });
    for (const auto& [call_sid, last_ms] : orphans) {
        // One fact, whoever brings it: two instances that see the same loss write the same. Not if the call goes on somewhere since a moment ago.
        bool ended = false;
        for (const bool with_hooks : {true, false}) {
            try {
                settings_.database->transact([&](Session& session) {
                    ended = is_orphaned(session, call_sid, now);
                    if (!ended) return;
                    const SpooledFact fact{"lost-" + call_sid, lost_end(session, call_sid, last_ms)};
                    begin(session);
                    store_one(session, fact, with_hooks);
                    // Brought to its end before, and told of since as if it lived: once more, without telling anybody again.
                    if (is_orphaned(session, call_sid, now)) apply_fact(session, fact.event, settings_.instance);
                });
                break;
            } catch (const StoreError& e) {
                if (passing(e.code())) throw;
                settings_.log.error("store.fact_refused", "What hangs on a fact failed.",
                                    {{"kind", "end"}, {"call_sid", call_sid}, {"error.type", std::string_view(e.what())}});
            } catch (const std::exception& e) {
                settings_.log.error("store.fact_refused", "What hangs on a fact failed.",
                                    {{"kind", "end"}, {"call_sid", call_sid}, {"error.type", std::string_view(e.what())}});
            }
        }
        if (ended) settings_.log.warn("call.orphaned", "A call whose instance is gone was brought to its end.", {{"call_sid", call_sid}});
    }
}

}  // namespace parley::store
