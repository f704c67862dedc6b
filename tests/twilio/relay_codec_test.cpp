// ConversationRelay's messages: the examples of its reference both ways, what may be missing or strange, and what breaks the rules.
#include "parley/twilio/relay_codec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::twilio {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr const char* kSetup =
    R"({"type":"setup","sessionId":"VX0123456789abcdef0123456789abcdef","callSid":"CA0123456789abcdef0123456789abcdef",
 "parentCallSid":"","accountSid":"AC0123456789abcdef0123456789abcdef",
 "from":"+14151234567","to":"+18881234567","forwardedFrom":"","callerName":"",
 "direction":"inbound","callType":"PSTN","callStatus":"RINGING","customParameters":{"tenant":"acme"}})";

template <class T>
T read(std::string_view text, std::uint32_t ignored = 0) {
    const auto got = read_relay_message(text);
    if (!got) {
        ADD_FAILURE() << text << ": " << got.error().message();
        return {};
    }
    EXPECT_EQ(got->ignored, ignored) << text;
    if (const auto* message = std::get_if<T>(&got->message)) return *message;
    ADD_FAILURE() << text << ": another kind";
    return {};
}

TEST(RelayRead, setup) {
    const auto setup = read<RelaySetup>(kSetup);
    EXPECT_EQ(setup.session_id, "VX0123456789abcdef0123456789abcdef");
    EXPECT_EQ(setup.call_sid, "CA0123456789abcdef0123456789abcdef");
    EXPECT_EQ(setup.account_sid, "AC0123456789abcdef0123456789abcdef");
    EXPECT_EQ(setup.from, "+14151234567");
    EXPECT_EQ(setup.to, "+18881234567");
    EXPECT_EQ(setup.direction, "inbound");
    EXPECT_EQ(setup.call_type, "PSTN");
    EXPECT_EQ(setup.call_status, "RINGING");
    EXPECT_EQ(setup.parameter("tenant"), "acme");
    EXPECT_EQ(setup.parameter("other"), "");
}

TEST(RelayRead, setup_with_little_or_more) {
    const std::string head = R"({"type":"setup","sessionId":"VX1","callSid":"CA1","accountSid":"AC1")";
    EXPECT_TRUE(read<RelaySetup>(head + "}").parameters.empty());
    EXPECT_EQ(read<RelaySetup>(head + R"(,"callerName":null,"customParameters":null,"applicationSid":"AP1"})").application_sid, "AP1");
    const auto odd = read<RelaySetup>(head + R"(,"customParameters":{"n":5,"s":"x"},"resumed":true,"from":7})", 3);
    EXPECT_EQ(odd.parameter("s"), "x");
    EXPECT_EQ(odd.from, "");
    std::string many = head + R"(,"customParameters":{)";
    for (std::size_t i = 0; i <= kMaxRelayParameters; ++i) many += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + "\":\"v\"";
    EXPECT_EQ(read<RelaySetup>(many + "}}", 1).parameters.size(), kMaxRelayParameters);
    const std::string fits(kMaxRelayParameterBytes, 'v'), longer(kMaxRelayParameterBytes + 1, 'v');
    EXPECT_EQ(read<RelaySetup>(head + R"(,"customParameters":{"a":")" + fits + R"(","b":")" + longer + "\"}}", 1).parameters.size(), 1U);
}

TEST(RelayRead, prompt) {
    auto prompt = read<RelayPrompt>(R"({"type":"prompt","voicePrompt":"What is the weather today?","lang":"en-US","last":true})");
    EXPECT_EQ(prompt.text, "What is the weather today?");
    EXPECT_EQ(prompt.language, "en-US");
    EXPECT_TRUE(prompt.last);
    EXPECT_FALSE(read<RelayPrompt>(R"({"type":"prompt","voicePrompt":"What is","lang":"en-US","last":false})").last);
    EXPECT_FALSE(read<RelayPrompt>(R"({"type":"prompt","voicePrompt":"What is","last":"false"})").last);
    EXPECT_TRUE(read<RelayPrompt>(R"({"type":"prompt","voicePrompt":"","agentSpeaking":"off"})").last);
    EXPECT_EQ(read<RelayPrompt>(R"({"type":"prompt","voicePrompt":"hm","confidence":0.4,"last":true})", 1).text, "hm");
    const std::string whole(kMaxRelaySpeechBytes - 1, 'a');
    EXPECT_EQ(read<RelayPrompt>(R"({"type":"prompt","voicePrompt":")" + whole + "\xC3\xA9\"}").text, whole) << "cut at a character";
}

TEST(RelayRead, dtmf) {
    for (const char digit : std::string("0123456789*#ABCD"))
        EXPECT_EQ(read<RelayDtmf>(std::string(R"({"type":"dtmf","digit":")") + digit + "\"}").digit, digit);
}

TEST(RelayRead, interrupt_with_a_number_or_a_string_of_one) {
    const auto number = read<RelayInterrupt>(R"({"type":"interrupt","utteranceUntilInterrupt":"Life is a complex set of","durationUntilInterruptMs":460})");
    EXPECT_EQ(number.heard, "Life is a complex set of");
    EXPECT_EQ(number.after, milliseconds(460));
    EXPECT_EQ(read<RelayInterrupt>(R"({"type":"interrupt","utteranceUntilInterrupt":"","durationUntilInterruptMs":"460"})").after, milliseconds(460));
    EXPECT_EQ(read<RelayInterrupt>(R"({"type":"interrupt","utteranceUntilInterrupt":"a","durationUntilInterruptMs":460.7})").after, milliseconds(460));
    EXPECT_EQ(read<RelayInterrupt>(R"({"type":"interrupt","durationUntilInterruptMs":"soon"})", 1).after, milliseconds(-1));
    EXPECT_EQ(read<RelayInterrupt>(R"({"type":"interrupt","durationUntilInterruptMs":-3})", 1).after, milliseconds(-1));
    EXPECT_EQ(read<RelayInterrupt>(R"({"type":"interrupt","durationUntilInterruptMs":1e300})").after, std::chrono::hours(24));
    EXPECT_EQ(read<RelayInterrupt>(R"({"type":"interrupt"})").heard, "");
}

TEST(RelayRead, error_info_and_the_unknown) {
    EXPECT_EQ(read<RelayError>(R"({"type":"error","description":"Invalid message received: {\"foo\":\"bar\"}"})").description,
              R"(Invalid message received: {"foo":"bar"})");
    const auto info = read<RelayInfo>(R"({"type":"info","name":"clientSpeaking","value":"on"})");
    EXPECT_EQ(info.name, "clientSpeaking");
    EXPECT_EQ(info.value, "on");
    EXPECT_EQ(read<RelayInfo>(R"({"type":"info","name":"roundTripDelayMs","value":85})").value, "85");
    EXPECT_EQ(read<RelayInfo>(R"({"type":"info","name":"x","value":{"a":1}})", 1).value, "");
    EXPECT_EQ(read<RelayUnknown>(R"({"type":"config","x":1})").type, "config");
    EXPECT_EQ(read<RelayUnknown>(R"({"type":")" + std::string(100, 't') + "\"}").type.size(), 64U);
}

struct Bad {
    const char* name;
    std::string text;
    errc want;
};
class RelayBad : public testing::TestWithParam<Bad> {};
TEST_P(RelayBad, is_refused) {
    const auto got = read_relay_message(GetParam().text);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    table, RelayBad,
    testing::Values(Bad{"nothing", "", errc::json}, Bad{"no_json", "hello", errc::json}, Bad{"cut_off", R"({"type":"dtmf")", errc::json},
                    Bad{"array", R"(["setup"])", errc::schema}, Bad{"no_type", R"({"digit":"1"})", errc::schema},
                    Bad{"type_number", R"({"type":5})", errc::schema}, Bad{"setup_bare", R"({"type":"setup"})", errc::schema},
                    Bad{"setup_sid_number", R"({"type":"setup","sessionId":1,"callSid":"CA","accountSid":"AC"})", errc::schema},
                    Bad{"prompt_bare", R"({"type":"prompt","last":true})", errc::schema},
                    Bad{"prompt_number", R"({"type":"prompt","voicePrompt":5,"last":true})", errc::schema},
                    Bad{"last_number", R"({"type":"prompt","voicePrompt":"a","last":1})", errc::schema},
                    Bad{"dtmf_two", R"({"type":"dtmf","digit":"12"})", errc::schema}, Bad{"dtmf_letter", R"({"type":"dtmf","digit":"x"})", errc::schema},
                    Bad{"dtmf_number", R"({"type":"dtmf","digit":1})", errc::schema}, Bad{"dtmf_empty", R"({"type":"dtmf","digit":""})", errc::schema},
                    Bad{"error_bare", R"({"type":"error"})", errc::schema}, Bad{"info_bare", R"({"type":"info","value":"on"})", errc::schema},
                    Bad{"key_twice", R"({"type":"dtmf","digit":"1","digit":"2"})", errc::json},
                    Bad{"deep", R"({"type":"x","a":)" + std::string(40, '[') + std::string(40, ']') + "}", errc::json},
                    Bad{"nul", std::string("{\"type\":\"dtmf\",\"digit\":\"1\"}\0", 28), errc::json},
                    Bad{"not_utf8", "{\"type\":\"prompt\",\"voicePrompt\":\"\xFF\"}", errc::json},
                    Bad{"long", std::string(kMaxRelayMessageBytes + 1, ' '), errc::too_big}),
    [](const auto& c) { return c.param.name; });

TEST(RelayWrite, every_message_as_the_reference_prints_it) {
    EXPECT_EQ(relay_text({.token = "Hello "}), R"({"type":"text","token":"Hello ","last":false})");
    EXPECT_EQ(relay_text({.token = "world.", .last = true}), R"({"type":"text","token":"world.","last":true})");
    EXPECT_EQ(relay_text({.token = "", .last = true}), R"({"type":"text","token":"","last":true})");
    EXPECT_EQ(relay_text({.token = "Hola", .last = true, .language = "es-ES", .interruptible = RelayInput::none, .preemptible = true}),
              R"({"type":"text","token":"Hola","last":true,"lang":"es-ES","interruptible":"none","preemptible":true})");
    EXPECT_EQ(relay_play({.source = "https://cdn.example.com/hold.mp3", .preemptible = false, .interruptible = true}),
              R"({"type":"play","source":"https://cdn.example.com/hold.mp3","loop":1,"preemptible":false,"interruptible":true})");
    EXPECT_EQ(*relay_digits("9www4085551212"), R"({"type":"sendDigits","digits":"9www4085551212"})");
    EXPECT_EQ(*relay_language("es-ES", "es-ES"), R"({"type":"language","ttsLanguage":"es-ES","transcriptionLanguage":"es-ES"})");
    EXPECT_EQ(*relay_language("", "multi"), R"({"type":"language","transcriptionLanguage":"multi"})");
    EXPECT_EQ(*relay_end(""), R"({"type":"end"})");
    EXPECT_EQ(*relay_end(R"({"reasonCode":"live-agent","reason":"asked for a human"})"),
              R"({"type":"end","handoffData":"{\"reasonCode\":\"live-agent\",\"reason\":\"asked for a human\"}"})")
        << "a string, never an object";
}

TEST(RelayWrite, refuses_what_twilio_would) {
    for (const char* digits : {"", "12a", "1W", "+49", " 1"}) EXPECT_FALSE(relay_digits(digits)) << digits;
    EXPECT_FALSE(relay_digits(std::string(65, '1')));
    EXPECT_FALSE(relay_language("", ""));
    EXPECT_FALSE(relay_language("e", ""));
    EXPECT_FALSE(relay_language("en-US", "en_US"));
    EXPECT_TRUE(relay_end(std::string(kMaxHandoffBytes, 'x')));
    EXPECT_EQ(relay_end(std::string(kMaxHandoffBytes + 1, 'x')).error(), errc::too_big);
}

TEST(RelayWrite, any_bytes_become_a_valid_message) {
    for (const std::string& token : {std::string("a\"b\\c\n\x01"), std::string("\xFF\xC3"), std::string("a\0b", 3)}) {
        const auto text = relay_text({.token = token, .last = true});
        const auto back = json::parse(text, nullptr, false);
        ASSERT_TRUE(back.is_object()) << text;
        EXPECT_TRUE(back["token"].is_string());
        EXPECT_TRUE(back["last"].is_boolean()) << "a string here is error 64107";
    }
}

TEST(RelayHandoff, comes_back_as_it_went) {
    const auto text = handoff_text({.code = "transferred", .reason = "asked for a human", .target = "+4930123456"});
    EXPECT_EQ(text, R"({"reasonCode":"transferred","reason":"asked for a human","target":"+4930123456"})");
    const auto back = read_handoff(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->code, "transferred");
    EXPECT_EQ(back->reason, "asked for a human");
    EXPECT_EQ(back->target, "+4930123456");
    EXPECT_EQ(handoff_text({.code = "a"}), R"({"reasonCode":"a","reason":""})");
    EXPECT_LE(handoff_text({.code = "a", .reason = std::string(100000, '\x01'), .target = "b"}).size(), kMaxHandoffBytes);
    for (const char* bad : {"", "x", "[]", "{}", R"({"reasonCode":5})", R"({"reasonCode":"a","target":{}})"}) EXPECT_FALSE(read_handoff(bad)) << bad;
    EXPECT_TRUE(read_handoff(R"({"reasonCode":"a","more":[1]})"));
}

}  // namespace
}  // namespace parley::twilio
