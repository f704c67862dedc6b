#pragma once
// A real HAProxy in front of gateways, for one test.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gateway_under_test.hpp"

namespace parley::scenarios {

class Haproxy {
public:
    // `rules`: lines for the frontend (http-request …).
    Haproxy(const std::vector<std::uint16_t>& servers, const std::string& rules = {}) {
        boost::asio::io_context context;
        {
            const boost::asio::ip::tcp::acceptor probe(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
            port_ = probe.local_endpoint().port();
        }
        file_ = std::filesystem::path(testing::TempDir()) / ("parley_haproxy_" + std::to_string(::getpid()) + "_" + std::to_string(port_) + ".cfg");
        std::ofstream out(file_);
        out << "global\n  maxconn 500\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  timeout tunnel 300s\n  "
               "retries 3\n  option redispatch 1\n"
            << "frontend front\n  bind 127.0.0.1:" << port_ << "\n"
            << rules << "  default_backend gateways\nbackend gateways\n  balance roundrobin\n";
        for (std::size_t i = 0; i < servers.size(); ++i) out << "  server g" << i << " 127.0.0.1:" << servers[i] << "\n";
        out.close();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::execlp("haproxy", "haproxy", "-q", "-db", "-f", file_.c_str(), nullptr);
            ::execl("/usr/sbin/haproxy", "haproxy", "-q", "-db", "-f", file_.c_str(), nullptr);
            ::_exit(127);
        }
        EXPECT_TRUE(eventually([&] { return listening(); })) << "haproxy does not start";
    }
    ~Haproxy() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove(file_, ignored);
    }
    Haproxy(const Haproxy&) = delete;
    Haproxy& operator=(const Haproxy&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    [[nodiscard]] bool listening() const {
        boost::asio::io_context context;
        boost::asio::ip::tcp::socket socket(context);
        boost::system::error_code ec;
        socket.connect({boost::asio::ip::make_address("127.0.0.1"), port_}, ec);
        return !ec;
    }
    std::uint16_t port_ = 0;
    std::filesystem::path file_;
    pid_t pid_ = -1;
};

}  // namespace parley::scenarios
