#include "callback_jobs.hpp"

#include <boost/asio/steady_timer.hpp>

#include "parley/store/callbacks.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::int64_t kGivenUp = 24LL * 3600 * 1000;  // after its time; whoever still waits then has called again

using Change = std::function<bool(store::Session&)>;

// What stands in a job from right before it dials until somebody says what became of that: "<attempt>? placing"; what is known begins with "<attempt>: ".
std::string intention(std::uint32_t attempt) {
    return std::to_string(attempt) + "? placing";
}
// Also of an attempt further back: one whose claim alone was written has said nothing.
bool in_doubt(std::string_view said) {
    const auto behind = said.find_first_not_of("0123456789");
    return behind != 0 && behind != std::string_view::npos && said[behind] == '?';
}

bool cancelled(const asio::cancellation_state& state) {
    return state.cancelled() != asio::cancellation_type::none;
}

// Written by the store's thread, however this process goes on; nobody waits for it.
void leave(store::Database& database, Change what) {
    (void)database.enqueue([&database, what = std::move(what)] {
        try {
            database.transact([&](store::Session& session) { (void)what(session); });
        } catch (const std::exception&) {
            // Its lease runs out.
        }
    });
}

// A write that got no answer may still be done; each of these may be done twice.
net::Task<> change(CallbackJobs& jobs, Change what) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    const auto until = Clock::now() + jobs.lease;
    for (;;) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (cancelled(state)) {
            leave(jobs.database, std::move(what));
            co_return;
        }
        auto copy = what;
        const auto done = co_await jobs.database.ask<bool>(std::move(copy), jobs.within);
        if (done) co_return;
        if (Clock::now() >= until) break;
        const auto since = co_await asio::this_coro::cancellation_state;
        if (cancelled(since)) continue;
        pause.expires_after(jobs.pause);
        co_await pause.async_wait(net::nothrow);
    }
    jobs.log.warn("callback.unnoted", "What became of a promised call could not be written down.", {});
}

// Whether it is written down that this attempt dials now.
net::Task<bool> marked(CallbackJobs& jobs, store::Job job) {
    Change mark = [job = std::move(job)](store::Session& session) { return store::mark_job(session, job, intention(job.attempts)); };
    const auto done = co_await jobs.database.ask<bool>(std::move(mark), jobs.within);
    co_return done && *done;
}

net::Task<> place(CallbackJobs& jobs, store::Job job) {
    const auto bury = [&job](std::string why) -> Change {
        return [job, why = std::move(why)](store::Session& session) {
            if (store::still_claimed(session, job)) store::bury_job(session, job.id, why);
            return true;
        };
    };
    const auto retry = [&job](std::chrono::milliseconds wait, const std::string& why) -> Change {
        return [job, why = std::to_string(job.attempts) + ": " + why, when = store::now_ms() + wait.count()](store::Session& session) {
            if (store::still_claimed(session, job)) store::retry_job(session, job.id, when, why);
            return true;
        };
    };
    auto callback = store::read_callback(job.payload);
    const bool sound = callback && twilio::is_e164(callback->number), doubt = in_doubt(job.last_error);
    bool mine = false;
    if (sound && !doubt) mine = co_await marked(jobs, job);
    Change after;
    std::string became;
    if (!sound) {
        became = "invalid";
        after = bury("the job makes no sense");
    } else if (doubt) {
        became = "unknown";
        after = bury("nobody knows whether it was placed");
    } else if (!mine) {
        became = "not_begun";
        after = retry(jobs.pause, "nobody dialled: that somebody would could not be written down");
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
            after = [id = job.id](store::Session& session) {
                store::finish_job(session, id);
                return true;
            };
        } else if (later && store::now_ms() < callback->at_ms + kGivenUp) {
            after = retry(jobs.again, placed.sentence);
        } else {
            after = bury(placed.sentence.empty() ? became : placed.sentence);
        }
    }
    jobs.log.info("callback.due", "A promised call was due.",
                  {{"call_sid", callback ? callback->call_sid : std::string()}, {"outcome", became}, {"attempt", job.attempts}});
    const auto state = co_await asio::this_coro::cancellation_state;
    if (cancelled(state))
        leave(jobs.database, std::move(after));
    else
        co_await change(jobs, std::move(after));
}

}  // namespace

net::Task<> CallbackJobs::run(CallbackJobs jobs) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    for (;;) {
        pause.expires_after(jobs.look);
        co_await pause.async_wait(net::nothrow);
        const auto rested = co_await asio::this_coro::cancellation_state;
        if (cancelled(rested)) co_return;
        std::function<std::optional<store::Job>(store::Session&)> claim = [instance = jobs.instance, lease = jobs.lease](store::Session& session) {
            return store::claim_job(session, store::kCallbackJob, instance, lease);
        };
        auto claimed = co_await jobs.database.ask<std::optional<store::Job>>(std::move(claim), jobs.within);
        // A claim whose answer was lost has not dialled: it is claimed again when its lease is over.
        const auto asked = co_await asio::this_coro::cancellation_state;
        if (cancelled(asked)) co_return;
        if (!claimed || !*claimed) continue;
        co_await place(jobs, std::move(**claimed));
        const auto placed = co_await asio::this_coro::cancellation_state;
        if (cancelled(placed)) co_return;
    }
}

}  // namespace parley::gateway
