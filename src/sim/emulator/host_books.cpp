#include <algorithm>
#include <cctype>

#include "vendor_connection.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kKeptBytes = 2048;

bool secret_name(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower == "authorization" || lower == "key" || lower == "cookie" || lower.ends_with("-key") || lower.ends_with("_key") || lower == "apikey" ||
           (lower.find("token") != std::string::npos && lower.find("tokens") == std::string::npos) || lower.find("secret") != std::string::npos;
}

// A long run of base64 is sound.
bool holds_sound(std::string_view payload) {
    std::size_t run = 0;
    for (const char c : payload) {
        run = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '=' ? run + 1 : 0;
        if (run >= 128) return true;
    }
    return false;
}

std::string masked_target(const EmulatorRequest& request) {
    const auto mark = request.target.find('?');
    if (mark == std::string::npos) return request.target;
    std::string out = request.target.substr(0, mark + 1);
    for (std::size_t at = mark + 1; at < request.target.size();) {
        const auto end = std::min(request.target.find('&', at), request.target.size());
        const auto pair = request.target.substr(at, end - at);
        const auto equals = pair.find('=');
        out += equals != std::string::npos && secret_name(pair.substr(0, equals)) ? pair.substr(0, equals + 1) + "***" : pair;
        if (end < request.target.size()) out += '&';
        at = end + 1;
    }
    return out;
}

}  // namespace

std::uint64_t HostBooks::request(const EmulatorRequest& request) {
    LogEntry entry;
    entry.kind = request.upgrade ? LogEntry::Kind::upgrade : LogEntry::Kind::request;
    entry.connection = request.connection;
    entry.method = request.method;
    entry.target = masked_target(request);
    for (const auto& [name, value] : request.headers) {
        const bool hidden = secret_name(name) || (name == "sec-websocket-protocol" && value.find(',') != std::string::npos);
        entry.headers.emplace_back(name, hidden ? "***" : value);
    }
    entry.body = request.body.substr(0, kKeptBytes);
    entry.bytes = request.body.size();
    const std::lock_guard lock(mutex_);
    ++paths_[request.path];
    entry.number = ++counts_.requests;
    const auto number = entry.number;
    keep(std::move(entry));
    return number;
}

std::uint64_t HostBooks::opened() {
    const std::lock_guard lock(mutex_);
    counts_.most_connections = std::max(counts_.most_connections, ++counts_.connections);
    return ++connections_;
}

void HostBooks::closed() {
    const std::lock_guard lock(mutex_);
    --counts_.connections;
}

void HostBooks::message(const EmulatorRequest& request, LogEntry::Kind kind, std::string_view payload, int close_code) {
    LogEntry entry;
    entry.kind = kind;
    entry.number = request.number;
    entry.connection = request.connection;
    if (kind == LogEntry::Kind::text) entry.body = std::string(payload.substr(0, kKeptBytes));
    entry.sound = kind == LogEntry::Kind::binary || (kind == LogEntry::Kind::text && holds_sound(payload.substr(0, kKeptBytes)));
    entry.bytes = payload.size();
    entry.close_code = close_code;
    const std::lock_guard lock(mutex_);
    keep(std::move(entry));
}

// Called with the lock held. Sound arrives fifty times a second: a run of it is one entry.
void HostBooks::keep(LogEntry entry) {
    entry.at = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
    if (entry.sound) {
        constexpr std::ptrdiff_t kNear = 64;  // other connections may have spoken meanwhile
        const auto end = log_.size() > kNear ? log_.rbegin() + kNear : log_.rend();
        const auto last = std::find_if(log_.rbegin(), end, [&](const auto& one) { return one.connection == entry.connection; });
        if (last != end && last->sound) {
            last->bytes += entry.bytes;
            ++last->messages;
            return;
        }
    }
    if (kept_ == 0) return;
    if (log_.size() >= kept_) log_.pop_front();
    log_.push_back(std::move(entry));
}

VendorHost::Counts HostBooks::counts() const {
    const std::lock_guard lock(mutex_);
    auto out = counts_;
    out.paths.assign(paths_.begin(), paths_.end());
    return out;
}

std::vector<LogEntry> HostBooks::log() const {
    const std::lock_guard lock(mutex_);
    return {log_.begin(), log_.end()};
}

}  // namespace parley::sim
