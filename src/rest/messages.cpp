#include "parley/rest/messages.hpp"

#include <array>

#include "parley/net/deadline.hpp"
#include "resource.hpp"
#include "words.hpp"

namespace parley::rest {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<MessageStatus, std::string_view>, 14> kNames{{{MessageStatus::queued, "queued"},
                                                                             {MessageStatus::sending, "sending"},
                                                                             {MessageStatus::sent, "sent"},
                                                                             {MessageStatus::failed, "failed"},
                                                                             {MessageStatus::delivered, "delivered"},
                                                                             {MessageStatus::undelivered, "undelivered"},
                                                                             {MessageStatus::receiving, "receiving"},
                                                                             {MessageStatus::received, "received"},
                                                                             {MessageStatus::accepted, "accepted"},
                                                                             {MessageStatus::scheduled, "scheduled"},
                                                                             {MessageStatus::read, "read"},
                                                                             {MessageStatus::partially_delivered, "partially_delivered"},
                                                                             {MessageStatus::canceled, "canceled"},
                                                                             {MessageStatus::other, "other"}}};
constexpr int kLooks = 3;
constexpr std::chrono::seconds kSlack{2};

Message read_message(const Fields& f) {
    Message m;
    m.sid = f.text("sid");
    m.account_sid = f.text("account_sid");
    m.messaging_service_sid = f.text("messaging_service_sid");
    m.to = f.text("to");
    m.from = f.text("from");
    m.body = f.text("body");
    m.direction = f.text("direction");
    m.error_message = f.text("error_message");
    m.price = f.text("price");
    m.price_unit = f.text("price_unit");
    m.status = message_status(f.text("status"));
    m.num_segments = f.number("num_segments");
    m.num_media = f.number("num_media");
    m.error_code = f.number("error_code");
    m.date_created = f.when("date_created");
    m.date_updated = f.when("date_updated");
    m.date_sent = f.when("date_sent");
    return m;
}

MessageMedia read_media(const Fields& f) {
    MessageMedia m;
    m.sid = f.text("sid");
    m.account_sid = f.text("account_sid");
    m.parent_sid = f.text("parent_sid");
    m.content_type = f.text("content_type");
    m.date_created = f.when("date_created");
    m.date_updated = f.when("date_updated");
    return m;
}

void fill(Params& params, const MessageCreate& c) {
    Fill add(params);
    add.always("To", c.to);
    add("From", c.from)("MessagingServiceSid", c.messaging_service_sid)("Body", c.body)("MediaUrl", c.media_url);
    add("ContentSid", c.content_sid)("ContentVariables", c.content_variables)("StatusCallback", c.status_callback)("ApplicationSid", c.application_sid);
    add("MaxPrice", c.max_price)("ProvideFeedback", c.provide_feedback)("Attempt", c.attempt)("ValidityPeriod", c.validity_period)("ForceDelivery",
                                                                                                                                   c.force_delivery);
    add("ContentRetention", c.content_retention)("AddressRetention", c.address_retention)("SmartEncoded", c.smart_encoded)("PersistentAction",
                                                                                                                           c.persistent_action);
    add("TrafficType", c.traffic_type)("ShortenUrls", c.shorten_urls)("ScheduleType", c.schedule_type)("SendAt", c.send_at)("SendAsMms", c.send_as_mms);
    add("RiskCheck", c.risk_check)("FallbackFrom", c.fallback_from);
}

std::string item(const std::string& sid) {
    return "/Messages/" + segment(sid) + ".json";
}
std::string media_item(const std::string& message, const std::string& media) {
    return "/Messages/" + segment(message) + "/Media/" + segment(media);
}

bool same(const Message& m, const MessageCreate& wanted) {
    if (m.direction == "inbound" || !wanted.body || m.body != *wanted.body || m.to != wanted.to) return false;
    if (wanted.from && m.from != *wanted.from) return false;
    if (wanted.messaging_service_sid && m.messaging_service_sid != *wanted.messaging_service_sid) return false;
    return static_cast<std::size_t>(m.num_media.value_or(0)) == wanted.media_url.size();
}

net::Task<Outcome<Message>> create_one(Client& client, MessageCreate wanted) {
    const auto began = WallClock::now();
    Request request = post("/Messages.json", Repeat::never);
    request.within = milliseconds(12000);
    fill(request.params, wanted);
    Outcome<Message> made = co_await one(client, std::move(request), &read_message);
    if (made) {
        client.remember(made->sid);
        co_return std::move(made);
    }
    if (made.error().kind != Failure::unknown) co_return std::move(made);
    Error lost = made.error();
    lost.sentence = "No answer came from Twilio: the message may or may not have been sent.";
    lost.remedy = "Look at the account's messages before sending it again.";
    if (!wanted.body) co_return lost;  // words are what it could be known by
    auto pause = client.settings().first_pause;
    for (int look = 0; look < kLooks; ++look) {
        const bool waited = co_await net::sleep_until(Clock::now() + pause);
        if (!waited) co_return lost;
        pause *= 3;
        Request list = get("/Messages.json");
        list.within = milliseconds(4000);
        Fill(list.params).always("To", wanted.to)("From", wanted.from).always("PageSize", "50");
        Outcome<Answer> answer = co_await client.send(std::move(list));
        if (!answer) continue;
        const auto now = WallClock::now();
        const auto from = began + (answer->date ? *answer->date - now : Duration(0)) - kSlack;
        const auto document = Document::parse(answer->body);
        if (!document) continue;
        std::optional<Message> found;
        for (const Fields& entry : document->root().items("messages")) {
            Message message = read_message(entry);
            if (!message.date_created || *message.date_created < from || client.remembers(message.sid) || !same(message, wanted)) continue;
            if (found) co_return lost;  // two that could be it
            found = std::move(message);
        }
        if (found) {
            client.remember(found->sid);
            co_return std::move(*found);
        }
    }
    co_return lost;
}

net::Task<Outcome<std::string>> bytes_of(Client& client, Download download) {
    std::string body;
    Sink sink = [&body](std::string_view piece) {
        body += piece;
        return true;
    };
    Outcome<std::uint64_t> bytes = co_await client.download(std::move(download), std::move(sink));
    if (!bytes) co_return bytes.error();
    co_return std::move(body);
}

}  // namespace

MessageStatus message_status(std::string_view text) {
    return value_of(kNames, text, MessageStatus::other);
}

std::string_view name(MessageStatus status) {
    return word_of(kNames, status);
}

net::Task<Outcome<Message>> Messages::create(MessageCreate wanted) {
    return create_one(client_, std::move(wanted));
}
net::Task<Outcome<Message>> Messages::fetch(std::string sid) {
    return one(client_, get(item(sid)), &read_message);
}
net::Task<Outcome<std::vector<Message>>> Messages::list(MessageFilter filter) {
    Request request = get("/Messages.json");
    Fill add(request.params);
    add("To", filter.to)("From", filter.from)("DateSent", filter.date_sent)("DateSent<", filter.date_sent_before)("DateSent>", filter.date_sent_after);
    return all(client_, std::move(request), "messages", filter.most, &read_message);
}
net::Task<Outcome<Message>> Messages::redact(std::string sid) {
    Request request = post(item(sid), Repeat::safe);
    request.params.emplace_back("Body", "");
    return one(client_, std::move(request), &read_message);
}
net::Task<Outcome<Message>> Messages::cancel(std::string sid) {
    Request request = post(item(sid), Repeat::safe);
    request.params.emplace_back("Status", "canceled");
    return one(client_, std::move(request), &read_message);
}
net::Task<Outcome<>> Messages::remove(std::string sid) {
    return gone(client_, erase(item(sid)));
}
net::Task<Outcome<std::vector<MessageMedia>>> Messages::media(std::string message_sid, std::size_t most) {
    return all(client_, get("/Messages/" + segment(message_sid) + "/Media.json"), "media_list", most, &read_media);
}
net::Task<Outcome<std::string>> Messages::media_bytes(std::string message_sid, std::string media_sid, std::size_t limit) {
    Download download;
    download.path = media_item(message_sid, media_sid);
    download.limit = limit;
    return bytes_of(client_, std::move(download));
}
net::Task<Outcome<std::uint64_t>> Messages::media_to(std::string message_sid, std::string media_sid, std::size_t limit, Sink sink) {
    Download download;
    download.path = media_item(message_sid, media_sid);
    download.limit = limit;
    return client_.download(std::move(download), std::move(sink));
}
net::Task<Outcome<>> Messages::remove_media(std::string message_sid, std::string media_sid) {
    return gone(client_, erase(media_item(message_sid, media_sid) + ".json"));
}

}  // namespace parley::rest
