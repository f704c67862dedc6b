#include "relay_session.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "parley/sim/identifiers.hpp"
#include "parley/sim/relay_truth.hpp"

namespace parley::sim {
namespace {

using nlohmann::ordered_json;

constexpr int kMalformedMost = 10;  // in a row, then 1007
constexpr Sample kTick = kFrameSamples;
constexpr Sample kBetweenPartials = 300 * 8;
constexpr std::size_t kOutboxMost = 1000;

Sample samples(std::chrono::milliseconds ms) {
    return ms.count() * 8;
}

std::string dump(const ordered_json& message) {
    return message.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

bool backchannel(const std::string& text) {
    std::string words;
    for (const char c : text)
        if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == ' ') words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    constexpr std::array kWords{"uhhuh", "mhm", "hm", "mm", "yeah", "okay", "ok", "right", "i see"};
    return std::ranges::find(kWords, words) != kWords.end();
}

std::vector<std::string> words_in(const std::string& text) {
    std::vector<std::string> out(1);
    for (const char c : text) {
        if (c != ' ')
            out.back() += c;
        else if (!out.back().empty())
            out.emplace_back();
    }
    if (out.back().empty()) out.pop_back();
    return out;
}

}  // namespace

Task<Form> converse_by_relay(CarrierCall& call, const TwimlElement& noun) {
    RelaySession session(call, read_relay_settings(noun));
    co_await session.run();
    call.report().relays.push_back(session.truth());
    auto form = session.action_parameters();
    co_return form;
}

RelaySession::RelaySession(CarrierCall& call, RelaySettings settings) : call_(call), settings_(std::move(settings)), language_(settings_.tts_language) {
    truth_.session_id = make_sid("VX");
    truth_.url = settings_.url;
    next_utterance_ = call_.utterances().size();
    next_key_ = call_.presses().size();
}

Form RelaySession::action_parameters() const {
    const auto seconds = truth_.opened_ms > 0 ? (truth_.ended_ms - truth_.opened_ms) / 1000 * call_.deps().options.speed : 0;
    Form form{{"SessionId", truth_.session_id}, {"SessionStatus", truth_.status}, {"SessionDuration", std::to_string(static_cast<long>(seconds + 0.5))}};
    if (truth_.has_handoff) form.emplace_back("HandoffData", truth_.handoff);
    if (truth_.error != 0) {
        form.emplace_back("ErrorCode", std::to_string(truth_.error));
        form.emplace_back("ErrorMessage", truth_.error_text);
    }
    return form;
}

Sample RelaySession::play_now() {
    call_.advance();
    return call_.speaker().now();
}

void RelaySession::finish(std::string status, int error, std::string text) {
    if (finished_) return;
    finished_ = true;
    truth_.status = std::move(status);
    truth_.error = error;
    truth_.error_text = std::move(text);
    if (error != 0) call_.notify(error, truth_.error_text, truth_.url);
    call_.changed().notify();
}

std::string RelaySession::setup_message() const {
    const auto& plan = call_.plan();
    const bool inbound = plan.direction == "inbound";
    const auto kind = [&] { return plan.from.starts_with("sip:") ? "SIP" : plan.from.starts_with("client:") ? "CLIENT" : "PSTN"; };
    ordered_json parameters = ordered_json::object();
    for (const auto& [name, value] : settings_.parameters) parameters[name] = value;
    return dump({{"type", "setup"},
                 {"sessionId", truth_.session_id},
                 {"callSid", call_.sid()},
                 {"parentCallSid", ""},
                 {"accountSid", call_.deps().options.account_sid},
                 {"from", plan.from},
                 {"to", plan.to},
                 {"forwardedFrom", ""},
                 {"callerName", ""},
                 {"direction", inbound ? "inbound" : "outbound-api"},
                 {"callType", kind()},
                 {"callStatus", inbound ? "RINGING" : "IN_PROGRESS"},
                 {"customParameters", parameters}});
}

Task<> RelaySession::run() {
    const auto& options = call_.deps().options;
    if (!settings_.problems.empty()) {
        finish("failed", 64101, settings_.problems.front());
        co_return;
    }
    const bool scheme = settings_.url.starts_with("wss://") || (options.plain_streams && settings_.url.starts_with("ws://"));
    if (!scheme) {
        finish("failed", 64102, "the URL is not of a WebSocket");
        co_return;
    }
    StreamHandshake handshake;
    handshake.url = settings_.url;
    handshake.signature = call_.deps().stream_signer.signature(settings_.url, {});
    handshake.timeout = options.stream_timeout;
    handshake.plain_allowed = options.plain_streams;
    handshake.query_allowed = true;
    auto opened = co_await open_stream(std::move(handshake), call_.deps().webhooks.http().tls(), call_.deps().webhooks.http().balancer());
    if (opened.socket == nullptr) {
        finish("failed", 64102, opened.end.text);
        co_return;
    }
    socket_ = std::move(opened.socket);
    truth_.opened_ms = call_.ms_now();
    began_ = tick_ = call_.line_now();
    send(setup_message());
    reader_done_ = writer_done_ = speaker_done_ = false;
    call_.spawn(reader());
    call_.spawn(writer());
    call_.spawn(speaker());
    while (!finished_) {
        look();
        if (finished_) break;
        co_await call_.changed().wait(call_.time_of(call_.line_now() + kTick));
    }
    const auto play = play_now();
    for (const auto& cycle : speech_.cycles(play))
        truth_.cycles.push_back({cycle.text, cycle.heard, cycle.language, cycle.closed, cycle.interrupted, cycle.greeting});
    truth_.empty_cycles = speech_.empty_cycles();
    (void)speech_.drop(play);
    if (!call_.over()) call_.hush();
    call_.changed().notify();
    while (!reader_done_ || !writer_done_ || !speaker_done_) co_await call_.changed().wait();
    truth_.close_code = socket_->end().close_code;
    truth_.ended_ms = call_.ms_now();
    socket_.reset();
}

// --- towards the application --------------------------------------------------------------------------------------------------

Task<> RelaySession::writer() {
    for (;;) {
        if (dropped_) break;
        if (!outbox_.empty()) {
            auto message = std::move(outbox_.front());
            outbox_.pop_front();
            const bool sent = co_await socket_->write(std::move(message));
            if (!sent) break;
            continue;
        }
        if (finished_ || reader_done_) break;
        co_await call_.changed().wait();
    }
    if (dropped_ || reader_done_)
        socket_->abort(false);
    else
        co_await socket_->close(close_code_, close_reason_);
    writer_done_ = true;
    call_.changed().notify();
}

void RelaySession::info(const std::string& name, const std::string& value) {
    send(dump({{"type", "info"}, {"name", name}, {"value", value}}));
}

void RelaySession::prompt(const std::string& text, bool last) {
    const auto& faults = call_.deps().options.relay_faults;
    const auto words = [&](const std::string& said) {
        const auto language = settings_.transcription_language == "multi" ? std::string("en") : settings_.transcription_language;
        return dump({{"type", "prompt"}, {"voicePrompt", said}, {"lang", language}, {"last", last}});
    };
    if (!last) {
        ++truth_.partial_prompts;
        return send(words(text));
    }
    if (faults.malformed_frames) {
        send("{\"type\":\"prompt\",");
        send(dump({{"type", "weather"}, {"value", 1}}));
    }
    if (faults.empty_prompts) send(words(""));
    send(words(text));
    if (faults.duplicated_prompts) send(words(text));
    truth_.prompts.push_back(text);
    prompted_ = Clock::now();
    cut_ = false;
}

void RelaySession::interrupt(Sample play, bool by_key) {
    const auto cut = speech_.drop(play);
    call_.hush();
    const std::chrono::milliseconds after(cut.since / 8);
    ordered_json message{{"type", "interrupt"}, {"utteranceUntilInterrupt", cut.heard}, {"durationUntilInterruptMs", after.count()}};
    if (call_.deps().options.relay_faults.duration_as_text) message["durationUntilInterruptMs"] = std::to_string(after.count());
    send(dump(message));
    truth_.interruptions.push_back({cut.heard, after, call_.ms_now(), by_key});
    cut_ = true;
    call_.changed().notify();
}

// --- the line -------------------------------------------------------------------------------------------------------------------

void RelaySession::look() {
    const auto play = play_now();
    const auto now = call_.line_now();
    if (call_.over()) return finish("completed");
    if (call_.interrupted()) return finish("ended");  // a REST update: its document goes on
    if (reader_done_) {
        const auto& end = socket_->end();
        const bool proper = end.error == 0 && (end.close_code == 1000 || end.close_code == 0);
        return proper ? finish("ended") : finish("failed", 64105, "WebSocket ended unexpectedly: " + end.text);
    }
    const auto& faults = call_.deps().options.relay_faults;
    const auto before = std::ranges::count_if(call_.report().relays, [](const auto& one) { return one.error == 64105; });
    if (faults.drop_after && before < faults.drops && now - began_ >= samples(*faults.drop_after)) {
        dropped_ = true;
        socket_->abort(false);
        return finish("failed", 64105, "the connection was dropped on purpose");
    }
    if (!settings_.welcome.empty() && now - began_ >= samples(faults.greeting_delay)) {
        speech_.token(std::exchange(settings_.welcome, {}), true, {settings_.welcome_interruptible, settings_.preemptible, true, language_});
        call_.changed().notify();
    }
    look_at_keys(play);
    look_at_speech(now, play);
    report_playing(play);
    if (outbox_.size() > kOutboxMost) {
        dropped_ = true;
        socket_->abort(false);
        return finish("failed", 64105, "the application does not read");
    }
    if (!outbox_.empty()) call_.changed().notify();
}

void RelaySession::report_playing(Sample play) {
    const bool audible = speech_.audible(play);
    if (audible != agent_speaking_) {
        agent_speaking_ = audible;
        if (settings_.speaker_events) info("agentSpeaking", audible ? "on" : "off");
        if (audible && prompted_ && settings_.debugging)
            info("roundTripDelayMs", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *prompted_).count()));
        if (audible) prompted_.reset();
    }
    for (auto& text : speech_.newly_played(play))
        if (settings_.tokens_played) info("tokensPlayed", text);
}

void RelaySession::look_at_keys(Sample play) {
    while (next_key_ < call_.presses().size()) {
        const char key = call_.presses()[next_key_++].key;
        if (!settings_.keys) continue;
        if (speech_.busy(play)) {
            if (speech_.interruptible(play).dtmf)
                interrupt(play, true);
            else if (!settings_.report.dtmf)
                continue;
        }
        send(dump({{"type", "dtmf"}, {"digit", std::string(1, key)}}));
        ++truth_.keys;
        cut_ = false;
    }
}

void RelaySession::begin_talking(Sample now) {
    while (next_utterance_ < call_.utterances().size() && call_.utterances()[next_utterance_].from <= now) {
        const auto& said = call_.utterances()[next_utterance_++];
        if (!talking_) {
            talking_ = Talking{said.text, said.from, said.to, 0, 0, false, false};
        } else {
            talking_->text += " " + said.text;
            talking_->to = said.to;
        }
    }
}

// Speech over the agent's own: it interrupts, is reported all the same, or was never heard by the application.
void RelaySession::decide_over_agent(Sample play) {
    if (talking_->decided || !speech_.busy(play)) return;
    talking_->spoken_over += kTick;
    if (talking_->spoken_over < samples(settings_.speech_before_interrupt)) return;
    talking_->decided = true;
    if (settings_.ignore_backchannel && backchannel(talking_->text))
        talking_->muted = true;
    else if (speech_.interruptible(play).speech)
        interrupt(play, false);
    else
        talking_->muted = !settings_.report.speech;
}

void RelaySession::look_at_speech(Sample now, Sample play) {
    begin_talking(now);
    if (!talking_) return;
    const bool voiced = now < talking_->to;
    if (voiced != client_speaking_) {
        client_speaking_ = voiced;
        if (settings_.speaker_events) info("clientSpeaking", voiced ? "on" : "off");
    }
    for (; tick_ + kTick <= now; tick_ += kTick) {
        if (tick_ >= talking_->from && tick_ < talking_->to) decide_over_agent(play);
    }
    if (settings_.partials && !talking_->muted && (talking_->decided || !speech_.busy(play))) {
        const auto words = words_in(talking_->text);
        const auto length = std::max<Sample>(1, talking_->to - talking_->from);
        const auto shown = std::clamp<Sample>(now - talking_->from, 0, length) / kBetweenPartials * kBetweenPartials;
        const auto count = std::min(words.size(), static_cast<std::size_t>(static_cast<Sample>(words.size()) * shown / length));
        if (count > talking_->partial_words) {
            talking_->partial_words = count;
            std::string text;
            for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : " ") + words[i];
            prompt(text, false);
        }
    }
    if (now < talking_->to + samples(settings_.silence)) return;
    const auto done = std::move(*talking_);
    talking_.reset();
    if (done.muted)
        ++truth_.unheard_prompts;
    else
        prompt(done.text, true);
}

// --- what the application asks ---------------------------------------------------------------------------------------------------

Task<> RelaySession::reader() {
    StreamMessage message;
    const auto pause = call_.deps().options.relay_faults.read_pause;
    while (co_await socket_->read(message)) {
        if (finished_) continue;  // to the answer of our close
        if (message.text)
            obey(message.payload);
        else
            malformed("(binary)", "a binary frame");
        if (pause.count() == 0) continue;
        const auto until = call_.line_now() + samples(pause);
        while (!finished_ && call_.line_now() < until) co_await call_.changed().wait(call_.time_of(until));
    }
    reader_done_ = true;
    call_.changed().notify();
}

void RelaySession::malformed(const std::string& message, const std::string& why) {
    ++truth_.invalid_messages;
    call_.notify(64107, "invalid message from the application: " + why, truth_.url, true);
    send(dump({{"type", "error"}, {"description", "Invalid message received: " + message.substr(0, 500)}}));
    if (++bad_in_a_row_ < kMalformedMost) return call_.changed().notify();
    close_code_ = 1007;
    close_reason_ = "Too many consecutive malformed messages";
    finish("failed", 64105, close_reason_);
}

void RelaySession::obey(const std::string& message) {
    std::string why;
    auto order = read_relay_order(message, settings_, why);
    if (!order) return malformed(message, why);
    bad_in_a_row_ = 0;
    perform(std::move(*order));
    call_.changed().notify();
}

void RelaySession::perform(RelayOrder order) {
    using Kind = RelayOrder::Kind;
    const auto play = play_now();
    const RelaySpeech::Options options{order.interruptible.value_or(settings_.interruptible), order.preemptible.value_or(settings_.preemptible), false,
                                       order.language.empty() ? language_ : order.language};
    const bool next_cycle = order.kind == Kind::play || (order.kind == Kind::text && !speech_.cycle_open() && !order.text.empty());
    if (next_cycle && speech_.busy(play) && speech_.preemptible(play)) {
        (void)speech_.drop(play);
        call_.hush();
    }
    switch (order.kind) {
        case Kind::text:
            ++truth_.text_messages;
            if (cut_ && !order.text.empty()) ++truth_.tokens_after_interrupt;
            speech_.token(order.text, order.last, options);
            break;
        case Kind::play: {
            truth_.plays.push_back(order.text);
            RelaySpeech::Sentence item;
            item.source = order.text;
            item.loop = order.loop == 0 ? 1000 : order.loop;
            speech_.add(std::move(item), options);
            break;
        }
        case Kind::digits: {
            RelaySpeech::Sentence item;
            item.digits = order.text;
            speech_.add(std::move(item), options);
            break;
        }
        case Kind::language:
            if (!order.language.empty()) language_ = order.language;
            if (!order.transcription.empty()) settings_.transcription_language = order.transcription;
            truth_.languages.push_back(order.language + "/" + order.transcription);
            break;
        case Kind::end:
            truth_.handoff = order.text;
            truth_.has_handoff = order.has_handoff;
            finish("ended");
            break;
    }
}

// --- sound --------------------------------------------------------------------------------------------------------------------------

Task<Pcm8k> RelaySession::sound_of(RelaySpeech::Sentence item) {
    Pcm8k out;
    if (!item.digits.empty()) {
        truth_.digits_sent += item.digits;
        for (const char c : item.digits) {
            const auto tone = c == 'w' ? Pcm8k(4000, 0) : dtmf_tone(c, 120);
            out.insert(out.end(), tone.begin(), tone.end());
            out.insert(out.end(), 640, 0);
        }
    } else if (!item.source.empty()) {
        Webhook request;
        request.method = "GET";
        request.url = item.source;
        request.cookies = &call_.cookies();
        request.body_limit = 40 * 1024 * 1024;
        const auto reply = co_await call_.deps().webhooks.send(std::move(request));
        const auto& body = reply.http.body;
        const auto wav = parse_wav(std::span(reinterpret_cast<const std::uint8_t*>(body.data()), body.size()));
        if (!reply.ok() || !wav) {
            call_.notify(13420, "play: no usable sound at " + item.source, item.source);
        } else {
            constexpr std::size_t kMost = 600UL * kSampleRate;
            for (int i = 0; i < item.loop && out.size() < kMost; ++i) out.insert(out.end(), wav->begin(), wav->end());
        }
    } else if (item.text.find_first_not_of(" \n\t\r") != std::string::npos) {
        auto speak = [&voice = call_.deps().voice, text = item.text] { return voice.speak(text, VoiceStyle{}); };
        out = co_await call_.compute(std::move(speak));
    }
    co_return out;
}

Task<> RelaySession::speaker() {
    while (!finished_) {
        auto item = speech_.take();
        if (!item) {
            co_await call_.changed().wait();
            continue;
        }
        const auto ticket = speech_.ticket();
        auto pcm = co_await sound_of(std::move(*item));
        if (finished_) break;
        const auto now = play_now();
        const auto from = now + call_.speaker().queued();
        if (!speech_.place(ticket, from, from + static_cast<Sample>(pcm.size()))) continue;
        call_.hear(pcm);
        call_.changed().notify();
    }
    speaker_done_ = true;
    call_.changed().notify();
}

}  // namespace parley::sim
