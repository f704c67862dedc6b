#include "parley/store/call_records.hpp"

#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

#include "fact_kinds.hpp"
#include "fact_writer.hpp"
#include "parley/base/ids.hpp"
#include "parley/store/call_history.hpp"
#include "parley/store/erasure.hpp"

namespace parley::store {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestFact = 1U << 20U;

}  // namespace

struct CallRecords::Impl {
    explicit Impl(Settings given) : settings(std::move(given)) {
        if (settings.directory.empty()) return;
        if (settings.instance.empty()) settings.instance = "records-" + random_hex(8);
        if (settings.spool.empty()) settings.spool = std::filesystem::path(settings.directory) / "spool";
        if (settings.database == nullptr) {
            DatabaseSettings own_file;
            own_file.data_dir = settings.directory;
            own_file.read_only = settings.read_only;
            own = open_database(own_file, settings.log, settings.metrics);
            settings.database = own.get();
        }
    }

    // The writer begins with the first fact or the hooks, whichever comes first.
    FactWriter* writing() {
        if (settings.directory.empty() || settings.read_only) return nullptr;
        std::call_once(begun, [this] {
            writer = std::make_unique<FactWriter>(settings, hooks.kept, [this](const FactEvent& event) {
                for (const auto& told : hooks.added) told(event);
            });
        });
        return writer.get();
    }

    Settings settings;
    FactHooks hooks;
    std::unique_ptr<Database> own;
    std::once_flag begun;
    std::unique_ptr<FactWriter> writer;  // goes before the database
};

CallRecords::CallRecords(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
CallRecords::~CallRecords() = default;

void CallRecords::hooks(FactHooks hooks) {
    impl_->hooks = std::move(hooks);
    impl_->writing();
}

bool CallRecords::add(std::string_view call_sid, Fact fact, std::string_view json) {
    if (!good_sid(call_sid) || json.size() > kLongestFact) return false;
    auto parsed = Json::parse(json, nullptr, false);
    if (!parsed.is_object()) return false;
    // Written again by the library: one line of UTF-8, whatever the text looked like.
    FactEvent event{std::string(call_sid), fact, parsed.dump(-1, ' ', false, Json::error_handler_t::replace), now_ms()};
    if (impl_->hooks.redact) event.json = impl_->hooks.redact(event.call_sid, fact, std::move(event.json));
    for (const auto& told : impl_->hooks.added) told(event);
    auto* writer = impl_->writing();
    return writer == nullptr || writer->push({random_hex(16), std::move(event)});
}

std::optional<std::string> CallRecords::read(std::string_view call_sid) const {
    if (!good_sid(call_sid) || impl_->settings.directory.empty()) return std::nullopt;
    std::optional<std::string> record;
    try {
        impl_->settings.database->transact([&](Session& session) { record = read_record(session, call_sid); });
    } catch (const StoreError&) {
        return std::nullopt;
    }
    return record;
}

std::vector<std::string> CallRecords::newest(std::size_t most) const {
    std::vector<std::string> found;
    if (impl_->settings.directory.empty()) return found;
    try {
        impl_->settings.database->transact([&](Session& session) {
            found.clear();
            for (const auto& row : session.run("SELECT call_sid FROM records ORDER BY last_ms DESC, call_sid DESC LIMIT $1", {static_cast<std::int64_t>(most)}))
                found.push_back(row.text(0));
        });
    } catch (const StoreError&) {
        found.clear();
    }
    return found;
}

bool CallRecords::remove(std::string_view call_sid) {
    if (!good_sid(call_sid) || impl_->settings.directory.empty()) return false;
    flush();
    bool gone = false;
    impl_->settings.database->transact([&](Session& session) { gone = erase_record(session, call_sid); });
    return gone;
}

std::size_t CallRecords::sweep(std::chrono::hours age) {
    constexpr std::size_t kAtOnce = 50;  // so that nobody waits long behind it
    std::size_t gone = 0;
    if (impl_->settings.directory.empty()) return gone;
    const auto before = now_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
    try {
        for (std::size_t found = kAtOnce; found == kAtOnce;) {
            std::vector<std::string> old;
            impl_->settings.database->transact([&](Session& session) { old = records_before(session, before, kAtOnce); });
            found = old.size();
            // With it goes whatever else is known of the call: jobs, effects of tools, messages taken, analyses.
            std::size_t taken = 0;
            for (const auto& call_sid : old) {
                flush();  // somebody may have told something of it since
                bool erased = false;
                impl_->settings.database->transact([&](Session& session) { erased = erase_if_before(session, call_sid, before); });
                taken += erased ? 1 : 0;
            }
            gone += taken;
            if (taken == 0) break;
        }
    } catch (const StoreError&) {
        // The rest waits for the next time.
    }
    return gone;
}

void CallRecords::flush() const {
    if (auto* writer = impl_->writing()) writer->flush();
}
net::Task<bool> CallRecords::settled(Duration within) const {
    struct Waiter {
        explicit Waiter(const boost::asio::any_io_executor& executor) : woken(executor) {}
        boost::asio::steady_timer woken;
        bool done = false;
    };
    auto* writer = impl_->writing();
    if (writer == nullptr) co_return true;
    const auto here = co_await boost::asio::this_coro::executor;
    const auto waiter = std::make_shared<Waiter>(here);
    waiter->woken.expires_after(within);
    writer->after_written([here, to = std::weak_ptr<Waiter>(waiter)] {
        boost::asio::post(here, [to] {
            const auto waiting = to.lock();
            if (!waiting) return;
            waiting->done = true;
            waiting->woken.cancel();
        });
    });
    co_await waiter->woken.async_wait(net::nothrow);
    co_return waiter->done;
}

std::uint64_t CallRecords::dropped() const {
    auto* writer = impl_->writing();
    return writer == nullptr ? 0 : writer->dropped();
}
std::uint64_t CallRecords::spooled_bytes() const {
    auto* writer = impl_->writing();
    return writer == nullptr ? 0 : writer->spooled();
}

}  // namespace parley::store
