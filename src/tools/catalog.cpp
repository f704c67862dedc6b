#include "parley/tools/catalog.hpp"

#include <stdexcept>

#include "calendar_tool.hpp"
#include "http_tool.hpp"
#include "mcp_peer.hpp"

namespace parley::tools {

namespace {

std::shared_ptr<const net::EgressGuard> guard_of(const ToolSettings& settings, net::EgressGuard::Observe observe) {
    try {
        return std::make_shared<const net::EgressGuard>(settings.private_networks, observe);
    } catch (const std::invalid_argument&) {
        return std::make_shared<const net::EgressGuard>(std::vector<std::string>{}, observe);
    }
}

}  // namespace

Catalog::Catalog(ToolSettings settings, net::EgressGuard::Observe observe, const std::optional<flows::Hours>& hours)
    : settings_(std::move(settings)), guard_(guard_of(settings_, std::move(observe))) {
    for (const auto& http : settings_.http) {
        try {
            fixed_.push_back(make_http_tool(http, guard_));
        } catch (const std::invalid_argument&) {
        }
    }
    if (!settings_.calendar.url.empty()) {
        try {
            auto calendar = make_calendar_tools(settings_.calendar, hours, guard_);
            fixed_.push_back(std::move(calendar.free_times));
            fixed_.push_back(std::move(calendar.book_appointment));
        } catch (const std::invalid_argument&) {
        }
    }
    for (const auto& server : settings_.mcp) peers_.push_back(std::make_shared<McpPeer>(server, guard_));
    listed_.resize(peers_.size());
    due_.resize(peers_.size());
}
Catalog::~Catalog() = default;

std::vector<std::shared_ptr<const Tool>> Catalog::tools() const {
    auto all = fixed_;
    const std::lock_guard lock(mutex_);
    for (const auto& of_peer : listed_) all.insert(all.end(), of_peer.begin(), of_peer.end());
    return all;
}

net::Task<> Catalog::refresh(net::HttpClient& http, Log log, TimePoint now) {
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        {
            const std::lock_guard lock(mutex_);
            if (due_[i] > now) continue;
            due_[i] = now + std::chrono::minutes(1);  // nobody else meanwhile
        }
        const auto peer = peers_[i];
        auto listed = co_await peer->list(http, Clock::now() + std::chrono::seconds(15));
        if (!listed.error.empty()) {
            log.warn("mcp.unreachable", "An MCP server's tools could not be listed.", {{"server", settings_.mcp[i].name}, {"reason", listed.error}});
            continue;
        }
        std::vector<std::shared_ptr<const Tool>> tools;
        for (auto& one : listed.tools) tools.push_back(make_mcp_tool(peer, std::move(one)));
        if (listed.dropped > 0)
            log.warn("mcp.tools_dropped", "Some of an MCP server's tools cannot be offered.", {{"server", settings_.mcp[i].name}, {"count", listed.dropped}});
        const std::lock_guard lock(mutex_);
        listed_[i] = std::move(tools);
        due_[i] = now + listed.fresh;
    }
}

std::vector<std::pair<std::string, std::string>> wrong(const ToolSettings& settings) {
    std::vector<std::pair<std::string, std::string>> all;
    std::shared_ptr<const net::EgressGuard> guard;
    try {
        guard = std::make_shared<const net::EgressGuard>(settings.private_networks);
    } catch (const std::invalid_argument& e) {
        all.emplace_back("private_networks", e.what());
        guard = std::make_shared<const net::EgressGuard>();
    }
    std::set<std::string> names{"end_call", "transfer_call"};
    if (!settings.calendar.url.empty()) names.insert({"free_times", "book_appointment"});
    for (std::size_t i = 0; i < settings.http.size(); ++i) {
        const auto place = "http[" + std::to_string(i) + "]";
        try {
            (void)make_http_tool(settings.http[i], guard);
        } catch (const std::invalid_argument& e) {
            const std::string what = e.what();
            const auto colon = what.find(": ");
            all.emplace_back(place + "." + what.substr(0, colon), what.substr(colon + 2));
        }
        if (!names.insert(settings.http[i].name).second) all.emplace_back(place + ".name", "is the name of another tool too");
    }
    for (std::size_t i = 0; i < settings.mcp.size(); ++i) {
        const auto place = "mcp[" + std::to_string(i) + "]";
        if (!is_tool_name(settings.mcp[i].name)) all.emplace_back(place + ".name", "expected 1 to 64 letters, digits, - and _");
        if (const auto reason = net::egress_url(settings.mcp[i].url); reason != net::EgressReason::none)
            all.emplace_back(place + ".url", "cannot be used (" + std::string(net::name(reason)) + ")");
        const auto& version = settings.mcp[i].version;
        if (!version.empty() && !is_mcp_version(version))
            all.emplace_back(place + ".version", "expected one of 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28");
    }
    if (!settings.calendar.url.empty()) {
        try {
            (void)make_calendar_tools(settings.calendar, std::nullopt, guard);
        } catch (const std::invalid_argument& e) {
            const std::string what = e.what();
            const auto colon = what.find(": ");
            all.emplace_back("calendar." + what.substr(0, colon), what.substr(colon + 2));
        }
    }
    return all;
}

}  // namespace parley::tools
