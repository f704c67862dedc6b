#include "block_chain.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace parley::net {

BlockChain::BlockChain(Reactor& reactor, Block* first) : reactor_(reactor), first_(first) {
    for (Block* block = first; block != nullptr; block = block->next) {
        size_ += block->end - block->begin;
        last_ = block;
    }
}

void BlockChain::append(std::string_view bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
        if (last_ == nullptr || last_->end == Block::kBytes) {
            Block* fresh = reactor_.take_block();
            if (last_ == nullptr) {
                first_ = fresh;
            } else {
                last_->next = fresh;
            }
            last_ = fresh;
        }
        const std::size_t part = std::min(bytes.size(), Block::kBytes - last_->end);
        std::memcpy(last_->bytes + last_->end, bytes.data(), part);
        last_->end += static_cast<std::uint32_t>(part);
        bytes.remove_prefix(part);
    }
}

BlockChain::Sent BlockChain::send(int fd) {
    while (size_ != 0) {
        iovec pieces[16];
        std::size_t count = 0, offered = 0;
        for (Block* block = first_; block != nullptr && count < std::size(pieces); block = block->next) {
            pieces[count].iov_base = block->bytes + block->begin;
            pieces[count].iov_len = block->end - block->begin;
            offered += pieces[count++].iov_len;
        }
        msghdr message{};
        message.msg_iov = pieces;
        message.msg_iovlen = count;
        const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN ? Sent::partly : Sent::failed;
        }
        drop(static_cast<std::size_t>(sent));
        if (static_cast<std::size_t>(sent) < offered) return Sent::partly;
    }
    return Sent::all;
}

void BlockChain::drop(std::size_t bytes) {
    size_ -= bytes;
    while (first_ != nullptr) {
        const std::size_t held = first_->end - first_->begin;
        if (bytes < held) {
            first_->begin += static_cast<std::uint32_t>(bytes);
            return;
        }
        bytes -= held;
        Block* spent = std::exchange(first_, first_->next);
        reactor_.free_block(spent);
    }
    last_ = nullptr;
}

void BlockChain::clear() {
    while (first_ != nullptr) reactor_.free_block(std::exchange(first_, first_->next));
    last_ = nullptr;
    size_ = 0;
}

Block* BlockChain::release() {
    last_ = nullptr;
    size_ = 0;
    return std::exchange(first_, nullptr);
}

}  // namespace parley::net
