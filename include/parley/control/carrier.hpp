#pragma once
// What this room asks of the carrier, so that its logic can be tested without one. All on the control loop.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/rest/calls.hpp"
#include "parley/rest/conferences.hpp"
#include "parley/rest/queues.hpp"
#include "parley/rest/recordings.hpp"

namespace parley::control {

template <class T = void>
using Reply = net::Task<rest::Outcome<T>>;

class Carrier {
public:
    virtual ~Carrier() = default;
    virtual Reply<rest::Call> create(rest::CallCreate wanted) = 0;
    virtual Reply<rest::Call> fetch(std::string call_sid) = 0;
    virtual Reply<rest::Call> update(std::string call_sid, rest::CallUpdate wanted) = 0;
    virtual Reply<> hang_up(std::string call_sid, bool only_before_answer) = 0;
    virtual Reply<std::vector<rest::Call>> children(std::string call_sid) = 0;  // legs of its <Dial> that are in progress

    virtual Reply<std::vector<rest::Conference>> conferences() = 0;  // not over, newest first, at most 50
    virtual Reply<std::optional<rest::Conference>> conference(std::string friendly_name) = 0;
    virtual Reply<std::vector<rest::Participant>> participants(std::string conference_sid) = 0;
    virtual Reply<rest::Participant> add_participant(std::string conference, rest::ParticipantCreate wanted) = 0;
    virtual Reply<rest::Participant> update_participant(std::string conference_sid, std::string call_sid, rest::ParticipantUpdate wanted) = 0;
    virtual Reply<rest::Conference> announce(std::string conference_sid, std::string url) = 0;
    virtual Reply<> end_conference(std::string conference_sid) = 0;

    virtual Reply<std::vector<rest::Queue>> queues() = 0;
    virtual Reply<std::vector<rest::QueueMember>> queue_members(std::string queue_sid) = 0;

    virtual Reply<rest::Recording> start_recording(std::string call_sid, rest::RecordingStart wanted) = 0;
    virtual Reply<rest::Recording> pause_recording(std::string call_sid) = 0;
    virtual Reply<rest::Recording> resume_recording(std::string call_sid) = 0;
    virtual Reply<rest::Recording> stop_recording(std::string call_sid) = 0;
};

[[nodiscard]] std::unique_ptr<Carrier> make_carrier(rest::Client& client);  // which outlives it
// Where there is no account: everything is refused with this sentence.
[[nodiscard]] std::unique_ptr<Carrier> make_no_carrier(std::string why);

}  // namespace parley::control
