#pragma once
// Where facts wait while the store does not take them: files of JSON lines, one of each process that had to, read back in order. A file a process left behind
// is taken over by the next one that finds it.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/result.hpp"
#include "parley/store/call_records.hpp"

namespace parley::store {

// One fact on its way: `id` makes it the same fact however often it is brought.
struct SpooledFact {
    std::string id;
    FactEvent event;
    std::string instance{};  // whose it is, when it was left by another process; empty: ours
};

// On the writer's thread.
class FactSpool {
public:
    explicit FactSpool(std::filesystem::path directory) : directory_(std::move(directory)) {}
    ~FactSpool();
    FactSpool(const FactSpool&) = delete;
    FactSpool& operator=(const FactSpool&) = delete;

    void adopt();  // files nobody holds any more, the oldest first
    // All of them, or an error and none; on disk when `sync`.
    error_code append(const std::vector<SpooledFact>& facts, bool sync);
    // The next ones to be stored, at most so many; empty: there are none. They stay until taken().
    [[nodiscard]] std::vector<SpooledFact> next(std::size_t most);
    void taken();  // those of the last next()
    [[nodiscard]] bool empty() const { return bytes() == 0; }
    [[nodiscard]] std::uint64_t bytes() const;
    [[nodiscard]] std::string path() const { return own_ ? own_->path.string() : directory_.string(); }

private:
    struct File {
        std::filesystem::path path;
        int file = -1;
        std::uint64_t size = 0, read = 0;
    };
    error_code open_own();
    static void drop(File& file);

    std::filesystem::path directory_;
    std::deque<File> left_;  // by others
    std::optional<File> own_;
    File* reading_ = nullptr;
    std::uint64_t ahead_ = 0;  // where next() came to
};

}  // namespace parley::store
