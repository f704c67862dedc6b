#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "parley/net/http_server.hpp"
#include "parley/net/worker.hpp"

namespace parley::scenarios {

// A server of the test's own: a customer's receiver, a vendor. `answer` is called on its one thread.
class Server {
public:
    explicit Server(std::function<net::HttpResponse(const net::HttpRequest&)> answer) {
        net::HttpServerOptions options;
        options.listeners.emplace_back();
        options.place = [this] { return boost::asio::any_io_executor(worker_.executor()); };
        options.handle = [answer = std::move(answer)](net::HttpRequest& request) -> net::Task<net::HttpResponse> {
            auto response = answer(request);
            co_return response;
        };
        server_ = std::make_unique<net::HttpServer>(worker_.executor(), std::move(options));
        server_->start();
        worker_.start();
    }
    ~Server() {
        server_->stop();
        worker_.stop();
        worker_.join();
    }
    [[nodiscard]] std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(server_->port()) + path; }

private:
    net::Worker worker_;
    std::unique_ptr<net::HttpServer> server_;
};

}  // namespace parley::scenarios
