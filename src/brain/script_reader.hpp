#pragma once
// Reading a YAML map key by key, so that what was not asked for is an error with its place.

#include <yaml-cpp/yaml.h>

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/script.hpp"

namespace parley::brain {

[[nodiscard]] std::string nearest_of(std::string_view name, const std::vector<std::string>& valid);

struct ScriptFile {
    std::string_view name;

    [[noreturn]] void fail(const YAML::Mark& mark, const std::string& what) const { throw ScriptError(name, mark.line + 1, mark.column + 1, what); }
    [[noreturn]] void fail(const YAML::Node& node, const std::string& what) const { fail(node.Mark(), what); }
    // "'x' is not a state" and the nearest one that is.
    [[noreturn]] void unknown(const YAML::Mark& mark, std::string_view what, std::string_view name, const std::vector<std::string>& valid) const;

    [[nodiscard]] std::string text(const YAML::Node& node, std::string_view what, std::size_t max = 600) const;
    [[nodiscard]] double number(const YAML::Node& node, std::string_view what, double min, double max) const;
    [[nodiscard]] bool flag(const YAML::Node& node, std::string_view what) const;
    // One text, or a list of at least one.
    [[nodiscard]] std::vector<std::string> texts(const YAML::Node& node, std::string_view what, std::size_t most = 40) const;
    // Calls `each` for every pair; refuses doubles, and keys outside `valid` unless it is empty.
    void map(const YAML::Node& node, std::string_view what, const std::vector<std::string>& valid,
             const std::function<void(const std::string& key, const YAML::Node& key_node, const YAML::Node& value)>& each) const;
};

}  // namespace parley::brain
