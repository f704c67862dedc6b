// The voice's side: texts in the order given, each from the vendor whose turn it is, or from what was synthesised beforehand.

#include <algorithm>
#include <deque>

#include "lines.hpp"

namespace parley::brain::upstream {

namespace {

using namespace std::chrono_literals;
using vendors::Failure;
using vendors::FailureKind;

constexpr std::size_t kPiece = 1600;  // samples of a fixed phrase given at a time
constexpr auto kSpokenAgain = 200ms;

class Tts final : public TtsRole {
public:
    explicit Tts(std::shared_ptr<const Place> place)
        : place_(std::move(place)),
          order_(place_->settings.tts, "tts", place_->shared),
          closing_(place_->ports.executor),
          later_(place_->ports.executor),
          reconnect_(order_.size()) {
        if (!place_->settings.warm) return;
        // Backups too: the moment one is needed is the wrong one to shake hands with it.
        for (std::size_t i = 0; i < order_.size(); ++i)
            if (welcome(i)) open_line(i, Clock::now());
    }

    // --- the call's side ---------------------------------------------------------------------------------------------

    void speak(SegmentId segment, ReplyId, std::string_view text) override {
        if (const auto fixed = place_->phrases != nullptr ? place_->phrases->find(text) : nullptr) {
            post([this, segment, fixed] {
                for (std::size_t at = 0; at < fixed->size(); at += kPiece)
                    place_->ports.tts.on_audio(segment, std::span(*fixed).subspan(at, std::min(kPiece, fixed->size() - at)));
                place_->ports.tts.on_synthesized(segment);
            });
            return;
        }
        Job job;
        job.segment = segment;
        job.text = std::string(text);
        jobs_.push_back(std::move(job));
        give(jobs_.back(), Clock::now());
    }

    void cancel_all() override {
        ++epoch_;
        for (auto& job : jobs_) record(job, "cancelled", {});
        jobs_.clear();
        const auto now = Clock::now();
        for (auto& line : lines_) {
            if (!line) continue;
            line->stream->cancel_all();
            line->cancelled = now;
        }
    }

    void tick(TimePoint now) override {
        if (later_.stopped()) return;
        const auto& budgets = place_->settings.budgets;
        // Vendors speak texts one after another, so only the first of a line's jobs is owed.
        bool first = true;
        for (auto& job : jobs_) {
            if (job.retry_at && now >= *job.retry_at) {
                job.retry_at.reset();
                if (!give(job, now)) give_up(job.segment, "no voice can be reached");
                return;
            }
            if (job.line == nullptr || !std::exchange(first, false)) continue;
            if (job.samples == 0 && now - job.line->waiting_since >= budgets.tts_first) {
                job_failed(job, Failure{FailureKind::timeout, "no audio within its time", 0, "first_byte", job.line->request_id, {}}, true);
                return;
            }
            if (job.samples > 0 && now - job.last >= budgets.tts_stall) {
                job_failed(job, Failure{FailureKind::stalled, "audio stopped coming", 0, "stream", job.line->request_id, {}}, true);
                return;
            }
            if (job.samples > 0) {
                const auto spoken = std::chrono::microseconds(std::int64_t{job.samples} * 125);
                if (now - job.first - spoken > budgets.tts_behind) job.line->slow = true;
            }
        }
        if (!place_->settings.warm) return;
        for (std::size_t i = 0; i < order_.size(); ++i) {
            if (!line_of(i) && reconnect_[i].due(now) && welcome(i)) open_line(i, now);
        }
        roll_over(now);
    }

    net::Task<> close() override {
        later_.stop();
        for (auto& job : jobs_) record(job, "cancelled", {});
        jobs_.clear();
        for (auto& line : lines_) retire(std::move(line));
        co_await closing_.join();
    }

private:
    struct Line;
    struct Job {
        SegmentId segment = 0;
        std::string text;
        Line* line = nullptr;
        vendors::SpeechTag tag = 0;
        TimePoint given{}, first{}, last{};
        std::uint32_t samples = 0, attempt = 0;
        std::optional<TimePoint> retry_at;
        std::vector<std::size_t> tried;
    };
    struct Line final : vendors::TtsSink {
        Line(Tts& to, std::size_t which) : owner(to), index(which), opened(Clock::now()) {}
        Tts& owner;
        std::size_t index;
        TimePoint opened;
        std::unique_ptr<vendors::TtsStream> stream;
        std::string request_id;
        bool retired = false, slow = false;
        TimePoint waiting_since{};  // owed from here on: the first text of those that wait, or the last sound
        TimePoint cancelled{};
        bool mute = false;  // no sound since

        void on_tts_open(std::string_view id) override {
            request_id = id;
            owner.reconnect_[index].accepted();
        }
        void on_tts_audio(vendors::SpeechTag tag, std::span<const std::int16_t> pcm) override {
            if (!retired && !pcm.empty()) owner.audio(*this, tag, pcm);
        }
        void on_tts_word(vendors::SpeechTag tag, std::uint32_t samples, std::uint32_t characters) override {
            if (auto* job = retired ? nullptr : owner.find(*this, tag)) owner.place_->ports.tts.on_word(job->segment, samples, characters);
        }
        void on_tts_done(vendors::SpeechTag tag) override {
            if (!retired) owner.finished(*this, tag);
        }
        void on_tts_failed(vendors::SpeechTag tag, const Failure& failure) override {
            if (!retired) owner.line_failed(*this, tag, vendors::without_key(failure, owner.order_.at(index).key.reveal()));
        }
    };

    [[nodiscard]] Job* find(const Line& line, vendors::SpeechTag tag) {
        const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.line == &line && job.tag == tag; });
        return found == jobs_.end() ? nullptr : &*found;
    }
    [[nodiscard]] Line* line_of(std::size_t index) const {
        for (const auto& line : lines_)
            if (line && line->index == index) return line.get();
        return nullptr;
    }

    void audio(Line& line, vendors::SpeechTag tag, std::span<const std::int16_t> pcm) {
        auto* job = find(line, tag);
        if (job == nullptr) return;
        job->last = Clock::now();
        if (job->samples == 0) {
            job->first = job->last;
            order_.health(line.index).success(job->last, job->first - line.waiting_since);
        }
        line.waiting_since = job->last;
        line.mute = false;
        job->samples += static_cast<std::uint32_t>(pcm.size());
        place_->ports.tts.on_audio(job->segment, pcm);
    }

    void finished(Line& line, vendors::SpeechTag tag) {
        auto* job = find(line, tag);
        if (job == nullptr) return;
        if (job->samples == 0) {
            job_failed(*job, Failure{FailureKind::empty_audio, "no audio for a text", 0, "stream", line.request_id, {}}, false);
            return;
        }
        record(*job, "ok", {});
        const auto segment = job->segment;
        std::erase_if(jobs_, [segment](const Job& other) { return other.segment == segment; });
        place_->ports.tts.on_synthesized(segment);
    }

    void line_failed(Line& line, vendors::SpeechTag tag, const Failure& failure) {
        if (tag != 0) {
            if (auto* job = find(line, tag)) job_failed(*job, failure, false);
            return;
        }
        const auto index = line.index;
        const auto now = Clock::now();
        const bool owed = std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.line == &line; });
        if (owed || failure.kind != FailureKind::closed) order_.health(index).failure(now, failure);
        reconnect_[index].lost(now);
        drop_line(line);
        fail_over(index, failure, now);
    }

    // One text failed. `all`: whatever else waits at that line will fail with it.
    void job_failed(Job& job, const Failure& failure, bool all) {
        const auto now = Clock::now();
        const auto index = job.line->index;
        order_.health(index).failure(now, failure);
        if (!vendors::worth_retrying(failure)) order_.avoid(index, now);
        if (all) {
            reconnect_[index].after_loss(now);
            drop_line(*job.line);
        } else {
            job.line = nullptr;
        }
        fail_over(index, failure, now);
    }

    // Every job without a line is given to the next vendor, in order; one that was half spoken is the core's to say again.
    void fail_over(std::size_t from, const Failure& failure, TimePoint now) {
        std::vector<SegmentId> broken;
        bool told = false;
        // One moment for all that wait: texts are spoken in the order they are given.
        const auto again = now + failure.retry_after.value_or(jittered(place_->settings.budgets.retry_after));
        for (auto& job : jobs_) {
            if (job.line != nullptr || job.retry_at) continue;
            record(job, vendors::name(failure.kind), failure.reason, from);
            if (job.samples > 0) {
                // What is left of the sentence is not entrusted to it again.
                order_.avoid(from, now);
                broken.push_back(job.segment);
                continue;
            }
            ++job.attempt;
            if (vendors::worth_retrying(failure) && job.attempt == 1 && order_.health(from).take_retry()) {
                job.retry_at = again;
                continue;
            }
            job.tried.push_back(from);
            if (!give(job, now))
                broken.push_back(job.segment);
            else if (!std::exchange(told, true))
                place_->ports.vendor.on_failover("tts", order_.at(from).name, order_.at(job.line->index).name, failure.reason);
        }
        if (!broken.empty() && !told) {
            // The core says the rest again, and whoever is next then speaks it.
            for (std::size_t i = 0; i < order_.size() && !told; ++i) {
                if (i == from || order_.avoided(i, now)) continue;
                told = true;
                place_->ports.vendor.on_failover("tts", order_.at(from).name, order_.at(i).name, failure.reason);
            }
        }
        for (const auto segment : broken) give_up(segment, failure.reason);
    }
    void give_up(SegmentId segment, std::string reason) {
        std::erase_if(jobs_, [segment](const Job& job) { return job.segment == segment; });
        post([this, segment, reason = std::move(reason)] { place_->ports.tts.on_tts_failed(segment, reason); });
    }

    bool give(Job& job, TimePoint now) {
        auto skip = job.tried;
        // A line that cannot keep up is passed over from the next sentence on, while there is another.
        for (const auto& line : lines_)
            if (line && line->slow && order_.size() > 1) skip.push_back(line->index);
        auto index = order_.choose(now, skip);
        if (!index) index = order_.choose(now, job.tried);
        if (!index) {
            if (job.attempt == 0) give_up(job.segment, "no voice can be reached");
            return false;
        }
        order_.health(*index).request();
        auto* line = line_of(*index);
        if (line == nullptr) line = open_line(*index, now);
        const bool waits = std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& other) { return &other != &job && other.line == line; });
        // The same text again behind a filler: its vendor has been silent for as long as before.
        const bool again = line->mute && now - line->cancelled < kSpokenAgain;
        if (!waits && !again) line->waiting_since = now;
        line->mute = true;
        job.line = line;
        job.tag = ++last_tag_;
        job.given = now;
        line->stream->speak(job.tag, job.text);
        return true;
    }

    // Behind an open breaker only the sentence that is its probe connects: not every call, again and again, to be refused.
    [[nodiscard]] bool welcome(std::size_t index) const { return order_.health(index).state() == vendors::BreakerState::closed; }

    Line* open_line(std::size_t index, TimePoint now) {
        auto line = std::make_unique<Line>(*this, index);
        line->stream = place_->makers.tts(order_.at(index), place_->link(order_.at(index)), *line);
        line->opened = now;
        line->stream->open();
        lines_.push_back(std::move(line));
        return lines_.back().get();
    }

    void roll_over(TimePoint now) {
        const auto limit = place_->settings.session_limit;
        if (limit.count() == 0 || !jobs_.empty()) return;
        for (auto& line : lines_) {
            if (!line || now - line->opened < limit * 4 / 5) continue;
            const auto index = line->index;
            drop_line(*line);
            open_line(index, now);
            return;
        }
    }

    void drop_line(Line& line) {
        for (auto& job : jobs_)
            if (job.line == &line) job.line = nullptr;
        for (auto& held : lines_)
            if (held.get() == &line) retire(std::move(held));
        std::erase(lines_, nullptr);
    }
    void retire(std::unique_ptr<Line> line) {
        if (!line) return;
        line->retired = true;
        closing_.spawn(close_line(std::move(line)));
    }

    void record(const Job& job, std::string_view outcome, std::string_view reason, std::optional<std::size_t> index = std::nullopt) {
        if (job.line == nullptr && !index) return;
        const auto which = index ? *index : job.line->index;
        VendorRecord made;
        made.outcome = outcome;
        made.reason = reason;
        if (job.line != nullptr) made.request_id = job.line->request_id;
        const auto now = Clock::now();
        made.began = place_->since_began(job.given);
        made.lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - job.given);
        if (job.samples > 0) made.first_byte = std::chrono::duration_cast<std::chrono::milliseconds>(job.first - job.given);
        made.characters = static_cast<std::uint32_t>(job.text.size());
        made.attempt = job.attempt + 1;
        made.backup = which != 0;
        place_->record("tts", order_.at(which), std::move(made));
    }

    // Unless all speech is cancelled meanwhile.
    void post(std::function<void()> f) {
        later_.post([this, epoch = epoch_, f = std::move(f)] {
            if (epoch == epoch_) f();
        });
    }

    std::shared_ptr<const Place> place_;
    Order order_;
    net::Nursery closing_;
    std::vector<std::unique_ptr<Line>> lines_;
    std::deque<Job> jobs_;
    Later later_;
    std::vector<Reconnect> reconnect_;
    std::uint64_t epoch_ = 0;
    vendors::SpeechTag last_tag_ = 0;
};

}  // namespace

std::unique_ptr<TtsRole> make_tts_role(std::shared_ptr<const Place> place) {
    return std::make_unique<Tts>(std::move(place));
}

}  // namespace parley::brain::upstream
