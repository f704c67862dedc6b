#include "parley/control/carrier.hpp"

namespace parley::control {
namespace {

class RestCarrier final : public Carrier {
public:
    explicit RestCarrier(rest::Client& client) : client_(client) {}

    Reply<rest::Call> create(rest::CallCreate wanted) override { return place(client_, std::move(wanted)); }
    Reply<rest::Call> fetch(std::string call_sid) override { return look_at(client_, std::move(call_sid)); }
    Reply<rest::Call> update(std::string call_sid, rest::CallUpdate wanted) override { return update_soon(client_, std::move(call_sid), std::move(wanted)); }
    Reply<> hang_up(std::string call_sid, bool only_before_answer) override { return end_call(client_, std::move(call_sid), only_before_answer); }
    Reply<std::vector<rest::Call>> children(std::string call_sid) override {
        rest::CallFilter filter;
        filter.parent_call_sid = std::move(call_sid);
        filter.status = "in-progress";
        filter.most = 20;
        return list_calls(client_, std::move(filter));
    }

    Reply<std::vector<rest::Conference>> conferences() override { return list_conferences(client_); }
    Reply<std::optional<rest::Conference>> conference(std::string friendly_name) override { return find_conference(client_, std::move(friendly_name)); }
    Reply<std::vector<rest::Participant>> participants(std::string conference_sid) override { return list_participants(client_, std::move(conference_sid)); }
    Reply<rest::Participant> add_participant(std::string conference, rest::ParticipantCreate wanted) override {
        return add(client_, std::move(conference), std::move(wanted));
    }
    Reply<rest::Participant> update_participant(std::string conference_sid, std::string call_sid, rest::ParticipantUpdate wanted) override {
        return change(client_, std::move(conference_sid), std::move(call_sid), std::move(wanted));
    }
    Reply<rest::Conference> announce(std::string conference_sid, std::string url) override {
        return announce_in(client_, std::move(conference_sid), std::move(url));
    }
    Reply<> end_conference(std::string conference_sid) override { return end_one(client_, std::move(conference_sid)); }

    Reply<std::vector<rest::Queue>> queues() override { return list_queues(client_); }
    Reply<std::vector<rest::QueueMember>> queue_members(std::string queue_sid) override { return list_members(client_, std::move(queue_sid)); }

    Reply<rest::Recording> start_recording(std::string call_sid, rest::RecordingStart wanted) override {
        return start(client_, std::move(call_sid), std::move(wanted));
    }
    Reply<rest::Recording> pause_recording(std::string call_sid) override { return pause(client_, std::move(call_sid)); }
    Reply<rest::Recording> resume_recording(std::string call_sid) override { return go_on(client_, std::move(call_sid)); }
    Reply<rest::Recording> stop_recording(std::string call_sid) override { return stop(client_, std::move(call_sid)); }

private:
    // The resources are short-lived views; a member coroutine of one would outlive it, so each stands in a coroutine of its own.
    static Reply<rest::Call> place(rest::Client& client, rest::CallCreate wanted) {
        rest::Calls calls(client);
        auto made = co_await calls.create(std::move(wanted));
        co_return made;
    }
    static Reply<rest::Call> look_at(rest::Client& client, std::string sid) {
        rest::Calls calls(client);
        auto found = co_await calls.fetch(std::move(sid));
        co_return found;
    }
    static Reply<> end_call(rest::Client& client, std::string sid, bool only_before_answer) {
        rest::Calls calls(client);
        auto done = co_await calls.hang_up(std::move(sid), only_before_answer);
        co_return done;
    }
    static Reply<std::vector<rest::Call>> list_calls(rest::Client& client, rest::CallFilter filter) {
        rest::Calls calls(client);
        auto found = co_await calls.list(std::move(filter));
        co_return found;
    }
    static Reply<rest::Call> update_soon(rest::Client& client, std::string sid, rest::CallUpdate wanted) {
        rest::Calls calls(client);
        auto answer = co_await calls.update(std::move(sid), std::move(wanted));
        co_return answer;
    }
    static Reply<std::vector<rest::Conference>> list_conferences(rest::Client& client) {
        rest::Conferences all(client);
        rest::ConferenceFilter filter;
        filter.status = "in-progress";
        filter.most = 50;
        auto running = co_await all.list(filter);
        if (!running) co_return running.error();
        filter.status = "init";  // one who waits alone is in a conference that has not begun
        auto waiting = co_await all.list(filter);
        if (!waiting) co_return waiting.error();
        std::vector<rest::Conference> both = std::move(*running);
        both.insert(both.end(), waiting->begin(), waiting->end());
        co_return std::move(both);
    }
    static Reply<std::optional<rest::Conference>> find_conference(rest::Client& client, std::string friendly_name) {
        rest::Conferences all(client);
        auto found = co_await all.find(std::move(friendly_name));
        co_return found;
    }
    static Reply<std::vector<rest::Participant>> list_participants(rest::Client& client, std::string conference_sid) {
        rest::Participants people(client, std::move(conference_sid));
        auto found = co_await people.list();
        co_return found;
    }
    static Reply<rest::Participant> add(rest::Client& client, std::string conference, rest::ParticipantCreate wanted) {
        rest::Participants people(client, std::move(conference));
        auto made = co_await people.create(std::move(wanted));
        co_return made;
    }
    static Reply<rest::Participant> change(rest::Client& client, std::string conference_sid, std::string call_sid, rest::ParticipantUpdate wanted) {
        rest::Participants people(client, std::move(conference_sid));
        auto done = co_await people.update(std::move(call_sid), std::move(wanted));
        co_return done;
    }
    static Reply<rest::Conference> announce_in(rest::Client& client, std::string conference_sid, std::string url) {
        rest::Conferences all(client);
        auto done = co_await all.announce(std::move(conference_sid), std::move(url));
        co_return done;
    }
    static Reply<> end_one(rest::Client& client, std::string conference_sid) {
        rest::Conferences all(client);
        auto done = co_await all.end(std::move(conference_sid));
        co_return done;
    }
    static Reply<std::vector<rest::Queue>> list_queues(rest::Client& client) {
        rest::Queues all(client);
        auto found = co_await all.list();
        co_return found;
    }
    static Reply<std::vector<rest::QueueMember>> list_members(rest::Client& client, std::string queue_sid) {
        rest::Queues all(client);
        auto found = co_await all.members(std::move(queue_sid));
        co_return found;
    }
    static Reply<rest::Recording> start(rest::Client& client, std::string call_sid, rest::RecordingStart wanted) {
        rest::CallRecordings tapes(client, std::move(call_sid));
        auto made = co_await tapes.start(std::move(wanted));
        co_return made;
    }
    static Reply<rest::Recording> pause(rest::Client& client, std::string call_sid) {
        rest::CallRecordings tapes(client, std::move(call_sid));
        auto made = co_await tapes.pause();
        co_return made;
    }
    static Reply<rest::Recording> go_on(rest::Client& client, std::string call_sid) {
        rest::CallRecordings tapes(client, std::move(call_sid));
        auto made = co_await tapes.resume();
        co_return made;
    }
    static Reply<rest::Recording> stop(rest::Client& client, std::string call_sid) {
        rest::CallRecordings tapes(client, std::move(call_sid));
        auto made = co_await tapes.stop();
        co_return made;
    }

    rest::Client& client_;
};

}  // namespace

std::unique_ptr<Carrier> make_carrier(rest::Client& client) {
    return std::make_unique<RestCarrier>(client);
}

}  // namespace parley::control
