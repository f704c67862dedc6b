#include "lm_http.hpp"

#include <algorithm>
#include <charconv>

#include "parley/net/http_stream.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::vendors {

namespace {

using net::Task;

// An answer's events wrap each word in some hundred bytes; the codec bounds what they carry.
constexpr std::size_t kBody = std::size_t{64} << 20;
constexpr std::size_t kRefusal = 16 * 1024;
constexpr auto kRefusalWithin = std::chrono::milliseconds(500);
// All has been said, and the usage or [DONE] is still to come; not every server sends them.
constexpr auto kFormalityWithin = std::chrono::milliseconds(500);
// Behind the proper end only the transfer's own end is missing, and only when it is read can the connection serve
// again.
constexpr auto kTailWithin = std::chrono::milliseconds(50);

std::string_view request_id(const net::HttpHeaders& headers) {
    for (const char* name : {"x-request-id", "request-id", "x-goog-request-id", "x-correlation-id", "cf-ray"})
        if (const auto id = headers.get(name); !id.empty()) return id;
    return {};
}

std::string retry_after(const net::HttpHeaders& headers) {
    const auto ms = headers.get("retry-after-ms");
    double value = 0;
    const auto [end, ec] = std::from_chars(ms.data(), ms.data() + ms.size(), value);
    if (!ms.empty() && ec == std::errc{} && end == ms.data() + ms.size() && value >= 0 && value < 86'400'000) return std::to_string(value / 1000);
    return std::string(headers.get("retry-after"));
}

Failure simple(FailureKind kind, std::string_view phase, std::string reason) {
    Failure failure;
    failure.kind = kind;
    failure.phase = phase;
    failure.reason = std::move(reason);
    return failure;
}

class HttpLm final : public LmClient {
public:
    HttpLm(const Endpoint& endpoint, const Link& link, LmSurface surface)
        : connect_within_(endpoint.connect_within), link_(link), surface_(std::move(surface)) {}

    Task<LmOutcome> run(LmRequest request, LmSink& sink, TimePoint deadline) override {
        net::HttpCall call;
        call.method = "POST";
        call.url = surface_.url;
        call.headers = surface_.headers;
        call.headers.set("Content-Type", "application/json");
        call.headers.set("Accept", surface_.accept);
        if (surface_.more_headers) surface_.more_headers(request, call.headers);
        call.body = surface_.body(request);
        call.deadline = deadline;
        call.body_limit = kBody;
        auto unconnected = co_await connect(deadline);
        if (unconnected) co_return std::move(*unconnected);
        auto opened = co_await link_.http->open(std::move(call));
        if (!opened) co_return from_error(opened.error(), "first_byte");
        auto stream = std::move(*opened);
        const std::string id = plain(request_id(stream->headers()), 128);
        auto outcome = co_await answer(*stream, id, sink, deadline);
        if (auto* failure = std::get_if<Failure>(&outcome); failure != nullptr && failure->request_id.empty()) failure->request_id = id;
        if (auto* done = std::get_if<LmDone>(&outcome); done != nullptr && !id.empty()) done->request_id = id;
        co_return std::move(outcome);
    }

    Task<std::optional<Failure>> warm(TimePoint deadline) override { return connect(deadline); }

private:
    // A connection of its own budget, so that one that cannot be opened is told from an answer that does not come.
    Task<std::optional<Failure>> connect(TimePoint deadline) {
        const TimePoint within = std::min(deadline, Clock::now() + connect_within_);
        ConnectGate::Pass pass;
        if (link_.gate != nullptr) {
            pass = co_await link_.gate->wait_turn(within);
            if (!pass) co_return simple(FailureKind::timeout, "connect", "connect: too many connections to this vendor are being opened");
        }
        const error_code ec = co_await link_.http->connect_ahead(surface_.url, within);
        if (ec) co_return from_error(ec, "connect");
        co_return std::nullopt;
    }

    Task<LmOutcome> answer(net::HttpStream& stream, const std::string& id, LmSink& sink, TimePoint deadline) {
        const int status = stream.status();
        const auto encoding = stream.headers().get("content-encoding");
        const bool packed = !encoding.empty() && !net::equal_no_case(encoding, "identity");
        if (status >= 300 && status < 400) {
            auto failure = simple(FailureKind::refused, "first_byte", "HTTP " + std::to_string(status) + ": redirects are not followed");
            failure.status = status;
            co_return failure;
        }
        if (packed) co_return simple(FailureKind::protocol, "first_byte", "the answer is compressed, which was not asked for");
        if (status < 200 || status >= 300) co_return co_await refused(stream, id, deadline);
        sink.on_lm_open(id);
        auto reader = surface_.reader();
        const auto type = stream.headers().get("content-type");
        if (type.starts_with("application/json")) co_return co_await whole(stream, *reader, sink, deadline);
        while (!reader->over()) {
            const TimePoint until = reader->complete() ? std::min(deadline, Clock::now() + kFormalityWithin) : deadline;
            auto piece = co_await stream.read(until);
            if (piece) {
                reader->feed(*piece, sink);
            } else if (piece.error() == net::Errc::end_of_stream) {
                co_return reader->end(sink);
            } else if (piece.error() != net::Errc::cancelled && reader->complete()) {
                co_return reader->end(sink);
            } else {
                co_return from_error(piece.error(), "stream");
            }
        }
        auto outcome = reader->end(sink);
        if (std::holds_alternative<LmDone>(outcome)) {
            const TimePoint until = std::min(deadline, Clock::now() + kTailWithin);
            for (bool more = true; more;) {
                auto tail = co_await stream.read(until);
                if (!tail && tail.error() == net::Errc::cancelled) co_return from_error(tail.error(), "stream");
                more = tail.has_value();
            }
        }
        co_return std::move(outcome);
    }

    Task<LmOutcome> whole(net::HttpStream& stream, LmReader& reader, LmSink& sink, TimePoint deadline) {
        std::string body;
        while (body.size() <= LmReader::kMessage) {
            auto piece = co_await stream.read(deadline);
            if (!piece && piece.error() != net::Errc::end_of_stream) co_return from_error(piece.error(), "stream");
            if (!piece) break;
            body += *piece;
        }
        reader.feed_whole(body, sink);
        co_return reader.end(sink);
    }

    Task<LmOutcome> refused(net::HttpStream& stream, const std::string& id, TimePoint deadline) {
        std::string body;
        const TimePoint until = std::min(deadline, Clock::now() + kRefusalWithin);
        for (bool more = true; more && body.size() < kRefusal;) {
            auto piece = co_await stream.read(until);
            if (!piece && piece.error() == net::Errc::cancelled) co_return from_error(piece.error(), "first_byte");
            more = piece.has_value();
            if (more) body += *piece;
        }
        auto failure = from_http_status(stream.status(), body, retry_after(stream.headers()), id);
        if (surface_.refusal) surface_.refusal(body, failure);
        co_return failure;
    }

    std::chrono::milliseconds connect_within_;
    Link link_;
    LmSurface surface_;
};

}  // namespace

std::unique_ptr<LmClient> make_lm_client(const Endpoint& endpoint, const Link& link, LmSurface surface) {
    return std::make_unique<HttpLm>(endpoint, link, std::move(surface));
}

std::string api_url(std::string_view base, std::string_view own, std::string_view path) {
    if (base.empty()) base = own;
    std::string whole(base);
    const auto host = [](std::string_view url) {
        const auto start = url.find("://");
        return start == std::string_view::npos ? url.size() : std::min(url.find('/', start + 3), url.size());
    };
    if (host(base) == base.size()) whole += own.substr(host(own));
    return http_url(whole, path);
}

std::string check_lm(const Endpoint& endpoint, const LmNeeds& needs) {
    const std::string who(needs.vendor);
    if (needs.base && endpoint.base_url.empty()) return who + " needs a base URL";
    if (!endpoint.base_url.empty()) {
        const auto url = net::parse_url(endpoint.base_url);
        if (!url) return "the base URL of " + who + " is not an http, https, ws or wss URL";
        if (endpoint.base_url.ends_with('/') || endpoint.base_url.find_first_of("?#") != std::string::npos)
            return "the base URL of " + who + " must end with neither a slash nor a query";
    }
    const auto key = endpoint.key.reveal();
    if (needs.key && key.empty()) return who + " needs a key";
    if (std::any_of(key.begin(), key.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7F; }))
        return "the key of " + who + " holds a blank or a character that is not ASCII";
    if (needs.model && endpoint.model.empty()) return who + " needs a model";
    if (endpoint.connect_within.count() <= 0) return "the time to connect to " + who + " must be more than nothing";
    for (const auto& [name, value] : endpoint.options) {
        if (std::find(needs.options.begin(), needs.options.end(), name) == needs.options.end()) return who + " has no option \"" + plain(name, 60) + "\"";
        if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
            return "option \"" + name + "\" of " + who + " holds a control character";
    }
    return {};
}

std::string check_choice(const Endpoint& endpoint, std::string_view option, const std::vector<std::string_view>& words) {
    const auto value = endpoint.option(option);
    if (value.empty() || std::find(words.begin(), words.end(), value) != words.end()) return {};
    std::string sentence = "option \"" + std::string(option) + "\" must be one of";
    for (const auto word : words) sentence += " " + std::string(word);
    return sentence;
}

}  // namespace parley::vendors
