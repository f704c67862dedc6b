#include "agent_document.hpp"

#include <algorithm>
#include <cctype>
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
        if (c == '~') out += "~0";
        else if (c == '/') out += "~1";
        else out += c;
    }
    return out;
}

// The step to an item of a list: by its name, so that a list in another order keeps its secrets with whom they belong to.
std::string item_step(const json& item, std::size_t index) {
    if (item.is_object())
        if (const auto name = item.find("name"); name != item.end() && name->is_string() && !name->get_ref<const std::string&>().empty()) return "/=" + escaped(name->get_ref<const std::string&>());
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

void put_back(json& value, const std::string& pointer, const DocumentSecrets& kept) {
    if (value.is_object()) {
        for (auto& [key, child] : value.items()) put_back(child, pointer + "/" + escaped(key), kept);
    } else if (value.is_array()) {
        std::size_t index = 0;
        for (auto& child : value) {
            put_back(child, pointer + item_step(child, index), kept);
            ++index;
        }
    } else if (value.is_string() && value.get_ref<const std::string&>() == kHidden) {
        const auto found = std::find_if(kept.begin(), kept.end(), [&](const auto& one) { return one.first == pointer; });
        if (found != kept.end()) value = std::string(found->second.reveal());
    }
}

// "'agents.front.policy.max_calls': is too many" says its own field; so does the place of anything that was read.
DocumentProblem told(const Problem& problem, const std::string& name, const Nodes& nodes) {
    DocumentProblem out;
    out.message = problem.message;
    if (const auto* value = nodes.at(problem.place)) out.field = value->field;
    const auto end = out.message.find("': ");
    if (out.message.starts_with('\'') && end != std::string::npos) {
        const auto key = out.message.substr(1, end - 1);
        const auto own = "agents." + name;
        if (key.starts_with(own + ".")) out.field = key.substr(own.size() + 1);
        else if (!key.starts_with("agents.") && key.find('.') != std::string::npos && out.field.empty()) out.field = key;  // another part of the configuration
        if (!out.field.empty() || key == own) out.message = out.message.substr(end + 3);
    }
    return out;
}

json from_node(const yaml::Node& node) {
    switch (node.kind) {
        case yaml::Kind::null: return nullptr;
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
        case yaml::Kind::scalar: break;
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
        case Form::other: return json::object();
        case Form::text:
        case Form::duration:
        case Form::address: return texts;
        case Form::flag: return {{"type", "boolean"}};
        case Form::integer: return {{"type", "integer"}, {"minimum", static_cast<std::int64_t>(row.least)}, {"maximum", static_cast<std::int64_t>(row.most)}};
        case Form::number: return {{"type", "number"}, {"minimum", row.least}, {"maximum", row.most}};
        case Form::choice: return {{"type", "string"}, {"enum", row.choices}};
        case Form::list: return {{"type", json::array({"array", "string"})}, {"items", texts}};
        case Form::secret: return {{"type", "string"}, {"writeOnly", true}};
        case Form::secret_list: return {{"type", "array"}, {"items", {{"type", "string"}, {"writeOnly", true}}}};
        case Form::secret_map: return {{"type", "object"}, {"additionalProperties", {{"type", "string"}, {"writeOnly", true}}}};
        case Form::text_map: return {{"type", "object"}, {"additionalProperties", texts}};
    }
    return json::object();
}

}  // namespace

bool good_agent_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; });
}

AgentDocument read_document(const Config& base, const std::string& name, json document, const DocumentSecrets& kept, bool check_files) {
    AgentDocument out;
    put_back(document, "", kept);
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
        if (path.is_absolute() || std::any_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; })) out.problems.insert(out.problems.begin(), DocumentProblem{"script", "is to stand beside the gateway's own configuration: a relative path without .."});
    }
    std::set<std::string> seen;
    for (const auto& place : reading.secrets) {
        const auto* value = nodes.at(place);
        if (value == nullptr || value->value == nullptr || !value->value->is_string()) continue;
        auto& text = value->value->get_ref<std::string&>();
        if (text == kHidden) {
            if (seen.insert(value->pointer).second) out.problems.push_back({value->field, "is \"***\", but there is no secret here yet that could stay"});
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
