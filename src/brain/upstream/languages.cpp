#include "languages.hpp"

#include <list>
#include <utility>

namespace parley::brain::upstream {

namespace {

constexpr auto kGivenUp = std::chrono::seconds(10);  // a final text or the end of a piece comes before, or not at all

// Old sessions, until nobody waits for them.
template <class Role>
class Retired {
public:
    explicit Retired(boost::asio::any_io_executor executor) : closing_(std::move(executor)) {}
    void take(std::unique_ptr<Role> role) { all_.push_back({std::move(role), Clock::now() + kGivenUp, false}); }
    void tick(TimePoint now) {
        for (auto it = all_.begin(); it != all_.end();) {
            if (it->closed) {
                it = all_.erase(it);
                continue;
            }
            if (!it->closing && now >= it->until) {
                it->closing = true;
                closing_.spawn(close_one(*it));
            } else if (!it->closing) {
                it->role->tick(now);
            }
            ++it;
        }
    }
    template <class Use>
    void each(Use use) {
        for (auto& one : all_)
            if (!one.closing) use(*one.role);
    }
    net::Task<> close() {
        co_await closing_.join();
        for (auto& one : all_)
            if (!one.closed) co_await one.role->close();
        all_.clear();
    }

private:
    struct One {
        std::unique_ptr<Role> role;
        TimePoint until;
        bool closing = false, closed = false;
    };
    static net::Task<> close_one(One& one) {
        co_await one.role->close();
        one.closed = true;
    }
    std::list<One> all_;
    net::Nursery closing_;
};

class Ears final : public SwitchedStt {
public:
    explicit Ears(const std::shared_ptr<const Place>& place) : executor_(place->ports.executor), now_(make_stt_role(place)), retired_(executor_) {}

    void go_on_with(std::shared_ptr<const Place> place) override {
        if (next_) retired_.take(std::move(next_));
        next_ = make_stt_role(std::move(place));
        if (!expected_.empty()) next_->expect(expected_);
    }
    void audio(const CallerAudio& frame) override {
        now_->audio(frame);
        if (next_) next_->audio(frame);  // what the next utterance begins with
    }
    void begin(UtteranceId utterance) override {
        if (next_) {
            retired_.take(std::exchange(now_, std::move(next_)));
            since_ = utterance;
        }
        now_->begin(utterance);
    }
    void finish(UtteranceId utterance) override {
        if (utterance >= since_)
            now_->finish(utterance);
        else
            retired_.each([&](SttRole& role) { role.finish(utterance); });
    }
    void drop(UtteranceId utterance) override {
        if (utterance >= since_)
            now_->drop(utterance);
        else
            retired_.each([&](SttRole& role) { role.drop(utterance); });
    }
    void expect(std::string_view what) override {
        expected_ = what;
        now_->expect(what);
        if (next_) next_->expect(what);
    }
    void tick(TimePoint now) override {
        now_->tick(now);
        if (next_) next_->tick(now);
        retired_.tick(now);
    }
    net::Task<> close() override {
        co_await now_->close();
        if (next_) co_await next_->close();
        co_await retired_.close();
    }

private:
    boost::asio::any_io_executor executor_;
    std::unique_ptr<SttRole> now_, next_;
    UtteranceId since_ = 0;  // the first of now_
    std::string expected_;
    Retired<SttRole> retired_;
};

class Mouths final : public SwitchedTts {
public:
    explicit Mouths(const std::shared_ptr<const Place>& place) : now_(make_tts_role(place)), retired_(place->ports.executor) {}

    void go_on_with(std::shared_ptr<const Place> place) override { retired_.take(std::exchange(now_, make_tts_role(std::move(place)))); }
    void speak(SegmentId segment, ReplyId reply, std::string_view text) override { now_->speak(segment, reply, text); }
    void cancel_all() override {
        now_->cancel_all();
        retired_.each([](TtsRole& role) { role.cancel_all(); });
    }
    void tick(TimePoint now) override {
        now_->tick(now);
        retired_.tick(now);
    }
    net::Task<> close() override {
        co_await now_->close();
        co_await retired_.close();
    }

private:
    std::unique_ptr<TtsRole> now_;
    Retired<TtsRole> retired_;
};

}  // namespace

std::shared_ptr<const Place> place_in(const std::shared_ptr<const Place>& place, std::string_view language) {
    const auto& all = place->settings.by_language;
    const auto found = all.find(std::string(language));
    if (found == all.end()) return !place->settings.language.empty() && language == place->settings.language ? place : nullptr;
    struct Held {
        std::shared_ptr<const Place> first;
        UpstreamSettings settings;
        std::optional<Place> place;
    };
    auto held = std::make_shared<Held>();
    held->first = place;
    held->settings = place->settings;
    if (!found->second.stt.empty()) held->settings.stt = found->second.stt;
    if (!found->second.tts.empty()) held->settings.tts = found->second.tts;
    held->place.emplace(Place{held->settings, place->makers, place->shared, place->phrases, place->facts, place->ports, place->began});
    return {held, &*held->place};
}

std::unique_ptr<SwitchedStt> make_switched_stt(const std::shared_ptr<const Place>& place) {
    return std::make_unique<Ears>(place);
}
std::unique_ptr<SwitchedTts> make_switched_tts(const std::shared_ptr<const Place>& place) {
    return std::make_unique<Mouths>(place);
}

}  // namespace parley::brain::upstream
