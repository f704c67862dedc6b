#include "parley/brain/upstream.hpp"

#include <optional>

#include <boost/asio/this_coro.hpp>

#include "parley/base/ids.hpp"
#include "languages.hpp"
#include "parts.hpp"

namespace parley::brain {

vendors::ConnectGate& UpstreamShared::gate(const std::string& vendor) {
    const std::lock_guard lock(mutex_);
    auto& gate = gates_[vendor];
    if (!gate) gate = std::make_unique<vendors::ConnectGate>();
    return *gate;
}

namespace upstream {

std::chrono::milliseconds jittered(std::chrono::milliseconds value) {
    const auto half = value.count() / 2;
    return std::chrono::milliseconds(half + static_cast<std::int64_t>(random_u64() % static_cast<std::uint64_t>(std::max<std::int64_t>(1, 2 * half + 1))));
}

namespace {

class PipelineBrain final : public Brain {
public:
    explicit PipelineBrain(const std::shared_ptr<const Place>& place)
        : place_(place), language_(place->settings.language), stt_(make_switched_stt(place)), lm_(make_lm_role(place)), tts_(make_switched_tts(place)) {}
    void tick(TimePoint now) override {
        stt_->tick(now);
        lm_->tick(now);
        tts_->tick(now);
    }
    SttSession& stt() override { return *stt_; }
    LmSession& lm() override { return *lm_; }
    TtsSession& tts() override { return *tts_; }
    bool speak(std::string_view language) override {
        auto place = place_in(place_, language);
        if (!place) return false;
        if (language == language_) return true;
        language_ = language;
        stt_->go_on_with(place);
        tts_->go_on_with(std::move(place));
        return true;
    }
    net::Task<> close() override {
        net::Nursery closing(co_await boost::asio::this_coro::executor);
        closing.spawn(tts_->close());
        closing.spawn(lm_->close());
        closing.spawn(stt_->close());
        co_await closing.join();
    }

private:
    std::shared_ptr<const Place> place_;  // as the call began
    std::string language_;
    std::unique_ptr<SwitchedStt> stt_;
    std::unique_ptr<LmRole> lm_;
    std::unique_ptr<SwitchedTts> tts_;
};

// Text has no recogniser and no voice, an ear no answers; what a role might tell them has nowhere to go.
struct NoSound final : SttSink, TtsSink, LmSink {
    void on_reply_text(ReplyId, std::string_view) override {}
    void on_reply_finished(ReplyId, conversation::ReplyThen, std::string_view) override {}
    void on_reply_failed(ReplyId, std::string_view) override {}
    void on_reply_voice(ReplyId) override {}
    void on_expect(std::string_view, std::chrono::milliseconds) override {}
    void on_partial(UtteranceId, std::string_view) override {}
    void on_final(UtteranceId, std::string_view, double) override {}
    void on_stt_failed(UtteranceId, std::string_view) override {}
    void on_turn_end(UtteranceId, double, bool) override {}
    void on_turn_resumed(UtteranceId) override {}
    void on_heard_caller() override {}
    void on_answers(std::string_view) override {}
    void on_audio(SegmentId, std::span<const std::int16_t>) override {}
    void on_synthesized(SegmentId) override {}
    void on_tts_failed(SegmentId, std::string_view) override {}
    void on_word(SegmentId, std::uint32_t, std::uint32_t) override {}
    void on_segment_text(SegmentId, std::string_view) override {}
};

class TextOnly final : public TextBrain {
public:
    explicit TextOnly(const std::shared_ptr<const Place>& place) : lm_(make_lm_role(place)) {}
    void tick(TimePoint now) override { lm_->tick(now); }
    LmSession& lm() override { return *lm_; }
    net::Task<> close() override { return lm_->close(); }

private:
    std::unique_ptr<LmRole> lm_;
};

class EarOnly final : public Ear {
public:
    explicit EarOnly(const std::shared_ptr<const Place>& place) : stt_(make_stt_role(place)) {}
    void tick(TimePoint now) override { stt_->tick(now); }
    SttSession& stt() override { return *stt_; }
    net::Task<> close() override { return stt_->close(); }

private:
    std::unique_ptr<SttRole> stt_;
};

}  // namespace
}  // namespace upstream

namespace {

// The call may outlive its factory (a reload): what it needs stays through the shared parts. `ports_of` is given where the roles tell what this call has no ear
// for.
template <class Parts, class PortsOf>
std::shared_ptr<const upstream::Place> place_for(std::shared_ptr<const Parts> parts, const CallFacts& facts, PortsOf ports_of) {
    struct Held {
        std::shared_ptr<const Parts> parts;
        upstream::NoSound nowhere;
        std::optional<upstream::Place> place;
    };
    auto held = std::make_shared<Held>();
    held->parts = std::move(parts);
    const auto& all = *held->parts;
    held->place.emplace(upstream::Place{all.settings, all.makers, *all.shared, all.phrases.get(), facts, ports_of(held->nowhere), Clock::now()});
    return {held, &*held->place};
}

}  // namespace

UpstreamFactory::UpstreamFactory(UpstreamSettings settings, VendorMakers makers, std::shared_ptr<UpstreamShared> shared,
                                 std::shared_ptr<const FixedPhrases> phrases)
    : parts_(std::make_shared<const Parts>(Parts{std::move(settings), std::move(makers), std::move(shared), std::move(phrases)})) {}
UpstreamFactory::~UpstreamFactory() = default;

std::unique_ptr<Brain> UpstreamFactory::open(const CallFacts& facts, const CallPorts& ports) {
    const auto place = place_for(parts_, facts, [&](upstream::NoSound&) { return ports; });
    if (!parts_->settings.s2s.empty()) return upstream::make_realtime_brain(place, upstream::make_tts_role(place));
    return std::make_unique<upstream::PipelineBrain>(place);
}

bool UpstreamFactory::hears_itself() const {
    return !parts_->settings.s2s.empty();
}

std::unique_ptr<TextBrain> UpstreamFactory::open_text(const CallFacts& facts, const TextPorts& ports) {
    if (parts_->settings.lm.empty()) return nullptr;
    const auto place = place_for(parts_, facts, [&](upstream::NoSound& nowhere) {
        return CallPorts{.stt = nowhere,
                         .lm = ports.lm,
                         .tts = nowhere,
                         .vendor = ports.vendor,
                         .executor = ports.executor,
                         .http = ports.http,
                         .post = ports.post,
                         .actions = ports.actions};
    });
    return std::make_unique<upstream::TextOnly>(place);
}

std::unique_ptr<Ear> UpstreamFactory::open_ear(const CallFacts& facts, const EarPorts& ports) {
    if (parts_->settings.stt.empty()) return nullptr;
    const auto place = place_for(parts_, facts, [&](upstream::NoSound& nowhere) {
        return CallPorts{
            .stt = ports.stt, .lm = nowhere, .tts = nowhere, .vendor = ports.vendor, .executor = ports.executor, .http = ports.http, .post = ports.post};
    });
    return std::make_unique<upstream::EarOnly>(place);
}

}  // namespace parley::brain
