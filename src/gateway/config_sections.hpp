#pragma once
// A list of sections with named text fields, as a row reads and prints it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config_table.hpp"

namespace parley::gateway {

// One field of a section: a text, or a list of texts.
template <class Item>
struct SectionField {
    std::string key;
    std::function<std::string&(Item&)> text{};
    std::function<std::vector<std::string>&(Item&)> texts{};
    Check check{};  // of each text
};

// `whole` says what is wrong with an item as it was read; empty: nothing.
template <class Target, class Item>
void section_list(Table<Target>& t, const std::string& key, std::function<std::vector<Item>&(Target&)> access, std::vector<SectionField<Item>> fields,
                  std::function<std::string(const Item&)> whole, std::string help) {
    constexpr std::size_t kMost = 100;
    std::string known_text;
    std::vector<std::string> known;
    for (const auto& field : fields) {
        known.push_back(field.key);
        known_text += (known_text.empty() ? "" : ", ") + field.key;
    }
    Row<Target> row;
    row.key = key;
    row.type = "list of {" + known_text + "}";
    row.help = std::move(help);
    row.from_environment = false;
    row.read = [=](Target& target, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::list) return c.wrong(node, key, "expected a list, found " + std::string(yaml::name_of(node.kind)));
        if (node.children.size() > kMost) return c.wrong(node, key, "has more than 100 entries");
        std::vector<Item> all;
        for (const auto& child : node.children) {
            if (child.kind != yaml::Kind::map) {
                c.wrong(child, key, "each is a section with " + known_text);
                continue;
            }
            Item item;
            bool good = true;
            const auto refuse = [&](const yaml::Node& at, const std::string& name, const std::string& why) {
                c.wrong(at, name, why);
                good = false;
            };
            for (std::size_t i = 0; i < child.keys.size(); ++i) {
                const auto& name = child.keys[i];
                const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.key == name; });
                if (field == fields.end()) {
                    c.problems.add(child.key_places[i], "unknown key '" + name + "'" + text::suggestion(name, known));
                    good = false;
                    continue;
                }
                const auto one = [&](const yaml::Node& given) -> std::optional<std::string> {
                    const auto value = yaml::as_text(given);
                    const auto bad = !value ? value.error : field->check ? field->check(value.value) : std::string();
                    if (bad.empty()) return value.value;
                    refuse(given, name, bad);
                    return std::nullopt;
                };
                const auto& given = child.children[i];
                if (field->text) {
                    if (auto value = one(given)) field->text(item) = std::move(*value);
                } else if (given.kind == yaml::Kind::list) {
                    for (const auto& entry : given.children)
                        if (auto value = one(entry)) field->texts(item).push_back(std::move(*value));
                } else if (auto value = one(given)) {
                    field->texts(item).push_back(std::move(*value));
                }
            }
            if (good)
                if (const auto bad = whole(item); !bad.empty()) refuse(child, key, bad);
            if (good) all.push_back(std::move(item));
        }
        access(target) = std::move(all);
    };
    row.print = [=](const Target& target) {
        std::string out = "[";
        for (auto& item : access(const_cast<Target&>(target))) {
            out += std::string(out.size() > 1 ? ", " : "") + "{";
            std::string inside;
            for (const auto& field : fields) {
                std::string value;
                if (field.text) {
                    if (!field.text(item).empty()) value = quote_yaml(field.text(item));
                } else if (!field.texts(item).empty()) {
                    for (const auto& text : field.texts(item)) value += (value.empty() ? "[" : ", ") + quote_yaml(text);
                    value += "]";
                }
                if (!value.empty()) inside += (inside.empty() ? "" : ", ") + field.key + ": " + value;
            }
            out += inside + "}";
        }
        return out + "]";
    };
    row.digest = row.print;
    t.rows.push_back(std::move(row));
}

}  // namespace parley::gateway
