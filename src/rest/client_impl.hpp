#pragma once

#include <deque>

#include "parley/rest/client.hpp"
#include "parley/rest/retry.hpp"

namespace parley::rest {

struct Client::Impl {
    Impl(net::HttpClient& given, Settings wanted);
    [[nodiscard]] std::string target_of(Product product, const std::string& path) const;
    net::Task<Outcome<Answer>> run(Request& request, int& attempts);
    net::Task<Outcome<std::uint64_t>> fetch(Download& wanted, const Sink& sink, int& attempts);

    net::HttpClient& http;
    Settings settings;
    RetryPolicy policy;
    std::deque<std::string> remembered;
};

// What stands behind "Basic ". Of the account as it is when a request begins: its secret may be rotated between requests.
[[nodiscard]] std::string credentials_of(const Account& account);
[[nodiscard]] bool never_left(error_code cause);
[[nodiscard]] std::string form_of(const Params& params);
// "/Calls/CA….json" becomes "/Calls/{sid}.json": a closed set of words.
[[nodiscard]] std::string path_pattern(std::string_view path);
[[nodiscard]] double chance();  // [0, 1)

}  // namespace parley::rest
