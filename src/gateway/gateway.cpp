#include "parley/gateway/gateway.hpp"

#include <sched.h>

#include <cerrno>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>

#include "agents.hpp"
#include "build_info.hpp"
#include "compose_flows.hpp"
#include "compose_control.hpp"
#include "parley/admin/admin_api.hpp"
#include "compose_messaging.hpp"
#include "compose_relay.hpp"
#include "gateway_part.hpp"
#include "parley/base/ids.hpp"
#include "parley/admin/admin_surface.hpp"
#include "parley/admin/web_voice.hpp"
#include "parley/control/hold_tune.hpp"
#include "parley/call/conversation_relay_server.hpp"
#include "parley/call/disk_writer.hpp"
#include "parley/call/listen_server.hpp"
#include "parley/call/stream_server.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/tick_wheel.hpp"
#include "parley/net/worker.hpp"
#include "parley/net/ws_endpoint.hpp"
#include "parley/net/resolver.hpp"
#include "parley/speech/engine_pool.hpp"
#include "parley/webhooks/twilio_webhooks.hpp"
#include "person_data.hpp"
#include "retention.hpp"
#include "shared_calls.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kDiskQueue = 64 * 1024 * 1024;  // bytes of recordings and call files waiting for the disk
constexpr auto kStuck = std::chrono::seconds(2);      // a loop that has not turned for so long is not live
constexpr auto kDrainPoll = std::chrono::milliseconds(20);
constexpr auto kDrainReport = std::chrono::seconds(5);
constexpr auto kForcedWithin = std::chrono::seconds(2);

std::size_t worker_count(const Config& config) {
    if (config.server.workers != 0) return config.server.workers;
    // The cores this process may use, not those of the machine.
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
    return std::max(1U, std::thread::hardware_concurrency());
}

MetricsSettings metrics_settings(const Config& config) {
    MetricsSettings settings;
    settings.version = kVersion;
    settings.revision = kRevision;
    settings.compiler = kCompiler;
    settings.workers = worker_count(config);
    settings.routes = {"voice", "after", "status", "stream", "fallback", "media", "relay", "relayed", "page", "session", "web_voice", "admin",
                       // flows
                       "answer", "menu", "dialed", "whisper", "recorded", "gather",
                       // control
                       "outbound", "outbound-status", "outbound-amd", "drop", "go", "return", "room-in", "room", "room-left", "queue-wait", "queue-left",
                       "full-wait", "full-left", "full-go", "warm-brief", "warm-answer", "warm-status", "warm-amd", "joined", "spoken",
                       // messaging
                       "sms", "sms-status", "recording", "transcription", "voicemail-text", "intelligence", "listen"};
    settings.providers = {"bot"};
    for (const auto& vendor : config.vendors) settings.providers.push_back(vendor.name);
    settings.tools = {
        "send_sms",     "send_link",         "send_digits",      "park",       "start_recording", "stop_recording", "pause_recording", "resume_recording",
        "take_message", "schedule_callback", "book_appointment", "free_times", "set_language",    "remember",       "collect_digits",  "unknown"};
    const auto tool = [&](const std::string& name) {
        if (settings.tools.size() < 64 && std::find(settings.tools.begin(), settings.tools.end(), name) == settings.tools.end()) settings.tools.push_back(name);
    };
    for (const auto& agent : config.agents) {
        for (const auto& one : agent.own_tools.http) tool(one.name);
        for (const auto& one : agent.own_tools.mcp) tool(one.name);
    }
    return settings;
}

std::string route_name(std::string_view path) {
    if (path.starts_with(webhooks::TwilioWebhooks::kPrefix)) return std::string(path.substr(webhooks::TwilioWebhooks::kPrefix.size()));
    if (path == "/") return "page";
    if (path == "/web/session") return "session";
    return "other";
}

}  // namespace

struct Gateway::Impl {
    Impl(Config given, Log given_log)
        : config(std::move(given)),
          log(std::move(given_log)),
          metrics(metrics_settings(config)),
          registry(config.limits.admission),
          disk(kDiskQueue, [this](const std::string& path, error_code why) { disk_failed(path, why); }),
          tokens(token_keys(config)),
          instance(config.log.instance.empty() ? std::string("parley-") + random_hex(8) : config.log.instance + "-" + random_hex(4)),
          database(store::open_database({.url = config.store.url,
                                         .data_dir = config.server.data_dir,
                                         .connections = config.store.connections,
                                         .queue = config.store.queue,
                                         .serves = true,
                                         .ignore = config.store.ignore},
                                        log, &metrics)),
          sealing(config.store.seal_keys, database->dialect(), config.server.data_dir, log),
          records(std::in_place, store::CallRecords::Settings{.database = database.get(),
                                                              .instance = instance,
                                                              .directory = directory(config.records),
                                                              .on_error = [this](const std::string& path, error_code why) { disk_failed(path, why); },
                                                              .spool = config.server.data_dir / "spool",
                                                              .spool_bytes = std::uint64_t{config.store.spool_mb} << 20U,
                                                              .log = log,
                                                              .metrics = &metrics}),
          shared_calls(make_shared_calls(*database, registry, log, instance)),
          services{.log = log,
                   .metrics = metrics,
                   .registry = registry,
                   .disk = disk,
                   .recordings = directory(config.recording),
                   .call_files = directory(config.call_files),
                   .records = config.records.enabled ? &*records : nullptr,
                   .shared = &shared_calls->calls()},
          streams(services, tokens, [this](std::string name, std::string which) { return agent_of(std::move(name), std::move(which)); }),
          relays(services, tokens, [this](std::string name, std::string which) { return agent_of(std::move(name), std::move(which)); }),
          listeners(services, tokens, [this](std::string name, std::string which) { return agent_of(std::move(name), std::move(which)); }),
          signals(control) {
        metrics.watch(log);
        registry.share_with(&shared_calls->calls());
        std::filesystem::create_directories(config.server.data_dir);
        for (const auto& path : {services.recordings, services.call_files})
            if (!path.empty()) std::filesystem::create_directories(path);
        if (Agents::needs_engine(config)) make_engine();
        load_credentials();
        file_agents = std::make_shared<const Agents>(config, ++revision, AgentMakers{engine, upstream, credentials.current()});
        agents = file_agents;
        signatures = std::make_shared<const twilio::SignatureValidator>(config.twilio.auth_tokens);
        make_workers();
        make_webhooks();
        make_telephony();
        make_listeners();
        metrics.before_scrape([this] { refresh_gauges(); });
        metrics.calls_limit.at().set(config.limits.admission.max_calls);
        metrics.config_last_reload_successful.at().set(1);
    }

    ~Impl() {
        if (sweeping.joinable()) sweeping.join();
        public_server.reset();
        admin_server.reset();
        workers->stop();
        workers->join();
        disk.drain();
        for (const auto& part : parts) part->join();
        // Facts' hooks and what was asked of the store refer to parts that go before the store does.
        records.reset();
        settle_store();
    }

    // Returns when everything that was asked of the store has been done or refused.
    void settle_store() {
        if (!database->available() && config.store.ignore) return;  // nothing was taken on that could still be done
        const std::uint32_t threads = database->dialect() == store::Dialect::sqlite ? 1 : std::max(1U, config.store.connections);
        const auto met = std::make_shared<std::latch>(threads);
        std::uint32_t asked = 0;
        for (int tries = 0; asked < threads && tries < 500; ++tries) {
            if (database->enqueue([met] { met->arrive_and_wait(); }))
                ++asked;
            else
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        if (asked < threads) met->count_down(threads - asked);
        met->wait();
    }

    // --- parts ---------------------------------------------------------------------------------------------------------

    static std::vector<twilio::TokenKey> token_keys(const Config& config) {
        std::vector<twilio::TokenKey> keys;
        keys.push_back({.id = 1, .key = stream_token_key(config)});
        return keys;
    }
    [[nodiscard]] static std::string directory(const FilesConfig& files, const Config& config) {
        return files.enabled ? (config.server.data_dir / files.directory).string() : std::string{};
    }
    [[nodiscard]] std::string directory(const FilesConfig& files) const { return directory(files, config); }

    void make_engine() {
        speech::PoolSettings settings;
        settings.threads = config.engine.threads;
        settings.queue = config.engine.queue;
        if (!config.engine.model_dir.empty()) settings.recognizer.model = config.engine.model_dir.string();
        auto made = speech::EnginePool::make(settings);
        if (!made) throw std::runtime_error("embedded engine: " + made.error().message());
        engine = std::move(*made);
    }

    void make_workers() {
        net::WorkerOptions options;
        options.max_batch = config.server.max_batch;
        workers = std::make_unique<net::WorkerPool>(worker_count(config), options);
        for (std::size_t i = 0; i < workers->size(); ++i) {
            wheels.push_back(std::make_unique<net::TickWheel>(workers->at(i).executor()));
            vendor_http.push_back(std::make_unique<net::HttpClient>(workers->at(i).executor()));
            call_workers.push_back(
                std::make_unique<call::CallWorker>(call::CallWorker{workers->at(i), *wheels.back(), metrics.worker(i), *vendor_http.back()}));
        }
    }

    void make_webhooks() {
        webhooks::Settings settings;
        settings.public_url = config.server.public_url;
        settings.account_sids = config.twilio.account_sids;
        settings.verify_signatures = config.twilio.verify_signatures;
        switch (config.limits.overflow) {
            case Overflow::busy:
                settings.overflow = webhooks::Overflow::busy;
                break;
            case Overflow::reject:
                settings.overflow = webhooks::Overflow::reject;
                break;
            case Overflow::say:
                settings.overflow = webhooks::Overflow::say;
                break;
            case Overflow::redirect:
                settings.overflow = webhooks::Overflow::redirect;
                break;
        }
        settings.overflow_text = config.limits.overflow_text;
        settings.overflow_url = config.limits.overflow_url;
        twilio_routes = std::make_unique<webhooks::TwilioWebhooks>(
            settings,
            webhooks::TwilioWebhooks::Services{log, metrics, registry, tokens, [this](std::string_view number) { return current_agents()->by_number(number); },
                                               [this](std::string_view name) { return current_agents()->by_name(name); }, [this] { return draining.load(); },
                                               [this] {
                                                   const std::lock_guard lock(shared_mutex);
                                                   return signatures;
                                               },
                                               services.records, &shared_calls->calls(),
                                               [this](std::string name, std::string which) { return agent_of(std::move(name), std::move(which)); }});
        web = std::make_unique<admin::WebVoice>(admin::WebVoice::Services{
            log, metrics, registry, tokens, [this] { return current_agents()->open(config.server.talk_page); },
            [this](std::shared_ptr<const call::Agent> agent, std::string call_sid) { return telephony->may_talk(std::move(agent), std::move(call_sid)); },
            services.records});
        surface = std::make_unique<admin::AdminSurface>(
            admin::AdminSurface::Services{metrics, registry, [this] { return loops_turn(); }, [this] { return serving && !draining; },
                                          std::string(R"({"version":")") + kVersion + R"(","revision":")" + kRevision + "\"}"});
    }

    // What Twilio's telephony offers besides the stream: each of these adds its routes and destinations.
    void make_telephony() {
        telephony = std::make_unique<Telephony>(
            Telephony{.config = config,
                      .log = log,
                      .metrics = metrics,
                      .registry = registry,
                      .records = *records,
                      .services = services,
                      .tokens = tokens,
                      .routes = *twilio_routes,
                      .executor = control.get_executor(),
                      .http = *control_http,
                      .agents = [this] { return current_agents(); },
                      .worker = [this] { return current_worker(); },
                      .database = *database,
                      .sealing = sealing,
                      .credentials = credentials,
                      .api = api,
                      .fact_hooks = fact_hooks,
                      .upstream = upstream,
                      .instance = instance,
                      .renew_agents = [this] { renew_agents(); },
                      .makers = [this](bool wants_engine) { return makers(wants_engine); },
                      .publish_agents = [this](std::vector<std::shared_ptr<const MadeAgent>> stored) { publish_agents(std::move(stored)); }});
        flow_routes = compose_flows(*telephony);
        compose_relay(*telephony, [this](const std::shared_ptr<const call::Agent>& agent, const webhooks::Asked& asked) {
            return flow_routes->relay_failed(agent, asked);
        });
        operators = compose_control(*telephony);
        messaging = compose_messaging(*telephony);
        for (auto* compose :
             {&compose_agents, &compose_credentials, &compose_policy, &compose_history, &compose_hold, &compose_analysis, &compose_outbox, &compose_live})
            parts.push_back((*compose)(*telephony));
        agents_part = parts.front().get();
        records->hooks(std::move(fact_hooks));
    }

    void make_listeners() {
        net::HttpServerOptions options;
        auto add = [](std::vector<net::HttpListen>& list, const text::Address& address, const std::filesystem::path& certificate,
                      const std::filesystem::path& key) {
            if (address.host.empty()) return false;
            net::HttpListen listen;
            listen.address = address.host;
            listen.port = address.port;
            listen.certificate_file = certificate.string();
            listen.key_file = key.string();
            list.push_back(std::move(listen));
            return true;
        };
        plain_listener = add(options.listeners, config.server.listen, {}, {}) ? 0 : -1;
        if (add(options.listeners, config.server.tls_listen, config.server.certificate, config.server.key))
            tls_listener = static_cast<int>(options.listeners.size()) - 1;
        if (options.listeners.empty()) throw std::runtime_error("server: neither listen nor tls.listen is on");
        options.limits.preauth_total = config.limits.preauth_connections;
        options.limits.preauth_per_address = config.limits.preauth_per_address;
        options.trusted_proxies = config.server.trusted_proxies;
        options.handle = [this](net::HttpRequest& request) { return handle(request); };
        options.upgrade = [this](net::HttpUpgrade upgrade) { return take_stream(std::move(upgrade)); };
        options.rejected = [this](std::string_view reason) { metrics.http_rejected.at(reason).add(); };
        options.place = workers->placer();
        public_server = std::make_unique<net::HttpServer>(control.get_executor(), std::move(options));

        net::HttpServerOptions inner;
        add(inner.listeners, config.server.admin_listen, {}, {});
        inner.handle = [this](net::HttpRequest& request) { return handle_admin(request); };
        inner.writer = [this](const net::HttpRequest& request) {
            auto waiting = telephony->writers.extract(&request);
            return waiting ? std::move(waiting.mapped()) : net::HttpWriter{};
        };
        inner.route = [this](const net::HttpRequest& head) {
            net::HttpRoute route;
            if (admin::AdminApi::mine(head.path())) route.body_limit = api.body_limit(head.method, head.path());
            // So many bytes take their time; whoever brings none of our tokens gets no room for them.
            if (route.body_limit > net::HttpRoute{}.body_limit) {
                route.body_time = std::chrono::seconds(120);
                if (!head.headers.get("Authorization").starts_with("Bearer ")) route.body_limit = net::HttpRoute{}.body_limit;
            }
            return route;
        };
        inner.rejected = [this](std::string_view reason) { metrics.http_rejected.at(reason).add(); };
        // Probes and scrapes run beside the acceptors, not among the calls.
        inner.place = [this] { return asio::any_io_executor(control.get_executor()); };
        admin_server = std::make_unique<net::HttpServer>(control.get_executor(), std::move(inner));
    }

    // --- requests ------------------------------------------------------------------------------------------------------

    net::Task<net::HttpResponse> handle(net::HttpRequest& request) {
        const auto began = Clock::now();
        const auto path = request.path();
        const auto route = route_name(path);
        net::HttpResponse response(404);
        if (!config.server.talk_page.empty() && path == "/") {
            response = request.method == "GET" ? web->page() : net::HttpResponse(405);
        } else if (path == control::kHoldTunePath && (request.method == "GET" || request.method == "HEAD")) {
            response = net::HttpResponse(200, "audio/wav", control::hold_tune());
            response.headers.add("Cache-Control", "public, max-age=86400");
        } else if (!config.server.talk_page.empty() && path == "/web/session") {
            response = co_await web->session(request);
        } else {
            webhooks::Request asked;
            asked.method = request.method;
            asked.target = request.target;
            asked.content_type = request.headers.get("Content-Type");
            asked.body = request.body;
            if (request.headers.has("X-Twilio-Signature")) asked.signature = request.headers.get("X-Twilio-Signature");
            asked.idempotency_token = request.headers.get("I-Twilio-Idempotency-Token");
            asked.remote_address = request.remote_address;
            auto answer = co_await twilio_routes->handle(asked);
            if (answer) {
                response = net::HttpResponse(static_cast<int>(answer->status), std::move(answer->content_type), std::move(answer->body));
                response.vouched = answer->status < 300;
            }
        }
        metrics.http_requests.at(route, request.method, std::to_string(response.status)).add();
        metrics.http_request_duration.at(route, request.method, std::to_string(response.status)).observe(Clock::now() - began);
        co_return response;
    }

    net::Task<net::HttpResponse> handle_admin(net::HttpRequest& request) {
        if (!admin::AdminApi::mine(request.path())) co_return surface->handle(request);
        // What an operator has asked for is done, or told to have failed, before the process goes.
        struct Running {
            std::size_t& count;
            explicit Running(std::size_t& c) : count(c) { ++count; }
            ~Running() { --count; }
            Running(const Running&) = delete;
            Running& operator=(const Running&) = delete;
        };
        const Running running(operators_asking);
        const auto began = Clock::now();
        auto response = co_await operators->handle(request);
        metrics.http_requests.at("admin", request.method, std::to_string(response.status)).add();
        metrics.http_request_duration.at("admin", request.method, std::to_string(response.status)).observe(Clock::now() - began);
        co_return response;
    }

    net::Task<> take_stream(net::HttpUpgrade upgrade) {
        const auto path = std::string(upgrade.request.path());
        const bool relay = path == webhooks::TwilioWebhooks::kRelayPath;
        const bool listen = path == webhooks::TwilioWebhooks::kListenPath;
        const bool media = relay || listen || path == webhooks::TwilioWebhooks::kMediaPath;
        const bool browser = !config.server.talk_page.empty() && path == admin::WebVoice::kVoicePath;
        if (!media && !browser) {
            upgrade.refuse(net::HttpResponse(404));
            co_return;
        }
        if (media) {
            // Twilio sends no Origin; a browser does.
            if (upgrade.request.headers.has("Origin")) {
                metrics.stream_rejected.at("origin").add();
                metrics.security_events.at("origin").add();
                upgrade.refuse(net::HttpResponse(403));
                co_return;
            }
            std::optional<std::string_view> signature;
            if (upgrade.request.headers.has("X-Twilio-Signature")) signature = upgrade.request.headers.get("X-Twilio-Signature");
            if (!twilio_routes->accept_upgrade(upgrade.request.target, signature, upgrade.request.remote_address)) {
                metrics.stream_rejected.at("signature").add();
                upgrade.refuse(net::HttpResponse(403));
                co_return;
            }
        } else if (!admin::WebVoice::same_origin(upgrade.request)) {
            metrics.security_events.at("origin").add();
            upgrade.refuse(net::HttpResponse(403));
            co_return;
        }
        auto ticket = upgrade.take_ticket();
        auto socket = net::ws_accept(std::move(upgrade));
        if (!socket) {
            metrics.stream_rejected.at("upgrade").add();
            co_return;
        }
        call::CallWorker* worker = current_worker();
        if (worker == nullptr) co_return;
        auto stream = std::move(*socket);
        if (relay)
            co_await relays.serve(std::move(stream), std::move(ticket), *worker);
        else if (listen)
            co_await listeners.serve(std::move(stream), std::move(ticket), *worker);
        else
            co_await streams.serve(std::move(stream), std::move(ticket), *worker);
    }

    call::CallWorker* current_worker() {
        for (std::size_t i = 0; i < workers->size(); ++i)
            if (workers->at(i).is_current()) return call_workers[i].get();
        return nullptr;
    }

    // --- state ---------------------------------------------------------------------------------------------------------

    std::shared_ptr<const Agents> current_agents() {
        const std::lock_guard lock(shared_mutex);
        return agents;
    }

    [[nodiscard]] bool loops_turn() const {
        const auto now = Clock::now();
        for (std::size_t i = 0; i < workers->size(); ++i)
            if (now - workers->at(i).last_turn() > kStuck) return false;
        return true;
    }

    void refresh_gauges() {
        metrics.ready.at().set(serving && !draining ? 1 : 0);
        metrics.draining.at().set(draining ? 1 : 0);
        metrics.preauth_connections.at().set(static_cast<double>(public_server->preauth()));
        for (std::size_t i = 0; i < workers->size(); ++i) metrics.worker(i).loop_busy.set(workers->at(i).busy());
        if (tls_listener >= 0)
            metrics.tls_certificate_expiry.at("public").set(
                static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(
                                        public_server->certificate_not_after(static_cast<std::size_t>(tls_listener)).time_since_epoch())
                                        .count()));
        refresh_vendor_gauges();
        if (engine) {
            const auto counters = engine->counters();
            metrics.worker_queue_length.at("engine").set(static_cast<double>(counters.waiting));
        }
    }

    void refresh_vendor_gauges() {
        std::shared_ptr<brain::UpstreamShared> health;
        {
            const std::lock_guard lock(shared_mutex);
            health = upstream;
        }
        constexpr std::array kStates{vendors::BreakerState::closed, vendors::BreakerState::open, vendors::BreakerState::half_open};
        health->health.each([this, &kStates](const std::string& role, const std::string& name, vendors::BreakerState now) {
            for (const auto state : kStates) metrics.provider_breaker_state.at(role, name, vendors::name(state)).set(state == now ? 1 : 0);
        });
        // The resolver counts for the whole process and for good: what came since the last look is added.
        for (std::size_t i = 0; i < net::kDnsOutcomes.size(); ++i) {
            const auto count = net::Resolver::process().count(static_cast<net::DnsOutcome>(i));
            metrics.dns_lookups.at(net::kDnsOutcomes[i]).add(count - std::exchange(dns_seen[i], count));
        }
    }

    void disk_failed(const std::string& path, error_code why) {
        metrics.store_write_errors
            .at(path.ends_with(".wav")                                                  ? "recording"
                : !services.call_files.empty() && path.starts_with(services.call_files) ? "call_file"
                                                                                        : "record")
            .add();
        log.error("store.full", "A file could not be written; the call goes on without it.",
                  {{"path", path}, {"error.type", why.message()}, {"errno", why.value()}});
    }

    // --- life ----------------------------------------------------------------------------------------------------------

    int run() {
        // SIGPIPE would end the process over one closed socket.
        std::signal(SIGPIPE, SIG_IGN);
        signals.add(SIGTERM);
        signals.add(SIGINT);
        signals.add(SIGHUP);
        wait_signal();
        workers->start();
        pin_workers();
        public_server->start();
        admin_server->start();
        auto sweeper = keep_retention();
        asio::co_spawn(control, std::move(sweeper), asio::detached);
        serving = true;
        log.info("server.started", "Parley serves.",
                 {{"listen", config.server.listen.host},
                  {"port", public_port()},
                  {"tls_port", tls_port()},
                  {"admin_port", admin_port()},
                  {"workers", workers->size()},
                  {"max_calls", config.limits.admission.max_calls},
                  {"config_hash", config_hash(config)},
                  {"agents", config.agents.size()}});
        operators->start();
        shared_calls->start(control.get_executor());
        for (const auto& part : parts) part->start();
        auto guard = asio::make_work_guard(control);
        control.run();
        // What is still being asked of the carrier is given up; it refers to parts that go before the loop does.
        finish_on_control(operators_answered());
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) finish_on_control((*part)->close());
        finish_on_control(messaging->close());
        finish_on_control(shared_calls->close());
        finish_on_control(operators->end());
        log.info("server.stopped", "Parley has stopped.", {{"calls", registry.active()}});
        return 0;
    }

    // What is known of calls whose days are over, their call files with it, and, whatever is kept of new ones, the files of calls that were erased on another
    // instance's request.
    void sweep_records() {
        const PersonData data{.database = *database,
                              .records = *records,
                              .registry = registry,
                              .recordings = config.server.data_dir / config.recording.directory,
                              .call_files = config.server.data_dir / config.call_files.directory};
        try {
            const auto before = store::now_ms() - std::int64_t{days_of_calls(config)} * 86'400'000;
            const auto deleted = config.records.enabled ? sweep_calls(data, before) : 0;
            metrics.retention_deleted.at("calls").add(deleted);
            if (deleted > 0) log.audit("retention.deleted", "Records past their days were deleted.", {{"kind", "record"}, {"n", deleted}});
            const auto files = sweep_erased_files(data);
            if (files > 0) log.audit("retention.deleted", "Files of calls that were erased elsewhere were deleted.", {{"kind", "call_file"}, {"n", files}});
        } catch (const std::exception&) {
            // The store is away: the next hour will do.
        }
    }

    // Recordings and records leave when their days are over: looked at from the start and every hour, by a thread of its own, since a directory may be long.
    net::Task<> keep_retention() {
        const bool recordings = config.recording.retain_days != 0;   // ours, and those of Twilio's that were fetched
        const bool call_files = config.call_files.retain_days != 0;  // also what was written while they were on
        asio::steady_timer hour(control);
        for (;;) {
            if (sweeping.joinable()) sweeping.join();
            sweeping = std::thread([this, recordings, call_files] {
                const auto now = std::filesystem::file_time_type::clock::now();
                const auto sweep = [&](const std::string& where, std::string_view extension, std::uint32_t days, std::string_view kind) {
                    const auto deleted = sweep_files(where, extension, std::chrono::days(days), now);
                    if (deleted > 0) log.audit("retention.deleted", "Files past their days were deleted.", {{"kind", kind}, {"n", deleted}});
                };
                if (recordings) sweep((config.server.data_dir / config.recording.directory).string(), ".wav", config.recording.retain_days, "recording");
                const auto calls = config.server.data_dir / config.call_files.directory;
                if (call_files) sweep(calls.string(), ".jsonl", config.call_files.retain_days, "call_file");
                sweep_records();
            });
            hour.expires_after(std::chrono::hours(1));
            co_await hour.async_wait(net::nothrow);
        }
    }

    void pin_workers() {
        const auto& cpus = config.server.pin_cpus;
        for (std::size_t i = 0; i < workers->size() && !cpus.empty(); ++i)
            workers->at(i).post([this, cpu = cpus[i % cpus.size()]] {
                cpu_set_t set;
                CPU_ZERO(&set);
                CPU_SET(cpu, &set);
                if (::sched_setaffinity(0, sizeof set, &set) != 0)
                    log.warn("startup.degraded", "A worker could not be bound to its processor.", {{"cpu", cpu}, {"errno", errno}});
            });
    }

    void wait_signal() {
        signals.async_wait([this](const error_code& ec, int number) {
            if (ec) return;
            if (number == SIGHUP)
                reload();
            else
                end_signal();
            wait_signal();
        });
    }

    void end_signal() {
        if (draining.exchange(true)) {
            if (forced.exchange(true)) return;
            const auto ended = registry.end_all(conversation::EndReason::shutdown);
            log.warn("drain.forced", "A second signal: the calls that are left end now.", {{"calls", ended}});
            auto body = finish_by(Clock::now() + kForcedWithin);
            asio::co_spawn(control, std::move(body), asio::detached);
            return;
        }
        log.info("drain.started", "No new calls are welcome; those that run may finish.",
                 {{"calls", registry.active()}, {"budget_s", config.server.drain.count()}});
        auto body = drain();
        asio::co_spawn(control, std::move(body), asio::detached);
    }

    // Whatever is still going on for somebody. On the control loop.
    [[nodiscard]] std::size_t at_work() const {
        return registry.active() + streams.serving() + relays.serving() + listeners.serving() + operators_asking + operators->in_the_air() +
               flow_routes->open_steps();
    }

    net::Task<> drain() {
        const auto began = Clock::now();
        const auto deadline = began + config.server.drain;
        auto report_at = began + kDrainReport;
        // A balancer notices late: who still comes in this time is answered, and served to the end like everybody else.
        const auto accept_until = began + std::min<Duration>(config.server.drain_accept_grace, config.server.drain);
        asio::steady_timer pause(control);
        bool told = false;
        while (!forced) {
            const auto now = Clock::now();
            if (at_work() + registry.waiting(now) == 0 && now >= accept_until) break;
            if (now >= deadline && !told) {
                told = true;
                const auto ended = registry.end_all(conversation::EndReason::shutdown);
                listeners.end();
                operators->close();
                log.warn("drain.deadline", "The drain budget is used up; the calls that are left end now.", {{"ended", ended}});
                report_at = now + kForcedWithin;
            }
            if (told && now >= report_at) break;
            if (!told && now >= report_at) {
                report_at = now + kDrainReport;
                log.info("drain.progress", "Calls are still running.", {{"remaining", registry.active()}});
            }
            pause.expires_after(kDrainPoll);
            co_await pause.async_wait(net::nothrow);
        }
        if (!forced) finish();
    }

    net::Task<> finish_by(TimePoint deadline) {
        asio::steady_timer pause(control);
        listeners.end();
        operators->close();
        while (at_work() > 0 && Clock::now() < deadline) {
            pause.expires_after(kDrainPoll);
            co_await pause.async_wait(net::nothrow);
        }
        finish();
    }

    // Once: a second stop must not break off what the parts end with.
    void finish() {
        if (std::exchange(finished, true)) return;
        log.info("drain.finished", "The drain is over.", {{"calls", registry.active()}});
        public_server->stop();
        admin_server->stop();
        control.stop();
    }

    // What was begun for calls and messages on this loop ends before the loop does.
    net::Task<> operators_answered() {
        asio::steady_timer pause(control);
        while (operators_asking > 0) {
            pause.expires_after(kDrainPoll);
            co_await pause.async_wait(net::nothrow);
        }
    }

    void finish_on_control(net::Task<> ending) {
        auto ended = std::make_shared<bool>(false);
        control.restart();
        asio::co_spawn(control, std::move(ending), [ended](const std::exception_ptr&) { *ended = true; });
        const auto deadline = Clock::now() + kForcedWithin;
        while (!*ended && Clock::now() < deadline && control.run_one_until(deadline) > 0) {
        }
    }

    // Without the store the file's agents serve as they are written.
    void load_credentials() {
        try {
            database->transact([this](store::Session& session) { credentials.load(session, *sealing.opener()); });
        } catch (const store::StoreError& e) {
            if (!config.store.ignore) throw;
            log.warn("credentials.unavailable", "Agents' credentials were not read.", {{"error.type", e.what()}});
        }
    }

    void renew_agents() {
        auto made = std::make_shared<const Agents>(config, ++revision, AgentMakers{engine, upstream, credentials.current()}, file_agents.get());
        {
            const std::lock_guard lock(shared_mutex);
            file_agents = std::move(made);
            agents = std::make_shared<const Agents>(*file_agents, stored_agents);
        }
        if (agents_part != nullptr) agents_part->credentials_changed();
    }

    // Those of the store, beside the file's.
    void publish_agents(std::vector<std::shared_ptr<const MadeAgent>> stored) {
        const std::lock_guard lock(shared_mutex);
        stored_agents = std::move(stored);
        agents = std::make_shared<const Agents>(*file_agents, stored_agents);
    }

    AgentMakers makers(bool wants_engine) {
        if (wants_engine && !engine) make_engine();
        const std::lock_guard lock(shared_mutex);
        return {engine, upstream, credentials.current()};
    }

    // The agent of a call in the revision it began with, where that is known to anybody; else the one in force.
    net::Task<std::shared_ptr<const call::Agent>> agent_of(std::string name, std::string which) {
        auto current = current_agents()->by_name(name);
        if (current && (!current->stored || which == std::to_string(current->revision))) co_return current;
        const auto number = text::parse_integer(which);
        if (!number || number.value < 1 || number.value > UINT32_MAX || !telephony->agent_revision) co_return current;
        auto exact = co_await telephony->agent_revision(std::move(name), static_cast<std::uint32_t>(number.value));
        if (exact) co_return exact;
        co_return current;
    }

    void reload() {
        try {
            auto fresh = load_config(config.file, process_environment());
            const auto changes = diff(config, fresh);
            auto health = std::make_shared<brain::UpstreamShared>();  // breakers begin closed: what was wrong may have been mended
            auto made = std::make_shared<const Agents>(fresh, ++revision, AgentMakers{engine, health, credentials.current()});
            public_server->reload();
            auto validator = std::make_shared<const twilio::SignatureValidator>(fresh.twilio.auth_tokens);
            {
                const std::lock_guard lock(shared_mutex);
                file_agents = std::move(made);
                agents = std::make_shared<const Agents>(*file_agents, stored_agents);
                upstream = std::move(health);
                signatures = std::move(validator);
            }
            registry.set_limits(fresh.limits.admission);
            metrics.calls_limit.at().set(fresh.limits.admission.max_calls);
            log.set_level(fresh.log.level);
            {
                // What takes effect at the next start stays as it is; the rest is what the next reload is compared with.
                config.twilio.auth_tokens = fresh.twilio.auth_tokens;
                config.limits.admission = fresh.limits.admission;
                config.log.level = fresh.log.level;
                config.media = fresh.media;
                config.call_files.frames = fresh.call_files.frames;
                config.agents = fresh.agents;
                config.menus = fresh.menus;
                config.vendors = fresh.vendors;
                config.sources = fresh.sources;
                config.server.admin_hosts = fresh.server.admin_hosts;
                config.fleet = fresh.fleet;
                config.outbound.limits = fresh.outbound.limits;
                config.server.admin_token = fresh.server.admin_token;
            }
            operators->reloaded();
            for (const auto& part : parts) part->reloaded();
            for (const auto& change : changes)
                log.audit("config.reloaded", change.restart ? "A changed value waits for the next start." : "A changed value is in force.",
                          {{"what", change.key}, {"restart", change.restart}});
            if (changes.empty()) log.info("config.reloaded", "Scripts, secrets and certificates were read again; the configuration is as it was.");
            metrics.config_last_reload_successful.at().set(1);
            metrics.config_last_reload_timestamp.at().set(
                static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count()));
        } catch (const std::exception& e) {
            metrics.config_last_reload_successful.at().set(0);
            log.error("config.rejected", "The new configuration was refused; the old one stays.", {{"error.type", std::string_view(e.what())}});
        }
    }

    [[nodiscard]] std::uint16_t public_port() const {
        return plain_listener < 0 ? std::uint16_t{0} : public_server->port(static_cast<std::size_t>(plain_listener));
    }
    [[nodiscard]] std::uint16_t tls_port() const { return tls_listener < 0 ? std::uint16_t{0} : public_server->port(static_cast<std::size_t>(tls_listener)); }
    [[nodiscard]] std::uint16_t admin_port() const { return admin_server->port(); }

    Config config;
    Log log;
    Metrics metrics;
    call::Registry registry;
    std::shared_ptr<speech::EnginePool> engine;
    std::shared_ptr<brain::UpstreamShared> upstream = std::make_shared<brain::UpstreamShared>();
    call::DiskWriter disk;
    twilio::StreamTokens tokens;
    std::string instance;
    std::unique_ptr<store::Database> database;
    Sealing sealing;
    CredentialBook credentials{log};
    store::FactHooks fact_hooks;
    std::optional<store::CallRecords> records;
    std::unique_ptr<SharedCallsPart> shared_calls;
    call::CallServices services;
    call::StreamServer streams;
    call::ConversationRelayServer relays;
    call::ListenServer listeners;
    std::uint32_t revision = 0;
    std::mutex shared_mutex;  // over the two below: read at call start, replaced by a reload
    std::shared_ptr<const Agents> agents, file_agents;
    std::vector<std::shared_ptr<const MadeAgent>> stored_agents;
    std::shared_ptr<const twilio::SignatureValidator> signatures;
    std::unique_ptr<webhooks::TwilioWebhooks> twilio_routes;
    std::unique_ptr<admin::WebVoice> web;
    std::unique_ptr<admin::AdminSurface> surface;

    asio::io_context control{1};  // acceptors, admin, signals, drain; run by run()
    std::unique_ptr<net::HttpClient> control_http = std::make_unique<net::HttpClient>(control.get_executor());
    admin::ApiTable api;
    std::unique_ptr<Telephony> telephony;
    std::shared_ptr<webhooks::FlowRoutes> flow_routes;
    std::unique_ptr<Control> operators;
    std::unique_ptr<MessagingPart> messaging;
    std::vector<std::unique_ptr<GatewayPart>> parts;
    bool finished = false;
    GatewayPart* agents_part = nullptr;  // the first of them
    asio::signal_set signals;
    std::unique_ptr<net::WorkerPool> workers;
    std::vector<std::unique_ptr<net::TickWheel>> wheels;
    std::vector<std::unique_ptr<net::HttpClient>> vendor_http;
    std::array<std::uint64_t, net::kDnsOutcomes.size()> dns_seen{};
    std::vector<std::unique_ptr<call::CallWorker>> call_workers;
    std::unique_ptr<net::HttpServer> public_server, admin_server;
    std::thread sweeping;
    int plain_listener = -1, tls_listener = -1;
    std::size_t operators_asking = 0;  // requests to /v1 under way; on the control loop
    std::atomic<bool> serving{false}, draining{false}, forced{false};
};

Gateway::Gateway(Config config, Log log) : impl_(std::make_unique<Impl>(std::move(config), std::move(log))) {}
Gateway::~Gateway() = default;
int Gateway::run() {
    return impl_->run();
}
void Gateway::stop() {
    asio::post(impl_->control, [this] { impl_->end_signal(); });
}
bool Gateway::drill(std::string_view what) {
    constexpr std::string_view kEngine = "engine.";
    if (!impl_->engine || !what.starts_with(kEngine)) return false;
    const auto fault = speech::fault_named(what.substr(kEngine.size()));
    if (!fault) return false;
    impl_->log.audit("drill", "The engine pool is damaged on purpose.", {{"what", what}});
    impl_->engine->fault(*fault);
    return true;
}
std::uint16_t Gateway::public_port() const {
    return impl_->public_port();
}
std::uint16_t Gateway::tls_port() const {
    return impl_->tls_port();
}
std::uint16_t Gateway::admin_port() const {
    return impl_->admin_port();
}

}  // namespace parley::gateway
