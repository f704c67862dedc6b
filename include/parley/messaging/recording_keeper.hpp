#pragma once
// Recordings at Twilio: what their callbacks say goes into the call's record; complete ones are fetched, examined and, unless they are to stay, deleted there.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "parley/base/log.hpp"
#include "parley/net/task.hpp"
#include "parley/rest/recordings.hpp"
#include "parley/store/call_records.hpp"
#include "parley/twilio/form.hpp"

namespace parley::messaging {

struct RecordingNews {
    std::string sid, call_sid, conference_sid, source, track, start_time;
    rest::RecordingStatus status = rest::RecordingStatus::other;
    std::string status_text;  // as Twilio wrote it: "failed" is no state of the resource
    int duration = -1, channels = 0, error_code = 0;
};
// Of a recordingStatusCallback. Nothing: it is none.
[[nodiscard]] std::optional<RecordingNews> read_recording(const twilio::Form& form);

// Whether a file begins like a WAV that has sound: RIFF, WAVE, a format chunk, and data behind it. Reads the disk.
[[nodiscard]] bool is_wav(const std::filesystem::path& file);

struct RecordingRules {
    bool download = true, keep_at_twilio = false;
    bool wait_with_delete = false;  // something else still needs it there: the owner calls forget_at_twilio()
};

// Everything on the control loop.
class RecordingKeeper {
public:
    struct Fetch {
        std::string sid;
        int channels = 1;
        std::filesystem::path file;
    };
    struct Services {
        std::function<net::Task<rest::Outcome<std::uint64_t>>(Fetch)> fetch;  // writes the file whole or not at all
        std::function<net::Task<rest::Outcome<>>(std::string sid)> remove;
        std::function<void(net::Task<>)> spawn;
        boost::asio::any_io_executor executor;
        std::filesystem::path directory;
        std::filesystem::path wanted{};  // what is still to be fetched or deleted, kept over a restart, one JSON line a change; empty: in memory only
        store::CallRecords* records = nullptr;
        Log& log;
        std::chrono::milliseconds first_pause{2000};  // between attempts, doubled
        int attempts = 6;
        std::size_t at_once = 4, most_waiting = 1000;
    };
    explicit RecordingKeeper(Services services);

    // Goes on with what a process before this one left, once, before the first news; sweeps its half-written files away. What Intelligence was to read first is
    // deleted at Twilio all the same: the promise not to keep it there weighs more than a transcript nobody follows any longer.
    void resume();
    // True: it is complete, for the first time.
    bool news(const RecordingNews& told, const RecordingRules& rules);
    void forget_at_twilio(const std::string& sid, const std::string& record);

private:
    struct Job {
        RecordingNews told;
        RecordingRules rules;
    };
    void next();
    net::Task<> work(Job job);
    net::Task<bool> obtain(const Job& job, const std::string& record);  // true: it is here
    void want(const RecordingNews& told, const RecordingRules& rules);
    void over(const std::string& sid);  // nothing is left to do about it
    void write(const std::string& line);
    net::Task<> remove(std::string sid, std::string record);
    void note(const std::string& record, const std::string& json);

    static constexpr std::size_t kMostKnown = 5000;
    Services services_;
    std::map<std::string, int, std::less<>> known_;  // how far each has come
    std::deque<std::string> known_order_;
    std::deque<Job> waiting_;
    std::set<std::string, std::less<>> open_;  // written down as wanted, and not as over
    std::size_t running_ = 0;
};

}  // namespace parley::messaging
