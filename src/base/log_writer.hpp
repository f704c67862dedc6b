#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "parley/base/log.hpp"

namespace parley {

// A bounded queue in front of a descriptor that may be slow, stopped, full or gone. push() takes a short lock and never
// waits for the descriptor; a thread of its own does. spdlog's asynchronous queue drops the oldest line whatever it
// says; here the least severe goes first and errors and audit lines have a reserve, so that the lines that explain a
// bad night survive it.
class LogWriter final : public LogSink {
public:
    struct Limits {
        std::size_t queue_bytes, reserve_bytes;
        Duration flush = std::chrono::seconds(1);         // at the end
        Duration retry = std::chrono::milliseconds(500);  // after the descriptor refused
    };
    // Makes the line that reports losses once writing works again.
    using Report = std::function<std::string(const Dropped& since_last)>;

    LogWriter(int fd, Limits limits, Report report);  // duplicates fd; an unusable one loses every line
    ~LogWriter() override;                            // flushes for `limits.flush` at most
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    void push(LogLevel level, bool audit, std::string line) override;
    [[nodiscard]] Dropped dropped() const override;

private:
    static constexpr std::size_t kLanes = 5;  // the four levels, then audit
    struct Queued {
        std::uint64_t sequence;
        std::string line;
    };

    [[nodiscard]] bool make_room(std::size_t lane, std::size_t cost);
    void run();
    [[nodiscard]] bool queue_empty() const;
    [[nodiscard]] std::string take_batch();
    [[nodiscard]] bool write_all(std::string_view text);
    [[nodiscard]] bool out_of_time() const;

    const int fd_;
    const bool socket_;
    const Limits limits_;
    const Report report_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::array<std::deque<Queued>, kLanes> lanes_;
    std::size_t bytes_ = 0;
    std::uint64_t next_sequence_ = 0;
    Dropped dropped_, reported_;
    bool stopping_ = false;
    TimePoint give_up_;

    std::string rest_of_line_;  // what the descriptor has not taken of a line it took the beginning of
    std::thread thread_;
};

}  // namespace parley
