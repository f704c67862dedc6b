#include "parley/sim/chaos.hpp"

#include <gtest/gtest.h>

#include <set>

namespace parley::sim {
namespace {

TEST(ChaosFaults, cover_the_catalogue_and_say_why_when_they_are_not_run) {
    std::set<std::string> rows, names;
    for (const auto& fault : chaos_faults()) {
        EXPECT_TRUE(names.insert(fault.id).second) << fault.id;
        rows.insert(fault.id.substr(0, fault.id.find('/')));
        const bool does = !fault.rules.empty() || fault.gate;
        EXPECT_NE(does, !fault.not_run.empty()) << fault.id;
        EXPECT_EQ(fault.roles.empty(), !does) << fault.id;
    }
    for (int i = 1; i <= 31; ++i) EXPECT_TRUE(rows.contains("P" + std::to_string(i))) << i;
    for (const int i : {1, 4, 6, 7, 8}) EXPECT_TRUE(rows.contains("N" + std::to_string(i))) << i;
}

TEST(ChaosFaults, are_chosen_by_name) {
    EXPECT_EQ(select_faults("P5").size(), 4u);
    EXPECT_EQ(select_faults("P1/401,N4/700").size(), 2u);
    EXPECT_EQ(select_faults("").size(), chaos_faults().size());
    EXPECT_GT(select_faults("P").size(), 30u);
    EXPECT_THROW((void)select_faults("P5,Q9"), std::invalid_argument);
}

CallReport call(std::vector<std::pair<double, double>> agent, std::vector<std::pair<double, double>> caller, double ended) {
    CallReport report;
    report.answered_ms = 1000;
    report.ended_ms = ended;
    for (const auto& [from, to] : agent) report.agent_speech.push_back({static_cast<Sample>((from - 1000) * 8), static_cast<Sample>((to - 1000) * 8)});
    for (const auto& [from, to] : caller) {
        TranscriptLine line;
        line.who = TranscriptLine::Who::caller;
        line.from_ms = from;
        line.to_ms = to;
        report.transcript.push_back(line);
    }
    return report;
}

struct SilenceCase {
    const char* name;
    CallReport report;
    double ms, from;
};
class OwedSilenceCases : public testing::TestWithParam<SilenceCase> {};
TEST_P(OwedSilenceCases, is_what_the_caller_waited_for) {
    const auto got = longest_owed_silence(GetParam().report);
    EXPECT_DOUBLE_EQ(got.ms, GetParam().ms);
    if (got.ms > 0) EXPECT_DOUBLE_EQ(got.from_ms, GetParam().from);
}
INSTANTIATE_TEST_SUITE_P(cases, OwedSilenceCases,
                         testing::Values(SilenceCase{"greeting", call({{1800, 3000}}, {}, 9000), 800, 1000},
                                         SilenceCase{"never_a_word", call({}, {}, 9000), 8000, 1000},
                                         SilenceCase{"answer", call({{1100, 2000}, {4700, 6000}}, {{2500, 3500}}, 7000), 1200, 3500},
                                         SilenceCase{"no_answer", call({{1100, 2000}}, {{2500, 3500}}, 7000), 3500, 3500},
                                         SilenceCase{"filler_within", call({{1100, 2000}, {4700, 5000}, {7500, 8000}}, {{2500, 3500}}, 20000), 2500, 5000},
                                         SilenceCase{"interrupted", call({{1100, 3800}, {4500, 6000}}, {{2500, 3500}}, 9000), 700, 3800},
                                         SilenceCase{"callers_own_time", call({{1100, 2000}, {9500, 9900}}, {{9000, 9300}}, 30000), 200, 9300}),
                         [](const auto& one) { return one.param.name; });

TEST(OwedSilence, is_not_what_ends_with_an_idle_prompt) {
    const auto report = call({{1100, 2000}, {3500, 5000}, {13000, 14000}}, {{2500, 3000}}, 15000);
    EXPECT_DOUBLE_EQ(longest_owed_silence(report).ms, 8000);
    EXPECT_DOUBLE_EQ(longest_owed_silence(report, {11800}).ms, 500);
}

TEST(LongestHole, is_between_voices) {
    Mulaw sound;
    const auto add = [&](bool voice, int frames) {
        Pcm8k pcm(static_cast<std::size_t>(frames) * 160, std::int16_t{0});
        for (std::size_t i = 0; voice && i < pcm.size(); ++i) pcm[i] = i % 8 < 4 ? std::int16_t{6000} : std::int16_t{-6000};
        const auto codes = to_mulaw(pcm);
        sound.insert(sound.end(), codes.begin(), codes.end());
    };
    add(false, 50);
    add(true, 10);
    add(false, 3);
    add(true, 10);
    add(false, 7);
    add(true, 1);
    add(false, 90);
    EXPECT_DOUBLE_EQ(longest_hole(sound), 140);
}

TEST(CallTruth, is_read_from_a_call_file) {
    const auto truth = read_call_truth(R"({"t":1,"out":{"type":"agent_said","reply":1,"kind":"greeting","heard":"Hello there.","interrupted":true}})"
                                       "\n"
                                       R"({"t":2,"out":{"type":"caller_said","text":"hours please"}})"
                                       "\n"
                                       R"({"t":3,"x":"{\"vendor\":\"a\",\"role\":\"llm\",\"outcome\":\"stalled\"}"})"
                                       "\n"
                                       R"({"t":4,"x":"failover llm a -> b: stalled"})"
                                       "\n"
                                       R"({"t":5,"x":"{\"vendor\":\"b\",\"role\":\"llm\",\"outcome\":\"ok\",\"backup\":true}"})"
                                       "\nnot json\n"
                                       R"({"t":6,"out":{"type":"agent_said","kind":"filler","heard":"One moment please."}})"
                                       "\n"
                                       R"({"t":6500000,"out":{"type":"speak","segment":4,"kind":"idle_prompt","text":"Are you there?"}})"
                                       "\n"
                                       R"({"t":7,"out":{"type":"agent_said","kind":"apology","heard":""}})"
                                       "\n"
                                       R"({"t":8,"out":{"type":"end_call","reason":"agent_completed"}})");
    ASSERT_EQ(truth.agent.size(), 2u);
    EXPECT_EQ(truth.agent[0].heard, "Hello there.");
    EXPECT_TRUE(truth.agent[0].interrupted);
    EXPECT_EQ(truth.caller, std::vector<std::string>{"hours please"});
    ASSERT_EQ(truth.vendors.size(), 2u);
    EXPECT_EQ(truth.vendors[1].vendor, "b");
    EXPECT_TRUE(truth.vendors[1].backup);
    EXPECT_EQ(truth.failovers.size(), 1u);
    EXPECT_TRUE(truth.filler);
    EXPECT_FALSE(truth.apology);
    EXPECT_EQ(truth.idle_prompts, std::vector<double>{6500});
    EXPECT_EQ(truth.end_reason, "agent_completed");
}

TEST(Context, of_every_vendors_shape) {
    const std::vector<std::string> want{"Hello there.", "We are open."};
    EXPECT_EQ(
        assistant_texts(
            R"({"messages":[{"role":"system","content":"x"},{"role":"assistant","content":"Hello there."},{"role":"user","content":"hm"},{"role":"assistant","content":[{"type":"text","text":"We are open."}]}]})"),
        want);
    EXPECT_EQ(
        assistant_texts(
            R"({"contents":[{"role":"model","parts":[{"text":"Hello there."}]},{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"text":"We are open."}]}]})"),
        want);
    EXPECT_EQ(assistant_texts(
                  R"({"input":[{"role":"assistant","content":[{"type":"output_text","text":"Hello there."}]},{"role":"assistant","content":"We are open."}]})"),
              want);
    EXPECT_TRUE(assistant_texts("[]").empty());
    EXPECT_EQ(
        assistant_texts(R"({"messages":[{"role":"assistant","content":"Hello … [interrupted by the caller]"},{"role":"assistant","content":"[silence]"}]})"),
        std::vector<std::string>{"Hello … "});
}

TEST(Context, holds_nothing_unheard) {
    EXPECT_TRUE(unheard_words({"Hello there", "we are open"}, {"Hello there.", "One moment please.", "We are open Monday."}).empty());
    EXPECT_EQ(unheard_words({"Hello there", "we are open Tuesday"}, {"Hello there.", "We are open Monday."}), std::vector<std::string>{"tuesday"});
    EXPECT_EQ(unheard_words({"open are"}, {"are open"}), std::vector<std::string>{"are"});
}

TEST(ChaosTable, has_a_line_for_every_row) {
    ChaosRow good, bad, left;
    good.fault = "P1/401";
    good.what = "the key is refused";
    good.role = "lm";
    good.vendor = "first";
    good.silence_ms = 1234;
    good.completed_by = "second";
    good.filler = false;
    good.neighbours = 5;
    good.passed = true;
    bad = good;
    bad.passed = false;
    bad.wrong_words = {"tuesday"};
    bad.why = "silence";
    left.fault = "P28";
    left.run = false;
    left.why = "not a fault";
    const auto table = chaos_table({good, bad, left});
    EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5);
    EXPECT_NE(table.find("1.23 s  | second"), std::string::npos) << table;
    EXPECT_NE(table.find("BAD: silence"), std::string::npos);
    EXPECT_NE(table.find("not run: not a fault"), std::string::npos);
    EXPECT_NE(chaos_json({good}).find("\"silence_ms\": 1234"), std::string::npos);
}

}  // namespace
}  // namespace parley::sim
