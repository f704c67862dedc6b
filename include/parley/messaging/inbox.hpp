#pragma once
// Messages that come in, and what they are answered: by rules, by the agent's brain, or not at all. A conversation is what two numbers write to each
// other; it has one talk with the brain, which remembers it for as long as the agent says.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "parley/base/log.hpp"
#include "parley/brain/ports.hpp"
#include "parley/call/agent.hpp"
#include "parley/messaging/opt_outs.hpp"
#include "parley/messaging/rules.hpp"
#include "parley/messaging/sender.hpp"
#include "parley/net/task.hpp"
#include "parley/store/call_records.hpp"
#include "parley/twilio/form.hpp"

namespace parley::messaging {

struct Incoming {
    std::string sid, from, to, body, opt_out_type;
    struct Media {
        std::string url, type;
    };
    std::vector<Media> media;
    std::size_t segments = 0;
};
// Of a messaging webhook. Nothing: fields are missing or are none of Twilio's.
[[nodiscard]] std::optional<Incoming> read_incoming(const twilio::Form& form);

enum class Mode : std::uint8_t { off, rules, brain };  // brain: rules first, and the brain for what none of them matches

struct SmsSettings {
    Mode mode = Mode::off;
    std::vector<Rule> rules;
    std::string greeting;                 // before the first answer of a conversation
    std::chrono::seconds session{86400};  // quiet for so long: the next message begins a new one
};

// Everything on `executor`, one thread.
class Inbox {
public:
    struct Services {
        boost::asio::any_io_executor executor;
        net::HttpClient* http = nullptr;
        std::function<void(net::Task<>)> spawn;  // runs what goes on behind a request, until the owner ends it
        Log& log;
        OptOuts& opt_outs;
        Sender& sender;
        brain::VendorSink& vendor;
        store::CallRecords* records = nullptr;
        std::function<std::unique_ptr<brain::Actions>(const call::Agent&, const brain::CallFacts&)> actions;    // may be empty
        std::function<void(std::string_view direction, std::string_view outcome, std::size_t segments)> count;  // may be empty
        std::function<void(const call::Agent&, const std::string& conversation, const brain::VendorRecord&)>
            used{};                                         // what a talk has used of a vendor; may be empty
        std::function<bool(std::string_view number)> ours;  // one of our own: machines do not answer each other; may be empty
        std::chrono::milliseconds answer_within{9000};      // then the webhook is answered without words, and these follow by REST
        std::chrono::milliseconds brain_within{60000};
        std::size_t most_conversations = 2000;
    };
    explicit Inbox(Services services);
    ~Inbox();

    // The TwiML to answer with. The same message again gets the same bytes, also while the first is being answered.
    net::Task<std::string> receive(Incoming message, std::shared_ptr<const call::Agent> agent, SmsSettings settings);
    // What was said in this conversation, and what its messages were answered, is remembered no longer.
    void forget(const std::string& id);
    [[nodiscard]] std::size_t conversations() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace parley::messaging
