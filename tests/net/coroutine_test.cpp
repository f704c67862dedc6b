// Nursery, mailbox and deadline: who waits, who is cancelled, what is lost (nothing).

#include <gmock/gmock.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>

#include "parley/net/deadline.hpp"
#include "parley/net/mailbox.hpp"
#include "parley/net/nursery.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

using namespace std::chrono_literals;

// Runs to the end of everything in the context, so a forgotten child is a hang.
void run(std::function<Task<>(asio::io_context&)> body) {
    asio::io_context context(1);
    auto task = body(context);
    std::exception_ptr failure;
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr error) { failure = error; });
    context.run();
    if (failure) std::rethrow_exception(failure);
}

Task<> sleeper(int& ended, Duration time, bool fail = false) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(nothrow);
    ++ended;
    if (fail) throw std::runtime_error("child");
}

TEST(Nursery, joins_children_that_end_by_themselves) {
    int ended = 0;
    run([&](asio::io_context& context) -> Task<> {
        Nursery nursery(context.get_executor());
        for (int i = 0; i < 10; ++i) nursery.spawn(sleeper(ended, 1ms * i));
        EXPECT_EQ(nursery.size(), 10U);
        co_await nursery.join();
        EXPECT_EQ(ended, 10);
        co_await nursery.join();  // nothing left: returns at once
    });
}

TEST(Nursery, cancel_reaches_every_child_and_latecomers) {
    int ended = 0;
    run([&](asio::io_context& context) -> Task<> {
        Nursery nursery(context.get_executor());
        for (int i = 0; i < 2000; ++i) nursery.spawn(sleeper(ended, 1h));
        asio::steady_timer tick(context, 1ms);
        co_await tick.async_wait(nothrow);
        nursery.cancel();
        nursery.spawn(sleeper(ended, 1h));
        co_await nursery.join();
        EXPECT_EQ(nursery.size(), 0U);
    });
    EXPECT_GE(ended, 2000);
}

TEST(Nursery, first_failure_takes_the_siblings_down_and_comes_out_of_join) {
    int ended = 0;
    EXPECT_THROW(run([&](asio::io_context& context) -> Task<> {
                     Nursery nursery(context.get_executor());
                     nursery.spawn(sleeper(ended, 1h));
                     nursery.spawn(sleeper(ended, 1ms, true));
                     nursery.spawn(sleeper(ended, 1h));
                     co_await nursery.join();
                 }),
                 std::runtime_error);
    EXPECT_EQ(ended, 3);
}

TEST(Nursery, cancelling_the_owner_passes_on_and_still_joins) {
    int ended = 0;
    run([&](asio::io_context& context) -> Task<> {
        Nursery outer(context.get_executor());
        auto owner = [](asio::io_context& io, int& count) -> Task<> {
            Nursery inner(io.get_executor());
            for (int i = 0; i < 5; ++i) inner.spawn(sleeper(count, 1h));
            try {
                co_await inner.join();
            } catch (const boost::system::system_error&) {
                EXPECT_EQ(count, 5);  // all had ended before the owner noticed
                throw;
            }
        };
        outer.spawn(owner(context, ended));
        asio::steady_timer tick(context, 1ms);
        co_await tick.async_wait(nothrow);
        outer.cancel();
        co_await outer.join();
    });
    EXPECT_EQ(ended, 5);
}

TEST(Mailbox, is_bounded_and_keeps_order) {
    run([](asio::io_context& context) -> Task<> {
        Mailbox<int> box(context.get_executor(), 3);
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(box.push(i));
        EXPECT_FALSE(box.push(3));
        for (int i = 0; i < 3; ++i) {
            const error_code ec = co_await box.wait();
            EXPECT_FALSE(ec);
            EXPECT_EQ(box.take(), i);
        }
        EXPECT_TRUE(box.empty());
        EXPECT_TRUE(box.push(9));
        box.close();
        EXPECT_FALSE(box.push(10));
        error_code ec = co_await box.wait();
        EXPECT_FALSE(ec);  // what was inside can be taken
        EXPECT_EQ(box.take(), 9);
        ec = co_await box.wait();
        EXPECT_EQ(ec, Errc::closed);
    });
}

TEST(Mailbox, times_out_and_wakes) {
    run([](asio::io_context& context) -> Task<> {
        Mailbox<int> box(context.get_executor(), 3);
        error_code ec = co_await box.wait(Clock::now() + 5ms);
        EXPECT_EQ(ec, Errc::timed_out);
        asio::post(context, [&] { EXPECT_TRUE(box.push(1)); });
        ec = co_await box.wait();
        EXPECT_FALSE(ec);
        EXPECT_EQ(box.take(), 1);
        asio::post(context, [&] { box.close(); });
        ec = co_await box.wait();
        EXPECT_EQ(ec, Errc::closed);
    });
}

TEST(Mailbox, a_race_of_two_loses_nothing) {
    using namespace asio::experimental::awaitable_operators;
    run([](asio::io_context& context) -> Task<> {
        Mailbox<int> left(context.get_executor(), 10), right(context.get_executor(), 10);
        int sum = 0, expected = 0;
        for (int i = 1; i <= 1000; ++i) {
            asio::post(context, [&, i] {
                EXPECT_TRUE(left.push(i));
                EXPECT_TRUE(right.push(i));
            });
            expected += 2 * i;
            (void)co_await (left.wait() || right.wait());
            while (!left.empty()) sum += left.take();
            while (!right.empty()) sum += right.take();
        }
        EXPECT_EQ(sum, expected);
    });
}

TEST(Deadline, an_operation_is_cut_and_may_be_tried_again) {
    run([](asio::io_context& context) -> Task<> {
        asio::steady_timer guard(context), slow(context, 1h), quick(context, 1ms);
        auto wait_for = [](asio::steady_timer& timer) {
            return [&timer](auto token) {
                // until() hands out void(error_code, T): the timer's handler gets a value of its own
                return timer.async_wait(asio::deferred([](error_code ec) { return asio::deferred.values(ec, 7); }))(std::move(token));
            };
        };
        auto slow_op = wait_for(slow);
        auto [cut, nothing] = co_await until<int>(guard, Clock::now() + 5ms, slow_op);
        EXPECT_EQ(cut, Errc::timed_out);
        (void)nothing;
        auto quick_op = wait_for(quick);
        auto [ec, value] = co_await until<int>(guard, Clock::now() + 1h, quick_op);
        EXPECT_FALSE(ec);
        EXPECT_EQ(value, 7);
        const bool slept = co_await sleep_until(Clock::now() + 1ms);
        EXPECT_TRUE(slept);
    });
}

TEST(WebSocketCancellation, a_cancelled_fill_leaves_the_connection_readable) {
    EchoServer server;
    Worker worker;
    worker.start();
    run_on<void>(worker, [&]() -> Task<> {
        using namespace asio::experimental::awaitable_operators;
        ConnectOptions options(server.ws_url());
        Result<std::unique_ptr<WebSocket>> connected = co_await ws_connect(std::move(options));
        std::unique_ptr<WebSocket> socket = std::move(*connected);
        for (int i = 0; i < 20; ++i) {
            asio::steady_timer timer(worker.executor(), 2ms);
            const auto raced = co_await (socket->fill() || timer.async_wait(asio::use_awaitable));
            EXPECT_TRUE(socket->open());
            (void)raced;
            const std::string text = "after " + std::to_string(i);
            EXPECT_TRUE(socket->send(WsOpcode::text, text));
            const error_code ec = co_await socket->fill();
            EXPECT_FALSE(ec) << ec.message();
            auto message = socket->next();
            EXPECT_TRUE(message.has_value());
            if (message) EXPECT_EQ(std::string(message->payload.data(), message->payload.size()), text);
        }
    });
}

}  // namespace
}  // namespace parley::net::test
