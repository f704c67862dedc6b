#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <vector>

#include "connection.hpp"

namespace parley::net {

// A connection to host:port, encrypted when `tls` is given (the host is the name its certificate must bear). Addresses
// are tried in the resolver's order, the next one beginning 250 ms after the last or at once when that failed; the
// first that answers wins. `known`: these addresses instead of the resolver's.
Task<Result<std::unique_ptr<Connection>>> dial(std::string host, std::uint16_t port, std::shared_ptr<const TlsContext> tls, TimePoint deadline,
                                               std::vector<asio::ip::address> known = {});

// The client context of those who brought none: verification against the system's authorities.
[[nodiscard]] std::shared_ptr<const TlsContext> default_client_tls();

}  // namespace parley::net
