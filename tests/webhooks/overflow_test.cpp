// A call there is no place for: what is kept of it says whether it may come back.

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "parley/webhooks/twilio_webhooks.hpp"

namespace parley::webhooks {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class OverflowTest : public testing::Test {
protected:
    OverflowTest() {
        std::string form = (fs::temp_directory_path() / "parley-overflow-XXXXXX").string();
        directory = ::mkdtemp(form.data());
        records = std::make_unique<store::CallRecords>(store::CallRecords::Settings{.directory = directory.string(), .on_error = {}});
        store::FactHooks hooks;
        hooks.added.push_back([this](const store::FactEvent& event) {
            if (event.fact == store::Fact::rejection) rejection = json::parse(event.json);
        });
        records->hooks(std::move(hooks));
        agent->name = "front";
    }
    ~OverflowTest() override {
        records.reset();
        fs::remove_all(directory);
    }
    // What a call is answered with where there is no place for it.
    std::string answer(Overflow overflow, const std::string& direction, const TwilioWebhooks::Gate& gate = {}) {
        call::Registry registry{{.max_calls = gate ? 10U : 0U}};
        Settings settings;
        settings.public_url = "https://voice.example.test";
        settings.verify_signatures = false;
        settings.overflow = overflow;
        settings.overflow_text = "nobody is free";
        settings.overflow_url = "https://desk.example.test/wait.xml";
        TwilioWebhooks webhooks(settings, {.log = log,
                                           .metrics = metrics,
                                           .registry = registry,
                                           .tokens = tokens,
                                           .by_number = [this](std::string_view) { return agent; },
                                           .by_name = [this](std::string_view) { return agent; },
                                           .draining = [] { return false; },
                                           .signatures = [] { return nullptr; },
                                           .records = records.get()});
        if (gate) webhooks.gate(gate);
        rejection = nullptr;
        const auto body =
            "CallSid=CA0123456789abcdef0123456789abcdef&AccountSid=AC0123456789abcdef0123456789abcdef&From=%2B14155550100&To=%2B18005551212&Direction=" +
            direction;
        const Request request{.method = "POST",
                              .target = "/webhooks/twilio/voice",
                              .content_type = "application/x-www-form-urlencoded",
                              .body = body,
                              .signature = {},
                              .idempotency_token = {},
                              .remote_address = {}};
        boost::asio::io_context loop;
        auto given = boost::asio::co_spawn(loop, webhooks.handle(request), boost::asio::use_future);
        loop.run();
        return given.get().value_or(Answer{}).body;
    }
    bool open() const { return rejection.is_object() && rejection.value("open", false); }

    Log log;
    Metrics metrics{MetricsSettings{}};
    twilio::StreamTokens tokens{{{1, Secret(std::string(32, 'k'))}}};
    fs::path directory;
    std::shared_ptr<call::Agent> agent = std::make_shared<call::Agent>();
    std::unique_ptr<store::CallRecords> records;
    json rejection;
};

TEST_F(OverflowTest, who_is_sent_elsewhere_may_come_back) {
    EXPECT_THAT(answer(Overflow::redirect, "inbound"), HasSubstr("wait.xml"));
    EXPECT_EQ(rejection.value("reason", ""), "concurrent_limit");
    EXPECT_TRUE(open());
    for (const auto how : {Overflow::busy, Overflow::reject, Overflow::say}) {
        (void)answer(how, "inbound");
        EXPECT_EQ(rejection.value("reason", ""), "concurrent_limit");
        EXPECT_FALSE(open()) << static_cast<int>(how);
    }
    EXPECT_THAT(answer(Overflow::redirect, "outbound-api"), HasSubstr("Hangup"));
    EXPECT_FALSE(open()) << "ours are hung up";
}

TEST_F(OverflowTest, the_gate_says_the_same_of_its_answers) {
    for (const bool leads_on : {true, false}) {
        (void)answer(Overflow::busy, "inbound",
                     [leads_on](const std::shared_ptr<const call::Agent>&, const Asked&) -> net::Task<std::optional<TwilioWebhooks::TurnedAway>> {
                         co_return TwilioWebhooks::TurnedAway{
                             .reason = "capacity", .detail = "concurrent_limit", .answer = {}, .scope = "fleet", .open = leads_on};
                     });
        EXPECT_EQ(rejection.value("detail", ""), "fleet");
        EXPECT_EQ(open(), leads_on);
    }
}

}  // namespace
}  // namespace parley::webhooks
