#pragma once
// Conversational Intelligence: has calls examined, waits for the results by webhook or by asking, and joins them to the calls' records.

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "parley/base/log.hpp"
#include "parley/net/task.hpp"
#include "parley/rest/intelligence.hpp"
#include "parley/store/call_records.hpp"

namespace parley::messaging {

struct IntelligenceRules {
    std::string service;                 // GA… or its unique name
    std::vector<std::string> operators;  // names or SIDs whose results are kept; empty: all
    bool redact = false;
};

// The service's webhook. Nothing: it is none.
struct IntelligenceNews {
    std::string transcript_sid, service_sid, customer_key;
};
[[nodiscard]] std::optional<IntelligenceNews> read_intelligence(std::string_view json);

// The fact of a finished transcript, at most about 900 kB: later sentences are left out then, and it says so.
[[nodiscard]] std::string intelligence_fact(const rest::Transcript& transcript, const std::vector<rest::Sentence>& sentences,
                                            const std::vector<rest::OperatorResult>& results, const IntelligenceRules& rules);

// Everything on the control loop.
class IntelligenceDesk {
public:
    template <class T>
    using Answer = net::Task<rest::Outcome<T>>;
    struct Services {
        std::function<Answer<rest::IntelligenceService>(std::string)> service;
        std::function<Answer<rest::Transcript>(rest::TranscriptCreate)> create;
        std::function<Answer<rest::Transcript>(std::string)> fetch;
        std::function<Answer<std::vector<rest::Sentence>>(std::string, bool redacted)> sentences;
        std::function<Answer<std::vector<rest::OperatorResult>>(std::string, bool redacted)> results;
        std::function<void(net::Task<>)> spawn;
        boost::asio::any_io_executor executor;
        store::CallRecords* records = nullptr;
        Log& log;
        std::chrono::milliseconds first_look{5000}, longest_pause{60000}, give_up{1800000};
    };
    explicit IntelligenceDesk(Services services);

    // Has a recording of this call examined. `over` is told once its results are in the record, or never will be.
    void examine(std::string call_sid, std::string recording_sid, int channels, IntelligenceRules rules, std::function<void()> over);
    // A live transcription with this SID has stopped: its results are waited for.
    void follow(std::string call_sid, std::string transcript_sid, IntelligenceRules rules);
    // True: the transcript is known here (and looked at now), or its customer key names a call.
    bool news(const IntelligenceNews& told, const IntelligenceRules& otherwise);

private:
    struct Watch {
        std::string call_sid;
        IntelligenceRules rules;
        std::function<void()> over;
        boost::asio::steady_timer due;
        bool looking = false;
    };
    net::Task<> begin(std::string call_sid, std::string recording_sid, int channels, IntelligenceRules rules, std::function<void()> over);
    void watch(std::string call_sid, std::string transcript_sid, IntelligenceRules rules, std::function<void()> over);
    net::Task<> look(std::string transcript_sid, std::shared_ptr<Watch> watched);
    net::Task<bool> join(std::string transcript_sid, std::shared_ptr<Watch> watched);
    void note(const std::string& call_sid, const std::string& json);

    static constexpr std::size_t kMostWatched = 2000;
    static constexpr std::size_t kMostJoined = 4000;
    Services services_;
    std::map<std::string, std::string, std::less<>> service_sids_;  // by unique name
    std::map<std::string, std::shared_ptr<Watch>, std::less<>> watched_;
    std::deque<std::string> joined_;  // results of these are in the record
};

}  // namespace parley::messaging
