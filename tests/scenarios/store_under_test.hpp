#pragma once
// The store a scenario runs on, as its parameter:
//
//   class Policy : public OnEachStore {};
//   TEST_P(Policy, WhoMayNotCallHearsBusy) { … sections.more += store(); … }
//   ON_EACH_STORE(Policy);
//
// Those on PostgreSQL have "Postgres" in their names, so that ctest gives them the server of the run; each has a database of its own.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/log.hpp"
#include "parley/store/database.hpp"
#include "postgres_server.hpp"

namespace parley::scenarios {

class StoreUnderTest {
public:
    explicit StoreUnderTest(bool postgres) {
        if (postgres) database_.emplace();
    }
    ~StoreUnderTest() {
        try {
            bring_back();
        } catch (const std::exception&) {
            // It goes with the server.
        }
    }
    StoreUnderTest(const StoreUnderTest&) = delete;
    StoreUnderTest& operator=(const StoreUnderTest&) = delete;

    [[nodiscard]] bool postgres() const { return database_.has_value(); }
    [[nodiscard]] std::string url() const { return database_ ? database_->url() : std::string("sqlite:"); }
    // The section of the configuration, with `more` of its lines (indented by two).
    [[nodiscard]] std::string section(const std::string& more = {}) const {
        std::string lines = more;
        if (database_)
            lines += "  url: \"" + url() + "\"\n" + (more.find("seal_keys") == std::string::npos ? "  seal_keys: [\"" + std::string(64, 'a') + "\"]\n" : "");
        return lines.empty() ? lines : "store:\n" + lines;
    }

    // Beside the gateway, whose data directory this is.
    [[nodiscard]] std::unique_ptr<store::Database> open(const std::filesystem::path& data, bool read_only = true) const {
        store::DatabaseSettings settings;
        settings.url = Secret(url());
        settings.data_dir = data;
        settings.read_only = read_only;
        settings.connections = 1;
        Log silent;
        return store::open_database(settings, silent, nullptr);
    }
    [[nodiscard]] store::Rows rows(const std::filesystem::path& data, std::string_view statement, const std::vector<store::Value>& parameters = {}) const {
        store::Rows found;
        open(data)->transact([&](store::Session& session) { found = session.run(statement, parameters); });
        return found;
    }
    // Every text of a table, one behind the other.
    [[nodiscard]] std::string texts(const std::filesystem::path& data, std::string_view statement) const {
        std::string all;
        for (const auto& row : rows(data, statement))
            for (std::size_t i = 0; i < row.size(); ++i) all += row.text(i) + "\n";
        return all;
    }

    // Nothing can be written any more, until it is back: the server closes its doors; the file is locked by somebody else, which takes the gateway
    // five seconds to give up on.
    void take_away(const std::filesystem::path& data) {
        if (database_) {
            database_->close_doors(true);
            database_->disconnect_all();
            closed_ = true;
            return;
        }
        if (sqlite3_open_v2((data / "parley.db").c_str(), &lock_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) throw std::runtime_error("parley.db");
        sqlite3_busy_timeout(lock_, 10'000);
        if (sqlite3_exec(lock_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) throw std::runtime_error("parley.db is locked by somebody else");
    }
    void bring_back() {
        if (closed_) database_->close_doors(false);
        closed_ = false;
        if (lock_ == nullptr) return;
        sqlite3_exec(lock_, "ROLLBACK", nullptr, nullptr, nullptr);
        sqlite3_close(lock_);
        lock_ = nullptr;
    }

private:
    std::optional<test::PostgresDatabase> database_;
    bool closed_ = false;
    sqlite3* lock_ = nullptr;
};

class OnEachStore : public testing::TestWithParam<std::string> {
protected:
    [[nodiscard]] bool postgres() const { return store_.postgres(); }
    [[nodiscard]] std::string store(const std::string& more = {}) const { return store_.section(more); }
    StoreUnderTest store_{GetParam() == "Postgres"};
};

#define ON_EACH_STORE(fixture) \
    INSTANTIATE_TEST_SUITE_P(On, fixture, testing::Values(std::string("Sqlite"), std::string("Postgres")), [](const auto& info) { return info.param; })

}  // namespace parley::scenarios
