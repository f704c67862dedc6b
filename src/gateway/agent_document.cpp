#include "agent_document.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "config_table.hpp"
#include "parley/base/strict_yaml.hpp"

namespace parley::gateway {

using nlohmann::json;

namespace {

std::string escaped(std::string_view key) {
    std::string out;
    for (const char c : key) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

// The step to an item of a list: by its name, so that a list in another order keeps its secrets with whom they belong to.
std::string item_step(const json& item, std::size_t index) {
    if (item.is_object())
        if (const auto name = item.find("name"); name != item.end() && name->is_string() && !name->get_ref<const std::string&>().empty())
            return "/=" + escaped(name->get_ref<const std::string&>());
    return "/" + std::to_string(index);
}

// A document as the strict reader has it. A value's "line" is its number here, which leads back to it.
class Nodes {
public:
    Nodes(std::string file, json& document) : file_(std::move(file)) { root_ = node(document, "", ""); }
    [[nodiscard]] const yaml::Node& root() const { return root_; }
    struct Value {
        std::string field, pointer;  // for people, for secrets
        json* value = nullptr;
    };
    [[nodiscard]] const Value* at(const Place& place) const {
        const auto line = static_cast<std::size_t>(place.line);
        return place.file == file_ && line >= 1 && line <= values_.size() ? &values_[line - 1] : nullptr;
    }

private:
    yaml::Node node(json& value, const std::string& field, const std::string& pointer) {
        yaml::Node out;
        values_.push_back({field, pointer, &value});
        out.place = {file_, static_cast<int>(values_.size()), 1};
        if (value.is_object()) {
            out.kind = yaml::Kind::map;
            for (auto& [key, child] : value.items()) {
                out.keys.push_back(key);
                out.children.push_back(node(child, field.empty() ? key : field + "." + key, pointer + "/" + escaped(key)));
                out.key_places.push_back(out.children.back().place);
            }
        } else if (value.is_array()) {
            out.kind = yaml::Kind::list;
            std::size_t index = 0;
            for (auto& child : value) {
                out.children.push_back(node(child, field + "[" + std::to_string(index) + "]", pointer + item_step(child, index)));
                ++index;
            }
        } else if (!value.is_null()) {
            out.kind = yaml::Kind::scalar;
            out.quoted = value.is_string();
            out.text = value.is_string() ? value.get<std::string>() : value.dump();
        }
        return out;
    }
    std::string file_;
    std::vector<Value> values_;
    yaml::Node root_;
};

// Whom an address leads to: scheme, host and port (of a SIP address, what stands behind the @), as text. What cannot be read stays as it is, and equals itself
// only.
std::string origin_of(std::string_view address) {
    std::string origin;
    if (address.starts_with("sip:") || address.starts_with("sips:")) {
        const auto at = address.find('@');
        origin = std::string(address.substr(0, address.find(':') + 1)) +
                 std::string(at == std::string_view::npos ? address.substr(address.find(':') + 1) : address.substr(at + 1));
    } else {
        const auto begin = address.find("://");
        origin = std::string(begin == std::string_view::npos ? address : address.substr(0, address.find_first_of("/?#", begin + 3)));
    }
    for (auto& c : origin) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const auto& [scheme, port] : {std::pair{"https://", ":443"}, {"wss://", ":443"}, {"http://", ":80"}, {"ws://", ":80"}})
        if (origin.starts_with(scheme) && origin.ends_with(port)) origin.resize(origin.size() - std::string_view(port).size());
    return origin;
}

// Secrets that are "***" become what they were, but for those that would go to another address than they were given for.
class PutBack {
public:
    PutBack(const DocumentSecrets& kept, const json& before) : kept_(kept) {
        if (!before.is_null()) addresses(before, "", false);
        compare_ = !before.is_null();
    }
    void into(json& document) { put(document, "", {}); }
    // By pointer: why it did not stay.
    [[nodiscard]] const std::map<std::string, std::string>& refused() const { return refused_; }

private:
    // The address in an object that its secrets go to: the field it stands in.
    static std::string address_in(const json& object) {
        for (const char* key : {"url", "uri"})
            if (const auto found = object.find(key); found != object.end() && found->is_string()) return key;
        return {};
    }
    // "bot_headers" go to "bot".
    static std::string address_of(const json& object, const std::string& key) {
        constexpr std::string_view kHeaders = "_headers";
        const auto whose = key.ends_with(kHeaders) ? key.substr(0, key.size() - kHeaders.size()) : std::string();
        const auto found = whose.empty() ? object.end() : object.find(whose);
        return found != object.end() && found->is_string() ? whose : std::string();
    }

    // Where each address of the document before leads. `within`: of what has one already, whose headers may be called "url".
    void addresses(const json& value, const std::string& pointer, bool within) {
        if (value.is_object()) {
            const auto own = within ? std::string() : address_in(value);
            if (!own.empty()) origins_[pointer + "/" + own] = origin_of(value[own].get_ref<const std::string&>());
            for (const auto& [key, child] : value.items()) {
                if (const auto named = within ? std::string() : address_of(value, key); !named.empty())
                    origins_[pointer + "/" + escaped(named)] = origin_of(value[named].get_ref<const std::string&>());
                addresses(child, pointer + "/" + escaped(key), within || !own.empty());
            }
        } else if (value.is_array()) {
            std::size_t index = 0;
            for (const auto& child : value) {
                addresses(child, pointer + item_step(child, index), within);
                ++index;
            }
        }
    }

    struct Goes {
        std::string field, pointer, origin;  // to this address; no field: nowhere that is known
    };
    void put(json& value, const std::string& pointer, const Goes& goes) {
        if (value.is_object()) {
            auto here = goes;
            if (const auto own = goes.field.empty() ? address_in(value) : std::string(); !own.empty())
                here = {own, pointer + "/" + own, origin_of(value[own].get_ref<const std::string&>())};
            std::vector<std::pair<std::string, Goes>> others;
            for (const auto& [key, child] : value.items())
                if (const auto named = here.field.empty() ? address_of(value, key) : std::string(); !named.empty())
                    others.emplace_back(key, Goes{named, pointer + "/" + escaped(named), origin_of(value[named].get_ref<const std::string&>())});
            for (auto& [key, child] : value.items()) {
                const auto other = std::find_if(others.begin(), others.end(), [&, &name = key](const auto& one) { return one.first == name; });
                put(child, pointer + "/" + escaped(key), other == others.end() ? here : other->second);
            }
        } else if (value.is_array()) {
            std::size_t index = 0;
            for (auto& child : value) {
                put(child, pointer + item_step(child, index), goes);
                ++index;
            }
        } else if (value.is_string() && value.get_ref<const std::string&>() == kHidden) {
            const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& one) { return one.first == pointer; });
            if (found == kept_.end()) return;
            if (compare_ && !goes.field.empty()) {
                const auto was = origins_.find(goes.pointer);
                if (was == origins_.end() || was->second != goes.origin) {
                    refused_[pointer] =
                        "is \"***\", but `" + goes.field + "` beside it leads to another host, port or scheme than the secret was given for: give it anew";
                    return;
                }
            }
            value = std::string(found->second.reveal());
        }
    }

    const DocumentSecrets& kept_;
    bool compare_ = false;
    std::map<std::string, std::string> origins_, refused_;
};

// "'agents.front.policy.max_calls': is too many" says its own field; so does the place of anything that was read.
DocumentProblem told(const Problem& problem, const std::string& name, const Nodes& nodes) {
    DocumentProblem out;
    out.message = problem.message;
    if (const auto* value = nodes.at(problem.place)) out.field = value->field;
    const auto end = out.message.find("': ");
    if (out.message.starts_with('\'') && end != std::string::npos) {
        const auto key = out.message.substr(1, end - 1);
        const auto own = "agents." + name;
        if (key.starts_with(own + "."))
            out.field = key.substr(own.size() + 1);
        else if (!key.starts_with("agents.") && key.find('.') != std::string::npos && out.field.empty())
            out.field = key;  // another part of the configuration
        if (!out.field.empty() || key == own) out.message = out.message.substr(end + 3);
    }
    return out;
}

json from_node(const yaml::Node& node) {
    switch (node.kind) {
        case yaml::Kind::null:
            return nullptr;
        case yaml::Kind::map: {
            json out = json::object();
            for (std::size_t i = 0; i < node.keys.size(); ++i) out[node.keys[i]] = from_node(node.children[i]);
            return out;
        }
        case yaml::Kind::list: {
            json out = json::array();
            for (const auto& child : node.children) out.push_back(from_node(child));
            return out;
        }
        case yaml::Kind::scalar:
            break;
    }
    if (!node.quoted) {
        auto plain = json::parse(node.text, nullptr, false);
        if (plain.is_number() || plain.is_boolean()) return plain;
    }
    return node.text;
}

json& member(json& root, std::string_view key) {
    json* at = &root;
    for (;;) {
        const auto dot = key.find('.');
        at = &(*at)[std::string(key.substr(0, dot))];
        if (dot == std::string_view::npos) return *at;
        key.remove_prefix(dot + 1);
    }
}

json schema_of(const Row<AgentConfig>& row) {
    const auto texts = json::object({{"type", "string"}});
    switch (row.form) {
        case Form::other:
            return json::object();
        case Form::text:
        case Form::duration:
        case Form::address:
            return texts;
        case Form::flag:
            return {{"type", "boolean"}};
        case Form::integer:
            return {{"type", "integer"}, {"minimum", static_cast<std::int64_t>(row.least)}, {"maximum", static_cast<std::int64_t>(row.most)}};
        case Form::number:
            return {{"type", "number"}, {"minimum", row.least}, {"maximum", row.most}};
        case Form::choice:
            return {{"type", "string"}, {"enum", row.choices}};
        case Form::list:
            return {{"type", json::array({"array", "string"})}, {"items", texts}};
        case Form::secret:
            return {{"type", "string"}, {"writeOnly", true}};
        case Form::secret_list:
            return {{"type", "array"}, {"items", {{"type", "string"}, {"writeOnly", true}}}};
        case Form::secret_map:
            return {{"type", "object"}, {"additionalProperties", {{"type", "string"}, {"writeOnly", true}}}};
        case Form::text_map:
            return {{"type", "object"}, {"additionalProperties", texts}};
    }
    return json::object();
}

}  // namespace

bool good_agent_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 &&
           std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; });
}

AgentDocument read_document(const Config& base, const std::string& name, json document, const DocumentSecrets& kept, bool check_files, const json& before) {
    AgentDocument out;
    PutBack secrets(kept, before);
    secrets.into(document);
    const Nodes nodes("agents." + name, document);
    LoadOptions options;
    options.check_files = check_files;
    auto reading = read_agent(base, name, nodes.root(), options);
    for (const auto& problem : reading.problems.list()) out.problems.push_back(told(problem, name, nodes));
    for (const auto& warning : reading.warnings)
        if (nodes.at(warning.place) != nullptr) out.warnings.push_back(told(warning, name, nodes));
    // A file of the machine that the configuration does not stand beside is nobody's business here.
    if (const auto script = document.find("script"); document.is_object() && script != document.end() && script->is_string()) {
        const std::filesystem::path path(script->get<std::string>());
        if (path.is_absolute() || std::any_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; }))
            out.problems.insert(out.problems.begin(),
                                DocumentProblem{"script", "is to stand beside the gateway's own configuration: a relative path without .."});
    }
    std::set<std::string> seen;
    for (const auto& place : reading.secrets) {
        const auto* value = nodes.at(place);
        if (value == nullptr || value->value == nullptr || !value->value->is_string()) continue;
        auto& text = value->value->get_ref<std::string&>();
        if (text == kHidden) {
            const auto why = secrets.refused().find(value->pointer);
            if (seen.insert(value->pointer).second)
                out.problems.push_back(
                    {value->field, why != secrets.refused().end() ? why->second : "is \"***\", but there is no secret here yet that could stay"});
            continue;
        }
        if (!seen.insert(value->pointer).second) {
            out.problems.push_back({value->field, "stands in an entry whose name another one has as well"});
            continue;
        }
        out.secrets.emplace_back(value->pointer, Secret(std::exchange(text, std::string(kHidden))));
    }
    out.agent = std::move(reading.agent);
    out.sources = std::move(reading.sources);
    out.shown = std::move(document);
    return out;
}

json file_document(const Config& config, const AgentConfig& agent) {
    json out = json::object();
    for (const auto& row : agent_rows()) {
        if (config.source("agents." + agent.name + "." + row.key).kind == Source::Kind::preset) continue;
        Problems unread;
        const auto value = yaml::parse_text("value: " + row.print(agent) + "\n", row.key, unread);
        const auto* node = value.root.kind == yaml::Kind::map ? value.root.find("value") : nullptr;
        if (unread.empty() && node != nullptr) member(out, row.key) = from_node(*node);
    }
    return out;
}

json document_schema() {
    json root{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"type", "object"}, {"properties", json::object()}, {"additionalProperties", false}};
    const AgentConfig defaults;
    for (const auto& row : agent_rows()) {
        json* at = &root;
        std::string_view key = row.key;
        for (auto dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
            auto& inner = (*at)["properties"][std::string(key.substr(0, dot))];
            // A key may have a value of its own and keys below it ("record" and "record.x"): then both are allowed.
            if (!inner.contains("properties")) {
                inner["type"] = "object";
                inner["properties"] = json::object();
                inner["additionalProperties"] = false;
            }
            at = &inner;
            key.remove_prefix(dot + 1);
        }
        auto schema = schema_of(row);
        schema["description"] = row.help + " (" + row.type + "; default " + row.print(defaults) + ")";
        (*at)["properties"][std::string(key)] = std::move(schema);
    }
    return root;
}

}  // namespace parley::gateway
