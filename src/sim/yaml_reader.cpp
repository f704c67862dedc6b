#include "yaml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "parley/sim/scenario.hpp"

namespace parley::sim {
namespace {

std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto up = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, up + 1, diagonal + (a[i] == b[j] ? 0u : 1u)});
            diagonal = up;
        }
    }
    return row.back();
}

}  // namespace

std::string YamlPlace::at(const YAML::Node& node) const {
    const auto mark = node.Mark();
    return file + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

void YamlPlace::fail(const YAML::Node& node, const std::string& what) const {
    throw ScenarioError(at(node) + ": " + what);
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& known) {
    std::string best;
    std::size_t least = std::max<std::size_t>(2, word.size() / 2) + 1;
    for (const auto name : known) {
        if (const auto n = edits(word, name); n < least) {
            least = n;
            best = std::string(name);
        }
    }
    return best;
}

std::string yaml_text(const YamlPlace& place, const YAML::Node& node) {
    if (!node.IsScalar()) place.fail(node, "expected a text");
    return node.Scalar();
}

std::chrono::milliseconds yaml_duration(const YamlPlace& place, const YAML::Node& node, std::string_view text) {
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const double factor = unit == "ms" ? 1 : (unit == "s" ? 1000 : (unit == "min" ? 60000 : -1));
    if (ec != std::errc{} || factor < 0 || !(value >= 0) || value * factor > 24 * 3600 * 1000.0) {
        place.fail(node, "expected a duration such as 700ms, 1.2s or 3min, found '" + std::string(text) + "'");
    }
    return std::chrono::milliseconds(std::llround(value * factor));
}

YamlMap::YamlMap(const YamlPlace& place, const YAML::Node& node, std::vector<std::string_view> keys) : place_(place), node_(node) {
    if (!node.IsMap()) place.fail(node, "expected a map");
    std::vector<std::string> seen;
    for (const auto& entry : node) {
        const auto key = yaml_text(place, entry.first);
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
            const auto guess = nearest(key, keys);
            place.fail(entry.first, "unknown key '" + key + "'" + (guess.empty() ? "" : ", did you mean '" + guess + "'?"));
        }
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) place.fail(entry.first, "key '" + key + "' given twice");
        seen.push_back(key);
    }
}

bool YamlMap::has(std::string_view key) const {
    return static_cast<bool>(node_[std::string(key)]);
}
YAML::Node YamlMap::at(std::string_view key) const {
    return node_[std::string(key)];
}

void YamlMap::text(std::string_view key, std::string& out) const {
    if (has(key)) out = yaml_text(place_, at(key));
}

void YamlMap::number(std::string_view key, double low, double high, double& out) const {
    if (!has(key)) return;
    const auto text = yaml_text(place_, at(key));
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || !(value >= low) || !(value <= high)) {
        place_.fail(at(key), "'" + std::string(key) + "' must be a number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    out = value;
}

void YamlMap::flag(std::string_view key, bool& out) const {
    if (!has(key)) return;
    const auto text = yaml_text(place_, at(key));
    if (text != "true" && text != "false") place_.fail(at(key), "'" + std::string(key) + "' must be true or false");
    out = text == "true";
}

void YamlMap::duration(std::string_view key, std::chrono::milliseconds& out) const {
    if (has(key)) out = yaml_duration(place_, at(key), yaml_text(place_, at(key)));
}

void YamlMap::texts(std::string_view key, std::vector<std::string>& out) const {
    if (!has(key)) return;
    const auto list = at(key);
    if (list.IsScalar()) {
        out.push_back(list.Scalar());
        return;
    }
    if (!list.IsSequence()) place_.fail(list, "'" + std::string(key) + "' must be a text or a list of texts");
    for (const auto& item : list) out.push_back(yaml_text(place_, item));
}

}  // namespace parley::sim
