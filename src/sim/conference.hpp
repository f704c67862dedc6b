#pragma once
// A conference: who is in it, who hears whom, and what is told about it. Participants live in the flows of their own calls and are woken when
// something changes for them. Thread-safe.

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "mixer.hpp"
#include "parley/net/task.hpp"
#include "parley/sim/conferences.hpp"
#include "parley/sim/form.hpp"
#include "recording_store.hpp"

namespace parley::sim {

using net::Task;
class Switchboard;

class Conference : public std::enable_shared_from_this<Conference> {
public:
    // One participant. Its members change under the conference's lock only.
    struct Seat {
        std::string call_sid;
        ConferenceEntry entry;
        std::function<void()> wake;
        Mixer::Port port = Mixer::kNobody;
        bool hold = false;
        std::optional<std::string> hold_url;
        std::string hold_method = "GET";
        bool out = false;  // removed, or the conference has ended
        std::string status = "connected";
        std::chrono::system_clock::time_point created = std::chrono::system_clock::now(), updated = created;
    };
    // What a participant is to do now.
    struct Orders {
        bool out = false;
        enum class Music : std::uint8_t { none, wait, hold } music = Music::none;
        std::optional<std::string> url;  // nothing: the tune; empty: silence
        std::string method;
    };
    enum class Leaving : std::uint8_t { hung_up, updated, kicked, failed, ended };

    Conference(Switchboard& board, const ConferenceEntry& first);

    // Nothing: full, or it has ended.
    [[nodiscard]] std::shared_ptr<Seat> enter(const std::string& call_sid, ConferenceEntry entry, std::function<void()> wake, ConferenceOutcome& outcome);
    void leave(const std::shared_ptr<Seat>& seat, Leaving how, const std::string& call_status);
    [[nodiscard]] Orders orders(const std::shared_ptr<Seat>& seat) const;
    [[nodiscard]] Mixer& mixer() { return mixer_; }
    [[nodiscard]] bool ended() const;

    // A created participant that has not answered yet; it holds the conference open.
    void expect(const std::string& call_sid, const ConferenceEntry& entry);
    void failed(const std::string& call_sid, const std::string& call_status);

    // ---- REST
    [[nodiscard]] ConferenceView view() const;
    [[nodiscard]] std::vector<ParticipantView> participants() const;
    ConferenceOutcome end();
    ConferenceOutcome announce(const std::string& participant, std::string url, std::string method);  // no participant: to all
    ConferenceOutcome update(const std::string& participant, const ParticipantUpdate& update);
    ConferenceOutcome remove(const std::string& participant);
    RecordingOutcome start_recording(RecordingPlan plan, const std::string& source, std::string& sid);
    RecordingOutcome update_recording(const std::string& sid, const std::string& status, bool skip);

    [[nodiscard]] const std::string& sid() const { return view_.sid; }
    [[nodiscard]] const std::string& name() const { return view_.friendly_name; }

private:
    using Seats = std::list<std::shared_ptr<Seat>>;
    // All of these want the lock to be held.
    [[nodiscard]] std::shared_ptr<Seat> find(const std::string& call_sid_or_label) const;
    void begin_when_ready();
    void apply();  // the rules of who hears whom
    void finish(const std::string& reason, const std::string& sentence, const Seat* by);
    void tell(std::string_view word, const std::string& event, Form extra);
    [[nodiscard]] static Form describe(const Seat& seat);
    void beep(bool entering, const Seat& seat);
    void on_speech(Mixer::Port port, bool begins);
    Task<> record(std::shared_ptr<SoundRecorder> recorder);
    Task<> play(std::string url, std::string method, Mixer::Port port, std::string call_sid);
    void recording_event(const SoundRecorder& recorder, std::string_view event);

    Switchboard& board_;
    Mixer mixer_;
    ConferenceEntry room_;  // of the participant that made it
    mutable std::mutex mutex_;
    ConferenceView view_;
    Seats seats_, expected_;
    bool begun_ = false, ended_ = false;
    int sequence_ = 0;
    std::vector<std::shared_ptr<SoundRecorder>> recorders_;  // their sound: on the board's executor only
};

class ConferenceTable {
public:
    explicit ConferenceTable(Switchboard& board) : board_(board) {}
    // The running conference of that name, or a new one.
    std::shared_ptr<Conference> open(const ConferenceEntry& entry);
    [[nodiscard]] std::shared_ptr<Conference> find(const std::string& sid_or_name) const;
    [[nodiscard]] std::vector<std::shared_ptr<Conference>> all() const;

private:
    Switchboard& board_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Conference>> conferences_;
};

}  // namespace parley::sim
