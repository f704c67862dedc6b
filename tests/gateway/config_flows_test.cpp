// How agents answer, as the configuration says it: what is read, what is refused and with which words, and that the operator's page loads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config_flow_rows.hpp"
#include "parley/gateway/config.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kHead = "version: 1\nserver: {public_url: \"https://voice.example.com\"}\n";

Environment environment() {
    return {{"TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef"}, {"SIP_PASSWORD", "not-a-real-one"}};
}

Config load(const std::string& text) {
    LoadOptions options;
    options.check_files = false;
    return load_config_text(kHead + text, "dir/parley.yaml", environment(), options);
}
std::string mistakes(const std::string& text) {
    try {
        (void)load(text);
    } catch (const ConfigError& e) {
        return e.what();
    }
    return "";
}
std::string agent(const std::string& lines, const std::string& brain = "echo") {
    return "agents:\n  desk:\n    default: true\n    brain: " + brain + "\n" + lines;
}
const std::string kScripted = "embedded\n    script: x.yaml";

TEST(ConfigFlows, everything_is_read) {
    const auto c = load(R"(
menus:
  main:
    say: Press a key.
    keys: {"1": "queue:help", "2": {to: "menu:more", say: Just a moment.}, "*": repeat}
    speech: {"queue:help": [help, i need help], repeat: {phrases: again, say: Once more.}}
    hints: [harbour]
    timeout: 3s
    tries: 2
    then: voicemail
  more: {play: "https://sounds.example/more.mp3", keys: {"0": back}}
agents:
  desk:
    default: true
    brain: echo
    answer: ["menu:main", forward, voicemail]
    say_voice: Polly.Amy
    hours: {time_zone: America/New_York, open: "mon-fri 09:00-17:00", holidays: [07-04], closed: [voicemail, hangup], closed_text: Closed.}
    forward: {to: ["+4930111111", "client:ann"], at_once: true, timeout: 30s, no_answer: "menu:main", confirm: true}
    voicemail_min: 3s
    voicemail_max: 60s
)");
    ASSERT_EQ(c.menus.size(), 2U);
    const auto& menu = c.menus[0];
    EXPECT_EQ(menu.keys.size(), 3U);
    EXPECT_EQ(menu.keys.at('2').say, "Just a moment.");
    EXPECT_TRUE(menu.keys.at('*').repeat);
    ASSERT_EQ(menu.speech.size(), 2U);
    EXPECT_EQ(menu.speech[1].action.say, "Once more.");
    EXPECT_EQ(menu.timeout, 3s);
    EXPECT_EQ(menu.then.to.text(), "voicemail");
    EXPECT_TRUE(c.warnings.empty()) << c.warnings[0].text();
    const auto flow = make_flow(c.agents[0], make_menus(c));
    EXPECT_EQ(flow->answer.size(), 3U);
    EXPECT_EQ(flow->closed.size(), 2U);
    ASSERT_TRUE(flow->hours);
    EXPECT_EQ(flow->hours->open.size(), 5U);
    EXPECT_EQ(flow->forward.no_answer->text(), "menu:main");
    EXPECT_EQ(flow->voicemail.shortest, 3s);
    EXPECT_EQ(flow->voicemail.longest, 60s);
    EXPECT_EQ(flow->menus->size(), 2U);
}

TEST(ConfigFlows, the_default_is_a_stream_at_all_hours) {
    const auto flow = make_flow(load(agent("")).agents[0], make_menus(load(agent(""))));
    EXPECT_EQ(flow->answer, (std::vector<flows::AnswerMode>{{}}));
    EXPECT_FALSE(flow->hours);
    EXPECT_FALSE(flow->closed_at(flows::Second{}));
}

TEST(ConfigFlows, what_is_printed_loads_again) {
    const std::string text =
        "menus:\n  main: {say: \"A \\\"b\\\"\", keys: {\"1\": {to: hangup, say: Bye.}, \"#\": repeat}, speech: {hangup: {phrases: [bye], say: Bye.}}, then: "
        "voicemail}\n" +
        agent("    answer: [\"menu:main\", forward]\n    forward: {to: [\"+4930111111\"]}\n    sip: {headers: {X-A: b}}\n");
    const auto first = load(text);
    auto printed = print_config(first);
    const auto tokens = printed.find("***");
    ASSERT_NE(tokens, std::string::npos);
    printed.replace(tokens, 3, "env:TWILIO_AUTH_TOKEN");
    LoadOptions options;
    options.check_files = false;
    const auto again = load_config_text(printed, "dir/parley.yaml", environment(), options);
    EXPECT_TRUE(diff(first, again).empty());
    EXPECT_EQ(config_hash(first), config_hash(again));
    EXPECT_EQ(again.menus, first.menus);
}

TEST(ConfigFlows, a_changed_menu_is_a_change) {
    const auto before = load("menus: {main: {say: A, keys: {\"1\": hangup}}}\n" + agent("    answer: menu:main\n"));
    const auto after = load("menus: {main: {say: B, keys: {\"1\": hangup}}}\n" + agent("    answer: menu:main\n"));
    const auto changes = diff(before, after);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].key, "menus.main.say");
    EXPECT_FALSE(changes[0].restart);
}

struct Wrong {
    const char* name;
    std::string text;
    const char* said;
};
class FlowMistakes : public testing::TestWithParam<Wrong> {};
TEST_P(FlowMistakes, are_told) {
    EXPECT_THAT(mistakes(GetParam().text), HasSubstr(GetParam().said));
}
const std::string kMenu = "menus: {main: {say: Press., keys: {\"1\": hangup}}}\n";
std::string menu(const std::string& fields) {
    return "menus:\n  main: {" + fields + "}\n" + agent("    answer: menu:main\n");
}
INSTANTIATE_TEST_SUITE_P(
    all, FlowMistakes,
    testing::Values(
        Wrong{"no_answer_of_that_name", agent("    answer: voicemial\n"), "did you mean 'voicemail'?"},
        Wrong{"empty", agent("    answer: []\n"), "'agents.desk.answer': is empty"},
        Wrong{"twice", agent("    answer: [stream, stream]\n"), "names 'stream' twice"},
        Wrong{"menu_without_name", agent("    answer: menu\n"), "needs the name of a menu"},
        Wrong{"unknown_menu", kMenu + agent("    answer: menu:mian\n"), "there is no menu 'mian', did you mean 'main'?"},
        Wrong{"forward_without_target", agent("    answer: forward\n"), "forward needs forward.to"},
        Wrong{"forward_to_a_queue", agent("    answer: forward\n    forward: {to: \"queue:x\"}\n"), "can only be rung"},
        Wrong{"forward_to_nonsense", agent("    answer: forward\n    forward: {to: desk}\n"), "is no destination"},
        Wrong{"no_answer_to_unknown_agent", agent("    answer: forward\n    forward: {to: \"+4930111111\", no_answer: \"agent:dsk\"}\n"),
              "there is no agent 'dsk', did you mean 'desk'?"},
        Wrong{"timeout", agent("    forward: {timeout: 3s}\n"), "out of range"}, Wrong{"sip_without_uri", agent("    answer: sip\n"), "sip needs sip.uri"},
        Wrong{"sip_uri", agent("    answer: sip\n    sip: {uri: desk}\n"), "expected an address such as sip:desk@example.com"},
        Wrong{"sip_header", agent("    answer: sip\n    sip: {uri: \"sip:a@b.example\", headers: {Line: a}}\n"), "begins with X-"},
        Wrong{"sip_half_a_credential", agent("    answer: sip\n    sip: {uri: \"sip:a@b.example\", username: u}\n"), "come together"},
        Wrong{"conference_without_room", agent("    answer: conference\n"), "conference needs conference.room"},
        Wrong{"conference_beep", agent("    conference: {beep: loud}\n"), "expected one of true, false, onEnter, onExit"},
        Wrong{"listen_without_target", agent("    answer: listen\n"), "listen needs listen.to"},
        Wrong{"gather_echo", agent("    answer: gather\n"), "gather needs a brain that answers text"},
        Wrong{"relay_bot", agent("    bot: wss://b.example/x\n    answer: relay\n", "bot"), "relay needs a brain that answers text"},
        Wrong{"voicemail_off", agent("    answer: voicemail\n    voicemail: false\n"), "voicemail is false"},
        Wrong{"transcribed_too_long", agent("    voicemail_transcribe: true\n    voicemail_max: 5m\n"), "up to 120 s"},
        Wrong{"finish_key", agent("    voicemail_finish_key: x\n"), "expected keys"},
        Wrong{"reject_second", agent("    answer: [stream, reject]\n"), "reject can only be the first answer"},
        Wrong{"behind_reject", agent("    answer: [reject, stream]\n"), "nothing comes behind reject"},
        Wrong{"behind_hangup", agent("    answer: [hangup, stream]\n"), "nothing comes behind hangup"},
        Wrong{"zone_missing", agent("    hours: {open: daily, closed: hangup}\n"), "hours.time_zone': is missing"},
        Wrong{"zone", agent("    hours: {time_zone: Europe/Berln, open: daily, closed: hangup}\n"), "did you mean 'Europe/Berlin'?"},
        Wrong{"closed_missing", agent("    hours: {time_zone: UTC, open: daily}\n"), "hours.closed': is missing"},
        Wrong{"closed_without_hours", agent("    hours: {closed: hangup}\n"), "neither hours.open nor hours.holidays"},
        Wrong{"range", agent("    hours: {open: \"mon-fri 9-17\"}\n"), "expected times such as 09:00-17:00"},
        Wrong{"day", agent("    hours: {open: \"mon-fry 09:00-17:00\"}\n"), "expected days"},
        Wrong{"holiday", agent("    hours: {holidays: 31-12}\n"), "expected a day such as"},
        Wrong{"closed_forward", agent("    hours: {time_zone: UTC, open: daily, closed: forward}\n"), "'agents.desk.hours.closed': forward needs forward.to"},
        Wrong{"voice", agent("    say_voice: \"no voice\"\n"), "agents.desk.say_voice"},
        Wrong{"language", agent("    gather: {language: english!}\n"), "agents.desk.gather.language"},
        Wrong{"speech_timeout", agent("    gather: {speech_timeout: soon}\n"), "expected auto, or whole seconds"},
        Wrong{"unknown_key", agent("    gather: {langage: en}\n"), "did you mean 'language'?"},
        Wrong{"menu_silent", menu("keys: {\"1\": hangup}"), "asks nothing: give say or play"},
        Wrong{"menu_both", menu("say: x, play: \"https://a.example/x.mp3\", keys: {\"1\": hangup}"), "it is one or the other"},
        Wrong{"menu_without_choices", menu("say: x"), "has no choices"}, Wrong{"menu_key", menu("say: x, keys: {\"12\": hangup}"), "'12': is no key"},
        Wrong{"menu_key_twice", "menus:\n  main:\n    say: x\n    keys: {\"1\": hangup, \"1\": repeat}\n" + agent("    answer: menu:main\n"),
              "was already given"},
        Wrong{"menu_action", menu("say: x, keys: {\"1\": voicemal}"), "did you mean 'voicemail'?"},
        Wrong{"menu_action_nowhere", menu("say: x, keys: {\"1\": {say: hello}}"), "says nothing of where it leads"},
        Wrong{"menu_to_unknown_menu", menu("say: x, keys: {\"1\": \"menu:mein\"}"), "there is no menu 'mein', did you mean 'main'?"},
        Wrong{"menu_to_unknown_agent", menu("say: x, keys: {\"1\": \"agent:desc\"}"), "there is no agent 'desc', did you mean 'desk'?"},
        Wrong{"menu_then_repeat", menu("say: x, keys: {\"1\": hangup}, then: repeat"), "would never end"},
        Wrong{"menu_then_itself", menu("say: x, keys: {\"1\": hangup}, then: \"menu:main\""), "would never end"},
        Wrong{"menu_phrase_twice", menu("say: x, speech: {hangup: [bye now], repeat: [\"Bye, now!\"]}"), "is said for two choices"},
        Wrong{"menu_phrase_empty", menu("say: x, speech: {hangup: [\"...\"]}"), "has no words"},
        Wrong{"menu_tries", menu("say: x, keys: {\"1\": hangup}, tries: 0"), "out of range"},
        Wrong{"menu_unknown_field", menu("say: x, keys: {\"1\": hangup}, tires: 2"), "did you mean 'tries'?"}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(ConfigFlows, what_is_not_used_is_worth_a_line) {
    const auto c = load("menus: {main: {say: x, keys: {\"1\": hangup}}, lost: {say: x, keys: {\"1\": \"menu:main\"}}}\n" +
                        agent("    answer: menu:main\n    forward: {to: \"+4930111111\"}\n"));
    std::string all;
    for (const auto& warning : c.warnings) all += warning.text() + "\n";
    EXPECT_THAT(all, HasSubstr("'menus.lost': is reached from nowhere"));
    EXPECT_THAT(all, HasSubstr("'agents.desk.forward.to': is given, but no answer is forward"));
}

TEST(ConfigFlows, every_example_of_the_page_loads) {
    std::ifstream in(std::string(PARLEY_SOURCE_DIR) + "/docs/flows.md");
    ASSERT_TRUE(in);
    std::string line, block;
    bool inside = false;
    int blocks = 0;
    while (std::getline(in, line)) {
        if (line == "```yaml") {
            inside = true;
            block.clear();
        } else if (line == "```" && inside) {
            inside = false;
            ++blocks;
            EXPECT_EQ(mistakes(block), "") << block;
            if (mistakes(block).empty()) {
                const auto c = load(block);
                for (const auto& one : c.agents) EXPECT_NO_THROW((void)make_flow(one, make_menus(c)));
            }
        } else if (inside) {
            block += line + "\n";
        }
    }
    EXPECT_EQ(blocks, 10);
}

}  // namespace
}  // namespace parley::gateway
