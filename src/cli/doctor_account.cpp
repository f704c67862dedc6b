// The account: what was given for credentials, whether Twilio takes them, its state, its clock, its numbers.
#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>

#include "doctor.hpp"
#include "parley/rest/account.hpp"
#include "parley/rest/credential_form.hpp"
#include "parley/rest/wiring.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::cli {
namespace {

using rest::Outcome;
using namespace std::chrono_literals;

constexpr auto kClock = 30s;
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kEdges{{{"ashburn", "us1"},
                                                                               {"umatilla", "us1"},
                                                                               {"roaming", "us1"},
                                                                               {"dublin", "ie1"},
                                                                               {"frankfurt", "de1"},
                                                                               {"singapore", "sg1"},
                                                                               {"tokyo", "jp1"},
                                                                               {"sao-paulo", "br1"},
                                                                               {"sydney", "au1"}}};

void check_form(const gateway::Config& config, Findings& found) {
    const auto& t = config.twilio;
    std::size_t odd = 0;
    for (const auto& token : t.auth_tokens) {
        if (const auto why = rest::why_no_auth_token(token.reveal())) {
            ++odd;
            found.push_back({"credentials.form", Verdict::fail, why->sentence, why->remedy, false});
        }
    }
    if (!t.api_secret.empty()) {
        if (const auto why = rest::why_no_key_secret(t.api_secret.reveal())) {
            ++odd;
            found.push_back({"credentials.form", Verdict::fail, why->sentence, why->remedy, false});
        }
    }
    if (t.auth_tokens.empty() && t.verify_signatures)
        found.push_back({"credentials.form", Verdict::fail, "There is no auth token.", "Set TWILIO_AUTH_TOKEN.", false});
    else if (odd == 0)
        found.push_back({"credentials.form", Verdict::ok, "The credentials have the form of credentials.", {}, false});
}

void check_region(const gateway::Config& config, Findings& found) {
    const auto& t = config.twilio;
    const std::string region = t.region.empty() ? "us1" : t.region;
    const auto edge = std::find_if(kEdges.begin(), kEdges.end(), [&](const auto& row) { return row.first == t.edge; });
    if (!t.edge.empty() && edge != kEdges.end() && edge->second != region && t.edge != "roaming")
        found.push_back({"account.region", Verdict::warn, "The edge " + t.edge + " is in " + std::string(edge->second) + ", but the region is " + region + ".",
                         "Mostly twilio.region was meant to be " + std::string(edge->second) + ": the region decides which credentials and numbers there are.",
                         false});
    else
        found.push_back(
            {"account.region", Verdict::ok, "Twilio is asked in region " + region + (t.edge.empty() ? "." : " by way of " + t.edge + "."), {}, false});
}

void check_clock(const rest::AccountInfo& info, Findings& found) {
    if (!info.server_date) {
        found.push_back({"machine.clock", Verdict::skipped, "Twilio's answer has no date to compare this machine's clock with.", {}, false});
        return;
    }
    // Date counts whole seconds; it was written about half a round trip ago.
    const auto off = std::chrono::duration_cast<std::chrono::seconds>(WallClock::now() - info.answered_after / 2 - *info.server_date - 500ms);
    const auto seconds = std::abs(off.count());
    if (seconds > kClock.count())
        found.push_back({"machine.clock", Verdict::fail,
                         "This machine's clock is " + std::to_string(seconds) + " s " + (off.count() > 0 ? "ahead of" : "behind") + " Twilio's.",
                         "Switch on time synchronisation (timedatectl set-ntp true): tokens and certificates are judged by it.", false});
    else
        found.push_back({"machine.clock", Verdict::ok, "This machine's clock agrees with Twilio's.", {}, false});
}

Outcome<std::vector<rest::IncomingNumber>> owned(RestRun& run) {
    return run.ask<Outcome<std::vector<rest::IncomingNumber>>>([](rest::Client& client) {
        rest::IncomingNumbers numbers(client);
        rest::NumberFilter filter;
        filter.most = 100'000;
        return numbers.list(filter);
    });
}

// Whatever the number points at is asked once, as a browser would; what cannot be read says nothing.
void check_elsewhere(const std::string& number, const std::string& url, Findings& found) {
    if (!net::parse_url(url)) return;
    boost::asio::io_context context{1};
    net::HttpClient http(context.get_executor());
    std::optional<Result<net::HttpReply>> reply;
    auto ask = [](net::HttpClient& client, std::string where, std::optional<Result<net::HttpReply>>& out) -> net::Task<> {
        net::HttpCall call("GET", where, 5s);
        call.redirects = 3;
        call.headers.add("User-Agent", "parley");
        out = co_await client.request(std::move(call));
    };
    auto task = ask(http, url, reply);
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr) { context.stop(); });
    context.run();
    if (!reply || !*reply || (*reply)->status != 200) return;
    for (auto& finding : check_twiml(number, url, (*reply)->body)) found.push_back(std::move(finding));
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const auto& part : parts) out += (out.empty() ? "" : ", ") + part;
    return out;
}

void check_one(const std::string& number, const std::vector<rest::IncomingNumber>& all, const rest::WebhookUrls& urls, const gateway::Config& config,
               Findings& found) {
    const auto one = std::find_if(all.begin(), all.end(), [&](const rest::IncomingNumber& n) { return n.phone_number == number; });
    if (one == all.end()) {
        found.push_back({"number.owned", Verdict::fail, number + ": " + std::string(rest::kNoMatchingNumber) + " (" + config.twilio.account_sids.front() + ").",
                         "Correct the agent's numbers, buy it with `parley numbers buy`, or look whether it belongs to another account or region.", false});
        return;
    }
    const auto mode = rest::mode_of(*one);
    if (mode != rest::NumberMode::webhook) {
        found.push_back({"number.mode", Verdict::fail, number + ": " + std::string(mode == rest::NumberMode::fax ? rest::kFaxMode : rest::kOtherMode) + ".",
                         mode == rest::NumberMode::trunk         ? "In the console, take it out of trunk " + one->trunk_sid + "."
                         : mode == rest::NumberMode::application ? "In the console, take application " + one->voice_application_sid + " away from it."
                                                                 : "In the console, let it accept voice calls.",
                         false});
        return;
    }
    found.push_back({"number.mode", Verdict::ok, number + " is on the account and answers by webhook.", {}, false});
    if (one->voice_url != urls.voice) {
        const std::string is = one->voice_url.empty() ? "has no voice URL: Twilio rejects its calls without asking anybody"
                                                      : "calls " + one->voice_url + ", which is not this gateway";
        found.push_back(
            {"number.voice_url", Verdict::fail, number + " " + is + ".", "Set its voice URL to " + urls.voice + ", or run `parley numbers wire`.", true});
        if (!one->voice_url.empty()) check_elsewhere(number, one->voice_url, found);
    } else {
        found.push_back({"number.voice_url", Verdict::ok, number + " calls this gateway.", {}, false});
    }
    auto rest_of = rest::differences(*one, urls);
    std::erase_if(rest_of, [](const std::string& difference) { return difference.starts_with("voice URL "); });
    if (!rest_of.empty() && one->voice_url == urls.voice)
        found.push_back(
            {"number.callbacks", Verdict::warn, number + ": " + joined(rest_of) + ".",
             "Run `parley numbers wire`: status callbacks tell the end of calls whose sockets are gone, and the fallback answers while the gateway cannot.",
             true});
}

}  // namespace

bool check_account(const gateway::Config& config, RestRun* rest, Findings& found) {
    check_form(config, found);
    if (rest == nullptr) {
        found.push_back({"account.credentials", Verdict::skipped, gateway::why_no_rest_account(config),
                         "Without it neither the account nor its numbers can be looked at.", false});
        return false;
    }
    check_region(config, found);
    const auto info = rest->ask<Outcome<rest::AccountInfo>>([](rest::Client& client) {
        rest::AccountResource account(client);
        return account.credentials();
    });
    if (!info) {
        const auto& error = info.error();
        const bool refused = error.kind == rest::Failure::credentials;
        found.push_back({refused ? "account.credentials" : "account.reachable", Verdict::fail, error.sentence, error.remedy, false});
        return false;
    }
    found.push_back({"account.credentials", Verdict::ok, "Twilio takes the credentials of " + config.twilio.account_sids.front() + ".", {}, false});
    if (info->status == "suspended" || info->status == "closed")
        found.push_back({"account.state", Verdict::fail, "The account is " + info->status + ": it neither takes nor makes calls.",
                         "Reactivate it in the console, or pay what is owed.", false});
    else if (info->type == "Trial")
        found.push_back({"account.state", Verdict::warn,
                         "It is a trial account: it calls verified numbers only, plays an announcement first, and ends calls after ten minutes.",
                         "Upgrade it in the console.", false});
    else if (!info->status.empty())
        found.push_back({"account.state", Verdict::ok, "The account is active.", {}, false});
    check_clock(*info, found);
    return true;
}

void check_numbers(const gateway::Config& config, RestRun& run, bool fix, Findings& found) {
    std::vector<std::string> wanted;
    for (const auto& agent : config.agents) wanted.insert(wanted.end(), agent.numbers.begin(), agent.numbers.end());
    if (config.server.public_url.empty()) {
        found.push_back({"number.voice_url", Verdict::skipped, "Without server.public_url nobody knows where numbers should point.", {}, false});
        return;
    }
    const auto urls = rest::webhook_urls(config.server.public_url);
    auto all = owned(run);
    if (!all) {
        found.push_back({"number.owned", Verdict::fail, all.error().sentence, all.error().remedy, false});
        return;
    }
    if (wanted.empty()) {
        const bool any = std::any_of(all->begin(), all->end(),
                                     [&](const rest::IncomingNumber& n) { return n.voice_url == urls.voice && rest::mode_of(n) == rest::NumberMode::webhook; });
        if (!any)
            found.push_back({"number.voice_url", Verdict::warn, "No number of the account calls this gateway, and no agent has numbers in the configuration.",
                             "Run `parley numbers wire <number>`.", false});
    }
    Findings now;
    for (const auto& number : wanted) check_one(number, *all, urls, config, now);
    const bool mendable = std::any_of(now.begin(), now.end(), [](const Finding& one) { return one.mendable; });
    if (fix && mendable) {
        const auto report = run.ask<rest::WiringReport>([&](rest::Client& client) { return rest::wire_numbers(client, wanted, urls, false); });
        for (const auto& line : report.updated) {
            if (line.text == "wired") found.push_back({"number.voice_url", Verdict::ok, line.number + " was wired to this gateway.", {}, false});
        }
        for (const auto& line : report.failed)
            found.push_back({"number.voice_url", Verdict::fail, line.number + " could not be wired: " + line.text, {}, false});
        all = owned(run);
        if (all) {
            now.clear();
            for (const auto& number : wanted) check_one(number, *all, urls, config, now);
        }
    }
    found.insert(found.end(), std::make_move_iterator(now.begin()), std::make_move_iterator(now.end()));
}

Findings check_twiml(const std::string& number, const std::string& where, const std::string& twiml) {
    Findings found;
    pugi::xml_document document;
    if (twiml.size() > 64UL * 1024 || !document.load_buffer(twiml.data(), twiml.size())) return found;
    const auto root = document.child("Response");
    if (!root) return found;
    for (const auto& match : document.select_nodes("//Stream")) {
        const pugi::xml_node stream = match.node();
        const std::string url = stream.attribute("url").value();
        if (std::string_view(stream.parent().name()) == "Start")
            found.push_back({"twiml.start", Verdict::fail,
                             number + ": the TwiML at " + where + " opens its stream with <Start>: the caller would hear nothing of the agent.",
                             "Put <Stream> inside <Connect>.", false});
        if (url.find('?') != std::string::npos)
            found.push_back({"twiml.query", Verdict::fail, number + ": the stream's URL in the TwiML at " + where + " has a query: Twilio drops it.",
                             "Pass values in <Parameter> inside <Stream>.", false});
        if (!url.empty() && !url.starts_with("wss://"))
            found.push_back({"twiml.scheme", Verdict::fail, number + ": the stream's URL in the TwiML at " + where + " is not wss: Twilio refuses it (31922).",
                             "Write wss://.", false});
    }
    return found;
}

}  // namespace parley::cli
