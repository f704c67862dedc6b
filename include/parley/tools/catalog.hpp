#pragma once
// An agent's declared tools, compiled. Immutable but for what MCP servers list, which is renewed in the background.

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "parley/base/log.hpp"
#include "parley/flows/hours.hpp"
#include "parley/net/egress.hpp"
#include "parley/tools/tool.hpp"
#include "parley/tools/tool_settings.hpp"

namespace parley::tools {

class McpPeer;

class Catalog {
public:
    // Settings have been checked (wrong() below is empty): what is wrong all the same is left out.
    // `hours`: when appointments may be; nothing: always.
    Catalog(ToolSettings settings, net::EgressGuard::Observe observe, const std::optional<flows::Hours>& hours = {});
    ~Catalog();

    // The tools there are now; any thread. A call takes them once.
    [[nodiscard]] std::vector<std::shared_ptr<const Tool>> tools() const;
    [[nodiscard]] const ToolSettings& settings() const { return settings_; }
    [[nodiscard]] const std::shared_ptr<const net::EgressGuard>& guard() const { return guard_; }

    // On the loop of `http`, when nobody waits: lists the MCP servers' tools that are due. Never fails: what could not be listed stays as it was.
    [[nodiscard]] net::Task<> refresh(net::HttpClient& http, Log log, TimePoint now);

private:
    ToolSettings settings_;
    std::shared_ptr<const net::EgressGuard> guard_;
    std::vector<std::shared_ptr<const Tool>> fixed_;
    std::vector<std::shared_ptr<McpPeer>> peers_;
    mutable std::mutex mutex_;                                      // over what is listed
    std::vector<std::vector<std::shared_ptr<const Tool>>> listed_;  // by peer
    std::vector<TimePoint> due_;
};

// What is wrong with settings: the place ("http[2].url") and a sentence.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> wrong(const ToolSettings& settings);

}  // namespace parley::tools
