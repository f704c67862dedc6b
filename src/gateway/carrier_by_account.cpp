#include "carrier_by_account.hpp"

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
        auto& carrier = of_call(call_sid);
        return carrier.fetch(std::move(call_sid));
    }
    Reply<rest::Call> update(std::string call_sid, rest::CallUpdate wanted) override {
        auto& carrier = of_call(call_sid);
        return carrier.update(std::move(call_sid), std::move(wanted));
    }
    Reply<> hang_up(std::string call_sid, bool only_before_answer) override {
        auto& carrier = of_call(call_sid);
        return carrier.hang_up(std::move(call_sid), only_before_answer);
    }
    Reply<std::vector<rest::Call>> children(std::string call_sid) override {
        const auto account = account_of_call(call_sid);
        if (account.empty()) return own_->children(std::move(call_sid));
        return their_children(account, std::move(call_sid));
    }

    Reply<std::vector<rest::Conference>> conferences() override { return own_->conferences(); }
    Reply<std::optional<rest::Conference>> conference(std::string friendly_name) override {
        const auto account = account_of_room(friendly_name);
        if (account.empty()) return own_->conference(std::move(friendly_name));
        return their_conference(account, std::move(friendly_name));
    }
    Reply<std::vector<rest::Participant>> participants(std::string conference_sid) override {
        auto& carrier = of_conference(conference_sid);
        return carrier.participants(std::move(conference_sid));
    }
    Reply<rest::Participant> add_participant(std::string conference, rest::ParticipantCreate wanted) override {
        const auto account = account_of_room(conference);
        auto& carrier = of_account(account.empty() ? recalled(conference) : account);
        return carrier.add_participant(std::move(conference), std::move(wanted));
    }
    Reply<rest::Participant> update_participant(std::string conference_sid, std::string call_sid, rest::ParticipantUpdate wanted) override {
        auto& carrier = of_call(call_sid);
        return carrier.update_participant(std::move(conference_sid), std::move(call_sid), std::move(wanted));
    }
    Reply<rest::Conference> announce(std::string conference_sid, std::string url) override {
        auto& carrier = of_conference(conference_sid);
        return carrier.announce(std::move(conference_sid), std::move(url));
    }
    Reply<> end_conference(std::string conference_sid) override {
        auto& carrier = of_conference(conference_sid);
        return carrier.end_conference(std::move(conference_sid));
    }

    Reply<std::vector<rest::Queue>> queues() override { return own_->queues(); }
    Reply<std::vector<rest::QueueMember>> queue_members(std::string queue_sid) override { return own_->queue_members(std::move(queue_sid)); }

    Reply<rest::Recording> start_recording(std::string call_sid, rest::RecordingStart wanted) override {
        auto& carrier = of_call(call_sid);
        return carrier.start_recording(std::move(call_sid), std::move(wanted));
    }
    Reply<rest::Recording> pause_recording(std::string call_sid) override {
        auto& carrier = of_call(call_sid);
        return carrier.pause_recording(std::move(call_sid));
    }
    Reply<rest::Recording> resume_recording(std::string call_sid) override {
        auto& carrier = of_call(call_sid);
        return carrier.resume_recording(std::move(call_sid));
    }
    Reply<rest::Recording> stop_recording(std::string call_sid) override {
        auto& carrier = of_call(call_sid);
        return carrier.stop_recording(std::move(call_sid));
    }

private:
    Reply<rest::Call> created(std::string account, rest::CallCreate wanted) {
        auto made = co_await of_account(account).create(std::move(wanted));
        if (made) remember(made->sid, account);
        co_return made;
    }
    Reply<std::vector<rest::Call>> their_children(std::string account, std::string call_sid) {
        auto legs = co_await of_account(account).children(std::move(call_sid));
        if (legs)
            for (const auto& leg : *legs) remember(leg.sid, account);
        co_return legs;
    }
    Reply<std::optional<rest::Conference>> their_conference(std::string account, std::string friendly_name) {
        auto found = co_await of_account(account).conference(std::move(friendly_name));
        if (found && *found) remember((*found)->sid, account);
        co_return found;
    }

    [[nodiscard]] std::string account_of_number(const std::string& number) const {
        const auto agents = t_.agents();
        if (!agents->has_number(number)) return {};
        const auto agent = agents->by_number(number);
        return agent == nullptr ? std::string() : agent->account;
    }
    // As its own webhook said; else by the agent that serves it here.
    [[nodiscard]] std::string account_of_call(const std::string& call_sid) const {
        if (auto seen = t_.credentials.account_of_call(call_sid); !seen.empty()) return seen;
        return recalled(call_sid);
    }
    [[nodiscard]] std::string account_of_room(std::string_view name) const { return name.starts_with(kRoom) ? account_of_call(std::string(name.substr(kRoom.size()))) : std::string(); }

    Carrier& of_call(const std::string& call_sid) { return of_account(account_of_call(call_sid)); }
    Carrier& of_conference(const std::string& conference_sid) { return of_account(recalled(conference_sid)); }
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

std::unique_ptr<Carrier> make_carrier_by_account(Telephony& telephony, std::unique_ptr<Carrier> own) { return std::make_unique<CarrierByAccount>(telephony, std::move(own)); }

}  // namespace parley::gateway
