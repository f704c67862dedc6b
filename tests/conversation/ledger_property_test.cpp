// Random hand-overs, faults on marks and clears, against a carrier that knows what it played.
#include <gtest/gtest.h>

#include <functional>
#include <queue>

#include "carrier_model.hpp"
#include "parley/conversation/ledger.hpp"

namespace parley::conversation::testing {
namespace {
using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct Action {
    Instant at{};
    std::uint64_t order = 0;
    std::function<void()> act;
    bool operator<(const Action& other) const { return at != other.at ? at > other.at : order > other.order; }
};

struct Faults {
    double drift = 0;
    double lost = 0, late = 0, twice = 0;
    bool clears = false;
};

struct Outcome {
    std::uint64_t checks = 0, echoes = 0, cleared = 0;
    std::int64_t worst_behind = 0;  // samples by which the claim stayed behind the truth
};

Outcome run(std::uint64_t seed, const Faults& faults) {
    Random random(seed);
    Ledger ledger(60ms);
    CarrierModel carrier(faults.drift);
    std::priority_queue<Action> queue;
    std::uint64_t order = 0;
    Instant now{0}, last_arrival{0};
    std::uint32_t next_mark = 1;
    SegmentId segment = 0;
    std::uint64_t generation = 0;
    std::vector<std::uint32_t> waiting;  // marks at the carrier that it has not reached
    Outcome outcome;
    std::uint64_t claimed = 0;

    auto later = [&](Instant at, std::function<void()> act) { queue.push({at, order++, std::move(act)}); };
    auto echo = [&](std::uint32_t mark, Instant at) {
        if (random.chance(faults.lost)) return;
        Instant back = at + milliseconds(random.between(0, 40));
        if (random.chance(faults.late)) back += milliseconds(random.between(50, 3000));
        const int times = random.chance(faults.twice) ? 2 : 1;
        for (int i = 0; i < times; ++i) {
            later(back + milliseconds(i * 7), [&, mark] {
                if (ledger.mark_echoed(mark, now)) ++outcome.echoes;
            });
        }
    };
    auto network = [&] {
        last_arrival = std::max(last_arrival, now + milliseconds(random.between(5, 60)));
        return last_arrival;
    };
    auto check = [&] {
        ++outcome.checks;
        const auto heard = ledger.heard_samples(now);
        const auto truth = carrier.heard(now);
        ASSERT_LE(heard, truth) << "seed " << seed << " at " << now.count();
        ASSERT_GE(heard, claimed) << "seed " << seed << " went back at " << now.count();
        ASSERT_LE(ledger.acknowledged_samples(), heard);
        ASSERT_LE(heard, ledger.handed_samples() - ledger.cleared_samples());
        outcome.worst_behind = std::max(outcome.worst_behind, static_cast<std::int64_t>(truth - heard));
        claimed = heard;
    };

    // Utterances with pauses, 100 to 200 ms ahead of real time.
    Instant t = milliseconds(random.between(0, 500));
    for (int utterance = 0; utterance < 4; ++utterance) {
        ++segment;
        const auto lead = milliseconds(random.between(100, 200));
        const auto frames = random.between(10, 400);
        const Instant start = t;
        const auto group = static_cast<std::int64_t>(random.between(10, 60));
        for (std::int64_t i = 0; i < frames; ++i) {
            const Instant at = std::max<Instant>(start, start + milliseconds(20 * i) - lead);
            later(at, [&, i, frames, group, id = segment] {
                ledger.handed_over(id, 160, now);
                const Instant arrival = network();
                later(arrival, [&, id] { carrier.arrive(id, 160, now); });
                if (i % group != group - 1 && i != frames - 1) return;
                const auto mark = next_mark++;
                ledger.mark_sent(mark, now);
                later(arrival, [&, mark] {
                    waiting.push_back(mark);
                    later(carrier.done_at(), [&, mark, g = generation] {
                        if (g != generation) return;
                        std::erase(waiting, mark);
                        echo(mark, now);
                    });
                });
            });
        }
        t = start + milliseconds(20 * frames);
        if (faults.clears && random.chance(0.6)) {
            // The agent is stopped mid-utterance: what was queued to be handed over after this is not (a new utterance
            // follows); the clear takes its way over the network like everything else.
            later(start + milliseconds(random.between(50, 20 * frames)), [&] {
                ledger.cleared(now);
                ++outcome.cleared;
                later(network(), [&] {
                    carrier.clear(now);
                    ++generation;
                    for (auto mark : waiting) echo(mark, now);
                    waiting.clear();
                });
            });
        }
        t += milliseconds(random.between(0, 1500));
    }
    for (Instant at{0}; at < t + 2s; at += milliseconds(random.between(3, 60))) later(at, check);
    while (!queue.empty() && !::testing::Test::HasFatalFailure()) {
        Action next = queue.top();
        queue.pop();
        now = next.at;
        next.act();
    }
    // In the end everything is heard, however many marks were lost.
    EXPECT_EQ(ledger.unheard_samples(now + 5s), 0U) << "seed " << seed;
    return outcome;
}

TEST(LedgerProperty, never_claims_more_than_was_heard) {
    const Faults kinds[] = {
        {0, 0, 0, 0, false},         {0.02, 0, 0, 0, false},   {-0.02, 0, 0, 0, false},       {-0.02, 1, 0, 0, false},
        {0.02, 1, 0, 0, true},       {-0.02, 1, 0, 0, true},   {0, 0.3, 0.3, 0.3, true},      {-0.02, 0.3, 0.3, 0.3, true},
        {0.02, 0.3, 0.3, 0.3, true}, {-0.02, 0, 1, 0.5, true}, {-0.013, 0.1, 0.1, 0.1, true}, {0.007, 0.5, 0, 0, true},
    };
    std::uint64_t seed = 0, checks = 0, cleared = 0, echoes = 0;
    for (int round = 0; round < 100; ++round) {
        for (const Faults& faults : kinds) {
            const auto outcome = run(++seed, faults);
            ASSERT_FALSE(HasFailure());
            checks += outcome.checks;
            cleared += outcome.cleared;
            echoes += outcome.echoes;
        }
    }
    RecordProperty("checks", static_cast<int>(checks));
    EXPECT_GT(checks, 100000U);
    EXPECT_GT(cleared, 1000U);
    EXPECT_GT(echoes, 1000U);
}

TEST(LedgerProperty, stays_close_to_the_truth_while_marks_come_back) {
    // 150 ms: carrier delay 60, way back 40, 2 % of the second between marks, and one network swing.
    for (const double drift : {0.0, 0.02, -0.02}) {
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            const auto outcome = run(seed, {drift, 0, 0, 0, false});
            EXPECT_LE(outcome.worst_behind, 8 * 150) << "seed " << seed << " drift " << drift;
        }
    }
}

}  // namespace
}  // namespace parley::conversation::testing
