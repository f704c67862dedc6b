#include "shared_calls.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "parley/base/ids.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/nursery.hpp"

namespace parley::gateway {

namespace asio = boost::asio;
using call::Outcome;
using conversation::EndReason;
using store::Session;

namespace {

constexpr auto kAsk = std::chrono::milliseconds(500);      // a webhook or a stream's start waits so long for the store
constexpr auto kEndWait = std::chrono::milliseconds(700);  // for the end of a stream that has just closed
constexpr auto kLook = std::chrono::milliseconds(25);
constexpr auto kRenew = std::chrono::seconds(5);
constexpr std::int64_t kKept = std::int64_t{24} * 3600 * 1000;
constexpr std::int64_t kAccountKept = std::int64_t{7} * 24 * 3600 * 1000;  // recordings come late
constexpr std::int64_t kNonceKept = std::int64_t{10} * 60 * 1000;
constexpr int kForgetEvery = 720;  // renewals: an hour

struct Known {
    std::string instance;
    bool live = false;
    std::uint32_t ended = 0;
    std::string outcome;
    std::int64_t age_ms = 0;
};

std::string hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

class Part final : public SharedCallsPart, public call::SharedCalls {
public:
    Part(store::Database& database, call::Registry& registry, Log& log, const std::string& instance)
        : database_(database), registry_(registry), log_(log), instance_(instance) {}

    SharedCalls& calls() override { return *this; }
    void start(asio::any_io_executor executor) override {
        nursery_.emplace(std::move(executor));
        nursery_->spawn(watch());
    }
    net::Task<> close() override {
        if (nursery_) {
            nursery_->cancel();
            co_await nursery_->join();
        }
        (void)co_await database_.ask<bool>([](Session&) { return true; }, kAsk);  // behind what is queued
    }

    // --- what is told --------------------------------------------------------------------------------------------------

    void attached(const std::string& call_sid, const std::string& agent, std::uint32_t resumes, std::uint32_t ended) override {
        Outcome outcome;
        outcome.reason = EndReason::carrier_lost;
        outcome.agent = agent;
        outcome.resumes = resumes;
        outcome.attached = true;
        outcome.ending = ended + 1;  // what it will be if nothing more is heard
        outcome.memory.agent = agent;
        {
            const std::lock_guard lock(mutex_);
            live_[call_sid] = outcome;
        }
        put(call_sid, {.live = true, .takes = true, .ended = ended, .outcome = std::move(outcome)});
    }
    void checkpoint(const std::string& call_sid, const brain::TalkMemory& memory) override {
        Outcome outcome;
        {
            const std::lock_guard lock(mutex_);
            const auto found = live_.find(call_sid);
            if (found == live_.end()) return;
            outcome = found->second;
        }
        outcome.memory = memory;
        const auto ended = outcome.ending - 1;
        put(call_sid, {.live = true, .takes = false, .ended = ended, .outcome = std::move(outcome)});
    }
    void finished(const std::string& call_sid, const Outcome& ended) override {
        auto outcome = ended;
        {
            const std::lock_guard lock(mutex_);
            live_.erase(call_sid);
        }
        put(call_sid, {.live = false, .takes = false, .ended = ended.ending, .outcome = std::move(outcome)});
    }

    // --- what is asked -------------------------------------------------------------------------------------------------

    net::Task<> recall(std::string call_sid, std::uint32_t ended) override {
        if (ended != 0 && registry_.endings(call_sid) >= ended) co_return;  // it ended here
        asio::steady_timer pause(co_await asio::this_coro::executor);
        std::optional<Known> known;
        for (const auto until = Clock::now() + kEndWait;;) {
            auto asked = co_await database_.ask<std::optional<Known>>([call_sid](Session& session) { return read(session, call_sid); }, kAsk);
            if (!asked) co_return;
            known = std::move(*asked);
            if (!known || known->instance == instance_ || !known->live || known->ended >= ended) break;
            // Nobody but this process writes to a file of its own: who wrote that is gone.
            if (database_.dialect() == store::Dialect::sqlite || Clock::now() >= until) break;
            pause.expires_after(kLook);
            co_await pause.async_wait(net::nothrow);
        }
        if (!known || known->instance == instance_ ||
            (known->live && ended == 0 && database_.dialect() == store::Dialect::postgresql && known->age_ms < 15'000))
            co_return;
        auto outcome = read_outcome(known->outcome);
        if (!outcome) co_return;
        const bool lost = known->live;
        if (registry_.adopt(call_sid, std::move(*outcome), Clock::now()))
            log_.info("call.recalled", "A call another instance had goes on here.", {{"call_sid", call_sid}, {"owner", known->instance}, {"lost", lost}});
    }

    net::Task<bool> carry_out(std::string call_sid, std::uint32_t ending, std::string request) override {
        auto done = co_await database_.ask<bool>(
            [call_sid, ending, request = request.substr(0, 1024)](Session& session) {
                const auto rows =
                    session.run("UPDATE fleet_calls SET carried = $1 WHERE call_sid = $2 AND ended = $3 AND (carried = '' OR carried = $4) RETURNING call_sid",
                                {request, call_sid, std::int64_t{ending}, request});
                if (!rows.empty()) return true;
                // Of a call that was not written down this instance alone knows.
                return session.run("SELECT 1 FROM fleet_calls WHERE call_sid = $1 AND ended = $2", {call_sid, std::int64_t{ending}}).empty();
            },
            kAsk);
        co_return done ? *done : true;
    }

    net::Task<bool> first_use(std::string nonce) override {
        if (database_.dialect() == store::Dialect::sqlite) co_return true;  // the registry knows
        auto first = co_await database_.ask<bool>(
            [key = hex(nonce)](Session& session) {
                return !session
                            .run("INSERT INTO fleet_nonces(nonce, at_ms) VALUES($1, $2) ON CONFLICT(nonce) DO NOTHING RETURNING nonce", {key, store::now_ms()})
                            .empty();
            },
            kAsk);
        co_return first ? *first : true;
    }

private:
    struct State {
        bool live = false, takes = false;  // takes: it is ours from now on, whoever had it
        std::uint32_t ended = 0;
        Outcome outcome;
    };

    static std::optional<Known> read(Session& session, const std::string& call_sid) {
        const auto rows = session.run("SELECT instance, live, ended, outcome, updated_ms FROM fleet_calls WHERE call_sid = $1", {call_sid});
        if (rows.empty()) return std::nullopt;
        const auto& row = rows.front();
        return Known{.instance = row.text(0),
                     .live = row.integer(1) != 0,
                     .ended = static_cast<std::uint32_t>(row.integer(2)),
                     .outcome = row.text(3),
                     .age_ms = store::now_ms() - row.integer(4)};
    }

    // The latest state of each call waits; one job at a time writes all of them, so that nothing older comes behind something newer.
    void put(const std::string& call_sid, State state) {
        {
            const std::lock_guard lock(mutex_);
            auto& waiting = waiting_[call_sid];
            state.takes = state.takes || waiting.takes;
            waiting = std::move(state);
            if (std::exchange(writing_, true)) return;
        }
        if (!database_.enqueue([this] { write(); })) {
            const std::lock_guard lock(mutex_);
            writing_ = false;  // the next one tries again
        }
    }

    void write() {
        while (write_waiting()) {
        }
    }

    // False: nothing is left to write, or it cannot be written now.
    bool write_waiting() {
        std::map<std::string, State> taken;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.empty()) {
                writing_ = false;
                return false;
            }
            taken.swap(waiting_);
        }
        std::vector<std::string> gone;
        try {
            database_.transact([&](Session& session) {
                gone.clear();
                for (const auto& [call_sid, state] : taken) {
                    const auto rows = session.run(
                        "INSERT INTO fleet_calls(call_sid, instance, live, ended, carried, outcome, updated_ms) VALUES($1, $2, $3, $4, '', $5, $6) "
                        "ON CONFLICT(call_sid) DO UPDATE SET instance = excluded.instance, live = excluded.live, ended = excluded.ended, outcome = "
                        "excluded.outcome, updated_ms = excluded.updated_ms, "
                        "carried = CASE WHEN fleet_calls.ended = excluded.ended THEN fleet_calls.carried ELSE '' END "
                        "WHERE fleet_calls.instance = excluded.instance OR $7 = 1 RETURNING call_sid",
                        {call_sid, instance_, std::int64_t{state.live}, std::int64_t{state.ended}, outcome_text(state.outcome), store::now_ms(),
                         std::int64_t{state.takes}});
                    if (rows.empty()) gone.push_back(call_sid);
                }
            });
        } catch (const std::exception& e) {
            log_.warn("store.unavailable", "What other instances may need of calls was not written.", {{"calls", taken.size()}, {"error.type", e.what()}});
            const std::lock_guard lock(mutex_);
            for (auto& [call_sid, state] : taken) {
                const bool takes = state.takes;
                // What came meanwhile is newer; that the call was taken is not settled yet.
                auto& waiting = waiting_.try_emplace(call_sid, std::move(state)).first->second;
                waiting.takes = waiting.takes || takes;
            }
            while (waiting_.size() > kMostWaiting) waiting_.erase(waiting_.begin());
            writing_ = false;
            return false;
        }
        for (const auto& call_sid : gone) left(call_sid);
        return true;
    }

    void left(const std::string& call_sid) {
        if (registry_.end_call(call_sid, EndReason::carrier_lost))
            log_.warn("call.taken_over", "Another instance has this call now.", {{"call_sid", call_sid}});
    }

    // Rows of live calls are renewed; one that is another's by now has left.
    net::Task<> watch() {
        asio::steady_timer pause(co_await asio::this_coro::executor);
        for (int round = 0;; ++round) {
            pause.expires_after(kRenew);
            co_await pause.async_wait(net::nothrow);
            if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
            const bool forget = round % kForgetEvery == 0;
            auto own = co_await database_.ask<std::set<std::string>>(
                [this, forget](Session& session) {
                    std::set<std::string> mine;
                    for (const auto& row : session.run("UPDATE fleet_calls SET updated_ms = $1 WHERE instance = $2 AND live = 1 RETURNING call_sid",
                                                       {store::now_ms(), instance_}))
                        mine.insert(row.text(0));
                    if (forget) {
                        session.run("DELETE FROM fleet_calls WHERE updated_ms < $1", {store::now_ms() - kKept});
                        session.run("DELETE FROM fleet_accounts WHERE at_ms < $1", {store::now_ms() - kAccountKept});
                        session.run("DELETE FROM fleet_nonces WHERE at_ms < $1", {store::now_ms() - kNonceKept});
                    }
                    return mine;
                },
                kRenew);
            if (!own) continue;
            std::vector<std::string> lost;
            {
                const std::lock_guard lock(mutex_);
                for (const auto& [call_sid, outcome] : live_)
                    if (!own->contains(call_sid) && !waiting_.contains(call_sid)) lost.push_back(call_sid);
            }
            // Written between the two looks: asked once more, each by itself.
            for (const auto& call_sid : lost) {
                auto known = co_await database_.ask<std::optional<Known>>([call_sid](Session& session) { return read(session, call_sid); }, kAsk);
                if (known && *known && (*known)->instance != instance_) left(call_sid);
            }
            bool more = false;
            {
                const std::lock_guard lock(mutex_);
                more = !waiting_.empty() && !std::exchange(writing_, true);
            }
            if (more && !database_.enqueue([this] { write(); })) {
                const std::lock_guard lock(mutex_);
                writing_ = false;
            }
        }
    }

    static constexpr std::size_t kMostWaiting = 20'000;

    store::Database& database_;
    call::Registry& registry_;
    Log& log_;
    const std::string& instance_;
    std::mutex mutex_;
    std::map<std::string, Outcome> live_;   // streams here, as they would have ended if nothing more were heard of them
    std::map<std::string, State> waiting_;  // to be written
    bool writing_ = false;
    std::optional<net::Nursery> nursery_;
};

}  // namespace

std::unique_ptr<SharedCallsPart> make_shared_calls(store::Database& database, call::Registry& registry, Log& log, const std::string& instance) {
    return std::make_unique<Part>(database, registry, log, instance);
}

}  // namespace parley::gateway
