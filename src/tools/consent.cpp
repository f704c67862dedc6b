#include "consent.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace parley::tools {

namespace {

constexpr std::size_t kMostWords = 12;
using S = std::string_view;
constexpr std::array kYes{S("yes"),         S("yeah"),       S("yep"),           S("yup"),        S("sure"),       S("ok"),      S("okay"),
                          S("correct"),     S("right"),      S("exactly"),       S("absolutely"), S("definitely"), S("confirm"), S("agreed"),
                          S("affirmative"), S("certainly"),  S("indeed"),        S("ja"),         S("jawohl"),     S("genau"),   S("gerne"),
                          S("richtig"),     S("stimmt"),     S("einverstanden"), S("passt"),      S("oui"),        S("ouais"),   S("d'accord"),
                          S("exact"),       S("exactement"), S("bien"),          S("sí"),         S("si"),         S("claro"),   S("vale"),
                          S("correcto"),    S("sì"),         S("certo"),         S("esatto"),     S("klopt"),      S("prima")};
constexpr std::array kNo{S("no"),     S("nope"),    S("nah"),       S("not"),   S("don't"),   S("dont"),    S("never"), S("stop"),    S("wait"),
                         S("cancel"), S("wrong"),   S("incorrect"), S("else"),  S("instead"), S("but"),     S("nein"),  S("nicht"),   S("nee"),
                         S("kein"),   S("keine"),   S("falsch"),    S("halt"),  S("warte"),   S("aber"),    S("doch"),  S("non"),     S("pas"),
                         S("mais"),   S("attends"), S("jamais"),    S("nunca"), S("pero"),    S("espera"),  S("ma"),    S("aspetta"), S("niet"),
                         S("geen"),   S("maar"),    S("isn't"),     S("won't"), S("can't"),   S("wouldn't")};

constexpr std::array kBefore{S("um"), S("uh"),   S("er"), S("hm"),     S("oh"), S("ah"),   S("well"), S("so"),  S("and"), S("that's"), S("that"),
                             S("is"), S("it's"), S("i"),  S("please"), S("äh"), S("also"), S("ach"),  S("das"), S("ist"), S("alors")};

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words(1);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool part = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '\'' || byte >= 0x80;
        if (part)
            words.back() += static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
        else if (!words.back().empty())
            words.emplace_back();
    }
    if (words.back().empty()) words.pop_back();
    return words;
}

}  // namespace

Consent consent_of(std::string_view said) {
    const auto words = words_of(said.substr(0, 2000));
    const auto any = [&](const auto& of) {
        return std::any_of(words.begin(), words.end(), [&](const auto& word) { return std::find(of.begin(), of.end(), word) != of.end(); });
    };
    if (any(kNo)) return Consent::no;
    if (words.empty() || words.size() > kMostWords) return Consent::unclear;
    if (words.size() == 1 && words.front() == "1") return Consent::yes;
    // A yes stands first, but for what one says before it: somebody who tells of another's yes gives none.
    const auto first =
        std::find_if(words.begin(), words.end(), [](const auto& word) { return std::find(kBefore.begin(), kBefore.end(), word) == kBefore.end(); });
    if (first != words.end() && std::find(kYes.begin(), kYes.end(), *first) != kYes.end()) return Consent::yes;
    const auto pair = [&](S a, S b) {
        for (std::size_t i = 0; i + 1 < words.size(); ++i)
            if (words[i] == a && words[i + 1] == b) return true;
        return false;
    };
    return pair("go", "ahead") || pair("do", "it") || pair("do", "that") || pair("bien", "sûr") || pair("de", "acuerdo") || pair("va", "bene") ||
                   pair("please", "do")
               ? Consent::yes
               : Consent::unclear;
}

}  // namespace parley::tools
