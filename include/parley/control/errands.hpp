#pragma once
// Work nobody waits for: started from any thread, done on the control loop, ended with the program. What one of them throws is logged and ends that one alone.

#include <utility>

#include <boost/asio/post.hpp>

#include "parley/base/log.hpp"
#include "parley/net/nursery.hpp"

namespace parley::control {

class Errands {
public:
    Errands(boost::asio::any_io_executor executor, Log log) : executor_(executor), log_(std::move(log)), nursery_(std::move(executor)) {}

    void start(net::Task<> errand) {
        auto kept = guarded(log_, std::move(errand));
        boost::asio::post(executor_, [this, kept = std::move(kept)]() mutable {
            if (!ended_) nursery_.spawn(std::move(kept));  // too late: nobody would join it
        });
    }
    // On the loop. Every errand is cancelled; returns when all have ended.
    net::Task<> end() {
        ended_ = true;
        nursery_.cancel();
        co_await nursery_.join();
    }
    [[nodiscard]] boost::asio::any_io_executor executor() const { return executor_; }
    [[nodiscard]] std::size_t size() const { return nursery_.size(); }  // on the loop

private:
    static net::Task<> guarded(Log log, net::Task<> errand) {
        try {
            co_await std::move(errand);
        } catch (const std::exception& e) {
            log.error("control.failed", "Something to be done for a call failed by an error of ours.", {{"error.type", e.what()}});
        }
    }

    boost::asio::any_io_executor executor_;
    Log log_;
    net::Nursery nursery_;
    bool ended_ = false;  // on the loop
};

}  // namespace parley::control
