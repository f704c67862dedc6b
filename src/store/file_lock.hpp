#pragma once
// Only one gateway serves from one SQLite file: a lock beside it, and the host's name in it, since locks are not told between hosts on every kind of share.

#include <filesystem>
#include <string>

namespace parley::store {

class FileLock {
public:
    // Throws StoreError (busy) if somebody else has it.
    explicit FileLock(std::filesystem::path path);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

    void renew() const;  // every few seconds

private:
    std::filesystem::path path_;
    int file_ = -1;
};

}  // namespace parley::store
