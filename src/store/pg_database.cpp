#include "pg_database.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "pg_connection.hpp"
#include "schema.hpp"
#include "sound_rows.hpp"
#include "store_watch.hpp"
#include "work_queue.hpp"

namespace parley::store {

namespace {

constexpr std::chrono::seconds kConnectWithin{3};
constexpr std::chrono::milliseconds kFirstPause{100}, kLongestPause{5000};  // between attempts to connect
constexpr std::chrono::milliseconds kUpkeep{1000};
constexpr std::chrono::minutes kMigrationWithin{5};
constexpr std::chrono::milliseconds kLongestRetryPause{50};
constexpr std::chrono::hours kCheckWithin{1};

// What the server knows of itself: indexes, constraints and triggers that do not hold; and every row is read whole.
std::string unsound_server(PgConnection& connection) {
    constexpr std::pair<std::string_view, std::string_view> kNotHeld[] = {
        {"the index ",
         "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = current_schema()::regnamespace AND NOT "
         "(i.indisvalid AND i.indisready) LIMIT 1"},
        {"the constraint ", "SELECT conname::text FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated LIMIT 1"},
        {"a trigger of ",
         "SELECT c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled "
         "= 'D' LIMIT 1"}};
    for (const auto& [what, statement] : kNotHeld)
        if (const auto found = connection.run(statement); !found.empty()) return std::string(what) + found.front().text(0) + " is not in force";
    for (const auto& made : made_by_steps(Dialect::postgresql))
        if (made.kind == "table") connection.run("SELECT COUNT(*), SUM(LENGTH(CAST(t AS TEXT))) FROM " + made.name + " t");
    return {};
}

class PgDatabase final : public Database {
public:
    PgDatabase(const DatabaseSettings& settings, const Log& log, Metrics* metrics)
        : parameters_(pg_parameters(settings.url, settings.read_only)), settings_(settings), watch_(log, metrics), migrated_(settings.read_only) {
        for (const auto& [key, value] : parameters_)
            if (key == "password" && !value.empty()) password_ = Secret(value);
        try {
            give_back(take(Clock::now() + kConnectWithin));
        } catch (const StoreError& e) {
            if (!settings.ignore) throw;
        }
        queue_ = std::make_unique<WorkQueue>(std::max(1U, settings.connections), settings.queue, kUpkeep, [this] { keep(); });
    }
    ~PgDatabase() override { queue_->stop(); }

    [[nodiscard]] Dialect dialect() const override { return Dialect::postgresql; }

    void transact(const std::function<void(Session&)>& work) override {
        const auto began = Clock::now();
        if (inside_ == this) throw StoreError(StoreErrc::statement, "a transaction within a transaction");
        inside_ = this;
        const std::unique_ptr<PgDatabase, void (*)(PgDatabase*)> leaving(this, [](PgDatabase*) { inside_ = nullptr; });
        const auto until = began + settings_.statement_timeout;
        auto pause = std::chrono::milliseconds(1);
        bool went_back = false;
        for (;;) {
            bool committing = false;
            try {
                once(work, until, committing);
                watch_.succeeded("transaction", Clock::now() - began);
                return;
            } catch (const StoreError& e) {
                const bool collided = e.code() == StoreErrc::busy;
                // Of a connection that went stale in the pool nothing can have been written before COMMIT was sent: once more, on a new one.
                const bool stale = e.code() == StoreErrc::unavailable && !committing && !went_back;
                if ((!collided && !stale) || Clock::now() >= until) {
                    watch_.failed("transaction", e.code(), told(e.what()), Clock::now() - began);
                    throw StoreError(e.code(), told(e.what()));
                }
                if (stale)
                    went_back = true;
                else
                    std::this_thread::sleep_for(drawn(pause));
                pause = std::min(pause * 2, kLongestRetryPause);
            }
        }
    }

    bool enqueue(std::function<void()> job) override { return queue_->push(std::move(job)); }
    [[nodiscard]] bool available() const override { return watch_.available(); }
    void backup(const std::filesystem::path&) override { throw StoreError(StoreErrc::statement, "PostgreSQL is backed up by its own means: use pg_dump"); }

    std::string check() override {
        const auto began = Clock::now();
        try {
            // On a connection of its own, as it is at one moment, with all the time it takes: nobody waits for it.
            PgConnection connection(parameters_, kCheckWithin, true, kConnectWithin);
            connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ");
            // The rows themselves, not what an index says of them.
            connection.script("SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off");
            auto wrong = unsound(connection);
            if (wrong.empty()) wrong = unsound_server(connection);
            connection.script("ROLLBACK");
            if (wrong.empty())
                watch_.succeeded("check", Clock::now() - began);
            else
                watch_.failed("check", StoreErrc::corrupt, wrong, Clock::now() - began);
            return wrong;
        } catch (const StoreError& e) {
            const auto why = told(e.what());
            watch_.failed("check", e.code(), why, Clock::now() - began);
            return why;
        }
    }

private:
    using Connection = std::unique_ptr<PgConnection>;

    void once(const std::function<void(Session&)>& work, TimePoint until, bool& committing) {
        auto connection = take(until);
        try {
            connection->script(settings_.read_only ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN ISOLATION LEVEL SERIALIZABLE");
            work(*connection);
            committing = true;
            // A transaction in which a statement failed, unnoticed by `work`, is rolled back by its own COMMIT.
            if (connection->command("COMMIT") != "COMMIT") throw StoreError(StoreErrc::statement, "an earlier statement of this transaction failed");
        } catch (...) {
            if (!connection->dead()) {
                try {
                    connection->script("ROLLBACK");
                } catch (const StoreError&) {
                    // It is dead then, and thrown away.
                }
            }
            give_back(std::move(connection));
            throw;
        }
        give_back(std::move(connection));
    }

    // One that is free, or a new one. Fails at once while the server is known to be away.
    Connection take(TimePoint until) {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (!idle_.empty()) {
                auto connection = std::move(idle_.back());
                idle_.pop_back();
                if (!connection->dead()) return connection;
                --open_;
                continue;
            }
            if (open_ < std::max(1U, settings_.connections)) break;
            if (given_back_.wait_until(lock, until) == std::cv_status::timeout) throw StoreError(StoreErrc::busy, "all connections are in use");
        }
        if (pause_.count() > 0 && (trying_ || Clock::now() < next_try_)) throw StoreError(StoreErrc::unavailable, why_);
        ++open_;
        trying_ = true;
        lock.unlock();
        try {
            auto connection = std::make_unique<PgConnection>(parameters_, settings_.statement_timeout, settings_.read_only, kConnectWithin);
            ensure_tables(*connection);
            lock.lock();
            trying_ = false;
            pause_ = {};
            watch_.found();
            return connection;
        } catch (const StoreError& e) {
            lock.lock();
            trying_ = false;
            --open_;
            pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
            next_try_ = Clock::now() + drawn(pause_);
            // A silent server is as good as none; what a statement of ours did wrong stays what it is.
            const auto code = e.code() == StoreErrc::timeout ? StoreErrc::unavailable : e.code();
            why_ = told(e.what());
            watch_.lost(why_);
            given_back_.notify_one();
            throw StoreError(code, why_);
        }
    }

    void give_back(Connection connection) {
        {
            const std::lock_guard lock(mutex_);
            if (connection->dead()) {
                // The others went the same way: none of them is tried first.
                open_ -= 1 + static_cast<std::uint32_t>(idle_.size());
                idle_.clear();
                connection.reset();
            } else {
                idle_.push_back(std::move(connection));
            }
        }
        given_back_.notify_one();
    }

    // By whoever is connected first. Two processes at once: one waits for the other.
    void ensure_tables(PgConnection& connection) {
        const std::lock_guard lock(migration_);
        if (migrated_) return;
        connection.patience(kMigrationWithin + std::chrono::seconds(1));
        connection.script("BEGIN; SET LOCAL statement_timeout = '5min'; SELECT pg_advisory_xact_lock(7093582649)");
        try {
            migrate(connection, [&](const std::string& text) { connection.script(text); }, all_steps());
            connection.script("COMMIT");
        } catch (const StoreError&) {
            if (!connection.dead()) connection.script("ROLLBACK");
            throw;
        }
        connection.patience(settings_.statement_timeout + std::chrono::seconds(1));
        migrated_ = true;
    }

    // While the server is away somebody asks after it, whether or not there is work.
    void keep() {
        {
            const std::lock_guard lock(mutex_);
            if (pause_.count() == 0 || trying_ || Clock::now() < next_try_) return;
        }
        try {
            give_back(take(Clock::now() + kConnectWithin));
        } catch (const StoreError&) {
            // Counted and told where it happened.
        }
    }

    // An error's text without the password, should it ever stand in one.
    [[nodiscard]] std::string told(std::string text) const {
        const auto secret = password_.reveal();
        if (secret.empty()) return text;
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) text.replace(at, secret.size(), "***");
        return text;
    }

    static std::chrono::milliseconds drawn(std::chrono::milliseconds most) {
        static thread_local std::minstd_rand random(std::random_device{}());
        return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(most.count() / 2, most.count())(random));
    }

    static thread_local PgDatabase* inside_;

    PgParameters parameters_;
    Secret password_;
    DatabaseSettings settings_;
    StoreWatch watch_;
    std::mutex migration_;
    bool migrated_;
    std::mutex mutex_;  // over all below
    std::condition_variable given_back_;
    std::vector<Connection> idle_;
    std::uint32_t open_ = 0;  // in use, idle or being made
    bool trying_ = false;
    std::chrono::milliseconds pause_{0};  // 0: the last attempt succeeded
    TimePoint next_try_{};
    std::string why_;
    std::unique_ptr<WorkQueue> queue_;
};

thread_local PgDatabase* PgDatabase::inside_ = nullptr;

}  // namespace

std::unique_ptr<Database> open_postgresql(const DatabaseSettings& settings, const Log& log, Metrics* metrics) {
    return std::make_unique<PgDatabase>(settings, log, metrics);
}

}  // namespace parley::store
