#include <sqlite3.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "parley/store/database.hpp"
#include "schema.hpp"

namespace parley::store {

namespace {

std::string replaced(std::string text, std::string_view token, std::string_view with) {
    for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at + with.size())) text.replace(at, token.size(), with);
    return text;
}

class SqliteSession final : public Session {
public:
    explicit SqliteSession(sqlite3* handle) : handle_(handle) {}
    Rows run(std::string_view statement, std::vector<Value> parameters) override {
        sqlite3_stmt* prepared = nullptr;
        if (sqlite3_prepare_v2(handle_, statement.data(), static_cast<int>(statement.size()), &prepared, nullptr) != SQLITE_OK) fail();
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> owned(prepared, sqlite3_finalize);
        for (std::size_t i = 0; i < parameters.size(); ++i) bind(prepared, static_cast<int>(i + 1), parameters[i]);
        Rows rows;
        for (;;) {
            const int step = sqlite3_step(prepared);
            if (step == SQLITE_DONE) break;
            if (step != SQLITE_ROW) fail();
            std::vector<Value> values;
            for (int c = 0; c < sqlite3_column_count(prepared); ++c) values.push_back(column(prepared, c));
            rows.emplace_back(std::move(values));
        }
        return rows;
    }
    [[nodiscard]] std::uint64_t changed() const override { return static_cast<std::uint64_t>(sqlite3_changes64(handle_)); }
    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }
    void script(const std::string& text) {
        if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
    }

private:
    [[noreturn]] void fail() {
        const int code = sqlite3_errcode(handle_);
        auto kind = StoreErrc::statement;
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED) kind = StoreErrc::busy;
        else if (code == SQLITE_CONSTRAINT) kind = StoreErrc::constraint;
        else if (code == SQLITE_FULL) kind = StoreErrc::full;
        else if (code == SQLITE_IOERR || code == SQLITE_READONLY || code == SQLITE_CANTOPEN) kind = StoreErrc::io;
        else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) kind = StoreErrc::corrupt;
        throw StoreError(kind, sqlite3_errmsg(handle_));
    }
    static void bind(sqlite3_stmt* to, int at, const Value& value) {
        if (const auto* whole = std::get_if<std::int64_t>(&value)) sqlite3_bind_int64(to, at, *whole);
        else if (const auto* real = std::get_if<double>(&value)) sqlite3_bind_double(to, at, *real);
        else if (const auto* text = std::get_if<std::string>(&value)) sqlite3_bind_text64(to, at, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        else if (const auto* blob = std::get_if<Blob>(&value)) sqlite3_bind_blob64(to, at, blob->data(), blob->size(), SQLITE_TRANSIENT);
        else sqlite3_bind_null(to, at);
    }
    static Value column(sqlite3_stmt* from, int at) {
        switch (sqlite3_column_type(from, at)) {
            case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(from, at)};
            case SQLITE_FLOAT: return sqlite3_column_double(from, at);
            case SQLITE_TEXT: return std::string(reinterpret_cast<const char*>(sqlite3_column_text(from, at)), static_cast<std::size_t>(sqlite3_column_bytes(from, at)));
            case SQLITE_BLOB: {
                const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(from, at));
                return Blob(data, data + sqlite3_column_bytes(from, at));
            }
            default: return std::monostate{};
        }
    }
    sqlite3* handle_;
};

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(const std::filesystem::path& path, std::uint32_t queue) : most_(queue) {
        if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
        if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) throw StoreError(StoreErrc::io, "cannot open " + path.string());
        sqlite3_busy_timeout(handle_, 2000);
        SqliteSession session(handle_);
        session.script("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
        migrate(session);
        thread_ = std::thread([this] { loop(); });
    }
    ~SqliteDatabase() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        thread_.join();
        sqlite3_close(handle_);
    }
    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }
    void transact(const std::function<void(Session&)>& work) override {
        const std::lock_guard lock(handle_mutex_);
        SqliteSession session(handle_);
        session.script("BEGIN IMMEDIATE");
        try {
            work(session);
            session.script("COMMIT");
        } catch (...) {
            sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
            throw;
        }
    }
    bool enqueue(std::function<void()> job) override {
        {
            const std::lock_guard lock(mutex_);
            if (jobs_.size() >= most_) return false;
            jobs_.push_back(std::move(job));
        }
        wake_.notify_one();
        return true;
    }
    [[nodiscard]] bool available() const override { return true; }
    void backup(const std::filesystem::path& to) override {
        const std::lock_guard lock(handle_mutex_);
        SqliteSession session(handle_);
        session.run("VACUUM INTO $1", {to.string()});
    }
    std::string check() override {
        const std::lock_guard lock(handle_mutex_);
        SqliteSession session(handle_);
        const auto found = session.run("PRAGMA quick_check", {});
        const auto text = found.empty() ? std::string("no answer") : found.front().text(0);
        return text == "ok" ? std::string() : text;
    }

private:
    static void migrate(SqliteSession& session) {
        session.script("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS schema_versions(part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;");
        for (const auto& all : {schema_calls(), schema_agents(), schema_credentials(), schema_policy(), schema_jobs(), schema_profiles(), schema_tools(), schema_fleet()})
            for (const auto& step : all) {
                const auto known = session.run("SELECT version FROM schema_versions WHERE part = $1", {std::string(step.part)});
                if (!known.empty() && known.front().integer(0) >= step.version) continue;
                session.script(replaced(replaced(replaced(std::string(step.statements), "{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"), "{blob}", "BLOB"), "{strict}", "STRICT"));
                session.run("INSERT INTO schema_versions(part, version) VALUES($1, $2) ON CONFLICT(part) DO UPDATE SET version = excluded.version", {std::string(step.part), std::int64_t{step.version}});
            }
        session.script("COMMIT");
    }
    void loop() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            auto job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
            lock.lock();
        }
    }

    sqlite3* handle_ = nullptr;
    std::mutex handle_mutex_, mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    std::uint32_t most_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<Database> open_database(const DatabaseSettings& settings, Log& /*log*/, Metrics* /*metrics*/) {
    const auto url = settings.url.reveal();
    constexpr std::string_view kSqlite = "sqlite:";
    if (!url.starts_with(kSqlite)) throw StoreError(StoreErrc::unavailable, "this kind of store is not known");
    const std::filesystem::path given(url.substr(kSqlite.size()));
    return std::make_unique<SqliteDatabase>(given.empty() ? settings.data_dir / "parley.db" : given, settings.queue);
}

}  // namespace parley::store
