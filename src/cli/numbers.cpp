#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <memory>

#include "commands.hpp"
#include "numbers_actions.hpp"

namespace parley::cli {
namespace {

struct Options {
    std::string config, type = "local", name, address, bundle, number;
    std::vector<std::string> numbers;
    rest::NumberSearch search;
    std::string contains, near, locality, region, postal_code;
    int area_code = 0;
    bool sms = false, mms = false, voice = false, json = false, dry_run = false, yes = false, wire = false;
};

// Only a person at a terminal is asked.
bool confirm(const std::string& question) {
    if (::isatty(STDIN_FILENO) == 0) return false;
    std::fprintf(stderr, "%s [y/N] ", question.c_str());
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

rest::NumberSearch search_of(const Options& o) {
    static const std::map<std::string, rest::NumberType> kTypes{
        {"local", rest::NumberType::local},       {"toll-free", rest::NumberType::toll_free},     {"mobile", rest::NumberType::mobile},
        {"national", rest::NumberType::national}, {"shared-cost", rest::NumberType::shared_cost}, {"voip", rest::NumberType::voip}};
    rest::NumberSearch search = o.search;
    search.type = kTypes.at(o.type);
    if (o.area_code != 0) search.area_code = o.area_code;
    const auto set = [](std::optional<std::string>& field, const std::string& value) {
        if (!value.empty()) field = value;
    };
    set(search.contains, o.contains);
    set(search.near_number, o.near);
    set(search.in_locality, o.locality);
    set(search.in_region, o.region);
    set(search.in_postal_code, o.postal_code);
    if (o.sms) search.sms_enabled = true;
    if (o.mms) search.mms_enabled = true;
    if (o.voice) search.voice_enabled = true;
    return search;
}

void add_search_options(CLI::App* command, const std::shared_ptr<Options>& o) {
    command->add_option("--country", o->search.country, "two letters")
        ->capture_default_str()
        ->check(CLI::Validator([](std::string& text) { return text.size() == 2 ? std::string() : std::string("expected two letters"); }, "CC", "country"));
    command->add_option("--type", o->type, "local, toll-free, mobile, national, shared-cost or voip")
        ->capture_default_str()
        ->check(CLI::IsMember({"local", "toll-free", "mobile", "national", "shared-cost", "voip"}));
    command->add_option("--area-code", o->area_code, "three digits, United States and Canada")->check(CLI::Range(200, 999));
    command->add_option("--contains", o->contains, "digits or letters; * stands for any digit");
    command->add_option("--near", o->near, "a number close to which it should be");
    command->add_option("--locality", o->locality, "a town");
    command->add_option("--in-region", o->region, "a state or province");
    command->add_option("--postal-code", o->postal_code, "a postal code");
    command->add_flag("--voice", o->voice, "only numbers that take calls");
    command->add_flag("--sms", o->sms, "only numbers that take SMS");
    command->add_flag("--mms", o->mms, "only numbers that take MMS");
}

}  // namespace

void add_numbers(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<Options>();
    auto* numbers = app.add_subcommand("numbers", "Search, buy, list, wire and release the account's telephone numbers.");
    numbers->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, std::function<int(NumbersContext)> action) {
        auto* command = numbers->add_subcommand(name, help);
        command->add_option("-c,--config", options->config, "the YAML file; without it PARLEY_CONFIG_TEXT is read");
        command->add_flag("--json", options->json, "print JSON");
        command->callback([&chosen, options, action = std::move(action)] {
            chosen.run = [options, action] {
                const auto config = gateway::load_config(options->config, gateway::process_environment());
                std::string out;
                const int status = action(NumbersContext{config, options->json, options->dry_run, options->yes, out, &confirm});
                std::fputs(out.c_str(), stdout);
                return status;
            };
        });
        return command;
    };
    const auto dry = [&](CLI::App* command) { command->add_flag("--dry-run", options->dry_run, "say what would be done, and do nothing"); };
    const auto yes = [&](CLI::App* command) { command->add_flag("--yes", options->yes, "do not ask"); };

    auto* search =
        add("search", "Numbers that can be bought.", [options](NumbersContext context) { return numbers_search(std::move(context), search_of(*options)); });
    add_search_options(search, options);
    search->add_option("--limit", options->search.most, "so many at most")->capture_default_str()->check(CLI::Range(1, 1000));

    add("list", "The account's numbers, who answers them, and whether they are wired.",
        [](NumbersContext context) { return numbers_list(std::move(context)); });

    auto* buy = add("buy", "Buy a number: the one named, or the first that is found.", [options](NumbersContext context) {
        NumberPurchase wanted;
        wanted.number = options->number;
        wanted.search = search_of(*options);
        wanted.friendly_name = options->name;
        wanted.address_sid = options->address;
        wanted.bundle_sid = options->bundle;
        wanted.wire = options->wire;
        return numbers_buy(std::move(context), std::move(wanted));
    });
    buy->add_option("number", options->number, "E.164; without it the first number found is taken");
    add_search_options(buy, options);
    buy->add_option("--name", options->name, "its friendly name");
    buy->add_option("--address", options->address, "AD…, where regulation asks for one");
    buy->add_option("--bundle", options->bundle, "BU…, where regulation asks for one");
    buy->add_flag("--wire", options->wire, "point it at the gateway at once");
    dry(buy);
    yes(buy);

    auto* wire = add("wire", "Point the agents' numbers at the gateway.",
                     [options](NumbersContext context) { return numbers_wire(std::move(context), options->numbers); });
    wire->add_option("numbers", options->numbers, "E.164; without any those of all agents");
    dry(wire);

    auto* release =
        add("release", "Give a number up for good.", [options](NumbersContext context) { return numbers_release(std::move(context), options->number); });
    release->add_option("number", options->number, "E.164 or PN…")->required();
    dry(release);
    yes(release);
}

}  // namespace parley::cli
