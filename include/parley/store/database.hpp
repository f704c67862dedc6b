#pragma once
// Where everything lives that outlives a call: one interface, SQLite inside the process or PostgreSQL for a fleet. Statements are written once, in what both
// understand: $1, $2 … for parameters (each used once, in order), INTEGER/TEXT/REAL and blobs for values, times as milliseconds since 1970 (UTC), JSON as TEXT,
// ON CONFLICT … DO UPDATE, RETURNING. Texts of statements are constants: nothing from outside ever stands in one.
//
// Running calls never wait for it: workers only `ask` with a deadline or hand facts to CallRecords, whose queue and spool stand before it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "parley/base/clock.hpp"
#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/base/result.hpp"
#include "parley/base/secret.hpp"
#include "parley/net/awaited.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/task.hpp"

namespace parley::store {

enum class StoreErrc : std::uint8_t {
    unavailable = 1,  // no connection, or lost on the way: whether it was written is unknown
    busy,             // locked or conflicting beyond the retries
    full,             // disk or queue
    io,
    corrupt,
    constraint,  // a row like this is there already, or something it refers to is not
    timeout,     // not answered within the time
    statement    // ours: a wrong statement or parameter
};
[[nodiscard]] error_code make_error_code(StoreErrc code);

// Thrown on the store's threads only; callers on loops get its code.
class StoreError : public std::runtime_error {
public:
    StoreError(StoreErrc code, const std::string& what) : std::runtime_error(what), code_(code) {}
    [[nodiscard]] StoreErrc code() const { return code_; }

private:
    StoreErrc code_;
};

using Blob = std::vector<std::uint8_t>;
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

class Row {
public:
    explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
    // A NULL reads as zero or empty; a value of another kind is an error of ours (StoreError statement).
    [[nodiscard]] std::int64_t integer(std::size_t column) const;
    [[nodiscard]] double real(std::size_t column) const;
    [[nodiscard]] std::string text(std::size_t column) const;
    [[nodiscard]] Blob blob(std::size_t column) const;
    [[nodiscard]] bool null(std::size_t column) const;
    [[nodiscard]] std::size_t size() const { return values_.size(); }

private:
    std::vector<Value> values_;
};
using Rows = std::vector<Row>;

enum class Dialect : std::uint8_t { sqlite, postgresql };

// One transaction. On a store's thread only.
class Session {
public:
    virtual ~Session() = default;
    // Throws StoreError, and with it the transaction is over: nothing more can be done in it. What may be there already is asked with ON CONFLICT.
    virtual Rows run(std::string_view statement, std::vector<Value> parameters = {}) = 0;
    [[nodiscard]] virtual std::uint64_t changed() const = 0;  // rows the last statement inserted, updated or deleted
    [[nodiscard]] virtual Dialect dialect() const = 0;
};

struct DatabaseSettings {
    // "sqlite:" (parley.db in the data directory), "sqlite:/path", "postgresql://user:password@host:port/name?…".
    Secret url{"sqlite:"};
    std::filesystem::path data_dir = "./var";
    std::uint32_t connections = 4;  // PostgreSQL
    std::chrono::milliseconds statement_timeout{5000};
    std::uint32_t queue = 4096;  // requests waiting for a thread
    bool serves = false;         // a gateway: refused while another one serves from the same SQLite file
    bool read_only = false;      // looks only, beside whoever serves; nothing is migrated
    bool ignore = false;  // what is damaged or cannot be reached at start does not matter: the database answers `unavailable` (PostgreSQL: until it is there)
};

template <class T>
[[nodiscard]] Result<T> failed_as(StoreErrc code) {
    return Result<T>(boost::system::in_place_error, make_error_code(code));
}

// Thread-safe.
class Database {
public:
    virtual ~Database() = default;
    [[nodiscard]] virtual Dialect dialect() const = 0;

    // All of `work` or nothing. Blocks: for the store's own threads, the command line and tests. `work` is run again when the database was busy or two
    // transactions collided, so it has no effects of its own; it does not call transact() again. Transactions are serializable. Throws StoreError, and what
    // `work` throws.
    virtual void transact(const std::function<void(Session&)>& work) = 0;

    // Runs `job` on one of the store's threads. False: the queue is full.
    virtual bool enqueue(std::function<void()> job) = 0;

    // The same as transact() for coroutines on any loop; the answer comes back there. After `within` it is an error, though the work may still be done.
    // Asker and loop may go before the store answers: nobody is told then.
    template <class T>
    net::Task<Result<T>> ask(std::function<T(Session&)> work, Duration within) {
        const auto here = co_await boost::asio::this_coro::executor;
        net::Awaited<Result<T>> awaited(here);
        const bool queued = enqueue([this, tell = awaited.answer(), work = std::move(work)] {
            Result<T> value = failed_as<T>(StoreErrc::unavailable);
            try {
                std::optional<T> made;
                transact([&](Session& session) { made.emplace(work(session)); });
                value = Result<T>(boost::system::in_place_value, std::move(*made));
            } catch (const StoreError& e) {
                value = failed_as<T>(e.code());
            } catch (const std::exception&) {
                value = failed_as<T>(StoreErrc::statement);
            }
            tell(std::move(value));
        });
        if (!queued) co_return failed_as<T>(StoreErrc::full);
        auto value = co_await awaited.within(within);
        if (!value) co_return failed_as<T>(StoreErrc::timeout);
        co_return std::move(*value);
    }

    [[nodiscard]] virtual bool available() const = 0;          // as of the last attempt
    virtual void backup(const std::filesystem::path& to) = 0;  // SQLite: an online copy; PostgreSQL: StoreError statement ("use pg_dump")
    [[nodiscard]] virtual std::string check() = 0;             // integrity; "" = sound
    // What was deleted before leaves the database's own files as well: SQLite's log is written back and emptied (deleted content is overwritten as it goes).
    // PostgreSQL does that in its own time. Blocks; throws StoreError.
    virtual void scrub() {}
};

// Opens, checks and migrates. Throws StoreError: start-up fails with one clear line. A damaged SQLite file is left as it is. `metrics` outlives the database.
[[nodiscard]] std::unique_ptr<Database> open_database(const DatabaseSettings& settings, Log& log, Metrics* metrics);

// Milliseconds since 1970.
[[nodiscard]] std::int64_t now_ms();

}  // namespace parley::store

template <>
struct boost::system::is_error_code_enum<parley::store::StoreErrc> : std::true_type {};
