#include "agent_routes.hpp"

#include <algorithm>
#include <charconv>

#include "parley/admin/api_schema.hpp"
#include "parley/base/ids.hpp"
#include "parley/store/seal.hpp"

namespace parley::gateway {

using admin::api_answer;
using admin::api_error;
using admin::ApiRequest;
using admin::iso_time;
using admin::Role;
using nlohmann::json;

namespace {

constexpr auto kWithin = std::chrono::seconds(3);
constexpr std::size_t kMostAgents = 1000, kListed = 50, kMostListed = 200;
constexpr std::size_t kMostDocument = 512 * 1024;

std::optional<std::uint32_t> whole(std::string_view text, std::uint32_t most = UINT32_MAX) {
    std::uint32_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) return std::nullopt;
    return value;
}

std::string_view brain_name(Brain brain) {
    switch (brain) {
        case Brain::embedded:
            return "embedded";
        case Brain::vendors:
            return "vendors";
        case Brain::bot:
            return "bot";
        case Brain::echo:
            return "echo";
    }
    return "";
}

json summary(const AgentConfig& agent, std::string_view source) {
    return {{"name", agent.name},
            {"source", source},
            {"enabled", agent.persona.enabled},
            {"numbers", agent.numbers},
            {"default", agent.is_default},
            {"brain", brain_name(agent.brain)}};
}

json file_summary(const AgentConfig& agent) {
    auto out = summary(agent, "file");
    out["revision"] = nullptr;
    out["agenttoken"] = file_agent_token(agent.name);
    return out;
}

json stored_summary(const AgentBook::Held& held) {
    auto out = summary(held.document.agent, "api");
    out["name"] = held.row.name;
    out["enabled"] = held.row.enabled;
    out["revision"] = held.row.revision;
    out["agenttoken"] = held.row.token;
    out["created"] = iso_time(held.row.created_ms);
    out["changed"] = iso_time(held.row.changed_ms);
    if (!held.wrong.empty()) out["problem"] = held.wrong;
    return out;
}

json revision_json(const store::AgentRevision& revision) {
    return {{"revision", revision.revision}, {"made", iso_time(revision.made_ms)}, {"who", revision.who}, {"action", revision.action}};
}

json problems_json(const std::vector<DocumentProblem>& problems) {
    auto all = json::array();
    for (const auto& problem : problems) {
        json one{{"message", problem.message}};
        if (!problem.field.empty()) one["field"] = problem.field;
        all.push_back(std::move(one));
    }
    return all;
}

net::HttpResponse invalid(const std::vector<DocumentProblem>& problems) {
    json error{{"code", "invalid"}, {"message", problems.front().message}, {"problems", problems_json(problems)}};
    if (!problems.front().field.empty()) error["field"] = problems.front().field;
    return api_answer(400, {{"error", std::move(error)}});
}

net::HttpResponse store_error(const error_code& why) {
    if (why == make_error_code(store::StoreErrc::constraint))
        return api_error(409, "conflict", "Somebody wrote the same at the same moment; look at it and try again.");
    return api_error(503, "unavailable", "The store cannot be asked at the moment: " + why.message() + ".");
}

net::HttpResponse with_tag(net::HttpResponse response, std::uint32_t revision) {
    response.headers.add("ETag", "\"" + std::to_string(revision) + "\"");
    return response;
}

// Which revision whoever asks thinks is in force: If-Match (then 412) or `revision` in the body (then 409). 0: any.
struct Expected {
    std::uint32_t revision = 0;
    int conflict = 409;
    std::optional<net::HttpResponse> wrong;
};
Expected expected_of(const ApiRequest& request) {
    Expected out;
    const auto match = request.http.headers.get("If-Match");
    if (!match.empty() && match != "*") {
        auto text = match;
        if (text.size() > 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
        const auto revision = whole(text);
        if (!revision) out.wrong = api_error(400, "invalid", "If-Match takes a revision, as \"3\".", "If-Match");
        out.revision = revision.value_or(0);
        out.conflict = 412;
        return out;
    }
    const auto given = request.body.find("revision");
    if (given == request.body.end()) return out;
    if (!given->is_number_unsigned() || *given < 1 || *given > UINT32_MAX)
        out.wrong = api_error(400, "invalid", "It must be a whole number.", "revision");
    else
        out.revision = given->get<std::uint32_t>();
    return out;
}

std::optional<net::HttpResponse> only(const json& body, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : body.items())
        if (std::find(known.begin(), known.end(), key) == known.end())
            return api_error(400, "invalid", "There is no such field here; what describes the agent stands in `document`.", key.substr(0, 64));
    return std::nullopt;
}

net::HttpResponse refused(const store::AgentWritten& written, int conflict) {
    switch (written.refusal) {
        case store::AgentRefusal::exists:
            return api_error(409, "exists", "There is an agent of this name already.", "name");
        case store::AgentRefusal::missing:
            return api_error(404, "no_such_agent", "There is no such agent.");
        case store::AgentRefusal::revision:
            return api_error(conflict, "revision", "Revision " + std::to_string(written.revision) + " is in force by now: read it, and change that.",
                             "revision");
        case store::AgentRefusal::number:
            if (written.number.empty()) return api_error(409, "number", "'" + written.owner + "' is the default already.", "default");
            return api_error(409, "number", written.number + " belongs to '" + written.owner + "' already.", "numbers");
        case store::AgentRefusal::none:
            break;
    }
    return api_error(500, "internal", "This failed by an error of the gateway's.");
}

}  // namespace

std::optional<net::HttpResponse> AgentRoutes::not_writable(std::string_view name) const {
    if (s_.config.agent(name) == nullptr) return std::nullopt;
    return api_error(409, "file",
                     "'" + std::string(name) + "' stands in the configuration file: it is changed there, and the gateway told to read it again (SIGHUP).",
                     "name");
}

net::Task<Result<AgentRoutes::There>> AgentRoutes::there(std::string name, std::uint32_t revision) {
    std::function<There(store::Session&)> work = [name = std::move(name), revision](store::Session& session) {
        There there;
        there.row = store::find_agent(session, name);
        if (there.row) there.revision = store::agent_revision(session, name, revision == 0 ? there.row->revision : revision);
        return there;
    };
    auto answer = co_await s_.database.ask<There>(std::move(work), kWithin);
    co_return answer;
}

AgentRoutes::Answer AgentRoutes::write(ApiRequest& request, Wish wish) {
    if (wish.document.dump(-1, ' ', false, json::error_handler_t::replace).size() > kMostDocument)
        co_return api_error(413, "too_large", "The document is longer than 512 KiB.");
    auto document = read_document(s_.book.beside(wish.name), wish.name, std::move(wish.document), wish.kept, true, wish.before);
    if (!document.problems.empty()) co_return invalid(document.problems);
    store::AgentChange change;
    try {
        s_.book.offer(s_.book.try_out(document, wish.next, wish.token));
        change.secrets = s_.book.sealed(wish.name, document.secrets);
    } catch (const store::SealError& e) {
        co_return api_error(409, "no_key", e.what());
    } catch (const std::exception& e) {
        std::vector<DocumentProblem> problems;
        problems.push_back(DocumentProblem{document.agent.brain == Brain::embedded ? "script" : "", e.what()});
        co_return invalid(problems);
    }
    change.name = wish.name;
    change.document = document.shown.dump(-1, ' ', false, json::error_handler_t::replace);
    change.numbers = document.agent.numbers;
    change.is_default = document.agent.is_default;
    change.enabled = document.agent.persona.enabled;
    change.who = request.who;
    change.action = wish.action;
    change.at_ms = store::now_ms();
    request.target = wish.name;
    std::function<store::AgentWritten(store::Session&)> work = [change = std::move(change), fresh = wish.fresh, expected = wish.expected,
                                                                token = wish.token](store::Session& session) {
        return fresh ? store::create_agent(session, change, token) : store::change_agent(session, change, expected);
    };
    auto written = co_await s_.database.ask<store::AgentWritten>(std::move(work), kWithin);
    if (!written) co_return store_error(written.error());
    if (written->refusal != store::AgentRefusal::none) co_return refused(*written, wish.conflict);
    const bool seen = co_await s_.book.refresh();
    const auto* held = seen ? s_.book.find(wish.name) : nullptr;
    if (held == nullptr) co_return api_error(503, "unavailable", "It is written, but could not be read again yet; it will be in force within seconds.");
    auto body = stored_summary(*held);
    body["document"] = held->document.shown;
    if (!document.warnings.empty()) body["warnings"] = problems_json(document.warnings);
    request.after = {{"revision", held->row.revision}, {"document", held->document.shown}};
    s_.log.info("agent.changed", "An agent of the store was changed.", {{"agent", wish.name}, {"revision", held->row.revision}, {"what", wish.action}});
    co_return with_tag(api_answer(wish.fresh ? 201 : 200, body), held->row.revision);
}

AgentRoutes::Answer AgentRoutes::list(ApiRequest&) {
    auto all = json::array();
    for (const auto& agent : s_.config.agents) all.push_back(file_summary(agent));
    for (const auto& [name, held] : s_.book.all()) all.push_back(stored_summary(*held));
    co_return api_answer(200, {{"agents", std::move(all)}});
}

AgentRoutes::Answer AgentRoutes::show(ApiRequest& request) {
    const auto& name = request.path["name"];
    if (const auto* agent = s_.config.agent(name)) {
        auto body = file_summary(*agent);
        body["document"] = file_document(s_.config, *agent);
        co_return api_answer(200, body);
    }
    const auto* held = s_.book.find(name);
    if (held == nullptr) co_return api_error(404, "no_such_agent", "There is no such agent.");
    auto body = stored_summary(*held);
    body["document"] = held->document.shown;
    co_return with_tag(api_answer(200, body), held->row.revision);
}

AgentRoutes::Answer AgentRoutes::create(ApiRequest& request) {
    if (auto wrong = only(request.body, {"name", "document"})) co_return std::move(*wrong);
    const auto name = request.body.find("name");
    if (name == request.body.end() || !name->is_string()) co_return api_error(400, "invalid", "It is missing, or no text.", "name");
    if (!good_agent_name(name->get_ref<const std::string&>())) co_return api_error(400, "invalid", "It has letters, digits, - and _, at most 64.", "name");
    const auto document = request.body.find("document");
    if (document == request.body.end() || !document->is_object()) co_return api_error(400, "invalid", "It is missing, or no object.", "document");
    if (s_.config.agent(name->get_ref<const std::string&>()) != nullptr || s_.book.find(name->get_ref<const std::string&>()) != nullptr)
        co_return api_error(409, "exists", "There is an agent of this name already.", "name");
    if (s_.book.all().size() + s_.config.agents.size() >= kMostAgents) co_return api_error(409, "too_many", "There are 1000 agents already.");
    Wish wish;
    wish.name = name->get<std::string>();
    wish.action = "created";
    wish.document = *document;
    wish.fresh = true;
    wish.token = "ag_" + random_hex(16);
    auto answer = co_await write(request, std::move(wish));
    co_return answer;
}

AgentRoutes::Answer AgentRoutes::replace(ApiRequest& request, bool merge) {
    const auto name = request.path["name"];
    if (auto wrong = not_writable(name)) co_return std::move(*wrong);
    if (auto wrong = only(request.body, {"document", "revision"})) co_return std::move(*wrong);
    auto expected = expected_of(request);
    if (expected.wrong) co_return std::move(*expected.wrong);
    const auto document = request.body.find("document");
    if (document == request.body.end() || !document->is_object()) co_return api_error(400, "invalid", "It is missing, or no object.", "document");
    auto now = co_await there(name);
    if (!now) co_return store_error(now.error());
    if (!now->row || !now->revision) co_return api_error(404, "no_such_agent", "There is no such agent.");
    if (expected.revision != 0 && expected.revision != now->row->revision) {
        store::AgentWritten other;
        other.refusal = store::AgentRefusal::revision;
        other.revision = now->row->revision;
        co_return refused(other, expected.conflict);
    }
    auto before = json::parse(now->revision->document, nullptr, false);
    Wish wish;
    wish.name = name;
    wish.action = "changed";
    wish.kept = s_.book.opened(*now->revision);
    // What was not looked at by whoever asks still must not have changed between reading and writing here.
    wish.expected = now->row->revision;
    wish.conflict = expected.conflict;
    wish.next = now->row->revision + 1;
    wish.token = now->row->token;
    wish.before = before;
    wish.document = *document;
    if (merge) {
        wish.document = before;
        wish.document.merge_patch(*document);
    }
    request.before = {{"revision", now->row->revision}, {"document", std::move(before)}};
    auto answer = co_await write(request, std::move(wish));
    co_return answer;
}

AgentRoutes::Answer AgentRoutes::set_enabled(ApiRequest& request, bool enabled) {
    const auto name = request.path["name"];
    if (auto wrong = not_writable(name)) co_return std::move(*wrong);
    auto now = co_await there(name);
    if (!now) co_return store_error(now.error());
    if (!now->row || !now->revision) co_return api_error(404, "no_such_agent", "There is no such agent.");
    auto document = json::parse(now->revision->document, nullptr, false);
    if (now->row->enabled == enabled) {
        const auto* held = s_.book.find(name);
        if (held != nullptr) {
            auto body = stored_summary(*held);
            body["document"] = held->document.shown;
            co_return with_tag(api_answer(200, body), held->row.revision);
        }
    }
    request.before = {{"revision", now->row->revision}, {"enabled", now->row->enabled}};
    Wish wish;
    wish.name = name;
    wish.action = enabled ? "started" : "stopped";
    wish.kept = s_.book.opened(*now->revision);
    wish.expected = now->row->revision;
    wish.next = now->row->revision + 1;
    wish.token = now->row->token;
    wish.document = std::move(document);
    if (enabled)
        wish.document.erase("enabled");
    else
        wish.document["enabled"] = false;
    auto answer = co_await write(request, std::move(wish));
    co_return answer;
}

AgentRoutes::Answer AgentRoutes::remove(ApiRequest& request) {
    const auto name = request.path["name"];
    if (auto wrong = not_writable(name)) co_return std::move(*wrong);
    auto expected = expected_of(request);
    if (expected.wrong) co_return std::move(*expected.wrong);
    struct Gone {
        store::AgentWritten written;
        std::optional<store::AgentRevision> before;
    };
    std::function<Gone(store::Session&)> work = [name, revision = expected.revision](store::Session& session) {
        Gone gone;
        if (const auto row = store::find_agent(session, name)) gone.before = store::agent_revision(session, name, row->revision);
        gone.written = store::delete_agent(session, name, revision, store::now_ms());
        return gone;
    };
    auto gone = co_await s_.database.ask<Gone>(std::move(work), kWithin);
    if (!gone) co_return store_error(gone.error());
    if (gone->written.refusal != store::AgentRefusal::none) co_return refused(gone->written, expected.conflict);
    if (gone->before) request.before = {{"revision", gone->before->revision}, {"document", json::parse(gone->before->document, nullptr, false)}};
    const bool seen = co_await s_.book.refresh();
    (void)seen;
    s_.log.info("agent.changed", "An agent of the store was deleted.", {{"agent", name}, {"revision", gone->written.revision}, {"what", "deleted"}});
    co_return api_answer(200, {{"deleted", true}, {"name", name}, {"revision", gone->written.revision}});
}

AgentRoutes::Answer AgentRoutes::revisions(ApiRequest& request) {
    const auto name = request.path["name"];
    std::size_t most = kListed;
    std::uint32_t before = 0;
    if (const auto& text = request.query["limit"]; !text.empty()) {
        const auto value = whole(text, kMostListed);
        if (!value) co_return api_error(400, "invalid", "It must be a whole number from 1 to 200.", "limit");
        most = *value;
    }
    if (const auto& text = request.query["cursor"]; !text.empty()) {
        const auto value = whole(text);
        if (!value) co_return api_error(400, "invalid", "It is no cursor of ours.", "cursor");
        before = *value;
    }
    if (s_.config.agent(name) != nullptr) co_return api_answer(200, {{"revisions", json::array()}, {"cursor", nullptr}});
    struct Read {
        bool known = false;
        std::vector<store::AgentRevision> all;
    };
    std::function<Read(store::Session&)> work = [name, before, most](store::Session& session) {
        Read read;
        read.known = store::find_agent(session, name).has_value();
        read.all = store::agent_revisions(session, name, before, most + 1);
        return read;
    };
    auto read = co_await s_.database.ask<Read>(std::move(work), kWithin);
    if (!read) co_return store_error(read.error());
    if (!read->known && read->all.empty()) co_return api_error(404, "no_such_agent", "There is no such agent.");
    const bool more = read->all.size() > most;
    if (more) read->all.resize(most);
    auto all = json::array();
    for (const auto& one : read->all) all.push_back(revision_json(one));
    json body{{"revisions", std::move(all)}, {"cursor", nullptr}};
    if (more) body["cursor"] = std::to_string(read->all.back().revision);
    co_return api_answer(200, body);
}

AgentRoutes::Answer AgentRoutes::revision(ApiRequest& request) {
    const auto name = request.path["name"];
    const auto number = whole(request.path["revision"]);
    if (!number) co_return api_error(404, "no_such_revision", "There is no such revision.");
    std::function<There(store::Session&)> work = [name, revision = *number](store::Session& session) {
        There there;
        there.revision = store::agent_revision(session, name, revision);
        return there;
    };
    auto found = co_await s_.database.ask<There>(std::move(work), kWithin);
    if (!found) co_return store_error(found.error());
    if (!found->revision) co_return api_error(404, "no_such_revision", "There is no such revision.");
    auto body = revision_json(*found->revision);
    body["name"] = name;
    body["document"] = json::parse(found->revision->document, nullptr, false);
    co_return api_answer(200, body);
}

AgentRoutes::Answer AgentRoutes::restore(ApiRequest& request) {
    const auto name = request.path["name"];
    if (auto wrong = not_writable(name)) co_return std::move(*wrong);
    const auto number = whole(request.path["revision"]);
    if (!number) co_return api_error(404, "no_such_revision", "There is no such revision.");
    auto now = co_await there(name, *number);
    if (!now) co_return store_error(now.error());
    if (!now->row) co_return api_error(404, "no_such_agent", "There is no such agent.");
    if (!now->revision) co_return api_error(404, "no_such_revision", "There is no such revision.");
    auto document = json::parse(now->revision->document, nullptr, false);
    request.before = {{"revision", now->row->revision}};
    Wish wish;
    wish.name = name;
    wish.action = "restored " + std::to_string(*number);
    wish.kept = s_.book.opened(*now->revision);
    wish.expected = now->row->revision;
    wish.next = now->row->revision + 1;
    wish.token = now->row->token;
    wish.document = std::move(document);
    auto answer = co_await write(request, std::move(wish));
    co_return answer;
}

void AgentRoutes::join(admin::ApiTable& table) {
    namespace s = admin::schema;
    auto schema = document_schema();
    schema.erase("$schema");
    schema["description"] =
        "What stands below agents.<name> in the configuration file. Secrets are shown as \"***\"; \"***\" given back keeps the one there is.";
    // Of a merge patch: null takes a key away.
    const json patch{{"type", "object"}, {"description", "JSON merge patch (RFC 7396) of the document: what is null is taken away."}};
    s::Members members{{"name", s::text()},
                       {"source", s::choice({"file", "api"})},
                       {"enabled", s::flag()},
                       {"numbers", s::list(s::text())},
                       {"default", s::flag()},
                       {"brain", s::text()},
                       {"revision", s::or_null(s::whole("Null for an agent of the file.", 1, UINT32_MAX))},
                       {"agenttoken", s::text("What records call it, for as long as it exists.")},
                       {"created", s::time()},
                       {"changed", s::time()},
                       {"problem", s::text("Why it could not be made here: then it answers nobody, or goes on as it was.")}};
    const auto brief = s::answer(members, {"name", "source", "enabled", "agenttoken"});
    members.emplace_back("document", schema);
    members.emplace_back("warnings", s::list(s::answer({{"field", s::text()}, {"message", s::text()}}, {"message"})));
    const auto whole_agent = s::answer(members, {"name", "source", "document"});
    const auto revision_of = s::whole("The one it is thought to be; another one in force is refused. If-Match says the same.", 1, UINT32_MAX);
    s::Members past{{"revision", s::whole({}, 1, UINT32_MAX)},
                    {"made", s::time()},
                    {"who", s::text()},
                    {"action", s::text("created, changed, started, stopped, restored n")}};
    const auto past_brief = s::answer(past, {"revision"});
    past.emplace_back("name", s::text());
    past.emplace_back("document", json::object({{"type", "object"}}));

    table.add({.method = "GET",
               .pattern = "/v1/agents",
               .role = Role::read,
               .summary = "All agents, those of the file first.",
               .response = s::answer({{"agents", s::list(brief)}}, {"agents"}),
               .handle = [this](ApiRequest& request) { return list(request); }});
    table.add({.method = "POST",
               .pattern = "/v1/agents",
               .role = Role::admin,
               .summary = "Makes an agent; it answers at once.",
               .request = s::object({{"name", s::text("Letters, digits, - and _.", 64)}, {"document", schema}}, {"name", "document"}),
               .response = whole_agent,
               .handle = [this](ApiRequest& request) { return create(request); },
               .audit = "agent.created",
               .success = 201,
               .most_body = 1024 * 1024});
    table.add({.method = "GET",
               .pattern = "/v1/agents/{name}",
               .role = Role::read,
               .summary = "One agent with its document.",
               .response = whole_agent,
               .handle = [this](ApiRequest& request) { return show(request); }});
    table.add({.method = "PUT",
               .pattern = "/v1/agents/{name}",
               .role = Role::admin,
               .summary = "Another document in place of what there is, as a new revision; calls under way keep theirs.",
               .request = s::object({{"document", schema}, {"revision", revision_of}}, {"document"}),
               .response = whole_agent,
               .handle = [this](ApiRequest& request) { return replace(request, false); },
               .audit = "agent.changed",
               .most_body = 1024 * 1024});
    table.add({.method = "PATCH",
               .pattern = "/v1/agents/{name}",
               .role = Role::admin,
               .summary = "Parts of the document changed, as a new revision.",
               .request = s::object({{"document", patch}, {"revision", revision_of}}, {"document"}),
               .response = whole_agent,
               .handle = [this](ApiRequest& request) { return replace(request, true); },
               .audit = "agent.changed",
               .most_body = 1024 * 1024});
    table.add({.method = "DELETE",
               .pattern = "/v1/agents/{name}",
               .role = Role::admin,
               .summary = "Takes an agent away; calls under way go on. Its revisions stay, its secrets do not.",
               .response = s::answer({{"deleted", s::flag()}}, {"deleted"}),
               .handle = [this](ApiRequest& request) { return remove(request); },
               .audit = "agent.deleted"});
    table.add({.method = "POST",
               .pattern = "/v1/agents/{name}/start",
               .role = Role::operate,
               .summary = "Its numbers are answered again.",
               .response = whole_agent,
               .handle = [this](ApiRequest& request) { return set_enabled(request, true); },
               .audit = "agent.started"});
    table.add({.method = "POST",
               .pattern = "/v1/agents/{name}/stop",
               .role = Role::operate,
               .summary = "Its numbers are answered as those of nobody; calls under way go on.",
               .response = whole_agent,
               .handle = [this](ApiRequest& request) { return set_enabled(request, false); },
               .audit = "agent.stopped"});
    table.add({.method = "GET",
               .pattern = "/v1/agents/{name}/revisions",
               .role = Role::read,
               .summary = "What became of it, newest first.",
               .response = s::answer({{"revisions", s::list(past_brief)}, {"cursor", s::or_null(s::text())}}, {"revisions", "cursor"}),
               .query = {"limit", "cursor"},
               .handle = [this](ApiRequest& request) { return revisions(request); }});
    table.add({.method = "GET",
               .pattern = "/v1/agents/{name}/revisions/{revision}",
               .role = Role::read,
               .summary = "One revision with its document.",
               .response = s::answer(past, {"revision", "document"}),
               .handle = [this](ApiRequest& request) { return revision(request); }});
    table.add({.method = "POST",
               .pattern = "/v1/agents/{name}/revisions/{revision}/restore",
               .role = Role::admin,
               .summary = "That revision again, as a new one.",
               .response = whole_agent,
               .handle = [this](ApiRequest& request) { return restore(request); },
               .audit = "agent.restored"});
}

}  // namespace parley::gateway
