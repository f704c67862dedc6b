#pragma once
// A carrier in memory: remembers what was asked of it, and answers what the test wants.

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "parley/base/ids.hpp"
#include "parley/control/carrier.hpp"

namespace parley::control {

inline rest::Error failure(rest::Failure kind, int code = 0) {
    rest::Error error;
    error.kind = kind;
    error.code = code;
    error.sentence = "the carrier says no";
    return error;
}

class FakeCarrier final : public Carrier {
public:
    std::vector<rest::CallCreate> created;
    std::vector<std::pair<std::string, rest::CallUpdate>> updated;
    std::vector<std::pair<std::string, bool>> hung_up;
    std::vector<std::string> fetched;
    std::vector<std::pair<std::string, rest::ParticipantCreate>> added;
    std::vector<std::pair<std::string, rest::ParticipantUpdate>> changed;  // by CallSid
    std::vector<std::pair<std::string, std::string>> announced;            // conference, url
    std::vector<std::string> ended;                                        // conferences
    std::vector<std::string> tapes;                                        // "start CA…"

    std::function<rest::Outcome<rest::Call>(const rest::CallCreate&)> on_create;
    std::function<rest::Outcome<rest::Call>(const std::string&)> on_fetch;
    std::function<rest::Outcome<rest::Call>(const std::string&, const rest::CallUpdate&)> on_update;
    std::function<rest::Error()> on_add;
    std::function<rest::Outcome<>(const std::string&, bool)> on_hang_up;
    std::map<std::string, std::vector<rest::Call>> legs;          // by parent
    std::map<std::string, std::vector<rest::Participant>> rooms;  // by conference SID
    std::map<std::string, std::string> names;                     // of rooms, to SIDs

    Reply<rest::Call> create(rest::CallCreate wanted) override {
        created.push_back(wanted);
        if (on_create) co_return on_create(wanted);
        rest::Call call;
        call.sid = random_sid("CA");
        call.status = rest::CallStatus::queued;
        co_return call;
    }
    Reply<rest::Call> fetch(std::string call_sid) override {
        fetched.push_back(call_sid);
        if (on_fetch) co_return on_fetch(call_sid);
        co_return failure(rest::Failure::not_found);
    }
    Reply<rest::Call> update(std::string call_sid, rest::CallUpdate wanted) override {
        updated.emplace_back(call_sid, wanted);
        if (on_update) co_return on_update(call_sid, wanted);
        rest::Call call;
        call.sid = call_sid;
        call.status = rest::CallStatus::in_progress;
        co_return call;
    }
    Reply<> hang_up(std::string call_sid, bool only_before_answer) override {
        hung_up.emplace_back(call_sid, only_before_answer);
        if (on_hang_up) co_return on_hang_up(call_sid, only_before_answer);
        co_return rest::Outcome<>();
    }
    Reply<std::vector<rest::Call>> children(std::string call_sid) override { co_return legs[call_sid]; }
    Reply<std::vector<rest::Conference>> conferences() override {
        std::vector<rest::Conference> all;
        for (const auto& [name, sid] : names) {
            rest::Conference room;
            room.sid = sid;
            room.friendly_name = name;
            room.status = "in-progress";
            all.push_back(std::move(room));
        }
        co_return all;
    }
    Reply<std::optional<rest::Conference>> conference(std::string friendly_name) override {
        std::optional<rest::Conference> found;
        if (const auto at = names.find(friendly_name); at != names.end()) {
            found.emplace();
            found->sid = at->second;
            found->friendly_name = friendly_name;
        }
        co_return found;
    }
    Reply<std::vector<rest::Participant>> participants(std::string conference_sid) override { co_return rooms[conference_sid]; }
    Reply<rest::Participant> add_participant(std::string conference, rest::ParticipantCreate wanted) override {
        added.emplace_back(conference, wanted);
        if (on_add) co_return on_add();
        rest::Participant person;
        person.call_sid = random_sid("CA");
        person.conference_sid = conference;
        co_return person;
    }
    Reply<rest::Participant> update_participant(std::string conference_sid, std::string call_sid, rest::ParticipantUpdate wanted) override {
        changed.emplace_back(call_sid, wanted);
        rest::Participant person;
        person.call_sid = call_sid;
        person.conference_sid = conference_sid;
        co_return person;
    }
    Reply<rest::Conference> announce(std::string conference_sid, std::string url) override {
        announced.emplace_back(conference_sid, url);
        rest::Conference room;
        room.sid = conference_sid;
        co_return room;
    }
    Reply<> end_conference(std::string conference_sid) override {
        ended.push_back(conference_sid);
        co_return rest::Outcome<>();
    }
    Reply<std::vector<rest::Queue>> queues() override { co_return std::vector<rest::Queue>{}; }
    Reply<std::vector<rest::QueueMember>> queue_members(std::string) override { co_return std::vector<rest::QueueMember>{}; }
    Reply<rest::Recording> start_recording(std::string call_sid, rest::RecordingStart) override { return tape("start", call_sid); }
    Reply<rest::Recording> pause_recording(std::string call_sid) override { return tape("pause", call_sid); }
    Reply<rest::Recording> resume_recording(std::string call_sid) override { return tape("resume", call_sid); }
    Reply<rest::Recording> stop_recording(std::string call_sid) override { return tape("stop", call_sid); }

private:
    Reply<rest::Recording> tape(std::string what, std::string call_sid) {
        tapes.push_back(what + " " + call_sid);
        rest::Recording recording;
        recording.sid = random_sid("RE");
        recording.call_sid = call_sid;
        co_return recording;
    }
};

// Runs the loop until a task has ended, and what it left behind too.
template <class T>
T run(boost::asio::io_context& loop, net::Task<T> task) {
    auto answer = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
    loop.restart();
    while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        if (loop.run_one_for(std::chrono::seconds(10)) == 0) throw std::runtime_error("nothing comes any more");
    }
    loop.poll();
    return answer.get();
}

inline void settle(boost::asio::io_context& loop) {
    loop.restart();
    loop.poll();
}

}  // namespace parley::control
