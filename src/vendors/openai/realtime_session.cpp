#include "realtime_session.hpp"

#include <algorithm>
#include <chrono>

#include "parley/audio/g711.hpp"

namespace parley::vendors {

namespace codec = openai_realtime;
using codec::Kind;

namespace {

constexpr std::size_t kRepliesKept = 32;
constexpr std::size_t kMostTranscript = 4096;

}  // namespace

std::unique_ptr<S2sSession> make_openai_realtime(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink) {
    return std::make_unique<OpenaiRealtime>(endpoint, link, std::move(setup), sink);
}

// --- what the gateway wants ---------------------------------------------------------------------------------------

void OpenaiRealtime::open() {
    const std::string base = endpoint_.base_url.empty() ? "https://api.openai.com/v1" : endpoint_.base_url;
    const std::string model = endpoint_.model.empty() ? "gpt-realtime-2.1" : endpoint_.model;
    SocketPlan plan(socket_url(base, "/realtime?model=" + query_escape(model)));
    if (!endpoint_.key.empty()) plan.headers.add("Authorization", "Bearer " + std::string(endpoint_.key.reveal()));
    if (settings_.beta) plan.headers.add("OpenAI-Beta", "realtime=v1");
    plan.connect_within = endpoint_.connect_within;
    socket_.open(std::move(plan));
}

void OpenaiRealtime::send_audio(std::span<const std::uint8_t> mulaw) {
    if (!gate_.pass(mulaw)) return;
    codec::append_audio(mulaw, message_);
    say(message_);
}

void OpenaiRealtime::caller_turn_began() {
    if (!gate_.begin() || !open_now()) return;
    if (const auto before = gate_.take_before(); !before.empty()) send_audio(before);
}

void OpenaiRealtime::caller_turn_ended() {
    if (!gate_.end() || !open_now()) return;
    say(codec::commit(next_id('u')));
    want_response({});
}

void OpenaiRealtime::respond(std::string_view instructions) {
    if (later([this, kept = std::string(instructions)] { respond(kept); })) return;
    // A response's own instructions replace the session's, so those are said again.
    std::string all;
    if (!instructions.empty()) all = setup_.instructions + (setup_.instructions.empty() ? "" : "\n\n") + std::string(instructions);
    answer_coming_ = false;  // whoever asks knows that the caller is silent, whatever the vendor's ear last said
    want_response(std::move(all));
}

void OpenaiRealtime::caller_text(std::string_view text) {
    if (later([this, kept = std::string(text)] { caller_text(kept); }) || !open_now()) return;
    LmMessage message;
    message.text = text;
    say(codec::message_item(message, settings_.beta, next_id('i')));
    answer_coming_ = false;
    want_response({});
}

void OpenaiRealtime::note(std::string_view text) {
    if (later([this, kept = std::string(text)] { note(kept); }) || !open_now() || text.empty()) return;
    LmMessage message;
    message.role = LmMessage::Role::system;
    message.text = text;
    say(codec::message_item(message, settings_.beta, next_id('i')));
}

void OpenaiRealtime::truncate(VendorReply number, std::chrono::milliseconds heard) {
    const auto found = std::find_if(replies_.begin(), replies_.end(), [number](const Reply& each) { return each.number == number; });
    if (found == replies_.end() || found->cut || !open_now()) return;
    found->cut = true;
    if (found->running) say(codec::cancel_response(found->id, next_id('c')));
    // Several items may have been spoken: those heard whole stay, one is cut, those behind it are cut at nothing. The
    // one that is still being made has more at the vendor than has come here.
    std::int64_t left = std::max<std::int64_t>(heard.count(), 0);
    for (const auto& item : found->items) {
        const auto sent_ms = static_cast<std::int64_t>(item.samples / 8);
        if (item.samples == 0) continue;  // it has no audio that could be cut
        const bool growing = found->running && &item == &found->items.back();
        if (left < sent_ms || growing) say(codec::truncate_item(item.id, std::min(left, sent_ms), next_id('t')));
        left = std::max<std::int64_t>(left - sent_ms, 0);
    }
}

void OpenaiRealtime::tool_result(const ToolCall& call, std::string_view result) {
    if (!open_now()) return;
    for (auto& reply : replies_) {
        if (reply.owed.erase(call.id) == 0) continue;
        say(codec::result_item(call.id, result, next_id('i')));
        if (reply.owed.empty() && !reply.running) want_response({});
        return;
    }
}

// At most one response runs at a time. One that is asked for while another runs, or while the vendor is about to answer
// what it hears, would be refused.
void OpenaiRealtime::want_response(std::string instructions) {
    if (!open_now()) return;
    wanted_ = true;
    wanted_instructions_ = std::move(instructions);
    send_wanted();
}

void OpenaiRealtime::send_wanted() {
    if (!wanted_ || answer_coming_ || running()) return;
    wanted_ = false;
    last_create_ = next_id('r');
    say(codec::create_response(wanted_instructions_, last_create_));
}

bool OpenaiRealtime::running() const {
    return std::any_of(replies_.begin(), replies_.end(), [](const Reply& each) { return each.running; });
}

OpenaiRealtime::Reply* OpenaiRealtime::find(std::string_view response) {
    const auto found = std::find_if(replies_.begin(), replies_.end(), [response](const Reply& each) { return each.id == response; });
    return found == replies_.end() ? nullptr : &*found;
}

// --- what the vendor says -----------------------------------------------------------------------------------------

void OpenaiRealtime::on_socket_open() {
    configuring_ = next_id('s');
    say(codec::session_update(endpoint_, setup_, configuring_));
    for (const auto& message : setup_.context) {
        if (message.role == LmMessage::Role::tool) {
            say(codec::result_item(message.call_id, message.text, next_id('i')));
            continue;
        }
        if (!message.text.empty()) say(codec::message_item(message, settings_.beta, next_id('i')));
        for (const auto& call : message.calls) say(codec::call_item(call, next_id('i')));
    }
}

void OpenaiRealtime::configured() {
    if (opened_) return;
    opened_ = true;
    std::chrono::seconds lifetime{0};
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count();
    if (expires_at_ > now && expires_at_ - now < 86400) lifetime = std::chrono::seconds(expires_at_ - now);
    became_ready(session_id_, lifetime);
    if (!setup_.greeting.empty()) respond("Say exactly this to the caller now, word for word, and nothing else: \"" + setup_.greeting + "\"");
}

void OpenaiRealtime::on_socket_text(std::string_view text) {
    const Event& event = reader_.read(text);
    switch (event.kind) {
        case Kind::malformed:
            fail(FailureKind::protocol, "a malformed message");
            break;
        case Kind::session_created:
            session_id_ = event.id;
            expires_at_ = event.expires_at;
            break;
        case Kind::session_updated:
            configured();
            break;
        case Kind::speech_started:
            answer_coming_ = !settings_.manual;
            tell(&S2sSink::on_caller_started);
            break;
        case Kind::speech_stopped:
            tell(&S2sSink::on_caller_stopped);
            break;
        case Kind::caller_delta:
        case Kind::caller_text:
            take_caller_text(event);
            break;
        case Kind::response_created: {
            answer_coming_ = false;
            if (event.response.empty() || find(event.response) != nullptr) break;
            if (replies_.size() == kRepliesKept) replies_.pop_front();
            Reply reply;
            reply.number = ++last_number_;
            reply.id = event.response;
            replies_.push_back(std::move(reply));
            tell(&S2sSink::on_vendor_reply, last_number_);
            break;
        }
        case Kind::item_done:
            if (auto* reply = find(event.response)) take_calls(*reply, event);
            break;
        case Kind::audio:
            take_audio(event);
            break;
        case Kind::words:
            take_words(event);
            break;
        case Kind::response_done:
            take_done(event);
            break;
        case Kind::error:
            take_error(event);
            break;
        case Kind::ignored:
        case Kind::committed:
        case Kind::caller_text_failed:
        case Kind::item_added:
        case Kind::call_delta:
        case Kind::truncated:
            break;
    }
}

void OpenaiRealtime::take_caller_text(const Event& event) {
    if (event.kind == Kind::caller_text) {
        if (caller_item_ == event.item) caller_said_.clear();
        tell_caller_text(event.text);
        return;
    }
    if (caller_item_ != event.item) {
        caller_item_ = event.item;
        caller_said_.clear();
    }
    if (caller_said_.size() < kMostTranscript) caller_said_ += event.text;
    tell_interim(caller_said_);
}

void OpenaiRealtime::take_audio(const Event& event) {
    Reply* reply = find(event.response);
    if (reply == nullptr || reply->cut || !reply->running) {
        count_late();
        return;
    }
    auto item = std::find_if(reply->items.begin(), reply->items.end(), [&event](const Item& each) { return each.id == event.item; });
    if (item == reply->items.end()) item = reply->items.insert(item, Item{event.item, 0});
    item->samples += event.audio.size();
    pcm_.resize(event.audio.size());
    audio::mulaw_decode(event.audio, pcm_);
    tell(&S2sSink::on_reply_audio, reply->number, std::span<const std::int16_t>(pcm_));
}

void OpenaiRealtime::take_words(const Event& event) {
    const Reply* reply = find(event.response);
    if (reply == nullptr || reply->cut || !reply->running) {
        count_late();
        return;
    }
    tell(&S2sSink::on_reply_words, reply->number, std::string_view(event.text));
}

void OpenaiRealtime::take_calls(Reply& reply, const Event& event) {
    for (const auto& call : event.calls) {
        if (!reply.given.insert(call.id).second) continue;
        if (reply.cut) {
            // Nobody will run it, but an unanswered call would stay in the vendor's conversation for good.
            say(codec::result_item(call.id, R"({"error":"interrupted by the caller before it ran"})", next_id('i')));
            continue;
        }
        reply.owed.insert(call.id);
        tell(&S2sSink::on_tool_call, reply.number, call);
    }
}

void OpenaiRealtime::take_done(const Event& event) {
    Reply* reply = find(event.response);
    if (reply == nullptr || !reply->running) return;
    tell(&S2sSink::on_usage, event.usage);
    if (event.status == "completed") take_calls(*reply, event);
    reply->running = false;
    const bool cut = reply->cut, had_calls = !reply->given.empty(), owes = !reply->owed.empty();
    const VendorReply number = reply->number;
    if (event.status == "failed" && !cut) {
        // The answer is lost though the session lives: whoever stands by has to give it.
        fail(codec::failed_response(event));
        return;
    }
    if (!cut && event.status == "cancelled" && event.reason == "turn_detected") tell(&S2sSink::on_vendor_interrupted);
    if (!cut) tell(&S2sSink::on_reply_done, number, had_calls);
    if (had_calls && !owes && !cut) want_response({});
    send_wanted();
}

void OpenaiRealtime::take_error(const Event& event) {
    if (!opened_ && (event.event_id == configuring_ || event.event_id.empty())) {
        auto failure = codec::fatal(event);
        if (failure)
            fail(std::move(*failure));
        else
            fail(FailureKind::refused, event.code + ": " + event.message);
        return;
    }
    if (event.code == "conversation_already_has_active_response") {
        wanted_ = true;  // our request and the vendor's own answer crossed: again when that is done
        return;
    }
    // An error that answers something older than the newest request (a cancelled reply, an item) must not end the
    // session.
    const char about = event.event_id.empty() ? '\0' : event.event_id.front();
    if (about == 'c' || about == 't' || about == 'i' || (about == 'r' && event.event_id != last_create_)) return;
    if (auto failure = codec::fatal(event)) fail(std::move(*failure));
}

}  // namespace parley::vendors
