#include "parley/rest/recordings.hpp"

#include <array>
#include <fstream>
#include <memory>

#include "resource.hpp"
#include "words.hpp"

namespace parley::rest {
namespace {

constexpr std::array<std::pair<RecordingStatus, std::string_view>, 8> kNames{{{RecordingStatus::in_progress, "in-progress"},
                                                                              {RecordingStatus::paused, "paused"},
                                                                              {RecordingStatus::stopped, "stopped"},
                                                                              {RecordingStatus::processing, "processing"},
                                                                              {RecordingStatus::completed, "completed"},
                                                                              {RecordingStatus::absent, "absent"},
                                                                              {RecordingStatus::deleted, "deleted"},
                                                                              {RecordingStatus::other, "other"}}};

Recording read_recording(const Fields& f) {
    Recording r;
    r.sid = f.text("sid");
    r.account_sid = f.text("account_sid");
    r.call_sid = f.text("call_sid");
    r.conference_sid = f.text("conference_sid");
    r.source = f.text("source");
    r.track = f.text("track");
    r.price = f.text("price");
    r.price_unit = f.text("price_unit");
    r.media_url = f.text("media_url");
    r.status = recording_status(f.text("status"));
    r.duration = f.number("duration");
    r.channels = f.number("channels");
    r.error_code = f.number("error_code");
    r.date_created = f.when("date_created");
    r.date_updated = f.when("date_updated");
    r.start_time = f.when("start_time");
    r.encrypted = f.inner("encryption_details").has_value();
    return r;
}

net::Task<Outcome<Recording>> set(Client& client, const std::string& base, const std::string& sid, std::string status,
                                  std::optional<std::string> behavior = {}) {
    Request request = post(base + "/" + segment(sid) + ".json", Repeat::safe);
    Fill(request.params).always("Status", std::move(status))("PauseBehavior", behavior);
    return one(client, std::move(request), &read_recording);
}

Download download_of(const std::string& sid, const MediaWanted& wanted) {
    Download download;
    download.path = "/Recordings/" + segment(sid) + "." + (wanted.format == "mp3" ? "mp3" : "wav");
    Fill(download.params)("RequestedChannels", wanted.requested_channels);
    download.limit = wanted.limit;
    download.within = wanted.within;
    download.wait_for_it = wanted.wait;
    return download;
}

net::Task<Outcome<std::string>> into_memory(Client& client, Download download) {
    std::string body;
    Sink sink = [&body](std::string_view piece) {
        body += piece;
        return true;
    };
    Outcome<std::uint64_t> bytes = co_await client.download(std::move(download), std::move(sink));
    if (!bytes) co_return bytes.error();
    co_return std::move(body);
}

net::Task<Outcome<std::uint64_t>> into_file(Client& client, Download download, std::filesystem::path file) {
    const std::filesystem::path part = file.string() + ".part";
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    Sink sink = [&out](std::string_view piece) { return static_cast<bool>(out.write(piece.data(), static_cast<std::streamsize>(piece.size()))); };
    Outcome<std::uint64_t> bytes = co_await client.download(std::move(download), std::move(sink));
    out.close();
    std::error_code ec;
    if (bytes && out) std::filesystem::rename(part, file, ec);
    if (!bytes || !out || ec) {
        std::error_code ignored;
        std::filesystem::remove(part, ignored);
        if (!bytes) co_return bytes.error();
        Error error;
        error.kind = Failure::stopped;
        error.sentence = "The recording could not be written to " + file.string() + ".";
        co_return error;
    }
    co_return std::move(bytes);
}

}  // namespace

RecordingStatus recording_status(std::string_view text) {
    return value_of(kNames, text, RecordingStatus::other);
}

std::string_view name(RecordingStatus status) {
    return word_of(kNames, status);
}

net::Task<Outcome<Recording>> CallRecordings::start(RecordingStart wanted) {
    Request request = post(base_ + ".json", Repeat::never);
    Fill add(request.params);
    add("RecordingStatusCallback", wanted.recording_status_callback)("RecordingStatusCallbackMethod", wanted.recording_status_callback_method);
    add("RecordingStatusCallbackEvent", wanted.recording_status_callback_event);
    add("Trim", wanted.trim)("RecordingChannels", wanted.recording_channels)("RecordingTrack", wanted.recording_track);
    return one(client_, std::move(request), &read_recording);
}
net::Task<Outcome<std::vector<Recording>>> CallRecordings::list(std::size_t most) {
    return all(client_, get(base_ + ".json"), "recordings", most, &read_recording);
}
net::Task<Outcome<Recording>> CallRecordings::fetch(std::string sid) {
    return one(client_, get(base_ + "/" + segment(sid) + ".json"), &read_recording);
}
net::Task<Outcome<Recording>> CallRecordings::pause(std::string sid, std::optional<std::string> behavior) {
    return set(client_, base_, sid, "paused", std::move(behavior));
}
net::Task<Outcome<Recording>> CallRecordings::resume(std::string sid) {
    return set(client_, base_, sid, "in-progress");
}
net::Task<Outcome<Recording>> CallRecordings::stop(std::string sid) {
    return set(client_, base_, sid, "stopped");
}
net::Task<Outcome<>> CallRecordings::remove(std::string sid) {
    return gone(client_, erase(base_ + "/" + segment(sid) + ".json"));
}

net::Task<Outcome<std::vector<Recording>>> ConferenceRecordings::list(std::size_t most) {
    return all(client_, get(base_ + ".json"), "recordings", most, &read_recording);
}
net::Task<Outcome<Recording>> ConferenceRecordings::fetch(std::string sid) {
    return one(client_, get(base_ + "/" + segment(sid) + ".json"), &read_recording);
}
net::Task<Outcome<Recording>> ConferenceRecordings::pause(std::string sid, std::optional<std::string> behavior) {
    return set(client_, base_, sid, "paused", std::move(behavior));
}
net::Task<Outcome<Recording>> ConferenceRecordings::resume(std::string sid) {
    return set(client_, base_, sid, "in-progress");
}
net::Task<Outcome<Recording>> ConferenceRecordings::stop(std::string sid) {
    return set(client_, base_, sid, "stopped");
}
net::Task<Outcome<>> ConferenceRecordings::remove(std::string sid) {
    return gone(client_, erase(base_ + "/" + segment(sid) + ".json"));
}

net::Task<Outcome<std::vector<Recording>>> Recordings::list(RecordingFilter filter) {
    Request request = get("/Recordings.json");
    Fill add(request.params);
    add("CallSid", filter.call_sid)("ConferenceSid", filter.conference_sid)("DateCreated", filter.date_created);
    add("DateCreated<", filter.date_created_before)("DateCreated>", filter.date_created_after)("IncludeSoftDeleted", filter.include_soft_deleted);
    return all(client_, std::move(request), "recordings", filter.most, &read_recording);
}
net::Task<Outcome<Recording>> Recordings::fetch(std::string sid) {
    return one(client_, get("/Recordings/" + segment(sid) + ".json"), &read_recording);
}
net::Task<Outcome<>> Recordings::remove(std::string sid) {
    return gone(client_, erase("/Recordings/" + segment(sid) + ".json"));
}
net::Task<Outcome<std::string>> Recordings::media(std::string sid, MediaWanted wanted) {
    return into_memory(client_, download_of(sid, wanted));
}
net::Task<Outcome<std::uint64_t>> Recordings::media_to(std::string sid, MediaWanted wanted, Sink sink) {
    return client_.download(download_of(sid, wanted), std::move(sink));
}
net::Task<Outcome<std::uint64_t>> Recordings::media_to_file(std::string sid, MediaWanted wanted, std::filesystem::path file) {
    return into_file(client_, download_of(sid, wanted), std::move(file));
}

}  // namespace parley::rest
