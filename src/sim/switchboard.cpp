#include "switchboard.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/sim/identifiers.hpp"
#include "parley/sim/twiml_document.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kMaxCallbacks = 100000;
constexpr std::size_t kSoundLimit = 40 * 1024 * 1024;

std::string bare(const std::string& address) {
    return address.substr(0, std::min(address.find('?'), address.find(';')));
}

// The sound of an answer, when it is a sound.
std::optional<Pcm8k> sound_of(const HttpReply& reply) {
    const auto type = header_of(reply.headers, "Content-Type");
    const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(reply.body.data()), reply.body.size());
    if (type.starts_with("audio/basic") || type.starts_with("audio/ulaw")) return from_mulaw(bytes);
    if (const auto wav = parse_wav(bytes)) return *wav;
    return std::nullopt;
}

int whole_number(const std::string& text, int otherwise) {
    if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != std::string::npos) return otherwise;
    return std::stoi(text);
}

template <class Function>
Task<std::invoke_result_t<Function>> run_function(Function function) {
    co_return function();
}

}  // namespace

Switchboard::Switchboard(Links links)
    : conferences(*this), queues(*this), links_(std::move(links)), targets_(links_.options.numbers), planner_(links_.options.callbacks, 1) {}

DialTarget Switchboard::target_of(const std::string& address) const {
    const std::lock_guard lock(mutex_);
    for (const auto& key : {address, bare(address), std::string("*")}) {
        const auto at = targets_.find(key);
        if (at != targets_.end()) return at->second;
    }
    return {};
}

void Switchboard::set_target(const std::string& address, DialTarget target) {
    const std::lock_guard lock(mutex_);
    targets_[address] = std::move(target);
}

void Switchboard::spawn(Task<> task) {
    {
        const std::lock_guard lock(mutex_);
        ++tasks_;
    }
    auto done = [this](std::exception_ptr) {
        const std::lock_guard lock(mutex_);
        --tasks_;
        changed_.notify_all();
    };
    asio::co_spawn(links_.executor, std::move(task), std::move(done));
}

void Switchboard::wait_idle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return tasks_ == 0; });
}

Task<> Switchboard::sleep(milliseconds line_time) {
    asio::steady_timer timer(links_.executor, std::chrono::duration_cast<std::chrono::nanoseconds>(line_time / links_.options.speed));
    co_await timer.async_wait(net::nothrow);
}

std::string Switchboard::recording_url(const std::string& sid) const {
    return links_.options.api_base + "/2010-04-01/Accounts/" + links_.options.account_sid + "/Recordings/" + sid;
}

void Switchboard::callback(std::string kind, std::string url, std::string method, Form form) {
    if (url.empty()) return;
    CallbackTruth truth;
    truth.kind = std::move(kind);
    truth.url = std::move(url);
    truth.method = method == "GET" ? "GET" : "POST";
    truth.form = std::move(form);
    std::vector<std::pair<std::size_t, milliseconds>> to_send;
    {
        const std::lock_guard lock(mutex_);
        if (callbacks_.size() >= kMaxCallbacks) return;
        truth.made_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began_).count();
        const auto copies = planner_.next();
        truth.dropped = copies.empty();
        if (copies.empty()) callbacks_.push_back(truth);
        for (std::size_t i = 0; i < copies.size(); ++i) {
            truth.copy = static_cast<int>(i);
            to_send.emplace_back(callbacks_.size(), copies[i]);
            callbacks_.push_back(truth);
        }
    }
    for (const auto& [index, delay] : to_send) spawn(send(index, delay));
}

Task<> Switchboard::send(std::size_t index, milliseconds delay) {
    if (delay.count() > 0) {
        asio::steady_timer timer(links_.executor, delay);
        co_await timer.async_wait(net::nothrow);
    }
    Webhook webhook;
    {
        const std::lock_guard lock(mutex_);
        auto& truth = callbacks_[index];
        webhook.method = truth.method;
        webhook.url = truth.url;
        webhook.form = truth.form;
        truth.sent_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began_).count();
    }
    const auto reply = co_await links_.webhooks.send(std::move(webhook));
    const std::lock_guard lock(mutex_);
    callbacks_[index].status = reply.http.status;
}

std::vector<CallbackTruth> Switchboard::callbacks() const {
    const std::lock_guard lock(mutex_);
    return callbacks_;
}

Task<WebhookReply> Switchboard::fetch(std::string url, std::string method, Form form) {
    Webhook webhook;
    webhook.method = std::move(method);
    webhook.url = std::move(url);
    webhook.form = std::move(form);
    webhook.body_limit = kSoundLimit;
    co_return co_await links_.webhooks.send(std::move(webhook));
}

Task<Pcm8k> Switchboard::render(std::string url, std::string method, Form form, std::string& why) {
    Pcm8k out;
    const auto reply = co_await fetch(url, method == "GET" ? "GET" : "POST", std::move(form));
    if (!reply.ok()) {
        why = reply.http.failure != 0 ? reply.http.failure_text : "HTTP " + std::to_string(reply.http.status);
        co_return out;
    }
    if (header_of(reply.http.headers, "Content-Type").starts_with("audio/")) {
        auto sound = sound_of(reply.http);
        if (sound) {
            out = std::move(*sound);
        } else {
            why = "not a sound file";
        }
        co_return out;
    }
    const auto document = parse_twiml(reply.http.body);
    if (document.error != 0) why = document.error_text;
    for (const auto& verb : document.verbs) {
        if (verb.name == "Say") {
            auto speak = [&voice = *links_.options.voice, text = verb.text] { return voice.speak(text, VoiceStyle{}); };
            auto work = asio::co_spawn(links_.compute, run_function(std::move(speak)), asio::use_awaitable);
            const auto pcm = co_await std::move(work);
            out.insert(out.end(), pcm.begin(), pcm.end());
        } else if (verb.name == "Pause") {
            out.insert(out.end(), static_cast<std::size_t>(whole_number(verb.attribute("length"), 1)) * kSampleRate, 0);
        } else if (verb.name == "Play") {
            const auto source = resolve_url(reply.final_url, verb.text);
            std::optional<Pcm8k> sound;
            if (source) {
                const auto file = co_await fetch(*source, "GET", {});
                if (file.ok()) sound = sound_of(file.http);
            }
            if (sound) out.insert(out.end(), sound->begin(), sound->end());
            if (!sound) why = "cannot play " + verb.text;
        }
    }
    if (out.empty() && why.empty()) why = "nothing to play";
    co_return out;
}

void Switchboard::keep(CallReport report) {
    const std::lock_guard lock(mutex_);
    if (links_.options.kept_reports == 0) return;
    if (reports_.size() >= links_.options.kept_reports) reports_.pop_front();
    reports_.push_back(std::move(report));
    changed_.notify_all();
}

std::optional<CallReport> Switchboard::report_of(const std::string& sid) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(reports_.begin(), reports_.end(), [&](const auto& one) { return one.call_sid == sid; });
    if (at == reports_.end()) return std::nullopt;
    return *at;
}

std::vector<CallReport> Switchboard::wait_reports(const std::string& number, std::size_t count, std::chrono::milliseconds within) const {
    std::unique_lock lock(mutex_);
    const auto matches = [&](const CallReport& report) { return report.to == number || report.from == number; };
    changed_.wait_for(lock, within, [&] { return static_cast<std::size_t>(std::count_if(reports_.begin(), reports_.end(), matches)) >= count; });
    std::vector<CallReport> out;
    std::copy_if(reports_.begin(), reports_.end(), std::back_inserter(out), matches);
    return out;
}

void Switchboard::set_callbacks(const CallbackWeather& weather) {
    const std::lock_guard lock(mutex_);
    planner_ = CallbackPlanner(weather, 1);
}

}  // namespace parley::sim
