#include "parley/call/disk_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace parley::call {

namespace {
constexpr std::size_t kBlankFrames = 16 * 1024;
}

class DiskWriter::File {
public:
    explicit File(std::string path) : path_(std::move(path)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    // All below on the writer's thread only.
    error_code write(std::string_view block, std::int64_t offset) {
        if (failed_) return failed_;
        if (fd_ < 0) {
            fd_ = ::open(path_.c_str(), O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
            if (fd_ < 0) return failed_ = error_code(errno, boost::system::system_category());
        }
        while (!block.empty()) {
            const auto n = offset < 0 ? ::write(fd_, block.data(), block.size()) : ::pwrite(fd_, block.data(), block.size(), offset);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return failed_ = error_code(errno, boost::system::system_category());
            block.remove_prefix(static_cast<std::size_t>(n));
            if (offset >= 0) offset += n;
        }
        return {};
    }
    error_code blank(std::int64_t begin, std::int64_t end, std::size_t step, std::size_t width) {
        if (failed_ || fd_ < 0) return failed_;
        std::string block(kBlankFrames * step, '\0');
        while (begin < end) {
            const auto want = std::min<std::int64_t>(end - begin, static_cast<std::int64_t>(block.size()));
            const auto n = ::pread(fd_, block.data(), static_cast<std::size_t>(want), begin);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return failed_ = error_code(errno, boost::system::system_category());
            const auto whole = static_cast<std::size_t>(n) / step * step;
            if (whole == 0) return {};
            for (std::size_t i = 0; i < whole; i += step) std::fill_n(block.begin() + static_cast<std::ptrdiff_t>(i), width, '\0');
            if (const auto ec = write(std::string_view(block).substr(0, whole), begin)) return ec;
            begin += static_cast<std::int64_t>(whole);
        }
        return {};
    }
    error_code close() {
        if (fd_ >= 0 && ::close(fd_) != 0 && !failed_) failed_ = error_code(errno, boost::system::system_category());
        fd_ = -1;
        return failed_;
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    bool reported = false;

private:
    std::string path_;
    int fd_ = -1;
    error_code failed_;
};

DiskWriter::DiskWriter(std::size_t bound_bytes, OnError on_error) : bound_(bound_bytes), on_error_(std::move(on_error)), thread_([this] { run(); }) {}

DiskWriter::~DiskWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

std::shared_ptr<DiskWriter::File> DiskWriter::open(std::string path) {
    return std::make_shared<File>(std::move(path));
}

bool DiskWriter::write(const std::shared_ptr<File>& file, std::string block, std::int64_t offset) {
    {
        const std::lock_guard lock(mutex_);
        if (queued_bytes_ + block.size() > bound_) {
            ++counters_.dropped_blocks;
            return false;
        }
        queued_bytes_ += block.size();
        jobs_.push_back(Job{.file = file, .block = std::move(block), .offset = offset, .closing = false, .done = {}});
    }
    wake_.notify_one();
    return true;
}

void DiskWriter::close(const std::shared_ptr<File>& file, std::function<void(error_code)> done) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(Job{.file = file, .block = {}, .offset = -1, .closing = true, .done = std::move(done)});
    }
    wake_.notify_one();
}

void DiskWriter::blank(const std::shared_ptr<File>& file, std::int64_t begin, std::int64_t end, std::size_t step, std::size_t width) {
    if (step == 0 || width > step || begin < 0) return;
    {
        const std::lock_guard lock(mutex_);
        Job job{.file = file, .block = {}, .offset = begin, .closing = false, .blank_end = end, .step = step, .width = width, .done = {}};
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
}

void DiskWriter::drain() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return jobs_.empty() && !busy_; });
}

void DiskWriter::perform(Job& job) {
    error_code ec;
    if (job.closing) {
        ec = job.file->close();
        if (job.done) job.done(ec);
    } else if (job.step > 0) {
        ec = job.file->blank(job.offset, job.blank_end, job.step, job.width);
    } else {
        ec = job.file->write(job.block, job.offset);
        if (!ec) counters_.bytes += job.block.size();
    }
    if (ec && !job.file->reported) {
        job.file->reported = true;
        ++counters_.errors;
        if (on_error_) on_error_(job.file->path(), ec);
    }
}

void DiskWriter::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;  // stopping, and everything queued is written
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        queued_bytes_ -= job.block.size();
        busy_ = true;
        lock.unlock();
        perform(job);
        job = Job{};
        lock.lock();
        busy_ = false;
        if (jobs_.empty()) idle_.notify_all();
    }
}

}  // namespace parley::call
