#include "parley/net/egress.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "address.hpp"
#include "parley/net/resolver.hpp"

namespace parley::net {
namespace {

namespace ip = asio::ip;

struct Prefix4 {
    std::uint32_t network;
    unsigned bits;
};
// IANA's IPv4 special-purpose registry, as far as nobody on the internet answers there; and what clouds answer themselves at a public address.
constexpr Prefix4 kNotPublic4[] = {
    {0x00000000, 8},   // 0.0.0.0/8 this network
    {0x0a000000, 8},   // 10.0.0.0/8
    {0x64400000, 10},  // 100.64.0.0/10 carrier's NAT, also a metadata service (100.100.100.200)
    {0x7f000000, 8},   // 127.0.0.0/8
    {0xa83f8110, 32},  // 168.63.129.16 a cloud's own service
    {0xa9fe0000, 16},  // 169.254.0.0/16 link-local, metadata services
    {0xac100000, 12},  // 172.16.0.0/12
    {0xc0000000, 24},  // 192.0.0.0/24 protocol assignments, also a metadata service (192.0.0.192)
    {0xc0000200, 24},  // 192.0.2.0/24 documentation
    {0xc0586300, 24},  // 192.88.99.0/24 6to4 relays
    {0xc0a80000, 16},  // 192.168.0.0/16
    {0xc6120000, 15},  // 198.18.0.0/15 benchmarks
    {0xc6336400, 24},  // 198.51.100.0/24 documentation
    {0xcb007100, 24},  // 203.0.113.0/24 documentation
    {0xe0000000, 4},   // 224.0.0.0/4 multicast
    {0xf0000000, 4},   // 240.0.0.0/4 reserved, broadcast
};

bool public_v4(std::uint32_t address) {
    return std::none_of(std::begin(kNotPublic4), std::end(kNotPublic4),
                        [&](const Prefix4& prefix) { return ((address ^ prefix.network) >> (32 - prefix.bits)) == 0; });
}

using Bytes6 = ip::address_v6::bytes_type;
std::uint32_t v4_at(const Bytes6& bytes, std::size_t at) {
    return (std::uint32_t{bytes[at]} << 24U) | (std::uint32_t{bytes[at + 1]} << 16U) | (std::uint32_t{bytes[at + 2]} << 8U) | bytes[at + 3];
}
bool begins(const Bytes6& bytes, std::initializer_list<unsigned> start) {
    return std::equal(start.begin(), start.end(), bytes.begin(), [](unsigned a, std::uint8_t b) { return a == b; });
}

bool public_v6(const Bytes6& bytes) {
    if (begins(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return public_v4(v4_at(bytes, 12));     // ::ffff:0:0/96 mapped
    if (begins(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return public_v4(v4_at(bytes, 12));  // 64:ff9b::/96 NAT64
    if ((bytes[0] & 0xe0U) != 0x20) return false;                                                          // all but 2000::/3: loopback, local, multicast, …
    if (begins(bytes, {0x20, 0x02})) return public_v4(v4_at(bytes, 2));                                    // 2002::/16 6to4
    if (begins(bytes, {0x20, 0x01}) && bytes[2] < 2) return false;                                         // 2001::/23 protocol assignments, Teredo
    if (begins(bytes, {0x20, 0x01, 0x0d, 0xb8})) return false;                                             // 2001:db8::/32 documentation
    return !(begins(bytes, {0x3f, 0xff}) && bytes[2] < 0x10);                                              // 3fff::/20 documentation
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// A name or an address written the one usual way. What ends in a number is an address to some and a name to others.
bool plain_host(std::string_view host) {
    error_code ec;
    if (host.find(':') != std::string_view::npos) {
        (void)ip::make_address_v6(std::string(host), ec);
        return !ec && host.find('%') == std::string_view::npos;
    }
    if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") != std::string_view::npos) return false;
    if (host.front() == '.' || host.back() == '.' || host.find("..") != std::string_view::npos) return false;
    const auto dot = host.rfind('.');
    const auto last = dot == std::string_view::npos ? host : host.substr(dot + 1);
    const bool number = is_digits(last) || (last.starts_with("0x") && last.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos);
    if (!number) return true;
    const auto v4 = ip::make_address_v4(std::string(host), ec);
    return !ec && v4.to_string() == host;
}

}  // namespace

EgressReason egress_url(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0) return EgressReason::url;
    std::string scheme;
    for (const char c : text.substr(0, colon)) scheme += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (scheme != "http" && scheme != "https") return EgressReason::scheme;
    if (text.size() > 8192 || text.substr(colon, 3) != "://") return EgressReason::url;
    const auto authority = text.substr(colon + 3, text.find_first_of("/?#\\", colon + 3) - colon - 3);
    if (authority.find('@') != std::string_view::npos) return EgressReason::userinfo;
    const auto url = parse_url(text);
    if (!url) return authority.find_first_of("[]%") != std::string_view::npos ? EgressReason::host : EgressReason::url;
    return plain_host(url->host) ? EgressReason::none : EgressReason::host;
}

bool public_address(const ip::address& address) {
    return address.is_v4() ? public_v4(address.to_v4().to_uint()) : public_v6(address.to_v6().to_bytes());
}

struct EgressGuard::Allowed {
    AddressSet set;
};

EgressGuard::EgressGuard(const std::vector<std::string>& private_networks, Observe observe, Lookup lookup)
    : allowed_(std::make_unique<Allowed>(Allowed{AddressSet(private_networks)})), observe_(std::move(observe)), lookup_(std::move(lookup)) {}
EgressGuard::~EgressGuard() = default;

bool EgressGuard::permits(const ip::address& address) const {
    if (public_address(address)) return true;
    return !allowed_->set.empty() && (!address.is_v6() || address.to_v6().scope_id() == 0) && allowed_->set.contains(address.to_string());
}

Task<EgressVerdict> EgressGuard::check(std::string text, TimePoint deadline) const {
    EgressVerdict verdict;
    verdict.reason = egress_url(text);
    std::string host;
    if (verdict.allowed()) {
        host = parse_url(text)->host;
        error_code ec;
        const auto literal = ip::make_address(host, ec);
        if (!ec) {
            verdict.addresses.push_back(literal);
        } else {
            Result<Addresses> found = make_error_code(Errc::resolve_failed);
            if (lookup_)
                found = co_await lookup_(host, deadline);
            else
                found = co_await Resolver::process().resolve(host, deadline);
            if (!found || found->empty()) {
                verdict.reason = EgressReason::unresolved;
                verdict.error = found ? make_error_code(Errc::resolve_failed) : found.error();
                co_return verdict;
            }
            verdict.addresses = std::move(*found);
        }
        // One that is not allowed spoils all: whoever set it up beside a good one meant it.
        if (!std::all_of(verdict.addresses.begin(), verdict.addresses.end(), [this](const auto& address) { return permits(address); }))
            verdict.reason = EgressReason::address;
    }
    if (!verdict.allowed()) {
        verdict.addresses.clear();
        if (observe_) observe_(verdict.reason, host.substr(0, 100));
    }
    co_return verdict;
}

Task<error_code> EgressGuard::admit(HttpCall& call) const {
    auto verdict = co_await check(call.url, call.deadline);
    if (verdict.reason == EgressReason::unresolved) co_return verdict.error;
    if (!verdict.allowed()) co_return make_error_code(Errc::blocked);
    call.addresses = std::move(verdict.addresses);
    call.redirects = 0;
    co_return error_code{};
}

Task<Result<HttpReply>> EgressGuard::request(HttpClient& client, HttpCall call) const {
    if (const auto ec = co_await admit(call)) co_return ec;
    co_return co_await client.request(std::move(call));
}

Task<Result<std::unique_ptr<HttpStream>>> EgressGuard::open(HttpClient& client, HttpCall call) const {
    if (const auto ec = co_await admit(call)) co_return ec;
    co_return co_await client.open(std::move(call));
}

}  // namespace parley::net
