// The settings file of `parley sim twilio`.

#include <nlohmann/json.hpp>

#include "control_values.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "yaml_reader.hpp"

namespace parley::sim {
namespace {

// YAML as JSON, scalars by what they look like: for what is read as JSON elsewhere as well.
nlohmann::json as_json(const YAML::Node& node) {
    if (node.IsMap()) {
        auto out = nlohmann::json::object();
        for (const auto& entry : node) out[entry.first.Scalar()] = as_json(entry.second);
        return out;
    }
    if (node.IsSequence()) {
        auto out = nlohmann::json::array();
        for (const auto& item : node) out.push_back(as_json(item));
        return out;
    }
    if (!node.IsScalar()) return nullptr;
    const auto parsed = nlohmann::json::parse(node.Scalar(), nullptr, false);
    const bool quoted = node.Tag() == "!";
    return quoted || !(parsed.is_number() || parsed.is_boolean()) ? nlohmann::json(node.Scalar()) : parsed;
}

void read_numbers(const YamlPlace& place, const YAML::Node& node, FakeTwilioOptions& options) {
    if (!node.IsMap()) place.fail(node, "numbers: expected a map of numbers");
    for (const auto& entry : node) {
        NumberEntry number;
        const YamlMap map(place, entry.second,
                          {"voice_url", "voice_method", "fallback_url", "fallback_method", "status_callback", "sms_url", "sms_method", "sms_fallback_url",
                           "trunk_sid", "friendly_name", "sms"});
        map.text("voice_url", number.voice_url);
        map.text("voice_method", number.voice_method);
        map.text("fallback_url", number.fallback_url);
        map.text("fallback_method", number.fallback_method);
        map.text("status_callback", number.status_callback);
        map.text("sms_url", number.sms_url);
        map.text("sms_method", number.sms_method);
        map.text("sms_fallback_url", number.sms_fallback_url);
        map.text("trunk_sid", number.trunk_sid);
        map.text("friendly_name", number.friendly_name);
        map.flag("sms", number.sms_capable);
        options.numbers[yaml_text(place, entry.first)] = std::move(number);
    }
}

void read_phones(const YamlPlace& place, const YAML::Node& node, FakeTwilioOptions& options) {
    if (!node.IsMap()) place.fail(node, "phones: expected a map of numbers");
    for (const auto& entry : node) {
        std::string why_not;
        const auto rule = read_phone_rule(as_json(entry.second), why_not);
        if (!rule) place.fail(entry.second, why_not);
        options.phones[yaml_text(place, entry.first)] = *rule;
    }
}

void read_machine(const YamlMap& person, DialTarget& target) {
    if (!person.has("machine")) return;
    const YamlMap map(person.place(), person.at("machine"), {"text", "before", "after", "beep", "longest", "patience"});
    auto greeting = std::make_shared<MachineGreeting>();
    map.text("text", greeting->text);
    map.duration("before", greeting->before);
    map.duration("after", greeting->after);
    map.flag("beep", greeting->beep);
    map.duration("longest", greeting->longest);
    map.duration("patience", greeting->patience);
    target.machine = std::move(greeting);
}

void read_people(const YamlPlace& place, const YAML::Node& node, const std::filesystem::path& directory, FakeTwilioOptions& options) {
    static const std::map<std::string, DialTarget::Answer> answers{{"answer", DialTarget::Answer::answer},
                                                                   {"busy", DialTarget::Answer::busy},
                                                                   {"no_answer", DialTarget::Answer::no_answer},
                                                                   {"failed", DialTarget::Answer::failed}};
    if (!node.IsMap()) place.fail(node, "people: expected a map of numbers");
    for (const auto& entry : node) {
        DialTarget target;
        const YamlMap map(place, entry.second,
                          {"answer", "after", "talks", "scenario", "machine", "fax", "voice_url", "voice_method", "fallback_url", "status_callback"});
        if (map.has("answer")) {
            const auto answer = answers.find(yaml_text(place, map.at("answer")));
            if (answer == answers.end()) place.fail(map.at("answer"), "answer: answer, busy, no_answer or failed");
            target.answer = answer->second;
        }
        map.duration("after", target.after);
        map.duration("talks", target.talks);
        map.flag("fax", target.fax);
        map.text("voice_url", target.voice_url);
        map.text("voice_method", target.voice_method);
        map.text("fallback_url", target.fallback_url);
        map.text("status_callback", target.status_callback);
        std::string scenario;
        map.text("scenario", scenario);
        if (!scenario.empty()) target.person = load_scenario(directory / scenario);
        read_machine(map, target);
        options.carrier.numbers[yaml_text(place, entry.first)] = std::move(target);
    }
}

}  // namespace

void load_twilio_settings(const std::filesystem::path& file, FakeTwilioOptions& options) {
    const YamlPlace place{file.string()};
    YAML::Node root;
    try {
        root = YAML::LoadFile(file.string());
    } catch (const YAML::Exception& e) {
        throw ScenarioError(file.string() + ":" + std::to_string(e.mark.line + 1) + ":" + std::to_string(e.mark.column + 1) + ": " + e.msg);
    }
    const YamlMap map(place, root, {"account", "numbers", "phones", "people", "faults", "speed", "callbacks"});
    if (map.has("account")) {
        const YamlMap account(place, map.at("account"), {"status", "type", "verified"});
        account.text("status", options.account_status);
        account.text("type", options.account_type);
        std::vector<std::string> verified;
        account.texts("verified", verified);
        options.verified_numbers.insert(verified.begin(), verified.end());
    }
    if (map.has("numbers")) read_numbers(place, map.at("numbers"), options);
    if (map.has("phones")) read_phones(place, map.at("phones"), options);
    if (map.has("people")) read_people(place, map.at("people"), file.parent_path(), options);
    if (map.has("faults")) options.faults = as_json(map.at("faults")).dump();
    if (map.has("callbacks")) {
        std::string why_not;
        const auto weather = read_callback_weather(as_json(map.at("callbacks")), why_not);
        if (!weather) place.fail(map.at("callbacks"), why_not);
        options.carrier.callbacks = *weather;
    }
    map.number("speed", 0.1, 100, options.carrier.speed);
}

}  // namespace parley::sim
