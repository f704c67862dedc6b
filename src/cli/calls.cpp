#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "commands.hpp"
#include "parley/gateway/config.hpp"
#include "parley/gateway/history_json.hpp"
#include "parley/store/call_history.hpp"

namespace parley::cli {
namespace {

struct Options {
    std::string config, url, which;
    gateway::QueryMap query;
    bool json = false;
};

// Beside the gateway that serves from it; looks only.
std::unique_ptr<store::Database> open_store(const Options& options, Log& log) {
    const auto config = gateway::load_config(options.config, gateway::process_environment(), {});
    store::DatabaseSettings settings;
    settings.url = options.url.empty() ? config.store.url : Secret(options.url);
    settings.data_dir = config.server.data_dir;
    settings.connections = 1;
    settings.read_only = true;
    return store::open_database(settings, log, nullptr);
}

// What is shown on a terminal: one line, and nothing in it that moves the cursor.
std::string plain(const std::string& text, std::size_t width) {
    std::string out;
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    if (out.size() > width) out.resize(width);
    out.resize(width, ' ');
    return out;
}

int list(const Options& options) {
    auto question = gateway::history_question(options.query);
    if (!question.wrong.empty()) {
        std::fprintf(stderr, "calls: %s %s\n", question.wrong.c_str(), question.why.c_str());
        return kUsage;
    }
    Log log;
    const auto database = open_store(options, log);
    std::optional<store::HistoryPage> page;
    database->transact([&](store::Session& session) { page = store::list_history(session, question.filter); });
    if (!page) {
        std::fprintf(stderr, "calls: the cursor is none of ours\n");
        return kUsage;
    }
    if (options.json) {
        auto all = nlohmann::ordered_json::array();
        for (const auto& row : page->rows) all.push_back(gateway::history_json(row));
        std::printf("%s\n", nlohmann::ordered_json{{"calls", all}, {"nextCursor", page->next}}.dump(2).c_str());
        return 0;
    }
    for (const auto& row : page->rows) {
        const auto& how = row.status == "realtime_session_rejected" ? row.rejection_reason + "/" + row.rejection_detail
                          : row.end_reason.empty()                  ? row.status
                                                                    : row.end_reason + "/" + row.end_detail;
        std::printf("%s  %s  %s  %s %s  %s\n", row.guid.c_str(), store::iso8601(row.started_ms).substr(0, 19).c_str(),
                    plain(row.direction == "out" ? "> " + row.to
                          : row.channel == "web" ? "web"
                                                 : "< " + row.from,
                          18)
                        .c_str(),
                    plain(row.agent, 16).c_str(),
                    plain(row.ended_ms == 0 ? "" : std::to_string((row.ended_ms - row.started_ms + 500) / 1000) + " s", 7).c_str(), plain(how, 48).c_str());
    }
    if (!page->next.empty()) std::printf("more: --cursor %s\n", page->next.c_str());
    return 0;
}

int show(const Options& options) {
    Log log;
    const auto database = open_store(options, log);
    std::optional<store::HistoryRow> row;
    std::string record = "{}";
    database->transact([&](store::Session& session) {
        row = store::find_history(session, options.which);
        if (!row) row = store::history_of(session, options.which);
        if (row) record = store::read_record(session, row->call_sid).value_or("{}");
    });
    if (!row) {
        std::fprintf(stderr, "calls: there is no such call\n");
        return 1;
    }
    std::printf("%s\n", gateway::history_detail(*row, record).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return 0;
}

}  // namespace

void add_calls(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("calls", "The history of calls, as the store has it.");
    command->require_subcommand(1);
    const auto common = [&](CLI::App* one) {
        one->add_option("-c,--config", options->config, "the YAML file; without it PARLEY_CONFIG_TEXT is read");
        one->add_option("--store", options->url,
                        "another store than the configuration's: sqlite:/path (a PostgreSQL address with a password belongs in the configuration)");
    };
    const auto filters = [&](CLI::App* one) {
        for (const auto* name : {"agent", "status", "endReason", "channel", "direction", "number", "callsid", "from", "to", "limit", "cursor"})
            one->add_option(std::string("--") + name, options->query[name], std::string("as in GET /v1/history"));
        one->add_flag("--json", options->json, "as the API answers");
    };
    auto* all = command->add_subcommand("list", "The newest first.");
    common(all);
    filters(all);
    all->callback([&chosen, options] { chosen.run = [options] { return list(*options); }; });
    auto* search = command->add_subcommand("search", "Those in which something was said.");
    common(search);
    filters(search);
    search->add_option("words", options->query["search"], "words that were said in one turn")->required();
    search->callback([&chosen, options] { chosen.run = [options] { return list(*options); }; });
    auto* one = command->add_subcommand("show", "Everything that was kept of one call, as JSON.");
    common(one);
    one->add_option("which", options->which, "its messageguid or CallSid")->required();
    one->callback([&chosen, options] { chosen.run = [options] { return show(*options); }; });
}

}  // namespace parley::cli
