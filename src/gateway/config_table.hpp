#pragma once
// The table behind the configuration: each row knows its key, how to read it, how to print it and what to say about it.
// Parser, printer, reference page and reload all walk the same rows.

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "parley/gateway/config.hpp"

namespace parley::gateway {

// What reading a value needs besides the value.
struct ReadContext {
    Problems& problems;
    const Environment& environment;
    std::filesystem::path base;  // relative paths start here
    std::vector<Problem>& warnings;
    std::vector<std::filesystem::path>& secret_files;
    // Of a document that did not come from the file: where secrets were read. Such a document is given secrets themselves, and reads no variables or files of
    // this machine.
    std::vector<Place>* secret_places = nullptr;

    void wrong(const yaml::Node& node, std::string_view key, std::string_view message) const {
        problems.add(node.place, "'" + std::string(key) + "': " + std::string(message));
    }
};

// A value as it is given for a secret: env:NAME, file:/path or itself.
Secret read_secret(const yaml::Node& node, std::string_view key, const ReadContext& context);
// The content of a secret's file, without the newline at its end; nothing (and a problem) if it cannot be read.
std::optional<Secret> read_secret_file(const std::filesystem::path& path, const Place& place, std::string_view key, const ReadContext& context);

// A scalar that prints as itself in YAML.
std::string quote_yaml(std::string_view text);
std::string number_text(double value);

inline constexpr std::string_view kHidden = "***";

enum class Effect : std::uint8_t { live, restart };
enum class Secrecy : std::uint8_t { open, secret, secret_list };

// What a value is, for its JSON Schema; `other` says it in words only.
enum class Form : std::uint8_t { other, text, flag, integer, number, duration, address, choice, list, secret, secret_list, secret_map, text_map };

template <class Target>
struct Row {
    std::string key;
    std::string type;  // for the reference
    Form form = Form::other;
    std::vector<std::string> choices{};  // of a choice
    double least = 0, most = 0;          // of integer and number
    std::string help;
    Effect effect = Effect::live;
    Secrecy secrecy = Secrecy::open;
    bool is_list = false;
    bool from_environment = true;
    std::function<void(Target&, const yaml::Node&, const ReadContext&)> read;
    std::function<std::string(const Target&)> print;   // YAML flow text; secrets hidden
    std::function<std::string(const Target&)> digest;  // differs whenever the value differs
};

using Check = std::function<std::string(std::string_view)>;  // "" = fine

template <class Target>
class Table {
public:
    std::vector<Row<Target>> rows;

    template <class Access>
    void text(const std::string& key, Access access, std::string type, std::string help, Effect effect = Effect::live, Check check = {}) {
        auto& row = add(key, std::move(type), std::move(help), effect);
        row.form = Form::text;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            const auto value = yaml::as_text(node);
            if (!value) return c.wrong(node, key, value.error);
            // What is empty by default may be given as empty.
            const bool unset = value.value.empty() && is_empty_by_default(access);
            const std::string bad = check && !unset ? check(value.value) : std::string();
            if (!bad.empty()) return c.wrong(node, key, bad);
            access(t) = value.value;
        };
        row.print = [=](const Target& t) { return quote_yaml(access(const_cast<Target&>(t))); };
        row.digest = row.print;
    }

    template <class Access>
    void path(const std::string& key, Access access, std::string help, Effect effect, bool beside_file) {
        auto& row = add(key, "path", std::move(help), effect);
        row.form = Form::text;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            const auto value = yaml::as_text(node);
            if (!value) return c.wrong(node, key, value.error);
            const std::filesystem::path given(value.value);
            access(t) = beside_file && !given.empty() && given.is_relative() ? c.base / given : given;
        };
        row.print = [=](const Target& t) { return quote_yaml(access(const_cast<Target&>(t)).string()); };
        row.digest = row.print;
    }

    // A bool, an integer, a floating point number or a duration, by the type of the field.
    template <class Access>
    void flag(const std::string& key, Access access, std::string help, Effect effect = Effect::live) {
        auto& row = add(key, "true or false", std::move(help), effect);
        row.form = Form::flag;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            const auto value = scalar(node, key, c, &text::parse_bool);
            if (value) access(t) = *value;
        };
        row.print = [=](const Target& t) { return std::string(access(const_cast<Target&>(t)) ? "true" : "false"); };
        row.digest = row.print;
    }

    template <class Access>
    void integer(const std::string& key, Access access, std::int64_t least, std::int64_t most, std::string help, Effect effect = Effect::live) {
        auto& row = add(key, "whole number, " + std::to_string(least) + " to " + std::to_string(most), std::move(help), effect);
        row.form = Form::integer;
        row.least = static_cast<double>(least);
        row.most = static_cast<double>(most);
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            const auto value = scalar(node, key, c, &text::parse_integer);
            if (!value) return;
            if (*value < least || *value > most) return range(node, key, c, std::to_string(*value), std::to_string(least), std::to_string(most));
            using Field = std::remove_reference_t<decltype(access(t))>;
            access(t) = static_cast<Field>(*value);
        };
        row.print = [=](const Target& t) { return std::to_string(access(const_cast<Target&>(t))); };
        row.digest = row.print;
    }

    template <class Access>
    void number(const std::string& key, Access access, double least, double most, std::string help, Effect effect = Effect::live) {
        auto& row = add(key, "number, " + number_text(least) + " to " + number_text(most), std::move(help), effect);
        row.form = Form::number;
        row.least = least;
        row.most = most;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            const auto value = scalar(node, key, c, &text::parse_number);
            if (!value) return;
            if (*value < least || *value > most) return range(node, key, c, number_text(*value), number_text(least), number_text(most));
            using Field = std::remove_reference_t<decltype(access(t))>;
            access(t) = static_cast<Field>(*value);
        };
        row.print = [=](const Target& t) { return number_text(static_cast<double>(access(const_cast<Target&>(t)))); };
        row.digest = row.print;
    }

    template <class Access>
    void duration(const std::string& key, Access access, std::chrono::microseconds least, std::chrono::microseconds most, std::string help,
                  Effect effect = Effect::live) {
        auto& row = add(key, "duration, " + text::to_text(least) + " to " + text::to_text(most), std::move(help), effect);
        row.form = Form::duration;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            const auto value = scalar(node, key, c, &text::parse_duration);
            if (!value) return;
            using Field = std::remove_reference_t<decltype(access(t))>;
            const auto rounded = std::chrono::duration_cast<Field>(*value);
            if (*value < least || *value > most) {
                return range(node, key, c, text::to_text(*value), text::to_text(least), text::to_text(most));
            }
            if (rounded != *value) return c.wrong(node, key, "has steps of " + text::to_text(std::chrono::microseconds(Field(1))));
            access(t) = rounded;
        };
        row.print = [=](const Target& t) { return text::to_text(std::chrono::duration_cast<std::chrono::microseconds>(access(const_cast<Target&>(t)))); };
        row.digest = row.print;
    }

    template <class Access>
    void address(const std::string& key, Access access, bool may_be_off, std::string help) {
        auto& row = add(key, may_be_off ? "host:port, or off" : "host:port", std::move(help), Effect::restart);
        row.form = Form::address;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            if (may_be_off && node.kind == yaml::Kind::scalar && node.text == "off") {
                access(t) = {};
                return;
            }
            const auto value = scalar(node, key, c, &text::parse_address);
            if (value) access(t) = *value;
        };
        row.print = [=](const Target& t) {
            const text::Address& a = access(const_cast<Target&>(t));
            if (a.host.empty()) return std::string("\"off\"");
            const bool six = a.host.find(':') != std::string::npos;
            return quote_yaml((six ? "[" + a.host + "]" : a.host) + ":" + std::to_string(a.port));
        };
        row.digest = row.print;
    }

    template <class Access, class E>
    void choice(const std::string& key, Access access, const std::vector<std::pair<std::string, E>>& names, std::string help, Effect effect = Effect::live) {
        std::string type;
        for (const auto& [name, value] : names) type += (type.empty() ? "" : ", ") + name;
        auto& row = add(key, type, std::move(help), effect);
        row.form = Form::choice;
        for (const auto& [name, value] : names) row.choices.push_back(name);
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            if (node.kind != yaml::Kind::scalar) return c.wrong(node, key, "expected one of " + type + "; found " + std::string(name_of(node.kind)));
            std::vector<std::string> known;
            for (const auto& [name, value] : names) {
                known.push_back(name);
                if (node.text == name) {
                    access(t) = value;
                    return;
                }
            }
            c.wrong(node, key, "expected one of " + type + "; found '" + node.text + "'" + text::suggestion(node.text, known));
        };
        row.print = [=](const Target& t) {
            for (const auto& [name, value] : names) {
                if (access(const_cast<Target&>(t)) == value) return name;
            }
            return std::string("?");
        };
        row.digest = row.print;
    }

    // A list; `parse` turns one text into an item or says why not. A single text counts as a list of one.
    template <class Access, class Item>
    void list(const std::string& key, Access access, const std::string& type, const std::function<text::Parsed<Item>(std::string_view)>& parse,
              const std::function<std::string(const Item&)>& show, std::string help, Effect effect = Effect::live) {
        auto& row = add(key, "list of " + type, std::move(help), effect);
        row.form = Form::list;
        row.is_list = true;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            std::vector<Item> items;
            for (const yaml::Node* item : items_of(node, key, c)) {
                auto given = yaml::as_text(*item);
                if (!given) {
                    c.wrong(*item, key, given.error);
                    continue;
                }
                auto value = parse(given.value);
                if (value) {
                    items.push_back(std::move(value.value));
                } else {
                    c.wrong(*item, key, value.error + ", found '" + given.value + "'");
                }
            }
            access(t) = std::move(items);
        };
        row.print = [=](const Target& t) {
            std::string out = "[";
            for (const Item& item : access(const_cast<Target&>(t))) out += (out.size() > 1 ? ", " : "") + show(item);
            return out + "]";
        };
        row.digest = row.print;
    }

    template <class Access>
    void secret(const std::string& key, Access access, std::string help) {
        auto& row = add(key, "secret", std::move(help), Effect::live);
        row.form = Form::secret;
        row.secrecy = Secrecy::secret;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            // "" in the file is "not given"; a variable that is set but empty is a mistake.
            const bool unset = node.kind == yaml::Kind::scalar && node.text.empty() && node.place.line > 0;
            access(t) = unset ? Secret() : read_secret(node, key, c);
        };
        row.print = [=](const Target& t) { return access(const_cast<Target&>(t)).empty() ? std::string("\"\"") : quote_yaml(kHidden); };
        row.digest = [=](const Target& t) { return std::string(access(const_cast<Target&>(t)).reveal()); };
    }

    template <class Access>
    void secrets(const std::string& key, Access access, std::string help) {
        auto& row = add(key, "list of secrets", std::move(help), Effect::live);
        row.form = Form::secret_list;
        row.secrecy = Secrecy::secret_list;
        row.is_list = true;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            std::vector<Secret> all;
            for (const yaml::Node* item : items_of(node, key, c)) {
                Secret one = read_secret(*item, key, c);
                if (!one.empty()) all.push_back(std::move(one));
            }
            access(t) = std::move(all);
        };
        row.print = [=](const Target& t) {
            std::string out = "[";
            for (const auto& one : access(const_cast<Target&>(t))) {
                (void)one;
                out += (out.size() > 1 ? ", " : "") + quote_yaml(kHidden);
            }
            return out + "]";
        };
        row.digest = [=](const Target& t) {
            std::string all;
            for (const Secret& one : access(const_cast<Target&>(t))) all += std::string(one.reveal()) + "\n";
            return all;
        };
    }

    template <class Access>
    void secret_map(const std::string& key, Access access, std::string help, const Check& check_name) {
        auto& row = add(key, "names with secrets", std::move(help), Effect::live);
        row.form = Form::secret_map;
        row.from_environment = false;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            if (node.kind != yaml::Kind::map) return c.wrong(node, key, "expected a section, found " + std::string(name_of(node.kind)));
            std::map<std::string, Secret> all;
            for (std::size_t i = 0; i < node.keys.size(); ++i) {
                const std::string bad = check_name(node.keys[i]);
                if (!bad.empty()) c.problems.add(node.key_places[i], "'" + node.keys[i] + "': " + bad);
                Secret one = read_secret(node.children[i], node.keys[i], c);
                if (one.reveal().find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
                    c.wrong(node.children[i], node.keys[i], "must be a single line");
                    continue;
                }
                all.emplace(node.keys[i], std::move(one));
            }
            access(t) = std::move(all);
        };
        row.print = [=](const Target& t) {
            std::string out = "{";
            for (const auto& [name, value] : access(const_cast<Target&>(t))) {
                out += (out.size() > 1 ? ", " : "") + quote_yaml(name) + ": " + quote_yaml(kHidden);
            }
            return out + "}";
        };
        row.digest = [=](const Target& t) {
            std::string all;
            for (const auto& [name, value] : access(const_cast<Target&>(t))) all += name + "=" + std::string(value.reveal()) + "\n";
            return all;
        };
    }

    template <class Access>
    void text_map(const std::string& key, Access access, std::string help) {
        auto& row = add(key, "names with texts", std::move(help), Effect::live);
        row.form = Form::text_map;
        row.from_environment = false;
        row.read = [=](Target& t, const yaml::Node& node, const ReadContext& c) {
            if (node.kind != yaml::Kind::map) return c.wrong(node, key, "expected a section, found " + std::string(name_of(node.kind)));
            std::map<std::string, std::string> all;
            for (std::size_t i = 0; i < node.keys.size(); ++i) {
                const auto value = yaml::as_text(node.children[i]);
                if (!value)
                    c.wrong(node.children[i], node.keys[i], value.error);
                else
                    all.emplace(node.keys[i], value.value);
            }
            access(t) = std::move(all);
        };
        row.print = [=](const Target& t) {
            std::string out = "{";
            for (const auto& [name, value] : access(const_cast<Target&>(t))) out += (out.size() > 1 ? ", " : "") + quote_yaml(name) + ": " + quote_yaml(value);
            return out + "}";
        };
        row.digest = row.print;
    }

private:
    template <class Access>
    static bool is_empty_by_default(const Access& access) {
        Target preset;
        return access(preset).empty();
    }

    Row<Target>& add(std::string key, std::string type, std::string help, Effect effect) {
        Row<Target> row;
        row.key = std::move(key);
        row.type = std::move(type);
        row.help = std::move(help);
        row.effect = effect;
        return rows.emplace_back(std::move(row));
    }

    template <class T>
    static std::optional<T> scalar(const yaml::Node& node, const std::string& key, const ReadContext& c, text::Parsed<T> (*parse)(std::string_view)) {
        if (node.kind != yaml::Kind::scalar) {
            c.wrong(node, key, "expected a single value, found " + std::string(name_of(node.kind)));
            return std::nullopt;
        }
        auto value = parse(node.text);
        if (!value) c.wrong(node, key, value.error + ", found '" + node.text + "'");
        return value ? std::optional<T>(std::move(value.value)) : std::nullopt;
    }

    static void range(const yaml::Node& node, const std::string& key, const ReadContext& c, const std::string& value, const std::string& least,
                      const std::string& most) {
        c.wrong(node, key, value + " is out of range, allowed is " + least + " to " + most);
    }

    static std::vector<const yaml::Node*> items_of(const yaml::Node& node, const std::string& key, const ReadContext& c) {
        std::vector<const yaml::Node*> items;
        if (node.kind == yaml::Kind::scalar) items.push_back(&node);
        if (node.kind == yaml::Kind::map) c.wrong(node, key, "expected a list, found a section");
        if (node.kind == yaml::Kind::list) {
            for (const auto& child : node.children) items.push_back(&child);
        }
        return items;
    }
};

// Keys are unique in each; agents' rows are relative to "agents.<name>.".
[[nodiscard]] const std::vector<Row<Config>>& config_rows();
[[nodiscard]] const std::vector<Row<AgentConfig>>& agent_rows();

// One agent besides those of `base`, read from a document (its places say which part of it): with all checks, of the agent and of it beside the others.
struct AgentReading {
    AgentConfig agent;
    Problems problems;  // empty: it may be made
    std::vector<Problem> warnings;
    std::vector<Place> secrets;  // where they stood
    std::map<std::string, Source> sources;
};
[[nodiscard]] AgentReading read_agent(const Config& base, const std::string& name, const yaml::Node& document, const LoadOptions& options);

// Shared with the checks.
[[nodiscard]] std::string check_number(std::string_view number);  // E.164
[[nodiscard]] std::string environment_name(std::string_view key);

// Everything that involves more than one value. Adds to `problems` and to config.warnings; keys in `unread` were given
// but could not be read, so they are not called missing as well.
void check_config(Config& config, const LoadOptions& options, const std::set<std::string>& unread, Problems& problems);

}  // namespace parley::gateway
