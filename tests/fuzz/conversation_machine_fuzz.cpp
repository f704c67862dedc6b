// Bytes become events at rising times, in any order, with ids that fit and ids that do not. Whatever comes, the machine
// keeps its promises: the ledger's sums hold, replies end once, nothing follows the end, the same events give the same
// commands, and a call left alone with its timers ends.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "parley/conversation/machine.hpp"
#include "parley/conversation/serialise.hpp"

namespace {
using namespace parley::conversation;
using parley::Instant;

void require(bool holds) {
    if (!holds) std::abort();
}

class Bytes {
public:
    Bytes(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
    [[nodiscard]] bool empty() const { return at_ == end_; }
    std::uint32_t byte() { return empty() ? 0U : *at_++; }
    std::uint32_t wide() {
        const auto high = byte();
        return high < 250 ? high : (byte() << 24U | byte() << 16U | byte() << 8U | byte());
    }
    std::string text() {
        std::string out;
        for (auto n = byte() % 24; n > 0; --n) out += static_cast<char>(byte());
        return out;
    }

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

struct Known {  // ids seen in commands: events that fit are more interesting
    std::uint32_t utterance = 0, reply = 0, segment = 0, mark = 0;
};

std::uint32_t id(Bytes& in, std::uint32_t latest) {
    const auto b = in.byte();
    return b < 200 ? latest - std::min(latest, b % 4) : in.wide();
}

Event event(Bytes& in, Known& known) {
    switch (in.byte() % 23) {
        case 0:
            return Started{};
        case 1:
            return CallerSpeechStarted{};
        case 2:
            return CallerSpeechStopped{};
        case 3:
            return TranscriptPartial{id(in, known.utterance), in.text()};
        case 4:
            return TranscriptFinal{id(in, known.utterance), in.text(), static_cast<double>(in.byte()) / 100};
        case 5:
            return VendorEndOfTurn{id(in, known.utterance), static_cast<double>(in.byte()) / 200};
        case 6:
            return RecognitionFailed{id(in, known.utterance)};
        case 7:
            return DtmfPressed{static_cast<char>(in.byte())};
        case 8:
            return ReplyText{id(in, known.reply), in.text()};
        case 9:
            return ReplyFinished{id(in, known.reply), static_cast<ReplyThen>(in.byte() % 3), in.text()};
        case 10:
            return ReplyFailed{id(in, known.reply)};
        case 11:
            return SegmentAudio{id(in, known.segment), in.wide() * 16};
        case 12:
            return SegmentSynthesized{id(in, known.segment)};
        case 13:
            return SegmentFailed{id(in, known.segment)};
        case 14:
            return FrameHandedOver{id(in, known.segment), in.wide()};
        case 15:
            return MarkSent{++known.mark};
        case 16:
            return MarkEchoed{id(in, known.mark)};
        case 17:
            return TimerFired{static_cast<TimerId>(in.byte() % 9)};
        case 18:
            return in.byte() < 8 ? Event(CarrierStopped{}) : Event(CallerSpeechStarted{});
        case 19:
            return in.byte() < 8 ? Event(OperatorHangup{}) : Event(CallerSpeechStopped{});
        case 20:
            return OperatorSay{in.text()};
        case 21:
            return PatienceAsked{std::chrono::milliseconds(static_cast<int>(in.wide() % 100000) - 1000)};
        default:
            return WordTimed{id(in, known.segment), in.wide(), in.wide()};
    }
}

class Watched {
public:
    explicit Watched(const Settings& settings) : machine(settings) {}

    void on(const Event& e, Instant now) {
        Commands out;
        machine.on(e, now, out);
        if (const auto* r = std::get_if<ReplyFinished>(&e)) open_.erase(r->reply);
        if (const auto* r = std::get_if<ReplyFailed>(&e)) open_.erase(r->reply);
        for (const auto& c : out) {
            require(!ended);
            record += to_json(c);
            if (const auto* s = std::get_if<StartReply>(&c)) {
                require(open_.empty() && s->reply == known.reply + 1);
                open_.insert(s->reply);
                known.reply = s->reply;
            }
            if (const auto* s = std::get_if<CancelReply>(&c)) require(open_.erase(s->reply) == 1);
            if (const auto* s = std::get_if<Speak>(&c)) {
                require(!s->text.empty() && s->segment == known.segment + 1);
                known.segment = s->segment;
            }
            if (const auto* s = std::get_if<BeginUtterance>(&c)) known.utterance = s->utterance;
            if (const auto* s = std::get_if<ArmTimer>(&c)) timers[s->timer] = s->at;
            if (const auto* s = std::get_if<CancelTimer>(&c)) timers.erase(s->timer);
            if (std::holds_alternative<EndCall>(c)) {
                ended = true;
                require(open_.empty());
            }
        }
        require(machine.ended() == ended);
        const auto& ledger = machine.ledger();
        const auto heard = ledger.heard_samples(now);
        require(heard >= last_heard_);
        last_heard_ = heard;
        require(ledger.acknowledged_samples() <= heard);
        require(heard + ledger.cleared_samples() <= ledger.handed_samples());
        require(ledger.outstanding_marks() <= Ledger::kMarks);
        require(machine.context().size() <= 64);
    }

    Machine machine;
    Known known;
    std::map<TimerId, Instant> timers;
    std::string record;
    bool ended = false;

private:
    std::set<ReplyId> open_;
    std::uint64_t last_heard_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    Bytes in(data, size);
    Settings settings;
    settings.max_duration = std::chrono::seconds(60);
    const auto flags = in.byte();
    settings.barge_in = (flags & 1U) == 0;
    settings.max_duration_warning = std::chrono::seconds((flags & 2U) != 0 ? 20 : 0);
    if ((flags & 4U) != 0) settings.fillers.clear();
    if ((flags & 8U) != 0) settings.goodbye_text.clear();

    Watched first(settings), second(settings);
    Instant now{0};
    auto both = [&](const Event& e) {
        first.on(e, now);
        second.on(e, now);
        require(first.record == second.record);
        first.record.clear();
        second.record.clear();
    };
    if ((flags & 16U) == 0) both(Started{});
    while (!in.empty()) {
        now += std::chrono::milliseconds(in.wide() % 8000);
        both(event(in, first.known));
    }
    // Left alone: only its own timers, in their order.
    if (first.timers.empty() && !first.ended) both(Started{});
    for (int i = 0; i < 20000 && !first.ended; ++i) {
        require(!first.timers.empty());
        auto next = first.timers.begin();
        for (auto t = first.timers.begin(); t != first.timers.end(); ++t)
            if (t->second < next->second) next = t;
        now = std::max(now, next->second);
        const auto id_fired = next->first;
        first.timers.erase(next);
        both(TimerFired{id_fired});
    }
    require(first.ended);
    return 0;
}
