// parley agents list|show|apply|delete|start|stop|revisions, parley token create|list|revoke.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "admin_client.hpp"
#include "commands.hpp"
#include "parley/base/strict_yaml.hpp"
#include "parley/gateway/config.hpp"
#include "parley/store/tokens.hpp"

namespace parley::cli {

namespace {

using Json = nlohmann::json;

void print(const Json& json) {
    std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

Json from_yaml(const yaml::Node& node) {
    switch (node.kind) {
        case yaml::Kind::null:
            return nullptr;
        case yaml::Kind::map: {
            Json out = Json::object();
            for (std::size_t i = 0; i < node.keys.size(); ++i) out[node.keys[i]] = from_yaml(node.children[i]);
            return out;
        }
        case yaml::Kind::list: {
            Json out = Json::array();
            for (const auto& child : node.children) out.push_back(from_yaml(child));
            return out;
        }
        case yaml::Kind::scalar:
            break;
    }
    if (!node.quoted) {
        const auto plain = Json::parse(node.text, nullptr, false);
        if (plain.is_number() || plain.is_boolean()) return plain;
    }
    return node.text;
}

// A file of agents, as the configuration has them: "agents:" with one or more of them. JSON is YAML.
std::vector<std::pair<std::string, Json>> read_agents(const std::string& path) {
    Problems problems;
    const auto document = yaml::parse_file(path, problems);
    if (!problems.empty()) throw std::runtime_error(problems.text());
    const auto* agents = document.root.kind == yaml::Kind::map ? document.root.find("agents") : nullptr;
    if (agents == nullptr || agents->kind != yaml::Kind::map || document.root.keys.size() != 1 || agents->keys.empty())
        throw std::runtime_error(path + ": expected a file with `agents:` alone, and below it one or more agents as in the configuration");
    std::vector<std::pair<std::string, Json>> all;
    for (std::size_t i = 0; i < agents->keys.size(); ++i) {
        auto one = from_yaml(agents->children[i]);
        all.emplace_back(agents->keys[i], one.is_null() ? Json::object() : std::move(one));
    }
    return all;
}

int show_all(const AdminRun& gateway, bool json) {
    const auto said = gateway.ask("GET", "/v1/agents");
    if (said.status != 200) return gateway.complain(said);
    if (json) {
        print(said.body);
        return 0;
    }
    for (const auto& agent : said.body.value("agents", Json::array())) {
        std::string numbers = agent.value("default", false) ? "default" : "";
        for (const auto& number : agent.value("numbers", Json::array()))
            numbers += (numbers.empty() ? "" : ",") + (number.is_string() ? number.get<std::string>() : std::string());
        const auto revision = agent.find("revision");
        std::printf("%-24s %-5s %-8s %-9s %5s  %s%s\n", text_of(agent, "name").c_str(), text_of(agent, "source").c_str(),
                    agent.value("enabled", true) ? "running" : "stopped", text_of(agent, "brain").c_str(),
                    revision != agent.end() && revision->is_number() ? revision->dump().c_str() : "-", numbers.c_str(),
                    text_of(agent, "problem").empty() ? "" : ("  PROBLEM: " + text_of(agent, "problem")).c_str());
    }
    return 0;
}

// What is there is replaced, what is not is made; unchanged ones stay in their revision.
int apply(const AdminRun& gateway, const std::string& path) {
    int status = 0;
    for (auto& [name, document] : read_agents(path)) {
        const auto at = "/v1/agents/" + escaped_segment(name);
        const auto there = gateway.ask("GET", at);
        if (there.status == 404) {
            const auto made = gateway.ask("POST", "/v1/agents", {{"name", name}, {"document", document}});
            if (made.status != 201)
                status = gateway.complain(made);
            else
                std::printf("%s: made, revision %s\n", name.c_str(), made.body.value("revision", Json()).dump().c_str());
            continue;
        }
        if (there.status != 200) return gateway.complain(there);
        if (there.body.value("document", Json()) == document) {
            std::printf("%s: as it was, revision %s\n", name.c_str(), there.body.value("revision", Json()).dump().c_str());
            continue;
        }
        Json body{{"document", document}};
        if (const auto revision = there.body.find("revision"); revision != there.body.end() && revision->is_number()) body["revision"] = *revision;
        const auto changed = gateway.ask("PUT", at, body);
        if (changed.status != 200) {
            std::fprintf(stderr, "%s: ", name.c_str());
            status = gateway.complain(changed);
        } else {
            std::printf("%s: changed, revision %s\n", name.c_str(), changed.body.value("revision", Json()).dump().c_str());
        }
    }
    return status;
}

int show_revisions(const AdminRun& gateway, const std::string& name, bool json) {
    const auto said = gateway.ask("GET", "/v1/agents/" + escaped_segment(name) + "/revisions?limit=200");
    if (said.status != 200) return gateway.complain(said);
    if (json) {
        print(said.body);
        return 0;
    }
    for (const auto& one : said.body.value("revisions", Json::array()))
        std::printf("%5s  %s  %-12s %s\n", one.value("revision", Json()).dump().c_str(), text_of(one, "made").c_str(), text_of(one, "action").c_str(),
                    text_of(one, "who").c_str());
    return 0;
}

// Without a gateway, in the store itself: how the first token comes about.
int create_in_store(const AdminOptions& where, const std::string& name, const std::string& role, std::int64_t seconds) {
    gateway::LoadOptions load;
    load.allow_unknown = true;
    load.check_files = false;
    const auto config = gateway::load_config(where.config, gateway::process_environment(), load);
    LogSettings quiet;
    auto log = Log::to(quiet, std::make_shared<MemoryLog>());
    store::DatabaseSettings settings;
    settings.url = config.store.url;
    settings.data_dir = config.server.data_dir;
    const auto database = store::open_database(settings, log, nullptr);
    const auto made = store::make_token_text();
    store::TokenRow row;
    row.id = made.id;
    row.name = name;
    row.role = role;
    row.hash = store::token_hash(made.text.reveal());
    row.made_ms = store::now_ms();
    row.made_by = "parley token create --store";
    row.expires_ms = seconds == 0 ? 0 : row.made_ms + seconds * 1000;
    database->transact([&](store::Session& session) { store::add_token(session, row); });
    std::printf("%s\n", std::string(made.text.reveal()).c_str());
    std::fprintf(stderr, "Token %s (%s, %s). It is shown this once.\n", row.id.c_str(), name.c_str(), role.c_str());
    return 0;
}

int show_tokens(const AdminRun& gateway, bool json) {
    const auto said = gateway.ask("GET", "/v1/tokens");
    if (said.status != 200) return gateway.complain(said);
    if (json) {
        print(said.body);
        return 0;
    }
    for (const auto& one : said.body.value("tokens", Json::array()))
        std::printf("%s  %-8s %-8s %-24s %s  by %s\n", text_of(one, "id").c_str(), text_of(one, "role").c_str(),
                    one.value("in_force", false) ? "in force" : "over", text_of(one, "name").c_str(), text_of(one, "created").c_str(),
                    text_of(one, "created_by").c_str());
    return 0;
}

// "30d", "12h": the configuration's durations, and days.
std::int64_t seconds_of(const std::string& text) {
    if (text.empty()) return 0;
    if (text.ends_with('d')) {
        const auto days = text::parse_integer(text.substr(0, text.size() - 1));
        if (days && days.value >= 1 && days.value <= 3650) return days.value * 86'400;
    } else if (const auto given = text::parse_duration(text); given && given.value >= std::chrono::seconds(1)) {
        return std::chrono::duration_cast<std::chrono::seconds>(given.value).count();
    }
    throw std::runtime_error("--expires takes a time such as 30d or 12h");
}

}  // namespace

void add_agents(CLI::App& app, Chosen& chosen) {
    struct Options {
        AdminOptions where;
        std::string name, file;
        std::int64_t revision = 0;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    auto* agents = app.add_subcommand("agents", "Agents of a running gateway: those of its file are shown, those of its store made and changed.");
    agents->require_subcommand(1);
    const auto add = [&](const char* name, const char* about, bool named, std::function<int(const AdminRun&, const Options&)> run) {
        auto* command = agents->add_subcommand(name, about);
        add_admin_options(*command, options->where);
        if (named) command->add_option("name", options->name, "the agent")->required();
        command->callback([&chosen, options, run = std::move(run)] {
            chosen.run = [options, run] {
                const AdminRun gateway(options->where);
                return run(gateway, *options);
            };
        });
        return command;
    };
    const auto done = [](const AdminRun& gateway, const AdminRun::Said& said, const std::string& sentence) {
        if (said.status < 200 || said.status > 299) return gateway.complain(said);
        std::printf("%s\n", sentence.c_str());
        return 0;
    };
    add("list", "All agents.", false, [](const AdminRun& gateway, const Options& o) {
        return show_all(gateway, o.json);
    })->add_flag("--json", options->json, "as the gateway says it");
    add("show", "One agent with its document, or an older revision of it.", true, [](const AdminRun& gateway, const Options& o) {
        const auto said =
            gateway.ask("GET", "/v1/agents/" + escaped_segment(o.name) + (o.revision > 0 ? "/revisions/" + std::to_string(o.revision) : std::string()));
        if (said.status != 200) return gateway.complain(said);
        print(said.body);
        return 0;
    })->add_option("--revision", options->revision, "this one instead of the one in force");
    auto* apply_command = add("apply", "Make or change agents as a file says, which has `agents:` as the configuration does.", false,
                              [](const AdminRun& gateway, const Options& o) { return apply(gateway, o.file); });
    apply_command->add_option("file", options->file, "YAML or JSON")->required()->check(CLI::ExistingFile);
    add("delete", "Take an agent away; calls under way go on.", true, [done](const AdminRun& gateway, const Options& o) {
        return done(gateway, gateway.ask("DELETE", "/v1/agents/" + escaped_segment(o.name)), o.name + ": deleted");
    });
    add("start", "Have its numbers answered again.", true, [done](const AdminRun& gateway, const Options& o) {
        return done(gateway, gateway.ask("POST", "/v1/agents/" + escaped_segment(o.name) + "/start"), o.name + ": running");
    });
    add("stop", "Have its numbers answered as those of nobody; calls under way go on.", true, [done](const AdminRun& gateway, const Options& o) {
        return done(gateway, gateway.ask("POST", "/v1/agents/" + escaped_segment(o.name) + "/stop"), o.name + ": stopped");
    });
    add("revisions", "What became of an agent, newest first.", true, [](const AdminRun& gateway, const Options& o) {
        return show_revisions(gateway, o.name, o.json);
    })->add_flag("--json", options->json, "as the gateway says it");
    add("restore", "An older revision again, as a new one.", true,
        [done](const AdminRun& gateway, const Options& o) {
            return done(gateway, gateway.ask("POST", "/v1/agents/" + escaped_segment(o.name) + "/revisions/" + std::to_string(o.revision) + "/restore"),
                        o.name + ": as in revision " + std::to_string(o.revision));
        })
        ->add_option("--revision", options->revision, "which")
        ->required();
}

void add_token(CLI::App& app, Chosen& chosen) {
    struct Options {
        AdminOptions where;
        std::string name, role = "read", expires, id;
        bool in_store = false, json = false;
    };
    auto options = std::make_shared<Options>();
    auto* token = app.add_subcommand("token", "Tokens for /v1.");
    token->require_subcommand(1);
    auto* create = token->add_subcommand("create", "Make a token; it is printed this once.");
    add_admin_options(*create, options->where);
    create->add_option("--name", options->name, "what it is told by")->required();
    create->add_option("--role", options->role, "what it may do: read, operate, admin")
        ->check(CLI::IsMember({"read", "operate", "admin"}))
        ->capture_default_str();
    create->add_option("--expires", options->expires, "after so long, as 30d or 12h; without it never");
    create->add_flag("--store", options->in_store, "write it into the configuration's store instead of asking a gateway: for the first one");
    create->callback([&chosen, options] {
        chosen.run = [options] {
            const auto seconds = seconds_of(options->expires);
            if (options->in_store) return create_in_store(options->where, options->name, options->role, seconds);
            const AdminRun gateway(options->where);
            Json body{{"name", options->name}, {"role", options->role}};
            if (seconds > 0) body["expires_in_s"] = seconds;
            const auto said = gateway.ask("POST", "/v1/tokens", body);
            if (said.status != 201) return gateway.complain(said);
            std::printf("%s\n", text_of(said.body, "token").c_str());
            std::fprintf(stderr, "Token %s (%s, %s). It is shown this once.\n", text_of(said.body, "id").c_str(), options->name.c_str(), options->role.c_str());
            return 0;
        };
    });
    auto* list = token->add_subcommand("list", "All tokens, also those that are over; never their texts.");
    add_admin_options(*list, options->where);
    list->add_flag("--json", options->json, "as the gateway says it");
    list->callback([&chosen, options] {
        chosen.run = [options] {
            const AdminRun gateway(options->where);
            return show_tokens(gateway, options->json);
        };
    });
    auto* revoke = token->add_subcommand("revoke", "End a token at once.");
    add_admin_options(*revoke, options->where);
    revoke->add_option("id", options->id, "its id, as `parley token list` shows it")->required();
    revoke->callback([&chosen, options] {
        chosen.run = [options] {
            const AdminRun gateway(options->where);
            const auto said = gateway.ask("DELETE", "/v1/tokens/" + escaped_segment(options->id));
            if (said.status != 200) return gateway.complain(said);
            std::printf("%s: revoked\n", options->id.c_str());
            return 0;
        };
    });
}

}  // namespace parley::cli
