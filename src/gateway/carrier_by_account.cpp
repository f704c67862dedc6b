#include "carrier_by_account.hpp"

#include "call_accounts.hpp"
#include <deque>
#include <map>

namespace parley::gateway {

namespace {

using control::Carrier;
using control::Reply;

constexpr std::size_t kRemembered = 4096;
constexpr std::string_view kRoom = "room-";  // control::room_of

// Coroutines of the carriers behind it take what they are given by value and keep no reference to this.
class CarrierByAccount final : public Carrier {
public:
    CarrierByAccount(Telephony& telephony, std::unique_ptr<Carrier> own) : t_(telephony), own_(std::move(own)), clients_(telephony) {}

    Reply<rest::Call> create(rest::CallCreate wanted) override {
        const auto account = account_of_number(wanted.from);
        if (account.empty()) return own_->create(std::move(wanted));
        return created(account, std::move(wanted));
    }
    Reply<rest::Call> fetch(std::string call_sid) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->fetch(std::move(call_sid));
        co_return done;
    }
    Reply<rest::Call> update(std::string call_sid, rest::CallUpdate wanted) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->update(std::move(call_sid), std::move(wanted));
        co_return done;
    }
    Reply<> hang_up(std::string call_sid, bool only_before_answer) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->hang_up(std::move(call_sid), only_before_answer);
        co_return done;
    }
    Reply<std::vector<rest::Call>> children(std::string call_sid) override {
        auto account = co_await account_of_call(call_sid);
        auto legs = co_await of_account(account).children(std::move(call_sid));
        if (legs && !account.empty())
            for (const auto& leg : *legs) remember(leg.sid, account);
        co_return legs;
    }

    Reply<std::vector<rest::Conference>> conferences() override { return own_->conferences(); }
    Reply<std::optional<rest::Conference>> conference(std::string friendly_name) override {
        auto account = co_await account_of_room(friendly_name);
        auto found = co_await of_account(account).conference(std::move(friendly_name));
        if (found && *found && !account.empty()) remember((*found)->sid, account);
        co_return found;
    }
    Reply<std::vector<rest::Participant>> participants(std::string conference_sid) override {
        auto* carrier = co_await of_conference(conference_sid);
        auto done = co_await carrier->participants(std::move(conference_sid));
        co_return done;
    }
    Reply<rest::Participant> add_participant(std::string conference, rest::ParticipantCreate wanted) override {
        auto account = co_await account_of_room(conference);
        if (account.empty()) account = recalled(conference);
        auto added = co_await of_account(account).add_participant(std::move(conference), std::move(wanted));
        co_return added;
    }
    Reply<rest::Participant> update_participant(std::string conference_sid, std::string call_sid, rest::ParticipantUpdate wanted) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->update_participant(std::move(conference_sid), std::move(call_sid), std::move(wanted));
        co_return done;
    }
    Reply<rest::Conference> announce(std::string conference_sid, std::string url) override {
        auto* carrier = co_await of_conference(conference_sid);
        auto done = co_await carrier->announce(std::move(conference_sid), std::move(url));
        co_return done;
    }
    Reply<> end_conference(std::string conference_sid) override {
        auto* carrier = co_await of_conference(conference_sid);
        auto done = co_await carrier->end_conference(std::move(conference_sid));
        co_return done;
    }

    Reply<std::vector<rest::Queue>> queues() override { return own_->queues(); }
    Reply<std::vector<rest::QueueMember>> queue_members(std::string queue_sid) override { return own_->queue_members(std::move(queue_sid)); }

    Reply<rest::Recording> start_recording(std::string call_sid, rest::RecordingStart wanted) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->start_recording(std::move(call_sid), std::move(wanted));
        co_return done;
    }
    Reply<rest::Recording> pause_recording(std::string call_sid) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->pause_recording(std::move(call_sid));
        co_return done;
    }
    Reply<rest::Recording> resume_recording(std::string call_sid) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->resume_recording(std::move(call_sid));
        co_return done;
    }
    Reply<rest::Recording> stop_recording(std::string call_sid) override {
        auto* carrier = co_await of_call(call_sid);
        auto done = co_await carrier->stop_recording(std::move(call_sid));
        co_return done;
    }

private:
    Reply<rest::Call> created(std::string account, rest::CallCreate wanted) {
        auto made = co_await of_account(account).create(std::move(wanted));
        if (made) remember(made->sid, account);
        co_return made;
    }

    [[nodiscard]] std::string account_of_number(const std::string& number) const {
        const auto agents = t_.agents();
        if (!agents->has_number(number)) return {};
        const auto agent = agents->by_number(number);
        return agent == nullptr ? std::string() : agent->account;
    }
    // As its own webhook said, here or to another instance; else what was learned here.
    [[nodiscard]] net::Task<std::string> account_of_call(std::string call_sid) const {
        auto known = recalled(call_sid);
        if (known.empty()) known = co_await account_of(t_, std::move(call_sid));
        co_return known;
    }
    [[nodiscard]] net::Task<std::string> account_of_room(std::string name) const {
        std::string account;
        if (name.starts_with(kRoom)) account = co_await account_of_call(name.substr(kRoom.size()));
        co_return account;
    }

    net::Task<Carrier*> of_call(std::string call_sid) {
        const auto account = co_await account_of_call(std::move(call_sid));
        co_return &of_account(account);
    }
    net::Task<Carrier*> of_conference(std::string conference_sid) {
        const auto account = co_await account_of_call(std::move(conference_sid));
        co_return &of_account(account);
    }
    Carrier& of_account(const std::string& account) {
        if (account.empty()) return *own_;
        // Also brings the client's token up to date.
        auto* client = clients_.of(account);
        if (client == nullptr) return *own_;
        auto& carrier = carriers_[account];
        if (!carrier) carrier = control::make_carrier(*client);
        return *carrier;
    }

    void remember(const std::string& sid, const std::string& account) {
        if (!accounts_.emplace(sid, account).second) return;
        keep_account(t_, sid, account);  // the next request about it may come from another instance
        order_.push_back(sid);
        if (order_.size() <= kRemembered) return;
        accounts_.erase(order_.front());
        order_.pop_front();
    }
    [[nodiscard]] std::string recalled(const std::string& sid) const {
        const auto found = accounts_.find(sid);
        return found == accounts_.end() ? std::string() : found->second;
    }

    Telephony& t_;
    std::unique_ptr<Carrier> own_;
    AccountClients clients_;
    std::map<std::string, std::unique_ptr<Carrier>> carriers_;
    std::map<std::string, std::string> accounts_;  // of calls placed, their legs, conferences
    std::deque<std::string> order_;
};

}  // namespace

std::unique_ptr<Carrier> make_carrier_by_account(Telephony& telephony, std::unique_ptr<Carrier> own) {
    return std::make_unique<CarrierByAccount>(telephony, std::move(own));
}

}  // namespace parley::gateway
