// Recognition by vendors: one stream open all the time, the present utterance kept so that a backup can hear it again from its beginning.

#include <algorithm>

#include "lines.hpp"

namespace parley::brain::upstream {

namespace {

using namespace std::chrono_literals;
using vendors::Failure;
using vendors::FailureKind;

constexpr auto kLookBack = 5s;
constexpr std::size_t kMostText = 4096;  // of one turn; what a recogniser says beyond is not language (catalogue P16)

class Stt final : public SttRole {
public:
    explicit Stt(std::shared_ptr<const Place> place)
        : place_(std::move(place)), order_(place_->settings.stt, "stt", place_->shared), closing_(place_->ports.executor), later_(place_->ports.executor) {
        if (place_->settings.warm) open_line(Clock::now());
    }

    // --- the call's side ---------------------------------------------------------------------------------------------

    void audio(const CallerAudio& frame) override {
        memory_.keep(frame.mulaw, current_ != 0);
        if (line_) line_->stream->audio({frame.mulaw, frame.pcm8k});
    }

    void begin(UtteranceId utterance) override {
        const auto now = Clock::now();
        current_ = utterance;
        asked_ = false;
        pieces_.clear();
        interim_.clear();
        confidence_ = 1;
        turn_over_ = false;
        moved_ = 0;
        began_ = now;
        heard_from_vendor_ = {};
        if (!line_) open_line(now);
    }

    void finish(UtteranceId utterance) override {
        if (utterance != current_ || asked_) return;
        asked_ = true;
        finalized_ = false;
        asked_at_ = Clock::now();
        if (turn_over_ && interim_.empty() && !pieces_.empty()) {
            // The vendor ended this turn before we did: nothing is missing. Not from within the core's own call.
            later_.post([this, utterance] {
                if (utterance == current_ && asked_) answer();
            });
            return;
        }
        if (line_) {
            line_->owes_final = true;
            line_->stream->finalize();
        }
    }

    void drop(UtteranceId utterance) override {
        if (utterance != current_) return;
        current_ = 0;
        asked_ = false;
        if (line_ && (!interim_.empty() || !turn_over_)) {
            line_->ignore_until = Clock::now() + 1s;  // its text must not stand before the next utterance's
            line_->stream->finalize();
        }
        interim_.clear();
        pieces_.clear();
    }

    void expect(std::string_view what) override {
        hint_ = what;
        if (line_ && !hint_.empty()) line_->stream->hint(hint_);
    }

    void tick(TimePoint now) override {
        if (later_.stopped()) return;
        if (line_ && now - line_->opened - line_->told.lasted >= kTellEvery) tell_use(*place_, "stt", order_.at(line_->index), *line_, now);
        if (!line_ && reconnect_.due(now) && (place_->settings.warm || current_ != 0)) open_line(now);
        roll_over(now);
        if (current_ == 0) return;
        if (asked_) {
            if (now - asked_at_ < place_->settings.budgets.stt_final) return;
            if (!line_) {
                nobody(now);
                return;
            }
            if (!text().empty()) {
                if (line_) line_->ignore_until = now + 2s;
                answer();  // a late final is worse than an interim (catalogue P14)
            } else if (moved_ > order_.size()) {
                lost();
            } else if ((heard_from_vendor_ >= began_ && finalized_) || heard_from_vendor_ >= asked_at_ || moved_ > 0) {
                answer();  // it did answer, with nothing
            } else {
                move_on(now, Failure{FailureKind::timeout, "no final transcript within its time", 0, "final", {}, {}});
            }
            return;
        }
        const auto last = std::max(began_, heard_from_vendor_);
        if (line_ && now - last >= place_->settings.budgets.stt_silent && now - began_ >= place_->settings.budgets.stt_silent && moved_ == 0)
            move_on(now, Failure{FailureKind::stalled, "nothing recognised while the caller speaks", 0, "stream", {}, {}});
    }

    net::Task<> close() override {
        later_.stop();
        retire(std::move(line_), "ok", {});
        co_await closing_.join();
    }

private:
    // One stream and its sink. What a retired one still says is not heard.
    struct Line final : vendors::SttSink {
        Line(Stt& to, std::size_t which) : owner(to), index(which), opened(Clock::now()) {}
        Stt& owner;
        std::size_t index;
        TimePoint opened;
        std::unique_ptr<vendors::SttStream> stream;
        std::string request_id;
        std::optional<std::chrono::milliseconds> first_byte;
        bool owes_final = false, retired = false, understood = false;
        Told told;
        TimePoint ignore_until{};

        [[nodiscard]] bool deaf() {
            if (retired) return true;
            owner.heard_from_vendor_ = Clock::now();
            return ignore_until > owner.heard_from_vendor_;
        }
        void on_stt_open(std::string_view id) override {
            if (retired) return;
            request_id = id;
            first_byte = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - opened);
            owner.reconnect_.accepted();
        }
        void on_speech_started() override { (void)deaf(); }
        // Accepting a connection is no proof of recognising anything.
        void proved() {
            if (!std::exchange(understood, true)) owner.order_.health(index).success(Clock::now());
        }
        void on_piece(std::string_view text, double confidence) override {
            proved();
            if (!deaf()) owner.piece(text, confidence);
        }
        void on_interim(std::string_view text) override {
            proved();
            if (!deaf()) owner.interim(text);
        }
        void on_end_of_turn(double confidence, bool eager) override {
            if (!deaf()) owner.end_of_turn(confidence, eager);
        }
        void on_turn_resumed() override {
            if (!deaf()) owner.turn_resumed();
        }
        void on_finalized() override {
            if (retired) return;
            ignore_until = {};
            if (!std::exchange(owes_final, false) || owner.current_ == 0 || !owner.asked_) return;
            // "Nothing more to come" although somebody spoke: a slow vendor, or a dead line. Its time is not over yet.
            if (owner.text().empty())
                owner.finalized_ = true;
            else
                owner.answer();
        }
        void on_stt_failed(const Failure& failure) override {
            if (!retired) owner.line_failed(vendors::without_key(failure, owner.order_.at(index).key.reveal()));
        }
    };

    // --- what the vendor says ----------------------------------------------------------------------------------------

    [[nodiscard]] std::string text() const {
        std::string all = pieces_;
        if (!all.empty() && !interim_.empty()) all += ' ';
        return all + interim_;
    }
    void piece(std::string_view words, double confidence) {
        if (current_ == 0) return;
        interim_.clear();
        if (!words.empty() && pieces_.size() < kMostText) {
            if (!pieces_.empty()) pieces_ += ' ';
            pieces_ += words.substr(0, kMostText - std::min(kMostText, pieces_.size()));
            confidence_ = std::min(confidence_, confidence);
        }
        turn_over_ = false;
        if (!asked_)
            place_->ports.stt.on_partial(current_, text());
        else if (finalized_ && !pieces_.empty())
            answer();
    }
    void interim(std::string_view words) {
        if (current_ == 0) return;
        interim_ = words.substr(0, kMostText - std::min(kMostText, pieces_.size()));
        turn_over_ = false;
        if (!asked_) place_->ports.stt.on_partial(current_, text());
    }
    void end_of_turn(double confidence, bool eager) {
        if (current_ == 0) return;
        if (!eager) turn_over_ = true;
        if (asked_) {
            if (!eager && interim_.empty() && !pieces_.empty()) answer();
            return;
        }
        if (!eager || place_->settings.speculate) place_->ports.stt.on_turn_end(current_, confidence, eager);
    }
    void turn_resumed() {
        turn_over_ = false;
        if (current_ != 0 && !asked_) place_->ports.stt.on_turn_resumed(current_);
    }
    void answer() {
        const auto utterance = std::exchange(current_, 0);
        asked_ = false;
        const auto words = text();
        interim_.clear();
        pieces_.clear();
        memory_.utterance_over();
        if (line_) line_->owes_final = false;
        place_->ports.stt.on_final(utterance, words, words.empty() ? 0 : confidence_);
    }

    // --- streams -----------------------------------------------------------------------------------------------------

    void open_line(TimePoint now, const std::vector<std::size_t>& tried = {}) { open_line(now, order_.choose(now, tried)); }
    void open_line(TimePoint now, std::optional<std::size_t> index) {
        if (!index) {
            reconnect_.nobody_there(now);
            nobody(now);
            return;
        }
        order_.health(*index).request();
        auto line = std::make_unique<Line>(*this, *index);
        line->stream = place_->makers.stt(order_.at(*index), place_->link(order_.at(*index)), *line);
        line_ = std::move(line);
        line_->stream->open();
        if (!hint_.empty()) line_->stream->hint(hint_);
        // What was said so far, again: the stream takes it as fast as it comes.
        memory_.tell(*line_->stream);
        if (asked_) {
            line_->owes_final = true;
            line_->stream->finalize();
        }
    }

    // Nobody to ask just now. While the caller speaks that may pass: what he says is kept. Once it is owed, the core must know.
    void nobody(TimePoint now) {
        if (current_ == 0 || !asked_ || now - asked_at_ < place_->settings.budgets.stt_final) return;
        if (!text().empty()) {
            answer();
            return;
        }
        lost();
    }
    void lost() {
        const auto utterance = std::exchange(current_, 0);
        asked_ = false;
        later_.post([this, utterance] { place_->ports.stt.on_stt_failed(utterance, "no recogniser can be reached"); });
    }

    void line_failed(const Failure& failure) {
        const auto now = Clock::now();
        const bool owed = current_ != 0;
        // A stream that ends between two utterances was nobody's loss: another is opened, at the same vendor if it may be.
        const bool quiet_end = !owed && (failure.kind == FailureKind::closed || failure.kind == FailureKind::session_limit);
        if (quiet_end) {
            retire(std::move(line_), "ok", failure.reason);
            reconnect_.lost(now);
            return;
        }
        move_on(now, failure);
    }

    void move_on(TimePoint now, const Failure& failure) {
        if (!line_) {
            open_line(now);
            return;
        }
        const auto from = line_->index;
        order_.health(from).failure(now, failure);
        if (!vendors::worth_retrying(failure) || moved_ > 0) order_.avoid(from, now);
        const bool again = vendors::worth_retrying(failure) && moved_ == 0 && order_.health(from).take_retry();
        retire(std::move(line_), vendors::name(failure.kind), failure.reason, failure.request_id);
        ++moved_;
        if (current_ != 0 && moved_ <= order_.size()) asked_at_ = now;  // the next one gets its own time, as long as there is a next one
        if (current_ != 0 && moved_ > order_.size() + 1) {
            nobody(now);
            reconnect_.after_loss(now);
            return;
        }
        if (current_ == 0) {
            reconnect_.lost(now);
            return;
        }
        pieces_.clear();  // the next one hears the utterance from its beginning
        interim_.clear();
        turn_over_ = false;
        if (again) {
            reconnect_.at(now + failure.retry_after.value_or(jittered(place_->settings.budgets.retry_after)));
            return;
        }
        open_line(now, std::vector{from});
        if (line_ && line_->index != from) place_->ports.vendor.on_failover("stt", order_.at(from).name, order_.at(line_->index).name, failure.reason);
    }

    void roll_over(TimePoint now) {
        if (!line_ || current_ != 0) return;
        const auto limit = place_->settings.session_limit;
        if (limit.count() > 0 && now - line_->opened >= limit * 4 / 5) {
            retire(std::move(line_), "ok", "rolled over before the vendor's session limit");
            open_line(now);
            return;
        }
        // Back to a vendor of higher rank that recovered, between two utterances, looked for once in a while.
        if (line_->index == 0 || now < look_back_at_) return;
        look_back_at_ = now + kLookBack;
        const auto best = order_.choose(now);
        if (!best || *best >= line_->index) return;
        retire(std::move(line_), "ok", "a vendor of higher rank is back");
        open_line(now, best);  // asked for once: a breaker lets one probe through
    }

    void retire(std::unique_ptr<Line> line, std::string_view outcome, std::string_view reason, std::string_view request_id = {}) {
        if (!line) return;
        line->retired = true;
        auto record = record_of(*place_, *line, outcome, reason, request_id);
        if (line->first_byte) record.first_byte = *line->first_byte;
        take_told(record, *line);
        place_->record("stt", order_.at(line->index), std::move(record));
        closing_.spawn(close_line(std::move(line)));
    }

    std::shared_ptr<const Place> place_;
    Order order_;
    net::Nursery closing_;
    std::unique_ptr<Line> line_;
    Later later_;
    Reconnect reconnect_;
    CallerMemory memory_;
    std::string hint_, pieces_, interim_;
    double confidence_ = 1;
    UtteranceId current_ = 0;
    bool asked_ = false, turn_over_ = false;
    bool finalized_ = false;  // the vendor has nothing more for the utterance asked for
    std::size_t moved_ = 0;   // streams the present utterance has used up
    TimePoint look_back_at_{}, began_{}, asked_at_{}, heard_from_vendor_{};
};

}  // namespace

std::unique_ptr<SttRole> make_stt_role(std::shared_ptr<const Place> place) {
    return std::make_unique<Stt>(std::move(place));
}

}  // namespace parley::brain::upstream
