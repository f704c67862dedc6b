// What happens at the far end of an outbound leg: who answers, and how the carrier finds out what that is.

#include <boost/asio/post.hpp>
#include <cmath>
#include <numbers>

#include "carrier_call.hpp"
#include "switchboard.hpp"

namespace parley::sim {
namespace {

constexpr Sample samples(milliseconds ms) {
    return ms.count() * 8;
}

// X- headers of `sip:user@host?X-Name=value&...` as the parameters of an incoming SIP call.
Form sip_headers(const std::string& address) {
    Form out;
    const auto question = address.find('?');
    if (question == std::string::npos) return out;
    for (auto& [name, value] : decode_form(std::string_view(address).substr(question + 1))) out.emplace_back("SipHeader_" + name, value);
    return out;
}

}  // namespace

// The number belongs to an application: an incoming call there, connected to this leg by a trunk.
Task<> CarrierCall::ring_application(TimePoint until) {
    auto [near, far] = TrunkEnd::make(deps_.options.speed);
    trunk_ = near;
    auto shared = shared_;
    trunk_->attach(
        [shared] {
            asio::post(shared->executor, [shared] {
                if (shared->live != nullptr) shared->live->on_trunk();
            });
        },
        {});
    CallPlan plan;
    plan.from = plan_.from;
    plan.to = plan_.to;
    plan.voice_url = target_.voice_url;
    plan.voice_method = target_.voice_method;
    plan.fallback_url = target_.fallback_url;
    plan.status_callback = target_.status_callback;
    plan.time_limit = plan_.time_limit;
    plan.extra = sip_headers(plan_.to);
    plan.trunk = far;
    (void)deps_.board.place(std::move(plan));
    while (!over_ && !trunk_->other_answered() && !trunk_->other_closed() && Clock::now() < until) co_await changed_.wait(until);
    if (over_) co_return;
    if (trunk_->other_answered()) {
        answer();
    } else if (const auto status = trunk_->other_closed()) {
        end("callee", *status == "completed" ? "no-answer" : *status);
    } else {
        end("callee", "no-answer");
    }
}

Task<> CarrierCall::fax() {
    Pcm8k tone(3 * kSampleRate);
    for (std::size_t i = 0; i < tone.size(); ++i)
        tone[i] = static_cast<std::int16_t>(6000 * std::sin(2 * std::numbers::pi * 2100 * static_cast<double>(i) / kSampleRate));
    const auto end_of_tone = speak(to_mulaw(tone)) + static_cast<Sample>(tone.size());
    while (!over_ && line_now() < end_of_tone + 10 * kSampleRate) co_await changed_.wait(time_of(end_of_tone + 10 * kSampleRate));
    end("caller");
}

Task<> CarrierCall::after_answer() {
    if (!plan_.send_digits.empty()) {
        co_await dial_digits(plan_.send_digits);
    } else if (plan_.detection.mode != MachineDetection::Mode::off) {
        if (plan_.detection.async || attempt_ != nullptr || plan_.conference != nullptr) {
            spawn(detect());
        } else {
            co_await detect();
        }
    }
}

Task<> CarrierCall::dial_digits(std::string keys) {
    for (const char key : keys) {
        if (over_) co_return;
        Sample length = key == 'w' ? 4000 : 8000;
        if (key != 'w' && key != 'W') {
            const auto tone = dtmf_tone(key, 120);
            hear(tone);
            if (trunk_ != nullptr) trunk_->key(key);
            length = static_cast<Sample>(tone.size()) + 640;
        }
        const auto until = line_now() + length;
        while (!over_ && line_now() < until) co_await changed_.wait(time_of(until));
    }
}

// The verdict as far as it can be known by now, and when it falls.
std::optional<CarrierCall::Verdict> CarrierCall::verdict() const {
    const auto& rules = plan_.detection;
    if (target_.fax) return Verdict{"fax", kSampleRate};
    if (machine_ != nullptr) {
        const auto greeting = machine_->greeting();
        if (!greeting) return std::nullopt;
        if (rules.mode == MachineDetection::Mode::enable) {
            const bool lengthy = greeting->to - greeting->from >= samples(rules.speech);
            return Verdict{"machine_start", lengthy ? greeting->from + samples(rules.speech) : greeting->to + samples(rules.speech_end)};
        }
        if (!machine_->beeps()) return Verdict{"machine_end_silence", greeting->to + samples(rules.speech_end)};
        if (const auto end_of_beep = machine_->beep_end()) return Verdict{"machine_end_beep", *end_of_beep};
        return std::nullopt;
    }
    std::optional<Interval> speech;
    if (!utterances_.empty()) speech = Interval{utterances_.front().from, utterances_.front().to};
    if (trunk_ != nullptr) {
        const auto stretches = mouth_activity_.intervals();
        if (!stretches.empty()) speech = stretches.front();
    }
    if (!speech || speech->from > samples(rules.silence)) return Verdict{"unknown", samples(rules.silence)};
    return Verdict{"human", speech->to + samples(rules.speech_end)};
}

Task<> CarrierCall::detect() {
    const auto timeout = samples(plan_.detection.timeout);
    std::string who;
    Sample at = timeout;
    while (!over_ && who.empty()) {
        advance();
        const auto known = verdict();
        const auto now = line_now();
        if (known && known->at <= std::min(now, timeout)) {
            who = known->who;
            at = known->at;
        } else if (now >= timeout) {
            who = "unknown";
        } else {
            auto look_again = std::min(timeout, now + 400);
            if (known) look_again = std::min(look_again, std::max(known->at, now + 1));
            co_await changed_.wait(time_of(look_again));
        }
    }
    if (who.empty()) co_return;  // hung up before anything could be said about it
    report_.answered_by = who;
    report_.detection_ms = static_cast<double>(at) / 8;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->view.answered_by = who;
    }
    if (plan_.detection.callback.empty()) co_return;
    callback(
        "amd", plan_.detection.callback, plan_.detection.callback_method,
        {{"AccountSid", deps_.options.account_sid}, {"CallSid", report_.call_sid}, {"AnsweredBy", who}, {"MachineDetectionDuration", std::to_string(at / 8)}});
}

}  // namespace parley::sim
