// What is heard while waiting: in a queue, for a conference to begin, on hold.

#include "twiml_interpreter.hpp"

namespace parley::sim {
namespace {

constexpr milliseconds kTune{60000};

}  // namespace

void TwimlInterpreter::begin_waiting(const std::shared_ptr<Waiting>& waiting) {
    auto play = [](CarrierCall& call, std::shared_ptr<Waiting> what) -> Task<> {
        TwimlInterpreter player(call);
        player.waiting_ = what;
        co_await player.wait_in(what);
        if (what->stop) call.hush();
        what->done = true;
        call.changed().notify();
    };
    call_.spawn(play(call_, waiting));
}

Task<> TwimlInterpreter::end_waiting(std::shared_ptr<Waiting> waiting) {
    waiting->stop = true;
    call_.hush();
    call_.changed().notify();
    while (!waiting->done) co_await call_.changed().wait();
}

Task<> TwimlInterpreter::wait_in(std::shared_ptr<Waiting> waiting) {
    if (!waiting->url) {
        while (!halted()) co_await play_out(hold_tune(kTune), 1);
        co_return;
    }
    const Target start{*waiting->url, waiting->method == "GET" ? "GET" : "POST", {}, {}};
    auto target = start;
    while (!halted() && !start.url.empty()) {
        const auto from = call_.line_now();
        if (waiting->parameters) target.extra = waiting->parameters();
        int error = 0;
        auto loaded = co_await load_once(target, error);
        if (!loaded) co_return;  // noted; silence from here on
        target = start;
        if (!loaded->sound.empty()) co_await play_out(loaded->sound, 1);
        for (const auto& verb : loaded->document.verbs) {
            if (halted()) co_return;
            Next next;
            if (verb.name == "Say" || verb.name == "Play" || verb.name == "Pause") {
                co_await prompt(verb, *loaded);
            } else if (verb.name == "Redirect") {
                next = co_await this->verb(verb, *loaded, false);
            } else if (waiting->queue && verb.name == "Gather") {
                next = co_await gather(verb, *loaded);
                if (!next.target) next.hangup = false;
            } else if (waiting->queue && verb.name == "Leave") {
                waiting->left = true;
                co_return;
            } else if (waiting->queue && verb.name == "Hangup") {
                waiting->hangup = true;
                co_return;
            } else {
                call_.notify(13238, verb.name + " is not allowed in a document for waiting", loaded->base, true);
            }
            if (next.target) {
                target = std::move(*next.target);
                break;
            }
        }
        // A document that takes no time must not be asked for without end.
        if (call_.line_now() - from < kSampleRate / 5) co_await call_.wait_until(from + kSampleRate, [this] { return halted(); });
    }
}

}  // namespace parley::sim
