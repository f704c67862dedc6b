#include "parley/speech/engine_pool.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "parley/base/clock.hpp"
#include "parley/speech/error.hpp"
#include "pool_job.hpp"
#include "thread_engines.hpp"

namespace parley::speech {
namespace {

constexpr std::chrono::milliseconds kSupervision{50};  // longest sleep of the supervisor; deadlines wake it earlier
constexpr unsigned kFailedStarts = 3;                  // of Fault::no_engine

struct ThreadDies {};

}  // namespace

std::optional<Fault> fault_named(std::string_view name) {
    if (name == "crash") return Fault::crash;
    if (name == "stall") return Fault::stall;
    if (name == "no-engine") return Fault::no_engine;
    return std::nullopt;
}

// Shared by the pool object and its threads, so that a thread that was given up can still end in peace.
struct EnginePool::Core : std::enable_shared_from_this<EnginePool::Core> {
    struct Slot {
        std::thread thread;
        std::shared_ptr<PoolJob> job;  // in work; guarded by Core::mutex
        std::uint64_t crash_seen = 0, stall_seen = 0, warm_seen = 0;
        bool dead = false;  // guarded by Core::mutex
        std::atomic<bool> abandoned{false};
    };

    PoolSettings settings;
    std::shared_ptr<const Lexicon> lexicon;

    mutable std::mutex mutex;
    std::condition_variable work;         // for the threads
    std::condition_variable supervision;  // for the supervisor, and for the destructor
    std::deque<std::shared_ptr<PoolJob>> queue;
    std::vector<std::shared_ptr<Slot>> slots;
    std::vector<TimePoint> respawn_at;
    unsigned deaths_in_a_row = 0;
    unsigned failing_starts = 0;
    std::atomic<std::uint64_t> crash_epoch{0}, stall_epoch{0};
    std::vector<std::shared_ptr<const Grammar>> warm_grammars;
    std::vector<VoiceSettings> warm_voices;
    std::uint64_t warm_epoch = 0;
    PoolCounters counts;
    std::atomic<bool> stopping{false};
    std::thread supervisor;

    // --- submission

    Result<CancelToken> submit(std::shared_ptr<PoolJob> job) {
        std::shared_ptr<PoolJob> displaced;
        {
            const std::scoped_lock lock(mutex);
            if (stopping) return make_error_code(errc::stopped);
            if (queue.size() >= settings.queue) {
                const auto it = std::ranges::find_if(queue, [](const auto& waiting) { return waiting->optional(); });
                if (it == queue.end() || job->optional()) {
                    ++counts.refused;
                    return make_error_code(errc::busy);
                }
                displaced = std::move(*it);
                queue.erase(it);
                ++counts.displaced;
            }
            ++counts.submitted;
            queue.push_back(job);
        }
        work.notify_one();
        if (displaced) displaced->fail(make_error_code(errc::busy));
        return job->token();
    }

    // --- a thread

    void spawn_locked() {
        auto slot = std::make_shared<Slot>();
        slot->crash_seen = crash_epoch;
        slot->stall_seen = stall_epoch;
        slots.push_back(slot);
        slot->thread = std::thread([core = shared_from_this(), slot] { core->run(*slot); });
    }

    void run(Slot& slot) {
        bool alive = true;
        try {
            ThreadEngines engines(settings.recognizer, lexicon);
            start_or_die();
            while (step(slot, engines)) {
            }
        } catch (const ThreadDies&) {
            alive = false;
        } catch (...) {  // an engine threw: bad_alloc and the like
            alive = false;
        }
        if (!alive || stopping) ended(slot);  // the engines are gone by now: joining takes no time
    }

    void start_or_die() {
        const std::scoped_lock lock(mutex);
        if (failing_starts == 0) return;
        --failing_starts;
        throw ThreadDies{};
    }

    void ended(Slot& slot) {
        std::shared_ptr<PoolJob> job;
        {
            const std::scoped_lock lock(mutex);
            job = std::move(slot.job);
            slot.dead = true;
            if (job) ++counts.failed;
        }
        if (job) job->fail(make_error_code(errc::engine_failed));
        supervision.notify_all();
    }

    bool step(Slot& slot, ThreadEngines& engines) {
        std::shared_ptr<PoolJob> job;
        std::vector<std::shared_ptr<const Grammar>> grammars;
        std::vector<VoiceSettings> voices;
        {
            std::unique_lock lock(mutex);
            work.wait(lock, [&] { return stopping || !queue.empty() || slot.crash_seen != crash_epoch || slot.warm_seen != warm_epoch || slot.abandoned; });
            if (slot.abandoned) return false;
            if (stopping) return false;
            if (slot.crash_seen != crash_epoch) throw ThreadDies{};
            if (!queue.empty()) {
                job = take_locked();
                slot.job = job;
            } else {
                slot.warm_seen = warm_epoch;
                grammars = warm_grammars;
                voices = warm_voices;
            }
        }
        if (job) {
            work_on(slot, engines, *job);
            return !slot.abandoned;
        }
        warm(engines, grammars, voices);
        return true;
    }

    // Partials wait until nobody else does.
    std::shared_ptr<PoolJob> take_locked() {
        auto it = std::ranges::find_if(queue, [](const auto& waiting) { return !waiting->optional(); });
        if (it == queue.end()) it = queue.begin();
        auto job = std::move(*it);
        queue.erase(it);
        return job;
    }

    void warm(ThreadEngines& engines, const std::vector<std::shared_ptr<const Grammar>>& grammars, const std::vector<VoiceSettings>& voices) {
        const auto wanted = [&] {
            const std::scoped_lock lock(mutex);
            return queue.empty() && !stopping;
        };
        for (const auto& voice : voices) {
            if (!wanted()) return;
            (void)engines.voice(voice);
        }
        for (const auto& grammar : grammars) {
            if (!wanted()) return;
            if (auto recognizer = engines.recognizer()) (void)(*recognizer)->prepare(*grammar);
        }
    }

    // Asked by the engines between steps. Throws when this thread is to die.
    bool must_stop(Slot& slot, const PoolJob& job) {
        if (slot.stall_seen != stall_epoch) {
            std::unique_lock lock(mutex);
            work.wait(lock, [&] { return slot.abandoned || stopping.load(); });
        }
        if (slot.crash_seen != crash_epoch) throw ThreadDies{};
        return job.token().cancelled() || slot.abandoned || stopping || Clock::now() >= job.deadline();
    }

    void work_on(Slot& slot, ThreadEngines& engines, PoolJob& job) {
        error_code outcome = make_error_code(errc::cancelled);
        if (!must_stop(slot, job)) outcome = job.decode() != nullptr ? decode(slot, engines, job) : speak(slot, engines, job);
        if (outcome == errc::cancelled && stopping) outcome = make_error_code(errc::stopped);
        if (outcome == errc::cancelled && Clock::now() >= job.deadline()) outcome = make_error_code(errc::deadline);
        finish(slot, job, outcome);
    }

    error_code decode(Slot& slot, ThreadEngines& engines, PoolJob& job) {
        const auto& request = job.decode()->request;
        auto recognizer = engines.recognizer();
        if (!recognizer) return recognizer.error();
        auto result = (*recognizer)->decode(request.pcm8k, *request.grammar, [&] { return must_stop(slot, job); }, request.mode);
        if (!result) {
            if (result.error() == errc::engine_failed) engines.forget_recognizer();
            return result.error();
        }
        job.answer(std::move(result));
        return {};
    }

    error_code speak(Slot& slot, ThreadEngines& engines, PoolJob& job) {
        const auto& request = job.speak()->request;
        auto voice = engines.voice(request.voice);
        if (!voice) return voice.error();
        bool dies = false;  // thrown again outside: nothing may unwind through the engine
        auto result = (*voice)->speak(request.text, [&](std::span<const std::int16_t> piece) {
            try {
                return !must_stop(slot, job) && job.audio(std::vector(piece.begin(), piece.end()));
            } catch (const ThreadDies&) {
                dies = true;
                return false;
            }
        });
        if (dies) throw ThreadDies{};
        if (!result) return result.error();
        job.answer(result);
        return {};
    }

    void finish(Slot& slot, PoolJob& job, error_code outcome) {
        {
            const std::scoped_lock lock(mutex);
            if (slot.abandoned) return;  // answered and counted by the supervisor
            slot.job.reset();
            if (!outcome) {
                ++counts.done;
                deaths_in_a_row = 0;
            } else if (outcome == errc::cancelled) {
                ++counts.cancelled;
            } else if (outcome == errc::deadline) {
                ++counts.expired;
            } else {
                ++counts.failed;
            }
        }
        if (outcome) job.fail(outcome);
    }

    // --- the supervisor: deadlines, the dead, the stalled

    void supervise() {
        std::unique_lock lock(mutex);
        while (!stopping) {
            const auto now = Clock::now();
            std::vector<std::pair<std::shared_ptr<PoolJob>, errc>> late;
            expire_locked(now, late);
            bury_locked(now);
            respawn_locked(now);
            const auto wake = next_wake_locked(now);
            if (!late.empty()) {
                lock.unlock();
                for (const auto& [job, why] : late) {
                    job->token().cancel();
                    job->fail(make_error_code(why));
                }
                lock.lock();
                continue;
            }
            supervision.wait_until(lock, wake);
        }
    }

    void expire_locked(TimePoint now, std::vector<std::pair<std::shared_ptr<PoolJob>, errc>>& late) {
        std::erase_if(queue, [&](const auto& job) {
            if (job->token().cancelled()) {
                ++counts.cancelled;
                late.emplace_back(job, errc::cancelled);
                return true;
            }
            if (now < job->deadline()) return false;
            ++counts.expired;
            late.emplace_back(job, errc::deadline);
            return true;
        });
        for (const auto& slot : slots) {
            if (!slot->job || slot->dead || slot->abandoned || now < slot->job->deadline()) continue;
            if (!slot->job->answered()) late.emplace_back(slot->job, errc::deadline);
            if (now < slot->job->deadline() + settings.stall_grace) continue;
            slot->abandoned = true;  // it hangs inside the engine; should it ever come back, it ends
            slot->job.reset();
            ++counts.expired;
            ++counts.abandoned;
            work.notify_all();
        }
    }

    void bury_locked(TimePoint now) {
        std::erase_if(slots, [&](const auto& slot) {
            if (slot->abandoned) {
                slot->thread.detach();  // owns this Core through its capture
            } else if (slot->dead) {
                slot->thread.join();  // at its very end: nothing but destructors of engines
            } else {
                return false;
            }
            ++counts.deaths;
            const auto shift = std::min(deaths_in_a_row / std::max(1U, settings.threads), 16U);
            ++deaths_in_a_row;
            respawn_at.push_back(now + std::min<Duration>(settings.backoff_max, settings.backoff_first * (1U << shift)));
            return true;
        });
    }

    void respawn_locked(TimePoint now) {
        const auto due = std::erase_if(respawn_at, [&](TimePoint at) { return at <= now; });
        for (std::size_t i = 0; i < due; ++i) {
            ++counts.respawns;
            spawn_locked();
        }
    }

    [[nodiscard]] TimePoint next_wake_locked(TimePoint now) const {
        TimePoint wake = now + kSupervision;
        for (const auto at : respawn_at) wake = std::min(wake, at);
        for (const auto& job : queue) wake = std::min(wake, job->deadline());
        return wake;
    }
};

EnginePool::EnginePool(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Result<std::unique_ptr<EnginePool>> EnginePool::make(PoolSettings settings) {
    auto lexicon = Lexicon::load(settings.recognizer.model + "/cmudict-en-us.dict");
    if (!lexicon) return lexicon.error();
    if (settings.threads == 0) settings.threads = std::max(1U, std::thread::hardware_concurrency());
    auto core = std::make_shared<Core>();
    core->settings = std::move(settings);
    core->lexicon = std::move(*lexicon);
    {
        const std::scoped_lock lock(core->mutex);
        for (unsigned i = 0; i < core->settings.threads; ++i) core->spawn_locked();
    }
    core->supervisor = std::thread([core = core.get()] { core->supervise(); });
    return std::unique_ptr<EnginePool>(new EnginePool(std::move(core)));
}

EnginePool::~EnginePool() {
    auto& core = *core_;
    std::deque<std::shared_ptr<PoolJob>> waiting;
    {
        const std::scoped_lock lock(core.mutex);
        core.stopping = true;
        waiting.swap(core.queue);
    }
    core.work.notify_all();
    core.supervision.notify_all();
    core.supervisor.join();
    for (const auto& job : waiting) job->fail(make_error_code(errc::stopped));

    std::unique_lock lock(core.mutex);
    const auto all_dead = [&] { return std::ranges::all_of(core.slots, [](const auto& slot) { return slot->dead; }); };
    (void)core.supervision.wait_for(lock, core.settings.stop_wait, all_dead);
    std::vector<std::shared_ptr<PoolJob>> hanging;
    auto slots = std::exchange(core.slots, {});
    std::vector<std::thread> ended;
    for (const auto& slot : slots) {
        if (slot->dead) {
            ended.push_back(std::move(slot->thread));
            continue;
        }
        slot->abandoned = true;
        if (slot->job) hanging.push_back(std::move(slot->job));
        slot->thread.detach();
    }
    lock.unlock();
    for (auto& thread : ended) thread.join();
    for (const auto& job : hanging) job->fail(make_error_code(errc::stopped));
}

Result<CancelToken> EnginePool::decode(Decode job, Post post, DecodeDone done) {
    const auto deadline = Clock::now() + core_->settings.deadline;
    return core_->submit(std::make_shared<PoolJob>(DecodeWork{std::move(job), std::move(done)}, std::move(post), deadline));
}

Result<CancelToken> EnginePool::speak(Speak job, Post post, SpeakAudio audio, SpeakDone done) {
    const auto deadline = Clock::now() + core_->settings.deadline;
    return core_->submit(std::make_shared<PoolJob>(SpeakWork{std::move(job), std::move(audio), std::move(done)}, std::move(post), deadline));
}

void EnginePool::prewarm(std::vector<std::shared_ptr<const Grammar>> grammars, std::vector<VoiceSettings> voices) {
    {
        const std::scoped_lock lock(core_->mutex);
        core_->warm_grammars = std::move(grammars);
        core_->warm_voices = std::move(voices);
        ++core_->warm_epoch;
    }
    core_->work.notify_all();
}

void EnginePool::fault(Fault kind) {
    {
        const std::scoped_lock lock(core_->mutex);
        if (kind == Fault::stall) {
            ++core_->stall_epoch;
        } else {
            if (kind == Fault::no_engine) core_->failing_starts = kFailedStarts;
            ++core_->crash_epoch;
        }
    }
    core_->work.notify_all();
}

PoolCounters EnginePool::counters() const {
    const std::scoped_lock lock(core_->mutex);
    auto counts = core_->counts;
    counts.waiting = core_->queue.size();
    for (const auto& slot : core_->slots) {
        if (slot->dead || slot->abandoned) continue;
        ++counts.threads;
        if (slot->job) ++counts.running;
    }
    return counts;
}

const std::shared_ptr<const Lexicon>& EnginePool::lexicon() const {
    return core_->lexicon;
}

}  // namespace parley::speech
