#pragma once
// Work nobody waits for: started from any thread, done on one loop, ended and joined before that loop is gone. What one of them throws is logged and ends that
// one alone.

#include <functional>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

#include "parley/base/log.hpp"
#include "parley/net/nursery.hpp"

namespace parley::net {

class Errands {
public:
    // `event`, `sentence`: what the log says of one that failed by an error of ours.
    Errands(asio::any_io_executor executor, Log log, std::string event = "errand.failed",
            std::string sentence = "Something that was done in the background failed.")
        : executor_(executor), failed_{std::move(log), std::move(event), std::move(sentence)}, nursery_(std::move(executor)) {}

    void start(Task<> errand) {
        auto kept = guarded(failed_, std::move(errand));
        asio::post(executor_, [this, kept = std::move(kept)]() mutable {
            if (!ended_) nursery_.spawn(std::move(kept));  // too late: nobody would join it
        });
    }
    // On the loop. Every errand is cancelled; returns when all have ended.
    Task<> end() {
        ended_ = true;
        nursery_.cancel();
        co_await nursery_.join();
    }
    [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
    [[nodiscard]] std::size_t size() const { return nursery_.size(); }  // on the loop

private:
    struct Failed {
        Log log;
        std::string event, sentence;
    };
    static Task<> guarded(Failed failed, Task<> errand) {
        try {
            co_await std::move(errand);
        } catch (const std::exception& e) {
            failed.log.error(failed.event, failed.sentence, {{"error.type", e.what()}});
        }
    }

    asio::any_io_executor executor_;
    Failed failed_;
    Nursery nursery_;
    bool ended_ = false;  // on the loop
};

}  // namespace parley::net
