#include "credential_wiring.hpp"

#include "parley/rest/wiring.hpp"

namespace parley::gateway {

using nlohmann::json;

namespace {

constexpr std::string_view kAlready = "already wired";

json line(const std::string& number, std::string_view reason) {
    return {{"number", number}, {"reason", reason}};
}

}  // namespace

net::Task<json> wire_credential(rest::Client& client, store::Credential credential, std::string public_url) {
    json updated = json::array(), skipped = json::array(), failed = json::array();
    const auto& numbers = credential.phonenumbers;
    if (public_url.empty() || numbers.empty()) {
        for (const auto& number : numbers) skipped.push_back(line(number, "no public URL is configured (server.public_url)"));
    } else {
        auto report = co_await rest::wire_numbers(client, numbers, rest::webhook_urls(public_url), false);
        if (!report.error.empty()) {
            json out{{"twilioWebhookError", report.error}};
            co_return out;
        }
        for (const auto& one : report.updated) {
            if (one.text == kAlready)
                skipped.push_back(line(one.number, kAlready));
            else
                updated.push_back(one.number);
        }
        for (const auto& one : report.skipped) skipped.push_back(line(one.number, one.text));
        for (const auto& one : report.failed) failed.push_back(line(one.number, one.text));
    }
    json out{{"twilioWebhooksUpdated", std::move(updated)}, {"twilioWebhookSkipped", std::move(skipped)}, {"twilioWebhooksFailed", std::move(failed)}};
    co_return out;
}

}  // namespace parley::gateway
