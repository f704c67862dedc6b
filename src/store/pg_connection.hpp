#pragma once
// One PostgreSQL connection: its statements, kept prepared, and its errors in our words. Waits for the server no longer than it is told, whatever the network
// does. On one thread at a time.

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parley/store/database.hpp"

namespace parley::store {

// What a URL says, as libpq's keywords. Throws StoreError (statement) without any part of the URL in it.
using PgParameters = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] PgParameters pg_parameters(const Secret& url, bool read_only);

class PgConnection final : public Session {
public:
    // Throws StoreError (unavailable).
    PgConnection(const PgParameters& parameters, std::chrono::milliseconds statement_timeout, bool read_only, Duration within);

    Rows run(std::string_view statement, std::vector<Value> parameters = {}) override;
    [[nodiscard]] std::uint64_t changed() const override { return changed_; }
    [[nodiscard]] Dialect dialect() const override { return Dialect::postgresql; }

    // One or several statements without parameters.
    void script(const std::string& text);
    // As script(), and the command tag of the last one.
    std::string command(const std::string& text);
    // Beyond use: nothing was heard within the time, or the connection is gone.
    [[nodiscard]] bool dead() const { return dead_ || PQstatus(connection_.get()) != CONNECTION_OK; }
    void patience(Duration longest) { patience_ = longest; }

private:
    using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;
    void wait(bool for_writing, TimePoint until);
    Result answer(bool sent);  // the last result of what was sent; throws
    [[noreturn]] void fail(const PGresult* result);
    [[noreturn]] void lost(StoreErrc code, const std::string& what);
    const std::string& prepared(std::string_view statement, const std::vector<Oid>& types);

    std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
    Duration patience_;
    bool dead_ = false;
    std::uint64_t changed_ = 0;
    std::unordered_map<std::string, std::string> names_;  // by text and types
};

}  // namespace parley::store
