#include "answer_error.hpp"

#include <algorithm>
#include <charconv>

#include "json_fields.hpp"
#include "parley/net/error.hpp"
#include "parley/rest/credential_form.hpp"
#include "parley/rest/error_table.hpp"

namespace parley::rest {
namespace {

constexpr std::size_t kMessage = 300;

std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
    const auto begin = text.find(open);
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin + open.size());
    const auto end = text.find(close);
    return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

std::string credential_of(const Account& account) {
    return account.api_key.empty() ? "the auth token of account " + account.sid : "API key " + account.api_key + " or its secret, for account " + account.sid;
}

void say_credentials(Error& error, const Account& account) {
    const std::string region = account.region.empty() ? "us1" : account.region;
    error.sentence = "Twilio refused " + credential_of(account) + ".";
    const std::string_view secret = account.secret.reveal();
    const auto odd = account.api_key.empty() ? why_no_auth_token(secret) : why_no_key_secret(secret);
    if (odd) {
        error.remedy = odd->sentence + " " + odd->remedy;
    } else if (account.api_key.empty()) {
        error.remedy = "Copy it from the console again, and mind that each region has its own: this was asked in region " + region + ".";
    } else {
        error.remedy = "Check that the key was not deleted and belongs to this account, and mind that each region has its own keys: this was asked in region " +
                       region + ".";
    }
}

Failure kind_of(int status, int code) {
    if (code == 20003 || status == 401) return Failure::credentials;
    if (code == 21220) return Failure::conflict;
    switch (status) {
        case 403:
            return Failure::forbidden;
        case 404:
            return Failure::not_found;
        case 409:
        case 412:
            return Failure::conflict;
        case 429:
            return Failure::throttled;
        default:
            break;
    }
    if (status >= 500 || status == 408) return Failure::unavailable;
    if (status >= 400) return Failure::invalid;
    return Failure::protocol;
}

std::string what_of(const Request& request) {
    std::string_view path = request.path;
    if (path.starts_with('~')) path.remove_prefix(1);
    return request.method + " " + std::string(path.substr(0, path.find('?')).substr(0, 160));
}

}  // namespace

std::string plain(std::string_view text, std::size_t most, const std::vector<std::string_view>& hidden) {
    std::string whole(text.substr(0, 16 * 1024));
    for (const auto secret : hidden) {
        if (secret.size() < 4) continue;
        for (auto at = whole.find(secret); at != std::string::npos; at = whole.find(secret, at + 3)) whole.replace(at, secret.size(), "***");
    }
    std::string out;
    for (std::size_t i = 0; i < whole.size();) {
        const auto c = static_cast<unsigned char>(whole[i]);
        std::size_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
        bool good = length != 0 && c < 0xf5 && i + length <= whole.size();
        for (std::size_t k = 1; good && k < length; ++k) good = (static_cast<unsigned char>(whole[i + k]) & 0xc0U) == 0x80;
        if (!good) length = 1;
        if (out.size() + length > most) break;
        if (!good)
            out += '?';
        else if (c < 0x20 || c == 0x7f)
            out += ' ';
        else
            out.append(whole, i, length);
        i += length;
    }
    return out;
}

ErrorBody parse_error_body(std::string_view body) {
    ErrorBody found;
    if (const auto document = Document::parse(body)) {
        const Fields fields = document->root();
        found.code = static_cast<int>(fields.integer("code").value_or(0));
        found.message = fields.text("message");
        if (found.message.empty()) found.message = fields.text("detail");
        if (found.message.empty()) found.message = fields.text("title");
        found.twilios = found.code != 0 || fields.has("status") || !found.message.empty();
        return found;
    }
    if (body.find("<TwilioResponse") != std::string_view::npos) {
        const auto code = between(body, "<Code>", "</Code>");
        int value = 0;
        std::from_chars(code.data(), code.data() + code.size(), value);
        found.code = std::clamp(value, 0, 999'999);
        found.message = std::string(between(body, "<Message>", "</Message>").substr(0, 1000));
        found.twilios = true;
    }
    return found;
}

Error error_of(const Answer& answer, const Account& account, const Request& request, const std::vector<std::string_view>& hidden) {
    Error error;
    error.status = answer.status;
    error.request_id = plain(answer.request_id, 64, hidden);
    const ErrorBody body = parse_error_body(answer.body);
    error.code = body.code;
    error.message = plain(body.message, kMessage, hidden);
    error.kind = kind_of(answer.status, body.code);
    if (error.kind == Failure::unavailable && request.repeat == Repeat::never) error.kind = Failure::unknown;
    const bool server = error.kind == Failure::unavailable || error.kind == Failure::unknown || error.kind == Failure::throttled;
    if (!body.twilios && !server) {
        error.kind = Failure::protocol;
        error.sentence = "What answered " + what_of(request) + " is not Twilio's interface.";
        error.remedy = "A proxy in between, or a wrong twilio.api_base_url.";
        return error;
    }
    if (error.kind == Failure::credentials) {
        say_credentials(error, account);
        return error;
    }
    if (const auto* advice = advice_for(body.code)) {
        error.sentence = advice->sentence;
        error.remedy = advice->remedy;
    } else if (!error.message.empty() && !server) {
        error.sentence = "Twilio refused it: " + error.message + (error.message.ends_with('.') ? "" : ".");
    }
    if (error.kind == Failure::unknown) {
        error.sentence = "Twilio failed while it was asked to create something: it may or may not have been done.";
        error.remedy = "Look before asking again.";
    } else if (error.kind == Failure::unavailable && error.sentence.empty()) {
        error.sentence = "Twilio's interface failed.";
        error.remedy = "Try again later; status.twilio.com tells of disturbances.";
    } else if (error.kind == Failure::throttled && error.sentence.empty()) {
        error.sentence = "Twilio turned the request away because too many run at once.";
        error.remedy = "Lower twilio.rest_rate, or ask less at once.";
    } else if (error.kind == Failure::not_found && (error.sentence.empty() || body.code == 20404)) {
        error.sentence = "Twilio knows no such thing on account " + account.sid + " in region " + (account.region.empty() ? "us1" : account.region) + ": " +
                         what_of(request) + ".";
        error.remedy = "It is gone, belongs to another account, or lives in another region.";
    } else if (error.sentence.empty()) {
        error.sentence = "Twilio refused the request.";
    }
    return error;
}

Error error_of(error_code cause, bool sent, const std::string& origin, const Request& request) {
    Error error;
    error.message = plain(cause.message(), kMessage, {});
    if (cause == net::Errc::cancelled) {
        error.kind = sent && request.repeat == Repeat::never ? Failure::unknown : Failure::stopped;
        error.sentence = error.kind == Failure::unknown ? "The program stopped waiting for Twilio's answer: it may or may not have been done."
                                                        : "The program stopped waiting.";
        return error;
    }
    if (!sent) {
        error.kind = Failure::unreachable;
        error.sentence = "Twilio's interface at " + origin + " cannot be reached: " + error.message + ".";
        error.remedy = cause == net::Errc::tls_failed
                           ? "Its certificate was not believed: look for a proxy that opens TLS, or old root certificates on this machine."
                           : "Check this machine's network, name resolution and firewall, and the region and edge.";
        return error;
    }
    if (request.repeat == Repeat::never) {
        error.kind = Failure::unknown;
        error.sentence = "No answer came from Twilio (" + error.message + "): it may or may not have been done.";
        error.remedy = "Look before asking again.";
    } else if (cause == net::Errc::malformed || cause == net::Errc::too_large || cause == net::Errc::too_many_redirects || cause == net::Errc::bad_url) {
        error.kind = Failure::protocol;
        error.sentence = "The answer of " + origin + " cannot be used: " + error.message + ".";
    } else {
        error.kind = Failure::unavailable;
        error.sentence = "No answer came from Twilio: " + error.message + ".";
        error.remedy = "Try again later.";
    }
    return error;
}

}  // namespace parley::rest
