#include "retention.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace parley::gateway {
namespace {

TEST(Retention, deletes_what_is_older_and_nothing_else) {
    const auto directory = std::filesystem::temp_directory_path() / ("parley-retention-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory / "kept.wav");
    const auto now = std::filesystem::file_time_type::clock::now();
    const auto put = [&](const char* name, std::chrono::hours age) {
        std::ofstream(directory / name) << "x";
        std::filesystem::last_write_time(directory / name, now - age);
    };
    put("old.wav", std::chrono::hours(73));
    put("edge.wav", std::chrono::hours(72));
    put("young.wav", std::chrono::hours(71));
    put("old.txt", std::chrono::hours(73));
    EXPECT_EQ(sweep_files(directory, ".wav", std::chrono::days(3), now), 2U);
    EXPECT_FALSE(std::filesystem::exists(directory / "old.wav"));
    EXPECT_TRUE(std::filesystem::exists(directory / "young.wav"));
    EXPECT_TRUE(std::filesystem::exists(directory / "old.txt"));
    EXPECT_TRUE(std::filesystem::exists(directory / "kept.wav"));
    EXPECT_EQ(sweep_files(directory / "nowhere", ".wav", std::chrono::days(3), now), 0U);
    std::filesystem::remove_all(directory);
}

TEST(Retention, files_go_with_their_calls) {
    const auto directory = std::filesystem::temp_directory_path() / ("parley-files-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory / "CA1-directory");
    for (const auto* name : {"CA1-MZ1.jsonl", "CA1-MZ2.jsonl", "CA1.jsonl", "CA12-MZ1.jsonl", "CA2-MZ1.jsonl"}) std::ofstream(directory / name) << "x";
    EXPECT_EQ(remove_files_of(directory, {"CA1", "CA9"}), 3U);
    for (const auto* name : {"CA1-directory", "CA12-MZ1.jsonl", "CA2-MZ1.jsonl"}) EXPECT_TRUE(std::filesystem::exists(directory / name)) << name;
    EXPECT_EQ(remove_files_of(directory, {}), 0U);
    EXPECT_EQ(remove_files_of({}, {"CA2"}), 0U);
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace parley::gateway
