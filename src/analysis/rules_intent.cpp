#include <array>
#include <utility>

#include "parley/analysis/intent_match.hpp"
#include "rules.hpp"

namespace parley::analysis::rules {

namespace {

using nlohmann::json;

constexpr auto kOwnIntents = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"opt_out", "(stop calling | do not call | don't call | remove me | unsubscribe | take me off)"},
    {"complaint", "(complain | complaint | not happy | unacceptable | very disappointed | speak to a manager | terrible service)"},
    {"cancel", "(cancel | call off) [my | the | an | this] (appointment | booking | reservation | order | subscription | meeting)"},
    {"reschedule", "(reschedule | move | change | postpone) [my | the | an | this] (appointment | booking | reservation | meeting)"},
    {"book_appointment",
     "(book | make | schedule | arrange | need | get | like | want) (a | an | my) [new] (appointment | booking | reservation | visit | check up | "
     "consultation)"},
    {"book_appointment", "book (a | an | my)"},
    {"billing", "(invoice | bill | billing | charged | refund | payment)"},
    {"support", "(not working | doesn't work | does not work | broken | error | technical support | reset my password)"},
    {"sales", "(buy | purchase | pricing | a quote | how much (is | does | would | are) | interested in)"},
    {"opening_hours", "(when (are you | do you) open | opening hours | are you open | what time do you (open | close))"},
    {"talk_to_person", "(speak | talk) (to | with) (a | the | somebody | someone | an) [real | human] [person | human | agent | representative | manager]"},
    {"message", "(leave | take) a message"},
});

const IntentMatch& own_match() {
    static const IntentMatch match = [] {
        std::vector<Intent> all;
        for (const auto& [name, phrase] : kOwnIntents) {
            Intent intent;
            intent.name = std::string(name);
            intent.phrases.emplace_back(phrase);
            all.push_back(std::move(intent));
        }
        return IntentMatch(all);
    }();
    return match;
}

}  // namespace

json intent(const Subject& subject, const std::vector<Intent>& own) {
    const IntentMatch given(own);
    // The first thing they want is what they called for.
    for (const auto& line : subject.lines)
        if (line.caller)
            if (const auto at = given.find(line.text)) return {{"name", own[*at].name}};
    for (const auto& line : subject.lines)
        if (line.caller)
            if (const auto at = own_match().find(line.text)) return {{"name", kOwnIntents[*at].first}};
    return {{"name", "other"}};
}

}  // namespace parley::analysis::rules
