#include <unistd.h>

#include <fstream>
#include <set>

#include "config_flow_rows.hpp"
#include "config_table.hpp"
#include "config_vendor_rows.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::gateway {
namespace {

constexpr std::size_t kSecretFileBytes = 64UL * 1024;
constexpr std::size_t kEntries = 1000;  // agents, vendors

// Names people already use, beside the generated ones.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kUsualNames{{{"TWILIO_ACCOUNT_SID", "twilio.account_sids"},
                                                                                    {"TWILIO_AUTH_TOKEN", "twilio.auth_tokens"},
                                                                                    {"TWILIO_API_KEY", "twilio.api_key"},
                                                                                    {"TWILIO_API_SECRET", "twilio.api_secret"},
                                                                                    {"TWILIO_REGION", "twilio.region"},
                                                                                    {"TWILIO_EDGE", "twilio.edge"}}};
// Read elsewhere.
constexpr std::array<std::string_view, 5> kOtherNames{"PARLEY_CONFIG", "PARLEY_CONFIG_TEXT", "PARLEY_URL", "PARLEY_TOKEN", "PARLEY_TOKEN_FILE"};

std::string trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return std::string(text);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto end = text.find_first_of(separators);
        std::string part = trimmed(text.substr(0, end));
        if (!part.empty()) parts.push_back(std::move(part));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    return parts;
}

bool placeholder(std::string_view secret) {
    std::string lower;
    for (const char c : secret) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string_view word : {"changeme", "change-me", "change_me", "replace", "your_", "your-", "xxxx", "todo", "<", "placeholder"}) {
        if (lower.find(word) != std::string::npos) return true;
    }
    return lower == "secret" || lower == "token" || lower == "password" || lower == "example";
}

class Loader {
public:
    Loader(const Environment& environment, const LoadOptions& options, std::filesystem::path base)
        : options_(options), context_{problems_, environment, std::move(base), config_.warnings, config_.secret_files} {}

    Config load(const yaml::Document& document) {
        const bool readable = problems_.empty() || document.root.kind != yaml::Kind::null;
        if (readable) {
            read_file(document.root);
            read_environment();
            usual_vendor_keys();
            check_config(config_, options_, unread_, problems_);
        }
        if (!problems_.empty()) throw ConfigError(std::move(problems_));
        return std::move(config_);
    }
    Problems& problems() { return problems_; }
    Config& config() { return config_; }

    // Everything of `base`, and one agent more.
    AgentReading read_beside(const Config& base, const std::string& name, const yaml::Node& document) {
        AgentReading reading;
        config_ = base;
        config_.warnings.clear();
        context_.secret_places = &reading.secrets;
        AgentConfig agent;
        agent.name = name;
        const std::string at = "agents." + name;
        config_.sources[at] = {Source::Kind::file, document.place};
        section(document, "", at + ".", agent, agent_rows(), Source::Kind::file);
        config_.agents.push_back(agent);
        check_config(config_, options_, unread_, problems_);
        reading.problems = std::move(problems_);
        reading.warnings = std::move(config_.warnings);
        reading.agent = std::move(config_.agents.back());
        for (auto& [key, source] : config_.sources)
            if (key == at || key.starts_with(at + ".")) reading.sources.emplace(key, source);
        return reading;
    }

private:
    void unknown(const Place& place, std::string message) {
        if (options_.allow_unknown) {
            config_.warnings.push_back({place, std::move(message)});
        } else {
            problems_.add(place, std::move(message));
        }
    }

    void read_file(const yaml::Node& root) {
        if (root.kind != yaml::Kind::map) {
            if (root.kind != yaml::Kind::null) problems_.add(root.place, "expected a section, found " + std::string(yaml::name_of(root.kind)));
            return;
        }
        section(root, "", "", config_, config_rows(), Source::Kind::file);
    }

    // Reads one map: a key is a row, the beginning of rows, or unknown. `where` is the prefix in `sources`.
    template <class Target>
    void section(const yaml::Node& node, const std::string& prefix, const std::string& where, Target& target, const std::vector<Row<Target>>& rows,
                 Source::Kind kind) {
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            const std::string key = prefix + node.keys[i];
            const yaml::Node& value = node.children[i];
            if constexpr (std::is_same_v<Target, Config>) {
                if (key == "agents") {
                    read_entries(value, "agents", "agent", config_.agents, agent_rows());
                    continue;
                }
                if (key == "vendors") {
                    read_entries(value, "vendors", "entry", config_.vendors, vendor_rows());
                    continue;
                }
                if (key == "menus") {
                    read_entries(value, "menus", "entry", config_.menus, menu_rows());
                    continue;
                }
            }
            const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.key == key; });
            if (row != rows.end()) {
                read_row(*row, target, value, where + key, kind);
                continue;
            }
            const bool inner = std::any_of(rows.begin(), rows.end(), [&](const auto& r) { return r.key.starts_with(key + "."); });
            if (inner && value.kind == yaml::Kind::map) {
                section(value, key + ".", where, target, rows, kind);
            } else if (inner && value.kind != yaml::Kind::null) {
                problems_.add(value.place, "'" + node.keys[i] + "': expected a section, found " + std::string(yaml::name_of(value.kind)));
            } else if (!inner) {
                unknown(node.key_places[i], unknown_key(node.keys[i], prefix, rows));
            }
        }
    }

    template <class Target>
    void read_row(const Row<Target>& row, Target& target, const yaml::Node& node, const std::string& key, Source::Kind kind) {
        const std::size_t before = problems_.list().size();
        row.read(target, node, context_);
        config_.sources[key] = {kind, node.place};
        if (problems_.list().size() != before) unread_.insert(key);
    }

    // The nearest neighbour, or the place where a key of that very name belongs.
    template <class Target>
    std::string unknown_key(const std::string& name, const std::string& prefix, const std::vector<Row<Target>>& rows) const {
        std::set<std::string> near;
        std::vector<std::string> elsewhere;
        for (const auto& row : rows) {
            if (row.key.starts_with(prefix)) near.insert(row.key.substr(prefix.size(), row.key.find('.', prefix.size()) - prefix.size()));
            if (row.key.substr(row.key.rfind('.') + 1) == name) elsewhere.push_back(row.key);
        }
        if (std::is_same_v<Target, Config> && prefix.empty()) near.insert({"agents", "menus", "vendors"});
        const std::vector<std::string> names(near.begin(), near.end());
        std::string hint = text::suggestion(name, names);
        if (!elsewhere.empty()) hint = ", did you mean '" + elsewhere.front() + "'?";
        return "unknown key '" + name + "'" + hint;
    }

    // A section with one entry a name: agents, vendors.
    template <class Entry>
    void read_entries(const yaml::Node& node, const std::string& section_name, const std::string& noun, std::vector<Entry>& into,
                      const std::vector<Row<Entry>>& rows) {
        if (node.kind == yaml::Kind::null) return;
        if (node.kind != yaml::Kind::map) {
            problems_.add(node.place,
                          "'" + section_name + "': expected a section with one entry for each " + noun + ", found " + std::string(yaml::name_of(node.kind)));
            return;
        }
        if (node.children.size() > kEntries) {
            problems_.add(node.place, "'" + section_name + "': more than " + std::to_string(kEntries));
            return;
        }
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            const std::string& name = node.keys[i];
            const bool good = !name.empty() && name.size() <= 64 &&
                              std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; });
            if (!good) problems_.add(node.key_places[i], "'" + name + "': the name of an " + noun + " has letters, digits, - and _, at most 64");
            Entry entry;
            entry.name = name;
            const std::string at = section_name + "." + name;
            config_.sources[at] = {Source::Kind::file, node.key_places[i]};
            if (node.children[i].kind == yaml::Kind::map) {
                section(node.children[i], "", at + ".", entry, rows, Source::Kind::file);
            } else if (node.children[i].kind != yaml::Kind::null) {
                problems_.add(node.children[i].place, "'" + name + "': expected a section, found " + std::string(yaml::name_of(node.children[i].kind)));
            }
            into.push_back(std::move(entry));
        }
    }

    // A vendor whose key is not given has the one people keep in its usual variable.
    void usual_vendor_keys() {
        for (auto& vendor : config_.vendors) {
            if (!vendor.key.empty() || unread_.contains("vendors." + vendor.name + ".key")) continue;
            for (const auto variable : vendors::key_variables(vendor.vendor)) {
                yaml::Node node;
                node.place = {"environment " + std::string(variable), 0, 0};
                if (context_.environment.contains(std::string(variable))) {
                    node = scalar("env:" + std::string(variable), node.place);
                } else if (const auto file = context_.environment.find(std::string(variable) + "_FILE"); file != context_.environment.end()) {
                    node = scalar("file:" + file->second, node.place);
                } else {
                    continue;
                }
                const auto& rows = vendor_rows();
                const auto row = std::find_if(rows.begin(), rows.end(), [](const auto& r) { return r.key == "key"; });
                read_row(*row, vendor, node, "vendors." + vendor.name + ".key", Source::Kind::environment);
                break;
            }
        }
    }

    // --- environment

    struct Variable {
        Secrecy secrecy;
        bool is_list;
        std::function<void(const yaml::Node&)> set;
    };

    std::map<std::string, Variable> variables() {
        std::map<std::string, Variable> known;
        const auto add = [&](const std::string& key, const auto& row, auto& target) {
            if (!row.from_environment) return;
            known[environment_name(key)] = {
                row.secrecy, row.is_list, [this, key, &row, &target](const yaml::Node& node) { read_row(row, target, node, key, Source::Kind::environment); }};
        };
        for (const auto& row : config_rows()) add(row.key, row, config_);
        for (auto& vendor : config_.vendors) {
            for (const auto& row : vendor_rows()) add("vendors." + vendor.name + "." + row.key, row, vendor);
        }
        for (auto& menu : config_.menus) {
            for (const auto& row : menu_rows()) add("menus." + menu.name + "." + row.key, row, menu);
        }
        for (auto& agent : config_.agents) {
            for (const auto& row : agent_rows()) add("agents." + agent.name + "." + row.key, row, agent);
        }
        return known;
    }

    void read_environment() {
        const auto known = variables();
        for (const auto& [name, key] : kUsualNames) {
            const auto variable = known.find(environment_name(key));
            set_variable(std::string(name), variable->second, false);
            set_variable(std::string(name) + "_FILE", variable->second, true);
        }
        for (const auto& [name, variable] : known) {
            set_variable(name, variable, false);
            if (variable.secrecy != Secrecy::open) set_variable(name + "_FILE", variable, true);
        }
        std::vector<std::string> names(kOtherNames.begin(), kOtherNames.end());
        for (const auto& [name, variable] : known) {
            names.push_back(name);
            if (variable.secrecy != Secrecy::open) names.push_back(name + "_FILE");
        }
        for (const auto& [name, value] : context_.environment) {
            if (!name.starts_with("PARLEY_") || std::find(names.begin(), names.end(), name) != names.end()) continue;
            unknown({"environment " + name, 0, 0}, "unknown variable" + text::suggestion(name, names));
        }
    }

    void set_variable(const std::string& name, const Variable& variable, bool from_file) {
        const auto found = context_.environment.find(name);
        if (found == context_.environment.end()) return;
        yaml::Node node;
        node.place = {"environment " + name, 0, 0};
        std::string text = found->second;
        if (from_file) {
            const auto content = read_secret_file(text, node.place, name, context_);
            if (!content) return;
            text = std::string(content->reveal());
        }
        if (variable.is_list) {
            node.kind = yaml::Kind::list;
            for (auto& part : split(text, from_file ? "\n" : ",")) node.children.push_back(scalar(std::move(part), node.place));
        } else {
            node = scalar(std::move(text), node.place);
        }
        variable.set(node);
    }

    static yaml::Node scalar(std::string text, const Place& place) {
        yaml::Node node;
        node.kind = yaml::Kind::scalar;
        node.quoted = true;
        node.text = std::move(text);
        node.place = place;
        return node;
    }

    const LoadOptions& options_;
    Config config_;
    Problems problems_;
    ReadContext context_;
    std::set<std::string> unread_;
};

Config load(std::string_view text, const std::filesystem::path& name, bool is_file, const Environment& environment, const LoadOptions& options) {
    Loader loader(environment, options, name.parent_path());
    yaml::Document document = is_file ? yaml::parse_file(name, loader.problems()) : yaml::parse_text(text, name.string(), loader.problems());
    loader.config().file = is_file ? name : std::filesystem::path();
    return loader.load(document);
}

}  // namespace

Environment process_environment() {
    Environment all;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

std::optional<Secret> read_secret_file(const std::filesystem::path& path, const Place& place, std::string_view key, const ReadContext& context) {
    const auto refuse = [&](std::string why) {
        context.problems.add(place, "'" + std::string(key) + "': " + path.string() + " " + std::move(why));
        return std::nullopt;
    };
    const std::filesystem::path full = path.is_relative() ? context.base / path : path;
    context.secret_files.push_back(full);
    std::error_code ec;
    // Not a pipe or a device: those may never end.
    if (!std::filesystem::is_regular_file(full, ec)) return refuse("is not a readable file");
    std::ifstream in(full, std::ios::binary);
    if (!in) return refuse("is not a readable file");
    std::string content(kSecretFileBytes + 1, '\0');
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(in.gcount()));
    if (content.size() > kSecretFileBytes) return refuse("is larger than 64KiB");
    Secret secret(trimmed(content));
    if (secret.empty()) return refuse("is empty");
    return secret;
}

Secret read_secret(const yaml::Node& node, std::string_view key, const ReadContext& context) {
    auto given = yaml::as_text(node);
    if (!given) {
        context.wrong(node, key, given.error);
        return {};
    }
    const std::string& text = given.value;
    Secret secret;
    if (context.secret_places != nullptr) {
        context.secret_places->push_back(node.place);
        if (text.starts_with("env:") || text.starts_with("file:")) {
            context.wrong(node, key, "is to be given itself here: variables and files of the gateway's machine are for its own file");
            return {};
        }
        secret = Secret(text);
    } else if (text.starts_with("env:")) {
        const auto found = context.environment.find(text.substr(4));
        if (found == context.environment.end() || found->second.empty()) {
            context.wrong(node, key, "the environment has no " + text.substr(4));
            return {};
        }
        secret = Secret(found->second);
    } else if (text.starts_with("file:")) {
        auto content = read_secret_file(text.substr(5), node.place, key, context);
        if (!content) return {};
        secret = std::move(*content);
    } else {
        secret = Secret(text);
        if (node.place.line > 0 && !text.empty()) {
            context.warnings.push_back(
                {node.place, "'" + std::string(key) + "' stands in the file; env:NAME or file:/path keeps it out of backups and reviews"});
        }
    }
    if (secret.empty()) {
        context.wrong(node, key, "is empty");
    } else if (placeholder(secret.reveal())) {
        context.wrong(node, key, "looks like a placeholder that was left in");
        return {};
    }
    return secret;
}

Config load_config(const std::filesystem::path& path, const Environment& environment, const LoadOptions& options) {
    if (!path.empty()) return load({}, path, true, environment, options);
    const auto file = environment.find("PARLEY_CONFIG");
    if (file != environment.end() && !file->second.empty()) return load({}, file->second, true, environment, options);
    const auto text = environment.find("PARLEY_CONFIG_TEXT");
    if (text != environment.end()) return load(text->second, "PARLEY_CONFIG_TEXT", false, environment, options);
    Problems problems;
    problems.add({"configuration", 0, 0}, "no file was named: give --config, or set PARLEY_CONFIG or PARLEY_CONFIG_TEXT");
    throw ConfigError(std::move(problems));
}

AgentReading read_agent(const Config& base, const std::string& name, const yaml::Node& document, const LoadOptions& options) {
    const Environment nothing;
    Loader loader(nothing, options, base.file.parent_path());
    return loader.read_beside(base, name, document);
}

Config load_config_text(std::string_view text, const std::filesystem::path& name, const Environment& environment, const LoadOptions& options) {
    return load(text, name, false, environment, options);
}

}  // namespace parley::gateway
