#pragma once
// Messages, Media and Feedback; the phones they end in; messages that come in and what is answered to them.

#include <set>

#include "../text_messages.hpp"
#include "callback_post.hpp"
#include "world.hpp"

namespace parley::sim {

class Messages final : public Family {
public:
    explicit Messages(RestWorld& world) : world_(world), post_(world) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

    struct Incoming {
        std::string from, to, body;
        std::vector<PhoneMedia> media;
    };
    // A person writes to an owned number. Answers the SID, or nothing and why not.
    [[nodiscard]] std::string receive(Incoming incoming, std::string& why_not);
    [[nodiscard]] std::vector<PhoneMessage> inbox(const std::string& number) const;
    void clear_inbox(const std::string& number) { inboxes_.erase(number); }
    void set_rule(const std::string& number, PhoneRule rule) { world_.options.phones[number] = std::move(rule); }
    [[nodiscard]] CallbackPost& post() { return post_; }
    // Sends as <Sms> of a call and <Message> of a reply do; the reason when it is refused.
    [[nodiscard]] std::optional<ApiAnswer> send_reply(const TwimlReply& reply, const std::string& from, const std::string& to, std::string& sid);

private:
    struct Draft {
        std::string from, to, body, direction, callback, service, schedule;
        std::vector<std::string> media;
    };
    struct Attachment {
        std::string sid, type, url, bytes;  // url: where it really is, when there are no bytes
        WallTime created;
    };
    [[nodiscard]] ApiAnswer create(const ApiCall& call);
    [[nodiscard]] std::optional<ApiAnswer> refuse(const Draft& draft);
    Record& keep(const Draft& draft, const std::string& status);
    [[nodiscard]] ApiAnswer list(const ApiCall& call);
    [[nodiscard]] ApiAnswer one(const ApiCall& call, Record& record);
    [[nodiscard]] ApiAnswer media(const ApiCall& call, Record& record);
    [[nodiscard]] Json media_json(const std::string& message, const Attachment& attachment) const;
    [[nodiscard]] Task<> deliver(std::string sid, std::string callback);
    void progress(const std::string& sid, const std::string& status, const std::string& callback, bool last, int error = 0);
    [[nodiscard]] Task<> converse(std::string sid, Incoming incoming);
    [[nodiscard]] Form incoming_form(const std::string& sid, const Incoming& incoming) const;
    [[nodiscard]] PhoneRule rule(const std::string& number) const;

    RestWorld& world_;
    CallbackPost post_;
    Records records_;
    std::map<std::string, std::vector<Attachment>> attachments_;  // by message
    std::map<std::string, std::vector<PhoneMessage>> inboxes_;
    std::set<std::pair<std::string, std::string>> opted_out_;  // person, number
    std::map<std::string, CookieJar> cookies_;                 // "person number"
};

}  // namespace parley::sim
