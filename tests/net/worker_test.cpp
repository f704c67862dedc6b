#include "parley/net/worker.hpp"

#include <gmock/gmock.h>

#include <set>

#include "reactor.hpp"
#include "support.hpp"

namespace parley::net::test {
namespace {

using namespace std::chrono_literals;

TEST(Worker, runs_posted_work_on_its_own_thread) {
    Worker worker;
    EXPECT_FALSE(worker.is_current());
    worker.start();
    std::promise<bool> inside;
    worker.post([&] { inside.set_value(worker.is_current()); });
    EXPECT_TRUE(inside.get_future().get());
    EXPECT_FALSE(worker.is_current());
}

TEST(Worker, rest_grows_with_load_and_is_zero_when_idle_or_off) {
    const WorkerOptions options;
    EXPECT_EQ(Worker::batch_for(0.0, options), 0us);
    EXPECT_EQ(Worker::batch_for(0.05, options), 0us);
    Duration last{};
    for (double busy = 0.08; busy <= 1.0; busy += 0.01) {
        const Duration rest = Worker::batch_for(busy, options);
        EXPECT_GE(rest, last);
        EXPECT_LE(rest, options.max_batch_overload);
        if (busy <= 0.5) EXPECT_LE(rest, options.max_batch);
        last = rest;
    }
    EXPECT_EQ(Worker::batch_for(0.9, options), 1ms);
    WorkerOptions off;
    off.max_batch = Duration::zero();
    EXPECT_EQ(Worker::batch_for(1.0, off), 0us);
}

TEST(Worker, lag_is_reported_and_a_blocked_loop_shows) {
    std::atomic<Duration::rep> worst{0};
    std::atomic<int> reports{0};
    WorkerOptions options;
    options.on_lag = [&](Duration lag) {
        ++reports;
        if (lag.count() > worst) worst = lag.count();
    };
    Worker worker(options);
    worker.start();
    await_that([&] { return reports > 1; });
    worker.post([] { std::this_thread::sleep_for(250ms); });
    await_that([&] { return Duration(worst.load()) >= 100ms; });
    EXPECT_LE(worker.busy(), 1.0);
}

TEST(WorkerPool, places_on_the_least_loaded_and_in_turn_among_equals) {
    WorkerPool pool(4);
    std::set<Worker*> seen;
    std::vector<LoadTicket> tickets;
    for (int i = 0; i < 4; ++i) {
        Worker& worker = pool.least_loaded();
        seen.insert(&worker);
        tickets.emplace_back(worker, 1);
    }
    EXPECT_EQ(seen.size(), 4U);
    LoadTicket heavy(pool.at(0), 10);
    for (int i = 0; i < 30; ++i) tickets.emplace_back(pool.least_loaded(), 1);
    EXPECT_EQ(pool.at(0).load(), 11);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(pool.at(i).load(), 11);
    EXPECT_EQ(pool.current(), nullptr);
}

TEST(WorkerPool, serves_connections_on_all_workers_each_staying_where_it_began) {
    WorkerPool pool(3);
    std::mutex mutex;
    std::map<std::string, std::set<Worker*>> where;
    HttpServerOptions options;
    options.listeners.emplace_back();
    options.limits.preauth_per_address = 256;
    options.place = pool.placer();
    options.handle = [&](HttpRequest& request) -> Task<HttpResponse> {
        const std::lock_guard lock(mutex);
        where[std::string(request.headers.get("X-Peer"))].insert(pool.current());
        co_return HttpResponse(204);
    };
    HttpServer server(pool.at(0).executor(), options);
    server.start();
    pool.start();
    std::vector<RawPeer> peers;
    for (int i = 0; i < 30; ++i) peers.emplace_back(server.port());
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 30; ++i) {
            peers[static_cast<std::size_t>(i)].send("GET / HTTP/1.1\r\nHost: a\r\nX-Peer: " + std::to_string(i) + "\r\n\r\n");
            EXPECT_THAT(peers[static_cast<std::size_t>(i)].receive_until("\r\n\r\n"), testing::StartsWith("HTTP/1.1 204 "));
        }
    }
    std::set<Worker*> all;
    for (const auto& [peer, workers] : where) {
        EXPECT_EQ(workers.size(), 1U);
        all.insert(workers.begin(), workers.end());
    }
    EXPECT_EQ(all.size(), 3U);
    EXPECT_FALSE(all.contains(nullptr));
    server.stop();
    pool.stop();
    pool.join();
}

TEST(Worker, the_rest_between_rounds_loses_no_frame_and_delivers_several_a_round) {
    EchoServer server;
    std::promise<void> set;
    server.worker().post([&] {
        Reactor::of(server.worker().executor()).set_batch_window(1ms);
        set.set_value();
    });
    set.get_future().wait();
    std::vector<RawPeer> peers;
    for (int i = 0; i < 20; ++i) {
        peers.emplace_back(server.port()).send(kUpgrade);
        EXPECT_THAT(peers.back().receive_until("\r\n\r\n"), testing::StartsWith("HTTP/1.1 101 "));
    }
    for (int round = 0; round < 100; ++round) {
        const std::string text = "round " + std::to_string(round);
        for (RawPeer& peer : peers) peer.send(client_frame(0x81, text));
        for (RawPeer& peer : peers) EXPECT_EQ(peer.receive_exactly(text.size() + 2), server_frame(0x81, text));
    }
    std::promise<std::uint64_t> rounds;
    server.worker().post([&] { rounds.set_value(Reactor::of(server.worker().executor()).rounds()); });
    EXPECT_LT(rounds.get_future().get(), 2000U);  // 2,000 frames were served
}

TEST(Worker, stopping_with_live_sockets_and_waiting_coroutines_leaks_nothing) {
    // The leak check of the sanitizer build is the judge; here the test only has to come back.
    for (int i = 0; i < 5; ++i) {
        EchoServer server;
        Worker worker;
        worker.start();
        std::vector<RawPeer> peers;
        for (int k = 0; k < 3; ++k) {
            peers.emplace_back(server.port()).send(kUpgrade);
            (void)peers.back().receive_until("\r\n\r\n");
        }
        peers.emplace_back(server.port());
        std::atomic<bool> connected{false};
        auto wait_for_ever = [](std::string url, std::atomic<bool>& flag) -> Task<> {
            ConnectOptions options(std::move(url));
            Result<std::unique_ptr<WebSocket>> socket = co_await ws_connect(std::move(options));
            flag = true;
            (void)co_await (*socket)->fill();
        };
        asio::co_spawn(worker.executor(), wait_for_ever(server.ws_url(), connected), [](std::exception_ptr) {});
        await_that([&] { return connected.load(); });
        worker.stop();
        worker.join();
    }
}

}  // namespace
}  // namespace parley::net::test
