#include "scripted_twilio.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace parley::rest::test {
namespace {

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string header(const std::string& head, std::string name) {
    std::string lower;
    for (const char c : head) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto at = lower.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

ScriptedTwilio::ScriptedTwilio(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) throw std::runtime_error("no port");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd waiting{listener_, POLLIN, 0};
            if (::poll(&waiting, 1, 20) != 1) continue;
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            const std::lock_guard lock(mutex_);
            const std::size_t number = served_.size() + 1;
            served_.emplace_back(fd, std::jthread([this, fd, number] { serve(fd, number); }));
        }
    });
}

ScriptedTwilio::~ScriptedTwilio() {
    acceptor_.request_stop();
    acceptor_.join();
    for (auto& [fd, thread] : served_) ::shutdown(fd, SHUT_RDWR);
    for (auto& [fd, thread] : served_) {
        thread.join();
        ::close(fd);
    }
    ::close(listener_);
}

void ScriptedTwilio::serve(int fd, std::size_t connection) {
    std::string ahead;
    const auto more = [&] {
        char buffer[16384];
        const auto got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0) return false;
        ahead.append(buffer, static_cast<std::size_t>(got));
        return true;
    };
    while (true) {
        std::size_t end = 0;
        while ((end = ahead.find("\r\n\r\n")) == std::string::npos) {
            if (!more()) return;
        }
        const std::string head = ahead.substr(0, end + 2);
        ahead.erase(0, end + 4);
        const std::string length = header(head, "content-length");
        const std::size_t wanted = length.empty() ? 0 : std::stoul(length);
        while (ahead.size() < wanted) {
            if (!more()) return;
        }
        Asked asked;
        asked.method = head.substr(0, head.find(' '));
        asked.target = head.substr(asked.method.size() + 1, head.find(' ', asked.method.size() + 1) - asked.method.size() - 1);
        asked.body = ahead.substr(0, wanted);
        asked.authorization = header(head, "authorization");
        asked.connection = connection;
        ahead.erase(0, wanted);
        {
            const std::lock_guard lock(mutex_);
            asked_.push_back(asked);
        }
        const std::string answer = script_(asked);
        if (answer == "hang") continue;
        if (answer.empty() || !send_all(fd, answer) || answer.find("\r\n\r\n") == std::string::npos) {
            ::shutdown(fd, SHUT_RDWR);
            return;
        }
    }
}

std::vector<Asked> ScriptedTwilio::asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
}

std::vector<std::string> ScriptedTwilio::lines() const {
    std::vector<std::string> out;
    for (const auto& asked : asked()) out.push_back(asked.line());
    return out;
}

std::size_t ScriptedTwilio::connections() const {
    const std::lock_guard lock(mutex_);
    return served_.size();
}

std::string reply(int status, const std::string& body, const std::string& type, const std::string& fields) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nTwilio-Request-Id: RQ1\r\n" + fields + "\r\n" + body;
}

std::string twilio_error(int status, int code, const std::string& message, const std::string& fields) {
    const nlohmann::json body{
        {"code", code}, {"message", message}, {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)}, {"status", status}};
    return reply(status, body.dump(), "application/json", fields);
}

ClientUnderTest::ClientUnderTest(const std::string& base_url, std::function<void(Account&, Client::Settings&)> adjust) {
    worker_.start();
    Account account;
    account.sid = kAccount;
    account.secret = Secret(kToken);
    account.base_url = base_url;
    Client::Settings settings;
    settings.first_pause = std::chrono::milliseconds(1);
    if (adjust) adjust(account, settings);
    settings.account = std::make_shared<const Account>(std::move(account));
    std::promise<void> made;
    worker_.post([&] {
        http_ = std::make_unique<net::HttpClient>(worker_.executor());
        client_ = std::make_unique<Client>(*http_, std::move(settings));
        made.set_value();
    });
    made.get_future().get();
}

ClientUnderTest::~ClientUnderTest() {
    std::promise<void> gone;
    worker_.post([&] {
        client_.reset();
        http_.reset();
        gone.set_value();
    });
    gone.get_future().get();
}

Outcome<Answer> ClientUnderTest::send(Request request) {
    return run<Outcome<Answer>>([&](Client& client) { return client.send(request); });
}

}  // namespace parley::rest::test
