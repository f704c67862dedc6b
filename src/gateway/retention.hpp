#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string_view>

namespace parley::gateway {

// Deletes the files with this extension in `directory` that were last written more than `days` ago. Answers how many; what cannot be read
// or deleted is left for the next sweep.
std::size_t sweep_files(const std::filesystem::path& directory, std::string_view extension, std::chrono::days days, std::filesystem::file_time_type now);

}  // namespace parley::gateway
