#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "../s2s/session_base.hpp"
#include "parley/audio/g711.hpp"
#include "parley/vendors/deepgram/agent.hpp"
#include "parley/vendors/deepgram/agent_codec.hpp"

namespace parley::vendors {

namespace codec = deepgram_agent;
using codec::Kind;

namespace {

constexpr std::size_t kEchoesKept = 16;
constexpr std::size_t kNotesKept = 8;

// Audio and text carry no ids here: what belongs to which reply is told by order alone. A reply that was broken off
// ends where the vendor says so, or where the caller's next words are told; until then everything of it is dropped.
class DeepgramAgent final : public s2s::SessionBase {
public:
    using SessionBase::SessionBase;

    void open() override;
    [[nodiscard]] bool decides_turns() const override { return true; }
    void caller_turn_began() override {}
    void caller_turn_ended() override {}
    void respond(std::string_view instructions) override;
    void caller_text(std::string_view text) override;
    void note(std::string_view text) override;
    void truncate(VendorReply reply, std::chrono::milliseconds heard) override;
    void tool_result(const ToolCall& call, std::string_view result_json) override;

private:
    void on_socket_open() override {}
    void on_socket_text(std::string_view text) override;
    void on_socket_binary(std::string_view bytes) override;
    void send_audio(std::span<const std::uint8_t> mulaw) override;

    VendorReply begin();
    void end(bool then_tools);
    void take_caller_text(const codec::Event& event);
    void take_calls(const codec::Event& event);

    codec::Reader reader_;
    std::string welcome_id_;
    bool configured_ = false;
    VendorReply last_ = 0, running_ = 0;  // running_ 0: none
    bool spoke_ = false;                  // the running reply has words or audio
    bool dropping_ = false;               // what comes belongs to a reply that was broken off
    bool called_ = false;                 // the running reply has called a tool
    bool answered_ = false;               // a tool's result has been given meanwhile: words begin a new reply
    std::set<std::string> owed_;
    std::deque<std::string> echoes_;  // what we said in the caller's name and the vendor will repeat as his words
    std::vector<std::string> notes_;  // all of them are said again with each new one
    std::vector<std::int16_t> pcm_;
};

void DeepgramAgent::open() {
    const std::string base = endpoint_.base_url.empty() ? "https://agent.deepgram.com" : endpoint_.base_url;
    SocketPlan plan(socket_url(base, "/v1/agent/converse"));
    if (!endpoint_.key.empty()) plan.headers.add("Authorization", "Token " + std::string(endpoint_.key.reveal()));
    plan.connect_within = endpoint_.connect_within;
    plan.keep_alive = codec::keep_alive();
    plan.keep_alive_every = std::chrono::seconds(5);  // it hangs up after about 10 s without anything
    socket_.open(std::move(plan));
}

void DeepgramAgent::send_audio(std::span<const std::uint8_t> mulaw) {
    if (mulaw.empty()) return;
    (void)socket_.send_binary(std::string_view(reinterpret_cast<const char*>(mulaw.data()), mulaw.size()));
}

void DeepgramAgent::respond(std::string_view instructions) {
    caller_text("(Not said by the caller, do this now: " + (instructions.empty() ? "go on" : std::string(instructions)) + ")");
}

void DeepgramAgent::caller_text(std::string_view text) {
    if (later([this, kept = std::string(text)] { caller_text(kept); }) || !open_now() || text.empty()) return;
    if (echoes_.size() == kEchoesKept) echoes_.pop_front();
    echoes_.emplace_back(text);
    say(codec::inject_user(text));
}

// Its thinking begins anew with each turn, by the prompt it has then: nothing is said because of it.
void DeepgramAgent::note(std::string_view text) {
    if (later([this, kept = std::string(text)] { note(kept); }) || !open_now() || text.empty()) return;
    if (notes_.size() == kNotesKept) notes_.erase(notes_.begin());
    notes_.emplace_back(text);
    say(codec::update_prompt(setup_, notes_));
}

void DeepgramAgent::truncate(VendorReply reply, std::chrono::milliseconds) {
    if (reply == 0 || reply != running_) return;
    running_ = 0;
    dropping_ = true;
    answered_ = false;
}

void DeepgramAgent::tool_result(const ToolCall& call, std::string_view result) {
    if (!open_now() || owed_.erase(call.id) == 0) return;
    answered_ = true;
    say(codec::call_response(call, result));
}

VendorReply DeepgramAgent::begin() {
    if (running_ == 0) {
        running_ = ++last_;
        spoke_ = called_ = answered_ = false;
        tell(&S2sSink::on_vendor_reply, running_);
    }
    return running_;
}

void DeepgramAgent::end(bool then_tools) {
    if (running_ == 0) return;
    const auto reply = std::exchange(running_, 0);
    tell(&S2sSink::on_reply_done, reply, then_tools);
}

void DeepgramAgent::on_socket_binary(std::string_view bytes) {
    if (dropping_ || !configured_) {
        count_late();
        return;
    }
    const VendorReply reply = begin();
    spoke_ = true;
    pcm_.resize(bytes.size());
    audio::mulaw_decode(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), pcm_);
    if (reply == running_) tell(&S2sSink::on_reply_audio, reply, std::span<const std::int16_t>(pcm_));
}

void DeepgramAgent::on_socket_text(std::string_view text) {
    const auto& event = reader_.read(text);
    switch (event.kind) {
        case Kind::malformed:
            fail(FailureKind::protocol, "a malformed message");
            break;
        case Kind::welcome:
            welcome_id_ = event.id;
            say(codec::settings(endpoint_, setup_));
            break;
        case Kind::applied:
            configured_ = true;
            became_ready(welcome_id_, std::chrono::seconds(0));
            break;
        case Kind::caller_started:
            tell(&S2sSink::on_caller_started);
            if (running_ == 0) break;
            dropping_ = true;  // it stops sending by itself; what is still under way is stale
            answered_ = false;
            tell(&S2sSink::on_vendor_interrupted);
            end(false);
            break;
        case Kind::caller_text:
            take_caller_text(event);
            break;
        case Kind::agent_text: {
            if (dropping_ && !answered_) {
                count_late();
                break;
            }
            dropping_ = false;
            if (called_ && answered_) end(true);  // this is what the tool's result led to
            const VendorReply reply = begin();
            const std::string words = (spoke_ ? " " : "") + event.text;
            spoke_ = true;
            if (reply == running_) tell(&S2sSink::on_reply_words, reply, std::string_view(words));
            break;
        }
        case Kind::thinking:
            dropping_ = false;
            break;
        case Kind::audio_done:
            if (dropping_)
                dropping_ = false;
            else
                end(called_);
            break;
        case Kind::calls:
            take_calls(event);
            break;
        case Kind::calls_cancelled:
            for (const auto& call : event.calls) owed_.erase(call.id);
            break;
        case Kind::error:
            fail(codec::failure_of(event, configured_));
            break;
        case Kind::ignored:
            break;
    }
}

void DeepgramAgent::take_caller_text(const codec::Event& event) {
    dropping_ = false;  // a new turn: what comes now answers it
    end(false);
    const auto echo = std::find(echoes_.begin(), echoes_.end(), event.text);
    if (echo != echoes_.end()) {
        echoes_.erase(echo);
        return;
    }
    tell(&S2sSink::on_caller_stopped);
    tell_caller_text(event.text);
}

void DeepgramAgent::take_calls(const codec::Event& event) {
    dropping_ = false;
    if (event.calls.empty()) return;
    const VendorReply reply = begin();
    called_ = true;
    for (const auto& call : event.calls) owed_.insert(call.id);
    for (const auto& call : event.calls) tell(&S2sSink::on_tool_call, reply, call);
    // Words that were spoken before the call are still being sent: their end is told.
    if (!spoke_ && reply == running_) end(true);
}

}  // namespace

std::unique_ptr<S2sSession> make_deepgram_agent(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink) {
    return std::make_unique<DeepgramAgent>(endpoint, link, std::move(setup), sink);
}

}  // namespace parley::vendors
