#include "http_tool.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>
#include <openssl/hmac.h>

#include "answer.hpp"
#include "template.hpp"

namespace parley::tools {

using nlohmann::json;

namespace {

constexpr auto kRetryPause = std::chrono::milliseconds(200);
constexpr auto kWorthRetrying = std::chrono::milliseconds(500);  // with less time left a second attempt only delays the answer

[[noreturn]] void wrong(const std::string& member, const std::string& why) {
    throw std::invalid_argument(member + ": " + why);
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::string pointer_of(const std::string& text, const std::string& member) {
    try {
        (void)json::json_pointer(text);
    } catch (const json::exception&) {
        wrong(member, "'" + text + "' is no JSON pointer (/a/0/b)");
    }
    return text;
}

bool own_machine(std::string_view url) {
    const std::array<std::string_view, 3> own{"http://127.0.0.1", "http://[::1]", "http://localhost"};
    return std::any_of(own.begin(), own.end(), [&](auto begins) {
        return url.starts_with(begins) && (url.size() == begins.size() || url[begins.size()] == ':' || url[begins.size()] == '/');
    });
}

// A server that repeats what it was given tells it to nobody.
void mask(std::string& body, std::string_view keys) {
    constexpr std::size_t kShortest = 4;
    if (keys.size() < kShortest) return;
    for (auto at = body.find(keys); at != std::string::npos; at = body.find(keys, at + keys.size())) body.replace(at, keys.size(), keys.size(), '*');
}

std::int64_t unix_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class HttpRequestTool final : public Tool {
public:
    HttpRequestTool(const HttpTool& given, std::shared_ptr<const net::EgressGuard> guard)
        : guard_(std::move(guard)), method_(given.method), signing_key_(given.signing_key) {
        if (!is_tool_name(given.name)) wrong("name", "expected 1 to 64 letters, digits, - and _");
        if (given.description.empty() || given.description.size() > 2000) wrong("description", "expected 1 to 2000 characters: the model decides by it");
        if (!one_of(method_, {"GET", "POST", "PUT", "PATCH", "DELETE"})) wrong("method", "expected GET, POST, PUT, PATCH or DELETE");
        traits_.name = traits_.label = given.name;
        traits_.description = given.description;
        traits_.parameters = given.parameters.empty() ? R"({"type":"object","properties":{}})" : given.parameters;
        auto compiled = JsonSchema::compile(traits_.parameters);
        if (!compiled) wrong("parameters", compiled.error);
        const auto schema = json::parse(traits_.parameters, nullptr, false);
        if (!schema.is_object() || schema.value("type", json()) != "object") wrong("parameters", "expected a schema of type object");
        traits_.schema = std::move(compiled.schema);
        traits_.timeout = given.timeout;
        traits_.idempotent = given.idempotent || method_ == "GET";
        traits_.consequential = given.consequential;
        traits_.cancel_on_interruption = given.cancel_on_interruption || method_ == "GET";
        traits_.filler = given.filler;
        traits_.concurrency = std::max<std::uint32_t>(1, given.concurrency);
        try {
            url_ = Template(given.url, Template::Place::url);
        } catch (const std::invalid_argument& e) {
            wrong("url", e.what());
        }
        if (const auto reason = net::egress_url(given.url.substr(0, given.url.find('{'))); reason != net::EgressReason::none)
            wrong("url", "cannot be used (" + std::string(net::name(reason)) + ")");
        for (const auto& [name, value] : given.headers) {
            const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
                return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
            });
            if (!token || one_of(name, {"Host", "host", "Content-Length", "content-length", "Connection", "connection"}))
                wrong("headers", "'" + name + "' is no header a tool may set");
            try {
                headers_.emplace_back(name, Template(value.reveal(), Template::Place::header));
            } catch (const std::invalid_argument& e) {
                wrong("headers", "'" + name + "' " + e.what());
            }
        }
        if (!given.body.empty() && method_ == "GET") wrong("body", "a GET has none");
        try {
            body_ = Template(given.body, Template::Place::json);
        } catch (const std::invalid_argument& e) {
            wrong("body", e.what());
        }
        traits_.digits = body_.digits();
        for (const auto& [name, value] : headers_) traits_.digits.insert(value.digits().begin(), value.digits().end());
        if (!traits_.digits.empty() && !given.url.starts_with("https://") && !own_machine(given.url))
            wrong("url", "what the caller pressed ({digits." + *traits_.digits.begin() + "}) goes by https only");
        rules_.result = pointer_of(given.result, "result");
        for (const auto& [name, pointer] : given.variables) rules_.variables.emplace(name, pointer_of(pointer, "variables"));
        if (!given.response_schema.empty()) {
            auto answers = JsonSchema::compile(given.response_schema);
            if (!answers) wrong("response_schema", answers.error);
            rules_.schema = std::move(answers.schema);
        }
    }

    const ToolTraits& traits() const override { return traits_; }

    net::Task<ToolOutcome> run(ToolRun run, net::HttpClient& http) const override {
        net::HttpCall call;
        if (auto why = prepare(run, call)) co_return failed("error", *why, "arguments");
        for (int attempt = 1;; ++attempt) {
            auto again = call;
            auto reply = co_await guard_->request(http, std::move(again));
            const bool transient = reply ? reply->status >= 500 : worth_repeating(reply.error());
            if (transient && traits_.idempotent && attempt == 1 && Clock::now() + kRetryPause + kWorthRetrying < run.deadline) {
                boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, kRetryPause);
                co_await pause.async_wait(net::nothrow);
                continue;
            }
            if (reply) {
                for (const auto& [name, keys] : run.digits) mask(reply->body, keys.reveal());
                auto outcome = read_answer(rules_, reply->status, reply->headers.get("content-type"), reply->body);
                co_return outcome;
            }
            co_return refused(reply.error());
        }
    }

private:
    static bool worth_repeating(const error_code& ec) { return ec == net::Errc::connect_failed || ec == net::Errc::resolve_failed; }

    static ToolOutcome refused(const error_code& ec) {
        if (ec == net::Errc::timed_out) return failed("timeout", "timeout: the tool did not answer in time", "deadline");
        if (ec == net::Errc::blocked) return failed("error", "the tool's address is not allowed", "egress");
        if (ec == net::Errc::too_large || ec == net::Errc::malformed)
            return failed("bad_response", "the tool's answer could not be used", ec == net::Errc::too_large ? "size" : "http");
        if (ec == net::Errc::cancelled) return failed("cancelled", "cancelled: the caller interrupted", "cancelled");
        return failed("error", "the tool cannot be reached", ec.message());
    }

    // What is wrong with the arguments, as a sentence.
    std::optional<std::string> prepare(const ToolRun& run, net::HttpCall& call) const {
        const auto arguments = json::parse(run.arguments, nullptr, false);
        if (!arguments.is_object()) return "the arguments are no JSON object";
        const TemplateValues values{arguments, run.variables, run.from, run.to, run.call_sid, run.agent, &run.digits};
        auto url = url_.fill(values);
        if (!url.error.empty()) return url.error;
        call.method = method_;
        call.deadline = run.deadline;
        call.body_limit = kMostAnswer;
        for (const auto& [name, value] : headers_) {
            auto filled = value.fill(values);
            if (!filled.error.empty()) return filled.error;
            call.headers.add(name, std::move(filled.text));
        }
        if (!body_.empty()) {
            auto body = body_.fill(values);
            if (!body.error.empty()) return body.error;
            call.body = std::move(body.text);
        } else if (method_ == "GET" || method_ == "DELETE") {
            // What the model gives and the address has no place for goes behind it.
            for (const auto& [name, value] : arguments.items()) {
                if (url_.arguments().contains(name) || value.is_null()) continue;
                url.text += (url.text.find('?') == std::string::npos ? '?' : '&') + percent_encoded(name) + '=' +
                            percent_encoded(value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, json::error_handler_t::replace));
            }
        } else {
            call.body = json{{"type", "tool_call"},
                             {"call_sid", run.call_sid},
                             {"agent", run.agent},
                             {"turn", run.turn},
                             {"tool_call_id", run.call_sid + "-" + std::to_string(run.number)},
                             {"name", traits_.name},
                             {"arguments", arguments},
                             {"caller", {{"from", run.from}, {"to", run.to}}},
                             {"timestamp", unix_seconds()}}
                            .dump(-1, ' ', false, json::error_handler_t::replace);
        }
        call.url = std::move(url.text);
        const auto preset = [&](std::string_view name, std::string value) {
            if (!call.headers.has(name)) call.headers.add(std::string(name), std::move(value));
        };
        preset("Accept", "application/json");
        preset("User-Agent", "parley");
        if (!call.body.empty()) preset("Content-Type", "application/json");
        // What may have effects says who it is; under the usual name, which our HTTP client and others on the way take as leave to send it again, only what is
        // declared so.
        if (method_ != "GET") preset(traits_.idempotent ? "Idempotency-Key" : "X-Idempotency-Key", run.key);
        if (!signing_key_.empty()) call.headers.set("X-Signature", signature_of(signing_key_, unix_seconds(), call.body));
        return std::nullopt;
    }

    std::shared_ptr<const net::EgressGuard> guard_;
    ToolTraits traits_;
    std::string method_;
    Secret signing_key_;
    Template url_, body_;
    std::vector<std::pair<std::string, Template>> headers_;
    AnswerRules rules_;
};

}  // namespace

std::string signature_of(const Secret& key, std::int64_t unix_seconds, std::string_view body) {
    const auto signed_text = std::to_string(unix_seconds) + "." + std::string(body);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const auto secret = key.reveal();
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac,
         &length);
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "t=" + std::to_string(unix_seconds) + ",v1=";
    for (unsigned i = 0; i < length; ++i) out += {kHex[mac[i] >> 4U], kHex[mac[i] & 15U]};
    return out;
}

std::shared_ptr<const Tool> make_http_tool(const HttpTool& settings, std::shared_ptr<const net::EgressGuard> guard) {
    return std::make_shared<HttpRequestTool>(settings, std::move(guard));
}

}  // namespace parley::tools
