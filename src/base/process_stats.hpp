#pragma once

namespace parley {

// The process as the kernel sees it; 0 where /proc cannot be read.
struct ProcessStats {
    double start_time_seconds = 0, cpu_seconds = 0, resident_bytes = 0, virtual_bytes = 0, open_fds = 0, max_fds = 0, threads = 0;
};

[[nodiscard]] ProcessStats read_process_stats();

}  // namespace parley
