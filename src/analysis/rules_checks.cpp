#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <memory>
#include <optional>

#include "expression.hpp"
#include "parley/analysis/intent_match.hpp"
#include "parley/flows/hours.hpp"
#include "rules.hpp"
#include "words.hpp"

namespace parley::analysis::rules {

namespace {

using nlohmann::json;

// "/…/" is a regular expression (POSIX extended), everything else a pattern of phrases.
bool is_expression(std::string_view rule) {
    return rule.size() >= 2 && rule.front() == '/' && rule.back() == '/';
}

class Rule {
public:
    explicit Rule(std::string_view rule) {
        if (is_expression(rule)) {
            expression_ = std::make_unique<Expression>(std::string(rule.substr(1, rule.size() - 2)).c_str());
            return;
        }
        Intent intent;
        intent.phrases.emplace_back(rule);
        phrases_.emplace(std::vector<Intent>{intent});
    }
    [[nodiscard]] bool matches(const std::string& text) const { return expression_ ? !expression_->find(text).empty() : phrases_->find(text).has_value(); }

private:
    std::unique_ptr<Expression> expression_;
    std::optional<IntentMatch> phrases_;
};

bool phrase_in(const std::vector<std::string>& phrases, const std::string& text) {
    const auto words = words_of(text);
    return std::any_of(phrases.begin(), phrases.end(), [&](const std::string& phrase) {
        std::string spoken;
        for (const auto& word : words_of(phrase)) spoken += (spoken.empty() ? "" : " ") + word;
        return find_phrase(words, spoken).has_value();
    });
}

std::optional<flows::Hours> hours_of(const Check& wanted, std::string& why) {
    flows::Hours hours;
    if (!wanted.time_zone.empty()) hours.zone = flows::TimeZone::load(wanted.time_zone, &why);
    if (!hours.zone) return std::nullopt;
    static const std::vector<std::string> kDaytime{"daily 08:00-21:00"};
    for (const auto& text : wanted.phrases.empty() ? kDaytime : wanted.phrases) {
        const auto spans = flows::parse_open(text, &why);
        if (!spans) return std::nullopt;
        hours.open.insert(hours.open.end(), spans->begin(), spans->end());
    }
    return hours;
}

json verdict(const Check& wanted, bool passed, std::string_view evidence) {
    json made{{"kind", wanted.kind}, {"passed", passed}};
    if (!evidence.empty()) made["evidence"] = shortened(evidence, 240);
    return made;
}

json consent(const Check& wanted, const Subject& subject) {
    static const std::vector<std::string> kAsked{"do you agree",    "do you consent",    "is that okay",     "is that ok",
                                                 "is it okay",      "is it ok",          "may i record",     "may we record",
                                                 "may be recorded", "is being recorded", "will be recorded", "are you okay with"};
    constexpr auto kYes = std::to_array<std::string_view>({"yes", "yeah", "yep", "sure", "okay", "ok", "of course", "i agree", "i do", "that's fine", "fine",
                                                           "go ahead", "i consent", "no problem", "absolutely", "certainly"});
    constexpr auto kNo = std::to_array<std::string_view>({"no", "nope", "don't", "do not", "i'd rather not", "not okay"});
    const auto& asked = wanted.phrases.empty() ? kAsked : wanted.phrases;
    for (std::size_t i = 0; i < subject.lines.size(); ++i) {
        if (subject.lines[i].caller || !phrase_in(asked, subject.lines[i].text)) continue;
        const auto answer =
            std::find_if(subject.lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, subject.lines.end(), [](const Line& line) { return line.caller; });
        if (answer == subject.lines.end()) return verdict(wanted, false, subject.lines[i].text);
        const auto words = words_of(answer->text);
        const bool no = says(words, kNo) && !find_phrase(words, "no problem");
        return verdict(wanted, says(words, kYes) && !no, answer->text);
    }
    return verdict(wanted, false, {});
}

json opt_out(const Check& wanted, const Subject& subject) {
    static const std::vector<std::string> kWanted{"stop calling", "do not call", "don't call me", "remove me",
                                                  "take me off",  "unsubscribe", "opt out",       "never call"};
    static const std::vector<std::string> kDone{"removed",        "remove you", "take you off", "taken you off",   "not call you",    "won't call",
                                                "no longer call", "opted out",  "unsubscribed", "not contact you", "stop calling you"};
    const auto& phrases = wanted.phrases.empty() ? kWanted : wanted.phrases;
    for (std::size_t i = 0; i < subject.lines.size(); ++i) {
        if (!subject.lines[i].caller || !phrase_in(phrases, subject.lines[i].text)) continue;
        const bool honoured = std::any_of(subject.lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, subject.lines.end(),
                                          [](const Line& line) { return !line.caller && phrase_in(kDone, line.text); });
        auto made = verdict(wanted, honoured, subject.lines[i].text);
        made["requested"] = true;
        return made;
    }
    auto made = verdict(wanted, true, {});
    made["requested"] = false;
    return made;
}

json said(const Check& wanted, const Subject& subject) {
    for (const auto& line : subject.lines)
        if (!line.caller && phrase_in(wanted.phrases, line.text)) return verdict(wanted, wanted.kind == "said", line.text);
    return verdict(wanted, wanted.kind == "not_said", {});
}

// Whether the call began within these hours of the caller's or the called one's day.
json hours(const Check& wanted, const Subject& subject) {
    std::string why;
    const auto when = hours_of(wanted, why);
    if (!when) return {{"kind", wanted.kind}, {"passed", nullptr}, {"error", why}};
    if (subject.began_ms == 0) return {{"kind", wanted.kind}, {"passed", nullptr}, {"error", "nobody knows when the call began"}};
    return verdict(wanted, when->open_at(flows::Second(std::chrono::seconds(subject.began_ms / 1000))), {});
}

}  // namespace

std::string wrong_rule(std::string_view rule) {
    if (rule.empty()) return "is empty";
    if (rule.size() > 2000) return "is longer than 2000 characters";
    if (!is_expression(rule)) return wrong_phrase(rule);
    const std::string text(rule.substr(1, rule.size() - 2));
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        if (text[at] != '\\') continue;
        if (std::isdigit(static_cast<unsigned char>(text[at + 1])) != 0) return "refers back to a group, which is not offered";
        ++at;
    }
    regex_t compiled{};
    const int code = ::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (code == 0) {
        ::regfree(&compiled);
        return {};
    }
    char why[200];
    ::regerror(code, &compiled, why, sizeof why);
    return why;
}

json operator_rule(const Operator& custom, const Subject& subject) {
    if (const auto wrong = wrong_rule(custom.rule); !wrong.empty()) return {{"result", nullptr}, {"error", wrong}};
    const Rule rule(custom.rule);
    for (const auto& line : subject.lines) {
        if ((custom.side == "caller" && !line.caller) || (custom.side == "agent" && line.caller) || !rule.matches(line.text)) continue;
        return {{"result", true}, {"line", shortened(line.text, 240)}};
    }
    return {{"result", false}};
}

json check(const Check& wanted, const Subject& subject) {
    if (wanted.kind == "hours") return hours(wanted, subject);
    if (wanted.kind == "consent") return consent(wanted, subject);
    if (wanted.kind == "opt_out") return opt_out(wanted, subject);
    if (wanted.kind == "said" || wanted.kind == "not_said") return said(wanted, subject);
    return {{"kind", wanted.kind}, {"passed", nullptr}, {"error", "there is no such check"}};
}

std::string wrong_check(const Check& wanted) {
    std::string why;
    if (wanted.kind == "hours") return hours_of(wanted, why) ? std::string{} : why;
    if (wanted.kind == "consent" || wanted.kind == "opt_out") return {};
    if (wanted.kind != "said" && wanted.kind != "not_said") return "is none of consent, opt_out, hours, said, not_said";
    return wanted.phrases.empty() ? "needs phrases" : "";
}

}  // namespace parley::analysis::rules
