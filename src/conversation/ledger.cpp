#include "parley/conversation/ledger.hpp"

#include <algorithm>
#include <limits>

#include "spoken_text.hpp"

namespace parley::conversation {
namespace {

// The clock counts in hundred-thousandths of a sample so that nothing is lost to rounding: 8 samples a millisecond less
// the 2 % by which a carrier may run slow are 784 units a microsecond.
constexpr std::uint64_t kUnits = 100'000;
constexpr std::uint64_t kUnitsPerMicrosecond = 784;
constexpr std::uint32_t kLongestHandOver = 8000 * 600;  // ten minutes, what a carrier would hold at most
constexpr std::size_t kLagsRemembered = 4;
constexpr Instant kLongestLag = std::chrono::milliseconds(500);

std::uint64_t elapsed_units(Instant from, Instant to) {
    return to > from ? static_cast<std::uint64_t>((to - from).count()) * kUnitsPerMicrosecond : 0;
}

std::uint64_t overlap(std::uint64_t begin, std::uint64_t end, std::uint64_t limit) {
    return std::min(end, std::max(begin, limit)) - begin;
}

}  // namespace

Ledger::Ledger(Instant carrier_delay) : carrier_delay_(carrier_delay) {
    // What a call in its stride needs; a stranger one grows up to the bounds.
    arrivals_.resize(kArrivalsAtFirst);
    marks_.reserve(kMarksAtFirst);
    spans_.reserve(kSpansAtFirst);
    lags_.reserve(kLagsRemembered + 1);
}

void Ledger::grow_arrivals() {
    std::rotate(arrivals_.begin(), arrivals_.begin() + static_cast<std::ptrdiff_t>(arrivals_first_), arrivals_.end());
    arrivals_first_ = 0;
    arrivals_.resize(std::min(2 * arrivals_.size(), kArrivals));
}

void Ledger::begin_segment(SegmentId segment, std::string text, std::uint32_t expected_samples) {
    if (segments_.size() == kSegments) segments_.pop_front();
    Segment fresh;
    fresh.id = segment;
    fresh.text = std::move(text);
    fresh.expected = expected_samples;
    segments_.push_back(std::move(fresh));
}

void Ledger::handed_over(SegmentId segment, std::uint32_t samples, Instant now) {
    samples = std::min(samples, kLongestHandOver);
    if (samples == 0) return;
    advance(now);
    if (arrivals_count_ == 0 && position(now) == handed_) anchored_ = false;

    const auto begin = handed_;
    handed_ += samples;
    Instant at = now + carrier_delay_ + lag_;
    if (arrivals_count_ == arrivals_.size() && arrivals_.size() < kArrivals) grow_arrivals();
    auto slot = [this](std::size_t index) -> Arrival& { return arrivals_[(arrivals_first_ + index) % arrivals_.size()]; };
    if (arrivals_count_ > 0) at = std::max(at, slot(arrivals_count_ - 1).at);
    if (arrivals_count_ == kArrivals) --arrivals_count_;
    slot(arrivals_count_++) = Arrival{handed_, at};

    if (Segment* known = find(segment)) known->handed += samples;
    if (!spans_.empty() && spans_.back().segment == segment && spans_.back().end == begin) {
        spans_.back().end = handed_;
    } else {
        if (spans_.size() == kSpans) fold_spans(now);
        spans_.push_back(Span{segment, begin, handed_});
    }
}

void Ledger::mark_sent(std::uint32_t mark, Instant now) {
    advance(now);
    if (marks_.size() == kMarks) marks_.erase(marks_.begin());
    marks_.push_back(Mark{mark, handed_, position_at(handed_, now)});
}

bool Ledger::mark_echoed(std::uint32_t mark, Instant now) {
    const auto found = std::find_if(marks_.begin(), marks_.end(), [mark](const Mark& m) { return m.id == mark; });
    if (found == marks_.end()) return false;
    const Mark echoed = *found;
    // The carrier answers in order, so an earlier mark still missing can tell nothing new any more.
    marks_.erase(marks_.begin(), found + 1);
    advance(now);
    if (echoed.position <= acked_position_) return true;

    if (!anchored_) learn_lag(now - echoed.expected);
    anchored_ = true;
    floor_ = std::max({floor_, echoed.position, played_ / kUnits});
    acked_position_ = echoed.position;
    acknowledged_ = acked_before_ + (acked_position_ - stretch_begin_);
    // From here the clock goes on: forward if the carrier is ahead of it, and back if it is behind (the claim made
    // already stays, and waits for the clock).
    played_ = echoed.position * kUnits;
    played_at_ = now;
    available_ = std::max(available_, echoed.position);
    while (arrivals_count_ > 0 && arrivals_[arrivals_first_].end <= available_) {
        arrivals_first_ = (arrivals_first_ + 1) % arrivals_.size();
        --arrivals_count_;
    }
    return true;
}

void Ledger::cleared(Instant now) {
    advance(now);
    const auto heard = position(now);
    for (const Span& span : spans_) settle(span, heard, true);
    spans_.clear();
    heard_before_ += heard - stretch_begin_;
    acked_before_ = acknowledged_;
    dropped_ += handed_ - heard;
    stretch_begin_ = acked_position_ = floor_ = available_ = handed_;
    played_ = handed_ * kUnits;
    played_at_ = now;
    anchored_ = false;
    arrivals_count_ = 0;
    marks_.clear();
}

void Ledger::segment_total(SegmentId segment, std::uint32_t samples) {
    if (Segment* known = find(segment)) known->total = samples;
}

void Ledger::align(SegmentId segment, std::uint32_t samples, std::size_t characters) {
    Segment* known = find(segment);
    if (known == nullptr || characters > known->text.size() || known->words.size() == kAlignments) return;
    const WordTime word{samples, static_cast<std::uint32_t>(characters)};
    if (!known->words.empty() && (word.samples < known->words.back().samples || word.characters <= known->words.back().characters)) return;
    known->words.push_back(word);
}

void Ledger::append_text(SegmentId segment, std::string_view more) {
    if (Segment* known = find(segment)) known->text += more;
}

std::string Ledger::cut(SegmentId segment) {
    Segment* known = find(segment);
    if (known == nullptr) return {};
    const auto kept = characters_at(*known, known->handed);
    std::string rest = known->text.substr(kept);
    known->text.resize(kept);
    while (!known->words.empty() && known->words.back().characters > kept) known->words.pop_back();
    known->total = known->handed;
    return rest;
}

std::uint64_t Ledger::heard_samples(Instant now) const {
    return heard_before_ + (position(now) - stretch_begin_);
}

Instant Ledger::all_heard_at(Instant now) const {
    return position_at(handed_, now);
}

Instant Ledger::heard_at(std::uint64_t samples, Instant now) const {
    const auto ahead = samples > heard_before_ ? samples - heard_before_ : 0;
    return position_at(std::min(stretch_begin_ + ahead, handed_), now);
}

Ledger::SegmentHeard Ledger::heard_of(SegmentId segment, Instant now) const {
    const Segment* known = find(segment);
    if (known == nullptr) return {};
    const auto samples = heard_in(*known, now);
    SegmentHeard heard;
    heard.samples = static_cast<std::uint32_t>(std::min<std::uint64_t>(samples, std::numeric_limits<std::uint32_t>::max()));
    heard.complete = known->total && !known->lost && samples >= *known->total;
    heard.characters = heard.complete ? known->text.size() : characters_at(*known, samples);
    return heard;
}

std::string Ledger::heard_text(SegmentId segment, Instant now) const {
    const Segment* known = find(segment);
    if (known == nullptr) return {};
    auto text = known->text.substr(0, heard_of(segment, now).characters);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t')) text.pop_back();
    return text;
}

void Ledger::advance(Instant now) {
    now = std::max(now, played_at_);
    played_ = played_units(now);
    played_at_ = now;
    while (arrivals_count_ > 0 && arrivals_[arrivals_first_].at <= now) {
        available_ = std::max(available_, arrivals_[arrivals_first_].end);
        arrivals_first_ = (arrivals_first_ + 1) % arrivals_.size();
        --arrivals_count_;
    }
}

std::uint64_t Ledger::played_units(Instant now) const {
    auto played = played_;
    auto time = played_at_;
    auto limit = available_;
    auto play_until = [&](Instant until) {
        played = std::min(std::max(played, limit * kUnits), played + elapsed_units(time, until));
        time = std::max(time, until);
    };
    for (std::size_t i = 0; i < arrivals_count_; ++i) {
        const Arrival& arrival = arrivals_[(arrivals_first_ + i) % arrivals_.size()];
        if (arrival.at > now) break;
        play_until(arrival.at);
        limit = std::max(limit, arrival.end);
    }
    play_until(now);
    return played;
}

std::uint64_t Ledger::position(Instant now) const {
    return std::max(floor_, played_units(now) / kUnits);
}

Instant Ledger::position_at(std::uint64_t wanted, Instant now) const {
    if (position(now) >= wanted) return now;
    auto played = played_;
    auto time = played_at_;
    auto limit = available_;
    const auto target = wanted * kUnits;
    auto play_to = [&](std::uint64_t units) {
        if (units <= played) return;
        time += Instant((units - played + kUnitsPerMicrosecond - 1) / kUnitsPerMicrosecond);
        played = units;
    };
    for (std::size_t i = 0; i < arrivals_count_ && played < target; ++i) {
        const Arrival& arrival = arrivals_[(arrivals_first_ + i) % arrivals_.size()];
        play_to(std::min(limit * kUnits, target));
        time = std::max(time, played < target ? arrival.at : time);
        limit = std::max(limit, arrival.end);
    }
    play_to(std::min(std::max(limit, wanted) * kUnits, target));
    return std::max(time, now);
}

// The first echo after a silence tells how much later than hoped the ear is reached. The least of the last few is
// believed for the audio that follows the next silence; single late echoes thus do not count.
void Ledger::learn_lag(Instant late) {
    lags_.push_back(std::clamp(lag_ + late, Instant{0}, kLongestLag));
    if (lags_.size() > kLagsRemembered) lags_.erase(lags_.begin());
    if (lags_.size() > 1) lag_ = *std::min_element(lags_.begin(), lags_.end());
}

void Ledger::settle(const Span& span, std::uint64_t heard_position, bool final) {
    Segment* segment = find(span.segment);
    if (segment == nullptr) return;
    const auto heard = overlap(span.begin, span.end, heard_position);
    segment->settled += heard;
    if (final && heard < span.end - span.begin) segment->lost = true;
}

void Ledger::fold_spans(Instant now) {
    const auto heard = position(now);
    auto keep = std::find_if(spans_.begin(), spans_.end(), [heard](const Span& s) { return s.end > heard; });
    if (keep == spans_.begin()) ++keep;
    for (auto span = spans_.begin(); span != keep; ++span) settle(*span, heard, true);
    spans_.erase(spans_.begin(), keep);
}

Ledger::Segment* Ledger::find(SegmentId segment) {
    return const_cast<Segment*>(static_cast<const Ledger*>(this)->find(segment));
}

const Ledger::Segment* Ledger::find(SegmentId segment) const {
    const auto found = std::find_if(segments_.rbegin(), segments_.rend(), [segment](const Segment& s) { return s.id == segment; });
    return found == segments_.rend() ? nullptr : &*found;
}

std::uint64_t Ledger::heard_in(const Segment& segment, Instant now) const {
    auto samples = segment.settled;
    const auto heard = position(now);
    for (const Span& span : spans_) {
        if (span.begin >= heard) break;
        if (span.segment == segment.id) samples += overlap(span.begin, span.end, heard);
    }
    return samples;
}

std::uint64_t Ledger::length_of(const Segment& segment) {
    if (segment.total) return std::max<std::uint64_t>(*segment.total, 1);
    return std::max({segment.expected, segment.handed + 1, longest_likely(segment.text)});
}

std::size_t Ledger::characters_at(const Segment& segment, std::uint64_t samples) {
    return spoken_prefix(segment.text, segment.words, samples, length_of(segment));
}

}  // namespace parley::conversation
