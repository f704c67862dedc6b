#include "parley/spoken/locale.hpp"

#include <array>
#include <string>

#include "locales.hpp"

namespace parley::spoken {
namespace {

std::string folded(std::string_view tag) {
    std::string out;
    for (const char c : tag) out += c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

}  // namespace

const Locale& locale_for(std::string_view tag) {
    const std::array<const Locale*, 3> known{&locale_en_us(), &locale_en_gb(), &locale_de_de()};
    const std::string wanted = folded(tag);
    for (const Locale* locale : known)
        if (folded(locale->tag) == wanted) return *locale;
    const std::string language = wanted.substr(0, wanted.find('-'));
    if (language == "de") return locale_de_de();
    // Day before month, and "and": the English of everywhere but the United States.
    if (language == "en" && language.size() != wanted.size() && wanted != "en-ca" && wanted != "en-ph") return locale_en_gb();
    return locale_en_us();
}

}  // namespace parley::spoken
