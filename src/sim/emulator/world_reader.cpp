#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "parley/sim/emulator_world.hpp"
#include "parley/sim/scenario.hpp"
#include "yaml_reader.hpp"

namespace parley::sim {
namespace {

MindRule read_rule(const YamlPlace& place, const YAML::Node& node) {
    const YamlMap map(place, node, {"greeting", "words", "regex", "tool_result", "say", "tool", "arguments", "end_call"});
    MindRule rule;
    map.flag("greeting", rule.greeting);
    map.texts("words", rule.words);
    map.text("regex", rule.regex);
    map.text("tool_result", rule.tool_result);
    map.text("say", rule.say);
    map.text("tool", rule.tool);
    map.text("arguments", rule.arguments);
    bool end_call = false;
    map.flag("end_call", end_call);
    if (end_call && !rule.tool.empty()) place.fail(node, "'end_call' is itself a tool; 'tool' names another");
    if (end_call) rule.tool = "end_call";
    if (!nlohmann::json::parse(rule.arguments, nullptr, false).is_object()) place.fail(map.at("arguments"), "'arguments' must be a JSON object in a text");
    if (!rule.regex.empty()) {
        try {
            const std::regex checked(rule.regex, std::regex::ECMAScript | std::regex::icase);
        } catch (const std::regex_error& e) {
            place.fail(map.at("regex"), e.what());
        }
    }
    const int kinds = (rule.greeting ? 1 : 0) + (rule.words.empty() && rule.regex.empty() ? 0 : 1) + (rule.tool_result.empty() ? 0 : 1);
    if (kinds != 1) place.fail(node, "a rule needs one of: greeting, words and regex, tool_result");
    if (rule.say.empty() && rule.tool.empty() && rule.tool_result.empty()) place.fail(node, "a rule needs 'say', 'tool' or 'end_call'");
    return rule;
}

}  // namespace

WorldSettings parse_emulator_world(const std::string& yaml, const std::string& file) {
    const YamlPlace place{file};
    YAML::Node root;
    try {
        root = YAML::Load(yaml);
    } catch (const YAML::Exception& e) {
        throw ScenarioError(file + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg);
    }
    WorldSettings world;
    if (root.IsNull()) return world;
    const YamlMap map(place, root, {"phrases", "rules", "fallback", "vocabulary", "tones", "voice", "speed", "times"});
    map.texts("phrases", world.phrases);
    map.text("fallback", world.fallback);
    map.texts("vocabulary", world.vocabulary);
    map.flag("tones", world.tones);
    map.text("voice", world.voice);
    map.number("speed", 0.5, 2, world.speed);
    if (map.has("times")) {
        const YamlMap times(place, map.at("times"), {"endpointing", "recognition", "first_token", "token", "first_audio", "chunk", "pace"});
        times.duration("endpointing", world.endpointing);
        times.duration("recognition", world.recognition);
        times.duration("first_token", world.first_token);
        times.duration("token", world.token);
        times.duration("first_audio", world.first_audio);
        times.duration("chunk", world.chunk);
        times.number("pace", 0, 1000, world.pace);
        if (world.chunk < std::chrono::milliseconds(10)) place.fail(times.at("chunk"), "'chunk' must be 10ms or more");
    }
    if (map.has("rules")) {
        const auto list = map.at("rules");
        if (!list.IsSequence()) place.fail(list, "'rules' must be a list");
        for (const auto& node : list) world.rules.push_back(read_rule(place, node));
    }
    return world;
}

WorldSettings load_emulator_world(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) throw ScenarioError(path.string() + ": cannot be read");
    std::stringstream text;
    text << file.rdbuf();
    return parse_emulator_world(text.str(), path.string());
}

}  // namespace parley::sim
