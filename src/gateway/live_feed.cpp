#include "live_feed.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "parley/store/database.hpp"

namespace parley::gateway {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr auto kLook = std::chrono::milliseconds(1000);  // whether the peer is there still
constexpr std::size_t kAtOnce = 64;                      // events in one write
constexpr std::size_t kMostForgotten = 4096;             // calls that were erased: nothing comes of one for long

// One event of the stream. JSON has no line breaks in it; a text that is none is not sent.
std::string framed(std::uint64_t id, std::string_view event, std::string_view data) {
    std::string text;
    if (id != 0) text += "id: " + std::to_string(id) + "\n";
    text += "event: ";
    text += event;
    text += "\ndata: ";
    text += data;
    text += "\n\n";
    return text;
}

std::string enveloped(std::string_view call_sid, std::int64_t at_ms, json data) {
    return json{{"call_sid", call_sid}, {"at_ms", at_ms}, {"data", std::move(data)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

LiveFeed::LiveFeed(asio::any_io_executor executor, Metrics& metrics, LiveSettings settings)
    : executor_(std::move(executor)), metrics_(metrics), settings_(settings) {}

void LiveFeed::tell(std::string_view call_sid, std::string_view event, std::string_view data, std::int64_t at_ms, bool last) {
    auto parsed = json::parse(data, nullptr, false);
    if (!parsed.is_object()) return;
    const auto body = enveloped(call_sid, at_ms, std::move(parsed));
    const std::lock_guard lock(mutex_);
    if (forgotten_.contains(call_sid)) return;  // what it has cost, say, is told some seconds behind its end
    auto entry = std::make_shared<Entry>();
    entry->id = ++last_id_;
    entry->call_sid = call_sid;
    entry->text = framed(entry->id, event, body);
    entry->last = last;
    ring_.push_back(entry);
    ring_bytes_ += entry->text.size();
    while (ring_.size() > settings_.ring || (ring_bytes_ > settings_.ring_bytes && ring_.size() > 1)) {
        ring_bytes_ -= ring_.front()->text.size();
        ring_.pop_front();
    }
    spread(entry);
}

void LiveFeed::tell_passing(std::string_view call_sid, std::string_view event, std::string_view field, std::string_view text) {
    if (watching_ == 0) return;
    auto entry = std::make_shared<Entry>();
    entry->call_sid = call_sid;
    entry->text = framed(0, event, enveloped(call_sid, store::now_ms(), json{{std::string(field), text}}));
    const std::lock_guard lock(mutex_);
    spread(entry);
}

// Under the mutex.
void LiveFeed::spread(const std::shared_ptr<const Entry>& entry) {
    for (const auto& watcher : watchers_) {
        if (watcher->slow || (!watcher->call_sid.empty() && watcher->call_sid != entry->call_sid)) continue;
        if (watcher->queue.size() >= watcher->bound)
            watcher->slow = true;
        else
            watcher->queue.push_back(entry);
        // Only the first has to wake it.
        if (watcher->slow || watcher->queue.size() == 1) asio::post(executor_, [watcher] { watcher->wake.cancel(); });
    }
}

bool LiveFeed::knows(std::string_view call_sid) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(ring_.rbegin(), ring_.rend(), [&](const auto& entry) { return entry->call_sid == call_sid; });
}

bool LiveFeed::more(std::string_view call_sid, std::uint64_t after) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(ring_.rbegin(), ring_.rend(), [&](const auto& entry) { return entry->id > after && entry->call_sid == call_sid; });
}

void LiveFeed::forget(std::string_view call_sid) {
    const auto its = [&](const std::shared_ptr<const Entry>& entry) { return entry->call_sid == call_sid; };
    const std::lock_guard lock(mutex_);
    if (forgotten_.emplace(call_sid).second) forgotten_order_.emplace_back(call_sid);
    if (forgotten_order_.size() > kMostForgotten) {
        forgotten_.erase(forgotten_order_.front());
        forgotten_order_.pop_front();
    }
    for (const auto& entry : ring_)
        if (its(entry)) ring_bytes_ -= entry->text.size();
    std::erase_if(ring_, its);
    for (const auto& watcher : watchers_) std::erase_if(watcher->queue, its);
}

net::HttpWriter LiveFeed::watch(const std::string& call_sid, std::optional<std::uint64_t> after, Over over) {
    auto watcher = std::make_shared<Watcher>(executor_);
    watcher->call_sid = call_sid;
    watcher->over = std::move(over);
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || watchers_.size() >= settings_.watchers) {
            metrics_.live_dropped.at("too_many").add();
            return {};
        }
        // Who comes back gets what it missed; who comes to one call, what is known of it so far.
        if (after || !call_sid.empty())
            for (const auto& entry : ring_)
                if (entry->id > after.value_or(0) && (call_sid.empty() || entry->call_sid == call_sid)) watcher->queue.push_back(entry);
        watcher->bound = watcher->queue.size() + settings_.queue;
        watchers_.insert(watcher);
        watching_ = watchers_.size();
    }
    metrics_.live_subscribers.at().set(static_cast<double>(watching_.load()));
    // With the writer the watcher goes, also one that is never called: the head of its answer could not be written.
    auto place = std::make_shared<Place>(shared_from_this(), std::move(watcher));
    return [place = std::move(place)](net::HttpBody& body) { return serve(place, body); };
}

LiveFeed::Place::~Place() {
    const std::lock_guard lock(feed->mutex_);
    feed->watchers_.erase(watcher);
    feed->watching_ = feed->watchers_.size();
    feed->metrics_.live_subscribers.at().set(static_cast<double>(feed->watching_.load()));
}

net::Task<> LiveFeed::serve(std::shared_ptr<Place> place, net::HttpBody& body) {
    const auto& feed = place->feed;
    const auto& watcher = place->watcher;
    const std::string hello = ": parley\nretry: 2000\n\n";
    bool going = co_await body.write(hello);
    auto beat_at = Clock::now() + feed->settings_.heartbeat;
    bool ask = true;  // at once, and with each beat
    while (going && body.open()) {
        std::string text;
        bool slow = false, over = false, ending = false;
        {
            const std::lock_guard lock(feed->mutex_);
            for (std::size_t i = 0; i < kAtOnce && !watcher->queue.empty() && !over; ++i) {
                text += watcher->queue.front()->text;
                // Whoever came later has the ends of all the agents it went through.
                over = watcher->queue.front()->last && !watcher->call_sid.empty() && watcher->queue.size() == 1;
                watcher->queue.pop_front();
            }
            slow = watcher->slow && watcher->queue.empty();
            ending = feed->closed_;
        }
        if (slow) {
            feed->metrics_.live_dropped.at("slow").add();
            text += framed(0, "dropped", R"({"reason":"slow"})");
        }
        if (!text.empty()) {
            going = co_await body.write(text);
            beat_at = Clock::now() + feed->settings_.heartbeat;
            if (slow || over) co_return;
            continue;
        }
        if (ending) co_return;
        if (std::exchange(ask, false) && watcher->over) {
            const bool done = co_await watcher->over(watcher->call_sid);
            const std::lock_guard lock(feed->mutex_);
            if (done && watcher->queue.empty()) co_return;
            continue;
        }
        if (Clock::now() >= beat_at) {
            ask = true;
            const std::string beat = ": beat\n\n";
            going = co_await body.write(beat);
            beat_at = Clock::now() + feed->settings_.heartbeat;
            continue;
        }
        watcher->wake.expires_after(kLook);
        bool waiting = false;
        {
            const std::lock_guard lock(feed->mutex_);
            waiting = watcher->queue.empty() && !watcher->slow && !feed->closed_;
        }
        if (waiting) co_await watcher->wake.async_wait(net::nothrow);
    }
}

void LiveFeed::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& watcher : watchers_) watcher->wake.cancel();
}

}  // namespace parley::gateway
