#include <algorithm>
#include <unordered_set>

#include "finders.hpp"

namespace parley::privacy {

namespace {

using Set = std::unordered_set<std::string_view>;
constexpr std::size_t kMostLabels = 6;    // on either side
constexpr std::size_t kMostInLabel = 24;  // words, spelled letters among them
constexpr std::size_t kCueBehind = 8;     // "… that is my mail address"
constexpr std::size_t kMostWords = 3;     // real words in a label of the domain

const Set& endings() {
    static const Set all{"com",   "net",  "org", "edu",  "gov",   "info",   "biz", "name", "pro", "app", "dev", "cloud", "online", "shop",
                         "store", "tech", "xyz", "mobi", "email", "agency", "io",  "ai",   "me",  "tv",  "co",  "de",    "at",     "ch",
                         "li",    "uk",   "eu",  "fr",   "it",    "es",     "pt",  "nl",   "be",  "lu",  "dk",  "se",    "no",     "fi",
                         "pl",    "cz",   "sk",  "hu",   "ro",    "bg",     "gr",  "ie",   "us",  "ca",  "mx",  "br",    "ar",     "au",
                         "nz",    "za",   "in",  "jp",   "cn",    "kr",     "ru",  "ua",   "tr",  "il",  "ae",  "sg",    "hk"};
    return all;
}
const Set& providers() {
    static const Set all{"gmail",   "googlemail", "yahoo",  "hotmail",  "outlook",  "gmx",     "icloud",  "aol",     "proton",    "protonmail",
                         "msn",     "freenet",    "posteo", "mailbox",  "yandex",   "zoho",    "comcast", "verizon", "sbcglobal", "btinternet",
                         "wanadoo", "laposte",    "libero", "tutanota", "fastmail", "bluewin", "live",    "web",     "mail"};
    return all;
}
// What stands before "at example dot com" without being somebody's name.
const Set& no_names() {
    static const Set all{"it",       "us",          "me",       "them",    "him",       "her",        "that",   "this",    "these",   "those",   "you",
                         "up",       "out",         "in",       "on",      "off",       "over",       "look",   "looked",  "looking", "find",    "found",
                         "order",    "ordered",     "orders",   "buy",     "bought",    "available",  "visit",  "website", "site",    "page",    "online",
                         "store",    "shop",        "shopping", "deal",    "deals",     "sale",       "prices", "price",   "account", "job",     "jobs",
                         "work",     "works",       "worked",   "working", "review",    "reviews",    "see",    "saw",     "check",   "read",    "more",
                         "info",     "information", "details",  "one",     "something", "everything", "listed", "sold",    "cheaper", "here",    "there",
                         "and",      "or",          "sign",     "signed",  "register",  "registered", "book",   "booked",  "form",    "profile", "customer",
                         "products", "tickets",     "is",       "was",     "be",        "are",        "email",  "mail",    "address", "reached", "reach",
                         "uh",       "um",          "support",  "back",    "best",      "also",       "got",    "get",     "paid",    "friend",  "colleagues",
                         "people",   "team",        "blog",     "shoes",   "item",      "items"};
    return all;
}

// Local parts that are words, too.
const Set& desks() {
    static const Set all{"info", "information", "support", "orders", "jobs", "account", "team", "tickets", "kontakt"};
    return all;
}

// The dot in an address, not one that ends a sentence.
bool joins(const std::vector<Word>& words, std::size_t at, std::string_view with) {
    if (at >= words.size() || joiner(words[at]) != with) return false;
    return !words[at].mark || (at + 1 < words.size() && words[at + 1].glued == words[at].glued);
}
bool any_joiner(const std::vector<Word>& words, std::size_t at) {
    return joins(words, at, ".") || joins(words, at, "-") || joins(words, at, "_") || joins(words, at, "+");
}

// The end (last word) of a domain beginning at `at`; `label`: its first one.
std::optional<std::size_t> domain_end(const std::vector<Word>& words, std::size_t at, bool sign, std::string& label) {
    std::optional<std::size_t> end;
    std::size_t labels = 0, i = at;
    std::string current;
    while (i < words.size() && labels < kMostLabels) {
        current.clear();
        std::size_t real = 0, taken = 0;
        auto last = i;
        bool single = true;
        const auto begin = i;
        for (; i < words.size() && taken < kMostInLabel; ++taken) {
            const auto& word = words[i];
            if (word.mark && word.text != "-") break;
            if (labels > 0 && taken > 0 && end && *end + 1 < i && endings().contains(current)) break;
            if (joins(words, i, ".") || joins(words, i, "_")) break;
            if (joins(words, i, "-")) {
                if (taken == 0) break;
                ++i;
                single = false;
                continue;
            }
            if (is_hum(word)) {
                ++i;
                continue;
            }
            const auto item = item_at(words, i);
            if (!word.spelled && !item && ++real > kMostWords) break;
            if (taken > 0 && !word.spelled && real > 0 && labels > 0 && endings().contains(current)) break;
            current += item && !word.spelled ? item->digits : word.spelled ? word.text.substr(0, 1) : word.text;
            last = item && !word.spelled ? item->last : i;
            i = last + 1;
            // Behind a dot a known ending is the label, whatever comes next.
            if (labels > 0 && endings().contains(current) && !joins(words, i, "-") &&
                !(i < words.size() && words[i].spelled && !words[i].glued && current.size() == 1))
                break;
            if (labels > 0 && real == 1 && !word.spelled) break;
        }
        if (current.empty()) return end;
        if (labels == 0) label = current;
        ++labels;
        const bool written =
            sign && single && last == begin && std::all_of(current.begin(), current.end(), [](char c) { return c >= 'a' && c <= 'z'; }) && current.size() >= 2;
        if (labels > 1 && (endings().contains(current) || written)) end = last;
        i = last + 1;
        if (!joins(words, i, ".")) return end;
        ++i;
    }
    return end;
}

struct Local {
    std::size_t first = 0;
    bool present = false, structured = false, letters = false;
    std::string nearest;  // the word before "at"
};

bool digits_before(const std::vector<Word>& words, std::size_t at) {
    return words[at].number || (!words[at].mark && item_at(words, at).has_value());
}

Local local_before(const std::vector<Word>& words, std::size_t at, const Taken& taken) {
    Local local;
    std::size_t end = at, labels = 0;
    while (end > 0 && labels < kMostLabels) {
        auto q = end;  // one behind the label
        std::size_t skipped = 0;
        while (q > 0 && is_hum(words[q - 1]) && !words[q - 1].mark && skipped < 2) {
            --q;
            ++skipped;
        }
        if (q == 0 || taken.at(q - 1)) break;
        auto first = q;
        std::size_t letters = 0, count = 0;
        while (first > 0 && count < kMostInLabel && !taken.at(first - 1) && (words[first - 1].spelled || digits_before(words, first - 1))) {
            if (words[first - 1].spelled) ++letters;
            --first;
            ++count;
        }
        // "a" and "I" are words more often than letters.
        while (first < q && q - first > 1 && words[first].spelled && (words[first].text == "i" || words[first].text == "a") && letters < 3 && count > 1) {
            ++first;
            --letters;
        }
        const bool digits_only = count > 0 && letters == 0;
        if (count == 0 || (digits_only && first > 0 && !words[first - 1].mark && joiner(words[first - 1]).empty() &&
                           !no_names().contains(words[first - 1].text) && words[first - 1].text.size() > 2)) {
            if (first == 0 || words[first - 1].mark || joins(words, first - 1, ".")) {
                if (count == 0) break;
            } else {
                if (labels == 0 && count == 0) local.nearest = words[first - 1].text;
                --first;
                local.letters = true;
                if (count == 0 && first > 0 && words[first - 1].spelled && !taken.at(first - 1)) --first;  // an initial
            }
        }
        if (letters > 0) local.letters = true;
        if (letters >= 2) local.structured = true;
        local.present = true;
        local.first = first;
        ++labels;
        if (first == 0 || !any_joiner(words, first - 1)) break;
        if (first < 2) break;
        local.structured = true;
        end = first - 1;
    }
    return local;
}

// A written address: everything without a space before the sign.
std::optional<std::size_t> glued_before(const std::vector<Word>& words, std::size_t at) {
    if (!words[at].glued || at == 0) return std::nullopt;
    static const Set inside{".", "-", "_", "+", "%", "'", "&", "#", "!", "~", "/", "="};
    auto first = at;
    while (first > 0 && at - first < 64 && (!words[first - 1].mark || inside.contains(words[first - 1].text)) && words[first].glued) --first;
    return first < at ? std::optional<std::size_t>(first) : std::nullopt;
}

// With "my address is …" all that follows it belongs to the address.
std::size_t after_is(const std::vector<Word>& words, std::size_t first, const Taken& taken) {
    static const Set said{"is", "it's", "ist", "lautet", ":", "that's"};
    for (std::size_t back = 1; back <= 8 && back <= first; ++back) {
        const auto& word = words[first - back];
        if (taken.at(first - back)) return first;
        if (said.contains(word.text)) return first - back + 1;
        if (word.mark && joiner(word).empty() && word.text != ",") return first;
    }
    return first;
}

}  // namespace

void find_emails(const std::vector<Word>& words, const Before& before, Taken& taken, std::vector<Hit>& hits) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::size_t length = 1;
        if (taken.at(i) || !is_at(words, i, length) || i + length >= words.size()) continue;
        const bool sign = words[i].text == "@";
        std::string label;
        const auto end = domain_end(words, i + length, sign, label);
        if (!end) continue;
        auto local = local_before(words, i, taken);
        if (sign) {
            if (const auto first = glued_before(words, i)) {
                local.present = local.structured = true;
                local.first = *first;
            }
        }
        const auto cue = cue_before(words, i, 14);
        bool asked = cue == Cue::email || before.asked == Cue::email;
        for (auto w = *end + 1; w < words.size() && w <= *end + kCueBehind; ++w) asked = asked || cue_of(words[w]) == Cue::email;
        const bool provider = providers().contains(label);
        const bool name = local.present && (!no_names().contains(local.nearest) || (asked && desks().contains(local.nearest)));
        Hit hit{.kind = Kind::email, .first = local.first, .last = *end, .values = {}};
        if (!local.present) {
            if (!sign && !provider && !asked) continue;
            hit.first = i;
        } else if (!sign && words[i].text == "at") {
            const bool enough = (local.structured && local.letters) || (name && (provider || asked));
            if (!enough) continue;
        }
        if (cue == Cue::email && !(sign && words[i].glued)) hit.first = after_is(words, hit.first, taken);
        while (hit.first > 0 && words[hit.first].piece && !taken.at(hit.first - 1)) --hit.first;  // "john1984smith" is one name
        if (hit.last < hit.first) continue;
        taken.take(hit);
        hits.push_back(hit);
        i = hit.last;
    }
}

}  // namespace parley::privacy
