#pragma once
// Sends one webhook the way the carrier does: header set, signature, idempotency token, overrides and retries,
// redirects, cookies of the call, credentials of the URL.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/secret.hpp"
#include "parley/sim/form.hpp"
#include "parley/sim/http_client.hpp"

namespace parley::sim {

// How requests are signed; everything but `right` exists to test the receiver.
enum class SignatureMode : std::uint8_t { right, wrong, missing, stale_token };

// Faults of single webhooks, changeable while the carrier runs. Thread-safe.
class WebhookTricks {
public:
    struct Trick {
        enum class Kind : std::uint8_t { twice, wrong_token, old_token, missing_signature } kind = Kind::twice;
        std::string path;         // a part of the URL; empty: any
        int skip = 0, count = 1;  // of the matching requests: leave so many alone, then do it so often
    };
    void set(std::vector<Trick> tricks);
    // The trick for this request, used up by it.
    [[nodiscard]] std::optional<Trick::Kind> next(std::string_view url);

private:
    std::mutex mutex_;
    std::vector<Trick> tricks_;
};

// Cookies of one call, by host. Lives as long as the call, used on its worker only.
class CookieJar {
public:
    void store(const std::string& host, const Headers& headers);
    [[nodiscard]] std::string header_for(const std::string& host) const;

private:
    std::map<std::string, std::map<std::string, std::string>> by_host_;
};

struct Webhook {
    std::string method = "POST";
    std::string url;  // absolute, may carry a fragment with overrides and credentials
    Form form;
    CookieJar* cookies = nullptr;
    std::size_t body_limit = 64 * 1024;
};

struct WebhookReply {
    HttpReply http;
    std::string final_url;  // after redirects; the base for relative references
    int attempts = 0;
    std::string idempotency_token;
    [[nodiscard]] bool ok() const { return http.failure == 0 && http.status >= 200 && http.status < 300; }
};

struct SigningKeys {
    Secret token;
    Secret previous;  // signs in mode `stale_token`
    SignatureMode mode = SignatureMode::right;
};

// For receivers that are slow: how long an answer is waited for, and how often the request is sent again, with the same token.
struct LatePolicy {
    int patience_ms = 15000;
    int repeats = 0;
};

class WebhookSender {
public:
    WebhookSender(std::shared_ptr<const HttpClient> client, SigningKeys keys, LatePolicy late = {}, std::shared_ptr<WebhookTricks> tricks = nullptr)
        : client_(std::move(client)), keys_(std::move(keys)), late_(late), tricks_(std::move(tricks)) {}

    Task<WebhookReply> send(Webhook webhook) const;
    // The header for a request to `url`; empty: send none.
    [[nodiscard]] std::string signature(std::string_view url, const Form& form) const { return signature(url, form, keys_.mode); }
    [[nodiscard]] const HttpClient& http() const { return *client_; }

private:
    [[nodiscard]] std::string signature(std::string_view url, const Form& form, SignatureMode mode) const;
    Task<HttpReply> attempt(const Webhook& webhook, std::string url, std::string method, bool with_form, std::string token, ConnectionOverrides overrides,
                            SignatureMode mode) const;

    std::shared_ptr<const HttpClient> client_;
    SigningKeys keys_;
    LatePolicy late_;
    std::shared_ptr<WebhookTricks> tricks_;
};

inline constexpr int kMaxRedirects = 10;  // then 11215

}  // namespace parley::sim
