#include "caller_script.hpp"

#include <algorithm>

namespace parley::sim {
namespace {

Sample samples(milliseconds ms) {
    return ms.count() * 8;
}

}  // namespace

void CallerScript::fail(const std::string& where, const std::string& what) {
    call_.report().failures.push_back((where.empty() ? "" : where + ": ") + what);
}

Task<CallerScript::Clip> CallerScript::clip(const SayStep& say) {
    Clip out;
    out.text = say.text;
    auto speak = [&voice = call_.deps().voice, text = say.text, style = say.style.value_or(call_.scenario().voice)] { return voice.speak(text, style); };
    out.pcm = co_await call_.compute(std::move(speak));
    out.voiced = voiced_part(out.pcm).value_or(Interval{0, static_cast<Sample>(out.pcm.size())});
    co_return out;
}

Task<CallerScript::Clip> CallerScript::clip(const PlayStep& play) {
    Clip out;
    out.text = play.text;
    auto read = [file = play.file] { return read_wav(file); };
    auto wav = co_await call_.compute(std::move(read));
    if (wav) out.pcm = std::move(*wav);
    out.voiced = voiced_part(out.pcm).value_or(Interval{0, static_cast<Sample>(out.pcm.size())});
    if (!wav) call_.report().failures.push_back(play.file.string() + ": " + wav.error().message());
    if (out.text.empty()) out.text = "[" + play.file.filename().string() + "]";
    co_return out;
}

Task<CallerScript::Clip> CallerScript::clip(const std::variant<SayStep, PlayStep>& what) {
    if (const auto* say = std::get_if<SayStep>(&what)) co_return co_await clip(*say);
    co_return co_await clip(std::get<PlayStep>(what));
}

Task<> CallerScript::utter(Clip clip, bool interruption) {
    const auto start = call_.speak(to_mulaw(clip.pcm));
    const auto end = start + static_cast<Sample>(clip.pcm.size());
    const Utterance utterance{clip.text, start + clip.voiced.from, start + clip.voiced.to, interruption};
    call_.utterances().push_back(utterance);
    turn_from_ = call_.play_of(utterance.from);
    call_.say_line({TranscriptLine::Who::caller, call_.ms_of_line(utterance.from), call_.ms_of_line(utterance.to), clip.text, false, 1});
    call_.changed().notify();
    while (!call_.over() && call_.line_now() < end) co_await call_.changed().wait(call_.time_of(end));
}

// Silence after speech: the agent has begun a stretch since the caller's last words, and has been quiet for so long.
Task<bool> CallerScript::wait_silence(milliseconds silence, Sample until) {
    while (!call_.over() && call_.line_now() < until) {
        call_.advance();
        const auto onset = call_.agent().onset();
        auto look_again = until;
        if (onset && *onset >= turn_from_) {
            const auto quiet_at = call_.line_of(*call_.agent().last_voice() + samples(silence));
            if (call_.line_now() >= quiet_at) co_return true;
            look_again = std::min(until, quiet_at);
        }
        co_await call_.changed().wait(call_.time_of(look_again));
    }
    co_return false;
}

Task<bool> CallerScript::wait(const WaitStep& wait, const std::string& where) {
    using For = WaitStep::For;
    const auto until = call_.line_now() + samples(wait.within);
    switch (wait.what) {
        case For::answer:
            co_return true;  // the steps begin with the answer
        case For::hangup: {
            while (!call_.over() && call_.line_now() < until) co_await call_.changed().wait(call_.time_of(until));
            if (!call_.over()) fail(where, "the agent did not hang up");
            co_return call_.over();
        }
        case For::agent_speech: {
            while (!call_.over() && call_.line_now() < until) {
                if (call_.agent().speaking()) co_return true;
                co_await call_.changed().wait(call_.time_of(until));
            }
            fail(where, "the agent did not speak");
            co_return false;
        }
        case For::agent_silence: {
            const bool silent = co_await wait_silence(wait.silence, until);
            if (!silent) fail(where, "the agent did not speak and pause within the time");
            co_return silent;
        }
        default:
            break;
    }
    const auto from = turn_from_;
    while (!call_.over()) {
        const bool silent = co_await wait_silence(milliseconds(300), until);
        if (!silent) break;
        // What is said while this is being understood is looked at next.
        const auto last = call_.agent().last_voice();
        const auto to = call_.speaker().now();
        const auto heard = co_await phrases_between(wait.text, from, to);
        if (holds(wait.text, heard)) co_return true;
        // Not yet: wait for the next stretch of speech.
        while (!call_.over() && call_.line_now() < until && call_.agent().last_voice() == last) co_await call_.changed().wait(call_.time_of(until));
    }
    fail(where, "the text was not heard within the time");
    co_return false;
}

Task<bool> CallerScript::interrupt(const InterruptStep& interrupt, const std::string& where) {
    auto words = co_await clip(interrupt.what);
    const auto until = call_.line_now() + samples(interrupt.within);
    while (!call_.over() && call_.line_now() < until) {
        const auto onset = call_.agent().onset();
        if (onset && *onset >= turn_from_ && call_.agent().speaking()) break;
        co_await call_.changed().wait(call_.time_of(until));
    }
    if (call_.over() || !call_.agent().speaking()) {
        fail(where, "there was no reply to interrupt");
        co_return false;
    }
    const auto moment = call_.line_of(*call_.agent().onset() + samples(interrupt.after));
    while (!call_.over() && call_.line_now() < moment) co_await call_.changed().wait(call_.time_of(moment));
    call_.advance();
    const bool speaking = call_.agent().speaking();
    if (!speaking) fail(where, "the reply was over before it could be interrupted");
    co_await utter(std::move(words), speaking);
    co_return true;
}

Task<> CallerScript::dtmf(const DtmfStep& dtmf) {
    const auto sleep = [this](milliseconds length) -> Task<> {
        const auto until = call_.line_now() + samples(length);
        while (!call_.over() && call_.line_now() < until) co_await call_.changed().wait(call_.time_of(until));
    };
    const auto now = call_.ms_now();
    call_.say_line({TranscriptLine::Who::caller, now, now, "[keys " + dtmf.keys + "]", false, 1});
    turn_from_ = call_.play_of(call_.line_now());
    for (const char key : dtmf.keys) {
        if (call_.over()) co_return;
        if (key == 'w' || key == 'W') {
            co_await sleep(milliseconds(key == 'w' ? 500 : 1000));
            continue;
        }
        call_.press(key);
        if (dtmf.in_band) call_.speak(to_mulaw(dtmf_tone(key, static_cast<int>(dtmf.tone.count()))));
        co_await sleep(dtmf.tone + dtmf.gap);
    }
}

Task<bool> CallerScript::step(const Step& step) {
    if (const auto* say = std::get_if<SayStep>(&step.action)) {
        auto words = co_await clip(*say);
        co_await utter(std::move(words), call_.agent().speaking());
    } else if (const auto* play = std::get_if<PlayStep>(&step.action)) {
        auto words = co_await clip(*play);
        co_await utter(std::move(words), call_.agent().speaking());
    } else if (const auto* pause = std::get_if<PauseStep>(&step.action)) {
        const auto until = call_.line_now() + samples(pause->length);
        while (!call_.over() && call_.line_now() < until) co_await call_.changed().wait(call_.time_of(until));
    } else if (const auto* keys = std::get_if<DtmfStep>(&step.action)) {
        co_await dtmf(*keys);
    } else if (const auto* waiting = std::get_if<WaitStep>(&step.action)) {
        co_return co_await wait(*waiting, step.where);
    } else if (const auto* interruption = std::get_if<InterruptStep>(&step.action)) {
        co_return co_await interrupt(*interruption, step.where);
    } else if (const auto* expect = std::get_if<ExpectStep>(&step.action)) {
        call_.advance();
        call_.spawn(judge(expect->expectation, step.where, turn_from_, call_.speaker().now()));
    } else if (const auto* hangup = std::get_if<HangupStep>(&step.action)) {
        call_.end("caller", "completed", hangup->how);
    }
    co_return true;
}

Task<> CallerScript::play() {
    const auto& steps = call_.scenario().steps;
    if (steps.empty()) co_return;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (call_.over()) {
            // Looking back needs no line; anything else that is left was cut off.
            const bool looks_back = std::holds_alternative<ExpectStep>(steps[i].action);
            const auto* waits = std::get_if<WaitStep>(&steps[i].action);
            const bool wanted = std::holds_alternative<HangupStep>(steps[i].action) || (waits != nullptr && waits->what == WaitStep::For::hangup);
            if (!looks_back && !wanted) {
                fail(steps[i].where, "the call ended before this step");
                co_return;
            }
            if (!looks_back) continue;
        }
        const bool done = co_await step(steps[i]);
        if (!done) break;
    }
    call_.end("caller");
}

}  // namespace parley::sim
