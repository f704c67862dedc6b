#include "file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>

#include "parley/store/database.hpp"

namespace parley::store {

namespace {

constexpr std::chrono::seconds kFresh{15};  // three renewals

std::string host_id() {
    std::ifstream file("/etc/machine-id");
    std::string id;
    std::getline(file, id);
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
    return id + "/" + name.data();
}

std::string first_line(int file) {
    std::array<char, 512> text{};
    const auto n = ::pread(file, text.data(), text.size() - 1, 0);
    if (n <= 0) return {};
    const std::string all(text.data(), static_cast<std::size_t>(n));
    return all.substr(0, all.find('\n'));
}

}  // namespace

FileLock::FileLock(std::filesystem::path path) : path_(std::move(path)) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file_ < 0) throw StoreError(StoreErrc::io, path_.string() + ": " + std::strerror(errno));
    const auto refuse = [this](const std::string& why) {
        ::close(file_);
        file_ = -1;
        throw StoreError(StoreErrc::busy, why);
    };
    const auto before = first_line(file_);
    const auto at = before.find(' ');
    const auto holder = at == std::string::npos ? std::string() : before.substr(at + 1);
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) refuse(path_.string() + ": another gateway serves from this store (process " + holder + ")");
    struct ::stat state{};
    const bool fresh = ::fstat(file_, &state) == 0 && WallClock::now() - WallClock::from_time_t(state.st_mtime) < kFresh;
    if (!before.empty() && before.substr(0, at) != host_id() && fresh) refuse(path_.string() + ": a gateway on another host serves from this store");
    const auto line = host_id() + " " + std::to_string(::getpid()) + "\n";
    if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, line.data(), line.size(), 0) != static_cast<::ssize_t>(line.size())) {
        // A full disk refuses the line but not the lock.
        ::futimens(file_, nullptr);
    }
}

FileLock::~FileLock() {
    if (file_ < 0) return;
    if (::ftruncate(file_, 0) != 0) ::futimens(file_, nullptr);
    ::close(file_);
}

void FileLock::renew() const {
    if (file_ >= 0) ::futimens(file_, nullptr);
}

}  // namespace parley::store
