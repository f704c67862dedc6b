#include "parley/sim/scenario.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "yaml_reader.hpp"

namespace parley::sim {
namespace {

namespace fs = std::filesystem;

struct Reader {
    YamlPlace place;
    fs::path directory;

    [[nodiscard]] fs::path file(const std::string& name) const {
        const fs::path path(name);
        return path.is_absolute() || directory.empty() ? path : directory / path;
    }

    void faults(const YAML::Node& node, LineFaults& out) const {
        const YamlMap map(place, node, {"packet_loss", "jitter", "burst", "stall", "marks", "clock", "noise_dbfs", "seed"});
        map.number("packet_loss", 0, 1, out.packet_loss);
        map.duration("jitter", out.jitter);
        map.number("clock", 0.9, 1.1, out.clock);
        map.number("noise_dbfs", -100, -10, out.noise_dbfs);
        double seed = static_cast<double>(out.seed);
        map.number("seed", 0, 4294967295.0, seed);
        out.seed = static_cast<std::uint64_t>(seed);
        if (map.has("burst")) {
            const YamlMap burst(place, map.at("burst"), {"every", "hold"});
            burst.duration("every", out.burst_every);
            burst.duration("hold", out.burst_hold);
        }
        if (map.has("stall")) {
            const YamlMap stall(place, map.at("stall"), {"at", "for", "drops"});
            stall.duration("at", out.stall_at);
            stall.duration("for", out.stall_for);
            stall.flag("drops", out.stall_drops);
        }
        if (map.has("marks")) {
            const YamlMap marks(place, map.at("marks"), {"lost", "late", "delay", "duplicated", "reordered"});
            marks.number("lost", 0, 1, out.marks_lost);
            marks.number("late", 0, 1, out.marks_late);
            marks.duration("delay", out.marks_delay);
            marks.number("duplicated", 0, 1, out.marks_duplicated);
            marks.number("reordered", 0, 1, out.marks_reordered);
        }
    }

    void style(const YamlMap& map, VoiceStyle& out) const {
        map.text("voice", out.voice);
        map.number("speed", 0.5, 2.0, out.speed);
    }

    [[nodiscard]] SayStep say(const YAML::Node& node, const VoiceStyle& otherwise) const {
        SayStep step;
        if (node.IsScalar()) {
            step.text = node.Scalar();
        } else {
            const YamlMap map(place, node, {"text", "voice", "speed"});
            map.text("text", step.text);
            step.style = otherwise;
            style(map, *step.style);
        }
        if (step.text.empty()) place.fail(node, "nothing to say");
        return step;
    }

    [[nodiscard]] PlayStep play(const YAML::Node& node) const {
        PlayStep step;
        std::string name;
        if (node.IsScalar()) {
            name = node.Scalar();
        } else {
            const YamlMap map(place, node, {"file", "text"});
            map.text("file", name);
            map.text("text", step.text);
        }
        if (name.empty()) place.fail(node, "no file to play");
        step.file = file(name);
        std::error_code ec;
        if (!fs::is_regular_file(step.file, ec)) place.fail(node, "no such file: " + step.file.string());
        return step;
    }

    [[nodiscard]] DtmfStep dtmf(const YAML::Node& node) const {
        DtmfStep step;
        if (node.IsScalar()) {
            step.keys = node.Scalar();
        } else {
            const YamlMap map(place, node, {"keys", "in_band", "tone", "gap"});
            map.text("keys", step.keys);
            map.flag("in_band", step.in_band);
            map.duration("tone", step.tone);
            map.duration("gap", step.gap);
        }
        if (step.keys.empty() || step.keys.find_first_not_of("0123456789*#ABCDwW") != std::string::npos) {
            place.fail(node, "keys are 0-9 * # A-D, w and W");
        }
        return step;
    }

    void expectation(const YamlMap& map, Expectation& out) const {
        map.texts("any", out.any);
        map.texts("all", out.all);
        map.texts("none", out.none);
        map.texts("distractors", out.distractors);
        if (out.any.empty() && out.all.empty() && out.none.empty()) place.fail(map.node(), "expects nothing: give 'any', 'all' or 'none'");
    }

    [[nodiscard]] Expectation expectation(const YAML::Node& node) const {
        Expectation out;
        if (node.IsScalar()) {
            out.all.push_back(node.Scalar());
        } else {
            expectation(YamlMap(place, node, {"any", "all", "none", "distractors"}), out);
        }
        return out;
    }

    [[nodiscard]] WaitStep wait(const YAML::Node& node) const {
        using For = WaitStep::For;
        WaitStep step;
        const std::vector<std::string_view> words{"agent_silence", "agent_speech", "hangup", "answer"};
        if (node.IsScalar()) {
            const auto& text = node.Scalar();
            const auto blank = std::min(text.find(' '), text.size());
            const auto word = text.substr(0, blank);
            const auto rest = blank < text.size() ? text.substr(blank + 1) : std::string{};
            if (word == "agent_silence") {
                if (!rest.empty()) step.silence = yaml_duration(place, node, rest);
                return step;
            }
            if (word == "agent_speech") {
                step.what = For::agent_speech;
            } else if (word == "hangup") {
                step.what = For::hangup;
            } else if (word == "answer") {
                step.what = For::answer;
            } else {
                const auto guess = nearest(word, words);
                place.fail(node, "cannot wait for '" + word + "'" + (guess.empty() ? "" : ", did you mean '" + guess + "'?"));
            }
            if (!rest.empty()) place.fail(node, "'" + word + "' takes no value here");
            return step;
        }
        const YamlMap map(place, node, {"agent_silence", "agent_speech", "hangup", "answer", "text", "within"});
        map.duration("within", step.within);
        int kinds = 0;
        if (map.has("agent_silence")) {
            map.duration("agent_silence", step.silence);
            ++kinds;
        }
        for (const auto& [word, what] : {std::pair{"agent_speech", For::agent_speech}, std::pair{"hangup", For::hangup}, std::pair{"answer", For::answer}}) {
            bool wanted = false;
            map.flag(word, wanted);
            if (!wanted) continue;
            step.what = what;
            ++kinds;
        }
        if (map.has("text")) {
            step.what = For::text;
            step.text = expectation(map.at("text"));
            ++kinds;
        }
        if (kinds != 1) place.fail(node, "wait_for names exactly one of agent_silence, agent_speech, text, hangup and answer");
        return step;
    }

    [[nodiscard]] InterruptStep interrupt(const YAML::Node& node, const VoiceStyle& otherwise) const {
        InterruptStep step;
        const YamlMap map(place, node, {"after", "into", "say", "play", "within"});
        map.duration("after", step.after);
        map.duration("within", step.within);
        std::string into = "reply";
        map.text("into", into);
        if (into != "reply") place.fail(map.at("into"), "'into' can only be reply");
        if (map.has("say") == map.has("play")) place.fail(node, "an interruption has either 'say' or 'play'");
        if (map.has("say")) {
            step.what = say(map.at("say"), otherwise);
        } else {
            step.what = play(map.at("play"));
        }
        return step;
    }

    [[nodiscard]] HangupStep hangup(const YAML::Node& node) const {
        using How = HangupStep::How;
        HangupStep step;
        if (node.IsNull()) return step;
        std::string how = "stop";
        if (node.IsScalar()) {
            how = node.Scalar();
        } else {
            YamlMap(place, node, {"how"}).text("how", how);
        }
        if (how == "stop") return step;
        step.how = how == "reset" ? How::reset : How::no_stop;
        if (how != "reset" && how != "no_stop") place.fail(node, "hangup is one of stop, no_stop and reset");
        return step;
    }

    [[nodiscard]] Step step(const YAML::Node& node, const VoiceStyle& otherwise) const {
        static const std::vector<std::string_view> kinds{"say", "play", "pause", "dtmf", "wait_for", "interrupt", "expect", "hangup"};
        Step out;
        const auto mark = node.Mark();
        out.where = std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
        if (node.IsScalar() && node.Scalar() == "hangup") {
            out.action = HangupStep{};
            return out;
        }
        const YamlMap map(place, node, kinds);
        if (node.size() != 1) place.fail(node, "a step is exactly one of say, play, pause, dtmf, wait_for, interrupt, expect and hangup");
        const auto kind = node.begin()->first.Scalar();
        const YAML::Node value = node.begin()->second;
        if (kind == "say") out.action = say(value, otherwise);
        if (kind == "play") out.action = play(value);
        if (kind == "pause") out.action = PauseStep{yaml_duration(place, value, yaml_text(place, value))};
        if (kind == "dtmf") out.action = dtmf(value);
        if (kind == "wait_for") out.action = wait(value);
        if (kind == "interrupt") out.action = interrupt(value, otherwise);
        if (kind == "expect") out.action = ExpectStep{expectation(value)};
        if (kind == "hangup") out.action = hangup(value);
        return out;
    }
};

}  // namespace

std::vector<std::string> Scenario::all_phrases() const {
    std::vector<std::string> out;
    const auto add = [&](const std::vector<std::string>& phrases) {
        for (const auto& phrase : phrases) {
            if (std::find(out.begin(), out.end(), phrase) == out.end()) out.push_back(phrase);
        }
    };
    add(vocabulary);
    for (const auto& step : steps) {
        const Expectation* expectation = nullptr;
        if (const auto* expect = std::get_if<ExpectStep>(&step.action)) expectation = &expect->expectation;
        if (const auto* wait = std::get_if<WaitStep>(&step.action)) expectation = &wait->text;
        if (expectation == nullptr) continue;
        add(expectation->any);
        add(expectation->all);
        add(expectation->none);
        add(expectation->distractors);
    }
    return out;
}

std::shared_ptr<const Scenario> parse_scenario(std::string_view yaml, std::string_view name_in_errors, const fs::path& directory) {
    const Reader reader{{std::string(name_in_errors)}, directory};
    auto scenario = std::make_shared<Scenario>();
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        const YamlMap map(reader.place, root, {"name", "from", "to", "caller", "line", "vocabulary", "longest", "steps"});
        map.text("name", scenario->name);
        map.text("from", scenario->from);
        map.text("to", scenario->to);
        map.texts("vocabulary", scenario->vocabulary);
        map.duration("longest", scenario->longest);
        if (map.has("caller")) {
            const YamlMap caller(reader.place, map.at("caller"), {"voice", "speed"});
            reader.style(caller, scenario->voice);
        }
        if (map.has("line")) reader.faults(map.at("line"), scenario->line);
        if (!map.has("steps") || !map.at("steps").IsSequence()) reader.place.fail(root, "'steps' must be a list");
        for (const auto& node : map.at("steps")) scenario->steps.push_back(reader.step(node, scenario->voice));
    } catch (const YAML::Exception& e) {
        throw ScenarioError(std::string(name_in_errors) + ":" + std::to_string(e.mark.line + 1) + ":" + std::to_string(e.mark.column + 1) + ": " + e.msg);
    }
    return scenario;
}

std::shared_ptr<const Scenario> load_scenario(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw ScenarioError(file.string() + ": cannot be read");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    return parse_scenario(text, file.string(), file.parent_path());
}

std::shared_ptr<const Scenario> wav_scenario(const fs::path& file) {
    auto scenario = std::make_shared<Scenario>();
    scenario->name = file.stem().string();
    const auto add = [&](StepAction action) { scenario->steps.push_back({std::move(action), {}}); };
    add(WaitStep{});
    add(PlayStep{file, {}});
    add(WaitStep{});
    add(HangupStep{});
    return scenario;
}

}  // namespace parley::sim
