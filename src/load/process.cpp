#include "parley/load/process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "socket.hpp"

namespace parley::load {

void bind_to_cpu(int cpu) {
    if (cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

Child Child::spawn(const std::vector<std::string>& argv, const std::vector<std::string>& extra_environment, int cpu, const std::string& log_path) {
    // Everything the child needs is made before the fork: after it only async-signal-safe calls are allowed.
    std::vector<char*> args;
    for (const auto& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    std::vector<char*> environment;
    for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
    for (const auto& e : extra_environment) environment.push_back(const_cast<char*>(e.c_str()));
    environment.push_back(nullptr);
    const int log = ::open(log_path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0) throw std::system_error(errno, std::system_category(), log_path);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::system_category(), "fork");
    if (pid == 0) {
        bind_to_cpu(cpu);
        ::dup2(log, 1);
        ::dup2(log, 2);
        ::execve(args[0], args.data(), environment.data());
        ::_exit(127);
    }
    ::close(log);
    return Child(pid);
}

Child::~Child() {
    end();
}

Child& Child::operator=(Child&& other) noexcept {
    if (this != &other) {
        end();
        pid_ = std::exchange(other.pid_, -1);
    }
    return *this;
}

bool Child::alive() {
    if (pid_ <= 0) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
    pid_ = -1;
    return false;
}

int Child::end() {
    if (pid_ <= 0) return 0;
    ::kill(pid_, SIGTERM);
    int status = 0;
    for (int i = 0; i < 500; ++i) {
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        ::usleep(10'000);
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return -1;
}

std::uint64_t cpu_ns(pid_t pid) {
    std::uint64_t total = 0;
    std::error_code ec;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", ec)) {
        std::ifstream file(task.path() / "schedstat");
        std::uint64_t run = 0;
        if (file >> run) total += run;
    }
    return total;
}

std::uint16_t free_loopback_port() {
    return Socket::listen_loopback(0, 1).local_port();
}

bool wait_ready(std::uint16_t admin_port, Child& child, std::chrono::milliseconds within) {
    std::string scratch;
    for (const auto until = now_ns() + static_cast<std::uint64_t>(within.count()) * 1'000'000U; now_ns() < until && child.alive(); ::usleep(20'000)) {
        try {
            auto socket = Socket::connect_loopback(admin_port);
            ::usleep(5'000);
            if (!socket.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) continue;
            for (int i = 0; i < 50; ++i) {
                ::usleep(2'000);
                std::string_view unread;
                if (!socket.receive(scratch, unread)) break;
                if (unread.starts_with("HTTP/1.1 200")) return true;
                if (!unread.empty()) break;
            }
        } catch (const std::system_error&) {
            continue;  // nobody listens yet
        }
    }
    return false;
}

std::uint64_t resident_kib(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; file >> word;)
        if (word == "VmRSS:") {
            std::uint64_t kib = 0;
            file >> kib;
            return kib;
        }
    return 0;
}

}  // namespace parley::load
