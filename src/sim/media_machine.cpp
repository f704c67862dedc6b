#include "parley/sim/media_machine.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "parley/sim/base64.hpp"

namespace parley::sim {
namespace {

using nlohmann::json;

constexpr Sample samples(std::chrono::milliseconds ms) {
    return ms.count() * 8;
}
constexpr Sample kCongested = 5 * 8000;
constexpr Sample kSwapPatience = 8000;  // a reordered mark without successor comes a second late

}  // namespace

MediaMachine::MediaMachine(StreamSetup setup, const LineFaults& faults, Sample line_now, const PlayBuffer& speaker)
    : setup_(std::move(setup)), faults_(faults), random_(faults.seed), started_(line_now), first_offset_(speaker.appended()), first_played_(speaker.played()) {
    queue({.kind = Kind::connected, .due = line_now, .codes = {}, .text = {}});
    queue({.kind = Kind::start, .due = line_now, .codes = {}, .text = {}});
}

bool MediaMachine::chance(double probability) {
    return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
}

void MediaMachine::queue(Out out) {
    if (!queue_.empty()) out.due = std::max(out.due, queue_.back().due);
    queue_.push_back(std::move(out));
}

void MediaMachine::on_frame(Track track, std::span<const std::uint8_t> codes, Sample line_start) {
    if (stopping_) return;
    if ((track == Track::inbound && !setup_.inbound) || (track == Track::outbound && !setup_.outbound)) return;
    const auto timestamp = line_start - started_;
    if (timestamp < 0) return;
    Out out{.kind = Kind::media, .due = line_start + static_cast<Sample>(codes.size()), .track = track, .codes = {}, .text = {}};
    const auto stall_from = samples(faults_.stall_at);
    const bool stalled = faults_.stall_for.count() > 0 && timestamp >= stall_from && timestamp < stall_from + samples(faults_.stall_for);
    if ((stalled && faults_.stall_drops) || chance(faults_.packet_loss)) {
        ++frames_lost_;
        return;
    }
    if (stalled) out.due = started_ + stall_from + samples(faults_.stall_for);
    if (faults_.jitter.count() > 0) out.due += std::uniform_int_distribution<Sample>(0, samples(faults_.jitter))(random_);
    if (faults_.burst_every.count() > 0) {
        const auto phase = timestamp % samples(faults_.burst_every);
        const auto hold = std::min(samples(faults_.burst_hold), samples(faults_.burst_every));
        if (phase < hold) out.due = std::max(out.due, line_start + (hold - phase));
    }
    // Sound that should have left seconds ago means a server that does not read.
    if (!queue_.empty() && queue_.front().due + kCongested < line_start) {
        ++frames_lost_;
        if (!told_congestion_) notices_.push_back({31930, "media dropped: the server reads too slowly"});
        told_congestion_ = true;
        return;
    }
    out.chunk = ++chunk_[static_cast<int>(track)];
    out.timestamp = timestamp;
    out.codes.assign(codes.begin(), codes.end());
    queue(std::move(out));
}

void MediaMachine::on_dtmf(char digit, Sample line_now) {
    if (stopping_ || !setup_.bidirectional) return;
    queue({.kind = Kind::dtmf, .due = line_now, .codes = {}, .text = std::string(1, digit)});
}

void MediaMachine::queue_mark(const std::string& name, Sample line_now) {
    queue({.kind = Kind::mark, .due = line_now, .codes = {}, .text = name});
}

void MediaMachine::on_marks(const std::vector<PlayBuffer::MarkReturn>& returned, Sample line_now) {
    for (const auto& mark : returned) {
        auto truth = std::find_if(marks_.begin(), marks_.end(), [&](const MarkTruth& known) { return !known.returned_at && known.name == mark.name; });
        if (truth == marks_.end()) continue;  // belongs to an earlier stream of this call
        truth->returned_at = mark.at;
        truth->cleared = mark.cleared;
        if (stopping_ || chance(faults_.marks_lost)) continue;
        truth->sent = 1;
        if (chance(faults_.marks_late)) {
            const auto due = line_now + samples(faults_.marks_delay);
            late_.emplace(due, Out{.kind = Kind::mark, .due = due, .codes = {}, .text = mark.name});
        } else if (!swapped_ && chance(faults_.marks_reordered)) {
            swapped_ = mark.name;
            const auto due = line_now + kSwapPatience;
            late_.emplace(due, Out{.kind = Kind::mark, .due = due, .codes = {}, .text = mark.name});
            continue;
        } else {
            queue_mark(mark.name, line_now);
        }
        if (chance(faults_.marks_duplicated)) {
            truth->sent = 2;
            queue_mark(mark.name, line_now);
        }
        if (swapped_) {
            const auto held = std::find_if(late_.begin(), late_.end(), [&](const auto& entry) { return entry.second.text == *swapped_; });
            if (held != late_.end()) {
                late_.erase(held);
                queue_mark(*swapped_, line_now);
            }
            swapped_.reset();
        }
    }
}

void MediaMachine::stop(Sample line_now) {
    if (stopping_) return;
    stopping_ = true;
    late_.clear();
    queue({.kind = Kind::stop, .due = line_now, .codes = {}, .text = {}});
}

std::optional<Sample> MediaMachine::next_due() const {
    std::optional<Sample> due;
    if (!queue_.empty()) due = queue_.front().due;
    if (!late_.empty()) due = std::min(due.value_or(late_.begin()->first), late_.begin()->first);
    return due;
}

bool MediaMachine::take(Sample line_now, std::string& message) {
    if (!late_.empty() && late_.begin()->first <= line_now) {
        if (swapped_ == late_.begin()->second.text) swapped_.reset();
        message = write(late_.begin()->second);
        late_.erase(late_.begin());
        return true;
    }
    if (queue_.empty() || queue_.front().due > line_now) return false;
    message = write(queue_.front());
    queue_.pop_front();
    return true;
}

std::string MediaMachine::write(const Out& out) {
    if (out.kind == Kind::connected) return R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
    const auto sequence = std::to_string(++sequence_);
    if (out.kind == Kind::media) {  // the only frequent one, and none of its values needs escaping
        ++frames_sent_;
        std::string text = R"({"event":"media","sequenceNumber":")" + sequence + R"(","media":{"track":")";
        text += out.track == Track::inbound ? "inbound" : "outbound";
        text += R"(","chunk":")" + std::to_string(out.chunk) + R"(","timestamp":")" + std::to_string(out.timestamp / 8);
        text += R"(","payload":")" + base64(std::span<const std::uint8_t>(out.codes)) + R"("},"streamSid":")" + setup_.stream_sid + R"("})";
        return text;
    }
    json message;
    message["sequenceNumber"] = sequence;
    message["streamSid"] = setup_.stream_sid;
    switch (out.kind) {
        case Kind::start: {
            message["event"] = "start";
            auto tracks = json::array();
            if (setup_.inbound) tracks.push_back("inbound");
            if (setup_.outbound) tracks.push_back("outbound");
            auto parameters = json::object();
            for (const auto& [name, value] : setup_.parameters) parameters[name] = value;
            message["start"] = {{"accountSid", setup_.account_sid},
                                {"streamSid", setup_.stream_sid},
                                {"callSid", setup_.call_sid},
                                {"tracks", tracks},
                                {"mediaFormat", {{"encoding", "audio/x-mulaw"}, {"sampleRate", 8000}, {"channels", 1}}},
                                {"customParameters", parameters}};
            break;
        }
        case Kind::dtmf:
            message["event"] = "dtmf";
            message["dtmf"] = {{"track", "inbound_track"}, {"digit", out.text}};
            break;
        case Kind::mark:
            message["event"] = "mark";
            message["mark"] = {{"name", out.text}};
            break;
        default:
            message["event"] = "stop";
            message["stop"] = {{"accountSid", setup_.account_sid}, {"callSid", setup_.call_sid}};
            break;
    }
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

void MediaMachine::invalid(std::string why) {
    ++invalid_;
    if (told_invalid_) return;
    told_invalid_ = true;
    notices_.push_back({31951, "invalid message: " + std::move(why)});
}

void MediaMachine::on_binary(std::size_t bytes) {
    ++invalid_;
    if (told_binary_) return;
    told_binary_ = true;
    notices_.push_back({31950, "malformed message: binary frame of " + std::to_string(bytes) + " bytes"});
}

bool MediaMachine::check_shape(std::string_view text, std::string& event, std::string& body, std::string& why) const {
    const auto message = json::parse(text, nullptr, false);
    const auto refuse = [&](std::string reason) {
        why = std::move(reason);
        return false;
    };
    if (message.is_discarded()) return refuse("not JSON");
    if (!message.is_object()) return refuse("not an object");
    const auto text_of = [](const json& object, const char* key) -> const std::string* {
        const auto at = object.find(key);
        return at == object.end() ? nullptr : at->get_ptr<const std::string*>();
    };
    const auto* event_text = text_of(message, "event");
    if (event_text == nullptr) return refuse("no event");
    event = *event_text;
    if (event != "media" && event != "mark" && event != "clear") return refuse("unknown event " + event.substr(0, 40));
    const auto* sid = text_of(message, "streamSid");
    if (sid == nullptr) return refuse(event + " without streamSid");
    if (*sid != setup_.stream_sid) return refuse("wrong streamSid");
    if (event == "clear") return message.size() == 2 || refuse("superfluous field in clear");
    const auto inner = message.find(event);
    if (inner == message.end() || !inner->is_object()) return refuse(event + " without its object");
    if (message.size() != 3) return refuse("superfluous field in " + event);
    const auto* value = text_of(*inner, event == "media" ? "payload" : "name");
    if (value == nullptr) return refuse(event + (event == "media" ? " without payload" : " without name"));
    if (inner->size() != 1) return refuse("superfluous field in " + event);
    body = *value;
    return true;
}

void MediaMachine::on_text(std::string_view text, PlayBuffer& speaker, Sample line_now) {
    std::string event, body, why;
    if (!check_shape(text, event, body, why)) {
        invalid(std::move(why));
        return;
    }
    if (event == "media") {
        const auto codes = from_base64(body);
        if (!codes) {
            invalid("payload is not base64");
            return;
        }
        ++media_received_;
        if (!setup_.bidirectional || stopping_) return;
        if (const auto excess = speaker.append(*codes); excess > 0) {
            overflow_ += static_cast<std::uint64_t>(excess);
            if (!told_overflow_) notices_.push_back({31931, "media discarded: more than ten minutes are queued"});
            told_overflow_ = true;
        }
        return;
    }
    if (!setup_.bidirectional || stopping_) return;
    std::vector<PlayBuffer::MarkReturn> returned;
    if (event == "mark") {
        marks_.push_back({.name = body, .received_at = speaker.now(), .offset = speaker.appended() - first_offset_, .returned_at = {}});
        speaker.mark(body, returned);
    } else {
        const auto dropped = speaker.clear(returned);
        const auto appended = speaker.appended() - first_offset_;
        clears_.push_back({.at = speaker.now(), .dropped = dropped, .appended = appended, .heard = speaker.played() - first_played_ + speaker.queued()});
    }
    on_marks(returned, line_now);
}

}  // namespace parley::sim
