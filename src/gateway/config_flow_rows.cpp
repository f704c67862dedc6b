// The rows of how an agent answers, and those of menus.

#include "config_flow_rows.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using A = AgentConfig;
using flows::AnswerMode;
using flows::Destination;
using flows::Menu;
using flows::MenuAction;

std::string check_spoken(std::string_view text) {
    return text.size() <= 2000 ? "" : "is longer than 2000 characters";
}
std::string check_short(std::string_view text) {
    return text.size() <= 200 ? "" : "is longer than 200 characters";
}
std::string check_sound(std::string_view text) {
    constexpr std::array<std::string_view, 2> kSchemes{"https", "http"};
    return text.empty() ? "" : text::parse_url(text, kSchemes).error;
}
std::string check_target(std::string_view text) {
    std::string why;
    return text.empty() || flows::parse_destination(text, &why) ? "" : why;
}
std::string check_sip(std::string_view text) {
    std::string why;
    const auto to = flows::parse_destination(text, &why);
    return to && to->kind == Destination::Kind::sip ? "" : "expected an address such as sip:desk@example.com";
}

text::Parsed<std::string> spoken(std::string_view text) {
    return {std::string(text), check_spoken(text)};
}
std::string shown(const std::string& item) {
    return quote_yaml(item);
}

void texts(Table<A>& t, const char* key, std::vector<std::string>& (*access)(A&), text::Parsed<std::string> (*parse)(std::string_view), const char* type,
           const char* help) {
    t.list<std::vector<std::string>& (*)(A&), std::string>(key, access, type, parse, shown, help);
}

text::Parsed<AnswerMode> answer_of(std::string_view text) {
    std::string why;
    auto mode = flows::parse_answer(text, &why);
    if (mode) return {*mode, {}};
    const std::vector<std::string> known{"stream", "relay", "gather", "forward", "voicemail", "conference", "reject", "sip", "listen", "hangup"};
    return {{}, why + text::suggestion(text, known)};
}
void answers(Table<A>& t, const char* key, std::vector<AnswerMode>& (*access)(A&), const char* help) {
    t.list<std::vector<AnswerMode>& (*)(A&), AnswerMode>(
        key, access, "answers", answer_of, [](const AnswerMode& mode) { return quote_yaml(mode.text()); }, help);
}

text::Parsed<Destination> person(std::string_view text) {
    std::string why;
    auto to = flows::parse_destination(text, &why);
    if (!to) return {{}, why};
    using Kind = Destination::Kind;
    if (to->kind != Kind::number && to->kind != Kind::sip && to->kind != Kind::client) return {{}, "can only be rung if it is a number, sip:… or client:…"};
    return {std::move(*to), {}};
}

void hours_rows(Table<A>& t) {
    t.text(
        "hours.time_zone", [](A& a) -> auto& { return a.flow.time_zone; }, "IANA name", "Of the times below, such as Europe/Berlin.", Effect::live,
        check_short);
    texts(
        t, "hours.open", [](A& a) -> std::vector<std::string>& { return a.flow.open; },
        [](std::string_view text) -> text::Parsed<std::string> {
            std::string why;
            return flows::parse_open(text, &why) ? text::Parsed<std::string>{std::string(text), {}} : text::Parsed<std::string>{{}, why};
        },
        "days and times", "When the agent is there, such as \"mon-fri 09:00-17:00\"; times over midnight belong to the day they begin on. Empty is always.");
    texts(
        t, "hours.holidays", [](A& a) -> std::vector<std::string>& { return a.flow.holidays; },
        [](std::string_view text) -> text::Parsed<std::string> {
            std::string why;
            return flows::parse_holiday(text, &why) ? text::Parsed<std::string>{std::string(text), {}} : text::Parsed<std::string>{{}, why};
        },
        "days", "Days nothing opens: \"2026-12-25\", \"12-26\" of every year, \"12-24..01-02\".");
    answers(t, "hours.closed", [](A& a) -> std::vector<AnswerMode>& { return a.flow.flow.closed; }, "`answer` outside these hours.");
    t.text("hours.closed_text", [](A& a) -> auto& { return a.flow.flow.closed_text; }, "text", "Said before it.", Effect::live, check_spoken);
}

void forward_rows(Table<A>& t) {
    t.list<std::vector<Destination>& (*)(A&), Destination>(
        "forward.to", [](A& a) -> std::vector<Destination>& { return a.flow.flow.forward.to; }, "numbers, sip:…, client:…", person,
        [](const Destination& to) { return quote_yaml(to.text()); }, "Who is rung, in this order.");
    t.flag("forward.at_once", [](A& a) -> auto& { return a.flow.flow.forward.at_once; }, "All ring together; the first to answer has the call.");
    t.duration("forward.timeout", [](A& a) -> auto& { return a.flow.flow.forward.timeout; }, 5s, 600s, "How long each is rung.");
    t.text(
        "forward.caller_id", [](A& a) -> auto& { return a.flow.flow.forward.caller_id; }, "E.164 number", "Shown to them; default the caller's own.",
        Effect::live, check_number);
    t.text(
        "forward.whisper", [](A& a) -> auto& { return a.flow.flow.forward.whisper; }, "text", "Said to whoever answers, before the caller is there.",
        Effect::live, check_spoken);
    t.flag("forward.confirm", [](A& a) -> auto& { return a.flow.flow.forward.confirm; }, "Whoever answers has to press a key: somebody's mailbox does not.");
    t.flag("forward.record", [](A& a) -> auto& { return a.flow.flow.forward.record; }, "Twilio records the call, both sides.");
    t.text(
        "forward.no_answer", [](A& a) -> auto& { return a.flow.forward_no_answer; }, "next, or a destination",
        "When nobody took it: the next answer of the list, or there.", Effect::live,
        [](std::string_view text) -> std::string { return text == "next" ? "" : check_target(text); });
}

void other_rows(Table<A>& t) {
    t.text("sip.uri", [](A& a) -> auto& { return a.flow.flow.sip.uri; }, "sip:user@host", "Of `answer: sip`.", Effect::live, check_sip);
    t.text("sip.username", [](A& a) -> auto& { return a.flow.flow.sip.username; }, "text", "Where it asks for one.", Effect::live, check_short);
    t.secret("sip.password", [](A& a) -> auto& { return a.flow.flow.sip.password; }, "With it.");
    t.text_map("sip.headers", [](A& a) -> auto& { return a.flow.sip_headers; }, "Sent along; their names begin with X-.");
    t.duration("sip.timeout", [](A& a) -> auto& { return a.flow.flow.sip.timeout; }, 5s, 600s, "How long it is rung.");
    t.text(
        "conference.room", [](A& a) -> auto& { return a.flow.flow.conference.room; }, "name", "Of `answer: conference`; {call_sid} and {from} are put in.",
        Effect::live, check_short);
    t.flag(
        "conference.start_on_enter", [](A& a) -> auto& { return a.flow.flow.conference.start_on_enter; },
        "The caller's coming starts it; else he waits for somebody who does.");
    t.flag("conference.end_on_exit", [](A& a) -> auto& { return a.flow.flow.conference.end_on_exit; }, "The caller's leaving ends it for all.");
    t.flag("conference.muted", [](A& a) -> auto& { return a.flow.flow.conference.muted; }, "The caller only listens.");
    t.choice(
        "conference.beep", [](A& a) -> auto& { return a.flow.flow.conference.beep; },
        std::vector<std::pair<std::string, std::string>>{{"true", "true"}, {"false", "false"}, {"onEnter", "onEnter"}, {"onExit", "onExit"}},
        "When it sounds.");
    t.text(
        "conference.wait", [](A& a) -> auto& { return a.flow.flow.conference.wait; }, "music, silence or a URL", "What is heard before it starts.",
        Effect::live, [](std::string_view text) -> std::string { return text == "music" || text == "silence" ? "" : check_sound(text); });
    t.flag("conference.record", [](A& a) -> auto& { return a.flow.flow.conference.record; }, "Twilio records it.");
    t.integer("conference.max_participants", [](A& a) -> auto& { return a.flow.flow.conference.max_participants; }, 2, 250, "So many fit in.");
    t.choice(
        "reject.reason", [](A& a) -> auto& { return a.flow.flow.reject; },
        std::vector<std::pair<std::string, std::string>>{{"rejected", "rejected"}, {"busy", "busy"}},
        "Of `answer: reject`: not in service, or the busy tone. The call costs nothing.");
    t.text(
        "listen.to", [](A& a) -> auto& { return a.flow.listen_to; }, "number, sip:… or client:…",
        "Of `answer: listen`: who is rung, while both sides are transcribed.", Effect::live, [](std::string_view text) { return person(text).error; });
    t.choice(
        "listen.tracks", [](A& a) -> auto& { return a.flow.flow.listen.tracks; },
        std::vector<std::pair<std::string, std::string>>{{"both", "both"}, {"inbound", "inbound"}, {"outbound", "outbound"}}, "Which of them.");
}

void gather_rows(Table<A>& t) {
    t.text(
        "gather.language", [](A& a) -> auto& { return a.flow.flow.gather.language; }, "BCP 47", "Of Twilio's recognition; default en-US.", Effect::live,
        check_short);
    t.text("gather.speech_model", [](A& a) -> auto& { return a.flow.flow.gather.speech_model; }, "name", "Of Twilio's recognition.", Effect::live, check_short);
    t.text(
        "gather.speech_timeout", [](A& a) -> auto& { return a.flow.flow.gather.speech_timeout; }, "auto, or seconds", "Silence that ends the caller's words.",
        Effect::live,
        [](std::string_view text) -> std::string {
            const auto n = text::parse_integer(text);
            return text == "auto" || (n && n.value >= 1 && n.value <= 60) ? "" : "expected auto, or whole seconds from 1 to 60 (in quotes)";
        });
    t.duration("gather.timeout", [](A& a) -> auto& { return a.flow.flow.gather.timeout; }, 1s, 60s, "How long the first word or key is waited for.");
    texts(
        t, "gather.hints", [](A& a) -> std::vector<std::string>& { return a.flow.flow.gather.hints; },
        [](std::string_view text) -> text::Parsed<std::string> {
            return {std::string(text), text.empty() || text.size() > 100 ? "expected a phrase of at most 100 characters" : ""};
        },
        "phrases", "What recognition is to expect.");
    t.text("gather.voice", [](A& a) -> auto& { return a.flow.flow.gather.voice; }, "name", "Of the answers; default say_voice.", Effect::live, check_short);
    t.flag("gather.profanity_filter", [](A& a) -> auto& { return a.flow.flow.gather.profanity_filter; }, "Masks words in what is recognised.");
    t.flag("gather.barge_in", [](A& a) -> auto& { return a.flow.flow.gather.barge_in; }, "Whether the caller may interrupt.");
    t.choice(
        "gather.input", [](A& a) -> auto& { return a.flow.flow.gather.input; },
        std::vector<std::pair<std::string, std::string>>{{"speech dtmf", "speech dtmf"}, {"speech", "speech"}, {"dtmf", "dtmf"}}, "Words, keys or both.");
    texts(
        t, "gather.no_input_prompts", [](A& a) -> std::vector<std::string>& { return a.flow.flow.gather.no_input_prompts; }, spoken, "texts",
        "Said in turn to a caller who says nothing.");
    t.integer("gather.max_no_input", [](A& a) -> auto& { return a.flow.flow.gather.max_no_input; }, 0, 20, "So often, then goodbye.");
    t.text("gather.goodbye", [](A& a) -> auto& { return a.flow.flow.gather.goodbye; }, "text", "The goodbye.", Effect::live, check_spoken);
    t.text(
        "gather.filler", [](A& a) -> auto& { return a.flow.flow.gather.filler; }, "text", "Covers an answer that takes longer than four seconds.", Effect::live,
        check_spoken);
}

void voicemail_rows(Table<A>& t) {
    t.duration("voicemail_min", [](A& a) -> auto& { return a.flow.flow.voicemail.shortest; }, 0s, 60s, "Shorter ones are asked for once more.");
    t.duration("voicemail_silence", [](A& a) -> auto& { return a.flow.flow.voicemail.silence; }, 1s, 60s, "Silence that ends a message.");
    t.text(
        "voicemail_finish_key", [](A& a) -> auto& { return a.flow.flow.voicemail.finish_key; }, "keys, or nothing", "Ends it as well.", Effect::live,
        [](std::string_view keys) -> std::string {
            return keys.size() <= 12 && keys.find_first_not_of("0123456789*#") == std::string_view::npos ? "" : "expected keys: 0-9, * and #";
        });
    t.text(
        "voicemail_voice", [](A& a) -> auto& { return a.flow.flow.voicemail.voice; }, "name", "Of what is said around it; default say_voice.", Effect::live,
        check_short);
    t.text(
        "voicemail_play", [](A& a) -> auto& { return a.flow.flow.voicemail.play; }, "URL", "A sound in place of voicemail_prompt.", Effect::live, check_sound);
    t.flag(
        "voicemail_transcribe", [](A& a) -> auto& { return a.flow.flow.voicemail.transcribe; }, "Twilio writes it down (English, messages up to two minutes).");
    t.text("voicemail_thanks", [](A& a) -> auto& { return a.flow.flow.voicemail.thanks; }, "text", "Said behind it.", Effect::live, check_spoken);
    t.text(
        "voicemail_again", [](A& a) -> auto& { return a.flow.flow.voicemail.again; }, "text", "Said when there was none, before the second tone.", Effect::live,
        check_spoken);
}

// --- menus -------------------------------------------------------------------------------------------------------------------

// "queue:support", or {to: "queue:support", say: "One moment."}.
std::optional<MenuAction> read_action(const yaml::Node& node, const std::string& key, const ReadContext& c) {
    MenuAction action;
    const yaml::Node* to = &node;
    if (node.kind == yaml::Kind::map) {
        to = nullptr;
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            if (node.keys[i] == "to") {
                to = &node.children[i];
            } else if (node.keys[i] == "say") {
                const auto text = yaml::as_text(node.children[i]);
                const auto bad = text ? check_spoken(text.value) : text.error;
                if (!bad.empty()) c.wrong(node.children[i], key + ".say", bad);
                action.say = text.value;
            } else {
                const std::vector<std::string> known{"to", "say"};
                c.problems.add(node.key_places[i], "unknown key '" + node.keys[i] + "'" + text::suggestion(node.keys[i], known));
            }
        }
        if (to == nullptr) {
            c.wrong(node, key, "says nothing of where it leads: to: …");
            return std::nullopt;
        }
    }
    const auto text = yaml::as_text(*to);
    if (!text) {
        c.wrong(*to, key, text.error);
        return std::nullopt;
    }
    if (text.value == "repeat") {
        action.repeat = true;
        return action;
    }
    std::string why;
    auto destination = flows::parse_destination(text.value, &why);
    if (!destination) {
        const std::vector<std::string> known{"repeat", "back", "voicemail", "park", "hangup"};
        c.wrong(*to, key, "'" + text.value + "' " + why + text::suggestion(text.value, known));
        return std::nullopt;
    }
    action.to = std::move(*destination);
    return action;
}

std::string show(const MenuAction& action) {
    const auto to = quote_yaml(action.repeat ? "repeat" : action.to.text());
    return action.say.empty() ? to : "{to: " + to + ", say: " + quote_yaml(action.say) + "}";
}

Row<Menu> own_row(std::string key, std::string type, std::string help) {
    Row<Menu> row;
    row.key = std::move(key);
    row.type = std::move(type);
    row.help = std::move(help);
    row.from_environment = false;
    return row;
}

Row<Menu> keys_row() {
    auto row = own_row("keys", "keys with actions", "What each key does: a destination, `repeat` or `back`; or {to: …, say: …}.");
    row.read = [](Menu& menu, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::map) return c.wrong(node, "keys", "expected a section, found " + std::string(yaml::name_of(node.kind)));
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            const auto& key = node.keys[i];
            if (key.size() != 1 || std::string_view("0123456789*#").find(key[0]) == std::string_view::npos) {
                c.problems.add(node.key_places[i], "'" + key + "': is no key: one of 0-9, * and # (in quotes)");
                continue;
            }
            if (auto action = read_action(node.children[i], key, c)) menu.keys[key[0]] = std::move(*action);
        }
    };
    row.print = [](const Menu& menu) {
        std::string out = "{";
        for (const auto& [key, action] : menu.keys) out += (out.size() > 1 ? ", " : "") + quote_yaml(std::string(1, key)) + ": " + show(action);
        return out + "}";
    };
    row.digest = row.print;
    return row;
}

Row<Menu> speech_row() {
    auto row = own_row("speech", "actions with phrases", "What may be said for each destination, `repeat` or `back`: phrases; or {phrases: …, say: …}.");
    row.read = [](Menu& menu, const yaml::Node& node, const ReadContext& c) {
        if (node.kind != yaml::Kind::map) return c.wrong(node, "speech", "expected a section, found " + std::string(yaml::name_of(node.kind)));
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            yaml::Node name;
            name.kind = yaml::Kind::scalar;
            name.quoted = true;
            name.text = node.keys[i];
            name.place = node.key_places[i];
            auto action = read_action(name, node.keys[i], c);
            const yaml::Node* phrases = &node.children[i];
            if (phrases->kind == yaml::Kind::map) {
                const auto* say = phrases->find("say");
                for (std::size_t k = 0; k < phrases->keys.size(); ++k)
                    if (phrases->keys[k] != "say" && phrases->keys[k] != "phrases")
                        c.problems.add(phrases->key_places[k], "unknown key '" + phrases->keys[k] + "'");
                if (say != nullptr && action) action->say = say->text;
                const auto* list = phrases->find("phrases");
                if (list == nullptr) {
                    c.wrong(*phrases, node.keys[i], "has no phrases");
                    continue;
                }
                phrases = list;
            }
            Menu::Spoken spoken;
            const auto add = [&](const yaml::Node& item) {
                const auto text = yaml::as_text(item);
                if (!text) return c.wrong(item, node.keys[i], text.error);
                if (text.value.empty() || text.value.size() > 100) return c.wrong(item, node.keys[i], "expected a phrase of at most 100 characters");
                spoken.phrases.push_back(text.value);
            };
            if (phrases->kind == yaml::Kind::list)
                std::ranges::for_each(phrases->children, add);
            else
                add(*phrases);
            if (!action) continue;
            spoken.action = std::move(*action);
            menu.speech.push_back(std::move(spoken));
        }
    };
    row.print = [](const Menu& menu) {
        std::string out = "{";
        for (const auto& spoken : menu.speech) {
            std::string phrases = "[";
            for (const auto& phrase : spoken.phrases) phrases += (phrases.size() > 1 ? ", " : "") + quote_yaml(phrase);
            phrases += "]";
            const auto name = quote_yaml(spoken.action.repeat ? "repeat" : spoken.action.to.text());
            out += (out.size() > 1 ? ", " : "") + name + ": " +
                   (spoken.action.say.empty() ? phrases : "{phrases: " + phrases + ", say: " + quote_yaml(spoken.action.say) + "}");
        }
        return out + "}";
    };
    row.digest = row.print;
    return row;
}

Row<Menu> then_row() {
    auto row = own_row("then", "action", "After the last try.");
    row.read = [](Menu& menu, const yaml::Node& node, const ReadContext& c) {
        auto action = read_action(node, "then", c);
        if (action && action->repeat) return c.wrong(node, "then", "'repeat' would never end: raise tries instead");
        if (action) menu.then = std::move(*action);
    };
    row.print = [](const Menu& menu) { return show(menu.then); };
    row.digest = row.print;
    return row;
}

}  // namespace

void flow_rows(Table<A>& t) {
    answers(
        t, "answer", [](A& a) -> std::vector<AnswerMode>& { return a.flow.flow.answer; },
        "What a call gets: stream, relay, gather, menu:NAME, forward, voicemail, conference, reject, sip, listen or hangup; of a list, the next when one "
        "fails. See docs/flows.md.");
    t.text(
        "say_voice", [](A& a) -> auto& { return a.flow.flow.say.voice; }, "name", "Of everything Twilio says for the agent, such as Polly.Amy-Neural.",
        Effect::live, check_short);
    t.text("say_language", [](A& a) -> auto& { return a.flow.flow.say.language; }, "BCP 47", "Its language.", Effect::live, check_short);
    hours_rows(t);
    forward_rows(t);
    other_rows(t);
    gather_rows(t);
    voicemail_rows(t);
}

const std::vector<Row<Menu>>& menu_rows() {
    static const auto rows = [] {
        Table<Menu> t;
        t.text("say", [](Menu& m) -> auto& { return m.say; }, "text", "The question.", Effect::live, check_spoken);
        t.text("play", [](Menu& m) -> auto& { return m.play; }, "URL", "Or a sound that asks it.", Effect::live, check_sound);
        t.rows.push_back(keys_row());
        t.rows.push_back(speech_row());
        t.list<std::vector<std::string>& (*)(Menu&), std::string>(
            "hints", [](Menu& m) -> std::vector<std::string>& { return m.hints; }, "phrases",
            [](std::string_view text) -> text::Parsed<std::string> {
                return {std::string(text), text.empty() || text.size() > 100 ? "expected a phrase of at most 100 characters" : ""};
            },
            shown, "What recognition is to expect besides the phrases.");
        t.text(
            "language", [](Menu& m) -> auto& { return m.language; }, "BCP 47", "Of recognition; default the agent's gather.language.", Effect::live,
            check_short);
        t.duration("timeout", [](Menu& m) -> auto& { return m.timeout; }, 1s, 60s, "How long an answer is waited for.");
        t.integer("tries", [](Menu& m) -> auto& { return m.tries; }, 1, 10, "So often it is asked.");
        t.text("invalid", [](Menu& m) -> auto& { return m.invalid; }, "text", "Said to an answer that is none of the choices.", Effect::live, check_spoken);
        t.text("no_input", [](Menu& m) -> auto& { return m.no_input; }, "text", "Said to silence.", Effect::live, check_spoken);
        t.rows.push_back(then_row());
        return std::move(t.rows);
    }();
    return rows;
}

}  // namespace parley::gateway
