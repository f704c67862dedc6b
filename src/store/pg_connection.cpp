#include "pg_connection.hpp"

#include <poll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "value_check.hpp"

namespace parley::store {

namespace {

constexpr std::size_t kMostPrepared = 256;
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kOid = 26, kFloat4 = 700, kFloat8 = 701, kNumeric = 1700;

StoreErrc kind_of(std::string_view state) {
    const auto of_class = [&](std::string_view name) { return state.starts_with(name); };
    if (of_class("23")) return StoreErrc::constraint;
    if (state == "40001" || state == "40P01" || state == "55P03") return StoreErrc::busy;
    if (state == "57014") return StoreErrc::timeout;
    if (state == "08P01") return StoreErrc::statement;  // another number of parameters than the statement has
    if (state == "53100") return StoreErrc::full;
    // Too many connections, shut down, not up yet, a standby: another attempt may find another server.
    if (of_class("53") || of_class("57P") || of_class("08") || state == "25006") return StoreErrc::unavailable;
    if (of_class("58")) return StoreErrc::io;
    if (of_class("XX")) return StoreErrc::corrupt;
    return StoreErrc::statement;
}

std::string one_line(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    for (auto& c : text)
        if (c == '\n') c = ' ';
    return text;
}

Value value_of(const PGresult* result, int row, int column) {
    if (PQgetisnull(result, row, column) != 0) return std::monostate{};
    const char* text = PQgetvalue(result, row, column);
    const auto size = static_cast<std::size_t>(PQgetlength(result, row, column));
    const auto whole = [&]() -> std::optional<std::int64_t> {
        std::int64_t value = 0;
        const auto [end, ec] = std::from_chars(text, text + size, value);
        if (ec != std::errc() || end != text + size) return std::nullopt;
        return value;
    };
    switch (PQftype(result, column)) {
        case kBool:
            return std::int64_t{text[0] == 't' ? 1 : 0};
        case kInt8:
        case kInt4:
        case kInt2:
        case kOid:
            return whole().value_or(0);
        case kNumeric:  // what sums of BIGINT are
            if (const auto number = whole()) return *number;
            return std::strtod(text, nullptr);
        case kFloat4:
        case kFloat8:
            return std::strtod(text, nullptr);
        case kBytea: {
            std::size_t length = 0;
            const std::unique_ptr<unsigned char, void (*)(void*)> bytes(PQunescapeBytea(reinterpret_cast<const unsigned char*>(text), &length), PQfreemem);
            return bytes == nullptr ? Blob() : Blob(bytes.get(), bytes.get() + length);
        }
        default:
            return std::string(text, size);
    }
}

}  // namespace

PgParameters pg_parameters(const Secret& url, bool read_only) {
    char* complaint = nullptr;
    const std::string text(url.reveal());
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(text.c_str(), &complaint), PQconninfoFree);
    // What libpq has to say about it quotes the URL, and with it the password.
    PQfreemem(complaint);
    if (options == nullptr) throw StoreError(StoreErrc::statement, "store.url is not an address of PostgreSQL (postgresql://user:password@host:port/name)");
    PgParameters parameters;
    for (const auto* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) parameters.emplace_back(option->keyword, option->val);
    const auto unless_given = [&](const char* key, const char* value) {
        for (const auto& [known, unused] : parameters)
            if (known == key) return;
        parameters.emplace_back(key, value);
    };
    unless_given("application_name", "parley");
    unless_given("client_encoding", "UTF8");
    unless_given("keepalives_idle", "10");
    unless_given("keepalives_interval", "3");
    unless_given("keepalives_count", "3");
    unless_given("tcp_user_timeout", "10000");
    // Of several hosts the one that takes writes, so that a fail-over is followed.
    if (!read_only) unless_given("target_session_attrs", "read-write");
    return parameters;
}

PgConnection::PgConnection(const PgParameters& parameters, std::chrono::milliseconds statement_timeout, bool read_only, Duration within)
    : connection_(nullptr, PQfinish), patience_(within) {
    std::vector<const char*> keys, values;
    for (const auto& [key, value] : parameters) {
        keys.push_back(key.c_str());
        values.push_back(value.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
    if (connection_ == nullptr) throw StoreError(StoreErrc::unavailable, "no memory for a connection");
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
    const auto until = Clock::now() + within;
    if (PQstatus(connection_.get()) == CONNECTION_BAD) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
    for (auto step = PGRES_POLLING_WRITING; step != PGRES_POLLING_OK;) {
        wait(step == PGRES_POLLING_WRITING, until);
        step = PQconnectPoll(connection_.get());
        if (step == PGRES_POLLING_FAILED) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
    }
    PQsetnonblocking(connection_.get(), 1);
    // What is given here are numbers of our own. A connection nobody is heard on any more in the middle of its work keeps what it has locked no longer than
    // others wait for it.
    script("SET statement_timeout = " + std::to_string(statement_timeout.count()) +
           "; SET idle_in_transaction_session_timeout = " + std::to_string((statement_timeout + std::chrono::seconds(5)).count()) +
           "; SET TIME ZONE 'UTC'; SET bytea_output = 'hex'; "
           "SET standard_conforming_strings = on" +
           (read_only ? "; SET default_transaction_read_only = on" : ""));
    // The server ends a statement by itself; only when nothing at all is heard the connection is given up.
    patience_ = statement_timeout + std::chrono::seconds(1);
}

void PgConnection::wait(bool for_writing, TimePoint until) {
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) lost(StoreErrc::timeout, "the server is silent");
        ::pollfd one{PQsocket(connection_.get()), static_cast<short>(for_writing ? POLLIN | POLLOUT : POLLIN), 0};
        if (one.fd < 0) lost(StoreErrc::unavailable, "no connection");
        const int ready = ::poll(&one, 1, static_cast<int>(left));
        if (ready > 0) return;
        if (ready < 0 && errno != EINTR) lost(StoreErrc::unavailable, std::strerror(errno));
    }
}

void PgConnection::lost(StoreErrc code, const std::string& what) {
    dead_ = true;
    throw StoreError(code, what.empty() ? "the connection is gone" : what);
}

void PgConnection::fail(const PGresult* result) {
    const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == nullptr) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
    const auto code = kind_of(state);
    if (code == StoreErrc::unavailable) dead_ = true;
    // The first line only: the others quote what was to be stored.
    const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    throw StoreError(code, std::string(state) + " " + one_line(message == nullptr ? "" : message));
}

PgConnection::Result PgConnection::answer(bool sent) {
    if (!sent) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
    const auto until = Clock::now() + patience_;
    for (int rest = PQflush(connection_.get()); rest != 0; rest = PQflush(connection_.get())) {
        if (rest < 0) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
        wait(true, until);
        if (PQconsumeInput(connection_.get()) == 0) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
    }
    Result last(nullptr, PQclear), wrong(nullptr, PQclear);
    for (;;) {
        while (PQisBusy(connection_.get()) != 0) {
            wait(false, until);
            if (PQconsumeInput(connection_.get()) == 0) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
        }
        PGresult* next = PQgetResult(connection_.get());
        if (next == nullptr) break;
        last.reset(next);
        const auto status = PQresultStatus(next);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY && wrong == nullptr) wrong = std::move(last);
    }
    if (wrong != nullptr) fail(wrong.get());
    if (last == nullptr) lost(StoreErrc::unavailable, one_line(PQerrorMessage(connection_.get())));
    return last;
}

const std::string& PgConnection::prepared(std::string_view statement, const std::vector<Oid>& types) {
    std::string key(statement);
    for (const auto type : types) key += "\n" + std::to_string(type);
    if (const auto known = names_.find(key); known != names_.end()) return known->second;
    if (names_.size() >= kMostPrepared) {
        script("DEALLOCATE ALL");
        names_.clear();
    }
    const auto name = "s" + std::to_string(names_.size());
    const std::string text(statement);
    answer(PQsendPrepare(connection_.get(), name.c_str(), text.c_str(), static_cast<int>(types.size()), types.data()) == 1);
    return names_.emplace(std::move(key), name).first->second;
}

Rows PgConnection::run(std::string_view statement, std::vector<Value> parameters) {
    check_values(parameters);
    std::vector<Oid> types;
    std::vector<std::string> numbers(parameters.size());
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto& value = parameters[i];
        auto& number = numbers[i];
        Oid type = 0;
        const char* data = nullptr;
        int length = 0, format = 0;
        if (const auto* whole = std::get_if<std::int64_t>(&value)) {
            type = kInt8;
            number = std::to_string(*whole);
            data = number.c_str();
        } else if (const auto* real = std::get_if<double>(&value)) {
            type = kFloat8;
            std::array<char, 32> text{};
            const auto end = std::to_chars(text.data(), text.data() + text.size(), *real);
            number.assign(text.data(), end.ptr);
            data = number.c_str();
        } else if (const auto* text = std::get_if<std::string>(&value)) {
            type = kText;
            data = text->c_str();
        } else if (const auto* blob = std::get_if<Blob>(&value)) {
            type = kBytea;
            data = blob->empty() ? "" : reinterpret_cast<const char*>(blob->data());
            length = static_cast<int>(blob->size());
            format = 1;
        }
        types.push_back(type);
        values.push_back(data);
        lengths.push_back(length);
        formats.push_back(format);
    }
    const auto& name = prepared(statement, types);
    const auto result =
        answer(PQsendQueryPrepared(connection_.get(), name.c_str(), static_cast<int>(values.size()), values.data(), lengths.data(), formats.data(), 0) == 1);
    const std::string count = PQcmdTuples(result.get());
    const bool selected = std::string_view(PQcmdStatus(result.get())).starts_with("SELECT");
    changed_ = count.empty() || selected ? 0 : std::strtoull(count.c_str(), nullptr, 10);
    Rows rows;
    const int columns = PQnfields(result.get());
    for (int r = 0; r < PQntuples(result.get()); ++r) {
        std::vector<Value> row;
        row.reserve(static_cast<std::size_t>(columns));
        for (int c = 0; c < columns; ++c) row.push_back(value_of(result.get(), r, c));
        rows.emplace_back(std::move(row));
    }
    return rows;
}

void PgConnection::script(const std::string& text) {
    answer(PQsendQuery(connection_.get(), text.c_str()) == 1);
}

std::string PgConnection::command(const std::string& text) {
    return PQcmdStatus(answer(PQsendQuery(connection_.get(), text.c_str()) == 1).get());
}

}  // namespace parley::store
