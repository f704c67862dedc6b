#include "parley/conversation/serialise.hpp"

#include <gtest/gtest.h>

#include <set>

namespace parley::conversation {
namespace {
using namespace std::chrono_literals;

const std::string kAwkward = "say \"hi\" \\ \n\t gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80";

// One of each alternative, no member at its default.
std::vector<Event> each_event() {
    return {Started{true, kAwkward},
            CallerSpeechStarted{},
            CallerSpeechStopped{},
            TranscriptPartial{4294967295U, kAwkward},
            TranscriptFinal{2, kAwkward, 0.1},
            VendorEndOfTurn{3, 0.7300000000000001},
            RecognitionFailed{4},
            DtmfPressed{'#'},
            ReplyText{5, kAwkward},
            ReplyFinished{6, ReplyThen::transfer, "+15550100"},
            ReplyFailed{7},
            SegmentAudio{8, 160},
            SegmentSynthesized{9},
            SegmentFailed{10},
            FrameHandedOver{11, 160},
            MarkSent{12},
            MarkEchoed{13},
            TimerFired{TimerId::end_grace},
            CarrierStopped{EndReason::internal},
            OperatorHangup{EndReason::shutdown, "queue:a"},
            OperatorSay{kAwkward, true},
            PatienceAsked{1500ms},
            WordTimed{14, 1234, 17},
            VendorTurnResumed{15},
            VendorHeardCaller{},
            VendorAnswers{kAwkward},
            ReplyVoice{16},
            SegmentText{17, kAwkward},
            Remembered{true, kAwkward, true},
            TimeLeft{Instant{1234567}},
            TakenOver{false},
            KeysWanted{kAwkward, 3, 7, '*', 1234ms, 567ms, 4, false}};
}

std::vector<Command> each_command() {
    return {BeginUtterance{1},
            FinishUtterance{2},
            DropUtterance{3},
            StartReply{4, PromptKind::nothing_understood, kAwkward, 0.25},
            CancelReply{5},
            Speak{6, 7, SpeechKind::operator_text, kAwkward},
            CancelSpeech{},
            ClearCarrier{},
            Duck{},
            Unduck{},
            ArmTimer{TimerId::idle, 12345678us},
            CancelTimer{TimerId::max_duration},
            EndCall{EndReason::transferred, "voicemail"},
            CallerSaid{8, kAwkward, 0.5, true},
            AgentSaid{9, SpeechKind::goodbye, kAwkward, true, 98765us},
            TurnTimes{10, 1us, 2us, 3us, 4us, 5us, 6us, 7us},
            BargedIn{11, 12us, 13us, kAwkward},
            KeysGiven{KeysOutcome::hung_up, kAwkward}};
}

TEST(Serialise, every_event_comes_back_as_it_was) {
    const auto events = each_event();
    ASSERT_EQ(events.size(), std::variant_size_v<Event>);
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < events.size(); ++i) {
        ASSERT_EQ(events[i].index(), i) << "one of each, in order";
        names.insert(type_name(events[i]));
        const auto json = to_json(events[i]);
        EXPECT_EQ(json.find('\n'), std::string::npos);
        const auto read = event_from_json(json);
        ASSERT_TRUE(read) << json << read.error().message();
        EXPECT_EQ(read->index(), i);
        EXPECT_EQ(to_json(*read), json);
    }
    EXPECT_EQ(names.size(), events.size());
}

TEST(Serialise, every_command_comes_back_as_it_was) {
    const auto commands = each_command();
    ASSERT_EQ(commands.size(), std::variant_size_v<Command>);
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        ASSERT_EQ(commands[i].index(), i);
        names.insert(type_name(commands[i]));
        const auto json = to_json(commands[i]);
        const auto read = command_from_json(json);
        ASSERT_TRUE(read) << json << read.error().message();
        EXPECT_EQ(read->index(), i);
        EXPECT_EQ(to_json(*read), json);
    }
    EXPECT_EQ(names.size(), commands.size());
}

TEST(Serialise, the_form_is_stable) {
    EXPECT_EQ(to_json(Event(TranscriptFinal{3, "hello", 0.5})), R"({"type":"transcript_final","utterance":3,"text":"hello","confidence":0.5})");
    EXPECT_EQ(to_json(Event(TimerFired{TimerId::final_wait})), R"({"type":"timer_fired","timer":"final_wait"})");
    EXPECT_EQ(to_json(Command(ArmTimer{TimerId::idle, 8s})), R"({"type":"arm_timer","timer":"idle","at_us":8000000})");
    EXPECT_EQ(to_json(Command(EndCall{EndReason::silence, {}})), R"({"type":"end_call","reason":"silence","target":""})");
}

TEST(Serialise, members_keep_their_values) {
    const auto partial = event_from_json(to_json(Event(TranscriptPartial{4294967295U, kAwkward})));
    ASSERT_TRUE(partial);
    EXPECT_EQ(std::get<TranscriptPartial>(*partial).utterance, 4294967295U);
    EXPECT_EQ(std::get<TranscriptPartial>(*partial).text, kAwkward);
    const auto turn = command_from_json(to_json(Command(TurnTimes{10, 1us, 2us, 3us, 4us, 5us, 6us, 7us})));
    ASSERT_TRUE(turn);
    EXPECT_EQ(std::get<TurnTimes>(*turn).first_frame, 6us);
}

TEST(Serialise, bytes_that_are_no_text_survive) {
    const std::string bytes("a\xFF\x00\xC3", 4);
    const auto json = to_json(Event(OperatorSay{bytes}));
    EXPECT_EQ(json, R"({"type":"operator_say","text":{"bytes":"61ff00c3"},"keys":false})");
    const auto read = event_from_json(json);
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<OperatorSay>(*read).text, bytes);
    const auto key = event_from_json(to_json(Event(DtmfPressed{'\xFE'})));
    ASSERT_TRUE(key);
    EXPECT_EQ(std::get<DtmfPressed>(*key).digit, '\xFE');
}

TEST(Serialise, every_setting_comes_back) {
    Settings s;
    s.endpoint_silence = 1ms;
    s.max_duration = 7s;
    s.barge_in = false;
    s.fillers = {"one", "two", kAwkward};
    s.idle_texts.clear();
    s.vendor_end_confidence = 0.33;
    s.reply_max_characters = 5;
    const auto json = to_json(s);
    const auto read = settings_from_json(json);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(to_json(*read), json);
    EXPECT_EQ(read->fillers, s.fillers);
    EXPECT_TRUE(read->idle_texts.empty());
    EXPECT_EQ(read->max_duration, 7s);
    // A missing one keeps its default.
    const auto little = settings_from_json(R"({"idle_prompts":5})");
    ASSERT_TRUE(little);
    EXPECT_EQ(little->idle_prompts, 5U);
    EXPECT_EQ(little->idle_after, Settings{}.idle_after);
}

struct BadCase {
    const char* name;
    std::string json;
    serialise_errc want;
};
void PrintTo(const BadCase& c, std::ostream* out) {
    *out << c.name;
}
class Refused : public testing::TestWithParam<BadCase> {};
TEST_P(Refused, with_its_reason) {
    const auto read = event_from_json(GetParam().json);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), GetParam().want) << read.error().message();
}
std::string nested(std::size_t depth) {
    return R"({"type":"started","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}
INSTANTIATE_TEST_SUITE_P(
    cases, Refused,
    testing::Values(BadCase{"empty", "", serialise_errc::not_json}, BadCase{"half", R"({"type":"star)", serialise_errc::not_json},
                    BadCase{"two", R"({"type":"started"}{})", serialise_errc::not_json}, BadCase{"list", R"(["started"])", serialise_errc::not_an_object},
                    BadCase{"number", "1", serialise_errc::not_an_object},
                    BadCase{"infinite", R"({"type":"vendor_end_of_turn","confidence":1e999})", serialise_errc::not_json},
                    BadCase{"bad_utf8", "{\"type\":\"operator_say\",\"text\":\"\xFF\"}", serialise_errc::not_json},
                    BadCase{"no_type", "{}", serialise_errc::unknown_type}, BadCase{"type_number", R"({"type":1})", serialise_errc::unknown_type},
                    BadCase{"type_unknown", R"({"type":"speak"})", serialise_errc::unknown_type},
                    BadCase{"field_unknown", R"({"type":"started","x":1})", serialise_errc::unknown_field},
                    BadCase{"deep", nested(100000), serialise_errc::wrong_type},
                    BadCase{"negative", R"({"type":"mark_sent","mark":-1})", serialise_errc::out_of_range},
                    BadCase{"too_big", R"({"type":"mark_sent","mark":4294967296})", serialise_errc::out_of_range},
                    BadCase{"far_too_big", R"({"type":"mark_sent","mark":18446744073709551615})", serialise_errc::out_of_range},
                    BadCase{"fraction", R"({"type":"mark_sent","mark":1.5})", serialise_errc::wrong_type},
                    BadCase{"text_for_number", R"({"type":"mark_sent","mark":"1"})", serialise_errc::wrong_type},
                    BadCase{"number_for_text", R"({"type":"operator_say","text":1})", serialise_errc::wrong_type},
                    BadCase{"odd_bytes", R"({"type":"operator_say","text":{"bytes":"6"}})", serialise_errc::out_of_range},
                    BadCase{"bad_bytes", R"({"type":"operator_say","text":{"bytes":"6g"}})", serialise_errc::out_of_range},
                    BadCase{"other_object", R"({"type":"operator_say","text":{"hex":"66"}})", serialise_errc::wrong_type},
                    BadCase{"two_keys", R"({"type":"dtmf_pressed","digit":"12"})", serialise_errc::out_of_range},
                    BadCase{"enum_unknown", R"({"type":"timer_fired","timer":"nap"})", serialise_errc::out_of_range},
                    BadCase{"enum_number", R"({"type":"timer_fired","timer":1})", serialise_errc::wrong_type},
                    BadCase{"patience_too_long", R"({"type":"patience_asked","endpoint_silence_ms":9223372036854775807})", serialise_errc::out_of_range},
                    BadCase{"too_long", R"({"type":"operator_say","text":")" + std::string(kLongestJson, 'x') + "\"}", serialise_errc::too_long}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(Serialise, errors_speak_and_compare) {
    EXPECT_STREQ(make_error_code(serialise_errc::too_long).category().name(), "parley.conversation.serialise");
    EXPECT_FALSE(command_from_json(R"({"type":"started"})"));
    EXPECT_FALSE(settings_from_json(R"({"surprise":1})"));
    EXPECT_FALSE(settings_from_json(R"({"fillers":"one"})"));
}

}  // namespace
}  // namespace parley::conversation
