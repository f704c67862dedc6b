#pragma once
// Messages (SMS, MMS) and their media.

#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

enum class MessageStatus : std::uint8_t {
    queued,
    sending,
    sent,
    failed,
    delivered,
    undelivered,
    receiving,
    received,
    accepted,
    scheduled,
    read,
    partially_delivered,
    canceled,
    other
};
[[nodiscard]] MessageStatus message_status(std::string_view text);
[[nodiscard]] std::string_view name(MessageStatus status);

struct Message {
    std::string sid, account_sid, messaging_service_sid, to, from, body, direction, error_message, price, price_unit;
    MessageStatus status = MessageStatus::other;
    std::optional<int> num_segments, num_media, error_code;
    When date_created, date_updated, date_sent;
};

struct MessageCreate {
    std::string to;
    std::optional<std::string> from, messaging_service_sid, body, content_sid, content_variables;
    std::vector<std::string> media_url;
    std::optional<std::string> status_callback, application_sid, max_price, content_retention, address_retention, traffic_type, schedule_type, send_at,
        risk_check, fallback_from;
    std::optional<bool> provide_feedback, force_delivery, smart_encoded, shorten_urls, send_as_mms;
    std::optional<int> attempt, validity_period;
    std::vector<std::string> persistent_action;
};

struct MessageFilter {
    std::optional<std::string> to, from, date_sent, date_sent_before, date_sent_after;
    std::size_t most = 200;
};

struct MessageMedia {
    std::string sid, account_sid, parent_sid, content_type;
    When date_created, date_updated;
};

class Messages {
public:
    explicit Messages(Client& client) : client_(client) {}
    // After a lost answer the list is asked for a message to the same number, from the same sender, with the same words, made since: exactly
    // one is the one. Otherwise Failure::unknown. Never sent twice.
    net::Task<Outcome<Message>> create(MessageCreate wanted);
    net::Task<Outcome<Message>> fetch(std::string sid);
    net::Task<Outcome<std::vector<Message>>> list(MessageFilter filter);
    net::Task<Outcome<Message>> redact(std::string sid);  // its words are taken out at Twilio
    net::Task<Outcome<Message>> cancel(std::string sid);  // a scheduled one
    net::Task<Outcome<>> remove(std::string sid);

    net::Task<Outcome<std::vector<MessageMedia>>> media(std::string message_sid, std::size_t most = 10);
    net::Task<Outcome<std::string>> media_bytes(std::string message_sid, std::string media_sid, std::size_t limit = 8U << 20U);
    net::Task<Outcome<std::uint64_t>> media_to(std::string message_sid, std::string media_sid, std::size_t limit, Sink sink);
    net::Task<Outcome<>> remove_media(std::string message_sid, std::string media_sid);

private:
    Client& client_;
};

}  // namespace parley::rest
