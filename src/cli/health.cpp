#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "parley/gateway/config.hpp"
#include "parley/net/http_client.hpp"

namespace parley::cli {

void add_health(CLI::App& app, Chosen& chosen) {
    struct Options {
        std::string url = "http://127.0.0.1:9090/livez";
        double timeout = 2;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("health", "Ask a running gateway whether it is well: for container health checks.");
    command->add_option("--url", options->url, "what to ask")->capture_default_str();
    command->add_option_function<std::string>("--timeout", [options](const std::string& text) { options->timeout = std::stod(text); }, "seconds, as 2 or 2s");
    command->callback([&chosen, options] {
        chosen.run = [options] {
            boost::asio::io_context context;
            net::HttpClient client(context.get_executor());
            int status = 0;
            std::string why = "no answer";
            auto ask = [&]() -> net::Task<> {
                net::HttpCall call("GET", options->url, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options->timeout)));
                auto reply = co_await client.request(std::move(call));
                if (reply)
                    status = reply->status;
                else
                    why = reply.error().message();
                context.stop();  // the answer is all that was wanted; the sockets' reactor would wait for more
            };
            boost::asio::co_spawn(context, ask(), boost::asio::detached);
            context.run();
            if (status == 200) return 0;
            if (status != 0) why = "status " + std::to_string(status);
            std::fprintf(stderr, "unhealthy: %s: %s\n", options->url.c_str(), why.c_str());
            return 1;
        };
    });
}

}  // namespace parley::cli
