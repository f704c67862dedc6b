#pragma once

#include <memory>

#include "carrier_call.hpp"
#include "parley/sim/media_machine.hpp"
#include "stream_socket.hpp"

namespace parley::sim {

// One media stream of a call: the socket obeys the machine.
class StreamSession {
public:
    StreamSession(CarrierCall& call, StreamSetup setup, std::string url, std::string callback_url, std::string callback_method);

    Task<> run();

    // The carrier ends it: `stop` message and close, or without a word, or with a reset.
    void stop(HangupStep::How how);
    void on_frame(Track track, std::span<const std::uint8_t> codes, Sample line_start);
    void on_marks(const std::vector<PlayBuffer::MarkReturn>& returned, Sample line_now);
    void on_key(char key, Sample line_now);

    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] bool open() const { return machine_ != nullptr && !ended_; }
    [[nodiscard]] const StreamSetup& setup() const { return setup_; }
    [[nodiscard]] const StreamTruth& truth() const { return truth_; }

private:
    Task<> reader();
    Task<> writer();
    void take_notices();
    void tell(const std::string& event, const std::string& error = {});
    void close_books();

    CarrierCall& call_;
    StreamSetup setup_;
    std::string callback_url_, callback_method_;
    StreamTruth truth_;
    std::unique_ptr<MediaMachine> machine_;
    std::unique_ptr<StreamSocket> socket_;
    Pulse wake_;
    bool stopping_ = false;  // by us
    HangupStep::How how_ = HangupStep::How::stop;
    bool peer_gone_ = false;  // the reader has ended
    bool reader_done_ = true;
    bool ended_ = false;
    std::int64_t played_before_ = 0, discarded_before_ = 0;
};

}  // namespace parley::sim
