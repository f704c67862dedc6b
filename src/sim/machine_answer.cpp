#include "machine_answer.hpp"

#include <cmath>
#include <numbers>

#include "carrier_call.hpp"

namespace parley::sim {
namespace {

Pcm8k beep() {
    Pcm8k out(kSampleRate / 2);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::int16_t>(6000 * std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(i) / kSampleRate));
    return out;
}

}  // namespace

Task<> MachineAnswer::until(Sample line) {
    while (!call_.over() && call_.line_now() < line) co_await call_.changed().wait(call_.time_of(line));
}

Task<> MachineAnswer::play() {
    co_await until(greeting_->before.count() * 8);
    auto speak = [&voice = call_.deps().voice, text = greeting_->text, style = greeting_->voice] { return voice.speak(text, style); };
    const auto words = co_await call_.compute(std::move(speak));
    if (call_.over()) co_return;
    const auto voiced = voiced_part(words).value_or(Interval{0, static_cast<Sample>(words.size())});
    const auto start = call_.speak(to_mulaw(words));
    spoken_ = Interval{start + voiced.from, start + voiced.to};
    call_.say_line({TranscriptLine::Who::caller, call_.ms_of_line(spoken_->from), call_.ms_of_line(spoken_->to), greeting_->text, false, 1});
    call_.changed().notify();
    co_await until(start + static_cast<Sample>(words.size()) + greeting_->after.count() * 8);
    if (call_.over()) co_return;
    if (greeting_->beep) {
        const auto tone = beep();
        const auto at = call_.speak(to_mulaw(tone));
        beep_end_ = at + static_cast<Sample>(tone.size());
        call_.changed().notify();
        co_await until(*beep_end_);
    }
    // Recording: silence goes out, what comes in is kept, until nothing has come in for a while.
    call_.advance();
    const auto from = call_.speaker().now();
    const auto begun = call_.line_now();
    const auto longest = begun + greeting_->longest.count() * 8;
    auto& message = call_.report().message;
    message = Interval{from, from};
    while (!call_.over()) {
        const auto last = call_.agent().last_voice();
        const auto quiet_since = last && *last > from ? call_.line_of(*last) : begun;
        const auto deadline = std::min(longest, quiet_since + greeting_->patience.count() * 8);
        if (call_.line_now() >= deadline) break;
        co_await call_.changed().wait(call_.time_of(deadline));
        call_.advance();
        message->to = std::max(message->to, call_.speaker().now());
    }
    call_.end("caller");
}

}  // namespace parley::sim
