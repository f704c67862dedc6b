#pragma once
// What `parley numbers` does, apart from its command line. Each action appends what is to be printed to `out` and answers the exit status.

#include <functional>
#include <string>
#include <vector>

#include "parley/gateway/config.hpp"
#include "parley/rest/numbers.hpp"

namespace parley::cli {

struct NumbersContext {
    const gateway::Config& config;
    bool json = false, dry_run = false, yes = false;
    std::string& out;
    // Asks whoever sits there; false: no, or nobody sits there.
    std::function<bool(const std::string& question)> confirm;
};

struct NumberPurchase {
    std::string number;         // E.164, or
    rest::NumberSearch search;  // the first that is found
    std::string friendly_name, address_sid, bundle_sid;
    bool wire = false;  // points at the gateway from the start
};

int numbers_search(NumbersContext context, rest::NumberSearch search);
int numbers_list(NumbersContext context);
int numbers_buy(NumbersContext context, NumberPurchase wanted);
// Without numbers: those of all agents in the configuration.
int numbers_wire(NumbersContext context, std::vector<std::string> numbers);
int numbers_release(NumbersContext context, std::string number);

}  // namespace parley::cli
