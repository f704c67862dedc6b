#include "parley/vendors/sse.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace parley::vendors {
namespace {

std::vector<ServerSentEvent> all(SseReader& reader) {
    std::vector<ServerSentEvent> events;
    while (auto event = reader.next()) events.push_back(std::move(*event));
    return events;
}

TEST(Sse, EveryCutGivesTheSameEvents) {
    const std::string stream =
        "\xEF\xBB\xBF: a comment\nevent: first\ndata: one\ndata:two\n\nid: 7\ndata\n\nretry: 10\n\r\ndata:  {\"a\":1}\r\n\r\nevent: lonely\n\ndata: [DONE]\r\r";
    for (std::size_t first = 0; first <= stream.size(); ++first) {
        for (std::size_t second = first; second <= stream.size(); second += 7) {
            SseReader reader;
            std::vector<ServerSentEvent> events;
            for (const auto& piece : {stream.substr(0, first), stream.substr(first, second - first), stream.substr(second), std::string(":")}) {
                reader.feed(piece);
                for (auto& event : all(reader)) events.push_back(std::move(event));
            }
            ASSERT_EQ(events.size(), 4U) << first << " " << second;
            EXPECT_EQ(events[0].event, "first");
            EXPECT_EQ(events[0].data, "one\ntwo");
            EXPECT_EQ(events[1].data, "");
            EXPECT_EQ(events[2].data, " {\"a\":1}");
            EXPECT_EQ(events[3].event, "");
            EXPECT_EQ(events[3].data, "[DONE]");
        }
    }
}

TEST(Sse, SaysThatTheStreamWasCut) {
    SseReader reader;
    reader.feed("data: whole\n\n");
    ASSERT_TRUE(reader.next());
    EXPECT_FALSE(reader.unfinished());
    reader.feed("data: half");
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.unfinished());
}

TEST(Sse, BoundsLinesAndEvents) {
    SseReader line(100);
    line.feed("data: " + std::string(200, 'x'));
    EXPECT_FALSE(line.next());
    EXPECT_TRUE(line.too_big());

    SseReader event(100);
    for (int i = 0; i < 5; ++i) event.feed("data: " + std::string(40, 'x') + "\n");
    EXPECT_FALSE(event.next());
    EXPECT_TRUE(event.too_big());
    event.feed("\n\ndata: ok\n\n");
    EXPECT_FALSE(event.next());
}

}  // namespace
}  // namespace parley::vendors
