// Thousands of random calls: callers, brains, voices, ears, marks and clocks that misbehave. What must never happen is
// checked by the world while it runs; here it is checked that each call ends, that owed speech is bridged in time, that
// what was heard is remembered, and that the same events give the same commands.
#include <gtest/gtest.h>

#include <array>

#include "parley/conversation/serialise.hpp"
#include "world.hpp"

namespace parley::conversation::testing {
namespace {

constexpr std::array<std::string_view, 24> kWords{"alpha", "bravo",   "charlie", "delta", "echo",    "foxtrot", "golf",   "hotel",
                                                  "india", "juliett", "kilo",    "lima",  "mike",    "now",     "oscar",  "papa",
                                                  "query", "romeo",   "sierra",  "tango", "uniform", "victor",  "whisky", "yes"};

std::string sentence(Random& random, int least, int most) {
    std::string text;
    for (auto n = random.between(least, most); n > 0; --n) {
        if (!text.empty()) text += ' ';
        text += kWords[random.below(kWords.size())];
    }
    return text;
}

Settings settings_for(Random& random) {
    Settings s;
    s.max_duration = std::chrono::seconds(random.between(15, 60));
    s.max_duration_warning = std::chrono::seconds(random.chance(0.3) ? 5 : 0);
    s.idle_after = milliseconds(random.between(2000, 8000));
    s.barge_in = random.chance(0.9);
    s.barge_in_words = random.below(4);
    s.filler_max = random.below(4);
    if (random.chance(0.1)) s.fillers.clear();
    if (random.chance(0.1)) s.idle_texts.clear();
    if (random.chance(0.1)) s.goodbye_text.clear();
    s.context_lines = 1 + random.below(20);
    return s;
}

// Makes the parts misbehave as the seed says. `trouble` 0: everything works.
void furnish(World& world, double trouble) {
    Random& r = world.random;
    world.brain = [&r, trouble](const StartReply& request) {
        BrainPlan plan;
        plan.first = milliseconds(r.chance(trouble) ? r.between(0, 9000) : r.between(50, 900));
        plan.between = milliseconds(r.chance(trouble) ? r.between(0, 4000) : r.between(0, 300));
        for (auto n = r.between(r.chance(trouble) ? 0 : 1, 4); n > 0; --n) plan.pieces.push_back(sentence(r, 1, 12));
        if (r.chance(trouble * 0.5)) plan.end = r.chance(0.5) ? BrainPlan::End::fail : BrainPlan::End::hang;
        if (request.kind != PromptKind::greeting && r.chance(0.15)) plan.then = r.chance(0.5) ? ReplyThen::end_call : ReplyThen::transfer;
        return plan;
    };
    world.voice = [&r, trouble](const Speak&) {
        VoicePlan plan;
        plan.latency = milliseconds(r.chance(trouble) ? r.between(0, 3000) : r.between(20, 300));
        plan.speed = r.chance(trouble) ? 0.7 : static_cast<double>(r.between(2, 20));
        plan.timed = r.chance(0.4);
        if (r.chance(trouble * 0.4)) {
            constexpr std::array kEnds{VoicePlan::End::fail, VoicePlan::End::hang, VoicePlan::End::empty};
            plan.end = kEnds[r.below(3)];
            plan.until = static_cast<double>(r.between(0, 10)) / 10;
        }
        return plan;
    };
    world.ear = [&r, trouble](UtteranceId) {
        EarPlan plan;
        plan.latency = milliseconds(r.chance(trouble) ? r.between(0, 5000) : r.between(50, 400));
        plan.text = sentence(r, 1, 8);
        if (r.chance(trouble * 0.5)) {
            constexpr std::array kEnds{EarPlan::End::nothing, EarPlan::End::never, EarPlan::End::fail};
            plan.end = kEnds[r.below(3)];
        }
        plan.twice = r.chance(trouble);
        return plan;
    };
    if (r.chance(0.7)) {
        const double faults[] = {0, 0.1, 0.5, 1};
        world.marks = {faults[r.below(4)] * trouble * 2, faults[r.below(4)] * trouble * 2, faults[r.below(3)]};
    }
    world.lead = milliseconds(r.between(100, 200));
}

// A caller who speaks, mumbles, presses keys and hangs up as the seed says; with noise, events that fit nothing.
void populate(World& world, Instant until, double trouble) {
    Random& r = world.random;
    for (Instant t = milliseconds(r.between(200, 4000)); t < until;) {
        const auto span = milliseconds(r.chance(0.3) ? r.between(10, 300) : r.between(200, 4000));
        world.at(t, [&world] { world.send(CallerSpeechStarted{}); });
        world.at(t + span, [&world] { world.send(CallerSpeechStopped{}); });
        for (Instant p = t + 100ms; p < t + span; p += milliseconds(r.between(50, 700))) {
            world.at(p, [&world, &r] {
                if (!world.utterance || r.chance(0.3)) return;
                world.send(TranscriptPartial{*world.utterance, sentence(r, 0, 6) + (r.chance(0.2) ? "." : "")});
                if (world.utterance && r.chance(0.2)) world.send(VendorEndOfTurn{*world.utterance, static_cast<double>(r.below(11)) / 10});
            });
        }
        t += span + milliseconds(r.chance(0.3) ? r.between(10, 500) : r.between(300, 9000));
    }
    for (int n = r.chance(0.3) ? static_cast<int>(r.below(8)) : 0; n > 0; --n)
        world.at(milliseconds(r.between(0, until.count() / 1000)), [&world, &r] { world.send(DtmfPressed{"0123456789*#AZ"[r.below(14)]}); });
    for (int n = r.chance(trouble) ? static_cast<int>(r.below(40)) : 0; n > 0; --n) {
        world.at(milliseconds(r.between(0, until.count() / 1000)), [&world, &r] {
            const auto id = r.below(12);
            const Event noise[] = {TranscriptFinal{id, "stray", 1},
                                   RecognitionFailed{id + 100},
                                   ReplyText{id + 100, "stray"},
                                   SegmentAudio{id + 1000, 160},
                                   SegmentSynthesized{id + 1000},
                                   SegmentFailed{id + 1000},
                                   MarkEchoed{id + 100000},
                                   TimerFired{static_cast<TimerId>(r.below(9))},
                                   OperatorSay{"one operator text"},
                                   PatienceAsked{milliseconds(r.between(-100, 3000))},
                                   CallerSpeechStarted{},
                                   CallerSpeechStopped{},
                                   Started{}};
            world.send(noise[r.below(std::size(noise))]);
        });
    }
    if (r.chance(0.2)) {
        world.at(milliseconds(r.between(0, until.count() / 1000)), [&world, &r] {
            if (r.chance(0.5)) {
                world.send(CarrierStopped{});
            } else {
                world.send(OperatorHangup{});
            }
        });
    }
}

void expect_same_again(const World& world, const Settings& settings, std::uint64_t seed) {
    Machine again(settings);
    std::size_t next = 0;
    for (const auto& [when, event] : world.events) {
        Commands out;
        if (seed % 10 == 0) {  // through the call file's form, as a replay would have it
            const auto read = event_from_json(to_json(event));
            ASSERT_TRUE(read);
            again.on(*read, when, out);
        } else {
            again.on(event, when, out);
        }
        for (const auto& command : out) {
            ASSERT_LT(next, world.log.size()) << "seed " << seed;
            ASSERT_EQ(to_json(command), to_json(world.log[next].second)) << "seed " << seed << " command " << next;
            ++next;
        }
    }
    EXPECT_EQ(next, world.log.size()) << "seed " << seed;
}

// Owed speech: behind the end of a turn a word of ours is asked for within the budget: the first filler's, or, while
// fillers are being said, the time between two of them.
void expect_bridged(const World& world, const Settings& settings, std::uint64_t seed) {
    if (settings.fillers.empty()) return;
    std::optional<Instant> owed, last_filler;
    for (const auto& [when, c] : world.log) {
        const auto* speak = std::get_if<Speak>(&c);
        if (owed && (speak != nullptr || std::holds_alternative<EndCall>(c))) {
            const bool lately = last_filler && *owed - *last_filler < settings.filler_every;
            const Instant due = lately ? std::max<Instant>(*last_filler + settings.filler_every, *owed + settings.filler_after) : *owed + settings.filler_after;
            EXPECT_LE(when, due) << "seed " << seed << " owed since " << owed->count();
            owed.reset();
        }
        if (speak != nullptr && speak->kind == SpeechKind::filler) last_filler = when;
        const auto* finish = std::get_if<FinishUtterance>(&c);
        if (finish != nullptr && !world.audible_at_finish.at(finish->utterance)) owed = when;
        if (std::holds_alternative<BeginUtterance>(c)) owed.reset();  // the caller goes on
        if (std::holds_alternative<CallerSaid>(c) && std::get<CallerSaid>(c).digits) owed.reset();
    }
}

struct Totals {
    std::size_t calls = 0, events = 0, barge_ins = 0, fillers = 0, replies = 0, cancelled = 0, heard = 0;
    std::map<EndReason, std::size_t> ends;
};

void one_call(std::uint64_t seed, double trouble, Totals& totals) {
    Random setup(seed);
    const Settings settings = settings_for(setup);
    constexpr std::array kDrifts{0.0, 0.02, -0.02, 0.005, -0.011};
    World world(settings, kDrifts[setup.below(kDrifts.size())], seed * 31 + 7);
    furnish(world, trouble);
    world.at(0us, [&world] { world.send(Started{}); });
    populate(world, settings.max_duration, trouble);
    // Keys are asked for now and then, also when nobody should.
    Random keys(seed + 99991);
    std::size_t asked = 0;
    for (int n = keys.chance(0.3) ? static_cast<int>(keys.below(6)) : 0; n > 0; --n) {
        const KeysWanted how{"Type your number please.",          keys.below(6), keys.below(12),  "#*"[keys.below(2)], milliseconds(keys.between(0, 9000)),
                             milliseconds(keys.between(0, 4000)), keys.below(4), keys.chance(0.5)};
        world.at(milliseconds(keys.between(0, Instant(settings.max_duration).count() / 1000)), [&world, &asked, how] {
            if (!world.ended) ++asked;
            world.send(how);
        });
    }
    // The limit, its longest farewell (4 s and 100 ms a letter), and then it must be over.
    world.run_until(settings.max_duration + 30s);
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_FALSE(::testing::Test::HasFatalFailure());
    ASSERT_TRUE(world.ended) << "the call never ends; state " << world.machine.state_name();
    EXPECT_EQ(world.all<EndCall>().size(), 1U);
    EXPECT_TRUE(world.open_replies.empty());
    EXPECT_EQ(world.all<KeysGiven>().size(), asked);
    EXPECT_EQ(world.frames_after_confirmed, 0U);
    EXPECT_LE(world.machine.context().size(), settings.context_lines);
    expect_bridged(world, settings, seed);
    expect_same_again(world, settings, seed);

    ++totals.calls;
    totals.events += world.events.size();
    totals.barge_ins += world.all<BargedIn>().size();
    for (const auto& s : world.all<Speak>()) totals.fillers += s.kind == SpeechKind::filler ? 1 : 0;
    totals.replies += world.all<StartReply>().size();
    totals.cancelled += world.all<CancelReply>().size();
    totals.heard += world.all<AgentSaid>().size();
    ++totals.ends[world.last<EndCall>().reason];
}

class RandomCalls : public ::testing::TestWithParam<int> {};

// Shards of 125 calls so that they run beside each other.
TEST_P(RandomCalls, keep_every_promise) {
    Totals totals;
    const auto first = static_cast<std::uint64_t>(GetParam()) * 1000;
    for (std::uint64_t i = 1; i <= 125; ++i) {
        constexpr std::array kTrouble{0.0, 0.1, 0.25, 0.5};
        one_call(first + i, kTrouble[i % kTrouble.size()], totals);
        if (HasFailure()) return;
    }
    std::string ends;
    for (const auto& [reason, count] : totals.ends) ends += " " + std::string(name_of(reason)) + "=" + std::to_string(count);
    std::printf("calls %zu events %zu replies %zu cancelled %zu barge-ins %zu fillers %zu lines heard %zu;%s\n", totals.calls, totals.events, totals.replies,
                totals.cancelled, totals.barge_ins, totals.fillers, totals.heard, ends.c_str());
    EXPECT_GT(totals.barge_ins, 80U);
    EXPECT_GT(totals.fillers, 25U);
    EXPECT_GE(totals.ends.size(), 4U);
}
INSTANTIATE_TEST_SUITE_P(shards, RandomCalls, ::testing::Range(0, 20));

// Where everything works and marks come back, what was heard well before is also remembered: the machine does not
// satisfy the promise above by forgetting.
TEST(RandomCallsThatWork, remember_what_was_heard) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Settings settings;
        settings.max_duration = 60s;
        settings.context_lines = 1000;
        World world(settings, 0, seed);
        Random& r = world.random;
        std::vector<std::string> pieces;
        world.brain = [&](const StartReply&) {
            BrainPlan plan;
            plan.pieces = {sentence(r, 3, 10), sentence(r, 3, 10)};
            pieces.insert(pieces.end(), plan.pieces.begin(), plan.pieces.end());
            return plan;
        };
        world.start();
        world.run_for(milliseconds(r.between(4000, 6000)));
        std::size_t interrupted = 0, whole = 0;
        world.watch = [&](const Command& c) {
            const auto* said = std::get_if<AgentSaid>(&c);
            if (said == nullptr) return;
            ++(said->interrupted ? interrupted : whole);
            // Samples played up to half a second (and one longest word) ago are words in the memory now.
            const double letters = static_cast<double>(said->heard_for.count()) / 70e3;
            EXPECT_GE(static_cast<double>(said->heard.size()) + 12, letters - 0.5 / 0.07) << "seed " << seed;
        };
        for (int turn = 0; turn < 4; ++turn) {
            world.speaks(milliseconds(r.between(500, 1500)));
            world.run_for(milliseconds(r.between(1500, 9000)));
        }
        world.send(CarrierStopped{});
        EXPECT_GT(whole + interrupted, 0U);
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace parley::conversation::testing
