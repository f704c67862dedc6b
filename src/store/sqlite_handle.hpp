#pragma once
// One SQLite connection: its statements, kept prepared, and its errors in our words. On one thread at a time.

#include <sqlite3.h>

#include <filesystem>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "parley/store/database.hpp"

namespace parley::store {

class SqliteHandle final : public Session {
public:
    // Flags as sqlite3_open_v2's. Throws StoreError.
    SqliteHandle(const std::filesystem::path& path, int flags);
    ~SqliteHandle() override;
    SqliteHandle(const SqliteHandle&) = delete;
    SqliteHandle& operator=(const SqliteHandle&) = delete;

    Rows run(std::string_view statement, std::vector<Value> parameters = {}) override;
    [[nodiscard]] std::uint64_t changed() const override { return changed_; }
    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }

    void script(const std::string& text);
    // As in PostgreSQL a statement that failed takes its transaction with it: nothing more can be done in it, and it is not committed.
    void begin(bool writing);
    void commit();
    void roll_back();
    // A statement that takes longer ends with `timeout`.
    void limit(Duration longest) { limit_ = longest; }
    [[nodiscard]] sqlite3* raw() { return handle_; }
    [[noreturn]] void fail();  // the last error, thrown

private:
    struct Prepared {
        std::string text;
        sqlite3_stmt* statement;
    };
    sqlite3_stmt* prepared(std::string_view text);

    sqlite3* handle_ = nullptr;
    Duration limit_ = std::chrono::hours(24);
    TimePoint deadline_ = TimePoint::max();
    std::uint64_t changed_ = 0;
    bool failed_ = false;
    std::list<Prepared> kept_;  // the last used first
    std::unordered_map<std::string_view, std::list<Prepared>::iterator> by_text_;
};

}  // namespace parley::store
