// What a key says of its value.

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "parley/privacy/redactor.hpp"

namespace parley::privacy {

namespace {

constexpr std::size_t kLongestKey = 128;

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool capital(char c) {
    return c >= 'A' && c <= 'Z';
}
bool letter(char c) {
    return capital(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

// "ssn_last4", "cardNumber", "CVVCode": the words, small, without a plural's s.
std::vector<std::string> words_in(std::string_view key) {
    std::vector<std::string> words(1);
    for (std::size_t i = 0; i < key.size(); ++i) {
        const char c = key[i];
        if (!letter(c) && !digit(c)) {
            words.emplace_back();
            continue;
        }
        const bool hump = i > 0 && capital(c) && (!capital(key[i - 1]) || (i + 1 < key.size() && letter(key[i + 1]) && !capital(key[i + 1])));
        if (hump || (i > 0 && digit(c) != digit(key[i - 1]))) words.emplace_back();
        words.back() += capital(c) ? static_cast<char>(c + 32) : c;
    }
    std::erase(words, std::string());
    for (auto& word : words)
        if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us")) word.pop_back();
    return words;
}

Cue meaning(std::string_view word) {
    static const std::unordered_map<std::string_view, Cue> all{{"cvv", Cue::code},
                                                               {"cvc", Cue::code},
                                                               {"csc", Cue::code},
                                                               {"cv", Cue::code},
                                                               {"otp", Cue::code},
                                                               {"pin", Cue::code},
                                                               {"passcode", Cue::code},
                                                               {"pr\xC3\xBC"
                                                                "fnummer",
                                                                Cue::code},
                                                               {"ssn", Cue::ssn},
                                                               {"social", Cue::ssn},
                                                               {"iban", Cue::iban},
                                                               {"kontonummer", Cue::iban},
                                                               {"card", Cue::card},
                                                               {"creditcard", Cue::card},
                                                               {"cardnumber", Cue::card},
                                                               {"pan", Cue::card},
                                                               {"cc", Cue::card},
                                                               {"visa", Cue::card},
                                                               {"mastercard", Cue::card},
                                                               {"amex", Cue::card},
                                                               {"karte", Cue::card},
                                                               {"kreditkarte", Cue::card},
                                                               {"kartennummer", Cue::card},
                                                               {"kreditkartennummer", Cue::card},
                                                               {"phone", Cue::phone},
                                                               {"phonenumber", Cue::phone},
                                                               {"telephone", Cue::phone},
                                                               {"tel", Cue::phone},
                                                               {"cell", Cue::phone},
                                                               {"cellphone", Cue::phone},
                                                               {"mobile", Cue::phone},
                                                               {"landline", Cue::phone},
                                                               {"callback", Cue::phone},
                                                               {"fax", Cue::phone},
                                                               {"whatsapp", Cue::phone},
                                                               {"handy", Cue::phone},
                                                               {"handynummer", Cue::phone},
                                                               {"telefon", Cue::phone},
                                                               {"telefonnummer", Cue::phone},
                                                               {"rufnummer", Cue::phone},
                                                               {"mobilnummer", Cue::phone},
                                                               {"msisdn", Cue::phone},
                                                               {"email", Cue::email},
                                                               {"mail", Cue::email},
                                                               {"mailadresse", Cue::email}};
    const auto found = all.find(word);
    return found == all.end() ? Cue::none : found->second;
}

}  // namespace

Cue cue_of_key(std::string_view key, Cue around) {
    const auto words = words_in(key.substr(0, kLongestKey));
    const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
    if (has("code") && (has("security") || has("verification") || (has("one") && has("time")))) return Cue::code;
    // Beside such a number, and none itself: "card_expiry", "phone_type", "callback_time".
    static const std::unordered_set<std::string_view> beside{"expiry", "exp",      "expire", "expiration", "valid",  "month",  "year",   "date",     "day",
                                                             "time",   "at",       "type",   "brand",      "kind",   "count",  "amount", "total",    "price",
                                                             "cost",   "currency", "status", "limit",      "minute", "second", "ms",     "duration", "attempt",
                                                             "id",     "index",    "length", "order",      "zip",    "postal"};
    if (std::any_of(words.begin(), words.end(), [&](const auto& word) { return beside.contains(word); })) return Cue::none;
    if (has("ss") && (has("number") || has("no"))) return Cue::ssn;
    Cue cue = Cue::none;
    constexpr std::array kFirst{Cue::code, Cue::ssn, Cue::iban, Cue::card, Cue::phone, Cue::email};  // a card's cvv is a code
    const auto rank = [&](Cue one) { return std::find(kFirst.begin(), kFirst.end(), one) - kFirst.begin(); };
    for (const auto& word : words)
        if (const auto one = meaning(word); one != Cue::none && (cue == Cue::none || rank(one) < rank(cue))) cue = one;
    if (cue != Cue::none) return cue;
    // "last4" of nothing else is a card's.
    if (has("last") && (has("4") || has("four") || has("digit"))) return around == Cue::none ? Cue::card : around;
    static const std::unordered_set<std::string_view> plain{"number", "no",     "nummer", "num",   "value",   "digit",
                                                            "raw",    "spoken", "said",   "given", "primary", "text"};
    return std::all_of(words.begin(), words.end(), [&](const auto& word) { return plain.contains(word) || std::all_of(word.begin(), word.end(), digit); })
               ? around
               : Cue::none;
}

}  // namespace parley::privacy
