#pragma once
// The REST interface for a command that asks a few things one after the other, on its own thread.

#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "parley/gateway/rest_access.hpp"
#include "parley/net/http_client.hpp"

namespace parley::cli {

class RestRun {
public:
    // Throws std::runtime_error with a sentence when the configuration names no account or no credential.
    explicit RestRun(const gateway::Config& config) : http_(context_.get_executor()) {
        auto account = gateway::rest_account(config);
        if (!account) throw std::runtime_error(gateway::why_no_rest_account(config));
        rest::Client::Settings settings;
        settings.account = std::make_shared<const rest::Account>(std::move(*account));
        settings.pace = gateway::rest_pace(config);
        client_.emplace(http_, std::move(settings));
    }
    template <class T>
    T ask(std::function<net::Task<T>(rest::Client&)> make) {
        std::optional<T> result;
        std::exception_ptr failed;
        auto run = [](std::function<net::Task<T>(rest::Client&)> begin, rest::Client& client, std::optional<T>& out) -> net::Task<> {
            T value = co_await begin(client);
            out.emplace(std::move(value));
        };
        auto task = run(std::move(make), *client_, result);
        boost::asio::co_spawn(context_, std::move(task), [this, &failed](std::exception_ptr error) {
            failed = error;
            context_.stop();  // kept connections would keep it running
        });
        context_.restart();
        context_.run();
        if (failed) std::rethrow_exception(failed);
        return std::move(*result);
    }
    [[nodiscard]] rest::Client& client() { return *client_; }

private:
    boost::asio::io_context context_{1};
    net::HttpClient http_;
    std::optional<rest::Client> client_;
};

}  // namespace parley::cli
