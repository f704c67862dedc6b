#pragma once
// A server on 127.0.0.1 that answers exactly what the test says, byte for byte, and remembers what it was asked. One thread a connection.

#include <condition_variable>
#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <nlohmann/json.hpp>

#include "parley/net/worker.hpp"
#include "parley/rest/client.hpp"

namespace parley::rest::test {

struct Asked {
    std::string method, target, body, authorization;
    std::size_t connection = 0;  // the how-manieth
    // "POST /2010-04-01/Accounts/AC…/Calls.json To=%2B1…"
    [[nodiscard]] std::string line() const { return method + " " + target + (body.empty() ? "" : " " + body); }
};

class ScriptedTwilio {
public:
    // The raw answer; empty: the connection is closed without one; "hang": kept open without one.
    using Script = std::function<std::string(const Asked&)>;
    explicit ScriptedTwilio(Script script);
    ~ScriptedTwilio();
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::vector<Asked> asked() const;
    [[nodiscard]] std::vector<std::string> lines() const;
    [[nodiscard]] std::size_t connections() const;

private:
    void serve(int fd, std::size_t connection);
    Script script_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::vector<Asked> asked_;
    std::list<std::pair<int, std::jthread>> served_;
    std::jthread acceptor_;
};

[[nodiscard]] std::string reply(int status, const std::string& body, const std::string& type = "application/json", const std::string& fields = {});
[[nodiscard]] std::string twilio_error(int status, int code, const std::string& message = "no", const std::string& fields = {});

inline constexpr const char* kAccount = "AC0123456789abcdef0123456789abcdef";
inline constexpr const char* kToken = "00112233445566778899aabbccddeeff";

// A client on a worker of its own, and a way to run what it is told there and wait for it.
class ClientUnderTest {
public:
    explicit ClientUnderTest(const std::string& base_url, std::function<void(Account&, Client::Settings&)> adjust = {});
    ~ClientUnderTest();

    template <class T>
    T run(std::function<net::Task<T>(Client&)> make) {
        std::promise<T> promise;
        auto future = promise.get_future();
        auto body = [](std::function<net::Task<T>(Client&)> begin, Client& client, std::promise<T>& result) -> net::Task<> {
            try {
                T value = co_await begin(client);
                result.set_value(std::move(value));
            } catch (...) {
                result.set_exception(std::current_exception());
            }
        };
        auto task = body(std::move(make), *client_, promise);
        net::asio::co_spawn(worker_.executor(), std::move(task), [](std::exception_ptr) {});
        return future.get();
    }
    Outcome<Answer> send(Request request);
    [[nodiscard]] Client& client() { return *client_; }

private:
    net::Worker worker_;
    std::unique_ptr<net::HttpClient> http_;
    std::unique_ptr<Client> client_;
};

}  // namespace parley::rest::test
