#include "gather_talk.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "flow_twiml.hpp"
#include "parley/base/ids.hpp"
#include "parley/call/call_ending.hpp"
#include "parley/call/turn_fact.hpp"
#include "parley/call/vendor_report.hpp"
#include "parley/conversation/serialise.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::webhooks {

namespace asio = boost::asio;
namespace twiml = twilio::twiml;
using conversation::EndReason;
using conversation::ReplyThen;
using twilio::TwimlResponse;

namespace {

constexpr auto kLook = std::chrono::milliseconds(10);
constexpr auto kBeat = std::chrono::milliseconds(250);
constexpr auto kPerByte = std::chrono::milliseconds(125);  // a slow voice
constexpr std::size_t kKept = 16;                          // answers that can be asked for again

std::chrono::milliseconds since(TimePoint from) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - from);
}

}  // namespace

GatherTalk::GatherTalk(Begin begin, brain::TalkMemory before)
    : b_(std::move(begin)),
      id_(random_hex(4)),
      log_(b_.calls.log.call({.call_sid = b_.facts.call_sid, .stream_sid = {}, .agent = b_.agent->name, .dir = "in", .tenant = {}, .trace_id = {}})),
      load_(b_.worker.loop, 1),
      began_(Clock::now()),
      touched_(began_) {
    if (b_.calls.actions) actions_ = b_.calls.actions(*b_.agent, b_.facts, b_.worker, nullptr);
    const brain::TalkPorts ports{.vendor = *this, .executor = executor(), .http = &b_.worker.http, .actions = actions_.get()};
    brain::TalkSettings settings;
    settings.context_lines = b_.agent->conversation.context_lines;
    talk_ = std::make_unique<brain::TextTalk>(*b_.agent->pipeline, b_.facts, ports, settings, std::move(before));
}

GatherTalk::~GatherTalk() = default;

net::Task<> GatherTalk::live() {
    const auto self = shared_from_this();
    b_.calls.metrics.calls_started.at("in").add();
    b_.calls.metrics.calls_active.at("in").add(1);
    log_.info("call.started", "A gathered call is live.",
              {{"from", twilio::mask_phone(b_.facts.from)}, {"to", twilio::mask_phone(b_.facts.to)}, {"answer", "gather"}});
    if (b_.calls.records != nullptr) b_.calls.records->add(b_.facts.call_sid, store::Fact::call, R"({"answer":"gather","live":true})");
    asio::steady_timer beat(executor());
    while (!over_) {
        beat.expires_after(kBeat);
        co_await beat.async_wait(net::nothrow);
        // Gone without a word from Twilio: the place is free for others. Should he come back after all, the registry has kept what was said.
        if (!over_ && !running_ && Clock::now() - touched_ > idle_after(said_, flow_of(*b_.agent).gather.timeout, b_.grace)) end(EndReason::carrier_lost);
    }
    co_await talk_->close();
}

std::chrono::milliseconds GatherTalk::idle_after(std::size_t said, std::chrono::seconds listening, std::chrono::milliseconds grace) {
    return std::min<std::chrono::milliseconds>(static_cast<std::chrono::milliseconds::rep>(said) * kPerByte + listening + grace, std::chrono::minutes(10));
}

net::Task<std::string> GatherTalk::step(GatherInput input) {
    const auto self = shared_from_this();
    touched_ = Clock::now();
    const std::pair key(input.turn, input.wait);
    if (const auto found = given_.find(key); found != given_.end()) co_return found->second;
    if (over_) co_return last_words({}, true);
    // Of a question long answered, or of one whose answer is not known here any more.
    if (input.turn < turn_ || (input.wait > 0 && taken_ != input.turn)) co_return question({});
    if (since(began_) > longest_) {
        const auto text = b_.agent->conversation.max_duration_text;
        keep_turn("agent", text);
        end(EndReason::max_duration);
        co_return last_words(text, false);
    }
    turn_ = input.turn;
    if (taken_ != input.turn) {
        taken_ = input.turn;
        const bool greeting = input.turn == 0;
        if (taken_over_ && !greeting) {
            auto body = by_person(input);
            given_.insert_or_assign(key, body);
            if (given_.size() > kKept) given_.erase(given_.begin());
            co_return body;
        }
        if (!unanswered_.empty()) {
            // It speaks again, and answers what nobody has answered; the caller may have said more meanwhile.
            input.speech = unanswered_ + (input.speech.empty() ? "" : " ") + input.speech;
            if (input.digits.empty())
                asked_before_ = std::exchange(unanswered_, {}).size();
            else
                talk_->caller_said(std::exchange(unanswered_, {}));
        }
        if (!greeting && input.digits.empty() && input.speech.empty()) {
            auto body = silent();
            given_.insert_or_assign(key, body);
            co_return body;
        }
        running_ = true;
        done_.reset();
        auto turn = run(input, greeting);
        asio::co_spawn(executor(), std::move(turn), asio::detached);
    }
    asio::steady_timer look(executor());
    for (const auto until = Clock::now() + b_.answer_within; running_ && !over_ && Clock::now() < until;) {
        look.expires_after(kLook);
        co_await look.async_wait(net::nothrow);
    }
    if (const auto found = given_.find(key); found != given_.end()) co_return found->second;  // the same request, delivered twice at once
    if (over_) co_return last_words({}, true);
    auto body = running_ ? not_yet(input.turn, input.wait + 1) : done_ ? spoken(input.turn) : question({});
    if (over_) body = b_.calls.registry.remember_answer(key_of(b_.facts.call_sid, id_, input.turn, input.wait), std::move(body), Clock::now());
    given_.insert_or_assign(key, body);
    if (given_.size() > kKept) given_.erase(given_.begin());
    co_return body;
}

net::Task<> GatherTalk::run(GatherInput input, bool greeting) {
    const auto self = shared_from_this();
    brain::TextTurn turn;
    try {
        if (greeting) {
            turn = co_await talk_->begin();
        } else if (!input.digits.empty()) {
            empty_ = 0;
            keep_turn("keys", input.digits);
            turn = co_await talk_->keyed(input.digits);
        } else {
            empty_ = 0;
            // What was said to the person has been written down already.
            const auto before = std::min(std::exchange(asked_before_, 0U), input.speech.size());
            keep_turn("caller", std::string_view(input.speech).substr(std::min(before + (before > 0 ? 1U : 0U), input.speech.size())));
            turn = co_await talk_->said(input.speech, input.confidence);
        }
    } catch (const std::exception& e) {
        log_.error("call.failed", "A turn ended by an error of ours.", {{"error.type", e.what()}});
        turn = {};
        turn.failed = true;
    }
    done_ = std::move(turn);
    running_ = false;
}

std::string GatherTalk::spoken(unsigned turn) {
    const auto done = std::move(*std::exchange(done_, std::nullopt));
    const auto& words = b_.agent->conversation;
    turn_ = turn + 1;
    ++turns_;
    if (done.superseded && taken_over_) return question({});
    if (done.failed || done.superseded) {
        log_.warn("provider.error", "The brain failed to answer.", {{"role", "llm"}, {"reason", done.superseded ? "superseded" : "failed"}});
        if (++failures_ >= words.failures_max) {
            // Whoever answers next says hello himself; only where nobody does is there an apology.
            const bool next = b_.position.at + 1 < flow_of(*b_.agent).answers(b_.position.closed).size();
            const auto text = next ? std::string{} : words.apology_text;
            keep_turn("agent", text);
            end(EndReason::brain_failed);
            return last_words(text, true);
        }
        talk_->agent_said(words.fallback_text);
        keep_turn("agent", words.fallback_text);
        return question(words.fallback_text);
    }
    failures_ = 0;
    b_.calls.metrics.turns.at("completed").add();
    const auto text = done.text();
    keep_turn("agent", text);
    switch (done.then) {
        case ReplyThen::listen:
            return question(text);
        case ReplyThen::end_call:
            end(EndReason::agent_completed);
            return last_words(text, false);
        case ReplyThen::transfer:
            end(EndReason::transferred, done.target);
            return last_words(text, true);
    }
    return question(text);
}

std::string GatherTalk::silent() {
    const auto& settings = flow_of(*b_.agent).gather;
    turn_ = *taken_ + 1;
    if (++empty_ > settings.max_no_input) {
        keep_turn("agent", settings.goodbye);
        end(EndReason::silence);
        return last_words(settings.goodbye, false);
    }
    std::string prompt;
    if (!settings.no_input_prompts.empty()) prompt = settings.no_input_prompts[(empty_ - 1) % settings.no_input_prompts.size()];
    talk_->agent_said(prompt);
    keep_turn("agent", prompt);
    return question(prompt);
}

std::string GatherTalk::by_person(const GatherInput& input) {
    turn_ = *taken_ + 1;
    empty_ = 0;
    keep_turn("keys", input.digits);
    keep_turn("caller", input.speech);
    if (!input.speech.empty()) unanswered_ += (unanswered_.empty() ? "" : " ") + input.speech;
    if (!wanted_.empty() && !unanswered_.empty()) talk_->caller_said(std::exchange(unanswered_, {}));
    return question({});
}

void GatherTalk::take_over(bool on) {
    if (on == taken_over_ || over_) return;
    taken_over_ = on;
    log_.info("call.taken_over", on ? "A person speaks for the agent." : "The agent speaks again.", {{"on", on}});
    on_event(call::event_fact(on ? "taken_over" : "given_back", b_.facts.agent, "gather"));
    // An answer that is being made is not said any more; what it was to is the person's to answer.
    if (on && running_) talk_->interrupted({});
    if (!on) talk_->advise(call::kGivenBack);
}

std::string GatherTalk::question(std::string_view say) {
    const auto& settings = flow_of(*b_.agent).gather;
    const auto open = turn_ == 0 ? 1U : turn_;
    TwimlResponse response;
    if (!keys_.empty()) response.play({.url = {}, .digits = std::exchange(keys_, {})});
    twiml::Gather gather;
    gather.action = here(open, 0);
    gather.input = settings.input == "speech dtmf" ? "dtmf speech" : settings.input;
    gather.timeout = settings.timeout.count();
    gather.action_on_empty_result = true;
    gather.barge_in = settings.barge_in;
    if (settings.input != "dtmf") {
        gather.speech_timeout = settings.speech_timeout;
        gather.profanity_filter = settings.profanity_filter;
        if (!settings.language.empty()) gather.language = settings.language;
        if (!settings.speech_model.empty()) gather.speech_model = settings.speech_model;
        std::string hints;
        for (const auto& hint : settings.hints) hints += (hints.empty() ? "" : ", ") + hint;
        if (!hints.empty()) gather.hints = std::move(hints);
    }
    said_ = say.size();
    const auto& words = b_.agent->conversation;
    if (!warned_ && words.max_duration_warning.count() > 0 && since(began_) >= longest_ - words.max_duration_warning) {
        warned_ = true;
        add_say(gather.prompts, voice(), words.max_duration_warning_text);
        said_ += words.max_duration_warning_text.size();
        talk_->agent_said(words.max_duration_warning_text);
        keep_turn("agent", words.max_duration_warning_text);
    }
    add_say(gather.prompts, voice(), say);
    for (; !wanted_.empty(); wanted_.pop_front()) {
        add_say(gather.prompts, voice(), wanted_.front());
        said_ += wanted_.front().size();
        talk_->agent_said(wanted_.front());
        keep_turn("agent", wanted_.front());
    }
    response.gather(gather);
    response.redirect({.url = here(open, 0), .method = "POST"});
    return twiml_answer(response).body;
}

std::string GatherTalk::not_yet(unsigned turn, unsigned wait) {
    TwimlResponse response;
    // The first wait is covered by words; then quiet, a second at a time.
    if (wait == 1)
        add_say(response, voice(), flow_of(*b_.agent).gather.filler);
    else
        response.pause({.length = 1});
    response.redirect({.url = here(turn, wait), .method = "POST"});
    return twiml_answer(response).body;
}

std::string GatherTalk::last_words(std::string_view say, bool to_tail) {
    TwimlResponse response;
    add_say(response, voice(), say);
    if (to_tail)
        response.redirect({.url = b_.routes.tail_url(b_.position, 0, b_.ended), .method = "POST"});
    else
        response.hangup();
    return twiml_answer(response).body;
}

void GatherTalk::command(const call::OperatorCommand& wanted) {
    if (const auto* end_now = std::get_if<call::EndNow>(&wanted)) end(end_now->reason, end_now->target);
    if (const auto* whisper = std::get_if<call::WhisperNow>(&wanted)) talk_->advise(whisper->text);
    if (const auto* taken = std::get_if<call::TakeOver>(&wanted)) take_over(taken->on);
    // Words and keys wait for the next request: what Twilio is saying or hearing just now cannot be joined.
    if (const auto* words = std::get_if<call::SayNow>(&wanted); words != nullptr && wanted_.size() < 8) wanted_.push_back(words->text);
    if (const auto* limit = std::get_if<call::LimitNow>(&wanted)) longest_ = std::min<Duration>(longest_, since(began_) + limit->left);
    if (const auto* keys = std::get_if<call::KeysNow>(&wanted)) keys_ = (keys_ + keys->keys).substr(0, 32);
}

void GatherTalk::end(EndReason reason, std::string target) {
    if (over_.exchange(true)) return;
    call::CallSummary summary;
    summary.reason = reason;
    summary.target = std::move(target);
    summary.duration = since(began_);
    summary.turns = turns_;
    summary.memory = talk_->memory();
    call::call_over(b_.calls, log_, b_.facts.call_sid, *b_.agent, summary);
}

void GatherTalk::keep_turn(std::string_view who, std::string_view text) {
    if (b_.calls.records == nullptr || text.empty()) return;
    b_.calls.records->add(b_.facts.call_sid, store::Fact::turn, call::turn_fact(who, text, since(began_), false));
}

std::string GatherTalk::here(unsigned turn, unsigned wait) const {
    return b_.routes.url("/webhooks/twilio/gather?" + flows::query_of(b_.position) + "&talk=" + id_ + "&turn=" + std::to_string(turn) +
                         (wait == 0 ? std::string{} : "&wait=" + std::to_string(wait)));
}

std::string GatherTalk::key_of(std::string_view call_sid, std::string_view talk, unsigned turn, unsigned wait) {
    return std::string(call_sid) + "/gather/" + std::string(talk.substr(0, 16)) + "/" + std::to_string(turn) + "/" + std::to_string(wait);
}

flows::SayVoice GatherTalk::voice() const {
    const auto& flow = flow_of(*b_.agent);
    auto voice = flow.say;
    if (!flow.gather.voice.empty()) voice.voice = flow.gather.voice;
    if (voice.language.empty() && flow.gather.voice.empty() && voice.voice.empty()) voice.language = flow.gather.language;
    return voice;
}

void GatherTalk::on_event(std::string_view json) {
    if (b_.calls.records != nullptr) b_.calls.records->add(b_.facts.call_sid, store::Fact::event, json);
}
void GatherTalk::on_vendor(const brain::VendorRecord& record) {
    call::observe_vendor(b_.calls.metrics, record);
    on_used(record);
}
void GatherTalk::on_used(const brain::VendorRecord& more) {
    if (b_.calls.used) b_.calls.used(*b_.agent, b_.facts.call_sid, more);
}
void GatherTalk::on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view reason) {
    log_.warn("provider.failover", "A backup took over.", {{"role", role}, {"provider", from}, {"to", to}, {"reason", reason}});
    b_.calls.metrics.provider_failovers.at(role, from, to).add();
}

}  // namespace parley::webhooks
