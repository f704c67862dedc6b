// The public address, seen from outside: name, connection, certificate, and whether it is this gateway that answers there.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "doctor.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/ws_endpoint.hpp"
#include "parley/rest/dates.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/signature.hpp"

namespace parley::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 8s;
constexpr auto kPing = 20s;  // how often the gateway pings a quiet socket
constexpr std::string_view kStatusPath = "/webhooks/twilio/status", kMediaPath = "/webhooks/twilio/media";

class Socket {
public:
    explicit Socket(int fd) : fd_(fd) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

// The errno of connecting to the first address that says something; 0: connected.
int connect_to(const addrinfo* addresses, int& fd) {
    int error = EHOSTUNREACH;
    for (const addrinfo* one = addresses; one != nullptr; one = one->ai_next) {
        const int made = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (made < 0) continue;
        if (::connect(made, one->ai_addr, one->ai_addrlen) == 0) {
            fd = made;
            return 0;
        }
        error = errno;
        if (error == EINPROGRESS) {
            pollfd waiting{made, POLLOUT, 0};
            if (::poll(&waiting, 1, 5000) == 1) {
                socklen_t size = sizeof error;
                ::getsockopt(made, SOL_SOCKET, SO_ERROR, &error, &size);
                if (error == 0) {
                    fd = made;
                    return 0;
                }
            } else {
                error = ETIMEDOUT;
            }
        }
        ::close(made);
    }
    return error;
}

bool private_address(const sockaddr* address) {
    if (address->sa_family != AF_INET) return false;
    const auto host = ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
    return (host >> 24U) == 127 || (host >> 24U) == 10 || (host >> 16U) == 0xC0A8 || (host >> 20U) == 0xAC1 || (host >> 16U) == 0xA9FE ||
           (host >> 22U) == 0x191;
}

std::string text_of(const addrinfo* address) {
    char text[INET6_ADDRSTRLEN + 8] = {};
    ::getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    return text;
}

struct Probe {
    const gateway::Config& config;
    std::string base;  // public URL
    std::string account;

    [[nodiscard]] net::HttpCall call(std::string_view signature) const {
        net::HttpCall request("POST", base + std::string(kStatusPath), kPatience);
        request.headers.add("Content-Type", "application/x-www-form-urlencoded");
        request.headers.add("User-Agent", "TwilioProxy/1.1 (parley doctor)");
        if (!signature.empty()) request.headers.add("X-Twilio-Signature", std::string(signature));
        request.body = twilio::encode_form(form().fields());
        return request;
    }
    // A status callback of a call nobody knows: it is answered, and nothing comes of it.
    [[nodiscard]] twilio::Form form() const {
        return twilio::Form({{"AccountSid", account}, {"CallSid", "CA00000000000000000000000000d0c701"}, {"CallStatus", "completed"}, {"SequenceNumber", "0"}});
    }
    [[nodiscard]] std::string signature(const Secret& token, const std::string& url) const {
        return twilio::sign(token, url + twilio::signed_parameters(form()));
    }
};

template <class T>
T run(std::function<net::Task<T>(net::HttpClient&)> make) {
    boost::asio::io_context context{1};
    net::HttpClientOptions options;
    options.tls = net::TlsContext::client(false);  // the certificate is judged by itself
    std::optional<T> result;
    {
        net::HttpClient http(context.get_executor(), std::move(options));
        auto body = [](std::function<net::Task<T>(net::HttpClient&)> begin, net::HttpClient& client, std::optional<T>& out) -> net::Task<> {
            T value = co_await begin(client);
            out.emplace(std::move(value));
        };
        auto task = body(std::move(make), http, result);
        boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr) { context.stop(); });
        context.run();
    }
    if (!result) throw std::runtime_error("internal error");
    return std::move(*result);
}

Result<net::HttpReply> ask(net::HttpCall call) {
    return run<Result<net::HttpReply>>([call](net::HttpClient& http) { return http.request(call); });
}

void judge_tls(const TlsLook& look, const net::Url& url, Findings& found) {
    using Fault = TlsLook::Fault;
    const auto fail = [&](std::string sentence, std::string remedy) {
        found.push_back({"address.certificate", Verdict::fail, std::move(sentence), std::move(remedy), false});
    };
    const std::string until = rest::format_day(look.not_after);
    switch (look.fault) {
        case Fault::none:
            break;
        case Fault::no_tls:
            return fail("What listens at " + url.host + ":" + std::to_string(url.port) + " does not speak TLS: " + look.detail + ".",
                        "Look at the port in server.public_url, or switch TLS on in the proxy or at server.tls.listen.");
        case Fault::too_old:
            return fail(url.host + " speaks only a TLS older than 1.2.", "Switch on TLS 1.2 and 1.3 in the proxy.");
        case Fault::expired:
            return fail("The certificate of " + url.host + " expired on " + until + ".", "Renew it, and have the proxy load the new one.");
        case Fault::not_yet:
            return fail("The certificate of " + url.host + " is not valid yet.", "Look at the clock of whoever made it, and at this machine's.");
        case Fault::wrong_host:
            return fail("The certificate at " + url.host + " is for " + look.names + ".", "Get one for " + url.host + ", or correct server.public_url.");
        case Fault::self_signed:
            return fail("The certificate of " + url.host + " is signed by itself: Twilio does not believe it.",
                        "Get one from a public authority, such as Let's Encrypt.");
        case Fault::incomplete:
            return fail("The certificate of " + url.host + " is served without the chain that leads to an authority.",
                        "Serve the whole chain (fullchain.pem, not cert.pem).");
        case Fault::untrusted:
            return fail("The certificate of " + url.host + " leads to no authority that is believed: " + look.detail + ".", "Get one from a public authority.");
        case Fault::other:
            return fail("The certificate of " + url.host + " is not believed: " + look.detail + ".", "Replace it.");
    }
    const auto left = std::chrono::duration_cast<std::chrono::hours>(look.not_after - WallClock::now()).count() / 24;
    if (left < 14)
        found.push_back({"address.certificate", Verdict::warn, "The certificate of " + url.host + " expires in " + std::to_string(left) + " days.",
                         "See why it was not renewed.", false});
    else
        found.push_back({"address.certificate", Verdict::ok, "The certificate of " + url.host + " is good until " + until + ".", {}, false});
}

// Name, connection, certificate. False: nobody can be asked there.
bool look_from_outside(const net::Url& url, const DoctorOptions& options, Findings& found) {
    addrinfo hints{}, *addresses = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    const int unresolved = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &addresses);
    if (unresolved != 0) {
        found.push_back({"address.resolves", Verdict::fail, "The name " + url.host + " does not resolve: " + ::gai_strerror(unresolved) + ".",
                         "Enter it in DNS, or correct server.public_url.", false});
        return false;
    }
    const std::string address = text_of(addresses);
    if (private_address(addresses->ai_addr))
        found.push_back({"address.resolves", Verdict::warn, url.host + " is " + address + " for this machine, which Twilio cannot reach.",
                         "Make sure that the public DNS has a public address for it.", false});
    else
        found.push_back({"address.resolves", Verdict::ok, url.host + " is " + address + ".", {}, false});

    int fd = -1;
    const int error = connect_to(addresses, fd);
    ::freeaddrinfo(addresses);
    const Socket socket(fd);
    const std::string where = url.host + ":" + std::to_string(url.port);
    if (error != 0) {
        const std::string why = error == ECONNREFUSED ? "refuses connections"
                                : error == ETIMEDOUT  ? "does not answer"
                                                      : std::string("cannot be reached: ") + std::strerror(error);
        found.push_back({"address.reachable", Verdict::fail, where + " " + why + ".",
                         error == ECONNREFUSED ? "Start the gateway or the proxy before it, or correct the port in server.public_url."
                                               : "Open the firewall for it, and look at routing.",
                         false});
        return false;
    }
    found.push_back({"address.reachable", Verdict::ok, where + " takes connections.", {}, false});
    if (!url.tls()) return true;
    const TlsLook look = look_at_tls(fd, url.host, options.ca_file, kPatience);
    judge_tls(look, url, found);
    return look.fault != TlsLook::Fault::no_tls && look.fault != TlsLook::Fault::too_old;
}

// Which other spelling of the address, or which other token, the running gateway would have believed.
std::string believed(const Probe& probe) {
    const auto taken = [&](const Secret& token, const std::string& url) {
        const auto reply = ask(probe.call(probe.signature(token, url)));
        return reply && (reply->status == 204 || reply->status == 200);
    };
    const auto& tokens = probe.config.twilio.auth_tokens;
    const std::string path(kStatusPath), url = probe.base + path;
    for (std::size_t i = 1; i < tokens.size(); ++i) {
        if (taken(tokens[i], url)) return "it knows the second auth token and not the first";
    }
    const auto behind = url.find("://");
    const std::string other = (url.starts_with("https") ? "http" : "https") + url.substr(behind);
    if (taken(tokens.front(), other)) return "it believes to be reached at " + other.substr(0, other.size() - path.size());
    const auto slash = url.find('/', behind + 3);
    if (slash + path.size() != url.size() && taken(tokens.front(), url.substr(0, slash) + path)) return "it believes to be reached at " + url.substr(0, slash);
    return {};
}

// Sends a signed and an unsigned callback. False: it is not our gateway.
bool look_at_gateway(const Probe& probe, Findings& found) {
    const auto& t = probe.config.twilio;
    const std::string url = probe.base + std::string(kStatusPath);
    const auto fail = [&](const char* check, std::string sentence, std::string remedy) {
        found.push_back({check, Verdict::fail, std::move(sentence), std::move(remedy), false});
        return false;
    };
    const auto unsigned_reply = ask(probe.call({}));
    if (!unsigned_reply)
        return fail("address.gateway", "A request to " + url + " gets no answer: " + unsigned_reply.error().message() + ".",
                    "Look whether the gateway runs and the proxy leads to it.");
    const int bare = unsigned_reply->status;
    const std::string answered = "A callback to " + url + " is answered " + std::to_string(bare);
    if (bare >= 301 && bare <= 308)
        return fail("address.gateway",
                    answered + ", a redirect to " + std::string(unsigned_reply->headers.get("location")) + ": Twilio's form and signature do not survive that.",
                    "Give the final address as server.public_url, and wire the numbers again.");
    if (bare == 401)
        return fail("address.gateway", answered + ": something in front of the gateway asks for a password.",
                    "Let /webhooks/twilio/ through without one: requests are signed.");
    if (bare == 404 || bare == 405)
        return fail("address.gateway", answered + ": nobody there knows that path.",
                    "Let the proxy forward /webhooks/twilio/ unchanged, without adding or taking away a prefix that is not in server.public_url.");
    if (bare == 502 || bare == 503 || bare == 504)
        return fail("address.gateway", answered + ": the proxy is there, but does not reach the gateway.", "Start the gateway, or correct the proxy's target.");
    if (!t.verify_signatures) {
        if (bare == 204) {
            found.push_back({"address.gateway", Verdict::ok, "This gateway answers at " + probe.base + ".", {}, false});
            return true;
        }
        return fail("address.gateway", answered + ", which is not how this gateway answers.", "Look what listens there.");
    }
    const auto signed_reply = ask(probe.call(probe.signature(t.auth_tokens.front(), url)));
    const int status = signed_reply ? signed_reply->status : 0;
    if (bare != 400 || (status != 204 && status != 403 && status != 400))
        return fail(
            "address.gateway",
            answered + " without a signature and " + std::to_string(status) + " with one, which is not how this gateway answers: something else listens there.",
            "Let the proxy lead to the gateway, or correct server.public_url.");
    found.push_back({"address.gateway", Verdict::ok, "This gateway answers at " + probe.base + ".", {}, false});
    if (status == 204) {
        found.push_back({"address.signature", Verdict::ok, "A request signed for " + probe.base + " is believed.", {}, false});
    } else if (status == 400) {
        fail("address.signature", "The gateway sees no signature on a signed request.", "Let the proxy pass the header X-Twilio-Signature on.");
    } else {
        const std::string why = believed(probe);
        fail("address.signature", "The running gateway refuses a request that is rightly signed for " + url + (why.empty() ? "." : ": " + why + "."),
             why.empty() ? "The running gateway has another auth token or server.public_url than this configuration, or the proxy changes the path: restart it "
                           "with this configuration, and let the path pass unchanged."
                         : "Give the running gateway this configuration's token and server.public_url.");
    }
    return true;
}

struct Upgraded {
    bool open = false;
    int status = 0;
    std::string error;
};

void look_at_socket(const Probe& probe, Findings& found) {
    const std::string url = probe.base + std::string(kMediaPath);
    const std::string ws = "ws" + url.substr(4);  // https becomes wss
    const auto& tokens = probe.config.twilio.auth_tokens;
    const std::string signature = tokens.empty() ? std::string() : twilio::sign(tokens.front(), ws);
    const auto seen = run<Upgraded>([ws, signature](net::HttpClient&) -> net::Task<Upgraded> {
        net::ConnectOptions options(ws);
        options.deadline = kPatience;
        options.tls = net::TlsContext::client(false);
        options.headers.add("X-Twilio-Signature", signature);
        net::HttpReply answer;
        Upgraded upgraded;
        Result<std::unique_ptr<net::WebSocket>> socket = co_await net::ws_connect(std::move(options), net::WsLimits{}, &answer);
        upgraded.status = answer.status;
        upgraded.open = socket.has_value();
        if (!socket) upgraded.error = socket.error().message();
        if (socket) co_await (*socket)->close(1000, "parley doctor");
        co_return upgraded;
    });
    if (seen.open) {
        found.push_back({"address.websocket", Verdict::ok, "A WebSocket opens at " + ws + ".", {}, false});
    } else if (seen.status == 403) {
        found.push_back({"address.websocket", Verdict::fail, "The WebSocket at " + ws + " is refused with 403: its signature is not believed.",
                         "As with address.signature: the running gateway's token, its server.public_url, or a path changed by the proxy.", false});
    } else if (seen.status != 0) {
        found.push_back({"address.websocket", Verdict::fail,
                         "The WebSocket at " + ws + " is answered " + std::to_string(seen.status) + " instead of 101: the upgrade does not get through.",
                         "Let the proxy speak HTTP/1.1 to the gateway and pass Upgrade and Connection on (nginx: proxy_set_header Upgrade $http_upgrade; "
                         "proxy_set_header Connection \"upgrade\").",
                         false});
    } else {
        found.push_back({"address.websocket", Verdict::fail, "No WebSocket opens at " + ws + ": " + seen.error + ".", "Look at the proxy's log.", false});
    }
}

// How long a connection may be quiet. The gateway itself ends a quiet HTTP connection after a minute, and pings sockets every 20 s.
void look_at_idle(const net::Url& url, std::chrono::seconds wanted, Findings& found) {
    if (wanted == 0s) {
        found.push_back({"proxy.idle", Verdict::skipped, "A proxy's idle time-out was not looked for.",
                         "Say --idle-seconds 30: the gateway pings a quiet socket every 20 s.", false});
        return;
    }
    const auto hold = std::min<std::chrono::seconds>(wanted, 55s);
    addrinfo hints{}, *addresses = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    int fd = -1;
    if (::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &addresses) == 0) {
        (void)connect_to(addresses, fd);
        ::freeaddrinfo(addresses);
    }
    const Socket socket(fd);
    std::string target = url.target;
    while (target.ends_with('/')) target.pop_back();
    const std::string request = "GET " + target + std::string(kMediaPath) + " HTTP/1.1\r\nHost: " + url.host_header() + "\r\nUser-Agent: parley\r\n\r\n";
    const Held held = fd < 0 ? Held{} : hold_idle(fd, url.tls() ? url.host : std::string(), request, hold, kPatience);
    if (!held.answered)
        found.push_back({"proxy.idle", Verdict::skipped, "What answers there closes each connection at once: its idle time-out cannot be told.", {}, false});
    else if (held.closed_after >= 0s && held.closed_after < kPing + 5s)
        found.push_back(
            {"proxy.idle", Verdict::warn, "A quiet connection is closed after " + std::to_string(held.closed_after.count()) + " s.",
             "Raise the proxy's idle or read time-out above 60 s (nginx: proxy_read_timeout 3600s): the gateway pings quiet sockets every 20 s only.", false});
    else
        found.push_back({"proxy.idle",
                         Verdict::ok,
                         "A connection may be quiet for " + std::to_string((held.closed_after >= 0s ? held.closed_after : hold).count()) + " s.",
                         {},
                         false});
}

}  // namespace

void check_address(const gateway::Config& config, const DoctorOptions& options, Findings& found) {
    const auto url = net::parse_url(config.server.public_url);
    if (!url) {
        found.push_back({"address.url", Verdict::fail, "server.public_url is missing: Twilio has nowhere to call.",
                         "Give the https address Twilio reaches this gateway at.", false});
        return;
    }
    if (!url->tls())
        found.push_back({"address.url", Verdict::warn, "server.public_url is http, which works on this machine only: Twilio opens media streams over TLS.",
                         "Give an https address.", false});
    else
        found.push_back({"address.url", Verdict::ok, "server.public_url is " + config.server.public_url + ".", {}, false});
    if (!look_from_outside(*url, options, found)) return;
    const Probe probe{config, config.server.public_url, config.twilio.account_sids.empty() ? "AC" + std::string(32, '0') : config.twilio.account_sids.front()};
    if (!look_at_gateway(probe, found)) return;
    look_at_socket(probe, found);
    look_at_idle(*url, options.idle, found);
}

}  // namespace parley::cli
