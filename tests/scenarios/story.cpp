#include "story.hpp"

#include <sys/wait.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <cstdio>

#include <mutex>
#include <regex>
#include <sstream>

#include "gateway_under_test.hpp"
#include "parley/sim/embedded_speech.hpp"
#include "parley/sim/fake_twilio.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr const char* kAdminToken = "a-token-for-the-operators-of-stories";

milliseconds duration(const YAML::Node& node, milliseconds otherwise) {
    if (!node) return otherwise;
    const auto text = node.as<std::string>();
    const auto value = text::parse_duration(text);
    if (!value) throw std::runtime_error("'" + text + "' is no duration");
    return std::chrono::duration_cast<milliseconds>(value.value);
}

json to_json(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Map: {
            json out = json::object();
            for (const auto& entry : node) out[entry.first.as<std::string>()] = to_json(entry.second);
            return out;
        }
        case YAML::NodeType::Sequence: {
            json out = json::array();
            for (const auto& entry : node) out.push_back(to_json(entry));
            return out;
        }
        case YAML::NodeType::Scalar: {
            const auto text = node.Scalar();
            if (node.Tag() == "!") return text;  // quoted
            if (text == "true" || text == "false") return text == "true";
            if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos && text.size() < 10) return std::stoi(text);
            return text;
        }
        default:
            return nullptr;
    }
}

std::string emitted(const YAML::Node& node) {
    YAML::Emitter out;
    out << node;
    return out.c_str();
}

std::string indented(const std::string& text) {
    std::string out = "  ";
    for (const char c : text) {
        out += c;
        if (c == '\n') out += "  ";
    }
    return out + "\n";
}

class Teller {
public:
    Teller(const std::filesystem::path& file, const std::string& store) : file_(file), story_(YAML::LoadFile(file.string())) {
        kept_["scripts"] = PARLEY_SOURCE_DIR "/config/scripts";
        if (story_["speed"]) speed_ = story_["speed"].as<double>();
        port_ = free_port();
        kept_["twilio"] = "http://127.0.0.1:" + std::to_string(port_);
        make_gateway(store);
        make_carrier();
    }

    Told run() {
        try {
            for (const auto& call : story_["calls"])
                if (!call.second["starts"] || call.second["starts"].as<bool>()) start(call.first.as<std::string>());
            for (const auto& act : story_["acts"]) perform(act);
            await_calls();
            for (const auto& act : story_["after"]) perform(act);
        } catch (const std::exception& e) {
            fail(std::string("the story broke off: ") + e.what());
            if (twilio_) twilio_->carrier().stop();
            await_calls();
        }
        judge();
        Told told;
        told.failures = std::move(failures_);
        told.protocol = protocol();
        return told;
    }

private:
    void fail(const std::string& what) { failures_.push_back(what); }

    std::string filled(std::string text) const {
        for (const auto& [name, value] : kept_) {
            const auto mark = "{" + name + "}";
            for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) text.replace(at, mark.size(), value);
        }
        return text;
    }

    void make_gateway(const std::string& store) {
        Sections setup;
        setup.more = store;
        setup.agents.clear();
        const auto sections = story_["gateway"];
        for (const auto& section : sections) {
            const auto name = section.first.as<std::string>();
            const auto text = filled(indented(emitted(section.second)));
            if (name == "agents")
                setup.agents = text;
            else if (name == "server")
                setup.server += text;
            else if (name == "limits")
                setup.limits += text;
            else
                setup.more += name + ":\n" + text;
        }
        setup.server += std::string("  admin_token: \"") + kAdminToken + "\"\n";
        setup.twilio = "  account_sids: [\"" + std::string(kAccount) + "\"]\n  api_base_url: \"" + kept_["twilio"] + "\"\n";
        gateway_ = std::make_unique<GatewayUnderTest>(setup);
        kept_["admin"] = "http://127.0.0.1:" + std::to_string(gateway_->gateway().admin_port());
        kept_["data"] = PARLEY_TEST_DATA;
    }

    sim::DialTarget person(const YAML::Node& node, const std::string& number) {
        sim::DialTarget target;
        target.after = duration(node["rings"], milliseconds(300));
        if (node["answers"]) {
            const auto how = node["answers"].as<std::string>();
            using Answer = sim::DialTarget::Answer;
            target.answer = how == "busy" ? Answer::busy : how == "no_answer" ? Answer::no_answer : how == "failed" ? Answer::failed : Answer::answer;
        }
        if (node["machine"]) {
            sim::MachineGreeting greeting;
            greeting.text = node["machine"].as<std::string>();
            target.machine = std::make_shared<const sim::MachineGreeting>(greeting);
        } else if (node["steps"]) {
            target.person = scenario(node, number);
        }
        return target;
    }

    std::shared_ptr<const sim::Scenario> scenario(const YAML::Node& node, const std::string& name) {
        YAML::Node own;
        own["name"] = name;
        for (const char* key : {"from", "to", "caller", "line", "vocabulary", "longest", "steps"})
            if (node[key]) own[key] = node[key];
        if (node["voice"]) own["caller"]["voice"] = node["voice"];
        return sim::parse_scenario(filled(emitted(own)), file_.filename().string() + " (" + name + ")", file_.parent_path());
    }

    void make_carrier() {
        sim::FakeTwilioOptions options;
        options.carrier = gateway_->carrier();
        options.carrier.speed = speed_;
        options.carrier.compute_threads = 3;  // nobody's words wait for what somebody else is hearing
        options.carrier.voice = sim::make_embedded_voice();
        options.carrier.ear = sim::make_embedded_ear();
        options.port = port_;
        for (const auto& entry : story_["people"]) {
            const auto number = entry.first.as<std::string>();
            options.carrier.numbers.emplace(number, person(entry.second, number));
        }
        sim::NumberEntry number;
        const auto base = std::string("https://") + kHost + "/webhooks/twilio/";
        number.voice_url = base + "voice";
        number.fallback_url = base + "fallback";
        number.status_callback = base + "status";
        number.sms_url = base + "sms";
        if (story_["numbers"]) {
            for (const auto& own : story_["numbers"]) options.numbers.emplace(own.as<std::string>(), number);
        } else {
            options.numbers.emplace(kNumber, number);
        }
        twilio_ = std::make_unique<sim::FakeTwilio>(std::move(options));
    }

    void start(const std::string& name) {
        const auto node = story_["calls"][name];
        if (!node) throw std::runtime_error("no call is named " + name);
        const auto from = node["from"] ? node["from"].as<std::string>() : std::string("+14155550100");
        const auto to = node["to"] ? filled(node["to"].as<std::string>()) : std::string(kNumber);
        auto placed = twilio_->call_in(to, from, scenario(node, name));
        kept_[name] = placed.call_sid;
        running_.emplace_back(name, std::move(placed.report));
    }

    void await_calls() {
        for (auto& [name, report] : running_) {
            if (!report.valid()) continue;
            if (report.wait_for(std::chrono::seconds(100)) != std::future_status::ready) {
                fail(name + ": the call does not end");
                twilio_->carrier().stop();
            }
            try {
                reports_.emplace(name, report.get());
            } catch (const std::exception& e) {
                fail(name + ": " + e.what());
            }
        }
        running_.clear();
        // Legs that the story's calls brought about have their own truth.
        (void)eventually([&] { return twilio_->carrier().live_calls() == 0; }, std::chrono::seconds(40));
    }

    // ---- acts

    template <class Holds>
    bool within(const YAML::Node& node, Holds holds) const {
        return eventually(holds, std::chrono::duration_cast<std::chrono::seconds>(duration(node["within"], std::chrono::seconds(20))));
    }

    void perform(const YAML::Node& act) {
        if (!act.IsMap() || act.size() != 1) throw std::runtime_error("an act is one key");
        const auto kind = act.begin()->first.as<std::string>();
        const YAML::Node what = act.begin()->second;
        if (kind == "pause")
            std::this_thread::sleep_for(std::chrono::duration_cast<milliseconds>(duration(what, milliseconds(0)) / speed_));
        else if (kind == "call")
            start(what.as<std::string>());
        else if (kind == "wait")
            wait(what);
        else if (kind == "said")
            said(what);
        else if (kind == "admin")
            admin(what);
        else if (kind == "text")
            (void)twilio_->message_in(what["to"] ? what["to"].as<std::string>() : std::string(kNumber), what["from"].as<std::string>(),
                                      filled(what["body"].as<std::string>()));
        else if (kind == "inbox")
            inbox(what);
        else if (kind == "record")
            record(what);
        else if (kind == "ended")
            ended(what);
        else if (kind == "metric")
            metric(what);
        else if (kind == "parley")
            program(what);
        else
            throw std::runtime_error("there is no act '" + kind + "'");
    }

    // The newest call of a name of the story, or to a number.
    std::optional<sim::CallView> view(const YAML::Node& node) const {
        if (node["call"]) return twilio_->carrier().call(filled("{" + node["call"].as<std::string>() + "}"));
        const auto number = node["number"].as<std::string>();
        std::optional<sim::CallView> found;
        for (auto& one : twilio_->carrier().calls())
            if (one.to == number) found = std::move(one);
        return found;
    }

    void wait(const YAML::Node& what) {
        const auto status = what["status"].as<std::string>();
        std::string last = "none";
        const bool reached = within(what, [&] {
            const auto now = view(what);
            if (now) last = now->status;
            return now && now->status == status;
        });
        if (!reached) fail("waiting for " + emitted(what) + ": it is " + last);
        if (what["keep"]) {
            if (const auto now = view(what)) kept_[what["keep"].as<std::string>()] = now->sid;
        }
    }

    // What a call's own leg has spoken so far is known only when it is over, so this looks at the gateway's record.
    void said(const YAML::Node& what) {
        const auto sid = filled("{" + what["who"].as<std::string>() + "}");
        const auto text = what["text"].as<std::string>();
        const bool heard = within(what, [&] { return read_record(sid).dump().find(text) != std::string::npos; });
        if (!heard) fail("nobody said '" + text + "' in " + sid + ": " + read_record(sid).dump());
    }

    json call_admin(const YAML::Node& what, int& status) const {
        std::vector<std::pair<std::string, std::string>> headers{{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdminToken}};
        const auto method = what["method"] ? what["method"].as<std::string>() : std::string(what["body"] ? "POST" : "GET");
        std::string body;
        if (what["body"]) {
            body = filled(to_json(what["body"]).dump());
            headers.emplace_back("Content-Type", "application/json");
        }
        const auto answer = http(gateway_->gateway().admin_port(), method, filled(what["path"].as<std::string>()), headers, body);
        status = answer.status;
        return json::parse(answer.body, nullptr, false);
    }

    void admin(const YAML::Node& what) {
        const int wanted = what["status"] ? what["status"].as<int>() : 200;
        int status = 0;
        json answer;
        std::string why;
        const auto good = [&] {
            answer = call_admin(what, status);
            why = status != wanted ? "HTTP " + std::to_string(status) : mismatch(answer, what["is"]);
            return why.empty();
        };
        // Asking is repeated only where nothing is changed by it.
        const bool changes = what["body"] || (what["method"] && what["method"].as<std::string>() != "GET");
        const bool done = changes ? good() : within(what, good);
        if (!done) fail("admin " + filled(what["path"].as<std::string>()) + ": " + why + ": " + answer.dump());
        for (const auto& keep : what["keep"]) {
            const json::json_pointer at(keep.second.as<std::string>());
            if (answer.is_structured() && answer.contains(at))
                kept_[keep.first.as<std::string>()] = answer[at].is_string() ? answer[at].get<std::string>() : answer[at].dump();
            else
                fail("the answer has no " + keep.second.as<std::string>() + ": " + answer.dump());
        }
    }

    // Empty: every pointer has its value; "~part" asks for a part of the text.
    std::string mismatch(const json& in, const YAML::Node& is) const {
        for (const auto& entry : is) {
            const auto pointer = entry.first.as<std::string>();
            const json::json_pointer at(pointer);
            if (!in.is_structured() || !in.contains(at)) return "there is no " + pointer;
            const auto& found = in[at];
            const auto text = found.is_string() ? found.get<std::string>() : found.dump();
            auto wanted = filled(entry.second.as<std::string>());
            const bool part = wanted.starts_with('~');
            if (part ? text.find(wanted.substr(1)) == std::string::npos : text != wanted) return pointer + " is " + text + ", not " + wanted;
        }
        return {};
    }

    json read_record(const std::string& sid) const {
        const auto answer =
            http(gateway_->gateway().admin_port(), "GET", "/v1/calls/" + sid, {{"Host", "127.0.0.1"}, {"Authorization", std::string("Bearer ") + kAdminToken}});
        return answer.status == 200 ? json::parse(answer.body, nullptr, false) : json();
    }

    void record(const YAML::Node& what) {
        const auto sid = what["sid"] ? filled(what["sid"].as<std::string>()) : filled("{" + what["call"].as<std::string>() + "}");
        std::string why;
        const bool good = within(what, [&] {
            why = mismatch(read_record(sid), what["is"]);
            return why.empty();
        });
        if (!good) fail("the record of " + sid + ": " + why + ": " + read_record(sid).dump());
    }

    void inbox(const YAML::Node& what) {
        const auto number = what["number"].as<std::string>();
        const auto part = filled(what["contains"].as<std::string>());
        std::string all;
        const bool there = within(what, [&] {
            all.clear();
            for (const auto& message : twilio_->inbox(number)) all += message.body + "\n";
            return all.find(part) != std::string::npos;
        });
        if (!there) fail("no message with '" + part + "' arrived at " + number + ": " + all);
    }

    void ended(const YAML::Node& what) {
        const auto number = what["number"].as<std::string>();
        const std::size_t count = what["count"] ? what["count"].as<std::size_t>() : 1;
        std::size_t found = 0;
        std::string statuses;
        for (const auto& call : twilio_->carrier().calls()) {
            if (call.to != number) continue;
            ++found;
            statuses += call.status + " ";
            if (what["status"] && call.status != what["status"].as<std::string>()) fail("the call to " + number + " ended as " + call.status);
        }
        if (found != count) fail(std::to_string(found) + " calls to " + number + ", not " + std::to_string(count) + ": " + statuses);
    }

    void metric(const YAML::Node& what) {
        const auto name = what["name"].as<std::string>();
        const auto least = what["least"].as<double>();
        if (!within(what, [&] { return gateway_->metric(name) >= least; })) fail(name + " is " + std::to_string(gateway_->metric(name)));
    }

    // The program itself, with the gateway's configuration; what it prints is JSON where something of it is to be kept.
    void program(const YAML::Node& what) {
        const auto args = filled(what["args"].as<std::string>());
        const auto command =
            "env -u PARLEY_BIN -u PARLEY_SOURCE_DIR timeout 60 " PARLEY_BIN " " + args + " --config " + gateway_->config_file().string() + " 2>&1";
        std::string out;
        FILE* pipe = ::popen(command.c_str(), "r");
        if (pipe == nullptr) throw std::runtime_error("the program cannot be started");
        std::array<char, 4096> piece{};
        for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) out.append(piece.data(), n);
        const int status = ::pclose(pipe);
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (code != (what["exit"] ? what["exit"].as<int>() : 0)) fail("parley " + args + " ended with " + std::to_string(code) + ": " + out);
        for (const auto& part : what["contains"])
            if (out.find(filled(part.as<std::string>())) == std::string::npos) fail("parley " + args + " did not say '" + part.as<std::string>() + "': " + out);
        if (!what["keep"]) return;
        const auto printed = json::parse(out, nullptr, false);
        for (const auto& keep : what["keep"]) {
            const json::json_pointer at(keep.second.as<std::string>());
            if (printed.is_structured() && printed.contains(at))
                kept_[keep.first.as<std::string>()] = printed[at].is_string() ? printed[at].get<std::string>() : printed[at].dump();
            else
                fail("parley " + args + " printed no " + keep.second.as<std::string>() + ": " + out);
        }
    }

    // ---- judgement

    // Every leg with a script has judged for itself.
    void judge() {
        for (const auto& call : twilio_->carrier().calls()) {
            const auto report = twilio_->carrier().report_of(call.sid);
            if (!report) continue;
            for (const auto& failure : report->failures) fail(report->scenario + " (" + call.from + " → " + call.to + "): " + failure);
        }
        for (const auto& note : twilio_->carrier().notifications())
            if (!note.warning && !tolerated(note.code)) fail("the carrier complains: " + std::to_string(note.code) + " " + note.text + " " + note.url);
    }
    bool tolerated(int code) const {
        for (const auto& known : story_["complaints"])
            if (known.as<int>() == code) return true;
        return false;
    }

    std::string protocol() const {
        std::ostringstream out;
        for (const auto& call : twilio_->carrier().calls()) {
            const auto report = twilio_->carrier().report_of(call.sid);
            out << "--- " << call.sid << " " << call.direction << " " << call.from << " → " << call.to << ": " << call.status << "\n";
            if (!report) continue;
            for (const auto& line : report->transcript) {
                using Who = sim::TranscriptLine::Who;
                out << "  " << static_cast<int>(line.from_ms) << " "
                    << (line.who == Who::caller  ? "says "
                        : line.who == Who::agent ? "hears"
                                                 : "     ")
                    << " " << line.text << "\n";
            }
            for (const auto& hook : report->webhooks)
                out << "  " << static_cast<int>(hook.at_ms) << " " << hook.method << " " << hook.url << " → " << hook.status << " "
                    << hook.document.substr(0, 600) << "\n";
        }
        out << "--- asked of Twilio: " << twilio_->requests().substr(0, 4000) << "\n";
        for (const auto& line : gateway_->log().lines()) out << line << "\n";
        return out.str();
    }

    std::filesystem::path file_;
    YAML::Node story_;
    double speed_ = 1;
    std::uint16_t port_ = 0;
    std::map<std::string, std::string> kept_;
    std::unique_ptr<GatewayUnderTest> gateway_;
    std::unique_ptr<sim::FakeTwilio> twilio_;
    std::vector<std::pair<std::string, std::future<sim::CallReport>>> running_;
    std::map<std::string, sim::CallReport> reports_;
    std::vector<std::string> failures_;
};

}  // namespace

Told tell(const std::filesystem::path& story, const std::string& store) {
    try {
        return Teller(story, store).run();
    } catch (const std::exception& e) {
        return {{e.what()}, {}};
    }
}

}  // namespace parley::scenarios
