#include <array>

#include "locales.hpp"

namespace parley::spoken {
namespace {

using Form = Locale::Form;

constexpr auto kSymbols = std::to_array<Form>({
    {"->", "zu"},      {"=>", "zu"},         {">=", "mindestens"}, {"<=", "höchstens"}, {"!=", "ungleich"},     {"==", "gleich"},   {"¢", "Cent"},
    {"&", "und"},      {"=", "gleich"},      {"~", "etwa"},        {"≈", "etwa"},       {"±", "plus minus"},    {"≤", "höchstens"}, {"≥", "mindestens"},
    {"≠", "ungleich"}, {"<", "kleiner als"}, {">", "größer als"},  {"×", "mal"},        {"÷", "geteilt durch"}, {"→", "zu"},        {"⇒", "zu"},
    {"€", "Euro"},     {"$", "Dollar"},      {"£", "Pfund"},       {"¥", "Yen"},        {"°", "Grad"},          {"%", "Prozent"},   {"‰", "Promille"},
    {"§", "Paragraf"}, {"№", "Nummer"},      {"µ", "Mikro"},       {"π", "Pi"},         {"+", "plus"},          {"@", "at"},        {"#", "Nummer"},
    {"^", "hoch"},     {"√", "Wurzel aus"},  {"∞", "unendlich"},   {"²", "hoch zwei"},  {"³", "hoch drei"},
});

constexpr auto kUnits = std::to_array<Locale::Unit>({
    {"°C", "Grad Celsius", "Grad Celsius"},
    {"°F", "Grad Fahrenheit", "Grad Fahrenheit"},
    {"°", "Grad", "Grad"},
    {"km/h", "Kilometer pro Stunde", "Kilometer pro Stunde"},
    {"km²", "Quadratkilometer", "Quadratkilometer"},
    {"m²", "Quadratmeter", "Quadratmeter"},
    {"m³", "Kubikmeter", "Kubikmeter"},
    {"km", "Kilometer", "Kilometer"},
    {"cm", "Zentimeter", "Zentimeter"},
    {"mm", "Millimeter", "Millimeter"},
    {"m", "Meter", "Meter"},
    {"kg", "Kilogramm", "Kilogramm"},
    {"mg", "Milligramm", "Milligramm"},
    {"g", "Gramm", "Gramm"},
    {"ml", "Milliliter", "Milliliter"},
    {"l", "Liter", "Liter"},
    {"L", "Liter", "Liter"},
    {"kB", "Kilobyte", "Kilobyte"},
    {"MB", "Megabyte", "Megabyte"},
    {"GB", "Gigabyte", "Gigabyte"},
    {"TB", "Terabyte", "Terabyte"},
    {"MHz", "Megahertz", "Megahertz"},
    {"GHz", "Gigahertz", "Gigahertz"},
    {"kHz", "Kilohertz", "Kilohertz"},
    {"Hz", "Hertz", "Hertz"},
    {"dB", "Dezibel", "Dezibel"},
    {"kWh", "Kilowattstunde", "Kilowattstunden"},
    {"kW", "Kilowatt", "Kilowatt"},
    {"W", "Watt", "Watt"},
    {"V", "Volt", "Volt"},
    {"Std.", "Stunde", "Stunden"},
    {"Min.", "Minute", "Minuten"},
    {"Sek.", "Sekunde", "Sekunden"},
    {"h", "Stunde", "Stunden"},
    {"min", "Minute", "Minuten"},
    {"ms", "Millisekunde", "Millisekunden"},
    {"s", "Sekunde", "Sekunden"},
});

constexpr auto kCurrencies = std::to_array<Locale::Currency>({
    {"US$", "USD", "US-Dollar", "US-Dollar", "Cent", "Cent"},
    {"$", "", "Dollar", "Dollar", "Cent", "Cent"},
    {"€", "EUR", "Euro", "Euro", "Cent", "Cent"},
    {"£", "GBP", "Pfund", "Pfund", "Penny", "Pence"},
    {"¥", "JPY", "Yen", "Yen", "", "", 0},
    {"", "CHF", "Franken", "Franken", "Rappen", "Rappen"},
});

constexpr auto kMonths = std::to_array<Locale::Month>({{"Januar", "Jan"},
                                                       {"Februar", "Feb"},
                                                       {"März", "Mär"},
                                                       {"April", "Apr"},
                                                       {"Mai", "Mai"},
                                                       {"Juni", "Jun"},
                                                       {"Juli", "Jul"},
                                                       {"August", "Aug"},
                                                       {"September", "Sep"},
                                                       {"Oktober", "Okt"},
                                                       {"November", "Nov"},
                                                       {"Dezember", "Dez"}});

constexpr auto kAbbreviations = std::to_array<Form>({
    {"z.B.", "zum Beispiel"},
    {"d.h.", "das heißt"},
    {"u.a.", "unter anderem"},
    {"usw.", "und so weiter"},
    {"bzw.", "beziehungsweise"},
    {"ca.", "circa"},
    {"evtl.", "eventuell"},
    {"ggf.", "gegebenenfalls"},
    {"inkl.", "inklusive"},
    {"Dr.", "Doktor"},
    {"Prof.", "Professor"},
    {"und/oder", "und oder"},
});

constexpr auto kIdWords = std::to_array<std::string_view>(
    {"code", "pin", "konto", "kontonummer", "bestellnummer", "kundennummer", "id", "zimmer", "referenz", "karte", "postleitzahl", "plz", "flug", "ticket"});
constexpr auto kYearWords = std::to_array<std::string_view>({"in", "seit", "jahr", "jahre", "bis", "vor", "nach", "um", "anfang", "ende", "mitte"});
constexpr auto kEmoji = std::to_array<Form>({{"😊", "lächelndes Gesicht"}, {"👍", "Daumen hoch"}, {"❤", "Herz"}});

}  // namespace

const Locale& locale_de_de() {
    static constexpr Locale locale{.tag = "de-DE",
                                   .grammar = Locale::Grammar::german,
                                   .month_first = false,
                                   .hundred_and = false,
                                   .decimal_mark = ',',
                                   .phone_zero = "null",
                                   .words = {.point = "Komma",
                                             .minus = "minus",
                                             .plus = "plus",
                                             .to = "bis",
                                             .at = "at",
                                             .dot = "Punkt",
                                             .slash = "Schrägstrich",
                                             .dash = "Strich",
                                             .underscore = "Unterstrich",
                                             .percent = "Prozent",
                                             .number = "Nummer",
                                             .version = "Version",
                                             .per = "pro",
                                             .degrees = "Grad",
                                             .extension = "Durchwahl",
                                             .times = "mal",
                                             .equals = "gleich",
                                             .code_left_out = "Den Code habe ich ausgelassen.",
                                             .hash = "Hashtag",
                                             .by = "mal",
                                             .and_ = "und",
                                             .image = "Bild"},
                                   .symbols = kSymbols,
                                   .units = kUnits,
                                   .currencies = kCurrencies,
                                   .months = kMonths,
                                   .abbreviations = kAbbreviations,
                                   .id_words = kIdWords,
                                   .year_words = kYearWords,
                                   .emoji = kEmoji};
    return locale;
}

}  // namespace parley::spoken
