#include "parley/messaging/sender.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "parley/messaging/delivery.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::messaging {

using nlohmann::json;
using rest::MessageStatus;

namespace {

constexpr int kOptedOut = 21610;
constexpr auto kRecipientWindow = std::chrono::hours(1);
constexpr auto kAllWindow = std::chrono::minutes(1);
constexpr std::size_t kMostRecipients = 50'000;

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Sent refusal(Refused why, std::string sentence, int code = 0) {
    Sent sent;
    sent.why = why;
    sent.sentence = std::move(sentence);
    sent.code = code;
    return sent;
}

}  // namespace

std::string_view name(Refused why) {
    switch (why) {
        case Refused::none:
            return "sent";
        case Refused::invalid:
            return "invalid";
        case Refused::opted_out:
            return "opted_out";
        case Refused::velocity:
            return "velocity";
        case Refused::rejected:
            return "rejected";
        case Refused::unavailable:
            return "unavailable";
        case Refused::unknown:
            return "unknown";
    }
    return "unknown";
}

namespace {

void forget_before(std::deque<TimePoint>& times, TimePoint when) {
    while (!times.empty() && times.front() < when) times.pop_front();
}

}  // namespace

Sender::Sender(Services services, SenderLimits limits) : services_(std::move(services)), limits_(limits) {}

std::optional<Sent> Sender::refuse(const Outgoing& wanted, const Segments& counted) {
    if (!twilio::is_e164(wanted.to)) return refusal(Refused::invalid, "The recipient is no telephone number in E.164 form, such as +4930123456.");
    if (!twilio::is_e164(wanted.from) && !twilio::is_sid(wanted.from, "MG"))
        return refusal(Refused::invalid, "The sender is neither a number of ours nor a messaging service.");
    if (wanted.to == wanted.from) return refusal(Refused::invalid, "A number does not send messages to itself.");
    if (counted.characters == 0 && wanted.media.empty()) return refusal(Refused::invalid, "There is nothing to send: neither text nor media.");
    if (counted.characters > kMostCharacters)
        return refusal(
            Refused::invalid,
            "The text has " + std::to_string(counted.characters) + " characters; at most " + std::to_string(kMostCharacters) + " go into one message.", 21617);
    if (wanted.media.size() > kMostMedia) return refusal(Refused::invalid, "At most ten media go with one message.");
    for (const auto& url : wanted.media)
        if (!url.starts_with("https://") && !url.starts_with("http://")) return refusal(Refused::invalid, "Media are given as URLs that Twilio can fetch.");
    if (services_.opt_outs.is_out(wanted.from, wanted.to)) return refusal(Refused::opted_out, sentence_of(kOptedOut), kOptedOut);
    return std::nullopt;
}

bool Sender::room(const std::string& to, TimePoint now) {
    forget_before(all_, now - kAllWindow);
    if (all_.size() >= limits_.in_all) return false;
    const auto found = recent_.find(to);
    if (found == recent_.end()) return true;
    forget_before(found->second, now - kRecipientWindow);
    return found->second.size() < limits_.per_recipient;
}

// Counts one more if there is room for it.
bool Sender::take(const std::string& to, TimePoint now) {
    if (!room(to, now)) return false;
    for (auto it = recent_.begin(); recent_.size() >= kMostRecipients && it != recent_.end();) {
        forget_before(it->second, now - kRecipientWindow);
        it = it->second.empty() ? recent_.erase(it) : std::next(it);
    }
    recent_[to].push_back(now);
    all_.push_back(now);
    return true;
}

Refused Sender::may_reply(const std::string& from, const std::string& to) {
    if (services_.opt_outs.is_out(from, to)) return Refused::opted_out;
    return room(to, Clock::now()) ? Refused::none : Refused::velocity;
}

Refused Sender::reply(const std::string& from, const std::string& to) {
    if (const auto why = may_reply(from, to); why != Refused::none) return why;
    return take(to, Clock::now()) ? Refused::none : Refused::velocity;
}

net::Task<Sent> Sender::send(Outgoing wanted) {
    const auto counted = count_segments(wanted.body);
    const auto record = wanted.record.empty() ? conversation_id(wanted.from, wanted.to) : wanted.record;
    auto refused = refuse(wanted, counted);
    if (!refused && !take(wanted.to, Clock::now())) refused = refusal(Refused::velocity, "Too many messages were sent within a short time; this one was not.");
    Sent sent;
    if (refused) {
        sent = std::move(*refused);
    } else {
        rest::MessageCreate create;
        create.to = wanted.to;
        if (wanted.from.starts_with("MG"))
            create.messaging_service_sid = wanted.from;
        else
            create.from = wanted.from;
        if (!wanted.body.empty()) create.body = wanted.body;
        create.media_url = wanted.media;
        if (!services_.status_url.empty()) create.status_callback = services_.status_url + "?record=" + twilio::encode_component(record);
        auto answer = co_await services_.transport(std::move(create));
        sent.segments = counted.segments;
        if (answer) {
            sent.sid = answer->sid;
            sent.sentence = "The message is on its way.";
            learn(sent.sid, answer->status, answer->error_code.value_or(0));
        } else {
            const auto& error = answer.error();
            if (error.code == kOptedOut) services_.opt_outs.out(wanted.from, wanted.to);
            using rest::Failure;
            const auto why =
                error.code == kOptedOut                                             ? Refused::opted_out
                : error.kind == Failure::unknown || error.kind == Failure::protocol ? Refused::unknown
                : error.kind == Failure::unreachable || error.kind == Failure::unavailable || error.kind == Failure::throttled || error.kind == Failure::stopped
                    ? Refused::unavailable
                    : Refused::rejected;
            sent = refusal(why, error.code != 0 ? sentence_of(error.code, error.message) : error.sentence, error.code);
            sent.segments = counted.segments;
        }
    }
    if (services_.count) services_.count("out", name(sent.why), sent.segments);
    json fact{{"direction", "out"}, {"to", wanted.to}, {"from", wanted.from}, {"text", wanted.body}, {"segments", counted.segments}, {"by", wanted.by}};
    if (!wanted.media.empty()) fact["media"] = wanted.media;
    if (sent.ok()) {
        fact["sid"] = sent.sid;
        const auto known = known_.find(sent.sid);
        fact["status"] = known == known_.end() ? std::string_view("queued") : rest::name(known->second.status);
        services_.log.info(
            "message.sent", "A message was given to Twilio.",
            {{"message_sid", sent.sid}, {"to", twilio::mask_phone(wanted.to)}, {"segments", counted.segments}, {"record", record}, {"by", wanted.by}});
    } else {
        fact["status"] = sent.why == Refused::unknown ? "unknown" : "refused";
        fact["error"] = sent.sentence;
        if (sent.code != 0) fact["error_code"] = sent.code;
        services_.log.warn("message.refused", "A message was not sent.",
                           {{"reason", name(sent.why)}, {"to", twilio::mask_phone(wanted.to)}, {"code", sent.code}, {"record", record}, {"by", wanted.by}});
    }
    if (services_.records != nullptr) services_.records->add(record, store::Fact::message, dumped(fact));
    co_return sent;
}

bool Sender::learn(std::string_view sid, MessageStatus status, int code) {
    const auto [found, added] = known_.try_emplace(std::string(sid));
    if (added) {
        known_order_.push_back(found->first);
        while (known_order_.size() > kMostKnown) {
            known_.erase(known_order_.front());
            known_order_.pop_front();
        }
    } else if (!advances(found->second.status, status)) {
        return false;
    }
    found->second = {status, code};
    return true;
}

bool Sender::status(std::string_view sid, std::string_view record, MessageStatus status, int code, std::string_view words, std::string_view to,
                    std::string_view from) {
    if (!learn(sid, status, code)) return false;
    if (code == kOptedOut) services_.opt_outs.out(from, to);
    json fact{{"sid", sid}, {"status", rest::name(status)}};
    if (code != 0) {
        fact["error_code"] = code;
        fact["error"] = sentence_of(code, words);
    }
    const auto id = record.empty() ? conversation_id(from, to) : std::string(record);
    if (services_.records != nullptr) services_.records->add(id, store::Fact::message, dumped(fact));
    if (status == MessageStatus::failed || status == MessageStatus::undelivered)
        services_.log.warn("message.undelivered", "A message did not arrive.", {{"message_sid", sid}, {"code", code}, {"record", id}});
    return true;
}

}  // namespace parley::messaging
