#include "parley/sim/fake_twilio.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "parley/net/task.hpp"
#include "parley/sim/identifiers.hpp"
#include "rest_api.hpp"

namespace parley::sim {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBody = 256 * 1024;
constexpr auto kIdle = std::chrono::seconds(30);

const std::string* text_field(const nlohmann::json& object, const char* key) {
    const auto at = object.find(key);
    return at == object.end() ? nullptr : at->get_ptr<const std::string*>();
}

std::string text_of(const nlohmann::json& object, const char* key) {
    const auto* text = text_field(object, key);
    return text == nullptr ? std::string{} : *text;
}

}  // namespace

class FakeTwilio::Impl {
public:
    explicit Impl(FakeTwilioOptions given)
        : options(std::move(given)),
          acceptor(context, asio::ip::tcp::endpoint(asio::ip::make_address(options.address), options.port)),
          carrier(with_base(options.carrier, acceptor.local_endpoint())),
          api(options, carrier, [this](CallPlan plan) { return place(std::move(plan)); }) {
        asio::co_spawn(context, accept(), asio::detached);
        server = std::thread([this] { context.run(); });
        collector = std::thread([this] { collect(); });
    }

    static CarrierOptions with_base(CarrierOptions base, const asio::ip::tcp::endpoint& at) {
        if (base.api_base == "http://127.0.0.1")
            base.api_base = "http://" + at.address().to_string() + ":" + std::to_string(at.port());
        return base;
    }

    // Places a call and keeps its report; the caller's future is fed from ours.
    SimCarrier::Placed place(CallPlan plan) {
        auto placed = carrier.place_call(std::move(plan));
        auto shared = std::make_shared<std::promise<CallReport>>();
        SimCarrier::Placed out{placed.call_sid, shared->get_future()};
        const std::lock_guard lock(mutex);
        running.push_back({std::move(placed), std::move(shared)});
        arrived.notify_all();
        return out;
    }

    SimCarrier::Placed call_in(const std::string& to, const std::string& from, std::shared_ptr<const Scenario> scenario,
                               std::string voice_url) {
        NumberEntry entry;
        {
            const std::lock_guard lock(mutex);
            const auto at = options.numbers.find(to);
            if (at != options.numbers.end()) {
                entry = at->second;
            } else if (voice_url.empty()) {
                throw std::invalid_argument("no such number: " + to);
            }
        }
        CallPlan plan;
        plan.to = to;
        plan.from = from;
        plan.voice_url = voice_url.empty() ? entry.voice_url : std::move(voice_url);
        plan.voice_method = entry.voice_method;
        plan.fallback_url = entry.fallback_url;
        plan.fallback_method = entry.fallback_method;
        plan.status_callback = entry.status_callback;
        plan.status_callback_method = entry.status_callback_method;
        plan.scenario = std::move(scenario);
        return place(std::move(plan));
    }

    // Collects reports as calls end. Waiting is polling at 20 ms: reports are for reading afterwards, nothing depends
    // on the time.
    void collect() {
        for (;;) {
            std::list<Running> done;
            {
                std::unique_lock lock(mutex);
                if (running.empty() && stopping) return;
                if (running.empty()) arrived.wait(lock, [&] { return !running.empty() || stopping; });
                for (auto at = running.begin(); at != running.end();) {
                    const auto next = std::next(at);
                    if (at->placed.report.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
                        done.splice(done.end(), running, at);
                    at = next;
                }
            }
            if (done.empty()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                continue;
            }
            for (auto& one : done) finish(one);
        }
    }

    struct Running {
        SimCarrier::Placed placed;
        std::shared_ptr<std::promise<CallReport>> result;
    };

    void finish(Running& one) {
        try {
            auto report = one.placed.report.get();
            auto text = to_json(report);
            if (!options.report_directory.empty())
                (void)write_report(report, options.report_directory.string(), one.placed.call_sid);
            {
                const std::lock_guard lock(mutex);
                reports[one.placed.call_sid] = std::move(text);
                report_order.push_back(one.placed.call_sid);
                while (report_order.size() > options.kept_reports) {
                    reports.erase(report_order.front());
                    report_order.pop_front();
                }
            }
            one.result->set_value(std::move(report));
        } catch (...) {
            one.result->set_exception(std::current_exception());
        }
    }

    // ---- the controls below /sim
    ApiAnswer control(const ApiRequest& request) {
        const auto path = request.target.substr(0, request.target.find('?'));
        if (path == "/sim/health") return api_json(200, {{"status", "ok"}, {"live_calls", carrier.live_calls()}});
        if (path == "/sim/calls" && request.method == "POST") return start_call(request.body);
        if (path.starts_with("/sim/calls/") && request.method == "GET") {
            const auto sid = path.substr(11);
            {
                const std::lock_guard lock(mutex);
                if (const auto at = reports.find(sid); at != reports.end())
                    return {200, "application/json", at->second};
            }
            if (carrier.call(sid)) return api_error(409, 20409, "the call is not over");
        }
        if (path == "/sim/numbers" && request.method == "GET") {
            const std::lock_guard lock(mutex);
            auto out = Json::object();
            for (const auto& [number, entry] : options.numbers)
                out[number] = {{"voice_url", entry.voice_url}, {"status_callback", entry.status_callback}};
            return api_json(200, out);
        }
        if (path.starts_with("/sim/numbers/") && request.method == "PUT")
            return put_number(path.substr(13), request.body);
        return api_error(404, 20404, "no such control: " + request.method + " " + path);
    }

    ApiAnswer start_call(const std::string& body) {
        const auto wanted = nlohmann::json::parse(body, nullptr, false);
        if (!wanted.is_object()) return api_error(400, 20001, "expected a JSON object");
        std::shared_ptr<const Scenario> scenario;
        try {
            if (const auto inline_scenario = text_of(wanted, "scenario_yaml"); !inline_scenario.empty()) {
                scenario = parse_scenario(inline_scenario, "scenario_yaml", options.scenario_directory);
            } else if (const auto name = text_of(wanted, "scenario"); !name.empty()) {
                const bool plain = name.find("..") == std::string::npos && !name.starts_with('/');
                if (options.scenario_directory.empty() || !plain)
                    return api_error(400, 20001, "scenario files are not available");
                scenario = load_scenario(options.scenario_directory / name);
            }
            auto placed = call_in(text_of(wanted, "to"), text_of(wanted, "from"), std::move(scenario),
                                  text_of(wanted, "voice_url"));
            return api_json(201, {{"call_sid", placed.call_sid}});
        } catch (const std::exception& e) {
            return api_error(400, 20001, e.what());
        }
    }

    ApiAnswer put_number(const std::string& number, const std::string& body) {
        const auto wanted = nlohmann::json::parse(body, nullptr, false);
        if (!wanted.is_object() || text_of(wanted, "voice_url").empty())
            return api_error(400, 20001, "expected a JSON object with voice_url");
        NumberEntry entry;
        entry.voice_url = text_of(wanted, "voice_url");
        entry.fallback_url = text_of(wanted, "fallback_url");
        entry.status_callback = text_of(wanted, "status_callback");
        if (text_of(wanted, "voice_method") == "GET") entry.voice_method = "GET";
        const std::lock_guard lock(mutex);
        const auto encoded = decode_form("n=" + (number.starts_with('+') ? "%2B" + number.substr(1) : number));
        options.numbers[encoded.front().second] = std::move(entry);
        return {204, {}, {}};
    }

    // ---- the socket
    Task<> accept() {
        for (;;) {
            auto [ec, socket] = co_await acceptor.async_accept(net::nothrow);
            if (ec == asio::error::operation_aborted || !acceptor.is_open()) co_return;
            if (ec) continue;
            asio::co_spawn(context, serve(std::move(socket)), asio::detached);
        }
    }

    Task<> serve(asio::ip::tcp::socket socket) {
        beast::tcp_stream stream(std::move(socket));
        const auto place_in_list = streams.insert(streams.end(), &stream);
        beast::flat_buffer buffer(kMaxBody + 64 * 1024);
        for (bool keep = true; keep;) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(kMaxBody);
            stream.expires_after(kIdle);
            auto [ec, size] = co_await http::async_read(stream, buffer, parser, net::nothrow);
            if (ec) break;
            const auto message = parser.release();
            ApiRequest request;
            request.method = std::string(message.method_string());
            request.target = std::string(message.target());
            request.authorization = std::string(message[http::field::authorization]);
            request.form_body = message[http::field::content_type].starts_with("application/x-www-form-urlencoded");
            request.body = message.body();
            auto answer = request.target.starts_with("/sim/") ? control(request) : api.handle(request);
            http::response<http::string_body> response{static_cast<http::status>(answer.status), 11};
            response.keep_alive(message.keep_alive());
            if (!answer.type.empty()) response.set(http::field::content_type, answer.type);
            response.set("Twilio-Request-Id", make_sid("RQ"));
            response.set("Twilio-Concurrent-Requests", std::to_string(streams.size()));
            if (answer.status == 401) response.set(http::field::www_authenticate, "Basic realm=\"Twilio API\"");
            response.body() = std::move(answer.body);
            response.prepare_payload();
            keep = response.keep_alive();
            auto [write_ec, written] = co_await http::async_write(stream, response, net::nothrow);
            if (write_ec) break;
        }
        error_code ignored;
        stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
        streams.erase(place_in_list);
    }

    void stop() {
        {
            const std::lock_guard lock(mutex);
            if (stopping) return;
            stopping = true;
            arrived.notify_all();
        }
        asio::post(context, [this] {
            error_code ignored;
            acceptor.close(ignored);
            for (auto* stream : streams) stream->socket().close(ignored);
        });
        server.join();
        carrier.stop();
        collector.join();
    }

    FakeTwilioOptions options;
    asio::io_context context{1};
    asio::ip::tcp::acceptor acceptor;
    SimCarrier carrier;
    RestApi api;
    std::list<beast::tcp_stream*> streams;  // on the server's thread only
    std::mutex mutex;
    std::condition_variable arrived;
    std::list<Running> running;
    std::map<std::string, std::string> reports;
    std::deque<std::string> report_order;
    bool stopping = false;
    std::thread server, collector;
};

FakeTwilio::FakeTwilio(FakeTwilioOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
FakeTwilio::~FakeTwilio() {
    stop();
}
std::uint16_t FakeTwilio::port() const {
    return impl_->acceptor.local_endpoint().port();
}
SimCarrier& FakeTwilio::carrier() {
    return impl_->carrier;
}
void FakeTwilio::stop() {
    impl_->stop();
}

void FakeTwilio::set_number(const std::string& number, NumberEntry entry) {
    const std::lock_guard lock(impl_->mutex);
    impl_->options.numbers[number] = std::move(entry);
}

SimCarrier::Placed FakeTwilio::call_in(const std::string& to, const std::string& from,
                                       std::shared_ptr<const Scenario> scenario) {
    return impl_->call_in(to, from, std::move(scenario), {});
}

}  // namespace parley::sim
