#pragma once
// A reverse proxy in front of one vendor, which understands HTTP and WebSocket, takes TLS off, and does by script what
// that vendor may do some day. It works with any vendor, the real ones too: client -> (TcpGate) -> FaultProxy ->
// vendor.
//
// One item (see fault_script.hpp) is one message of the vendor's WebSocket, one server-sent event, one piece of an
// audio body, or one whole answer. What in the script needs to know the vendor is done to what looks like it: base64
// runs and binary messages are sound; the words the vendors use for a final transcript are looked for; a cancelling
// message is not passed on when cancels are to be ignored.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "parley/sim/fault_script.hpp"
#include "parley/sim/http_client.hpp"

namespace parley::sim {

struct FaultProxyOptions {
    std::string upstream;  // scheme and authority of the vendor (http, https, ws or wss); a path is ignored
    TlsTrust tls;
    std::uint16_t port = 0;  // 0: any
    std::string role;        // "stt", "tts", "s2s": which messages of a socket are items, see is_item(); empty: all
};

// One request or socket that went through.
struct ProxyRecord {
    std::uint64_t number = 0;
    std::string path;
    bool socket = false;
    int status = 0;                 // the vendor's; 101 for a socket; 0: it did not answer, or was not asked
    std::size_t items = 0;          // passed on to the client
    std::size_t sound_bytes = 0;    // in them, as far as it looks like sound
    std::vector<std::string> sent;  // the request's body, or the client's text messages without sound; at most 256 KiB in all
    std::chrono::steady_clock::time_point began, first_item, last_item;  // of the items passed on
};

class FaultProxy {
public:
    explicit FaultProxy(FaultProxyOptions options);  // throws for a URL that is none, and when the port is taken
    ~FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    void script(std::vector<FaultRule> rules);
    [[nodiscard]] std::vector<ProxyRecord> records() const;
    [[nodiscard]] int most_connections() const;
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// What becomes of one item of a vendor's answer: nothing, itself, or more than one, each after a delay. Pure.
struct SpoiltItem {
    std::string bytes;
    std::chrono::milliseconds delay{0};
};
[[nodiscard]] std::vector<SpoiltItem> spoil(const Fault& fault, std::string item, bool text, bool mulaw, int index);
// Whether a message of a socket is a piece of the answer rather than talk about the session: sound of a voice, words of a recogniser.
[[nodiscard]] bool is_item(std::string_view role, std::string_view message, bool text);
[[nodiscard]] bool looks_final(std::string_view message);                 // a recogniser's last word on an utterance
[[nodiscard]] bool looks_cancel(std::string_view message);                // a client's wish that something stops
[[nodiscard]] std::size_t sound_in(std::string_view message, bool text);  // bytes of sound

}  // namespace parley::sim
