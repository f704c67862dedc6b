#include "config_tool_rows.hpp"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "parley/tools/catalog.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using A = AgentConfig;

constexpr std::size_t kMostTools = 100;

// A section as JSON, so that a schema may be written either way.
json json_of(const yaml::Node& node) {
    switch (node.kind) {
        case yaml::Kind::null:
            return nullptr;
        case yaml::Kind::list: {
            auto all = json::array();
            for (const auto& child : node.children) all.push_back(json_of(child));
            return all;
        }
        case yaml::Kind::map: {
            auto all = json::object();
            for (std::size_t i = 0; i < node.keys.size(); ++i) all[node.keys[i]] = json_of(node.children[i]);
            return all;
        }
        case yaml::Kind::scalar:
            break;
    }
    if (node.quoted) return node.text;
    const auto value = json::parse(node.text, nullptr, false);
    return value.is_number() || value.is_boolean() || value.is_null() ? value : json(node.text);
}

// The keys of one section in a list, each read once.
class Section {
public:
    Section(const yaml::Node& node, const ReadContext& context, std::string list) : node_(node), context_(context), list_(std::move(list)) {}

    void text(const char* key, std::string& into) {
        with(key, [&](const yaml::Node& child) {
            if (auto value = yaml::as_text(child))
                into = std::move(value.value);
            else
                wrong(child, key, value.error);
        });
    }
    // Text, or a section that becomes JSON.
    void json_text(const char* key, std::string& into) {
        with(key, [&](const yaml::Node& child) {
            if (child.kind == yaml::Kind::map || child.kind == yaml::Kind::list)
                into = json_of(child).dump();
            else if (auto value = yaml::as_text(child))
                into = std::move(value.value);
            else
                wrong(child, key, value.error);
        });
    }
    void flag(const char* key, bool& into) {
        // true and false as they stand, which are no text.
        with(key, [&](const yaml::Node& child) {
            const auto value = child.kind == yaml::Kind::scalar ? text::parse_bool(child.text) : text::Parsed<bool>{{}, "expected true or false"};
            if (!value)
                wrong(child, key, value.error);
            else
                into = value.value;
        });
    }
    void number(const char* key, std::uint32_t& into, std::int64_t least, std::int64_t most) {
        with(key, [&](const yaml::Node& child) {
            const auto given = yaml::as_text(child);
            const auto value = given ? text::parse_integer(given.value) : text::Parsed<std::int64_t>{{}, given.error};
            if (!value)
                wrong(child, key, value.error);
            else if (value.value < least || value.value > most)
                wrong(child, key, "expected " + std::to_string(least) + " to " + std::to_string(most));
            else
                into = static_cast<std::uint32_t>(value.value);
        });
    }
    void duration(const char* key, std::chrono::milliseconds& into, std::chrono::milliseconds least, std::chrono::milliseconds most) {
        scalar(key, &text::parse_duration, [&](std::chrono::microseconds value) {
            if (value < least || value > most)
                wrong(*node_.find(key), key, "expected " + text::to_text(least) + " to " + text::to_text(most));
            else
                into = std::chrono::duration_cast<std::chrono::milliseconds>(value);
        });
    }
    void texts(const char* key, std::vector<std::string>& into) {
        with(key, [&](const yaml::Node& child) {
            const auto one = [&](const yaml::Node& item) {
                if (auto value = yaml::as_text(item))
                    into.push_back(std::move(value.value));
                else
                    wrong(item, key, value.error);
            };
            if (child.kind == yaml::Kind::list)
                std::for_each(child.children.begin(), child.children.end(), one);
            else
                one(child);
        });
    }
    void text_map(const char* key, std::map<std::string, std::string>& into) {
        with(key, [&](const yaml::Node& child) {
            if (child.kind != yaml::Kind::map) return wrong(child, key, "expected a section");
            for (std::size_t i = 0; i < child.keys.size(); ++i) {
                if (auto value = yaml::as_text(child.children[i]))
                    into.emplace(child.keys[i], std::move(value.value));
                else
                    wrong(child.children[i], child.keys[i], value.error);
            }
        });
    }
    void secret(const char* key, Secret& into) {
        with(key, [&](const yaml::Node& child) { into = read_secret(child, key, context_); });
    }
    void secret_map(const char* key, std::map<std::string, Secret>& into) {
        with(key, [&](const yaml::Node& child) {
            if (child.kind != yaml::Kind::map) return wrong(child, key, "expected a section");
            for (std::size_t i = 0; i < child.keys.size(); ++i) into.emplace(child.keys[i], read_secret(child.children[i], child.keys[i], context_));
        });
    }
    void finish() {
        for (std::size_t i = 0; i < node_.keys.size(); ++i)
            if (std::find(known_.begin(), known_.end(), node_.keys[i]) == known_.end())
                context_.problems.add(node_.key_places[i], "unknown key '" + node_.keys[i] + "'" + text::suggestion(node_.keys[i], known_));
    }

private:
    template <class Use>
    void with(const char* key, Use use) {
        known_.emplace_back(key);
        if (const auto* child = node_.find(key)) use(*child);
    }
    template <class Value, class Use>
    void scalar(const char* key, text::Parsed<Value> (*parse)(std::string_view), Use use) {
        with(key, [&](const yaml::Node& child) {
            const auto given = yaml::as_text(child);
            const auto value = given ? parse(given.value) : text::Parsed<Value>{{}, given.error};
            if (!value)
                wrong(child, key, value.error);
            else
                use(value.value);
        });
    }
    void wrong(const yaml::Node& child, std::string_view key, std::string_view message) const {
        context_.wrong(child, list_ + "." + std::string(key), message);
    }

    const yaml::Node& node_;
    const ReadContext& context_;
    std::string list_;
    std::vector<std::string> known_;
};

tools::HttpTool read_http(Section& section) {
    tools::HttpTool tool;
    section.text("name", tool.name);
    section.text("description", tool.description);
    section.json_text("parameters", tool.parameters);
    section.text("method", tool.method);
    section.text("url", tool.url);
    section.secret_map("headers", tool.headers);
    section.json_text("body", tool.body);
    section.secret("signing_key", tool.signing_key);
    section.duration("timeout", tool.timeout, 100ms, 60s);
    section.flag("idempotent", tool.idempotent);
    section.flag("consequential", tool.consequential);
    section.flag("cancel_on_interruption", tool.cancel_on_interruption);
    section.text("result", tool.result);
    section.json_text("response_schema", tool.response_schema);
    section.text_map("variables", tool.variables);
    section.text("filler", tool.filler);
    section.number("concurrency", tool.concurrency, 1, 1000);
    section.finish();
    return tool;
}
tools::McpServer read_mcp(Section& section) {
    tools::McpServer server;
    section.text("name", server.name);
    section.text("url", server.url);
    section.secret_map("headers", server.headers);
    section.texts("allow", server.allow);
    section.texts("consequential", server.consequential);
    section.duration("timeout", server.timeout, 100ms, 60s);
    section.text("version", server.version);
    section.finish();
    return server;
}

template <class Item>
void sections(Table<A>& t, const std::string& key, std::vector<Item>& (*access)(A&), Item (*read)(Section&), std::string (*show)(const Item&, bool secrets),
              const std::string& type, const std::string& help) {
    Row<A> row;
    row.key = key;
    row.type = type;
    row.help = help;
    row.from_environment = false;
    row.read = [=](A& a, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::list) return c.wrong(node, key, "expected a list of sections");
        if (node.children.size() > kMostTools) return c.wrong(node, key, "has more than 100 entries");
        std::vector<Item> all;
        for (const auto& child : node.children) {
            if (child.kind != yaml::Kind::map) {
                c.wrong(child, key, "expected a section");
                continue;
            }
            Section section(child, c, key);
            all.push_back(read(section));
        }
        access(a) = std::move(all);
    };
    const auto print = [=](const A& a, bool secrets) {
        std::string out = "[";
        for (const auto& item : access(const_cast<A&>(a))) out += (out.size() > 1 ? ", " : "") + show(item, secrets);
        return out + "]";
    };
    row.print = [=](const A& a) { return print(a, false); };
    row.digest = [=](const A& a) { return print(a, true); };
    t.rows.push_back(std::move(row));
}

// One line of YAML, what is empty or as usual left out.
class Line {
public:
    explicit Line(bool secrets) : secrets_(secrets) {}
    void text(const char* key, const std::string& value, std::string_view usual = {}) {
        if (value != usual) add(key, quote_yaml(value));
    }
    void flag(const char* key, bool value) {
        if (value) add(key, "true");
    }
    void plain(const char* key, const std::string& value, const std::string& usual) {
        if (value != usual) add(key, value);
    }
    void secret(const char* key, const Secret& value) {
        if (!value.empty()) add(key, quote_yaml(secrets_ ? value.reveal() : kHidden));
    }
    void secrets(const char* key, const std::map<std::string, Secret>& all) {
        std::string out;
        for (const auto& [name, value] : all) out += (out.empty() ? "" : ", ") + quote_yaml(name) + ": " + quote_yaml(secrets_ ? value.reveal() : kHidden);
        if (!out.empty()) add(key, "{" + out + "}");
    }
    void map(const char* key, const std::map<std::string, std::string>& all) {
        std::string out;
        for (const auto& [name, value] : all) out += (out.empty() ? "" : ", ") + quote_yaml(name) + ": " + quote_yaml(value);
        if (!out.empty()) add(key, "{" + out + "}");
    }
    void list(const char* key, const std::vector<std::string>& all) {
        std::string out;
        for (const auto& value : all) out += (out.empty() ? "" : ", ") + quote_yaml(value);
        if (!out.empty()) add(key, "[" + out + "]");
    }
    [[nodiscard]] std::string done() const { return "{" + out_ + "}"; }

private:
    void add(const char* key, std::string_view value) { out_ += (out_.empty() ? "" : ", ") + std::string(key) + ": " + std::string(value); }
    bool secrets_;
    std::string out_;
};

std::string show_http(const tools::HttpTool& tool, bool secrets) {
    const tools::HttpTool usual;
    Line line(secrets);
    line.text("name", tool.name);
    line.text("description", tool.description);
    line.text("parameters", tool.parameters);
    line.text("method", tool.method, usual.method);
    line.text("url", tool.url);
    line.secrets("headers", tool.headers);
    line.text("body", tool.body);
    line.secret("signing_key", tool.signing_key);
    line.plain("timeout", text::to_text(tool.timeout), text::to_text(usual.timeout));
    line.flag("idempotent", tool.idempotent);
    line.flag("consequential", tool.consequential);
    line.flag("cancel_on_interruption", tool.cancel_on_interruption);
    line.text("result", tool.result);
    line.text("response_schema", tool.response_schema);
    line.map("variables", tool.variables);
    line.text("filler", tool.filler);
    line.plain("concurrency", std::to_string(tool.concurrency), std::to_string(usual.concurrency));
    return line.done();
}
std::string show_mcp(const tools::McpServer& server, bool secrets) {
    const tools::McpServer usual;
    Line line(secrets);
    line.text("name", server.name);
    line.text("url", server.url);
    line.secrets("headers", server.headers);
    line.list("allow", server.allow);
    line.list("consequential", server.consequential);
    line.plain("timeout", text::to_text(server.timeout), text::to_text(usual.timeout));
    line.text("version", server.version);
    return line.done();
}

// Whether the agent can have a tool of that name. What an MCP server offers is not known yet: one without an `allow` may have any.
bool has_tool(const A& agent, const std::string& name) {
    const auto& own = agent.own_tools;
    const auto& builtin = agent.messaging.tools;
    if (std::find(builtin.begin(), builtin.end(), name) != builtin.end()) return true;
    if (std::any_of(own.http.begin(), own.http.end(), [&](const auto& tool) { return tool.name == name; })) return true;
    if (!own.calendar.url.empty() && (name == "book_appointment" || name == "free_times")) return true;
    const auto plain = [](std::string theirs) {  // as the model is shown it
        for (auto& c : theirs)
            if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-') c = '_';
        return theirs.substr(0, 64);
    };
    return std::any_of(own.mcp.begin(), own.mcp.end(), [&](const auto& server) {
        return server.allow.empty() || std::any_of(server.allow.begin(), server.allow.end(), [&](const auto& theirs) { return plain(theirs) == name; });
    });
}

text::Parsed<std::string> any_text(std::string_view value) {
    return {std::string(value), {}};
}

}  // namespace

void tool_agent_rows(Table<A>& t) {
    sections<tools::HttpTool>(
        t, "http_tools", [](A& a) -> auto& { return a.own_tools.http; }, read_http, show_http,
        "list of {name, description, parameters, method, url, headers, body, signing_key, timeout, idempotent, consequential, cancel_on_interruption, result, "
        "response_schema, variables, filler, concurrency}",
        "Tools of the agent's own: HTTP requests the model may have made. See tools.md.");
    sections<tools::McpServer>(
        t, "mcp_servers", [](A& a) -> auto& { return a.own_tools.mcp; }, read_mcp, show_mcp,
        "list of {name, url, headers, allow, consequential, timeout, version}",
        "Servers whose tools the model may use (Model Context Protocol over HTTP). See tools.md.");
    const auto texts = [&](const std::string& key, auto access, const std::string& type, const std::string& help) {
        t.list<std::vector<std::string>& (*)(A&), std::string>(key, access, type, any_text, [](const std::string& item) { return quote_yaml(item); }, help);
    };
    texts(
        "confirm_tools", [](A& a) -> std::vector<std::string>& { return a.own_tools.consequential; }, "names",
        "Tools of the agent that are run only after the caller has said yes to them: built-in ones of `tools`, or its own by name.");
    texts(
        "tool_networks", [](A& a) -> std::vector<std::string>& { return a.own_tools.private_networks; }, "addresses or networks",
        "Where tools may go although it is not public: 10.1.0.0/16, 127.0.0.1, fd00::/8.");
    t.integer(
        "tools_per_turn", [](A& a) -> auto& { return a.own_tools.per_turn; }, 1, 50,
        "Tool calls between two turns of the caller; beyond them the agent apologises.");
    t.integer("tools_per_call", [](A& a) -> auto& { return a.own_tools.per_call; }, 1, 1000, "Tool calls in one call.");
    t.text(
        "calendar.url", [](A& a) -> auto& { return a.own_tools.calendar.url; }, "URL",
        "Where book_appointment books: a CalDAV collection, or another address that answers GET with iCalendar and takes PUT of <uid>.ics below it.");
    t.text("calendar.username", [](A& a) -> auto& { return a.own_tools.calendar.username; }, "text", "Who asks there.");
    t.secret("calendar.password", [](A& a) -> auto& { return a.own_tools.calendar.password; }, "Their password.");
    t.duration("calendar.length", [](A& a) -> auto& { return a.own_tools.calendar.length; }, 5min, 12h, "How long an appointment is.");
    t.text(
        "calendar.time_zone", [](A& a) -> auto& { return a.own_tools.calendar.time_zone; }, "zone",
        "Where times that callers name are meant, like Europe/Berlin; default hours.time_zone.");
}

std::vector<std::pair<std::string, std::string>> check_tool(const Config& config) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& agent : config.agents) {
        const auto at = "agents." + agent.name + ".";
        for (const auto& [place, why] : tools::wrong(agent.own_tools)) {
            const auto mcp = place.starts_with("mcp["), http = place.starts_with("http[");
            const auto key = http ? "http_tools" : mcp ? "mcp_servers" : place == "private_networks" ? "tool_networks" : place;
            const auto bracket = place.find('[');
            all.emplace_back(at + key, (bracket == std::string::npos ? ""
                                                                     : "entry " + place.substr(bracket + 1, place.find(']') - bracket - 1) + " (from 0), '" +
                                                                           place.substr(place.find('.') + 1) + "': ") +
                                           why);
        }
        const auto& own = agent.own_tools;
        if (!own.calendar.url.empty() && own.calendar.time_zone.empty() && agent.flow.time_zone.empty())
            all.emplace_back(at + "calendar.time_zone", "is missing: the times that callers name are of some place");
        if (!own.consequential.empty() && agent.brain != Brain::vendors)
            all.emplace_back(at + "confirm_tools", "is given, but only a model can be told to ask first");
        for (const auto& name : own.consequential) {
            if (name == "end_call" || name == "transfer_call")
                all.emplace_back(at + "confirm_tools", "names " + name + ", which is done without asking: say in the instructions when it may be used");
            else if (!has_tool(agent, name))
                all.emplace_back(at + "confirm_tools",
                                 "names '" + name + "', which is no tool of this agent: expected one of tools, http_tools or of its MCP servers");
        }
        if ((!own.http.empty() || !own.mcp.empty()) && agent.brain != Brain::vendors)
            all.emplace_back(at + (own.http.empty() ? "mcp_servers" : "http_tools"), "is given, but only a brain of vendors has a model that could use them");
    }
    return all;
}

}  // namespace parley::gateway
