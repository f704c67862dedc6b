// The outbox against receivers that fail in every way they do.

#include "parley/outbox/deliverer.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "parley/outbox/signature.hpp"

namespace parley::outbox {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;

struct Sent {
    std::string url, body, event, key, signature;
};

class DelivererTest : public testing::Test {
protected:
    DelivererTest() {
        std::string form = (std::filesystem::temp_directory_path() / "parley-outbox-XXXXXX").string();
        directory = ::mkdtemp(form.data());
        database = store::open_database({.url = Secret("sqlite:" + (directory / "t.db").string()), .data_dir = directory}, log, nullptr);
    }
    ~DelivererTest() override {
        database.reset();
        std::filesystem::remove_all(directory);
    }

    void add(const std::string& key, const std::string& call, const std::string& agent = "front") {
        database->transact([&](store::Session& s) {
            store::add_job(s, {.kind = std::string(kJobKind),
                               .key = key,
                               .order = call,
                               .payload = job_payload(agent, "turn.completed", json{{"id", key}}.dump()),
                               .not_before_ms = 0});
        });
    }
    // The deliverer runs until `until` holds.
    template <class Until>
    void run(Until until, std::chrono::seconds within = 20s) {
        auto deliverer = std::make_unique<Deliverer>(
            Deliverer::Services{.database = *database,
                                .log = log,
                                .metrics = metrics,
                                .executor = loop.get_executor(),
                                .instance = "one",
                                .post = [this](std::string url, net::HttpHeaders headers, std::string body,
                                               std::chrono::milliseconds) { return post(std::move(url), std::move(headers), std::move(body)); },
                                .receiver = [this](const std::string& agent) -> std::optional<WebhookSettings> {
                                    const auto found = receivers.find(agent);
                                    return found == receivers.end() ? std::nullopt : std::optional(found->second);
                                }},
            settings);
        deliverer->start();
        const auto deadline = Clock::now() + within;
        while (!until() && Clock::now() < deadline) loop.run_for(5ms);
        EXPECT_TRUE(until());
        bool closed = false;
        asio::co_spawn(loop, deliverer->close(), [&](const std::exception_ptr&) { closed = true; });
        while (!closed) loop.run_for(5ms);
    }
    net::Task<Result<net::HttpReply>> post(std::string url, net::HttpHeaders headers, std::string body) {
        ++under_way;
        most_under_way = std::max(most_under_way, under_way);
        asio::steady_timer pause(loop, url == slow ? std::chrono::milliseconds(std::chrono::seconds(60)) : takes);
        co_await pause.async_wait(net::nothrow);
        --under_way;
        sent.push_back(
            {url, body, std::string(headers.get("Parley-Event")), std::string(headers.get("Idempotency-Key")), std::string(headers.get("Parley-Signature"))});
        const int status = answer(sent.back());
        if (status == 0)
            co_return Result<net::HttpReply>(boost::system::in_place_error, boost::system::errc::make_error_code(boost::system::errc::connection_refused));
        net::HttpReply reply;
        reply.status = status;
        co_return reply;
    }
    [[nodiscard]] std::size_t pending() const {
        std::size_t n = 0;
        database->transact([&](store::Session& s) { n = store::pending_jobs(s, kJobKind); });
        return n;
    }
    [[nodiscard]] std::vector<store::Job> dead() const {
        std::vector<store::Job> all;
        database->transact([&](store::Session& s) { all = store::dead_jobs(s, kJobKind, 100); });
        return all;
    }
    [[nodiscard]] std::vector<std::string> keys() const {
        std::vector<std::string> all;
        for (const auto& one : sent) all.push_back(one.key);
        return all;
    }

    Log log;
    Metrics metrics{MetricsSettings{}};
    std::filesystem::path directory;
    std::unique_ptr<store::Database> database;
    asio::io_context loop;
    DeliverySettings settings{.first_pause = 10ms, .longest_pause = 50ms, .look_every = 5ms, .left_alone = 100ms};
    std::map<std::string, WebhookSettings> receivers{{"front", {.url = "http://one/", .secret = Secret("s3cret"), .events = {}, .alerts = {}}}};
    std::vector<Sent> sent;
    std::function<int(const Sent&)> answer = [](const Sent&) { return 200; };
    std::chrono::milliseconds takes{1};
    std::string slow;  // answers in a minute
    std::size_t under_way = 0, most_under_way = 0;
};

TEST_F(DelivererTest, signs_names_and_finishes) {
    add("evt_1", "CA1");
    run([&] { return pending() == 0; });
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].event, "turn.completed");
    EXPECT_EQ(sent[0].key, "evt_1");
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count();
    EXPECT_TRUE(signature_holds(Secret("s3cret"), sent[0].signature, sent[0].body, now));
}

TEST_F(DelivererTest, one_calls_events_come_in_order_also_when_one_fails_twice) {
    for (const auto* key : {"a1", "a2", "a3"}) add(key, "CA1");
    add("b1", "CA2");
    int failures = 2;
    answer = [&](const Sent& one) { return one.key == "a1" && failures-- > 0 ? 503 : 200; };
    run([&] { return pending() == 0; });
    std::vector<std::string> first;
    for (const auto& key : keys())
        if (key[0] == 'a') first.push_back(key);
    EXPECT_THAT(first, ElementsAre("a1", "a1", "a1", "a2", "a3"));
    // The other call did not wait for it.
    const auto all = keys();
    EXPECT_LT(std::find(all.begin(), all.end(), "b1") - all.begin(), 3);
    EXPECT_EQ(sent[0].body, sent[1].key == "b1" ? sent[2].body : sent[1].body);
}

TEST_F(DelivererTest, gives_up_after_its_attempts_and_goes_on_behind) {
    receivers["front"].attempts = 3;
    settings.failures = 100;
    add("a1", "CA1");
    add("a2", "CA1");
    answer = [](const Sent& one) { return one.key == "a1" ? 500 : 200; };
    run([&] { return pending() == 0; });
    EXPECT_THAT(keys(), ElementsAre("a1", "a1", "a1", "a2"));
    ASSERT_EQ(dead().size(), 1U);
    EXPECT_EQ(dead()[0].key, "a1");
    EXPECT_EQ(dead()[0].last_error, "status 500");
    // Taken up again by hand.
    const auto id = dead()[0].id;
    database->transact([&](store::Session& s) { EXPECT_TRUE(store::revive_job(s, id)); });
}

TEST_F(DelivererTest, who_wants_no_more_hears_no_more) {
    add("a1", "CA1");
    add("n1", "CA2", "nobody");
    answer = [](const Sent&) { return 410; };
    run([&] { return pending() == 0; });
    EXPECT_THAT(keys(), ElementsAre("a1"));
    EXPECT_EQ(dead().size(), 2U);
}

TEST_F(DelivererTest, a_dead_receiver_does_not_hold_up_the_others) {
    receivers["back"] = {.url = "http://two/", .secret = Secret(), .events = {}, .alerts = {}};
    settings.left_alone = 30s;
    for (int i = 0; i < 40; ++i) add("d" + std::to_string(i), "CAd" + std::to_string(i));
    for (int i = 0; i < 40; ++i) add("g" + std::to_string(i), "CAg" + std::to_string(i), "back");
    answer = [](const Sent& one) { return one.url == "http://one/" ? 0 : 200; };
    run([&] { return std::count_if(sent.begin(), sent.end(), [](const Sent& one) { return one.url == "http://two/"; }) == 40 && pending() <= 40; });
    // After its first failures nothing was sent to it any more: at most as much as was under way at the same time.
    EXPECT_LE(std::count_if(sent.begin(), sent.end(), [](const Sent& one) { return one.url == "http://one/"; }),
              static_cast<std::ptrdiff_t>(settings.at_once_each + settings.failures));
    EXPECT_EQ(pending(), 40U);
}

TEST_F(DelivererTest, a_receiver_is_not_flooded) {
    settings.at_once_each = 4;
    takes = 10ms;
    for (int i = 0; i < 30; ++i) add("k" + std::to_string(i), "CA" + std::to_string(i));
    run([&] { return pending() == 0; });
    EXPECT_EQ(sent.size(), 30U);
    EXPECT_LE(most_under_way, 4U);
}

TEST_F(DelivererTest, a_slow_receiver_does_not_hold_up_the_others) {
    receivers["back"] = {.url = "http://two/", .secret = Secret(), .events = {}, .alerts = {}};
    settings.at_once = 8;
    settings.at_once_each = 2;
    slow = "http://one/";
    for (int i = 0; i < 40; ++i) add("s" + std::to_string(i), "CAs" + std::to_string(i));
    for (int i = 0; i < 10; ++i) add("g" + std::to_string(i), "CAg" + std::to_string(i), "back");
    const auto to_two = [this] { return std::count_if(sent.begin(), sent.end(), [](const Sent& one) { return one.url == "http://two/"; }); };
    run([&] { return to_two() == 10 && pending() == 40; });
    EXPECT_LE(std::count_if(sent.begin(), sent.end(), [](const Sent& one) { return one.url == "http://one/"; }), 2);  // what was under way when it was over
    EXPECT_LE(most_under_way, 4U);                                                                                    // two for each
    EXPECT_EQ(pending(), 40U);
    database->transact([](store::Session& s) {
        EXPECT_EQ(s.run("SELECT COUNT(*) FROM jobs WHERE state = 0 AND attempts > 1").front().integer(0), 0);
    });  // who was put off has lost no attempt
}

TEST_F(DelivererTest, what_was_begun_and_not_noted_comes_again) {
    add("a1", "CA1");
    // Somebody took it and died: its lease is over at once.
    database->transact([&](store::Session& s) { EXPECT_TRUE(store::claim_job(s, kJobKind, "dead", 1ms)); });
    run([&] { return pending() == 0; });
    EXPECT_THAT(keys(), ElementsAre("a1"));
}

TEST(DeliveryPause, grows_and_is_bounded) {
    const DeliverySettings settings;
    EXPECT_EQ(pause_after(settings, 1, 0), 5s);
    EXPECT_EQ(pause_after(settings, 2, 0), 15s);
    EXPECT_EQ(pause_after(settings, 3, 0), 45s);
    EXPECT_EQ(pause_after(settings, 12, 0), 4h);
    EXPECT_EQ(pause_after(settings, 4'000'000'000U, 0), 4h);
    EXPECT_NEAR(static_cast<double>(pause_after(settings, 1, 0.999).count()), 2500, 10);
}

TEST(DeliveryFate, by_status) {
    for (const int status : {200, 201, 204, 299}) EXPECT_EQ(fate_of(status), Fate::delivered) << status;
    for (const int status : {301, 400, 401, 404, 408, 429, 500, 503}) EXPECT_EQ(fate_of(status), Fate::retry) << status;
    EXPECT_EQ(fate_of(410), Fate::dead);
}

}  // namespace
}  // namespace parley::outbox
