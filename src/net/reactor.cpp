#include "reactor.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "block_chain.hpp"

namespace parley::net {
namespace {

constexpr std::size_t kKeepBlocks = 256;    // 1 MiB of free blocks at most
constexpr std::size_t kMaxLingering = 256;  // beyond it sockets are closed at once
constexpr int kEventsPerCall = 256;

std::uint64_t tag(std::uint32_t slot, std::uint32_t generation) {
    return static_cast<std::uint64_t>(generation) << 32 | slot;
}

}  // namespace

asio::execution_context::id Reactor::id;

class Reactor::Lingerer final : public Watcher {
public:
    Lingerer(Reactor& reactor, int fd, Block* queued) : reactor_(reactor), fd_(fd), queue_(reactor, queued), until_(Clock::now() + std::chrono::seconds(1)) {
        next_ = std::exchange(reactor.lingerers_, this);
        if (next_ != nullptr) next_->previous_ = this;
        ++reactor.lingering_;
        const bool drained = send();
        slot_ = reactor.add(fd, this, drained ? EPOLLIN : EPOLLIN | EPOLLOUT);
    }
    ~Lingerer() {
        if (previous_ != nullptr) {
            previous_->next_ = next_;
        } else {
            reactor_.lingerers_ = next_;
        }
        if (next_ != nullptr) next_->previous_ = previous_;
        --reactor_.lingering_;
        reactor_.remove(slot_);
        ::close(fd_);
    }
    void on_ready(std::uint32_t events) override {
        if ((events & EPOLLOUT) != 0 && send()) reactor_.modify(slot_, EPOLLIN);
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
        const std::span<char> buffer = reactor_.cipher_scratch();
        const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got > 0) budget_ -= got;
        if (got == 0 || budget_ < 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) delete this;
    }
    void on_tick(TimePoint now) override {
        if (now >= until_) delete this;
    }
    void on_shutdown() override {}

private:
    bool send() {
        if (!shut_ && (queue_.empty() || queue_.send(fd_) != BlockChain::Sent::partly)) {
            ::shutdown(fd_, SHUT_WR);
            shut_ = true;
        }
        return shut_;
    }
    Reactor& reactor_;
    int fd_;
    BlockChain queue_;
    TimePoint until_;
    std::uint32_t slot_ = 0;
    ssize_t budget_ = 8 * 1024 * 1024;
    bool shut_ = false;
    Lingerer *next_ = nullptr, *previous_ = nullptr;
};

Reactor::Reactor(asio::execution_context& context)
    : service(context),
      context_(static_cast<asio::io_context&>(context)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      descriptor_(context_),
      tick_timer_(context_),
      scratch_(new char[kScratch]) {
    if (epoll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
    descriptor_.assign(epoll_);
    arm();
}

Reactor::~Reactor() {
    while (blocks_ != nullptr) delete std::exchange(blocks_, blocks_->next);
}

Reactor& Reactor::of(const asio::any_io_executor& executor) {
    return asio::use_service<Reactor>(asio::query(executor, asio::execution::context));
}

void Reactor::shutdown() {
    down_ = true;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].watcher != nullptr) entries_[i].watcher->on_shutdown();
    }
    while (lingerers_ != nullptr) delete lingerers_;
    error_code ignored;
    descriptor_.close(ignored);
    tick_timer_.cancel();
}

std::uint32_t Reactor::add(int fd, Watcher* watcher, std::uint32_t events) {
    std::uint32_t slot;
    if (free_slots_.empty()) {
        slot = static_cast<std::uint32_t>(entries_.size());
        entries_.emplace_back();
    } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
    }
    Entry& entry = entries_[slot];
    entry.watcher = watcher;
    entry.fd = fd;
    entry.muted = false;
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag(slot, entry.generation);
    if (!down_ && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) entry.muted = true;
    ++live_;
    if (!driving_) now_ = Clock::now();
    arm_tick();
    return slot;
}

void Reactor::modify(std::uint32_t slot, std::uint32_t events) {
    Entry& entry = entries_[slot];
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag(slot, entry.generation);
    if (down_) return;
    const int how = entry.muted ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(epoll_, how, entry.fd, &event) == 0) entry.muted = false;
}

void Reactor::mute(std::uint32_t slot) {
    Entry& entry = entries_[slot];
    if (!entry.muted && !down_) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, entry.fd, nullptr);
    entry.muted = true;
}

void Reactor::remove(std::uint32_t slot) {
    mute(slot);
    Entry& entry = entries_[slot];
    entry.watcher = nullptr;
    entry.fd = -1;
    ++entry.generation;  // events of this round that still name the slot mean nothing
    free_slots_.push_back(slot);
    --live_;
}

std::span<char> Reactor::cipher_scratch() {
    if (!cipher_) cipher_.reset(new char[kScratch]);
    return {cipher_.get(), kScratch};
}

std::span<char> Reactor::side_scratch() {
    if (!side_) side_.reset(new char[kScratch]);
    return {side_.get(), kScratch};
}

std::unique_ptr<char[]> Reactor::lend_scratch() {
    auto lent = std::move(scratch_);
    scratch_ = spare_ ? std::move(spare_) : std::unique_ptr<char[]>(new char[kScratch]);
    return lent;
}

void Reactor::give_back(std::unique_ptr<char[]> buffer) {
    if (!spare_) spare_ = std::move(buffer);
}

Block* Reactor::take_block() {
    Block* block = blocks_;
    if (block != nullptr) {
        blocks_ = block->next;
        --free_blocks_;
    } else {
        block = new Block;
    }
    block->next = nullptr;
    block->begin = block->end = 0;
    return block;
}

void Reactor::free_block(Block* block) {
    if (free_blocks_ >= kKeepBlocks) {
        delete block;
        return;
    }
    block->next = blocks_;
    blocks_ = block;
    ++free_blocks_;
}

void Reactor::linger(int fd, Block* queued) {
    if (down_ || lingering_ >= kMaxLingering) {
        BlockChain rest(*this, queued);
        if (!rest.empty()) (void)rest.send(fd);
        ::close(fd);
        return;
    }
    new Lingerer(*this, fd, queued);  // owned by the list, ends itself
}

void Reactor::arm() {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code ec) {
        if (!ec && !down_) round();
    });
}

// One round: everything ready is served. With a window the worker then rests, so that more becomes ready, and goes on
// by post(), which lets Asio's own timers and handlers run between rounds; when a round finds nothing it waits in the
// kernel again.
void Reactor::round() {
    const std::size_t served = serve();
    if (down_) return;
    if (window_ <= Duration::zero() || served == 0) {
        arm();
        return;
    }
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(window_).count();
    const timespec rest{0, static_cast<long>(nanoseconds)};
    ::nanosleep(&rest, nullptr);
    asio::post(context_, [this] {
        if (!down_) round();
    });
}

std::size_t Reactor::serve() {
    epoll_event events[kEventsPerCall];
    std::size_t served = 0;
    driving_ = true;
    while (!down_) {
        const int count = ::epoll_wait(epoll_, events, kEventsPerCall, 0);
        now_ = Clock::now();
        for (int i = 0; i < count; ++i) {
            const auto slot = static_cast<std::uint32_t>(events[i].data.u64);
            const Entry& entry = entries_[slot];
            if (entry.watcher == nullptr || entry.generation != events[i].data.u64 >> 32) continue;
            entry.watcher->on_ready(events[i].events);
        }
        served += count > 0 ? static_cast<std::size_t>(count) : 0;
        if (count < kEventsPerCall) break;
    }
    driving_ = false;
    ++rounds_;
    return served;
}

void Reactor::arm_tick() {
    if (ticking_ || down_) return;
    ticking_ = true;
    tick_timer_.expires_after(kTick);
    tick_timer_.async_wait([this](error_code ec) {
        ticking_ = false;
        if (!ec && !down_) tick();
    });
}

void Reactor::tick() {
    now_ = Clock::now();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].watcher != nullptr) entries_[i].watcher->on_tick(now_);
    }
    if (live_ != 0) arm_tick();
}

}  // namespace parley::net
