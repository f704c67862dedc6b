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

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

int number(std::string_view text, int otherwise) {
    int value = otherwise;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

// How far a recording is. Ends are ends: what comes behind them is late.
int stage(const RecordingNews& told) {
    switch (told.status) {
        case RecordingStatus::in_progress:
        case RecordingStatus::paused:
            return 1;
        case RecordingStatus::stopped:
            return 2;
        case RecordingStatus::processing:
            return 3;
        case RecordingStatus::completed:
        case RecordingStatus::absent:
        case RecordingStatus::deleted:
            return 4;
        case RecordingStatus::other:
            return told.status_text == "failed" ? 4 : 0;
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
        services_.log.info("callback.ignored", "A recording's status came late or twice.",
                           {{"recording_sid", told.sid}, {"status", told.status_text}, {"reason", "stale"}});
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
        services_.log.warn("recording.absent", "Twilio recorded nothing.",
                           {{"recording_sid", told.sid}, {"call_sid", told.call_sid}, {"code", told.error_code}});
    if (told.status != RecordingStatus::completed) return false;
    if (rules.download) {
        if (waiting_.size() >= services_.most_waiting) {
            services_.log.error("recording.lost", "Too many recordings wait to be fetched; this one stays at Twilio.",
                                {{"recording_sid", told.sid}, {"call_sid", told.call_sid}});
            note(record, dumped({{"sid", told.sid}, {"download", "skipped"}}));
        } else {
            want(told, rules);
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
    const auto record = job.told.call_sid.empty() ? job.told.conference_sid : job.told.call_sid;
    bool have = false;
    try {
        have = co_await obtain(job, record);
    } catch (const std::exception& e) {
        // It stays wanted; the others still have their turn.
        services_.log.error("recording.lost", "A recording could not be fetched; it stays at Twilio.",
                            {{"recording_sid", job.told.sid}, {"call_sid", job.told.call_sid}, {"reason", e.what()}});
    }
    --running_;
    next();
    if (have && job.rules.keep_at_twilio) over(job.told.sid);
    if (have && !job.rules.keep_at_twilio && !job.rules.wait_with_delete) co_await remove(job.told.sid, record);
}

net::Task<bool> RecordingKeeper::obtain(const Job& job, const std::string& record) {
    const auto& told = job.told;
    std::error_code ignored;
    std::filesystem::create_directories(services_.directory, ignored);
    const auto file = services_.directory / (record + "-" + told.sid + ".wav");
    if (is_wav(file)) co_return true;  // fetched before a restart, and not yet deleted there
    auto pause = services_.first_pause;
    for (int attempt = 1;; ++attempt) {
        Fetch fetch;
        fetch.sid = told.sid;
        fetch.channels = told.channels == 2 ? 2 : 1;
        fetch.file = file;
        auto got = co_await services_.fetch(std::move(fetch));
        std::string why;
        if (got && is_wav(file)) {
            note(record, dumped({{"sid", told.sid}, {"download", "done"}, {"path", file.string()}, {"bytes", *got}}));
            services_.log.info("recording.fetched", "A recording of Twilio's is here.",
                               {{"recording_sid", told.sid}, {"call_sid", told.call_sid}, {"bytes", *got}, {"attempt", attempt}});
            co_return true;
        }
        if (got) {
            why = "what came is no WAV file";
            std::filesystem::remove(file, ignored);
        } else {
            why = got.error().sentence;
            // Asking again changes nothing: but a 404 may only mean not yet.
            const auto kind = got.error().kind;
            if (kind == rest::Failure::stopped) co_return false;  // the process ends; the next one goes on
            if (kind == rest::Failure::credentials || kind == rest::Failure::forbidden || kind == rest::Failure::invalid) attempt = services_.attempts;
        }
        if (attempt >= services_.attempts) {
            note(record, dumped({{"sid", told.sid}, {"download", "failed"}, {"error", why}}));
            services_.log.error("recording.lost", "A recording could not be fetched; it stays at Twilio.",
                                {{"recording_sid", told.sid}, {"call_sid", told.call_sid}, {"reason", why}});
            over(told.sid);
            co_return false;
        }
        boost::asio::steady_timer timer(services_.executor, pause);
        co_await timer.async_wait(net::nothrow);
        pause *= 2;
    }
}

void RecordingKeeper::resume() {
    std::error_code ec;
    for (std::filesystem::directory_iterator at(services_.directory, ec), end; !ec && at != end; at.increment(ec))
        if (const auto name = at->path().filename().string(); name.ends_with(".part") && name.find("-RE") != std::string::npos) {
            std::error_code ignored;
            std::filesystem::remove(at->path(), ignored);
        }
    if (services_.wanted.empty()) return;
    std::map<std::string, json, std::less<>> left;
    std::ifstream in(services_.wanted);
    for (std::string line; std::getline(in, line);) {
        if (line.size() > 1000) continue;
        auto entry = json::parse(line, nullptr, false);
        if (!entry.is_object()) continue;
        const auto sid = entry.find("sid"), record = entry.find("record"), channels = entry.find("channels"), keep = entry.find("keep");
        if (sid == entry.end() || !sid->is_string() || !twilio::is_sid(sid->get_ref<const std::string&>(), "RE")) continue;
        const auto name = sid->get<std::string>();
        if (entry.contains("over")) {
            left.erase(name);
            continue;
        }
        if (record == entry.end() || channels == entry.end() || keep == entry.end() || !record->is_string() || !channels->is_number_integer() ||
            !keep->is_boolean())
            continue;
        const auto& of = record->get_ref<const std::string&>();
        if ((twilio::is_call_sid(of) || twilio::is_sid(of, "CF")) && (left.size() < services_.most_waiting || left.contains(name)))
            left.insert_or_assign(name, std::move(entry));
    }
    in.close();
    // Begun anew without what is over: it does not grow from one process to the next.
    const auto fresh = services_.wanted.string() + ".new";
    {
        std::ofstream out(fresh, std::ios::trunc);
        for (const auto& [sid, entry] : left) out << dumped(entry) << '\n';
        out.flush();
        ec = out ? std::error_code() : std::make_error_code(std::errc::io_error);
    }
    if (!ec && std::filesystem::exists(services_.wanted))
        std::filesystem::rename(fresh, services_.wanted, ec);
    else
        std::filesystem::remove(fresh, ec);
    for (const auto& [sid, entry] : left) {
        RecordingNews told;
        told.sid = sid;
        const auto of = entry["record"].get<std::string>();
        (of.starts_with("CF") ? told.conference_sid : told.call_sid) = of;
        told.channels = static_cast<int>(entry["channels"].get<std::int64_t>() == 2 ? 2 : 1);
        told.status = RecordingStatus::completed;
        told.status_text = "completed";
        open_.insert(sid);
        if (known_.emplace(sid, 4).second) known_order_.push_back(sid);
        waiting_.push_back({std::move(told), {.download = true, .keep_at_twilio = entry["keep"].get<bool>(), .wait_with_delete = false}});
    }
    if (!left.empty()) services_.log.info("recording.resumed", "Recordings a process before this one wanted are fetched now.", {{"recordings", left.size()}});
    next();
}

void RecordingKeeper::want(const RecordingNews& told, const RecordingRules& rules) {
    if (!open_.insert(told.sid).second) return;
    write(dumped({{"sid", told.sid},
                  {"record", told.call_sid.empty() ? told.conference_sid : told.call_sid},
                  {"channels", told.channels},
                  {"keep", rules.keep_at_twilio}}));
}

void RecordingKeeper::over(const std::string& sid) {
    if (open_.erase(sid) != 0) write(dumped({{"sid", sid}, {"over", true}}));
}

// Rare, and short: written where it happens.
void RecordingKeeper::write(const std::string& line) {
    if (services_.wanted.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(services_.wanted.parent_path(), ignored);
    std::ofstream file(services_.wanted, std::ios::app);
    file << line << '\n';
    file.flush();
    if (!file) services_.log.error("store.full", "A wanted recording could not be written down.", {{"file", services_.wanted.string()}});
}

void RecordingKeeper::forget_at_twilio(const std::string& sid, const std::string& record) {
    services_.spawn(remove(sid, record));
}

net::Task<> RecordingKeeper::remove(std::string sid, std::string record) {
    auto gone = co_await services_.remove(sid);
    // Not there any more is what was wanted.
    if (gone || gone.error().kind == rest::Failure::not_found) {
        over(sid);
        note(record, dumped({{"sid", sid}, {"at_twilio", "deleted"}}));
        services_.log.audit("recording.deleted", "A recording was deleted at Twilio.", {{"recording_sid", sid}});
    } else {
        services_.log.warn("recording.kept", "A recording could not be deleted at Twilio.", {{"recording_sid", sid}, {"reason", gone.error().sentence}});
    }
}

}  // namespace parley::messaging
