#pragma once
// A workshop, one call's tools on a loop, and a server that answers as a test says and keeps what it was asked.

#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include <boost/asio/co_spawn.hpp>
#include <nlohmann/json.hpp>

#include "parley/net/http_server.hpp"
#include "parley/net/worker.hpp"
#include "parley/tools/call_tools.hpp"

namespace parley::tools::test {

using nlohmann::json;
using namespace std::chrono_literals;

class ToolServer {
public:
    using Answer = std::function<net::Task<net::HttpResponse>(net::HttpRequest&)>;
    explicit ToolServer(Answer answer) {
        net::HttpServerOptions options;
        options.listeners.emplace_back();
        options.limits.preauth_per_address = 256;
        options.rejected = [](std::string_view) {};
        options.place = [this] { return loop_.executor(); };
        options.handle = [this, answer = std::move(answer)](net::HttpRequest& request) -> net::Task<net::HttpResponse> {
            {
                const std::lock_guard lock(mutex_);
                asked_.push_back(request);
            }
            auto response = co_await answer(request);
            co_return response;
        };
        server_ = std::make_unique<net::HttpServer>(loop_.executor(), std::move(options));
        server_->start();
        loop_.start();
    }
    ~ToolServer() {
        server_->stop();
        loop_.stop();
        loop_.join();
    }
    [[nodiscard]] std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(server_->port()) + path; }
    [[nodiscard]] std::vector<net::HttpRequest> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    net::Worker loop_;
    mutable std::mutex mutex_;
    std::vector<net::HttpRequest> asked_;
    std::unique_ptr<net::HttpServer> server_;
};

inline net::HttpResponse json_answer(const json& body, int status = 200) {
    return {status, "application/json", body.dump()};
}
inline net::Task<> pause(Duration length) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, length);
    co_await timer.async_wait(net::nothrow);
}

// Built-in tools that note what they did.
struct Builtin final : brain::Actions {
    Builtin(std::vector<std::string>& into, std::vector<brain::ActionSpec> offered) : done_(into), specs_(std::move(offered)) {}
    const std::vector<brain::ActionSpec>& specs() const override { return specs_; }
    void perform(brain::ActionRequest request, std::function<void(brain::ActionResult)> told) override {
        done_.push_back(request.name + " " + request.arguments);
        told({.ok = true, .json = R"({"ok":true})", .transfer = {}, .announcement = {}});
    }
    std::vector<std::string>& done_;
    std::vector<brain::ActionSpec> specs_;
};

class World {
public:
    explicit World(ToolSettings given = {}) : settings(std::move(given)) { settings.private_networks = {"127.0.0.1"}; }
    ~World() {
        on_loop([&] { tools.reset(); });
        std::promise<void> ended;
        boost::asio::co_spawn(loop.executor(), errands.end(), [&](std::exception_ptr) { ended.set_value(); });
        ended.get_future().wait();
        loop.stop();
        loop.join();
    }
    void open(std::vector<brain::ActionSpec> builtin = {}) {
        loop.start();
        const auto shared = std::make_shared<const ToolSettings>(settings);
        EXPECT_TRUE(wrong(*shared).empty());
        catalog = shop->catalog(shared);
        kept_settings = shared;
        reopen(std::move(builtin));
    }
    void reopen(std::vector<brain::ActionSpec> builtin = {}) {
        on_loop([&] {
            brain::CallFacts facts{"CA1", "+4930123", "+15550100", "front"};
            tools = std::make_unique<CallTools>(CallTools::Parts{.shop = shop,
                                                                 .catalog = catalog,
                                                                 .builtin = std::make_unique<Builtin>(done, std::move(builtin)),
                                                                 .facts = facts,
                                                                 .executor = loop.executor(),
                                                                 .transfers = {{"sales", "+4930999"}}});
        });
    }
    // Runs there and waits.
    void on_loop(std::function<void()> what) {
        std::promise<void> ran;
        loop.post([&] {
            what();
            ran.set_value();
        });
        ran.get_future().wait();
    }
    [[nodiscard]] std::shared_future<brain::ActionResult> ask(std::string name, std::string arguments = "{}") {
        auto told = std::make_shared<std::promise<brain::ActionResult>>();
        std::shared_future<brain::ActionResult> result = told->get_future().share();
        on_loop([&] { tools->perform({std::move(name), std::move(arguments)}, [told](brain::ActionResult made) { told->set_value(std::move(made)); }); });
        return result;
    }
    [[nodiscard]] brain::ActionResult call(std::string name, std::string arguments = "{}") {
        auto result = ask(std::move(name), std::move(arguments));
        if (result.wait_for(20s) != std::future_status::ready) throw std::runtime_error("no result");
        return result.get();
    }
    void said(std::string text) {
        on_loop([&] { tools->caller_said(text); });
    }
    [[nodiscard]] std::size_t logged(std::string_view event) const { return lines->count(event); }
    void await_logged(std::string_view event) const {
        for (int i = 0; i < 2000 && lines->count(event) == 0; ++i) std::this_thread::sleep_for(5ms);
        EXPECT_GE(lines->count(event), 1U) << event;
    }
    [[nodiscard]] std::uint64_t counted(const std::string& tool, const std::string& outcome) { return metrics.tool_calls.at(tool, outcome).value(); }

    static MetricsSettings metrics_settings() {
        MetricsSettings made;
        made.tools = {"look", "book", "slow", "other", "send_sms", "crm", "collect_digits", "unknown"};
        return made;
    }
    ToolSettings settings;
    std::vector<std::string> done;  // by built-in tools
    std::shared_ptr<MemoryLog> lines = std::make_shared<MemoryLog>();
    Log log = Log::to({}, lines);
    Metrics metrics{metrics_settings()};
    net::Worker loop;
    net::HttpClient http{loop.executor()};
    net::Errands errands{loop.executor(), log};
    std::shared_ptr<Workshop> shop = std::make_shared<Workshop>(Workshop::Parts{.errands = errands, .http = http, .log = log, .metrics = metrics});
    std::shared_ptr<Catalog> catalog;
    std::shared_ptr<const ToolSettings> kept_settings;
    std::unique_ptr<CallTools> tools;
};

inline HttpTool http_tool(std::string name, std::string url, std::string method = "POST") {
    HttpTool tool;
    tool.name = std::move(name);
    tool.description = "A tool.";
    tool.url = std::move(url);
    tool.method = std::move(method);
    tool.parameters = R"({"type":"object","properties":{"day":{"type":"string"},"n":{"type":"integer"}},"additionalProperties":false})";
    return tool;
}

}  // namespace parley::tools::test
