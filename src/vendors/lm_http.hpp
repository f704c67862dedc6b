#pragma once
// The thin client all language models share: one POST, its answer read by the vendor's codec.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/lm.hpp"
#include "parley/vendors/lm_reader.hpp"

namespace parley::vendors {

struct LmSurface {
    std::string url;  // of the POST, and of the connection kept ready
    net::HttpHeaders headers;
    std::string accept = "text/event-stream";
    std::function<std::string(const LmRequest&)> body;
    std::function<std::unique_ptr<LmReader>()> reader;
    std::function<void(const LmRequest&, net::HttpHeaders&)> more_headers;  // of one request; may be empty
    // What the vendor's body adds to a refusal; may be empty.
    std::function<void(std::string_view body, Failure&)> refusal;
};

[[nodiscard]] std::unique_ptr<LmClient> make_lm_client(const Endpoint& endpoint, const Link& link, LmSurface surface);

// `base` (empty: `own`) and `path`; a base without a path gets the one of `own`, as in "http://127.0.0.1:8000" for
// "https://api.vendor.com/v1".
[[nodiscard]] std::string api_url(std::string_view base, std::string_view own, std::string_view path);

struct LmNeeds {
    std::string_view vendor;  // for the sentence
    bool key = true, model = true, base = false;
    std::vector<std::string_view> options;  // that are known
};
// Empty when fine; else one plain sentence.
[[nodiscard]] std::string check_lm(const Endpoint& endpoint, const LmNeeds& needs);
// Is the option one of these words, or not given? Else the sentence.
[[nodiscard]] std::string check_choice(const Endpoint& endpoint, std::string_view option, const std::vector<std::string_view>& words);

}  // namespace parley::vendors
