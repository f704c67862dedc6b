#include "sqlite_handle.hpp"

#include "value_check.hpp"

namespace parley::store {

namespace {

constexpr std::size_t kMostPrepared = 256;
constexpr const char* kFailed = "an earlier statement of this transaction failed";
constexpr int kStepsBetweenLooks = 4000;  // of SQLite's virtual machine

void bind_value(sqlite3_stmt* to, int at, const Value& value) {
    if (const auto* whole = std::get_if<std::int64_t>(&value))
        sqlite3_bind_int64(to, at, *whole);
    else if (const auto* real = std::get_if<double>(&value))
        sqlite3_bind_double(to, at, *real);
    else if (const auto* text = std::get_if<std::string>(&value))
        sqlite3_bind_text64(to, at, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    // An empty one has no address of its own, and a null address would be NULL.
    else if (const auto* blob = std::get_if<Blob>(&value))
        sqlite3_bind_blob64(to, at, blob->empty() ? reinterpret_cast<const std::uint8_t*>("") : blob->data(), blob->size(), SQLITE_STATIC);
    else
        sqlite3_bind_null(to, at);
}

Value column(sqlite3_stmt* from, int at) {
    switch (sqlite3_column_type(from, at)) {
        case SQLITE_INTEGER:
            return std::int64_t{sqlite3_column_int64(from, at)};
        case SQLITE_FLOAT:
            return sqlite3_column_double(from, at);
        case SQLITE_TEXT:
            return std::string(reinterpret_cast<const char*>(sqlite3_column_text(from, at)), static_cast<std::size_t>(sqlite3_column_bytes(from, at)));
        case SQLITE_BLOB: {
            const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(from, at));
            return Blob(data, data + sqlite3_column_bytes(from, at));
        }
        default:
            return std::monostate{};
    }
}

StoreErrc kind_of(int code) {
    switch (code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return StoreErrc::busy;
        case SQLITE_CONSTRAINT:
            return StoreErrc::constraint;
        case SQLITE_FULL:
            return StoreErrc::full;
        case SQLITE_INTERRUPT:
            return StoreErrc::timeout;
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
            return StoreErrc::io;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return StoreErrc::corrupt;
        default:
            return StoreErrc::statement;
    }
}

}  // namespace

SqliteHandle::SqliteHandle(const std::filesystem::path& path, int flags) {
    if (sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr) != SQLITE_OK) {
        const auto code = handle_ == nullptr ? StoreErrc::io : kind_of(sqlite3_errcode(handle_));
        const std::string why = handle_ == nullptr ? "no memory" : sqlite3_errmsg(handle_);
        sqlite3_close(handle_);
        throw StoreError(code, path.string() + ": " + why);
    }
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_progress_handler(handle_, kStepsBetweenLooks, [](void* self) { return Clock::now() > static_cast<SqliteHandle*>(self)->deadline_ ? 1 : 0; }, this);
}

SqliteHandle::~SqliteHandle() {
    for (const auto& one : kept_) sqlite3_finalize(one.statement);
    sqlite3_close(handle_);
}

void SqliteHandle::fail() {
    failed_ = true;
    throw StoreError(kind_of(sqlite3_extended_errcode(handle_)), sqlite3_errmsg(handle_));
}

void SqliteHandle::begin(bool writing) {
    failed_ = false;
    script(writing ? "BEGIN IMMEDIATE" : "BEGIN");
}

void SqliteHandle::commit() {
    if (failed_) throw StoreError(StoreErrc::statement, kFailed);
    script("COMMIT");
}

void SqliteHandle::roll_back() {
    // Some failures have ended it already.
    if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

sqlite3_stmt* SqliteHandle::prepared(std::string_view text) {
    if (const auto known = by_text_.find(text); known != by_text_.end()) {
        kept_.splice(kept_.begin(), kept_, known->second);
        return known->second->statement;
    }
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) fail();
    if (statement == nullptr) throw StoreError(StoreErrc::statement, "an empty statement");
    kept_.push_front({std::string(text), statement});
    by_text_.emplace(kept_.front().text, kept_.begin());
    if (kept_.size() > kMostPrepared) {
        by_text_.erase(kept_.back().text);
        sqlite3_finalize(kept_.back().statement);
        kept_.pop_back();
    }
    return statement;
}

Rows SqliteHandle::run(std::string_view text, std::vector<Value> parameters) {
    check_values(parameters);
    if (failed_ && sqlite3_get_autocommit(handle_) == 0) throw StoreError(StoreErrc::statement, kFailed);
    auto* statement = prepared(text);
    // Reset whatever happens: a statement left in the middle would hold its transaction open.
    const std::unique_ptr<sqlite3_stmt, void (*)(sqlite3_stmt*)> used(statement, [](sqlite3_stmt* one) {
        sqlite3_reset(one);
        sqlite3_clear_bindings(one);
    });
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != parameters.size())
        throw StoreError(StoreErrc::statement, "another number of parameters than the statement has");
    for (std::size_t i = 0; i < parameters.size(); ++i) bind_value(statement, static_cast<int>(i + 1), parameters[i]);
    deadline_ = Clock::now() + limit_;
    Rows rows;
    for (;;) {
        const int step = sqlite3_step(statement);
        if (step == SQLITE_DONE) break;
        if (step != SQLITE_ROW) fail();
        std::vector<Value> values;
        const int columns = sqlite3_column_count(statement);
        values.reserve(static_cast<std::size_t>(columns));
        for (int c = 0; c < columns; ++c) values.push_back(column(statement, c));
        rows.emplace_back(std::move(values));
    }
    // SQLite goes on saying what the last change was; a statement that only read changed nothing.
    changed_ = sqlite3_stmt_readonly(statement) != 0 ? 0 : static_cast<std::uint64_t>(sqlite3_changes64(handle_));
    return rows;
}

void SqliteHandle::script(const std::string& text) {
    if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

}  // namespace parley::store
