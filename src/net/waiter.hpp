#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "parley/net/error.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

// One coroutine waiting for one thing. complete() runs it at once, on the caller's stack: the caller must expect that
// anything, the object that holds the waiter included, is gone afterwards. Cancellation completes with Errc::cancelled,
// later.
class Waiter {
public:
    explicit Waiter(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}
    ~Waiter() { state_->post(Errc::closed); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    template <class Token>
    auto async_wait(Token&& token) {
        return asio::async_initiate<Token, void(error_code)>([this](auto handler) { this->start(std::move(handler)); }, token);
    }
    [[nodiscard]] bool waiting() const { return state_->handler.has_value(); }
    void complete(error_code ec) {
        if (!state_->handler) return;
        auto handler = state_->take();
        std::move(handler)(ec);
    }
    void post(error_code ec) { state_->post(ec); }  // as complete, from the event loop
    // At the end of the io_context: the coroutine is destroyed where it stands.
    void abandon() {
        if (state_->handler) auto gone = state_->take();
    }

private:
    using Handler = asio::any_completion_handler<void(error_code)>;
    struct State {
        explicit State(asio::any_io_executor ex) : executor(std::move(ex)) {}
        void post(error_code ec) {
            if (!handler) return;
            asio::post(executor, [h = take(), ec]() mutable { std::move(h)(ec); });
        }
        Handler take() {
            Handler taken = std::move(*handler);
            handler.reset();
            return taken;
        }
        asio::any_io_executor executor;
        std::optional<Handler> handler;  // move assignment of the handler recurses without end in Boost 1.81: only constructed here
    };

    template <class Typed>
    void start(Typed handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        state_->handler.emplace(std::move(handler));
        // A late signal may find the waiter gone, so the slot shares the state.
        if (slot.is_connected()) slot.assign([state = state_](asio::cancellation_type) { state->post(Errc::cancelled); });
    }
    std::shared_ptr<State> state_;
};

}  // namespace parley::net
