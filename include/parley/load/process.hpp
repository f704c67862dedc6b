#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace parley::load {

// A child process bound to one core, ended with this object (SIGTERM, then SIGKILL after 5 s). Only this process is ever signalled.
class Child {
public:
    Child() = default;
    explicit Child(pid_t pid) : pid_(pid) {}
    ~Child();
    Child(Child&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
    Child& operator=(Child&& other) noexcept;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // `cpu` < 0: not bound. Output goes to `log_path`.
    static Child spawn(const std::vector<std::string>& argv, const std::vector<std::string>& extra_environment, int cpu, const std::string& log_path);
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool alive();
    int end();  // exit status, -1 when it had to be killed

private:
    pid_t pid_ = -1;
};

std::uint64_t cpu_ns(pid_t pid);  // run time of all its threads, from the scheduler's statistics
std::uint64_t resident_kib(pid_t pid);
void bind_to_cpu(int cpu);  // the calling thread

[[nodiscard]] std::uint16_t free_loopback_port();
// Until the gateway's admin listener answers /readyz with 200. False: the child ended, or the time is over.
[[nodiscard]] bool wait_ready(std::uint16_t admin_port, Child& child, std::chrono::milliseconds within);

}  // namespace parley::load
