#pragma once
// Where tools run: one loop for the whole process, so that a tool's places, its repeated wishes and its server's sessions are in one hand, and work that must
// be finished outlives the call that asked for it.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/net/errands.hpp"
#include "parley/store/call_records.hpp"
#include "parley/store/database.hpp"
#include "parley/tools/catalog.hpp"

namespace parley::tools {

class Workshop {
public:
    struct Parts {
        net::Errands& errands;  // of the loop; ended before the workshop goes
        net::HttpClient& http;  // on it
        Log log;
        Metrics& metrics;
        store::CallRecords* records = nullptr;
        store::Database* database = nullptr;  // remembers effects for other instances; null, or not answering: this process alone
    };
    explicit Workshop(Parts parts);
    ~Workshop();

    // The compiled tools of these settings, made when they are first asked for, with the opening hours of the agent they are of. Any thread.
    [[nodiscard]] std::shared_ptr<Catalog> catalog(const std::shared_ptr<const ToolSettings>& settings, const std::optional<flows::Hours>& hours = {});

    // One run under way. Any thread.
    class Work {
    public:
        virtual ~Work() = default;
        virtual void cancel(std::string why) = 0;  // given up, if it can be; its outcome is "cancelled"
        virtual void orphan() = 0;                 // nobody waits any more: the outcome is recorded and told to the log
    };
    // `told` is called once, on the workshop's loop, unless the process ends first. The run's deadline is the tool's timeout from now, waiting for a place
    // included.
    std::shared_ptr<Work> begin(std::shared_ptr<const Tool> tool, ToolRun run, std::int64_t at_ms, std::function<void(ToolOutcome)> told);

    // Lists the MCP servers of these settings that are due; nothing if there are none. Any thread.
    void refresh(const std::shared_ptr<const ToolSettings>& settings, const std::optional<flows::Hours>& hours = {});

    // Metric, log line and fact of one tool call, whoever ran it.
    struct Told {
        std::string call_sid, tool, label, arguments, key;
        std::int64_t at_ms = 0;  // after the call's start
        Duration took{};
        bool orphaned = false;
    };
    void tell(const Told& told, const ToolOutcome& outcome);

    [[nodiscard]] const Parts& parts() const { return parts_; }

private:
    struct Job;
    struct Gate;
    net::Task<> work(std::shared_ptr<Job> job);
    Parts parts_;
    std::mutex mutex_;  // over the catalogs
    std::map<const ToolSettings*, std::pair<std::shared_ptr<const ToolSettings>, std::shared_ptr<Catalog>>> catalogs_;
    std::map<const Tool*, std::shared_ptr<Gate>> gates_;  // on the loop
};

}  // namespace parley::tools
