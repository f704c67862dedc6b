// Our MCP client for the proof with the official server library: mcp_ask URL VERSION [TOOL ARGUMENTS | refresh -]...
// Lists the server's tools, then does what is asked in turn; one line of JSON for each.

#include <cstdio>
#include <future>

#include <boost/asio/co_spawn.hpp>
#include <nlohmann/json.hpp>

#include "parley/net/worker.hpp"
#include "parley/tools/catalog.hpp"

namespace {

using nlohmann::json;
using namespace parley;

json names(const tools::Catalog& catalog) {
    auto all = json::array();
    for (const auto& tool : catalog.tools())
        all.push_back({{"name", tool->traits().name},
                       {"description", tool->traits().description},
                       {"parameters", json::parse(tool->traits().parameters, nullptr, false)},
                       {"idempotent", tool->traits().idempotent}});
    return {{"tools", all}};
}

net::Task<json> once(tools::Catalog& catalog, net::HttpClient& http, Log log, std::string what, std::string arguments, std::uint64_t number) {
    if (what == "refresh") {
        co_await catalog.refresh(http, log, Clock::now() + std::chrono::hours(number));
        co_return names(catalog);
    }
    for (const auto& tool : catalog.tools()) {
        if (tool->traits().name != what) continue;
        tools::ToolRun run;
        run.arguments = arguments;
        run.key = "key" + std::to_string(number);
        run.call_sid = "CA1";
        run.deadline = Clock::now() + std::chrono::seconds(10);
        const auto outcome = co_await tool->run(std::move(run), http);
        co_return json{{"outcome", outcome.kind}, {"json", json::parse(outcome.json, nullptr, false)}};
    }
    co_return json{{"outcome", "unknown"}};
}

net::Task<> all_of(tools::Catalog& catalog, net::HttpClient& http, Log log, std::vector<std::string> asked) {
    for (std::size_t i = 0; i + 1 < asked.size(); i += 2) {
        const auto answer = co_await once(catalog, http, log, asked[i], asked[i + 1], i);
        std::puts(answer.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
        std::fflush(stdout);
    }
}

}  // namespace

int main(int count, char** given) {
    if (count < 3) return 2;
    tools::ToolSettings settings;
    settings.private_networks = {"127.0.0.1"};
    tools::McpServer server;
    server.name = "peer";
    server.url = given[1];
    server.version = given[2];
    settings.mcp.push_back(server);
    const auto lines = std::make_shared<MemoryLog>();
    const auto log = Log::to({}, lines);
    tools::Catalog catalog(settings, {});
    net::Worker loop;
    std::vector<std::string> asked{"refresh", "-"};
    asked.insert(asked.end(), given + 3, given + count);
    std::promise<void> done;
    {
        net::HttpClient http(loop.executor());
        loop.start();
        auto work = all_of(catalog, http, log, std::move(asked));
        boost::asio::co_spawn(loop.executor(), std::move(work), [&](std::exception_ptr) { done.set_value(); });
        done.get_future().wait();
        loop.stop();
        loop.join();
    }
    for (const auto& line : lines->lines()) std::fprintf(stderr, "%s\n", line.c_str());
    return 0;
}
