#include <openssl/evp.h>

#include <set>
#include <sstream>

#include "config_flow_rows.hpp"
#include "config_table.hpp"
#include "config_vendor_rows.hpp"

namespace parley::gateway {
namespace {

// One "key: value   # source" line at its depth, opening sections as they begin.
class Writer {
public:
    explicit Writer(std::ostringstream& out, int depth = 0) : out_(out), base_(depth) {}

    void line(const std::string& key, const std::string& value, const std::string& source) {
        std::vector<std::string> parts;
        std::istringstream in(key);
        for (std::string part; std::getline(in, part, '.');) parts.push_back(part);
        std::size_t same = 0;
        while (same < open_.size() && same + 1 < parts.size() && open_[same] == parts[same]) ++same;
        open_.resize(same);
        for (; same + 1 < parts.size(); ++same) {
            out_ << indent(same) << parts[same] << ":\n";
            open_.push_back(parts[same]);
        }
        const std::string text = indent(same) + parts.back() + ": " + value;
        out_ << text << std::string(text.size() < 60 ? 60 - text.size() : 1, ' ') << "# " << source << "\n";
    }

private:
    [[nodiscard]] std::string indent(std::size_t depth) const { return std::string((static_cast<std::size_t>(base_) + depth) * 2, ' '); }
    std::ostringstream& out_;
    int base_;
    std::vector<std::string> open_;
};

// Keys with their digests, agents included, for comparing.
template <class Visit>
void each_row(const Config& config, Visit visit) {
    for (const auto& row : config_rows()) visit(row.key, row, config);
    for (const auto& vendor : config.vendors) {
        for (const auto& row : vendor_rows()) visit("vendors." + vendor.name + "." + row.key, row, vendor);
    }
    for (const auto& menu : config.menus) {
        for (const auto& row : menu_rows()) visit("menus." + menu.name + "." + row.key, row, menu);
    }
    for (const auto& agent : config.agents) {
        for (const auto& row : agent_rows()) visit("agents." + agent.name + "." + row.key, row, agent);
    }
}

template <class Target>
void reference_rows(std::ostringstream& out, const std::vector<Row<Target>>& rows, const Target& defaults, std::string_view prefix, std::string_view section) {
    out << "| key | value | default | takes effect | meaning |\n|---|---|---|---|---|\n";
    for (const auto& row : rows) {
        if (!row.key.starts_with(section)) continue;
        out << "| `" << prefix << row.key << "` | " << row.type << " | `" << row.print(defaults) << "` | "
            << (row.effect == Effect::live ? "on reload" : "at start") << " | " << row.help << " |\n";
    }
    out << "\n";
}

}  // namespace

std::string Source::text() const {
    switch (kind) {
        case Kind::preset:
            return "default";
        case Kind::file:
            return place.file + ":" + std::to_string(place.line);
        case Kind::environment:
            return place.file;
    }
    return "";
}

const vendors::Endpoint* Config::vendor(std::string_view name) const {
    const auto found = std::find_if(vendors.begin(), vendors.end(), [&](const vendors::Endpoint& e) { return e.name == name; });
    return found == vendors.end() ? nullptr : &*found;
}

const AgentConfig* Config::agent(std::string_view name) const {
    const auto found = std::find_if(agents.begin(), agents.end(), [&](const AgentConfig& a) { return a.name == name; });
    return found == agents.end() ? nullptr : &*found;
}

const AgentConfig* Config::agent_for(std::string_view called_number) const {
    const AgentConfig* fallback = nullptr;
    for (const auto& agent : agents) {
        if (std::find(agent.numbers.begin(), agent.numbers.end(), called_number) != agent.numbers.end()) return &agent;
        if (agent.is_default) fallback = &agent;
    }
    return fallback;
}

Source Config::source(const std::string& key) const {
    const auto found = sources.find(key);
    return found == sources.end() ? Source{} : found->second;
}

std::string print_config(const Config& config) {
    std::ostringstream out;
    Writer top(out);
    for (const auto& row : config_rows()) top.line(row.key, row.print(config), config.source(row.key).text());
    if (!config.vendors.empty()) out << "vendors:\n";
    for (const auto& vendor : config.vendors) {
        out << "  " << vendor.name << ":\n";
        Writer inner(out, 2);
        for (const auto& row : vendor_rows()) inner.line(row.key, row.print(vendor), config.source("vendors." + vendor.name + "." + row.key).text());
    }
    if (!config.menus.empty()) out << "menus:\n";
    for (const auto& menu : config.menus) {
        out << "  " << menu.name << ":\n";
        Writer inner(out, 2);
        for (const auto& row : menu_rows()) inner.line(row.key, row.print(menu), config.source("menus." + menu.name + "." + row.key).text());
    }
    out << "agents:\n";
    for (const auto& agent : config.agents) {
        out << "  " << agent.name << ":\n";
        Writer inner(out, 2);
        for (const auto& row : agent_rows()) inner.line(row.key, row.print(agent), config.source("agents." + agent.name + "." + row.key).text());
    }
    return std::move(out).str();
}

std::string config_hash(const Config& config) {
    std::string all;
    each_row(config, [&](const std::string& key, const auto& row, const auto& target) {
        const std::string value = row.digest(target);
        all += key + " " + std::to_string(value.size()) + " " + value + "\n";
    });
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr);
    const Secret wiped(std::move(all));
    std::string hex;
    for (unsigned i = 0; i < 8 && i < size; ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        hex += kDigits[digest[i] >> 4];
        hex += kDigits[digest[i] & 0xF];
    }
    return hex;
}

std::vector<ConfigChange> diff(const Config& before, const Config& after) {
    struct Value {
        std::string shown, digest;
        bool restart;
    };
    std::map<std::string, std::pair<std::optional<Value>, std::optional<Value>>> all;
    const auto value_of = [](const auto& row, const auto& target) { return Value{row.print(target), row.digest(target), row.effect == Effect::restart}; };
    each_row(before, [&](const std::string& key, const auto& row, const auto& target) { all[key].first = value_of(row, target); });
    each_row(after, [&](const std::string& key, const auto& row, const auto& target) { all[key].second = value_of(row, target); });
    std::vector<ConfigChange> changes;
    std::set<std::string> agents_changed;
    for (const auto& [key, values] : all) {
        const auto& [old_value, new_value] = values;
        if (old_value && new_value) {
            if (old_value->digest != new_value->digest) changes.push_back({key, old_value->shown, new_value->shown, new_value->restart});
            continue;
        }
        // An agent or a vendor came or went: one change, not one a key.
        const std::string agent = key.substr(0, key.find('.', key.find('.') + 1));
        if (agents_changed.insert(agent).second) changes.push_back({agent, old_value ? "present" : "absent", new_value ? "present" : "absent", false});
    }
    return changes;
}

std::vector<std::filesystem::path> watched_files(const Config& config) {
    std::set<std::filesystem::path> all(config.secret_files.begin(), config.secret_files.end());
    all.insert({config.file, config.server.certificate, config.server.key});
    for (const auto& agent : config.agents) all.insert(agent.script);
    all.erase(std::filesystem::path());
    return {all.begin(), all.end()};
}

std::string configuration_reference() {
    std::ostringstream out;
    out << R"(# Configuration

One YAML file, `parley serve --config FILE`. `parley check` reads it without opening a socket and names every mistake as
`file:line:column`; `parley check --print` shows what is in force and where each value comes from. This page is generated from the table
that parses the file, and a test keeps them in step.

- **Order**: environment, then file, then default.
- **Environment**: every key of the file except `agents.*.bot_headers`, `agents.*.sip.headers`, `vendors.*.options` and `menus.*.keys`, `speech` and `then` is also `PARLEY_` and the key in capitals with `__` between levels:
  `limits.max_calls` is `PARLEY_LIMITS__MAX_CALLS`, `agents.front-desk.voice` is `PARLEY_AGENTS__FRONT_DESK__VOICE`. Lists are separated by
  commas. The environment changes agents, it does not add any. A `PARLEY_` variable nobody knows is refused. `PARLEY_CONFIG` names the file;
  without a file `PARLEY_CONFIG_TEXT` may hold its whole text.
- **Secrets** are given as `env:NAME`, as `file:/path` or (with a warning) as themselves; by environment also as `…_FILE` with a path, as
  container platforms mount them. `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN` (and `…_FILE`) are read too. Secrets are never printed.
- **Units**: durations `200us`, `600ms`, `5s`, `10m`, `1h`; addresses `host:port`.
- **Reload**: SIGHUP reads the file, secrets, scripts and the contents of certificates again; calls in progress keep what they began with. Keys
  marked "at start" are reported and wait for the next start. A file with a mistake changes nothing.
- Relative paths of certificates, keys, scripts and secrets start at the file's directory; `server.data_dir` starts where the process does.

)";
    const Config defaults;
    const std::pair<std::string_view, std::string_view> sections[] = {
        {"version", ""},
        {"server.", ""},
        {"twilio.", ""},
        {"limits.",
         "A call beyond the limits is answered at once with what `overflow` says, never with an error: an error would "
         "make Twilio announce one."},
        {"log.", ""},
        {"media.", ""},
        {"recording.", ""},
        {"call_files.", ""},
        {"outbound.", "Calls that are placed, and limits against whoever would misuse that. See [control.md](control.md)."},
        {"messaging.", "Limits for messages that are sent, whoever sends them. See [messaging.md](messaging.md)."},
        {"engine.", "The embedded recognition and synthesis, shared by all agents."}};
    for (const auto& [section, remark] : sections) {
        out << "## " << section.substr(0, section.find('.')) << "\n\n";
        if (!remark.empty()) out << remark << "\n\n";
        reference_rows(out, config_rows(), defaults, "", section);
    }
    out << "## vendors\n\n`vendors` has one section for each use of a vendor, named as you like; agents name them in their `stt`, `lm`, `tts` and `s2s`.\n\n";
    reference_rows(out, vendor_rows(), vendors::Endpoint{}, "vendors.*.", "");
    out << "## menus\n\n`menus` has one section for each menu of keys and words, named as you like; agents name them in `answer`, menus each other: "
           "docs/flows.md.\n\n";
    reference_rows(out, menu_rows(), flows::Menu{}, "menus.*.", "");
    out << "## agents\n\n`agents` has one section an agent, named as you like (letters, digits, `-`, `_`).\n\n";
    reference_rows(out, agent_rows(), AgentConfig{}, "agents.*.", "");
    return std::move(out).str();
}

}  // namespace parley::gateway
