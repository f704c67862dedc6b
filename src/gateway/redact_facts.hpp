#pragma once
// What is known of a call, masked before anything else sees it: the hook in front of all facts.

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/privacy/privacy_settings.hpp"
#include "parley/privacy/redactor.hpp"
#include "parley/store/call_records.hpp"

namespace parley::gateway {

// Every text in a JSON document, whatever its name; one that is no document becomes an empty object.
[[nodiscard]] std::string redact_document(std::string json, privacy::Kinds kinds);

// Thread-safe. What a call said is followed over its turns; at most kMost calls at once, those unheard of for longest are forgotten.
class FactRedactor {
public:
    struct Services {
        Log& log;
        Metrics& metrics;
        std::function<std::shared_ptr<const privacy::PrivacySettings>(const std::string& agent)> settings;  // null: there is no such agent
        std::function<std::string(std::string_view call_sid)> agent_of;  // of a call no fact has named the agent of; "": not known
        // For calls whose agent nobody knows: those of any that masks.
        std::function<privacy::PrivacySettings()> strictest;
    };
    explicit FactRedactor(Services services);

    std::string operator()(std::string_view call_sid, store::Fact fact, std::string json);

    static constexpr std::size_t kMost = 20'000;

private:
    struct Talk {
        std::mutex mutex;
        bool known = false, on = false;
        privacy::Kinds kinds;
        privacy::Listener turns, transcript;
    };
    std::shared_ptr<Talk> talk(std::string_view call_sid);
    void learn(Talk& talk, std::string_view call_sid, const std::string& agent);
    void count(std::string_view call_sid, const std::vector<privacy::Found>& found);

    Services services_;
    std::mutex mutex_;
    std::list<std::string> order_;  // newest first
    struct Place {
        std::shared_ptr<Talk> talk;
        std::list<std::string>::iterator at;
    };
    std::unordered_map<std::string, Place> talks_;
};

}  // namespace parley::gateway
