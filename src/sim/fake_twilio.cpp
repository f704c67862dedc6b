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
#include <cmath>
#include <deque>
#include <future>
#include <list>
#include <mutex>
#include <thread>

#include "api_faults.hpp"
#include "control_values.hpp"
#include "parley/net/task.hpp"
#include "parley/sim/base64.hpp"
#include "parley/sim/identifiers.hpp"
#include "rest_api.hpp"

namespace parley::sim {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t kMaxBody = 256 * 1024;
constexpr auto kIdle = std::chrono::seconds(30);
constexpr const char* kRefusing = "<Response><Reject/></Response>";

std::string text_of(const nlohmann::json& object, const char* key) {
    const auto at = object.find(key);
    const auto* text = at == object.end() ? nullptr : at->get_ptr<const std::string*>();
    return text == nullptr ? std::string{} : *text;
}

// One part of a path: "%2B1" -> "+1".
std::string decoded_part(const std::string& raw) {
    std::string kept;
    for (const char c : raw) kept += c == '+' ? std::string("%2B") : std::string(1, c);
    const auto form = decode_form("n=" + kept);
    return form.empty() ? std::string{} : form.front().second;
}

}  // namespace

class FakeTwilio::Impl {
public:
    explicit Impl(FakeTwilioOptions given)
        : options(std::move(given)),
          acceptor(context, asio::ip::tcp::endpoint(asio::ip::make_address(options.address), options.port)),
          tricks(std::make_shared<WebhookTricks>()),
          carrier(with_base(options.carrier, acceptor.local_endpoint(), *this)),
          webhooks(std::make_shared<const HttpClient>(make_client_tls(options.carrier.tls), options.carrier.balancer),
                   {options.carrier.auth_token, options.carrier.previous_auth_token, options.carrier.signature}, {}, tricks),
          errands(context.get_executor()),
          api(
              options, carrier, [this](CallPlan plan) { return place(std::move(plan)); }, webhooks, context.get_executor(), errands,
              [this](const std::string& sid) { return lines_of(sid); }) {
        if (!options.faults.empty()) {
            const auto answer = put_faults(options.faults);
            if (answer.status != 204) throw std::invalid_argument("faults: " + answer.body);
        }
        asio::co_spawn(context, accept(), asio::detached);
        server = std::thread([this] { context.run(); });
        collector = std::thread([this] { collect(); });
    }

    static CarrierOptions with_base(CarrierOptions base, const asio::ip::tcp::endpoint& at, Impl& self) {
        base.webhook_tricks = self.tricks;
        base.on_transcription = [&self, also = std::move(base.on_transcription)](const TranscriptionTruth& truth) {
            if (also) also(truth);
            if (!truth.intelligence_service.empty()) asio::post(self.context, [&self, truth] { self.api.keep_transcription(truth); });
        };
        if (base.api_base == "http://127.0.0.1") base.api_base = "http://" + at.address().to_string() + ":" + std::to_string(at.port());
        return base;
    }

    struct LiveLines {
        std::mutex mutex;
        std::vector<TranscriptLine> lines;
    };

    // What was said in a call: from its report when it is over, otherwise what has been heard so far.
    std::vector<TranscriptLine> lines_of(const std::string& sid) {
        if (auto report = carrier.report_of(sid)) return std::move(report->transcript);
        std::shared_ptr<LiveLines> live;
        {
            const std::lock_guard lock(mutex);
            const auto at = live_lines.find(sid);
            if (at == live_lines.end()) return {};
            live = at->second;
        }
        const std::lock_guard lock(live->mutex);
        return live->lines;
    }

    // Places a call and keeps its report; the caller's future is fed from ours.
    SimCarrier::Placed place(CallPlan plan) {
        auto live = std::make_shared<LiveLines>();
        plan.on_line = [live, also = std::move(plan.on_line)](const TranscriptLine& line) {
            if (also) also(line);
            const std::lock_guard lock(live->mutex);
            live->lines.push_back(line);
        };
        auto placed = carrier.place_call(std::move(plan));
        auto shared = std::make_shared<std::promise<CallReport>>();
        SimCarrier::Placed out{placed.call_sid, shared->get_future()};
        const std::lock_guard lock(mutex);
        live_lines[placed.call_sid] = std::move(live);
        running.push_back({std::move(placed), std::move(shared)});
        arrived.notify_all();
        return out;
    }

    // Runs `action` on the server's thread and waits for it. After stop() nobody else is there, and it runs here.
    template <class Action>
    auto on_server(Action action) -> decltype(action()) {
        {
            const std::lock_guard lock(mutex);
            if (stopping) return action();
        }
        std::packaged_task<decltype(action())()> task(std::move(action));
        auto done = task.get_future();
        asio::post(context, [&task] { task(); });
        return done.get();
    }

    // On the server's thread.
    SimCarrier::Placed call_in(const std::string& to, const std::string& from, std::shared_ptr<const Scenario> scenario, std::string voice_url) {
        CallPlan plan;
        plan.to = to;
        plan.from = from;
        plan.scenario = std::move(scenario);
        const auto* number = api.numbers().owned(to);
        if (number == nullptr && voice_url.empty()) throw std::invalid_argument("no such number: " + to);
        if (number != nullptr) {
            auto wiring = api.numbers().voice(*number);
            plan.voice_url = std::move(wiring.url);
            plan.voice_method = wiring.method.empty() ? "POST" : wiring.method;
            plan.fallback_url = std::move(wiring.fallback_url);
            plan.fallback_method = wiring.fallback_method.empty() ? "POST" : wiring.fallback_method;
            plan.status_callback = std::move(wiring.status_callback);
            plan.status_callback_method = wiring.status_callback_method.empty() ? "POST" : wiring.status_callback_method;
        }
        if (!voice_url.empty()) plan.voice_url = std::move(voice_url);
        if (!api.account().active()) {  // 10003: nobody is asked
            plan.voice_url.clear();
            plan.status_callback.clear();
        }
        if (plan.voice_url.empty()) plan.twiml = kRefusing;  // a trunk's, or nobody's: no webhook
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
                    if (at->placed.report.wait_for(std::chrono::seconds(0)) == std::future_status::ready) done.splice(done.end(), running, at);
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
            if (!options.report_directory.empty()) (void)write_report(report, options.report_directory.string(), one.placed.call_sid);
            {
                const std::lock_guard lock(mutex);
                reports[one.placed.call_sid] = std::move(text);
                live_lines.erase(one.placed.call_sid);
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
        const bool get = request.method == "GET", put = request.method == "PUT", post = request.method == "POST", remove = request.method == "DELETE";
        if (path == "/sim/health") return api_json(200, {{"status", "ok"}, {"live_calls", carrier.live_calls()}});
        if (path == "/sim/calls" && post) return start_call(request.body);
        if (path.starts_with("/sim/calls/") && get) return report(path.substr(11));
        if (path == "/sim/numbers" && get) return numbers();
        if (path.starts_with("/sim/numbers/") && put) return put_number(decoded_part(path.substr(13)), request.body);
        if (path == "/sim/messages" && post) return start_message(request.body);
        if (path.starts_with("/sim/phones/")) return phones(request, path.substr(12));
        if (path == "/sim/faults" && put) return put_faults(request.body);
        if (path == "/sim/account" && put) {
            const auto wanted = nlohmann::json::parse(request.body, nullptr, false);
            if (!wanted.is_object()) return api_error(400, 20001, "expected a JSON object");
            api.account().set(text_of(wanted, "status"), text_of(wanted, "type"));
            return no_content();
        }
        if (path == "/sim/requests" && get) return api_json(200, log.json());
        if (path == "/sim/requests" && remove) {
            log.clear();
            return no_content();
        }
        return api_error(404, 20404, "no such control: " + request.method + " " + path);
    }

    ApiAnswer report(const std::string& sid) {
        {
            const std::lock_guard lock(mutex);
            if (const auto at = reports.find(sid); at != reports.end()) return {200, "application/json", at->second, {}};
        }
        if (carrier.call(sid)) return api_error(409, 20409, "the call is not over");
        return api_error(404, 20404, "no such call: " + sid);
    }

    ApiAnswer numbers() {
        auto out = Json::object();
        for (const auto& record : api.numbers().all()) {
            const auto wiring = api.numbers().voice(record);
            static constexpr const char* kModes[] = {"webhook", "application", "trunk", "unset"};
            out[record.json["phone_number"].get<std::string>()] = {{"sid", record.sid()},
                                                                   {"mode", kModes[static_cast<std::size_t>(wiring.mode)]},
                                                                   {"voice_url", wiring.url},
                                                                   {"status_callback", wiring.status_callback},
                                                                   {"sms_url", api.numbers().sms(record).url}};
        }
        return api_json(200, out);
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
                if (options.scenario_directory.empty() || !plain) return api_error(400, 20001, "scenario files are not available");
                scenario = load_scenario(options.scenario_directory / name);
            }
            auto placed = call_in(text_of(wanted, "to"), text_of(wanted, "from"), std::move(scenario), text_of(wanted, "voice_url"));
            return api_json(201, {{"call_sid", placed.call_sid}});
        } catch (const std::exception& e) {
            return api_error(400, 20001, e.what());
        }
    }

    ApiAnswer put_number(const std::string& number, const std::string& body) {
        const auto wanted = nlohmann::json::parse(body, nullptr, false);
        if (!wanted.is_object() || number.empty()) return api_error(400, 20001, "expected a JSON object");
        NumberEntry entry;
        entry.voice_url = text_of(wanted, "voice_url");
        entry.fallback_url = text_of(wanted, "fallback_url");
        entry.status_callback = text_of(wanted, "status_callback");
        entry.sms_url = text_of(wanted, "sms_url");
        entry.sms_fallback_url = text_of(wanted, "sms_fallback_url");
        entry.application_sid = text_of(wanted, "application_sid");
        entry.trunk_sid = text_of(wanted, "trunk_sid");
        entry.friendly_name = text_of(wanted, "friendly_name");
        if (text_of(wanted, "voice_method") == "GET") entry.voice_method = "GET";
        if (text_of(wanted, "sms_method") == "GET") entry.sms_method = "GET";
        if (wanted.contains("sms") && wanted["sms"].is_boolean()) entry.sms_capable = wanted["sms"].get<bool>();
        api.numbers().set(number, entry);
        return no_content();
    }

    ApiAnswer start_message(const std::string& body) {
        const auto wanted = nlohmann::json::parse(body, nullptr, false);
        if (!wanted.is_object()) return api_error(400, 20001, "expected a JSON object");
        Messages::Incoming incoming{text_of(wanted, "from"), text_of(wanted, "to"), text_of(wanted, "body"), {}};
        if (const auto media = wanted.find("media"); media != wanted.end() && media->is_array()) {
            for (const auto& one : *media) {
                if (!one.is_object() || incoming.media.size() == kMaxMedia) return api_error(400, 20001, "media: at most ten objects");
                const auto bytes = from_base64(text_of(one, "base64"));
                incoming.media.push_back({text_of(one, "url"), text_of(one, "type"), bytes ? std::string(bytes->begin(), bytes->end()) : std::string{}});
            }
        }
        std::string why_not;
        const auto sid = api.messages().receive(std::move(incoming), why_not);
        return sid.empty() ? api_error(400, 20001, why_not) : api_json(201, {{"message_sid", sid}});
    }

    ApiAnswer phones(const ApiRequest& request, const std::string& rest) {
        const auto slash = std::min(rest.find('/'), rest.size());
        const auto number = decoded_part(rest.substr(0, slash));
        const auto what = rest.substr(slash);
        if (what == "/messages" && request.method == "GET") {
            auto list = Json::array();
            for (const auto& one : api.messages().inbox(number))
                list.push_back(
                    {{"sid", one.sid}, {"from", one.from}, {"to", one.to}, {"body", one.body}, {"media", one.media}, {"num_segments", one.segments}});
            return api_json(200, {{"messages", std::move(list)}});
        }
        if (what == "/messages" && request.method == "DELETE") {
            api.messages().clear_inbox(number);
            return no_content();
        }
        if (what.empty() && request.method == "PUT") {
            const auto wanted = nlohmann::json::parse(request.body, nullptr, false);
            std::string why_not;
            const auto rule = read_phone_rule(wanted, why_not);
            if (!rule) return api_error(400, 20001, why_not);
            api.messages().set_rule(number, *rule);
            return no_content();
        }
        return api_error(404, 20404, "no such control: " + request.method + " /sim/phones/" + rest);
    }

    ApiAnswer put_faults(const std::string& body) {
        const auto wanted = nlohmann::json::parse(body, nullptr, false);
        if (!wanted.is_object()) return api_error(400, 20001, "expected a JSON object");
        std::string why_not;
        for (const auto& [key, value] : wanted.items()) {
            if (key == "requests") {
                auto read = read_api_faults(value, why_not);
                if (!read) return api_error(400, 20001, why_not);
                faults.set(std::move(*read));
            } else if (key == "callbacks") {
                const auto weather = read_callback_weather(value, why_not);
                if (!weather) return api_error(400, 20001, why_not);
                api.messages().post().set_weather(*weather);
                carrier.set_callbacks(*weather);
            } else if (key == "webhooks") {
                auto read = read_webhook_tricks(value, why_not);
                if (!read) return api_error(400, 20001, why_not);
                tricks->set(std::move(*read));
            } else {
                return api_error(400, 20001, "'" + key + "' is not known: requests, callbacks, webhooks");
            }
        }
        return no_content();
    }

    // ---- the socket
    struct Connection {
        explicit Connection(asio::ip::tcp::socket socket) : stream(std::move(socket)), delay(stream.get_executor()) {}
        beast::tcp_stream stream;
        asio::steady_timer delay;
        bool asking = false;
    };

    Task<> accept() {
        for (;;) {
            auto [ec, socket] = co_await acceptor.async_accept(net::nothrow);
            if (ec == asio::error::operation_aborted || !acceptor.is_open()) co_return;
            if (ec) continue;
            asio::co_spawn(context, serve(std::move(socket)), asio::detached);
        }
    }

    // The answer with what a fault makes of it; `reset`: instead of an answer the connection is broken off.
    ApiAnswer answer(const ApiRequest& request, milliseconds& delay, bool& reset) {
        if (request.target.starts_with("/sim/")) return control(request);
        const auto fault = faults.next(request.method, request.target.substr(0, request.target.find('?')));
        if (!fault) {
            auto out = api.handle(request);
            log.add(request, out, nullptr);
            return out;
        }
        ApiAnswer out;
        const char* name = "";
        switch (fault->kind) {
            case ApiFault::Kind::too_many:
                out = api_error(429, 20429, "Too Many Requests");
                if (fault->retry_after >= 0) out.headers.emplace_back("Retry-After", std::to_string(static_cast<int>(std::ceil(fault->retry_after))));
                name = "429";
                break;
            case ApiFault::Kind::broken:
                out = api_error(500, 20500, "Internal Server Error");
                name = "500";
                break;
            case ApiFault::Kind::broken_after:
                (void)api.handle(request);
                out = api_error(500, 20500, "Internal Server Error");
                name = "500_after";
                break;
            case ApiFault::Kind::slow:
                out = api.handle(request);
                delay = fault->delay;
                name = "slow";
                break;
            case ApiFault::Kind::reset_after:
                out = api.handle(request);
                reset = true;
                name = "reset_after";
                break;
            case ApiFault::Kind::html:
                out = {503,
                       "text/html; charset=utf-8",
                       "<html><head><title>503 Service Temporarily Unavailable</title></head><body><h1>503</h1></body></html>",
                       {}};
                name = "html";
                break;
            case ApiFault::Kind::malformed:
                out = api.handle(request);
                out.body.resize(out.body.size() / 2);
                name = "malformed";
                break;
        }
        log.add(request, out, name);
        return out;
    }

    Task<> serve(asio::ip::tcp::socket socket) {
        const auto place_in_list = connections.emplace(connections.end(), std::move(socket));
        auto& connection = *place_in_list;
        auto& stream = connection.stream;
        beast::flat_buffer buffer(kMaxBody + 64 * 1024);
        for (bool keep = true; keep;) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(kMaxBody);
            stream.expires_after(kIdle);
            auto [ec, size] = co_await http::async_read(stream, buffer, parser, net::nothrow);
            if (ec) break;
            const auto began = Clock::now();
            connection.asking = true;
            const auto message = parser.release();
            ApiRequest request;
            request.method = std::string(message.method_string());
            request.target = std::string(message.target());
            request.authorization = std::string(message[http::field::authorization]);
            request.if_match = std::string(message[http::field::if_match]);
            request.host = std::string(message[http::field::host]);
            request.form_body = message[http::field::content_type].starts_with("application/x-www-form-urlencoded");
            request.body = message.body();
            milliseconds delay{0};
            bool reset = false;
            ApiAnswer given;
            try {
                given = answer(request, delay, reset);
            } catch (const std::exception& e) {  // a mistake of the simulator's own must not end it
                given = api_error(500, 20500, std::string("simulator: ") + e.what());
            }
            if (delay.count() > 0) {
                stream.expires_never();
                connection.delay.expires_after(delay);
                co_await connection.delay.async_wait(net::nothrow);
            }
            if (reset) {
                error_code ignored;
                stream.socket().set_option(asio::socket_base::linger(true, 0), ignored);
                stream.socket().close(ignored);
                break;
            }
            http::response<http::string_body> response{static_cast<http::status>(given.status), 11};
            response.keep_alive(message.keep_alive());
            if (!given.type.empty()) response.set(http::field::content_type, given.type);
            for (const auto& [name, value] : given.headers) response.set(name, value);
            std::size_t asking = 0;
            for (const auto& one : connections) asking += one.asking ? 1 : 0;
            response.set("Twilio-Request-Id", make_sid("RQ"));
            response.set("Twilio-Request-Duration", fmt_seconds(Clock::now() - began));
            response.set("Twilio-Concurrent-Requests", std::to_string(asking));
            response.set("X-API-Domain", "api.twilio.com");
            response.set("X-Home-Region", "us1");
            if (given.status == 401) response.set(http::field::www_authenticate, "Basic realm=\"Twilio API\"");
            response.body() = std::move(given.body);
            if (given.status != 204) response.prepare_payload();
            keep = response.keep_alive();
            connection.asking = false;
            stream.expires_after(kIdle);
            auto [write_ec, written] = co_await http::async_write(stream, response, net::nothrow);
            if (write_ec) break;
        }
        error_code ignored;
        stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
        connections.erase(place_in_list);
    }

    static std::string fmt_seconds(Duration took) {
        char text[32];
        std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(took).count());
        return text;
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
            for (auto& connection : connections) {
                connection.stream.socket().close(ignored);
                connection.delay.cancel();
            }
            errands.cancel();
        });
        server.join();
        carrier.stop();
        collector.join();
    }

    FakeTwilioOptions options;
    asio::io_context context{1};
    asio::ip::tcp::acceptor acceptor;
    std::shared_ptr<WebhookTricks> tricks;
    SimCarrier carrier;
    WebhookSender webhooks;
    net::Nursery errands;
    // On the server's thread only.
    RestApi api;
    ApiFaults faults;
    ApiLog log;
    std::list<Connection> connections;
    std::mutex mutex;
    std::condition_variable arrived;
    std::list<Running> running;
    std::map<std::string, std::shared_ptr<LiveLines>> live_lines;  // of running calls
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

std::string FakeTwilio::base_url() const {
    return "http://" + impl_->options.address + ":" + std::to_string(port());
}

void FakeTwilio::set_number(const std::string& number, NumberEntry entry) {
    impl_->on_server([&] { impl_->api.numbers().set(number, entry); });
}

SimCarrier::Placed FakeTwilio::call_in(const std::string& to, const std::string& from, std::shared_ptr<const Scenario> scenario) {
    return impl_->on_server([&] { return impl_->call_in(to, from, std::move(scenario), {}); });
}

std::string FakeTwilio::message_in(const std::string& to, const std::string& from, const std::string& body, std::vector<PhoneMedia> media) {
    return impl_->on_server([&] {
        std::string why_not;
        auto sid = impl_->api.messages().receive({from, to, body, std::move(media)}, why_not);
        if (sid.empty()) throw std::invalid_argument(why_not);
        return sid;
    });
}

std::vector<PhoneMessage> FakeTwilio::inbox(const std::string& number) const {
    return impl_->on_server([&] { return impl_->api.messages().inbox(number); });
}

std::vector<PhoneMessage> FakeTwilio::wait_inbox(const std::string& number, std::size_t count, std::chrono::milliseconds within) const {
    const auto until = Clock::now() + within;
    for (;;) {
        auto messages = inbox(number);
        if (messages.size() >= count || Clock::now() >= until) return messages;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void FakeTwilio::set_faults(const std::string& json) {
    const auto answer = impl_->on_server([&] { return impl_->put_faults(json); });
    if (answer.status != 204) throw std::invalid_argument("faults: " + answer.body);
}

std::string FakeTwilio::requests() const {
    return impl_->on_server([&] { return impl_->log.json().dump(); });
}

}  // namespace parley::sim
