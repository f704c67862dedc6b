#pragma once
// Requests to addresses that others chose: a customer's tools, webhooks, audio. Nothing but http(s) to public addresses, unless the configuration
// names the network. The name is resolved once, every address it has is checked, and the connection goes to those addresses and no others, so that
// an answer that changes in between changes nothing. A redirect is an ordinary reply.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "parley/net/http_client.hpp"
#include "parley/net/http_stream.hpp"

namespace parley::net {

// Why not: no URL at all; another scheme than http and https; user information; a host that is no plain name or address (decimal, octal, hexadecimal or
// short IPv4, a zone, anything but ASCII); no address found; an address that is not public.
enum class EgressReason : std::uint8_t { none, url, scheme, userinfo, host, unresolved, address };
inline constexpr std::array<std::string_view, 7> kEgressReasons{"none", "url", "scheme", "userinfo", "host", "unresolved", "address"};
[[nodiscard]] inline std::string_view name(EgressReason reason) {
    return kEgressReasons[static_cast<std::size_t>(reason)];
}

struct EgressVerdict {
    EgressReason reason = EgressReason::none;
    error_code error;                          // of a name without an address
    std::vector<asio::ip::address> addresses;  // to connect to, all checked
    [[nodiscard]] bool allowed() const { return reason == EgressReason::none; }
};

// By the text alone; what is allowed by it may still lead to an address that is not.
[[nodiscard]] EgressReason egress_url(std::string_view url);
// Reachable by anybody: not private, loopback, link-local, shared, multicast, reserved, for documentation, a cloud's own service, nor an IPv6 form of one.
[[nodiscard]] bool public_address(const asio::ip::address& address);

// Any thread. Its calls run on the loop that awaits them.
class EgressGuard {
public:
    using Addresses = std::vector<asio::ip::address>;
    using Lookup = std::function<Task<Result<Addresses>>(std::string host, TimePoint deadline)>;
    // `host` is as the URL has it, at most 100 bytes. For the log and the metric; unresolved names are not told.
    using Observe = std::function<void(EgressReason reason, const std::string& host)>;

    // `private_networks`: addresses and prefixes that are allowed although they are not public; throws std::invalid_argument with the text that is none.
    // `lookup`: empty: the process's resolver.
    explicit EgressGuard(const std::vector<std::string>& private_networks = {}, Observe observe = {}, Lookup lookup = {});
    ~EgressGuard();

    [[nodiscard]] bool permits(const asio::ip::address& address) const;
    [[nodiscard]] Task<EgressVerdict> check(std::string url, TimePoint deadline) const;

    // As HttpClient's, after the check; Errc::blocked: refused, nothing was sent. The guard outlives them.
    Task<Result<HttpReply>> request(HttpClient& client, HttpCall call) const;
    Task<Result<std::unique_ptr<HttpStream>>> open(HttpClient& client, HttpCall call) const;

private:
    Task<error_code> admit(HttpCall& call) const;
    struct Allowed;
    std::unique_ptr<Allowed> allowed_;
    Observe observe_;
    Lookup lookup_;
};

}  // namespace parley::net
