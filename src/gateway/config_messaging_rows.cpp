#include "config_messaging_rows.hpp"

#include "parley/brain/script.hpp"
#include "parley/flows/destination.hpp"
#include "parley/messaging/segments.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using A = AgentConfig;

constexpr std::size_t kMostEntries = 100;
// Tools only a model has arguments for.
constexpr std::array<std::string_view, 4> kOfModels{"remember", "set_language", "book_appointment", "collect_digits"};

std::string check_link(std::string_view url) {
    constexpr std::array<std::string_view, 2> kSchemes{"https", "http"};
    return text::parse_url(url, kSchemes).error;
}
std::string check_destination(std::string_view text) {
    std::string why;
    return flows::parse_destination(text, &why) ? "" : why.empty() ? "is no place a call can be sent to" : why;
}
std::string check_sender(std::string_view from) {
    if (from.empty() || twilio::is_e164(from) || twilio::is_sid(from, "MG")) return "";
    return "expected a number in E.164 form or a messaging service (MG and 32 hexadecimal digits)";
}
std::string check_message(std::string_view text) {
    const auto counted = messaging::count_segments(text);
    return counted.characters <= messaging::kMostCharacters ? "" : "has " + std::to_string(counted.characters) + " characters; a message has 1600 at most";
}
std::string check_short(std::string_view text) {
    return text.size() <= 200 ? "" : "is longer than 200 characters";
}
std::string check_hints(std::string_view text) {
    return text.size() <= 4000 ? "" : "is longer than 4000 characters";
}
std::string check_map_name(std::string_view name) {
    const bool right = !name.empty() && name.size() <= 40 &&
                       std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; });
    return right ? "" : "expected a name of letters, digits, - and _, at most 40";
}

// Names with texts, each checked.
template <class Access>
void named_texts(Table<A>& t, const std::string& key, Access access, const std::string& type, const std::string& help, const Check& check) {
    t.text_map(key, access, help);
    auto& row = t.rows.back();
    row.type = type;
    row.read = [=](A& a, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::map) return c.wrong(node, key, "expected a section, found " + std::string(name_of(node.kind)));
        if (node.keys.size() > kMostEntries) return c.wrong(node, key, "has more than 100 entries");
        std::map<std::string, std::string> all;
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            if (const auto bad = check_map_name(node.keys[i]); !bad.empty()) c.problems.add(node.key_places[i], "'" + node.keys[i] + "': " + bad);
            const auto value = yaml::as_text(node.children[i]);
            if (!value)
                c.wrong(node.children[i], node.keys[i], value.error);
            else if (const auto bad = check(value.value); !bad.empty())
                c.wrong(node.children[i], node.keys[i], bad);
            else
                all.emplace(node.keys[i], value.value);
        }
        access(a) = std::move(all);
    };
}

std::optional<messaging::Rule> read_rule(const yaml::Node& node, const ReadContext& c) {
    if (node.kind != yaml::Kind::map) {
        c.wrong(node, "sms.rules", "each rule is a section with match, and reply or media");
        return std::nullopt;
    }
    messaging::Rule rule;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const auto& key = node.keys[i];
        const auto& child = node.children[i];
        if (key == "match" || key == "reply") {
            const auto value = yaml::as_text(child);
            if (!value)
                c.wrong(child, key, value.error);
            else if (key == "match" && value.value.size() > 500)
                c.wrong(child, key, "is longer than 500 characters");
            else if (const auto bad = check_message(value.value); !bad.empty())
                c.wrong(child, key, bad);
            else
                (key == "match" ? rule.match : rule.reply) = value.value;
        } else if (key == "media") {
            const auto one = [&](const yaml::Node& item) {
                const auto value = yaml::as_text(item);
                if (!value) return c.wrong(item, key, value.error);
                if (const auto bad = check_link(value.value); !bad.empty()) return c.wrong(item, key, bad);
                rule.media.push_back(value.value);
            };
            if (child.kind == yaml::Kind::list)
                std::for_each(child.children.begin(), child.children.end(), one);
            else
                one(child);
            if (rule.media.size() > messaging::kMostMedia) c.wrong(child, key, "has more than ten");
        } else {
            const std::array<std::string, 3> known{"match", "reply", "media"};
            c.problems.add(node.key_places[i], "unknown key '" + key + "'" + text::suggestion(key, known));
        }
    }
    if (rule.match.empty()) c.wrong(node, "match", "is missing: words, or * for every message");
    if (rule.reply.empty() && rule.media.empty()) c.wrong(node, "reply", "is missing");
    return rule;
}

void rules(Table<A>& t) {
    Row<A> row;
    row.key = "sms.rules";
    row.type = "list of {match, reply, media}";
    row.help =
        "Fixed answers, the first that matches: words that must all be there, `|` between alternatives, `*` behind a word's beginning, `*` alone for every "
        "message.";
    row.from_environment = false;
    row.read = [](A& a, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::list) return c.wrong(node, "sms.rules", "expected a list of rules");
        if (node.children.size() > kMostEntries) return c.wrong(node, "sms.rules", "has more than 100 entries");
        std::vector<messaging::Rule> all;
        for (const auto& child : node.children)
            if (auto rule = read_rule(child, c)) all.push_back(std::move(*rule));
        a.messaging.sms.rules = std::move(all);
    };
    row.print = [](const A& a) {
        std::string out = "[";
        for (const auto& rule : a.messaging.sms.rules) {
            out += std::string(out.size() > 1 ? ", " : "") + "{match: " + quote_yaml(rule.match);
            if (!rule.reply.empty()) out += ", reply: " + quote_yaml(rule.reply);
            if (!rule.media.empty()) {
                out += ", media: [";
                for (std::size_t i = 0; i < rule.media.size(); ++i) out += (i == 0 ? "" : ", ") + quote_yaml(rule.media[i]);
                out += "]";
            }
            out += "}";
        }
        return out + "]";
    };
    row.digest = row.print;
    t.rows.push_back(std::move(row));
}

template <class Access>
void names(Table<A>& t, const std::string& key, Access access, const std::string& type, const std::string& help) {
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        key, access, type,
        [](std::string_view name) -> text::Parsed<std::string> {
            if (name.empty() || name.size() > 200) return {{}, "expected a name"};
            return {std::string(name), {}};
        },
        [](const std::string& item) { return quote_yaml(item); }, help);
}

}  // namespace

void messaging_rows(Table<Config>& t) {
    t.integer(
        "messaging.per_recipient_per_hour", [](Config& c) -> auto& { return c.messaging.per_recipient; }, 1, 10'000,
        "Messages to one number within an hour; more are not sent.", Effect::restart);
    t.integer(
        "messaging.per_minute", [](Config& c) -> auto& { return c.messaging.in_all; }, 1, 100'000, "Messages to anybody within a minute.", Effect::restart);
}

void messaging_agent_rows(Table<A>& t) {
    named_texts(
        t, "transfers", [](A& a) -> auto& { return a.upstream.transfers; }, "names with destinations",
        "Places the model may connect the caller with, by the names it chooses among: a number, sip:, client:, queue:, warm:, agent:, … `transfer_to` is "
        "\"default\" among them.",
        check_destination);
    t.list<std::vector<std::string>& (*)(A&), std::string>(
        "tools", [](A& a) -> std::vector<std::string>& { return a.messaging.tools; }, "names",
        [](std::string_view name) -> text::Parsed<std::string> {
            auto known = brain::known_actions();
            known.insert(known.end(), kOfModels.begin(), kOfModels.end());
            if (std::find(known.begin(), known.end(), name) == known.end()) return {{}, "there is no such tool" + text::suggestion(std::string(name), known)};
            return {std::string(name), {}};
        },
        [](const std::string& item) { return quote_yaml(item); },
        "What the agent may do besides talking: send_sms, send_link, send_digits, start_recording, stop_recording, pause_recording, resume_recording, park, "
        "take_message, schedule_callback, remember, set_language, collect_digits, book_appointment (with calendar.url). See tools.md.");
    named_texts(
        t, "links", [](A& a) -> auto& { return a.messaging.links; }, "names with URLs", "What send_link may send, by the names the model chooses among.",
        check_link);
    t.integer("tool_messages", [](A& a) -> auto& { return a.messaging.tool_messages; }, 0, 100, "Messages send_sms and send_link may send in one call.");
    t.choice(
        "tool_recipients", [](A& a) -> auto& { return a.messaging.tool_recipients; },
        std::vector<std::pair<std::string, ToolRecipients>>{{"caller", ToolRecipients::caller}, {"any", ToolRecipients::any}},
        "Whom send_sms may write to: the caller only, or any number.");
    t.text(
        "sms.from", [](A& a) -> auto& { return a.messaging.sms_from; }, "E.164 number or MG…",
        "Sender of the agent's messages; default the number that was called.", Effect::live, check_sender);
    t.choice(
        "sms.mode", [](A& a) -> auto& { return a.messaging.sms.mode; },
        std::vector<std::pair<std::string, messaging::Mode>>{
            {"off", messaging::Mode::off}, {"rules", messaging::Mode::rules}, {"brain", messaging::Mode::brain}},
        "What answers messages to the agent's numbers: nothing, `sms.rules`, or the rules and then its brain.");
    rules(t);
    t.text(
        "sms.greeting", [](A& a) -> auto& { return a.messaging.sms.greeting; }, "text", "Sent before the first answer of a conversation.", Effect::live,
        check_message);
    t.duration("sms.session", [](A& a) -> auto& { return a.messaging.sms.session; }, 1min, 720h, "A conversation that was quiet for so long begins anew.");
    t.choice(
        "twilio_recording.mode", [](A& a) -> auto& { return a.messaging.twilio_recording.mode; },
        std::vector<std::pair<std::string, TwilioRecording>>{
            {"off", TwilioRecording::off}, {"from_answer", TwilioRecording::from_answer}, {"dual", TwilioRecording::dual}},
        "Twilio's own recording of the agent's calls: none, both sides mixed, or each side on a channel.");
    t.flag("twilio_recording.trim", [](A& a) -> auto& { return a.messaging.twilio_recording.trim; }, "Silence at its ends is cut off.");
    t.flag(
        "twilio_recording.download", [](A& a) -> auto& { return a.messaging.twilio_recording.download; },
        "Fetched to the recordings' directory when it is complete.");
    t.flag(
        "twilio_recording.keep_at_twilio", [](A& a) -> auto& { return a.messaging.twilio_recording.keep_at_twilio; }, "Not deleted at Twilio once it is here.");
    t.choice(
        "transcription.engine", [](A& a) -> auto& { return a.messaging.transcription.engine; },
        std::vector<std::pair<std::string, TranscriptEngine>>{
            {"off", TranscriptEngine::off}, {"twilio", TranscriptEngine::twilio}, {"own", TranscriptEngine::own}},
        "Who writes down what is said: nobody, Twilio's live transcription, or the agent's own recogniser (its turns stand in the record anyway).");
    t.text("transcription.language", [](A& a) -> auto& { return a.messaging.transcription.language; }, "BCP 47", "Of Twilio's.", Effect::live, check_short);
    t.text(
        "transcription.recognizer", [](A& a) -> auto& { return a.messaging.transcription.recognizer; }, "google or deepgram",
        "Twilio's recogniser; default its own choice.", Effect::live, check_short);
    t.text("transcription.model", [](A& a) -> auto& { return a.messaging.transcription.model; }, "name", "That recogniser's model.", Effect::live, check_short);
    t.text(
        "transcription.hints", [](A& a) -> auto& { return a.messaging.transcription.hints; }, "words and phrases, with commas", "Worth expecting.",
        Effect::live, check_hints);
    t.flag(
        "transcription.partial", [](A& a) -> auto& { return a.messaging.transcription.partial; }, "Also what is not final yet. It is not kept in the record.");
    t.flag(
        "transcription.profanity_filter", [](A& a) -> auto& { return a.messaging.transcription.profanity_filter; }, "Twilio's stars in place of strong words.");
    t.text(
        "intelligence.service", [](A& a) -> auto& { return a.messaging.intelligence.service; }, "GA… or a unique name",
        "Conversational Intelligence service that examines the agent's calls; empty: none.", Effect::live, check_short);
    names(
        t, "intelligence.operators", [](A& a) -> std::vector<std::string>& { return a.messaging.intelligence.operators; }, "names or LY…",
        "Whose results are kept in the record; empty is all.");
    t.flag("intelligence.redact", [](A& a) -> auto& { return a.messaging.intelligence.redact; }, "Fetch redacted sentences and results only.");
    t.choice(
        "intelligence.on", [](A& a) -> auto& { return a.messaging.intelligence.on; },
        std::vector<std::pair<std::string, IntelligenceOn>>{{"recording", IntelligenceOn::recording}, {"live", IntelligenceOn::live}},
        "What is examined: Twilio's recording when it is complete, or its live transcription.");
}

std::vector<std::pair<std::string, std::string>> check_messaging(const Config& config) {
    std::vector<std::pair<std::string, std::string>> wrong;
    for (const auto& agent : config.agents) {
        const auto at = "agents." + agent.name + ".";
        const auto& m = agent.messaging;
        const auto tool = [&](std::string_view name) { return std::find(m.tools.begin(), m.tools.end(), name) != m.tools.end(); };
        if (tool("send_link") && m.links.empty()) wrong.emplace_back(at + "links", "is missing: send_link has nothing to send");
        if (!m.links.empty() && !tool("send_link")) wrong.emplace_back(at + "links", "is given, but tools does not name send_link");
        if (!m.tools.empty() && agent.brain != Brain::vendors && agent.brain != Brain::embedded)
            wrong.emplace_back(at + "tools", "is given, but a brain that is echo or a bot has no use for them");
        for (const auto name : kOfModels)
            if (tool(name) && agent.brain == Brain::embedded)
                wrong.emplace_back(at + "tools", "names " + std::string(name) + ", but only a brain of vendors has a model that could use it");
        if (tool("set_language") && agent.persona.languages.size() < 2) wrong.emplace_back(at + "languages", "names no other language for set_language");
        const auto wants_digits = [](const tools::HttpTool& one) {
            const auto has = [](std::string_view text) { return text.find("{digits.") != std::string_view::npos; };
            return has(one.body) || std::any_of(one.headers.begin(), one.headers.end(), [&](const auto& header) { return has(header.second.reveal()); });
        };
        if (!tool("collect_digits") && std::any_of(agent.own_tools.http.begin(), agent.own_tools.http.end(), wants_digits))
            wrong.emplace_back(at + "http_tools", "wants digits, but tools does not name collect_digits");
        if (tool("book_appointment") && agent.own_tools.calendar.url.empty())
            wrong.emplace_back(at + "calendar.url", "is missing: book_appointment has nowhere to book");
        if (!agent.own_tools.calendar.url.empty() && !tool("book_appointment"))
            wrong.emplace_back(at + "calendar.url", "is given, but tools does not name book_appointment");
        if (!agent.upstream.transfers.empty() && agent.brain != Brain::vendors) wrong.emplace_back(at + "transfers", "is given, but brain is not vendors");
        if (m.sms.mode == messaging::Mode::brain && agent.brain != Brain::vendors && agent.brain != Brain::embedded)
            wrong.emplace_back(at + "sms.mode", "is brain, but the agent has none that answers text");
        if (m.sms.mode == messaging::Mode::brain && agent.brain == Brain::vendors && agent.lm.empty())
            wrong.emplace_back(at + "sms.mode", "is brain, but a speech-to-speech agent does not answer text");
        if (m.sms.mode == messaging::Mode::rules && m.sms.rules.empty()) wrong.emplace_back(at + "sms.rules", "is missing for sms.mode: rules");
        if (m.sms.mode == messaging::Mode::off && !m.sms.rules.empty()) wrong.emplace_back(at + "sms.rules", "is given, but sms.mode is off");
        if (!m.transcription.recognizer.empty() && m.transcription.recognizer != "google" && m.transcription.recognizer != "deepgram")
            wrong.emplace_back(at + "transcription.recognizer", "is neither google nor deepgram");
        if (!m.intelligence.service.empty() && m.intelligence.on == IntelligenceOn::recording && m.twilio_recording.mode == TwilioRecording::off)
            wrong.emplace_back(at + "intelligence.on", "is recording, but twilio_recording.mode is off");
        if (!m.intelligence.service.empty() && m.intelligence.on == IntelligenceOn::live && m.transcription.engine != TranscriptEngine::twilio)
            wrong.emplace_back(at + "intelligence.on", "is live, but transcription.engine is not twilio");
        if (m.twilio_recording.mode != TwilioRecording::off && m.twilio_recording.download && config.recording.retain_days == 0)
            wrong.emplace_back("recording.retain_days", "is missing: say how many days recordings are kept (agent " + agent.name + " downloads Twilio's)");
    }
    return wrong;
}

}  // namespace parley::gateway
