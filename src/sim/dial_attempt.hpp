#pragma once
// One attempt of a <Dial> (or of an agent taking a caller out of a queue) to get somebody: who of the legs wins, and when it is over. Shared
// by the parent and its legs, which live on workers of their own. Thread-safe.
//
//   leg:    open ──win()──▶ winner ──left()──▶ gone        parent: wait for winner() or all_gone(), bridge in mixer(), release()
//             └──left()──────────────────────▶ gone

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mixer.hpp"

namespace parley::sim {

class DialAttempt {
public:
    struct Left {
        std::string status;  // of the leg's call
        int seconds = 0;     // since its answer
        bool redirected = false;
    };

    DialAttempt(double speed, std::function<void()> wake_parent) : wake_parent_(std::move(wake_parent)), mixer_(std::make_shared<Mixer>(speed)) {}

    // ---- the parent
    void expect(int legs);
    [[nodiscard]] std::string winner() const;  // empty: none yet
    [[nodiscard]] bool winner_left() const;
    [[nodiscard]] bool all_left() const;
    [[nodiscard]] std::optional<Left> left_of(const std::string& sid) const;
    void release();  // the parent has gone on; every leg that is still here is woken

    // ---- a leg. `wake` posts to its worker.
    void attach(const std::string& sid, std::function<void()> wake);
    [[nodiscard]] bool win(const std::string& sid);  // false: too late
    void left(const std::string& sid, Left how);
    [[nodiscard]] bool dismissed(const std::string& sid) const;  // somebody else won, or the parent has gone

    [[nodiscard]] const std::shared_ptr<Mixer>& mixer() const { return mixer_; }

private:
    mutable std::mutex mutex_;
    std::function<void()> wake_parent_;
    std::shared_ptr<Mixer> mixer_;
    std::map<std::string, std::function<void()>> legs_;
    std::map<std::string, Left> gone_;
    int expected_ = 1;
    std::string winner_;
    bool released_ = false;
};

}  // namespace parley::sim
