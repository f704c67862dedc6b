#include "parley/tools/workshop.hpp"

#include <list>
#include <optional>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "answer.hpp"
#include "parley/net/nursery.hpp"
#include "parley/store/tool_effects.hpp"

namespace parley::tools {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr std::size_t kMostCatalogs = 256;
constexpr std::uint32_t kWaitingPerPlace = 4;
constexpr auto kStoreWithin = std::chrono::milliseconds(400);                // before a tool is begun; after that this process's own memory decides
constexpr std::chrono::milliseconds kRemembered = std::chrono::minutes(10);  // the same wish again is a repetition of it
constexpr auto kKeepWithin = std::chrono::seconds(5);
constexpr auto kGrace = std::chrono::milliseconds(150);  // a tool ends itself at its deadline; this is for one that does not

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string kept_text(const ToolOutcome& outcome, bool masks) {
    return masks ? dumped({{"kind", outcome.kind}}) : dumped({{"kind", outcome.kind}, {"json", outcome.json}});
}

// An effect somebody began before: what came of it, or that nobody knows.
ToolOutcome seen_before(const store::ToolEffect& effect) {
    ToolOutcome outcome;
    const auto kept = json::parse(effect.outcome, nullptr, false);
    if (kept.is_object() && !kept.contains("json") && kept.contains("kind")) {
        outcome.kind = "duplicate";
        outcome.json = repeated_for_model(kept["kind"].is_string() ? kept["kind"].get<std::string>() : std::string());
        return outcome;
    }
    if (!kept.is_object() || !kept.contains("json") || !kept["json"].is_string())
        return failed("duplicate", "this is being done already; nobody knows yet what came of it", "begun");
    outcome.kind = "duplicate";
    outcome.json = kept["json"].get<std::string>();
    return outcome;
}

}  // namespace

// Places of one tool. On the loop.
struct Workshop::Gate {
    std::uint32_t running = 0;
    std::list<asio::steady_timer*> waiting;  // woken in turn
    void leave() {
        --running;
        look();
    }
    // The next in turn looks whether it may.
    void look() const {
        if (!waiting.empty()) waiting.front()->cancel();
    }
};

struct Workshop::Job final : Work, std::enable_shared_from_this<Job> {
    Job(asio::any_io_executor on, std::shared_ptr<const Tool> what, ToolRun how, std::int64_t at, std::function<void(ToolOutcome)> to)
        : executor(std::move(on)), tool(std::move(what)), run(std::move(how)), at_ms(at), told(std::move(to)) {}

    void cancel(std::string why) override {
        asio::post(executor, [self = shared_from_this(), why = std::move(why)]() mutable {
            if (self->given_up.empty()) self->given_up = std::move(why);
            if (self->wake != nullptr) self->wake->cancel();
        });
    }
    void orphan() override {
        asio::post(executor, [self = shared_from_this()] { self->orphaned = true; });
    }

    asio::any_io_executor executor;
    std::shared_ptr<const Tool> tool;
    ToolRun run;
    std::int64_t at_ms;
    std::function<void(ToolOutcome)> told;
    // On the loop from here on.
    std::string given_up;
    bool orphaned = false;
    asio::steady_timer* wake = nullptr;
};

Workshop::Workshop(Parts parts) : parts_(std::move(parts)) {}
Workshop::~Workshop() = default;

std::shared_ptr<Catalog> Workshop::catalog(const std::shared_ptr<const ToolSettings>& settings, const std::optional<flows::Hours>& hours) {
    if (!settings) return nullptr;
    const std::lock_guard lock(mutex_);
    if (const auto found = catalogs_.find(settings.get()); found != catalogs_.end()) return found->second.second;
    // Settings nobody else has any more belong to agents that were replaced.
    std::erase_if(catalogs_, [&](const auto& entry) { return catalogs_.size() >= kMostCatalogs || entry.second.first.use_count() == 1; });
    auto observe = [log = parts_.log, &metrics = parts_.metrics](net::EgressReason reason, const std::string& host) {
        metrics.security_events.at("ssrf").add();
        log.warn("egress.blocked", "A tool's address was refused.", {{"reason", net::name(reason)}, {"host", host}});
    };
    auto made = std::make_shared<Catalog>(*settings, std::move(observe), hours);
    catalogs_.emplace(settings.get(), std::make_pair(settings, made));
    return made;
}

void Workshop::refresh(const std::shared_ptr<const ToolSettings>& settings, const std::optional<flows::Hours>& hours) {
    if (!settings || settings->mcp.empty()) return;
    auto which = catalog(settings, hours);
    auto listing = [](std::shared_ptr<Catalog> of, net::HttpClient& http, Log log) -> net::Task<> { co_await of->refresh(http, std::move(log), Clock::now()); };
    auto errand = listing(std::move(which), parts_.http, parts_.log);
    parts_.errands.start(std::move(errand));
}

std::shared_ptr<Workshop::Work> Workshop::begin(std::shared_ptr<const Tool> tool, ToolRun run, std::int64_t at_ms, std::function<void(ToolOutcome)> told) {
    run.deadline = Clock::now() + tool->traits().timeout;
    auto job = std::make_shared<Job>(parts_.errands.executor(), std::move(tool), std::move(run), at_ms, std::move(told));
    auto errand = work(job);
    parts_.errands.start(std::move(errand));
    return job;
}

net::Task<> Workshop::work(std::shared_ptr<Job> job) {
    const auto began = Clock::now();
    const auto& traits = job->tool->traits();
    auto& gate_slot = gates_[job->tool.get()];
    if (!gate_slot) gate_slot = std::make_shared<Gate>();
    const auto gate = gate_slot;
    std::optional<ToolOutcome> outcome;
    asio::steady_timer wake(job->executor);
    job->wake = &wake;

    bool inside = gate->running < traits.concurrency && gate->waiting.empty();
    if (!inside && gate->waiting.size() >= std::size_t{traits.concurrency} * kWaitingPerPlace) {
        outcome = failed("saturated", "the tool is busy; try again later", "queue");
    } else if (!inside) {
        const auto place = gate->waiting.insert(gate->waiting.end(), &wake);
        while (!inside && !outcome) {
            wake.expires_at(job->run.deadline);
            co_await wake.async_wait(net::nothrow);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (!job->given_up.empty())
                outcome = failed("cancelled", "cancelled: " + job->given_up, "cancelled");
            else if (state.cancelled() != asio::cancellation_type::none)
                outcome = failed("cancelled", "cancelled", "shutdown");
            else if (gate->running < traits.concurrency && gate->waiting.front() == &wake)
                inside = true;
            else if (Clock::now() >= job->run.deadline)
                outcome = failed("saturated", "the tool is busy; try again later", "waited");
        }
        gate->waiting.erase(place);
    }
    if (inside) ++gate->running;
    // Several places may have become free while one was woken, and whoever gave up may have been the one that was.
    if (gate->running < traits.concurrency) gate->look();

    const bool remembered = parts_.database != nullptr && !traits.idempotent;
    bool begun = false;
    if (!outcome && remembered) {
        store::ToolEffect effect{job->run.key, job->run.call_sid, traits.name, {}, store::now_ms()};
        std::function<std::optional<store::ToolEffect>(store::Session&)> ask = [effect](store::Session& session) {
            return store::begin_effect(session, effect, effect.at_ms - kRemembered.count());
        };
        auto before = co_await parts_.database->ask<std::optional<store::ToolEffect>>(std::move(ask), kStoreWithin);
        if (before && *before)
            outcome = seen_before(**before);
        else
            begun = static_cast<bool>(before);
    }
    if (!outcome) {
        // The tool is joined whatever becomes of this: it works on what lies here.
        co_await asio::this_coro::throw_if_cancelled(false);
        net::Nursery nursery(job->executor);
        auto body = [](Job& of, net::HttpClient& http, std::optional<ToolOutcome>& into, asio::steady_timer& done) -> net::Task<> {
            auto made = co_await of.tool->run(of.run, http);
            into = std::move(made);
            done.cancel();
        };
        auto child = body(*job, parts_.http, outcome, wake);
        wake.expires_at(job->run.deadline + kGrace);
        nursery.spawn(std::move(child));
        while (!outcome && job->given_up.empty() && Clock::now() < job->run.deadline + kGrace) {
            co_await wake.async_wait(net::nothrow);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) break;
        }
        const bool finished = outcome.has_value();
        nursery.cancel();
        try {
            co_await nursery.join();
        } catch (const std::exception& e) {
            if (!outcome) outcome = failed("error", "the tool failed", e.what());
        }
        if (!finished) {
            if (!job->given_up.empty())
                outcome = failed("cancelled", "cancelled: " + job->given_up, "cancelled");
            else if (Clock::now() >= job->run.deadline)
                outcome = failed("timeout", "timeout: the tool did not answer in time", "deadline");
            else if (!outcome)
                outcome = failed("cancelled", "cancelled", "shutdown");
        }
    }
    job->wake = nullptr;
    if (inside) gate->leave();
    if (gate->running == 0 && gate->waiting.empty()) gates_.erase(job->tool.get());
    if (begun) {
        // What was refused before anything was sent may be tried again; of what timed out nobody knows.
        std::function<bool(store::Session&)> keep = [key = job->run.key, sent = outcome->reason != "arguments" && outcome->reason != "egress",
                                                     text = kept_text(*outcome, job->run.masks)](store::Session& session) {
            if (sent)
                store::finish_effect(session, key, text);
            else
                store::forget_effect(session, key);
            return true;
        };
        auto keeping = [](store::Database& database, std::function<bool(store::Session&)> what) -> net::Task<> {
            (void)co_await database.ask<bool>(std::move(what), kKeepWithin);
        };
        auto errand = keeping(*parts_.database, std::move(keep));
        parts_.errands.start(std::move(errand));
    }
    tell({job->run.call_sid, traits.name, traits.label, job->run.arguments, job->run.key, job->at_ms, Clock::now() - began, job->orphaned}, *outcome);
    if (job->told) job->told(std::move(*outcome));
}

void Workshop::tell(const Told& told, const ToolOutcome& outcome) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(told.took).count();
    parts_.metrics.tool_calls.at(told.label, outcome.kind).add();
    parts_.metrics.tool_duration.at(told.label).observe(told.took);
    const auto& log = parts_.log;
    const auto say = [&](const char* event, const char* sentence) {
        log.warn(event, sentence, {{"call_sid", told.call_sid}, {"tool", told.tool}, {"reason", outcome.reason}, {"dur_ms", ms}});
    };
    if (told.orphaned) say("tool.orphaned", "A tool's work ended after nobody waited for it any more.");
    if (outcome.kind == "timeout")
        say("tool.timeout", "A tool did not answer in time.");
    else if (outcome.kind == "bad_response")
        say("tool.bad_response", "A tool's answer could not be used.");
    else if (outcome.kind == "saturated")
        say("tool.saturated", "A tool had no place left.");
    else if (outcome.kind == "duplicate")
        say("tool.duplicate_suppressed", "A tool was to do the same thing again.");
    else if (outcome.kind == "invalid" || outcome.kind == "unknown")
        say("tool.invalid_args", "A model asked for a tool in a way that cannot be done.");
    else if (outcome.kind == "loop")
        say("tool.loop", "A model asked for more tools than a turn or a call may have.");
    else if (outcome.kind == "denied" || outcome.kind == "unconfirmed")
        say("tool.denied", "A tool was not run.");
    else if (outcome.kind == "error")
        say("tool.error", "A tool failed.");
    if (parts_.records == nullptr) return;
    const auto arguments = json::parse(told.arguments, nullptr, false), result = json::parse(outcome.json, nullptr, false);
    json fact{{"tool", told.tool},
              {"arguments", arguments.is_discarded() ? json(told.arguments.substr(0, 2000)) : arguments},
              {"result", result.is_discarded() ? json(outcome.json) : result},
              {"ok", outcome.ok()},
              {"outcome", outcome.kind},
              {"ms", ms},
              {"at_ms", told.at_ms}};
    if (!told.key.empty()) fact["key"] = told.key;
    if (told.orphaned) fact["orphaned"] = true;
    parts_.records->add(told.call_sid, store::Fact::tool, dumped(fact));
}

}  // namespace parley::tools
