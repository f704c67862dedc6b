#include "parley/outbox/deliverer.hpp"

#include <algorithm>
#include <charconv>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "parley/base/ids.hpp"
#include "parley/outbox/signature.hpp"

namespace parley::outbox {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr auto kStoreWithin = std::chrono::seconds(5);
constexpr auto kLease = std::chrono::seconds(60);
constexpr auto kLongestPut = std::chrono::seconds(20);  // behind others for a slow receiver; it may have become faster meanwhile
constexpr auto kLongestAlone = std::chrono::minutes(10);
constexpr auto kLongestAsked = std::chrono::hours(1);  // Retry-After
constexpr auto kUnknownPause = std::chrono::seconds(10);
constexpr int kNoteTries = 5;

std::string text_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double random_part() {
    return static_cast<double>(random_u64() >> 11U) * 0x1p-53;
}

std::chrono::milliseconds retry_after(const net::HttpReply& reply) {
    const auto text = reply.headers.get("Retry-After");
    unsigned seconds = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (bad != std::errc{} || end != text.data() + text.size()) return {};
    return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), kLongestAsked);
}

}  // namespace

std::string job_payload(std::string_view agent, std::string_view type, std::string_view body) {
    return json{{"agent", agent}, {"type", type}, {"body", body}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::chrono::milliseconds pause_after(const DeliverySettings& settings, std::uint32_t attempt, double random) {
    auto pause = settings.first_pause;
    for (std::uint32_t i = 1; i < attempt && pause < settings.longest_pause; ++i) pause *= 3;
    pause = std::min(pause, settings.longest_pause);
    return pause - std::chrono::duration_cast<std::chrono::milliseconds>(pause * (random / 2));
}

Fate fate_of(int status) {
    if (status >= 200 && status < 300) return Fate::delivered;
    return status == 410 ? Fate::dead : Fate::retry;
}

struct Deliverer::Impl : std::enable_shared_from_this<Deliverer::Impl> {
    struct Receiver {
        std::size_t busy = 0;
        std::uint32_t failures = 0;
        std::chrono::milliseconds alone{0};
        TimePoint until{};  // left alone
        // Of a receiver that takes as many as it may: how long it takes over one, and when the next will be free beyond those that were put off for it.
        Duration pace = std::chrono::milliseconds(200);
        TimePoint free_at{};
    };

    Impl(Services given, DeliverySettings with) : services(std::move(given)), settings(with), deliveries(services.executor), timer(services.executor) {}

    net::Task<> loop() {
        while (!closing) {
            if (deliveries.size() < settings.at_once) {
                std::function<std::optional<store::Job>(store::Session&)> claim = [instance = services.instance](store::Session& session) {
                    return store::claim_job(session, kJobKind, instance, kLease);
                };
                auto job = co_await services.database.ask<std::optional<store::Job>>(std::move(claim), kStoreWithin);
                if (closing) break;
                if (job && *job) {
                    deliveries.spawn(deliver(std::move(**job)));
                    continue;
                }
            }
            if (std::exchange(more, false)) continue;
            timer.expires_after(settings.look_every);
            co_await timer.async_wait(net::nothrow);
        }
        ended = true;
    }

    void poke() {
        more = true;
        timer.cancel();
    }

    net::Task<> deliver(store::Job job) {
        const auto payload = json::parse(job.payload, nullptr, false);
        const auto agent = payload.is_object() ? text_at(payload, "agent") : std::string();
        const auto type = payload.is_object() ? text_at(payload, "type") : std::string();
        const auto body = payload.is_object() ? text_at(payload, "body") : std::string();
        if (!agent.empty() && services.known && !services.known(agent)) {
            if (given_up(job))
                co_await end(job, type, Fate::dead, "its agent is not known", {});
            else
                co_await defer(job, kUnknownPause, "its agent is not known here yet");
            co_return;
        }
        const auto to = services.receiver(agent);
        if (!to || to->url.empty() || body.empty()) {
            co_await end(job, type, Fate::dead, body.empty() ? "the event cannot be read" : "its agent has no receiver any more", {});
            co_return;
        }
        auto& receiver = receivers[to->url];
        const auto now = Clock::now();
        if (now < receiver.until) {
            const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(std::max<Duration>(receiver.until - now, std::chrono::seconds(1)));
            constexpr const char* kWhy = "the receiver is failing and left alone for a while";
            if (given_up(job))
                co_await end(job, type, Fate::dead, kWhy, {});
            else
                co_await defer(job, wait, kWhy);
            co_return;
        }
        if (receiver.busy >= settings.at_once_each) {
            // Whoever waited here would have the place of an event for somebody else. Each gets its own time, so that they do not all come again at once.
            receiver.free_at = std::max(receiver.free_at, now) + receiver.pace / static_cast<int>(settings.at_once_each);
            const auto wait =
                std::chrono::duration_cast<std::chrono::milliseconds>(std::min<Duration>(receiver.free_at - now, kLongestPut)) + std::chrono::milliseconds(1);
            constexpr const char* kWhy = "the receiver is slow, and has as many as it may";
            if (given_up(job))
                co_await end(job, type, Fate::dead, kWhy, {});
            else
                co_await defer(job, wait, kWhy);
            co_return;
        }
        ++receiver.busy;
        net::HttpHeaders headers;
        headers.add("Content-Type", "application/json");
        headers.add("User-Agent", "Parley");
        headers.add("Parley-Event", type);
        headers.add("Idempotency-Key", job.key);
        if (!to->secret.empty())
            headers.add("Parley-Signature",
                        sign(to->secret, std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count(), body));
        auto reply = co_await services.post(to->url, std::move(headers), body, settings.within);
        if (--receiver.busy == 0) receiver.free_at = {};
        receiver.pace = (receiver.pace * 3 + (Clock::now() - now)) / 4;
        if (closing && !reply) co_return;
        const auto fate = reply ? fate_of(reply->status) : Fate::retry;
        const auto why = reply ? "status " + std::to_string(reply->status) : reply.error().message();
        if (fate == Fate::retry)
            failed(receiver);
        else
            receiver = Receiver{.busy = receiver.busy, .pace = receiver.pace, .free_at = receiver.free_at};
        if (fate == Fate::retry && !worn_out(job, *to)) {
            services.metrics.outbox_deliveries.at("retry").add();
            services.log.warn("webhook.out_failed", "An event could not be delivered; it is tried again.",
                              {{"event", type}, {"attempt", job.attempts}, {"reason", why}});
            co_await put_back(job, std::max(pause_after(settings, job.attempts, random_part()), reply ? retry_after(*reply) : std::chrono::milliseconds(0)),
                              why);
            co_return;
        }
        co_await end(job, type, fate == Fate::retry ? Fate::dead : fate, why, {});
    }

    [[nodiscard]] bool worn_out(const store::Job& job, const WebhookSettings& to) const { return job.attempts >= to.attempts || given_up(job); }
    [[nodiscard]] bool given_up(const store::Job& job) const { return store::now_ms() - job.created_ms >= settings.given_up.count(); }

    void failed(Receiver& receiver) const {
        if (++receiver.failures < settings.failures) return;
        receiver.alone = receiver.alone.count() == 0 ? settings.left_alone : std::min<std::chrono::milliseconds>(receiver.alone * 2, kLongestAlone);
        receiver.until = Clock::now() + receiver.alone;
        receiver.failures = settings.failures - 1;  // the first failure afterwards shuts it again
    }

    // Nothing was tried: the attempt is given back.
    net::Task<> defer(const store::Job& job, std::chrono::milliseconds pause, std::string why) {
        services.metrics.outbox_deliveries.at("deferred").add();
        const auto at = store::now_ms() + pause.count();
        std::function<bool(store::Session&)> work = [id = job.id, at, why = std::move(why)](store::Session& session) {
            store::defer_job(session, id, at, why);
            return true;
        };
        co_await note(std::move(work));
        poke();
    }
    net::Task<> put_back(const store::Job& job, std::chrono::milliseconds pause, std::string why) {
        const auto at = store::now_ms() + pause.count();
        std::function<bool(store::Session&)> work = [id = job.id, at, why = std::move(why)](store::Session& session) {
            store::retry_job(session, id, at, why);
            return true;
        };
        co_await note(std::move(work));
        poke();
    }
    net::Task<> end(const store::Job& job, std::string_view type, Fate fate, std::string why, std::chrono::milliseconds) {
        const bool good = fate == Fate::delivered;
        services.metrics.outbox_deliveries.at(good ? "delivered" : "dead").add();
        if (!good)
            services.log.error("webhook.out_dead", "An event is given up; it waits among the dead ones.",
                               {{"event", type}, {"attempt", job.attempts}, {"reason", why}});
        std::function<bool(store::Session&)> work = [id = job.id, good, why = std::move(why)](store::Session& session) {
            if (good)
                store::finish_job(session, id);
            else
                store::bury_job(session, id, why);
            return true;
        };
        co_await note(std::move(work));
        poke();
    }
    // What became of an event has to be known, or it is delivered once more when its lease is over.
    net::Task<> note(std::function<bool(store::Session&)> work) {
        for (int i = 0; i < kNoteTries; ++i) {
            auto copy = work;
            const auto noted = co_await services.database.ask<bool>(std::move(copy), kStoreWithin);
            if (noted) co_return;
            asio::steady_timer pause(services.executor, std::chrono::milliseconds(200));
            co_await pause.async_wait(net::nothrow);
        }
        services.log.warn("webhook.out_unnoted", "What became of an event could not be written down; its receiver may hear it again.", {});
    }

    net::Task<> close() {
        closing = true;
        timer.cancel();
        deliveries.cancel();
        co_await deliveries.join();
    }

    Services services;
    DeliverySettings settings;
    net::Nursery deliveries;
    asio::steady_timer timer;
    std::map<std::string, Receiver> receivers;  // by URL: as many as there are agents
    bool closing = false, ended = false, more = false;
};

Deliverer::Deliverer(Services services, DeliverySettings settings) : impl_(std::make_shared<Impl>(std::move(services), settings)) {}
Deliverer::~Deliverer() = default;

void Deliverer::start() {
    impl_->deliveries.spawn(impl_->loop());
}

void Deliverer::wake() {
    asio::post(impl_->services.executor, [impl = std::weak_ptr(impl_)] {
        if (const auto alive = impl.lock()) alive->poke();
    });
}

net::Task<> Deliverer::close() {
    return impl_->close();
}

}  // namespace parley::outbox
