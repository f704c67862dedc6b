#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "../s2s/session_base.hpp"
#include "../s2s/turn_gate.hpp"
#include "parley/audio/g711.hpp"
#include "parley/audio/resampler.hpp"
#include "parley/vendors/gemini/live.hpp"
#include "parley/vendors/gemini/live_codec.hpp"

namespace parley::vendors {

namespace codec = gemini_live;

namespace {

constexpr std::chrono::seconds kLifetime{600};  // of one connection, as documented; goAway tells it exactly
constexpr std::size_t kMostTranscript = 4096;
constexpr std::size_t kNotesKept = 8;

// Nothing here has an id: order tells what belongs to which reply. A reply that was broken off ends with turnComplete,
// and until then everything of it is dropped. The caller's words come in no fixed order to the answer's audio.
class GeminiLive final : public s2s::SessionBase {
public:
    GeminiLive(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink)
        : SessionBase(endpoint, link, std::move(setup), sink), gate_(endpoint_.option("turns") == "manual"), resume_(setup_.resume) {}

    void open() override;
    [[nodiscard]] bool decides_turns() const override { return !gate_.manual(); }
    void caller_turn_began() override;
    void caller_turn_ended() override;
    void respond(std::string_view instructions) override;
    void caller_text(std::string_view text) override;
    void note(std::string_view text) override;
    void truncate(VendorReply reply, std::chrono::milliseconds heard) override;
    void tool_result(const ToolCall& call, std::string_view result_json) override;
    [[nodiscard]] std::string resume_token() const override { return resume_; }

private:
    void on_socket_open() override { say(codec::setup(endpoint_, setup_)); }
    void on_socket_text(std::string_view text) override { take(reader_.read(text)); }
    void on_socket_binary(std::string_view bytes) override { take(reader_.read(bytes)); }  // the same JSON
    void send_audio(std::span<const std::uint8_t> mulaw) override;
    [[nodiscard]] Failure read_loss(Failure failure) const override { return codec::read_close(std::move(failure), configured_, going_away_); }

    void take(const codec::Event& event);
    void take_interruption();
    void take_answer(const codec::Event& event);
    void take_calls(const codec::Event& event);
    void hear(const codec::Event& event);
    void settle_caller(std::size_t characters);
    void play(const codec::Event::Audio& sound);
    VendorReply begin();
    void end(bool then_tools);
    void tell_notes();

    codec::Reader reader_;
    s2s::TurnGate gate_;
    std::string resume_;
    bool configured_ = false, going_away_ = false;
    VendorReply last_ = 0, running_ = 0;
    bool dropping_ = false;
    std::set<std::string> owed_;
    std::vector<std::string> notes_;  // to be told when the vendor does not speak: they would break off what it says
    std::string said_;                // of the caller's turn, not settled yet
    std::size_t said_before_ = 0;     // so much of it was there when the running reply began
    bool caller_speaks_ = false;      // the sink was told that he started
    std::string message_;
    audio::Resampler up_{8000, 16000};
    std::optional<audio::Resampler> down_;
    std::vector<std::int16_t> pcm_, converted_;
    std::optional<std::uint8_t> odd_;  // half a sample of the running reply
};

void GeminiLive::open() {
    const std::string base = endpoint_.base_url.empty() ? "https://generativelanguage.googleapis.com" : endpoint_.base_url;
    SocketPlan plan(socket_url(base, "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"));
    if (!endpoint_.key.empty()) plan.headers.add("x-goog-api-key", std::string(endpoint_.key.reveal()));
    plan.connect_within = endpoint_.connect_within;
    plan.ping_every = std::chrono::seconds(60);  // its pongs were seen half a minute late
    socket_.open(std::move(plan));
}

void GeminiLive::send_audio(std::span<const std::uint8_t> mulaw) {
    if (!gate_.pass(mulaw)) return;
    pcm_.resize(mulaw.size());
    audio::mulaw_decode(mulaw, pcm_);
    converted_.clear();
    up_.process(pcm_, converted_);
    if (converted_.empty()) return;
    codec::audio(converted_, message_);
    say(message_);
}

void GeminiLive::caller_turn_began() {
    if (!gate_.begin() || !open_now()) return;
    say(codec::activity(true));
    if (const auto before = gate_.take_before(); !before.empty()) send_audio(before);
}

void GeminiLive::caller_turn_ended() {
    if (gate_.end() && open_now()) say(codec::activity(false));
}

void GeminiLive::respond(std::string_view instructions) {
    caller_text("(Not said by the caller, do this now: " + (instructions.empty() ? "go on" : std::string(instructions)) + ")");
}

void GeminiLive::caller_text(std::string_view text) {
    if (later([this, kept = std::string(text)] { caller_text(kept); }) || !open_now() || text.empty()) return;
    say(codec::text(endpoint_, text));
}

void GeminiLive::note(std::string_view text) {
    if (later([this, kept = std::string(text)] { note(kept); }) || !open_now() || text.empty()) return;
    if (notes_.size() < kNotesKept) notes_.push_back(codec::note(endpoint_, text));
    tell_notes();
}

void GeminiLive::tell_notes() {
    if (running_ != 0 || dropping_ || !owed_.empty()) return;
    for (const auto& note : std::exchange(notes_, {}))
        if (!note.empty()) say(note);
}

void GeminiLive::truncate(VendorReply reply, std::chrono::milliseconds) {
    if (reply == 0 || reply != running_) return;
    running_ = 0;
    dropping_ = true;
}

void GeminiLive::tool_result(const ToolCall& call, std::string_view result) {
    if (!open_now() || owed_.erase(call.id) == 0) return;  // a cancelled call must not be answered
    say(codec::tool_response(call, result));
}

VendorReply GeminiLive::begin() {
    if (running_ != 0) return running_;
    if (std::exchange(caller_speaks_, false)) tell(&S2sSink::on_caller_stopped);
    said_before_ = said_.size();
    running_ = ++last_;
    down_.reset();
    odd_.reset();
    tell(&S2sSink::on_vendor_reply, running_);
    return running_;
}

void GeminiLive::end(bool then_tools) {
    if (running_ == 0) return;
    if (down_) {
        converted_.clear();
        down_->flush(converted_);  // the filter still holds the last two milliseconds
        down_.reset();
        if (!converted_.empty()) tell(&S2sSink::on_reply_audio, running_, std::span<const std::int16_t>(converted_));
    }
    if (running_ == 0) return;
    const auto reply = std::exchange(running_, 0);
    tell(&S2sSink::on_reply_done, reply, then_tools);
}

// The first so many bytes of what was heard are one turn of the caller.
void GeminiLive::settle_caller(std::size_t characters) {
    const std::string turn = said_.substr(0, characters);
    said_.erase(0, characters);
    said_before_ = 0;
    tell_caller_text(turn);
}

void GeminiLive::hear(const codec::Event& event) {
    if (!event.caller_text.empty()) {
        if (running_ == 0 && !std::exchange(caller_speaks_, true)) tell(&S2sSink::on_caller_started);
        if (said_.size() + event.caller_text.size() <= kMostTranscript) said_ += event.caller_text;
        tell_interim(said_);
    }
    if (event.caller_finished) settle_caller(said_.size());
}

void GeminiLive::take_interruption() {
    settle_caller(said_before_);  // what answered that is over; what came since is the interruption itself
    if (!std::exchange(caller_speaks_, true)) tell(&S2sSink::on_caller_started);
    dropping_ = true;
    if (running_ == 0) return;
    down_.reset();
    tell(&S2sSink::on_vendor_interrupted);
    end(false);
}

void GeminiLive::play(const codec::Event::Audio& sound) {
    if (!audio::resampler_supports(sound.rate)) {
        fail(FailureKind::bad_audio, "audio of " + std::to_string(sound.rate) + " Hz");
        return;
    }
    const VendorReply reply = begin();
    if (!down_ || down_->in_hz() != sound.rate) down_.emplace(sound.rate, 8000);
    // A piece may end within a sample.
    std::vector<std::uint8_t> bytes;
    bytes.reserve(sound.bytes.size() + 1);
    if (odd_) bytes.push_back(*odd_);
    bytes.insert(bytes.end(), sound.bytes.begin(), sound.bytes.end());
    odd_.reset();
    if (bytes.size() % 2 != 0) {
        odd_ = bytes.back();
        bytes.pop_back();
    }
    pcm_.resize(bytes.size() / 2);
    if (!bytes.empty()) std::memcpy(pcm_.data(), bytes.data(), bytes.size());
    converted_.clear();
    down_->process(pcm_, converted_);
    if (reply == running_ && !converted_.empty()) tell(&S2sSink::on_reply_audio, reply, std::span<const std::int16_t>(converted_));
}

void GeminiLive::take_answer(const codec::Event& event) {
    for (const auto& sound : event.audio) {
        if (over()) return;
        if (dropping_)
            count_late();
        else
            play(sound);
    }
    if (event.words.empty()) return;
    if (dropping_) {
        count_late();
        return;
    }
    const VendorReply reply = begin();
    if (reply == running_) tell(&S2sSink::on_reply_words, reply, std::string_view(event.words));
}

void GeminiLive::take_calls(const codec::Event& event) {
    if (event.calls.empty()) return;
    if (dropping_) {
        // Nobody runs it, but a call without an answer silences the vendor for good. What it says to that is dropped
        // with the rest of the turn.
        for (const auto& call : event.calls) say(codec::tool_response(call, R"({"error":"interrupted by the caller before it ran"})"));
        return;
    }
    settle_caller(said_.size());
    const VendorReply reply = begin();
    for (const auto& call : event.calls) owed_.insert(call.id);
    for (const auto& call : event.calls) tell(&S2sSink::on_tool_call, reply, call);
    if (reply == running_) end(true);
}

void GeminiLive::take(const codec::Event& event) {
    if (event.malformed) {
        fail(FailureKind::protocol, "a malformed message");
        return;
    }
    if (!event.resume.empty()) resume_ = event.resume;
    if (event.set_up && !configured_) {
        configured_ = true;
        became_ready(event.session_id, kLifetime);
        if (!setup_.greeting.empty() && setup_.resume.empty())
            respond("say exactly this to the caller, word for word, and nothing else: \"" + setup_.greeting + "\"");
    }
    hear(event);
    if (event.interrupted) take_interruption();
    for (const auto& id : event.cancelled) owed_.erase(id);
    take_answer(event);
    take_calls(event);
    if (event.usage) tell(&S2sSink::on_usage, *event.usage);
    if (event.generated && !dropping_) settle_caller(said_.size());
    if (event.turn_complete) {
        if (!dropping_) settle_caller(said_.size());
        end(false);
        dropping_ = false;
        tell_notes();
    }
    if (event.going_away && !over()) {
        going_away_ = true;
        tell(&S2sSink::on_going_away, *event.going_away);
    }
}

}  // namespace

std::unique_ptr<S2sSession> make_gemini_live(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink) {
    return std::make_unique<GeminiLive>(endpoint, link, std::move(setup), sink);
}

}  // namespace parley::vendors
