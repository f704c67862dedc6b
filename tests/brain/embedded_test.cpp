// The embedded brain end to end, with a synthetic caller who is not the gateway's voice. One thread plays the call's
// worker.

#include "parley/brain/embedded.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "parley/speech/voice.hpp"

namespace parley::brain {
namespace {

using namespace std::chrono_literals;

class Worker {
public:
    EmbeddedFactory::Post post() {
        return [this](std::function<void()> f) {
            const std::scoped_lock lock(mutex_);
            queue_.push_back(std::move(f));
            wake_.notify_all();
        };
    }
    // Runs what is posted until `done`; false if nothing more came for a very long time.
    template <class Done>
    bool run_until(Done done) {
        while (!done()) {
            std::function<void()> f;
            {
                std::unique_lock lock(mutex_);
                if (!wake_.wait_for(lock, 60s, [&] { return !queue_.empty(); })) return false;
                f = std::move(queue_.front());
                queue_.pop_front();
            }
            f();
        }
        return true;
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
};

struct Ear final : SttSink {
    std::vector<std::string> partials, finals, failures;
    std::vector<double> confidences;
    void on_turn_end(UtteranceId, double, bool) override {}
    void on_turn_resumed(UtteranceId) override {}
    void on_heard_caller() override {}
    void on_answers(std::string_view) override {}
    void on_partial(UtteranceId, std::string_view text) override { partials.emplace_back(text); }
    void on_final(UtteranceId, std::string_view text, double confidence) override {
        finals.emplace_back(text);
        confidences.push_back(confidence);
    }
    void on_stt_failed(UtteranceId, std::string_view reason) override { failures.emplace_back(reason); }
};

struct Mind final : LmSink {
    void on_reply_voice(ReplyId) override {}
    std::vector<std::string> sentences, failures;
    std::string expect, target;
    std::size_t finished = 0;
    conversation::ReplyThen then = conversation::ReplyThen::listen;
    void on_reply_text(ReplyId, std::string_view text) override { sentences.emplace_back(text); }
    void on_reply_finished(ReplyId, conversation::ReplyThen how, std::string_view where) override {
        ++finished;
        then = how;
        target = where;
    }
    void on_reply_failed(ReplyId, std::string_view reason) override { failures.emplace_back(reason); }
    void on_expect(std::string_view what, std::chrono::milliseconds) override { expect = what; }
    std::string all() const {
        std::string text;
        for (const auto& s : sentences) text += s + " ";
        return text;
    }
};

struct Mouth final : TtsSink {
    void on_word(SegmentId, std::uint32_t, std::uint32_t) override {}
    void on_segment_text(SegmentId, std::string_view) override {}
    std::vector<std::int16_t> pcm;
    std::vector<SegmentId> done;
    std::vector<std::string> failures;
    std::size_t small_pieces = 0;
    void on_audio(SegmentId, std::span<const std::int16_t> piece) override {
        small_pieces += piece.size() < 160 ? 1U : 0U;
        pcm.insert(pcm.end(), piece.begin(), piece.end());
    }
    void on_synthesized(SegmentId segment) override { done.push_back(segment); }
    void on_tts_failed(SegmentId, std::string_view reason) override { failures.emplace_back(reason); }
};

std::vector<std::int16_t> caller_says(const std::string& text) {
    auto voice = speech::Voice::make({"rms", 0.95, 1.0});
    EXPECT_TRUE(voice);
    std::vector<std::int16_t> pcm(2400, 0);
    const auto spoken = (*voice)->speak(text, [&](std::span<const std::int16_t> piece) {
        pcm.insert(pcm.end(), piece.begin(), piece.end());
        return true;
    });
    EXPECT_TRUE(spoken);
    pcm.insert(pcm.end(), 4800, 0);
    return pcm;
}

class EmbeddedBrain : public testing::Test {
protected:
    static void SetUpTestSuite() {
        speech::PoolSettings settings;
        settings.threads = 1;
        settings.deadline = 60s;  // a loaded machine is no reason to fail
        auto made = speech::EnginePool::make(settings);
        ASSERT_TRUE(made);
        pool_ = std::shared_ptr<speech::EnginePool>(std::move(*made));
        script_ = load_script(PARLEY_SOURCE_DIR "/config/scripts/receptionist.yaml", pool_->lexicon().get());
    }
    static void TearDownTestSuite() {
        pool_.reset();
        script_.reset();
    }

    void SetUp() override {
        EmbeddedSettings settings;
        settings.fixed_phrases = {"One moment please."};
        factory_ = std::make_unique<EmbeddedFactory>(script_, pool_, settings);
        stt_ = factory_->stt(ear_, worker_.post());
        lm_ = factory_->lm(facts_.seed, mind_, worker_.post());
        tts_ = factory_->tts(mouth_, worker_.post());
    }

    std::string hear(const std::string& said) { return hear(caller_says(said)); }
    std::string hear(const std::vector<std::int16_t>& pcm) {
        const auto id = ++utterance_;
        const auto before = ear_.finals.size() + ear_.failures.size();
        stt_->expect(mind_.expect);
        stt_->begin(id);
        for (std::size_t at = 0; at + 160 <= pcm.size(); at += 160) stt_->audio(CallerAudio{{}, std::span(pcm).subspan(at, 160)});
        stt_->finish(id);
        EXPECT_TRUE(worker_.run_until([&] { return ear_.finals.size() + ear_.failures.size() > before; }));
        EXPECT_TRUE(ear_.failures.empty()) << ear_.failures.back();
        return ear_.finals.empty() ? "" : ear_.finals.back();
    }

    std::string answer(conversation::PromptKind kind, const std::string& text, double confidence = 1) {
        mind_.sentences.clear();
        const auto before = mind_.finished;
        lm_->start({++reply_, kind, text, confidence}, {});
        EXPECT_TRUE(worker_.run_until([&] { return mind_.finished > before; }));
        return mind_.all();
    }

    static inline std::shared_ptr<speech::EnginePool> pool_;
    static inline std::shared_ptr<const Script> script_;
    Worker worker_;
    Ear ear_;
    Mind mind_;
    Mouth mouth_;
    CallFacts facts_{"CA1", "+1", "+2", "receptionist", 7};
    std::unique_ptr<EmbeddedFactory> factory_;
    std::unique_ptr<SttSession> stt_;
    std::unique_ptr<LmSession> lm_;
    std::unique_ptr<TtsSession> tts_;
    UtteranceId utterance_ = 0;
    ReplyId reply_ = 0;
};

TEST_F(EmbeddedBrain, holds_a_whole_spoken_conversation) {
    using conversation::PromptKind;
    EXPECT_NE(answer(PromptKind::greeting, "").find("Harbour Dental"), std::string::npos);
    EXPECT_EQ(mind_.expect, "menu");
    auto text = hear("What are your opening hours?");
    EXPECT_NE(answer(PromptKind::caller_text, text, ear_.confidences.back()).find("from nine until five"), std::string::npos) << text;
    text = hear("I would like to book an appointment.");
    (void)answer(PromptKind::caller_text, text, ear_.confidences.back());
    EXPECT_EQ(mind_.expect, "when") << text;
    text = hear("Tuesday at half past three.");
    const auto confirmation = answer(PromptKind::caller_text, text, ear_.confidences.back());
    EXPECT_NE(confirmation.find("Tuesday"), std::string::npos) << text;
    EXPECT_NE(confirmation.find("three thirty in the afternoon"), std::string::npos) << text;
    text = hear("Yes.");
    (void)answer(PromptKind::caller_text, text, ear_.confidences.back());
    EXPECT_EQ(mind_.expect, "callback") << text;
    text = hear("Goodbye.");
    (void)answer(PromptKind::caller_text, text, ear_.confidences.back());
    EXPECT_EQ(mind_.then, conversation::ReplyThen::end_call) << text;
}

TEST_F(EmbeddedBrain, is_honest_about_what_is_out_of_its_script) {
    (void)answer(conversation::PromptKind::greeting, "");
    const auto text = hear("Please connect the green wire to the second terminal.");
    EXPECT_EQ(text, "") << ear_.confidences.back();
    EXPECT_NE(answer(conversation::PromptKind::nothing_understood, "").find("did not"), std::string::npos);
}

TEST_F(EmbeddedBrain, has_recognised_before_the_turn_is_over) {
    EmbeddedSettings settings;
    settings.partial_every = 0ms;
    EmbeddedFactory quiet(script_, pool_, settings);
    stt_ = quiet.stt(ear_, worker_.post());
    const auto before = pool_->counters().submitted;
    EXPECT_NE(hear("What are your opening hours?"), "");
    EXPECT_EQ(pool_->counters().submitted, before + 1);  // the decode at the pause served as the final
    EXPECT_FALSE(ear_.partials.empty() && ear_.finals.empty());
}

TEST_F(EmbeddedBrain, a_pause_is_not_the_end) {
    auto pcm = caller_says("I would like to book");
    pcm.resize(pcm.size() - 2400);
    const auto rest = caller_says("an appointment");
    pcm.insert(pcm.end(), rest.begin(), rest.end());
    const auto text = hear(pcm);
    EXPECT_NE(text.find("book"), std::string::npos) << text;
    EXPECT_NE(text.find("appointment"), std::string::npos) << text;
}

TEST_F(EmbeddedBrain, a_dropped_utterance_gives_nothing) {
    const auto pcm = caller_says("What are your opening hours?");
    stt_->begin(91);
    for (std::size_t at = 0; at + 160 <= pcm.size(); at += 160) stt_->audio(CallerAudio{{}, std::span(pcm).subspan(at, 160)});
    stt_->finish(91);
    stt_->drop(91);
    stt_->finish(92);  // never begun
    ASSERT_TRUE(worker_.run_until([&] { return !ear_.failures.empty(); }));
    ear_.failures.clear();
    EXPECT_NE(hear("What are your opening hours?"), "");
    EXPECT_EQ(ear_.finals.size(), 1U);
}

TEST_F(EmbeddedBrain, survives_the_death_of_its_engines) {
    const auto pcm = caller_says("What are your opening hours?");
    stt_->begin(93);
    for (std::size_t at = 0; at + 160 <= pcm.size(); at += 160) stt_->audio(CallerAudio{{}, std::span(pcm).subspan(at, 160)});
    stt_->finish(93);
    pool_->fault(speech::Fault::crash);
    ASSERT_TRUE(worker_.run_until([&] { return ear_.finals.size() + ear_.failures.size() == 1; }));
    tts_->speak(1, 1, "One moment please.");  // kept since the start
    ASSERT_TRUE(worker_.run_until([&] { return mouth_.done.size() == 1; }));
}

TEST_F(EmbeddedBrain, speaks_in_pieces_and_from_the_cache) {
    tts_->speak(1, 1, "This sentence is not in the cache.");
    tts_->speak(2, 1, "One moment please.");
    ASSERT_TRUE(worker_.run_until([&] { return mouth_.done.size() == 2; }));
    EXPECT_EQ(mouth_.done, (std::vector<SegmentId>{1, 2}));
    EXPECT_GT(mouth_.pcm.size(), 16000U);
    EXPECT_LE(mouth_.small_pieces, 2U);
    EXPECT_GE(factory_->cache().counters().hits, 1U);
}

TEST_F(EmbeddedBrain, says_nothing_after_cancel) {
    tts_->speak(1, 1, "One moment please.");
    tts_->speak(2, 1, "A long sentence that nobody will ever hear because the caller interrupts.");
    tts_->cancel_all();
    tts_->speak(3, 1, "One moment please.");
    ASSERT_TRUE(worker_.run_until([&] { return !mouth_.done.empty(); }));
    EXPECT_EQ(mouth_.done, (std::vector<SegmentId>{3}));
}

}  // namespace
}  // namespace parley::brain
