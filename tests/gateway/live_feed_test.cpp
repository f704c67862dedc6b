// What a watcher can still get, and what nobody can any more.

#include "live_feed.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace parley::gateway {
namespace {

TEST(LiveFeed, knows_what_is_behind_an_event_and_forgets_a_call) {
    boost::asio::io_context loop;
    Metrics metrics{MetricsSettings{}};
    const auto feed = std::make_shared<LiveFeed>(loop.get_executor(), metrics);
    feed->tell("CA1", "turn", R"({"text":"purple"})", 1);
    feed->tell("CA2", "turn", R"({"text":"yellow"})", 2);
    feed->tell("CA1", "end", R"({"reason":"x"})", 3, true);
    EXPECT_TRUE(feed->more("CA1", 0));
    EXPECT_TRUE(feed->more("CA1", 2));
    EXPECT_FALSE(feed->more("CA1", 3));
    EXPECT_FALSE(feed->more("CA2", 2));
    feed->forget("CA1");
    EXPECT_FALSE(feed->knows("CA1"));
    EXPECT_FALSE(feed->more("CA1", 0));
    feed->tell("CA1", "usage", R"({"micros":1})", 4);
    EXPECT_FALSE(feed->knows("CA1")) << "what comes late of it";
    EXPECT_TRUE(feed->knows("CA2"));
}

}  // namespace
}  // namespace parley::gateway
