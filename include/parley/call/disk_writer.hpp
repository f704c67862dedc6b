#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "parley/base/result.hpp"

namespace parley::call {

// The one thread that writes recordings and call files, so that a slow or full disk never holds up a worker. Jobs are byte blocks for an
// open file; the queue is bounded in bytes, and what does not fit is dropped and counted: the file then says so at its end.
class DiskWriter {
public:
    struct Counters {
        std::atomic<std::uint64_t> bytes{0}, errors{0}, dropped_blocks{0};
    };
    using OnError = std::function<void(const std::string& path, error_code why)>;  // once a file; on the writer's thread

    explicit DiskWriter(std::size_t bound_bytes, OnError on_error);
    ~DiskWriter();
    DiskWriter(const DiskWriter&) = delete;
    DiskWriter& operator=(const DiskWriter&) = delete;

    class File;
    // The file is created (0600) by the writer's thread at the first block. Errors after that make it quiet.
    [[nodiscard]] std::shared_ptr<File> open(std::string path);
    // Thread-safe. `offset` < 0 appends.
    bool write(const std::shared_ptr<File>& file, std::string block, std::int64_t offset = -1);
    // Zeroes, in what was written before, the first `width` bytes of every `step` from `begin` to `end`.
    void blank(const std::shared_ptr<File>& file, std::int64_t begin, std::int64_t end, std::size_t step, std::size_t width);
    // Flushes and closes behind everything queued for it; `done` runs on the writer's thread with the first error, if any.
    void close(const std::shared_ptr<File>& file, std::function<void(error_code)> done = {});
    [[nodiscard]] const Counters& counters() const { return counters_; }
    // Waits until all that was queued so far is written.
    void drain();

private:
    struct Job {
        std::shared_ptr<File> file;
        std::string block;
        std::int64_t offset = -1;
        bool closing = false;
        std::int64_t blank_end = -1;  // of a stretch to be zeroed from `offset`
        std::size_t step = 0, width = 0;
        std::function<void(error_code)> done;
    };
    void run();
    void perform(Job& job);

    std::size_t bound_;
    OnError on_error_;
    Counters counters_;
    std::mutex mutex_;
    std::condition_variable wake_, idle_;
    std::deque<Job> jobs_;
    std::size_t queued_bytes_ = 0;
    bool stopping_ = false, busy_ = false;
    std::thread thread_;
};

}  // namespace parley::call
