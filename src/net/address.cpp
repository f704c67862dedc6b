#include "address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace parley::net {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address_v6::bytes_type> as_bytes(std::string_view text) {
    boost::system::error_code ec;
    const ip::address address = ip::make_address(std::string(text), ec);
    if (ec) return std::nullopt;
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes() : address.to_v6().to_bytes();
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::string address_text(const sockaddr_storage& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &address, sizeof in);
        ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    } else if (address.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &address, sizeof in);
        if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
            ::inet_ntop(AF_INET, in.sin6_addr.s6_addr + 12, text, sizeof text);
        } else {
            ::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
        }
    }
    return text;
}

AddressSet::AddressSet(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        const auto slash = text.find('/');
        const std::string_view address = std::string_view(text).substr(0, slash);
        const auto bytes = as_bytes(address);
        const bool v4 = address.find(':') == std::string_view::npos;
        unsigned bits = v4 ? 32 : 128;
        if (slash != std::string::npos) {
            const char* const end = text.data() + text.size();
            unsigned given = 0;
            const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, given);
            if (error != std::errc{} || stop != end || given > bits) throw std::invalid_argument("not an address or prefix: " + text);
            bits = given;
        }
        if (!bytes) throw std::invalid_argument("not an address or prefix: " + text);
        prefixes_.push_back({*bytes, v4 ? bits + 96 : bits});
    }
}

bool AddressSet::contains(std::string_view address) const {
    const auto bytes = as_bytes(address);
    if (!bytes) return false;
    return std::any_of(prefixes_.begin(), prefixes_.end(), [&bytes](const Prefix& prefix) {
        const std::size_t whole = prefix.bits / 8;
        if (!std::equal(prefix.bytes.begin(), prefix.bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes->begin())) return false;
        const unsigned rest = prefix.bits % 8;
        return rest == 0 || (prefix.bytes[whole] ^ (*bytes)[whole]) >> (8 - rest) == 0;
    });
}

std::string client_address(const std::string& peer, const std::vector<std::string_view>& forwarded_for, const AddressSet& trusted) {
    if (!trusted.contains(peer)) return peer;
    std::string client = peer;
    for (auto field = forwarded_for.rbegin(); field != forwarded_for.rend(); ++field) {
        std::string_view rest = *field;
        while (true) {
            const auto comma = rest.rfind(',');
            const std::string_view hop = trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
            if (!as_bytes(hop)) return client;  // nonsense ends the chain of trust
            client = hop;
            if (!trusted.contains(hop)) return client;
            if (comma == std::string_view::npos) break;
            rest = rest.substr(0, comma);
        }
    }
    return client;
}

}  // namespace parley::net
