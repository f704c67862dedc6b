#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace parley::net {

// "192.0.2.1" or "2001:db8::1"; an IPv4 address inside IPv6 reads as IPv4.
[[nodiscard]] std::string address_text(const sockaddr_storage& address);

// A set of addresses and prefixes. Throws std::invalid_argument with the text that is neither.
class AddressSet {
public:
    explicit AddressSet(const std::vector<std::string>& texts);
    [[nodiscard]] bool contains(std::string_view address) const;
    [[nodiscard]] bool empty() const { return prefixes_.empty(); }

private:
    struct Prefix {
        boost::asio::ip::address_v6::bytes_type bytes;  // IPv4 as ::ffff:a.b.c.d
        unsigned bits;
    };
    std::vector<Prefix> prefixes_;
};

// Who a request comes from: `peer`, unless it is a trusted proxy; then the last address of X-Forwarded-For that is not
// one.
[[nodiscard]] std::string client_address(const std::string& peer, const std::vector<std::string_view>& forwarded_for, const AddressSet& trusted);

}  // namespace parley::net
