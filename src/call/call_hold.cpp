#include "call_hold.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace parley::call {

namespace {

using namespace std::chrono_literals;

constexpr auto kSpeechEnds = 6s;  // so long the hold's own words may go on when everything is ready
constexpr auto kHandIn = 100ms;   // before `longest`: what has been found by then is handed in
constexpr std::size_t kMostSaid = 20;
constexpr std::size_t kMostKeys = 64;

bool anything(const hold::HoldSounds& sounds) {
    const auto there = [](const hold::Sound& sound) { return sound && !sound->empty(); };
    return there(sounds.text) || there(sounds.audio) || there(sounds.music);
}

}  // namespace

std::unique_ptr<CallHold> CallHold::make(CallServices& services, CallWorker& worker, const std::shared_ptr<const Agent>& agent, const brain::CallFacts& facts,
                                         brain::Actions* actions) {
    if (!services.hold || !agent->hold) return nullptr;
    auto offer = services.hold(*agent, facts);
    if (!offer) return nullptr;
    if (!services.prepare) offer->prepare = false;
    if (agent->hold->strategy == hold::Strategy::none && !offer->prepare) return nullptr;
    auto made = std::make_unique<CallHold>(services, worker, agent, std::move(*offer));
    if (made->prepares_)
        made->prepare(facts, actions);
    else
        made->prepared_ = true;
    return made;
}

CallHold::CallHold(CallServices& services, CallWorker& worker, std::shared_ptr<const Agent> agent, HoldOffer offer)
    : services_(services),
      worker_(worker),
      agent_(std::move(agent)),
      settings_(*agent_->hold),
      prepares_(offer.prepare),
      least_(anything(offer.sounds) ? settings_.least : 0ms),
      player_(settings_.strategy, std::move(offer.sounds), offer.mix),
      preparing_(worker.loop.executor()) {}

void CallHold::prepare(const brain::CallFacts& facts, brain::Actions* actions) {
    const auto until = Clock::now() + std::max<std::chrono::milliseconds>(settings_.longest - kHandIn, settings_.longest / 2);
    preparing_.spawn(find_out(*this, [this, facts, actions, until] { return services_.prepare(agent_, facts, actions, worker_, until); }));
}

net::Task<> CallHold::find_out(CallHold& self, std::function<net::Task<brain::Prepared>()> how) {
    try {
        auto found = co_await how();
        self.found_ = std::move(found);
    } catch (const std::exception&) {
        self.found_.failed.emplace_back("error");  // whatever it was, the call goes on without it
    }
    self.prepared_ = true;
}

bool CallHold::over(Instant now) {
    if (!concluding_) {
        const bool enough = prepared_ && now >= least_;
        if (!enough && now < settings_.longest) return false;
        concluding_ = true;
        const Instant longest = settings_.longest;
        player_.conclude(std::chrono::duration_cast<std::chrono::milliseconds>(std::clamp<Instant>(longest - now, 0ms, kSpeechEnds)));
    }
    return !player_.speaking();
}

void CallHold::caller_started(brain::SttSession& stt) {
    utterance_ = ++last_;
    partial_.clear();
    stt.begin(utterance_);
}

void CallHold::caller_stopped(brain::SttSession& stt) {
    if (utterance_ != 0) stt.finish(utterance_);
}

void CallHold::partial(conversation::UtteranceId utterance, std::string_view text) {
    if (utterance == utterance_) partial_ = text;
}

bool CallHold::understood(conversation::UtteranceId utterance, std::string_view text) {
    if (utterance == utterance_) {
        utterance_ = 0;
        partial_.clear();
    }
    if (text.empty() || said_.size() >= kMostSaid) return false;
    said_.emplace_back(text);
    return true;
}

void CallHold::pressed(char key) {
    if (keys_.size() < kMostKeys) keys_ += key;
}

CallHold::Meanwhile CallHold::leave(brain::SttSession& stt) {
    if (utterance_ != 0) {
        stt.drop(utterance_);
        if (!partial_.empty()) (void)understood(utterance_, std::string(partial_));
        utterance_ = 0;
    }
    if (!prepared_) {
        preparing_.cancel();  // what it might still find is nobody's
        found_ = {};
        found_.failed.emplace_back("timeout");
    }
    Meanwhile all;
    all.found = std::exchange(found_, {});
    all.said = std::exchange(said_, {});
    all.keys = std::exchange(keys_, {});
    all.refused = settings_.required && !all.found.failed.empty();
    return all;
}

std::string_view CallHold::name_of(hold::Strategy strategy) {
    switch (strategy) {
        case hold::Strategy::none:
            return "none";
        case hold::Strategy::text:
            return "text";
        case hold::Strategy::audio:
            return "audio";
        case hold::Strategy::music:
            return "music";
        case hold::Strategy::audio_then_music:
            return "audio_then_music";
        case hold::Strategy::text_then_music:
            return "text_then_music";
        case hold::Strategy::text_over_music:
            return "text_over_music";
    }
    return "none";
}

std::string CallHold::fact(const hold::HoldSettings& settings, const brain::Prepared& found, Instant lasted) {
    const nlohmann::ordered_json fact{
        {"hold", name_of(settings.strategy)}, {"lasted_ms", std::chrono::duration_cast<std::chrono::milliseconds>(lasted).count()},
        {"looked_up", found.looked_up},       {"tools", found.tools},
        {"summary", found.summarised},        {"failed", found.failed}};
    return fact.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string_view CallHold::outcome(const brain::Prepared& found) {
    if (found.failed.empty()) return "ok";
    if (std::find(found.failed.begin(), found.failed.end(), "timeout") != found.failed.end()) return "timeout";
    return found.looked_up || found.summarised || !found.tools.empty() ? "partial" : "failed";
}

net::Task<> CallHold::close() {
    preparing_.cancel();
    co_await preparing_.join();
}

}  // namespace parley::call
