// The client against the simulated Twilio, which shares no code with it: what one writes the other reads.
#include <gmock/gmock.h>

#include "parley/rest/account.hpp"
#include "parley/rest/calls.hpp"
#include "parley/rest/messages.hpp"
#include "parley/rest/queues.hpp"
#include "parley/rest/sip.hpp"
#include "parley/sim/fake_twilio.hpp"
#include "scripted_twilio.hpp"

namespace parley::rest::test {
namespace {

using testing::SizeIs;

class RestSimulated : public testing::Test {
protected:
    RestSimulated() : twilio_(options()), under_(twilio_.base_url()) {}
    static sim::FakeTwilioOptions options() {
        sim::FakeTwilioOptions options;
        options.carrier.account_sid = kAccount;
        options.carrier.auth_token = Secret(kToken);
        options.carrier.speed = 10;
        return options;
    }
    template <class T, class Resource>
    Outcome<T> ask(std::function<net::Task<Outcome<T>>(Resource&)> begin) {
        return under_.run<Outcome<T>>([&](Client& client) {
            Resource resource(client);
            return begin(resource);
        });
    }
    Outcome<Call> dial() {
        CallCreate wanted;
        wanted.to = "+14155550199";
        wanted.from = "+14155550100";
        wanted.twiml = "<Response><Pause length=\"600\"/></Response>";
        wanted.timeout = 20;
        wanted.status_callback_event = {"initiated", "answered"};
        return ask<Call, Calls>([&](Calls& calls) { return calls.create(wanted); });
    }
    std::size_t calls_made() {
        CallFilter all;
        const auto list = ask<std::vector<Call>, Calls>([&](Calls& calls) { return calls.list(all); });
        return list ? list->size() : 9999;
    }
    sim::FakeTwilio twilio_;
    ClientUnderTest under_;
};

TEST_F(RestSimulated, a_call_is_made_read_listed_and_ended) {
    const auto call = dial();
    ASSERT_TRUE(call) << call.error().text();
    EXPECT_TRUE(call->date_created);
    const auto read = ask<Call, Calls>([&](Calls& calls) { return calls.fetch(call->sid); });
    ASSERT_TRUE(read);
    EXPECT_EQ(read->to, "+14155550199");
    EXPECT_EQ(read->direction, "outbound-api");
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(dial());
    CallFilter filter;
    filter.to = "+14155550199";
    filter.most = 3;
    EXPECT_THAT(*(ask<std::vector<Call>, Calls>([&](Calls& calls) { return calls.list(filter); })), SizeIs(3));
    EXPECT_EQ(calls_made(), 5U);
    EXPECT_TRUE((ask<void, Calls>([&](Calls& calls) { return calls.hang_up(call->sid); })));
    EXPECT_TRUE((ask<void, Calls>([&](Calls& calls) { return calls.hang_up(call->sid); })));  // over is over
    EXPECT_TRUE((ask<void, Calls>([&](Calls& calls) { return calls.hang_up("CA00000000000000000000000000000000"); })));
    const auto nobody = ask<Call, Calls>([&](Calls& calls) { return calls.fetch("CA00000000000000000000000000000000"); });
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, 20404);
}

// W22 with a carrier that really took the call.
TEST_F(RestSimulated, W22_an_answer_lost_after_the_call_was_taken_makes_no_second_one) {
    std::size_t made = 0;
    for (const char* fault : {"500_after", "reset_after"}) {
        twilio_.set_faults(std::string(R"({"requests":[{"method":"POST","path":"/Calls","count":1,"fault":")") + fault + R"("}]})");
        const auto call = dial();
        ASSERT_TRUE(call) << fault << ": " << call.error().text();
        EXPECT_EQ(calls_made(), ++made) << fault;
    }
    twilio_.set_faults(R"({"requests":[{"method":"POST","path":"/Calls","count":2,"fault":"429"}]})");
    ASSERT_TRUE(dial());
    EXPECT_EQ(calls_made(), ++made);
}

TEST_F(RestSimulated, reading_survives_429_500_and_pages_of_proxies) {
    ASSERT_TRUE(dial());
    for (const char* fault : {"429", "500", "html"}) {
        twilio_.set_faults(std::string(R"({"requests":[{"method":"GET","path":"/Calls","count":2,"fault":")") + fault + R"("}]})");
        EXPECT_EQ(calls_made(), 1U) << fault;
    }
}

TEST_F(RestSimulated, messages_queues_account_and_sip) {
    MessageCreate message;
    message.to = "+14155550199";
    message.from = "+14155550100";
    message.body = "hello";
    const auto sent = ask<Message, Messages>([&](Messages& messages) { return messages.create(message); });
    ASSERT_TRUE(sent) << sent.error().text();
    EXPECT_EQ(sent->body, "hello");
    EXPECT_EQ(sent->num_segments, 1);
    twilio_.set_faults(R"({"requests":[{"method":"POST","path":"/Messages","count":1,"fault":"reset_after"}]})");
    message.body = "hello again";
    const auto found = ask<Message, Messages>([&](Messages& messages) { return messages.create(message); });
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_THAT(*(ask<std::vector<Message>, Messages>([](Messages& messages) { return messages.list({}); })), SizeIs(2));

    const auto queue = ask<Queue, Queues>([](Queues& queues) { return queues.create("support", 7); });
    ASSERT_TRUE(queue) << queue.error().text();
    const auto again = ask<std::optional<Queue>, Queues>([](Queues& queues) { return queues.find("support"); });
    ASSERT_TRUE(again && *again);
    EXPECT_EQ((*again)->sid, queue->sid);
    EXPECT_EQ((*again)->max_size, 7);

    const auto account = ask<AccountInfo, AccountResource>([](AccountResource& resource) { return resource.credentials(); });
    ASSERT_TRUE(account) << account.error().text();
    EXPECT_EQ(account->status, "active");

    ByocTrunkSettings trunk;
    trunk.friendly_name = "carrier";
    const auto made = ask<ByocTrunk, ByocTrunks>([&](ByocTrunks& trunks) { return trunks.create(trunk); });
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_TRUE(made->date_created);  // ISO 8601 there
    EXPECT_THAT(*(ask<std::vector<ByocTrunk>, ByocTrunks>([](ByocTrunks& trunks) { return trunks.list(); })), SizeIs(1));
}

}  // namespace
}  // namespace parley::rest::test
