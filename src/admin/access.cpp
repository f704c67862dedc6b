#include "parley/admin/access.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "parley/admin/api_schema.hpp"
#include "parley/admin/openapi.hpp"
#include "parley/base/clock.hpp"
#include "parley/store/agent_store.hpp"
#include "parley/store/audit.hpp"
#include "parley/store/tokens.hpp"

namespace parley::admin {

using nlohmann::json;
using store::TokenRow;

namespace {

constexpr auto kWithin = std::chrono::seconds(3);
constexpr auto kLookAgain = std::chrono::milliseconds(200);  // for a token that is not known yet, at most so often
constexpr std::size_t kMostKept = 64 * 1024;                 // of before and after, each
constexpr std::size_t kListed = 50, kMostListed = 200;

struct Read {
    std::int64_t version = 0;
    std::vector<TokenRow> rows;
};

Read read_tokens(store::Session& session) {
    Read read;
    read.version = store::change_version(session, "tokens");
    read.rows = store::tokens_in_force(session, store::now_ms());
    return read;
}

json token_json(const TokenRow& row, std::int64_t now) {
    json out{{"id", row.id},
             {"name", row.name},
             {"role", row.role},
             {"created", iso_time(row.made_ms)},
             {"created_by", row.made_by},
             {"in_force", row.in_force(now)}};
    out["expires"] = row.expires_ms == 0 ? json(nullptr) : json(iso_time(row.expires_ms));
    out["revoked"] = row.revoked_ms == 0 ? json(nullptr) : json(iso_time(row.revoked_ms));
    return out;
}

json token_schema(bool with_text) {
    schema::Members members{{"id", schema::text()},
                            {"name", schema::text()},
                            {"role", schema::choice({"read", "operate", "admin"})},
                            {"created", schema::time()},
                            {"created_by", schema::text()},
                            {"in_force", schema::flag()},
                            {"expires", schema::or_null(schema::time())},
                            {"revoked", schema::or_null(schema::time())}};
    if (with_text) members.emplace_back("token", schema::text("Shown this once."));
    return schema::answer(std::move(members), {"id", "name", "role"});
}

std::string cut_json(const json& value) {
    auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    return text.size() <= kMostKept ? text : json("too long to be kept here").dump();
}

net::HttpResponse store_error(const error_code& why) {
    return api_error(503, "unavailable", "The store cannot be asked at the moment: " + why.message() + ".");
}

std::optional<std::int64_t> whole_of(std::string_view text, std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
    return value;
}

}  // namespace

struct Access::Impl {
    Services services;
    std::map<std::string, TokenRow, std::less<>> tokens;  // by id; those in force when they were read
    std::int64_t version = -1;
    TimePoint looked{};
    const ApiTable* table = nullptr;

    explicit Impl(Services given) : services(std::move(given)) {}

    void take(Read read) {
        tokens.clear();
        for (auto& row : read.rows) {
            auto id = row.id;
            tokens.emplace(std::move(id), std::move(row));
        }
        version = read.version;
        looked = Clock::now();
    }

    net::Task<bool> read_again() {
        looked = Clock::now();
        std::function<Read(store::Session&)> work = read_tokens;
        auto read = co_await services.database.ask<Read>(std::move(work), kWithin);
        if (!read) co_return false;
        take(std::move(*read));
        co_return true;
    }

    // Every door costs the same, whichever part of a token was right.
    [[nodiscard]] std::optional<ApiCaller> known(std::string_view token) const {
        if (const auto first = services.bootstrap(); !first.empty() && constant_time_equal(token, first.reveal()))
            return ApiCaller{Role::admin, "server.admin_token"};
        const auto id = store::token_id(token);
        const auto found = id ? tokens.find(*id) : tokens.end();
        if (found == tokens.end()) return std::nullopt;
        const auto& row = found->second;
        const auto role = role_named(row.role);
        if (!constant_time_equal(store::token_hash(token), row.hash) || !role || !row.in_force(store::now_ms())) return std::nullopt;
        return ApiCaller{*role, row.name};
    }

    net::Task<std::optional<ApiCaller>> identify(std::string token) {
        auto caller = known(token);
        // Made a moment ago, by another instance or the command line.
        const auto id = store::token_id(token);
        if (!caller && id && !tokens.contains(*id) && Clock::now() - looked > kLookAgain) {
            co_await read_again();
            caller = known(token);
        }
        co_return caller;
    }

    [[nodiscard]] bool closed() const {
        if (!services.bootstrap().empty()) return false;
        const auto now = store::now_ms();
        return std::none_of(tokens.begin(), tokens.end(), [&](const auto& entry) { return entry.second.in_force(now); });
    }

    net::Task<> audit(AuditLine line) {
        services.log.audit("admin.action", "Something was done, or tried, through /v1.",
                           {{"who", line.who},
                            {"what", line.action},
                            {"target", line.shown.empty() ? line.target : line.shown},
                            {"status", line.status},
                            {"remote", line.remote}});
        store::AuditRow row{.id = 0,
                            .at_ms = line.at_ms,
                            .who = std::move(line.who),
                            .role = std::move(line.role),
                            .action = std::move(line.action),
                            .target = line.target.substr(0, 512),
                            .method = std::move(line.method),
                            .path = line.path.substr(0, 1024),
                            .remote = std::move(line.remote),
                            .status = line.status,
                            .before = cut_json(line.before),
                            .after = cut_json(line.after),
                            .instance = services.instance};
        std::function<std::monostate(store::Session&)> work = [row = std::move(row)](store::Session& session) {
            store::add_audit(session, row);
            return std::monostate{};
        };
        const auto kept = co_await services.database.ask<std::monostate>(std::move(work), kWithin);
        if (!kept)
            services.log.error("audit.failed", "An audit line is in this log only: the store did not take it.", {{"error.type", kept.error().message()}});
    }

    net::Task<net::HttpResponse> make(ApiRequest& request) {
        TokenRow row;
        std::int64_t seconds = 0;
        for (const auto& [key, value] : request.body.items()) {
            if (key == "name" && value.is_string())
                row.name = value.get<std::string>();
            else if (key == "role" && value.is_string() && role_named(value.get_ref<const std::string&>()))
                row.role = value.get<std::string>();
            else if (key == "expires_in_s" && value.is_number_integer() && value >= 1 && value <= 315'360'000)
                seconds = value.get<std::int64_t>();
            else if (key == "name")
                co_return api_error(400, "invalid", "It must be a text.", "name");
            else if (key == "role")
                co_return api_error(400, "invalid", "It must be read, operate or admin.", "role");
            else if (key == "expires_in_s")
                co_return api_error(400, "invalid", "It must be a whole number of seconds from 1 to 315360000.", "expires_in_s");
            else
                co_return api_error(400, "invalid", "There is no such field.", key.substr(0, 64));
        }
        if (row.name.empty() || row.name.size() > 64) co_return api_error(400, "invalid", "A token has a name of 1 to 64 bytes, to tell it by.", "name");
        for (const char c : row.name)
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) co_return api_error(400, "invalid", "A name has no control characters.", "name");
        if (row.role.empty()) co_return api_error(400, "invalid", "It is missing: read, operate or admin.", "role");
        auto made = store::make_token_text();
        row.id = made.id;
        row.hash = store::token_hash(made.text.reveal());
        row.made_ms = store::now_ms();
        row.made_by = request.who;
        row.expires_ms = seconds == 0 ? 0 : row.made_ms + seconds * 1000;
        std::function<Read(store::Session&)> work = [row](store::Session& session) {
            store::add_token(session, row);
            return read_tokens(session);
        };
        auto kept = co_await services.database.ask<Read>(std::move(work), kWithin);
        if (!kept) co_return store_error(kept.error());
        take(std::move(*kept));
        request.target = row.id;
        request.after = token_json(row, row.made_ms);
        auto body = request.after;
        body["token"] = made.text.reveal();
        co_return api_answer(201, body);
    }

    net::Task<net::HttpResponse> list(ApiRequest&) {
        using Rows = std::vector<TokenRow>;
        std::function<Rows(store::Session&)> work = store::list_tokens;
        auto read = co_await services.database.ask<Rows>(std::move(work), kWithin);
        if (!read) co_return store_error(read.error());
        const auto now = store::now_ms();
        auto all = json::array();
        for (const auto& row : *read) all.push_back(token_json(row, now));
        co_return api_answer(200, {{"tokens", std::move(all)}});
    }

    net::Task<net::HttpResponse> revoke(ApiRequest& request) {
        const auto id = request.path["id"];
        struct Done {
            std::optional<TokenRow> revoked;
            Read read;
        };
        std::function<Done(store::Session&)> work = [id](store::Session& session) {
            Done done;
            if (store::revoke_token(session, id, store::now_ms())) done.revoked = store::find_token(session, id);
            done.read = read_tokens(session);
            return done;
        };
        auto done = co_await services.database.ask<Done>(std::move(work), kWithin);
        if (!done) co_return store_error(done.error());
        take(std::move(done->read));
        if (!done->revoked) co_return api_error(404, "no_such_token", "There is no such token in force.");
        request.after = token_json(*done->revoked, store::now_ms());
        co_return api_answer(200, request.after);
    }

    net::Task<net::HttpResponse> lines(ApiRequest& request) {
        store::AuditFilter filter;
        filter.most = kListed;
        filter.who = request.query["who"];
        filter.action = request.query["action"];
        filter.target = request.query["target"];
        if (const auto& text = request.query["limit"]; !text.empty()) {
            const auto most = whole_of(text, 1, kMostListed);
            if (!most) co_return api_error(400, "invalid", "It must be a whole number from 1 to 200.", "limit");
            filter.most = static_cast<std::size_t>(*most);
        }
        if (const auto& text = request.query["cursor"]; !text.empty()) {
            const auto id = whole_of(text, 1, INT64_MAX);
            if (!id) co_return api_error(400, "invalid", "It is no cursor of ours.", "cursor");
            filter.before_id = *id;
        }
        const auto most = filter.most;
        ++filter.most;  // one more tells whether there is more
        using Rows = std::vector<store::AuditRow>;
        std::function<Rows(store::Session&)> work = [filter](store::Session& session) { return store::list_audit(session, filter); };
        auto rows = co_await services.database.ask<Rows>(std::move(work), kWithin);
        if (!rows) co_return store_error(rows.error());
        const bool more = rows->size() > most;
        if (more) rows->resize(most);
        auto all = json::array();
        for (const auto& row : *rows)
            all.push_back({{"id", row.id},
                           {"at", iso_time(row.at_ms)},
                           {"who", row.who},
                           {"role", row.role},
                           {"action", row.action},
                           {"target", row.target},
                           {"method", row.method},
                           {"path", row.path},
                           {"remote", row.remote},
                           {"status", row.status},
                           {"before", json::parse(row.before, nullptr, false)},
                           {"after", json::parse(row.after, nullptr, false)},
                           {"instance", row.instance}});
        json body{{"lines", std::move(all)}};
        body["cursor"] = more ? json(std::to_string(rows->back().id)) : json(nullptr);
        co_return api_answer(200, body);
    }

    net::Task<net::HttpResponse> document(ApiRequest&) { co_return api_answer(200, openapi_document(*table, services.version)); }
};

Access::Access(Services services) : impl_(std::make_unique<Impl>(std::move(services))) {}
Access::~Access() = default;

void Access::join(ApiTable& table) {
    auto& m = *impl_;
    m.table = &table;
    table.doors({.log = m.services.log,
                 .metrics = m.services.metrics,
                 .closed = [&m] { return m.closed(); },
                 .identify = [&m](std::string token) { return m.identify(std::move(token)); },
                 .host_allowed = m.services.host_allowed,
                 .audit = [&m](AuditLine line) { return m.audit(std::move(line)); },
                 .subject = m.services.subject});
    namespace s = schema;
    table.add({.method = "POST",
               .pattern = "/v1/tokens",
               .role = Role::admin,
               .summary = "Makes a token; its text is in the answer and nowhere else.",
               .request = s::object({{"name", s::text("What it is told by.", 64)},
                                     {"role", s::choice({"read", "operate", "admin"})},
                                     {"expires_in_s", s::whole("Seconds; without it the token is good until it is revoked.", 1, 315'360'000)}},
                                    {"name", "role"}),
               .response = token_schema(true),
               .handle = [&m](ApiRequest& request) { return m.make(request); },
               .audit = "token.created",
               .success = 201});
    table.add({.method = "GET",
               .pattern = "/v1/tokens",
               .role = Role::admin,
               .summary = "All tokens, also those that are over; never their texts.",
               .response = s::answer({{"tokens", s::list(token_schema(false))}}, {"tokens"}),
               .handle = [&m](ApiRequest& request) { return m.list(request); }});
    table.add({.method = "DELETE",
               .pattern = "/v1/tokens/{id}",
               .role = Role::admin,
               .summary = "Revokes a token, at once here and within two seconds on every instance.",
               .response = token_schema(false),
               .handle = [&m](ApiRequest& request) { return m.revoke(request); },
               .audit = "token.revoked"});
    table.add({.method = "GET",
               .pattern = "/v1/audit",
               .role = Role::admin,
               .summary = "Who changed what, newest first.",
               .response = s::answer({{"lines", s::list(s::answer({{"id", s::whole({}, 1, INT64_MAX)},
                                                                   {"at", s::time()},
                                                                   {"who", s::text()},
                                                                   {"role", s::text()},
                                                                   {"action", s::text()},
                                                                   {"target", s::text()},
                                                                   {"method", s::text()},
                                                                   {"path", s::text()},
                                                                   {"remote", s::text()},
                                                                   {"status", s::whole({}, 100, 599)},
                                                                   {"before", s::any()},
                                                                   {"after", s::any()},
                                                                   {"instance", s::text()}}))},
                                      {"cursor", s::or_null(s::text("For the next page; null: this was the last one."))}},
                                     {"lines", "cursor"}),
               .query = {"limit", "cursor", "who", "action", "target"},
               .handle = [&m](ApiRequest& request) { return m.lines(request); }});
    table.add({.method = "GET",
               .pattern = "/v1/openapi.json",
               .role = Role::read,
               .summary = "This document.",
               .response = s::answer({{"openapi", s::text()}}, {"openapi"}),
               .handle = [&m](ApiRequest& request) { return m.document(request); }});
}

void Access::load() {
    impl_->services.database.transact([this](store::Session& session) { impl_->take(read_tokens(session)); });
}

net::Task<> Access::refresh(std::int64_t version) {
    if (version == impl_->version) co_return;
    const bool read = co_await impl_->read_again();
    (void)read;
}

}  // namespace parley::admin
