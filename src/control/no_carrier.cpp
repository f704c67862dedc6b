#include "parley/control/carrier.hpp"

namespace parley::control {
namespace {

class NoCarrier final : public Carrier {
public:
    explicit NoCarrier(std::string why) {
        error_.kind = rest::Failure::credentials;
        error_.sentence = std::move(why);
    }

    Reply<rest::Call> create(rest::CallCreate) override { co_return error_; }
    Reply<rest::Call> fetch(std::string) override { co_return error_; }
    Reply<rest::Call> update(std::string, rest::CallUpdate) override { co_return error_; }
    Reply<> hang_up(std::string, bool) override { co_return error_; }
    Reply<std::vector<rest::Call>> children(std::string) override { co_return error_; }
    Reply<std::vector<rest::Conference>> conferences() override { co_return error_; }
    Reply<std::optional<rest::Conference>> conference(std::string) override { co_return error_; }
    Reply<std::vector<rest::Participant>> participants(std::string) override { co_return error_; }
    Reply<rest::Participant> add_participant(std::string, rest::ParticipantCreate) override { co_return error_; }
    Reply<rest::Participant> update_participant(std::string, std::string, rest::ParticipantUpdate) override { co_return error_; }
    Reply<rest::Conference> announce(std::string, std::string) override { co_return error_; }
    Reply<> end_conference(std::string) override { co_return error_; }
    Reply<std::vector<rest::Queue>> queues() override { co_return error_; }
    Reply<std::vector<rest::QueueMember>> queue_members(std::string) override { co_return error_; }
    Reply<rest::Recording> start_recording(std::string, rest::RecordingStart) override { co_return error_; }
    Reply<rest::Recording> pause_recording(std::string) override { co_return error_; }
    Reply<rest::Recording> resume_recording(std::string) override { co_return error_; }
    Reply<rest::Recording> stop_recording(std::string) override { co_return error_; }

private:
    rest::Error error_;
};

}  // namespace

std::unique_ptr<Carrier> make_no_carrier(std::string why) {
    return std::make_unique<NoCarrier>(std::move(why));
}

}  // namespace parley::control
