// Gather and Record: verbs that listen to the caller. The simulator knows what was said, so it does not have to
// recognise it.

#include "switchboard.hpp"
#include "twiml_interpreter.hpp"

namespace parley::sim {
namespace {

constexpr Sample seconds(int n) {
    return Sample{n} * kSampleRate;
}

}  // namespace

Task<TwimlInterpreter::Next> TwimlInterpreter::gather(const TwimlElement& element, const Loaded& loaded) {
    const auto input = element.attribute("input", "dtmf");
    const bool wants_keys = input.find("dtmf") != std::string::npos;
    const bool wants_speech = input.find("speech") != std::string::npos;
    const int timeout = integer_of(element, "timeout", 5, 0, 600);
    const auto finish = element.has("finishOnKey") ? element.attribute("finishOnKey") : std::string("#");
    const auto wanted = static_cast<std::size_t>(integer_of(element, "numDigits", 1 << 20, 1, 1 << 20));
    const int pause_after_speech = integer_of(element, "speechTimeout", timeout, 1, 60);
    auto key = call_.presses().size();
    auto utterance = call_.utterances().size();
    const auto heard_input = [&] { return (wants_keys && call_.presses().size() > key) || (wants_speech && call_.utterances().size() > utterance); };
    // Prompts run until they end or the caller does something; nested verbs are watched by a child so that input can
    // hush them.
    struct Prompts {
        bool done = false, cut = false;
    };
    auto prompts = std::make_shared<Prompts>();
    auto run_prompts = [](TwimlInterpreter& self, const TwimlElement& parent, const Loaded& from, std::shared_ptr<Prompts> state) -> Task<> {
        for (const auto& child : parent.children) {
            if (state->cut || self.halted()) break;
            co_await self.prompt(child, from);
        }
        state->done = true;
        self.call_.changed().notify();
    };
    call_.spawn(run_prompts(*this, element, loaded, prompts));
    const bool barge = element.attribute("bargeIn", "true") != "false";
    while (!prompts->done) {
        if (barge && heard_input() && !prompts->cut) {
            prompts->cut = true;
            call_.hush();
        }
        co_await call_.changed().wait(prompts->cut ? Clock::now() + std::chrono::milliseconds(5) : TimePoint::max());
        if (prompts->cut) call_.hush();
    }
    Form extra;
    std::string digits;
    bool by_finish_key = false, got_keys = false, got_speech = false;
    auto deadline = call_.line_now() + seconds(timeout);
    while (!halted()) {
        if (wants_speech && !got_keys && call_.utterances().size() > utterance) {
            const auto& said = call_.utterances()[utterance];
            // The utterance is known when it begins; its result comes a pause after its end.
            co_await call_.wait_until(said.to + seconds(pause_after_speech) / 2, [this] { return halted(); });
            got_speech = true;
            break;
        }
        bool complete = false;
        while (wants_keys && key < call_.presses().size() && !complete) {
            const auto press = call_.presses()[key++];
            got_keys = true;
            if (!finish.empty() && finish.find(press.key) != std::string::npos) {
                extra.emplace_back("FinishedOnKey", std::string(1, press.key));
                by_finish_key = complete = true;
                break;
            }
            digits += press.key;
            deadline = press.at + seconds(timeout);
            complete = digits.size() >= wanted;
        }
        if (complete || call_.line_now() >= deadline) break;
        co_await call_.wait_until(deadline, [&] { return heard_input() || halted(); });
        if (wants_keys && key < call_.presses().size()) continue;
    }
    if (got_speech) {
        const auto& text = call_.utterances()[utterance].text;
        extra.emplace_back("SpeechResult", text);
        if (!text.empty()) extra.emplace_back("Confidence", "0.9321");
    } else {
        extra.emplace_back("Digits", digits);
    }
    extra.emplace_back("msg", "Gather End");
    const bool any = got_speech || !digits.empty() || by_finish_key;
    if (call_.over()) {
        if (!any) co_return Next{};
        auto action = action_of(element, loaded, true, std::move(extra));
        co_return co_await after_hangup(std::move(action));
    }
    if (halted() || (!any && element.attribute("actionOnEmptyResult") != "true")) co_return Next{};
    auto action = action_of(element, loaded, true, std::move(extra));
    co_return Next{std::move(action), !action};
}

Task<TwimlInterpreter::Next> TwimlInterpreter::record(const TwimlElement& element, const Loaded& loaded) {
    const int silence = integer_of(element, "timeout", 5, 0, 3600);
    const int longest = integer_of(element, "maxLength", element.attribute("transcribe") == "true" ? 120 : 3600, 1, 14400);
    const auto finish = element.has("finishOnKey") ? element.attribute("finishOnKey") : std::string("1234567890*#");
    if (element.attribute("playBeep", "true") != "false") co_await play_out(dtmf_tone('1', 250), 1);
    auto plan = recording_plan(element, loaded, true);
    plan.track = "inbound";
    std::string sid;
    (void)call_.start_recording(std::move(plan), "RecordVerb", sid);
    const auto from = call_.line_now();
    auto key = call_.presses().size();
    auto utterance = call_.utterances().size();
    std::string ended_by;
    auto quiet_since = from;
    bool voice = false;
    while (!call_.interrupted()) {
        while (utterance < call_.utterances().size()) {
            quiet_since = std::max(quiet_since, call_.utterances()[utterance++].to);
            voice = true;
        }
        if (const auto last = call_.mouth_last_voice(); last && *last > from) {
            quiet_since = std::max(quiet_since, *last);
            voice = true;
        }
        while (key < call_.presses().size() && ended_by.empty()) {
            const char pressed = call_.presses()[key++].key;
            if (finish.find(pressed) != std::string::npos) ended_by = std::string(1, pressed);
        }
        const auto now = call_.line_now();
        auto deadline = from + seconds(longest);
        if (silence > 0) deadline = std::min(deadline, quiet_since + seconds(silence));
        if (!ended_by.empty() || now >= deadline) break;
        if (call_.plan().trunk != nullptr) deadline = std::min(deadline, now + 800);  // words that come by a trunk announce themselves to nobody
        const auto keys = key;
        const auto utterances = utterance;
        co_await call_.wait_until(deadline, [&] { return call_.presses().size() > keys || call_.utterances().size() > utterances; });
    }
    if (call_.over()) ended_by = "hangup";
    call_.advance();
    const auto to = call_.line_now();
    call_.stop_recording(sid, !voice);
    if (!voice) co_return Next{};
    const auto url = call_.deps().board.recording_url(sid);
    const auto length = std::to_string(std::max<Sample>(1, (to - from) / kSampleRate));
    Form extra{{"RecordingUrl", url}, {"RecordingDuration", length}, {"RecordingSid", sid}};
    if (!ended_by.empty()) extra.emplace_back("Digits", ended_by);
    auto action = action_of(element, loaded, true, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), !action};
}

}  // namespace parley::sim
