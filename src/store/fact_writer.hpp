#pragma once
// The thread behind CallRecords: queue, store, spool.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "fact_kinds.hpp"
#include "fact_spool.hpp"
#include "parley/store/call_records.hpp"

namespace parley::store {

class FactWriter {
public:
    using Settings = CallRecords::Settings;
    // `settings.database` is there. `closed`: is told, on the writer's thread, of last facts that nobody added: what closes a call.
    FactWriter(const Settings& settings, std::vector<std::function<void(Session&, const FactEvent&)>> kept, std::function<void(const FactEvent&)> closed);
    ~FactWriter();
    FactWriter(const FactWriter&) = delete;
    FactWriter& operator=(const FactWriter&) = delete;

    // From any thread. False: there is no room for it.
    bool push(SpooledFact fact);
    void flush();
    // Calls back once, on the writer's thread or at once, when everything pushed so far is stored or spooled.
    void after_written(std::function<void()> done);
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
    [[nodiscard]] std::uint64_t spooled() const { return spooled_; }

private:
    void run();
    void take(std::vector<SpooledFact> batch);
    // As many from the front as could be stored; fewer than all: the store cannot take them now, or not as fast as they come.
    std::size_t store(const std::vector<SpooledFact>& facts);
    void begin(Session& session);  // first in each transaction that stores facts
    void store_one(Session& session, const SpooledFact& fact, bool with_hooks);
    // In the transaction that made the call's row final; `tell_closed` behind it.
    void close_one(Session& session, const std::string& call_sid, std::int64_t at_ms, std::string_view by, bool with_hooks);
    void tell_closed();
    void finish_calls(std::int64_t now);
    bool store_alone(const SpooledFact& fact);                         // one that was not the store's fault
    void spool(std::vector<SpooledFact> facts, bool at_once = false);  // a disk that refuses is asked again in its time, or now
    bool drain();                                                      // everything that waits is stored
    bool crowded();                                                    // the queue is half full: whoever stores looks after it first
    void left_behind();                                                // something waits in files
    void caught_up();                                                  // nothing does, maybe
    void keep_up(bool ending);
    void renewed();
    void renew_in_time();  // between two things that take long
    void end_orphans(std::int64_t now);
    void drop(const SpooledFact& fact);
    void tell_spooled();
    [[nodiscard]] bool waiting() const { return !spool_.empty() || !held_.empty(); }

    Settings settings_;
    std::vector<std::function<void(Session&, const FactEvent&)>> kept_;
    std::function<void(const FactEvent&)> closed_;
    std::vector<FactEvent> closing_;  // made in the transaction that runs, as the next one
    bool marks_ = false;              // calls were erased lately: each fact is looked at
    FactSpool spool_;                 // writer's thread, like the next four lines
    std::vector<SpooledFact> held_;   // what even the spool does not take
    std::size_t held_bytes_ = 0;
    bool spool_refuses_ = false, away_ = false, lease_lost_ = true;
    TimePoint next_try_{}, next_spool_{}, next_keep_{}, next_renewal_{}, renewed_{}, look_for_orphans_{};

    std::mutex mutex_;  // over the queue
    std::condition_variable wake_, done_;
    std::vector<SpooledFact> queue_;
    std::vector<std::pair<std::uint64_t, std::function<void()>>> waiters_;  // with the count they wait for
    std::size_t bytes_ = 0;                                                 // queued, being stored, or held
    std::uint64_t queued_ = 0, written_ = 0;
    bool stopping_ = false;
    std::atomic<std::uint64_t> dropped_{0}, spooled_{0};
    std::atomic<Clock::duration> tell_dropped_{Clock::duration::min()};
    std::thread thread_;
};

}  // namespace parley::store
