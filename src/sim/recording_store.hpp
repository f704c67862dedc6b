#pragma once
// Every recording of one carrier: what is known about it, and its sound once it is completed. Thread-safe.

#include <map>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "parley/sim/form.hpp"
#include "parley/sim/recordings.hpp"

namespace parley::sim {

class RecordingStore {
public:
    // Refuses a second one from the same source while one runs.
    [[nodiscard]] bool open(RecordingView view, bool exclusive);
    void set_status(const std::string& sid, const std::string& status);
    void complete(const std::string& sid, RecordingAudio audio);  // completed, or absent without sound

    [[nodiscard]] std::vector<RecordingView> list(const std::string& owner) const;
    [[nodiscard]] std::optional<RecordingView> view(const std::string& sid) const;
    // The running one of the owner that began last; for the sid "Twilio.CURRENT".
    [[nodiscard]] std::optional<RecordingView> current(const std::string& owner) const;
    [[nodiscard]] std::optional<RecordingAudio> audio(const std::string& sid) const;
    bool erase(const std::string& sid);

private:
    struct Kept {
        RecordingView view;
        RecordingAudio audio;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Kept> by_sid_;
    std::vector<std::string> in_order_;
};

// The sound of one recording while it runs. Not thread-safe: on its call's worker, or its conference's.
class SoundRecorder {
public:
    SoundRecorder(std::string recording_sid, RecordingPlan plan) : sid(std::move(recording_sid)), plan_(std::move(plan)) {}

    void pause(bool skip);
    void resume();
    // `said` and `heard` are of the same length.
    void feed(std::span<const std::int16_t> said, std::span<const std::int16_t> heard);
    [[nodiscard]] RecordingAudio take();
    [[nodiscard]] const RecordingPlan& plan() const { return plan_; }
    [[nodiscard]] bool paused() const { return paused_; }
    [[nodiscard]] std::size_t samples() const { return said_.size(); }

    const std::string sid;
    std::string source;
    bool stopped = false;

private:
    RecordingPlan plan_;
    bool paused_ = false, skip_ = false;
    Pcm8k said_, heard_;
};

// The parameters of recordingStatusCallback.
[[nodiscard]] Form recording_form(const RecordingView& view, const std::string& account_sid, const std::string& url);
[[nodiscard]] bool wants_event(const std::string& list, std::string_view event);  // a list separated by blanks

}  // namespace parley::sim
