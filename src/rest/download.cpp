#include <algorithm>

#include "answer_error.hpp"
#include "client_impl.hpp"
#include "pace.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/error.hpp"
#include "parley/net/http_stream.hpp"

namespace parley::rest {
namespace {

using std::chrono::milliseconds;

constexpr int kHops = 4;
constexpr std::size_t kErrorBody = 64UL * 1024;

bool redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Where a Location leads; empty when it may not be followed: no http, or down to cleartext.
std::string follow(const std::string& url, std::string_view location) {
    const auto base = net::parse_url(url);
    std::string next(location);
    if (base && location.starts_with('/')) next = base->scheme + "://" + base->host_header() + next;
    const auto target = net::parse_url(next);
    if (!base || !target || !target->scheme.starts_with("http") || (base->tls() && !target->tls())) return {};
    return next;
}

bool same_origin(const std::string& a, const std::string& b) {
    const auto x = net::parse_url(a), y = net::parse_url(b);
    return x && y && x->scheme == y->scheme && x->host == y->host && x->port == y->port;
}

Error sink_error(std::string sentence) {
    Error error;
    error.kind = Failure::stopped;
    error.sentence = std::move(sentence);
    return error;
}

}  // namespace

net::Task<Outcome<std::uint64_t>> Client::Impl::fetch(Download& wanted, const Sink& sink, int& attempts) {
    const Account account = *settings.account;  // its owner may rotate the secret meanwhile
    const std::string basic = credentials_of(account);
    const TimePoint began = Clock::now(), deadline = began + wanted.within, waited_for = began + std::min(wanted.wait_for_it, wanted.within);
    const std::string origin = origin_of(account, Product::api);
    std::string first = origin + target_of(Product::api, wanted.path);
    if (!wanted.params.empty()) first += "?" + form_of(wanted.params);
    Request as_request;  // what errors speak of
    as_request.path = wanted.path;
    const std::vector<std::string_view> hidden{account.secret.reveal(), basic};
    int not_there = 0;

    while (true) {
        Pace::Place place;
        if (settings.pace) {
            place = co_await settings.pace->enter(deadline);
            if (!place) co_return sink_error("The download waited for its turn until its time was over.");
        }
        ++attempts;
        std::string url = first;
        std::unique_ptr<net::HttpStream> stream;
        Error error;
        Ended ended = Ended::lost;
        bool final = false;
        std::optional<milliseconds> retry_after;
        for (int hop = 0; hop <= kHops && !stream; ++hop) {
            net::HttpCall call;
            call.url = url;
            call.deadline = deadline;
            call.body_limit = std::max(wanted.limit, kErrorBody);
            call.headers.add("User-Agent", "parley");
            call.headers.add("Accept", "*/*");
            if (same_origin(url, first)) call.headers.add("Authorization", "Basic " + basic);
            Result<std::unique_ptr<net::HttpStream>> opened = co_await http.open(std::move(call));
            if (!opened) {
                const bool unsent = never_left(opened.error());
                ended = unsent ? Ended::unsent : Ended::lost;
                final = opened.error() == net::Errc::tls_failed || opened.error() == net::Errc::bad_url || opened.error() == net::Errc::cancelled;
                error = error_of(opened.error(), !unsent, origin, as_request);
                break;
            }
            if (redirect((*opened)->status())) {
                url = follow(url, (*opened)->headers().get("location"));
                if (url.empty() || hop == kHops) {
                    error = error_of(net::Errc::too_many_redirects, true, origin, as_request);
                    final = true;
                    break;
                }
                continue;
            }
            stream = std::move(*opened);
        }
        if (stream && stream->status() >= 200 && stream->status() < 300) {
            std::uint64_t bytes = 0;
            while (true) {
                Result<std::string> piece = co_await stream->read(deadline);
                if (!piece && piece.error() == net::Errc::end_of_stream) co_return bytes;
                if (!piece) {
                    error = error_of(piece.error(), true, origin, as_request);
                    final = bytes != 0;
                    break;
                }
                bytes += piece->size();
                if (bytes > wanted.limit) co_return sink_error("What was to be downloaded is larger than " + std::to_string(wanted.limit) + " bytes.");
                const bool taken = sink(*piece);
                if (!taken) co_return sink_error("What was downloaded could not be written.");
            }
        } else if (stream) {
            Answer answer;
            answer.status = stream->status();
            answer.request_id = stream->headers().get("twilio-request-id");
            while (answer.body.size() < kErrorBody) {
                Result<std::string> piece = co_await stream->read(deadline);
                if (!piece) break;
                answer.body += *piece;
            }
            error = error_of(answer, account, as_request, hidden);
            if (answer.status == 404) error.kind = Failure::not_found;  // storage behind Twilio does not answer in Twilio's way
            if (answer.status == 429)
                ended = Ended::throttled;
            else if (answer.status >= 500 || answer.status == 408)
                ended = Ended::server_error;
            else
                final = true;
            retry_after = parse_retry_after(stream->headers().get("retry-after"), WallClock::now());
            if (answer.status == 404 && Clock::now() < waited_for) {
                stream.reset();
                place.release();
                // Doubled from twice the first pause on, at most 5 s.
                const auto pause = std::min(settings.first_pause * (2L << std::min(not_there++, 10)), milliseconds(5000));
                const bool waited = co_await net::sleep_until(std::min(Clock::now() + pause, waited_for));
                if (!waited) co_return error;
                --attempts;  // it is not a failure that is repeated
                continue;
            }
        }
        stream.reset();
        place.release();
        error.attempts = attempts;
        if (final) co_return error;
        const auto pause = policy.pause(ended, Repeat::safe, attempts, retry_after, Clock::now(), deadline, chance());
        if (!pause) co_return error;
        const bool waited = co_await net::sleep_until(Clock::now() + *pause);
        if (!waited) co_return error;
    }
}

net::Task<Outcome<std::uint64_t>> Client::download(Download wanted, Sink sink) {
    const TimePoint began = Clock::now();
    int attempts = 0;
    Outcome<std::uint64_t> outcome = co_await impl_->fetch(wanted, sink, attempts);
    if (impl_->settings.observe) {
        const std::string pattern = path_pattern(wanted.path);
        Observed observed;
        observed.method = "GET";
        observed.path = pattern;
        observed.status = outcome ? 200 : outcome.error().status;
        observed.outcome = outcome ? std::string_view("ok") : name(outcome.error().kind);
        observed.attempts = attempts;
        observed.lasted = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
        impl_->settings.observe(observed);
    }
    co_return std::move(outcome);
}

}  // namespace parley::rest
