#include "script_reader.hpp"

#include <algorithm>
#include <charconv>

namespace parley::brain {
namespace {

constexpr std::size_t kMaxEntries = 500;

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

// Names come from a file of unknown origin and end in a log line.
std::string in_quotes(std::string_view name) {
    std::string out = "'";
    for (const char c : name.substr(0, 60)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return out + "'";
}

}  // namespace

std::string nearest_of(std::string_view name, const std::vector<std::string>& valid) {
    std::string best;
    std::size_t least = std::max<std::size_t>(2, std::min<std::size_t>(name.size(), 60) / 2) + 1;
    for (const auto& candidate : valid) {
        const auto d = distance(name.substr(0, 60), candidate);
        if (d < least) {
            least = d;
            best = candidate;
        }
    }
    return best;
}

void ScriptFile::unknown(const YAML::Mark& mark, std::string_view what, std::string_view wrong, const std::vector<std::string>& valid) const {
    const auto nearest = nearest_of(wrong, valid);
    fail(mark, in_quotes(wrong) + " is not " + std::string(what) + (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

std::string ScriptFile::text(const YAML::Node& node, std::string_view what, std::size_t max) const {
    if (!node.IsScalar()) fail(node, std::string(what) + " must be a text");
    auto value = node.Scalar();
    if (value.empty() || value.size() > max) fail(node, std::string(what) + " must have 1 to " + std::to_string(max) + " bytes");
    return value;
}

double ScriptFile::number(const YAML::Node& node, std::string_view what, double min, double max) const {
    const auto value = text(node, what, 30);
    double out = 0;
    const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (ec != std::errc{} || end != value.data() + value.size() || !(out >= min && out <= max)) {
        fail(node, std::string(what) + " must be a number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return out;
}

bool ScriptFile::flag(const YAML::Node& node, std::string_view what) const {
    const auto value = text(node, what, 10);
    if (value == "true") return true;
    if (value == "false") return false;
    fail(node, std::string(what) + " must be true or false");
}

std::vector<std::string> ScriptFile::texts(const YAML::Node& node, std::string_view what, std::size_t most) const {
    if (node.IsScalar()) return {text(node, what)};
    if (!node.IsSequence() || node.size() == 0 || node.size() > most) {
        fail(node, std::string(what) + " must be a text or a list of 1 to " + std::to_string(most));
    }
    std::vector<std::string> out;
    for (const auto& item : node) out.push_back(text(item, what));
    return out;
}

void ScriptFile::map(const YAML::Node& node, std::string_view what, const std::vector<std::string>& valid,
                     const std::function<void(const std::string&, const YAML::Node&, const YAML::Node&)>& each) const {
    if (!node.IsMap()) fail(node, std::string(what) + " must be a map");
    if (node.size() > kMaxEntries) fail(node, std::string(what) + " has too many entries");
    std::set<std::string> seen;
    for (const auto& pair : node) {
        const auto key = text(pair.first, "a key", 60);
        if (!valid.empty() && std::ranges::find(valid, key) == valid.end()) {
            unknown(pair.first.Mark(), "a key of " + std::string(what), key, valid);
        }
        if (!seen.insert(key).second) fail(pair.first, in_quotes(key) + " is given twice");
        each(key, pair.first, pair.second);
    }
}

}  // namespace parley::brain
