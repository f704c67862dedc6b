#include "log_writer.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace parley {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
    ~Pipe() {
        close_read();
        close_write();
    }
    void close_read() {
        if (ends[0] >= 0) ::close(std::exchange(ends[0], -1));
    }
    void close_write() {
        if (ends[1] >= 0) ::close(std::exchange(ends[1], -1));
    }
    // Everything until the last writer has closed.
    std::string drain() {
        std::string all;
        char buffer[4096];
        for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
        return all;
    }
};

// Flushes for as long as a slow machine may need.
LogSettings patient() {
    LogSettings settings;
    settings.flush = std::chrono::seconds(60);
    return settings;
}

std::vector<json> parse_lines(const std::string& text) {
    std::vector<json> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
}

std::uint64_t count(const std::vector<json>& lines, std::string_view event) {
    return static_cast<std::uint64_t>(std::count_if(lines.begin(), lines.end(), [&](const json& l) { return l["event"] == event; }));
}

// A reader that has stopped must cost lines, not time: the queue is filled far beyond its bound while nobody reads.
TEST(LogWriterTest, a_stopped_reader_costs_the_least_severe_lines_first) {
    Pipe pipe;
    std::string text;
    std::thread reader;
    LogSink::Dropped dropped;
    constexpr std::uint64_t kInfo = 20'000, kError = 500, kAudit = 100;
    {
        LogSettings settings = patient();
        settings.queue_bytes = 512 * 1024;
        settings.reserve_bytes = 256 * 1024;
        settings.server_notes = settings.server_alarms = 1'000'000;
        const Log log = Log::open(settings, pipe.ends[1]);
        for (std::uint64_t i = 0; i < kInfo; ++i) {
            log.info("noise", "m", {{"i", i}});
            if (i % (kInfo / kError) == 0) log.error("alarm", "m", {{"i", i}});
            if (i % (kInfo / kAudit) == 0) log.audit("audit", "m", {{"i", i}});
        }
        dropped = log.counts().dropped;
        EXPECT_GT(dropped.queue_full, kInfo / 2);
        EXPECT_EQ(dropped.write_failed, 0U);
        pipe.close_write();  // the log holds its own duplicate
        reader = std::thread([&] { text = pipe.drain(); });
    }
    reader.join();
    const auto lines = parse_lines(text);
    EXPECT_EQ(count(lines, "alarm"), kError);
    EXPECT_EQ(count(lines, "audit"), kAudit);
    EXPECT_EQ(count(lines, "noise") + dropped.queue_full, kInfo);
    ASSERT_EQ(count(lines, "log.dropped"), 1U);
    EXPECT_EQ(lines.back()["event"], "log.dropped");
    EXPECT_EQ(lines.back()["n"], dropped.queue_full);
    // What came through is in order.
    std::uint64_t last = 0;
    for (const auto& line : lines) {
        if (line["event"] != "noise") continue;
        EXPECT_GE(line["i"].get<std::uint64_t>(), last);
        last = line["i"];
    }
    EXPECT_EQ(last, kInfo - 1);  // the oldest were dropped, not the newest
}

TEST(LogWriterTest, a_full_reserve_keeps_the_first_errors) {
    Pipe pipe;
    LogWriter::Limits limits{64 * 1024, 32 * 1024, 0s};
    LogWriter writer(pipe.ends[1], limits, [](const LogSink::Dropped&) { return std::string("dropped\n"); });
    const std::string line(1000, 'x');
    for (int i = 0; i < 500; ++i) writer.push(LogLevel::error, false, line + "\n");
    const auto full = writer.dropped().queue_full;
    EXPECT_GT(full, 200U);
    writer.push(LogLevel::info, false, "an info line may not displace an error\n");
    EXPECT_EQ(writer.dropped().queue_full, full + 1);
}

TEST(LogWriterTest, ends_in_bounded_time_when_nobody_reads) {
    Pipe pipe;
    {
        LogSettings settings = patient();
        settings.server_notes = 1'000'000;
        settings.flush = std::chrono::seconds(0);
        const Log log = Log::open(settings, pipe.ends[1]);
        for (int i = 0; i < 5000; ++i) log.info("noise", "m");
    }  // must return although the pipe is full
    pipe.close_write();
    const std::string text = pipe.drain();
    EXPECT_GT(text.size(), 32U * 1024);
}

TEST(LogWriterTest, a_reader_that_is_gone_does_not_kill_the_process) {
    Pipe pipe;
    pipe.close_read();
    const auto before = ::signal(SIGPIPE, SIG_DFL);
    const Log log = Log::open({}, pipe.ends[1]);
    log.info("e", "m");
    while (log.counts().dropped.write_failed == 0) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(log.counts().dropped.write_failed, 1U);
    ::signal(SIGPIPE, before);
}

TEST(LogWriterTest, a_full_device_costs_lines_only) {
    const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    {
        const Log log = Log::open({}, fd);
        log.error("e", "m");
        while (log.counts().dropped.write_failed == 0) std::this_thread::sleep_for(1ms);
    }
    ::close(fd);
}

TEST(LogWriterTest, a_closed_descriptor_is_not_mistaken_for_the_next_one_opened) {
    const int probe = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::close(probe);  // this number is free now
    const Log log = Log::open({}, probe);
    Pipe next;  // takes the number
    ASSERT_EQ(next.ends[0], probe);
    log.error("e", "m");
    while (log.counts().dropped.write_failed == 0) std::this_thread::sleep_for(1ms);
    pollfd readable{next.ends[0], POLLIN, 0};
    EXPECT_EQ(::poll(&readable, 1, 0), 0);
}

TEST(LogWriterTest, a_line_the_descriptor_took_in_part_is_finished_after_recovery) {
    // A socket pair with a small buffer takes part of a line; then nobody reads for a while; then all of it must parse.
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const int small = 4096;
    ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    std::string text;
    std::thread reader;
    {
        LogSettings settings = patient();
        settings.server_notes = 1'000'000;
        settings.queue_bytes = 128 * 1024;
        settings.reserve_bytes = 16 * 1024;
        const Log log = Log::open(settings, ends[1]);
        const std::string filler(1500, 'x');
        for (int i = 0; i < 1000; ++i) log.info("noise", "m", {{"i", i}, {"filler", filler}});
        ::close(ends[1]);
        reader = std::thread([&] {
            char buffer[777];
            for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
        });
    }
    reader.join();
    ::close(ends[0]);
    const auto lines = parse_lines(text);
    EXPECT_EQ(count(lines, "log.dropped"), 1U);
    EXPECT_GT(count(lines, "noise"), 50U);
}

TEST(LogWriterTest, many_threads_may_write_at_once) {
    Pipe pipe;
    std::string text;
    std::thread reader([&] { text = pipe.drain(); });
    {
        LogSettings settings = patient();
        settings.server_notes = 1'000'000;
        const Log log = Log::open(settings, pipe.ends[1]);
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&log, t] {
                const CallLog call = log.call({.call_sid = "CA" + std::to_string(t), .stream_sid = {}, .agent = {}, .dir = {}, .tenant = {}, .trace_id = {}});
                for (int i = 0; i < 500; ++i) {
                    log.info("from.log", "m", {{"t", t}});
                    call.warn("from.call", "m");
                }
            });
        }
        for (auto& thread : threads) thread.join();
    }
    pipe.close_write();
    reader.join();
    const auto lines = parse_lines(text);
    EXPECT_EQ(count(lines, "from.log"), 2000U);
    EXPECT_EQ(count(lines, "from.call"), 4U);
    EXPECT_EQ(count(lines, "log.suppressed"), 4U);
}

}  // namespace
}  // namespace parley
