#pragma once
// Readiness of sockets for one io_context, kept apart from Asio's own reactor because the media path pays per system
// call:
//  - level-triggered, so one recv() per wake-up and socket is enough (no second one to see EAGAIN, no epoll_ctl per
//  wait);
//  - every ready socket of a wake-up is served before control goes back;
//  - under load it rests for a bounded time after a round, so that the next round serves several sockets
//  (set_batch_window).
// The own epoll descriptor is watched by Asio, so any io_context.run() drives it. All sockets of a worker share one
// read buffer. One thread: that of the io_context.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "parley/net/task.hpp"

namespace parley::net {

// Pieces of outboxes: fixed blocks from a free list, so that queueing allocates nothing in the steady state.
struct Block {
    static constexpr std::size_t kBytes = 4096 - 16;
    Block* next;
    std::uint32_t begin, end;
    char bytes[kBytes];
};

class Reactor final : public asio::execution_context::service {
public:
    static asio::execution_context::id id;
    using key_type = Reactor;

    // Told on the worker's thread. Any call may destroy any watcher, itself included.
    class Watcher {
    public:
        virtual void on_ready(std::uint32_t events) = 0;  // EPOLLIN, EPOLLOUT, ...
        virtual void on_tick(TimePoint now) = 0;          // every kTick
        virtual void on_shutdown() = 0;                   // the io_context is going: let go of every waiting coroutine

    protected:
        ~Watcher() = default;
    };

    static constexpr std::size_t kScratch = 64 * 1024;
    static constexpr Duration kTick = std::chrono::milliseconds(100);

    explicit Reactor(asio::execution_context& context);
    ~Reactor() override;
    // The reactor of the io_context behind this executor.
    static Reactor& of(const asio::any_io_executor& executor);

    [[nodiscard]] std::uint32_t add(int fd, Watcher* watcher, std::uint32_t events);
    void modify(std::uint32_t slot, std::uint32_t events);
    void remove(std::uint32_t slot);
    // Stops events of a descriptor that only reports an end nobody asks for; ticks go on.
    void mute(std::uint32_t slot);

    [[nodiscard]] std::span<char> scratch() { return {scratch_.get(), kScratch}; }
    [[nodiscard]] std::span<char> cipher_scratch();  // second buffer, for what TLS reads before decryption and writes after framing
    [[nodiscard]] std::span<char> side_scratch();    // third buffer, for reads whose bytes are copied on before anyone else runs
    // A reader whose caller still holds bytes of the scratch buffer takes it along; it comes back by give_back().
    [[nodiscard]] std::unique_ptr<char[]> lend_scratch();
    void give_back(std::unique_ptr<char[]> buffer);

    [[nodiscard]] Block* take_block();
    void free_block(Block* block);

    // The time of the current round; read once per wake-up.
    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] asio::io_context& context() { return context_; }
    void set_batch_window(Duration window) { window_ = window; }
    [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
    [[nodiscard]] std::size_t watchers() const { return live_; }

    // A descriptor whose owner is done: what is queued is sent, then FIN, then input is thrown away until the peer's
    // FIN, all within one second. So an answer is not destroyed by the reset that closing over unread input would
    // cause.
    void linger(int fd, Block* queued);

private:
    struct Entry {
        Watcher* watcher = nullptr;
        int fd = -1;
        std::uint32_t generation = 0;
        bool muted = false;
    };
    class Lingerer;

    void shutdown() override;
    void arm();
    void round();
    std::size_t serve();
    void arm_tick();
    void tick();

    asio::io_context& context_;
    int epoll_ = -1;
    asio::posix::stream_descriptor descriptor_;
    asio::steady_timer tick_timer_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_slots_;
    std::size_t live_ = 0;
    bool ticking_ = false, down_ = false, driving_ = false;
    TimePoint now_ = Clock::now();
    Duration window_{};
    std::uint64_t rounds_ = 0;
    std::unique_ptr<char[]> scratch_, cipher_, side_, spare_;
    Block* blocks_ = nullptr;
    std::size_t free_blocks_ = 0;
    std::size_t lingering_ = 0;
    Lingerer* lingerers_ = nullptr;  // owned: intrusive list
};

}  // namespace parley::net
