#pragma once
// The one way a message leaves: checked, counted, within limits, not to those who do not want it, written into its record; and what becomes of it.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/base/log.hpp"
#include "parley/messaging/opt_outs.hpp"
#include "parley/messaging/segments.hpp"
#include "parley/net/task.hpp"
#include "parley/rest/messages.hpp"
#include "parley/store/call_records.hpp"

namespace parley::messaging {

struct Outgoing {
    std::string to;    // E.164
    std::string from;  // one of our numbers, or a messaging service (MG…)
    std::string body;
    std::vector<std::string> media;  // https URLs
    std::string record;              // a CallSid or conversation_id() whose record it belongs to; empty: its own conversation's
    std::string by;                  // who sends it: "agent front", "operator"
};

enum class Refused : std::uint8_t {
    none,
    invalid,      // no number, nothing to say, too long, too many media
    opted_out,    // the recipient does not want messages from this number
    velocity,     // too many, to one recipient or in all
    rejected,     // Twilio said no
    unavailable,  // nothing was sent
    unknown       // it may have been sent: not to be sent again
};

struct Sent {
    Refused why = Refused::none;
    std::string sid, sentence;
    std::size_t segments = 0;
    int code = 0;
    [[nodiscard]] bool ok() const { return why == Refused::none; }
};

struct SenderLimits {
    std::uint32_t per_recipient = 10;  // within an hour
    std::uint32_t in_all = 120;        // within a minute
};

[[nodiscard]] std::string_view name(Refused why);  // "sent" for none

// Everything on one executor, but opt_outs().
class Sender {
public:
    using Transport = std::function<net::Task<rest::Outcome<rest::Message>>(rest::MessageCreate)>;
    struct Services {
        Transport transport;
        OptOuts& opt_outs;
        store::CallRecords* records = nullptr;
        Log& log;
        std::function<void(std::string_view direction, std::string_view outcome, std::size_t segments)> count;  // may be empty
        std::string status_url;  // absolute; the record's id is put behind it as ?record=
    };
    Sender(Services services, SenderLimits limits);

    net::Task<Sent> send(Outgoing wanted);
    // Whether one more reply may go by TwiML, which is paid like any other message: asked and counted once for each. `none`: it may.
    [[nodiscard]] Refused reply(const std::string& from, const std::string& to);
    // Whether anything may go at all, without counting it.
    [[nodiscard]] Refused may_reply(const std::string& from, const std::string& to);
    // A status callback: `record` is what stood in its URL. False: stale or a duplicate.
    bool status(std::string_view sid, std::string_view record, rest::MessageStatus status, int code, std::string_view words, std::string_view to,
                std::string_view from);

private:
    struct Known {
        rest::MessageStatus status = rest::MessageStatus::other;
        int code = 0;
    };
    [[nodiscard]] std::optional<Sent> refuse(const Outgoing& wanted, const Segments& counted);
    bool room(const std::string& to, TimePoint now);
    bool take(const std::string& to, TimePoint now);
    bool learn(std::string_view sid, rest::MessageStatus status, int code);

    static constexpr std::size_t kMostKnown = 20'000;
    Services services_;
    SenderLimits limits_;
    std::map<std::string, std::deque<TimePoint>, std::less<>> recent_;  // by recipient
    std::deque<TimePoint> all_;
    std::map<std::string, Known, std::less<>> known_;
    std::deque<std::string> known_order_;
};

}  // namespace parley::messaging
