#include "retention.hpp"

#include <system_error>

namespace parley::gateway {

std::size_t sweep_files(const std::filesystem::path& directory, std::string_view extension, std::chrono::days days, std::filesystem::file_time_type now) {
    std::size_t deleted = 0;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ec)) {
        std::error_code each;
        if (!entry.is_regular_file(each) || entry.path().extension() != extension) continue;
        const auto written = entry.last_write_time(each);
        if (each || now - written < days) continue;
        if (std::filesystem::remove(entry.path(), each)) ++deleted;
    }
    return deleted;
}

std::string call_of_file(const std::filesystem::path& file) {
    const auto name = file.filename().string();
    return name.substr(0, name.find_first_of("-."));
}

std::size_t remove_files_of(const std::filesystem::path& directory, const std::set<std::string>& calls) {
    std::size_t deleted = 0;
    if (directory.empty() || calls.empty()) return deleted;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ec)) {
        std::error_code each;
        if (!entry.is_regular_file(each) || !calls.contains(call_of_file(entry.path()))) continue;
        if (std::filesystem::remove(entry.path(), each)) ++deleted;
    }
    return deleted;
}

}  // namespace parley::gateway
