#pragma once
// The foundation of every emulated vendor: a host that serves HTTP/1.1 (keep-alive) and WebSocket upgrades on one port,
// counts, remembers what came in and misbehaves by script; and what a vendor has to bring. WebSocket is Beast's,
// nothing of the product is in it.
//
// The host answers itself, below /sim (no key wanted):
//   GET /sim/health   {"vendor", "requests", "connections", "most_connections", "paths": {path: requests}}
//   GET /sim/log      what came in, oldest first (see LogEntry)
//   GET /sim/say?text=…&encoding=mulaw|alaw|linear16&rate=…   the world's mouth, raw: what a client under test can say
//   PUT /sim/script   fault rules as YAML or JSON, at once in force; 400 with what is wrong
//
// How a vendor is written:
//   Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) override {
//       const auto answer = world->answer(last_user_text(request.json()));
//       if (!co_await out.sleep(world->settings().first_token)) co_return;       // false: the client has gone
//       if (!co_await out.begin(200, "text/event-stream")) co_return;
//       for (const auto& delta : text_deltas(answer.say)) {
//           const auto event = "data: " + … + "\n\n";
//           if (!co_await out.item(event)) co_return;                             // counted; delays, stalls, cuts …
//           happen in there
//       }
//       co_await out.send(done);
//       co_await out.end();
//   }
// One connection's coroutines run on one thread; connections of one host may run on several, so what an emulator shares
// between them is locked. g++ 12: name what you await with first, never `co_await out.item({…})`.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/net/task.hpp"
#include "parley/sim/emulator_world.hpp"
#include "parley/sim/fault_script.hpp"

namespace parley::sim {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct EmulatorRequest {
    std::uint64_t number = 0;                                // of this host, from 1: good for ids
    std::uint64_t connection = 0;                            // of this host, from 1: the same for requests on one kept connection
    std::string method, target;                              // target with query, as it came
    std::string path;                                        // decoded, without query
    std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
    Headers headers;                                         // names in lower case
    std::string body;
    bool upgrade = false;

    [[nodiscard]] std::string header(std::string_view lower_case_name) const;  // first; empty when missing
    [[nodiscard]] std::string parameter(std::string_view name) const;          // first; empty when missing
    [[nodiscard]] std::vector<std::string> parameters(std::string_view name) const;
    [[nodiscard]] bool has_parameter(std::string_view name) const;
    [[nodiscard]] nlohmann::json json() const;  // of the body; discarded() when it is none
    // A readable id that is unique in the host: "prefix" and 24 hex digits.
    [[nodiscard]] std::string id(std::string_view prefix) const;
};

// What a WebSocket message or a wait came to.
struct SocketMessage {
    bool text = true;
    std::string payload;
    [[nodiscard]] nlohmann::json json() const;  // discarded() when it is none
};

class EmulatorConnection;  // behind both

// One answer to an HTTP request. Everything answers false when the client has gone (or the script ended the
// connection): return then.
class HttpAnswer {
public:
    HttpAnswer(EmulatorConnection& connection, Fault fault);
    HttpAnswer(const HttpAnswer&) = delete;
    HttpAnswer& operator=(const HttpAnswer&) = delete;

    // A complete answer. It counts as one item when it is a success, so that stall, close and malformed apply to it
    // too.
    Task<bool> whole(int status, std::string content_type, std::string body, Headers headers = {});

    // Chunked: begin, any number of items and sends, end.
    Task<bool> begin(int status, std::string content_type, Headers headers = {});
    Task<bool> item(std::string bytes, std::chrono::milliseconds lasts = {});  // a delta, or audio that lasts so long
    Task<bool> send(std::string bytes);                                        // not counted, no faults but the connection's
    Task<bool> end();

    // As EmulatorSocket::spawn. The answer is waited for until it ends, so it must end when the answer does.
    void spawn(Task<> child);
    Task<bool> sleep(std::chrono::milliseconds time);
    [[nodiscard]] bool alive() const;
    [[nodiscard]] bool begun() const { return begun_; }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] const Fault& fault() const { return fault_; }

private:
    friend class EmulatorConnection;
    EmulatorConnection& connection_;
    Fault fault_;
    bool begun_ = false, ended_ = false, text_ = true;
};

// One WebSocket. Several coroutines of the emulator may send; messages go out whole and in the order of the calls.
class EmulatorSocket {
public:
    EmulatorSocket(EmulatorConnection& connection, Fault fault);
    EmulatorSocket(const EmulatorSocket&) = delete;
    EmulatorSocket& operator=(const EmulatorSocket&) = delete;

    // The next message. Nothing: the deadline has passed (alive() is true) or the connection is over. One receiver at a
    // time.
    Task<std::optional<SocketMessage>> receive(TimePoint deadline = TimePoint::max());

    Task<bool> item(std::string text, std::chrono::milliseconds lasts = {});          // a delta, or audio in JSON that lasts so long
    Task<bool> item_binary(std::string bytes, std::chrono::milliseconds lasts = {});  // audio as it is
    Task<bool> send_text(std::string text);                                           // not counted
    Task<bool> send_binary(std::string bytes);
    Task<> close(int code, std::string reason = {});
    // Items are counted from here again (see Fault::at_response).
    void next_response();

    // Runs beside the emulator's own coroutine until it ends; the host waits for it before the socket is gone. Its
    // coroutine must take what it needs as parameters (no captures by reference of what ends earlier) and return when
    // something answers false.
    void spawn(Task<> child);

    Task<bool> sleep(std::chrono::milliseconds time);
    [[nodiscard]] bool alive() const;
    [[nodiscard]] const Fault& fault() const { return fault_; }

private:
    friend class EmulatorConnection;
    EmulatorConnection& connection_;
    Fault fault_;
};

struct ErrorAnswer {
    std::string content_type = "application/json";
    std::string body;
    Headers headers;
};

class VendorEmulator {
public:
    virtual ~VendorEmulator() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;

    // Whether the vendor's own header (or query parameter) carries the right key.
    [[nodiscard]] virtual bool authorised(const EmulatorRequest& request) const = 0;
    // The vendor's own body for a refusal: 401, 404, 429, 5xx …
    [[nodiscard]] virtual ErrorAnswer error(int status, const EmulatorRequest& request, std::string_view message) const = 0;

    virtual Task<> http(EmulatorRequest request, HttpAnswer& out, Fault fault) = 0;
    virtual Task<> socket(EmulatorRequest request, EmulatorSocket& socket, Fault fault) = 0;

    // Whether there is a WebSocket at this path; otherwise the upgrade is answered 404.
    [[nodiscard]] virtual bool upgrades(const EmulatorRequest& request) const {
        (void)request;
        return true;
    }
    // Not 0: an unauthorised WebSocket is accepted and then closed with this code (and reason), as some vendors do.
    [[nodiscard]] virtual std::pair<int, std::string> unauthorised_close(const EmulatorRequest& request) const {
        (void)request;
        return {0, {}};
    }
    // Chosen among the subprotocols the client offers; empty: none.
    [[nodiscard]] virtual std::string subprotocol(const EmulatorRequest& request) const {
        (void)request;
        return {};
    }
    // Of the handshake's answer, e.g. a request id.
    [[nodiscard]] virtual Headers handshake_headers(const EmulatorRequest& request) const {
        (void)request;
        return {};
    }
    // What the script's unknown_event sends: a socket's text message, or a server-sent event.
    [[nodiscard]] virtual std::string unknown_event(bool socket) const {
        return socket ? R"({"type":"zz.unheard_of","zz":1})" : "event: zz.unheard_of\ndata: {\"type\":\"zz.unheard_of\",\"zz\":1}\n\n";
    }
};

struct VendorHostOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any
    int threads = 1;
    std::vector<FaultRule> script;
    std::size_t kept_log = 2000;  // entries
};

// One line of what came in. Credentials (authorization, *-key, *token*, in headers and query) read "***".
struct LogEntry {
    enum class Kind : std::uint8_t { request, upgrade, text, binary, closed };
    Kind kind = Kind::request;
    std::uint64_t number = 0;  // of the request
    std::uint64_t connection = 0;
    std::chrono::milliseconds at{0};  // since the host began
    std::string method, target;       // of request and upgrade
    Headers headers;                  // likewise
    std::string body;                 // first 2 KiB of the body or message; of `binary` empty
    std::size_t bytes = 0;            // all of it
    bool sound = false;               // binary, or base64 in JSON: a run of such messages is one entry
    std::size_t messages = 1;         // in this entry
    int close_code = 0;               // of `closed`: what the client sent; 0: none
};

class VendorHost {
public:
    // Binds and serves; throws when the address is taken.
    VendorHost(std::shared_ptr<VendorEmulator> emulator, std::shared_ptr<EmulatorWorld> world, VendorHostOptions options = {});
    ~VendorHost();
    VendorHost(const VendorHost&) = delete;
    VendorHost& operator=(const VendorHost&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string url() const;     // http://127.0.0.1:port
    [[nodiscard]] std::string ws_url() const;  // ws://127.0.0.1:port
    void script(std::vector<FaultRule> rules);

    struct Counts {
        std::uint64_t requests = 0;  // upgrades too
        int connections = 0, most_connections = 0;
        std::vector<std::pair<std::string, std::uint64_t>> paths;
    };
    [[nodiscard]] Counts counts() const;
    [[nodiscard]] std::vector<LogEntry> log() const;
    // Texts of all messages and bodies that came in, in order: for tests.
    [[nodiscard]] std::vector<std::string> received() const;

    void stop();

    class Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::sim
