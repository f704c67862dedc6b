#include "mcp_peer.hpp"

#include <algorithm>
#include <charconv>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "answer.hpp"

namespace parley::tools {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr std::size_t kMostPages = 20;
constexpr auto kNoticeWithin = std::chrono::milliseconds(250);
constexpr int kMostLonger = 3;  // progress may stretch a call to so many times its timeout

bool modern_error(int code) {
    return code == -32020 || code == -32021 || code == -32022;
}

class McpRemoteTool final : public Tool {
public:
    McpRemoteTool(std::shared_ptr<McpPeer> peer, McpTool tool) : peer_(std::move(peer)), tool_(std::move(tool)) {
        const auto& settings = peer_->settings();
        traits_.name = tool_.our_name;
        traits_.label = settings.name;
        traits_.description = tool_.description;
        traits_.parameters = tool_.parameters;
        traits_.schema = std::move(JsonSchema::compile(tool_.parameters, JsonSchema::From::stranger).schema);
        // Progress may take it beyond its own time.
        traits_.timeout = settings.timeout * kMostLonger;
        traits_.idempotent = tool_.idempotent;
        traits_.cancel_on_interruption = tool_.read_only;
        traits_.consequential = std::find(settings.consequential.begin(), settings.consequential.end(), tool_.name) != settings.consequential.end();
    }
    const ToolTraits& traits() const override { return traits_; }
    net::Task<ToolOutcome> run(ToolRun run, net::HttpClient& http) const override { return peer_->call(tool_, std::move(run), http); }

private:
    std::shared_ptr<McpPeer> peer_;
    McpTool tool_;
    ToolTraits traits_;
};

}  // namespace

McpPeer::McpPeer(McpServer settings, std::shared_ptr<const net::EgressGuard> guard) : settings_(std::move(settings)), guard_(std::move(guard)) {
    if (settings_.version.empty()) return;
    era_ = settings_.version == kMcpModern ? Era::modern : Era::legacy;
    version_ = settings_.version;
}

net::HttpCall McpPeer::call_with(std::string body, TimePoint deadline) const {
    net::HttpCall call;
    call.method = "POST";
    call.url = settings_.url;
    call.body = std::move(body);
    call.deadline = deadline;
    call.body_limit = kMostMcpMessage;
    for (const auto& [name, value] : settings_.headers) call.headers.add(name, std::string(value.reveal()));
    call.headers.set("Content-Type", "application/json");
    call.headers.set("Accept", "application/json, text/event-stream");
    if (era_ == Era::modern) call.headers.set("MCP-Protocol-Version", std::string(kMcpModern));
    if (era_ == Era::legacy && ready_) call.headers.set("MCP-Protocol-Version", version_);
    if (era_ == Era::legacy && !session_.empty()) call.headers.set("Mcp-Session-Id", session_);
    return call;
}

net::Task<bool> McpPeer::notify(std::string body, net::HttpClient& http, TimePoint deadline) {
    auto call = call_with(std::move(body), deadline);
    const auto reply = co_await guard_->request(http, std::move(call));
    co_return reply && reply->status < 300;
}

net::Task<McpPeer::Exchange> McpPeer::post(Asking asking, net::HttpClient& http) {
    Exchange exchange;
    auto call = call_with(std::move(asking.body), asking.soft);
    for (auto& [name, value] : asking.headers) call.headers.set(name, std::move(value));
    auto opened = co_await guard_->open(http, std::move(call));
    if (!opened) {
        exchange.error = opened.error();
        co_return exchange;
    }
    const auto stream = std::move(*opened);
    exchange.status = stream->status();
    exchange.session = stream->headers().get("mcp-session-id").substr(0, 500);
    exchange.retry_after = stream->headers().get("retry-after").substr(0, 20);
    const bool events = stream->headers().get("content-type").starts_with("text/event-stream");
    SseReader reader;
    std::string whole;
    for (;;) {
        auto piece = co_await stream->read(asking.soft);
        if (!piece) {
            if (piece.error() != net::Errc::end_of_stream) exchange.error = piece.error();
            break;
        }
        if (!events) {
            whole += *piece;
            continue;
        }
        std::vector<std::string> texts;
        if (!reader.feed(*piece, texts)) {
            exchange.error = make_error_code(net::Errc::too_large);
            co_return exchange;
        }
        for (const auto& text : texts) {
            auto message = read_mcp(text);
            using Kind = McpMessage::Kind;
            if ((message.kind == Kind::result || message.kind == Kind::error) && message.id == json(asking.id)) {
                exchange.message = std::move(message);
                co_return exchange;
            }
            if (message.kind == Kind::notification && message.method == "notifications/progress") {
                const bool ours = message.body.is_object() && message.body.value("progressToken", json()) == json("p" + std::to_string(asking.id));
                if (ours) asking.soft = std::min(asking.hard, Clock::now() + asking.patience);
            } else if (message.kind == Kind::request && era_ == Era::legacy) {
                auto reply = message.method == "ping" ? mcp_empty_result(message.id) : mcp_not_offered(message.id);
                (void)co_await notify(std::move(reply), http, std::min(asking.soft, Clock::now() + std::chrono::seconds(1)));
            } else if (message.kind == Kind::notification && message.method == "notifications/cancelled") {
                const bool ours = message.body.is_object() && message.body.value("requestId", json()) == json(asking.id);
                if (!ours) continue;
                exchange.error = make_error_code(net::Errc::closed);
                co_return exchange;
            }
        }
    }
    if (!events && !whole.empty()) {
        auto message = read_mcp(whole);
        const bool answers = message.kind == McpMessage::Kind::error ? message.id.is_null() || message.id == json(asking.id)
                                                                     : message.kind == McpMessage::Kind::result && message.id == json(asking.id);
        if (answers) exchange.message = std::move(message);
    }
    co_return exchange;
}

net::Task<std::string> McpPeer::initialize(net::HttpClient& http, TimePoint deadline) {
    era_ = Era::legacy;
    ready_ = false;
    session_.clear();
    Asking asking;
    asking.id = ++last_id_;
    asking.body = mcp_initialize(asking.id, settings_.version.empty() ? kMcpLegacy : std::string_view(settings_.version));
    asking.soft = asking.hard = deadline;
    auto exchange = co_await post(std::move(asking), http);
    if (exchange.error) co_return exchange.error.message();
    // It was taken for an older one by mistake, or is one no more: the next question finds out anew.
    if (settings_.version.empty() && (exchange.status == 400 || exchange.status == 404 || exchange.status == 405)) era_ = Era::unknown;
    if (exchange.message.kind != McpMessage::Kind::result) co_return "initialize was answered with status " + std::to_string(exchange.status);
    const auto version = exchange.message.body.value("protocolVersion", json());
    if (!version.is_string() || !is_mcp_version(version.get<std::string>()) || version == kMcpModern) co_return std::string("it speaks no version known here");
    version_ = version.get<std::string>();
    session_ = exchange.session;
    ready_ = true;
    const bool taken = co_await notify(mcp_notification("notifications/initialized", nullptr), http, deadline);
    co_return taken ? std::string() : std::string("initialized was not taken");
}

net::Task<McpPeer::Exchange> McpPeer::ask(std::string method, json params, std::vector<std::pair<std::string, std::string>> headers, net::HttpClient& http,
                                          TimePoint deadline, Duration patience) {
    for (int attempt = 1;; ++attempt) {
        if (era_ == Era::legacy && !ready_) {
            const auto why = co_await initialize(http, deadline);
            if (!why.empty()) {
                Exchange none;
                none.error = make_error_code(net::Errc::refused);
                none.message.text = why;
                ready_ = false;
                co_return none;
            }
        }
        const bool modern = era_ != Era::legacy;
        Asking asking;
        asking.id = ++last_id_;
        auto sent = params;
        if (method == "tools/call") sent["_meta"]["progressToken"] = "p" + std::to_string(asking.id);
        asking.method = method;
        asking.body = mcp_request(asking.id, method, std::move(sent), modern);
        asking.patience = patience;
        asking.hard = deadline;
        asking.soft = std::min(deadline, Clock::now() + patience);
        if (modern) {
            asking.headers = headers;
            asking.headers.emplace_back("Mcp-Method", method);
            asking.headers.emplace_back("MCP-Protocol-Version", std::string(kMcpModern));
        }
        const auto id = asking.id;
        const auto session = session_;
        auto exchange = co_await post(std::move(asking), http);
        if (exchange.error == net::Errc::timed_out || exchange.error == net::Errc::cancelled) {
            // The server learns that nobody waits; a modern one by the closed stream.
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            if (era_ == Era::legacy && ready_) {
                auto notice = mcp_notification("notifications/cancelled",
                                               {{"requestId", id}, {"reason", exchange.error == net::Errc::timed_out ? "timeout" : "caller interrupted"}});
                (void)co_await notify(std::move(notice), http, Clock::now() + kNoticeWithin);
            }
            co_return exchange;
        }
        // Gone or restarted: it has not been done, so once more.
        if (era_ == Era::legacy && exchange.status == 404 && !session.empty() && attempt == 1) {
            if (session_ == session) ready_ = false;
            continue;
        }
        if (era_ == Era::unknown && !exchange.error) {
            const auto& message = exchange.message;
            if (message.kind == McpMessage::Kind::result && exchange.status < 300) {
                era_ = Era::modern;
            } else if (message.kind == McpMessage::Kind::error && modern_error(message.code)) {
                // It names what it speaks; a version of the older kind is begun in its own way.
                const auto supported = message.body.is_object() ? message.body.value("supported", json()) : json();
                const bool older = supported.is_array() && std::any_of(supported.begin(), supported.end(), [](const auto& one) {
                                       return one.is_string() && is_mcp_version(one.template get<std::string>()) && one != kMcpModern;
                                   });
                if (!older) co_return exchange;
                era_ = Era::legacy;
                continue;
            } else if (exchange.status != 401 && exchange.status != 403 && exchange.status != 429 && exchange.status < 500) {
                era_ = Era::legacy;
                continue;
            }
        }
        int seconds = -1;
        if (exchange.status == 429 || exchange.status == 503) {
            const auto& text = exchange.retry_after;
            const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
            if (ec != std::errc{} || end != text.data() + text.size()) seconds = -1;
        }
        if (seconds >= 0 && attempt == 1 && Clock::now() + std::chrono::seconds(seconds) + std::chrono::milliseconds(500) < deadline) {
            asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::seconds(seconds));
            co_await pause.async_wait(net::nothrow);
            continue;
        }
        co_return exchange;
    }
}

net::Task<McpListing> McpPeer::list(net::HttpClient& http, TimePoint deadline) {
    McpListing all;
    std::string cursor;
    for (std::size_t page = 0; page < kMostPages; ++page) {
        json params = json::object();
        if (!cursor.empty()) params["cursor"] = cursor;
        std::vector<std::pair<std::string, std::string>> none;
        const Duration patience = settings_.timeout;
        auto exchange = co_await ask("tools/list", std::move(params), std::move(none), http, deadline, patience);
        if (exchange.error || exchange.message.kind != McpMessage::Kind::result) {
            all.error = !exchange.message.text.empty() ? exchange.message.text
                        : exchange.error               ? exchange.error.message()
                                                       : "status " + std::to_string(exchange.status);
            co_return all;
        }
        auto listed = read_tools(exchange.message.body, era_ == Era::modern);
        if (!listed.error.empty()) {
            all.error = listed.error;
            co_return all;
        }
        all.dropped += listed.dropped;
        all.fresh = page == 0 ? listed.fresh : std::min(all.fresh, listed.fresh);
        for (auto& tool : listed.tools)
            if (settings_.allow.empty() || std::find(settings_.allow.begin(), settings_.allow.end(), tool.name) != settings_.allow.end())
                all.tools.push_back(std::move(tool));
        if (listed.next.empty() || listed.next == cursor || listed.next.size() > 4096) break;
        cursor = listed.next;
    }
    name_tools(all.tools);
    co_return all;
}

net::Task<ToolOutcome> McpPeer::call(const McpTool& tool, ToolRun run, net::HttpClient& http) {
    const auto arguments = json::parse(run.arguments, nullptr, false);
    json params{{"name", tool.name}, {"arguments", arguments.is_object() ? arguments : json::object()}};
    std::vector<std::pair<std::string, std::string>> headers;
    headers.emplace_back("Mcp-Name", mcp_header_value(tool.name));
    for (const auto& [property, header] : tool.headers)
        if (const auto value = arguments.find(property); value != arguments.end() && !value->is_null())
            headers.emplace_back(
                header, mcp_header_value(value->is_string() ? value->get<std::string>() : value->dump(-1, ' ', false, json::error_handler_t::replace)));
    const Duration patience = settings_.timeout;
    auto exchange = co_await ask("tools/call", std::move(params), std::move(headers), http, run.deadline - kNoticeWithin, patience);
    if (exchange.error == net::Errc::timed_out) co_return failed("timeout", "timeout: the tool did not answer in time", "deadline");
    if (exchange.error == net::Errc::cancelled) co_return failed("cancelled", "cancelled: the caller interrupted", "cancelled");
    if (exchange.error == net::Errc::too_large) co_return failed("bad_response", "the tool's answer could not be used", "size");
    if (exchange.error) co_return failed("error", "the tool is not available", exchange.error.message());
    using Kind = McpMessage::Kind;
    if (exchange.message.kind == Kind::error)
        co_return failed("error", exchange.message.code == -32602 ? "the tool did not take this: " + exchange.message.text : "the tool is not available",
                         "code " + std::to_string(exchange.message.code));
    if (exchange.status < 200 || exchange.status > 299) co_return failed("error", "the tool is not available", "status " + std::to_string(exchange.status));
    if (exchange.message.kind != Kind::result) co_return failed("bad_response", "the tool's answer could not be used", "json");
    auto outcome = read_tool_result(exchange.message.body, tool);
    co_return outcome;
}

std::shared_ptr<const Tool> make_mcp_tool(std::shared_ptr<McpPeer> peer, McpTool tool) {
    return std::make_shared<McpRemoteTool>(std::move(peer), std::move(tool));
}

}  // namespace parley::tools
