#include "numbers_actions.hpp"

#include <nlohmann/json.hpp>

#include "parley/rest/wiring.hpp"
#include "parley/twilio/sid.hpp"
#include "rest_run.hpp"

namespace parley::cli {
namespace {

using rest::IncomingNumber;
using rest::Outcome;
using Json = nlohmann::ordered_json;

int failed(NumbersContext& context, const rest::Error& error) {
    if (context.json)
        context.out += Json{{"error", error.text()}, {"code", error.code}, {"kind", rest::name(error.kind)}}.dump(2) + "\n";
    else
        context.out += error.text() + "\n";
    return 1;
}

int refused(NumbersContext& context, const std::string& sentence) {
    if (context.json)
        context.out += Json{{"error", sentence}}.dump(2) + "\n";
    else
        context.out += sentence + "\n";
    return 1;
}

std::string can(const rest::Capabilities& c) {
    std::string out;
    const auto add = [&out](bool has, const char* word) {
        if (has) out += (out.empty() ? "" : ",") + std::string(word);
    };
    add(c.voice, "voice");
    add(c.sms, "sms");
    add(c.mms, "mms");
    add(c.fax, "fax");
    return out;
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

Outcome<std::vector<IncomingNumber>> owned(RestRun& run, std::optional<std::string> number = {}) {
    return run.ask<Outcome<std::vector<IncomingNumber>>>([number](rest::Client& client) {
        rest::IncomingNumbers numbers(client);
        rest::NumberFilter filter;
        filter.phone_number = number;
        filter.most = 100'000;
        return numbers.list(filter);
    });
}

// "wired", "webhook elsewhere", "application AP…", …
std::string wiring_of(const IncomingNumber& number, const rest::WebhookUrls& urls) {
    switch (rest::mode_of(number)) {
        case rest::NumberMode::trunk:
            return "SIP trunk " + number.trunk_sid;
        case rest::NumberMode::application:
            return "TwiML app " + number.voice_application_sid;
        case rest::NumberMode::fax:
            return "fax";
        case rest::NumberMode::webhook:
            break;
    }
    const auto differences = rest::differences(number, urls);
    if (differences.empty()) return "wired";
    if (number.voice_url.empty()) return "not wired";
    return number.voice_url == urls.voice ? "wired in part: " + differences.front() : "wired elsewhere: " + number.voice_url;
}

std::string agent_of(const gateway::Config& config, const std::string& number) {
    for (const auto& agent : config.agents) {
        for (const auto& one : agent.numbers) {
            if (one == number) return agent.name;
        }
    }
    return {};
}

Json number_json(const rest::AvailableNumber& n) {
    return {{"number", n.phone_number},
            {"locality", n.locality},
            {"region", n.region},
            {"country", n.iso_country},
            {"voice", n.capabilities.voice},
            {"sms", n.capabilities.sms},
            {"mms", n.capabilities.mms},
            {"address_requirements", n.address_requirements},
            {"beta", n.beta}};
}

}  // namespace

int numbers_search(NumbersContext context, rest::NumberSearch search) {
    RestRun run(context.config);
    const auto found = run.ask<Outcome<std::vector<rest::AvailableNumber>>>([&](rest::Client& client) {
        rest::AvailableNumbers numbers(client);
        return numbers.search(search);
    });
    if (!found) return failed(context, found.error());
    if (context.json) {
        auto list = Json::array();
        for (const auto& number : *found) list.push_back(number_json(number));
        context.out += Json{{"available", std::move(list)}}.dump(2) + "\n";
        return 0;
    }
    for (const auto& number : *found) {
        std::string place = number.locality;
        for (const auto& part : {number.region, number.iso_country}) {
            if (!part.empty()) place += (place.empty() ? "" : ", ") + part;
        }
        context.out += padded(number.phone_number, 18) + padded(can(number.capabilities), 16) + place;
        if (!number.address_requirements.empty() && number.address_requirements != "none")
            context.out += "  (needs an address: " + number.address_requirements + ")";
        context.out += "\n";
    }
    if (found->empty()) context.out += "No such number is to be had.\n";
    return found->empty() ? 1 : 0;
}

int numbers_list(NumbersContext context) {
    RestRun run(context.config);
    const auto found = owned(run);
    if (!found) return failed(context, found.error());
    const auto urls = rest::webhook_urls(context.config.server.public_url);
    auto list = Json::array();
    for (const auto& number : *found) {
        const std::string wiring = wiring_of(number, urls), agent = agent_of(context.config, number.phone_number);
        if (context.json) {
            list.push_back({{"number", number.phone_number},
                            {"sid", number.sid},
                            {"name", number.friendly_name},
                            {"mode", rest::name(rest::mode_of(number))},
                            {"wiring", wiring},
                            {"agent", agent},
                            {"voice_url", number.voice_url},
                            {"sms_url", number.sms_url}});
        } else {
            context.out += padded(number.phone_number, 18) + padded(can(number.capabilities), 16) + padded(agent.empty() ? "-" : agent, 16) + wiring + "\n";
        }
    }
    if (context.json)
        context.out += Json{{"numbers", std::move(list)}}.dump(2) + "\n";
    else if (found->empty())
        context.out += "The account has no numbers.\n";
    return 0;
}

int numbers_buy(NumbersContext context, NumberPurchase wanted) {
    RestRun run(context.config);
    if (wanted.number.empty()) {
        wanted.search.most = 1;
        const auto found = run.ask<Outcome<std::vector<rest::AvailableNumber>>>([&](rest::Client& client) {
            rest::AvailableNumbers numbers(client);
            return numbers.search(wanted.search);
        });
        if (!found) return failed(context, found.error());
        if (found->empty()) return refused(context, "No such number is to be had.");
        wanted.number = found->front().phone_number;
    }
    if (!twilio::is_e164(wanted.number)) return refused(context, "\"" + wanted.number + "\" is no number in E.164 form, such as +14155550100.");
    if (wanted.wire && context.config.server.public_url.empty())
        return refused(context, "server.public_url is missing: there is nothing the number could be wired to.");
    if (context.dry_run) {
        if (context.json)
            context.out += Json{{"would_buy", wanted.number}, {"wire", wanted.wire}}.dump(2) + "\n";
        else
            context.out += wanted.number + "  would be bought" + (wanted.wire ? " and wired" : "") + ".\n";
        return 0;
    }
    if (!context.yes && !context.confirm("Buy " + wanted.number + "? It costs money at once and every month."))
        return refused(context, "Nothing was bought: say --yes.");
    rest::NumberCreate create;
    create.phone_number = wanted.number;
    if (!wanted.friendly_name.empty()) create.settings.friendly_name = wanted.friendly_name;
    if (!wanted.address_sid.empty()) create.settings.address_sid = wanted.address_sid;
    if (!wanted.bundle_sid.empty()) create.settings.bundle_sid = wanted.bundle_sid;
    const auto urls = rest::webhook_urls(context.config.server.public_url);
    if (wanted.wire) {
        create.settings.voice_url = urls.voice;
        create.settings.voice_method = "POST";
        create.settings.voice_fallback_url = urls.fallback;
        create.settings.status_callback = urls.status;
    }
    auto bought = run.ask<Outcome<IncomingNumber>>([&](rest::Client& client) {
        rest::IncomingNumbers numbers(client);
        return numbers.create(create);
    });
    if (!bought && bought.error().kind == rest::Failure::unknown) {
        // Whether it was bought can be seen: the account has it or not.
        const auto now = owned(run, wanted.number);
        if (now && now->size() == 1) bought = now->front();
    }
    if (!bought) return failed(context, bought.error());
    std::string note = "bought";
    bool good = true;
    if (wanted.wire) {
        // What only the bought number can tell (whether it takes messages) is set now.
        const auto report = run.ask<rest::WiringReport>([&](rest::Client& client) { return rest::wire_numbers(client, {wanted.number}, urls, false); });
        good = report.good();
        note += good ? " and wired" : ", but not wired: " + report.text();
    }
    if (context.json)
        context.out += Json{{"number", bought->phone_number}, {"sid", bought->sid}, {"note", note}}.dump(2) + "\n";
    else
        context.out += bought->phone_number + "  " + bought->sid + "  " + note + "\n";
    const std::string agent = agent_of(context.config, bought->phone_number);
    if (!context.json && agent.empty()) context.out += "No agent has it in its numbers yet: the default one answers, if there is one.\n";
    return good ? 0 : 1;
}

int numbers_wire(NumbersContext context, std::vector<std::string> numbers) {
    if (context.config.server.public_url.empty()) return refused(context, "server.public_url is missing: there is nothing numbers could be wired to.");
    if (numbers.empty()) {
        for (const auto& agent : context.config.agents) numbers.insert(numbers.end(), agent.numbers.begin(), agent.numbers.end());
    }
    if (numbers.empty()) return refused(context, "No agent has numbers in the configuration: name the numbers to be wired.");
    RestRun run(context.config);
    const auto urls = rest::webhook_urls(context.config.server.public_url);
    const auto report = run.ask<rest::WiringReport>([&](rest::Client& client) { return rest::wire_numbers(client, numbers, urls, context.dry_run); });
    context.out += context.json ? report.json() + "\n" : report.text();
    return report.good() ? 0 : 1;
}

int numbers_release(NumbersContext context, std::string number) {
    RestRun run(context.config);
    const auto found = owned(run, number);
    if (!found) return failed(context, found.error());
    const IncomingNumber* one = nullptr;
    for (const auto& candidate : *found) {
        if (candidate.phone_number == number || candidate.sid == number) one = &candidate;
    }
    if (one == nullptr) return refused(context, number + ": " + std::string(rest::kNoMatchingNumber) + ".");
    const std::string agent = agent_of(context.config, one->phone_number);
    if (context.dry_run) {
        if (context.json)
            context.out += Json{{"would_release", one->phone_number}, {"sid", one->sid}, {"agent", agent}}.dump(2) + "\n";
        else
            context.out += one->phone_number + "  would be released" + (agent.empty() ? "" : " (agent " + agent + " has it)") + ".\n";
        return 0;
    }
    const std::string question = "Give up " + one->phone_number + (agent.empty() ? "" : ", which agent " + agent + " has") + "? Somebody else may get it.";
    if (!context.yes && !context.confirm(question)) return refused(context, "Nothing was released: say --yes.");
    const auto gone = run.ask<Outcome<>>([&](rest::Client& client) {
        rest::IncomingNumbers numbers(client);
        return numbers.remove(one->sid);
    });
    if (!gone) return failed(context, gone.error());
    if (context.json)
        context.out += Json{{"released", one->phone_number}, {"sid", one->sid}}.dump(2) + "\n";
    else
        context.out += one->phone_number + "  released.\n";
    return 0;
}

}  // namespace parley::cli
