#include "callback_jobs.hpp"

#include <boost/asio/steady_timer.hpp>

#include "parley/store/callbacks.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::gateway {

namespace {

constexpr auto kLook = std::chrono::seconds(5);
constexpr auto kWithin = std::chrono::seconds(5);
constexpr auto kLease = std::chrono::minutes(2);
constexpr auto kAgain = std::chrono::minutes(15);      // after quiet hours, a limit, or a carrier that could not be reached
constexpr std::int64_t kGivenUp = 24LL * 3600 * 1000;  // after its time; whoever still waits then has called again

net::Task<> change(store::Database& database, std::function<void(store::Session&)> what) {
    std::function<bool(store::Session&)> work = [what = std::move(what)](store::Session& session) {
        what(session);
        return true;
    };
    (void)co_await database.ask<bool>(std::move(work), kWithin);
}

net::Task<> place(CallbackJobs& jobs, store::Job job) {
    const auto id = job.id;
    const auto bury = [id](std::string why) -> std::function<void(store::Session&)> {
        return [id, why = std::move(why)](store::Session& session) { store::bury_job(session, id, why); };
    };
    auto callback = store::read_callback(job.payload);
    std::function<void(store::Session&)> after;
    std::string became;
    // One promise is one call: an attempt that left no word may have placed it.
    const auto told = std::to_string(job.attempts - 1) + ": ";
    if (!callback || !twilio::is_e164(callback->number)) {
        became = "invalid";
        after = bury("the job makes no sense");
    } else if (job.attempts > 1 && !job.last_error.starts_with(told)) {
        became = "unknown";
        after = bury("nobody knows whether it was placed");
    } else {
        control::DialWish wish;
        wish.agent = callback->agent;
        wish.to = callback->number;
        wish.from = callback->from;
        wish.parameters = {{"callback_reason", callback->reason}, {"callback_for", callback->call_sid}};
        control::By by{"callback"};
        const auto placed = co_await jobs.outbound.place(std::move(wish), std::move(by));
        became = placed.why == control::Refusal::none ? "placed" : std::string(control::name(placed.why));
        const bool later = placed.why == control::Refusal::not_allowed || placed.why == control::Refusal::unavailable;
        if (placed.why == control::Refusal::none) {
            after = [id](store::Session& session) { store::finish_job(session, id); };
        } else if (later && store::now_ms() < callback->at_ms + kGivenUp) {
            after = [id, why = std::to_string(job.attempts) + ": " + placed.sentence,
                     when = store::now_ms() + std::chrono::milliseconds(kAgain).count()](store::Session& session) { store::retry_job(session, id, when, why); };
        } else {
            after = bury(placed.sentence.empty() ? became : placed.sentence);
        }
    }
    jobs.log.info("callback.due", "A promised call was due.",
                  {{"call_sid", callback ? callback->call_sid : std::string()}, {"outcome", became}, {"attempt", job.attempts}});
    co_await change(jobs.database, std::move(after));
}

}  // namespace

net::Task<> CallbackJobs::run(CallbackJobs jobs) {
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    for (;;) {
        pause.expires_after(kLook);
        co_await pause.async_wait(net::nothrow);
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
        std::function<std::optional<store::Job>(store::Session&)> claim = [instance = jobs.instance](store::Session& session) {
            return store::claim_job(session, store::kCallbackJob, instance, kLease);
        };
        auto claimed = co_await jobs.database.ask<std::optional<store::Job>>(std::move(claim), kWithin);
        if (!claimed || !*claimed) continue;
        co_await place(jobs, std::move(**claimed));
    }
}

}  // namespace parley::gateway
