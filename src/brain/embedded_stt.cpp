#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "embedded_sessions.hpp"
#include "parley/audio/level.hpp"
#include "parley/speech/error.hpp"
#include "pause_watch.hpp"

namespace parley::brain {
namespace {

constexpr std::size_t kSamplesPerMs = 8;
constexpr std::size_t kMaxPending = 8;  // finals not yet answered; a call that has more is out of step with its recogniser
constexpr auto kFirstPartial = std::chrono::milliseconds(500);

using speech::EnginePool;
using speech::Grammar;
using speech::Transcript;

struct SttCore : std::enable_shared_from_this<SttCore> {
    std::shared_ptr<const Script> script;
    std::shared_ptr<EnginePool> pool;
    SttSink* sink = nullptr;
    EmbeddedFactory::Post post;
    std::shared_ptr<const Grammar> grammar;

    std::vector<std::int16_t> ring;  // pre-roll
    std::size_t ring_at = 0;
    bool ring_full = false;

    UtteranceId current = 0;  // being buffered; 0: none
    std::vector<std::int16_t> utterance;
    std::size_t max_samples = 0, partial_step = 0, next_partial = 0;
    bool partial_running = false;
    speech::CancelToken partial;
    std::string last_partial;
    std::map<UtteranceId, speech::CancelToken> pending;

    // The decode begun when the caller paused. Endpointing waits several hundred milliseconds more; if nothing is said
    // in them, this is already the final.
    struct Early {
        std::uint64_t number = 0;  // 0: none
        speech::CancelToken token;
        std::shared_ptr<const Grammar> grammar;
        std::optional<Transcript> transcript;
        UtteranceId owner = 0;  // adopted by finish()
        std::vector<std::int16_t> spare;
    } early;
    std::uint64_t early_count = 0;
    PauseWatch pause;

    void keep(std::span<const std::int16_t> pcm) {
        if (ring.empty()) return;
        if (pcm.size() > ring.size()) pcm = pcm.last(ring.size());
        for (const auto sample : pcm) {
            ring[ring_at] = sample;
            if (++ring_at == ring.size()) {
                ring_at = 0;
                ring_full = true;
            }
        }
    }

    void take_pre_roll() {
        if (ring_full) utterance.insert(utterance.end(), ring.begin() + static_cast<std::ptrdiff_t>(ring_at), ring.end());
        utterance.insert(utterance.end(), ring.begin(), ring.begin() + static_cast<std::ptrdiff_t>(ring_at));
    }

    void fail(UtteranceId id, std::string reason) {
        post([weak = weak_from_this(), id, reason = std::move(reason)] {
            if (const auto self = weak.lock()) self->sink->on_stt_failed(id, reason);
        });
    }

    void decode(UtteranceId id, EnginePool::Decode job, bool again) {
        auto spare = again ? std::vector<std::int16_t>{} : job.pcm8k;
        auto language = job.grammar;
        auto token =
            pool->decode(std::move(job), post, [weak = weak_from_this(), id, again, spare = std::move(spare), language](Result<Transcript> result) mutable {
                if (const auto self = weak.lock()) self->on_decoded(id, std::move(result), again, std::move(spare), language);
            });
        if (!token) {
            pending.erase(id);
            fail(id, token.error().message());
            return;
        }
        pending[id] = *token;
    }

    void on_decoded(UtteranceId id, Result<Transcript> result, bool again, std::vector<std::int16_t> spare, std::shared_ptr<const Grammar> language) {
        if (pending.erase(id) == 0) return;  // dropped
        if (result) {
            sink->on_final(id, result->rejected ? std::string_view() : std::string_view(result->text), result->confidence);
            return;
        }
        if (!again && result.error() == speech::errc::engine_failed) {
            decode(id, {std::move(spare), std::move(language), speech::Recognizer::Mode::whole, false}, true);
            return;
        }
        sink->on_stt_failed(id, result.error().message());
    }

    void watch(std::span<const std::int16_t> pcm) {
        switch (pause.frame(audio::measure_level(pcm).rms_dbfs)) {
            case PauseWatch::Verdict::paused:
                begin_early();
                break;
            case PauseWatch::Verdict::resumed:
                drop_early();
                break;
            case PauseWatch::Verdict::nothing:
                break;
        }
    }

    void begin_early() {
        drop_early();
        if (partial_running) partial.cancel();
        const auto number = ++early_count;
        auto token =
            pool->decode({utterance, grammar, speech::Recognizer::Mode::whole, true}, post, [weak = weak_from_this(), number](Result<Transcript> result) {
                if (const auto self = weak.lock()) self->on_early(number, std::move(result));
            });
        if (!token) return;
        early.number = number;
        early.token = *token;
        early.grammar = grammar;
    }

    void drop_early() {
        if (early.number != 0) early.token.cancel();
        early = {};
    }

    void on_early(std::uint64_t number, Result<Transcript> result) {
        if (number != early.number) return;
        if (early.owner == 0) {
            if (!result) {
                early = {};
                return;
            }
            early.transcript = std::move(*result);
            if (!early.transcript->rejected && early.transcript->text != last_partial) {
                last_partial = early.transcript->text;
                sink->on_partial(current, last_partial);
            }
            return;
        }
        auto adopted = std::exchange(early, {});
        if (!result && result.error() != speech::errc::deadline && pending.contains(adopted.owner)) {  // it was only an optional job
            decode(adopted.owner, {std::move(adopted.spare), adopted.grammar, speech::Recognizer::Mode::whole, false}, false);
            return;
        }
        on_decoded(adopted.owner, std::move(result), true, {}, adopted.grammar);
    }

    // True if the early decode serves as the final of the current utterance.
    bool adopt_early(UtteranceId id) {
        if (early.number == 0 || early.grammar != grammar) {
            drop_early();
            return false;
        }
        pending[id] = early.token;
        if (early.transcript) {
            post([weak = weak_from_this(), id, transcript = std::move(*early.transcript), language = early.grammar]() mutable {
                if (const auto self = weak.lock()) self->on_decoded(id, std::move(transcript), true, {}, language);
            });
            early = {};
        } else {
            early.owner = id;
            early.spare = utterance;
        }
        return true;
    }

    void maybe_partial() {
        if (partial_step == 0 || partial_running || early.number != 0 || utterance.size() < next_partial) return;
        next_partial = utterance.size() + partial_step;
        EnginePool::Decode job{utterance, grammar, speech::Recognizer::Mode::running, true};
        auto token = pool->decode(std::move(job), post, [weak = weak_from_this(), id = current](Result<Transcript> result) {
            if (const auto self = weak.lock()) self->on_partial(id, result);
        });
        if (!token) return;
        partial = *token;
        partial_running = true;
    }

    void on_partial(UtteranceId id, const Result<Transcript>& result) {
        partial_running = false;
        if (id != current || !result || result->rejected || result->text == last_partial) return;
        last_partial = result->text;
        sink->on_partial(id, last_partial);
    }

    void stop_buffering() {
        current = 0;
        utterance.clear();
        if (partial_running) partial.cancel();
        last_partial.clear();
    }
};

class EmbeddedStt final : public SttSession {
public:
    explicit EmbeddedStt(std::shared_ptr<SttCore> core) : core_(std::move(core)) {}
    ~EmbeddedStt() override {
        if (core_->partial_running) core_->partial.cancel();
        core_->drop_early();
        for (const auto& [id, token] : core_->pending) token.cancel();
    }

    void audio(const CallerAudio& frame) override {
        const auto pcm8k = frame.pcm8k;
        auto& c = *core_;
        c.keep(pcm8k);
        if (c.current == 0) return;
        const auto room = c.max_samples - std::min(c.max_samples, c.utterance.size());
        const auto taken = pcm8k.first(std::min(pcm8k.size(), room));
        c.utterance.insert(c.utterance.end(), taken.begin(), taken.end());
        c.watch(pcm8k);
        c.maybe_partial();
    }

    void begin(UtteranceId utterance) override {
        auto& c = *core_;
        c.stop_buffering();
        c.drop_early();
        c.pause.begin();
        c.current = utterance;
        c.take_pre_roll();
        c.next_partial = c.utterance.size() + static_cast<std::size_t>(kFirstPartial.count()) * kSamplesPerMs;
    }

    void finish(UtteranceId utterance) override {
        auto& c = *core_;
        if (utterance == 0 || utterance != c.current) return c.fail(utterance, "no such utterance");
        if (c.pending.size() >= kMaxPending) {
            c.stop_buffering();
            c.drop_early();
            return c.fail(utterance, "too many utterances at once");
        }
        const bool adopted = c.adopt_early(utterance);
        EnginePool::Decode job{{}, c.grammar, speech::Recognizer::Mode::whole, false};
        if (!adopted) job.pcm8k = c.utterance;
        c.stop_buffering();
        if (adopted) return;
        c.decode(utterance, std::move(job), false);
    }

    void drop(UtteranceId utterance) override {
        auto& c = *core_;
        if (utterance == c.current) {
            c.stop_buffering();
            c.drop_early();
        }
        if (utterance != 0 && utterance == c.early.owner) c.drop_early();
        const auto it = c.pending.find(utterance);
        if (it == c.pending.end()) return;
        it->second.cancel();
        c.pending.erase(it);
    }

    void expect(std::string_view what) override {
        auto& c = *core_;
        if (what == c.script->confirm_grammar->name) {
            c.grammar = c.script->confirm_grammar;
        } else if (const auto state = c.script->states.find(what); state != c.script->states.end()) {
            c.grammar = state->second.grammar;
        }
    }

private:
    std::shared_ptr<SttCore> core_;
};

}  // namespace

std::unique_ptr<SttSession> make_embedded_stt(std::shared_ptr<const Script> script, std::shared_ptr<EnginePool> pool, const EmbeddedSettings& settings,
                                              SttSink& sink, EmbeddedFactory::Post post) {
    auto core = std::make_shared<SttCore>();
    core->script = std::move(script);
    core->pool = std::move(pool);
    core->sink = &sink;
    core->post = std::move(post);
    core->grammar = core->script->state(core->script->start).grammar;
    core->ring.resize(static_cast<std::size_t>(settings.pre_roll.count()) * kSamplesPerMs);
    core->max_samples = static_cast<std::size_t>(settings.max_utterance.count()) * 1000 * kSamplesPerMs;
    core->partial_step = static_cast<std::size_t>(settings.partial_every.count()) * kSamplesPerMs;
    core->utterance.reserve(core->max_samples + core->ring.size());  // so that a frame never allocates; the pages come when touched
    return std::make_unique<EmbeddedStt>(std::move(core));
}

}  // namespace parley::brain
