#include "parley/net/resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace parley::net {
namespace {

using Addresses = Resolver::Addresses;

Result<Addresses> system_lookup(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return make_error_code(Errc::resolve_failed);
    Addresses addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        asio::ip::tcp::endpoint endpoint;
        if (one->ai_addrlen > endpoint.capacity()) continue;
        std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen, reinterpret_cast<char*>(endpoint.data()));
        endpoint.resize(one->ai_addrlen);
        const asio::ip::address address = endpoint.address();
        if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
    }
    ::freeaddrinfo(found);
    if (addresses.empty()) return make_error_code(Errc::resolve_failed);
    return addresses;
}

// One coroutine that waits for a look-up. Touched on its own worker only, once it is registered.
struct Wait {
    explicit Wait(const asio::any_io_executor& executor) : wake(executor) {}
    asio::steady_timer wake;
    bool done = false;
};

}  // namespace

struct Resolver::Core : std::enable_shared_from_this<Resolver::Core> {
    struct Name {
        Addresses good;
        TimePoint good_at{}, failed_at{}, used_at{};
        bool has_good = false, has_failed = false;
        bool doubted = false;  // nobody answered at the good addresses
        bool asking = false;
        TimePoint asking_since{};  // real time
        std::vector<std::shared_ptr<Wait>> waiting;
    };

    std::mutex mutex;
    ResolverSettings settings;
    std::uint64_t generation = 0;  // of the settings; answers to an older one are nobody's
    std::map<std::string, Name> names;
    struct Job {
        std::string host;
        std::uint64_t generation;
    };
    std::deque<Job> jobs;
    std::size_t threads = 0, idle = 0;
    std::condition_variable work;
    bool closing = false;
    std::array<std::atomic<std::uint64_t>, kDnsOutcomes.size()> counts{};

    [[nodiscard]] TimePoint now() const { return settings.now ? settings.now() : Clock::now(); }

    void count(DnsOutcome outcome) {
        counts[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
        std::function<void(DnsOutcome)> observe;
        {
            const std::lock_guard lock(mutex);
            observe = settings.observe;
        }
        if (observe) observe(outcome);
    }

    [[nodiscard]] bool usable(const Name& name) const { return name.has_good && now() - name.good_at <= settings.last_good; }

    Name& name_locked(const std::string& host) {
        const auto found = names.find(host);
        if (found != names.end()) return found->second;
        if (names.size() >= settings.max_names) {
            auto oldest = names.end();
            for (auto it = names.begin(); it != names.end(); ++it)
                if (!it->second.asking && (oldest == names.end() || it->second.used_at < oldest->second.used_at)) oldest = it;
            if (oldest != names.end()) names.erase(oldest);
        }
        return names[host];
    }

    void ask_locked(const std::string& host, Name& name) {
        if (name.asking) return;
        name.asking = true;
        name.asking_since = Clock::now();
        jobs.push_back({host, generation});
        if (idle > 0 || threads >= settings.max_threads) {
            work.notify_one();
            return;
        }
        ++threads;
        try {
            // Detached, and the core its own: getaddrinfo cannot be interrupted, and the end of the process waits for
            // none.
            std::thread([core = shared_from_this()] { core->serve(); }).detach();
        } catch (const std::system_error&) {
            --threads;
            if (threads > 0) return;  // another will come to it
            jobs.pop_back();
            name.asking = false;
            name.has_failed = true;
            name.failed_at = now();
        }
    }

    void serve() {
        std::unique_lock lock(mutex);
        while (true) {
            ++idle;
            work.wait(lock, [this] { return closing || !jobs.empty(); });
            --idle;
            if (closing) break;
            const Job job = std::move(jobs.front());
            jobs.pop_front();
            const auto lookup = settings.lookup;
            lock.unlock();
            Result<Addresses> answer = make_error_code(Errc::resolve_failed);
            try {
                answer = lookup ? lookup(job.host) : system_lookup(job.host);
            } catch (...) {  // an answer that did not come, like any other
                answer = make_error_code(Errc::resolve_failed);
            }
            lock.lock();
            if (job.generation != generation) continue;
            const auto found = names.find(job.host);
            if (found == names.end()) continue;
            Name& name = found->second;
            name.asking = false;
            name.has_failed = !answer || answer->empty();
            if (name.has_failed) {
                name.failed_at = now();
            } else {
                name.good = std::move(*answer);
                name.good_at = now();
                name.has_good = true;
                name.doubted = false;
            }
            wake_locked(name);
        }
        --threads;
    }

    static void wake_locked(Name& name) {
        for (auto& wait : name.waiting) {
            const asio::any_io_executor executor = wait->wake.get_executor();
            asio::post(executor, [wait = std::move(wait)] {
                wait->done = true;
                wait->wake.cancel();
            });
        }
        name.waiting.clear();
    }
};

// Takes a wait off the list whatever becomes of its coroutine: a worker that ends takes its frames with it, and nothing
// may be posted to it then.
struct Resolver::Place {
    std::shared_ptr<Core> core;
    std::string host;
    std::shared_ptr<Wait> wait;

    Place(std::shared_ptr<Core> owner, std::string name, std::shared_ptr<Wait> waiting)
        : core(std::move(owner)), host(std::move(name)), wait(std::move(waiting)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        const std::lock_guard lock(core->mutex);
        const auto found = core->names.find(host);
        if (found != core->names.end()) std::erase(found->second.waiting, wait);
    }
};

Resolver::Resolver(ResolverSettings settings) : core_(std::make_shared<Core>()) {
    core_->settings = std::move(settings);
}

Resolver::~Resolver() {
    const std::lock_guard lock(core_->mutex);
    core_->closing = true;
    for (auto& [host, name] : core_->names) Core::wake_locked(name);
    core_->work.notify_all();
}

Resolver& Resolver::process() {
    static Resolver* const resolver = new Resolver;  // outlives every worker, whatever order they end in
    return *resolver;
}

void Resolver::configure(ResolverSettings settings) {
    const std::lock_guard lock(core_->mutex);
    core_->settings = std::move(settings);
    ++core_->generation;
    core_->jobs.clear();
    for (auto& [host, name] : core_->names) Core::wake_locked(name);
    core_->names.clear();
}

void Resolver::doubt(const std::string& host) {
    const std::lock_guard lock(core_->mutex);
    const auto found = core_->names.find(host);
    if (found != core_->names.end()) found->second.doubted = true;
}

std::uint64_t Resolver::count(DnsOutcome outcome) const {
    return core_->counts[static_cast<std::size_t>(outcome)].load(std::memory_order_relaxed);
}

Task<Result<Addresses>> Resolver::resolve(std::string host, TimePoint deadline) {
    return ask(core_, std::move(host), deadline);
}

Task<Result<Addresses>> Resolver::ask(std::shared_ptr<Core> core, std::string host, TimePoint deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::optional<std::pair<DnsOutcome, Addresses>> at_once;
    std::shared_ptr<Wait> wait;
    TimePoint until = deadline;
    {
        const std::lock_guard lock(core->mutex);
        Core::Name& name = core->name_locked(host);
        const TimePoint now = core->now();
        const ResolverSettings& settings = core->settings;
        name.used_at = now;
        const bool recently_failed = name.has_failed && now - name.failed_at < settings.failure;
        const bool usable = core->usable(name);
        if (name.has_good && !name.doubted && now - name.good_at < settings.fresh) {
            if (now - name.good_at >= settings.fresh * 3 / 4 && !recently_failed) core->ask_locked(host, name);
            at_once.emplace(DnsOutcome::cached, name.good);
        } else if (recently_failed) {
            at_once.emplace(usable ? DnsOutcome::last_good : DnsOutcome::failed, usable ? name.good : Addresses());
        } else if (usable && name.asking && Clock::now() - name.asking_since > settings.patience) {
            at_once.emplace(DnsOutcome::last_good, name.good);
        } else {
            core->ask_locked(host, name);
            if (!name.asking) {  // no thread to ask on
                at_once.emplace(usable ? DnsOutcome::last_good : DnsOutcome::failed, usable ? name.good : Addresses());
            }
        }
        if (!at_once) {
            wait = std::make_shared<Wait>(executor);
            until = std::min(deadline, Clock::now() + (usable ? std::min(settings.patience, settings.longest) : settings.longest));
            wait->wake.expires_at(until);
            name.waiting.push_back(wait);
        }
    }
    if (at_once) {
        core->count(at_once->first);
        if (at_once->first == DnsOutcome::failed) co_return make_error_code(Errc::resolve_failed);
        co_return std::move(at_once->second);
    }
    const Place place(core, host, wait);
    // The answer's handler runs on this worker, so it cannot come before the wait begins.
    co_await wait->wake.async_wait(nothrow);
    const auto state = co_await asio::this_coro::cancellation_state;
    DnsOutcome outcome = DnsOutcome::failed;
    Addresses addresses;
    {
        const std::lock_guard lock(core->mutex);
        const auto found = core->names.find(host);
        if (found != core->names.end()) {
            Core::Name& name = found->second;
            const bool answered = wait->done && !name.has_failed && name.has_good;
            if (answered || core->usable(name)) {
                outcome = answered ? DnsOutcome::resolved : DnsOutcome::last_good;
                addresses = name.good;
            } else if (!wait->done) {
                outcome = DnsOutcome::timed_out;
            }
        }
    }
    if (!wait->done && state.cancelled() != asio::cancellation_type::none) co_return make_error_code(Errc::cancelled);
    core->count(outcome);
    if (outcome == DnsOutcome::failed) co_return make_error_code(Errc::resolve_failed);
    if (outcome == DnsOutcome::timed_out) co_return make_error_code(Errc::timed_out);
    co_return addresses;
}

}  // namespace parley::net
