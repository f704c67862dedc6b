#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "../s2s/session_base.hpp"
#include "parley/audio/g711.hpp"
#include "parley/audio/resampler.hpp"
#include "parley/vendors/elevenlabs/agents.hpp"
#include "parley/vendors/elevenlabs/agents_codec.hpp"

namespace parley::vendors {

namespace codec = elevenlabs_agents;
using codec::Kind;

namespace {

// agent_response_complete is an event the agent's settings may leave out, and it is told to come late: an answer that
// has been quiet for so long is over. Sound that comes after all is a new one.
constexpr std::chrono::milliseconds kQuiet{1500};

class ElevenlabsAgents final : public s2s::SessionBase {
public:
    ElevenlabsAgents(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink)
        : SessionBase(endpoint, link, std::move(setup), sink), nursery_(link.executor), quiet_(link.executor) {}

    void open() override;
    [[nodiscard]] bool decides_turns() const override { return true; }
    void caller_turn_began() override {}
    void caller_turn_ended() override {}
    void respond(std::string_view instructions) override;
    void caller_text(std::string_view text) override;
    void note(std::string_view text) override;
    void truncate(VendorReply reply, std::chrono::milliseconds heard) override;
    void tool_result(const ToolCall& call, std::string_view result_json) override;
    net::Task<> close() override;

private:
    void on_socket_open() override;
    void on_socket_text(std::string_view text) override;
    void on_socket_binary(std::string_view) override { fail(FailureKind::protocol, "a binary message"); }
    void send_audio(std::span<const std::uint8_t> mulaw) override;

    net::Task<> sign_and_connect(std::string base);
    void connect(std::string url);
    void configure(const codec::Event& event);
    VendorReply begin();
    void end();
    void break_off();
    void take_audio(const codec::Event& event);
    void arm_quiet();
    net::Task<> watch_quiet();

    codec::Reader reader_;
    net::Nursery nursery_;
    net::asio::steady_timer quiet_;  // ends the running reply
    codec::Format in_, out_;
    bool configured_ = false;
    VendorReply last_ = 0, running_ = 0;
    bool spoke_ = false, called_ = false, dropping_ = false;
    std::int64_t void_until_ = -1;  // audio with this event id or a lower one is void
    std::set<std::string> owed_;
    std::string message_;
    std::optional<audio::Resampler> up_, down_;
    std::vector<std::int16_t> pcm_, converted_;
    std::vector<std::uint8_t> bytes_;
    std::optional<std::uint8_t> odd_;  // half a sample
};

void ElevenlabsAgents::open() {
    const std::string base = endpoint_.base_url.empty() ? "https://api.elevenlabs.io" : endpoint_.base_url;
    const bool sign = !endpoint_.key.empty() && endpoint_.option("signed", "true") == "true";
    nursery_.spawn(watch_quiet());
    if (sign)
        nursery_.spawn(sign_and_connect(base));
    else
        connect(socket_url(base, "/v1/convai/conversation?agent_id=" + query_escape(endpoint_.model)));
}

net::Task<> ElevenlabsAgents::sign_and_connect(std::string base) {
    const std::string target = "/v1/convai/conversation/get-signed-url?agent_id=" + query_escape(endpoint_.model);
    net::HttpCall call("GET", http_url(base, target), endpoint_.connect_within);
    call.headers.add("xi-api-key", std::string(endpoint_.key.reveal()));
    auto reply = co_await link_.http->request(std::move(call));
    if (over()) co_return;
    if (!reply) {
        fail(from_error(reply.error(), "connect"));
        co_return;
    }
    if (reply->status / 100 != 2) {
        auto failure = from_http_status(reply->status, reply->body, reply->headers.get("retry-after"), reply->headers.get("request-id"));
        failure.phase = "connect";
        fail(std::move(failure));
        co_return;
    }
    // It carries the credential: never to be asked for in the clear where the question was not.
    const std::string url = codec::signed_url_in(reply->body);
    if (!url.starts_with("wss://") && !(url.starts_with("ws://") && base.starts_with("http://"))) {
        fail(FailureKind::protocol, "no signed URL in the answer");
        co_return;
    }
    connect(url);
}

void ElevenlabsAgents::connect(std::string url) {
    SocketPlan plan(std::move(url));
    plan.connect_within = endpoint_.connect_within;
    socket_.open(std::move(plan));
}

net::Task<> ElevenlabsAgents::close() {
    nursery_.cancel();
    co_await SessionBase::close();
    co_await nursery_.join();
}

void ElevenlabsAgents::on_socket_open() {
    say(codec::initiation(endpoint_, setup_));
    if (!setup_.context.empty()) {
        std::string said = "Earlier in this call:\n";
        for (const auto& message : setup_.context) {
            if (message.text.empty()) continue;
            said += message.role == LmMessage::Role::user ? "Caller: " : message.role == LmMessage::Role::assistant ? "You: " : "Note: ";
            said += message.text + "\n";
        }
        say(codec::contextual_update(said));
    }
}

void ElevenlabsAgents::configure(const codec::Event& event) {
    const auto in = codec::format_of(event.input_format), out = codec::format_of(event.output_format);
    if (!in || !out) {
        fail(FailureKind::bad_audio,
             "the agent's audio is " + plain(event.input_format, 40) + " in and " + plain(event.output_format, 40) + " out; ulaw_8000 is wanted");
        return;
    }
    in_ = *in;
    out_ = *out;
    if (!in_.mulaw) up_.emplace(8000, in_.rate);
    configured_ = true;
    became_ready(event.id, std::chrono::seconds(0));
}

void ElevenlabsAgents::send_audio(std::span<const std::uint8_t> mulaw) {
    if (in_.mulaw) {
        codec::audio(mulaw, message_);
    } else {
        pcm_.resize(mulaw.size());
        audio::mulaw_decode(mulaw, pcm_);
        converted_.clear();
        up_->process(pcm_, converted_);
        codec::audio(std::span(reinterpret_cast<const std::uint8_t*>(converted_.data()), converted_.size() * 2), message_);
    }
    say(message_);
}

void ElevenlabsAgents::respond(std::string_view instructions) {
    caller_text("(Not said by the caller, do this now: " + (instructions.empty() ? "go on" : std::string(instructions)) + ")");
}

void ElevenlabsAgents::caller_text(std::string_view text) {
    if (later([this, kept = std::string(text)] { caller_text(kept); }) || !open_now() || text.empty()) return;
    say(codec::user_message(text));
}

void ElevenlabsAgents::note(std::string_view text) {
    if (later([this, kept = std::string(text)] { note(kept); }) || !open_now() || text.empty()) return;
    say(codec::contextual_update(text));
}

void ElevenlabsAgents::truncate(VendorReply reply, std::chrono::milliseconds) {
    if (reply == 0 || reply != running_) return;
    running_ = 0;
    dropping_ = true;
}

void ElevenlabsAgents::tool_result(const ToolCall& call, std::string_view result) {
    if (!open_now() || owed_.erase(call.id) == 0) return;
    say(codec::tool_result(call, result, false));
}

VendorReply ElevenlabsAgents::begin() {
    if (running_ == 0) {
        running_ = ++last_;
        spoke_ = called_ = false;
        down_.reset();
        odd_.reset();
        tell(&S2sSink::on_vendor_reply, running_);
    }
    arm_quiet();
    return running_;
}

void ElevenlabsAgents::end() {
    if (running_ == 0) return;
    const auto reply = std::exchange(running_, 0);
    if (down_) {
        converted_.clear();
        down_->flush(converted_);
        down_.reset();
        if (!converted_.empty()) tell(&S2sSink::on_reply_audio, reply, std::span<const std::int16_t>(converted_));
    }
    tell(&S2sSink::on_reply_done, reply, called_);
}

void ElevenlabsAgents::arm_quiet() {
    quiet_.expires_at(Clock::now() + kQuiet);
}

net::Task<> ElevenlabsAgents::watch_quiet() {
    quiet_.expires_at(TimePoint::max());
    while (!over()) {
        auto [ec] = co_await quiet_.async_wait(net::nothrow);
        const auto state = co_await net::asio::this_coro::cancellation_state;
        if (state.cancelled() != net::asio::cancellation_type::none) co_return;
        if (ec) continue;  // put off
        quiet_.expires_at(TimePoint::max());
        if (spoke_ && !over()) end();
    }
}

void ElevenlabsAgents::take_audio(const codec::Event& event) {
    if (dropping_ || !configured_ || event.event_id <= void_until_) {
        count_late();
        return;
    }
    const VendorReply reply = begin();
    spoke_ = true;
    converted_.clear();
    if (out_.mulaw) {
        converted_.resize(event.audio.size());
        audio::mulaw_decode(event.audio, converted_);
    } else {
        if (!down_) down_.emplace(out_.rate, 8000);
        bytes_.clear();
        if (odd_) bytes_.push_back(*odd_);
        bytes_.insert(bytes_.end(), event.audio.begin(), event.audio.end());
        odd_.reset();
        if (bytes_.size() % 2 != 0) {
            odd_ = bytes_.back();
            bytes_.pop_back();
        }
        pcm_.resize(bytes_.size() / 2);
        if (!bytes_.empty()) std::memcpy(pcm_.data(), bytes_.data(), bytes_.size());
        down_->process(pcm_, converted_);
    }
    if (reply == running_ && !converted_.empty()) tell(&S2sSink::on_reply_audio, reply, std::span<const std::int16_t>(converted_));
}

void ElevenlabsAgents::break_off() {
    dropping_ = false;  // from here on the ids tell
    tell(&S2sSink::on_caller_started);
    if (running_ == 0) return;
    down_.reset();
    tell(&S2sSink::on_vendor_interrupted);
    end();
}

void ElevenlabsAgents::on_socket_text(std::string_view text) {
    const auto& event = reader_.read(text);
    switch (event.kind) {
        case Kind::malformed:
            fail(FailureKind::protocol, "a malformed message");
            break;
        case Kind::metadata:
            if (!configured_) configure(event);
            break;
        case Kind::ping:
            say(codec::pong(event.event_id));
            break;
        case Kind::audio:
            take_audio(event);
            break;
        case Kind::interruption:
            void_until_ = std::max(void_until_, event.event_id);
            break_off();
            break;
        case Kind::caller_text:
            end();
            dropping_ = false;
            tell(&S2sSink::on_caller_stopped);
            tell_caller_text(event.text);
            break;
        case Kind::agent_text: {
            if (dropping_) {
                count_late();
                break;
            }
            if (called_ && owed_.empty()) end();  // this is what the tool's result led to
            const VendorReply reply = begin();
            if (reply == running_) tell(&S2sSink::on_reply_words, reply, std::string_view(event.text));
            break;
        }
        case Kind::call: {
            const VendorReply reply = begin();
            called_ = true;
            owed_.insert(event.call.id);
            tell(&S2sSink::on_tool_call, reply, event.call);
            if (!spoke_ && reply == running_) end();
            break;
        }
        case Kind::complete:
            if (!std::exchange(dropping_, false)) end();
            break;
        case Kind::ignored:
            break;
    }
}

}  // namespace

std::unique_ptr<S2sSession> make_elevenlabs_agents(const Endpoint& endpoint, const Link& link, S2sSetup setup, S2sSink& sink) {
    return std::make_unique<ElevenlabsAgents>(endpoint, link, std::move(setup), sink);
}

}  // namespace parley::vendors
