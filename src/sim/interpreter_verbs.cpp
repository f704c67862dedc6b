#include <charconv>

#include "parley/sim/identifiers.hpp"
#include "relay_session.hpp"
#include "stream_session.hpp"
#include "transcription.hpp"
#include "twiml_interpreter.hpp"

namespace parley::sim {
namespace {

constexpr int kEndless = 1000;  // loop="0"

}  // namespace

int integer_of(const TwimlElement& element, std::string_view attribute, int otherwise, int low, int high) {
    const auto text = element.attribute(attribute);
    int value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) return otherwise;
    return std::clamp(value, low, high);
}

Task<TwimlInterpreter::Next> TwimlInterpreter::execute(const Loaded& loaded) {
    if (!loaded.sound.empty()) {
        call_.answer();
        co_await play_out(loaded.sound, 1);
        co_return Next{};
    }
    for (const auto& element : loaded.document.verbs) {
        const bool first = !sounded_;
        sounded_ = true;
        auto next = co_await verb(element, loaded, first);
        if (next.target || next.hangup || call_.interrupted()) co_return next;
    }
    co_return Next{};
}

Task<TwimlInterpreter::Next> TwimlInterpreter::verb(const TwimlElement& element, const Loaded& loaded, bool first) {
    const auto& name = element.name;
    if (name == "Redirect") {
        sounded_ = !first;  // a Reject behind it would still be the first verb
        if (element.text.empty()) co_return Next{};
        const auto url = resolve_url(loaded.base, element.text);
        if (!url) {
            call_.notify(11100, "Redirect: invalid URL " + element.text, loaded.base);
            co_return Next{std::nullopt, true};
        }
        Target target{*url, element.attribute("method", "POST") == "GET" ? "GET" : "POST", {}, {}};
        co_return Next{std::move(target), false};
    }
    if (name == "Reject") {
        const auto reason = element.attribute("reason", "rejected");
        if (reason != "rejected" && reason != "busy") call_.notify(13810, "Reject: invalid reason", loaded.base);
        if (first && !call_.answered()) {
            call_.end("reject", reason == "busy" ? "busy" : "no-answer");
        } else {
            call_.notify(12200, "Reject is only allowed as the first verb of an incoming call", loaded.base, true);
        }
        co_return Next{std::nullopt, true};
    }
    if (name == "Pause") {
        co_await pause(element, first);
        co_return Next{};
    }
    const bool rings_on = name == "Dial" && element.attribute("answerOnBridge") == "true";
    if (!rings_on) call_.answer();
    if (name == "Hangup") co_return Next{std::nullopt, true};
    if (name == "Say" || name == "Play") {
        co_await prompt(element, loaded);
    } else if (name == "Gather") {
        co_return co_await gather(element, loaded);
    } else if (name == "Record") {
        co_return co_await record(element, loaded);
    } else if (name == "Dial") {
        co_return co_await dial(element, loaded);
    } else if (name == "Enqueue") {
        co_return co_await enqueue(element, loaded);
    } else if (name == "Connect") {
        co_return co_await connect(element, loaded);
    } else if (name == "Start") {
        start(element, loaded);
    } else if (name == "Stop") {
        stop(element);
    } else if (name == "Leave") {
        call_.notify(12200, "Leave is only allowed in the waitUrl of Enqueue", loaded.base, true);
    } else if (name == "Echo") {
        co_await call_.wait_until(CarrierCall::kForever, [] { return false; });
    } else {
        call_.notify(12400, "simulator: " + name + " is not simulated", loaded.base, true);
    }
    co_return Next{};
}

Task<> TwimlInterpreter::play_out(Pcm8k pcm, int loops) {
    for (int i = 0; i < loops && !pcm.empty() && !halted(); ++i) {
        call_.hear(pcm);
        const auto until = call_.line_of(call_.speaker().now() + call_.speaker().queued()) + 1;
        auto idle = [this] { return call_.speaker().idle(); };
        while (!idle() && !halted()) {
            co_await call_.wait_until(until, [&] { return idle() || halted(); });
            call_.advance();
        }
    }
    if (halted()) call_.hush();
}

Task<> TwimlInterpreter::say(const TwimlElement& element) {
    if (element.text.empty()) {
        call_.notify(13520, "Say without text", {});
        co_return;
    }
    if (element.text.size() > 4096) {
        call_.notify(13521, "Say: text too long", {});
        co_return;
    }
    const int loops = integer_of(element, "loop", 1, 0, kEndless);
    const auto now = call_.ms_now();
    call_.say_line({TranscriptLine::Who::carrier, now, now, element.text, false, 1});
    auto speak = [&voice = call_.deps().voice, text = element.text] { return voice.speak(text, VoiceStyle{}); };
    auto pcm = co_await call_.compute(std::move(speak));
    if (!halted()) co_await play_out(std::move(pcm), loops == 0 ? kEndless : loops);
}

Task<> TwimlInterpreter::play(const TwimlElement& element, const Loaded& loaded) {
    const int loops = integer_of(element, "loop", 1, 0, kEndless);
    if (element.has("digits")) {
        const auto digits = element.attribute("digits");
        Pcm8k pcm;
        for (const char c : digits) {
            if (c == 'w' || c == 'W') {
                pcm.insert(pcm.end(), c == 'w' ? 4000 : 8000, 0);
                continue;
            }
            const auto tone = dtmf_tone(c, 120);
            if (tone.empty()) {
                call_.notify(13430, "Play: invalid digits", loaded.base);
                co_return;
            }
            pcm.insert(pcm.end(), tone.begin(), tone.end());
            pcm.insert(pcm.end(), 640, 0);
        }
        co_await play_out(std::move(pcm), loops == 0 ? kEndless : loops);
        co_return;
    }
    const auto url = resolve_url(loaded.base, element.text);
    if (!url) {
        call_.notify(11100, "Play: invalid URL " + element.text, loaded.base);
        co_return;
    }
    Webhook request;
    request.method = "GET";
    request.url = *url;
    request.cookies = &call_.cookies();
    request.body_limit = 40 * 1024 * 1024;
    const auto reply = co_await call_.deps().webhooks.send(std::move(request));
    Loaded sound;
    int error = 0;
    if (halted() || !understand(reply, sound, error)) co_return;
    if (sound.sound.empty()) {
        call_.notify(13420, "Play: not a sound file", *url);
        co_return;
    }
    co_await play_out(std::move(sound.sound), loops == 0 ? kEndless : loops);
}

// As the first verb of an incoming call it delays the answer: the line does not run yet, so it is measured in true
// time.
Task<> TwimlInterpreter::pause(const TwimlElement& element, bool first) {
    const int seconds = integer_of(element, "length", 1, 0, 24 * 3600);
    if (call_.answered()) {
        co_await call_.wait_until(call_.line_now() + Sample{seconds} * kSampleRate, [this] { return halted(); });
        co_return;
    }
    sounded_ = !first;
    const auto until = Clock::now() + std::chrono::duration_cast<Duration>(std::chrono::seconds(seconds) / call_.deps().options.speed);
    while (!call_.interrupted() && Clock::now() < until) co_await call_.changed().wait(until);
}

Task<bool> TwimlInterpreter::prompt(const TwimlElement& element, const Loaded& loaded) {
    if (element.name == "Say") {
        co_await say(element);
    } else if (element.name == "Play") {
        co_await play(element, loaded);
    } else {
        co_await pause(element, false);
    }
    co_return !halted();
}

StreamSession* TwimlInterpreter::begin_stream(const TwimlElement& noun, const Loaded& loaded, bool bidirectional) {
    const auto url = noun.attribute("url");
    if (noun.has("connectorName")) {
        call_.notify(31940, "unknown connector " + noun.attribute("connectorName"), url);
        return nullptr;
    }
    if (url.find("://") == std::string::npos) {
        call_.notify(31923, "malformed stream URL '" + url + "'", url);
        return nullptr;
    }
    const auto track = noun.attribute("track", "inbound_track");
    const bool known = track == "inbound_track" || (!bidirectional && (track == "outbound_track" || track == "both_tracks"));
    if (!known) {
        call_.notify(31941, "invalid track " + track, url);
        return nullptr;
    }
    StreamSetup setup;
    setup.account_sid = call_.deps().options.account_sid;
    setup.call_sid = call_.sid();
    setup.stream_sid = make_sid("MZ");
    setup.name = noun.attribute("name", setup.stream_sid);
    setup.bidirectional = bidirectional;
    setup.inbound = track != "outbound_track";
    setup.outbound = track != "inbound_track";
    for (const auto& child : noun.children) {
        const auto name = child.attribute("name");
        const auto value = child.attribute("value");
        if (name.empty() || name.size() + value.size() >= 500) {
            call_.notify(12200, "Parameter without name, or name and value of 500 characters and more", url, true);
            continue;
        }
        setup.parameters.emplace_back(name, value);
    }
    const int tracks = (setup.inbound ? 1 : 0) + (setup.outbound ? 1 : 0);
    if (!bidirectional && call_.forked_tracks() + tracks > 4) {
        call_.notify(31960, "more than four forked tracks", url);
        return nullptr;
    }
    auto callback = url_of(noun, "statusCallback", loaded);
    return &call_.open_stream(std::move(setup), url, std::move(callback), noun.attribute("statusCallbackMethod", "POST"));
}

Task<TwimlInterpreter::Next> TwimlInterpreter::connect(const TwimlElement& element, const Loaded& loaded) {
    Form extra;
    const auto* noun = element.child("Stream");
    if (const auto* relay = element.child("ConversationRelay"); noun == nullptr && relay != nullptr) {
        extra = co_await converse_by_relay(call_, *relay);
    } else if (noun == nullptr) {
        const std::string what = element.children.empty() ? "nothing" : element.children.front().name;
        call_.notify(12400, "simulator: Connect to " + what + " is not simulated", loaded.base, true);
    } else if (auto* stream = begin_stream(*noun, loaded, true)) {
        while (!stream->ended() && !call_.interrupted()) co_await call_.changed().wait();
        extra.emplace_back("StreamSid", stream->setup().stream_sid);
        if (stream->ended() && stream->truth().error != 0) extra.emplace_back("StreamError", stream->truth().error_text);
    }
    auto action = action_of(element, loaded, false, std::move(extra));
    if (call_.over()) co_return co_await after_hangup(std::move(action));
    co_return Next{std::move(action), false};
}

void TwimlInterpreter::start(const TwimlElement& element, const Loaded& loaded) {
    for (const auto& noun : element.children) {
        if (noun.name == "Stream") {
            begin_stream(noun, loaded, false);
        } else if (noun.name == "Recording") {
            start_recording(noun, loaded);
        } else if (noun.name == "Transcription") {
            auto plan = read_transcription(noun);
            plan.callback_url = url_of(noun, "statusCallbackUrl", loaded);
            call_.open_transcription(make_sid("GT"), std::move(plan));
        } else {
            call_.notify(12400, "simulator: Start " + noun.name + " is not simulated", loaded.base, true);
        }
    }
}

void TwimlInterpreter::stop(const TwimlElement& element) {
    for (const auto& noun : element.children) {
        const auto name = noun.attribute("name");
        bool found = noun.name == "Transcription" && call_.close_transcription(name);
        for (auto& stream : call_.streams()) {
            if (stream->setup().bidirectional || stream->ended() || stream->setup().name != name) continue;
            stream->stop(HangupStep::How::stop);
            found = true;
        }
        if (!found) call_.notify(12200, "Stop: no running " + noun.name + " named '" + name + "'", {}, true);
    }
}

}  // namespace parley::sim
