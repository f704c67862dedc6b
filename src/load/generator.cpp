#include "generator.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <system_error>

namespace parley::load {

namespace {

constexpr std::uint64_t kTickNs = 1'000'000;  // 1 ms: 20 slots make the 20 ms frame
constexpr std::uint64_t kFrameNs = 20'000'000;
constexpr std::string_view kWsKey = "dGhlIHNhbXBsZSBub25jZQ==";

std::string base64(const unsigned char* data, std::size_t size) {
    std::string out(4 * ((size + 2) / 3) + 1, '\0');
    const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data, static_cast<int>(size));
    out.resize(static_cast<std::size_t>(n));
    return out;
}

std::string sign(const std::string& token, const std::string& text) {
    unsigned char digest[20];
    unsigned int size = sizeof digest;
    HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    return base64(digest, size);
}

std::string accept_key(std::string_view key) {
    const auto text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[20];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    return base64(digest, sizeof digest);
}

std::string sid(const char* kind, std::uint32_t number) {
    char text[48];
    std::snprintf(text, sizeof text, "%s%032x", kind, number);
    return text;
}

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            out += c;
        else {
            char code[4];
            std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
            out += code;
        }
    }
    return out;
}

std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before);
    if (begin == std::string_view::npos) return {};
    const auto from = begin + before.size();
    const auto end = text.find(after, from);
    return end == std::string_view::npos ? std::string_view{} : text.substr(from, end - from);
}

std::string header_value(std::string_view head, std::string_view name) {
    for (std::size_t at = 0; at < head.size();) {
        const auto end = std::min(head.find("\r\n", at), head.size());
        const auto line = head.substr(at, end - at);
        const auto colon = line.find(':');
        if (colon == name.size() && std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
                return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
            })) {
            auto value = line.substr(colon + 1);
            while (value.starts_with(' ')) value.remove_prefix(1);
            return std::string(value);
        }
        at = end + 2;
    }
    return {};
}

}  // namespace

struct Generator::Endpoint {
    enum class Kind : std::uint8_t { listener, caller, bot } kind = Kind::listener;
};

struct Generator::Call : Endpoint {
    std::uint32_t number = 0;
    Stage stage = Stage::webhook;
    Socket socket;
    std::string call_sid, stream_sid, stream_url, stream_path, parameters, tail;
    std::uint64_t began_ns = 0, last_arrival_ns = 0;
    std::uint32_t sequence = 1, chunk = 1;
    Flow out, in;
    Bot* bot = nullptr;
};

struct Generator::Bot : Endpoint {
    Socket socket;
    bool upgraded = false, started = false, gone = false;
    std::uint32_t call = 0;
    std::string prefix;  // of a media message, up to the payload
};

bool LevelResult::clean() const {
    return failed_calls == 0 && ended_calls == 0 && altered == 0 && crossed == 0 &&
           std::ranges::all_of(direction, [](const Direction& d) { return d.lost == 0 && d.duplicated == 0 && d.reordered == 0; });
}

Generator::Generator(Target target, std::uint32_t max_calls) : target_(std::move(target)) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
    listener_ = Socket::listen_loopback(0, static_cast<int>(max_calls) + 16);
    bot_port_ = listener_.local_port();
    listener_endpoint_ = std::make_unique<Endpoint>();
    watch(listener_.fd(), listener_endpoint_.get(), false);
    calls_.reserve(max_calls);
    next_tick_ns_ = now_ns() + kTickNs;
}

Generator::~Generator() {
    if (epoll_ >= 0) ::close(epoll_);
}

void Generator::watch(int fd, Endpoint* endpoint, bool writable) {
    epoll_event event{};
    event.events = EPOLLIN | (writable ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
    event.data.ptr = endpoint;
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0 && errno == ENOENT) ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Generator::add_call() {
    auto call = std::make_unique<Call>();
    call->kind = Endpoint::Kind::caller;
    call->number = static_cast<std::uint32_t>(calls_.size());
    // The process id keeps the calls of two runs against one gateway apart.
    const auto tag = static_cast<std::uint32_t>(::getpid());
    call->call_sid = sid("CA", call->number);
    call->stream_sid = sid("MZ", call->number);
    char mark[16];
    std::snprintf(mark, sizeof mark, "%08x", tag);
    call->call_sid.replace(2, 8, mark);
    call->stream_sid.replace(2, 8, mark);
    call->began_ns = now_ns();
    call->socket = Socket::connect_loopback(target_.port);
    if (target_.webhook) {
        const std::map<std::string, std::string> fields{{"AccountSid", target_.account_sid},
                                                        {"ApiVersion", "2010-04-01"},
                                                        {"CallSid", call->call_sid},
                                                        {"CallStatus", "ringing"},
                                                        {"Called", target_.to_number},
                                                        {"Caller", "+15005550006"},
                                                        {"Direction", "inbound"},
                                                        {"From", "+15005550006"},
                                                        {"To", target_.to_number}};
        std::string body, signed_text = target_.public_base + target_.voice_path;
        for (const auto& [name, value] : fields) {
            body += (body.empty() ? "" : "&") + name + "=" + escape(value);
            signed_text += name + value;
        }
        call->socket.send("POST " + target_.voice_path +
                          " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + std::to_string(body.size()) +
                          "\r\nX-Twilio-Signature: " + sign(target_.auth_token, signed_text) + "\r\nConnection: close\r\n\r\n" + body);
    } else {
        call->stage = Stage::handshake;
        call->socket.send("GET " + target_.stream_path +
                          " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                          std::string(kWsKey) + "\r\n\r\n");
    }
    watch(call->socket.fd(), call.get(), true);
    call_slots_[call->number % 20].push_back(call.get());
    calls_.push_back(std::move(call));
}

void Generator::fail(Call& call) {
    if (call.stage == Stage::failed || call.stage == Stage::done) return;
    if (call.stage == Stage::streaming) {
        --streaming_;
        ++level_.ended_calls;
    } else {
        ++level_.failed_calls;
    }
    call.stage = Stage::failed;
    call.socket.close();
}

void Generator::caller_http(Call& call, std::string_view head, std::string_view body) {
    if (call.stage == Stage::webhook) {
        level_.webhook_ns.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(now_ns() - call.began_ns, 0xFFFFFFFFU)));
        call.stream_url = std::string(between(body, "<Stream url=\"", "\""));
        if (!head.starts_with("HTTP/1.1 200") || call.stream_url.empty()) return fail(call);
        for (std::size_t at = body.find("<Parameter "); at != std::string_view::npos; at = body.find("<Parameter ", at + 1)) {
            const auto rest = body.substr(at);
            if (!call.parameters.empty()) call.parameters += ',';
            call.parameters += '"';
            call.parameters += between(rest, "name=\"", "\"");
            call.parameters += "\":\"";
            call.parameters += between(rest, "value=\"", "\"");
            call.parameters += '"';
        }
        const auto path_at = call.stream_url.find('/', call.stream_url.find("//") + 2);
        call.socket = Socket::connect_loopback(target_.port);
        call.stage = Stage::handshake;
        watch(call.socket.fd(), &call, true);
        call.socket.send("GET " + call.stream_url.substr(path_at) +
                         " HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: " +
                         std::string(kWsKey) + "\r\nuser-agent: Twilio.TmeWs/1.0\r\nx-twilio-signature: " + sign(target_.auth_token, call.stream_url) +
                         "\r\n\r\n");
        return;
    }
    if (!head.starts_with("HTTP/1.1 101")) return fail(call);
    call.stage = Stage::streaming;
    ++streaming_;
    send_start(call);
}

void Generator::send_start(Call& call) {
    char frame[8192];
    const std::string connected = R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
    call.socket.send({frame, write_text_frame(frame, connected, true)});
    const std::string start = R"({"event":"start","sequenceNumber":"1","start":{"accountSid":")" + target_.account_sid + R"(","streamSid":")" +
                              call.stream_sid + R"(","callSid":")" + call.call_sid +
                              R"(","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{)" +
                              call.parameters + R"(}},"streamSid":")" + call.stream_sid + "\"}";
    call.socket.send({frame, write_text_frame(frame, start, true)});
    call.tail = R"("},"streamSid":")" + call.stream_sid + "\"}";
}

void Generator::send_media(Call& call, std::uint64_t now) {
    char text[640];
    ++call.sequence;
    const int head =
        std::snprintf(text, sizeof text, R"({"event":"media","sequenceNumber":"%u","media":{"track":"inbound","chunk":"%u","timestamp":"%u","payload":")",
                      call.sequence, call.chunk, (call.chunk - 1) * 20);
    ++call.chunk;
    std::array<std::uint8_t, kFrameBytes> audio{};
    write_stamp({call.number, call.out.next_send++, 0, now}, audio);
    encode_frame(audio, text + head);
    std::memcpy(text + head + kFrameBase64, call.tail.data(), call.tail.size());
    char frame[660];
    const auto size = write_text_frame(frame, {text, static_cast<std::size_t>(head) + kFrameBase64 + call.tail.size()}, true);
    if (!call.socket.send({frame, size})) return fail(call);
    ++call.out.sent;
    if (measuring_) ++level_.direction[0].sent;
}

void Generator::send_media(Bot& bot, std::uint64_t now) {
    auto& call = *calls_[bot.call];
    char text[512];
    std::memcpy(text, bot.prefix.data(), bot.prefix.size());
    std::array<std::uint8_t, kFrameBytes> audio{};
    write_stamp({bot.call, call.in.next_send++, 1, now}, audio);
    encode_frame(audio, text + bot.prefix.size());
    std::memcpy(text + bot.prefix.size() + kFrameBase64, "\"}}", 3);
    char frame[540];
    const auto size = write_text_frame(frame, {text, bot.prefix.size() + kFrameBase64 + 3}, false);
    if (!bot.socket.send({frame, size})) {
        bot.gone = true;
        return;
    }
    ++call.in.sent;
    if (measuring_) ++level_.direction[1].sent;
}

void Generator::check(std::string_view message, std::uint32_t call_number, std::uint32_t direction, std::uint64_t now) {
    const auto at = message.find(R"("payload":")");
    if (at == std::string_view::npos || message.size() < at + 11 + kFrameBase64) return;
    std::array<std::uint8_t, kFrameBytes> audio{};
    Stamp stamp;
    if (!decode_frame(message.data() + at + 11, audio) || !read_stamp(audio, stamp)) {
        ++level_.altered;
        return;
    }
    const std::uint32_t made_for = target_.echo ? 0 : direction;
    if (stamp.call != call_number || stamp.direction != made_for || call_number >= calls_.size()) {
        ++level_.crossed;
        return;
    }
    auto& call = *calls_[call_number];
    auto& flow = direction == 0 ? call.out : call.in;
    auto& seen = level_.direction[direction];
    if (stamp.sequence == flow.next_expected) {
        ++flow.next_expected;
    } else if (stamp.sequence > flow.next_expected) {
        const auto missing = stamp.sequence - flow.next_expected;
        flow.lost += missing;
        seen.lost += missing;
        flow.next_expected = stamp.sequence + 1;
    } else {
        ++(stamp.sequence + 1 == flow.next_expected ? seen.duplicated : seen.reordered);
    }
    ++flow.received;
    if (!measuring_) return;
    ++seen.received;
    seen.delay_ns.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(now - stamp.sent_ns, 0xFFFFFFFFU)));
    if (direction == 1) {
        if (call.last_arrival_ns != 0) {
            const auto gap = static_cast<std::int64_t>(now - call.last_arrival_ns) - static_cast<std::int64_t>(kFrameNs);
            level_.interval_error_ns.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(std::abs(gap), 0xFFFFFFFFLL)));
        }
        call.last_arrival_ns = now;
    }
}

void Generator::on_caller(Call& call) {
    std::string_view unread;
    if (!call.socket.receive(scratch_, unread)) return fail(call);
    const auto now = now_ns();
    if (call.stage == Stage::webhook || call.stage == Stage::handshake) {
        const auto end = unread.find("\r\n\r\n");
        if (end == std::string_view::npos) return call.socket.keep(unread);
        const auto head = unread.substr(0, end);
        std::size_t body = 0;
        if (call.stage == Stage::webhook) body = static_cast<std::size_t>(std::strtoul(header_value(head, "content-length").c_str(), nullptr, 10));
        if (unread.size() < end + 4 + body) return call.socket.keep(unread);
        const std::string head_text(head), body_text(unread.substr(end + 4, body)), rest(unread.substr(end + 4 + body));
        caller_http(call, head_text, body_text);
        if (call.stage == Stage::streaming) call.socket.keep(rest);
        return;
    }
    std::span bytes(scratch_.data(), unread.size());
    std::span<char> payload;
    for (;;) {
        const auto read = next_frame(bytes, payload);
        if (read == FrameRead::none) break;
        if (read == FrameRead::close || read == FrameRead::broken) return fail(call);
        if (read != FrameRead::text) continue;
        const std::string_view message(payload.data(), payload.size());
        if (message.find(R"("event":"media")") != std::string_view::npos) {
            check(message, call.number, 1, now);
        } else if (message.find(R"("event":"mark")") != std::string_view::npos) {
            ++call.sequence;
            const auto echo = R"({"event":"mark","sequenceNumber":")" + std::to_string(call.sequence) + R"(","streamSid":")" + call.stream_sid +
                              R"(","mark":{"name":")" + std::string(between(message, R"("name":")", "\"")) + "\"}}";
            char frame[512];
            if (echo.size() < 480) call.socket.send({frame, write_text_frame(frame, echo, true)});
        }
    }
    if (!bytes.empty()) call.socket.keep({bytes.data(), bytes.size()});
}

void Generator::accept_bots() {
    for (;;) {
        auto socket = listener_.accept();
        if (socket.fd() < 0) return;
        auto bot = std::make_unique<Bot>();
        bot->kind = Endpoint::Kind::bot;
        bot->socket = std::move(socket);
        watch(bot->socket.fd(), bot.get(), false);
        bots_.push_back(std::move(bot));
    }
}

void Generator::on_bot(Bot& bot) {
    std::string_view unread;
    if (!bot.socket.receive(scratch_, unread)) {
        bot.gone = true;
        bot.socket.close();
        return;
    }
    const auto now = now_ns();
    std::span bytes(scratch_.data(), unread.size());
    if (!bot.upgraded) {
        const auto end = unread.find("\r\n\r\n");
        if (end == std::string_view::npos) return bot.socket.keep(unread);
        bot.socket.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                        accept_key(header_value(unread.substr(0, end), "sec-websocket-key")) + "\r\n\r\n");
        bot.upgraded = true;
        bytes = bytes.subspan(end + 4);
    }
    std::span<char> payload;
    for (;;) {
        const auto read = next_frame(bytes, payload);
        if (read == FrameRead::none) break;
        if (read == FrameRead::close || read == FrameRead::broken) {
            bot.gone = true;
            bot.socket.close();
            return;
        }
        if (read != FrameRead::text) continue;
        const std::string_view message(payload.data(), payload.size());
        if (bot.started) {
            if (message.find(R"("event":"media")") != std::string_view::npos) check(message, bot.call, 0, now);
        } else if (message.find(R"("event":"start")") != std::string_view::npos) {
            const auto call_sid = std::string(between(message, R"("callSid":")", "\""));
            const auto stream_sid = std::string(between(message, R"("streamSid":")", "\""));
            if (call_sid.size() != 34) continue;
            bot.call = static_cast<std::uint32_t>(std::strtoul(call_sid.c_str() + 26, nullptr, 16));
            if (bot.call >= calls_.size()) continue;
            bot.started = true;
            bot.prefix = R"({"event":"media","streamSid":")" + stream_sid + R"(","media":{"payload":")";
            calls_[bot.call]->bot = &bot;
            bot_slots_[(bot.call + 10) % 20].push_back(&bot);
        }
    }
    if (!bytes.empty()) bot.socket.keep({bytes.data(), bytes.size()});
}

void Generator::pump(std::uint64_t until_ns) {
    std::array<epoll_event, 256> events{};
    for (auto now = now_ns(); now < until_ns; now = now_ns()) {
        while (next_tick_ns_ <= now) {
            const auto slot = tick_++ % 20;
            next_tick_ns_ += kTickNs;
            for (auto* call : call_slots_[slot])
                if (call->stage == Stage::streaming && (target_.echo || call->bot != nullptr)) send_media(*call, now_ns());
            for (auto* bot : bot_slots_[slot])
                if (!bot->gone && calls_[bot->call]->stage == Stage::streaming) send_media(*bot, now_ns());
            now = now_ns();
        }
        const auto wait_ns = next_tick_ns_ - now;
        const timespec timeout{0, static_cast<long>(wait_ns)};
        const int n = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        for (int i = 0; i < n; ++i) {
            auto* endpoint = static_cast<Endpoint*>(events[static_cast<std::size_t>(i)].data.ptr);
            switch (endpoint->kind) {
                case Endpoint::Kind::listener:
                    accept_bots();
                    break;
                case Endpoint::Kind::caller: {
                    auto& call = static_cast<Call&>(*endpoint);
                    if ((events[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0) {
                        if (!call.socket.flush())
                            fail(call);
                        else if (!call.socket.blocked())
                            watch(call.socket.fd(), &call, false);
                    }
                    if (call.stage != Stage::failed && call.stage != Stage::done &&
                        (events[static_cast<std::size_t>(i)].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
                        on_caller(call);
                    break;
                }
                case Endpoint::Kind::bot: {
                    auto& bot = static_cast<Bot&>(*endpoint);
                    if (!bot.gone) {
                        bot.socket.flush();
                        on_bot(bot);
                    }
                    break;
                }
            }
        }
    }
}

bool Generator::raise_to(std::uint32_t calls, double per_second, std::chrono::milliseconds within) {
    const auto deadline = now_ns() + static_cast<std::uint64_t>(within.count()) * 1'000'000U;
    const auto gap = static_cast<std::uint64_t>(1e9 / per_second);
    level_ = {};
    while (calls_.size() < calls && now_ns() < deadline) {
        add_call();
        pump(now_ns() + gap);
    }
    auto standing = [this] {
        if (target_.echo) return streaming_;
        std::uint32_t n = 0;
        for (const auto& call : calls_) n += call->stage == Stage::streaming && call->bot != nullptr ? 1U : 0U;
        return n;
    };
    while (standing() < calls && now_ns() < deadline) pump(now_ns() + 20'000'000U);
    return standing() >= calls;
}

void Generator::run(std::chrono::milliseconds duration) {
    pump(now_ns() + static_cast<std::uint64_t>(duration.count()) * 1'000'000U);
}

LevelResult Generator::measure(std::chrono::milliseconds duration) {
    auto webhooks = std::move(level_.webhook_ns);
    level_ = {};
    level_.webhook_ns = std::move(webhooks);
    for (auto& direction : level_.direction)
        direction.delay_ns.reserve(static_cast<std::size_t>(streaming_) * static_cast<std::size_t>(duration.count()) / 20 + 1024);
    for (auto& call : calls_) call->last_arrival_ns = 0;
    measuring_ = true;
    run(duration);
    measuring_ = false;
    level_.calls = streaming_;
    return std::move(level_);
}

void Generator::hang_up_all() {
    for (auto& call : calls_) {
        if (call->stage != Stage::streaming) continue;
        ++call->sequence;
        const auto stop = R"({"event":"stop","sequenceNumber":")" + std::to_string(call->sequence) + R"(","stop":{"accountSid":")" + target_.account_sid +
                          R"(","callSid":")" + call->call_sid + R"("},"streamSid":")" + call->stream_sid + "\"}";
        char frame[512];
        call->socket.send({frame, write_text_frame(frame, stop, true)});
        call->stage = Stage::done;
        --streaming_;
    }
    run(std::chrono::milliseconds(300));
    for (auto& call : calls_) call->socket.close();
    for (auto& bot : bots_) bot->socket.close();
    run(std::chrono::milliseconds(200));
    for (auto& slot : call_slots_) slot.clear();
    for (auto& slot : bot_slots_) slot.clear();
    calls_.clear();
    bots_.clear();
}

}  // namespace parley::load
