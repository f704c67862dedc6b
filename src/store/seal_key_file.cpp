#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "parley/store/seal.hpp"

namespace parley::store {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
    throw std::runtime_error(std::string("cannot ") + what + " " + path.string() + ": " + std::generic_category().message(errno));
}

struct Descriptor {
    int fd = -1;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

bool read_key(const std::filesystem::path& path, Secret& key) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (file.fd < 0) {
        if (errno == ENOENT) return false;
        fail(path, "open");
    }
    struct stat about{};
    if (::fstat(file.fd, &about) != 0) fail(path, "look at");
    if ((about.st_mode & 077U) != 0) throw std::runtime_error(path.string() + " can be read by others: chmod 600 it, and renew what was sealed under it");
    std::string text(200, '\0');
    const auto got = ::read(file.fd, text.data(), text.size());
    if (got < 0) fail(path, "read");
    text.resize(static_cast<std::size_t>(got));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    key = Secret(std::move(text));
    try {
        (void)parse_seal_key(key.reveal());
    } catch (const SealError& e) {
        throw SealError(e.code(), path.string() + ": " + e.what());
    }
    return true;
}

}  // namespace

KeyFile open_key_file(const std::filesystem::path& path) {
    KeyFile result;
    if (read_key(path, result.key)) return result;
    std::error_code ec;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ec);
    result.key = make_seal_key();
    // Written beside it and linked into place: of two that begin at once one wins, and the other reads the winner's; a crash leaves no half a key.
    auto beside = path;
    beside += "." + std::to_string(::getpid()) + ".new";
    {
        const Descriptor file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
        if (file.fd < 0) fail(beside, "write");
        std::string text(result.key.reveal());
        text.push_back('\n');
        const Secret wiped(std::move(text));
        const auto content = wiped.reveal();
        if (::write(file.fd, content.data(), content.size()) != static_cast<ssize_t>(content.size()) || ::fsync(file.fd) != 0) {
            const int why = errno;
            ::unlink(beside.c_str());
            errno = why;
            fail(beside, "write");
        }
    }
    const int linked = ::link(beside.c_str(), path.c_str());
    const int why = errno;
    ::unlink(beside.c_str());
    if (linked == 0) {
        result.made = true;
        return result;
    }
    errno = why;
    if (why != EEXIST || !read_key(path, result.key)) fail(path, "make");
    return result;
}

}  // namespace parley::store
