// The two faces of a connection that an emulator sees.

#include <boost/beast/http/status.hpp>
#include <charconv>

#include "vendor_connection.hpp"

namespace parley::sim {
namespace {

std::string head(int status, const std::string& type, const Headers& headers, std::optional<std::size_t> length) {
    const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    std::string out = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason) + "\r\n";
    if (!type.empty()) out += "content-type: " + type + "\r\n";
    for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
    out += length ? "content-length: " + std::to_string(*length) + "\r\n\r\n" : "transfer-encoding: chunked\r\n\r\n";
    return out;
}

std::string chunk(const std::string& bytes) {
    char size[16];
    const auto [end, ec] = std::to_chars(size, size + sizeof(size), bytes.size(), 16);
    return std::string(size, end) + "\r\n" + bytes + "\r\n";
}

bool textual(const std::string& type) {
    return type.starts_with("text/") || type.find("json") != std::string::npos;
}

}  // namespace

HttpAnswer::HttpAnswer(EmulatorConnection& connection, Fault fault) : connection_(connection), fault_(std::move(fault)) {}

Task<bool> HttpAnswer::whole(int status, std::string content_type, std::string body, Headers headers) {
    const bool counted = status < 300 && !connection_.refusing();
    if (counted) {
        auto ready = co_await connection_.prepare(std::move(body), textual(content_type), {});
        if (!ready) co_return false;
        body = std::move(*ready);
    }
    auto bytes = head(status, content_type, headers, body.size()) + body;
    begun_ = true;
    if (!co_await connection_.write(std::move(bytes), true)) co_return false;
    ended_ = true;
    if (!counted) co_return true;
    co_return co_await connection_.settle();
}

Task<bool> HttpAnswer::begin(int status, std::string content_type, Headers headers) {
    auto bytes = head(status, content_type, headers, std::nullopt);
    begun_ = true;
    text_ = textual(content_type);
    co_return co_await connection_.write(std::move(bytes), true);
}

Task<bool> HttpAnswer::item(std::string bytes, std::chrono::milliseconds lasts) {
    if (bytes.empty()) co_return alive();
    const bool unheard_of = text_ && connection_.unknown_is_next();
    if (unheard_of) {
        auto event = connection_.unknown_event();
        if (!co_await send(std::move(event))) co_return false;
    }
    auto ready = co_await connection_.prepare(std::move(bytes), text_, lasts);
    if (!ready) co_return false;
    auto framed = chunk(*ready);
    const bool sent = connection_.hold_back(framed) || co_await connection_.write(std::move(framed), true);
    if (!sent) co_return false;
    co_return co_await connection_.settle();
}

Task<bool> HttpAnswer::send(std::string bytes) {
    if (bytes.empty()) co_return alive();
    auto framed = chunk(bytes);
    co_return co_await connection_.write(std::move(framed), true);
}

Task<bool> HttpAnswer::end() {
    ended_ = true;
    std::string last = "0\r\n\r\n";
    co_return co_await connection_.write(std::move(last), true);
}

void HttpAnswer::spawn(Task<> child) {
    connection_.spawn(std::move(child));
}
Task<bool> HttpAnswer::sleep(std::chrono::milliseconds time) {
    return connection_.sleep(time);
}
bool HttpAnswer::alive() const {
    return connection_.alive();
}

EmulatorSocket::EmulatorSocket(EmulatorConnection& connection, Fault fault) : connection_(connection), fault_(std::move(fault)) {}

Task<std::optional<SocketMessage>> EmulatorSocket::receive(TimePoint deadline) {
    return connection_.receive(deadline);
}

Task<bool> EmulatorSocket::item(std::string text, std::chrono::milliseconds lasts) {
    if (connection_.unknown_is_next()) {
        auto event = connection_.unknown_event();
        if (!co_await connection_.write(std::move(event), true)) co_return false;
    }
    co_return co_await connection_.put_message(std::move(text), true, lasts);
}

Task<bool> EmulatorSocket::item_binary(std::string bytes, std::chrono::milliseconds lasts) {
    if (connection_.unknown_is_next()) {
        auto event = connection_.unknown_event();
        if (!co_await connection_.write(std::move(event), true)) co_return false;
    }
    co_return co_await connection_.put_message(std::move(bytes), false, lasts);
}

Task<bool> EmulatorSocket::send_text(std::string text) {
    return connection_.write(std::move(text), true);
}
Task<bool> EmulatorSocket::send_binary(std::string bytes) {
    return connection_.write(std::move(bytes), false);
}
Task<> EmulatorSocket::close(int code, std::string reason) {
    return connection_.close(code, std::move(reason));
}
void EmulatorSocket::next_response() {
    connection_.next_response();
}
void EmulatorSocket::spawn(Task<> child) {
    connection_.spawn(std::move(child));
}
Task<bool> EmulatorSocket::sleep(std::chrono::milliseconds time) {
    return connection_.sleep(time);
}
bool EmulatorSocket::alive() const {
    return connection_.alive();
}

nlohmann::json SocketMessage::json() const {
    return nlohmann::json::parse(payload, nullptr, false);
}

}  // namespace parley::sim
