#include "retention_part.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "parley/base/ids.hpp"
#include "parley/net/errands.hpp"
#include "parley/store/checkpoints.hpp"
#include "parley/store/profiles.hpp"
#include "parley/store/tool_effects.hpp"
#include "parley/twilio/sid.hpp"
#include "person_data.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

namespace asio = boost::asio;
using admin::api_answer;
using admin::api_error;
using admin::ApiRequest;
using admin::Role;
using nlohmann::json;

constexpr auto kSweepEvery = std::chrono::hours(1);
constexpr auto kSweepLease = std::chrono::minutes(50);
constexpr auto kSweepFirst = std::chrono::seconds(20);  // behind the start, when there is more to do than this
constexpr auto kBetweenBatches = std::chrono::milliseconds(50);
constexpr auto kStoreWithin = std::chrono::seconds(10);
constexpr std::size_t kBatch = 500;
constexpr std::size_t kReceiptsShown = 200;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::uint32_t kJobDays = 7;    // done ones; their keys may be used again then
constexpr std::uint32_t kMarkDays = 30;  // of what was erased: longer than anything is on its way
constexpr std::int64_t kEffectDays = 2;  // no call is gone on with after so long

class RetentionPart final : public GatewayPart {
public:
    explicit RetentionPart(Telephony& t)
        : t_(t),
          key_(stream_token_key(t.config)),
          errands_(t.executor, t.log),
          // Also where we record nothing ourselves: what was fetched from the carrier lies there, and what was written while it was on.
          data_{.database = t.database,
                .records = t.records,
                .registry = t.registry,
                .recordings = t.config.server.data_dir / t.config.recording.directory,
                .call_files = t.config.server.data_dir / t.config.call_files.directory} {
        t.api.add(
            {.method = "POST",
             .pattern = "/v1/erasures",
             .role = Role::admin,
             .summary = "Erases one person's data (caller), or one call's (call_sid), everywhere, and answers with a receipt.",
             .request = json::parse(R"({"type":"object","additionalProperties":false,"properties":{"caller":{"type":"string"},"call_sid":{"type":"string"}}})"),
             .response = json::parse(
                 R"({"type":"object","properties":{"id":{"type":"string"},"at":{"type":"integer"},"subject":{"type":"string"},"erased":{"type":"object"},"calls":{"type":"integer"},"running":{"type":"integer"},"not_on_this_disk":{"type":"array"}}})"),
             .handle = [this](ApiRequest& request) { return erase_asked(request); },
             .audit = "data.erased"});
        t.api.add({.method = "GET",
                   .pattern = "/v1/erasures",
                   .role = Role::admin,
                   .summary = "The receipts of what was erased.",
                   .response = json::parse(R"({"type":"object"})"),
                   .handle = [this](ApiRequest& request) { return shown(request); }});
        t.api.add({.method = "GET",
                   .pattern = "/v1/exports/{number}",
                   .role = Role::admin,
                   .summary = "Everything that is kept of one person.",
                   .response = json::parse(R"({"type":"object"})"),
                   .handle = [this](ApiRequest& request) { return export_asked(request); }});
    }
    ~RetentionPart() override { files_.join(); }

    void start() override { errands_.start(sweep()); }
    net::Task<> close() override { return errands_.end(); }
    void join() override { files_.join(); }  // an erasure that is going on asks for the records

private:
    // --- the sweeper -------------------------------------------------------------------------------------------------

    net::Task<> sweep() {
        asio::steady_timer pause(t_.executor, kSweepFirst);
        for (;;) {
            const auto [ec] = co_await pause.async_wait(net::nothrow);
            if (ec) co_return;
            co_await sweep_once();
            pause.expires_after(kSweepEvery);
        }
    }
    net::Task<> sweep_once() {
        std::function<bool(store::Session&)> take = [instance = t_.instance](store::Session& s) {
            return store::take_sweep(s, "retention", instance, kSweepLease);
        };
        const auto mine = co_await t_.database.ask<bool>(std::move(take), kStoreWithin);
        if (!mine || !*mine) co_return;
        const auto& days = t_.config.retention;
        // The words are in the events as well: these go with them.
        auto dead = days.events;
        if (days.transcripts) dead = std::min(dead.value_or(*days.transcripts), *days.transcripts);
        const std::array<std::pair<const char*, std::optional<std::uint32_t>>, 6> kinds{{{"transcripts", days.transcripts},
                                                                                         {"events", std::min(dead.value_or(kJobDays), kJobDays)},
                                                                                         {"dead", dead},
                                                                                         {"states", days.events},
                                                                                         {"profiles", days.profiles},
                                                                                         {"audit", days.audit}}};
        for (const auto& [kind, kept] : kinds) {
            if (kept) co_await sweep_kind(kind, *kept);
        }
        // By these a person's calls are found: they go with the record. What has none stays as long as there may be anything of the call.
        const auto& config = t_.config;
        if (days.events)
            co_await sweep_kind("contexts", std::max({*days.events, days.transcripts.value_or(0), days_of_calls(config), config.recording.retain_days}));
        co_await sweep_kind("jobs", kJobDays);
        co_await sweep_kind("marks", kMarkDays);
        co_await sweep_state();
    }
    // What nobody needs any more once its call is over and told about.
    net::Task<> sweep_state() {
        std::function<std::uint64_t(store::Session&)> work = [](store::Session& s) {
            const auto effects = store::sweep_effects(s, store::now_ms() - kEffectDays * kDayMs);
            return effects + store::sweep_checkpoints(s);
        };
        const auto n = co_await t_.database.ask<std::uint64_t>(std::move(work), kStoreWithin);
        if (n) deleted("state", *n);
    }
    net::Task<> sweep_kind(std::string kind, std::uint32_t days) {
        const auto before = store::now_ms() - static_cast<std::int64_t>(days) * kDayMs;
        std::uint64_t all = 0;
        asio::steady_timer pause(t_.executor);
        for (;;) {
            std::function<std::uint64_t(store::Session&)> work = [kind, before](store::Session& s) { return store::sweep_rows(s, kind, before, kBatch); };
            const auto n = co_await t_.database.ask<std::uint64_t>(std::move(work), kStoreWithin);
            if (!n) break;
            all += *n;
            if (*n < kBatch) break;
            pause.expires_after(kBetweenBatches);
            const auto [ec] = co_await pause.async_wait(net::nothrow);
            if (ec) break;
        }
        deleted(kind == "states" || kind == "dead" ? "events" : kind, all);
    }
    void deleted(std::string_view kind, std::uint64_t n) {
        if (n == 0) return;
        const bool working = kind == "state" || kind == "jobs" || kind == "contexts" || kind == "marks";  // nobody's data by itself
        t_.metrics.retention_deleted.at(working ? "events" : kind).add(n);
        t_.log.audit("retention.deleted", "What is past its days was deleted.", {{"kind", kind}, {"n", n}});
    }
    // --- one person --------------------------------------------------------------------------------------------------

    struct Outcome {
        std::optional<Erasure> done;
        std::string error;
    };
    static net::Task<Outcome> erase_there(const PersonData& data, std::string caller, std::string sid) {
        Outcome outcome;
        try {
            outcome.done = erase(data, caller, sid);
        } catch (const std::exception& e) {
            outcome.error = e.what();
        }
        co_return outcome;
    }
    static net::Task<std::optional<nlohmann::ordered_json>> export_there(const PersonData& data, std::string caller) {
        std::optional<nlohmann::ordered_json> out;
        try {
            out = export_person(data, caller);
        } catch (const std::exception&) {
            out.reset();
        }
        co_return out;
    }

    net::Task<net::HttpResponse> erase_asked(ApiRequest& request) {
        const auto text = [&](const char* key) {
            const auto found = request.body.find(key);
            return found != request.body.end() && found->is_string() ? found->get<std::string>() : std::string();
        };
        const auto given = text("caller"), sid = text("call_sid");
        if (given.empty() == sid.empty()) co_return api_error(422, "invalid", "It takes caller or call_sid, one of them.", "caller");
        const auto caller = given.empty() ? std::string() : store::caller_key(given);
        if (!given.empty() && caller.empty()) co_return api_error(422, "invalid", "That is no caller of whom something is kept.", "caller");
        if (!sid.empty() && !twilio::is_wire_id(sid)) co_return api_error(422, "invalid", "That is no call's identifier.", "call_sid");
        request.target = "subject:" + person_subject(key_, caller.empty() ? sid : caller);
        auto work = erase_there(data_, caller, sid);
        auto outcome = co_await asio::co_spawn(files_, std::move(work), asio::use_awaitable);
        if (!outcome.done) {
            t_.log.error("retention.failed", "An erasure could not be finished; it can be asked for again.", {{"error.type", outcome.error}});
            co_return api_error(503, "unavailable", "Not everything could be erased; ask again.");
        }
        for (const auto& one : outcome.done->sids) {
            for (const auto& forget : t_.forget) forget(one);
            (void)t_.registry.take_memory(one);
        }
        auto& counts = outcome.done->counts;
        if (!caller.empty() && t_.forget_opt_outs)
            if (const auto n = t_.forget_opt_outs(caller); n > 0) counts["opt_outs_kept_as_hash"] = n;
        const auto subject = person_subject(key_, caller.empty() ? sid : caller);
        nlohmann::ordered_json receipt{{"id", "era_" + random_hex(12)},           {"at", store::now_ms()}, {"subject", subject}, {"calls", outcome.done->calls},
                                       {"running", outcome.done->running.size()}, {"erased", counts}};
        if (!outcome.done->elsewhere.empty()) receipt["not_on_this_disk"] = outcome.done->elsewhere;
        store::ErasureReceipt kept{
            .id = receipt["id"].get<std::string>(), .at_ms = receipt["at"].get<std::int64_t>(), .who = request.who, .json = receipt.dump()};
        std::function<bool(store::Session&)> keep = [kept](store::Session& s) {
            store::keep_receipt(s, kept);
            return true;
        };
        (void)co_await t_.database.ask<bool>(std::move(keep), kStoreWithin);
        for (const auto& [kind, n] : counts) t_.metrics.retention_deleted.at(kind).add(n);
        t_.log.audit("data.erased", "Somebody's data was erased.",
                     {{"receipt", kept.id}, {"subject", subject}, {"calls", outcome.done->calls}, {"who", request.who}});
        co_return api_answer(outcome.done->running.empty() ? 200 : 409, json::parse(kept.json));
    }

    net::Task<net::HttpResponse> shown(ApiRequest& /*request*/) {
        std::function<std::vector<store::ErasureReceipt>(store::Session&)> ask = [](store::Session& s) { return store::receipts(s, kReceiptsShown); };
        const auto all = co_await t_.database.ask<std::vector<store::ErasureReceipt>>(std::move(ask), kStoreWithin);
        if (!all) co_return api_error(503, "unavailable", "The store does not answer.");
        json out = json::array();
        for (const auto& one : *all) out.push_back(json::parse(one.json, nullptr, false));
        co_return api_answer(200, {{"erasures", std::move(out)}});
    }

    net::Task<net::HttpResponse> export_asked(ApiRequest& request) {
        const auto caller = store::caller_key(request.path["number"]);
        if (caller.empty()) co_return api_error(422, "invalid", "That is no caller of whom something is kept.", "number");
        auto work = export_there(data_, caller);
        auto out = co_await asio::co_spawn(files_, std::move(work), asio::use_awaitable);
        if (!out) co_return api_error(503, "unavailable", "The store does not answer.");
        t_.log.audit("data.exported", "Somebody's data was read out.", {{"subject", person_subject(key_, caller)}, {"who", request.who}});
        auto response = api_answer(200, json::object());
        response.body = out->dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
        co_return response;
    }

    Telephony& t_;
    Secret key_;
    net::Errands errands_;
    PersonData data_;
    asio::thread_pool files_{1};
};

}  // namespace

std::unique_ptr<GatewayPart> make_retention(Telephony& telephony) {
    return std::make_unique<RetentionPart>(telephony);
}

}  // namespace parley::gateway
