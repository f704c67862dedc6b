#pragma once
// What the REST front does wrong on purpose, and what it was asked. Pure; used on the server's thread.

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "rest/api_call.hpp"

namespace parley::sim {

struct ApiFault {
    enum class Kind : std::uint8_t {
        too_many,      // 429 instead of executing; `retry_after` seconds, below 0: no header
        broken,        // 500 instead of executing
        broken_after,  // 500 after executing
        slow,          // the answer comes `delay` later
        reset_after,   // executed, then the connection is reset
        html,          // an HTML page with 503 instead of executing
        malformed,     // executed, the JSON cut in the middle
    } kind = Kind::broken;
    std::string method, path;  // path: a part of it; empty: any
    int skip = 0, count = 1;   // of the matching requests: leave so many alone, then do it so often
    double retry_after = -1;
    std::chrono::milliseconds delay{0};
};

// From {"requests": [{"method", "path", "skip", "count", "fault", "retry_after", "delay_ms"}]}; nothing and a reason when it cannot be read.
[[nodiscard]] std::optional<std::vector<ApiFault>> read_api_faults(const nlohmann::json& list, std::string& why_not);

class ApiFaults {
public:
    void set(std::vector<ApiFault> faults) { faults_ = std::move(faults); }
    // The fault for this request, used up by it.
    [[nodiscard]] std::optional<ApiFault> next(const std::string& method, const std::string& path);
    [[nodiscard]] std::size_t left() const;

private:
    std::vector<ApiFault> faults_;
};

// The last requests, without secrets.
class ApiLog {
public:
    void add(const ApiRequest& request, const ApiAnswer& answer, const char* fault);
    [[nodiscard]] Json json() const;
    void clear() { entries_.clear(); }

private:
    std::deque<Json> entries_;
};

}  // namespace parley::sim
