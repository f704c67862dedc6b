#pragma once
// The one way to Twilio's REST API: authentication, form bodies, errors, repetition, pace. Resources (calls.hpp, conferences.hpp, …) are built on it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/secret.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"
#include "parley/rest/dates.hpp"
#include "parley/rest/error.hpp"

namespace parley::rest {

// Names and values in the order they are sent; a list is its name repeated.
using Params = std::vector<std::pair<std::string, std::string>>;

enum class Product : std::uint8_t { api, voice, intelligence };  // api.twilio.com/2010-04-01, voice.twilio.com, intelligence.twilio.com

struct Account {
    std::string sid;       // AC…: also in the path when an API key signs
    std::string api_key;   // SK…; empty: the account's own SID with its token
    Secret secret;         // auth token, or the key's secret
    std::string region;    // "ie1"; empty: us1
    std::string edge;      // "dublin"; empty: the default one
    std::string base_url;  // instead of Twilio, for every product ("http://127.0.0.1:8090"); empty: Twilio
};

// Whether a request may be sent again when nobody knows what became of it.
enum class Repeat : std::uint8_t {
    safe,  // reading, deleting, and updates that give the same result twice
    never  // creating: after a lost answer the caller reconciles (Calls::create does) or reports `unknown`
};

struct Request {
    std::string method = "GET";  // GET, POST, DELETE
    Product product = Product::api;
    std::string
        path;  // api: below /2010-04-01/Accounts/{sid}, e.g. "/Calls.json"; "~" in front: as it stands (next_page_uri, "/2010-04-01/…"); others: "/v2/Services"
    Params params;  // POST: the form; GET and DELETE: the query
    Repeat repeat = Repeat::safe;
    std::chrono::milliseconds within{15000};  // for everything, repetitions and waiting included
    std::size_t body_limit = 4U << 20U;
};

struct Answer {
    int status = 0;
    std::string body, content_type, request_id;
    When date;                            // the answering server's clock
    std::chrono::milliseconds lasted{0};  // of the attempt that was answered
};

// Shared by all clients of an account: the pace, and the number of requests under way.
class Pace;
[[nodiscard]] std::shared_ptr<Pace> make_pace(double requests_per_second, std::uint32_t at_once);

struct Observed {                   // for metrics and the log, once a request
    std::string_view method, path;  // path: identifiers replaced by {sid}
    int status = 0;
    std::string_view outcome;  // ok or name(Failure)
    int attempts = 0;
    std::chrono::milliseconds lasted{0};
};

// Takes a piece of a body; false ends the download (disk full, nobody wants it any more).
using Sink = std::function<bool(std::string_view piece)>;

struct Download {
    std::string path;  // as Request::path, without parameters behind it
    Params params;
    std::size_t limit = 64U << 20U;
    std::chrono::milliseconds within{60000};
    std::chrono::milliseconds wait_for_it{0};  // 404 is asked again so long: what is being made is not there yet
};

// Where a product of this account is reached.
[[nodiscard]] std::string origin_of(const Account& account, Product product);
// One segment of a path, encoded: identifiers, labels, conference names.
[[nodiscard]] std::string segment(std::string_view text);

// Of one executor, like the HTTP client below it; outlives its requests. A destroyed client's requests must have ended.
class Client {
public:
    struct Settings {
        std::shared_ptr<const Account> account;
        std::shared_ptr<Pace> pace;                  // none: unlimited
        int attempts = 4;                            // of a request that may be repeated; 429 counts too
        std::chrono::milliseconds first_pause{250};  // doubled each time, full jitter, at most 8 s; Retry-After goes before it
        std::function<void(const Observed&)> observe;
    };
    Client(net::HttpClient& http, Settings settings);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    net::Task<Outcome<Answer>> send(Request request);
    // A body in pieces, and how many bytes it had. Redirects are followed; the credentials stay with Twilio. Repeated only as long as the
    // sink has had nothing.
    net::Task<Outcome<std::uint64_t>> download(Download wanted, Sink sink);
    [[nodiscard]] const Account& account() const;
    [[nodiscard]] const Settings& settings() const;
    // "https://api.dublin.ie1.twilio.com", or the account's own address; what every request of that product begins with.
    [[nodiscard]] std::string origin(Product product = Product::api) const;

    // What this client's creates have already answered with, so that looking for a lost one does not find a sister. The latest 256.
    void remember(const std::string& sid);
    [[nodiscard]] bool remembers(std::string_view sid) const;

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::rest
