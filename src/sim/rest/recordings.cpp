#include "recordings.hpp"

#include <algorithm>
#include <iterator>

#include "parley/sim/identifiers.hpp"

namespace parley::sim {
namespace {

constexpr std::size_t kKeptDeleted = 1000;

}  // namespace

Json Recordings::json(const RecordingView& view, bool deleted) const {
    const auto base = world_.path("/Recordings/" + view.sid);
    Json out{{"account_sid", world_.account_sid()},
             {"api_version", "2010-04-01"},
             {"call_sid", or_null(view.call_sid)},
             {"conference_sid", or_null(view.conference_sid)},
             {"date_created", rfc2822(view.created)},
             {"date_updated", rfc2822(view.updated)},
             {"start_time", rfc2822(view.start_time)},
             {"duration", view.duration ? Json(std::to_string(*view.duration)) : Json(nullptr)},
             {"sid", view.sid},
             {"price", nullptr},
             {"price_unit", "USD"},
             {"status", deleted ? "deleted" : view.status},
             {"channels", view.channels},
             {"source", view.source},
             {"error_code", nullptr},
             {"track", view.track},
             {"uri", base + ".json"},
             {"encryption_details", nullptr},
             {"subresource_uris", {{"add_on_results", base + "/AddOnResults.json"}, {"transcriptions", base + "/Transcriptions.json"}}}};
    out["media_url"] = world_.carrier.options().api_base + base;
    return out;
}

std::optional<RecordingView> Recordings::view(const std::string& sid) const {
    return world_.carrier.recording_view(sid);
}

ApiAnswer Recordings::handle(const ApiCall& call) {
    if (call.part(0) == "Transcriptions") return transcriptions(call, 0);
    if (call.parts.size() == 1) return call.get() ? list(call, {}) : not_allowed();
    const auto found = view(call.part(1));
    if (!found) {
        for (const auto& gone : deleted_) {
            if (gone.sid == call.part(1) && call.get() && call.suffix == "json" && call.flag("IncludeSoftDeleted", false))
                return api_json(200, json(gone, true));
        }
        return not_found(call);
    }
    if (call.parts.size() > 2) return call.part(2) == "Transcriptions" ? transcriptions(call, 2) : not_found(call);
    if (call.remove()) return remove(call, *found);
    if (!call.get()) return not_allowed();
    return call.suffix == "json" ? api_json(200, json(*found)) : media(call, *found);
}

ApiAnswer Recordings::below(const ApiCall& call, std::size_t at, const std::string& owner, bool conference) {
    if (call.parts.size() == at + 1) {
        if (call.get()) return list(call, owner);
        return call.post() && !conference ? start(call, owner) : not_allowed();
    }
    if (call.parts.size() != at + 2) return not_found(call);
    const auto sid = call.part(at + 1);
    if (call.post()) return update(call, owner, sid);
    const auto found = view(sid);
    if (!found || (found->call_sid != owner && found->conference_sid != owner)) return not_found(call);
    if (call.remove()) return remove(call, *found);
    return call.get() ? api_json(200, json(*found)) : not_allowed();
}

ApiAnswer Recordings::list(const ApiCall& call, const std::string& owner) {
    if (const auto bad = unreadable_date(call, "DateCreated"); !bad.empty()) return api_error(400, 20001, "Invalid " + bad);
    auto all = world_.carrier.recordings(owner);
    const auto gone_from = all.size();
    if (call.flag("IncludeSoftDeleted", false)) all.insert(all.end(), deleted_.begin(), deleted_.end());
    std::vector<ListItem> items, deleted;
    for (std::size_t i = all.size(); i-- > 0;) {
        const auto& one = all[i];
        const auto differs = [&](const char* name, const std::string& value) { return !call.value(name).empty() && call.value(name) != value; };
        if (!owner.empty() && one.call_sid != owner && one.conference_sid != owner) continue;
        if (differs("CallSid", one.call_sid) || differs("ConferenceSid", one.conference_sid) || !date_passes(call, "DateCreated", one.created)) continue;
        ListItem item{one.sid, json(one, i >= gone_from)};
        (item.json["status"] == "deleted" ? deleted : items).push_back(std::move(item));
    }
    std::move(deleted.begin(), deleted.end(), std::back_inserter(items));
    return world_.paging.plain(call, "recordings", std::move(items));
}

// 16-bit PCM at 8 kHz. The carrier's MP3 is not simulated: it is refused rather than answered with something else.
ApiAnswer Recordings::media(const ApiCall& call, const RecordingView& view) {
    const auto sound = world_.carrier.recording_audio(view.sid);
    if (!sound) return not_found(call);  // not completed, or absent
    if (call.suffix == "mp3") return api_error(406, 20406, "The simulator serves recordings as WAV only");
    if (!call.suffix.empty() && call.suffix != "wav") return not_found(call);
    const auto channels = call.value("RequestedChannels");
    if (!channels.empty() && channels != "1" && channels != "2") return api_error(400, 20001, "RequestedChannels: 1 or 2");
    if (channels == "2" && view.channels == 1) return api_error(400, 16113, "Two channels requested from a mono recording");
    if (view.channels == 2 && channels != "1") return {200, "audio/x-wav", wav_bytes(sound->left, sound->right), {}};
    return {200, "audio/x-wav", wav_bytes(sound->mono()), {}};
}

ApiAnswer Recordings::start(const ApiCall& call, const std::string& call_sid) {
    RecordingPlan plan;
    plan.dual = call.value("RecordingChannels") == "dual";
    if (const auto track = call.value("RecordingTrack"); !track.empty()) plan.track = track;
    plan.trim_silence = call.value("Trim") == "trim-silence";
    plan.callback = call.value("RecordingStatusCallback");
    plan.callback_method = call.verb("RecordingStatusCallbackMethod");
    if (!plan.callback.empty() && !usable_url(plan.callback)) return api_error(400, 21402, "Invalid RecordingStatusCallback");
    if (const auto events = call.list("RecordingStatusCallbackEvent"); !events.empty()) {
        plan.callback_events.clear();
        for (const auto& event : events) plan.callback_events += (plan.callback_events.empty() ? "" : " ") + event;
    }
    std::string sid;
    switch (world_.carrier.start_recording(call_sid, plan, sid)) {
        case RecordingOutcome::done:
            break;
        case RecordingOutcome::overlap:
            return api_error(400, 16108, "Another recording of the call is running");
        case RecordingOutcome::wrong_state:
            return api_error(400, 21220, "Requested resource is not eligible for recording");
        default:
            return not_found(call);
    }
    const auto made = view(sid);
    return made ? api_json(201, json(*made)) : not_found(call);
}

ApiAnswer Recordings::update(const ApiCall& call, const std::string& owner, const std::string& sid) {
    const auto status = call.value("Status");
    if (status != "paused" && status != "in-progress" && status != "stopped") return api_error(400, 20001, "Status: paused, in-progress or stopped");
    // Which one it is has to be known before it ends, and is no longer the current one.
    std::string which = sid;
    if (sid == "Twilio.CURRENT") {
        for (const auto& one : world_.carrier.recordings(owner)) {
            if (one.running()) which = one.sid;
        }
    }
    switch (world_.carrier.update_recording(owner, which, status, call.value("PauseBehavior") == "skip")) {
        case RecordingOutcome::done:
            break;
        case RecordingOutcome::wrong_state:
            return api_error(400, 21220, "The recording has ended");
        default:
            return not_found(call);
    }
    auto changed = view(which);
    if (!changed) return not_found(call);
    // The change takes effect on the call's own thread; the answer says what was asked.
    auto out = json(*changed);
    if (changed->running()) out["status"] = status;
    return api_json(200, out);
}

ApiAnswer Recordings::remove(const ApiCall& call, const RecordingView& view) {
    if (view.running()) return api_error(409, 20009, "The recording has not finished");
    if (!world_.carrier.delete_recording(view.sid)) return not_found(call);
    deleted_.push_back(view);
    if (deleted_.size() > kKeptDeleted) deleted_.erase(deleted_.begin());
    return no_content();
}

ApiAnswer Recordings::transcriptions(const ApiCall& call, std::size_t at) {
    if (!call.get() && !call.remove()) return not_allowed();
    return call.parts.size() == at + 1 && call.get() ? world_.paging.plain(call, "transcriptions", {}) : not_found(call);
}

}  // namespace parley::sim
