#pragma once
// One connection to an emulated vendor: Beast below, the script's transport faults in the middle, the emulator's two
// wrappers above.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <list>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

namespace asio = boost::asio;
namespace beast = boost::beast;

// What the host knows of all its connections. Thread-safe.
class HostBooks {
public:
    explicit HostBooks(std::size_t kept_log) : kept_(kept_log) {}
    std::uint64_t request(const EmulatorRequest& request);  // answers its number, logs it
    std::uint64_t opened();                                 // answers the connection's number
    void closed();
    void message(const EmulatorRequest& request, LogEntry::Kind kind, std::string_view payload, int close_code = 0);
    [[nodiscard]] VendorHost::Counts counts() const;
    [[nodiscard]] std::vector<LogEntry> log() const;

private:
    void keep(LogEntry entry);
    const TimePoint began_ = Clock::now();
    std::size_t kept_;
    mutable std::mutex mutex_;
    VendorHost::Counts counts_;
    std::map<std::string, std::uint64_t> paths_;
    std::uint64_t connections_ = 0;
    std::deque<LogEntry> log_;
};

struct HostParts {
    VendorEmulator& emulator;
    EmulatorWorld& world;
    FaultScript& script;
    HostBooks& books;
};

// Everything runs on the connection's one thread.
class EmulatorConnection {
public:
    EmulatorConnection(HostParts parts, asio::ip::tcp::socket socket);
    EmulatorConnection(const EmulatorConnection&) = delete;
    EmulatorConnection& operator=(const EmulatorConnection&) = delete;

    // Until the connection is over.
    Task<> serve();
    // The host ends: whatever waits returns.
    void abandon();

    // ---- for the wrappers
    [[nodiscard]] bool alive() const { return !over_; }
    Task<bool> sleep(std::chrono::milliseconds time);
    // One message, or a piece of an HTTP answer: whole, and in the order of the calls.
    Task<bool> write(std::string bytes, bool text);
    // An item before it is sent: counted, delayed, held, damaged. Nothing: it is not to be sent, and the connection may
    // be over.
    Task<std::optional<std::string>> prepare(std::string bytes, bool text, std::chrono::milliseconds lasts);
    // The item that changes places with its successor is kept back, and follows whatever is written next. False: it is
    // not that one.
    [[nodiscard]] bool hold_back(std::string& bytes, bool text = true);
    [[nodiscard]] bool unknown_is_next() const { return counts_now() && fault_.unknown_event == items_; }
    [[nodiscard]] std::string unknown_event() const { return parts_.emulator.unknown_event(ws_.has_value()); }
    // The host itself is answering: the script has been obeyed already.
    [[nodiscard]] bool refusing() const { return refusing_; }
    // After an item has been sent: whatever the script does then.
    Task<bool> settle();
    Task<bool> put_message(std::string bytes, bool text, std::chrono::milliseconds lasts);
    Task<std::optional<SocketMessage>> receive(TimePoint deadline);
    Task<> close(int code, std::string reason);
    void next_response();
    void spawn(Task<> child);

private:
    using WebSocket = beast::websocket::stream<beast::tcp_stream>;
    using Message = beast::http::request<beast::http::string_body>;

    Task<bool> serve_http(EmulatorRequest request, Fault fault);
    Task<> serve_upgrade(EmulatorRequest request, Message message, Fault fault);
    Task<bool> accept(const EmulatorRequest& request, const Message& message);
    Task<bool> refuse(int status, const EmulatorRequest& request, std::string message, const Fault& fault);
    Task<bool> refused(const EmulatorRequest& request, const Fault& fault);
    Task<bool> control(const EmulatorRequest& request);
    Task<int> say(const EmulatorRequest& request, std::string& body);
    Task<> read_socket(EmulatorRequest request);
    Task<> watch_client();
    Task<> limit_session();
    Task<> freeze();
    Task<> hang();
    Task<> join();
    Task<> linger();
    Task<bool> end_by_script();
    Task<bool> transmit(const std::string& bytes, bool text);
    Task<bool> transmit_part(const std::string& bytes, bool text, std::size_t limit);
    [[nodiscard]] bool counts_now() const { return responses_ >= fault_.at_response; }
    void begin(const Fault& fault);
    void over();
    beast::tcp_stream& tcp() { return ws_ ? ws_->next_layer() : *stream_; }

    HostParts parts_;
    std::uint64_t number_;
    std::optional<beast::tcp_stream> stream_;
    std::optional<WebSocket> ws_;
    beast::flat_buffer buffer_;
    asio::any_io_executor executor_;

    Fault fault_;
    int items_ = 0, responses_ = 1;
    std::size_t sent_ = 0;
    bool refusing_ = false;
    bool frozen_ = false;                               // half-open
    bool resetting_ = false;                            // ended by RST: nothing to be polite about
    std::optional<std::pair<std::string, bool>> held_;  // the item that changes places with its successor
    TimePoint paced_until_{};

    bool over_ = false;
    std::list<asio::steady_timer*> sleepers_;
    std::deque<SocketMessage> inbox_;
    std::size_t inbox_bytes_ = 0;
    asio::steady_timer arrived_, room_, turned_, joined_;
    int children_ = 0;
    std::uint64_t next_ticket_ = 0, turn_ = 0;  // who may write
};

}  // namespace parley::sim
