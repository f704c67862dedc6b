#pragma once

#include <string_view>

#include "reactor.hpp"

namespace parley::net {

// Bytes on their way out, in blocks of the worker's free list; empty chains hold no memory.
class BlockChain {
public:
    enum class Sent : std::uint8_t { all, partly, failed };

    explicit BlockChain(Reactor& reactor, Block* first = nullptr);
    ~BlockChain() { clear(); }
    BlockChain(const BlockChain&) = delete;
    BlockChain& operator=(const BlockChain&) = delete;

    void append(std::string_view bytes);
    // Hands to the kernel what it takes now, several blocks a call. failed: the socket is broken (errno).
    [[nodiscard]] Sent send(int fd);
    void clear();
    [[nodiscard]] Block* release();  // the blocks change owner
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

private:
    void drop(std::size_t bytes);

    Reactor& reactor_;
    Block *first_ = nullptr, *last_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace parley::net
