// What is being spoken of.

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "words.hpp"

namespace parley::privacy {

namespace {

using Set = std::unordered_set<std::string_view>;
constexpr std::size_t kCodeReaches = 4;  // words behind the sentence in which it was named
constexpr std::size_t kMostSteps = 24;   // of what is passed over between "order" and its number

bool is_word(const std::vector<Word>& words, std::size_t at, std::string_view text) {
    return at < words.size() && words[at].text == text;
}

// A full stop that ends something: not one in a number or an address, nor behind "no" or an initial.
bool ends_sentence(const std::vector<Word>& words, std::size_t at) {
    const auto& word = words[at];
    if (!word.mark) return false;
    if (word.text == "?" || word.text == "!") return true;
    if (word.text != "." || at == 0) return false;
    if (at + 1 < words.size() && words[at + 1].glued && word.glued) return false;
    static const Set shortened{"no", "nr", "nos", "tel", "ref", "acct", "ext", "mob", "approx", "st", "dr", "mr", "mrs", "ms", "bzw", "ca"};
    const auto& last = words[at - 1];
    return !word.glued || !(shortened.contains(last.text) || last.spelled);
}

// A "code" is the card's, or one that lets somebody in or pay, or the number of a place, or that of a thing.
Cue code_at(const std::vector<Word>& words, std::size_t at) {
    std::size_t before = at;
    while (before > 0 && is_word(words, before - 1, "-")) --before;
    const std::string_view what = before == 0 || words[before - 1].mark ? std::string_view() : std::string_view(words[before - 1].text);
    static const Set places{"area", "country", "dialing", "dialling", "calling"};
    static const Set secrets{"security", "verification", "authentication", "authorization", "authorisation", "time", "login", "pin", "sms", "card",
                             "cvv",      "cvc"};
    static const Set none{"the", "that", "which", "what", "this", "my", "your", "a", "its", "it's", "and", "digit", "digits", "so"};
    if (places.contains(what)) return Cue::phone;
    if (secrets.contains(what)) return Cue::code;
    if (!what.empty() && !none.contains(what)) return Cue::other;
    // "the code on the back" is the card's, "the code for the gate" is not.
    static const Set of{"for", "on", "of", "to", "at", "in", "from"};
    static const Set card{"back", "card", "front", "reverse", "visa", "amex", "mastercard"};
    if (at + 1 >= words.size() || !of.contains(words[at + 1].text)) return Cue::code;
    for (auto i = at + 2; i < words.size() && i < at + 6; ++i)
        if (card.contains(words[i].text)) return Cue::code;
    return Cue::other;
}

Cue cue_at(const std::vector<Word>& words, std::size_t at) {
    const auto& text = words[at].text;
    if (text == "code") return code_at(words, at);
    if (text == "ss" && (is_word(words, at + 1, "number") || is_word(words, at + 1, "no") || is_word(words, at + 1, "#"))) return Cue::ssn;
    const auto cue = cue_of(words[at]);
    if (cue != Cue::code || text != "security") return cue;
    // "social security number" is not a card's security code, and a "security code" is a code of some kind.
    if (at > 0 && is_word(words, at - 1, "social")) return Cue::ssn;
    return is_word(words, at + 1, "code") ? Cue::code : Cue::none;
}

}  // namespace

Cue cue_of(const Word& word) {
    static const std::unordered_map<std::string_view, Cue> all{{"card", Cue::card},
                                                               {"visa", Cue::card},
                                                               {"mastercard", Cue::card},
                                                               {"amex", Cue::card},
                                                               {"maestro", Cue::card},
                                                               {"discover", Cue::card},
                                                               {"credit", Cue::card},
                                                               {"debit", Cue::card},
                                                               {"kreditkarte", Cue::card},
                                                               {"karte", Cue::card},
                                                               {"kartennummer", Cue::card},
                                                               {"kreditkartennummer", Cue::card},
                                                               {"cvv", Cue::code},
                                                               {"cvc", Cue::code},
                                                               {"cv2", Cue::code},
                                                               {"security", Cue::code},
                                                               {"pr\xC3\xBC"
                                                                "fnummer",
                                                                Cue::code},
                                                               {"passcode", Cue::code},
                                                               {"otp", Cue::code},
                                                               {"social", Cue::ssn},
                                                               {"ssn", Cue::ssn},
                                                               {"socials", Cue::ssn},
                                                               {"iban", Cue::iban},
                                                               {"kontonummer", Cue::iban},
                                                               {"email", Cue::email},
                                                               {"mail", Cue::email},
                                                               {"e-mail", Cue::email},
                                                               {"address", Cue::email},
                                                               {"adresse", Cue::email},
                                                               {"emails", Cue::email},
                                                               {"mailadresse", Cue::email},
                                                               {"phone", Cue::phone},
                                                               {"telephone", Cue::phone},
                                                               {"tel", Cue::phone},
                                                               {"cell", Cue::phone},
                                                               {"cellphone", Cue::phone},
                                                               {"mobile", Cue::phone},
                                                               {"landline", Cue::phone},
                                                               {"call", Cue::phone},
                                                               {"callback", Cue::phone},
                                                               {"reach", Cue::phone},
                                                               {"reached", Cue::phone},
                                                               {"text", Cue::phone},
                                                               {"ring", Cue::phone},
                                                               {"dial", Cue::phone},
                                                               {"whatsapp", Cue::phone},
                                                               {"fax", Cue::phone},
                                                               {"handy", Cue::phone},
                                                               {"handynummer", Cue::phone},
                                                               {"telefon", Cue::phone},
                                                               {"telefonnummer", Cue::phone},
                                                               {"rufnummer", Cue::phone},
                                                               {"mobilnummer", Cue::phone},
                                                               {"anrufen", Cue::phone},
                                                               {"number", Cue::weak},
                                                               {"nummer", Cue::weak},
                                                               {"order", Cue::other},
                                                               {"orders", Cue::other},
                                                               {"invoice", Cue::other},
                                                               {"tracking", Cue::other},
                                                               {"parcel", Cue::other},
                                                               {"shipment", Cue::other},
                                                               {"reference", Cue::other},
                                                               {"ref", Cue::other},
                                                               {"ticket", Cue::other},
                                                               {"case", Cue::other},
                                                               {"confirmation", Cue::other},
                                                               {"booking", Cue::other},
                                                               {"reservation", Cue::other},
                                                               {"policy", Cue::other},
                                                               {"customer", Cue::other},
                                                               {"member", Cue::other},
                                                               {"membership", Cue::other},
                                                               {"serial", Cue::other},
                                                               {"model", Cue::other},
                                                               {"item", Cue::other},
                                                               {"part", Cue::other},
                                                               {"article", Cue::other},
                                                               {"product", Cue::other},
                                                               {"sku", Cue::other},
                                                               {"isbn", Cue::other},
                                                               {"ean", Cue::other},
                                                               {"barcode", Cue::other},
                                                               {"imei", Cue::other},
                                                               {"zip", Cue::other},
                                                               {"postcode", Cue::other},
                                                               {"version", Cue::other},
                                                               {"code", Cue::other},
                                                               {"meter", Cue::other},
                                                               {"flight", Cue::other},
                                                               {"population", Cue::other},
                                                               {"id", Cue::other},
                                                               {"transaction", Cue::other},
                                                               {"contract", Cue::other},
                                                               {"account", Cue::other},
                                                               {"bestellnummer", Cue::other},
                                                               {"bestellung", Cue::other},
                                                               {"auftrag", Cue::other},
                                                               {"auftragsnummer", Cue::other},
                                                               {"rechnung", Cue::other},
                                                               {"rechnungsnummer", Cue::other},
                                                               {"kundennummer", Cue::other},
                                                               {"vertragsnummer", Cue::other},
                                                               {"artikelnummer", Cue::other},
                                                               {"sendungsnummer", Cue::other},
                                                               {"z\xC3\xA4hlernummer", Cue::other},
                                                               {"postleitzahl", Cue::other},
                                                               {"seriennummer", Cue::other},
                                                               {"vorgangsnummer", Cue::other}};
    std::string_view text = word.text;
    if (text.ends_with("'s")) text.remove_suffix(2);
    const auto found = all.find(text);
    return found == all.end() ? Cue::none : found->second;
}

Cue cue_before(const std::vector<Word>& words, std::size_t at, std::size_t most) {
    Cue weak = Cue::none;
    bool same = true;
    for (std::size_t back = 1; back <= most && back <= at; ++back) {
        if (ends_sentence(words, at - back)) same = false;
        const auto cue = cue_at(words, at - back);
        if (cue == Cue::none) continue;
        if (cue == Cue::weak) {
            weak = cue;
            continue;
        }
        // What was asked for a sentence ago still is; what else was spoken of there says nothing about this number.
        if (!same && (cue == Cue::other || (cue == Cue::code && back > kCodeReaches))) return weak;
        return cue;
    }
    return weak;
}

Cue cue_of_text(const std::vector<Word>& words) {
    for (auto end = words.size(); end > 0; --end) {
        if (words[end - 1].text != "?" || !words[end - 1].mark) continue;
        auto begin = end - 1;
        while (begin > 0 && !ends_sentence(words, begin - 1)) --begin;
        const auto cue = cue_before(words, end - 1, end - 1 - begin);
        if (cue != Cue::none && cue != Cue::weak) return cue;
    }
    return cue_before(words, words.size(), words.size());
}

bool governed(const std::vector<Word>& words, std::size_t at, std::size_t most) {
    static const Set says{"is", "are", "was", "it's", "its", "ist", "lautet", "reads", "reading", "number", "numbers", "no", "nr", "nummer"};
    static const Set people{"customer", "member"};
    std::size_t between = 0;
    bool named = false, digits = false, letters = false;  // "… number", groups of digits, and groups with letters in front of it
    for (std::size_t step = 0; step < kMostSteps && step < at; ++step) {
        const auto back = at - 1 - step;
        const auto& word = words[back];
        if (ends_sentence(words, back) || word.text == "," || word.text == ";") return false;
        const auto cue = cue_at(words, back);
        if (cue == Cue::other) {
            return (named || !people.contains(word.text)) && (letters || !digits);
        }
        if (cue != Cue::none && cue != Cue::weak) return false;
        if (word.mark || is_hum(word)) continue;
        if (says.contains(word.text)) {
            named = named || cue == Cue::weak || word.text == "no" || word.text == "nr";
            continue;
        }
        // "1Z 999 AA1 01 …": groups of one identifier.
        if (word.spelled || word.piece || word.more > 0 ||
            (!word.number && std::any_of(word.text.begin(), word.text.end(), [](char c) { return c >= '0' && c <= '9'; }))) {
            letters = true;
            continue;
        }
        if (word.number) {
            digits = true;
            continue;
        }
        if (++between >= most) return false;
    }
    return false;
}

}  // namespace parley::privacy
