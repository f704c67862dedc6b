#include "parley/rest/client.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <openssl/evp.h>

#include "answer_error.hpp"
#include "client_impl.hpp"
#include "pace.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/error.hpp"
#include "parley/twilio/form.hpp"

namespace parley::rest {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRemembered = 256;

std::string base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::string_view host_of(Product product) {
    switch (product) {
        case Product::api:
            return "api";
        case Product::voice:
            return "voice";
        case Product::intelligence:
            return "intelligence";
    }
    return "api";
}

// Words that occur in paths; everything else in a path is somebody's identifier or name.
constexpr std::array<std::string_view, 52> kPathWords{"2010-04-01",
                                                      "Accounts",
                                                      "Calls",
                                                      "Recordings",
                                                      "Streams",
                                                      "Transcriptions",
                                                      "Conferences",
                                                      "Participants",
                                                      "Messages",
                                                      "Media",
                                                      "Queues",
                                                      "Members",
                                                      "Front",
                                                      "AvailablePhoneNumbers",
                                                      "Local",
                                                      "TollFree",
                                                      "Mobile",
                                                      "National",
                                                      "SharedCost",
                                                      "Voip",
                                                      "MachineToMachine",
                                                      "IncomingPhoneNumbers",
                                                      "Applications",
                                                      "Balance",
                                                      "SIP",
                                                      "Domains",
                                                      "CredentialLists",
                                                      "Credentials",
                                                      "IpAccessControlLists",
                                                      "IpAddresses",
                                                      "CredentialListMappings",
                                                      "IpAccessControlListMappings",
                                                      "Auth",
                                                      "Registrations",
                                                      "ByocTrunks",
                                                      "Notifications",
                                                      "Events",
                                                      "Keys",
                                                      "v1",
                                                      "v2",
                                                      "Services",
                                                      "Transcripts",
                                                      "Sentences",
                                                      "OperatorResults",
                                                      "Operators",
                                                      "PreBuilt",
                                                      "Custom",
                                                      "OperatorTypes",
                                                      "Encrypted",
                                                      "Twilio.CURRENT",
                                                      "OutgoingCallerIds",
                                                      "Tokens"};

// Hidden from error texts: the secret itself, the header made of it, and passwords among the parameters.
std::vector<std::string_view> hidden_in(const Account& account, const std::string& basic, const Request& request) {
    std::vector<std::string_view> hidden{account.secret.reveal(), basic};
    for (const auto& [name, value] : request.params) {
        if (name.ends_with("Password")) hidden.emplace_back(value);
    }
    return hidden;
}

}  // namespace

std::string path_pattern(std::string_view path) {
    path = path.substr(0, path.find('?'));
    if (path.starts_with('~')) path.remove_prefix(1);
    std::string out;
    if (!path.starts_with('/')) return "/Accounts/{sid}" + std::string(path.substr(0, 8));
    while (!path.empty() && out.size() < 200) {
        path.remove_prefix(1);
        const auto slash = path.find('/');
        std::string_view part = path.substr(0, slash);
        std::string_view suffix;
        for (const std::string_view known : {".json", ".wav", ".mp3"}) {
            if (part.ends_with(known)) suffix = known;
        }
        const auto word = part.substr(0, part.size() - suffix.size());
        const bool kept = word.empty() || std::find(kPathWords.begin(), kPathWords.end(), word) != kPathWords.end();
        out += '/';
        out += kept ? word : std::string_view("{sid}");
        out += suffix;
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
    }
    return out;
}

bool never_left(error_code cause) {
    return cause == net::Errc::resolve_failed || cause == net::Errc::connect_failed || cause == net::Errc::tls_failed;
}

std::string form_of(const Params& params) {
    std::string out;
    for (const auto& [name, value] : params) {
        if (!out.empty()) out += '&';
        out += twilio::encode_component(name) + "=" + twilio::encode_component(value);
    }
    return out;
}

double chance() {
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

Client::Impl::Impl(net::HttpClient& given, Settings wanted)
    : http(given), settings(std::move(wanted)), policy({settings.attempts, settings.first_pause, milliseconds(8000)}) {}

std::string credentials_of(const Account& account) {
    const std::string& user = account.api_key.empty() ? account.sid : account.api_key;
    return base64(user + ":" + std::string(account.secret.reveal()));
}

std::string Client::Impl::target_of(Product product, const std::string& path) const {
    if (path.starts_with('~')) return path.substr(1);
    return product == Product::api ? "/2010-04-01/Accounts/" + segment(settings.account->sid) + path : path;
}

std::string origin_of(const Account& account, Product product) {
    if (!account.base_url.empty()) {
        std::string base = account.base_url;
        while (base.ends_with('/')) base.pop_back();
        return base;
    }
    std::string host = "https://" + std::string(host_of(product));
    if (!account.edge.empty()) host += "." + account.edge;
    if (!account.region.empty())
        host += "." + account.region;
    else if (!account.edge.empty())
        host += ".us1";  // an edge is an edge of a region
    return host + ".twilio.com";
}

std::string segment(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += kHex[u >> 4U];
            out += kHex[u & 15U];
        }
    }
    // "." and ".." would climb.
    if (out == "." || out == "..") out = out == "." ? "%2E" : "%2E%2E";
    return out;
}

net::Task<Outcome<Answer>> Client::Impl::run(Request& request, int& attempts) {
    const Account account = *settings.account;  // its owner may rotate the secret meanwhile
    const std::string basic = credentials_of(account);
    const TimePoint deadline = Clock::now() + request.within;
    const std::string origin = origin_of(account, request.product);
    const std::string target = target_of(request.product, request.path);
    const auto hidden = hidden_in(account, basic, request);
    std::string url = origin + target;
    const std::string form = form_of(request.params);
    if (request.method != "POST" && !form.empty()) url += (target.find('?') == std::string::npos ? "?" : "&") + form;

    // An identifier that is not there would make another request of it, on the list instead of the item.
    const auto query = target.find('?');
    const std::string_view path = std::string_view(target).substr(0, query);
    if (!target.starts_with('/') || path.find("//") != std::string_view::npos || path.find("/.") != std::string_view::npos || path.ends_with('/')) {
        Error error;
        error.kind = Failure::invalid;
        error.sentence = "The request was not sent: an identifier is missing in " + request.method + " " + std::string(path) + ".";
        co_return error;
    }

    while (true) {
        Pace::Place place;
        if (settings.pace) {
            place = co_await settings.pace->enter(deadline);
            if (!place) {
                Error error;
                error.kind = attempts == 0 ? Failure::stopped : Failure::throttled;
                error.sentence = "The request waited for its turn until its time was over; nothing was asked.";
                error.remedy = "Raise twilio.rest_rate, or ask less at once.";
                co_return error;
            }
        }
        ++attempts;
        const TimePoint began = Clock::now();
        // Of what may be repeated no attempt takes all the time.
        const TimePoint give_up = request.repeat == Repeat::safe && attempts < settings.attempts ? began + (deadline - began) * 2 / 3 : deadline;

        Error error;
        Ended ended = Ended::lost;
        bool final = false;
        std::optional<milliseconds> retry_after;

        // For a create it must be known whether anything left: first the connection, then the request.
        error_code cause;
        if (request.repeat == Repeat::never) cause = co_await http.connect_ahead(url, give_up);
        if (cause) {
            ended = Ended::unsent;
            final = cause == net::Errc::tls_failed || cause == net::Errc::bad_url || cause == net::Errc::cancelled;
            error = error_of(cause, false, origin, request);
        } else {
            net::HttpCall call;
            call.method = request.method;
            call.url = url;
            call.deadline = give_up;
            call.body_limit = request.body_limit;
            call.headers.add("Authorization", "Basic " + basic);
            call.headers.add("User-Agent", "parley");
            call.headers.add("Accept", "application/json");
            if (request.method == "POST") {
                call.headers.add("Content-Type", "application/x-www-form-urlencoded");
                call.body = form;
            }
            Result<net::HttpReply> reply = co_await http.request(std::move(call));
            if (reply) {
                Answer answer;
                answer.status = reply->status;
                answer.body = std::move(reply->body);
                answer.content_type = reply->headers.get("content-type");
                answer.request_id = reply->headers.get("twilio-request-id");
                answer.date = parse_rfc2822(reply->headers.get("date"));
                answer.lasted = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
                if (answer.status >= 200 && answer.status < 300) co_return std::move(answer);
                error = error_of(answer, account, request, hidden);
                if (answer.status == 429)
                    ended = Ended::throttled;
                else if (answer.status >= 500 || answer.status == 408)
                    ended = Ended::server_error;
                else
                    final = true;
                if (!final) retry_after = parse_retry_after(reply->headers.get("retry-after"), WallClock::now());
            } else {
                const error_code failed = reply.error();
                const bool unsent = never_left(failed);
                ended = unsent ? Ended::unsent : Ended::lost;
                final = failed == net::Errc::tls_failed || failed == net::Errc::bad_url || failed == net::Errc::cancelled || failed == net::Errc::too_large ||
                        failed == net::Errc::too_many_redirects;
                error = error_of(failed, !unsent, origin, request);
            }
        }
        place.release();
        error.attempts = attempts;
        if (final) co_return error;
        const auto pause = policy.pause(ended, request.repeat, attempts, retry_after, Clock::now(), deadline, chance());
        if (!pause) co_return error;
        const bool waited = co_await net::sleep_until(Clock::now() + *pause);
        if (!waited) {
            error.kind = Failure::stopped;
            co_return error;
        }
    }
}

Client::Client(net::HttpClient& http, Settings settings) : impl_(std::make_unique<Impl>(http, std::move(settings))) {}
Client::~Client() = default;

const Account& Client::account() const {
    return *impl_->settings.account;
}
const Client::Settings& Client::settings() const {
    return impl_->settings;
}
std::string Client::origin(Product product) const {
    return origin_of(account(), product);
}

void Client::remember(const std::string& sid) {
    if (sid.empty()) return;
    impl_->remembered.push_back(sid);
    if (impl_->remembered.size() > kRemembered) impl_->remembered.pop_front();
}

bool Client::remembers(std::string_view sid) const {
    return std::find(impl_->remembered.begin(), impl_->remembered.end(), sid) != impl_->remembered.end();
}

net::Task<Outcome<Answer>> Client::send(Request request) {
    const TimePoint began = Clock::now();
    int attempts = 0;
    Outcome<Answer> outcome = co_await impl_->run(request, attempts);
    if (impl_->settings.observe) {
        const std::string pattern = path_pattern(request.path);
        Observed observed;
        observed.method = request.method;
        observed.path = pattern;
        observed.status = outcome ? outcome->status : outcome.error().status;
        observed.outcome = outcome ? std::string_view("ok") : name(outcome.error().kind);
        observed.attempts = attempts;
        observed.lasted = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
        impl_->settings.observe(observed);
    }
    co_return std::move(outcome);
}

}  // namespace parley::rest
