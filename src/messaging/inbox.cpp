#include "parley/messaging/inbox.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <set>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "parley/base/ids.hpp"
#include "parley/brain/text_talk.hpp"
#include "parley/messaging/delivery.hpp"
#include "parley/net/deadline.hpp"
#include "parley/twilio/sid.hpp"
#include "parley/twilio/twiml.hpp"

namespace parley::messaging {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr std::size_t kMostAnswers = 4096;             // remembered for duplicates
constexpr std::size_t kMostPieces = 10;                // of one answer
constexpr auto kRestAfter = std::chrono::minutes(10);  // a talk nobody continues is put away, its memory kept
constexpr auto kSweepEvery = std::chrono::seconds(60);

struct Piece {
    std::string text;
    std::vector<std::string> media;
};

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string twiml_of(const std::vector<Piece>& pieces) {
    twilio::MessagingResponse response;
    for (const auto& piece : pieces) {
        if (piece.media.empty()) {
            response.message(piece.text);
        } else {
            twilio::twiml::Message message;
            if (!piece.text.empty()) message.body = piece.text;
            message.media = piece.media;
            response.message(message);
        }
    }
    auto text = response.str();
    if (text) return std::move(*text);
    auto nothing = twilio::MessagingResponse().str();
    return nothing ? std::move(*nothing) : std::string();
}

std::string note_of_media(const std::vector<Incoming::Media>& media) {
    if (media.empty()) return {};
    std::string note = media.size() == 1 ? "[The message came with an attachment you cannot see: "
                                         : "[The message came with " + std::to_string(media.size()) + " attachments you cannot see: ";
    for (std::size_t i = 0; i < media.size(); ++i)
        note += (i == 0 ? "" : ", ") + (media[i].type.empty() ? std::string("unknown") : media[i].type.substr(0, 60));
    return note + "]";
}

}  // namespace

std::optional<Incoming> read_incoming(const twilio::Form& form) {
    Incoming message;
    message.sid = form.get("MessageSid");
    if (message.sid.empty()) message.sid = form.get("SmsMessageSid");
    message.from = form.get("From");
    message.to = form.get("To");
    message.body = form.get("Body").substr(0, 16 * kMostCharacters);
    message.opt_out_type = form.get("OptOutType");
    if ((!twilio::is_sid(message.sid, "SM") && !twilio::is_sid(message.sid, "MM")) || message.from.empty() || message.to.empty() || message.from.size() > 80 ||
        message.to.size() > 80)
        return std::nullopt;
    const auto number = [&](std::string_view name) {
        std::size_t value = 0;
        const auto text = form.get(name);
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    message.segments = std::min<std::size_t>(number("NumSegments"), 100);
    const auto media = std::min(number("NumMedia"), kMostMedia);
    for (std::size_t i = 0; i < media; ++i) {
        const auto at = std::to_string(i);
        message.media.push_back({std::string(form.get("MediaUrl" + at).substr(0, 2000)), std::string(form.get("MediaContentType" + at).substr(0, 100))});
    }
    return message;
}

struct Inbox::Impl : std::enable_shared_from_this<Impl> {
    explicit Impl(Services given) : services(std::move(given)) {}

    // What the vendors of one talk tell: to everybody's sink, and to whoever counts what it costs.
    struct TalkSink final : brain::VendorSink {
        TalkSink(const Services& to, std::shared_ptr<const call::Agent> whose, std::string name) : services(to), agent(std::move(whose)), id(std::move(name)) {}
        const Services& services;
        std::shared_ptr<const call::Agent> agent;
        std::string id;
        void on_vendor(const brain::VendorRecord& record) override {
            services.vendor.on_vendor(record);
            on_used(record);
        }
        void on_used(const brain::VendorRecord& more) override {
            if (services.used) services.used(*agent, id, more);
        }
        void on_failover(std::string_view role, std::string_view from, std::string_view to, std::string_view reason) override {
            services.vendor.on_failover(role, from, to, reason);
        }
        void on_event(std::string_view event) override { services.vendor.on_event(event); }
    };
    struct Conversation {
        std::string id;
        std::shared_ptr<const call::Agent> agent;
        std::shared_ptr<TalkSink> vendor;  // outlives `talk`
        std::unique_ptr<brain::Actions> actions;
        std::unique_ptr<brain::TextTalk> talk;  // before `actions` goes
        brain::TalkMemory memory;
        TimePoint last{};
        bool fresh = true;
        std::uint32_t turns = 0;  // under way
    };
    // What one message is answered, for whoever asks: the first request, its repetition, and the turn that goes on behind them.
    struct Pending {
        explicit Pending(const asio::any_io_executor& executor) : changed(executor, TimePoint::max()) {}
        asio::steady_timer changed;
        std::optional<std::string> twiml;
        std::string conversation;
    };

    net::Task<std::string> receive(Incoming message, std::shared_ptr<const call::Agent> agent, SmsSettings settings) {
        if (const auto known = answers.find(message.sid); known != answers.end()) {
            const auto pending = known->second;
            services.log.info("webhook.duplicate", "A messaging webhook was delivered again.", {{"message_sid", message.sid}});
            while (!pending->twiml) co_await pending->changed.async_wait(net::nothrow);
            co_return *pending->twiml;
        }
        auto pending = std::make_shared<Pending>(services.executor);
        pending->conversation = conversation_id(message.to, message.from);
        answers.emplace(message.sid, pending);
        order.push_back(message.sid);
        while (order.size() > kMostAnswers) {
            answers.erase(order.front());
            order.pop_front();
        }
        auto work = answer(shared_from_this(), pending, std::move(message), std::move(agent), std::move(settings));
        services.spawn(std::move(work));
        const auto deadline = Clock::now() + services.answer_within;
        while (!pending->twiml) {
            // The turn wakes us by moving the expiry; late is late for every waiter alike.
            pending->changed.expires_at(deadline);
            co_await pending->changed.async_wait(net::nothrow);
            if (!pending->twiml && Clock::now() >= deadline) settle(*pending, twiml_of({}));
        }
        co_return *pending->twiml;
    }

    static void settle(Pending& pending, std::string twiml) {
        if (pending.twiml) return;
        pending.twiml = std::move(twiml);
        pending.changed.cancel();
    }

    static net::Task<> answer(std::shared_ptr<Impl> self, std::shared_ptr<Pending> pending, Incoming message, std::shared_ptr<const call::Agent> agent,
                              SmsSettings settings) {
        std::vector<Piece> pieces;
        const auto id = conversation_id(message.to, message.from);
        try {
            auto found = co_await self->answer_to(id, message, agent, settings);
            pieces = std::move(found);
        } catch (const std::exception& e) {
            self->services.log.error("message.failed", "A message could not be answered.", {{"record", id}, {"error.type", e.what()}});
        }
        if (pieces.size() > kMostPieces) pieces.resize(kMostPieces);
        if (!pending->twiml) {
            // Paid like what goes by REST, and within the same limits: two machines would answer each other for ever.
            for (std::size_t i = 0; i < pieces.size(); ++i) {
                if (const auto why = self->services.sender.reply(message.to, message.from); why != Refused::none) {
                    self->silent(id, message, name(why), count_segments(pieces[i].text).segments);
                    pieces.resize(i);
                    break;
                }
                self->note_reply(id, message, agent, pieces[i]);
            }
            settle(*pending, twiml_of(pieces));
            co_return;
        }
        // Too late for the webhook: the words follow on their own.
        for (auto& piece : pieces) {
            Outgoing outgoing;
            outgoing.to = message.from;
            outgoing.from = message.to;
            outgoing.body = std::move(piece.text);
            outgoing.media = std::move(piece.media);
            outgoing.record = id;
            outgoing.by = "agent " + agent->name;
            auto sent = co_await self->services.sender.send(std::move(outgoing));
            if (!sent.ok()) break;
        }
    }

    void silent(const std::string& id, const Incoming& message, std::string_view reason, std::size_t segments) {
        if (services.count) services.count("out", reason, segments);
        services.log.warn("message.refused", "A message was not answered.", {{"reason", reason}, {"to", twilio::mask_phone(message.from)}, {"record", id}});
        if (services.records != nullptr)
            services.records->add(id, store::Fact::message,
                                  dumped({{"direction", "out"},
                                          {"to", message.from},
                                          {"from", message.to},
                                          {"status", "refused"},
                                          {"error", reason},
                                          {"in_reply_to", message.sid}}));
    }

    void note_reply(const std::string& id, const Incoming& message, const std::shared_ptr<const call::Agent>& agent, const Piece& piece) {
        const auto counted = count_segments(piece.text);
        if (services.count) services.count("out", "replied", counted.segments);
        if (services.records == nullptr) return;
        json fact{{"direction", "out"},           {"to", message.from},  {"from", message.to},         {"text", piece.text},
                  {"segments", counted.segments}, {"status", "replied"}, {"in_reply_to", message.sid}, {"by", "agent " + agent->name}};
        if (!piece.media.empty()) fact["media"] = piece.media;
        services.records->add(id, store::Fact::message, dumped(fact));
    }

    void note_incoming(const std::string& id, const Incoming& message, const std::shared_ptr<const call::Agent>& agent) {
        if (services.count) services.count("in", "received", message.segments);
        services.log.info("message.received", "A message came in.",
                          {{"message_sid", message.sid},
                           {"from", twilio::mask_phone(message.from)},
                           {"agent", agent->name},
                           {"media", message.media.size()},
                           {"record", id}});
        if (services.records == nullptr) return;
        services.records->add(id, store::Fact::call, dumped({{"direction", "sms"}, {"from", message.from}, {"to", message.to}, {"agent", agent->name}}));
        json fact{{"sid", message.sid},           {"direction", "in"},   {"from", message.from}, {"to", message.to}, {"text", message.body},
                  {"segments", message.segments}, {"status", "received"}};
        for (const auto& media : message.media) fact["media"].push_back({{"url", media.url}, {"type", media.type}});
        if (!message.opt_out_type.empty()) fact["opt_out"] = message.opt_out_type;
        services.records->add(id, store::Fact::message, dumped(fact));
    }

    net::Task<std::vector<Piece>> answer_to(const std::string& id, const Incoming& message, const std::shared_ptr<const call::Agent>& agent,
                                            const SmsSettings& settings) {
        note_incoming(id, message, agent);
        std::vector<Piece> pieces;
        // Twilio answers these words itself; a second answer would only confuse.
        const auto keyword = keyword_of(message.body);
        const bool was_out = services.opt_outs.is_out(message.to, message.from);
        if (keyword == Keyword::stop || message.opt_out_type == "STOP") {
            services.opt_outs.out(message.to, message.from);
            services.log.audit("message.opted_out", "A recipient wants no more messages.",
                               {{"from", twilio::mask_phone(message.from)}, {"to", twilio::mask_phone(message.to)}});
            forget(id);
            co_return pieces;
        }
        if (message.opt_out_type == "START" || (keyword == Keyword::start && was_out)) {
            services.opt_outs.in(message.to, message.from);
            co_return pieces;
        }
        if (keyword == Keyword::help || !message.opt_out_type.empty() || settings.mode == Mode::off) co_return pieces;

        if (services.ours && services.ours(message.from)) {
            silent(id, message, "invalid", 0);
            co_return pieces;
        }
        // Nothing is thought about what nobody will read.
        if (const auto why = services.sender.may_reply(message.to, message.from); why != Refused::none) {
            silent(id, message, name(why), 0);
            co_return pieces;
        }
        auto conversation = find(id, agent, settings);
        const bool first = std::exchange(conversation->fresh, false);
        if (first && !settings.greeting.empty()) pieces.push_back({settings.greeting, {}});
        if (const auto* rule = first_match(settings.rules, message.body)) {
            for (auto& text : split_text(rule->reply)) pieces.push_back({std::move(text), {}});
            if (!rule->media.empty()) {
                const bool beside = !pieces.empty() && !rule->reply.empty();
                if (!beside) pieces.push_back({});
                pieces.back().media = rule->media;
            }
            co_return pieces;
        }
        if (settings.mode != Mode::brain) co_return pieces;
        if (!open(*conversation, message)) co_return pieces;
        if (first && !settings.greeting.empty()) conversation->talk->agent_said(settings.greeting);
        auto said = message.body;
        if (const auto note = note_of_media(message.media); !note.empty()) said += (said.empty() ? "" : "\n") + note;
        // Guarded against coroutines that are ended from outside.
        struct Turn {
            std::uint32_t& turns;
            explicit Turn(std::uint32_t& count) : turns(count) { ++turns; }
            ~Turn() { --turns; }
            Turn(const Turn&) = delete;
            Turn& operator=(const Turn&) = delete;
        };
        const Turn counted(conversation->turns);
        auto turn = co_await conversation->talk->said(std::move(said));
        conversation->last = Clock::now();
        if (turn.superseded) {
            // The next message's answer is for this one too.
            pieces.clear();
            co_return pieces;
        }
        if (turn.failed) services.log.warn("message.unanswered", "The brain had no answer to a message.", {{"record", id}, {"agent", agent->name}});
        for (auto& text : split_text(turn.text())) pieces.push_back({std::move(text), {}});
        if (turn.then == conversation::ReplyThen::transfer && services.records != nullptr)
            services.records->add(id, store::Fact::note, dumped({{"text", "the agent wanted to hand over to " + turn.target}}));
        if (turn.then == conversation::ReplyThen::end_call) forget(id);
        co_return pieces;
    }

    // --- conversations -----------------------------------------------------------------------------------------------

    std::shared_ptr<Conversation> find(const std::string& id, const std::shared_ptr<const call::Agent>& agent, const SmsSettings& settings) {
        const auto now = Clock::now();
        sweep(now);
        auto& entry = book[id];
        if (entry && (now - entry->last > settings.session || entry->agent->name != agent->name)) retire(std::exchange(entry, nullptr));
        if (!entry) {
            entry = std::make_shared<Conversation>();
            entry->id = id;
            entry->agent = agent;
        }
        entry->last = now;
        if (entry->agent != agent && entry->turns == 0) {  // a new revision of it
            put_away(*entry);
            entry->agent = agent;
        }
        auto found = entry;
        while (book.size() > services.most_conversations) {
            auto oldest = book.end();
            for (auto it = book.begin(); it != book.end(); ++it)
                if (it->second->turns == 0 && it->second != found && (oldest == book.end() || it->second->last < oldest->second->last)) oldest = it;
            if (oldest == book.end()) break;
            retire(oldest->second);
            book.erase(oldest);
        }
        return found;
    }

    bool open(Conversation& conversation, const Incoming& message) {
        if (conversation.talk) return true;
        if (!conversation.agent->pipeline) return false;
        brain::CallFacts facts;
        facts.call_sid = conversation.id;
        facts.from = message.from;
        facts.to = message.to;
        facts.agent = conversation.agent->name;
        facts.seed = random_u64();
        facts.written = true;
        if (services.actions) conversation.actions = services.actions(*conversation.agent, facts);
        brain::TalkSettings how;
        how.answer_within = services.brain_within;
        conversation.vendor = std::make_shared<TalkSink>(services, conversation.agent, conversation.id);
        try {
            conversation.talk = std::make_unique<brain::TextTalk>(
                *conversation.agent->pipeline, facts, brain::TalkPorts{*conversation.vendor, services.executor, services.http, conversation.actions.get()}, how,
                std::move(conversation.memory));
        } catch (const std::exception& e) {
            services.log.error("message.failed", "The agent's brain cannot answer text.", {{"agent", conversation.agent->name}, {"error.type", e.what()}});
            return false;
        }
        conversation.memory = {};
        return true;
    }

    void put_away(Conversation& conversation) {
        if (!conversation.talk) return;
        conversation.memory = conversation.talk->memory();
        auto closing = close(conversation.vendor, std::move(conversation.talk), std::move(conversation.actions));
        services.spawn(std::move(closing));
    }
    static net::Task<> close(std::shared_ptr<TalkSink> /*kept*/, std::unique_ptr<brain::TextTalk> talk, std::unique_ptr<brain::Actions> actions) {
        co_await talk->close();
        talk.reset();
        actions.reset();
    }
    // For good. A turn that is under way ends as superseded.
    void retire(const std::shared_ptr<Conversation>& conversation) {
        if (!conversation || !conversation->talk) return;
        auto closing = close_kept(conversation);
        services.spawn(std::move(closing));
    }
    static net::Task<> close_kept(std::shared_ptr<Conversation> conversation) { co_await conversation->talk->close(); }
    void forget(const std::string& id) {
        const auto found = book.find(id);
        if (found == book.end()) return;
        retire(found->second);
        book.erase(found);
    }
    void sweep(TimePoint now) {
        if (now - swept < kSweepEvery) return;
        swept = now;
        for (auto& [id, conversation] : book)
            if (conversation->turns == 0 && now - conversation->last > kRestAfter) put_away(*conversation);
    }

    Services services;
    std::map<std::string, std::shared_ptr<Conversation>, std::less<>> book;
    std::map<std::string, std::shared_ptr<Pending>, std::less<>> answers;
    std::deque<std::string> order;
    TimePoint swept{};
};

Inbox::Inbox(Services services) : impl_(std::make_shared<Impl>(std::move(services))) {}
Inbox::~Inbox() = default;
net::Task<std::string> Inbox::receive(Incoming message, std::shared_ptr<const call::Agent> agent, SmsSettings settings) {
    return impl_->receive(std::move(message), std::move(agent), std::move(settings));
}
void Inbox::forget(const std::string& id) {
    impl_->forget(id);
    for (const auto& [sid, pending] : impl_->answers)  // the same message again is answered with nothing
        if (pending->conversation == id && pending->twiml) pending->twiml = twiml_of({});
}
std::size_t Inbox::conversations() const {
    return impl_->book.size();
}

}  // namespace parley::messaging
