#include "digits.hpp"

namespace parley::tools {

using conversation::KeysOutcome;
using nlohmann::json;

namespace {

constexpr std::size_t kMostPrompt = 500;
constexpr std::chrono::milliseconds kWithin{200'000};  // the call gives up before

std::string_view shown_end(std::string_view keys) {
    const std::size_t shown = keys.size() >= 12 ? 4 : keys.size() >= 8 ? 2 : 0;
    return keys.substr(keys.size() - shown);
}

std::string_view status_of(KeysOutcome outcome) {
    switch (outcome) {
        case KeysOutcome::complete:
            return "complete";
        case KeysOutcome::too_few:
            return "too_few";
        case KeysOutcome::none:
            return "none";
        case KeysOutcome::interrupted:
            return "interrupted";
        case KeysOutcome::hung_up:
            return "hung_up";
        case KeysOutcome::unavailable:
            break;
    }
    return "unavailable";
}

std::string_view sentence_of(KeysOutcome outcome) {
    switch (outcome) {
        case KeysOutcome::complete:
            break;
        case KeysOutcome::too_few:
            return "too few keys were pressed";
        case KeysOutcome::none:
            return "nothing was pressed";
        case KeysOutcome::interrupted:
            return "the caller spoke instead of pressing keys";
        case KeysOutcome::hung_up:
            return "the call ended";
        case KeysOutcome::unavailable:
            return "keys cannot be asked for now";
    }
    return {};
}

}  // namespace

brain::ActionSpec digits_spec() {
    const json parameters{
        {"type", "object"},
        {"properties",
         {{"name", {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]{0,39}$"}, {"description", "What it is: card, pin, customer_number …"}}},
          {"prompt",
           {{"type", "string"},
            {"minLength", 1},
            {"maxLength", kMostPrompt},
            {"description", "Said to the caller, in their language, with the key that ends it. Say nothing of it yourself."}}},
          {"min", {{"type", "integer"}, {"minimum", 1}, {"maximum", 64}, {"description", "Fewest keys; 1 unless given."}}},
          {"max", {{"type", "integer"}, {"minimum", 1}, {"maximum", 64}, {"description", "Most keys; it is over with the last of them. 20 unless given."}}},
          {"terminator", {{"type", "string"}, {"enum", {"#", "*", "none"}}, {"description", "The key that ends it; # unless given."}}},
          {"timeout_seconds", {{"type", "integer"}, {"minimum", 2}, {"maximum", 60}, {"description", "For the first key; 8 unless given."}}},
          {"gap_seconds", {{"type", "integer"}, {"minimum", 1}, {"maximum", 20}, {"description", "For each further one; 3 unless given."}}},
          {"attempts",
           {{"type", "integer"},
            {"minimum", 1},
            {"maximum", 3},
            {"description", "How often they are asked when nothing or too little comes; 2 unless given."}}},
          {"sensitive",
           {{"type", "boolean"},
            {"description",
             "True, unless said otherwise: card numbers, PINs, dates of birth. You see how many there are and at most the last four; a tool may be given the "
             "rest."}}}}},
        {"required", {"name", "prompt"}},
        {"additionalProperties", false}};
    brain::ActionSpec spec{std::string(kCollectDigits),
                           "Ask the caller to press keys of their telephone: a number, a PIN, a choice. Better than speech for long numbers and for what "
                           "nobody beside them should hear.",
                           parameters.dump()};
    spec.within = kWithin;
    return spec;
}

DigitsWish digits_wish(const json& arguments) {
    DigitsWish wish;
    const auto number = [&](const char* key, std::uint32_t preset) {
        const auto found = arguments.find(key);
        return found != arguments.end() && found->is_number_unsigned() ? found->get<std::uint32_t>() : preset;
    };
    const auto text = [&](const char* key) {
        const auto found = arguments.find(key);
        return found != arguments.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    wish.name = text("name");
    wish.how.say = text("prompt");
    wish.how.least = number("min", 1);
    wish.how.most = number("max", std::max<std::uint32_t>(20, wish.how.least));
    if (wish.how.most < wish.how.least) wish.error = "max is less than min";
    const auto ends = text("terminator");
    wish.how.ends = ends == "none" ? '\0' : ends.empty() ? '#' : ends.front();
    wish.how.first_within = std::chrono::seconds(number("timeout_seconds", 8));
    wish.how.gap = std::chrono::seconds(number("gap_seconds", 3));
    wish.how.attempts = number("attempts", 2);
    const auto open = arguments.find("sensitive");
    wish.how.secret = open == arguments.end() || !open->is_boolean() || open->get<bool>();
    return wish;
}

json digits_result(const DigitsWish& wish, KeysOutcome outcome, std::string_view keys) {
    json result{{"name", wish.name}, {"status", status_of(outcome)}};
    const bool complete = outcome == KeysOutcome::complete;
    if (complete)
        result["ok"] = true;
    else
        result["error"] = sentence_of(outcome);
    if (!complete && outcome != KeysOutcome::too_few) return result;
    if (!wish.how.secret) {
        result["digits"] = keys;
        return result;
    }
    result["length"] = keys.size();
    if (const auto end = shown_end(keys); complete && !end.empty()) result["ends_with"] = end;
    return result;
}

}  // namespace parley::tools
