#pragma once
// One piece of work for the engines and the threads that do it; inside of EnginePool.

#include <atomic>
#include <mutex>
#include <utility>
#include <variant>

#include "parley/base/clock.hpp"
#include "parley/speech/engine_pool.hpp"
#include "parley/speech/error.hpp"

namespace parley::speech {

struct SpeakWork {
    EnginePool::Speak request;
    EnginePool::SpeakAudio audio;
    EnginePool::SpeakDone done;
};
struct DecodeWork {
    EnginePool::Decode request;
    EnginePool::DecodeDone done;
};

class PoolJob {
public:
    PoolJob(std::variant<DecodeWork, SpeakWork> work, EnginePool::Post post, TimePoint deadline)
        : work_(std::move(work)), post_(std::move(post)), deadline_(deadline) {}

    [[nodiscard]] TimePoint deadline() const { return deadline_; }
    [[nodiscard]] const CancelToken& token() const { return token_; }
    [[nodiscard]] const DecodeWork* decode() const { return std::get_if<DecodeWork>(&work_); }
    [[nodiscard]] const SpeakWork* speak() const { return std::get_if<SpeakWork>(&work_); }
    [[nodiscard]] bool optional() const { return decode() != nullptr && decode()->request.optional; }
    [[nodiscard]] bool answered() const {
        const std::scoped_lock lock(mutex_);
        return answered_;
    }

    // The first answer counts and is posted; true if it was this one. The lock keeps audio from coming after it.
    bool answer(Result<Transcript> result) {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(answered_, true)) return false;
        post_([done = std::get<DecodeWork>(work_).done, result = std::move(result)]() mutable { done(std::move(result)); });
        return true;
    }
    bool answer(Result<> result) {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(answered_, true)) return false;
        post_([done = std::get<SpeakWork>(work_).done, result = std::move(result)]() mutable { done(std::move(result)); });
        return true;
    }
    bool fail(error_code why) { return decode() != nullptr ? answer(Result<Transcript>(why)) : answer(Result<>(why)); }
    bool audio(std::vector<std::int16_t> piece) {
        const std::scoped_lock lock(mutex_);
        if (answered_) return false;
        post_([audio = std::get<SpeakWork>(work_).audio, piece = std::move(piece)]() mutable { audio(std::move(piece)); });
        return true;
    }

private:
    std::variant<DecodeWork, SpeakWork> work_;
    EnginePool::Post post_;
    TimePoint deadline_;
    CancelToken token_;
    mutable std::mutex mutex_;
    bool answered_ = false;
};

}  // namespace parley::speech
