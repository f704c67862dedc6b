#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace parley::gateway {

// Deletes the files with this extension in `directory` that were last written more than `days` ago. Answers how many; what cannot be read
// or deleted is left for the next sweep.
std::size_t sweep_files(const std::filesystem::path& directory, std::string_view extension, std::chrono::days days, std::filesystem::file_time_type now);

// The call a file belongs to: names are "<CallSid>-…" or "<CallSid>.…".
[[nodiscard]] std::string call_of_file(const std::filesystem::path& file);
// Deletes the files of these calls; how many. One look at the directory, however many calls.
std::size_t remove_files_of(const std::filesystem::path& directory, const std::set<std::string>& calls);

}  // namespace parley::gateway
