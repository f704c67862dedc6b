#include "parley/store/call_records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "parley/base/clock.hpp"

namespace parley::store {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kQueueBytes = 16U << 20U;
constexpr std::size_t kLongestFact = 1U << 20U;
constexpr std::size_t kLongestRecord = 64U << 20U;  // of one call's file, when read

enum class Merge : std::uint8_t { keys, last, list, by_key };
struct Kind {
    std::string_view name, field;  // in the line; in the record
    Merge merge;
    std::string_view key;  // by_key: what tells facts apart
};
constexpr std::array<Kind, 20> kKinds{{{"call", "call", Merge::keys, {}},
                                       {"status", "status", Merge::last, {}},
                                       {"turn", "turns", Merge::list, {}},
                                       {"end", "end", Merge::last, {}},
                                       {"recording", "recordings", Merge::by_key, "sid"},
                                       {"transcript", "transcript", Merge::list, {}},
                                       {"message", "messages", Merge::by_key, "sid"},
                                       {"voicemail", "voicemails", Merge::by_key, "recording_sid"},
                                       {"transfer", "transfers", Merge::list, {}},
                                       {"conference", "conferences", Merge::list, {}},
                                       {"machine", "machine", Merge::last, {}},
                                       {"intelligence", "intelligence", Merge::by_key, "transcript_sid"},
                                       {"note", "notes", Merge::list, {}},
                                       {"tool", "tools", Merge::list, {}},
                                       {"waterfall", "waterfalls", Merge::list, {}},
                                       {"usage", "usage", Merge::list, {}},
                                       {"rejection", "rejection", Merge::last, {}},
                                       {"preparation", "preparation", Merge::last, {}},
                                       {"analysis", "analysis", Merge::keys, {}},
                                       {"event", "events", Merge::list, {}}}};

bool good_sid(std::string_view sid) {
    return !sid.empty() && sid.size() <= 64 && std::all_of(sid.begin(), sid.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; });
}

void merge_keys(Json& into, const Json& fact) {
    for (const auto& [key, value] : fact.items()) into[key] = value;
}

void join(Json& record, const Kind& kind, const Json& fact) {
    const std::string field(kind.field);
    switch (kind.merge) {
        case Merge::keys: {
            auto& into = record[field];
            if (!into.is_object()) into = Json::object();
            merge_keys(into, fact);
            return;
        }
        case Merge::last: record[field] = fact; return;
        case Merge::list:
        case Merge::by_key: {
            auto& list = record[field];
            if (!list.is_array()) list = Json::array();
            const std::string key(kind.key);
            if (kind.merge == Merge::by_key && fact.contains(key)) {
                for (auto& known : list) {
                    if (!known.contains(key) || known[key] != fact[key]) continue;
                    merge_keys(known, fact);
                    return;
                }
            }
            list.push_back(fact);
            return;
        }
    }
}

}  // namespace

std::string_view name(Fact fact) { return kKinds[static_cast<std::size_t>(fact)].name; }

struct CallRecords::Impl {
    explicit Impl(Settings given) : settings(std::move(given)) {
        if (settings.directory.empty()) return;
        std::filesystem::create_directories(settings.directory);
        writer = std::thread([this] { run(); });
    }
    ~Impl() {
        if (!writer.joinable()) return;
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        wake.notify_all();
        writer.join();
    }

    FactHooks hooks;
    struct Line {
        std::string sid, text;
        bool removal = false;
    };

    [[nodiscard]] std::string path_of(std::string_view sid) const { return settings.directory + "/" + std::string(sid) + ".jsonl"; }

    bool push(Line line) {
        {
            const std::lock_guard lock(mutex);
            if (bytes + line.text.size() > kQueueBytes) {
                ++lost;
                return false;
            }
            bytes += line.text.size();
            lines.push_back(std::move(line));
            ++queued;
        }
        wake.notify_all();
        return true;
    }

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [this] { return stopping || !lines.empty(); });
            if (lines.empty()) return;
            // Taken out whole, so that whoever adds never waits for more than an exchange; it counts against the bound until it is written.
            auto taken = std::exchange(lines, {});
            lock.unlock();
            std::size_t written_bytes = 0;
            // What is waiting for one call is written in one piece.
            std::map<std::string, std::string> blocks;
            for (auto& line : taken) {
                written_bytes += line.text.size();
                if (!line.removal) {
                    blocks[line.sid] += line.text;
                    continue;
                }
                blocks.erase(line.sid);
                std::error_code ignored;
                std::filesystem::remove(path_of(line.sid), ignored);
            }
            for (const auto& [sid, block] : blocks) write(sid, block);
            lock.lock();
            bytes -= written_bytes;
            written += taken.size();
            done.notify_all();
        }
    }

    void write(const std::string& sid, std::string_view block) {
        const auto path = path_of(sid);
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        int failed = file < 0 ? errno : 0;
        while (failed == 0 && !block.empty()) {
            const auto n = ::write(file, block.data(), block.size());
            if (n < 0) failed = errno == EINTR ? 0 : errno;
            else block.remove_prefix(static_cast<std::size_t>(n));
        }
        if (file >= 0) ::close(file);
        if (failed != 0 && told.insert(path).second && settings.on_error) settings.on_error(path, error_code(failed, boost::system::system_category()));
    }

    void flush() {
        std::unique_lock lock(mutex);
        const auto target = queued;
        done.wait(lock, [&] { return written >= target; });
    }

    Settings settings;
    std::mutex mutex;
    std::condition_variable wake, done;
    std::deque<Line> lines;
    std::size_t bytes = 0;
    std::uint64_t queued = 0, written = 0;
    std::atomic<std::uint64_t> lost{0};
    bool stopping = false;
    std::set<std::string> told;  // writer's thread
    std::thread writer;
};

CallRecords::CallRecords(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
CallRecords::~CallRecords() = default;

void CallRecords::hooks(FactHooks hooks) { impl_->hooks = std::move(hooks); }

bool CallRecords::add(std::string_view call_sid, Fact fact, std::string_view json) {
    if (!good_sid(call_sid) || json.size() > kLongestFact) return false;
    const auto parsed = Json::parse(json, nullptr, false);
    if (!parsed.is_object()) return false;
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now().time_since_epoch()).count();
    for (const auto& told : impl_->hooks.added) told({std::string(call_sid), fact, std::string(json), at});
    if (impl_->settings.directory.empty()) return true;
    // Written again by the library: one line, whatever the text looked like.
    Json line{{"at_ms", at}, {"kind", name(fact)}, {"fact", parsed}};
    return impl_->push({std::string(call_sid), line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", false});
}

std::optional<std::string> CallRecords::read(std::string_view call_sid) const {
    if (!good_sid(call_sid) || impl_->settings.directory.empty()) return std::nullopt;
    std::error_code ec;
    const auto path = impl_->path_of(call_sid);
    if (const auto size = std::filesystem::file_size(path, ec); ec || size > kLongestRecord) return std::nullopt;
    std::ifstream file(path);
    if (!file) return std::nullopt;
    Json record{{"call_sid", call_sid}};
    std::string text;
    while (std::getline(file, text)) {
        const auto line = Json::parse(text, nullptr, false);
        if (!line.is_object() || !line.contains("kind") || !line["kind"].is_string() || !line.contains("fact") || !line["fact"].is_object()) continue;  // the torn last line of a crash
        const auto& kind = line["kind"].get_ref<const std::string&>();
        const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.name == kind; });
        if (found == kKinds.end()) continue;
        auto fact = line["fact"];
        // A turn says itself when it was, in the call's own time; whatever else is in a list gets the moment it was written.
        if (found->merge == Merge::list && !fact.contains("at") && !fact.contains("at_ms") && line.contains("at_ms")) fact["at"] = line["at_ms"];
        join(record, *found, fact);
    }
    return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> CallRecords::newest(std::size_t most) const {
    std::vector<std::pair<std::filesystem::file_time_type, std::string>> found;
    std::error_code ec;
    if (impl_->settings.directory.empty()) return {};
    for (const auto& entry : std::filesystem::directory_iterator(impl_->settings.directory, ec)) {
        if (entry.path().extension() != ".jsonl") continue;
        std::error_code gone;
        if (const auto time = entry.last_write_time(gone); !gone) found.emplace_back(time, entry.path().stem().string());
    }
    const auto count = std::min(most, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(), std::greater<>());
    std::vector<std::string> sids;
    for (std::size_t i = 0; i < count; ++i) sids.push_back(std::move(found[i].second));
    return sids;
}

bool CallRecords::remove(std::string_view call_sid) {
    if (!good_sid(call_sid) || impl_->settings.directory.empty()) return false;
    flush();
    std::error_code ec;
    if (!std::filesystem::exists(impl_->path_of(call_sid), ec)) return false;
    impl_->push({std::string(call_sid), {}, true});
    flush();
    return true;
}

void CallRecords::flush() const {
    if (impl_->writer.joinable()) impl_->flush();
}
std::uint64_t CallRecords::dropped() const { return impl_->lost; }

}  // namespace parley::store
