#include "analysis_jobs.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/co_spawn.hpp>
#include <nlohmann/json.hpp>

#include "on_store.hpp"
#include "parley/analysis/caller_profile.hpp"
#include "parley/analysis/post_call.hpp"
#include "parley/base/json_schema.hpp"
#include "parley/brain/model.hpp"
#include "parley/call/vendor_report.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/nursery.hpp"
#include "parley/store/analyses.hpp"
#include "parley/store/call_history.hpp"
#include "parley/store/erasure.hpp"
#include "parley/store/jobs.hpp"
#include "parley/store/profiles.hpp"
#include "parley/vendors/catalogue.hpp"
#include "telephony.hpp"
#include "text_member.hpp"

namespace parley::gateway {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kAtOnce = 4;
constexpr auto kLook = 1s;  // for new jobs
constexpr auto kStoreWithin = 10s;
constexpr std::chrono::milliseconds kLeastTime = 60s;  // for the models
constexpr std::chrono::milliseconds kLeaseBeyond = 90s;
constexpr int kSettleTries = 3;
constexpr std::uint32_t kMostAttempts = 4;
constexpr auto kFirstPause = 5s;                // then four times as long each
constexpr std::int64_t kGoneMs = 60'000;        // after a transfer to somebody else
constexpr std::int64_t kElsewhereMs = 900'000;  // to another agent, a queue or the park: its next end is looked at instead

// Failures another time may not have.
bool may_pass(std::string_view why) {
    constexpr auto kPassing = std::to_array<std::string_view>({"timeout", "server", "unreachable", "rate_limited", "stalled", "closed", "tls", "quota"});
    return std::find(kPassing.begin(), kPassing.end(), why) != kPassing.end();
}

struct Read {
    analysis::Subject subject;
    analysis::Findings findings;
    std::shared_ptr<const call::Agent> agent;
    std::uint32_t done_run = 0;
};

}  // namespace

struct AnalysisJobs::Impl {
    explicit Impl(Telephony& given) : telephony(given), children(given.executor), pause(given.executor) {}

    net::Task<> run() {
        while (!closing) {
            while (!closing && busy < kAtOnce) {
                std::function<std::optional<store::Job>(store::Session&)> claim = [instance = telephony.instance,
                                                                                   lease = longest() + kLeaseBeyond](store::Session& session) {
                    return store::claim_job(session, store::kAnalysisJob, instance, lease);
                };
                auto claimed = co_await telephony.database.ask<std::optional<store::Job>>(std::move(claim), kStoreWithin);
                if (!claimed || !*claimed) break;
                ++busy;
                children.spawn(one(std::move(**claimed)));
            }
            pause.expires_after(kLook);
            co_await pause.async_wait(net::nothrow);
        }
    }

    net::Task<> one(store::Job job) {
        struct Left {
            Impl& impl;
            ~Left() {
                --impl.busy;
                impl.pause.cancel();
            }
        } left{*this};
        const auto payload = json::parse(job.payload, nullptr, false);
        const auto sid = payload.is_object() ? text_of(payload, "call_sid") : std::string{};
        const auto run = payload.is_object() && payload.contains("run") && payload["run"].is_number_unsigned() ? payload["run"].get<std::uint32_t>() : 0U;
        if (sid.empty() || run == 0) {
            co_await bury(job, sid, run, "the job makes no sense");
            co_return;
        }
        std::string failed;
        try {
            failed = co_await look_at(job, sid, run);
        } catch (const std::exception& e) {
            failed = e.what();
        }
        if (failed.empty() || closing) co_return;
        if (job.attempts >= kMostAttempts) {
            co_await bury(job, sid, run, failed);
            co_return;
        }
        auto wait = kFirstPause;
        for (std::uint32_t i = 1; i < job.attempts; ++i) wait *= 4;
        const auto when = store::now_ms() + std::chrono::milliseconds(wait).count();
        std::function<bool(store::Session&)> again = [id = job.id, sid, run, when, failed](store::Session& session) {
            store::retry_job(session, id, when, failed);
            store::set_analysis_state(session, sid, run, "pending", failed);
            return true;
        };
        (void)co_await telephony.database.ask<bool>(std::move(again), kStoreWithin);  // else its lease runs out
        telephony.log.warn("analysis.retried", "A call could not be looked back at; it will be tried again.",
                           {{"call", sid}, {"attempt", job.attempts}, {"error.type", failed}});
    }

    net::Task<> bury(const store::Job& job, std::string sid, std::uint32_t run, std::string why) {
        std::function<bool(store::Session&)> work = [id = job.id, sid, run, why](store::Session& session) {
            store::bury_job(session, id, why);
            store::set_analysis_state(session, sid, run, "dead", why);
            return true;
        };
        (void)co_await telephony.database.ask<bool>(std::move(work), kStoreWithin);
        telephony.log.error("analysis.dead", "A call could not be looked back at, and will not be tried again by itself.",
                            {{"call", sid}, {"error.type", why}});
    }

    // Empty: done (or not wanted any more); else why it has to be tried again.
    net::Task<std::string> look_at(const store::Job& job, const std::string& sid, std::uint32_t run) {
        std::function<std::optional<store::AnalysisState>(store::Session&)> ask_state = [sid](store::Session& session) {
            return store::analysis_state(session, sid);
        };
        const auto state = co_await telephony.database.ask<std::optional<store::AnalysisState>>(std::move(ask_state), kStoreWithin);
        if (!state) co_return "the store: " + state.error().message();
        if (!*state || (*state)->run != run) co_return co_await settled(job, sid, run, "done", {});  // a newer run sees more, or the call was erased
        std::function<std::optional<Read>()> read = [this, sid] { return read_record(sid); };
        auto looked = co_await on_store<std::optional<Read>>(telephony.database, std::move(read), kStoreWithin);
        if (!looked) co_return "the record could not be read";
        if (!*looked) co_return co_await settled(job, sid, run, "done", {});  // erased
        auto seen = std::move(**looked);
        if (!seen.agent || !seen.agent->analysis) co_return co_await settled(job, sid, run, "dead", "there is no agent " + seen.subject.agent);
        const auto settings = seen.agent->analysis;
        Kept kept;
        if (settings->remember_callers) {
            kept.caller = store::caller_key(seen.subject.other_party);
            kept.owner = analysis::profile_owner(*settings, seen.agent->name);
            kept.schema = settings->profile_schema;
        }
        if (seen.done_run >= run) co_return co_await settled(job, sid, run, "done", {});  // it was written, and then we died

        std::string profile;
        if (!kept.caller.empty()) {
            const auto known = co_await store::find_profile(telephony.database, kept.owner, kept.caller, kStoreWithin);
            kept.had = known.has_value();
            profile = known ? known->json : "{}";
        }
        const auto began = Clock::now();
        const auto model = model_of(*settings);
        auto found = co_await analysis::look_back(std::move(seen.subject), std::move(seen.findings), settings, std::move(profile), model, telephony.executor,
                                                  telephony.http, began + std::min(settings->within, longest()));
        // Each attempt costs, whatever becomes of it.
        for (const auto& record : found.used) {
            call::observe_vendor(telephony.metrics, record);
            if (telephony.services.used) telephony.services.used(*seen.agent, sid, record);
        }
        if (closing) co_return std::string{};
        auto result = json::parse(found.json, nullptr, false);
        if (!result.is_object()) result = json::object();
        const auto fallback = text_of(result, "fallback");
        if (job.attempts < kMostAttempts && may_pass(fallback)) co_return "no model: " + fallback;
        // The models took their time: somebody may have been erased meanwhile, of whom nothing is written any more.
        std::function<std::optional<store::AnalysisState>(store::Session&)> ask_again = [sid](store::Session& session) {
            return store::analysis_state(session, sid);
        };
        const auto still = co_await telephony.database.ask<std::optional<store::AnalysisState>>(std::move(ask_again), kStoreWithin);
        if (!still) co_return "the store: " + still.error().message();
        if (!*still || (*still)->run != run) co_return co_await settled(job, sid, run, "done", {});
        // The profile first, and by itself: a job that is found done in the record knows nothing any more of what was new of the caller.
        kept.news = std::move(found.profile_news);
        if (!kept.caller.empty() && !kept.news.empty()) {
            std::function<bool(store::Session&)> bring = [sid, run, kept](store::Session& session) {
                const auto known = store::analysis_state(session, sid);
                if (known && known->run == run) remember(session, kept);
                return true;
            };
            const auto brought = co_await telephony.database.ask<bool>(std::move(bring), kStoreWithin);
            if (!brought) co_return "the store: " + brought.error().message();
            kept.news.clear();
        }
        if (settings->enabled) {
            kept.added = true;
            result["run"] = run;
            result["agent"] = seen.agent->name;
            result["at_ms"] = store::now_ms();
            auto text = result.dump(-1, ' ', false, json::error_handler_t::replace);
            if (!telephony.records.add(sid, store::Fact::analysis, text)) co_return "there is no room for it in the record";
            // What is done is not looked for again: first it has to outlive this process. Otherwise the lease runs out, and whoever has the job then finds it
            // in the record, or does it again.
            bool safe = false;
            for (int i = 0; i < kSettleTries && !safe && !closing; ++i) safe = co_await telephony.records.settled(kStoreWithin);
            if (!safe) co_return std::string{};
        }
        auto failed = co_await finish(job, sid, run, "done", std::string(), std::move(kept));
        telephony.log.info("analysis.done", "A call was looked back at.",
                           {{"call", sid},
                            {"by", text_of(result, "by")},
                            {"vendor", text_of(result, "vendor")},
                            {"fallback", fallback},
                            {"dur_ms", std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count()}});
        co_return failed;
    }

    struct Kept {
        std::string owner, caller, schema, news;
        bool added = false;  // to the record, just now
        bool had = false;    // a profile, before the models were asked
    };
    net::Task<std::string> settled(const store::Job& job, std::string sid, std::uint32_t run, std::string state, std::string why) {
        Kept nothing;
        co_return co_await finish(job, std::move(sid), run, std::move(state), std::move(why), std::move(nothing));
    }
    // The end of the job, with what was added to its record if the call was erased meanwhile.
    net::Task<std::string> finish(const store::Job& job, std::string sid, std::uint32_t run, std::string state, std::string why, Kept kept) {
        std::function<bool(store::Session&)> work = [id = job.id, sid, run, state, why](store::Session& session) {
            const auto known = store::analysis_state(session, sid);
            store::set_analysis_state(session, sid, run, state, why);
            store::finish_job(session, id);
            return known.has_value();
        };
        const auto done = co_await telephony.database.ask<bool>(std::move(work), kStoreWithin);
        if (!done) co_return "the store: " + done.error().message();
        if (!*done && kept.added) {
            // Erased in the moment between: what was added goes again.
            std::function<bool()> forget = [this, sid] { return forgotten(sid); };
            const auto gone = co_await on_store<bool>(telephony.database, std::move(forget), kStoreWithin);
            if (!gone || !*gone)
                telephony.log.error("analysis.left", "The analysis of a call that was erased meanwhile could not be deleted.", {{"call", sid}});
        }
        co_return std::string{};
    }
    bool forgotten(const std::string& sid) const {
        try {
            (void)telephony.records.remove(sid);
            telephony.database.transact([&](store::Session& session) {
                store::Erased rows;
                store::erase_call(session, sid, rows);
            });
        } catch (const std::exception&) {
            return false;
        }
        return true;
    }
    static void remember(store::Session& session, const Kept& kept) {
        const auto before = store::read_profile(session, kept.owner, kept.caller);
        if (kept.had && !before) return;  // deleted meanwhile: it is not for us to bring it back
        const auto merged = analysis::merged_profile(before ? before->json : "{}", kept.news);
        if (merged == "{}" || (before && before->json == merged)) return;
        if (!kept.schema.empty()) {
            const auto schema = JsonSchema::compile(kept.schema);
            if (!schema || schema.schema->wrong_text(merged)) return;  // what is known stays as it is
        }
        if (!store::write_profile(session, kept.owner, kept.caller, merged, before ? before->revision : 0))
            throw store::StoreError(store::StoreErrc::busy, "the profile was changed meanwhile");
    }

    // Throws when the store cannot be asked: that is no erased call.
    std::optional<Read> read_record(const std::string& sid) const {
        std::optional<std::string> text;
        telephony.database.transact([&](store::Session& session) { text = store::read_record(session, sid); });
        if (!text) return std::nullopt;
        Read read;
        read.subject = analysis::subject_of(*text);
        read.agent = telephony.agents()->by_name(read.subject.agent);
        if (read.agent && read.agent->analysis) read.findings = analysis::by_rules(read.subject, *read.agent->analysis);
        const auto record = json::parse(*text, nullptr, false);
        if (const auto known = record.find("analysis");
            known != record.end() && known->is_object() && known->contains("run") && (*known)["run"].is_number_unsigned())
            read.done_run = (*known)["run"].get<std::uint32_t>();
        return read;
    }

    std::shared_ptr<brain::Model> model_of(const analysis::AnalysisSettings& settings) const {
        std::vector<vendors::Endpoint> endpoints;
        for (const auto& name : settings.models)
            if (const auto* endpoint = telephony.config.vendor(name)) endpoints.push_back(*endpoint);
        if (endpoints.empty()) return nullptr;
        brain::VendorMakers makers;
        makers.lm = vendors::make_lm;
        return brain::make_model(std::move(endpoints), std::move(makers), telephony.upstream);
    }

    // An instance that died keeps its jobs for so long and kLeaseBeyond.
    [[nodiscard]] std::chrono::milliseconds longest() const {
        std::chrono::milliseconds all = kLeastTime;
        for (const auto& agent : telephony.config.agents) all = std::max(all, agent.analysis.within);
        return all;
    }

    Telephony& telephony;
    net::Nursery children;
    boost::asio::steady_timer pause;
    std::size_t busy = 0;
    bool closing = false;
};

AnalysisJobs::AnalysisJobs(Telephony& telephony) : impl_(std::make_unique<Impl>(telephony)) {}
AnalysisJobs::~AnalysisJobs() = default;

void AnalysisJobs::start() {
    impl_->children.spawn(impl_->run());
}

net::Task<> AnalysisJobs::close() {
    impl_->closing = true;
    impl_->children.cancel();
    try {
        co_await impl_->children.join();
    } catch (const std::exception& e) {
        impl_->telephony.log.error("analysis.stopped", "The analysis of calls ended by a fault.", {{"error.type", std::string_view(e.what())}});
    }
}

void AnalysisJobs::kept(store::Session& session, const store::FactEvent& event) const {
    if (event.fact == store::Fact::status) {
        const auto fact = json::parse(event.json, nullptr, false);
        const auto status = fact.is_object() ? text_of(fact, "status") : std::string{};
        if (status != "completed" && status != "failed" && status != "canceled") return;
        if (const auto state = store::analysis_state(session, event.call_sid); state && state->state == "waiting")
            store::want_analysis(session, event.call_sid);
        return;
    }
    if (event.fact != store::Fact::end) return;
    const auto fact = json::parse(event.json, nullptr, false);
    if (!fact.is_object()) return;
    const auto agent = impl_->telephony.agents()->by_name(text_of(fact, "agent"));
    if (!agent || !agent->analysis || (!agent->analysis->enabled && !agent->analysis->remember_callers)) return;
    // What closes a call says no more than that it is over: who waited for it begins, and nobody was there to be understood in a call that was not answered.
    if (fact.contains("concluded")) {
        const auto reason = text_of(fact, "reason");
        if (reason == "busy" || reason == "no-answer" || reason == "failed" || reason == "canceled") return;
        if (const auto state = store::analysis_state(session, event.call_sid); !state || state->state == "waiting")
            store::want_analysis(session, event.call_sid);
        return;
    }
    std::int64_t not_before = 0;
    if (text_of(fact, "reason") == "transferred") {
        const auto target = text_of(fact, "target");
        const bool here = target.starts_with("agent:") || target.starts_with("menu:") || target.starts_with("queue:") || target.starts_with("park") ||
                          target.starts_with("warm:");
        not_before = store::now_ms() + (here ? kElsewhereMs : kGoneMs);
    }
    store::want_analysis(session, event.call_sid, not_before);
}

}  // namespace parley::gateway
