#include "process_stats.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace parley {
namespace {

double boot_time_seconds() {
    std::ifstream in("/proc/stat");
    for (std::string word; in >> word;) {
        double value = 0;
        if (word == "btime" && in >> value) return value;
    }
    return 0;
}

}  // namespace

ProcessStats read_process_stats() {
    ProcessStats stats;
    // proc(5): the second field is the name in parentheses and may hold anything; fields count from after the last ')'.
    std::ifstream in("/proc/self/stat");
    std::string line;
    std::getline(in, line);
    if (const auto end = line.rfind(')'); end != std::string::npos) {
        std::istringstream rest(line.substr(end + 1));
        std::vector<std::string> field{"pid", "comm"};
        for (std::string word; rest >> word;) field.push_back(word);
        const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
        static const double boot = boot_time_seconds();
        if (field.size() > 23 && ticks > 0) {
            stats.cpu_seconds = (std::stod(field[13]) + std::stod(field[14])) / ticks;
            stats.threads = std::stod(field[19]);
            stats.start_time_seconds = boot + std::stod(field[21]) / ticks;
            stats.virtual_bytes = std::stod(field[22]);
            stats.resident_bytes = std::stod(field[23]) * static_cast<double>(::sysconf(_SC_PAGESIZE));
        }
    }
    std::error_code ec;
    for (std::filesystem::directory_iterator it("/proc/self/fd", ec), end; !ec && it != end; it.increment(ec)) ++stats.open_fds;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = static_cast<double>(limit.rlim_cur);
    return stats;
}

}  // namespace parley
