// WebSocket echo servers under the load of N calls: one 330-byte text frame in and one out every 20 ms for each. Ours
// beside Beast's own WebSocket in the same run, each server on a thread of its own; the load is one thread of plain
// epoll code that is not measured. Prints CPU microseconds of the server thread per frame pair, wake-ups, and the
// echo's delay.
//
//   bench_net_echo [calls=400] [seconds=5] [server: all|parley|parley0|beast]

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "parley/net/http_server.hpp"
#include "parley/net/worker.hpp"
#include "parley/net/ws_endpoint.hpp"
#include "parley/net/ws_frame.hpp"

namespace {

using namespace parley;
using namespace parley::net;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr std::size_t kFrame = 330;

double now_us() {
    return std::chrono::duration<double, std::micro>(Clock::now().time_since_epoch()).count();
}

int connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        std::perror("connect");
        std::exit(1);
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::string_view upgrade =
        "GET /media HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
        "13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (::send(fd, upgrade.data(), upgrade.size(), 0) < 0) std::exit(1);
    std::string head;
    char byte;
    while (!head.ends_with("\r\n\r\n") && ::recv(fd, &byte, 1, 0) == 1) head += byte;
    return fd;
}

struct Outcome {
    std::uint64_t frames = 0, lost = 0;
    std::vector<float> delays;
};

// Each call sends on an absolute schedule with a phase of its own and stamps its frames by order.
Outcome load(std::uint16_t port, int calls, double seconds) {
    struct Call {
        int fd;
        double next;
        std::vector<double> sent;
        std::size_t answered = 0;
        std::size_t pending = 0;
    };
    const int epoll = ::epoll_create1(0);
    std::vector<Call> all(static_cast<std::size_t>(calls));
    char head[kWsMaxHead];
    std::array<char, 4> mask{1, 2, 3, 4};
    std::string frame(head, ws_write_head(head, 0x81, kFrame, &mask));
    frame.resize(frame.size() + kFrame);
    ws_mask_copy(frame.data() + frame.size() - kFrame, std::string(kFrame, 'm'), mask);
    const std::size_t answer = kFrame + ws_head_length(kFrame, false);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].fd = connect_to(port);
        all[i].sent.reserve(static_cast<std::size_t>(seconds * 60));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
    const double begin = now_us(), end = begin + seconds * 1e6;
    for (std::size_t i = 0; i < all.size(); ++i) all[i].next = begin + 20000.0 * static_cast<double>(i) / calls;
    Outcome outcome;
    outcome.delays.reserve(static_cast<std::size_t>(seconds * 50 * calls));
    std::array<char, 65536> buffer;
    std::size_t turn = 0;
    double now = begin;
    while (now < end + 200000) {
        // calls are due in order of their phase, round and round
        while (now < end && all[turn].next <= now) {
            Call& call = all[turn];
            call.sent.push_back(now);
            if (::send(call.fd, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size())) ++outcome.lost;
            call.next += 20000.0;
            turn = (turn + 1) % all.size();
            now = now_us();
        }
        epoll_event events[256];
        const int count = ::epoll_wait(epoll, events, 256, 0);
        now = now_us();
        for (int k = 0; k < count; ++k) {
            Call& call = all[events[k].data.u64];
            const ssize_t got = ::recv(call.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got <= 0) continue;
            call.pending += static_cast<std::size_t>(got);
            for (; call.pending >= answer; call.pending -= answer) {
                outcome.delays.push_back(static_cast<float>(now - call.sent[call.answered++]));
                ++outcome.frames;
            }
        }
    }
    for (Call& call : all) {
        outcome.lost += call.sent.size() - call.answered;
        ::close(call.fd);
    }
    ::close(epoll);
    return outcome;
}

struct Usage {
    double cpu_us, switches;
};

// Of the calling thread.
Usage usage() {
    rusage use{};
    ::getrusage(RUSAGE_THREAD, &use);
    const auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
    return {us(use.ru_utime) + us(use.ru_stime), static_cast<double>(use.ru_nvcsw)};
}

void report(const char* name, int calls, double seconds, std::uint16_t port, const std::function<Usage()>& of_server) {
    (void)load(port, calls, 1.5);  // the worker has seen the load for a second: its rest is set
    const Usage before = of_server();
    Outcome outcome = load(port, calls, seconds);
    const Usage after = of_server();
    auto& d = outcome.delays;
    std::sort(d.begin(), d.end());
    const auto at = [&d](double q) { return d.empty() ? 0.0 : static_cast<double>(d[static_cast<std::size_t>(q * static_cast<double>(d.size() - 1))]); };
    const double cpu = after.cpu_us - before.cpu_us;
    std::printf(
        "%-10s calls %4d  frames %7llu  lost %llu  CPU %.2f us/pair  %.4f %%/call  switches/s %.0f  delay p50 %.0f p99 "
        "%.0f p99.9 %.0f us\n",
        name, calls, static_cast<unsigned long long>(outcome.frames), static_cast<unsigned long long>(outcome.lost), cpu / static_cast<double>(outcome.frames),
        cpu / (seconds * 1e6) * 100 / calls, (after.switches - before.switches) / seconds, at(0.5), at(0.99), at(0.999));
    std::fflush(stdout);
}

Task<> parley_echo(HttpUpgrade upgrade) {
    auto accepted = ws_accept(std::move(upgrade));
    if (!accepted) co_return;
    std::unique_ptr<WebSocket> socket = std::move(*accepted);
    while (true) {
        const error_code ec = co_await socket->fill();
        if (ec) co_return;
        while (auto message = socket->next()) (void)socket->send(message->opcode, {message->payload.data(), message->payload.size()});
    }
}

void run_parley(const char* name, int calls, double seconds, Duration rest) {
    WorkerOptions worker_options;
    worker_options.max_batch = rest;
    if (rest == Duration::zero()) worker_options.max_batch_overload = rest;
    Worker worker(worker_options);
    HttpServerOptions options;
    options.listeners.emplace_back();
    options.limits.preauth_total = options.limits.preauth_per_address = 100000;
    options.upgrade = [](HttpUpgrade upgrade) -> Task<> { return parley_echo(std::move(upgrade)); };
    HttpServer server(worker.executor(), std::move(options));
    server.start();
    worker.start();
    const auto of_server = [&worker] {
        std::promise<Usage> promise;
        worker.post([&] { promise.set_value(usage()); });
        return promise.get_future().get();
    };
    report(name, calls, seconds, server.port(), of_server);
    server.stop();
    worker.stop();
    worker.join();
}

Task<> beast_echo(tcp::socket socket) {
    beast::websocket::stream<beast::tcp_stream> stream(std::move(socket));
    stream.next_layer().socket().set_option(tcp::no_delay(true));
    auto [accepted] = co_await stream.async_accept(nothrow);
    if (accepted) co_return;
    beast::flat_buffer buffer;
    while (true) {
        auto [ec, size] = co_await stream.async_read(buffer, nothrow);
        if (ec) co_return;
        stream.text(stream.got_text());
        auto [failed, written] = co_await stream.async_write(buffer.data(), nothrow);
        if (failed) co_return;
        buffer.clear();
    }
}

Task<> beast_accept(tcp::acceptor& acceptor) {
    while (true) {
        auto [ec, socket] = co_await acceptor.async_accept(nothrow);
        if (ec) co_return;
        asio::co_spawn(acceptor.get_executor(), beast_echo(std::move(socket)), asio::detached);
    }
}

void run_beast(int calls, double seconds) {
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    acceptor.listen(1024);
    asio::co_spawn(context, beast_accept(acceptor), asio::detached);
    std::thread thread([&] { context.run(); });
    const auto of_server = [&context] {
        std::promise<Usage> promise;
        asio::post(context, [&] { promise.set_value(usage()); });
        return promise.get_future().get();
    };
    report("beast", calls, seconds, acceptor.local_endpoint().port(), of_server);
    context.stop();
    thread.join();
}

}  // namespace

int main(int argc, char** argv) {
    const int calls = argc > 1 ? std::atoi(argv[1]) : 400;
    const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
    const std::string_view which = argc > 3 ? argv[3] : "all";
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (which == "all" || which == "parley") run_parley("parley", calls, seconds, std::chrono::microseconds(200));
    if (which == "all" || which == "parley0") run_parley("no rest", calls, seconds, Duration::zero());
    if (which == "all" || which == "beast") run_beast(calls, seconds);
    return 0;
}
