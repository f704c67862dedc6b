#pragma once
// Reading a YAML map strictly: every key must be asked for, every type must fit, every complaint names its place.

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sim {

struct YamlPlace {
    std::string file;
    [[nodiscard]] std::string at(const YAML::Node& node) const;  // "file:line:column"
    [[noreturn]] void fail(const YAML::Node& node, const std::string& what) const;
};

class YamlMap {
public:
    YamlMap(const YamlPlace& place, const YAML::Node& node, std::vector<std::string_view> keys);

    [[nodiscard]] bool has(std::string_view key) const;
    [[nodiscard]] YAML::Node at(std::string_view key) const;
    void text(std::string_view key, std::string& out) const;
    void number(std::string_view key, double low, double high, double& out) const;
    void flag(std::string_view key, bool& out) const;
    void duration(std::string_view key, std::chrono::milliseconds& out) const;
    void texts(std::string_view key, std::vector<std::string>& out) const;
    [[nodiscard]] const YamlPlace& place() const { return place_; }
    [[nodiscard]] const YAML::Node& node() const { return node_; }

private:
    const YamlPlace& place_;
    YAML::Node node_;
};

[[nodiscard]] std::string yaml_text(const YamlPlace& place, const YAML::Node& node);
[[nodiscard]] std::chrono::milliseconds yaml_duration(const YamlPlace& place, const YAML::Node& node, std::string_view text);
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace parley::sim
