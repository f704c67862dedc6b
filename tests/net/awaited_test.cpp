#include "parley/net/awaited.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace parley::net {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using Given = Awaited<std::string>::Answer;

Task<> asks(std::optional<Given>* give, std::optional<std::string>* got, Duration limit, bool* over) {
    const auto here = co_await asio::this_coro::executor;
    Awaited<std::string> awaited(here);
    give->emplace(awaited.answer());
    *got = co_await awaited.within(limit);
    *over = true;
}

struct Asked {
    std::unique_ptr<asio::io_context> loop = std::make_unique<asio::io_context>();
    std::optional<Given> give;
    std::optional<std::string> got;
    bool over = false;
    explicit Asked(Duration limit) {
        asio::co_spawn(*loop, asks(&give, &got, limit, &over), asio::detached);
        loop->poll();
    }
};

TEST(Awaited, an_answer_of_another_thread_comes_to_the_loop_that_asked) {
    Asked asked(30s);
    ASSERT_TRUE(asked.give);
    std::thread([&] { (*asked.give)("yes"); }).join();
    EXPECT_FALSE(asked.over) << "it is told on its own loop";
    asked.loop->run();
    EXPECT_EQ(asked.got, "yes");
    (*asked.give)("again");
    asked.loop->restart();
    EXPECT_EQ(asked.loop->poll(), 0U) << "nobody waits any more";
}

TEST(Awaited, the_first_answer_counts) {
    Asked asked(30s);
    (*asked.give)("first");
    (*asked.give)("second");
    asked.loop->run();
    EXPECT_EQ(asked.got, "first");
}

TEST(Awaited, an_answer_that_is_too_late_finds_nobody) {
    Asked asked(1ms);
    asked.loop->run();
    EXPECT_TRUE(asked.over);
    EXPECT_FALSE(asked.got);
    asked.loop->restart();
    (*asked.give)("late");
    EXPECT_EQ(asked.loop->poll(), 0U) << "it was handed to a loop where nobody waits";
}

TEST(Awaited, whoever_answers_may_outlive_the_loop) {
    Asked asked(30s);
    asked.loop.reset();  // with the coroutine in it
    (*asked.give)("to nobody");
    EXPECT_FALSE(asked.over);
    // Answers on their way while the loop goes: over and over, so that they meet.
    for (int i = 0; i < 200; ++i) {
        Asked once(30s);
        std::thread answers([give = *once.give] { give("now"); });
        once.loop.reset();
        answers.join();
    }
}

}  // namespace
}  // namespace parley::net
