#include "parley/messaging/recording_keeper.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "parley/net/deadline.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::messaging {

using nlohmann::json;
using rest::RecordingStatus;

namespace {

std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

int number(std::string_view text, int otherwise) {
    int value = otherwise;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

// How far a recording is. Ends are ends: what comes behind them is late.
int stage(const RecordingNews& told) {
    switch (told.status) {
        case RecordingStatus::in_progress:
        case RecordingStatus::paused: return 1;
        case RecordingStatus::stopped: return 2;
        case RecordingStatus::processing: return 3;
        case RecordingStatus::completed:
        case RecordingStatus::absent:
        case RecordingStatus::deleted: return 4;
        case RecordingStatus::other: return told.status_text == "failed" ? 4 : 0;
    }
    return 0;
}

std::uint32_t little(const char* at) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i) value = value << 8U | static_cast<unsigned char>(at[i]);
    return value;
}

}  // namespace

std::optional<RecordingNews> read_recording(const twilio::Form& form) {
    RecordingNews told;
    told.sid = form.get("RecordingSid");
    told.call_sid = form.get("CallSid");
    told.conference_sid = form.get("ConferenceSid");
    if (!twilio::is_sid(told.sid, "RE") || (!twilio::is_call_sid(told.call_sid) && !twilio::is_sid(told.conference_sid, "CF"))) return std::nullopt;
    told.status_text = form.get("RecordingStatus").substr(0, 40);
    told.status = rest::recording_status(told.status_text);
    told.source = form.get("RecordingSource").substr(0, 60);
    told.track = form.get("RecordingTrack").substr(0, 20);
    told.start_time = form.get("RecordingStartTime").substr(0, 60);
    told.duration = number(form.get("RecordingDuration"), -1);
    told.channels = number(form.get("RecordingChannels"), 0);
    told.error_code = number(form.get("ErrorCode"), 0);
    return told;
}

bool is_wav(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::array<char, 12> head{};
    if (!in.read(head.data(), head.size()) || std::string_view(head.data(), 4) != "RIFF" || std::string_view(head.data() + 8, 4) != "WAVE") return false;
    bool format = false;
    for (int chunks = 0; chunks < 32; ++chunks) {
        std::array<char, 8> chunk{};
        if (!in.read(chunk.data(), chunk.size())) return false;
        const std::string_view name(chunk.data(), 4);
        const auto size = little(chunk.data() + 4);
        if (name == "data") return format && size > 0 && in.peek() != std::ifstream::traits_type::eof();
        if (name == "fmt ") format = size >= 16;
        in.seekg(static_cast<std::streamoff>(size) + (size & 1U), std::ios::cur);
    }
    return false;
}

RecordingKeeper::RecordingKeeper(Services services) : services_(std::move(services)) {}

void RecordingKeeper::note(const std::string& record, const std::string& text) {
    if (services_.records != nullptr && !record.empty()) services_.records->add(record, store::Fact::recording, text);
}

bool RecordingKeeper::news(const RecordingNews& told, const RecordingRules& rules) {
    const auto reached = stage(told);
    const auto [found, added] = known_.try_emplace(told.sid, -1);
    if (added) {
        known_order_.push_back(told.sid);
        while (known_order_.size() > kMostKnown) {
            known_.erase(known_order_.front());
            known_order_.pop_front();
        }
    }
    // Paused and resumed again are the same stage: both count. A second end is none.
    if (reached < found->second || (reached == 4 && found->second == 4)) {
        services_.log.info("callback.ignored", "A recording's status came late or twice.", {{"recording_sid", told.sid}, {"status", told.status_text}, {"reason", "stale"}});
        return false;
    }
    found->second = reached;
    const auto& record = told.call_sid.empty() ? told.conference_sid : told.call_sid;
    json fact{{"sid", told.sid}, {"status", told.status_text}, {"at", "twilio"}};
    if (!told.source.empty()) fact["source"] = told.source;
    if (!told.track.empty()) fact["track"] = told.track;
    if (!told.start_time.empty()) fact["start_time"] = told.start_time;
    if (!told.conference_sid.empty()) fact["conference_sid"] = told.conference_sid;
    if (told.duration >= 0) fact["duration"] = told.duration;
    if (told.channels > 0) fact["channels"] = told.channels;
    if (told.error_code != 0) fact["error_code"] = told.error_code;
    note(record, dumped(fact));
    if (told.status == RecordingStatus::absent || told.status_text == "failed")
        services_.log.warn("recording.absent", "Twilio recorded nothing.", {{"recording_sid", told.sid}, {"call_sid", told.call_sid}, {"code", told.error_code}});
    if (told.status != RecordingStatus::completed) return false;
    if (rules.download) {
        if (waiting_.size() >= services_.most_waiting) {
            services_.log.error("recording.lost", "Too many recordings wait to be fetched; this one stays at Twilio.", {{"recording_sid", told.sid}, {"call_sid", told.call_sid}});
            note(record, dumped({{"sid", told.sid}, {"download", "skipped"}}));
        } else {
            waiting_.push_back({told, rules});
            next();
        }
    }
    return true;
}

void RecordingKeeper::next() {
    while (running_ < services_.at_once && !waiting_.empty()) {
        auto job = std::move(waiting_.front());
        waiting_.pop_front();
        ++running_;
        services_.spawn(work(std::move(job)));
    }
}

net::Task<> RecordingKeeper::work(Job job) {
    struct Running {
        RecordingKeeper& keeper;
        explicit Running(RecordingKeeper& k) : keeper(k) {}
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running() { --keeper.running_; }
    };
    const auto& told = job.told;
    const auto record = told.call_sid.empty() ? told.conference_sid : told.call_sid;
    bool have = false;
    {
        const Running counted(*this);
        std::error_code ignored;
        std::filesystem::create_directories(services_.directory, ignored);
        const auto file = services_.directory / (record + "-" + told.sid + ".wav");
        auto pause = services_.first_pause;
        for (int attempt = 1; attempt <= services_.attempts && !have; ++attempt) {
            Fetch fetch;
            fetch.sid = told.sid;
            fetch.channels = told.channels == 2 ? 2 : 1;
            fetch.file = file;
            auto got = co_await services_.fetch(std::move(fetch));
            std::string why;
            if (got && is_wav(file)) {
                have = true;
                note(record, dumped({{"sid", told.sid}, {"download", "done"}, {"path", file.string()}, {"bytes", *got}}));
                services_.log.info("recording.fetched", "A recording of Twilio's is here.", {{"recording_sid", told.sid}, {"call_sid", told.call_sid}, {"bytes", *got}, {"attempt", attempt}});
                break;
            }
            if (got) {
                why = "what came is no WAV file";
                std::filesystem::remove(file, ignored);
            } else {
                why = got.error().sentence;
                // Asking again changes nothing: but a 404 may only mean not yet.
                const auto kind = got.error().kind;
                if (kind == rest::Failure::credentials || kind == rest::Failure::forbidden || kind == rest::Failure::invalid) attempt = services_.attempts;
            }
            if (attempt >= services_.attempts) {
                note(record, dumped({{"sid", told.sid}, {"download", "failed"}, {"error", why}}));
                services_.log.error("recording.lost", "A recording could not be fetched; it stays at Twilio.", {{"recording_sid", told.sid}, {"call_sid", told.call_sid}, {"reason", why}});
                break;
            }
            boost::asio::steady_timer timer(services_.executor, pause);
            co_await timer.async_wait(net::nothrow);
            pause *= 2;
        }
    }
    next();
    if (have && !job.rules.keep_at_twilio && !job.rules.wait_with_delete) co_await remove(told.sid, record);
}

void RecordingKeeper::forget_at_twilio(const std::string& sid, const std::string& record) { services_.spawn(remove(sid, record)); }

net::Task<> RecordingKeeper::remove(std::string sid, std::string record) {
    auto gone = co_await services_.remove(sid);
    if (gone) {
        note(record, dumped({{"sid", sid}, {"at_twilio", "deleted"}}));
        services_.log.audit("recording.deleted", "A recording was deleted at Twilio.", {{"recording_sid", sid}});
    } else {
        services_.log.warn("recording.kept", "A recording could not be deleted at Twilio.", {{"recording_sid", sid}, {"reason", gone.error().sentence}});
    }
}

}  // namespace parley::messaging
