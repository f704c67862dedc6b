#pragma once
// What happens in running calls, for those who watch: a ring of what was last, and the watchers' queues, all of them bounded.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/base/metrics.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/task.hpp"

namespace parley::gateway {

struct LiveSettings {
    std::size_t ring = 4096;  // events kept for who comes back (Last-Event-ID)
    std::size_t ring_bytes = 8U << 20U;
    std::size_t queue = 256;  // events a watcher may be behind; then it is let go
    std::size_t watchers = 64;
    std::chrono::milliseconds heartbeat{15'000};
};

class LiveFeed : public std::enable_shared_from_this<LiveFeed> {
public:
    // Watchers are served on `executor`, one thread.
    LiveFeed(boost::asio::any_io_executor executor, Metrics& metrics, LiveSettings settings = {});

    // Any thread. `data`: an object's text. `last`: the call is over with it.
    void tell(std::string_view call_sid, std::string_view event, std::string_view data, std::int64_t at_ms, bool last = false);
    // What is worth telling only while somebody looks; it is not kept for who comes back.
    void tell_passing(std::string_view call_sid, std::string_view event, std::string_view field, std::string_view text);

    // On the executor. What writes a stream of events: of one call, until it is over, or of all (""). `over`: asked of a call whenever nothing has come for a
    // while; true, and the stream ends with what there is. Nothing: there are as many watchers as there may be.
    using Over = std::function<net::Task<bool>(std::string call_sid)>;
    [[nodiscard]] net::HttpWriter watch(const std::string& call_sid, std::optional<std::uint64_t> after, Over over = {});
    // Something is known of the call, and it may not be over.
    [[nodiscard]] bool knows(std::string_view call_sid) const;
    // There is something of it behind this event.
    [[nodiscard]] bool more(std::string_view call_sid, std::uint64_t after) const;
    // Nothing is known of it any more, also by who is about to be told.
    void forget(std::string_view call_sid);
    void close();  // on the executor: every stream ends

private:
    struct Entry {
        std::uint64_t id = 0;  // 0: passing
        std::string call_sid, text;
        bool last = false;
    };
    struct Watcher {
        explicit Watcher(const boost::asio::any_io_executor& executor) : wake(executor) {}
        std::string call_sid;                            // empty: all
        std::deque<std::shared_ptr<const Entry>> queue;  // under the feed's mutex
        std::size_t bound = 0;                           // of the queue: what it began with comes on top
        bool slow = false;                               // under the mutex, too
        Over over;
        boost::asio::steady_timer wake;
    };
    void spread(const std::shared_ptr<const Entry>& entry);
    // A watcher's among all of them; owned by what writes its stream.
    struct Place {
        Place(std::shared_ptr<LiveFeed> of, std::shared_ptr<Watcher> whose) : feed(std::move(of)), watcher(std::move(whose)) {}
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place();
        std::shared_ptr<LiveFeed> feed;
        std::shared_ptr<Watcher> watcher;
    };
    static net::Task<> serve(std::shared_ptr<Place> place, net::HttpBody& body);

    boost::asio::any_io_executor executor_;
    Metrics& metrics_;
    LiveSettings settings_;
    mutable std::mutex mutex_;
    std::uint64_t last_id_ = 0;
    std::deque<std::shared_ptr<const Entry>> ring_;
    std::size_t ring_bytes_ = 0;
    std::set<std::string, std::less<>> forgotten_;
    std::deque<std::string> forgotten_order_;
    std::set<std::shared_ptr<Watcher>> watchers_;
    std::atomic<std::size_t> watching_{0};
    bool closed_ = false;
};

}  // namespace parley::gateway
