#include "parley/base/log.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <map>

#include "log_format.hpp"
#include "log_writer.hpp"

namespace parley {
namespace {

constexpr std::size_t kCountedNames = 512;
constexpr std::size_t kLimitedKeys = 64;

// How many lines of one (event, reason) pass in a window; the rest is counted and told with the next one that passes.
class RateLimit {
public:
    struct Verdict {
        bool pass;
        std::uint64_t suppressed;
    };

    Verdict ask(std::string_view event, std::string_view reason, std::uint32_t allowed, TimePoint now, Duration window) {
        const std::lock_guard lock(mutex_);
        Slot& slot = slot_for(event, reason, now, window);
        if (now - slot.from >= window) {
            slot.from = now;
            slot.lines = 0;
        }
        if (slot.lines >= allowed) {
            ++slot.suppressed;
            return {false, 0};
        }
        ++slot.lines;
        return {true, std::exchange(slot.suppressed, 0)};
    }

    [[nodiscard]] std::uint64_t unreported() const {
        const std::lock_guard lock(mutex_);
        std::uint64_t sum = 0;
        for (const auto& [key, slot] : slots_) sum += slot.suppressed;
        return sum;
    }

private:
    struct Slot {
        TimePoint from{};
        std::uint32_t lines = 0;
        std::uint64_t suppressed = 0;
    };

    Slot& slot_for(std::string_view event, std::string_view reason, TimePoint now, Duration window) {
        std::string key(event.substr(0, 64));
        key += '\0';
        key += reason.substr(0, 64);
        if (const auto found = slots_.find(key); found != slots_.end()) return found->second;
        if (slots_.size() >= kLimitedKeys) {
            std::erase_if(slots_, [&](const auto& entry) { return entry.second.suppressed == 0 && now - entry.second.from >= window; });
        }
        if (slots_.size() >= kLimitedKeys) key.clear();  // too many kinds at once share one allowance
        return slots_[key];
    }

    mutable std::mutex mutex_;
    std::map<std::string, Slot, std::less<>> slots_;
};

std::string_view reason_of(Fields fields) {
    for (const Field& field : fields) {
        if (field.key() != "reason" && field.key() != "kind") continue;
        if (const auto* text = std::get_if<std::string_view>(&field.value())) return *text;
    }
    return {};
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("unknown");
}

}  // namespace

std::string_view to_string(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

void MemoryLog::push(LogLevel, bool, std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
}

std::vector<std::string> MemoryLog::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
}

std::size_t MemoryLog::count(std::string_view event) const {
    const std::string needle = "\"event\":\"" + std::string(event) + "\"";
    const std::lock_guard lock(mutex_);
    std::size_t n = 0;
    for (const auto& line : lines_) n += line.find(needle) != std::string::npos;
    return n;
}

struct Log::Core {
    explicit Core(LogSettings s) : settings(std::move(s)), level(settings.level) {
        if (settings.instance.empty()) settings.instance = host_name();
        using log_format::append_field;
        append_field(base, settings.format, "svc", std::string_view(settings.service), false);
        if (!settings.version.empty()) append_field(base, settings.format, "version", std::string_view(settings.version), false);
        append_field(base, settings.format, "instance", std::string_view(settings.instance), false);
    }

    void count(LogLevel at, std::string_view event) {
        const std::lock_guard lock(counts_mutex);
        auto& names = counts[static_cast<std::size_t>(at)];
        auto found = names.find(event);
        if (found == names.end()) found = names.emplace(names.size() < kCountedNames ? event : "other", 0).first;
        ++found->second;
    }

    [[nodiscard]] std::string line(LogLevel at, std::string_view event, std::string_view msg, std::string_view context, Fields fields, std::uint64_t suppressed,
                                   bool audit) const {
        log_format::Line line;
        line.level = at;
        line.time = settings.wall();
        line.event = event;
        line.msg = msg;
        line.base = base;
        line.context = context;
        line.fields = fields;
        line.suppressed = suppressed;
        line.audit = audit;
        line.content = settings.content && at == LogLevel::debug;
        return log_format::render(line, settings.format, colour);
    }

    LogSettings settings;
    std::atomic<LogLevel> level;
    bool colour = false;
    std::string base;
    RateLimit limit;
    mutable std::mutex counts_mutex;
    std::array<std::map<std::string, std::uint64_t, std::less<>>, 4> counts;
    std::shared_ptr<LogSink> sink;  // last: its thread uses the members above until it is joined
};

struct Log::Context {
    explicit Context(std::shared_ptr<Core> owner) : core(std::move(owner)) {}
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() {
        const std::uint64_t n = limit.unreported();
        if (n == 0) return;
        core->count(LogLevel::warn, "log.suppressed");
        core->sink->push(LogLevel::warn, false,
                         core->line(LogLevel::warn, "log.suppressed", "Repeated lines of this call were held back.", fragment, {}, n, false));
    }

    std::shared_ptr<Core> core;
    std::string fragment;
    RateLimit limit;
};

Log Log::open(LogSettings settings, int fd) {
    auto core = std::make_shared<Core>(std::move(settings));
    core->colour = core->settings.format == LogFormat::text && ::isatty(fd) == 1;
    LogWriter::Limits limits{core->settings.queue_bytes, core->settings.reserve_bytes, core->settings.flush};
    auto report = [raw = core.get()](const LogSink::Dropped& lost) {
        raw->count(LogLevel::warn, "log.dropped");
        return raw->line(LogLevel::warn, "log.dropped", "Log lines were lost.", {},
                         {{"n", lost.queue_full + lost.write_failed}, {"queue_full", lost.queue_full}, {"write_failed", lost.write_failed}}, 0, false);
    };
    core->sink = std::make_shared<LogWriter>(fd, limits, std::move(report));
    return Log(std::move(core), nullptr);
}

Log Log::to(LogSettings settings, std::shared_ptr<LogSink> sink) {
    auto core = std::make_shared<Core>(std::move(settings));
    core->sink = std::move(sink);
    return Log(std::move(core), nullptr);
}

void Log::write(LogLevel level, std::string_view event, std::string_view msg, Fields fields, bool audit) const {
    if (!core_ || (!audit && !enabled(level))) return;
    core_->count(level, event);
    std::uint64_t suppressed = 0;
    if (!audit) {
        const LogSettings& s = core_->settings;
        const bool alarm = level >= LogLevel::warn;
        const std::uint32_t allowed = context_ ? (alarm ? s.call_alarms : s.call_notes) : (alarm ? s.server_alarms : s.server_notes);
        RateLimit& limit = context_ ? context_->limit : core_->limit;
        const auto verdict = limit.ask(event, reason_of(fields), allowed, s.steady(), s.window);
        if (!verdict.pass) return;
        suppressed = verdict.suppressed;
    }
    const std::string_view context = context_ ? std::string_view(context_->fragment) : std::string_view{};
    core_->sink->push(level, audit, core_->line(level, event, msg, context, fields, suppressed, audit));
}

bool Log::enabled(LogLevel level) const {
    return core_ && level >= core_->level.load(std::memory_order_relaxed);
}

bool Log::content_enabled() const {
    return core_ && core_->settings.content && enabled(LogLevel::debug);
}

void Log::set_level(LogLevel level) const {
    if (core_) core_->level.store(level, std::memory_order_relaxed);
}

CallLog Log::call(const CallIdentity& identity) const {
    if (!core_) return {};
    auto context = std::make_shared<Context>(core_);
    const std::pair<std::string_view, const std::string&> parts[] = {{"call_sid", identity.call_sid}, {"stream_sid", identity.stream_sid},
                                                                     {"agent", identity.agent},       {"dir", identity.dir},
                                                                     {"tenant", identity.tenant},     {"trace_id", identity.trace_id}};
    for (const auto& [key, value] : parts) {
        // Identities come from outside: 128 bytes hold every real one and leave the line to the facts.
        if (!value.empty()) {
            log_format::append_field(context->fragment, core_->settings.format, key, std::string_view(value).substr(0, 128), false);
        }
    }
    CallLog log;
    log.core_ = core_;
    log.context_ = std::move(context);
    return log;
}

LogCounts Log::counts() const {
    LogCounts result;
    if (!core_) return result;
    {
        const std::lock_guard lock(core_->counts_mutex);
        for (std::size_t at = 0; at < core_->counts.size(); ++at) {
            for (const auto& [event, n] : core_->counts[at]) result.events.push_back({static_cast<LogLevel>(at), event, n});
        }
    }
    result.dropped = core_->sink->dropped();
    return result;
}

}  // namespace parley
