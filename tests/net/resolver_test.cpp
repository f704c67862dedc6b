// N9 of the failure catalogue: a name service that says no, says nothing, or is slow, behind a look-up of the test's
// own.

#include "parley/net/resolver.hpp"

#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <thread>

#include "parley/net/http_client.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

using namespace std::chrono_literals;
using Addresses = Resolver::Addresses;

Addresses addresses(std::initializer_list<const char*> texts) {
    Addresses out;
    for (const char* text : texts) out.push_back(asio::ip::make_address(text));
    return out;
}

// A name service under control: answers, refuses, or holds its breath.
struct Service {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, Result<Addresses>> answers;
    bool silent = false;
    int asked = 0;
    TimePoint now = TimePoint{} + 1h;

    ResolverSettings settings() {
        ResolverSettings made;
        made.lookup = [this](const std::string& host) -> Result<Addresses> {
            std::unique_lock lock(mutex);
            ++asked;
            changed.notify_all();
            changed.wait(lock, [this] { return !silent; });
            const auto found = answers.find(host);
            if (found == answers.end()) return make_error_code(Errc::resolve_failed);
            return found->second;
        };
        made.now = [this] {
            const std::lock_guard lock(mutex);
            return now;
        };
        made.patience = 20ms;
        made.longest = 10s;
        return made;
    }
    void set(const std::string& host, Result<Addresses> answer) {
        const std::lock_guard lock(mutex);
        answers.insert_or_assign(host, std::move(answer));
    }
    void pass(Duration time) {
        const std::lock_guard lock(mutex);
        now += time;
    }
    void hush(bool on) {
        {
            const std::lock_guard lock(mutex);
            silent = on;
        }
        changed.notify_all();
    }
    int times() {
        const std::lock_guard lock(mutex);
        return asked;
    }
};

class Resolving : public testing::Test {
protected:
    Resolving() : resolver(service.settings()) { worker.start(); }
    ~Resolving() override { service.hush(false); }

    Result<Addresses> ask(const std::string& host, Duration limit = 10s) {
        return run_on<Result<Addresses>>(worker, [&]() -> Task<Result<Addresses>> { return resolver.resolve(host, Clock::now() + limit); });
    }
    Service service;
    Worker worker;
    Resolver resolver;
};

TEST_F(Resolving, answers_are_kept_for_a_minute) {
    service.set("a.test", addresses({"127.0.0.1", "::1"}));
    for (int i = 0; i < 3; ++i) {
        const auto found = ask("a.test");
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(*found, addresses({"127.0.0.1", "::1"}));
        service.pass(20s);
    }
    EXPECT_EQ(service.times(), 1);
    service.set("a.test", addresses({"127.0.0.9"}));
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.9"}));
    EXPECT_EQ(service.times(), 2);
    EXPECT_EQ(resolver.count(DnsOutcome::resolved), 2U);
    EXPECT_EQ(resolver.count(DnsOutcome::cached), 2U);
}

TEST_F(Resolving, refreshed_before_it_is_old) {
    service.set("a.test", addresses({"127.0.0.1"}));
    ASSERT_TRUE(ask("a.test"));
    service.pass(50s);
    service.set("a.test", addresses({"127.0.0.2"}));
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.1"}));  // at once, from memory
    await_that([&] { return ask("a.test").value() == addresses({"127.0.0.2"}); });
    EXPECT_EQ(service.times(), 2);
}

TEST_F(Resolving, n9_a_failure_is_bridged_by_the_last_good_answer) {
    service.set("a.test", addresses({"127.0.0.1"}));
    ASSERT_TRUE(ask("a.test"));
    service.set("a.test", make_error_code(Errc::resolve_failed));
    service.pass(61s);
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.1"}));
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.1"}));
    EXPECT_EQ(service.times(), 2);  // the failure is not asked about again at once
    EXPECT_EQ(resolver.count(DnsOutcome::last_good), 2U);
    service.pass(10min);
    EXPECT_EQ(ask("a.test").error(), Errc::resolve_failed);  // too old by now
    EXPECT_EQ(resolver.count(DnsOutcome::failed), 1U);
    service.set("a.test", addresses({"127.0.0.3"}));
    service.pass(1s);
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.3"}));
}

TEST_F(Resolving, an_empty_answer_and_a_throwing_look_up_are_failures) {
    service.set("a.test", Addresses{});
    EXPECT_EQ(ask("a.test").error(), Errc::resolve_failed);
    ResolverSettings settings;
    settings.lookup = [](const std::string&) -> Result<Addresses> { throw std::runtime_error("no"); };
    resolver.configure(settings);
    EXPECT_EQ(ask("b.test").error(), Errc::resolve_failed);
}

TEST_F(Resolving, a_no_is_believed_for_a_second_only) {
    EXPECT_EQ(ask("a.test").error(), Errc::resolve_failed);
    service.set("a.test", addresses({"127.0.0.1"}));
    EXPECT_EQ(ask("a.test").error(), Errc::resolve_failed);
    EXPECT_EQ(service.times(), 1);
    service.pass(1s);
    EXPECT_TRUE(ask("a.test"));
    EXPECT_EQ(service.times(), 2);
}

TEST_F(Resolving, n9_silence_is_bridged_too_and_holds_up_nobody) {
    service.set("a.test", addresses({"127.0.0.1"}));
    ASSERT_TRUE(ask("a.test"));
    service.pass(61s);
    service.hush(true);
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.1"}));
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.1"}));
    EXPECT_EQ(resolver.count(DnsOutcome::last_good), 2U);
    EXPECT_EQ(service.times(), 2);  // one look-up, still under way
    // A name never heard of: the caller's deadline, while the worker goes on with other things.
    int ticks = 0;
    const error_code ec = run_on<error_code>(worker, [&]() -> Task<error_code> {
        bool over = false;
        auto tick = [](int& count, const bool& stop) -> Task<> {
            asio::steady_timer timer(co_await asio::this_coro::executor);
            while (!stop) {
                timer.expires_after(1ms);
                co_await timer.async_wait(nothrow);
                ++count;
            }
        };
        auto ticking = tick(ticks, over);
        auto handle = std::make_shared<std::promise<void>>();
        asio::co_spawn(worker.executor(), std::move(ticking), [handle](std::exception_ptr) { handle->set_value(); });
        const Result<Addresses> found = co_await resolver.resolve("b.test", Clock::now() + 100ms);
        over = true;
        asio::steady_timer last(co_await asio::this_coro::executor);
        last.expires_after(50ms);
        co_await last.async_wait(nothrow);
        co_return found.error();
    });
    EXPECT_EQ(ec, Errc::timed_out);
    EXPECT_GT(ticks, 5);
    EXPECT_EQ(resolver.count(DnsOutcome::timed_out), 1U);
}

TEST_F(Resolving, questions_at_one_time_are_one_question) {
    service.set("a.test", addresses({"127.0.0.1"}));
    service.hush(true);
    Worker other;
    other.start();
    std::atomic<int> answered{0};
    const auto spawn = [&](Worker& on) {
        auto body = [](Resolver& names, std::atomic<int>& count) -> Task<> {
            const Result<Addresses> found = co_await names.resolve("a.test", Clock::now() + 10s);
            if (found && found->size() == 1) ++count;
        };
        auto task = body(resolver, answered);
        asio::co_spawn(on.executor(), std::move(task), [](std::exception_ptr) {});
    };
    for (int i = 0; i < 20; ++i) spawn(i % 2 == 0 ? worker : other);
    await_that([&] { return service.times() == 1; });
    service.hush(false);
    await_that([&] { return answered == 20; });
    EXPECT_EQ(service.times(), 1);
}

TEST_F(Resolving, a_cancelled_question_ends_and_its_worker_may_be_gone) {
    service.hush(true);
    error_code seen;
    {
        Worker brief;
        brief.start();
        asio::cancellation_signal signal;
        std::promise<void> over;
        auto body = [](Resolver& names, error_code& result) -> Task<> {
            const Result<Addresses> found = co_await names.resolve("a.test", Clock::now() + 10s);
            result = found.error();
        };
        auto task = body(resolver, seen);
        asio::co_spawn(brief.executor(), std::move(task), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { over.set_value(); }));
        await_that([&] { return service.times() == 1; });
        asio::post(brief.executor(), [&] { signal.emit(asio::cancellation_type::terminal); });
        over.get_future().wait();
        // A second one is left waiting when its worker ends.
        error_code unheard;
        auto left = body(resolver, unheard);
        asio::co_spawn(brief.executor(), std::move(left), [](std::exception_ptr) {});
        std::promise<void> begun;
        asio::post(brief.executor(), [&] { begun.set_value(); });
        begun.get_future().wait();
    }
    EXPECT_EQ(seen, Errc::cancelled);
    service.set("a.test", addresses({"127.0.0.1"}));
    service.hush(false);
    await_that([&] {
        service.pass(2s);
        return ask("a.test").has_value();
    });
}

TEST_F(Resolving, an_answer_nobody_stands_behind_is_asked_for_again) {
    service.set("a.test", addresses({"127.0.0.1"}));
    ASSERT_TRUE(ask("a.test"));
    resolver.doubt("a.test");
    service.set("a.test", addresses({"127.0.0.2"}));
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.2"}));
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.2"}));
    EXPECT_EQ(service.times(), 2);
    resolver.doubt("a.test");
    service.set("a.test", make_error_code(Errc::resolve_failed));
    EXPECT_EQ(ask("a.test").value(), addresses({"127.0.0.2"}));  // still better than nothing
    resolver.doubt("unknown.test");
}

TEST_F(Resolving, names_are_bounded) {
    ResolverSettings settings = service.settings();
    settings.max_names = 4;
    resolver.configure(settings);
    for (int i = 0; i < 8; ++i) {
        const std::string host = std::to_string(i) + ".test";
        service.set(host, addresses({"127.0.0.1"}));
        ASSERT_TRUE(ask(host));
        service.pass(1ms);
    }
    EXPECT_EQ(service.times(), 8);
    ASSERT_TRUE(ask("7.test"));
    EXPECT_EQ(service.times(), 8);
    ASSERT_TRUE(ask("0.test"));
    EXPECT_EQ(service.times(), 9);
}

TEST_F(Resolving, observed) {
    Counts counts;
    ResolverSettings settings = service.settings();
    settings.observe = [&](DnsOutcome outcome) { counts.add(kDnsOutcomes[static_cast<std::size_t>(outcome)]); };
    resolver.configure(settings);
    service.set("a.test", addresses({"127.0.0.1"}));
    (void)ask("a.test");
    (void)ask("a.test");
    (void)ask("b.test");
    EXPECT_EQ(counts.of("resolved"), 1);
    EXPECT_EQ(counts.of("cached"), 1);
    EXPECT_EQ(counts.of("failed"), 1);
}

TEST(SystemResolver, knows_this_machine) {
    Worker worker;
    worker.start();
    Resolver resolver;
    const auto found = run_on<Result<Addresses>>(worker, [&]() -> Task<Result<Addresses>> { return resolver.resolve("localhost", Clock::now() + 10s); });
    ASSERT_TRUE(found.has_value());
    for (const auto& address : *found) EXPECT_TRUE(address.is_loopback()) << address.to_string();
}

// The whole way: an HTTP request to a name only the test knows, whose first address refuses, and again when it is gone.
TEST(ProcessResolver, connections_go_where_it_says) {
    Service service;
    EchoServer server;
    Worker worker;
    worker.start();
    Resolver::process().configure(service.settings());
    service.set("vendor.test", addresses({"127.0.0.2", "127.0.0.1"}));
    const auto fetch = [&](const std::string& host) {
        return run_on<error_code>(worker, [&]() -> Task<error_code> {
            HttpClient client(worker.executor(), HttpClientOptions{});
            HttpCall call("GET", "http://" + host + ":" + std::to_string(server.port()) + "/hello?x", std::chrono::seconds(10));
            Result<HttpReply> reply = co_await client.request(std::move(call));
            if (!reply) co_return reply.error();
            EXPECT_EQ(reply->body, "hello x\n");
            co_return error_code{};
        });
    };
    EXPECT_EQ(fetch("vendor.test"), error_code{});
    service.pass(61s);
    service.set("vendor.test", make_error_code(Errc::resolve_failed));
    const auto bridged = Resolver::process().count(DnsOutcome::last_good);
    EXPECT_EQ(fetch("vendor.test"), error_code{});
    EXPECT_EQ(Resolver::process().count(DnsOutcome::last_good), bridged + 1);
    EXPECT_EQ(fetch("nobody.test"), Errc::resolve_failed);
    // Moved while its answer was still fresh: one connection fails, the next one asks.
    service.set("moving.test", addresses({"127.0.0.2"}));
    EXPECT_NE(fetch("moving.test"), error_code{});
    service.set("moving.test", addresses({"127.0.0.1"}));
    EXPECT_EQ(fetch("moving.test"), error_code{});
    Resolver::process().configure({});
}

}  // namespace
}  // namespace parley::net::test
