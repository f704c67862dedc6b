#pragma once
// What goes on behind requests on the control loop: started from any thread, ended and joined before the loop is gone. An exception ends its errand alone.

#include <functional>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>

#include "parley/base/log.hpp"
#include "parley/net/nursery.hpp"

namespace parley::gateway {

class ErrandNursery {
public:
    ErrandNursery(boost::asio::any_io_executor executor, Log& log) : executor_(executor), log_(log), nursery_(std::move(executor)) {}

    void start(net::Task<> errand) {
        auto guarded = guard(log_, std::move(errand));
        boost::asio::post(executor_, [this, guarded = std::move(guarded)]() mutable {
            if (!ended_) nursery_.spawn(std::move(guarded));  // too late: nobody would join it
        });
    }
    // On the loop.
    net::Task<> end() {
        ended_ = true;
        nursery_.cancel();
        co_await nursery_.join();
    }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

private:
    static net::Task<> guard(Log& log, net::Task<> errand) {
        try {
            co_await std::move(errand);
        } catch (const std::exception& e) {
            log.error("errand.failed", "Something that was done in the background failed.", {{"error.type", e.what()}});
        }
    }
    boost::asio::any_io_executor executor_;
    Log& log_;
    net::Nursery nursery_;
    bool ended_ = false;  // on the loop
};

}  // namespace parley::gateway
