#pragma once
// Who is told about an agent's calls.

#include <cstdint>
#include <string>
#include <vector>

#include "parley/base/secret.hpp"

namespace parley::outbox {

struct AlertRule {
    std::string name;     // of the event: alert.<name>
    std::string on;       // the event it looks at: analysis.completed, turn.completed, call.ended, …
    std::string pointer;  // JSON pointer into its data
    std::string is;       // equals, below, above, contains, exists
    std::string value;
};
struct WebhookSettings {
    std::string url;                  // empty: nobody is told
    Secret secret;                    // signs; empty: unsigned
    std::vector<std::string> events;  // names or prefixes ("call.*"); empty: all
    std::vector<AlertRule> alerts;
    std::uint32_t attempts = 12;  // with growing pauses, up to 24 hours; then dead
};

}  // namespace parley::outbox
