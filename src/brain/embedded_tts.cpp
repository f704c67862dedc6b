#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "embedded_sessions.hpp"
#include "parley/speech/error.hpp"

namespace parley::brain {
namespace {

constexpr std::size_t kMaxWaiting = 32;
constexpr std::size_t kMaxText = 4000;          // of one segment
constexpr std::size_t kPartBytes = 400;         // longer texts are synthesised in parts
constexpr std::size_t kCachePiece = 8000 / 10;  // cached audio is given out in pieces of 100 ms
constexpr std::size_t kMaxCachedSamples = 8000 * 12;

using speech::EnginePool;

struct Part {
    SegmentId segment = 0;
    std::string text;
    bool last = true;  // of its segment
    bool tried = false;
};

std::vector<std::string> parts_of(std::string_view text) {
    std::vector<std::string> parts;
    while (text.size() > kPartBytes) {
        auto cut = text.substr(0, kPartBytes).find_last_of(".?!,; ");
        if (cut == std::string_view::npos || cut == 0) cut = kPartBytes - 1;
        parts.emplace_back(text.substr(0, cut + 1));
        text.remove_prefix(cut + 1);
    }
    parts.emplace_back(text);
    return parts;
}

struct TtsCore : std::enable_shared_from_this<TtsCore> {
    std::shared_ptr<EnginePool> pool;
    std::shared_ptr<speech::PhraseCache> cache;
    speech::VoiceSettings voice;
    TtsSink* sink = nullptr;
    EmbeddedFactory::Post post;

    std::deque<Part> waiting;
    bool busy = false;
    std::uint64_t generation = 0;  // of cancel_all: what belongs to an older one is not delivered
    speech::CancelToken token;
    std::vector<std::int16_t> collected;
    bool any_audio = false;

    template <class F>
    void later(F action) {
        post([weak = weak_from_this(), wanted = generation, action = std::move(action)] {
            const auto self = weak.lock();
            if (self && self->generation == wanted) action(*self);
        });
    }

    void fail(SegmentId segment, std::string reason) {
        later([segment, reason = std::move(reason)](TtsCore& self) { self.sink->on_tts_failed(segment, reason); });
    }

    void next() {
        if (busy || waiting.empty()) return;
        busy = true;
        auto part = std::move(waiting.front());
        waiting.pop_front();
        const auto clean = speech::speakable(part.text);
        if (!clean) {  // nothing to say is said at once
            later([part](TtsCore& self) { self.ended(part); });
            return;
        }
        if (auto known = cache->find(voice, part.text)) {
            later([part, known](TtsCore& self) { self.play(part, *known); });
            return;
        }
        synthesize(std::move(part));
    }

    void play(const Part& part, const std::vector<std::int16_t>& audio) {
        const auto wanted = generation;
        for (std::size_t at = 0; at < audio.size(); at += kCachePiece) {
            sink->on_audio(part.segment, std::span(audio).subspan(at, std::min(kCachePiece, audio.size() - at)));
            if (generation != wanted) return;  // cancelled out of the call-back
        }
        ended(part);
    }

    void ended(const Part& part) {
        busy = false;
        const auto wanted = generation;
        if (part.last) sink->on_synthesized(part.segment);
        if (generation == wanted) next();
    }

    void synthesize(Part part) {
        collected.clear();
        any_audio = false;
        const auto weak = weak_from_this();
        const auto wanted = generation;
        auto accepted = pool->speak(
            {part.text, voice}, post,
            [weak, wanted, segment = part.segment](std::vector<std::int16_t> piece) {
                const auto self = weak.lock();
                if (!self || self->generation != wanted) return;
                self->any_audio = true;
                if (self->collected.size() <= kMaxCachedSamples) self->collected.insert(self->collected.end(), piece.begin(), piece.end());
                self->sink->on_audio(segment, piece);
            },
            [weak, wanted, part](Result<> result) {
                const auto self = weak.lock();
                if (self && self->generation == wanted) self->on_done(part, result);
            });
        if (accepted) {
            token = *accepted;
            return;
        }
        given_up(part, accepted.error().message());
    }

    void on_done(Part part, const Result<>& result) {
        if (result) {
            if (collected.size() <= kMaxCachedSamples) cache->put(voice, part.text, std::move(collected));
            collected = {};
            ended(part);
            return;
        }
        // Heard by nobody yet: another engine may do it.
        if (!any_audio && !part.tried && result.error() == speech::errc::engine_failed) {
            part.tried = true;
            synthesize(std::move(part));
            return;
        }
        given_up(part, result.error().message());
    }

    void given_up(const Part& part, std::string reason) {
        std::erase_if(waiting, [&](const Part& other) { return other.segment == part.segment; });
        later([segment = part.segment, reason = std::move(reason)](TtsCore& self) {
            self.busy = false;
            const auto wanted = self.generation;
            self.sink->on_tts_failed(segment, reason);
            if (self.generation == wanted) self.next();
        });
    }
};

class EmbeddedTts final : public TtsSession {
public:
    explicit EmbeddedTts(std::shared_ptr<TtsCore> core) : core_(std::move(core)) {}
    ~EmbeddedTts() override {
        ++core_->generation;  // also when the call-back that destroys us is in the middle of a phrase
        core_->token.cancel();
    }

    void speak(SegmentId segment, ReplyId, std::string_view text) override {
        auto& c = *core_;
        if (text.size() > kMaxText) return c.fail(segment, "the text is too long");
        if (c.waiting.size() >= kMaxWaiting) return c.fail(segment, "too much to say");
        auto parts = parts_of(text);
        for (std::size_t i = 0; i < parts.size(); ++i) c.waiting.push_back({segment, std::move(parts[i]), i + 1 == parts.size(), false});
        c.next();
    }

    void cancel_all() override {
        auto& c = *core_;
        ++c.generation;
        c.token.cancel();
        c.token = {};
        c.waiting.clear();
        c.collected.clear();
        c.busy = false;
    }

private:
    std::shared_ptr<TtsCore> core_;
};

}  // namespace

std::unique_ptr<TtsSession> make_embedded_tts(std::shared_ptr<EnginePool> pool, std::shared_ptr<speech::PhraseCache> cache, const speech::VoiceSettings& voice,
                                              TtsSink& sink, EmbeddedFactory::Post post) {
    auto core = std::make_shared<TtsCore>();
    core->pool = std::move(pool);
    core->cache = std::move(cache);
    core->voice = voice;
    core->sink = &sink;
    core->post = std::move(post);
    return std::make_unique<EmbeddedTts>(std::move(core));
}

}  // namespace parley::brain
