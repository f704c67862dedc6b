#include "sqlite_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "file_lock.hpp"
#include "schema.hpp"
#include "sound_rows.hpp"
#include "sqlite_handle.hpp"
#include "store_watch.hpp"
#include "work_queue.hpp"

namespace parley::store {

namespace {

constexpr std::int64_t kApplication = 0x50724C79;  // "PrLy"
constexpr std::int64_t kFormat = 1;                // of what is not in the steps; their versions stand in schema_versions
constexpr std::chrono::milliseconds kBusyStep{100};
constexpr std::chrono::seconds kUpkeep{5};
constexpr std::size_t kUpkeepsPerCheckpoint = 60;
constexpr int kBackupPages = 256;

// 0600 from the first moment, also for what SQLite puts beside it: it gives its files the mode of the database.
void make_private(const std::filesystem::path& path) {
    // One that is there is not opened: closing it would take the locks of every connection this process has to it.
    if (::chmod(path.c_str(), 0600) == 0) return;
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) ::close(file);  // otherwise SQLite says why
}

std::string first_text(SqliteHandle& handle, std::string_view statement) {
    const auto rows = handle.run(statement);
    return rows.empty() ? std::string() : rows.front().text(0);
}

std::string quick_check(SqliteHandle& handle) {
    const auto found = first_text(handle, "PRAGMA quick_check(1)");
    return found == "ok" ? std::string() : found.empty() ? "no answer" : found;
}

// Looks at a file that is there without changing a byte of it.
void look_before(const std::filesystem::path& path) {
    std::error_code ec;
    if (!std::filesystem::exists(path, ec) || std::filesystem::file_size(path, ec) == 0) return;
    SqliteHandle handle(path, SQLITE_OPEN_READONLY);
    sqlite3_busy_timeout(handle.raw(), 2000);
    sqlite3_db_config(handle.raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    std::string wrong;
    try {
        const auto application = handle.run("PRAGMA application_id").front().integer(0);
        const auto tables = handle.run("SELECT COUNT(*) FROM sqlite_schema").front().integer(0);
        if (application != kApplication &&
            (application != 0 || (tables > 0 && handle.run("SELECT 1 FROM sqlite_schema WHERE name = 'schema_versions'").empty())))
            throw StoreError(StoreErrc::statement, path.string() + " is a database of another program");
        if (handle.run("PRAGMA user_version").front().integer(0) > kFormat)
            throw StoreError(StoreErrc::statement, path.string() + " was written by a newer version of this program");
        wrong = quick_check(handle);
    } catch (const StoreError& e) {
        if (e.code() != StoreErrc::corrupt) throw;
        wrong = e.what();
    }
    if (!wrong.empty()) throw StoreError(StoreErrc::corrupt, path.string() + " is damaged (" + wrong + "); restore a backup, or start with store.ignore");
}

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(const std::filesystem::path& path, const DatabaseSettings& settings, const Log& log, Metrics* metrics)
        : path_(path), budget_(settings.statement_timeout), read_only_(settings.read_only), watch_(log, metrics) {
        if (!read_only_ && path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
        if (settings.serves) lock_ = std::make_unique<FileLock>(path.string() + ".lock");
        try {
            look_before(path);
            if (!read_only_) make_private(path);
            handle_ = std::make_unique<SqliteHandle>(path, read_only_ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
            sqlite3_busy_timeout(handle_->raw(), static_cast<int>(kBusyStep.count()));
            if (read_only_)
                sqlite3_db_config(handle_->raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
            else
                prepare();
        } catch (const StoreError& e) {
            // No other gateway is at work here: whoever has locked it is in nobody's way who can do without.
            if (e.code() == StoreErrc::busy && lock_ && settings.ignore) throw StoreError(StoreErrc::unavailable, e.what());
            throw;
        }
        handle_->limit(settings.statement_timeout);
        queue_ = std::make_unique<WorkQueue>(1, settings.queue, kUpkeep, [this] { keep(); });
    }
    ~SqliteDatabase() override { queue_->stop(); }

    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }

    void transact(const std::function<void(Session&)>& work) override {
        const auto began = Clock::now();
        if (inside_ == this) throw StoreError(StoreErrc::statement, "a transaction within a transaction");
        const std::lock_guard lock(mutex_);
        inside_ = this;
        const std::unique_ptr<SqliteDatabase, void (*)(SqliteDatabase*)> leaving(this, [](SqliteDatabase*) { inside_ = nullptr; });
        const auto until = Clock::now() + budget_;
        bool told = false;
        for (;;) {
            try {
                once(work);
                watch_.succeeded("transaction", Clock::now() - began);
                return;
            } catch (const StoreError& e) {
                if (e.code() != StoreErrc::busy || Clock::now() >= until) {
                    watch_.failed("transaction", e.code(), e.what(), Clock::now() - began);
                    throw;
                }
                if (!told && Clock::now() - began > std::chrono::seconds(1)) {
                    told = true;
                    watch_.waiting(Clock::now() - began);
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }
    }

    bool enqueue(std::function<void()> job) override { return queue_->push(std::move(job)); }
    [[nodiscard]] bool available() const override { return watch_.available(); }

    // Beside the running work: a piece at a time, and what changes meanwhile goes into the copy too.
    void backup(const std::filesystem::path& to) override {
        const auto began = Clock::now();
        auto draft = to;
        draft += ".part";
        std::error_code ec;
        std::filesystem::remove(draft, ec);
        make_private(draft);
        try {
            copy(draft);
            std::filesystem::rename(draft, to);
            watch_.succeeded("backup", Clock::now() - began);
        } catch (const StoreError& e) {
            std::filesystem::remove(draft, ec);
            watch_.failed("backup", e.code(), e.what(), Clock::now() - began);
            throw;
        } catch (const std::filesystem::filesystem_error& e) {
            std::filesystem::remove(draft, ec);
            throw StoreError(StoreErrc::io, e.what());
        }
    }

    std::string check() override {
        const auto began = Clock::now();
        try {
            // On a connection of its own: a long look does not keep anybody from writing.
            SqliteHandle handle(path_, SQLITE_OPEN_READONLY);
            sqlite3_busy_timeout(handle.raw(), 2000);
            auto wrong = first_text(handle, "PRAGMA integrity_check(1)");
            if (wrong == "ok") wrong.clear();
            if (wrong.empty() && !handle.run("PRAGMA foreign_key_check").empty()) wrong = "a row refers to one that is not there";
            if (wrong.empty()) {
                handle.begin(false);  // as it is at one moment
                wrong = unsound(handle);
                handle.roll_back();
            }
            if (wrong.empty())
                watch_.succeeded("check", Clock::now() - began);
            else
                watch_.failed("check", StoreErrc::corrupt, wrong, Clock::now() - began);
            return wrong;
        } catch (const StoreError& e) {
            watch_.failed("check", e.code(), e.what(), Clock::now() - began);
            return e.what();
        }
    }

    // Readers of other processes may hold parts of the log for a moment.
    void scrub() override {
        const auto until = Clock::now() + budget_;
        for (;;) {
            {
                const std::lock_guard lock(mutex_);
                int left = 0, moved = 0;
                const int got = sqlite3_wal_checkpoint_v2(handle_->raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &left, &moved);
                if (got == SQLITE_OK) return;
                if (got != SQLITE_BUSY || Clock::now() >= until) handle_->fail();
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }

private:
    void prepare() {
        // Somebody with a lock on it at the very start is waited for like later.
        const auto until = Clock::now() + budget_;
        for (;;) {
            try {
                handle_->script("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;");
                once([this](Session&) {
                    handle_->script("PRAGMA application_id=" + std::to_string(kApplication) + "; PRAGMA user_version=" + std::to_string(kFormat) + ";");
                    migrate(*handle_, [this](const std::string& text) { handle_->script(text); }, all_steps());
                });
                return;
            } catch (const StoreError& e) {
                if (e.code() != StoreErrc::busy || Clock::now() >= until) throw;
            }
        }
    }

    void once(const std::function<void(Session&)>& work) {
        handle_->begin(!read_only_);
        try {
            work(*handle_);
            handle_->commit();
        } catch (...) {
            handle_->roll_back();
            throw;
        }
    }

    void copy(const std::filesystem::path& to) {
        SqliteHandle target(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        sqlite3_backup* running = nullptr;
        {
            const std::lock_guard lock(mutex_);
            running = sqlite3_backup_init(target.raw(), "main", handle_->raw(), "main");
        }
        if (running == nullptr) target.fail();
        // Another connection's commit sets a copy in pieces back to its beginning: beside somebody who writes it is taken at once, as it is in the log at this
        // moment.
        const int pages = read_only_ ? -1 : kBackupPages;
        int step = SQLITE_OK;
        while (step == SQLITE_OK || step == SQLITE_BUSY || step == SQLITE_LOCKED) {
            {
                const std::lock_guard lock(mutex_);
                step = sqlite3_backup_step(running, pages);
            }
            if (step != SQLITE_DONE) std::this_thread::sleep_for(std::chrono::milliseconds(step == SQLITE_OK ? 1 : 20));
        }
        const std::lock_guard lock(mutex_);
        sqlite3_backup_finish(running);
        if (step != SQLITE_DONE) target.fail();
    }

    void keep() {
        if (lock_) lock_->renew();
        if (read_only_ || ++upkeeps_ % kUpkeepsPerCheckpoint != 0) return;
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (lock.owns_lock()) sqlite3_wal_checkpoint_v2(handle_->raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    }

    static thread_local SqliteDatabase* inside_;

    std::filesystem::path path_;
    Duration budget_;
    bool read_only_;
    StoreWatch watch_;
    std::unique_ptr<FileLock> lock_;  // goes after the connection
    std::mutex mutex_;                // over the connection
    std::unique_ptr<SqliteHandle> handle_;
    std::size_t upkeeps_ = 0;  // keeper's thread
    std::unique_ptr<WorkQueue> queue_;
};

thread_local SqliteDatabase* SqliteDatabase::inside_ = nullptr;

class NoDatabase final : public Database {
public:
    explicit NoDatabase(Dialect dialect) : dialect_(dialect), queue_(1, 4096, std::chrono::hours(1), [] {}) {}
    [[nodiscard]] Dialect dialect() const override { return dialect_; }
    void transact(const std::function<void(Session&)>&) override { refuse(); }
    bool enqueue(std::function<void()> job) override { return queue_.push(std::move(job)); }
    [[nodiscard]] bool available() const override { return false; }
    void backup(const std::filesystem::path&) override { refuse(); }
    std::string check() override { return "there is no store"; }

private:
    [[noreturn]] static void refuse() { throw StoreError(StoreErrc::unavailable, "there is no store"); }
    Dialect dialect_;
    WorkQueue queue_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::filesystem::path& path, const DatabaseSettings& settings, const Log& log, Metrics* metrics) {
    return std::make_unique<SqliteDatabase>(path, settings, log, metrics);
}

std::unique_ptr<Database> no_database(Dialect dialect) {
    return std::make_unique<NoDatabase>(dialect);
}

}  // namespace parley::store
