#pragma once
// One phrase in one file: RIFF with fmt, fact and data as any player reads it, then a chunk "psum" with SHA-256 over
// the phrase's digest and every byte before that chunk.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/result.hpp"

namespace parley::speech {

[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// The µ-law bytes; errc::engine_failed when the file is not what write_phrase left, an errno when it cannot be read.
[[nodiscard]] Result<std::vector<std::uint8_t>> read_phrase(const std::filesystem::path& file, std::string_view digest);

// Writes and syncs `file`, which must not exist. It is removed again if anything fails.
[[nodiscard]] error_code write_phrase(const std::filesystem::path& file, std::string_view digest, std::span<const std::uint8_t> mulaw);

}  // namespace parley::speech
