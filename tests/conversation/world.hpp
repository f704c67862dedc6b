#pragma once
// A small world around the machine in virtual time: a brain, a voice, an ear, a playout that hands frames over ahead of
// real time, and a carrier that knows what it played. Everything the machine must never do is checked while it runs.

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "carrier_model.hpp"
#include "parley/conversation/machine.hpp"

namespace parley::conversation::testing {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct BrainPlan {
    milliseconds first{300}, between{50};
    std::vector<std::string> pieces = {};
    enum class End { finish, fail, hang } end = End::finish;
    ReplyThen then = ReplyThen::listen;
    std::string target = {};
};

struct VoicePlan {
    milliseconds latency{100};
    double speed = 8;  // audio produced, in multiples of real time
    enum class End { complete, fail, hang, empty } end = End::complete;
    double until = 1;    // share of the audio that comes before a failure or hang
    bool timed = false;  // uneven words, told by WordTimed
};

struct EarPlan {
    milliseconds latency{200};
    enum class End { text, nothing, never, fail } end = End::text;
    std::string text = "hello there";
    bool twice = false;
};

struct MarkPlan {
    double lost = 0, late = 0, twice = 0;
};

inline constexpr std::uint32_t kSamplesPerLetter = 560;  // 70 ms

class World {
public:
    explicit World(Settings settings = {}, double drift = 0, std::uint64_t seed = 1) : settings_(settings), machine(settings), carrier(drift), random(seed) {}

    // --- what the parts do; replace before running -----------------------------------------------------------------
    std::function<BrainPlan(const StartReply&)> brain = [](const StartReply& r) {
        BrainPlan plan;
        plan.pieces = {r.kind == PromptKind::greeting ? "Hello and welcome." : "Certainly that is fine."};
        return plan;
    };
    std::function<VoicePlan(const Speak&)> voice = [](const Speak&) { return VoicePlan{}; };
    std::function<EarPlan(UtteranceId)> ear = [](UtteranceId) { return EarPlan{}; };
    MarkPlan marks;
    milliseconds lead{120};
    std::function<void(const Command&)> watch = [](const Command&) {};

    // --- driving ---------------------------------------------------------------------------------------------------
    void at(Instant when, std::function<void()> act) { queue_.push({when, order_++, std::move(act)}); }
    void send(Event event) {
        if (::testing::Test::HasFatalFailure()) return;
        events.emplace_back(now, event);
        note(event);
        Commands out;
        machine.on(event, now, out);
        std::size_t count = 0;
        for (auto& command : out) {
            check_command(command, count++ == 0);
            log.emplace_back(now, command);
            perform(command);
            watch(command);
        }
        check_ledger();
    }
    void start() {
        at(now, [this] { send(Started{}); });
        run_for(0ms);
    }
    void run_until(Instant end) {
        while (!queue_.empty() && queue_.top().at <= end && !::testing::Test::HasFatalFailure()) {
            Act next = queue_.top();
            queue_.pop();
            now = std::max(now, next.at);
            next.act();
        }
        now = std::max(now, end);
    }
    void run_for(milliseconds span) { run_until(now + span); }
    // The caller speaks for so long; the words reach the ear's partials on the way.
    void speaks(milliseconds span, std::string partial = {}) {
        send(CallerSpeechStarted{});
        run_for(span / 2);
        if (!partial.empty() && utterance) send(TranscriptPartial{*utterance, partial});
        run_for(span - span / 2);
        send(CallerSpeechStopped{});
    }

    // --- reading the log -------------------------------------------------------------------------------------------
    template <class T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const auto& [when, command] : log)
            if (const T* c = std::get_if<T>(&command)) found.push_back(*c);
        return found;
    }
    template <class T>
    std::optional<Instant> time_of(std::size_t n = 0) const {
        for (const auto& [when, command] : log)
            if (std::holds_alternative<T>(command) && n-- == 0) return when;
        return std::nullopt;
    }
    template <class T>
    T last() const {
        const auto found = all<T>();
        EXPECT_FALSE(found.empty());
        return found.empty() ? T{} : found.back();
    }
    std::vector<std::string> agent_said() const {
        std::vector<std::string> texts;
        for (const auto& said : all<AgentSaid>()) texts.push_back(said.heard);
        return texts;
    }
    void clear_log() { log.clear(); }

private:
    struct Word {
        std::uint64_t end = 0;  // samples
        std::size_t begin_char = 0, end_char = 0;
    };
    struct Spoken {
        std::string text;
        SpeechKind kind = SpeechKind::reply;
        std::vector<Word> words;
        std::uint64_t total = 0;
    };
    struct Queued {
        SegmentId id = 0;
        std::uint64_t ready = 0, handed = 0;
        bool synthesized = false;
    };
    struct Act {
        Instant at{};
        std::uint64_t order = 0;
        std::function<void()> act;
        bool operator<(const Act& other) const { return at != other.at ? at > other.at : order > other.order; }
    };

    Settings settings_;
    std::priority_queue<Act> queue_;
    std::uint64_t order_ = 0;

public:
    Machine machine;
    CarrierModel carrier;
    Random random;
    Instant now{0};
    std::optional<UtteranceId> utterance;  // begun, neither finished nor dropped
    std::vector<std::pair<Instant, Command>> log;
    std::vector<std::pair<Instant, Event>> events;
    std::map<SegmentId, Spoken> spoken;
    std::set<ReplyId> open_replies, ended_replies;
    bool ended = false;
    std::size_t frames_after_confirmed = 0;
    std::map<UtteranceId, bool> audible_at_finish;

private:
    // --- the parts ---------------------------------------------------------------------------------------------------
    void perform(const Command& command) {
        if (const auto* c = std::get_if<StartReply>(&command)) think(*c);
        if (const auto* c = std::get_if<CancelReply>(&command)) cancelled_replies_.insert(c->reply);
        if (const auto* c = std::get_if<Speak>(&command)) synthesise(*c);
        if (std::holds_alternative<CancelSpeech>(command)) {
            std::erase_if(playout_, [](const Queued& q) { return !(q.synthesized && q.handed >= q.ready); });
        }
        if (std::holds_alternative<ClearCarrier>(command)) {
            const Instant arrival = network();
            at(arrival, [this] {
                carrier.clear(now);
                ++generation_;
                for (auto mark : at_carrier_) echo(mark);
                at_carrier_.clear();
            });
        }
        if (const auto* c = std::get_if<BeginUtterance>(&command)) {
            EXPECT_FALSE(utterance) << "two utterances at once";
            utterance = c->utterance;
            // Nothing to talk over and nothing being answered: the floor is the caller's at once.
            confirmed_ = false;
        }
        if (const auto* c = std::get_if<FinishUtterance>(&command)) {
            if (utterance == c->utterance) utterance.reset();
            audible_at_finish[c->utterance] = machine.agent_audible(now);
            recognise(c->utterance);
        }
        if (const auto* c = std::get_if<DropUtterance>(&command)) {
            if (utterance == c->utterance) utterance.reset();
        }
        if (const auto* c = std::get_if<ArmTimer>(&command)) {
            const auto g = ++timer_[c->timer];
            at(std::max(c->at, now), [this, id = c->timer, g] {
                if (timer_[id] == g) send(TimerFired{id});
            });
        }
        if (const auto* c = std::get_if<CancelTimer>(&command)) ++timer_[c->timer];
    }

    void think(const StartReply& request) {
        const BrainPlan plan = brain(request);
        Instant when = now + plan.first;
        const auto id = request.reply;
        auto unless_cancelled = [this, id](Event e) {
            // A brain may be late to notice: half the time it still sends what it had.
            if (cancelled_replies_.contains(id) && random.chance(0.5)) return;
            send(std::move(e));
        };
        for (const auto& piece : plan.pieces) {
            at(when, [=] { unless_cancelled(ReplyText{id, piece}); });
            when += plan.between;
        }
        if (plan.end == BrainPlan::End::finish) at(when, [=] { unless_cancelled(ReplyFinished{id, plan.then, plan.target}); });
        if (plan.end == BrainPlan::End::fail) at(when, [=] { unless_cancelled(ReplyFailed{id}); });
    }

    void synthesise(const Speak& request) {
        const VoicePlan plan = voice(request);
        Spoken& s = spoken[request.segment];
        s.text = request.text;
        s.kind = request.kind;
        // Each letter and each space takes its time; words may be spoken unevenly if their times are told.
        std::uint64_t samples = 0;
        for (std::size_t i = 0; i < s.text.size();) {
            auto end = s.text.find(' ', i);
            if (end == std::string::npos) end = s.text.size();
            std::uint64_t letters = 0;
            for (std::size_t c = i; c < end; ++c) letters += s.text[c] == '.' || s.text[c] == ',' ? 2 : 1;
            samples += letters * kSamplesPerLetter * (plan.timed ? 50 + random.below(150) : 100) / 100;
            s.words.push_back({samples, i, end});
            if (end < s.text.size()) samples += kSamplesPerLetter;
            i = end + 1;
        }
        s.total = samples;
        playout_.push_back({request.segment, 0, 0, false});
        const auto id = request.segment;
        Instant when = now + plan.latency;
        auto alive = [this, id] { return std::any_of(playout_.begin(), playout_.end(), [id](const Queued& q) { return q.id == id; }); };
        if (plan.timed) {
            at(when, [this, id, alive, words = s.words] {
                if (!alive()) return;
                for (const auto& w : words) send(WordTimed{id, static_cast<std::uint32_t>(w.end), static_cast<std::uint32_t>(w.end_char)});
            });
        }
        const auto stop = plan.end == VoicePlan::End::complete ? samples
                          : plan.end == VoicePlan::End::empty  ? 0
                                                               : static_cast<std::uint64_t>(static_cast<double>(samples) * plan.until);
        for (std::uint64_t done = 0; done < stop;) {
            const auto chunk = static_cast<std::uint32_t>(std::min<std::uint64_t>(800, stop - done));
            at(when, [this, id, chunk, alive] {
                if (!alive()) return;
                for (auto& q : playout_)
                    if (q.id == id) q.ready += chunk;
                send(SegmentAudio{id, chunk});
                pump();
            });
            done += chunk;
            when += Instant(static_cast<std::int64_t>(chunk * 125 / plan.speed));
        }
        if (plan.end == VoicePlan::End::hang) return;
        const bool failed = plan.end == VoicePlan::End::fail;
        at(when, [this, id, alive, failed] {
            if (!alive()) return;
            if (failed) {
                send(SegmentFailed{id});
                return;
            }
            for (auto& q : playout_)
                if (q.id == id) q.synthesized = true;
            send(SegmentSynthesized{id});
            pump();
        });
    }

    void recognise(UtteranceId id) {
        const EarPlan plan = ear(id);
        const Instant when = now + plan.latency;
        if (plan.end == EarPlan::End::never) return;
        at(when, [this, id, plan] {
            if (plan.end == EarPlan::End::fail) {
                send(RecognitionFailed{id});
            } else {
                send(TranscriptFinal{id, plan.end == EarPlan::End::text ? plan.text : "", 0.9});
            }
        });
        if (plan.twice) at(when + 30ms, [this, id] { send(TranscriptFinal{id, "a second final", 0.9}); });
    }

    // Hands frames over on a 20 ms schedule, `lead` ahead of real time, in the order of Speak.
    void pump() {
        if (pumping_) return;
        pumping_ = true;
        while (!ended) {
            while (!playout_.empty() && playout_.front().synthesized && playout_.front().handed >= playout_.front().ready) playout_.erase(playout_.begin());
            if (playout_.empty()) break;
            const Queued head = playout_.front();
            const auto left = head.ready - head.handed;
            if (left == 0 || (left < 160 && !head.synthesized)) break;
            slot_ = std::max(slot_, now);
            if (slot_ > now + lead) {
                if (!std::exchange(pump_due_, true)) {
                    at(slot_ - lead, [this] {
                        pump_due_ = false;
                        pump();
                    });
                }
                break;
            }
            const auto samples = static_cast<std::uint32_t>(std::min<std::uint64_t>(160, left));
            playout_.front().handed += samples;
            slot_ += 20ms;
            const Instant arrival = network();
            at(arrival, [this, id = head.id, samples] { carrier.arrive(id, samples, now); });
            if (confirmed_ && !farewell_) ++frames_after_confirmed;
            const bool last = head.synthesized && left == samples;
            send(FrameHandedOver{head.id, samples});
            if (last || ++frames_ % 50 == 0) send_mark(arrival);
        }
        pumping_ = false;
    }

    void send_mark(Instant arrival) {
        const auto mark = ++last_mark_;
        send(MarkSent{mark});
        at(arrival, [this, mark] {
            at_carrier_.push_back(mark);
            at(carrier.done_at(), [this, mark, g = generation_] {
                if (g != generation_) return;
                std::erase(at_carrier_, mark);
                echo(mark);
            });
        });
    }

    void echo(std::uint32_t mark) {
        if (random.chance(marks.lost)) return;
        Instant back = now + milliseconds(random.between(5, 40));
        if (random.chance(marks.late)) back += milliseconds(random.between(100, 3000));
        const int times = random.chance(marks.twice) ? 2 : 1;
        for (int i = 0; i < times; ++i) at(back + milliseconds(9 * i), [this, mark] { send(MarkEchoed{mark}); });
    }

    Instant network() {
        last_arrival_ = std::max(last_arrival_, now + milliseconds(random.between(10, 60)));
        return last_arrival_;
    }

    // --- what must never happen --------------------------------------------------------------------------------------
    void note(const Event& event) {
        if (ended) return;
        auto reply_over = [this](ReplyId id) {
            if (open_replies.erase(id) > 0) ended_replies.insert(id);
        };
        if (const auto* e = std::get_if<ReplyFinished>(&event)) reply_over(e->reply);
        if (const auto* e = std::get_if<ReplyFailed>(&event)) reply_over(e->reply);
        if (std::holds_alternative<CallerSpeechStarted>(event)) speech_since_ = now;
        if (std::holds_alternative<CallerSpeechStopped>(event)) speech_since_.reset();
    }

    void check_command(const Command& command, bool first) {
        ASSERT_FALSE(ended) << "a command after the end";
        // Confirmed: speech has gone on long enough when this event came, and the utterance is not over.
        if (first && utterance && speech_since_ && settings_.barge_in && now - *speech_since_ > std::max(settings_.barge_in_confirm, settings_.min_utterance))
            confirmed_ = true;
        if (std::holds_alternative<BargedIn>(command) && utterance) confirmed_ = true;
        if (std::holds_alternative<FinishUtterance>(command) || std::holds_alternative<DropUtterance>(command)) confirmed_ = false;
        if (const auto* c = std::get_if<StartReply>(&command)) {
            ASSERT_TRUE(open_replies.empty()) << "two replies at once";
            ASSERT_FALSE(ended_replies.contains(c->reply));
            open_replies.insert(c->reply);
            ASSERT_FALSE(confirmed_) << "answers while the caller has the floor";
        }
        if (const auto* c = std::get_if<CancelReply>(&command)) {
            ASSERT_EQ(open_replies.erase(c->reply), 1U) << "cancels a reply that is over";
            ended_replies.insert(c->reply);
        }
        if (const auto* c = std::get_if<Speak>(&command)) {
            ASSERT_FALSE(c->text.empty());
            farewell_ = farewell_ || c->text == settings_.apology_text || c->text == settings_.max_duration_text;
            ASSERT_TRUE(!confirmed_ || farewell_) << "speaks over the caller: " << c->text;
        }
        if (const auto* c = std::get_if<AgentSaid>(&command)) check_heard(*c);
        if (std::holds_alternative<EndCall>(command)) {
            ended = true;
            ASSERT_TRUE(open_replies.empty()) << "a reply was left open";
        }
    }

    // Each word the machine remembers was played by the carrier, and each piece's words are remembered once.
    void check_heard(const AgentSaid& said) {
        std::size_t at_char = 0;
        while (at_char < said.heard.size()) {
            auto end = said.heard.find(' ', at_char);
            if (end == std::string::npos) end = said.heard.size();
            const auto word = said.heard.substr(at_char, end - at_char);
            bool found = false;
            for (auto& [id, s] : spoken) {
                if (s.kind != said.kind) continue;
                for (std::size_t w = 0; w < s.words.size() && !found; ++w) {
                    const auto& one = s.words[w];
                    if (used_.contains({id, w})) continue;
                    if (s.text.compare(one.begin_char, one.end_char - one.begin_char, word) != 0) continue;
                    if (!carrier.heard_of(id, one.end, now)) continue;
                    used_.insert({id, w});
                    found = true;
                }
                if (found) break;
            }
            ASSERT_TRUE(found) << "remembers a word the caller has not heard (or twice): '" << word << "' of '" << said.heard << "' at " << now.count();
            at_char = end + 1;
        }
    }

    void check_ledger() {
        const auto& ledger = machine.ledger();
        const auto heard = ledger.heard_samples(now);
        ASSERT_LE(heard, carrier.heard(now)) << "at " << now.count();
        ASSERT_LE(ledger.acknowledged_samples(), heard);
        ASSERT_LE(heard, ledger.handed_samples() - ledger.cleared_samples());
        ASSERT_LE(ledger.outstanding_marks(), Ledger::kMarks);
    }

    std::map<TimerId, std::uint64_t> timer_;
    std::set<ReplyId> cancelled_replies_;
    std::vector<Queued> playout_;
    std::vector<std::uint32_t> at_carrier_;
    std::set<std::pair<SegmentId, std::size_t>> used_;
    std::optional<Instant> speech_since_;
    Instant slot_{0}, last_arrival_{0};
    std::uint64_t generation_ = 0, frames_ = 0;
    std::uint32_t last_mark_ = 0;
    bool pumping_ = false, pump_due_ = false, confirmed_ = false, farewell_ = false;
};

}  // namespace parley::conversation::testing
