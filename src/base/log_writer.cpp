#include "log_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

namespace parley {
namespace {

constexpr std::size_t kBatchBytes = 64UL * 1024;
constexpr std::size_t kLineOverhead = 64;  // queue node and string header, so that the bound is a bound on memory
constexpr std::size_t kErrorLane = static_cast<std::size_t>(LogLevel::error);
constexpr int kPollMs = 50;
constexpr auto kReportEvery = std::chrono::seconds(10);

bool is_socket(int fd) {
    struct stat info{};
    return fd >= 0 && ::fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

std::size_t cost_of(const std::string& line) {
    return line.size() + kLineOverhead;
}

}  // namespace

LogWriter::LogWriter(int fd, Limits limits, Report report)
    // A duplicate: should somebody close descriptor 1, its number may come back as a caller's socket.
    : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 3)), socket_(is_socket(fd_)), limits_(limits), report_(std::move(report)) {
    // Signals belong to the threads that handle them. SIGPIPE goes to the thread that writes, so blocked here it cannot
    // end the process.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LogWriter::~LogWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        give_up_ = Clock::now() + limits_.flush;
    }
    wake_.notify_all();
    thread_.join();
    if (fd_ >= 0) ::close(fd_);
}

void LogWriter::push(LogLevel level, bool audit, std::string line) {
    const std::size_t lane = audit ? kLanes - 1 : static_cast<std::size_t>(level);
    {
        const std::lock_guard lock(mutex_);
        if (!make_room(lane, cost_of(line))) {
            ++dropped_.queue_full;
            return;
        }
        bytes_ += cost_of(line);
        lanes_[lane].push_back({next_sequence_++, std::move(line)});
    }
    wake_.notify_one();
}

// Ordinary lines displace the oldest of the lowest severity, up to their own. Errors and audit lines displace ordinary
// ones, never each other: the first of a series says more than the last.
bool LogWriter::make_room(std::size_t lane, std::size_t cost) {
    const bool reserved = lane >= kErrorLane;
    const std::size_t limit = reserved ? limits_.queue_bytes : limits_.queue_bytes - limits_.reserve_bytes;
    const std::size_t displaceable = reserved ? kErrorLane : lane + 1;
    while (bytes_ + cost > limit) {
        const auto victims =
            std::find_if(lanes_.begin(), lanes_.begin() + static_cast<std::ptrdiff_t>(displaceable), [](const auto& queue) { return !queue.empty(); });
        if (victims == lanes_.begin() + static_cast<std::ptrdiff_t>(displaceable)) return false;
        bytes_ -= cost_of(victims->front().line);
        victims->pop_front();
        ++dropped_.queue_full;
    }
    return true;
}

LogSink::Dropped LogWriter::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

bool LogWriter::queue_empty() const {
    return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& queue) { return queue.empty(); });
}

std::string LogWriter::take_batch() {
    std::string batch;
    while (batch.size() < kBatchBytes) {
        std::deque<Queued>* next = nullptr;
        for (auto& queue : lanes_) {
            if (!queue.empty() && (!next || queue.front().sequence < next->front().sequence)) next = &queue;
        }
        if (!next) break;
        bytes_ -= cost_of(next->front().line);
        batch += next->front().line;
        next->pop_front();
    }
    return batch;
}

void LogWriter::run() {
    TimePoint last_report = Clock::now();
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !queue_empty(); });
        if (queue_empty()) return;
        const std::string batch = take_batch();
        lock.unlock();
        bool written = write_all(batch);
        lock.lock();
        const Dropped lost{dropped_.queue_full - reported_.queue_full, dropped_.write_failed - reported_.write_failed};
        if (written && (lost.queue_full || lost.write_failed) && (queue_empty() || Clock::now() - last_report >= kReportEvery)) {
            reported_ = dropped_;
            last_report = Clock::now();
            lock.unlock();
            written = write_all(report_(lost));
            lock.lock();
        }
        if (!written && !(stopping_ && Clock::now() >= give_up_)) {
            wake_.wait_until(lock, Clock::now() + limits_.retry, [this] { return stopping_; });
        }
        if (stopping_ && (Clock::now() >= give_up_ || (!written && fd_ < 0))) return;
    }
}

bool LogWriter::out_of_time() const {
    const std::lock_guard lock(mutex_);
    return stopping_ && Clock::now() >= give_up_;
}

// True: all of it is with the kernel. False: the descriptor refused; lines not begun are lost and counted.
bool LogWriter::write_all(std::string_view text) {
    std::string whole = std::exchange(rest_of_line_, {});
    whole += text;
    std::size_t done = 0;
    while (done < whole.size()) {
        pollfd ready{fd_, POLLOUT, 0};
        const int polled = fd_ < 0 ? -1 : ::poll(&ready, 1, kPollMs);
        if (polled == 0) {
            if (out_of_time()) break;
            continue;
        }
        ssize_t n = -1;
        if (polled > 0) {
            // A blocking pipe that polls writable takes PIPE_BUF bytes without blocking. Making it non-blocking would
            // change it for every process that shares it.
            n = socket_ ? ::send(fd_, whole.data() + done, whole.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL)
                        : ::write(fd_, whole.data() + done, std::min<std::size_t>(whole.size() - done, PIPE_BUF));
        }
        if (n >= 0) {
            done += static_cast<std::size_t>(n);
        } else if (fd_ < 0 || (errno != EINTR && errno != EAGAIN)) {
            break;
        }
    }
    if (done == whole.size()) return true;
    // The line the descriptor has begun to take is finished later; the others are gone.
    std::size_t from = done;
    if (done > 0 && whole[done - 1] != '\n') {
        from = whole.find('\n', done) + 1;
        rest_of_line_ = whole.substr(done, from - done);
    }
    const auto lost = std::count(whole.begin() + static_cast<std::ptrdiff_t>(from), whole.end(), '\n');
    const std::lock_guard lock(mutex_);
    dropped_.write_failed += static_cast<std::uint64_t>(lost);
    return false;
}

}  // namespace parley
