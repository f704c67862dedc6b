#pragma once
// Recordings: of a running call or conference (start, pause, resume, stop), and those of the account with their sound.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "parley/rest/client.hpp"

namespace parley::rest {

enum class RecordingStatus : std::uint8_t { in_progress, paused, stopped, processing, completed, absent, deleted, other };
[[nodiscard]] RecordingStatus recording_status(std::string_view text);
[[nodiscard]] std::string_view name(RecordingStatus status);

struct Recording {
    std::string sid, account_sid, call_sid, conference_sid, source, track, price, price_unit, media_url;
    RecordingStatus status = RecordingStatus::other;
    std::optional<int> duration;  // s
    std::optional<int> channels, error_code;
    When date_created, date_updated, start_time;
    bool encrypted = false;  // its sound can be had only with the account's private key
};

struct RecordingStart {
    std::optional<std::string> recording_status_callback, recording_status_callback_method, trim, recording_channels, recording_track;
    std::vector<std::string> recording_status_callback_event;
};

// Words for "the one that runs".
inline constexpr std::string_view kCurrentRecording = "Twilio.CURRENT";

class CallRecordings {
public:
    CallRecordings(Client& client, std::string call_sid) : client_(client), base_("/Calls/" + segment(call_sid) + "/Recordings") {}
    net::Task<Outcome<Recording>> start(RecordingStart wanted);
    net::Task<Outcome<std::vector<Recording>>> list(std::size_t most = 100);
    net::Task<Outcome<Recording>> fetch(std::string sid);
    // `behavior` of a pause: "silence" or "skip".
    net::Task<Outcome<Recording>> pause(std::string sid = std::string(kCurrentRecording), std::optional<std::string> behavior = {});
    net::Task<Outcome<Recording>> resume(std::string sid = std::string(kCurrentRecording));
    net::Task<Outcome<Recording>> stop(std::string sid = std::string(kCurrentRecording));
    net::Task<Outcome<>> remove(std::string sid);

private:
    Client& client_;
    std::string base_;
};

class ConferenceRecordings {
public:
    ConferenceRecordings(Client& client, std::string conference_sid) : client_(client), base_("/Conferences/" + segment(conference_sid) + "/Recordings") {}
    net::Task<Outcome<std::vector<Recording>>> list(std::size_t most = 100);
    net::Task<Outcome<Recording>> fetch(std::string sid);
    net::Task<Outcome<Recording>> pause(std::string sid = std::string(kCurrentRecording), std::optional<std::string> behavior = {});
    net::Task<Outcome<Recording>> resume(std::string sid = std::string(kCurrentRecording));
    net::Task<Outcome<Recording>> stop(std::string sid = std::string(kCurrentRecording));
    net::Task<Outcome<>> remove(std::string sid);

private:
    Client& client_;
    std::string base_;
};

struct RecordingFilter {
    std::optional<std::string> call_sid, conference_sid, date_created, date_created_before, date_created_after;
    std::optional<bool> include_soft_deleted;
    std::size_t most = 200;
};

struct MediaWanted {
    std::string format = "wav";             // or "mp3"
    std::optional<int> requested_channels;  // 2: both sides of a dual recording; 16113 when it is mono
    std::size_t limit = 64U << 20U;         // bytes
    std::chrono::milliseconds within{60000};
    // A recording that is not finished answers 404: asked again until this is over.
    std::chrono::milliseconds wait{0};
};

class Recordings {
public:
    explicit Recordings(Client& client) : client_(client) {}
    net::Task<Outcome<std::vector<Recording>>> list(RecordingFilter filter);
    net::Task<Outcome<Recording>> fetch(std::string sid);
    net::Task<Outcome<>> remove(std::string sid);  // not there: as good as removed
    net::Task<Outcome<std::string>> media(std::string sid, MediaWanted wanted = {});
    net::Task<Outcome<std::uint64_t>> media_to(std::string sid, MediaWanted wanted, Sink sink);
    // Written beside it and renamed, so that a file of that name is whole. Writes on the calling thread.
    net::Task<Outcome<std::uint64_t>> media_to_file(std::string sid, MediaWanted wanted, std::filesystem::path file);

private:
    Client& client_;
};

}  // namespace parley::rest
