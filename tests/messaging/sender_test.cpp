#include <gmock/gmock.h>

#include "desk.hpp"
#include "parley/messaging/delivery.hpp"
#include "parley/messaging/sender.hpp"

namespace parley::messaging {
namespace {

using rest::MessageStatus;

struct Sending : testing::Test, Desk {
    Sending() : opt_outs({}), sender(services(), {.per_recipient = 3, .in_all = 5}) {}
    Sender::Services services() {
        return {.transport = [this](rest::MessageCreate wanted) { return transport(this, std::move(wanted)); },
                .opt_outs = opt_outs,
                .records = records.get(),
                .log = log,
                .count = {},
                .status_url = "https://gw.example.com/webhooks/twilio/sms-status"};
    }
    static net::Task<rest::Outcome<rest::Message>> transport(Sending* self, rest::MessageCreate wanted) {
        self->asked.push_back(wanted);
        if (self->error) co_return *self->error;
        rest::Message made;
        made.sid = "SM" + std::string(31, '0') + std::to_string(self->asked.size());
        made.status = MessageStatus::queued;
        co_return made;
    }
    Sent send(std::string to = "+15550199", std::string body = "hello", std::string record = {}) {
        Outgoing outgoing;
        outgoing.to = std::move(to);
        outgoing.from = "+15550100";
        outgoing.body = std::move(body);
        outgoing.record = std::move(record);
        outgoing.by = "agent front";
        return run(sender.send(std::move(outgoing)));
    }
    OptOuts opt_outs;
    std::vector<rest::MessageCreate> asked;
    std::optional<rest::Error> error;
    Sender sender;
};

TEST_F(Sending, IsWrittenIntoTheRecordItBelongsTo) {
    const auto sent = send("+15550199", "hello", "CA1");
    ASSERT_TRUE(sent.ok());
    EXPECT_EQ(sent.segments, 1U);
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].from, "+15550100");
    EXPECT_EQ(asked[0].status_callback, "https://gw.example.com/webhooks/twilio/sms-status?record=CA1");
    // delivered before sent, and once more: what is behind changes nothing.
    EXPECT_TRUE(sender.status(sent.sid, "CA1", MessageStatus::delivered, 0, {}, "+15550199", "+15550100"));
    EXPECT_FALSE(sender.status(sent.sid, "CA1", MessageStatus::sent, 0, {}, "+15550199", "+15550100"));
    EXPECT_FALSE(sender.status(sent.sid, "CA1", MessageStatus::delivered, 0, {}, "+15550199", "+15550100"));
    const auto kept = record("CA1")["messages"];
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]["status"], "delivered");
    EXPECT_EQ(kept[0]["text"], "hello");
}

TEST_F(Sending, WithoutACallItIsOfTheConversation) {
    ASSERT_TRUE(send().ok());
    EXPECT_EQ(record(conversation_id("+15550100", "+15550199"))["messages"].size(), 1U);
}

TEST_F(Sending, WhatIsWrongIsRefusedUnasked) {
    EXPECT_EQ(send("5550199").why, Refused::invalid);
    EXPECT_EQ(send("+15550199", "").why, Refused::invalid);
    EXPECT_EQ(send("+15550199", std::string(1601, 'a')).code, 21617);
    EXPECT_EQ(send("+15550100").why, Refused::invalid);
    Outgoing many;
    many.to = "+15550199";
    many.from = "+15550100";
    many.media.assign(11, "https://example.com/a.png");
    EXPECT_EQ(run(sender.send(many)).why, Refused::invalid);
    EXPECT_TRUE(asked.empty());
}

TEST_F(Sending, WhoWantsNoneIsNotAskedTwice) {
    rest::Error no;
    no.kind = rest::Failure::invalid;
    no.status = 400;
    no.code = 21610;
    error = no;
    EXPECT_EQ(send().why, Refused::opted_out);
    error.reset();
    const auto again = send();
    EXPECT_EQ(again.why, Refused::opted_out);
    EXPECT_FALSE(again.sentence.empty());
    EXPECT_EQ(asked.size(), 1U);
    opt_outs.in("+15550100", "+15550199");
    EXPECT_TRUE(send().ok());
}

TEST_F(Sending, AnUndeliveredOneMayTellOfAnOptOut) {
    const auto sent = send();
    EXPECT_TRUE(sender.status(sent.sid, {}, MessageStatus::undelivered, 21610, {}, "+15550199", "+15550100"));
    EXPECT_EQ(send().why, Refused::opted_out);
}

TEST_F(Sending, TooManyAreNotSent) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(send().ok());
    EXPECT_EQ(send().why, Refused::velocity);
    EXPECT_TRUE(send("+15550198").ok());
    EXPECT_TRUE(send("+15550197").ok());
    EXPECT_EQ(send("+15550196").why, Refused::velocity);  // five within the minute
    EXPECT_EQ(asked.size(), 5U);
}

TEST_F(Sending, ALostAnswerIsNotSentAgain) {
    rest::Error lost;
    lost.kind = rest::Failure::unknown;
    lost.sentence = "Nobody knows.";
    error = lost;
    const auto sent = send("+15550199", "hello", "CA2");
    EXPECT_EQ(sent.why, Refused::unknown);
    EXPECT_EQ(asked.size(), 1U);
    EXPECT_EQ(record("CA2")["messages"][0]["status"], "unknown");
}

}  // namespace
}  // namespace parley::messaging
