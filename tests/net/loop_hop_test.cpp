// Work on another loop: its answer comes back to the asking one, and nobody waits for a loop that is no more.
#include "parley/net/loop_hop.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <string>
#include <thread>

namespace parley::net {
namespace {

struct Errands {
    asio::io_context& loop;
    void start(Task<> errand) { asio::co_spawn(loop, std::move(errand), asio::detached); }
};

Task<std::string> work(std::thread::id* where, std::shared_ptr<int> held) {
    *where = std::this_thread::get_id();
    co_return "done" + std::to_string(*held);
}

Task<std::optional<std::string>> ask(Errands* errands, std::thread::id* where, std::thread::id* back, std::shared_ptr<int> held, Duration within) {
    auto there = work(where, std::move(held));
    auto answer = co_await on_loop_of<std::string>(*errands, std::move(there), within);
    *back = std::this_thread::get_id();
    co_return answer;
}

TEST(LoopHop, TheAnswerComesBackToWhoAsked) {
    asio::io_context here, there;
    const auto busy = asio::make_work_guard(there);
    std::thread other([&] { there.run(); });
    Errands errands{there};
    std::thread::id where, back;
    auto task = ask(&errands, &where, &back, std::make_shared<int>(7), std::chrono::seconds(20));
    auto answer = asio::co_spawn(here, std::move(task), asio::use_future);
    here.run();
    EXPECT_EQ(answer.get(), "done7");
    EXPECT_EQ(where, other.get_id());
    EXPECT_EQ(back, std::this_thread::get_id());
    there.stop();
    other.join();
}

TEST(LoopHop, ALoopThatEndsDropsTheWorkAndLetsTheAskerGo) {
    const auto held = std::make_shared<int>(7);
    asio::io_context here;
    std::thread::id where, back;
    {
        asio::io_context there;  // never runs
        Errands errands{there};
        auto task = ask(&errands, &where, &back, held, std::chrono::milliseconds(20));
        auto answer = asio::co_spawn(here, std::move(task), asio::use_future);
        here.run();
        EXPECT_EQ(answer.get(), std::nullopt);
        EXPECT_EQ(held.use_count(), 2) << "on its way";
    }
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(where, std::thread::id{});
}

TEST(LoopHop, AnAnswerThatComesTooLateTouchesNothing) {
    asio::io_context there;
    std::thread::id where, back;
    {
        asio::io_context here;
        Errands errands{there};
        auto task = ask(&errands, &where, &back, std::make_shared<int>(7), std::chrono::milliseconds(20));
        auto answer = asio::co_spawn(here, std::move(task), asio::use_future);
        here.run();
        EXPECT_EQ(answer.get(), std::nullopt);
        here.restart();
        there.run();  // posts to a loop whose asker has gone
        here.run();
    }
    EXPECT_NE(where, std::thread::id{});
}

}  // namespace
}  // namespace parley::net
