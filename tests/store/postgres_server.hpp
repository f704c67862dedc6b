#pragma once
// The PostgreSQL server of this run of the tests (CTest fixture "postgres"; tests/store/postgres-server starts it), for test executables that link
// `parley_postgres_test` and are declared with FIXTURES postgres:
//
//   const test::PostgresDatabase fresh;                       // a database of its own, gone with the object
//   auto database = store::open_database({.url = Secret(fresh.url())}, log, nullptr);
//
// A server that is missing fails the test. By hand: tests/store/postgres-server start DIRECTORY, and TEST_POSTGRES with what stands in DIRECTORY/url.

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace parley::test {

// postgresql://user:password@127.0.0.1:port/postgres; the user is the server's superuser.
inline std::string postgres_server() {
    if (const char* given = std::getenv("TEST_POSTGRES"); given != nullptr && *given != '\0') return given;
    std::ifstream file(PARLEY_POSTGRES_URL_FILE);
    std::string url;
    if (!std::getline(file, url) || url.empty())
        throw std::runtime_error("no PostgreSQL server runs for the tests (fixture postgres, tests/store/postgres-server)");
    return url;
}

// Statements outside transactions, by the server's superuser; the first column of the first row, if any. Throws std::runtime_error.
inline std::string postgres_command(const std::string& url, const std::string& statement) {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), statement.c_str()), PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error(PQresultErrorMessage(result.get()));
    return PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

// A schema of its own in the server's first database: made at once where a database takes a while. It goes with the server.
class PostgresSchema {
public:
    PostgresSchema() {
        static std::atomic<unsigned> count{0};
        name_ = "schema_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
        postgres_command(postgres_server(), "SET client_min_messages = warning; DROP SCHEMA IF EXISTS " + name_ + " CASCADE");
        postgres_command(postgres_server(), "CREATE SCHEMA " + name_);
    }
    [[nodiscard]] std::string url() const { return postgres_server() + "?options=-csearch_path%3D" + name_; }

private:
    std::string name_;
};

class PostgresDatabase {
public:
    PostgresDatabase() {
        static std::atomic<unsigned> count{0};
        name_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
        postgres_command(postgres_server(), "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
        postgres_command(postgres_server(), "CREATE DATABASE " + name_);
    }
    ~PostgresDatabase() {
        try {
            postgres_command(postgres_server(), "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
        } catch (const std::exception&) {
            // It goes with the server.
        }
    }
    PostgresDatabase(const PostgresDatabase&) = delete;
    PostgresDatabase& operator=(const PostgresDatabase&) = delete;

    [[nodiscard]] std::string url() const {
        const auto server = postgres_server();
        return server.substr(0, server.rfind('/') + 1) + name_;
    }
    // Cuts every connection to it.
    void disconnect_all() const {
        postgres_command(postgres_server(), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '" + name_ + "'");
    }
    // New connections are refused, or no longer.
    void close_doors(bool closed) const {
        postgres_command(postgres_server(), "ALTER DATABASE " + name_ + " ALLOW_CONNECTIONS " + (closed ? "false" : "true"));
    }

private:
    std::string name_;
};

}  // namespace parley::test
